"""The self-test: every part is looked at, and a broken or missing part is found and named."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from heatdesk.errors import VaultError, VaultLocked, VaultMissing
from ui.app import selftest, selftest_checks
from ui.app.selftest import Outcome, run_check, run_selftest

ROOT = Path(__file__).resolve().parents[2]


def outcome_of(name: str) -> selftest.Result:
    return run_check(name, selftest_checks.checks()[name])


def test_the_program_passes_without_a_display_and_without_a_keyring():
    env = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    done = subprocess.run(
        [sys.executable, "main.py", "--selftest"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("PASS  Qt platform        offscreen")
    assert [line for line in lines if line.startswith("SKIP  OpenGL ")]
    assert [line for line in lines if line.startswith("SKIP  keyring  ")]
    assert "PASS  demo frame" in done.stdout
    assert lines[-1].endswith(f"{len(lines) - 3} PASS, 0 FAIL, 2 SKIP")


def test_one_failure_fails_the_whole_and_the_rest_still_runs(monkeypatch):
    def broken() -> str:
        raise selftest.BrokenPartError("the wheel came off")

    def missing() -> str:
        raise selftest.SkipCheckError("no road here")

    monkeypatch.setattr(
        selftest_checks,
        "checks",
        lambda: {"wheels": broken, "road": missing, "horn": lambda: "loud"},
    )
    out = io.StringIO()
    assert run_selftest(out) == 1
    said = out.getvalue().splitlines()
    assert [line.split()[0] for line in said[:3]] == ["FAIL", "SKIP", "PASS"]
    assert "the wheel came off" in said[0]
    assert said[3].endswith("1 PASS, 1 FAIL, 1 SKIP")


def test_an_error_nobody_foresaw_is_a_failure(capsys):
    result = run_check("any", lambda: str(1 // 0))
    assert result.outcome is Outcome.FAIL
    assert result.detail.startswith("ZeroDivisionError")
    assert "Traceback" in capsys.readouterr().err


def test_a_heatmap_that_paints_nothing_fails_the_demo_frame(qapp, monkeypatch):
    from ui.heatmap.item import HeatmapItem

    assert outcome_of("demo frame").outcome is Outcome.PASS
    monkeypatch.setattr(HeatmapItem, "paint", lambda self, *args: None)
    blank = outcome_of("demo frame")
    assert blank.outcome is Outcome.FAIL
    assert "no heatmap" in blank.detail


def test_a_panel_that_cannot_be_made_fails(qapp, monkeypatch):
    from ui.panels.status import StatusPanel

    def refuse(self, *args, **kwargs):
        raise RuntimeError("no table today")

    monkeypatch.setattr(StatusPanel, "save_options", refuse)
    assert "no table today" in outcome_of("panels").detail


def test_a_blank_panel_fails(qapp, monkeypatch):
    def blank(self, *args):
        from PySide6.QtCore import Qt
        from PySide6.QtGui import QPixmap

        pixmap = QPixmap(64, 64)
        pixmap.fill(Qt.GlobalColor.black)
        return pixmap

    monkeypatch.setattr(QWidget, "grab", blank)
    assert outcome_of("panels").outcome is Outcome.FAIL


def test_a_missing_icon_folder_fails(qapp, monkeypatch, tmp_path):
    from ui import theme

    (tmp_path / "icons").mkdir()
    monkeypatch.setattr(theme, "RESOURCES", tmp_path)
    assert outcome_of("icons and styles").outcome is Outcome.FAIL


def test_an_icon_that_is_not_drawn_fails_by_its_name(qapp, monkeypatch, tmp_path):
    from ui import theme

    (tmp_path / "icons").mkdir()
    (tmp_path / "icons" / "hollow.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"/>'
    )
    (tmp_path / "style.qss").write_text("QWidget { color: @TEXT; }")
    monkeypatch.setattr(theme, "RESOURCES", tmp_path)
    assert "hollow.svg" in outcome_of("icons and styles").detail


@pytest.mark.parametrize(
    ("check", "module"),
    [
        ("keyring parts", "secretstorage"),
        ("decoders", "brotli"),
        ("decoders", "zstandard"),
        ("decoders", "orjson"),
    ],
)
def test_a_module_that_is_not_there_fails(monkeypatch, check, module):
    if check == "keyring parts" and not sys.platform.startswith("linux"):
        pytest.skip("another system's keyring")
    monkeypatch.setitem(sys.modules, module, None)
    result = outcome_of(check)
    assert result.outcome is Outcome.FAIL
    assert module in result.detail


def test_without_simdjson_the_decoders_pass_and_say_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "simdjson", None)
    result = outcome_of("decoders")
    assert result.outcome is Outcome.PASS
    assert "without simdjson" in result.detail


def test_a_module_of_the_program_that_cannot_be_imported_fails_by_its_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "heatdesk.providers.kraken", None)
    result = outcome_of("modules")
    assert result.outcome is Outcome.FAIL
    assert "heatdesk.providers.kraken" in result.detail


def test_secure_connections_without_authorities_fail(monkeypatch):
    import ssl

    from heatdesk.net import authorities

    empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    monkeypatch.setattr(authorities, "trusted_authorities", lambda: empty)
    result = outcome_of("TLS roots")
    assert result.outcome is Outcome.FAIL
    assert "only 0" in result.detail


class Ring:
    """A vault that answers as told."""

    def __init__(self, service: str) -> None:
        self.held: dict[str, str] = {}
        Ring.made.append((service, self))

    made: list[tuple[str, Ring]] = []  # noqa: RUF012 - shared on purpose, for one test at a time
    forgets = True
    error: Exception | None = None
    answer: str | None = None

    def set(self, name: str, key: str) -> None:
        if Ring.error is not None:
            raise Ring.error
        self.held[name] = key

    def get(self, name: str) -> str | None:
        return (Ring.answer or self.held[name]) if name in self.held else None

    def delete(self, name: str) -> None:
        if Ring.forgets:
            del self.held[name]


@pytest.fixture
def ring(monkeypatch):
    monkeypatch.setattr(Ring, "made", [])
    monkeypatch.setattr("heatdesk.secrets.KeyringVault", Ring)
    return Ring


def test_the_keyring_round_trip_uses_a_service_of_its_own_and_leaves_nothing(ring):
    assert outcome_of("keyring").outcome is Outcome.PASS
    from heatdesk.secrets import SERVICE

    [(service, vault)] = ring.made
    assert service != SERVICE
    assert vault.held == {}


@pytest.mark.parametrize("error", [VaultMissing("No keyring."), VaultLocked("It is locked.")])
def test_a_keyring_that_is_not_there_or_locked_is_skipped_with_its_reason(ring, monkeypatch, error):
    monkeypatch.setattr(ring, "error", error)
    result = outcome_of("keyring")
    assert result.outcome is Outcome.SKIP
    assert result.detail == error.user_message


@pytest.mark.parametrize(
    ("name", "value"),
    [("error", VaultError("It did not answer.")), ("answer", "another key"), ("forgets", False)],
)
def test_a_keyring_that_answers_wrongly_fails(ring, monkeypatch, name, value):
    monkeypatch.setattr(ring, name, value)
    assert outcome_of("keyring").outcome is Outcome.FAIL


def test_a_keyring_that_waits_for_a_password_does_not_hold_the_test_up(ring, monkeypatch):
    import threading

    gate = threading.Event()
    monkeypatch.setattr(ring, "set", lambda self, name, key: gate.wait(30))
    monkeypatch.setattr(selftest_checks, "KEYRING_PATIENCE_S", 0.05)
    try:
        result = outcome_of("keyring")
        assert result.outcome is Outcome.SKIP
        assert "password" in result.detail
    finally:
        gate.set()


def test_a_key_really_goes_into_a_secret_service_and_out_of_it(desktop):
    done = desktop.launch("--selftest")
    assert done.wait(120) == 0, done.output()
    assert "PASS  keyring            written, read and removed" in done.output()
    assert "PASS  Qt platform        xcb" in done.output()

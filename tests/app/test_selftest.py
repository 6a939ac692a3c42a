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
    assert lines[0].startswith("PASS  start              pyqtgraph")
    assert lines[1].startswith("SKIP  files              this is the source")
    assert lines[2].startswith("PASS  Qt platform        offscreen")
    assert [line for line in lines if line.startswith("SKIP  OpenGL ")]
    assert [line for line in lines if line.startswith("SKIP  keyring  ")]
    assert "PASS  demo frame" in done.stdout
    assert lines[-1].endswith(f"{len(lines) - 4} PASS, 0 FAIL, 3 SKIP")


def test_a_start_that_copies_all_names_of_qt_is_a_failure():
    script = (
        "from ui.app import quick_start; from ui.app.selftest import check_start, run_check\n"
        "quick_start._leave_classes_unmade = lambda: None\n"
        "print(run_check('start', check_start))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("FAIL  start ")
    assert "copies all names of Qt" in done.stdout


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
    monkeypatch.setattr(selftest, "check_start", lambda: "quick")
    out = io.StringIO()
    assert run_selftest(out) == 1
    said = out.getvalue().splitlines()
    assert [line.split()[0] for line in said[:4]] == ["PASS", "FAIL", "SKIP", "PASS"]
    assert "the wheel came off" in said[1]
    assert said[4].endswith("2 PASS, 1 FAIL, 1 SKIP")


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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fonts by fontconfig")
def test_a_system_without_any_font_fails(tmp_path):
    (tmp_path / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
        f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    )
    show = "from ui.app.selftest import run_check; from ui.app.selftest_checks import check_fonts; "
    show += "print(run_check('fonts', check_fonts))"
    env = {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    env["QT_QPA_PLATFORM"] = "offscreen"
    line = [sys.executable, "-c", show]
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("FAIL  fonts              no font is installed")


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

    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    monkeypatch.setattr(authorities, "trusted_authorities", lambda: empty)
    result = outcome_of("TLS roots")
    assert result.outcome is Outcome.FAIL
    assert "only 0" in result.detail


def test_authorities_in_a_folder_that_the_environment_names_are_counted(monkeypatch, tmp_path):
    from heatdesk.net.authorities import trusted_authorities

    def answer(count: int) -> selftest.Result:
        for number in range(count):
            (tmp_path / f"{number:08x}.0").touch()
        trusted_authorities.cache_clear()
        return outcome_of("TLS roots")

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    try:
        assert answer(0).outcome is Outcome.FAIL
        assert answer(60) == selftest.Result(
            "TLS roots", Outcome.PASS, f"60 authorities in {tmp_path}"
        )
    finally:
        trusted_authorities.cache_clear()


@pytest.fixture
def download(tmp_path, monkeypatch):
    """Files of a download beside the list that packing writes of them."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    import packages

    inside = tmp_path / "HeatDesk" / "_internal"
    for name in ("HeatDesk", "_internal/plugins/libqxcb.so", "_internal/a", "_internal/b"):
        path = tmp_path / "HeatDesk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "HeatDesk" / "licenses").mkdir()
    (tmp_path / "HeatDesk" / "licenses" / "INDEX.txt").write_text("all")
    monkeypatch.setattr(sys, "_MEIPASS", str(inside), raising=False)
    monkeypatch.setattr(sys, "platform", "linux")

    def pack(*, summed: bool = True) -> None:
        target = inside / packages.LIST_NAME
        packages.list_files(inside.parent, target, without="licenses", summed=summed)

    pack()
    return inside, pack


def test_a_download_with_all_its_files_passes_and_its_licences_are_free_to_go(download):
    inside, _ = download
    (inside.parent / "licenses" / "INDEX.txt").unlink()
    assert outcome_of("files") == selftest.Result("files", Outcome.PASS, "4 as they were packed")


def test_a_plugin_that_is_gone_fails_by_its_name(download):
    inside, _ = download
    (inside / "plugins" / "libqxcb.so").unlink()
    result = outcome_of("files")
    assert result.outcome is Outcome.FAIL
    assert "missing: _internal/plugins/libqxcb.so" in result.detail


def test_a_file_that_came_over_damaged_fails_by_its_name(download):
    inside, _ = download
    (inside / "b").write_text("_internal/c")
    result = outcome_of("files")
    assert result.outcome is Outcome.FAIL
    assert "not as they were packed: _internal/b" in result.detail


def test_files_that_signing_changes_need_only_be_there(download):
    inside, pack = download
    pack(summed=False)
    (inside / "b").write_text("signed")
    assert outcome_of("files").outcome is Outcome.PASS
    (inside / "a").unlink()
    assert outcome_of("files").outcome is Outcome.FAIL


@pytest.mark.parametrize("text", [None, "", "nothing to read"])
def test_a_download_without_its_list_fails(download, text):
    from ui.app.selftest_files import LIST_NAME

    inside, _ = download
    (inside / LIST_NAME).unlink()
    if text is not None:
        (inside / LIST_NAME).write_text(text)
    assert outcome_of("files").outcome is Outcome.FAIL


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

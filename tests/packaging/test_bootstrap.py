"""Set-up and start from a bare Python: what is asked of the system, what is said, what is run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "packaging" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, pointed at a folder of its own, with nobody to ask for root."""
    spec = importlib.util.spec_from_file_location("heatdesk_bootstrap", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    lock = tmp_path / "requirements.lock"
    lock.write_bytes(b"one==1\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCK", lock)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return module


class Calls:
    """Stands in for starting programs; keeps the lines and the environments."""

    def __init__(self, failing: str = "") -> None:
        self.lines: list[str] = []
        self.envs: list[dict[str, str]] = []
        self._failing = failing

    def __call__(self, line: list[str], *, env: Any = None, quiet: bool = False) -> int:
        self.lines.append(" ".join(line))
        self.envs.append(env or {})
        return 3 if self._failing and self._failing in self.lines[-1] else 0


@pytest.fixture
def calls(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Calls:
    fake = Calls()
    monkeypatch.setattr(bootstrap, "call", fake)
    monkeypatch.setattr(bootstrap, "set_up", lambda command: None)
    return fake


def test_only_what_is_missing_is_asked_for(bootstrap: ModuleType) -> None:
    needs = [
        bootstrap.Need("library", "libc.so.6", "libc6"),
        bootstrap.Need("library", "libheatdesk-nowhere.so.9", "nowhere9"),
        bootstrap.Need("command", "heatdesk-no-such-command", "nothing"),
        bootstrap.Need("font", "NoSuchFont.ttf", "nowhere9"),
    ]
    assert bootstrap.missing_packages(needs) == ["nothing", "nowhere9"]


def test_without_the_right_to_install_the_exact_line_is_printed(
    bootstrap: ModuleType,
    calls: Calls,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "root_prefix", lambda: None)
    monkeypatch.setattr(bootstrap, "set_up", lambda _: bootstrap.install_packages(["libgl1", "b"]))
    assert bootstrap.main(["run"]) == 1
    said = capsys.readouterr().err
    line = "sudo apt-get update && sudo apt-get install -y --no-install-recommends libgl1 b"
    assert f"  {line}\n" in said
    assert calls.lines == []


def test_with_the_right_to_install_apt_is_called_and_its_failure_reported(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Calls(failing="install")
    monkeypatch.setattr(bootstrap, "call", fake)
    monkeypatch.setattr(bootstrap, "root_prefix", lambda: ["sudo", "-n"])
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(bootstrap.BootstrapError, match="install -y --no-install-recommends libgl1"):
        bootstrap.install_packages(["libgl1"])
    assert [line.split(" -qq")[0] for line in fake.lines] == [
        "sudo -n apt-get update",
        "sudo -n apt-get install -y --no-install-recommends libgl1",
    ]


def test_a_finished_environment_is_kept_until_the_lock_changes(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Calls()
    monkeypatch.setattr(bootstrap, "call", fake)
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    bootstrap.ensure_venv()
    assert [word for line in fake.lines for word in line.split() if word == "--require-hashes"]
    built = len(fake.lines)
    bootstrap.ensure_venv()
    assert len(fake.lines) == built
    bootstrap.LOCK.write_bytes(b"one==2\n")
    bootstrap.ensure_venv()
    assert len(fake.lines) == 2 * built


def test_an_interrupted_set_up_is_not_believed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    (bootstrap.VENV / ".stamp").write_text(bootstrap.wanted_stamp())
    assert bootstrap.venv_is_fresh()
    bootstrap.LOCK.write_bytes(b"one==2\n")
    monkeypatch.setattr(bootstrap, "call", Calls(failing="pip"))
    with pytest.raises(bootstrap.BootstrapError, match="pip could not install"):
        bootstrap.ensure_venv()
    bootstrap.LOCK.write_bytes(b"one==1\n")
    assert not bootstrap.venv_is_fresh()


def test_two_set_ups_do_not_run_at_the_same_time(bootstrap: ModuleType, tmp_path: Path) -> None:
    source = (
        f"import sys; sys.path.insert(0, {str(PROGRAM.parent)!r}); sys.dont_write_bytecode = True\n"
        "import bootstrap\n"
        f"file = open({str(tmp_path / '.venv.lock')!r}, 'a+b')\n"
        "print(bootstrap.try_lock(file.fileno(), wait=False))"
    )

    def other_gets_the_lock() -> str:
        line = [sys.executable, "-c", source]
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()

    with bootstrap.only_one_setup():
        assert other_gets_the_lock() == "False"
    assert other_gets_the_lock() == "True"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a display")
@pytest.mark.parametrize("display", [None, "", ":4711"])
def test_without_a_display_the_demo_desk_becomes_a_picture(
    bootstrap: ModuleType,
    calls: Calls,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    display: str | None,
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    if display is not None:
        monkeypatch.setenv("DISPLAY", display)
    assert bootstrap.main(["run"]) == 0
    assert calls.lines[-1].endswith(
        "main.py snapshot --demo --out heatdesk-demo.png --size 1920x1080"
    )
    assert calls.envs[-1]["QT_QPA_PLATFORM"] == "offscreen"
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "no display" in said


def test_a_snapshot_that_fails_fails_the_run(
    bootstrap: ModuleType, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "display_available", lambda: False)
    monkeypatch.setattr(bootstrap, "call", Calls(failing="snapshot"))
    assert bootstrap.main(["run"]) == 3


def test_with_a_display_the_demo_desk_opens(
    bootstrap: ModuleType, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "display_available", lambda: True)
    assert bootstrap.main(["run"]) == 0
    assert bootstrap.main(["run", "--", "export", "--help"]) == 0
    assert [line.split("main.py ")[1] for line in calls.lines] == ["--demo", "export --help"]


def test_every_check_runs_and_one_failure_fails_the_whole(
    bootstrap: ModuleType,
    calls: Calls,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bootstrap.main(["test"]) == 0
    assert "all checks passed" in capsys.readouterr().out
    fake = Calls(failing="mypy")
    monkeypatch.setattr(bootstrap, "call", fake)
    assert bootstrap.main(["test", "--", "-k", "floor"]) == 1
    assert "failed: mypy --strict" in capsys.readouterr().out
    assert [line.split(" -m ")[1] for line in fake.lines] == [
        "ruff check .",
        "ruff format --check .",
        "mypy --strict heatdesk ui",
        "pytest -k floor",
    ]


def test_the_bench_goes_on_without_what_it_only_wishes_for(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = Calls()
    monkeypatch.setattr(bootstrap, "call", fake)
    monkeypatch.setattr(bootstrap, "ensure_venv", lambda: None)
    monkeypatch.setattr(bootstrap, "root_prefix", lambda: None)
    monkeypatch.setattr(bootstrap, "system_needs", lambda command: [])
    wish = bootstrap.Need("command", "heatdesk-no-such-command", "nothing")
    monkeypatch.setattr(bootstrap, "BENCH_WISHES", (wish,))
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    assert bootstrap.main(["bench", "--", "--only", "memory"]) == 0
    assert "going on without" in capsys.readouterr().out
    assert [line.split(" ", 1)[1] for line in fake.lines] == [
        f"{Path('tests', 'bench', 'bench.py')} --only memory"
    ]


def test_an_unknown_command_is_a_usage_error(
    bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["dance"]) == 2
    assert "setup|run|test" in capsys.readouterr().err


def test_an_unsupported_python_hands_over_to_a_supported_one(
    bootstrap: ModuleType, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "supported", lambda version: False)
    monkeypatch.setattr(bootstrap, "find_interpreter", lambda: "/usr/bin/python3.12")
    assert bootstrap.main(["setup"]) == 0
    assert calls.lines == [f"/usr/bin/python3.12 {PROGRAM} setup"]


def test_the_lock_names_no_address_and_hashes_everything() -> None:
    lock = (ROOT / "packaging" / "requirements.lock").read_text(encoding="utf-8")
    assert not [mark for mark in ("://", "file:", "--index", "--find-links", " @ ") if mark in lock]
    entries = [entry for entry in lock.replace("\\\n", " ").splitlines() if entry.strip()]
    assert entries
    assert not [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]


def test_the_lock_covers_windows_mac_and_linux() -> None:
    lock = (ROOT / "packaging" / "requirements.lock").read_text(encoding="utf-8")
    entry = lock.split("\npyside6-essentials==", 1)[1].split("==")[0]
    assert entry.count("--hash=sha256:") >= 4  # mac, two Linux, at least one Windows wheel
    assert "pywin32-ctypes" in lock
    assert "macholib" in lock


def test_the_bundle_is_built_by_the_interpreter_of_the_environment(
    bootstrap: ModuleType, calls: Calls
) -> None:
    assert bootstrap.main(["bundle", "--", "--no-packages"]) == 0
    script = Path("packaging", "bundle.py")
    assert calls.lines[-1] == f"{bootstrap.PYTHON} {script} --no-packages"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Debian's packages")
def test_a_bundle_also_needs_what_reads_and_packs_its_files_and_python_as_a_library(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    minor = sys.version_info[1]
    told = {"LIBDIR": str(tmp_path), "INSTSONAME": f"libpython3.{minor}.so.1.0"}
    # Debian's Python says that it was built with the library, whether or not that is installed.
    told["Py_ENABLE_SHARED"] = "1"
    monkeypatch.setattr(bootstrap.sysconfig, "get_config_var", told.get)

    def packages() -> set[str]:
        return {need.package for need in bootstrap.system_needs("bundle")}

    assert {"binutils", "dpkg", "libwayland-egl1", f"libpython3.{minor}"} <= packages()
    (tmp_path / told["INSTSONAME"]).touch()
    assert f"libpython3.{minor}" not in packages()
    told["INSTSONAME"] = f"libpython3.{minor}.a"
    assert f"libpython3.{minor}" in packages()

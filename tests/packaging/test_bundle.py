"""What goes into a bundle: decided by name, held without building one."""

from __future__ import annotations

import importlib
import os
import re
import struct
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
DEVELOPMENT = {
    *("altgraph", "ast_serialize", "brotlicffi", "hypothesis", "iniconfig", "librt", "macholib"),
    *("mypy", "mypy_extensions", "packaging", "pathspec", "pefile", "pluggy", "pygments", "pytest"),
    *("pyinstaller_hooks_contrib", "pytest_qt", "ruff", "setuptools", "sortedcontainers"),
    *("pywin32_ctypes", "pycparser"),
}
"""Of the lock: what builds and tests the program, or is another system's."""


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PACKAGING))
    for known in ("trimming", "elf", "licences", "debian", "packages", "bundle", "icons"):
        monkeypatch.delitem(sys.modules, known, raising=False)
    return importlib.import_module(name)


# ------------------------------------------------------------------------------------- trimming
@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/lib/libQt6Core.so.6",
        "PySide6/QtWidgets.abi3.so",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "PySide6\\plugins\\platforms\\qwindows.dll",
        "PySide6/Qt6Gui.dll",
        "PySide6/Qt/lib/QtGui.framework/Versions/A/QtGui",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib",
        "libxcb-cursor.so.0",
        "numpy.libs/libscipy_openblas64_-32a4b2a6.so",
        "_cffi_backend.cpython-311-x86_64-linux-gnu.so",
        "resources/icons/heatdesk.svg",
    ],
)
def test_what_the_desk_runs_on_is_kept(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    assert load("trimming", monkeypatch).keeps(place)


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/lib/libQt6Quick.so.6",
        "PySide6/Qt6Qml.dll",
        "PySide6/Qt/lib/QtQml.framework/Versions/A/QtQml",
        "PySide6/Qt/plugins/platforms/libqeglfs.so",
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "PySide6/Qt/plugins/imageformats/libqtiff.so",
        "PySide6/Qt/plugins/sqldrivers/libqsqlite.so",
        "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/opengl32sw.dll",
        "numpy/_core/tests/data/x.csv",
        "simdjson/simdjson.cpp",
        "zstandard/_cffi.cpython-311-x86_64-linux-gnu.so",
        "libstdc++.so.6",
        "libGL.so.1",
        "libX11.so.6",
        "libglib-2.0.so.0",
        "libXau.so.6",
    ],
)
def test_what_nothing_uses_or_the_system_has_is_left_out(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    assert not load("trimming", monkeypatch).keeps(place)


def test_the_systems_libraries_are_only_left_out_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load("trimming", monkeypatch).keeps("libz.so.1", linux=False)


def test_every_module_of_qt_that_the_desk_imports_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    trimming = load("trimming", monkeypatch)
    named = set()
    for path in (ROOT / "ui").rglob("*.py"):
        named |= set(re.findall(r"from PySide6\.Qt(\w+)", path.read_text(encoding="utf-8")))
    assert {"Core", "Gui", "Widgets"} <= named <= trimming.QT_MODULES


def test_an_optional_module_of_qt_comes_along_once_a_source_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trimming = load("trimming", monkeypatch)
    assert "PySide6.QtNetwork" in trimming.unused_qt(["import os"])
    assert "PySide6.QtNetwork" not in trimming.unused_qt(["from PySide6.QtNetwork import QLocal"])


def test_a_library_without_a_known_package_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    trimming = load("trimming", monkeypatch)
    assert trimming.debian_depends({"libX11.so.6", "libm.so.6", "libc.so.6"}) == [
        "libc6",
        "libx11-6",
    ]
    with pytest.raises(KeyError, match="libnowhere"):
        trimming.debian_depends({"libnowhere.so.9", "libc.so.6"})


# -------------------------------------------------------------------------------------- linking
OBJDUMP = """
/b/HeatDesk:     file format elf64-x86-64

Dynamic Section:
  NEEDED               libc.so.6

Version References:
  required from libc.so.6:
    0x09691a75 0x00 03 GLIBC_2.2.5

/b/_internal/plugins/platforms/libqxcb.so:     file format elf64-x86-64
  NEEDED               libQt6Gui.so.6
  NEEDED               libxcb.so.1

/b/_internal/libQt6Gui.so.6:     file format elf64-x86-64
  NEEDED               libm.so.6
  SONAME               libQt6Gui.so.6
    0x069691b4 0x00 02 GLIBC_2.34

/b/_internal/libgtk-3.so.0:     file format elf64-x86-64
  NEEDED               libgdk-3.so.0

/b/_internal/libgdk-3.so.0:     file format elf64-x86-64
  NEEDED               libc.so.6

/b/_internal/libpython3.11.so.1.0:     file format elf64-x86-64
  NEEDED               libm.so.6
"""


def test_libraries_that_nothing_links_to_are_found_and_what_is_loaded_by_name_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elf = load("elf", monkeypatch)
    linking = elf.parse_linking(OBJDUMP)
    assert {path.name for path in elf.unreached(linking)} == {"libgtk-3.so.0", "libgdk-3.so.0"}


def test_what_the_system_must_offer_is_read_from_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    elf = load("elf", monkeypatch)
    linking = elf.parse_linking(OBJDUMP)
    assert elf.outside(linking) == {"libc.so.6", "libm.so.6", "libxcb.so.1"}
    assert elf.newest_glibc(linking) == "2.34"


# ----------------------------------------------------------------------------------------- icons
def test_the_icons_hold_every_size_as_a_readable_picture(tmp_path: Path) -> None:
    line = [sys.executable, str(PACKAGING / "icons.py"), str(tmp_path)]
    subprocess.run(line, check=True, timeout=60)
    sizes = {}
    for png in tmp_path.glob("heatdesk-*.png"):
        width, height = struct.unpack(">II", png.read_bytes()[16:24])
        sizes[png.stem.removeprefix("heatdesk-")] = (width, height)
    assert sizes == {str(s): (s, s) for s in (16, 24, 32, 48, 64, 128, 256, 512)}
    ico = (tmp_path / "heatdesk.ico").read_bytes()
    _, kind, count = struct.unpack("<HHH", ico[:6])
    assert (kind, count) == (1, 7)
    for number in range(count):
        side, *_, size, offset = struct.unpack("<BBBBHHII", ico[6 + 16 * number :][:16])
        picture = ico[offset : offset + size]
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">I", picture[16:20])[0] == (side or 256)
    icns = (tmp_path / "heatdesk.icns").read_bytes()
    assert icns[:4] == b"icns"
    assert struct.unpack(">I", icns[4:8])[0] == len(icns)


def test_the_mark_in_the_resources_is_the_one_that_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    icons = load("icons", monkeypatch)
    assert icons.MARK.read_text(encoding="utf-8") == icons.mark_svg()


# -------------------------------------------------------------------------------------- licences
def run_time_names() -> list[str]:
    """Return what the lock installs here and the program runs on."""
    from packaging.requirements import Requirement

    lock = (PACKAGING / "requirements.lock").read_text(encoding="utf-8")
    found = []
    for line in lock.splitlines():
        if "==" not in line or line.lstrip().startswith("--"):
            continue
        entry = Requirement(line.split(" \\")[0].strip())
        name = re.sub(r"[-_.]+", "_", entry.name).lower()
        here = entry.marker is None or entry.marker.evaluate()
        if here and name not in DEVELOPMENT:
            found.append(entry.name)
    return found


def test_everything_of_the_lock_that_is_used_at_run_time_has_a_licence_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    licences = load("licences", monkeypatch)
    names = run_time_names()
    assert {"numpy", "httpx", "keyring", "pyside6-essentials"} <= set(names)
    for name in names:
        texts = licences.texts_of(distribution(name))
        assert texts, name
        for text in texts.values():
            assert len(text.read_text(encoding="utf-8", errors="replace")) > 150, text


def test_qt_comes_with_the_lgpl_and_the_gpl_it_builds_on(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = load("licences", monkeypatch).texts_of(distribution("PySide6-Essentials"))
    said = {name: path.read_text(encoding="utf-8") for name, path in texts.items()}
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in said["LGPL-3.0.txt"]
    assert "GNU GENERAL PUBLIC LICENSE" in said["GPL-3.0.txt"]
    assert "HarfBuzz" in said["Qt-parts.txt"]


def test_the_licences_of_the_parts_in_a_bundle_are_gathered_and_listed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    licences = load("licences", monkeypatch)
    import httpx
    import numpy as np

    used = {Path(httpx.__file__), Path(np.__file__)}
    parts = licences.gather(used, tmp_path / "licenses")
    assert [part.split(" ")[0] for part in parts] == [
        *("HeatDesk", "Python", "httpx", "numpy", "pyinstaller"),
    ]
    index = (tmp_path / "licenses" / "INDEX.txt").read_text(encoding="utf-8")
    for part in parts:
        assert f"{part}: " in index
        assert any((tmp_path / "licenses" / part.replace(" ", "-")).iterdir())


def test_a_font_without_its_licence_stops_the_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    licences = load("licences", monkeypatch)
    assert licences.font_texts(tmp_path / "none") == {}
    (tmp_path / "Some.ttf").write_bytes(b"font")
    with pytest.raises(licences.LicenceError):
        licences.font_texts(tmp_path)
    (tmp_path / "OFL.txt").write_text("the licence")
    assert licences.font_texts(tmp_path) == {"OFL.txt": tmp_path / "OFL.txt"}


# ------------------------------------------------------------------------------ the spec, the rest
def test_the_spec_is_one_for_all_platforms_and_names_what_is_there() -> None:
    text = (PACKAGING / "heatdesk.spec").read_text(encoding="utf-8")
    compile(text, "heatdesk.spec", "exec")
    for word in (
        "heatdesk.ico",
        "heatdesk.icns",
        "version.txt",
        "HeatDesk.app",
        "hook_environment",
    ):
        assert word in text
    assert (ROOT / "main.py").is_file()


def test_the_bundle_leaves_the_library_path_of_the_system_to_what_it_starts() -> None:
    hook = (PACKAGING / "hook_environment.py").read_text(encoding="utf-8")
    show = "import os; print(os.environ.get('LD_LIBRARY_PATH'))"
    for earlier, expected in (("/opt/lib", "/opt/lib"), (None, "None")):
        env = {**os.environ, "LD_LIBRARY_PATH": "/bundle/_internal"}
        env.pop("LD_LIBRARY_PATH_ORIG", None)
        if earlier:
            env["LD_LIBRARY_PATH_ORIG"] = earlier
        line = [sys.executable, "-c", f"{hook}\n{show}"]
        done = subprocess.run(line, env=env, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


def test_a_bundle_that_has_grown_too_large_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = load("bundle", monkeypatch)
    monkeypatch.setattr(bundle, "FOLDER", tmp_path)
    monkeypatch.setattr(bundle, "MACOS", False)
    (tmp_path / "file").write_bytes(bytes(2_000_000))
    bundle.check_sizes([])
    assert "2.0 MB" in capsys.readouterr().out
    monkeypatch.setattr(bundle, "LARGEST_MB", 1.0)
    with pytest.raises(bundle.BundleError, match="too large"):
        bundle.check_sizes([])


def test_a_self_test_that_fails_fails_the_bundle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = load("bundle", monkeypatch)
    script = tmp_path / "HeatDesk"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(bundle, "program", lambda: script)
    for step in ("build", "prune", "add_licences", "list_files"):
        monkeypatch.setattr(bundle, step, lambda: None)
    assert bundle.main(["--no-packages"]) == 1
    assert "--selftest failed (1)" in capsys.readouterr().out


def test_the_version_of_the_project_is_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    from heatdesk import __version__

    assert load("bundle", monkeypatch).version() == __version__
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{__version__}"' in project

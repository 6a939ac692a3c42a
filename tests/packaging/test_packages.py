"""What is handed out: the Debian package, archives, sums, the release."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import sys
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PACKAGING))
    for known in ("trimming", "elf", "licences", "debian", "packages", "bundle", "icons"):
        monkeypatch.delitem(sys.modules, known, raising=False)
    return importlib.import_module(name)


# ----------------------------------------------------------------------------------- Debian, Linux
@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("debian", monkeypatch)


def package_of(debian: ModuleType, bundle: Path) -> object:
    return debian.Package(bundle, "1.2.3", ["libc6", "libx11-6"], "2.35", 1_700_000_000)


def test_the_control_file_names_version_size_and_what_is_needed(debian: ModuleType) -> None:
    text = debian.control(package_of(debian, Path("x")), 4711)
    fields = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(" "))
    assert fields["Package"] == "heatdesk"
    assert fields["Version"] == "1.2.3"
    assert fields["Installed-Size"] == "4711"
    needed = fields["Depends"].split(", ")
    assert "libc6 (>= 2.35)" in needed
    assert "libx11-6" in needed
    assert [one for one in needed if one.startswith("fonts-")]
    assert text.endswith("\n")
    assert "\n\n" not in text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Debian is Linux")
def test_the_package_lays_out_command_menu_entry_icons_and_licence(
    debian: ModuleType, tmp_path: Path
) -> None:
    bundle, icons, tree = tmp_path / "HeatDesk", tmp_path / "icons", tmp_path / "tree"
    (bundle / "licenses").mkdir(parents=True)
    (bundle / "HeatDesk").write_bytes(b"program")
    (bundle / "HeatDesk").chmod(0o700)
    (bundle / "link").symlink_to("HeatDesk")
    icons.mkdir()
    (icons / "heatdesk.svg").write_text("<svg/>")
    for side in (16, 48, 256):
        (icons / f"heatdesk-{side}.png").write_bytes(b"png")
    debian.lay_out(package_of(debian, bundle), icons, tree)
    assert os.readlink(tree / "usr/bin/heatdesk") == "/opt/heatdesk/HeatDesk"
    assert (tree / "opt/heatdesk/link").is_symlink()
    for side in (16, 48, 256):
        assert (tree / f"usr/share/icons/hicolor/{side}x{side}/apps/heatdesk.png").is_file()
    assert (tree / "usr/share/applications/org.heatdesk.HeatDesk.desktop").is_file()
    assert "Permission is hereby granted" in (tree / "usr/share/doc/heatdesk/copyright").read_text()
    debian._level(tree, 1_700_000_000)
    assert (tree / "opt/heatdesk/HeatDesk").stat().st_mode & 0o777 == 0o755
    assert {path.lstat().st_mtime for path in tree.rglob("*")} == {1_700_000_000}


def test_the_menu_entry_starts_the_installed_command_and_shows_its_icon() -> None:
    entry = ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(PACKAGING / "linux" / "org.heatdesk.HeatDesk.desktop", encoding="utf-8")
    main = entry["Desktop Entry"]
    assert main["Type"] == "Application"
    assert main["Exec"] == "/usr/bin/heatdesk"
    assert main["Icon"] == "heatdesk"
    assert main["Categories"].endswith(";")
    for action in main["Actions"].strip(";").split(";"):
        assert entry[f"Desktop Action {action}"]["Exec"].startswith("/usr/bin/heatdesk ")


def test_the_software_centres_description_fits_the_menu_entry(debian: ModuleType) -> None:
    root = ET.fromstring(debian.metainfo("1.2.3", 1_700_000_000))
    assert root.findtext("id") == "org.heatdesk.HeatDesk"
    assert root.findtext("launchable") == "org.heatdesk.HeatDesk.desktop"
    assert root.findtext("project_license") == "MIT"
    release = root.find("releases/release")
    assert release is not None
    assert (release.get("version"), release.get("date")) == ("1.2.3", "2023-11-14")


# ------------------------------------------------------------------------------------- archives
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "HeatDesk"
    (made / "sub").mkdir(parents=True)
    (made / "HeatDesk").write_bytes(b"run me")
    (made / "HeatDesk").chmod(0o755)
    (made / "sub" / "text.txt").write_bytes(b"read me")
    return made


def test_the_tarball_is_the_same_whoever_packs_it_and_whenever(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    packages = load("packages", monkeypatch)
    first = packages.tar(folder, tmp_path / "a.tar.xz", 1_700_000_000).read_bytes()
    os.utime(folder / "HeatDesk", (5, 5))
    (folder / "sub" / "text.txt").chmod(0o600)
    second = packages.tar(folder, tmp_path / "b.tar.xz", 1_700_000_000).read_bytes()
    assert first == second
    with tarfile.open(tmp_path / "a.tar.xz") as archive:
        modes = {entry.name: oct(entry.mode) for entry in archive}
        assert modes == {"HeatDesk/HeatDesk": "0o755", "HeatDesk/sub/text.txt": "0o644"}
        assert {entry.uname for entry in archive} == {"root"}


def test_the_zip_is_the_same_every_time(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    packages = load("packages", monkeypatch)
    first = packages.zip_folder(folder, tmp_path / "a.zip", 0).read_bytes()
    os.utime(folder / "HeatDesk", (5, 5))
    assert packages.zip_folder(folder, tmp_path / "b.zip", 0).read_bytes() == first
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["HeatDesk/HeatDesk", "HeatDesk/sub/text.txt"]


def test_the_sums_are_those_of_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packages = load("packages", monkeypatch)
    (tmp_path / "b.deb").write_bytes(b"two")
    (tmp_path / "a.tar.xz").write_bytes(b"one")
    sums = packages.write_sums([tmp_path / "b.deb", tmp_path / "a.tar.xz"], tmp_path / "SUMS")
    assert sums.read_text().splitlines() == [
        f"{hashlib.sha256(b'one').hexdigest()}  a.tar.xz",
        f"{hashlib.sha256(b'two').hexdigest()}  b.deb",
    ]


def test_the_version_resource_is_read_by_what_writes_it_into_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = load("packages", monkeypatch).version_resource("1.2.3")

    def named(kind: str) -> object:
        return lambda *args, **fields: (kind, args, fields)

    kinds = ("VSVersionInfo", "FixedFileInfo", "StringFileInfo", "StringTable", "StringStruct")
    names = {kind: named(kind) for kind in (*kinds, "VarFileInfo", "VarStruct")}
    _, _, fields = eval(text, names)
    assert fields["ffi"][2]["filevers"] == (1, 2, 3, 0)
    strings = dict(entry[1] for entry in fields["kids"][0][1][0][0][1][1])
    assert strings["ProductVersion"] == "1.2.3"
    assert strings["OriginalFilename"] == "HeatDesk.exe"


def test_the_release_workflow_pins_its_actions_and_goes_from_test_to_draft() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    actions = re.findall(r"uses: (\S+)", text)
    assert actions
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in actions), actions
    order = [text.index(word) for word in ("bootstrap.py test", "bootstrap.py bundle", "--draft")]
    assert order == sorted(order)
    assert "sha256sum" in text

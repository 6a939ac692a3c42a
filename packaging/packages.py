"""What is handed out: archives, sums, the installer of Windows and the disk image of macOS.

The same input gives the same archive, byte for byte.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_EXECUTABLE, _PLAIN = 0o755, 0o644
LIST_NAME = "files.sha256"
"""Of the list of a bundle's files, which its self-test reads."""
_EARLIEST_ZIP_S = 315532800
"""1980-01-01: a zip file knows no earlier time."""


class PackError(Exception):
    """A package could not be made."""


def files_below(folder: Path) -> list[Path]:
    """Return files and links below a folder, sorted."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def tar(folder: Path, target: Path, moment_s: int) -> Path:
    """Pack a folder as ``.tar.xz``, without the builder's name, rights and times."""
    partial = target.with_name(f"{target.name}.partial")
    with tarfile.open(partial, "w:xz", preset=6, format=tarfile.GNU_FORMAT) as archive:
        for path in files_below(folder):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            entry = archive.gettarinfo(str(path), name)
            if entry.islnk():  # two names of one file are two files here
                entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", path.stat().st_size
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mtime = moment_s
            if entry.issym():
                archive.addfile(entry)
                continue
            entry.mode = _EXECUTABLE if entry.mode & 0o100 else _PLAIN
            with path.open("rb") as file:
                archive.addfile(entry, file)
    partial.replace(target)
    return target


def zip_folder(folder: Path, target: Path, moment_s: int) -> Path:
    """Pack a folder as ``.zip``."""
    stamp = time.gmtime(max(moment_s, _EARLIEST_ZIP_S))[:6]
    partial = target.with_name(f"{target.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files_below(folder):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100000 | _PLAIN) << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    partial.replace(target)
    return target


def write_sums(files: Sequence[Path], target: Path) -> Path:
    """Write the SHA-256 sums of files as ``sha256sum --check`` reads them."""
    lines = []
    for path in sorted(files):
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    target.write_text("".join(lines), encoding="ascii", newline="\n")
    return target


def list_files(root: Path, target: Path, *, without: str, summed: bool) -> Path:
    """Write the sums of all files below a folder, but those in folders named ``without``.

    Parameters
    ----------
    summed : bool
        Without, the list tells only which files there are.
    """
    lines = []
    for path in files_below(root):
        name = path.relative_to(root)
        if path.is_file() and without not in name.parts and path != target:
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if summed else "-"
            lines.append(f"{digest}  {name.as_posix()}\n")
    target.write_text("".join(lines), encoding="utf-8", newline="\n")
    return target


def together(*makers: Callable[[], Path]) -> list[Path]:
    """Make several files at the same time."""
    with ThreadPoolExecutor(len(makers)) as pool:
        return [future.result() for future in [pool.submit(maker) for maker in makers]]


def version_resource(version: str) -> str:
    """Return what Windows shows as the properties of the program, as PyInstaller reads it."""
    numbers = tuple([*map(int, version.split(".")), 0, 0, 0][:4])
    strings = {
        "CompanyName": "HeatDesk contributors",
        "FileDescription": "HeatDesk trading station",
        "FileVersion": version,
        "InternalName": "HeatDesk",
        "LegalCopyright": "HeatDesk contributors, MIT licence",
        "OriginalFilename": "HeatDesk.exe",
        "ProductName": "HeatDesk",
        "ProductVersion": version,
    }
    entries = ", ".join(f"StringStruct({key!r}, {text!r})" for key, text in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, "
        "flags=0x0, OS=0x40004, fileType=0x1, subtype=0x0, date=(0, 0)), kids=["
        f"StringFileInfo([StringTable('040904B0', [{entries}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n"
    )


def installer(root: Path, version: str, into: Path) -> list[Path]:
    """Build the installer of Windows where Inno Setup is there; without it there is none."""
    compiler = shutil.which("iscc") or next(
        (
            str(path)
            for name in ("PROGRAMFILES(X86)", "PROGRAMFILES")
            if (path := Path(os.environ.get(name, ""), "Inno Setup 6", "ISCC.exe")).is_file()
        ),
        None,
    )
    if compiler is None:
        print("bundle: Inno Setup is not installed: no installer", flush=True)
        return []
    script = root / "packaging" / "windows" / "heatdesk.iss"
    _call([compiler, "/Qp", f"/DAppVersion={version}", f"/O{into}", str(script)])
    return [into / f"heatdesk-{version}-windows-x64-setup.exe"]


def disk_image(app: Path, target: Path) -> list[Path]:
    """Build the disk image of macOS."""
    script = Path(__file__).resolve().parent / "macos" / "make_dmg.sh"
    _call(["/bin/bash", str(script), str(app), str(target)])
    return [target]


def _call(line: Sequence[str]) -> None:
    if subprocess.run(line, check=False).returncode != 0:
        raise PackError(f"{Path(line[0]).name} failed")


if __name__ == "__main__":
    sys.exit("packages.py is a part of bundle.py")

"""Build HeatDesk for the platform this runs on, check what was built, and pack it.

``python packaging/bootstrap.py bundle`` calls it with the interpreter of ``.venv``. The program
comes to lie in ``dist/HeatDesk`` (macOS: ``dist/HeatDesk.app``), what is to be handed out beside it.
No network is used.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import debian
import elf
import licences
import packages
import trimming

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "bundle"
DIST = ROOT / "dist"
LINUX, WINDOWS, MACOS = (sys.platform.startswith(name) for name in ("linux", "win32", "darwin"))
FOLDER = DIST / "HeatDesk"
APP = DIST / "HeatDesk.app"

LARGEST_MB = 215.0
LARGEST_PACKED_MB = 70.0
SELFTEST_PATIENCE_S = 300.0
LICENCES = "licenses"
UNSTRIPPED = ("numpy",)
"""Their libraries were rewritten when they were packed, and stripping them breaks them."""


class BundleError(Exception):
    """The bundle is not what it has to be; the text says why."""


def version() -> str:
    """Return the version of the program, from its one place."""
    sys.path.insert(0, str(ROOT))
    from heatdesk import __version__

    return __version__


def moment() -> int:
    """Return the time that goes into packages: of the last change, so that they are reproducible."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told.isdigit():
        return int(told)
    line = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        return int(done.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return int((ROOT / "CHANGELOG.md").stat().st_mtime)


def build() -> None:
    """Let PyInstaller collect the program."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(APP, ignore_errors=True)
    WORK.mkdir(parents=True)
    run([sys.executable, str(ROOT / "packaging" / "icons.py"), str(WORK / "icons")])
    if WINDOWS:
        text = packages.version_resource(version())
        (WORK / "version.txt").write_text(text, encoding="utf-8")
    env = dict(os.environ)
    env |= {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": str(moment())}
    env |= {"HEATDESK_BUNDLE_WORK": str(WORK), "HEATDESK_BUNDLE_VERSION": version()}
    env["PYINSTALLER_CONFIG_DIR"] = str(WORK / "cache")
    line = [sys.executable, "-m", "PyInstaller", str(ROOT / "packaging" / "heatdesk.spec")]
    line += ["--noconfirm", "--log-level", "ERROR"]
    run([*line, "--distpath", str(DIST), "--workpath", str(WORK / "pyinstaller")], env)
    if MACOS:
        shutil.rmtree(FOLDER)  # the .app holds the same


def prune() -> None:
    """Take out of a Linux bundle what nothing links to, and the names that only debuggers read."""
    while True:
        useless = elf.unreached(elf.read_linking(elf.elf_files(FOLDER)))
        for path in useless:
            path.unlink()
        for link in [path for path in FOLDER.rglob("*") if path.is_symlink()]:
            if not link.exists():
                link.unlink()
        if not useless:
            break
    inside = FOLDER / "_internal"
    plain = [
        str(path)
        for path in elf.elf_files(inside)
        if not path.relative_to(inside).parts[0].startswith((*UNSTRIPPED, "PySide6", "shiboken6"))
    ]
    run(["strip", "--strip-unneeded", *plain])


def add_licences() -> None:
    """Put the licences of all parts beside the program."""
    inventory = json.loads((WORK / "inventory.json").read_text(encoding="utf-8"))
    kept = {Path(source) for place, source in inventory if not LINUX or _is_there(place)}
    into = APP / "Contents" / "Resources" if MACOS else FOLDER
    parts = licences.gather(kept, into / LICENCES)
    say(f"licences of {len(parts)} parts")


def _is_there(place: str) -> bool:
    """Tell whether a file was kept; modules lie in the program itself."""
    return ".so" not in place or (FOLDER / "_internal" / place).exists()


def list_files() -> None:
    """Write the sums of all files into the bundle, for its self-test to compare."""
    root, inside = (APP / "Contents", "Resources") if MACOS else (FOLDER, "_internal")
    sums = root / inside / packages.LIST_NAME
    sums.unlink(missing_ok=True)
    # Signing changes libraries of macOS after this: there only their being there is held.
    packages.list_files(root, sums, without=LICENCES, summed=not MACOS)


def program() -> Path:
    """Return the program that answers in a terminal."""
    if MACOS:
        return APP / "Contents" / "MacOS" / "HeatDesk"
    return FOLDER / ("heatdesk-cli.exe" if WINDOWS else "HeatDesk")


def selftest() -> None:
    """Run the built program's own test, with nothing of this environment to lean on."""
    names = ("HOME", "PATH", "TMPDIR", "SYSTEMROOT", "TEMP", "USERPROFILE", "LOCALAPPDATA")
    names += ("APPDATA", "DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
    names += ("LANG", "LC_ALL")
    env = {name: os.environ[name] for name in names if name in os.environ}
    run([str(program()), "--selftest"], env, timeout_s=SELFTEST_PATIENCE_S)
    picture = WORK / "demo.png"
    run([str(program()), "snapshot", "--demo", "--out", str(picture)], env, SELFTEST_PATIENCE_S)
    if not picture.is_file():
        raise BundleError("the bundle drew no demo desk")
    if LINUX:
        loads = [str(program()), "export", "--help"]
        done = subprocess.run(
            loads, env={**env, "LD_DEBUG": "files"}, capture_output=True, text=True, check=True
        )
        if "libQt6" in done.stderr:
            raise BundleError("an export loads Qt")


def size_mb(folder: Path) -> float:
    """Return how much a folder holds, in MB of 1,000,000 bytes; links count nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def check_sizes(packed: Sequence[Path]) -> None:
    """Print sizes; refuse a bundle that has grown too large."""
    built = APP if MACOS else FOLDER
    sizes = [(built, size_mb(built), LARGEST_MB)]
    sizes += [(path, path.stat().st_size / 1e6, LARGEST_PACKED_MB) for path in packed]
    for path, size, limit in sizes:
        say(f"{path.name}: {size:.1f} MB (at most {limit:g})")
    large = [path.name for path, size, limit in sizes if size > limit]
    if large:
        raise BundleError(f"too large: {', '.join(large)}")


def pack() -> list[Path]:
    """Make what is handed out on this platform, with the sums of all files."""
    name = f"heatdesk-{version()}"
    if LINUX:
        linking = elf.read_linking(elf.elf_files(FOLDER))
        depends = trimming.debian_depends(elf.outside(linking))
        package = debian.Package(FOLDER, version(), depends, elf.newest_glibc(linking), moment())
        made = packages.together(
            lambda: debian.build(package, WORK / "deb", DIST),
            lambda: packages.tar(
                FOLDER, DIST / f"{name}-linux-{debian.machine()}.tar.xz", moment()
            ),
        )
    elif WINDOWS:
        made = [packages.zip_folder(FOLDER, DIST / f"{name}-windows-x64.zip", moment())]
        made += packages.installer(ROOT, version(), DIST)
    else:
        made = packages.disk_image(APP, DIST / f"{name}-macos-{debian.machine()}.dmg")
    packages.write_sums(made, DIST / "SHA256SUMS")
    return made


def run(
    line: Sequence[str], env: dict[str, str] | None = None, timeout_s: float | None = None
) -> None:
    """Run a program; a failure ends the bundle."""
    try:
        code = subprocess.run(line, cwd=ROOT, env=env, timeout=timeout_s, check=False).returncode
    except FileNotFoundError:
        raise BundleError(f"{line[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise BundleError(f"{Path(line[0]).name} did not end within {timeout_s:g} s") from None
    if code != 0:
        raise BundleError(f"{Path(line[0]).name} {' '.join(line[1:3])} failed ({code})")


def say(text: str) -> None:
    """Print a line at once."""
    print(f"bundle: {text}", flush=True)


def main(argv: Sequence[str]) -> int:
    """Build and check; return the exit status."""
    parser = argparse.ArgumentParser(prog="bootstrap.py bundle --", description=__doc__)
    parser.add_argument("--no-packages", action="store_true", help="only the program's folder")
    args = parser.parse_args(argv)
    steps: list[tuple[str, Callable[[], object]]] = [("collect", build)]
    steps += [("trim", prune)] if LINUX else []
    steps += [("licences", add_licences), ("list", list_files), ("self-test", selftest)]
    packed: list[Path] = []
    if not args.no_packages:
        steps.append(("packages", lambda: packed.extend(pack())))
    try:
        for name, step in steps:
            started = time.monotonic()
            step()
            say(f"{name} done in {time.monotonic() - started:.0f} s")
        check_sizes(packed)
    except (BundleError, licences.LicenceError, packages.PackError, KeyError, OSError) as error:
        say(f"failed: {error}")
        return 1
    say(f"ready: {program()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The Debian package: the bundle below /opt, a command, a menu entry with icons, what it depends on."""

from __future__ import annotations

import gzip
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from packages import PackError

ROOT = Path(__file__).resolve().parents[1]
LINUX = ROOT / "packaging" / "linux"
NAME = "heatdesk"
APP_ID = "org.heatdesk.HeatDesk"
HOME = f"opt/{NAME}"
DESCRIPTION = """\
Description: Desktop trading station: order book and liquidation heatmaps
 HeatDesk shows where liquidity rests (order book heatmap), where positions
 would be liquidated (liquidation heatmap), what the market does (dots) and
 who leans which way (cohort bias). It shows data only and places no orders.
"""
ALWAYS_NEEDED = (
    # Text is drawn with the system's fonts.
    "fonts-dejavu-core | fonts-liberation | fonts-noto-core | fonts-ubuntu",
)
RECOMMENDED = (
    # Where keys are kept; opening links.
    "gnome-keyring | kwalletmanager | keepassxc",
    "xdg-utils",
    "libgl1-mesa-dri | libgl1-nvidia-glvnd-glx",
)


@dataclass(frozen=True, slots=True)
class Package:
    """What goes into the package.

    Attributes
    ----------
    bundle : Path
        The built folder.
    version : str
    depends : sequence of str
        Packages of the libraries that the bundle takes from the system.
    glibc : str
        Oldest version of the C library that will do.
    moment_s : int
        Time of every file.
    """

    bundle: Path
    version: str
    depends: Sequence[str]
    glibc: str
    moment_s: int


def machine() -> str:
    """Return the name of this machine's kind."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(name, name)


def architecture() -> str:
    """Return Debian's name for this machine's kind."""
    return {"x86_64": "amd64"}.get(machine(), machine())


def control(package: Package, installed_kb: int) -> str:
    """Return the control file."""
    depends = [*ALWAYS_NEEDED, *package.depends]
    depends = [f"libc6 (>= {package.glibc})" if one == "libc6" else one for one in depends]
    return (
        f"Package: {NAME}\n"
        f"Version: {package.version}\n"
        f"Architecture: {architecture()}\n"
        "Maintainer: HeatDesk contributors <contributors@heatdesk.invalid>\n"
        "Section: misc\n"
        "Priority: optional\n"
        f"Installed-Size: {installed_kb}\n"
        f"Depends: {', '.join(sorted(depends))}\n"
        f"Recommends: {', '.join(RECOMMENDED)}\n"
    ) + DESCRIPTION


def metainfo(version: str, moment_s: int) -> str:
    """Return what software centres show."""
    text = (LINUX / f"{APP_ID}.metainfo.xml").read_text(encoding="utf-8")
    day = datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%d")
    return text.replace("@VERSION@", version).replace("@DATE@", day)


def lay_out(package: Package, icons: Path, tree: Path) -> None:
    """Write the tree of files as it is installed, and the control files."""
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(package.bundle, tree / HOME, symlinks=True)
    command = tree / "usr/bin" / NAME
    command.parent.mkdir(parents=True)
    command.symlink_to(f"/{HOME}/HeatDesk")
    share = tree / "usr/share"
    _write(share / f"applications/{APP_ID}.desktop", (LINUX / f"{APP_ID}.desktop").read_bytes())
    about = metainfo(package.version, package.moment_s).encode()
    _write(share / f"metainfo/{APP_ID}.metainfo.xml", about)
    hicolor = share / "icons/hicolor"
    _write(hicolor / f"scalable/apps/{NAME}.svg", (icons / "heatdesk.svg").read_bytes())
    for png in icons.glob("heatdesk-*.png"):
        side = png.stem.removeprefix("heatdesk-")
        _write(hicolor / f"{side}x{side}/apps/{NAME}.png", png.read_bytes())
    doc = share / "doc" / NAME
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    parts = f"The licences of all parts are in /{HOME}/licenses.\n\n"
    _write(doc / "copyright", (parts + licence).encode())
    changes = (ROOT / "CHANGELOG.md").read_bytes()
    _write(doc / "changelog.gz", gzip.compress(changes, 9, mtime=package.moment_s))
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    size_kb = sum(-(-path.stat().st_size // 1024) for path in files)
    _write(tree / "DEBIAN/control", control(package, size_kb).encode())


def build(package: Package, work: Path, into: Path) -> Path:
    """Build the package and return its file."""
    tree = work / "tree"
    lay_out(package, work.parent / "icons", tree)
    _level(tree, package.moment_s)
    target = into / f"{NAME}_{package.version}_{architecture()}.deb"
    line = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(tree), str(target)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(package.moment_s)}
    try:
        subprocess.run(line, env=env, stdout=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PackError(f"dpkg-deb: {error}") from error
    shutil.rmtree(tree)
    return target


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _level(tree: Path, moment_s: int) -> None:
    """Give files the rights and times that do not depend on who built them."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
        os.utime(path, (moment_s, moment_s), follow_symlinks=False)

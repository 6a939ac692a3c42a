"""The licences of everything a bundle holds: gathered from what was installed, none left out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ROOT / "packaging" / "licences"
_NAME = re.compile(r"(?i)(licen[cs]e|copying|notice|authors|copyright)")
QT = ("pyside6_essentials", "shiboken6")
"""Their packages carry no text."""
QT_TEXTS = ("LGPL-3.0.txt", "GPL-3.0.txt", "Qt-parts.txt")
ALWAYS = ("pyinstaller",)
"""Its bootloader starts the program, though no module of it is in the bundle."""

INTRODUCTION = """\
HeatDesk is under the MIT licence (HeatDesk/LICENSE). It comes with the parts below, each under
its own licence, whose texts lie in the folders of the same names.

Qt, PySide6 and Shiboken are used under the GNU Lesser General Public License, version 3. They are
separate shared libraries in this bundle, unchanged: to use your own build of them, replace the
files of the same names (on Linux and Windows below _internal/PySide6 and _internal/shiboken6, on
macOS below HeatDesk.app/Contents/Frameworks). Their sources: https://download.qt.io/official_releases/

"""


class LicenceError(Exception):
    """A part of the bundle has no licence text."""


def normal(name: str) -> str:
    """Return a distribution's name as it is compared."""
    return re.sub(r"[-_.]+", "_", name).lower()


def used_distributions(sources: set[Path]) -> dict[str, Distribution]:
    """Return the installed distributions of which a file is in the bundle, by normal name."""
    found = {}
    for distribution in distributions():
        name = normal(distribution.metadata["Name"])
        files = distribution.files or []
        paths = {Path(str(distribution.locate_file(file))) for file in files}
        if name in ALWAYS or not sources.isdisjoint(paths):
            found[name] = distribution
    return found


def texts_of(distribution: Distribution) -> dict[str, Path]:
    """Return the licence texts of a distribution by the name they get in the bundle."""
    name = normal(distribution.metadata["Name"])
    if name in QT:
        return {text: TEXTS / text for text in QT_TEXTS}
    texts = {}
    for file in distribution.files or []:
        parts = PurePosixPath(str(file)).parts
        ours = any(part.endswith(".dist-info") for part in parts) or len(parts) == 1
        if ours and (_NAME.search(parts[-1]) or "licenses" in parts):
            texts["-".join(parts[1:]) or parts[0]] = Path(str(distribution.locate_file(file)))
    if not texts:
        raise LicenceError(f"{name} carries no licence text")
    return texts


def python_licence() -> Path:
    """Return the licence of the interpreter in the bundle."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    places = (
        Path(sysconfig.get_path("stdlib"), "LICENSE.txt"),
        Path(sys.base_prefix, "LICENSE.txt"),
        Path(sys.base_prefix, "LICENSE"),
        Path("/usr/share/doc", version, "copyright"),
        Path("/usr/share/doc", f"lib{version}-stdlib", "copyright"),
    )
    for place in places:
        if place.is_file():
            return place
    raise LicenceError("the licence of Python was not found")


def system_texts(sources: set[Path]) -> dict[str, Path]:
    """Return the licence texts of the system's libraries in a Linux bundle, by Debian package.

    Raises
    ------
    LicenceError
        Where a library belongs to no package: such a bundle is built on Debian or Ubuntu.
    """
    ours = (Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), ROOT)
    if sys.base_prefix == "/usr":
        ours = (Path(sys.prefix).resolve(), Path(sysconfig.get_path("stdlib")), ROOT)
    found = {}
    for source in sorted(sources):
        real = source.resolve()
        if ".so" not in real.name or any(real.is_relative_to(folder) for folder in ours):
            continue
        package = owner_of(real) or owner_of(Path(str(real).removeprefix("/usr")))
        if package is None:
            raise LicenceError(f"{source} belongs to no Debian package")
        text = Path("/usr/share/doc", package, "copyright")
        if not text.is_file():
            raise LicenceError(f"the package {package} carries no licence text")
        found[package] = text
    return found


def owner_of(path: Path) -> str | None:
    """Return the Debian package that a file belongs to, None for none."""
    line = ["dpkg-query", "--search", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done.stdout.split(":")[0].split(",")[0] if done.returncode == 0 else None


def font_texts(folder: Path) -> dict[str, Path]:
    """Return the licence texts of the fonts that come along.

    Raises
    ------
    LicenceError
        Where there is a font and no text beside it.
    """
    fonts = [path for path in folder.rglob("*") if path.suffix.lower() in {".ttf", ".otf"}]
    texts = {
        "-".join(path.relative_to(folder).parts): path
        for path in folder.rglob("*.txt")
        if _NAME.search(path.name) or "OFL" in path.name
    }
    if fonts and not texts:
        raise LicenceError(f"the fonts in {folder} have no licence text")
    return texts


def gather(sources: set[Path], into: Path) -> list[str]:
    """Copy every licence text and write the index; return the names of the parts.

    Parameters
    ----------
    sources : set of Path
        Where the files of the bundle were taken from.

    Raises
    ------
    LicenceError
    """
    shutil.rmtree(into, ignore_errors=True)
    parts: list[tuple[str, dict[str, Path]]] = [("HeatDesk", {"LICENSE": ROOT / "LICENSE"})]
    version = ".".join(map(str, sys.version_info[:3]))
    parts.append((f"Python {version}", {"LICENSE": python_licence()}))
    for _, distribution in sorted(used_distributions(sources).items()):
        name = f"{distribution.metadata['Name']} {distribution.version}"
        parts.append((name, texts_of(distribution)))
    if sys.platform.startswith("linux"):
        for package, text in sorted(system_texts(sources).items()):
            parts.append((f"{package} (of the system)", {"copyright": text}))
    fonts = font_texts(ROOT / "resources" / "fonts")
    if fonts:
        parts.append(("Fonts", fonts))
    index = INTRODUCTION
    for name, texts in parts:
        folder = into / name.removesuffix(" (of the system)").replace(" ", "-")
        folder.mkdir(parents=True)
        for target, text in texts.items():
            shutil.copyfile(text, folder / target)
        index += f"{name}: {', '.join(f'{folder.name}/{target}' for target in sorted(texts))}\n"
    (into / "INDEX.txt").write_text(index, encoding="utf-8")
    return [name for name, _ in parts]

"""What the files of a Linux bundle link to: which are of no use, and what the system must offer.

Reads the answers of ``objdump``, which building a bundle needs anyway.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_FILE = re.compile(r"^(/.*):\s+file format elf")
_WORD = re.compile(r"^\s+(NEEDED|SONAME)\s+(\S+)$")
_GLIBC = re.compile(r"\sGLIBC_(\d+(?:\.\d+)+)\s*$")
UNLINKED = ("libpython",)
"""Beginnings of names of libraries that are loaded by name: nothing links to them."""


@dataclass(slots=True)
class Linking:
    """What one file links to.

    Attributes
    ----------
    needed : set of str
        Names of libraries.
    glibc : tuple of int
        Newest version of the C library that it asks for.
    """

    needed: set[str] = field(default_factory=set)
    glibc: tuple[int, ...] = ()


def is_elf(path: Path) -> bool:
    """Tell whether a file is a program or library of Linux."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def elf_files(folder: Path) -> list[Path]:
    """Return the programs and libraries below a folder, without links, sorted."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in files if is_elf(path))


def read_linking(files: list[Path]) -> dict[Path, Linking]:
    """Ask what files link to."""
    line = ["objdump", "-p", *(str(path.resolve()) for path in files)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return parse_linking(done.stdout)


def parse_linking(text: str) -> dict[Path, Linking]:
    """Read what ``objdump -p`` says of several files."""
    found: dict[Path, Linking] = {}
    current = Linking()
    for line in text.splitlines():
        if start := _FILE.match(line):
            current = found.setdefault(Path(start[1]), Linking())
        elif word := _WORD.match(line):
            if word[1] == "NEEDED":
                current.needed.add(word[2])
        elif version := _GLIBC.search(line):
            current.glibc = max(current.glibc, tuple(map(int, version[1].split("."))))
    return found


def unreached(linking: dict[Path, Linking]) -> set[Path]:
    """Return the shared libraries that nothing in the bundle links to, directly or not.

    Programs, plugins and Python's extension modules are loaded by name: they are the beginning.
    """
    by_name: dict[str, list[Path]] = {}
    for path in linking:
        by_name.setdefault(path.name, []).append(path)
    reached: set[Path] = set()
    waiting = [path for path in linking if not _is_plain_library(path)]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [other for name in linking[path].needed for other in by_name.get(name, ())]
    return set(linking) - reached


def outside(linking: dict[Path, Linking]) -> set[str]:
    """Return the names of the libraries that are looked for outside the bundle."""
    wanted = {name for one in linking.values() for name in one.needed}
    return wanted - {path.name for path in linking}


def newest_glibc(linking: dict[Path, Linking]) -> str:
    """Return the version of the C library below which the bundle does not start."""
    return ".".join(map(str, max((one.glibc for one in linking.values()), default=())))


def _is_plain_library(path: Path) -> bool:
    """Tell whether a file is a library that only others load, by linking to it."""
    if not path.name.startswith("lib") or path.name.startswith(UNLINKED):
        return False
    return "plugins" not in path.parts and ".cpython-" not in path.name

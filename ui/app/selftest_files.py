"""Whether a downloaded program still has all the files it was packed with, unchanged."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from ui.app.selftest import BrokenPartError, SkipCheckError

LIST_NAME = "files.sha256"
ANY_CONTENT = "-"
"""Stands for the sum of a file that is changed after it was listed, by being signed."""
MOST_NAMED = 3


def check_files() -> str:
    """Every file of the download is there, byte for byte."""
    inside = getattr(sys, "_MEIPASS", "")
    if not inside:
        raise SkipCheckError("this is the source; a download lists its files")
    root = Path(inside).parent
    listed = Path(inside if sys.platform != "darwin" else root / "Resources", LIST_NAME)
    return compare(root, listed)


def compare(root: Path, listed: Path) -> str:
    """Compare files with a list of their SHA-256 sums, as ``sha256sum`` writes it.

    Raises
    ------
    BrokenPartError
        Naming files that are missing or have changed.
    """
    try:
        lines = listed.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise BrokenPartError(f"the list of files cannot be read: {error}") from error
    split = [line.split("  ", 1) for line in lines if "  " in line]
    wanted = {name: digest for digest, name in split}
    if not wanted:
        raise BrokenPartError(f"{listed.name} lists nothing")
    missing = [name for name in wanted if not (root / name).is_file()]
    if missing:
        raise BrokenPartError(f"missing: {_named(missing)}; install the download again")
    changed = [
        name
        for name, digest in wanted.items()
        if digest != ANY_CONTENT and _digest(root / name) != digest
    ]
    if changed:
        raise BrokenPartError(
            f"not as they were packed: {_named(changed)}; install the download again, "
            "unless you replaced them on purpose"
        )
    return f"{len(wanted)} as they were packed"


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BrokenPartError(f"{path.name} cannot be read: {error}") from error


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more

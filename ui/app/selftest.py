"""``--selftest``: whether this copy of the program has all its parts and they work here."""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

from heatdesk import __version__
from ui.app import has_display


class Outcome(Enum):
    """How a check ended."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report."""

    name: str
    outcome: Outcome
    detail: str

    def __str__(self) -> str:
        return f"{self.outcome.value}  {self.name:<18} {' '.join(self.detail.split())}"


class SkipCheckError(Exception):
    """This machine does not offer what the check would need; the text says what."""


class BrokenPartError(Exception):
    """A part is missing or does not work; the text says which."""


Check = Callable[[], str]
"""Returns what was found, in a few words; raises when something is missing or broken."""


def run_selftest(out: TextIO | None = None) -> int:
    """Check every part and print a line for each; return 0 where nothing failed."""
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    logging.getLogger().setLevel(logging.CRITICAL)  # what fails is told in its line
    results = [run_check("start", check_start)]
    tell(str(results[0]), out)
    from ui.app.selftest_checks import checks

    for name, check in checks().items():
        result = run_check(name, check)
        results.append(result)
        tell(str(result), out)
    counts = {one: sum(result.outcome is one for result in results) for one in Outcome}
    summary = ", ".join(f"{count} {one.value}" for one, count in counts.items())
    tell(f"HeatDesk {__version__} self-test: {summary}", out)
    return 1 if counts[Outcome.FAIL] else 0


def check_start() -> str:
    """What makes a start shorter finds what it works on; before anything of it is imported."""
    if "pyqtgraph" in sys.modules:
        raise SkipCheckError("pyqtgraph was imported before")
    from ui.app import quick_start

    try:
        quick_start.begin()
    finally:
        gc.enable()
    import pyqtgraph as pg

    if not quick_start.takes_names(pg):
        raise BrokenPartError(f"pyqtgraph {pg.__version__} copies all names of Qt")
    return f"pyqtgraph {pg.__version__} takes the names of Qt as it uses them"


def run_check(name: str, check: Check) -> Result:
    """Carry out one check; whatever it raises becomes its result."""
    try:
        return Result(name, Outcome.PASS, check())
    except SkipCheckError as reason:
        return Result(name, Outcome.SKIP, str(reason))
    except BrokenPartError as fault:
        return Result(name, Outcome.FAIL, str(fault))
    except Exception as error:  # noqa: BLE001 - a part may break in any way; that is the answer
        traceback.print_exc(file=sys.stderr)
        return Result(name, Outcome.FAIL, f"{type(error).__name__}: {error}")


def tell(line: str, out: TextIO | None = None) -> None:
    """Print a line; a program with windows may have nowhere to print on."""
    where = sys.stdout if out is None else out
    if where is not None:
        plain = line.encode("ascii", "replace").decode("ascii")
        print(plain, file=where, flush=True)

"""The sections of the bench: what each measures, in which windows, and how long it may take."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.rows import packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bench.rows import Row

FULL_HD, UHD = (1920, 1080), (3840, 2160)


def painting() -> list[Row]:
    from tests.bench.painting import measure_painting

    return measure_painting(FULL_HD, rounds=15)


def painting_4k() -> list[Row]:
    from tests.bench.painting import measure_painting

    return measure_painting(UHD, rounds=7)


def memory() -> list[Row]:
    from tests.bench.memory import measure_memory

    return measure_memory()


def walls() -> list[Row]:
    from tests.bench.walls import measure_walls

    return measure_walls(gl=False)


def walls_gl() -> list[Row]:
    from tests.bench.walls import measure_walls

    return measure_walls(gl=True)


def first_frame() -> list[Row]:
    from tests.bench.startup import measure_startup

    return measure_startup()


def eight_panels() -> list[Row]:
    from tests.bench.pacing import measure_pacing

    return measure_pacing()


def workspaces() -> list[Row]:
    from tests.bench.workspaces import measure_workspaces

    return measure_workspaces()


def decode() -> list[Row]:
    from tests.bench.decode import measure_decode

    return measure_decode()


def books() -> list[Row]:
    from tests.bench.books import measure_books

    return measure_books()


def six_feeds() -> list[Row]:
    from tests.bench.six_feeds import measure_six_feeds

    return measure_six_feeds()


def socket_to_pixel() -> list[Row]:
    from tests.bench.six_feeds import measure_socket_to_pixel

    return measure_socket_to_pixel()


def painting_gl() -> list[Row]:
    from tests.bench.painting_gl import measure_painting_gl

    return measure_painting_gl(FULL_HD, rounds=9)


def eight_panels_gl() -> list[Row]:
    from tests.bench.pacing import measure_pacing

    return measure_pacing(gl=True)


@dataclass(frozen=True)
class Section:
    """One part of the bench.

    Attributes
    ----------
    measure : callable
    limit_s : float
        Longest it may take.
    opengl : bool
        It needs a screen that shows OpenGL; all others run off screen, where no window manager
        cuts a window to size.
    hardware : bool
        It is of use only where a graphics card renders.
    windows : bool
        It opens windows of its own in the process that measures.
    """

    measure: Callable[[], list[Row]]
    limit_s: float = 60.0
    opengl: bool = False
    hardware: bool = False
    windows: bool = True


SECTIONS = {
    one.measure.__name__: one
    for one in (
        Section(painting),
        Section(painting_4k, 75.0),
        Section(memory),
        Section(walls),
        Section(walls_gl, opengl=True),
        Section(painting_gl, opengl=True, hardware=True),
        Section(first_frame, windows=False),
        Section(eight_panels),
        Section(workspaces, 90.0),
        Section(eight_panels_gl, opengl=True, hardware=True),
        Section(decode, 90.0, windows=False),
        Section(six_feeds),
        Section(socket_to_pixel),
        Section(books, 90.0, windows=False),
    )
}


def run_section(name: str, out: Path) -> None:
    """Measure one section in this process, leave its rows in a file, and end the process."""
    section = SECTIONS[name]
    if section.windows:
        from ui.app.stage import open_application

        app = open_application()
        app.setQuitOnLastWindowClosed(False)
    rows = section.measure()
    out.write_text(json.dumps(packed(rows)), encoding="utf-8")
    sys.stdout.flush()
    # what was measured is safe; how the windows go is not what is measured
    os._exit(0)

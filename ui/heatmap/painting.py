"""What both paint paths share: where the item lies on a device, and which cell each pixel shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QWidget

from heatdesk.store.grid import GridSpec
from heatdesk.store.ring import FLAWED, GAP, UNKNOWN
from heatdesk.views.contrast import Table
from heatdesk.views.heatmap import (
    PARTIAL,
    HeatmapSource,
    HeatmapWindow,
    ViewRect,
    cells_of_pixels,
)
from heatdesk.views.palettes import DARK, Shades

HATCH_PERIOD_PX = 8
MIN_HATCH_PX = 3
"""A gap narrower than this is a flat tint: lines in it would be noise."""
LIGHT_PERIOD_PX, DASH_PERIOD_PX = 16, 4
"""Of the lines over cells that are not the whole truth, and of the dashes where there is no room for
lines."""
FOOT_PX = 6
"""Height of the mark under a column some of whose snapshots are missing, logical pixels."""
MAX_PIXELS = 64_000_000

ANCHOR_COLUMNS = 4096
"""Every column of such a number begins on a whole pixel; near enough for the float arithmetic."""
_UP_FROM = 0.5 - 1 / 64
"""Halves are common in pixels: they must not fall either way by float noise."""

DATA, UNKNOWN_MARK, TINTED, HATCHED, FOOTED, LINED, DASHED = range(7)
"""What a column of pixels shows: cells, plain ground, a flat gap, a hatched gap, cells above a
foot hatched like a gap, cells under thin lines, or cells under dashes."""


@dataclass(frozen=True, slots=True)
class DeviceView:
    """Where the item lies on the paint device.

    Attributes
    ----------
    left, top, right, bottom : int
        Device pixels to fill, half-open.
    m11, dx, m22, dy : float
        Device x of ``t`` seconds is ``dx + t * m11``; device y of a price ``dy + price * m22``.
    ratio : float
        Device pixels of a logical one.
    """

    left: int
    top: int
    right: int
    bottom: int
    m11: float
    dx: float
    m22: float
    dy: float
    ratio: float = 1.0

    @property
    def foot_top(self) -> int:
        """First device row of the foot under a column of which a part is missing."""
        return max(self.top, self.bottom - round(FOOT_PX * self.ratio))

    def rect(self) -> ViewRect:
        """What these pixels show."""
        t0, t1 = (self.left - self.dx) / self.m11, (self.right - self.dx) / self.m11
        p0, p1 = (self.top - self.dy) / self.m22, (self.bottom - self.dy) / self.m22
        return ViewRect(
            min(t0, t1) * 1000,
            max(t0, t1) * 1000,
            min(p0, p1),
            max(p0, p1),
            self.right - self.left,
            self.bottom - self.top,
        )


@dataclass(frozen=True, slots=True)
class Style:
    """How codes become colours.

    Attributes
    ----------
    plane : str
        ``both``, one of the store's planes, or ``bid_ask``: each side by its own table.
    table, ask_table : (65536,) uint32
        ``ask_table`` counts for ``bid_ask`` only.
    version : int
        Changes with any of these.
    shades : Shades
        Colours of what holds no quantity.
    """

    plane: str
    table: Table
    ask_table: Table
    version: int
    shades: Shades = DARK


class PaintPath(Protocol):
    """One way to bring cells to a device; it may raise, the item catches.

    Attributes
    ----------
    window : HeatmapWindow or None
        Detail and cells of the last paint; None when it showed no column.
    """

    window: HeatmapWindow | None

    def draw(
        self,
        painter: QPainter,
        widget: QWidget | None,
        source: HeatmapSource,
        view: DeviceView,
        style: Style,
        band: int,
    ) -> None:
        """Fill the view's device pixels."""
        ...

    def forget(self) -> None:
        """Drop everything cached: another source is drawn next."""
        ...


def on_whole_pixels(transform: QTransform, grid: GridSpec) -> QTransform:
    """Move a transform (epoch seconds and price to device pixels) by at most half a pixel.

    It puts an edge of the cells on a whole pixel. So what scrolls does so by whole pixels: cells
    keep their width in pixels instead of shimmering, and only what comes into view is computed.
    """
    m11, m22, dx, dy = transform.m11(), transform.m22(), transform.dx(), transform.dy()
    phase_s, anchor_s = grid.phase_ms / 1000, grid.interval_ms / 1000 * ANCHOR_COLUMNS
    anchors = (-dx / m11 - phase_s) / anchor_s
    if not math.isfinite(anchors):
        return transform
    # the anchor at or before the left edge of the device
    x = dx + (phase_s + math.floor(anchors) * anchor_s) * m11
    return QTransform(
        m11, 0, 0, m22, dx + math.ceil(x - _UP_FROM) - x, dy + math.ceil(dy - _UP_FROM) - dy
    )


def pixel_cells(
    view: DeviceView, window: HeatmapWindow, grid: GridSpec
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cell of each device pixel column and row, counted from the window's first cell.

    A pixel takes the cell under its centre; one whose centre is outside the window takes the cell
    at the edge. Columns are outside by a rounding error only, rows wherever the view shows prices
    beyond the levels held: the window ends on a level that nobody reported.

    Returns
    -------
    (right - left,) int64, (bottom - top,) int64
    """
    origin_s = grid.time.time_of(0) / 1000
    column_s = grid.interval_ms / 1000 * (1 << window.time_lod)
    columns = cells_of_pixels(view.left, view.right, view.dx, view.m11, origin_s, column_s)
    height = grid.block_size * window.step
    rows = cells_of_pixels(view.top, view.bottom, view.dy, view.m22, 0.0, height)
    return (
        np.clip(columns - window.c0, 0, window.c1 - window.c0 - 1),
        np.clip(rows - window.l0, 0, window.l1 - window.l0 - 1),
    )


def column_marks(states: NDArray[np.uint8], columns: NDArray[np.int64]) -> NDArray[np.uint8]:
    """What each column of pixels shows: one of `DATA` to `DASHED`.

    Lines of a hatched area lie where ``x + y`` is a multiple of `HATCH_PERIOD_PX`, in device
    pixels (over cells of `LIGHT_PERIOD_PX` or `DASH_PERIOD_PX`): they stay on the screen while the
    data moves.

    Parameters
    ----------
    states : (n,) uint8
        State of each pooled column of the window.
    columns : (w,) int64
        Pooled column of each column of pixels.
    """
    shown = states[columns]
    marks = np.zeros(columns.size, np.uint8)
    marks[shown == UNKNOWN] = UNKNOWN_MARK
    marks[shown == PARTIAL] = FOOTED
    for state, wide, narrow in ((GAP, HATCHED, TINTED), (FLAWED, LINED, DASHED)):
        marked = shown == state
        if not marked.any():
            continue
        edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False]))))
        for a, b in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
            marks[a:b] = wide if b - a >= MIN_HATCH_PX else narrow
    return marks

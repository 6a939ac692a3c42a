"""The picture a heatmap must give, worked out from native cells: slow, exact and obvious.

Nothing of the product is used but what a store holds natively (`codes` at full detail,
`column_state`, `values`) and the names of its constants.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QTransform

from heatdesk.store.grid import GridSpec
from heatdesk.views.heatmap import HeatmapSource
from ui.heatmap.painting import Style

NOBODY, SEEN, MISSING, FLAWED = 0, 1, 2, 3
LINE_EVERY_PX = 8
THIN_LINE_EVERY_PX, DASH_EVERY_PX = 16, 4
NARROW_PX = 3
FOOT_LOGICAL_PX = 6
ANCHOR_EVERY = 4096
NOTHING, EMPTY_CODE, SMALLEST = 0, 1, 2
NOISE = Fraction(1, 100_000)


@dataclass(frozen=True)
class Expected:
    """What must be seen.

    ``sure`` is false where a pixel centre lies on the edge of a cell or of all columns but for
    float noise: there either neighbour is right.
    """

    pixels: NDArray[np.uint32]
    sure: NDArray[np.bool_]

    def wrong(self, pixels: NDArray[np.uint32]) -> int:
        """Pixels that differ from what must be seen."""
        assert pixels.shape == self.pixels.shape
        return int(((pixels != self.pixels) & self.sure).sum())


def expected_picture(
    source: HeatmapSource,
    style: Style,
    transform: QTransform,
    width: int,
    height: int,
    *,
    band: int = 1,
    ratio: float = 1.0,
    paper: int = 0,
) -> Expected:
    """Picture of ``width`` by ``height`` device pixels.

    Parameters
    ----------
    transform : QTransform
        From epoch seconds and price to device pixels; a heatmap may move it by up to half a
        pixel, so that an edge of its cells lies on a whole one.
    ratio : float
        Device pixels of a logical one.
    paper : int
        Colour where there is no column.
    """
    grid = source.grid
    lod = _halvings(1000 / (abs(transform.m11()) * grid.interval_ms), source.max_time_lod)
    step = band << _halvings(1 / (abs(transform.m22()) * grid.block_size * band), 14)
    second, price = placement(transform, grid)
    x_place = [
        (unit * 1000 - grid.phase_ms) / grid.interval_ms for unit in _centres(width, *second)
    ]
    y_place = [unit / Fraction(grid.block_size) for unit in _centres(height, *price)]
    x_in = [source.first_column <= place < source.last_column + 1 for place in x_place]
    columns = [math.floor(place) >> lod for place in x_place]
    levels = [math.floor(place) // step for place in y_place]
    # a column reaches over all prices; levels that hold nothing are all alike
    beyond = source.first_level // step - 1, source.last_level // step + 1
    wanted_levels = [min(max(level, beyond[0]), beyond[1]) for level in levels]
    pixels = np.full((height, width), paper, np.uint32)
    ends = (source.first_column, source.last_column + 1)
    off_ends = [min(abs(place - end) for end in ends) > NOISE for place in x_place]
    sure = np.outer(_apart(y_place, step), _apart(x_place, 1 << lod) & np.array(off_ends))
    shown_x = np.flatnonzero(x_in).tolist()
    if shown_x:
        wanted_columns = [columns[x] for x in shown_x]
        pixels[:, shown_x] = _colours(source, style, wanted_columns, wanted_levels, lod, step)
        states = [_state(source, column, lod) for column in wanted_columns]
        _mark(pixels, states, shown_x, style, ratio)
    return Expected(pixels, sure)


def placement(
    transform: QTransform, grid: GridSpec
) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]:
    """Scale and offset of time (seconds) and price, an edge of the cells on a whole pixel."""
    m11, dx = Fraction(transform.m11()), Fraction(transform.dx())
    m22, dy = Fraction(transform.m22()), Fraction(transform.dy())
    columns = (-dx / m11 * 1000 - grid.phase_ms) / grid.interval_ms
    anchor = columns // ANCHOR_EVERY * ANCHOR_EVERY
    x = dx + Fraction(grid.phase_ms + anchor * grid.interval_ms, 1000) * m11
    return (m11, dx + _whole(x) - x), (m22, Fraction(_whole(dy)))


def _whole(place: Fraction) -> int:
    """Nearest whole pixel; a place near the middle belongs to the upper one."""
    return math.floor(place + Fraction(1, 2) + Fraction(1, 64))


def _halvings(cells_per_px: float, most: int) -> int:
    """How often cells are pooled by two until each is a pixel wide."""
    times = 0
    while times < most and cells_per_px / 2**times > 1 + 1e-9:
        times += 1
    return times


def _centres(count: int, scale: Fraction, offset: Fraction) -> list[Fraction]:
    return [(Fraction(2 * i + 1, 2) - offset) / scale for i in range(count)]


def _apart(places: list[Fraction], cells: int) -> NDArray[np.bool_]:
    """Whether places, in native cells, are clearly off the edges of pooled ones."""
    off = [abs(place / cells - round(place / cells)) for place in places]
    return np.array([distance > NOISE for distance in off], np.bool_)


def _colours(
    source: HeatmapSource,
    style: Style,
    columns: list[int],
    levels: list[int],
    lod: int,
    step: int,
) -> NDArray[np.uint32]:
    """Colours of pooled cells, one row per level and one column per column."""
    if style.plane == "bid_ask" and len(source.planes) > 1:
        bid = _pooled(source, source.planes[0], columns, levels, lod, step)
        ask = _pooled(source, source.planes[1], columns, levels, lod, step)
        return np.where(ask > bid, style.ask_table[ask], style.table[bid])
    names = source.planes if style.plane in {"both", "bid_ask"} else (style.plane,)
    largest = np.zeros((len(levels), len(columns)), np.uint16)
    for name in names:
        largest = np.maximum(largest, _pooled(source, name, columns, levels, lod, step))
    return style.table[largest]


def _pooled(
    source: HeatmapSource,
    plane: str,
    columns: list[int],
    levels: list[int],
    lod: int,
    step: int,
) -> NDArray[np.uint16]:
    c0, c1 = min(columns) << lod, (max(columns) + 1) << lod
    l0, l1 = min(levels) * step, (max(levels) + 1) * step
    native = source.codes(plane, c0, c1, l0, l1)
    by_level = {
        level: _over_price(source, native[level * step - l0 :][:step]) for level in set(levels)
    }
    width = 1 << lod
    out = np.zeros((len(levels), len(columns)), np.uint16)
    for y, level in enumerate(levels):
        for x, column in enumerate(columns):
            start = (column << lod) - c0
            out[y, x] = by_level[level][start : start + width].max()
    return out


def _over_price(source: HeatmapSource, native: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """One code for several levels of each native column."""
    largest = native.max(axis=0)
    if source.pooling == "max" or native.shape[0] == 1:
        return largest
    values = source.values.copy()
    values[NOTHING] = 0.0
    total = values[native].sum(axis=0).astype(np.float32)
    # a code spans the quantities whose float32 pattern differs in the low 12 bits only
    starts = (source.values[SMALLEST:].astype(np.float32).view(np.int32) & ~0xFFF).view(np.float32)
    codes = np.searchsorted(starts, total, side="right") - 1 + SMALLEST
    codes = np.clip(codes, SMALLEST, source.values.size - 1)
    return np.where(largest >= SMALLEST, codes, largest).astype(np.uint16)


def _state(source: HeatmapSource, column: int, lod: int) -> set[int]:
    """States of the native columns somebody asked for."""
    native = source.column_state(column << lod, (column + 1) << lod)
    return set(native.tolist()) - {NOBODY}


def _mark(
    pixels: NDArray[np.uint32],
    states: list[set[int]],
    xs: list[int],
    style: Style,
    ratio: float,
) -> None:
    """Lay gaps, feet and plain ground over the cells."""
    shades, height = style.shades, pixels.shape[0]
    foot = max(0, height - round(FOOT_LOGICAL_PX * ratio))
    for i, (x, state) in enumerate(zip(xs, states, strict=True)):
        if not state:
            pixels[:, x] = shades.ground
        if MISSING not in state:
            if FLAWED in state:
                run = _run_around(states, i, lambda s: FLAWED in s and MISSING not in s)
                every = THIN_LINE_EVERY_PX if run >= NARROW_PX else DASH_EVERY_PX
                pixels[[y for y in range(height) if (x + y) % every == 0], x] = shades.gap_line
            continue
        gap = SEEN not in state and FLAWED not in state
        top = 0 if gap else foot
        lined = not gap or _run_around(states, i, lambda s: s == {MISSING}) >= NARROW_PX
        for y in range(top, height):
            on_line = lined and (x + y) % LINE_EVERY_PX == 0
            pixels[y, x] = shades.gap_line if on_line else shades.gap_tint


def _run_around(states: list[set[int]], i: int, alike: Callable[[set[int]], bool]) -> int:
    """How many neighbouring pixel columns are alike, this one included."""
    first = last = i
    while first > 0 and alike(states[first - 1]):
        first -= 1
    while last + 1 < len(states) and alike(states[last + 1]):
        last += 1
    return last - first + 1

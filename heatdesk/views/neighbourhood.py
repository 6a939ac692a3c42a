"""The native cells around a point, as a magnifier shows them, and where the magnifier goes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import FIRST, NOT_OBSERVED, Codes
from heatdesk.views.heatmap import HeatmapSource

COLUMNS, LEVELS = 7, 11
"""What a magnifier shows where there is room, both odd: the cell under the cursor is the middle."""
_LEAST_COLUMNS, _LEAST_LEVELS = 3, 3


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Cells around a point at full detail; row 0 is the highest price.

    Attributes
    ----------
    codes : (levels, columns) uint16
        The larger side of each cell.
    side : (levels, columns) int8
        1 where that is a bid, -1 an ask, 0 where sides are not marked or nothing rests.
    qty : (levels, columns) float64
        NaN where not observed, 0 where observed empty.
    states : (columns,) uint8
        State of each column.
    price : (levels,) float64
        Lower edges, quote units.
    height : float
        Height of a level.
    time_ms : (columns,) int64
        Starts of the columns.
    """

    codes: Codes = field(repr=False)
    side: NDArray[np.int8] = field(repr=False)
    qty: NDArray[np.float64] = field(repr=False)
    states: NDArray[np.uint8] = field(repr=False)
    price: NDArray[np.float64] = field(repr=False)
    height: float
    time_ms: NDArray[np.int64] = field(repr=False)

    @property
    def centre(self) -> tuple[int, int]:
        """Row and column of the cell under the cursor."""
        return self.codes.shape[0] // 2, self.codes.shape[1] // 2


def read_neighbourhood(
    source: HeatmapSource,
    time_s: float,
    price: float,
    columns: int = COLUMNS,
    levels: int = LEVELS,
    band: int = 1,
) -> Neighbourhood | None:
    """Copy the cells around a point; None where the point is no time or price at all.

    Parameters
    ----------
    columns, levels : int
        Odd.
    band : int
        Native levels of the finest cell drawn.
    """
    if not (math.isfinite(time_s) and math.isfinite(price)):
        return None
    with source.lock:
        grid = source.grid
        c0 = grid.time.column_of(time_s * 1000) - columns // 2
        l0 = grid.price.level_of(price) // band - levels // 2
        window = (c0, c0 + columns, l0, l0 + levels)
        planes = [source.codes(plane, *window, band=band)[::-1] for plane in source.planes]
        states = source.column_state(c0, c0 + columns)
        values = source.values
    codes = planes[0] if len(planes) == 1 else np.maximum(planes[0], planes[1])
    side = np.zeros(codes.shape, np.int8)
    if len(planes) > 1:
        side[(planes[0] >= FIRST) & (planes[0] >= planes[1])] = 1
        side[(planes[1] >= FIRST) & (planes[1] > planes[0])] = -1
    qty = np.where(codes == NOT_OBSERVED, np.nan, values[codes])
    height = grid.block_size * band
    return Neighbourhood(
        codes,
        side,
        qty,
        states,
        np.arange(l0 + levels - 1, l0 - 1, -1, dtype=np.float64) * height,
        height,
        grid.phase_ms + np.arange(c0, c0 + columns, dtype=np.int64) * grid.interval_ms,
    )


@dataclass(frozen=True, slots=True)
class LensPlace:
    """Where a magnifier goes and how many cells it shows."""

    x: int
    y: int
    columns: int
    levels: int


def place_lens(
    area: tuple[float, float],
    cursor: tuple[float, float],
    cell: tuple[float, float],
    frame: tuple[float, float],
    gap_px: float = 26.0,
) -> LensPlace | None:
    """Beside the cursor, never under it; smaller where there is little room, None where none.

    Parameters
    ----------
    area : (width, height)
        Room there is; the cursor is somewhere in it.
    cell, frame : (width, height)
        Pixels of one cell, and of all that is around the cells.
    """
    found: list[tuple[int, int, LensPlace]] = []
    rooms = (
        (area[0] - cursor[0] - gap_px, area[1], 1, 0),
        (cursor[0] - gap_px, area[1], -1, 0),
        (area[0], area[1] - cursor[1] - gap_px, 0, 1),
        (area[0], cursor[1] - gap_px, 0, -1),
    )
    for preference, (width, height, across, down) in enumerate(rooms):
        columns = _odd((width - frame[0]) / cell[0], COLUMNS)
        levels = _odd((height - frame[1]) / cell[1], LEVELS)
        if columns < _LEAST_COLUMNS or levels < _LEAST_LEVELS:
            continue
        wide, tall = columns * cell[0] + frame[0], levels * cell[1] + frame[1]
        x = cursor[0] - wide / 2
        y = cursor[1] - tall / 2
        if across:
            x = cursor[0] + gap_px if across > 0 else cursor[0] - gap_px - wide
            y = min(max(y, 0.0), area[1] - tall)
        if down:
            y = cursor[1] + gap_px if down > 0 else cursor[1] - gap_px - tall
            x = min(max(x, 0.0), area[0] - wide)
        place = LensPlace(math.floor(x), math.floor(y), columns, levels)
        found.append((columns * levels, -preference, place))
    return max(found, key=lambda entry: entry[:2])[2] if found else None


def _odd(room: float, most: int) -> int:
    """Largest odd number of cells that fit, at most ``most``."""
    fits = min(most, math.floor(room)) if room > 0 else 0
    return fits if fits % 2 else fits - 1

"""Which cells a view shows, how finely, and which of them falls on each pixel."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import Codes
from heatdesk.store.grid import GridSpec
from heatdesk.store.ring import FLAWED, GAP, OBSERVED, UNKNOWN

SNAP = 64
"""Windows start and end on multiples of this many cells, so that a pan finds them again."""

PARTIAL = 4
"""State of a pooled column some of whose native ones were observed while others are gaps."""

_MAX_PRICE_LOD = 14
_FARTHEST = 2.0**53
"""Cells beyond are taken for this one: a number of one must not wrap around to the other end."""


class HeatmapSource(Protocol):
    """What is drawn: `heatdesk.store.heatmap.HeatmapStore`, or anything that reads like it."""

    planes: tuple[str, ...]
    pooling: str
    revision: int
    generation: int

    @property
    def lock(self) -> threading.RLock:
        """Hold it to read several things of one moment."""
        ...

    @property
    def grid(self) -> GridSpec:
        """Where the cells lie."""
        ...

    @property
    def first_column(self) -> int:
        """Oldest absolute column."""
        ...

    @property
    def last_column(self) -> int:
        """Newest absolute column, inclusive."""
        ...

    @property
    def first_level(self) -> int:
        """Lowest absolute level."""
        ...

    @property
    def last_level(self) -> int:
        """Highest absolute level, inclusive."""
        ...

    @property
    def max_time_lod(self) -> int:
        """Coarsest level of detail in time."""
        ...

    @property
    def values(self) -> NDArray[np.float64]:
        """Quantity of each code."""
        ...

    def column_state(self, c0: int, c1: int) -> NDArray[np.uint8]:
        """States of columns."""
        ...

    def best_px(self, c0: int, c1: int) -> NDArray[np.float64] | None:
        """Best bid and ask of columns as quoted, (columns, 2); None where nobody tells."""
        ...

    def changed_since(self, revision: int) -> tuple[int, int]:
        """Half-open span of the columns that changed after a revision."""
        ...

    def codes(
        self,
        plane: str,
        c0: int,
        c1: int,
        l0: int,
        l1: int,
        time_lod: int = 0,
        price_lod: int = 0,
        band: int = 1,
    ) -> Codes:
        """Copy of a window."""
        ...


@dataclass(frozen=True, slots=True)
class ViewRect:
    """What a view shows and on how many device pixels."""

    time0_ms: float
    time1_ms: float
    price0: float
    price1: float
    width_px: float
    height_px: float


@dataclass(frozen=True, slots=True)
class HeatmapWindow:
    """A window of pooled cells, half-open.

    Attributes
    ----------
    time_lod : int
        A pooled column covers ``1 << time_lod`` native ones.
    step : int
        A pooled level covers this many native ones.
    c0, c1, l0, l1 : int
        Pooled columns and levels.
    """

    time_lod: int
    step: int
    c0: int
    c1: int
    l0: int
    l1: int


def extent_of(source: HeatmapSource) -> tuple[float, float, float, float] | None:
    """Outer edges of all cells (time0_ms, time1_ms, price0, price1); None while there is none."""
    with source.lock:
        grid = source.grid
        c0, c1 = source.first_column, source.last_column + 1
        l0, l1 = source.first_level, source.last_level + 1
    if c1 <= c0 or l1 <= l0:
        return None
    time, price = grid.time, grid.price
    return time.time_of(c0), time.time_of(c1), price.price_of(l0), price.price_of(l1)


def lod_for(cells_per_px: float, coarsest: int) -> int:
    """Finest level of detail whose cells are at least a pixel wide."""
    if not cells_per_px > 1:
        return 0
    return min(coarsest, math.ceil(math.log2(cells_per_px) - 1e-9))


def fit_window(
    source: HeatmapSource, view: ViewRect, band: int = 1, snap: int = SNAP
) -> HeatmapWindow | None:
    """Choose detail and cells for a view; None when it shows no column.

    The window covers the columns and levels in view and is widened to multiples of ``snap``.
    Where the view shows prices beyond the levels held, the window ends on a level beyond, which
    nobody reported. ``band`` is the number of native levels of the finest band.
    """
    extent = extent_of(source)
    sizes = (
        view.width_px,
        view.height_px,
        view.time1_ms - view.time0_ms,
        view.price1 - view.price0,
    )
    if extent is None or not all(math.isfinite(size) and size > 0 for size in sizes):
        return None
    t0, t1 = max(view.time0_ms, extent[0]), min(view.time1_ms, extent[1])
    if not t1 > t0:
        return None
    grid = source.grid
    columns_per_px = sizes[2] / grid.interval_ms / view.width_px
    bands_per_px = sizes[3] / (grid.block_size * band) / view.height_px
    time_lod = lod_for(columns_per_px, source.max_time_lod)
    step = band << lod_for(bands_per_px, _MAX_PRICE_LOD)
    c0, c1 = grid.time.column_of(t0) >> time_lod, grid.time.column_of(t1) >> time_lod
    l0, l1 = (_pooled_level(source, price, step) for price in (view.price0, view.price1))
    return HeatmapWindow(
        time_lod,
        step,
        c0 // snap * snap,
        (c1 // snap + 1) * snap,
        l0 // snap * snap,
        (l1 // snap + 1) * snap,
    )


def _pooled_level(source: HeatmapSource, price: float, step: int) -> int:
    """Pooled level of a price; beyond those held the next one stands for all."""
    grid = source.grid.price
    lowest = grid.price_of((source.first_level // step - 1) * step)
    highest = grid.price_of((source.last_level // step + 1) * step)
    return grid.level_of(min(max(price, lowest), highest)) // step


def read_states(source: HeatmapSource, c0: int, c1: int, time_lod: int) -> NDArray[np.uint8]:
    """States of pooled columns: as their native ones are, `PARTIAL` where some are missing.

    A column that nobody asked for counts for nothing beside one that was observed or is a gap;
    one that is flawed makes the whole so.
    """
    native = source.column_state(c0 << time_lod, c1 << time_lod)
    if time_lod == 0:
        return native
    native = native.reshape(c1 - c0, -1)
    missing = (native == GAP).any(axis=1)
    flawed = (native == FLAWED).any(axis=1)
    seen = flawed | (native == OBSERVED).any(axis=1)
    states = np.full(c1 - c0, UNKNOWN, np.uint8)
    states[missing] = GAP
    states[seen] = OBSERVED
    states[flawed] = FLAWED
    states[seen & missing] = PARTIAL
    return states


def cells_of_pixels(
    start_px: int, stop_px: int, offset_px: float, px_per_unit: float, origin: float, cell: float
) -> NDArray[np.int64]:
    """Cell under the centre of each pixel, (stop_px - start_px,).

    Parameters
    ----------
    offset_px, px_per_unit : float
        A coordinate ``u`` lies at pixel ``offset_px + u * px_per_unit`` (negative: runs back).
    origin, cell : float
        Cell ``n`` starts at ``origin + n * cell``, in the same unit.
    """
    centres = (np.arange(start_px, stop_px) + 0.5 - offset_px) / px_per_unit
    cells: NDArray[np.float64] = np.floor((centres - origin) / cell)
    np.minimum(np.maximum(cells, -_FARTHEST, out=cells), _FARTHEST, out=cells)
    return cells.astype(np.int64)


def pooling_text(pooling: str, levels: int, columns: int) -> str:
    """What one drawn cell stands for ("max of 25 levels", "sum of 8 levels, max of 2 buckets")."""
    parts = []
    if levels > 1:
        parts.append(f"{pooling} of {levels} levels")
    if columns > 1:
        parts.append(f"max of {columns} buckets")
    return ", ".join(parts)

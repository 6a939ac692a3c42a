"""Reading the cell under the cursor: as served while that is held, else from its codes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.book import best_of_snapshot
from heatdesk.frames import BookWindow
from heatdesk.store.block import FLAWED, GAP, UNKNOWN
from heatdesk.store.bucketing import observed_levels, picked, runs_of
from heatdesk.views.hover import CellReading

if TYPE_CHECKING:
    from heatdesk.frames import Subscription
    from heatdesk.store.heatmap import HeatmapStore
    from heatdesk.store.market import MarketStore
    from heatdesk.views.best_prices import BestPrices
    from ui.heatmap.item import HeatmapItem

_MOST_SERVED_COLUMNS = 16
_MOST_CODED_CELLS = 65_536
"""A reading follows the mouse: what takes longer than a blink of it is read more coarsely."""

Planes = dict[str, NDArray[np.float64]]
"""Quantities of native cells by plane, (columns, levels); NaN where not observed."""


def still_filling(store: MarketStore, *subs: Subscription) -> bool:
    """Whether the first history of a stream is still to come, or on its way."""
    return any(store.revision(sub) == 0 or store.status(sub).progress is not None for sub in subs)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A drawn cell: native columns and levels, half-open."""

    c0: int
    c1: int
    l0: int
    l1: int
    time_lod: int


def read_cell(
    store: MarketStore,
    sub: Subscription,
    item: HeatmapItem,
    time_s: float,
    price: float,
    best: BestPrices | None = None,
    largest: float = math.nan,
) -> CellReading:
    """What the drawn cell at a point holds.

    A cell that stands for several levels or columns is pooled from the figures as served; where
    they are no longer held, or are too many, it is read from its codes.

    Parameters
    ----------
    best : BestPrices or None
        Says the best prices of columns whose snapshot is no longer held.
    largest : float
        Largest quantity in view.
    """
    heat = store.heatmap(sub)
    if heat is None or heat.empty or not (math.isfinite(time_s) and math.isfinite(price)):
        return CellReading(round(time_s * 1000) if math.isfinite(time_s) else 0, price, "unknown")
    grid = heat.grid
    window = item.window
    step = window.step if window is not None else item.band
    lod = window.time_lod if window is not None else 0
    own = grid.time.column_of(time_s * 1000)
    c0, l0 = own >> lod << lod, grid.price.level_of(price) // step * step
    cell = _Cell(c0, c0 + (1 << lod), l0, l0 + step, lod)
    with store.lock:
        states = heat.column_state(cell.c0, cell.c1)
        seen = np.flatnonzero((states != GAP) & (states != UNKNOWN)) + cell.c0
        if seen.size == 0:
            state = "gap" if (states == GAP).any() else "unknown"
            return CellReading(grid.time.time_of(own), grid.price.price_of(l0), state)
        planes = _served(store, sub, heat, seen.tolist(), cell)
        exact = planes is not None
        if planes is None:
            planes = _coded(heat, cell)
        top, top_exact = _best(store, sub, heat, own, best)
        quoted = heat.best_px(own, own) is not None
    figures = _pooled(planes, heat.pooling) if planes else _from_drawn(heat, cell, step)
    reading = _observed(heat, cell, figures, states.size - seen.size)
    return replace(
        reading,
        exact=exact,
        best_bid=top[0],
        best_ask=top[1],
        best_exact=top_exact,
        best_quoted=quoted,
        largest=largest,
        in_part=bool((states == FLAWED).any()),
    )


def _observed(
    heat: HeatmapStore, cell: _Cell, figures: dict[str, float], missing: int
) -> CellReading:
    """What a cell holds of which at least one column was observed."""
    step = cell.l1 - cell.l0
    known = not all(math.isnan(figures[name]) for name in heat.planes)
    return CellReading(
        heat.grid.time.time_of(cell.c0),
        heat.grid.price.price_of(cell.l0),
        "observed" if known else "outside",
        bid=figures.get("bid", math.nan),
        ask=figures.get("ask", math.nan),
        qty=figures.get("qty", math.nan),
        pooled=step,
        pooled_columns=cell.c1 - cell.c0,
        pooling=heat.pooling,
        pooled_price=step * heat.grid.block_size if step > 1 else 0.0,
        pooled_max=figures.get("max", math.nan),
        pooled_sum=figures.get("sum", math.nan),
        missing_columns=missing,
    )


def _pooled(planes: Planes, pooling: str) -> dict[str, float]:
    """Figure of each plane as drawn; ``max`` and ``sum`` of the plane that holds more."""
    figures: dict[str, float] = {}
    largest = -1.0
    for name, cells in planes.items():
        if np.isnan(cells).all():
            figures[name] = math.nan
            continue
        held = np.nan_to_num(cells, nan=0.0)
        highest, total = float(held.max()), float(held.sum(axis=1).max())
        figures[name] = total if pooling == "sum" else highest
        if figures[name] > largest:
            largest = figures[name]
            figures["max"], figures["sum"] = highest, total
    return figures


def _served(
    store: MarketStore, sub: Subscription, heat: HeatmapStore, columns: list[int], cell: _Cell
) -> Planes | None:
    """Quantities as served; None when not all snapshots are held, or there are many."""
    if len(columns) > _MOST_SERVED_COLUMNS:
        return None
    time, price_grid = heat.grid.time, heat.grid.price
    height = cell.l1 - cell.l0
    if height * len(columns) > _MOST_CODED_CELLS:
        return None
    planes = {name: np.full((len(columns), height), np.nan) for name in heat.planes}
    for i, column in enumerate(columns):
        found = store.snapshot(sub, time.time_of(column))
        if found is None:
            return None
        frame, k = found
        if len(columns) > 1 and isinstance(frame, BookWindow) and frame.last_bids is not None:
            # several buckets are painted by the largest in them: the end of each tells another
            return None
        parts = {name: run.at(k) for name, run in runs_of(frame).items()}
        levels = {name: price_grid.levels_of(part[0]) for name, part in parts.items()}
        # inside what a snapshot vouches for, what is not named is observed empty
        lows, highs = observed_levels(picked(frame, np.array([k])), price_grid)
        low, high = max(cell.l0, int(lows[0])), min(cell.l1 - 1, int(highs[0]))
        if low > high:
            continue
        for name, part in parts.items():
            inside = (levels[name] >= cell.l0) & (levels[name] < cell.l1)
            qty = np.maximum(part[1][inside], 0.0)
            sums = np.bincount(levels[name][inside] - cell.l0, qty, height)
            planes[name][i, low - cell.l0 : high - cell.l0 + 1] = sums[
                low - cell.l0 : high - cell.l0 + 1
            ]
    return planes


def _coded(heat: HeatmapStore, cell: _Cell) -> Planes:
    """Quantities of the native cells, read back from their codes; nothing when too many."""
    if (cell.c1 - cell.c0) * (cell.l1 - cell.l0) > _MOST_CODED_CELLS:
        return {}
    values = heat.values
    window = (cell.c0, cell.c1, cell.l0, cell.l1)
    return {name: values[heat.codes(name, *window)].T for name in heat.planes}


def _from_drawn(heat: HeatmapStore, cell: _Cell, step: int) -> dict[str, float]:
    """Quantities of a pooled cell as it is drawn."""
    column, level = cell.c0 >> cell.time_lod, cell.l0 // step
    figures = {
        name: float(
            heat.values[
                heat.codes(name, column, column + 1, level, level + 1, cell.time_lod, 0, step)[0, 0]
            ]
        )
        for name in heat.planes
    }
    known = [figure for figure in figures.values() if not math.isnan(figure)]
    if known:
        figures[heat.pooling] = max(known)
    return figures


def _best(
    store: MarketStore,
    sub: Subscription,
    heat: HeatmapStore,
    column: int,
    best: BestPrices | None,
) -> tuple[tuple[float, float], bool]:
    """Best prices of a column and whether they are as served."""
    quoted = heat.best_px(column, column + 1)
    if quoted is not None:
        bid, ask = quoted[0].tolist()
        return (bid, ask), True
    found = store.snapshot(sub, heat.grid.time.time_of(column))
    if found is not None and isinstance(found[0], BookWindow):
        return best_of_snapshot(found[0], found[1]), True
    if best is None:
        return (math.nan, math.nan), False
    return best.at(column), False

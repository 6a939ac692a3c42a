"""Reading the cell under the cursor: as served while that is held, else from its code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from heatdesk.store.ring import GAP, OBSERVED, UNKNOWN
from heatdesk.views.hover import CellReading

if TYPE_CHECKING:
    from heatdesk.frames import Subscription
    from heatdesk.store.heatmap import HeatmapStore
    from heatdesk.store.market import MarketStore
    from ui.heatmap.item import HeatmapItem

_MOST_EXACT_CELLS = 128


def still_filling(store: MarketStore, *subs: Subscription) -> bool:
    """Whether the first history of a stream is still to come, or on its way."""
    return any(store.revision(sub) == 0 or store.status(sub).progress is not None for sub in subs)


def read_cell(
    store: MarketStore, sub: Subscription, item: HeatmapItem, time_s: float, price: float
) -> CellReading:
    """What the drawn cell at a point holds.

    A cell that stands for several levels or columns is pooled from the figures as served; where
    they are no longer held, or are too many, it is read from its code.
    """
    heat = store.heatmap(sub)
    if heat is None or heat.empty:
        return CellReading(round(time_s * 1000), price, "unknown")
    grid = heat.grid
    window = item.window
    step = window.step if window is not None else item.band
    lod = window.time_lod if window is not None else 0
    column = grid.time.column_of(time_s * 1000) >> lod << lod
    level = grid.price.level_of(price) // step * step
    time_ms, base = grid.time.time_of(column), grid.price.price_of(level)
    with store.lock:
        states = heat.column_state(column, column + (1 << lod)).tolist()
        if OBSERVED not in states:
            state = "gap" if GAP in states else "unknown"
            own_ms = grid.time.time_of(grid.time.column_of(time_s * 1000))
            return CellReading(own_ms, base, state)
        columns = [column + k for k, state in enumerate(states) if state not in {GAP, UNKNOWN}]
        served = _served(store, sub, heat, columns, range(level, level + step))
        sides = served if served is not None else _coded(heat, column >> lod, level, step, lod)
    if all(math.isnan(value) for value in sides.values()):
        return CellReading(time_ms, base, "outside")
    return CellReading(
        time_ms,
        base,
        "observed",
        bid=sides.get("bid", math.nan),
        ask=sides.get("ask", math.nan),
        qty=sides.get("qty", math.nan),
        exact=served is not None,
        pooled=step,
        pooled_columns=1 << lod,
        pooling=heat.pooling,
        pooled_price=step * grid.block_size if step > 1 else 0.0,
    )


def _coded(heat: HeatmapStore, column: int, level: int, step: int, lod: int) -> dict[str, float]:
    """Quantities of a pooled cell, read back from its codes."""
    k = level // step
    codes = {
        plane: heat.codes(plane, column, column + 1, k, k + 1, lod, 0, step)[0, 0]
        for plane in heat.planes
    }
    return {plane: float(heat.values[code]) for plane, code in codes.items()}


def _served(
    store: MarketStore,
    sub: Subscription,
    heat: HeatmapStore,
    columns: list[int],
    levels: range,
) -> dict[str, float] | None:
    """Figures pooled over levels, then the largest over columns; None when not all are held."""
    if len(columns) * len(levels) > _MOST_EXACT_CELLS:
        return None
    largest: dict[str, float] = {}
    for column in columns:
        pooled: dict[str, float] = {}
        for level in levels:
            price = (level + 0.5) * heat.grid.block_size
            cell = store.exact(sub, heat.grid.time.time_of(column), price)
            if cell is None:
                return None
            for side, value in (("bid", cell.bid), ("ask", cell.ask), ("qty", cell.qty)):
                if not math.isnan(value):
                    pooled[side] = _joined(pooled.get(side), value, heat.pooling)
        for side, value in pooled.items():
            largest[side] = _joined(largest.get(side), value, "max")
    return largest


def _joined(held: float | None, value: float, pooling: str) -> float:
    if held is None:
        return value
    return held + value if pooling == "sum" else max(held, value)

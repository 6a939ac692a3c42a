"""Reading the cell under the cursor: as served while that is held, else from its code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from heatdesk.store.ring import GAP, UNKNOWN
from heatdesk.views.hover import CellReading

if TYPE_CHECKING:
    from heatdesk.frames import Subscription
    from heatdesk.store.market import MarketStore
    from ui.heatmap.item import HeatmapItem

_MOST_EXACT_LEVELS = 128


def read_cell(
    store: MarketStore, sub: Subscription, item: HeatmapItem, time_s: float, price: float
) -> CellReading:
    """What the drawn cell at a point holds.

    A cell that stands for several levels of one column is pooled from the figures as served;
    one that stands for several columns is read from its code.
    """
    heat = store.heatmap(sub)
    if heat is None or heat.empty:
        return CellReading(round(time_s * 1000), price, "unknown")
    grid = heat.grid
    column = grid.time.column_of(time_s * 1000)
    time_ms = grid.time.time_of(column)
    level = grid.price.level_of(price)
    state = int(heat.column_state(column, column + 1)[0])
    if state in {UNKNOWN, GAP}:
        return CellReading(
            time_ms, grid.price.price_of(level), "gap" if state == GAP else "unknown"
        )
    window = item.painter_cpu.window
    step = window.step if window is not None else item.band
    columns = 1 << window.time_lod if window is not None else 1
    low = level // step * step
    base = grid.price.price_of(low)
    sides = None
    if columns == 1 and step <= _MOST_EXACT_LEVELS:
        sides = _served(store, sub, time_ms, grid.block_size, low, step, heat.pooling)
    exact = sides is not None
    if sides is None:
        sides = {}
        lod = columns.bit_length() - 1
        c, k = column >> lod, low // step
        for plane in heat.planes:
            code = heat.codes(plane, c, c + 1, k, k + 1, lod, 0, step)[0, 0]
            sides[plane] = float(heat.values[code])
    if all(math.isnan(value) for value in sides.values()):
        return CellReading(time_ms, base, "outside")
    return CellReading(
        time_ms,
        base,
        "observed",
        bid=sides.get("bid", math.nan),
        ask=sides.get("ask", math.nan),
        qty=sides.get("qty", math.nan),
        exact=exact,
        pooled=step,
        pooling=heat.pooling,
    )


def _served(
    store: MarketStore,
    sub: Subscription,
    time_ms: int,
    block_size: float,
    low: int,
    step: int,
    pooling: str,
) -> dict[str, float] | None:
    """Figures of neighbouring levels pooled; None when the snapshot is no longer held."""
    pooled = {"bid": math.nan, "ask": math.nan, "qty": math.nan}
    for level in range(low, low + step):
        cell = store.exact(sub, time_ms, (level + 0.5) * block_size)
        if cell is None:
            return None
        for side, value in (("bid", cell.bid), ("ask", cell.ask), ("qty", cell.qty)):
            if math.isnan(value):
                continue
            held = pooled[side]
            if math.isnan(held):
                pooled[side] = value
            else:
                pooled[side] = held + value if pooling == "sum" else max(held, value)
    return pooled

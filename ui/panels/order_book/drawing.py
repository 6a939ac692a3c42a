"""The current book and its best prices as things that can be drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.book import BookProfile
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.best_prices import best_levels
from ui.heatmap.marks import EdgeProfile
from ui.theme import Palette

Lines = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Column starts in epoch seconds, best bid, best ask."""

NO_LINES: Lines = (np.empty(0), np.empty(0), np.empty(0))


def edge_profiles(profile: BookProfile, *, cumulative: bool) -> tuple[EdgeProfile, EdgeProfile]:
    """Bars of bids and asks, with their cumulative curves if wanted."""
    nothing = np.empty(0)

    def side(
        price: NDArray[np.float64],
        qty: NDArray[np.float64],
        total: NDArray[np.float64],
        colour: str,
    ) -> EdgeProfile:
        curve = (price, total) if cumulative else (nothing, nothing)
        return EdgeProfile(price, qty, *curve, colour)

    return (
        side(profile.bid_price, profile.bid_qty, profile.bid_sum, Palette.BID),
        side(profile.ask_price, profile.ask_qty, profile.ask_sum, Palette.ASK),
    )


def best_price_lines(heat: HeatmapStore) -> Lines:
    """Facing edges of the best levels of every column; nothing where sides are not marked."""
    if heat.planes != ("bid", "ask") or heat.last_level < heat.first_level:
        return NO_LINES
    c0, c1 = heat.first_column, heat.last_column + 1
    levels = (heat.first_level, heat.last_level + 1)
    bid, ask = best_levels(
        heat.codes("bid", c0, c1, *levels), heat.codes("ask", c0, c1, *levels), levels[0]
    )
    grid = heat.grid
    time_s = (grid.phase_ms + np.arange(c0, c1) * grid.interval_ms) / 1000
    return time_s, (bid + 1) * grid.block_size, ask * grid.block_size

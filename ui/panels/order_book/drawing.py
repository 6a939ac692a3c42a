"""The current book as things that can be drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.book import BookProfile
from heatdesk.views.offscreen import RestingTotals
from ui.heatmap.marks import EdgeProfile
from ui.theme import Palette


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


def resting_totals(profile: BookProfile) -> RestingTotals:
    """Both sides of the current book by price, for what lies beyond the edges of the view."""
    return RestingTotals.of(
        np.concatenate([profile.bid_price, profile.ask_price]),
        np.concatenate([profile.bid_qty, profile.ask_qty]),
        profile.block_size,
    )

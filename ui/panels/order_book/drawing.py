"""The current book as things that can be drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.book import BookProfile
from heatdesk.views.colourings import Colouring
from heatdesk.views.offscreen import RestingTotals
from ui import theme
from ui.heatmap.marks import EdgeProfile


def edge_profiles(
    profile: BookProfile, colouring: Colouring, *, cumulative: bool
) -> tuple[EdgeProfile, EdgeProfile]:
    """Bars of bids and asks in the colours of their cells, with cumulative curves if wanted."""
    nothing = np.empty(0)
    usual = theme.Palette.BID, theme.Palette.ASK
    bid, ask = colouring.of_sides(theme.shades().light) or usual

    def side(
        price: NDArray[np.float64],
        qty: NDArray[np.float64],
        total: NDArray[np.float64],
        colour: str,
    ) -> EdgeProfile:
        curve = (price, total) if cumulative else (nothing, nothing)
        return EdgeProfile(price, qty, *curve, colour)

    return (
        side(profile.bid_price, profile.bid_qty, profile.bid_sum, bid),
        side(profile.ask_price, profile.ask_qty, profile.ask_sum, ask),
    )


def resting_totals(profile: BookProfile) -> RestingTotals:
    """Both sides of the current book by price, for what lies beyond the edges of the view."""
    return RestingTotals.of(
        np.concatenate([profile.bid_price, profile.ask_price]),
        np.concatenate([profile.bid_qty, profile.ask_qty]),
        profile.block_size,
    )

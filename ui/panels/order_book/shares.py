"""Reading each venue's share of a cell of a summed book."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from heatdesk.frames import venue_title
from heatdesk.providers.exchanges_parts import parts_of
from heatdesk.views.shares import VenueShare, share_rows

if TYPE_CHECKING:
    from heatdesk.frames import BookSub
    from heatdesk.store.exact import ExactCell
    from heatdesk.store.market import MarketStore


def read_shares(
    store: MarketStore, sub: BookSub, block_size: float, time_ms: int, price: float
) -> list[VenueShare]:
    """What each venue of a sum has at a price at the end of the column of a moment.

    Parameters
    ----------
    block_size : float
        Height of a level of the sum, quote units: that of its parts.
    """
    end_ms = (time_ms // sub.interval_ms + 1) * sub.interval_ms - 1
    shares: list[VenueShare] = []
    for part in parts_of(sub, block_size):
        heat = store.heatmap(part)
        cell = None
        if heat is not None and not heat.empty:
            # of the column that is forming, the newest state there is
            newest_ms = heat.grid.time.time_of(heat.last_column)
            forming = end_ms - sub.interval_ms < newest_ms < end_ms
            cell = store.exact(part, newest_ms if forming else end_ms, price)
        shares.append(VenueShare(venue_title(part.venues[0]), _qty(cell)))
    return shares


def summed_rows(
    store: MarketStore, sub: BookSub, block_size: float, time_s: float, price: float, led_by: str
) -> list[tuple[str, str]]:
    """Rows of the hover card for a sum: shares, who knows the price, whose the last price is."""
    rows = share_rows(read_shares(store, sub, block_size, math.floor(time_s * 1000), price))
    return [*rows, ("Last is of", venue_title(led_by))] if led_by else rows


def _qty(cell: ExactCell | None) -> float:
    if cell is None:
        return math.nan
    known = [qty for qty in (cell.bid, cell.ask, cell.qty) if math.isfinite(qty)]
    return sum(known) if known else math.nan

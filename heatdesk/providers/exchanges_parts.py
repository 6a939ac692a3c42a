"""Of which books a summed one is made: pure, so that a panel can read each venue's share."""

from __future__ import annotations

from dataclasses import replace

from heatdesk.frames import LIVE_VENUES, BookSub

PROVIDER = "exchanges"
PART_MS = 100
"""Columns of the parts, whatever those of the sum: a sum is sampled as often as a single book."""


def parts_of(sub: BookSub, block_size: float | None = None) -> tuple[BookSub, ...]:
    """Books whose sum a subscription is, one for each venue it names, in that order.

    A venue without live feeds of its own is left out.

    Parameters
    ----------
    sub : BookSub
        Of the provider ``exchanges``, by coin.
    block_size : float or None
        Height of a level, quote units, where the sum has decided it: that of its heatmap.
    """
    found = [LIVE_VENUES[venue] for venue in sub.venues if venue in LIVE_VENUES]
    return tuple(
        replace(
            sub,
            provider=venue.live,
            venues=(venue.id,),
            symbol=venue.live_symbol_of(sub.coin),
            coin="",
            interval_ms=PART_MS,
            block_size=sub.block_size if block_size is None else block_size,
        )
        for venue in found
    )

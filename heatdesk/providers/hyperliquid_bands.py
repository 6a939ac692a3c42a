"""One book out of Hyperliquid's aggregations: twenty levels a side each, of growing height.

The venue sends no more than twenty levels a side, exact or rounded to 5, 4, 3 or 2 significant
figures: bids are rounded down, asks up. So a level of a band at price ``P`` and of height ``h``
holds the bids of ``[P, P + h)``, or the asks of ``(P - h, P]``.

Bands are merged from the finest outwards. What a finer band reaches is taken from it alone. The
level of a coarser band that lies wholly beyond stands with its whole quantity at its price, not
spread over its height; of the one level that lies across the border, what the finer band does not
hold of it. The book vouches for the reach of the widest band: inside it every order is counted,
but beyond the exact band only the height of a level is known, not the price within it.

Bands of one moment come in several messages. Between the first and the last of them the level
across a border may be off by what changed meanwhile; all of them carry the same time, so that the
last one stands at the end of its bucket.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from heatdesk.books.events import BookChange, Level
from heatdesk.providers.live.reading import WHOLE

LEVELS: Final = 20
"""Most levels a side in a message."""
EXACT: Final = 0
"""Stands for no rounding where significant figures are meant."""
BANDS: Final = (EXACT, 5, 4, 3, 2)
"""Significant figures of each band, finest first."""
BAND_AGE_MS: Final = 2_000
"""A band this much older or newer than the exact one is left out, and the reach shrinks."""

_NOISE = 1e-9


class Band(NamedTuple):
    """One aggregation at one moment, best levels first."""

    time_ms: int
    bids: Sequence[Level]
    asks: Sequence[Level]


def height_of(price: float, figures: int, side: str) -> float:
    """Height of the level at a price rounded to some figures; 0 where nothing is rounded.

    A power of ten closes the decade below it for asks, which are rounded up, and opens the one
    above for bids.
    """
    if figures == EXACT:
        return 0.0
    decade = math.floor(math.log10(price) + _NOISE)
    if side == "ask" and math.isclose(price, 10.0**decade, rel_tol=_NOISE):
        decade -= 1
    return float(10.0 ** (decade + 1 - figures))


class Bands:
    """The newest message of every band of one coin.

    A band whose own time jumps far back (a clock set right, a server changed) starts all anew.

    Each band has a connection of its own, and one may lag behind another by any time. What an
    exact message tells was true at its own time, however new the others are: all of them count.
    """

    def __init__(self) -> None:
        self._held: dict[int, Band] = {}

    def forget(self, figures: int) -> None:
        """Leave a band out until its next message: the last one could not be read."""
        self._held.pop(figures, None)

    def take(self, coin: str, figures: int, band: Band) -> BookChange | None:
        """Take a message; the book that results, None when it adds nothing to the exact one.

        The time of the book is that of the exact band, however new the others are.
        """
        held = self._held.get(figures)
        if held is not None and band.time_ms < held.time_ms:
            if band.time_ms >= held.time_ms - BAND_AGE_MS:
                return None
            self._held.clear()
        self._held[figures] = band
        exact = self._held.get(EXACT)
        if exact is None or not _of_one_moment(band, exact):
            return None
        fresh = [
            (n, self._held[n])
            for n in BANDS
            if n in self._held and _of_one_moment(self._held[n], exact)
        ]
        bids, low = _merge([(n, held.bids) for n, held in fresh], "bid")
        asks, high = _merge([(n, held.asks) for n, held in fresh], "ask")
        return BookChange(coin, bids, asks, exact.time_ms, snapshot=True, reach=(low, high))


def _of_one_moment(band: Band, exact: Band) -> bool:
    """Whether a band can stand beside the exact one."""
    return abs(band.time_ms - exact.time_ms) <= BAND_AGE_MS


def _merge(bands: Sequence[tuple[int, Sequence[Level]]], side: str) -> tuple[list[Level], float]:
    """One side of the book, best first, and the price that it reaches to, itself included."""
    bid = side == "bid"
    merged: list[Level] = []
    edge = math.inf if bid else 0.0
    for figures, levels in bands:
        merged += _beyond(merged, edge, figures, levels, side)
        if len(levels) < LEVELS:
            # It holds all there is on its side.
            return merged, 0.0 if bid else WHOLE
        last = levels[-1][0]
        edge = min(edge, last) if bid else max(edge, last)
    return merged, edge


def _beyond(
    finer: Sequence[Level], edge: float, figures: int, levels: Sequence[Level], side: str
) -> list[Level]:
    """Levels of a band beyond the border of the finer ones: only the first can lie across it."""
    bid = side == "bid"
    slack = _NOISE * edge if math.isfinite(edge) else 0.0
    first = 0
    while first < len(levels) and (
        levels[first][0] >= edge - slack if bid else levels[first][0] <= edge + slack
    ):
        first += 1
    if not finer or first == len(levels):
        return list(levels[first:])
    price, qty = levels[first]
    height = height_of(price, figures, side) - slack
    inside = math.fsum(q for p, q in finer if (p < price + height if bid else p > price - height))
    left = qty - inside
    rest = list(levels[first + 1 :])
    return [(price, left), *rest] if left > _NOISE * max(qty, 1.0) else rest

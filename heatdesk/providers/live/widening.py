"""When a wider snapshot is worth its price: before the market leaves what the last one told."""

from __future__ import annotations

from heatdesk.books.dense import DenseBook

WIDEN_SHARE = 0.35
"""A wider snapshot is fetched when the touch is nearer to the end of what is known than this
share of half its height..."""
WIDEN_EVERY_S, WIDEN_MOST_S = 20.0, 640.0
"""...but never more often than the first, and down to the second where the venue tells no more."""


class Widening:
    """Watches how near the best prices of a LIVE book are to the end of what is known of it."""

    def __init__(self, book: DenseBook) -> None:
        self._book = book
        self._every_s = WIDEN_EVERY_S
        self._asked_s = -WIDEN_EVERY_S

    def is_due(self, now_s: float) -> bool:
        """Whether to fetch a wider snapshot now; one that is due counts as asked for."""
        if not self._is_near_the_end():
            self._every_s = WIDEN_EVERY_S
            return False
        if now_s - self._asked_s <= self._every_s:
            return False
        self._asked_s = now_s
        self._every_s = min(2 * self._every_s, WIDEN_MOST_S)
        return True

    def _is_near_the_end(self) -> bool:
        reach = self._book.reach
        if reach is None:
            return False
        low, high = reach
        best = self._book.best()
        room = min(best.bid - low, high - best.ask)
        return room < WIDEN_SHARE * (high - low) / 2

"""The best levels of a book as a stream of limited depth tells them."""

from __future__ import annotations

from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.venues.market import Change, PlainBook, Step


class Topmost:
    """What was told so far of the best `depth` levels a side.

    Parameters
    ----------
    tells_fallen
        Whether a level that others pushed out of the depth is told as removed.
    """

    def __init__(self, depth: int, book: PlainBook, *, tells_fallen: bool) -> None:
        self.depth, self._tells_fallen = depth, tells_fallen
        self._is_whole = False
        self.bids, self.asks = self._cut(book)
        self.number = 1
        """Of the newest message; subclasses of a venue count as it does."""

    def _cut(self, book: PlainBook) -> tuple[dict[int, int], dict[int, int]]:
        self._is_whole = len(book.bids) <= self.depth and len(book.asks) <= self.depth
        if self._is_whole:
            return dict(book.bids), dict(book.asks)
        bids, asks = nlargest(self.depth, book.bids), nsmallest(self.depth, book.asks)
        return {px: book.bids[px] for px in bids}, {px: book.asks[px] for px in asks}

    def renew(self, book: PlainBook, step: Step) -> tuple[list[Change], list[Change]]:
        """What a message tells now, after a step."""
        if self._is_whole and max(len(book.bids), len(book.asks)) <= self.depth:
            # All is told: the step is, but for what was not there anyway.
            return _entered(self.bids, step.bids), _entered(self.asks, step.asks)
        bids, asks = self._cut(book)
        told = (
            self._told(self.bids, bids, book.bids),
            self._told(self.asks, asks, book.asks),
        )
        self.bids, self.asks = bids, asks
        return told

    def _told(
        self, before: dict[int, int], now: dict[int, int], whole: dict[int, int]
    ) -> list[Change]:
        gone = [
            (price, 0) for price in before
            if price not in now and (self._tells_fallen or price not in whole)
        ]  # fmt: skip
        return gone + [(price, qty) for price, qty in now.items() if before.get(price) != qty]

    def best(self, count: int) -> tuple[list[Change], list[Change]]:
        """The best of what is told, best first."""
        bids, asks = nlargest(count, self.bids), nsmallest(count, self.asks)
        return [(px, self.bids[px]) for px in bids], [(px, self.asks[px]) for px in asks]

    def levels(self) -> tuple[list[Change], list[Change]]:
        """All that is told, best first."""
        return sorted(self.bids.items(), reverse=True), sorted(self.asks.items())


def _entered(side: dict[int, int], changes: list[Change]) -> list[Change]:
    told = [(price, qty) for price, qty in changes if side.get(price, 0) != qty]
    for price, qty in told:
        if qty:
            side[price] = qty
        else:
            side.pop(price, None)
    return told

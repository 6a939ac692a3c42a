"""Kraken's CRC32 over the best ten levels of each side, on the digits as they were sent."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Final

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange
from heatdesk.books.sequence import Sequence as BookSequence
from heatdesk.books.sequence import Verdict

DEPTH: Final = 1000
"""Levels a side that are subscribed to, the most there are."""
DOUBT_MS: Final = 10_000
"""So long a lost change may lie below the levels that are checked before it shows."""
_CHECKED = 10
_SPARE = 4

Digits = tuple[str, str]
"""Price and quantity of a level as written."""


def checksum_of(asks: Iterable[Digits], bids: Iterable[Digits]) -> int:
    """CRC32 of the best levels, asks ascending and bids descending, at most ten of each.

    Of each number the point and the zeros in front are left out; a side with fewer levels
    counts with those it has.
    """
    return zlib.crc32("".join(_bare(level) for side in (asks, bids) for level in side).encode())


def _bare(level: Digits) -> str:
    price, qty = level
    return price.replace(".", "").lstrip("0") + qty.replace(".", "").lstrip("0")


class KrakenSequence(BookSequence):
    """No numbers: every message is taken, and then the book must add up.

    After each message both sides are cut to the depth of the subscription (no removal is sent
    for what falls below it) and the checksum that came along is compared. It covers the best
    ten levels a side; a message lost further down shows when its levels come near. Therefore a
    checksum that fails takes back what was shown shortly before, too.

    Parameters
    ----------
    depth : int
        Levels a side the subscription keeps.
    """

    doubt_ms = DOUBT_MS

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}

    def start(self, snapshot: BookChange) -> None:
        """Forget the digits of the last book; those of the snapshot come with `after`."""
        self._bids.clear()
        self._asks.clear()

    def judge(self, change: BookChange) -> Verdict:
        """Take everything: the checksum is the judge."""
        return Verdict.APPLY

    def after(self, book: DenseBook, change: BookChange) -> str:
        """Cut to the depth, then compare the checksum."""
        if change.digits:
            bids, asks = change.digits
            self._learn(self._bids, change.bids, bids)
            self._learn(self._asks, change.asks, asks)
        book.keep_best(self._depth)
        self._forget_fallen(book)
        if change.checksum is None:
            return ""
        best_bids, best_asks = book.top(_CHECKED)
        written = [self._asks.get(_key(price), "") for price, _ in best_asks]
        written += [self._bids.get(_key(price), "") for price, _ in best_bids]
        found = zlib.crc32("".join(written).encode())
        if found == change.checksum:
            return ""
        return f"the checksum is {found}, Kraken's {change.checksum}"

    @staticmethod
    def _learn(
        held: dict[str, str], levels: Sequence[tuple[float, float]], digits: Sequence[Digits]
    ) -> None:
        for (price, qty), written in zip(levels, digits, strict=True):
            if qty:
                held[_key(price)] = _bare(written)
            else:
                held.pop(_key(price), None)

    def _forget_fallen(self, book: DenseBook) -> None:
        """Drop the digits of levels that were cut, now and then."""
        most = _SPARE * self._depth
        if len(self._bids) <= most and len(self._asks) <= most:
            return
        bids, asks = book.top(self._depth)
        for held, levels in ((self._bids, bids), (self._asks, asks)):
            kept = {_key(price) for price, _ in levels}
            for key in [key for key in held if key not in kept]:
                del held[key]


def _key(price: float) -> str:
    """Return the same text for a price as sent and as the book gives it back."""
    return f"{price:.12g}"

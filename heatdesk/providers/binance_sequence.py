"""How Binance numbers the differences of its books, and where a fetched snapshot fits among them."""

from __future__ import annotations

from heatdesk.books.events import BookChange
from heatdesk.books.sequence import Sequence, Verdict


class SpotSequence(Sequence):
    """Spot: every update has a number, and a difference names its first and its last.

    A difference that begins right after the book's last number, or before it, continues the book.
    """

    snapshot_in_stream = False

    def __init__(self) -> None:
        self._last_id = 0

    def takes(self, snapshot: BookChange, first: BookChange | None) -> bool:
        """A snapshot older than the eve of the first difference leaves a hole."""
        return first is None or snapshot.last_id + 1 >= first.first_id

    def start(self, snapshot: BookChange) -> None:
        """Count on from the snapshot."""
        self._last_id = snapshot.last_id

    def judge(self, change: BookChange) -> Verdict:
        """Apply what adds something and leaves out nothing."""
        if change.last_id <= self._last_id:
            return Verdict.IGNORE
        if change.first_id > self._last_id + 1:
            return Verdict.GAP
        self._last_id = change.last_id
        return Verdict.APPLY


class FuturesSequence(Sequence):
    """Futures: numbers are shared by all symbols, so each difference names its predecessor.

    The first difference must span the snapshot's number. The stretch between a predecessor's last
    number and its own first holds no update of this book, hence counts as spanned as well. From
    then on each must name the one before.
    """

    snapshot_in_stream = False

    def __init__(self) -> None:
        self._last_id = 0
        self._spanned = False

    def takes(self, snapshot: BookChange, first: BookChange | None) -> bool:
        """A snapshot from before the first difference's predecessor leaves a hole."""
        return first is None or snapshot.last_id >= _eve(first)

    def start(self, snapshot: BookChange) -> None:
        """Wait for the difference that spans the snapshot."""
        self._last_id = snapshot.last_id
        self._spanned = False

    def judge(self, change: BookChange) -> Verdict:
        """Apply the one that spans the snapshot, and each that names the one before."""
        if self._spanned:
            if change.prev_id == self._last_id:
                self._last_id = change.last_id
                return Verdict.APPLY
            return Verdict.IGNORE if change.last_id <= self._last_id else Verdict.GAP
        if change.last_id < self._last_id:
            return Verdict.IGNORE
        if _eve(change) > self._last_id:
            return Verdict.GAP
        self._spanned = True
        self._last_id = change.last_id
        return Verdict.APPLY


def _eve(change: BookChange) -> int:
    """Lowest snapshot number that a difference can follow."""
    return min(change.first_id, change.prev_id or change.first_id)

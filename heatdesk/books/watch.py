"""What a book must not do: stay crossed, disagree with the trades, fall silent."""

from __future__ import annotations

from heatdesk.books.dense import DenseBook
from heatdesk.frames import TradeBatch


class BookWatch:
    """Watches one LIVE book and says in words why it is not to be believed.

    Parameters
    ----------
    book : DenseBook
    silence_ms : int
        Longest time in which this market's book does not change; 0: silence is not watched.
    lag_ms : int
        How far the times of the book and of trades may lie apart: at least the pace at which the
        venue sends the book.

    Attributes
    ----------
    since_ms : int
        The venue's time from which the book is in doubt, for `BookSync.lose`.
    """

    def __init__(self, book: DenseBook, silence_ms: int = 0, lag_ms: int = 1_000) -> None:
        self.since_ms = 0
        raise NotImplementedError

    def begin(self, event_ms: int, now_ms: int) -> None:
        """The book became LIVE: earlier doubts are forgotten."""
        raise NotImplementedError

    def changed(self, event_ms: int, now_ms: int) -> None:
        """A message entered the book (after it did)."""
        raise NotImplementedError

    def traded(self, batch: TradeBatch) -> None:
        """Trades of this market came."""
        raise NotImplementedError

    def check(self, now_ms: int) -> str:
        """Why the book is not to be believed; empty while it is. ``now_ms`` is the local clock."""
        raise NotImplementedError

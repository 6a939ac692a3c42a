"""SYNCING, LIVE, GAP: one machine that keeps any venue's book, or says since when it cannot."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange
from heatdesk.books.sequence import Sequence


class SyncState(Enum):
    """How far a book can be believed."""

    SYNCING = "syncing"
    """A snapshot is awaited."""
    LIVE = "live"
    GAP = "gap"
    """Something was missed: it starts anew once `BookSync.begin` is called."""


class BookListener(Protocol):
    """Who wants to see a book before it changes. Times are the venue's, epoch ms."""

    def live(self, at_ms: int) -> None:
        """The book is to be believed from that time on."""

    def before(self, event_ms: int) -> None:
        """It is about to change, by a message of that time."""

    def lost(self, at_ms: int) -> None:
        """It was not to be believed from that time on (which may lie before earlier messages)."""


class BookSync:
    """Keeps one book by the procedure of its venue.

    Parameters
    ----------
    book : DenseBook
        Changed by nobody else.
    sequence : Sequence
        The venue's rule.

    Attributes
    ----------
    state : SyncState
        SYNCING at first.
    since_ms : int
        When the state began: the venue's time of a LIVE book, and of a GAP the time from which
        the book is in doubt.
    gap_since_ms : int
        Since when there has been no LIVE book (GAP and the SYNCING after it); 0 while LIVE, and
        before the first.
    reason : str
        Why the last LIVE book ended, in words; empty while LIVE.
    event_ms : int
        The venue's time of the newest message that entered the book.
    """

    def __init__(self, book: DenseBook, sequence: Sequence) -> None:
        self.book = book
        self.sequence = sequence
        self.state = SyncState.SYNCING
        self.since_ms = 0
        self.gap_since_ms = 0
        self.reason = ""
        self.event_ms = 0
        raise NotImplementedError

    def listen(self, listener: BookListener) -> None:
        """Tell a listener from now on; of a LIVE book it hears at once."""
        raise NotImplementedError

    def forget(self, listener: BookListener) -> None:
        """Tell it no more; nothing when it was never told."""
        raise NotImplementedError

    @property
    def wants_snapshot(self) -> bool:
        """Whether a snapshot is to be fetched: SYNCING, or a wider one was asked for."""
        raise NotImplementedError

    @property
    def held(self) -> int:
        """Differences held back until a snapshot comes (a fetch is best begun after the first)."""
        raise NotImplementedError

    def begin(self, now_ms: int) -> None:
        """A subscription starts, or starts anew after a GAP: SYNCING."""
        raise NotImplementedError

    def take(self, change: BookChange, now_ms: int) -> None:
        """Take what the stream brought: applied, held back, ignored, or the proof of a gap.

        A snapshot in the stream makes the book LIVE from any state.
        """
        raise NotImplementedError

    def snapshot(self, change: BookChange, now_ms: int) -> bool:
        """Take a fetched snapshot; False when it is too old and has to be fetched again.

        Of a LIVE book it only widens what is known, rolled forward by the differences since.
        """
        raise NotImplementedError

    def want_wider(self) -> None:
        """Ask for a fetched snapshot of a LIVE book whose price nears the end of what is known.

        From now on differences are kept, so that the snapshot can be rolled forward.
        """
        raise NotImplementedError

    def lose(self, reason: str, at_ms: int) -> None:
        """The book is in doubt from that time on (the venue's): GAP, and what is held is dropped."""
        raise NotImplementedError

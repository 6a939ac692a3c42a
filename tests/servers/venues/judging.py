"""Holds what a desk is told of live books against the truth while it runs, and forgets both."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.servers.venues.driving import play_of
from tests.servers.venues.market import Truth
from tests.servers.venues.oracle import Oracle, Tally
from tests.servers.venues.watching import BANDED, is_touched, told_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heatdesk.frames import BookSub, BookWindow
    from tests.servers.venues.market import Play
    from tests.servers.venues.oracle import ToldColumn
    from tests.servers.venues.server import VenueServer

SETTLED_MS = 40_000
"""Columns older than this are told for good: the longest silence that a venue may keep is over."""


@dataclass
class _Book:
    """One book as it was told, as far as it was not judged yet."""

    told: dict[int, tuple[BookWindow, int]] = field(default_factory=dict)
    judged_ms: int | None = None
    tally: Tally = field(default_factory=Tally)


class Judge:
    """Compares column by column.

    What was judged is dropped here and in the journals of the venues: a run may take hours.
    `note` and `look` may be called by different threads, `look` by one at a time.

    Parameters
    ----------
    settled_ms
        How old a column must be to be judged.
    """

    def __init__(self, servers: Sequence[VenueServer], settled_ms: int = SETTLED_MS) -> None:
        self._servers = {server.provider: server for server in servers}
        self._settled_ms = settled_ms
        self._lock = threading.Lock()
        self._books: dict[BookSub, _Book] = {}

    @property
    def subs(self) -> list[BookSub]:
        """Every book something was told of."""
        with self._lock:
            return list(self._books)

    @property
    def tallies(self) -> dict[BookSub, Tally]:
        """How each book went so far."""
        with self._lock:
            return {sub: book.tally for sub, book in self._books.items()}

    def newest_ms(self, sub: BookSub) -> int:
        """Start of the newest column told of a book."""
        with self._lock:
            return max(self._books[sub].told, default=0) if sub in self._books else 0

    def note(self, sub: BookSub, frame: BookWindow) -> None:
        """Remember what a frame tells: of each column its newest word counts."""
        with self._lock:
            told = self._books.setdefault(sub, _Book()).told
            for i, start_ms in enumerate(frame.time_ms.tolist()):
                told[start_ms] = frame, i

    def look(self, sub: BookSub, until_ms: int | None = None) -> list[str]:
        """Judge the columns of a book that are settled, or end before a moment; what is wrong."""
        server = self._servers[sub.provider]
        with self._lock:
            book = self._books.setdefault(sub, _Book())
            told = dict(book.told)
        play = play_of(server, sub)
        if not told:
            return []
        with server.lock:
            if until_ms is None:
                # The end of a book that nobody wants any more was not seen.
                until_ms = min(play.last_ms - self._settled_ms, max(told))
            until_ms = until_ms // sub.interval_ms * sub.interval_ms
            from_ms = min(told) if book.judged_ms is None else book.judged_ms
            if until_ms <= from_ms:
                return []
            truth = Truth(play.spec, play.journal.copied(until_ms))
        if truth.journal.base_ms >= from_ms:
            from_ms = -(-truth.journal.base_ms // sub.interval_ms) * sub.interval_ms
        wrong = self._judge(sub, truth, told, (from_ms, until_ms), book.tally)
        with self._lock:
            book.judged_ms = until_ms
            for start_ms in [at for at in book.told if at < until_ms]:
                del book.told[start_ms]
        self._forget_truth(server, play)
        return wrong

    def _judge(
        self,
        sub: BookSub,
        truth: Truth,
        told: dict[int, tuple[BookWindow, int]],
        span: tuple[int, int],
        tally: Tally,
    ) -> list[str]:
        columns: dict[float, dict[int, ToldColumn]] = {}
        for start_ms in range(*span, sub.interval_ms):
            if (one := told.get(start_ms)) is None:
                tally.missing += 1
            elif is_touched(*one):
                tally.flawed += 1
            else:
                tally.live += 1
                columns.setdefault(one[0].block_size, {})[start_ms] = told_column(*one)
        wrong = []
        for block_size, some in columns.items():
            oracle = Oracle(truth, block_size, sub.interval_ms, BANDED.get(sub.provider, 0))
            wrong += oracle.wrongs(some, *span)
        tally.wrong += wrong
        return wrong

    def _forget_truth(self, server: VenueServer, play: Play) -> None:
        """Let the journal of a market go as far as all its books were judged."""
        with self._lock:
            books = [
                book
                for sub, book in self._books.items()
                if sub.provider == server.provider and play_of(server, sub) is play
            ]
        moments = [book.judged_ms for book in books]
        if all(at is not None for at in moments):
            with server.lock:
                play.journal.forget(min(at for at in moments if at is not None))

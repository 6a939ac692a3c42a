"""SYNCING, LIVE, GAP: one machine that keeps any venue's book, or says since when it cannot."""

from __future__ import annotations

import collections.abc
import copy
from collections import deque
from dataclasses import replace
from enum import Enum
from typing import Protocol

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange, Level
from heatdesk.books.sequence import Sequence, Verdict
from heatdesk.books.shapes import vouched

MOST_HELD = 500_000
"""Levels held back while a snapshot is awaited; older differences go first."""
_MOST_KEPT = 2_000
Levels = collections.abc.Sequence[Level]


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
    wrong : str
        What was wrong with the newest book, LIVE or only about to be; empty while LIVE.
    event_ms : int
        The venue's time of the newest message that entered the book.
    """

    def __init__(self, book: DenseBook, sequence: Sequence) -> None:
        self.book = book
        self.sequence = sequence
        self.state = SyncState.SYNCING
        self.since_ms = 0
        self.gap_since_ms = 0
        self.reason = self.wrong = ""
        self.event_ms = 0
        self._sure_ms = 0
        self._listeners: list[BookListener] = []
        self._held: deque[BookChange] = deque()
        self._held_levels = 0
        self._holding = not sequence.snapshot_in_stream
        self._kept: deque[BookChange] | None = None
        self._wider: BookChange | None = None

    # ------------------------------------------------------------------------------- listeners

    def listen(self, listener: BookListener) -> None:
        """Tell a listener from now on; of a LIVE book it hears at once."""
        self._listeners.append(listener)
        if self.state is SyncState.LIVE:
            listener.live(self.event_ms)

    def forget(self, listener: BookListener) -> None:
        """Tell it no more; nothing when it was never told."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    # ------------------------------------------------------------------------------- what it says

    @property
    def wants_snapshot(self) -> bool:
        """Whether a snapshot is to be fetched: SYNCING, or a wider one was asked for."""
        if self.sequence.snapshot_in_stream:
            return False
        if self.state is SyncState.LIVE:
            return self._kept is not None and self._wider is None
        return self.state is SyncState.SYNCING

    @property
    def held(self) -> int:
        """Differences held back until a snapshot comes (a fetch is best begun after the first)."""
        return len(self._held)

    # ------------------------------------------------------------------------------- what it hears

    def begin(self, now_ms: int) -> None:
        """A subscription starts, or starts anew after a GAP: SYNCING.

        After a gap in the numbering the differences since are still held, for the connection may
        go on; after `lose` none are.
        """
        if self.state is SyncState.LIVE:
            self.lose("the subscription starts anew", self.event_ms)
        self.state = SyncState.SYNCING
        self.since_ms = now_ms
        self._holding = not self.sequence.snapshot_in_stream

    def take(self, change: BookChange, now_ms: int) -> None:
        """Take what the stream brought: applied, held back, ignored, or the proof of a gap.

        A snapshot in the stream makes the book LIVE from any state. What a LIVE book was between
        its newest message and a later snapshot is not known, unless whole books are all that
        comes (see `Sequence.most_apart_ms`).
        """
        if change.snapshot:
            self._replace(change, now_ms)
        elif self.state is SyncState.LIVE:
            self._advance(change)
            if self._wider is not None:
                self._try_wider()
        elif self._holding:
            self._hold(change)

    def snapshot(self, change: BookChange, now_ms: int) -> bool:
        """Take a fetched snapshot; False when it is too old and has to be fetched again.

        Of a LIVE book it only widens what is known, rolled forward by the differences since. One
        that differs from the book takes back all since another agreed with it, or since the start.
        """
        if self.sequence.snapshot_in_stream or self.state is SyncState.GAP:
            return True
        if self.state is SyncState.LIVE:
            if self._kept is None:
                return True
            self._wider = change
            return self._try_wider()
        if not self.sequence.takes(change, self._held[0] if self._held else None):
            return False
        held, at_ms = list(self._held), change.event_ms
        self._drop()
        # before the differences: a market that moved on hides a level that was never there
        wrong = self._load(change) or self._crossed()
        for i, later in enumerate(held):
            verdict = Verdict.IGNORE if wrong else self.sequence.judge(later)
            if verdict is Verdict.GAP:
                self._miss(later)
                for more in held[i + 1 :]:
                    self._hold(more)
                return True
            if verdict is Verdict.APPLY:
                wrong = self._apply(later)
                at_ms = max(at_ms, later.event_ms)
        self._judge_start(wrong, at_ms or now_ms)
        return True

    def want_wider(self) -> None:
        """Ask for a fetched snapshot of a LIVE book whose price nears the end of what is known.

        From now on differences are kept, so that the snapshot can be rolled forward.
        """
        if self.state is SyncState.LIVE and not self.sequence.snapshot_in_stream:
            self._kept = self._kept or deque()

    def vouch(self, at_ms: int) -> None:
        """A LIVE book was found equal to the venue's at that time, whatever messages came."""
        if self.state is SyncState.LIVE:
            self.event_ms = max(self.event_ms, at_ms)

    def lose(self, reason: str, at_ms: int) -> None:
        """The book is in doubt from that time on (the venue's): GAP, and what is held is dropped."""
        self._drop()
        self._holding = False
        self._fall(reason, at_ms)

    # ------------------------------------------------------------------------------- steps

    def _replace(self, change: BookChange, now_ms: int) -> None:
        """Make a snapshot of the stream the book."""
        apart_ms = change.event_ms - self.event_ms
        if self.state is SyncState.LIVE and apart_ms > self.sequence.most_apart_ms:
            # it tells how the book is, not what became of it since the newest message
            self.lose(f"the {apart_ms:,} ms before a new snapshot are not known", self.event_ms)
        if self.state is SyncState.LIVE:
            for listener in self._listeners:
                listener.before(change.event_ms)
        self._drop()
        self._judge_start(self._load(change), change.event_ms or now_ms)

    def _judge_start(self, wrong: str, at_ms: int) -> None:
        """Believe a book that was just laid down, or not."""
        wrong = wrong or self._crossed()
        if wrong:
            self.lose(wrong, self.event_ms if self.state is SyncState.LIVE else at_ms)
            return
        self.event_ms = max(at_ms, self.event_ms) if self.state is SyncState.LIVE else at_ms
        if self.state is SyncState.LIVE:
            return
        self.state = SyncState.LIVE
        self.since_ms = self._sure_ms = at_ms
        self.gap_since_ms = 0
        self.reason = self.wrong = ""
        for listener in self._listeners:
            listener.live(at_ms)

    def _advance(self, change: BookChange) -> None:
        """Judge and apply a difference to a LIVE book."""
        verdict = self.sequence.judge(change)
        if verdict is Verdict.GAP:
            self._drop()
            self._miss(change)
        if verdict is not Verdict.APPLY:
            return
        for listener in self._listeners:
            listener.before(change.event_ms)
        wrong = self._apply(change)
        if wrong:
            # it was right when the message before had entered, as far as that can be checked
            self.lose(wrong, max(self.since_ms, self.event_ms - self.sequence.doubt_ms))
            return
        self.event_ms = max(self.event_ms, change.event_ms)
        if self._kept is not None:
            self._kept.append(change)
            if len(self._kept) > _MOST_KEPT:
                self._kept, self._wider = None, None

    def _load(self, change: BookChange) -> str:
        try:
            self.book.load(change)
        except ValueError as error:
            return f"the venue sent {error}"
        self.sequence.start(change)
        return self.sequence.after(self.book, change)

    def _crossed(self) -> str:
        return "the snapshot has a bid above an ask" if self.book.crossed else ""

    def _apply(self, change: BookChange) -> str:
        try:
            self.book.apply(change.bids, change.asks)
        except ValueError as error:
            return f"the venue sent {error}"
        return self.sequence.after(self.book, change)

    def _miss(self, change: BookChange) -> None:
        """A message before this one is missing: what follows may still serve the next start."""
        self._holding = not self.sequence.snapshot_in_stream
        if self._holding:
            self._hold(change)
        which = f" before update {change.first_id or change.last_id}" if change.last_id else ""
        self._fall(f"a message is missing{which}", self.event_ms or change.event_ms)

    def _fall(self, reason: str, at_ms: int) -> None:
        """LIVE or SYNCING ends."""
        was_live = self.state is SyncState.LIVE
        if was_live or not self.reason:
            self.reason = reason
        self.wrong = reason
        self.state = SyncState.GAP
        self.since_ms = at_ms
        if was_live:
            self.gap_since_ms = at_ms
            for listener in self._listeners:
                listener.lost(at_ms)

    # ------------------------------------------------------------------------------- held back

    def _hold(self, change: BookChange) -> None:
        self._held.append(change)
        self._held_levels += len(change.bids) + len(change.asks)
        while self._held_levels > MOST_HELD and len(self._held) > 1:
            gone = self._held.popleft()
            self._held_levels -= len(gone.bids) + len(gone.asks)

    def _drop(self) -> None:
        self._held.clear()
        self._held_levels = 0
        self._kept, self._wider = None, None

    def _try_wider(self) -> bool:
        """Roll a wider snapshot forward to the state of the book; it waits until that is reached.

        Returns False when it is older than the differences that were kept.
        """
        wider, kept = self._wider, self._kept
        if wider is None or not kept:
            return True
        probe = copy.copy(self.sequence)
        verdicts = [Verdict.GAP]
        if probe.takes(wider, kept[0]):
            probe.start(wider)
            verdicts = [probe.judge(change) for change in kept]
        if Verdict.GAP in verdicts:
            self._wider = None
            return False
        if Verdict.APPLY not in verdicts:
            return True
        since = [c for c, verdict in zip(kept, verdicts, strict=True) if verdict is Verdict.APPLY]
        rolled = replace(
            wider,
            bids=_rolled(wider.bids, [change.bids for change in since]),
            asks=_rolled(wider.asks, [change.asks for change in since]),
            event_ms=self.event_ms,
            reach=vouched(wider),
        )
        self._kept, self._wider = None, None
        try:
            wrong = self.book.widen(rolled)
        except ValueError:
            return True
        sure_ms, self._sure_ms = self._sure_ms, self.event_ms
        if wrong:
            # where the two differ the book took the snapshot's word: it is right from here on
            noun = "level" if wrong == 1 else "levels"
            self._fall(f"a fresh snapshot differed in {wrong} {noun}", sure_ms)
            self._judge_start("", self.event_ms)
        return True


def _rolled(levels: Levels, changes: list[Levels]) -> tuple[Level, ...]:
    """Levels of one side after some differences."""
    side = dict(levels)
    for change in changes:
        side.update(change)
    return tuple(side.items())

"""From a live book to columns: states every 100 ms, the largest to paint, the last to read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from heatdesk.books.columns import EMPTY, NO_BEST, State, assembled, largest
from heatdesk.books.dense import DenseBook
from heatdesk.books.shapes import MOST_BLOCKS, Column, Weight
from heatdesk.frames import BookWindow, Flaw, Quote

STATE_MS = 100
"""Width of the buckets at whose ends the book is looked at."""
_LATE_MS = 500
"""How long after its end a message of a bucket may still come."""
_MOST_QUIET = 3_000
"""Columns of a book without messages at most; earlier ones are left out."""
_REMEMBERED = 16


class Instrument(Protocol):
    """What is needed of a market to count in coins or USD (see `providers.live.rules.Market`)."""

    @property
    def contract_size(self) -> float:
        """Coins in one unit of quantity; of an inverse instrument USD in one contract."""

    @property
    def inverse(self) -> bool:
        """Whether a contract is worth a fixed amount of USD, whatever the price."""


def weight_of(market: Instrument, quote: Quote) -> Weight:
    """What makes coins or USD of a market's quantities."""
    in_usd = quote is Quote.USD
    if market.inverse:
        return Weight(market.contract_size, 0 if in_usd else -1)
    return Weight(market.contract_size, 1 if in_usd else 0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One column: the largest of its states, the last of them, and what is wrong with it."""

    column: int
    top: State
    last: State
    touched: bool
    updates: int


class Sampler:
    """Columns of one height and width, made of one book that others change.

    It listens to a `heatdesk.books.sync.BookSync`; all times are the venue's. Columns that came
    out and turn out to have been in doubt come out again: marked, and without levels where no
    part of them was right.

    Parameters
    ----------
    book : DenseBook
        Whose states are sampled.
    market : Instrument
        How its quantities are counted.
    interval_ms : int
        Width of a column, a multiple of 100 ms.
    block_size : float
        Height of a level, quote units.
    quote : Quote
        Unit of the quantities in the frames.

    Raises
    ------
    ValueError
        When the interval is no multiple of 100 ms, or the block size no positive number.
    """

    def __init__(
        self,
        book: DenseBook,
        market: Instrument,
        interval_ms: int,
        block_size: float,
        quote: Quote = Quote.COIN,
    ) -> None:
        if interval_ms <= 0 or interval_ms % STATE_MS:
            raise ValueError(f"a column cannot be {interval_ms} ms wide")
        if not 0 < block_size < float("inf"):
            raise ValueError(f"a level cannot be {block_size} high")
        self.book = book
        self.interval_ms = interval_ms
        self.block_size = block_size
        self.quote = quote
        self._weight = weight_of(market, quote)
        self._live = False
        self._begun = False
        self._state = EMPTY
        self._seen = -1
        # the column that forms
        self._column = 0
        self._bucket = 0
        self._event_ms = 0
        self._top: State | None = None
        self._touched = False
        self._updates = 0
        # what comes out
        self._due: dict[int, Sample] = {}
        self._past: deque[Sample] = deque(maxlen=_REMEMBERED)
        self._out_to = -1
        self._out_seen = -1
        self._gap_from = 0

    # ------------------------------------------------------------------------------- listening

    def live(self, at_ms: int) -> None:
        """The book is to be believed from that time on."""
        at_ms = max(at_ms, self._event_ms)
        column = at_ms // self.interval_ms
        if not self._begun or column > self._column:
            self._column, self._top, self._updates = column, None, 0
        # not seen whole; and a fetched snapshot may hold what is told of a moment later
        self._touched = True
        if not self._begun:
            self._gap_from = column
        self._begun = self._live = True
        self._bucket, self._event_ms = at_ms // STATE_MS, at_ms
        self._out_seen = -1
        # a book that is lost before it was looked at must not leave the one before it behind
        self._state, self._seen = EMPTY, -1

    def before(self, event_ms: int) -> None:
        """The book is about to change, by a message of that time."""
        if not self._live:
            return
        if event_ms > self._event_ms:
            self._event_ms = event_ms
        bucket = self._event_ms // STATE_MS
        if bucket > self._bucket:
            self._move_on(bucket)
        self._updates += 1

    def lost(self, at_ms: int) -> None:
        """The book was not to be believed from that time on."""
        if not self._live:
            return
        if at_ms > self._event_ms:
            self._event_ms = at_ms
            if at_ms // STATE_MS > self._bucket:
                self._move_on(at_ms // STATE_MS)
        self._live = False
        first = min(at_ms // self.interval_ms, self._column)
        last = max(self._out_to, self._column)
        known = {sample.column: sample for sample in (*self._past, *self._due.values())}
        if first == self._column:
            top = self._top or self._state
            known[first] = Sample(first, top, self._state, True, self._updates)
        for column in range(max(first, last - _MOST_QUIET), last + 1):
            sample = known.get(column)
            if sample is None or column > first or at_ms <= first * self.interval_ms:
                self._due[column] = Sample(column, EMPTY, EMPTY, True, 0)
            else:
                # at the end of this bucket there was no best price to be believed
                end = sample.last._replace(best=NO_BEST)
                self._due[column] = replace(sample, last=end, touched=True)
        self._touched = True
        if first < self._column:
            self._top = None
        self._gap_from = min(self._gap_from, first + 1)

    # ------------------------------------------------------------------------------- telling

    @property
    def event_ms(self) -> int:
        """Newest time it was told of; it cannot go back."""
        return self._event_ms

    def frame(self, until_ms: int) -> BookWindow | None:
        """All columns that changed since the last call, the forming one too; None: none did.

        ``until_ms`` is what the venue's clock shows: until then a LIVE book without messages was
        observed, unchanged, and without a LIVE book buckets that passed are a gap.
        """
        if not self._begun:
            return None
        now = max(until_ms // self.interval_ms, self._column)
        due, self._due = self._due, {}
        complete_ms = until_ms
        stop = now
        if self._live:
            complete_ms = max(self._event_ms, until_ms - _LATE_MS)
            for sample in self._forming(now):
                due[sample.column] = sample
            stop = max(now, max(due, default=0)) + 1
            start = min(due, default=stop)
            if self._gap_from < self._column:
                start = min(start, self._gap_from)
            self._gap_from = self._column
        else:
            start = min(min(due, default=stop), self._gap_from)
            stop = max(stop, max(due, default=-1) + 1)
            self._gap_from = max(self._gap_from, now)
        if start >= stop:
            return None
        self._out_to = max(self._out_to, max(due, default=-1))
        from_ms, to_ms = start * self.interval_ms, stop * self.interval_ms
        samples = [due[column] for column in sorted(due)]
        return self._window(samples, from_ms, to_ms, max(complete_ms, from_ms + 1))

    def _window(
        self, samples: list[Sample], from_ms: int, to_ms: int, complete_ms: int
    ) -> BookWindow:
        tops = [sample.top for sample in samples]
        lasts = [sample.last for sample in samples]
        bids, asks, reach_px = assembled(tops, self.block_size)
        same = all(top is last for top, last in zip(tops, lasts, strict=True))
        last_bids, last_asks, last_reach_px = (
            (bids, asks, reach_px) if same else assembled(lasts, self.block_size)
        )
        flaws = [Flaw.TOUCHED if sample.touched else 0 for sample in samples]
        columns = np.array([sample.column for sample in samples], np.int64)
        return BookWindow(
            from_ms,
            to_ms,
            self.interval_ms,
            columns * self.interval_ms,
            self.block_size,
            self.quote,
            bids,
            asks,
            complete_ms=complete_ms,
            last_bids=last_bids,
            last_asks=last_asks,
            reach_px=reach_px,
            last_reach_px=last_reach_px,
            flaws=np.array(flaws, np.uint8),
            updates=np.array([sample.updates for sample in samples], np.int64),
            best_px=np.array([last.best for last in lasts], np.float64).reshape(-1, 2),
        )

    # ------------------------------------------------------------------------------- columns

    def _look(self) -> State:
        """The book as it is."""
        if self._seen != self.book.revision:
            self._seen = self.book.revision
            column = self.book.column(self.block_size, self._weight)
            reach = self._told(column)
            bid, _, ask, _ = self.book.best()
            crossed = bid >= ask
            # wherever it trades the venue tells of its best prices, also beyond its snapshot
            best = NO_BEST if crossed else (bid, ask)
            self._state = State(column.low, column.bids, column.asks, reach, crossed, best)
        return self._state

    def _told(self, column: Column) -> tuple[float, float]:
        """What the book vouches for, as far as the column goes: a deep book is cut off."""
        low, high = self.book.reach or (0.0, 0.0)
        if column.bids.size < MOST_BLOCKS:
            return low, high
        end = column.low + column.bids.size
        return max(low, column.low * self.block_size), min(high, end * self.block_size)

    def _move_on(self, bucket: int) -> None:
        """The 100 ms buckets before this one have ended, with the book as it is now."""
        state = self._look()
        self._take_in(state)
        column = bucket * STATE_MS // self.interval_ms
        if column > self._column:
            assert self._top is not None
            out = self._out_to if self._out_seen == self._seen else -1
            self._finish(Sample(self._column, self._top, state, self._touched, self._updates), out)
            for quiet in range(max(self._column + 1, column - _MOST_QUIET), column):
                self._finish(Sample(quiet, state, state, state.crossed, 0), out)
            self._column, self._top, self._touched, self._updates = column, None, False, 0
            if bucket * STATE_MS > column * self.interval_ms:
                self._take_in(state)
        self._bucket = bucket

    def _take_in(self, state: State) -> None:
        """A state at the end of a bucket belongs to the column that forms."""
        self._top = state if self._top is None else largest(self._top, state)
        self._touched = self._touched or state.crossed

    def _finish(self, sample: Sample, out: int) -> None:
        """A column has ended; it comes out unless it did, exactly so."""
        self._past.append(sample)
        if sample.column > out:
            self._due[sample.column] = sample

    def _forming(self, now: int) -> list[Sample]:
        """The column that forms, and those in which nothing happened since; what is new of them."""
        state = self._look()
        known = self._out_to
        if self._out_seen != self._seen:
            # what was told of buckets to come was told of another book
            known, now = -1, max(now, self._out_to)
        self._out_seen = self._seen
        found = []
        if self._column > known:
            top = state if self._top is None else largest(self._top, state)
            touched = self._touched or state.crossed
            found.append(Sample(self._column, top, state, touched, self._updates))
        for quiet in range(max(self._column, known, now - _MOST_QUIET) + 1, now + 1):
            found.append(Sample(quiet, state, state, state.crossed, 0))
        return found

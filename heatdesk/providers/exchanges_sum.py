"""Adding books up: states of 100 ms of several venues on one grid, and columns made of the sums.

Pure: no network and no clock. A venue that says nothing new is taken to be as it was, until it says
otherwise; the last seconds are added up anew when it does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from heatdesk.frames import BookWindow, Flaw, LevelRuns, Quote
from heatdesk.frames.market import Float64Array, Int64Array
from heatdesk.providers.exchanges_parts import PART_MS

OPEN_STATES = 50
"""States that may still change: no venue's messages come later than these five seconds."""
MAX_LEVELS = 4096
_MOST_AT_ONCE = 600
_NOISE = 1e-6
_FARTHEST = 2.0**53
_NO_BEST = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class State:
    """A book at the end of 100 ms.

    Parameters
    ----------
    low : int
        Lowest level that is known; all up to ``low + bid.size`` are.
    bid, ask : (n,) float64
    flaws : int
        Bits of `Flaw`.
    best : tuple of two floats
        Best bid and ask as quoted; NaN where unknown.
    parts : tuple of (low, stop)
        Of a sum the levels that each part knows; none of a missing one.
    """

    low: int
    bid: Float64Array = field(repr=False)
    ask: Float64Array = field(repr=False)
    flaws: int = 0
    updates: int = 0
    best: tuple[float, float] = _NO_BEST
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def stop(self) -> int:
        """Level after the highest that is known."""
        return self.low + self.bid.size


class Part:
    """What one venue has said of the last seconds.

    Attributes
    ----------
    title : str
    word : str
        What it said last about itself, such as why it is gone.
    newest : int or None
        Last bucket it has spoken of.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.word = ""
        self.newest: int | None = None
        self._states: dict[int, State] = {}
        self._latest: State | None = None
        self._gone_from: int | None = None
        self._lost = False

    @property
    def came(self) -> bool:
        """Whether it has ever brought a book."""
        return self._latest is not None

    @property
    def missing(self) -> bool:
        """Whether there is nothing of it that can be trusted at present."""
        return self._latest is None or self._gone_from is not None or self._lost

    def take(self, window: BookWindow) -> int:
        """Take in a frame; return the first bucket that may be another one now."""
        buckets: list[int] = (window.time_ms // PART_MS).tolist()
        first, stop = window.from_ms // PART_MS, -(-window.to_ms // PART_MS)
        ended = window.complete_ms // PART_MS
        # of a bucket seen before that a frame spans without a word about it nothing is new
        for i, bucket in enumerate(buckets):
            self._states[bucket] = state_of(window, i)
        last = max(self._states, default=first - 1)
        if last + 1 < min(ended, stop):
            # time went by of which it brought no book
            lost = max(last + 1, first)
            self._gone_from = lost if self._gone_from is None else min(lost, self._gone_from)
        elif buckets and buckets[-1] == last:
            # a bucket that a loss touched still comes after the word of it
            whole = not self._states[last].flaws and last >= (self._gone_from or last)
            self._lost = self._lost and not whole
            self._gone_from = last + 1 if self._lost else None
        if buckets and buckets[-1] == last:
            self._latest = self._states[last]
        was = self.newest
        self.newest = max([ended - 1, *buckets] if was is None else [was, ended - 1, *buckets])
        return first if was is None else min(first, was + 1)

    def lose(self, newest: int) -> int:
        """Nothing more can be trusted, ``newest`` is the last bucket of the sum; return the first."""
        self._lost = True
        bucket = max(self._states, default=newest) + 1
        self._gone_from = bucket if self._gone_from is None else min(bucket, self._gone_from)
        return self._gone_from

    def find(self) -> None:
        """What comes from now on can be trusted again."""
        self._lost = False

    def at(self, bucket: int) -> State | None:
        """State at the end of a bucket; None where it is not known."""
        state = self._states.get(bucket)
        if state is not None:
            return state
        if self._gone_from is not None and bucket >= self._gone_from:
            return None
        if self.newest is None or bucket <= self.newest or self._latest is None:
            return None
        return replace(self._latest, flaws=0, updates=0)

    def forget_before(self, bucket: int) -> None:
        """Let go of what is settled."""
        for old in [b for b in self._states if b < bucket]:
            del self._states[old]


class BookSum:
    """Columns of the sum of some parts.

    Parameters
    ----------
    parts : list of Part
    interval_ms : int
        Width of a column, a multiple of 100 ms.
    """

    def __init__(
        self, parts: list[Part], interval_ms: int, block_size: float, quote: Quote
    ) -> None:
        self.parts = parts
        self.block_size = block_size
        self._interval_ms = interval_ms
        self._quote = quote
        self._per_column = max(1, interval_ms // PART_MS)
        self._sums: dict[int, State | None] = {}
        self._settled: dict[int, _Fold] = {}
        self._first: int | None = None
        self._newest = 0
        self._told = -1
        self._changed: int | None = None

    def take(self, part: Part, window: BookWindow) -> None:
        """Take in a frame of a part, of the height of the sum's levels."""
        self._note(part.take(window))
        assert part.newest is not None
        if self._first is None and window.time_ms.size:
            self._first = int(window.time_ms[0]) // PART_MS
        if self._first is not None:
            self._newest = max(self._newest, part.newest, self._first)

    def lose(self, part: Part) -> None:
        """Hear that a part is gone."""
        self._note(part.lose(self._newest))

    def frame(self) -> BookWindow | None:
        """Columns that changed since the last call; None when none did."""
        if self._changed is None or self._first is None:
            return None
        oldest = max(self._first, self._newest - OPEN_STATES)
        changed = min(max(self._changed, oldest), self._newest)
        if self._told >= 0:
            # what was never told is told now: a venue may have been quiet, or all of them gone
            changed = min(changed, self._told + 1)
        self._changed, self._told = None, self._newest
        for bucket in range(max(changed, self._newest - _MOST_AT_ONCE), self._newest + 1):
            self._sums[bucket] = self._sum_at(bucket)
        columns = range(changed // self._per_column, self._newest // self._per_column + 1)
        folds = [(column, self._column(column)) for column in columns]
        window = self._window(columns, [(c, fold) for c, fold in folds if fold is not None])
        self._settle(oldest)
        return window

    def _note(self, bucket: int) -> None:
        self._changed = bucket if self._changed is None else min(self._changed, bucket)

    def _sum_at(self, bucket: int) -> State | None:
        found = [part.at(bucket) for part in self.parts]
        states = [state for state in found if state is not None and state.bid.size]
        if not states:
            return None
        low, stop = _reach_of(states)
        bid, ask = np.zeros(stop - low), np.zeros(stop - low)
        flaws = Flaw.PARTIAL if len(states) < len(found) else 0
        for state in states:
            a, b = max(low, state.low), min(stop, state.stop)
            if b > a:
                bid[a - low : b - low] += state.bid[a - state.low : b - state.low]
                ask[a - low : b - low] += state.ask[a - state.low : b - state.low]
            flaws |= state.flaws
        updates = sum(state.updates for state in states)
        parts = tuple((0, 0) if one is None else (one.low, one.stop) for one in found)
        return State(low, bid, ask, int(flaws), updates, _best_of(states), parts)

    def _column(self, column: int) -> _Fold | None:
        """What a column holds so far; None where nothing is known of it."""
        first = column * self._per_column
        fold = self._settled.get(column, _Fold())
        if self._first is not None and first < self._first:
            fold = replace(fold, flaws=fold.flaws | Flaw.TOUCHED)
        for bucket in range(first, min(first + self._per_column, self._newest + 1)):
            if bucket in self._sums:
                fold = fold.with_state(self._sums[bucket])
        return fold if fold.last is not None else None

    def _settle(self, oldest: int) -> None:
        """Fold the states that cannot change any more; let go of columns that are over."""
        for bucket in sorted(b for b in self._sums if b < oldest):
            column = bucket // self._per_column
            fold = self._settled.get(column, _Fold())
            self._settled[column] = fold.with_state(self._sums.pop(bucket))
        for column in [c for c in self._settled if (c + 1) * self._per_column <= oldest]:
            del self._settled[column]
        for part in self.parts:
            part.forget_before(oldest)

    def _window(self, columns: range, folds: list[tuple[int, _Fold]]) -> BookWindow:
        interval_ms, block = self._interval_ms, self.block_size
        ends = [fold.last for _, fold in folds if fold.last is not None]
        shown = [fold.largest for _, fold in folds if fold.largest is not None]
        shape = len(ends), len(self.parts), 2  # told in full: there may be no column at all
        return BookWindow(
            columns.start * interval_ms,
            columns.stop * interval_ms,
            interval_ms,
            np.array([column * interval_ms for column, _ in folds], np.int64),
            block,
            self._quote,
            _bids(shown, block),
            _asks(shown, block),
            complete_ms=self._newest * PART_MS,
            last_bids=_bids(ends, block),
            last_asks=_asks(ends, block),
            reach_px=_reach_px(shown, block),
            last_reach_px=_reach_px(ends, block),
            flaws=np.array([fold.flaws for _, fold in folds], np.uint8),
            updates=np.array([fold.updates for _, fold in folds], np.int64),
            best_px=np.array([state.best for state in ends], np.float64).reshape(-1, 2),
            parts_reach_px=block * np.array([s.parts for s in ends], np.float64).reshape(shape),
        )


@dataclass(frozen=True, slots=True)
class _Fold:
    """States of one column so far: the largest of each level, the last, and what was wrong."""

    largest: State | None = None
    last: State | None = None
    flaws: int = 0
    updates: int = 0

    def with_state(self, state: State | None) -> _Fold:
        """Take the next state in; None: nothing was known then."""
        if state is None:
            last = None if self.last is None else replace(self.last, best=_NO_BEST)
            return replace(self, last=last, flaws=self.flaws | int(Flaw.TOUCHED))
        largest = state if self.largest is None else _larger(self.largest, state)
        flaws, updates = self.flaws | state.flaws, self.updates + state.updates
        return _Fold(largest, state, int(flaws), updates)


def state_of(window: BookWindow, i: int) -> State:
    """State at the end of a bucket of a part, over the levels it vouches for."""
    bids = window.bids if window.last_bids is None else window.last_bids
    asks = window.asks if window.last_asks is None else window.last_asks
    if bids is None or asks is None:
        raise ValueError("a part of a sum marks its sides")
    (bid_px, bid_qty), (ask_px, ask_qty) = bids.at(i), asks.at(i)
    bid_levels, ask_levels = (_levels(px, window.block_size) for px in (bid_px, ask_px))
    both = np.concatenate((bid_levels, ask_levels))
    reach_px = window.reach_px if window.last_reach_px is None else window.last_reach_px
    if reach_px is not None:
        low, stop = _reached(reach_px[i], window.block_size)
    elif both.size:
        low, stop = int(both.min()), int(both.max()) + 1
    else:
        low, stop = 0, 0
    if stop - low > MAX_LEVELS:
        best = [levels[0] for levels in (bid_levels, ask_levels) if levels.size]
        middle = int(best[0]) if best else (low + stop) // 2
        low, stop = max(low, middle - MAX_LEVELS // 2), min(stop, middle + MAX_LEVELS // 2)
    flaws = 0 if window.flaws is None else int(window.flaws[i])
    updates = 0 if window.updates is None else int(window.updates[i])
    width = max(0, stop - low)
    best_bid, best_ask = _NO_BEST if window.best_px is None else window.best_px[i].tolist()
    return State(
        low,
        _laid_out(bid_levels, bid_qty, low, width),
        _laid_out(ask_levels, ask_qty, low, width),
        flaws,
        updates,
        (best_bid, best_ask),
    )


def _reach_px(states: list[State], block_size: float) -> Float64Array:
    ends = [(state.low * block_size, state.stop * block_size) for state in states]
    return np.array(ends, np.float64).reshape(-1, 2)


def _laid_out(levels: Int64Array, qty: Float64Array, low: int, width: int) -> Float64Array:
    inside = (levels >= low) & (levels < low + width)
    return np.bincount(levels[inside] - low, qty[inside], width)[:width].astype(np.float64)


def _levels(price: Float64Array, block_size: float) -> Int64Array:
    return np.floor(price / block_size + _NOISE).astype(np.int64)


def _reached(reach_px: Float64Array, block_size: float) -> tuple[int, int]:
    """Levels that lie wholly inside a half-open price range, half-open."""
    edges = [float(edge) / block_size for edge in reach_px]
    if any(math.isnan(edge) for edge in edges):
        return 0, 0
    low, high = (min(max(edge, -_FARTHEST), _FARTHEST) for edge in edges)
    return math.ceil(low - _NOISE), math.floor(high + _NOISE)


def _reach_of(states: list[State]) -> tuple[int, int]:
    """Levels that some of the states know, half-open and without a hole: those of the most."""
    merged: list[tuple[int, int, int]] = []
    for low, stop in sorted((state.low, state.stop) for state in states):
        if merged and low <= merged[-1][1]:
            was = merged[-1]
            merged[-1] = was[0], max(was[1], stop), was[2] + 1
        else:
            merged.append((low, stop, 1))
    low, stop, _ = max(merged, key=lambda range_: (range_[2], range_[1] - range_[0]))
    return low, stop


def _best_of(states: list[State]) -> tuple[float, float]:
    """Highest bid and lowest ask of those that know one; at different venues they may cross."""
    bids = [state.best[0] for state in states if not math.isnan(state.best[0])]
    asks = [state.best[1] for state in states if not math.isnan(state.best[1])]
    return max(bids, default=math.nan), min(asks, default=math.nan)


def _larger(one: State, other: State) -> State:
    """Larger of each level, over the levels either knows."""
    low, stop = min(one.low, other.low), max(one.stop, other.stop)
    wide = [_within(state, low, stop) for state in (one, other)]
    return State(
        low,
        np.maximum(wide[0].bid, wide[1].bid),
        np.maximum(wide[0].ask, wide[1].ask),
    )


def _within(state: State, low: int, stop: int) -> State:
    """Cut or widen a state to other levels; what it does not know holds nothing."""
    if (state.low, state.stop) == (low, stop):
        return state
    sides = []
    a, b = max(low, state.low), min(stop, state.stop)
    for side in (state.bid, state.ask):
        wide = np.zeros(max(0, stop - low))
        if b > a:
            wide[a - low : b - low] = side[a - state.low : b - state.low]
        sides.append(wide)
    return State(low, sides[0], sides[1])


def _bids(states: list[State], block_size: float) -> LevelRuns:
    return _runs([(np.flatnonzero(s.bid)[::-1], s.bid, s.low) for s in states], block_size)


def _asks(states: list[State], block_size: float) -> LevelRuns:
    return _runs([(np.flatnonzero(s.ask), s.ask, s.low) for s in states], block_size)


def _runs(sides: list[tuple[Int64Array, Float64Array, int]], block_size: float) -> LevelRuns:
    offsets = np.cumsum([0, *(places.size for places, _, _ in sides)]).astype(np.int64)
    price = [(places + low) * block_size for places, _, low in sides]
    qty = [side[places] for places, side, _ in sides]
    nothing = [np.zeros(0)]
    return LevelRuns(offsets, np.concatenate(nothing + price), np.concatenate(nothing + qty))

"""A frame on its way into cells: which levels each snapshot saw, and their codes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames.market import BookWindow, LevelRuns
from heatdesk.store.block import BLOCK, FLAWED, GAP, MAX_LEVELS, OBSERVED, Span
from heatdesk.store.bucketing import (
    NO_LEVELS,
    HeatmapFrame,
    Levels,
    bucket,
    cleaned,
    level_range,
    reached_levels,
    runs_of,
    traded_level,
)
from heatdesk.store.codes import EMPTY, Codes, CodeScale
from heatdesk.store.grid import GridSpec

_CELLS_AT_ONCE = 1 << 16
_SNAPSHOTS_AT_ONCE = 64
# what is worked on at once stays in the processor's cache, and a lock is held for little

MAX_REACH_LEVELS = 4096
"""Most levels of a snapshot that tells its reach: a whole book down to a price of nothing would fill
the memory with what is empty."""

_OUTLIER = 2.0**24
_LARGEST_QTY = 1e18


@dataclass(frozen=True, slots=True)
class Totals:
    """Quantities of one plane, (snapshots, levels from ``low`` up)."""

    low: int
    qty: NDArray[np.float64]


@dataclass(slots=True)
class Snapshots:
    """Snapshots of one frame by column, ascending and unique.

    ``lows`` and ``highs`` are the levels each observed, both sides together, inclusive; the
    lowest above the highest where it observed none. ``ranges`` are those of each side alone.
    ``states`` is the state of each column, ``best_px`` its best prices where they are told.
    """

    grid: GridSpec
    columns: Levels
    runs: Mapping[str, LevelRuns]
    ranges: Mapping[str, tuple[Levels, Levels]]
    lows: Levels
    highs: Levels
    states: NDArray[np.uint8] | int = OBSERVED
    best_px: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, frame: HeatmapFrame, grid: GridSpec, columns: Levels) -> Snapshots:
        """Read a frame."""
        runs = {name: cleaned(run) for name, run in runs_of(frame).items()}
        ranges = {name: level_range(run, grid.price) for name, run in runs.items()}
        lows = np.minimum.reduce([low for low, _ in ranges.values()])
        highs = np.maximum.reduce([high for _, high in ranges.values()])
        made = cls(grid, columns, runs, ranges, lows, highs)
        if isinstance(frame, BookWindow):
            made.best_px = frame.best_px
            if frame.reach_px is not None:
                made._limit(frame.reach_px)
            if frame.flaws is not None and frame.flaws.any():
                # one of which nothing was right is as good as none
                marks = np.where(made.lows <= made.highs, FLAWED, GAP)
                made.states = np.where(frame.flaws != 0, marks, OBSERVED).astype(np.uint8)
        return made

    def _limit(self, reach_px: NDArray[np.float64]) -> None:
        """Take what each snapshot vouches for as observed, near where it trades."""
        self.lows, self.highs = reached_levels(reach_px, self.grid.price)
        for i in np.flatnonzero(self.highs - self.lows >= MAX_REACH_LEVELS).tolist():
            middle = self.traded_level(i, i + 1)
            middle = min(max(middle, int(self.lows[i])), int(self.highs[i]))
            self.confine((middle - MAX_REACH_LEVELS // 2, middle + MAX_REACH_LEVELS // 2), i, i + 1)
        for low, high in self.ranges.values():
            # a level that is not wholly inside was not observed, listed or not
            np.maximum(low, self.lows, out=low)
            np.minimum(high, self.highs, out=high)

    def states_of(self, start: int, stop: int) -> NDArray[np.uint8] | int:
        """States of the columns of some snapshots."""
        return self.states if isinstance(self.states, int) else self.states[start:stop]

    def best_of(self, start: int, stop: int) -> NDArray[np.float64] | None:
        """Best prices of some snapshots; None where nobody told."""
        return None if self.best_px is None else self.best_px[start:stop]

    def span(self, start: int, stop: int) -> Span | None:
        """Levels that some snapshots observed, half-open; None when they observed none."""
        return _span(self.lows[start:stop], self.highs[start:stop])

    def traded_level(self, start: int, stop: int) -> int:
        """Level around which some snapshots trade."""
        return traded_level(self.runs, self.grid.price, start, stop)

    def missing(self, asked: Span) -> Levels:
        """Columns of ``asked`` that did not come."""
        missing = np.ones(max(0, asked[1] - asked[0]), np.bool_)
        came = self.columns[(self.columns >= asked[0]) & (self.columns < asked[1])]
        missing[came - asked[0]] = False
        return np.flatnonzero(missing) + asked[0]

    def newest(self) -> tuple[int, int]:
        """Newest column that observed a level, and the level around which it trades."""
        i = int(np.flatnonzero(self.lows <= self.highs)[-1])
        return int(self.columns[i]), self.traded_level(i, i + 1)

    def held_span(self, start: int, stop: int) -> Span | None:
        """Levels of some snapshots that a block can hold: at most `MAX_LEVELS` about where they trade."""
        span = self.span(start, stop)
        if span is None or span[1] - span[0] <= MAX_LEVELS:
            return span
        middle = min(max(self.traded_level(start, stop), span[0]), span[1] - 1)
        low = max(span[0], min(middle - MAX_LEVELS // 2, span[1] - MAX_LEVELS))
        return low, low + MAX_LEVELS

    def confine(self, levels: Span, start: int = 0, stop: int | None = None) -> None:
        """Forget what some snapshots observed outside ``levels``."""
        part = slice(start, stop)
        self.lows[part] = np.maximum(self.lows[part], levels[0])
        self.highs[part] = np.minimum(self.highs[part], levels[1] - 1)

    def by_block(self) -> list[tuple[int, int, int]]:
        """Block, start and stop of the snapshots of each block, newest first."""
        if self.columns.size == 0:
            return []
        blocks = self.columns // BLOCK
        edges = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist(), self.columns.size]
        return [(int(blocks[a]), a, b) for a, b in zip(edges[-2::-1], edges[:0:-1], strict=True)]

    def portions(self, start: int, stop: int) -> Iterator[Span]:
        """Cut some snapshots so that each part is worked on in the cache."""
        span = self.span(start, stop)
        width = span[1] - span[0] if span is not None else 1
        size = max(1, min(_SNAPSHOTS_AT_ONCE, _CELLS_AT_ONCE // width))
        for a in range(start, stop, size):
            yield a, min(a + size, stop)

    def totals(self, start: int, stop: int, levels: Span) -> dict[str, Totals]:
        """Quantity by level of some snapshots, each plane over the levels it has in ``levels``."""
        found = {}
        for name, run in self.runs.items():
            low, high = self.ranges[name]
            own = _span(low[start:stop], high[start:stop])
            low_level = max(levels[0], own[0]) if own is not None else levels[0]
            width = max(0, min(levels[1], own[1]) - low_level) if own is not None else 0
            total = bucket(run, self.grid.price, start, stop, low_level, width)
            if total.size and not total.max() < math.inf:
                # too large to be added up: nobody knows how much is there
                total[total == math.inf] = np.nan
            found[name] = Totals(low_level, total)
        return found

    def codes(
        self,
        totals: Mapping[str, Totals],
        scale: CodeScale,
        start: int,
        stop: int,
        levels: Span,
        reach: tuple[float, float],
    ) -> dict[str, Codes]:
        """Codes of totals: *empty* inside what a snapshot observed, *not observed* outside.

        ``reach`` are the smallest and largest positive total, NaN where a total is.
        """
        lows, highs = self.lows[start:stop, None], self.highs[start:stop, None]
        shape = (stop - start, levels[1] - levels[0])
        everywhere = bool((lows <= levels[0]).all() and (highs >= levels[1] - 1).all())
        if everywhere:
            observed = np.full(shape, EMPTY, np.uint16)
        else:
            place = np.arange(*levels)
            observed = ((place >= lows) & (place <= highs)).astype(np.uint16)
        found = {}
        for name, total in totals.items():
            codes = (
                scale.encode(total.qty)
                if math.isnan(reach[1])
                else scale.encode_totals(total.qty, *reach)
            )
            a = total.low - levels[0]
            own = slice(a, a + codes.shape[1])
            if not everywhere:
                codes *= observed[:, own]
            plane = observed.copy()
            plane[:, own] = codes
            found[name] = plane
        return found

    def reach(self, totals: Mapping[str, Totals], start: int, stop: int) -> tuple[float, float]:
        """A bound of the smallest positive total, and the largest total; NaN where one is."""
        low, high = math.inf, 0.0
        for name, total in totals.items():
            if total.qty.size == 0:
                continue
            high = float(np.maximum(high, total.qty.max()))
            run = self.runs[name]
            qty = run.qty[run.offsets[start] : run.offsets[stop]]
            least = float(qty.min()) if qty.size else math.inf
            if not least > 0:
                # a level may be served as empty: only then each total is looked at
                least = float(np.min(total.qty, where=total.qty > 0, initial=math.inf))
            low = min(low, least)
        return low, high


@dataclass(slots=True)
class QuantityRange:
    """The quantities met so far, and where the codes should lie for them.

    ``summed`` makes room for the sum of all levels of a column.
    """

    summed: bool
    low: float = math.inf
    high: float = 0.0

    def fit(
        self, totals: Mapping[str, Totals], reach: tuple[float, float], scale: CodeScale | None
    ) -> CodeScale | None:
        """A better scale for what came; None where the present one serves.

        A quantity beyond 1e18, or 2**24 times the median of those that came with it, moves
        nothing: it takes the highest code, and the others keep theirs.
        """
        low, high = min(self.low, reach[0]), reach[1]
        if self.summed or math.isnan(high):
            # beyond all floats is as good as infinite
            with np.errstate(over="ignore"):
                sums = [np.nansum(t.qty, axis=1).max(initial=0.0) for t in totals.values()]
            high = float(max(sums, default=0.0))
        high = max(self.high, high)
        if scale is None or not scale.covers(low, high):
            positive = np.concatenate([t.qty[t.qty > 0] for t in totals.values()])
            with np.errstate(over="ignore"):
                middle = float(np.median(positive)) if positive.size else 0.0
            ceiling = min(_LARGEST_QTY, middle * _OUTLIER)
            usual = positive[positive <= ceiling]
            if usual.size < positive.size:
                # no sum of usual quantities in one column exceeds that of them all
                reached = float(usual.sum() if self.summed else usual.max(initial=0.0))
                high = max(self.high, reached)
        if high <= 0:
            return None
        self.low, self.high = min(low, high), high
        if scale is not None and scale.covers(self.low, high):
            return None
        return CodeScale.fit(self.low, high)

    def merge_levels(self, levels: int, scale: CodeScale) -> CodeScale | None:
        """A better scale when so many levels become one; None where the present one serves."""
        if self.summed or self.high <= 0:
            return None
        self.high *= levels
        return None if scale.covers(self.low, self.high) else CodeScale.fit(self.low, self.high)


def _span(lows: Levels, highs: Levels) -> Span | None:
    low, high = int(lows.min(initial=NO_LEVELS[0])), int(highs.max(initial=NO_LEVELS[1]))
    return (low, high + 1) if low <= high else None

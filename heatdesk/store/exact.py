"""The figures as served: float64 snapshots held while a byte budget lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatdesk.frames.market import BookWindow, LevelRuns, LiquidationWindow
from heatdesk.store.bucketing import HeatmapFrame, runs_of
from heatdesk.store.grid import PriceGrid, TimeGrid

DEFAULT_EXACT_BYTES = 64 << 20
_BYTES_OF_LEVEL = 16


@dataclass(frozen=True, slots=True)
class ExactCell:
    """What was served for one cell, in the unit of the frame.

    NaN means not observed (or, for ``qty`` beside sides and sides beside ``qty``, not served);
    0 means observed empty.
    """

    bid: float = math.nan
    ask: float = math.nan
    qty: float = math.nan


class ExactFrames:
    """Snapshots of one subscription by the time of their bucket; the oldest go first."""

    def __init__(self, budget_bytes: int = DEFAULT_EXACT_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._snapshots: dict[int, tuple[HeatmapFrame, int, int]] = {}
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the snapshots held."""
        return self._nbytes

    def add(self, frame: HeatmapFrame) -> None:
        """Hold the snapshots of a frame, each in place of an earlier one of the same bucket."""
        levels = np.sum([np.diff(run.offsets) for run in runs_of(frame).values()], axis=0)
        sizes = (levels * _BYTES_OF_LEVEL).tolist()
        for i, (time_ms, size) in enumerate(zip(frame.time_ms.tolist(), sizes, strict=True)):
            previous = self._snapshots.get(time_ms)
            if previous is not None:
                self._nbytes -= previous[2]
            self._snapshots[time_ms] = (frame, i, size)
            self._nbytes += size
        if self._nbytes > self._budget_bytes:
            for time_ms in sorted(self._snapshots)[:-1]:
                if self._nbytes <= self._budget_bytes:
                    break
                self._nbytes -= self._snapshots.pop(time_ms)[2]

    def newest(self) -> HeatmapFrame | None:
        """Frame with exactly the newest snapshot."""
        if not self._snapshots:
            return None
        frame, i, _ = self._snapshots[max(self._snapshots)]
        return _single(frame, i)

    def snapshot(self, time_ms: int) -> tuple[HeatmapFrame, int] | None:
        """Frame and place in it of the snapshot whose bucket holds a moment; None if not held."""
        if not self._snapshots:
            return None
        some_ms = next(iter(self._snapshots))
        time = TimeGrid.through(some_ms, self._snapshots[some_ms][0].interval_ms)
        held = self._snapshots.get(time.time_of(time.column_of(time_ms)))
        return held[:2] if held is not None else None

    def cell(self, time_ms: int, price: float, block_size: float) -> ExactCell | None:
        """Figures of the level that holds a price at a moment; None when not held.

        Served levels that fall into one level of the heatmap are summed.
        """
        held = self.snapshot(time_ms)
        if held is None:
            return None
        frame, i = held
        grid = PriceGrid(block_size)
        level = grid.level_of(price)
        parts = {name: run.at(i) for name, run in runs_of(frame).items()}
        levels = {name: grid.levels_of(part[0]) for name, part in parts.items()}
        served = [part for part in levels.values() if part.size]
        if not served or not (
            min(int(p.min()) for p in served) <= level <= max(int(p.max()) for p in served)
        ):
            return ExactCell()
        return ExactCell(
            **{name: float(part[1][levels[name] == level].sum()) for name, part in parts.items()}
        )


def _single(frame: HeatmapFrame, i: int) -> HeatmapFrame:
    time_ms = frame.time_ms[i : i + 1].copy()
    runs = {name: _cut(run, i) for name, run in runs_of(frame).items()}
    from_ms = int(time_ms[0])
    to_ms = from_ms + frame.interval_ms
    if isinstance(frame, LiquidationWindow):
        return LiquidationWindow(
            from_ms,
            to_ms,
            frame.interval_ms,
            time_ms,
            runs["qty"],
            frame.quote,
            frame.tick_size,
            frame.complete_ms,
        )
    return BookWindow(
        from_ms,
        to_ms,
        frame.interval_ms,
        time_ms,
        frame.block_size,
        frame.quote,
        runs.get("bid"),
        runs.get("ask"),
        runs.get("qty"),
        frame.complete_ms,
    )


def _cut(run: LevelRuns, i: int) -> LevelRuns:
    price, qty = run.at(i)
    return LevelRuns(np.array([0, price.size], np.int64), price.copy(), qty.copy())

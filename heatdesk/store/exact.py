"""The figures as served: float64 snapshots held while a byte budget lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from heatdesk.frames.market import BookWindow
from heatdesk.store.bucketing import HeatmapFrame, cleaned, observed_levels, picked, runs_of
from heatdesk.store.grid import PriceGrid, TimeGrid

DEFAULT_EXACT_BYTES = 64 << 20
_BYTES_OF_LEVEL = 16
_BYTES_OF_SNAPSHOT = 256
# offsets, a place in the tables, and numbers that are objects
_BYTES_OF_FRAME = 1_800
# a dozen arrays are objects too: of a live book, one column a frame, as much as its levels
_PARTS = 16


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
    """Snapshots of one subscription by the time of their bucket; the oldest go first.

    A frame stays in memory while one of its snapshots is held, so a frame counts as a whole
    until the last of them goes, and a large one is cut by `parts_of` first.
    """

    def __init__(self, budget_bytes: int = DEFAULT_EXACT_BYTES) -> None:
        self.nbytes = 0
        self._budget_bytes = budget_bytes
        self._snapshots: dict[int, tuple[HeatmapFrame, int]] = {}
        self._in_use: dict[int, int] = {}
        self._newest_ms = 0

    def fit(self, budget_bytes: int) -> None:
        """Keep to another budget, from the next frame on."""
        self._budget_bytes = budget_bytes

    def parts_of(self, frame: HeatmapFrame) -> list[HeatmapFrame]:
        """Cut a frame into parts small beside the budget, for `add`; takes no lock."""
        if frame_bytes(frame) * _PARTS <= self._budget_bytes:
            return [frame]
        levels = np.sum([np.diff(run.offsets) for run in runs_of(frame).values()], axis=0)
        ends = np.cumsum(levels * _BYTES_OF_LEVEL + _BYTES_OF_SNAPSHOT)
        part = ends // max(1, self._budget_bytes // _PARTS)
        edges = np.flatnonzero(np.diff(part)) + 1
        return [picked(frame, keep) for keep in np.split(np.arange(ends.size), edges)]

    def add(self, frame: HeatmapFrame) -> None:
        """Hold the snapshots of a frame, each in place of an earlier one of the same bucket.

        Of a live book that is the state at the end of a bucket, see `bucketing.ended`.
        """
        times = frame.time_ms.tolist()
        if not times:
            return
        if id(frame) not in self._in_use:
            self.nbytes += frame_bytes(frame)
        self._in_use[id(frame)] = self._in_use.get(id(frame), 0) + len(times)
        for i, time_ms in enumerate(times):
            self._let_go(time_ms)
            self._snapshots[time_ms] = (frame, i)
        self._newest_ms = max(self._newest_ms, *times)
        if self.nbytes <= self._budget_bytes:
            return
        # somewhat more than needed goes, so that this is not done for every snapshot that comes
        room = self._budget_bytes - self._budget_bytes // _PARTS
        for time_ms in sorted(self._snapshots)[:-1]:
            if self.nbytes <= room:
                break
            self._let_go(time_ms)

    def _let_go(self, time_ms: int) -> None:
        held = self._snapshots.pop(time_ms, None)
        if held is None:
            return
        key = id(held[0])
        self._in_use[key] -= 1
        if self._in_use[key] == 0:
            del self._in_use[key]
            self.nbytes -= frame_bytes(held[0])

    def newest(self) -> HeatmapFrame | None:
        """Frame with exactly the newest snapshot."""
        held = self._snapshots.get(self._newest_ms)
        if held is None:
            return None
        frame = picked(held[0], np.array([held[1]]))
        return replace(frame, from_ms=self._newest_ms, to_ms=self._newest_ms + frame.interval_ms)

    def snapshot(self, time_ms: int) -> tuple[HeatmapFrame, int] | None:
        """Frame and place in it of the snapshot whose bucket holds a moment; None if not held."""
        held = self._snapshots.get(self._newest_ms)
        if held is None:
            return None
        time = TimeGrid.through(self._newest_ms, held[0].interval_ms)
        return self._snapshots.get(time.time_of(time.column_of(time_ms)))

    def cell(self, time_ms: int, price: float, block_size: float) -> ExactCell | None:
        """Figures of the level that holds a price at a moment; None when not held.

        Served levels that fall into one level of the heatmap are summed.
        """
        held = self.snapshot(time_ms)
        if held is None:
            return None
        grid = PriceGrid(block_size)
        level = grid.level_of(price)
        snapshot = picked(held[0], np.array([held[1]]))
        runs = runs_of(snapshot)
        parts = {name: cleaned(run) for name, run in runs.items()}
        levels = {name: grid.levels_of(part.price) for name, part in parts.items()}
        low, high = observed_levels(snapshot, grid)
        if not low[0] <= level <= high[0]:
            return ExactCell()
        return ExactCell(
            **{name: float(part.qty[levels[name] == level].sum()) for name, part in parts.items()}
        )


def frame_bytes(frame: HeatmapFrame) -> int:
    """Bytes of a frame, of its levels, and of what is noted for each snapshot."""
    runs = {id(run): run for run in runs_of(frame).values()}
    if isinstance(frame, BookWindow):
        ends = (frame.last_bids, frame.last_asks)
        runs |= {id(run): run for run in ends if run is not None}
    levels = sum(run.price.size for run in runs.values())
    snapshots = frame.time_ms.size * _BYTES_OF_SNAPSHOT
    return _BYTES_OF_FRAME + snapshots + levels * _BYTES_OF_LEVEL

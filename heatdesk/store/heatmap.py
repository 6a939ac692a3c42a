"""One subscription's cells: what was observed at each price and time, and what was not."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames.market import BookWindow, LevelRuns, LiquidationWindow
from heatdesk.store.bucketing import HeatmapFrame, bucket, level_span, observed_range, runs_of
from heatdesk.store.codes import N_CODES, NOT_OBSERVED, Codes, CodeScale
from heatdesk.store.grid import GridSpec, TimeGrid
from heatdesk.store.pyramid import Pyramid
from heatdesk.store.regrid import choose_block_size, regrid
from heatdesk.store.ring import DEFAULT_BUDGET_BYTES, MAX_TIME_LOD, CellRing

_CHUNK = 64
"""Snapshots written under one hold of the lock: a reader never waits for a whole window."""
_MAX_ASKED = 200_000


class HeatmapStore:
    """Cells of one subscription as codes, with levels of detail.

    Built by `for_frame`; one writer applies frames, any thread reads.

    Attributes
    ----------
    planes : tuple of str
        ``("bid", "ask")`` or ``("qty",)``.
    pooling : str
        What a coarser level keeps over price: ``max`` (resting liquidity) or ``sum``
        (liquidations). Over time it is always the maximum.
    revision : int
        Changes with every change of a cell or a column's state.
    generation : int
        Changes when levels or codes mean something else: cached windows and tables are void.
    """

    def __init__(
        self,
        grid: GridSpec,
        planes: Sequence[str],
        pooling: str = "max",
        lock: threading.RLock | None = None,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
    ) -> None:
        self.planes = tuple(planes)
        self.pooling = pooling
        self.revision = 0
        self.generation = 0
        self._grid = grid
        self._lock = lock if lock is not None else threading.RLock()
        self._budget_bytes = budget_bytes
        self._ring = CellRing(self.planes, budget_bytes)
        self._pyramid = Pyramid(summed=pooling == "sum")
        self._scale: CodeScale | None = None
        self._qty_range = (math.inf, 0.0)
        self._tick_size = math.nan

    @classmethod
    def for_frame(
        cls,
        frame: HeatmapFrame,
        lock: threading.RLock | None = None,
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
    ) -> HeatmapStore:
        """Make an empty store on the grid of a frame that holds at least one snapshot."""
        if frame.time_ms.size == 0:
            raise ValueError("a frame without a snapshot tells no grid")
        time = TimeGrid.through(int(frame.time_ms[0]), frame.interval_ms)
        if isinstance(frame, BookWindow):
            block_size, pooling = frame.block_size, "max"
        else:
            block_size = choose_block_size(frame.levels.price, frame.tick_size)
            pooling = "sum"
        grid = GridSpec(frame.interval_ms, time.phase_ms, block_size)
        return cls(grid, tuple(runs_of(frame)), pooling, lock, budget_bytes)

    # -- what is held

    @property
    def grid(self) -> GridSpec:
        """Where the cells lie."""
        return self._grid

    @property
    def empty(self) -> bool:
        """Whether no column is held."""
        return self._ring.last < self._ring.first

    @property
    def first_column(self) -> int:
        """Oldest absolute column held."""
        return self._ring.first

    @property
    def last_column(self) -> int:
        """Newest absolute column held, inclusive; less than `first_column` while empty."""
        return self._ring.last

    @property
    def first_level(self) -> int:
        """Lowest absolute level that data has touched."""
        return self._ring.low

    @property
    def last_level(self) -> int:
        """Highest absolute level, inclusive; less than `first_level` while nothing was served."""
        return self._ring.high

    @property
    def nbytes(self) -> int:
        """Bytes of the native cells."""
        return self._ring.nbytes

    @property
    def max_time_lod(self) -> int:
        """Coarsest level of detail in time."""
        return MAX_TIME_LOD

    @property
    def values(self) -> NDArray[np.float64]:
        """Quantity of each code, (65536,); NaN for *not observed*. Changes with `generation`."""
        return (self._scale or CodeScale(0)).values()

    @property
    def lock(self) -> threading.RLock:
        """The market's one lock; hold it to read several things of one moment."""
        return self._lock

    # -- reading

    def changed_since(self, revision: int) -> tuple[int, int]:
        """Half-open span of the columns that changed after a revision; empty when none did.

        Void when `generation` changed meanwhile.
        """
        with self._lock:
            ring = self._ring
            changed = np.flatnonzero(ring.touched > revision)
            if changed.size == 0 or self.empty:
                return 0, 0
            # a slot holds the one column of its residue that lies in the window
            first_slot = ring.first % ring.capacity
            columns = ring.first + (changed - first_slot) % ring.capacity
            held = columns[columns <= ring.last]
            if held.size < columns.size:
                # columns were evicted: what lay left of the window changed too
                return ring.first - ring.capacity, int(held.max(initial=ring.first)) + 1
            return int(held.min()), int(held.max()) + 1

    def column_state(self, c0: int, c1: int) -> NDArray[np.uint8]:
        """States of absolute columns ``c0`` to ``c1`` (exclusive): 0 unknown, 1 observed, 2 gap."""
        with self._lock:
            return self._ring.states(c0, c1)

    def codes(
        self,
        plane: str,
        c0: int,
        c1: int,
        l0: int,
        l1: int,
        time_lod: int = 0,
        price_lod: int = 0,
        band: int = 1,
    ) -> Codes:
        """Copy a window of codes.

        Parameters
        ----------
        plane : str
            One of `planes`, or ``both``: the larger side.
        c0, c1, l0, l1 : int
            Half-open window in pooled units: column ``c`` covers the native columns
            ``c << time_lod`` and on, level ``l`` the native levels ``l * (band << price_lod)``
            and on. Windows may reach outside what is held.
        time_lod, price_lod, band : int
            How much is pooled; ``band`` is any number of native levels.

        Returns
        -------
        (l1 - l0, c1 - c0) uint16
            0 where nothing was observed.
        """
        planes = self.planes if plane == "both" else (plane,)
        out: Codes | None = None
        with self._lock:
            scale = self._scale or CodeScale(0)
            for name in planes:
                codes = self._pyramid.window(
                    self._ring,
                    scale,
                    self.revision,
                    name,
                    (c0, c1),
                    (l0, l1),
                    min(time_lod, MAX_TIME_LOD),
                    band << price_lod,
                )
                out = codes if out is None else np.maximum(out, codes)
        assert out is not None
        return out

    def histogram(self, plane: str | None = None, band: int = 1) -> NDArray[np.int64]:
        """Count the cells of each code at full detail in time, (65536,).

        ``plane=None`` counts every plane; ``band`` pools that many levels first.
        """
        counts = np.zeros(N_CODES, np.int64)
        if self.empty or self.last_level < self.first_level:
            return counts
        for name in self.planes if plane is None else (plane,):
            window = (self.first_column, self.last_column + 1)
            levels = (self.first_level // band, self.last_level // band + 1)
            codes = self.codes(name, *window, *levels, band=band)
            for row in range(0, codes.shape[0], 256):
                counts += np.bincount(codes[row : row + 256].ravel(), minlength=N_CODES)
        return counts

    def value_at(self, plane: str, column: int, level: int) -> float:
        """Quantity of a native cell; NaN when it was not observed."""
        code = self.codes(plane, column, column + 1, level, level + 1)[0, 0]
        return float(self.values[code])

    # -- writing (one thread)

    def fits(self, frame: HeatmapFrame) -> bool:
        """Whether a frame belongs on this store's planes and time grid."""
        same = frame.interval_ms == self._grid.interval_ms and tuple(runs_of(frame)) == self.planes
        if same and isinstance(frame, BookWindow):
            return math.isclose(frame.block_size, self._grid.block_size, rel_tol=1e-9)
        return same

    def apply(self, frame: HeatmapFrame) -> None:
        """Write the snapshots of a frame and note the gaps between them."""
        if isinstance(frame, LiquidationWindow):
            self._adapt_grid(frame)
        time = self._grid.time
        columns = time.columns_of(frame.time_ms)
        runs = runs_of(frame)
        levels = {name: self._grid.price.levels_of(run.price) for name, run in runs.items()}
        asked = self._asked_columns(frame)
        touched = np.concatenate((columns, asked[:1], asked[-1:]))
        if touched.size == 0:
            return
        with self._lock:
            self.revision += 1
            self._ring.reserve(
                int(touched.min()), int(touched.max()), level_span(levels), self.revision
            )
        for start in range(0, columns.size, _CHUNK):
            stop = min(start + _CHUNK, columns.size)
            self._write(runs, levels, columns, start, stop)
        missing = asked[~np.isin(asked, columns)]
        with self._lock:
            self.revision += 1
            self._ring.mark_gaps(missing, self.revision)

    def _asked_columns(self, frame: HeatmapFrame) -> NDArray[np.int64]:
        """Columns that were asked and were complete at the time."""
        time = self._grid.time
        first = time.column_of(frame.from_ms + time.interval_ms - 1)
        stop = time.column_of(frame.to_ms - 1) + 1
        stop = min(stop, time.column_of(frame.complete_ms))
        return np.arange(max(first, stop - _MAX_ASKED), stop, dtype=np.int64)

    def _write(
        self,
        runs: Mapping[str, LevelRuns],
        levels: Mapping[str, NDArray[np.int64]],
        columns: NDArray[np.int64],
        start: int,
        stop: int,
    ) -> None:
        """Write snapshots ``start`` to ``stop``: bucket and encode first, then lock and copy."""
        lows, highs = observed_range(runs, levels, start, stop)
        base, top = self._ring.base_level, self._ring.base_level + self._ring.rows
        low = max(base, int(lows.min()))
        width = min(top, int(highs.max()) + 1) - low
        totals = {
            name: bucket(run, levels[name], start, stop, low, max(0, width))
            for name, run in runs.items()
        }
        self._fit_scale(totals)
        scale = self._scale or CodeScale(0)
        place = low + np.arange(max(0, width))
        inside = (place >= lows[:, None]) & (place <= highs[:, None])
        cells = {name: scale.encode(total) for name, total in totals.items()}
        for codes in cells.values():
            codes[~inside] = NOT_OBSERVED
        with self._lock:
            self.revision += 1
            self._ring.write(columns[start:stop], low, cells, self.revision)

    def _fit_scale(self, totals: Mapping[str, NDArray[np.float64]]) -> None:
        """Move the codes where the quantities leave their range, so that none is cut off."""
        low, high = self._qty_range
        for total in totals.values():
            positive = total[total > 0]
            if positive.size:
                # a sum over all levels of a column must still have a code
                largest = total.sum(axis=1) if self.pooling == "sum" else positive
                low, high = min(low, float(positive.min())), max(high, float(largest.max()))
        if high <= 0 or (low, high) == self._qty_range:
            return
        self._qty_range = (low, high)
        if self._scale is None:
            self._scale = CodeScale.fit(low, high)
            self.generation += 1
        elif not self._scale.covers(low, high):
            previous, scale = self._scale, CodeScale.fit(low, high)
            with self._lock:
                for plane in self._ring.codes.values():
                    scale.recode(plane, previous)
                self._scale = scale
                self._pyramid.clear()
                self.generation += 1
                self.revision += 1

    def _adapt_grid(self, frame: LiquidationWindow) -> None:
        """Rebuild the cells where a frame shows a finer step, or needs a coarser one to fit."""
        seen = [frame.tick_size, self._tick_size]
        self._tick_size = min((t for t in seen if t > 0), default=math.nan)
        held = self._grid.price
        prices = frame.levels.price
        if self.last_level >= self.first_level:
            ends = [held.price_of(self.first_level), held.price_of(self.last_level)]
            prices = np.concatenate((prices, ends))
        if prices.size == 0:
            return
        if math.isnan(self._tick_size) and self.last_level >= self.first_level:
            return
        block_size = choose_block_size(prices, self._tick_size)
        if math.isclose(block_size, held.block_size, rel_tol=1e-9):
            return
        with self._lock:
            if self.last_level >= self.first_level:
                regrid(self._ring, self._scale or CodeScale(0), held.block_size, block_size)
            self._grid = GridSpec(self._grid.interval_ms, self._grid.phase_ms, block_size)
            self._pyramid.clear()
            self.generation += 1
            self.revision += 1

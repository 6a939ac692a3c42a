"""One subscription's cells: what was observed at each price and time, and what was not."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames.market import BookWindow
from heatdesk.store.block import Span
from heatdesk.store.bucketing import HeatmapFrame, one_by_column, runs_of, within_asked
from heatdesk.store.codes import NOT_OBSERVED, Codes, CodeScale
from heatdesk.store.filling import QuantityRange, Snapshots
from heatdesk.store.grid import GridSpec, TimeGrid
from heatdesk.store.pooling import Pooled, pooled_cell
from heatdesk.store.pyramid import Pyramid
from heatdesk.store.regrid import choose_block_size, fitting_block_size, regridded
from heatdesk.store.ring import DEFAULT_BUDGET_BYTES, MAX_TIME_LOD, CellRing
from heatdesk.store.shares import cells_of

__all__ = ["HeatmapStore", "Pooled"]

log = logging.getLogger(__name__)

_MAX_ASKED = 200_000


class HeatmapStore:
    """Cells of one subscription as codes, with levels of detail.

    Built by `for_frame`; one writer applies frames, any thread reads. The writer prepares what
    is large (memory that grows, codes that move, levels of another height) without the lock and
    exchanges it under it, so a reader waits for one portion of a frame at most: a few
    milliseconds, whatever is held.

    Parameters
    ----------
    budget_bytes : int
        Most bytes of cells and their levels of detail. What goes over it is let go, the oldest
        columns first, and is not let in again. Beyond it: the two newest blocks of columns stay
        however deep the book is (64 MiB where both reach `MAX_LEVELS` on two sides), and the
        detail that was read last stays too, at most half of what its cells take. While
        cells move to levels of another height they are held twice.

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
    dropped : int
        Snapshots left out because nobody asked for their time.
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
        self.dropped = 0
        self._grid = grid
        self._lock = lock if lock is not None else threading.RLock()
        self._ring = CellRing(self.planes, cells_of(budget_bytes))
        self._pyramid = Pyramid(summed=pooling == "sum", planes=len(self.planes))
        self._scale: CodeScale | None = None
        self._range = QuantityRange(summed=pooling == "sum")
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

    def fit(self, budget_bytes: int) -> None:
        """Keep to another budget; the oldest columns go."""
        with self._lock:
            self.revision += self._ring.fit(cells_of(budget_bytes), self.revision + 1)

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
        """Bytes of the native cells and of what is known of each column."""
        with self._lock:
            return self._ring.nbytes

    @property
    def total_bytes(self) -> int:
        """Bytes of everything held: native cells, levels of detail, bookkeeping."""
        with self._lock:
            return self._ring.nbytes + self._pyramid.nbytes

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
            return self._ring.changed_since(revision)

    def column_state(self, c0: int, c1: int) -> NDArray[np.uint8]:
        """States of absolute columns ``c0`` to ``c1`` (exclusive) as in `heatdesk.store.block`."""
        with self._lock:
            return self._ring.states(c0, c1)

    def best_px(self, c0: int, c1: int) -> NDArray[np.float64] | None:
        """Best bid and ask of columns ``c0`` to ``c1`` (exclusive) as quoted, (columns, 2) float64.

        NaN where a side was empty or nobody knew; None when the source tells none at all.
        """
        with self._lock:
            return self._ring.best_px(c0, c1) if self._ring.quoted else None

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
        lod, step = min(time_lod, MAX_TIME_LOD), band << price_lod
        out: Codes | None = None
        with self._lock:
            scale = self._scale or CodeScale(0)
            for name in self.planes if plane == "both" else (plane,):
                codes = self._pyramid.window(self._ring, scale, name, (c0, c1), (l0, l1), lod, step)
                out = codes if out is None else np.maximum(out, codes, out=out)
        assert out is not None
        return out

    def pooled(
        self, plane: str, column: int, level: int, time_lod: int = 0, step: int = 1
    ) -> Pooled:
        """What a drawn cell stands for; column and level in pooled units as in `codes`.

        Of ``both`` planes each native cell counts with its larger side.
        """
        c0, c1 = column << time_lod, (column + 1) << time_lod
        with self._lock:
            end = (level + 1) * step
            levels = max(level * step, self.first_level), min(end, self.last_level + 1)
            columns = max(c0, self.first_column), min(c1, self.last_column + 1)
            codes = self.codes(plane, *columns, *levels)
            values = self.values
        return pooled_cell(values[codes], codes != NOT_OBSERVED, step, c1 - c0)

    def value_at(self, plane: str, column: int, level: int) -> float:
        """Quantity of a native cell; NaN when it was not observed."""
        return self.pooled(plane, column, level).max

    # -- writing (one thread)

    def fits(self, frame: HeatmapFrame) -> bool:
        """Whether a frame belongs on this store's planes and time grid, whatever its levels."""
        return frame.interval_ms == self._grid.interval_ms and tuple(runs_of(frame)) == self.planes

    def fits_levels(self, frame: HeatmapFrame) -> bool:
        """Whether a frame that fits is on the levels held; `apply` moves them if it is not."""
        if isinstance(frame, BookWindow):
            return math.isclose(frame.block_size, self._grid.block_size, rel_tol=1e-9)
        return True

    def apply(self, frame: HeatmapFrame) -> None:
        """Write the snapshots of a frame and note the gaps between them.

        A frame whose ``complete_ms`` is not after its ``from_ms`` notes none: it is a piece of
        an answer, and finds or makes room for all of it. One that was still forming when asked
        tells what time it was: gaps after it, from a clock that ran ahead, are taken back.
        Snapshots outside the stretch that was asked are left out and counted. Levels of another
        height move those held to the new one. Levels are bounded: a block of columns holds
        `MAX_LEVELS` about where its snapshots trade, all blocks together `MAX_RANGE` about the
        newest; what is outside reads *not observed*.
        """
        frame = self._wanted(frame)
        block_size = self._wanted_block_size(frame)
        if not math.isclose(block_size, self._grid.block_size, rel_tol=1e-9):
            self._regrid(block_size)
        columns = self._grid.time.columns_of(frame.time_ms)
        snapshots = Snapshots.of(frame, self._grid, columns)
        self._confine(snapshots)
        if snapshots.best_px is not None and not self._ring.quoted:
            with self._lock:
                self._ring.quote()
        asked = self._grid.time.columns_within(frame.from_ms, frame.to_ms)
        for index, start, stop in snapshots.by_block():
            self._write_block(snapshots, index, start, stop, asked)
        complete = self._grid.time.column_of(frame.complete_ms)
        missing = snapshots.missing((max(asked[0], complete - _MAX_ASKED), min(asked[1], complete)))
        with self._lock:
            if missing.size:
                self.revision += 1
                self._ring.mark_gaps(missing, self.revision)
            if asked[0] < complete < asked[1] and complete <= self._ring.last:
                self.revision += 1
                self._ring.unmark_gaps(complete, self.revision)

    def _wanted(self, frame: HeatmapFrame) -> HeatmapFrame:
        wanted = within_asked(frame)
        lost = frame.time_ms.size - wanted.time_ms.size
        if lost and not self.dropped:
            log.warning("%d snapshots lie outside the time that was asked", lost)
        self.dropped += lost
        return one_by_column(wanted, self._grid.time.columns_of(wanted.time_ms))

    def _confine(self, snapshots: Snapshots) -> None:
        """Bound the range of all levels."""
        span = snapshots.span(0, snapshots.columns.size)
        levels = self._ring.bounds(span, snapshots.newest) if span is not None else None
        if levels is None:
            return
        snapshots.confine(levels)
        cropped = self._ring.cropped(levels)
        if cropped:
            with self._lock:
                self.revision += 1
                self._ring.replace(cropped, self.revision)

    def _write_block(
        self,
        snapshots: Snapshots,
        index: int,
        start: int,
        stop: int,
        asked: Span,
    ) -> None:
        """Write the snapshots of one block, a portion at a time.

        Bucketing and encoding take no lock; each portion's copy does.
        """
        columns = snapshots.columns
        span = int(columns[start]), int(columns[stop - 1]) + 1
        levels = snapshots.held_span(start, stop)
        scale = self._scale or CodeScale(0)
        cells, held = self._ring.prepared(index, levels, span, asked, scale)
        with self._lock:
            self.revision += 1
            if not self._ring.install(index, cells, held, span, self.revision):
                return
        if levels is not None:
            snapshots.confine(held, start, stop)
        for a, b in snapshots.portions(start, stop):
            levels = snapshots.span(a, b) or (held[0], held[0])
            totals = snapshots.totals(a, b, levels)
            reach = snapshots.reach(totals, a, b)
            better = self._range.fit(totals, reach, self._scale)
            if better is not None:
                self._move_codes(better)
            scale = self._scale or CodeScale(0)
            codes = snapshots.codes(totals, scale, a, b, levels, reach)
            with self._lock:
                self.revision += 1
                states, best_px = snapshots.states_of(a, b), snapshots.best_of(a, b)
                block = self._ring.blocks[index]
                block.write(columns[a:b], levels[0], codes, self.revision, states, best_px)

    def _move_codes(self, scale: CodeScale) -> None:
        """Let codes mean other quantities, so that none is cut off.

        From the exchange of the scale on, readers translate what they copy; block by block is
        then rewritten without the lock and exchanged under it.
        """
        with self._lock:
            self._scale = scale
            self._pyramid.clear()
            self.generation += 1
            self.revision += 1
        for index in sorted(self._ring.blocks, reverse=True):
            block = self._ring.blocks[index]
            if block.cells is not None:
                cells = block.cells.recoded(scale)
                with self._lock:
                    block.cells = cells

    def _wanted_block_size(self, frame: HeatmapFrame) -> float:
        """Level height for a frame: that of its book; of liquidations one that can be held."""
        ring, held = self._ring, self._grid.price
        if isinstance(frame, BookWindow):
            return frame.block_size if frame.time_ms.size else held.block_size
        ends = (ring.low, ring.high) if ring.high >= ring.low else None
        before = self._tick_size
        self._tick_size = min((t for t in (frame.tick_size, before) if t > 0), default=math.nan)
        return fitting_block_size(frame.levels.price, self._tick_size, before, held, ends)

    def _regrid(self, block_size: float) -> None:
        """Move the cells to levels of another height; the oldest go where they need more room."""
        ring, held = self._ring, self._grid.price
        merged = min(math.ceil(block_size / held.block_size), ring.high - ring.low + 1)
        if merged > 1 and self._scale is not None:
            better = self._range.merge_levels(merged, self._scale)
            if better is not None:
                self._move_codes(better)
        scale = self._scale or CodeScale(0)
        cells = regridded(ring, scale, held, block_size, at_edge=self.pooling == "sum")
        left_out = [i for i, b in ring.blocks.items() if b.cells is not None and i not in cells]
        with self._lock:
            self.generation += 1
            self.revision += 1
            if left_out:
                ring.evict_before(max(left_out) + 1, self.revision)
            ring.replace(cells, self.revision)
            self._grid = GridSpec(self._grid.interval_ms, self._grid.phase_ms, block_size)
            self._pyramid.clear()

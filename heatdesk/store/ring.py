"""The memory of a heatmap: blocks of columns in time; the oldest go when the budget is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.block import (
    BLOCK,
    FLAWED,
    GAP,
    MAX_LEVELS,
    MAX_TIME_LOD,
    OBSERVED,
    UNKNOWN,
    CellBlock,
    Cells,
    Span,
    fitting_columns,
    fitting_levels,
)
from heatdesk.store.codes import Codes, CodeScale

__all__ = [
    "ALWAYS_HELD",
    "BLOCK",
    "DEFAULT_BUDGET_BYTES",
    "FLAWED",
    "GAP",
    "MAX_LEVELS",
    "MAX_RANGE",
    "MAX_TIME_LOD",
    "OBSERVED",
    "UNKNOWN",
    "CellRing",
]

DEFAULT_BUDGET_BYTES = 256 << 20
MAX_RANGE = 1 << 20
"""Most levels from the lowest to the highest of all blocks."""
ALWAYS_HELD = 2
"""Blocks with cells that are kept whatever the budget."""


class CellRing:
    """Blocks of cells by absolute column; stretches that nobody asked for cost nothing.

    One writer. It prepares memory with `prepared` outside the lock; every other method is
    called under it.

    Attributes
    ----------
    blocks : dict of int to CellBlock
        By ``column // BLOCK``.
    first, last : int
        Absolute columns held, inclusive; ``last < first`` while empty.
    low, high : int
        Levels that data has touched, inclusive.
    floor : int
        Columns below it were evicted, or refused for want of room, and stay out.
    evicted_at : int
        Revision of the last eviction.
    lowest : int
        Lowest column ever held.
    nbytes : int
        Bytes of cells and of what is known of the columns.
    budget_bytes : int
        Most of them, as long as that holds `ALWAYS_HELD` blocks.
    quoted : bool
        Whether best prices are held beside the cells.
    """

    def __init__(self, planes: Sequence[str], budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self.planes = tuple(planes)
        self.blocks: dict[int, CellBlock] = {}
        self.first, self.last = 0, -1
        self.low, self.high = 0, -1
        self.floor = -(2**62)
        self.evicted_at = 0
        self.lowest = 0
        self.nbytes = 0
        self.budget_bytes = budget_bytes
        self.quoted = False

    def between(self, first: int, stop: int) -> Iterator[CellBlock]:
        """Blocks that hold any of the columns ``first`` to ``stop`` (exclusive), ascending."""
        a, b = first // BLOCK, -(-stop // BLOCK)
        if b - a > len(self.blocks):
            indices: Sequence[int] = sorted(i for i in self.blocks if a <= i < b)
        else:
            indices = range(a, b)
        for index in indices:
            block = self.blocks.get(index)
            if block is not None:
                yield block

    def bounds(self, coming: Span, newest: Callable[[], tuple[int, int]]) -> Span | None:
        """Levels to keep when others come; None while all together span `MAX_RANGE` at most.

        They lie about where the newest column trades: what the market walked away from goes.
        ``newest`` tells column and level of what comes.
        """
        low, stop = coming
        if self.high >= self.low:
            low, stop = min(low, self.low), max(stop, self.high + 1)
        if stop - low <= MAX_RANGE:
            return None
        column, middle = newest()
        for index in sorted(self.blocks, reverse=True):
            block = self.blocks[index]
            if block.high >= block.low:
                observed = np.flatnonzero((block.state == OBSERVED) | (block.state == FLAWED))
                if observed.size and block.start + int(observed[-1]) > column:
                    middle = (block.low + block.high) // 2
                break
        return middle - MAX_RANGE // 2, middle + MAX_RANGE // 2

    # -- writing

    def prepared(
        self,
        index: int,
        levels: Span | None,
        columns: Span,
        asked: Span,
        scale: CodeScale,
    ) -> tuple[Cells | None, Span]:
        """Memory of a block that shall hold levels and columns too: the present one if it can.

        What was asked together with it gets its memory at once. Takes no lock: the copy is
        handed to `install`, which only exchanges it.
        """
        block = self.blocks.get(index)
        if levels is None:
            cells = block.cells if block is not None else None
            held = (block.low, block.high + 1) if block is not None else (0, 0)
            # columns of no level need memory only where there is something to overwrite
            if block is None or cells is None:
                return None, held
            rows = cells.levels
        else:
            rows, held = fitting_levels(block, levels[0], levels[1] - 1)
        place = fitting_columns(block or CellBlock(index), columns, asked)
        if block is None or block.cells is None:
            shape = (rows[1] - rows[0], place[1] - place[0])
            planes: dict[str, Codes] = {name: np.zeros(shape, np.uint16) for name in self.planes}
            return Cells(planes, rows[0], place[0], scale), held
        if (rows, place) == (block.cells.levels, block.cells.columns):
            return block.cells, held
        return block.cells.resized(rows, place), held

    def install(
        self, index: int, cells: Cells | None, held: Span, columns: Span, mark: int
    ) -> bool:
        """Give a block its prepared memory; False when the budget has no room for it.

        The oldest blocks go first; the newest two stay whatever the budget. Only references
        are exchanged, so the lock is held for microseconds.
        """
        if columns[0] < self.floor:
            return False
        block = self.blocks.get(index)
        if block is not None and cells is block.cells and held == (block.low, block.high + 1):
            self._join(columns)
            return True
        if not self._make_room(index, cells, mark):
            return False
        block = self.blocks.setdefault(index, CellBlock(index, quoted=self.quoted))
        if cells is not None and (held[0] > block.low or held[1] <= block.high):
            # levels were given up: whatever column had them reads differently now
            block.note_change(slice(None), mark)
        if cells is not None:
            block.cells = cells
            block.low, block.high = held[0], held[1] - 1
        self._join(columns)
        self.measure()
        return True

    def quote(self) -> None:
        """Hold best prices from now on; those of the columns so far are not known."""
        self.quoted = True
        for block in self.blocks.values():
            block.quote()
        self.measure()

    def mark_gaps(self, columns: NDArray[np.int64], mark: int) -> None:
        """Note columns that were asked and did not come; one that was observed stays so."""
        columns = columns[columns >= self.floor]
        if columns.size == 0:
            return
        edges = np.flatnonzero(np.diff(columns // BLOCK)) + 1
        for part in np.split(columns, edges):
            index = int(part[0]) // BLOCK
            block = self.blocks.get(index)
            if block is None:
                block = self.blocks[index] = CellBlock(index, quoted=self.quoted)
                self.nbytes += block.nbytes
            places = part - block.start
            places = places[block.state[places] == UNKNOWN]
            if places.size:
                block.state[places] = GAP
                block.note_change(places, mark)
        self._join((int(columns[0]), int(columns[-1]) + 1))

    def unmark_gaps(self, first: int, mark: int) -> None:
        """Take back the gaps from a column on, and end where something is known."""
        known = self.first
        for block in list(self.between(self.first, self.last + 1)):
            gaps = np.flatnonzero(block.state == GAP)
            gaps = gaps[gaps >= first - block.start]
            if gaps.size:
                block.state[gaps] = UNKNOWN
                block.note_change(gaps, mark)
            left = np.flatnonzero(block.state != UNKNOWN)
            if left.size:
                known = block.start + int(left[-1])
        self.last = max(known, first - 1)

    def states(self, first: int, stop: int) -> NDArray[np.uint8]:
        """States of columns ``first`` to ``stop`` (exclusive), a copy."""
        out = np.zeros(max(0, stop - first), np.uint8)
        for block in self.between(first, stop):
            a, b = max(first, block.start), min(stop, block.start + BLOCK)
            out[a - first : b - first] = block.state[a - block.start : b - block.start]
        return out

    def best_px(self, first: int, stop: int) -> NDArray[np.float64]:
        """Best bid and ask of columns ``first`` to ``stop`` (exclusive), a copy; NaN where unknown."""
        out = np.full((max(0, stop - first), 2), np.nan)
        for block in self.between(first, stop):
            if block.best_px is not None:
                a, b = max(first, block.start), min(stop, block.start + BLOCK)
                out[a - first : b - first] = block.best_px[a - block.start : b - block.start]
        return out

    def changed_since(self, revision: int) -> Span:
        """Columns that changed after a revision, half-open; empty when none did."""
        spans = []
        for block in self.blocks.values():
            if block.revision > revision:
                places = np.flatnonzero(block.changed_at > revision)
                if places.size:
                    spans.append((block.start + int(places[0]), block.start + int(places[-1]) + 1))
        if self.evicted_at > revision:
            spans.append((self.lowest, self.floor))
        if not spans:
            return 0, 0
        return min(span[0] for span in spans), max(span[1] for span in spans)

    def cropped(self, levels: Span) -> dict[int, tuple[Cells | None, Span]]:
        """Prepare the blocks that reach beyond ``levels`` for `replace`, without it; no lock."""
        found: dict[int, tuple[Cells | None, Span]] = {}
        for index, block in self.blocks.items():
            if block.cells is None or (block.low >= levels[0] and block.high < levels[1]):
                continue
            low, stop = max(block.low, levels[0]), min(block.high + 1, levels[1])
            if stop <= low:
                found[index] = None, (0, 0)
            else:
                found[index] = block.cells.resized((low, stop), block.cells.columns), (low, stop)
        return found

    def replace(self, cells: Mapping[int, tuple[Cells | None, Span]], mark: int) -> None:
        """Exchange the cells of blocks for others of another height, same columns."""
        for index, (fresh, held) in cells.items():
            block = self.blocks[index]
            block.cells = fresh
            block.low, block.high = held[0], held[1] - 1
            block.note_change(slice(None), mark)
        self.measure()

    def evict_before(self, index: int, mark: int) -> None:
        """Let the blocks before one go."""
        for older in sorted(i for i in self.blocks if i < index):
            self._evict(older, mark)

    def fit(self, budget_bytes: int, mark: int) -> bool:
        """Keep to another budget; the oldest blocks go, never the newest two with cells.

        Returns whether any went.
        """
        self.budget_bytes, before = budget_bytes, self.nbytes
        while self.nbytes > budget_bytes:
            if sum(block.cells is not None for block in self.blocks.values()) <= ALWAYS_HELD:
                break
            self._evict(min(self.blocks), mark)
        return self.nbytes < before

    def measure(self) -> None:
        """Find again the levels that data has touched, and the bytes held."""
        self.nbytes = sum(block.nbytes for block in self.blocks.values())
        spans = [(b.low, b.high) for b in self.blocks.values() if b.high >= b.low]
        self.low = min((low for low, _ in spans), default=0)
        self.high = max((high for _, high in spans), default=-1)

    def _join(self, columns: Span) -> None:
        first, last = columns[0], columns[1] - 1
        if self.last < self.first:
            self.first, self.last, self.lowest = first, last, first
        self.first, self.last = min(self.first, first), max(self.last, last)
        self.lowest = min(self.lowest, first)

    def _make_room(self, index: int, cells: Cells | None, mark: int) -> bool:
        block = self.blocks.get(index)
        more = (cells.nbytes if cells is not None else 0) - (
            block.cells.nbytes if block is not None and block.cells is not None else 0
        )
        if block is None:
            more += CellBlock(index, quoted=self.quoted).nbytes
        total = self.nbytes + more
        while total > self.budget_bytes:
            filled = sorted(i for i, b in self.blocks.items() if b.cells is not None)
            if cells is not None and index not in filled:
                filled = sorted((*filled, index))
            if len(filled) <= ALWAYS_HELD:
                return True
            if index <= min(self.blocks):
                self.floor = max(self.floor, (index + 1) * BLOCK)
                self.evicted_at = mark if block is not None else self.evicted_at
                if block is not None:
                    self._evict(index, mark)
                return False
            total -= self._evict(min(self.blocks), mark)
        return True

    def _evict(self, index: int, mark: int) -> int:
        freed = self.blocks.pop(index).nbytes
        self.nbytes -= freed
        self.floor = max(self.floor, (index + 1) * BLOCK)
        self.evicted_at = mark
        if self.blocks:
            oldest = self.blocks[min(self.blocks)]
            known = np.flatnonzero(oldest.state != UNKNOWN)
            # nothing may be known for a while after what went
            self.first = oldest.start + (int(known[0]) if known.size else 0)
        return freed

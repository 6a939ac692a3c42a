"""The memory of a heatmap: planes of codes, a ring in time that grows, evicts and re-centres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import Codes

MAX_TIME_LOD = 8
BLOCK = 1 << MAX_TIME_LOD
"""Columns of the coarsest level of detail; the ring holds whole blocks."""
MAX_LEVELS = 32_768
"""Most levels a ring is high; beyond that it keeps those around the newest data."""
DEFAULT_BUDGET_BYTES = 256 << 20

UNKNOWN, OBSERVED, GAP = 0, 1, 2
"""States of a column: nobody asked yet, a snapshot came, asked and none came."""

_ROW_STEP = 64


def ring_slices(start: int, stop: int, capacity: int) -> list[tuple[slice, slice]]:
    """Pair ring slots with places in an array that starts at ``start``: one or two pieces."""
    if stop <= start:
        return []
    slot, count = start % capacity, stop - start
    head = min(count, capacity - slot)
    pieces = [(slice(slot, slot + head), slice(0, head))]
    if head < count:
        pieces.append((slice(0, count - head), slice(head, count)))
    return pieces


class CellRing:
    """Codes by level (rows) and absolute column (ring slot = column modulo capacity).

    Slots outside ``first`` to ``last`` are always clear.

    Attributes
    ----------
    codes : dict of str to (rows, capacity) uint16
        One plane per side; time is the fast axis.
    state : (capacity,) uint8
        `UNKNOWN`, `OBSERVED` or `GAP`.
    touched : (capacity,) int64
        Revision of the last change of each column.
    base_level : int
        Level of row 0.
    first, last : int
        Absolute columns held, inclusive; ``last < first`` while empty.
    low, high : int
        Levels that data has touched, inclusive.
    layout : int
        Changes when the arrays are replaced.
    """

    def __init__(self, planes: Sequence[str], budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self.codes: dict[str, Codes] = {name: np.zeros((0, 0), np.uint16) for name in planes}
        self.state: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self.touched: NDArray[np.int64] = np.zeros(0, np.int64)
        self.base_level = 0
        self.first, self.last = 0, -1
        self.low, self.high = 0, -1
        self.layout = 0
        self._budget_bytes = budget_bytes

    @property
    def rows(self) -> int:
        """Allocated levels."""
        return int(next(iter(self.codes.values())).shape[0])

    @property
    def capacity(self) -> int:
        """Allocated columns."""
        return int(self.state.size)

    @property
    def nbytes(self) -> int:
        """Bytes of the planes."""
        return sum(plane.nbytes for plane in self.codes.values())

    def reserve(self, first: int, last: int, levels: tuple[int, int] | None, mark: int) -> None:
        """Make room for columns and levels (both inclusive), evicting what the budget excludes.

        Levels further apart than `MAX_LEVELS` are kept around the middle of ``levels``. The
        oldest columns are evicted first; ``mark`` is the revision noted on them.
        """
        row_span = self._row_span(levels)
        if self.last >= self.first:
            first, last = min(first, self.first), max(last, self.last)
        largest = self._largest_capacity(row_span[1] - row_span[0])
        end = -(-(last + 1) // BLOCK) * BLOCK
        first = max(first, end - largest)
        self._evict(first, mark)
        needed = end - first // BLOCK * BLOCK
        capacity = self.capacity
        if needed > capacity or capacity > largest:
            # grow by half at least, so that a live heatmap is seldom copied
            roomy = -(-max(needed, capacity * 3 // 2) // BLOCK) * BLOCK
            capacity = min(largest, roomy if self.capacity else needed)
        if capacity != self.capacity or row_span != (self.base_level, self.base_level + self.rows):
            self._move(row_span, capacity)
        self.first, self.last = first, last

    def slots(self, columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ring slots of absolute columns."""
        return columns % self.capacity

    def write(
        self,
        columns: NDArray[np.int64],
        low: int,
        cells: Mapping[str, Codes],
        mark: int,
    ) -> None:
        """Replace whole columns; ``cells`` are (columns, levels from ``low`` up).

        Columns that are no longer held, and levels outside the rows, are left out.
        """
        kept = (columns >= self.first) & (columns <= self.last)
        slots = self.slots(columns[kept])
        contiguous = slots.size > 0 and bool((np.diff(slots) == 1).all())
        where: slice | NDArray[np.int64] = (
            slice(int(slots[0]), int(slots[-1]) + 1) if contiguous else slots
        )
        for name, codes in cells.items():
            start = max(0, self.base_level - low)
            stop = min(codes.shape[1], self.base_level + self.rows - low)
            plane = self.codes[name]
            plane[:, where] = 0
            if stop > start:
                top = low - self.base_level
                plane[top + start : top + stop, where] = codes[kept, start:stop].T
        self.state[where] = OBSERVED
        self.touched[where] = mark

    def mark_gaps(self, columns: NDArray[np.int64], mark: int) -> None:
        """Note columns that were asked and did not come; one that was observed stays so."""
        slots = self.slots(columns[(columns >= self.first) & (columns <= self.last)])
        slots = slots[self.state[slots] == UNKNOWN]
        self.state[slots] = GAP
        self.touched[slots] = mark

    def states(self, first: int, stop: int) -> NDArray[np.uint8]:
        """States of columns ``first`` to ``stop`` (exclusive), a copy."""
        out = np.zeros(max(0, stop - first), np.uint8)
        a, b = max(first, self.first), min(stop, self.last + 1)
        for slots, place in ring_slices(a, b, self.capacity):
            out[a - first :][place] = self.state[slots]
        return out

    def replace(self, planes: Mapping[str, Codes], base_level: int, low: int, high: int) -> None:
        """Swap the planes for others of another height, same columns."""
        self.codes = dict(planes)
        self.base_level, self.low, self.high = base_level, low, high
        self.layout += 1

    def _row_span(self, levels: tuple[int, int] | None) -> tuple[int, int]:
        base, stop = self.base_level, self.base_level + self.rows
        if levels is None:
            return (base, stop) if self.rows else (0, _ROW_STEP)
        low, high = levels
        if high - low >= MAX_LEVELS:
            low = (low + high - MAX_LEVELS) // 2
            high = low + MAX_LEVELS - 1
        if self.high >= self.low:
            low_all, high_all = min(low, self.low), max(high, self.high)
            if high_all - low_all >= MAX_LEVELS:
                # re-centre: all of the new levels, and of the old ones those nearest to them
                low_all = max(low_all, high - MAX_LEVELS + 1)
                high_all = min(high_all, low_all + MAX_LEVELS - 1)
        else:
            low_all, high_all = low, high
        self.low, self.high = low_all, high_all
        fits = base <= low_all and high_all < stop and stop - base <= MAX_LEVELS
        if self.rows and fits:
            return base, stop
        margin = max(_ROW_STEP // 2, (high_all - low_all) // 8)
        base = (low_all - margin) // _ROW_STEP * _ROW_STEP
        stop = -(-(high_all + 1 + margin) // _ROW_STEP) * _ROW_STEP
        if stop - base > MAX_LEVELS:
            base, stop = low_all, low_all + MAX_LEVELS
        return base, stop

    def _largest_capacity(self, rows: int) -> int:
        per_column = max(1, rows * 2 * len(self.codes))
        return max(2, self._budget_bytes // per_column // BLOCK) * BLOCK

    def _evict(self, first: int, mark: int) -> None:
        stop = min(first, self.last + 1)
        if self.last < self.first or stop <= self.first:
            return
        for slots, _ in ring_slices(self.first, stop, self.capacity):
            for plane in self.codes.values():
                plane[:, slots] = 0
            self.state[slots] = UNKNOWN
            self.touched[slots] = mark
        self.first = stop

    def _move(self, row_span: tuple[int, int], capacity: int) -> None:
        """Copy what is held into arrays of another size."""
        base, stop = row_span
        low, high = max(base, self.base_level), min(stop, self.base_level + self.rows)
        held = ring_slices(self.first, self.last + 1, self.capacity) if self.capacity else []
        old_codes, old_state, old_touched = self.codes, self.state, self.touched
        self.codes = {n: np.zeros((stop - base, capacity), np.uint16) for n in old_codes}
        self.state, self.touched = np.zeros(capacity, np.uint8), np.zeros(capacity, np.int64)
        for slots, place in held:
            for target, part in ring_slices(
                self.first + place.start, self.first + place.stop, capacity
            ):
                source = slice(slots.start + part.start, slots.start + part.stop)
                self.state[target] = old_state[source]
                self.touched[target] = old_touched[source]
                for name, plane in old_codes.items():
                    rows = slice(low - self.base_level, max(low, high) - self.base_level)
                    self.codes[name][low - base : max(low, high) - base, target] = plane[
                        rows, source
                    ]
        self.base_level = base
        self.layout += 1

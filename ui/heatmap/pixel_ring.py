"""Pixels of a view in memory that wraps around both ways: what scrolls is not moved.

Each column of pixels shows one column of cells and each row one level, so two short lists of
numbers say what the picture holds. A view that has scrolled needs only the columns and rows
whose number is not the one that came to lie there; it is exact whatever the view did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Pixels = NDArray[np.uint32]

_STRIP_PX = 190_000
"""Pixels gathered at a time: they stay in the processor's cache."""
_SCATTER_COST = 5
"""What a pixel in one of many lone columns costs, against one in a whole picture."""
_FEW_RUNS = 8
_GRAIN_PX = 16
_ROOM_PX = 64
"""Room for a picture that grows with its data, so that it is kept for a while."""


class Colours(Protocol):
    """Colours of cells."""

    def gather(self, l0: int, l1: int, columns: Numbers) -> Pixels:
        """Colours of some levels in some columns, (l1 - l0, n)."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """What the pixels along one axis show.

    Attributes
    ----------
    start_px : int
        Device pixel of the first.
    shift_px : int
        How far the content has moved since the picture was shown last; a guess suffices.
    numbers : (n,) int64
        Pixels with the same number show the same cells.
    cells : (n,) int64
        Where their cells lie in the colours.
    stale : (n,) bool or None
        Pixels whose cells changed though their number did not; None for no pixel.
    """

    start_px: int
    shift_px: int
    numbers: Numbers
    cells: Numbers
    stale: NDArray[np.bool_] | None = None


class Piece(NamedTuple):
    """A part of the view, and where it lies in memory."""

    x_px: int
    y_px: int
    column: int
    row: int
    width: int
    height: int


class _Axis:
    """What the picture holds along one axis."""

    def __init__(self) -> None:
        self.start_px = 0
        self.numbers: Numbers = np.zeros(0, np.int64)
        self.origin = 0

    def dirty(self, wanted: Line) -> NDArray[np.bool_]:
        """Pixels that do not hold what is wanted."""
        dirty = np.ones(wanted.numbers.size, np.bool_)
        offset = self.start_px + wanted.shift_px - wanted.start_px
        a, b = max(0, offset), min(dirty.size, offset + self.numbers.size)
        if b > a:
            dirty[a:b] = wanted.numbers[a:b] != self.numbers[a - offset : b - offset]
            if wanted.stale is not None:
                dirty |= wanted.stale
        return dirty

    def follow(self, wanted: Line) -> None:
        """Hold what is wanted; content that scrolled keeps its slots."""
        self.origin -= wanted.shift_px
        self.start_px, self.numbers = wanted.start_px, wanted.numbers

    def start_anew(self, wanted: Line) -> None:
        """Hold what is wanted from slot 0 on."""
        self.origin = -wanted.start_px
        self.start_px, self.numbers = wanted.start_px, wanted.numbers

    def pieces(self, capacity: int) -> list[tuple[int, int, int]]:
        """Device pixel, slot and length of one or two parts."""
        slot, count = (self.start_px + self.origin) % capacity, self.numbers.size
        head = min(count, capacity - slot)
        parts = [(self.start_px, slot, head)]
        if head < count:
            parts.append((self.start_px + head, 0, count - head))
        return parts

    def slots(self, index: NDArray[np.intp], capacity: int) -> slice | NDArray[np.int64]:
        """Where some of the pixels lie."""
        slots = (index + (self.start_px + self.origin)) % capacity
        if slots[-1] - slots[0] == slots.size - 1 == index[-1] - index[0]:
            return slice(int(slots[0]), int(slots[-1]) + 1)
        return slots


class PixelRing:
    """A picture of device pixels.

    Attributes
    ----------
    pixels : (rows, columns) uint32
        At least as large as the view; `pieces` tells where the view lies.
    built, patched : int
        How often all pixels, and some columns or rows of them, were gathered.
    """

    def __init__(self) -> None:
        self.pixels: Pixels = np.empty((0, 0), np.uint32)
        self.built = 0
        self.patched = 0
        self._x, self._y = _Axis(), _Axis()

    def forget(self) -> None:
        """Hold nothing that could be used again."""
        self._x, self._y = _Axis(), _Axis()

    def show(self, colours: Colours, x: Line, y: Line) -> bool:
        """Make the picture show cells; whether any pixel was made."""
        height, width = y.numbers.size, x.numbers.size
        rows, columns = self.pixels.shape
        if height <= rows and width <= columns:
            xs = np.flatnonzero(self._x.dirty(x))
            ys = np.flatnonzero(self._y.dirty(y))
            breaks = np.flatnonzero(xs[1:] - xs[:-1] > 1) + 1
            lone = breaks.size >= _FEW_RUNS
            cost = xs.size * height * (_SCATTER_COST if lone else 1) + ys.size * width
            if cost < width * height:
                self._x.follow(x)
                self._y.follow(y)
                self._patch_rows(colours, x, y, ys)
                for run in np.split(xs, breaks) if breaks.size and not lone else [xs]:
                    self._patch_columns(colours, x, y, run)
                self.patched += bool(cost)
                return bool(cost)
        self._build(colours, x, y)
        return True

    def pieces(self) -> list[Piece]:
        """Up to four parts that make up the view."""
        rows, columns = self.pixels.shape
        return [
            Piece(x_px, y_px, column, row, width, height)
            for y_px, row, height in self._y.pieces(rows)
            for x_px, column, width in self._x.pieces(columns)
        ]

    def _build(self, colours: Colours, x: Line, y: Line) -> None:
        self.built += 1
        held = self.pixels.shape
        rows, columns = (
            _capacity(line.numbers.size, size) for line, size in zip((y, x), held, strict=True)
        )
        if (rows, columns) != held:
            self.pixels = np.empty((rows, columns), np.uint32)
        # whole rows of memory can be filled in place: let what is right of the view be anything
        cells = np.append(x.cells, np.full(columns - x.cells.size, x.cells[-1]))
        spread(colours, cells, y.cells, self.pixels[: y.cells.size])
        self._x.start_anew(x)
        self._y.start_anew(y)

    def _patch_rows(self, colours: Colours, x: Line, y: Line, index: NDArray[np.intp]) -> None:
        if index.size == 0:
            return
        block = spread(colours, x.cells, y.cells[index])
        slots = self._y.slots(index, self.pixels.shape[0])
        done = 0
        for _, column, count in self._x.pieces(self.pixels.shape[1]):
            self.pixels[slots, column : column + count] = block[:, done : done + count]
            done += count

    def _patch_columns(self, colours: Colours, x: Line, y: Line, index: NDArray[np.intp]) -> None:
        if index.size == 0:
            return
        block = spread(colours, x.cells[index], y.cells)
        slots = self._x.slots(index, self.pixels.shape[1])
        done = 0
        for _, row, count in self._y.pieces(self.pixels.shape[0]):
            self.pixels[row : row + count, slots] = block[done : done + count]
            done += count


def spread(colours: Colours, columns: Numbers, rows: Numbers, out: Pixels | None = None) -> Pixels:
    """Gather pixels, (rows, columns); neighbouring ones often show the same level.

    Rows ascend or descend.
    """
    if out is None:
        out = np.empty((rows.size, columns.size), np.uint32)
    starts = np.concatenate(([0], np.flatnonzero(rows[1:] != rows[:-1]) + 1))
    levels = rows[starts]
    strip = max(16, _STRIP_PX // columns.size)
    for k in range(0, levels.size, strip):
        part = levels[k : k + strip]
        a = int(starts[k])
        b = int(starts[k + strip]) if k + strip < starts.size else rows.size
        ends = int(part[0]), int(part[-1])
        low = min(ends)
        filled = colours.gather(low, max(ends) + 1, columns)
        # no index is out of range: this is the mode of numpy's that costs least
        np.take(filled, rows[a:b] - low, axis=0, out=out[a:b], mode="wrap")
    return out


def _capacity(size_px: int, held_px: int) -> int:
    """Pixels to have memory for: what is held where it fits, with room where it has grown."""
    if 0 <= held_px - size_px <= 2 * _ROOM_PX:
        return held_px
    room = _ROOM_PX if 0 < size_px - held_px <= _ROOM_PX else 0
    return -(-(size_px + room) // _GRAIN_PX) * _GRAIN_PX

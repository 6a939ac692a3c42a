"""A stretch of columns: cells as high and as wide as its data, and what is known of each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import NOT_OBSERVED, Codes, CodeScale

MAX_TIME_LOD = 8
BLOCK = 1 << MAX_TIME_LOD
"""Columns of a block, and of the coarsest level of detail: none of those spans two blocks."""
MAX_LEVELS = 32_768
"""Most levels a block is high; beyond that it keeps those around its newest data."""

UNKNOWN, OBSERVED, GAP, FLAWED = 0, 1, 2, 3
"""States of a column: nobody asked yet, a snapshot came, asked and none came, a snapshot came that
is not the whole truth (`heatdesk.frames.Flaw`)."""

_ROW_STEP = 16
_COLUMN_STEP = 64
_GROWTH = 32
# a book that moves is copied once in a thirty-second of its height, not with every column

Span = tuple[int, int]
"""Levels or columns, half-open."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Memory of a block; replaced, never resized, so that a reader's copy is of one shape.

    Attributes
    ----------
    codes : dict of str to (levels, columns) uint16
        One plane per side; time is the fast axis.
    base_level : int
        Level of row 0.
    left : int
        Absolute column of the first one.
    scale : CodeScale
        What the codes mean.
    """

    codes: Mapping[str, Codes]
    base_level: int
    left: int
    scale: CodeScale

    @property
    def shape(self) -> tuple[int, int]:
        """Levels and columns."""
        rows, columns = next(iter(self.codes.values())).shape
        return int(rows), int(columns)

    @property
    def levels(self) -> Span:
        """Levels there is memory for."""
        return self.base_level, self.base_level + self.shape[0]

    @property
    def columns(self) -> Span:
        """Absolute columns there is memory for."""
        return self.left, self.left + self.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of all planes."""
        return sum(plane.nbytes for plane in self.codes.values())

    def read(self, plane: str, columns: Span, scale: CodeScale) -> Codes:
        """Every level of some columns, as far as there is memory; not for writing."""
        start, stop = max(columns[0], self.left), min(columns[1], self.columns[1])
        part = self.codes[plane][:, start - self.left : max(start, stop) - self.left]
        if self.scale != scale:
            # the writer moves the codes block by block: this one's turn has not come
            part = part.copy()
            scale.recode(part, self.scale)
        return part

    def resized(self, levels: Span, columns: Span) -> Cells:
        """Copy into memory of another place and size; what is outside it is lost."""
        rows = levels[1] - levels[0]
        low, high = max(levels[0], self.levels[0]), min(levels[1], self.levels[1])
        left, right = max(columns[0], self.left), min(columns[1], self.columns[1])
        codes: dict[str, Codes] = {}
        for name, plane in self.codes.items():
            codes[name] = np.zeros((rows, columns[1] - columns[0]), np.uint16)
            if high > low and right > left:
                codes[name][
                    low - levels[0] : high - levels[0], left - columns[0] : right - columns[0]
                ] = plane[
                    low - self.base_level : high - self.base_level,
                    left - self.left : right - self.left,
                ]
        return Cells(codes, levels[0], columns[0], self.scale)

    def recoded(self, scale: CodeScale) -> Cells:
        """Copy with codes of another scale."""
        codes = {name: plane.copy() for name, plane in self.codes.items()}
        for plane in codes.values():
            scale.recode(plane, self.scale)
        return Cells(codes, self.base_level, self.left, scale)


class CellBlock:
    """Columns ``start`` to ``start + BLOCK``.

    Attributes
    ----------
    start : int
        First absolute column.
    state : (BLOCK,) uint8
        `UNKNOWN`, `OBSERVED`, `GAP` or `FLAWED`.
    changed_at : (BLOCK,) int64
        Revision of the last change of each column.
    revision : int
        The newest of them.
    best_px : (BLOCK, 2) float64 or None
        Best bid and ask of each column as quoted, whatever the height of a level; None where the
        source tells none.
    cells : Cells or None
        None while no level was served.
    low, high : int
        Levels that data has touched, inclusive; ``high < low`` while there is none.
    """

    __slots__ = ("best_px", "cells", "changed_at", "high", "low", "revision", "start", "state")

    def __init__(self, index: int, *, quoted: bool = False) -> None:
        self.start = index * BLOCK
        self.best_px: NDArray[np.float64] | None = None
        self.state: NDArray[np.uint8] = np.zeros(BLOCK, np.uint8)
        self.changed_at: NDArray[np.int64] = np.zeros(BLOCK, np.int64)
        self.revision = 0
        self.cells: Cells | None = None
        self.low, self.high = 0, -1
        if quoted:
            self.quote()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        own = self.state.nbytes + self.changed_at.nbytes
        own += self.best_px.nbytes if self.best_px is not None else 0
        return own + (self.cells.nbytes if self.cells is not None else 0)

    def note_change(self, where: NDArray[np.int64] | slice, mark: int) -> None:
        """Note a change of columns, counted from `start`."""
        self.changed_at[where] = mark
        self.revision = mark

    def quote(self) -> None:
        """Make room for best prices; none is known yet."""
        if self.best_px is None:
            self.best_px = np.full((BLOCK, 2), np.nan)

    def write(
        self,
        columns: NDArray[np.int64],
        low: int,
        codes: Mapping[str, Codes],
        mark: int,
        states: NDArray[np.uint8] | int = OBSERVED,
        best_px: NDArray[np.float64] | None = None,
    ) -> None:
        """Replace whole columns; codes are (columns, levels from ``low`` up), inside the memory."""
        places = columns - self.start
        self.state[places] = states
        self.note_change(places, mark)
        if self.best_px is not None:
            self.best_px[places] = np.nan if best_px is None else best_px
        if self.cells is None:
            return
        slots = columns - self.cells.left
        first, last = int(slots[0]), int(slots[-1])
        whole = last - first + 1 == slots.size
        where: slice | NDArray[np.int64] = slice(first, last + 1) if whole else slots
        row = low - self.cells.base_level
        for name, part in codes.items():
            plane = self.cells.codes[name]
            rows = part.shape[1]
            if rows == 0:
                plane[:, where] = NOT_OBSERVED
                continue
            # only what lies beside the new levels must be cleared
            plane[:row, where] = NOT_OBSERVED
            plane[row + rows :, where] = NOT_OBSERVED
            plane[row : row + rows, where] = part.T


def fitting_levels(block: CellBlock | None, low: int, high: int) -> tuple[Span, Span]:
    """Choose the rows for a block that shall hold levels ``low`` to ``high`` (inclusive) too.

    At most `MAX_LEVELS` are held: all of the new ones, and of the old ones those nearest to them.

    Returns
    -------
    rows : Span
        Levels to have memory for.
    touched : Span
        Levels that data has touched then.
    """
    high = min(high, low + MAX_LEVELS - 1)
    cells = block.cells if block is not None else None
    if block is None or cells is None:
        return _stepped(low - _ROW_STEP // 2, high + 1 + _ROW_STEP // 2), (low, high + 1)
    low_all, high_all = min(low, block.low), max(high, block.high)
    if high_all - low_all >= MAX_LEVELS:
        low_all = max(low_all, high - MAX_LEVELS + 1)
        high_all = min(high_all, low_all + MAX_LEVELS - 1)
    base, stop = cells.levels
    if base <= low_all and high_all < stop and block.low >= low_all and block.high <= high_all:
        return (base, stop), (low_all, high_all + 1)
    # room to grow must not push out at one end what the other end holds
    spare = max(0, MAX_LEVELS - (high_all + 1 - low_all)) // 2
    margin = min(spare, max(_ROW_STEP, (high_all + 1 - low_all) // _GROWTH))
    rows = (
        low_all - (margin if low_all < base else 0),
        high_all + 1 + (margin if high_all >= stop else 0),
    )
    return _stepped(*rows), (low_all, high_all + 1)


def fitting_columns(block: CellBlock, columns: Span, asked: Span) -> Span:
    """Choose the columns for a block that shall hold ``columns`` too.

    What was ``asked`` with them gets its memory at once: the rest of an answer moves nothing.
    """
    start, stop = columns
    if block.cells is not None:
        held = block.cells.columns
        if held[0] <= start and stop <= held[1]:
            return held
        start, stop = min(start, held[0]), max(stop, held[1])
    if asked[0] < stop and start < asked[1]:
        start, stop = min(start, asked[0]), max(stop, asked[1])
    return (
        max(block.start, start // _COLUMN_STEP * _COLUMN_STEP),
        min(block.start + BLOCK, -(-stop // _COLUMN_STEP) * _COLUMN_STEP),
    )


def _stepped(low: int, stop: int) -> Span:
    low, stop = low // _ROW_STEP * _ROW_STEP, -(-stop // _ROW_STEP) * _ROW_STEP
    return low, min(stop, low + MAX_LEVELS + 2 * _ROW_STEP)

"""Figures about cells: what a drawn one stands for, and how many there are of each code."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.block import Cells
from heatdesk.store.codes import EMPTY, FIRST, N_CODES, CodeScale
from heatdesk.store.pooling import max_levels, sum_levels


@dataclass(frozen=True, slots=True)
class Pooled:
    """What one drawn cell stands for ("max 12.4 of 25 levels, sum 96").

    Attributes
    ----------
    max : float
        Largest quantity of any native cell in it, in the unit of the frames; NaN when none was
        observed.
    sum : float
        Quantity of all its levels, in the column where that is most.
    levels, columns : int
        Native levels and columns it covers.
    """

    max: float
    sum: float
    levels: int
    columns: int


def pooled_cell(
    qty: NDArray[np.float64], seen: NDArray[np.bool_], levels: int, columns: int
) -> Pooled:
    """Sum up native cells, (levels, columns) as far as they are held."""
    if not seen.any():
        return Pooled(math.nan, math.nan, levels, columns)
    sums = np.where(seen, qty, 0.0).sum(axis=0)
    return Pooled(float(qty[seen].max()), float(sums.max()), levels, columns)


def counted(
    cells: Cells, plane: str, scale: CodeScale, band: int, summed: bool
) -> NDArray[np.int64]:
    """Count the cells of a block by code, ``band`` levels pooled first, (65536,).

    What was not observed is not counted: memory that holds no data looks the same.
    """
    codes = cells.read(plane, cells.columns, scale)
    if band > 1 and summed:
        codes = sum_levels(codes, cells.base_level, band, scale)
    elif band > 1:
        codes = max_levels(codes, cells.base_level, band)
    # half of a book's cells are empty: they need no table
    counts = np.bincount(codes[codes >= FIRST], minlength=N_CODES)
    counts[EMPTY] = np.count_nonzero(codes == EMPTY)
    return counts.astype(np.int64, copy=False)

"""Pooling of cells: the largest or the sum of levels, the largest of columns; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import FIRST, NOT_OBSERVED, Codes, CodeScale

_CELLS_AT_ONCE = 1 << 16
_ROW_BY_ROW = 32


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


def max_levels(codes: Codes, base_level: int, step: int) -> Codes:
    """Keep the largest code of every ``step`` levels, (levels, columns).

    Groups are ``level // step``; row 0 is level ``base_level``. Levels that are not there count
    as *not observed*.
    """
    out = np.zeros((_groups(codes.shape[0], base_level, step), codes.shape[1]), np.uint16)
    _fold(np.maximum, codes, base_level, step, out)
    return out


def sum_levels(codes: Codes, base_level: int, step: int, scale: CodeScale) -> Codes:
    """Sum the quantities of every ``step`` levels and encode the sums, (levels, columns)."""
    out = max_levels(codes, base_level, step)
    values = scale.values()
    # the figure of a code is a float32: nothing is lost
    table = values.astype(np.float32)
    table[NOT_OBSERVED] = 0.0
    front, at_once = base_level % step, max(1, _CELLS_AT_ONCE // (step * max(1, codes.shape[1])))
    for group in range(0, out.shape[0], at_once):
        start = max(0, group * step - front)
        rows = codes[start : (group + at_once) * step - front]
        seen = out[group : group + at_once]
        total = np.zeros(seen.shape)
        _fold(np.add, np.take(table, rows), base_level + start, step, total)
        summed = scale.encode_totals(total, float(values[FIRST]), float(total.max(initial=0.0)))
        # nothing but empty and unobserved levels: no sum to tell, only whether anyone looked
        np.copyto(seen, summed, where=seen >= FIRST)
    return out


def halve_columns(codes: Codes, left: int, times: int, out: Codes) -> None:
    """Keep the largest code of every two columns, so often; column 0 is ``left``.

    A column without a partner stays alone.
    """
    for remaining in range(times, 0, -1):
        front, back = left & 1, (left + codes.shape[1]) & 1
        if front or back:
            codes = np.pad(codes, ((0, 0), (front, back)))
        target = out if remaining == 1 else None
        codes = np.maximum(codes[:, 0::2], codes[:, 1::2], out=target)
        left >>= 1
    if times == 0:
        out[...] = codes


def _fold(
    ufunc: np.ufunc,
    rows: NDArray[np.uint16] | NDArray[np.float32],
    base_level: int,
    step: int,
    out: NDArray[np.uint16] | NDArray[np.float64],
) -> None:
    """Reduce rows by group onto what is in ``out``."""
    front = base_level % step
    if step > _ROW_BY_ROW:
        for group in range(out.shape[0]):
            part = rows[max(0, group * step - front) : (group + 1) * step - front]
            ufunc.reduce(part, axis=0, dtype=out.dtype, out=out[group])
        return
    for first in range(step):
        # every step-th row at once: long inner loops whatever the step
        part = rows[first::step]
        group = (front + first) // step
        target = out[group : group + part.shape[0]]
        ufunc(target, part, out=target)


def _groups(rows: int, base_level: int, step: int) -> int:
    return (base_level % step + rows - 1) // step + 1

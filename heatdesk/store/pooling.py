"""Pooling of codes: the largest or the sum of levels, the largest of columns; pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import EMPTY, FIRST, NOT_OBSERVED, Codes, CodeScale

_SUMMED_AT_ONCE = 64
_ROW_BY_ROW = 16


def max_levels(codes: Codes, base_level: int, step: int) -> Codes:
    """Keep the largest code of every ``step`` levels, (levels, columns).

    Groups are ``level // step``; row 0 is level ``base_level``. Levels that are not there count
    as *not observed*.
    """
    front, groups = _groups(codes.shape[0], base_level, step)
    out = np.zeros((groups, codes.shape[1]), np.uint16)
    if step > _ROW_BY_ROW:
        for group in range(groups):
            part = codes[max(0, group * step - front) : (group + 1) * step - front]
            part.max(axis=0, out=out[group])
        return out
    for first in range(step):
        # every step-th row at once: long inner loops whatever the step
        part = codes[first::step]
        group = (front + first) // step
        target = out[group : group + part.shape[0]]
        np.maximum(target, part, out=target)
    return out


def sum_levels(codes: Codes, base_level: int, step: int, scale: CodeScale) -> Codes:
    """Sum the quantities of every ``step`` levels and encode the sums, (levels, columns)."""
    seen = max_levels(codes, base_level, step)
    table = scale.values().copy()
    table[NOT_OBSERVED] = 0.0
    out = np.empty_like(seen)
    for start in range(0, codes.shape[1], _SUMMED_AT_ONCE):
        part = slice(start, start + _SUMMED_AT_ONCE)
        out[:, part] = scale.encode(_summed(table[codes[:, part]], base_level, step))
    # nothing but empty and unobserved levels: no sum to tell, only whether anyone looked
    return np.where(seen >= FIRST, out, np.minimum(seen, EMPTY))


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


def _summed(qty: NDArray[np.float64], base_level: int, step: int) -> NDArray[np.float64]:
    """Sum rows by group."""
    front, groups = _groups(qty.shape[0], base_level, step)
    starts = np.maximum(np.arange(groups) * step - front, 0)
    total: NDArray[np.float64] = np.add.reduceat(qty, starts, axis=0)
    return total


def _groups(rows: int, base_level: int, step: int) -> tuple[int, int]:
    """How far row 0 lies into its group, and the number of groups."""
    front = base_level % step
    return front, (front + rows - 1) // step + 1

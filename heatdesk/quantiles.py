"""Quantiles and the median, without what numpy's own bring along.

`numpy.median` and `numpy.quantile` load the masked arrays when one of them is called first: ten
milliseconds of a start, while the first picture waits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]


def median_of(values: Numbers) -> float:
    """Return the median; NaN where a value is NaN, or there is none.

    Parameters
    ----------
    values : (n,) float or int
    """
    half = values.size // 2
    low, high, none = _ordered(values, max(half - 1, 0), half)
    if none:
        return math.nan
    return float(high if values.size % 2 else (low + high) / 2)


def quantile_of(values: Numbers, share: float) -> float:
    """Return the value that a share (0 to 1) of the values lies below, between two if need be.

    NaN where a value is NaN, or there is none.

    Parameters
    ----------
    values : (n,) float or int
    """
    place = share * (values.size - 1)
    before = max(math.floor(place), 0)
    low, high, none = _ordered(values, before, min(before + 1, max(values.size - 1, 0)))
    if none:
        return math.nan
    into, step = place - before, high - low
    return float(high - step * (1 - into) if into >= 0.5 else low + step * into)


def _ordered(values: Numbers, one: int, other: int) -> tuple[Any, Any, bool]:
    """The values at two places of the order, and whether there are none to be had."""
    if not values.size:
        return math.nan, math.nan, True
    # the last as well: a NaN comes there
    ordered = np.partition(values, (one, other, values.size - 1))
    return ordered[one], ordered[other], bool(np.isnan(ordered[-1]))

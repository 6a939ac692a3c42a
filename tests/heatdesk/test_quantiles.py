"""Median and quantiles are numpy's, to the last bit."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from heatdesk.quantiles import median_of, quantile_of

SIZES = [1, 2, 3, 4, 7, 10, 999, 1000]


@pytest.mark.parametrize("size", SIZES)
def test_the_median_is_the_one_numpy_finds(size: int) -> None:
    values = np.random.default_rng(size).lognormal(0, 3, size)
    assert median_of(values) == float(np.median(values))
    whole = (values * 10).astype(np.int64)
    assert median_of(whole) == float(np.median(whole))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 0.8, 0.97, 1.0])
def test_a_quantile_is_the_one_numpy_finds(size: int, share: float) -> None:
    values = np.random.default_rng(size).lognormal(0, 3, size)
    assert quantile_of(values, share) == float(np.quantile(values, share))


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_with_a_value_that_is_none_there_is_neither(size: int) -> None:
    values = np.arange(size, dtype=np.float64)
    values[0] = np.nan
    assert math.isnan(median_of(values))
    assert math.isnan(quantile_of(values, 0.3))


def test_nothing_has_neither_and_infinity_is_a_value() -> None:
    assert math.isnan(median_of(np.empty(0)))
    assert math.isnan(quantile_of(np.empty(0), 0.5))
    assert median_of(np.array([1.0, 2.0, np.inf])) == 2.0
    assert median_of(np.array([1.0, np.inf])) == np.inf


def test_masked_arrays_stay_unloaded() -> None:
    code = (
        "import sys, numpy as np\n"
        "from heatdesk.quantiles import median_of, quantile_of\n"
        "median_of(np.arange(5.0)), quantile_of(np.arange(5.0), 0.3)\n"
        "print('numpy.ma' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

from __future__ import annotations

import numpy as np
import pytest

from heatdesk.store.codes import EMPTY, FIRST, NOT_OBSERVED, CodeScale


@pytest.mark.parametrize("decade", range(-6, 12))
def test_a_quantity_comes_back_within_five_hundredths_of_a_percent(decade: int) -> None:
    rng = np.random.default_rng(decade + 10)
    qty = 10.0 ** rng.uniform(decade - 3, decade + 1, 5000)
    scale = CodeScale.fit(float(qty.min()), float(qty.max()))
    back = scale.values()[scale.encode(qty)]
    assert np.abs(back / qty - 1).max() <= 0.0005


def test_nine_decades_fit_at_once() -> None:
    qty = np.geomspace(1e-3, 1e6, 20_000)
    scale = CodeScale.fit(1e-3, 1e6)
    assert scale.covers(1e-3, 1e6)
    assert np.abs(scale.values()[scale.encode(qty)] / qty - 1).max() <= 0.0005


@pytest.mark.parametrize("reach", [(1e-6, 1e2), (1e3, 1e12), (1e-6, 1e12)])
def test_codes_never_fall_while_quantities_rise(reach: tuple[float, float]) -> None:
    qty = np.geomspace(*reach, 50_000)
    codes = CodeScale.fit(*reach).encode(qty).astype(np.int64)
    assert (np.diff(codes) >= 0).all()
    assert codes.min() >= FIRST


def test_the_values_ascend_and_start_with_not_observed_and_zero() -> None:
    values = CodeScale.fit(0.01, 500.0).values()
    assert np.isnan(values[NOT_OBSERVED])
    assert values[EMPTY] == 0
    assert (np.diff(values[EMPTY:]) > 0).all()


def test_zero_is_empty_and_nan_is_not_observed() -> None:
    codes = CodeScale.fit(1.0, 10.0).encode(np.array([0.0, np.nan, 5.0, -1.0, np.inf]))
    assert codes[:2].tolist() == [EMPTY, NOT_OBSERVED]
    assert codes[2] >= FIRST
    assert codes[3] == EMPTY
    assert codes[4] == 65535


def test_the_largest_quantities_keep_their_precision_when_not_all_fit() -> None:
    scale = CodeScale.fit(1e-6, 1e12)
    qty = np.array([1e12, 7e11, 1e6])
    assert np.abs(scale.values()[scale.encode(qty)] / qty - 1).max() <= 0.0005


def test_moved_codes_equal_codes_written_in_the_new_place() -> None:
    rng = np.random.default_rng(5)
    qty = np.exp(rng.normal(0, 3, (40, 50)))
    qty[rng.random(qty.shape) < 0.2] = 0
    qty[rng.random(qty.shape) < 0.2] = np.nan
    narrow, wide = CodeScale.fit(0.01, 100.0), CodeScale.fit(0.01, 1e6)
    assert narrow != wide
    codes = narrow.encode(qty)
    wide.recode(codes, narrow)
    assert np.array_equal(codes, wide.encode(qty))

from __future__ import annotations

import math

import numpy as np
import pytest

from heatdesk.store.codes import EMPTY, NOT_OBSERVED, CodeScale
from heatdesk.views.contrast import (
    Contrast,
    position_of,
    quantity_at,
    resolve_contrast,
    transfer_table,
)
from heatdesk.views.palettes import DARK, LIQUIDITY, ramp32

SCALE = CodeScale.fit(1e-3, 1e5)
VALUES = SCALE.values()


def histogram(qty: np.ndarray) -> np.ndarray:
    return np.bincount(SCALE.encode(qty), minlength=65536)


@pytest.mark.parametrize("seed", range(5))
def test_percentiles_are_those_of_the_cells_that_hold_a_quantity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    qty = np.exp(rng.normal(0, 2, 4001))
    cells = np.concatenate((qty, np.zeros(9000), np.full(5000, np.nan)))
    low, high = resolve_contrast(histogram(cells), VALUES, Contrast())
    expected = np.percentile(qty, [75, 99.5], method="inverted_cdf")
    np.testing.assert_allclose([low, high], expected, rtol=0.0005)


def test_exact_cuts_are_taken_as_they_are() -> None:
    contrast = Contrast(mode="absolute", low=2.0, high=50.0)
    assert resolve_contrast(histogram(np.zeros(3)), VALUES, contrast) == (2.0, 50.0)


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize(
    "qty", [np.zeros(0), np.zeros(9), np.full(9, np.nan), np.full(9, 4.0), np.array([3.0])]
)
def test_cuts_are_always_usable(qty: np.ndarray, scale: str) -> None:
    low, high = resolve_contrast(histogram(qty), VALUES, Contrast(scale=scale))
    assert 0 <= low < high < math.inf
    table = transfer_table(VALUES, low, high, scale, LIQUIDITY)
    if np.nansum(qty) > 0:
        assert table[SCALE.encode(qty[:1])[0]] != DARK.ground


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_the_table_is_ground_below_the_cut_and_the_end_of_the_ramp_above(scale: str) -> None:
    table = transfer_table(VALUES, 8.0, 67.0, scale, LIQUIDITY)
    below, above, middle = SCALE.encode(np.array([7.9, 67.1, 30.0]))
    assert table[below] == table[EMPTY] == DARK.ground
    assert table[NOT_OBSERVED] == DARK.not_observed
    assert table[above] == ramp32(LIQUIDITY)[-1]
    assert table[middle] not in {DARK.ground, table[above]}
    assert table.shape == (65536,)
    assert table.dtype == np.uint32


def test_every_colour_of_the_table_is_opaque() -> None:
    table = transfer_table(VALUES, 1.0, 100.0, "log", LIQUIDITY)
    assert (table >> 24 == 255).all()


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_the_legend_reads_the_table_backwards(scale: str) -> None:
    places = np.linspace(0, 1, 33)
    qty = np.array([quantity_at(place, 2.5, 80.0, scale) for place in places])
    np.testing.assert_allclose(position_of(qty, 2.5, 80.0, scale), places, atol=1e-12)
    assert (np.diff(qty) > 0).all()


def test_a_cut_that_is_no_number_does_not_break_the_table() -> None:
    for low, high in ((math.nan, math.nan), (5.0, 1.0), (-3.0, math.inf), (0.0, 0.0)):
        assert transfer_table(VALUES, low, high, "log", LIQUIDITY).size == 65536

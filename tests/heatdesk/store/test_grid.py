from __future__ import annotations

import numpy as np
import pytest

from heatdesk.store.grid import PriceGrid, TimeGrid


@pytest.mark.parametrize("block_size", [0.1, 0.01, 0.00001, 0.25, 3, 5, 25, 0.3, 12.5])
def test_a_served_edge_belongs_to_its_own_level_despite_float_noise(block_size: float) -> None:
    grid = PriceGrid(block_size)
    levels = np.arange(0, 30_000, 7)
    noisy = np.nextafter(levels * block_size, -np.inf)
    assert np.array_equal(grid.levels_of(noisy), levels)
    assert np.array_equal(grid.levels_of(levels * block_size), levels)
    assert [grid.level_of(p) for p in noisy[:200]] == levels[:200].tolist()


def test_a_price_inside_a_level_belongs_to_it() -> None:
    grid = PriceGrid(5.0)
    assert grid.level_of(70824.99) == 14164
    assert grid.level_of(70825.0) == 14165
    assert grid.price_of(14165) == 70825.0


def test_a_price_beyond_all_reason_is_far_away_and_stays_on_its_side() -> None:
    near, far, farther = PriceGrid(1e-9).levels_of(np.array([100.0, 1e20, 1e300])).tolist()
    assert near == 100_000_000_000
    assert near < far <= farther


def test_a_price_that_is_no_number_is_the_farthest_below() -> None:
    nothing, low = PriceGrid(1.0).levels_of(np.array([np.nan, -1e300])).tolist()
    assert nothing == low


@pytest.mark.parametrize("block_size", [0.0, -1.0, float("nan"), float("inf")])
def test_a_level_has_a_positive_height(block_size: float) -> None:
    with pytest.raises(ValueError, match="level"):
        PriceGrid(block_size)


def test_columns_start_where_the_first_served_time_says() -> None:
    week = 7 * 86_400_000
    monday = 1_699_833_600_000
    grid = TimeGrid.through(monday, week)
    assert grid.time_of(grid.column_of(monday)) == monday
    assert grid.column_of(monday - 1) == grid.column_of(monday) - 1
    assert grid.column_of(monday + week - 1) == grid.column_of(monday)
    times = np.array([monday, monday + week])
    assert np.array_equal(np.diff(grid.columns_of(times)), [1])

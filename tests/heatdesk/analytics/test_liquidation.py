from __future__ import annotations

import numpy as np
import pytest

from heatdesk.analytics.liquidation import (
    band_levels,
    clusters_csv,
    compute_curves,
    find_clusters,
    inferred_side,
    sum_bands,
)

MILLION = 1e6


def test_ten_neighbours_of_five_million_are_one_cluster_of_fifty() -> None:
    price = 98_000 + 50.0 * np.arange(10)
    bands = sum_bands(price, np.full(10, 5 * MILLION), 50.0)
    (cluster,) = find_clusters(bands, 100_000.0)
    assert cluster.qty == 50 * MILLION
    assert (cluster.low, cluster.high) == (98_000.0, 98_500.0)
    assert cluster.inferred_side == "long"


def test_levels_of_one_band_are_summed_and_nothing_is_lost() -> None:
    price = np.array([100.0, 104.0, 109.9, 110.0, 250.0])
    qty = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    bands = sum_bands(price, qty, 10.0)
    assert bands.index.tolist() == [10, 11, 25]
    assert bands.qty.tolist() == [7.0, 8.0, 16.0]


def test_a_price_on_an_edge_lies_above_it_despite_float_noise() -> None:
    bands = sum_bands(np.array([0.3, 0.1 + 0.2]), np.ones(2), 0.1)
    assert bands.index.tolist() == [3]


def test_a_cluster_never_reaches_across_the_price() -> None:
    price = 990.0 + np.arange(20)
    clusters = find_clusters(sum_bands(price, np.full(20, 3.0), 1.0), 1000.0)
    assert all(c.high <= 1000.0 or c.low >= 1000.0 for c in clusters)
    assert {c.inferred_side for c in clusters} == {"long", "short"}


def test_a_gap_divides_clusters_and_the_largest_come_first() -> None:
    price = np.array([900.0, 901.0, 905.0, 1100.0])
    qty = np.array([4.0, 4.0, 5.0, 7.0])
    clusters = find_clusters(sum_bands(price, qty, 1.0), 1000.0)
    assert [c.qty for c in clusters] == [8.0, 7.0, 5.0]
    assert clusters[1].distance_pct == pytest.approx(10.05)


def test_only_as_many_clusters_as_asked_are_given() -> None:
    price = 500.0 + 10 * np.arange(30)
    bands = sum_bands(price, np.arange(1.0, 31.0), 1.0)
    assert [c.qty for c in find_clusters(bands, 1000.0, 5)] == [30.0, 29.0, 28.0, 27.0, 26.0]


def test_curves_start_at_nothing_at_the_price_and_grow_outwards() -> None:
    price = np.array([120.0, 80.0, 90.0, 110.0])
    qty = np.array([1.0, 8.0, 4.0, 2.0])
    curves = compute_curves(price, qty, 100.0)
    assert (curves.below_price[0], curves.below_sum[0]) == (100.0, 0.0)
    assert (curves.above_price[0], curves.above_sum[0]) == (100.0, 0.0)
    assert curves.below_price.tolist() == [100.0, 90.0, 80.0]
    assert curves.below_sum.tolist() == [0.0, 4.0, 12.0]
    assert curves.above_sum.tolist() == [0.0, 2.0, 3.0]
    assert [curves.at(p) for p in (100.0, 115.0, 95.0, 90.0, 10.0)] == [0.0, 2.0, 0.0, 4.0, 12.0]


def test_the_side_is_inferred_from_the_price() -> None:
    assert inferred_side(99.0, 100.0) == "long"
    assert inferred_side(101.0, 100.0) == "short"


@pytest.mark.parametrize(
    ("price", "block", "height"),
    [
        (74_356.0, 10.0, 50.0),
        (69_145.0, 10.0, 50.0),
        (74_356.0, 1.0, 50.0),
        (4_200.0, 0.5, 2.0),
        (0.0251, 1e-6, 1e-5),
    ],
)
def test_a_band_is_a_round_height_of_whole_levels(
    price: float, block: float, height: float
) -> None:
    assert band_levels(price, block) * block == pytest.approx(height)


def test_a_band_is_never_thinner_than_a_level() -> None:
    assert band_levels(100.0, 5.0) == 1
    assert band_levels(float("nan"), 5.0) == 1


def test_an_empty_column_has_no_cluster_and_flat_curves() -> None:
    empty = np.empty(0)
    assert find_clusters(sum_bands(empty, empty, 1.0), 100.0) == []
    assert compute_curves(empty, empty, 100.0).at(50.0) == 0.0


def test_clusters_are_written_as_text() -> None:
    bands = sum_bands(np.array([1100.0]), np.array([7.0]), 1.0)
    text = clusters_csv(find_clusters(bands, 1000.0), "usd")
    assert text.splitlines()[0] == "low,high,peak,qty_usd,distance_pct,inferred_side"
    assert text.splitlines()[1].endswith(",short")

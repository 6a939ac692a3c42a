from __future__ import annotations

import numpy as np
import pytest

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.regrid import MAX_FINE_LEVELS
from tests.heatdesk.store.books import book, liquidations, minute, random_snapshot


def walls_store(seed: int) -> HeatmapStore:
    rng = np.random.default_rng(seed)
    frames = [
        book({n: s[0]}, {n: s[1]})
        for n in range(40)
        for s in [random_snapshot(rng, 997 + int(rng.integers(-30, 30)), 20)]
    ]
    store = HeatmapStore.for_frame(frames[0])
    for frame in frames:
        store.apply(frame)
    return store


def native(store: HeatmapStore, plane: str) -> tuple[np.ndarray, int, int]:
    """Every native code on a canvas whose corner is a multiple of any step used here."""
    c0, l0 = store.first_column // 256 * 256, store.first_level // 5040 * 5040
    return store.codes(plane, c0, c0 + 512, l0, l0 + 5040), c0, l0


@pytest.mark.parametrize("time_lod", [0, 1, 3, 8])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 16])
def test_max_pooling_keeps_the_largest_wall_of_every_cell(time_lod: int, step: int) -> None:
    store = walls_store(3)
    for plane in ("bid", "ask"):
        codes, c0, l0 = native(store, plane)
        width = 1 << time_lod
        expected = codes.reshape(5040 // step if 5040 % step == 0 else -1, step, -1).max(axis=1)
        expected = expected.reshape(expected.shape[0], -1, width).max(axis=2)
        found = store.codes(
            plane,
            c0 >> time_lod,
            (c0 + 512) >> time_lod,
            l0 // step,
            l0 // step + expected.shape[0],
            time_lod,
            0,
            step,
        )
        assert np.array_equal(found, expected)


def test_a_pooled_level_follows_every_later_change() -> None:
    rng = np.random.default_rng(8)
    store = walls_store(4)
    window = (store.first_column >> 2) - 2, (store.last_column >> 2) + 20, 200, 300
    for _ in range(20):
        store.codes("both", *window, 2, 2)
        n = int(rng.integers(-5, 60))
        bids, asks = random_snapshot(rng, 1000, 30)
        store.apply(book({n: bids}, {n: asks}))
        patched = store.codes("both", *window, 2, 2)
        l0, l1 = window[2] * 4, window[3] * 4
        whole = store.codes("both", window[0] * 4, window[1] * 4, l0, l1)
        expected = whole.reshape(100, 4, -1).max(axis=1).reshape(100, -1, 4).max(axis=2)
        assert np.array_equal(patched, expected)


def liquidation_store() -> tuple[HeatmapStore, dict[int, dict[float, float]]]:
    rng = np.random.default_rng(6)
    served = {
        n: {60_000.0 + 10 * k: float(rng.uniform(1e3, 9e6)) for k in range(137)} for n in range(12)
    }
    frame = liquidations(served, 10.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store, served


@pytest.mark.parametrize("band", [1, 2, 3, 10, 25, 64, 200])
def test_sum_pooling_keeps_the_total_of_each_bucket_at_every_zoom(band: int) -> None:
    store, served = liquidation_store()
    c0, c1 = store.first_column, store.last_column + 1
    codes = store.codes("qty", c0, c1, 0, 8000 // band + 1, 0, 0, band)
    totals = np.nansum(store.values[codes], axis=0)
    expected = [sum(served[n].values()) for n in range(12)]
    np.testing.assert_allclose(totals, expected, rtol=0.0005)


def test_ten_neighbours_of_five_million_are_a_cluster_of_fifty() -> None:
    frame = liquidations({0: {70_000.0 + 5 * k: 5e6 for k in range(10)}}, 5.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = store.first_column
    code = store.codes("qty", c, c + 1, 1400, 1401, 0, 0, 10)[0, 0]
    assert store.values[code] == pytest.approx(50e6, rel=5e-4)


def test_sums_over_price_are_not_added_up_over_time() -> None:
    frame = liquidations({n: {100.0: 3.0, 101.0: 4.0 + n} for n in range(4)}, 1.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = store.first_column >> 8
    codes = store.codes("qty", c, c + 2, 10, 11, 8, 0, 10)
    assert np.nanmax(store.values[codes]) == pytest.approx(10.0, rel=5e-4)


def test_a_finer_step_rebuilds_the_grid_and_keeps_what_was_held() -> None:
    coarse = liquidations({0: {100.0: 7.0, 110.0: 5.0, 130.0: 2.0}}, 10.0)
    store = HeatmapStore.for_frame(coarse)
    store.apply(coarse)
    generation = store.generation
    store.apply(liquidations({1: {102.0: 1.0, 104.0: 2.0}}, 2.0))
    assert store.grid.block_size == 2.0
    assert store.generation > generation
    c = store.first_column
    found = [store.value_at("qty", c, level) for level in (50, 51, 55, 60, 65)]
    assert found == pytest.approx([7.0, 0.0, 5.0, 0.0, 2.0], rel=5e-4)
    assert np.isnan(store.value_at("qty", c, 49))
    assert store.value_at("qty", c + 1, 52) == pytest.approx(2.0, rel=5e-4)


def test_a_coarser_step_later_leaves_the_grid_alone() -> None:
    fine = liquidations({0: {100.0: 1.0, 101.0: 1.0}}, 1.0)
    store = HeatmapStore.for_frame(fine)
    store.apply(fine)
    store.apply(liquidations({1: {100.0: 1.0, 150.0: 1.0}}, 50.0))
    assert store.grid.block_size == 1.0


def test_a_range_too_wide_for_its_step_shares_levels_and_keeps_the_total() -> None:
    near = liquidations({0: {60_000.0 + k: 2.0 for k in range(100)}}, 1.0)
    store = HeatmapStore.for_frame(near)
    store.apply(near)
    wide = {1: {float(p): 3.0 for p in range(20_000, 200_000, 400)}}
    store.apply(liquidations(wide, 400.0))
    assert store.last_level - store.first_level <= MAX_FINE_LEVELS
    assert store.grid.block_size > 1.0
    c = store.grid.time.column_of(minute(0))
    codes = store.codes("qty", c, c + 2, store.first_level, store.last_level + 1)
    totals = np.nansum(store.values[codes], axis=0)
    np.testing.assert_allclose(totals, [200.0, 3.0 * len(wide[1])], rtol=0.001)


def test_levels_that_need_more_room_push_out_the_oldest_columns() -> None:
    coarse = {n: {60_000.0 + 50 * k: 1.0 + n % 9 for k in range(60)} for n in range(3_000)}
    frame = liquidations(coarse, 50.0)
    store = HeatmapStore.for_frame(frame, budget_bytes=8 << 20)
    store.apply(frame)
    c = store.grid.time.column_of(minute(0))
    assert store.first_column == c
    revision = store.revision
    store.apply(liquidations({3_000: {60_000.0: 1.0, 60_002.0: 2.0}}, 2.0))
    assert store.grid.block_size == 2.0
    assert store.total_bytes <= 8 << 20
    assert store.first_column > c + 500
    assert store.changed_since(revision)[0] <= c
    for n in (store.first_column - c, 2_999):
        assert store.value_at("qty", c + n, 30_025) == pytest.approx(1.0 + n % 9, rel=5e-4)
    # what had to go is not let in again
    store.apply(liquidations({0: {60_000.0: 1.0}}, 2.0))
    assert not store.column_state(c, store.first_column).any()


@pytest.mark.parametrize("higher", [10, 1_000])
def test_levels_that_are_merged_keep_their_sum_whatever_the_codes_span(higher: int) -> None:
    side = {100_000.0 + 5 * k: 10.0 + k % 3 for k in range(4_000)}
    store = HeatmapStore.for_frame(book({0: side}, {0: {}}))
    store.apply(book({0: {**side, 100_000.0 - 5: 1e-7}}, {0: {}}))
    store.apply(book({1: {100_000.0: 1.0}}, {1: {}}, block_size=5.0 * higher))
    level, c = store.grid.price.level_of(100_000.0), store.first_column
    expected = sum(10.0 + k % 3 for k in range(higher))
    assert store.value_at("bid", c, level) == pytest.approx(expected, rel=1e-3)


def test_a_pooled_cell_tells_its_largest_level_and_the_sum_of_its_fullest_column() -> None:
    minutes = {0: {100.0: 3.0, 105.0: 1.0}, 1: {100.0: 2.5, 105.0: 2.0, 120.0: 0.5}, 2: {}}
    frame = book(minutes, {n: {130.0: 7.0} for n in minutes})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = store.grid.time.column_of(minute(0))
    cell = store.pooled("bid", c >> 8, 4, 8, 5)
    assert (cell.max, cell.sum) == pytest.approx((3.0, 5.0), rel=5e-4)
    assert (cell.levels, cell.columns) == (5, 256)
    both = store.pooled("both", c, 0, 0, 30)
    assert (both.max, both.sum) == pytest.approx((7.0, 11.0), rel=5e-4)
    one = store.pooled("bid", c + 1, 20)
    assert (one.max, one.sum, one.levels, one.columns) == pytest.approx((2.5, 2.5, 1, 1), rel=5e-4)


def test_a_pooled_cell_that_nobody_looked_at_has_no_figures_and_an_empty_one_has_zeros() -> None:
    frame = book({0: {100.0: 1.0, 50.0: 1.0}}, {0: {105.0: 1.0}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = store.first_column
    outside = store.pooled("both", c, 30, 0, 4)
    assert np.isnan([outside.max, outside.sum]).all()
    empty = store.pooled("both", c, 4, 0, 3)
    assert (empty.max, empty.sum, empty.levels) == (0.0, 0.0, 3)


@pytest.mark.parametrize(("time_lod", "step"), [(0, 1), (3, 4), (8, 25), (2, 16)])
def test_the_figures_of_a_pooled_cell_are_those_it_is_drawn_with(time_lod: int, step: int) -> None:
    book_store, (sums, _) = walls_store(2), liquidation_store()
    for store, plane in [(book_store, "bid"), (book_store, "both"), (sums, "qty")]:
        column, level = store.first_column >> time_lod, (store.first_level + 60) // step
        code = store.codes(plane, column, column + 1, level, level + 1, time_lod, 0, step)[0, 0]
        cell = store.pooled(plane, column, level, time_lod, step)
        drawn = cell.sum if store.pooling == "sum" else cell.max
        np.testing.assert_allclose(store.values[code], drawn, rtol=0.001)

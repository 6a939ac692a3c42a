from __future__ import annotations

import numpy as np
import pytest

from heatdesk.frames import BookWindow
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.ring import BLOCK
from tests.heatdesk.store.books import Reference, book, minute, random_snapshot


def column(store: HeatmapStore, n: int) -> int:
    return store.grid.time.column_of(minute(n))


def held(store: HeatmapStore, plane: str, minutes: range, levels: range) -> np.ndarray:
    codes = store.codes(
        plane, column(store, minutes[0]), column(store, minutes[-1]) + 1, levels[0], levels[-1] + 1
    )
    return store.values[codes]


def assert_same(store: HeatmapStore, reference: Reference, minutes: range, levels: range) -> None:
    for plane in ("bid", "ask"):
        expected = reference.array(plane, minutes, levels)
        found = held(store, plane, minutes, levels)
        assert np.array_equal(np.isnan(found), np.isnan(expected))
        np.testing.assert_allclose(found, expected, rtol=0.0005)


def random_windows(seed: int) -> list[dict[int, tuple[dict[float, float], dict[float, float]]]]:
    """Windows over 90 minutes in any order, some served twice with other figures."""
    rng = np.random.default_rng(seed)
    starts = rng.permutation(np.r_[np.arange(0, 90, 10), rng.integers(0, 80, 4)])
    return [
        {
            n: random_snapshot(rng, 1000 + int(rng.integers(-60, 60)), 25)
            for n in range(start, start + 10)
        }
        for start in starts.tolist()
    ]


def as_book(window: dict[int, tuple[dict[float, float], dict[float, float]]]) -> BookWindow:
    return book({n: s[0] for n, s in window.items()}, {n: s[1] for n, s in window.items()})


@pytest.mark.parametrize("seed", range(6))
def test_windows_in_any_order_end_as_the_latest_word_on_each_minute(seed: int) -> None:
    windows = random_windows(seed)
    reference = Reference()
    store = HeatmapStore.for_frame(as_book(windows[0]))
    for window in windows:
        store.apply(as_book(window))
        reference.snapshots.update(window)
    assert (store.first_column, store.last_column) == (column(store, 0), column(store, 89))
    assert_same(store, reference, range(-3, 93), range(900, 1100))


def test_an_absent_level_is_empty_inside_the_reported_range_and_unknown_outside() -> None:
    store = HeatmapStore.for_frame(book({0: {100.0: 1}}, {0: {120.0: 2}}))
    store.apply(book({0: {100.0: 1.0, 90.0: 3.0}}, {0: {120.0: 2.0}}))
    c = column(store, 0)
    assert [store.value_at("bid", c, level) for level in (19, 21, 24)] == [0, 0, 0]
    assert np.isnan([store.value_at("bid", c, level) for level in (17, 25)]).all()
    assert store.value_at("ask", c, 20) == 0


def test_served_prices_that_share_a_level_are_summed() -> None:
    frame = book({0: {100.0: 1.0, 102.5: 2.0, 95.0: 0.5}}, {0: {105.0: 4.0, 109.9: 4.0}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = column(store, 0)
    assert store.value_at("bid", c, 20) == pytest.approx(3.0, rel=5e-4)
    assert store.value_at("ask", c, 21) == pytest.approx(8.0, rel=5e-4)


def test_an_empty_snapshot_is_observed_and_changes_no_neighbour() -> None:
    frame = book(
        {0: {100.0: 1.0}, 1: {}, 2: {100.0: 3.0}}, {0: {105.0: 1.0}, 1: {}, 2: {110.0: 1.0}}
    )
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = column(store, 0)
    assert store.column_state(c, c + 3).tolist() == [1, 1, 1]
    assert np.isnan(held(store, "bid", range(1, 2), range(15, 30))).all()
    assert store.value_at("bid", c + 2, 20) == pytest.approx(3.0, rel=5e-4)
    assert np.isnan(store.value_at("bid", c, 22))


def test_a_corrected_minute_leaves_nothing_of_the_earlier_one() -> None:
    store = HeatmapStore.for_frame(book({0: {500.0: 9.0}}, {0: {600.0: 9.0}}))
    store.apply(book({0: {500.0: 9.0}}, {0: {600.0: 9.0}}))
    store.apply(book({0: {100.0: 1.0}}, {0: {105.0: 1.0}}))
    assert np.isnan(store.value_at("bid", column(store, 0), 100))
    assert np.isnan(store.value_at("ask", column(store, 0), 110))


def test_a_minute_that_was_asked_and_did_not_come_is_a_gap_until_it_comes() -> None:
    level = {100.0: 1.0}
    store = HeatmapStore.for_frame(book({3: level}, {3: {}}))
    store.apply(book({3: level, 5: level}, {3: {}, 5: {}}, asked=(2, 8), complete=7))
    c = column(store, 0)
    # minute 7 was still forming, minutes 0, 1 and 8 were not asked
    assert store.column_state(c, c + 9).tolist() == [0, 0, 2, 1, 2, 1, 2, 0, 0]
    store.apply(book({4: level}, {4: {}}))
    assert store.column_state(c, c + 9).tolist() == [0, 0, 2, 1, 1, 1, 2, 0, 0]


def test_a_later_window_without_a_minute_does_not_unsee_it() -> None:
    level = {100.0: 1.0}
    store = HeatmapStore.for_frame(book({1: level}, {1: {}}))
    store.apply(book({1: level}, {1: {}}))
    store.apply(book({0: level, 2: level}, {0: {}, 2: {}}))
    c = column(store, 0)
    assert store.column_state(c, c + 3).tolist() == [1, 1, 1]
    assert store.value_at("bid", c + 1, 20) == pytest.approx(1.0, rel=5e-4)


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_the_ring_keeps_the_newest_columns_when_the_budget_is_spent(order: str) -> None:
    rng = np.random.default_rng(2)
    # the smallest ring: two blocks of columns whatever the budget
    store = HeatmapStore.for_frame(book({0: {100.0: 1.0}}, {0: {}}))
    store = HeatmapStore(store.grid, store.planes, budget_bytes=1)
    reference = Reference()
    starts = range(0, 5 * BLOCK, 64)
    for start in starts if order == "forward" else reversed(starts):
        window = {n: random_snapshot(rng, 1000, 6) for n in range(start, start + 64)}
        reference.snapshots.update(window)
        store.apply(as_book(window))
    last = 5 * BLOCK - 1
    assert store.last_column == column(store, last)
    kept = store.last_column + 1 - store.first_column
    assert BLOCK < kept <= 2 * BLOCK
    minutes = range(last + 1 - kept, last + 1)
    assert_same(store, reference, minutes, range(990, 1010))
    before = range(last + 1 - kept - 40, last + 1 - kept)
    assert np.isnan(held(store, "bid", before, range(990, 1010))).all()
    assert not store.column_state(column(store, before[0]), store.first_column).any()


def test_prices_that_run_away_extend_the_rows_both_ways() -> None:
    reference, store = Reference(), None
    for n, middle in enumerate([1000, 1400, 300, 5000, 120]):
        window = {n: random_snapshot(np.random.default_rng(n), middle, 8)}
        store = store or HeatmapStore.for_frame(as_book(window))
        store.apply(as_book(window))
        reference.snapshots.update(window)
    assert store is not None
    assert_same(store, reference, range(5), range(100, 5020))


def test_a_stray_price_costs_itself_and_not_the_book() -> None:
    frame = book({0: {100.0: 1.0, 95.0: 2.0, 90.0: 1.0}}, {0: {105.0: 1.0, 1e12: 7.0}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    assert store.value_at("bid", column(store, 0), 19) == pytest.approx(2.0, rel=5e-4)
    assert store.nbytes < 64 << 20


def test_a_quantity_beyond_the_scale_moves_it_and_all_others_survive() -> None:
    frame = book({0: {100.0: 0.004}}, {0: {105.0: 3.0}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    generation = store.generation
    store.apply(book({1: {100.0: 0.5}}, {1: {105.0: 2e6}}))
    assert store.generation > generation
    c = column(store, 0)
    assert store.value_at("ask", c + 1, 21) == pytest.approx(2e6, rel=5e-4)
    assert store.value_at("ask", c, 21) == pytest.approx(3.0, rel=5e-4)
    assert store.value_at("bid", c, 20) == pytest.approx(0.004, rel=5e-4)


@pytest.mark.parametrize("seed", range(4))
def test_changed_since_names_every_column_that_reads_differently(seed: int) -> None:
    rng = np.random.default_rng(seed)
    store = HeatmapStore.for_frame(book({0: {5000.0: 1.0}}, {0: {}}))
    store = HeatmapStore(store.grid, store.planes, budget_bytes=1)
    window = range(-600, 1400)
    for _ in range(25):
        revision = store.revision
        before = store.codes("both", column(store, window[0]), column(store, window[-1]), 980, 1020)
        start = int(rng.integers(0, 700))
        store.apply(as_book({n: random_snapshot(rng, 1000, 5) for n in range(start, start + 5, 2)}))
        after = store.codes("both", column(store, window[0]), column(store, window[-1]), 980, 1020)
        differs = np.flatnonzero((before != after).any(axis=0)) + column(store, window[0])
        a, b = store.changed_since(revision)
        assert ((differs >= a) & (differs < b)).all()
    assert store.changed_since(store.revision) == (0, 0)

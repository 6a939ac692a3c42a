"""What the store makes of live books: the reach, the last state, flaws, and bounded memory."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatdesk.frames import BookSub, BookWindow, Flaw
from heatdesk.store.bucketing import ended
from heatdesk.store.exact import ExactFrames
from heatdesk.store.filling import MAX_REACH_LEVELS
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.market import MarketStore
from tests.heatdesk.store.live import START_MS, live

SUB = BookSub("binance-usdm", interval_ms=100)


def held(store: MarketStore) -> HeatmapStore:
    heat = store.heatmap(SUB)
    assert heat is not None
    return heat


def value(store: MarketStore, n: int, price: float, plane: str = "bid") -> float:
    heat = held(store)
    column = heat.grid.time.column_of(START_MS + n * 100)
    return heat.value_at(plane, column, heat.grid.price.level_of(price))


def test_only_a_level_that_lies_wholly_inside_the_reach_is_observed() -> None:
    store = MarketStore()
    # levels of 5: that of 95 is cut by the low end, that of 120 by the high one
    store.apply(SUB, live({0: ({105.0: 2.0, 95.0: 7.0}, {120.0: 9.0})}, reach_px=(97.0, 123.0)))
    assert math.isnan(value(store, 0, 95.0))
    assert value(store, 0, 100.0) == 0.0
    assert value(store, 0, 105.0) == pytest.approx(2.0, rel=5e-4)
    assert value(store, 0, 115.0, "ask") == 0.0
    assert math.isnan(value(store, 0, 120.0, "ask"))
    for price in (95.0, 120.0):
        assert store.exact(SUB, START_MS, price) is not None
        assert math.isnan(store.exact(SUB, START_MS, price).bid)  # type: ignore[union-attr]
    cell = store.exact(SUB, START_MS + 50, 107.0)
    assert cell is not None
    assert (cell.bid, cell.ask) == (2.0, 0.0)


def test_a_reach_wider_than_what_is_listed_is_observed_empty_to_its_ends() -> None:
    store = MarketStore()
    store.apply(SUB, live({0: ({100.0: 1.0}, {105.0: 1.0})}, reach_px=(80.0, 130.0)))
    assert [value(store, 0, px) for px in (80.0, 95.0, 125.0)] == [0.0, 0.0, 0.0]
    assert math.isnan(value(store, 0, 75.0))
    assert math.isnan(value(store, 0, 130.0))


def test_a_snapshot_that_vouches_for_no_whole_level_observes_nothing() -> None:
    store = MarketStore()
    store.apply(SUB, live({0: ({100.0: 1.0}, {105.0: 1.0})}, reach_px=(80.0, 130.0)))
    store.apply(SUB, live({1: ({101.0: 1.0}, {})}, reach_px=(101.0, 104.0)))
    store.apply(SUB, live({2: ({101.0: 1.0}, {})}, reach_px=(math.nan, math.nan)))
    for n in (1, 2):
        assert all(math.isnan(value(store, n, px)) for px in (95.0, 100.0, 105.0))


def test_a_whole_book_is_held_near_where_it_trades() -> None:
    store = MarketStore()
    bids, asks = {100_000.0: 1.0, 5.0: 3.0}, {100_005.0: 1.0, 1e9: 2.0}
    store.apply(SUB, live({0: (bids, asks)}, reach_px=(0.0, 2e9)))
    heat = held(store)
    assert heat.last_level - heat.first_level < MAX_REACH_LEVELS
    assert value(store, 0, 100_000.0) == pytest.approx(1.0, rel=5e-4)
    assert value(store, 0, 99_000.0) == 0.0
    assert math.isnan(value(store, 0, 5.0))


def test_the_largest_of_a_bucket_is_painted_and_its_end_is_told() -> None:
    store = MarketStore()
    frame = live(
        {0: ({100.0: 50.0}, {105.0: 3.0})}, {0: ({95.0: 1.0}, {105.0: 2.0})}, reach_px=(50, 200)
    )
    store.apply(SUB, frame)
    assert value(store, 0, 100.0) == pytest.approx(50.0, rel=5e-4)
    cell = store.exact(SUB, START_MS, 100.0)
    assert cell is not None
    assert (cell.bid, cell.ask) == (0.0, 0.0)
    last = store.last_book(SUB)
    assert isinstance(last, BookWindow)
    assert last.bids is not None
    assert last.asks is not None
    assert (last.bids.price.tolist(), last.bids.qty.tolist()) == ([95.0], [1.0])
    assert last.asks.qty.tolist() == [2.0]
    assert last.reach_px is not None
    assert last.reach_px.tolist() == [[50.0, 200.0]]


def test_a_forming_column_is_replaced_by_later_frames_of_its_bucket() -> None:
    store = MarketStore()
    for n, qty in enumerate((1.0, 4.0, 2.0)):
        frame = live({7: ({100.0: qty}, {105.0: 1.0})}, reach_px=(50, 200), complete=7 + n / 4)
        store.apply(SUB, frame)
    assert value(store, 7, 100.0) == pytest.approx(2.0, rel=5e-4)
    heat = held(store)
    assert heat.first_column == heat.last_column
    assert store.covered(SUB) == []
    assert store.revision(SUB) == 3


def test_flawed_columns_say_so_and_a_bucket_without_a_book_is_a_gap() -> None:
    store = MarketStore()
    level = ({100.0: 1.0}, {105.0: 1.0})
    store.apply(SUB, live({0: level, 1: level}, flaws=[0, Flaw.TOUCHED]))
    store.apply(SUB, live({4: level, 5: level}, asked=(2, 6), flaws=[Flaw.TOUCHED, Flaw.PARTIAL]))
    heat = held(store)
    c = heat.grid.time.column_of(START_MS)
    assert heat.column_state(c, c + 6).tolist() == [1, 3, 2, 2, 3, 3]
    store.apply(SUB, live({5: level}, flaws=[0]))
    assert heat.column_state(c + 5, c + 6).tolist() == [1]


def test_a_bucket_of_which_nothing_was_right_turns_into_a_gap() -> None:
    store = MarketStore()
    level = ({100.0: 1.0}, {105.0: 1.0})
    store.apply(SUB, live({0: level, 1: level}, reach_px=(50, 200)))
    store.apply(SUB, live({1: ({}, {})}, reach_px=(0, 0), flaws=[Flaw.TOUCHED]))
    heat = held(store)
    c = heat.grid.time.column_of(START_MS)
    assert heat.column_state(c, c + 2).tolist() == [1, 2]
    assert math.isnan(value(store, 1, 100.0))


def test_a_gap_that_lasts_is_told_by_frames_without_a_snapshot() -> None:
    store = MarketStore()
    level = ({100.0: 1.0}, {105.0: 1.0})
    store.apply(SUB, live({0: level}))
    store.apply(SUB, live({}, asked=(1, 3)))
    store.apply(SUB, live({}, asked=(3, 600)))
    heat = held(store)
    c = heat.grid.time.column_of(START_MS)
    assert set(heat.column_state(c + 1, c + 600).tolist()) == {2}


def test_hours_of_short_columns_stay_within_their_budget() -> None:
    store = MarketStore(fast_heatmap_bytes=2 << 20, fast_exact_bytes=1 << 20)
    rng = np.random.default_rng(4)
    for first in range(0, 8_000, 80):
        middle = 20_000 + 5.0 * (first // 400)
        buckets = {
            n: (
                {middle - 5.0 * k: float(q) for k, q in enumerate(rng.exponential(1, 40))},
                {middle + 5.0 * (k + 1): float(q) for k, q in enumerate(rng.exponential(1, 40))},
            )
            for n in range(first, first + 80)
        }
        store.apply(SUB, live(buckets, reach_px=(middle - 300, middle + 300)))
    heat = held(store)
    assert heat.total_bytes < 2 << 20
    assert store.exact_bytes(SUB) <= 1 << 20
    assert heat.last_column - heat.first_column > 1_000
    assert store.snapshot(SUB, START_MS) is None
    assert store.snapshot(SUB, START_MS + 799_900) is not None


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True),
    st.tuples(st.floats(50, 150), st.floats(0, 120)),
)
def test_any_reach_shows_what_is_inside_and_nothing_outside(
    levels: list[int], reach: tuple[float, float]
) -> None:
    low, high = reach[0], reach[0] + reach[1]
    bids = {50.0 + 5 * level: 1.0 + level for level in levels}
    frame = live({0: (bids, {})}, reach_px=(low, high))
    wide = live({1: (bids, {})}, reach_px=(0.0, 500.0))
    store = MarketStore()
    store.apply(SUB, wide)
    store.apply(SUB, frame)
    for level in range(40):
        price = 50.0 + 5 * level
        inside = price >= low - 5e-6 and price + 5 <= high + 5e-6
        expected = bids.get(price, 0.0) if inside else math.nan
        assert value(store, 0, price) == pytest.approx(expected, rel=5e-4, nan_ok=True)
        exact = store.exact(SUB, START_MS, price)
        assert exact is not None
        assert exact.bid == pytest.approx(expected, nan_ok=True)


def test_what_is_picked_of_a_live_frame_keeps_all_that_belongs_to_it() -> None:
    level = ({100.0: 1.0}, {105.0: 1.0})
    frame = live(dict.fromkeys(range(4), level), {2: ({95.0: 9.0}, {})}, reach_px=(50, 200))
    frame = replace(frame, flaws=np.array([0, 1, 2, 3], np.uint8))
    store = MarketStore()
    # a bucket far from what was asked is left out, the others are taken whole
    store.apply(SUB, replace(frame, to_ms=frame.from_ms + 100))
    found = store.snapshot(SUB, START_MS + 100)
    assert found is not None
    kept, i = found
    assert isinstance(kept, BookWindow)
    assert kept.flaws is not None
    assert kept.reach_px is not None
    assert (int(kept.flaws[i]), kept.reach_px[i].tolist()) == (1, [50.0, 200.0])


@pytest.mark.parametrize("levels", [20, 500])
def test_snapshots_held_as_served_take_what_is_counted_for_them(levels: int) -> None:
    book = {100.0 - 5 * n: 1.0 + n for n in range(levels)}
    store = MarketStore()
    tracemalloc.start()
    try:
        store.apply(SUB, live({0: (book, book)}))
        counted, taken = store.exact_bytes(SUB), 0
        exact = ExactFrames()
        before = tracemalloc.get_traced_memory()[0]
        for n in range(200):
            exact.add(ended(live({n: (book, book)})))
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.75 * taken < exact.nbytes < 1.25 * taken
    assert exact.nbytes == 200 * counted

"""Best prices of a live book are held by column, whatever becomes of the cells beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from heatdesk.frames import BookSub, BookWindow
from heatdesk.store.bucketing import picked
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.market import MarketStore
from heatdesk.store.ring import BLOCK
from heatdesk.views.best_prices import BestPrices
from tests.heatdesk.store.live import START_MS, live

NAN = float("nan")


def quoted(
    best: dict[int, tuple[float, float]], block_size: float = 5.0, middle: float = 100.0
) -> BookWindow:
    """Live columns of one level a side, and the best prices that the venue quotes."""
    low = middle // block_size * block_size
    frame = live(dict.fromkeys(best, ({low: 1.0}, {low: 2.0})), block_size=block_size)
    return replace(frame, best_px=np.array([best[n] for n in sorted(best)]))


def read(heat: HeatmapStore, first: int, stop: int) -> NDArray[np.float64]:
    """Best prices of buckets by number."""
    zero = heat.grid.time.column_of(START_MS)
    found = heat.best_px(zero + first, zero + stop)
    assert found is not None
    return found


def test_best_prices_are_those_of_the_venue_and_not_of_the_level() -> None:
    frame = quoted({0: (101.3, 101.4), 1: (103.0, NAN), 3: (99.7, 99.9)})
    heat = HeatmapStore.for_frame(frame)
    heat.apply(frame)
    expected = [[101.3, 101.4], [103.0, NAN], [NAN, NAN], [99.7, 99.9], [NAN, NAN]]
    np.testing.assert_array_equal(read(heat, 0, 5), expected)


def test_a_book_that_tells_none_holds_none() -> None:
    frame = live({0: ({100.0: 1.0}, {105.0: 1.0})})
    heat = HeatmapStore.for_frame(frame)
    heat.apply(frame)
    assert heat.best_px(0, 5) is None
    prices = BestPrices()
    prices.follow(heat)
    assert not prices.quoted
    assert prices.at(heat.first_column) == (100.0, 105.0)


def test_columns_from_before_the_first_word_of_them_are_not_known() -> None:
    untold = live({0: ({100.0: 1.0}, {105.0: 1.0})})
    heat = HeatmapStore.for_frame(untold)
    heat.apply(untold)
    prices = BestPrices()
    prices.follow(heat)
    held = heat.nbytes
    heat.apply(quoted({1: (101.3, 101.4)}))
    assert heat.nbytes - held == BLOCK * 16
    np.testing.assert_array_equal(read(heat, 0, 2), [[NAN, NAN], [101.3, 101.4]])
    prices.follow(heat)
    assert prices.quoted
    assert prices.at(heat.last_column) == (101.3, 101.4)
    assert np.isnan(prices.at(heat.first_column)).all()


def test_a_snapshot_served_keeps_its_best_prices() -> None:
    sub = BookSub("binance-usdm", interval_ms=100)
    store = MarketStore()
    store.apply(sub, quoted({0: (101.3, 101.4), 1: (103.0, 103.2)}))
    found = store.snapshot(sub, START_MS + 150)
    assert found is not None
    frame, i = found
    assert isinstance(frame, BookWindow)
    assert frame.best_px is not None
    assert frame.best_px[i].tolist() == [103.0, 103.2]
    one = picked(frame, np.array([1]))
    assert isinstance(one, BookWindow)
    assert one.best_px is not None
    assert one.best_px.tolist() == [[103.0, 103.2]]
    last = store.last_book(sub)
    assert isinstance(last, BookWindow)
    assert last.best_px is not None
    assert last.best_px.tolist() == [[103.0, 103.2]]


def test_best_prices_of_the_wrong_shape_are_refused() -> None:
    frame = live({0: ({100.0: 1.0}, {105.0: 1.0})})
    with pytest.raises(ValueError, match="best_px"):
        replace(frame, best_px=np.zeros((2, 2)))


doings = st.lists(
    st.tuples(
        # appended, corrected, far before and far after
        st.one_of(st.integers(0, 60), st.integers(-2 * BLOCK, 3 * BLOCK)),
        st.integers(1, 50),
        # here and there, and so far away that levels are let go
        st.sampled_from([100.0, 101.0, 140.0, 900.0, 9_000.0]),
        st.sampled_from([5.0, 5.0, 1.0, 10.0]),
        st.integers(0, 2**16),
    ),
    min_size=1,
    max_size=6,
)


def test_a_price_that_leaves_for_good_takes_no_best_price_with_it() -> None:
    frame = quoted({0: (101.3, 101.4)})
    heat = HeatmapStore.for_frame(frame)
    heat.apply(frame)
    # farther away than all levels together may reach: the old ones are let go
    heat.apply(quoted({1: (9_000_001.3, 9_000_001.4)}, middle=9_000_000.0))
    assert heat.first_level > 1_000
    np.testing.assert_array_equal(read(heat, 0, 2), [[101.3, 101.4], [9_000_001.3, 9_000_001.4]])


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(doings, st.sampled_from([30_000, 120_000, 64 << 20]))
def test_whatever_happens_to_the_cells_the_best_prices_are_those_told_last(
    session: list[tuple[int, int, float, float, int]], budget: int
) -> None:
    heat: HeatmapStore | None = None
    prices = BestPrices()
    told: dict[int, tuple[float, float]] = {}
    for first, count, middle, block_size, seed in session:
        rng = np.random.default_rng(seed)
        best = np.round(middle + rng.uniform(0, 1, (count, 2)), 2)
        best[rng.random((count, 2)) < 0.1] = np.nan
        fresh = {first + n: (float(a), float(b)) for n, (a, b) in enumerate(best)}
        frame = quoted(fresh, block_size, middle)
        if heat is None:
            heat = HeatmapStore.for_frame(frame, budget_bytes=budget)
        heat.apply(frame)
        told |= fresh
        while True:
            prices.follow(heat)
            if not prices.catching_up:
                break
        zero = heat.grid.time.column_of(START_MS)
        first_held, stop = heat.first_column - zero, heat.last_column + 1 - zero
        floor = heat._ring.floor - zero
        told = {n: px for n, px in told.items() if n >= floor}
        expected = [told.get(n, (NAN, NAN)) for n in range(first_held, stop)]
        np.testing.assert_array_equal(read(heat, first_held, stop), np.array(expected))
        # what follows it says the same
        lines = [prices.at(n) for n in range(heat.first_column, heat.last_column + 1)]
        np.testing.assert_array_equal(np.array(lines), np.array(expected))
        # outside of what is held nothing is known, and nothing is kept
        assert np.isnan(read(heat, first_held - 600, first_held)).all()
        held = sum(block.nbytes for block in heat._ring.blocks.values())
        assert heat.nbytes == held

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from heatdesk.analytics.book import best_of_snapshot, compute_profile, profile_csv
from heatdesk.frames import BookWindow, LevelRuns, Quote


def runs(*snapshots: list[tuple[float, float]]) -> LevelRuns:
    offsets = np.cumsum([0, *(len(s) for s in snapshots)]).astype(np.int64)
    levels = np.array([level for s in snapshots for level in s], np.float64).reshape(-1, 2)
    return LevelRuns(offsets, levels[:, 0].copy(), levels[:, 1].copy())


def window(**sides: LevelRuns) -> BookWindow:
    times = np.array([60_000], np.int64)
    return BookWindow(60_000, 120_000, 60_000, times, 5.0, Quote.COIN, **sides)


BOOK = window(
    bids=runs([(100.0, 0.0), (95.0, 2.0), (90.0, 3.0)]),
    asks=runs([(105.0, 1.0), (110.0, 4.0)]),
)


def test_the_best_prices_are_those_that_hold_something() -> None:
    profile = compute_profile(BOOK)
    assert profile is not None
    top = profile.top
    assert (top.bid, top.ask) == (95.0, 105.0)
    assert top.mid == 102.5
    assert top.spread == 5.0
    assert top.spread_bound == 10.0


def test_cumulative_sums_run_outwards_from_the_best_price() -> None:
    profile = compute_profile(BOOK)
    assert profile is not None
    assert profile.bid_sum.tolist() == [0.0, 2.0, 5.0]
    assert profile.ask_sum.tolist() == [1.0, 5.0]
    assert profile.cumulative_at(92.0) == 5.0
    assert profile.cumulative_at(107.0) == 1.0
    assert profile.cumulative_at(112.0) == 5.0
    assert math.isnan(profile.cumulative_at(50.0))


def test_levels_without_sides_are_divided_at_the_price() -> None:
    unsided = window(unsided=runs([(90.0, 1.0), (95.0, 2.0), (100.0, 3.0)]))
    profile = compute_profile(unsided, mid=97.0)
    assert profile is not None
    assert profile.bid_price.tolist() == [95.0, 90.0]
    assert profile.ask_price.tolist() == [100.0]


def test_without_a_price_they_are_divided_at_the_widest_empty_stretch() -> None:
    unsided = window(unsided=runs([(80.0, 1.0), (85.0, 2.0), (100.0, 3.0), (105.0, 1.0)]))
    profile = compute_profile(unsided)
    assert profile is not None
    assert profile.bid_price.tolist() == [85.0, 80.0]


def test_an_empty_book_says_nothing() -> None:
    empty = BookWindow(0, 60_000, 60_000, np.empty(0, np.int64), 5.0, Quote.COIN, unsided=runs())
    assert compute_profile(empty) is None


def test_the_book_is_written_from_the_highest_price_down() -> None:
    profile = compute_profile(BOOK)
    assert profile is not None
    rows = [row.split(",") for row in profile_csv(profile).splitlines()]
    assert rows[0] == ["time_ms", "price", "bid_qty", "ask_qty", "cumulative_qty"]
    assert [float(row[1]) for row in rows[1:]] == [110.0, 105.0, 100.0, 95.0, 90.0]
    assert rows[1] == ["60000", "110.0", "0.0", "4.0", "5.0"]


def test_a_book_that_tells_its_best_prices_is_exact_at_any_height_of_a_level() -> None:
    sides = {"bids": runs([(95.0, 1.0)]), "asks": runs([(95.0, 2.0), (100.0, 1.0)])}
    levels = compute_profile(window(**sides))
    assert levels is not None
    assert not levels.top.exact
    assert (levels.top.bid, levels.top.ask, levels.top.spread_bound) == (95.0, 95.0, 5.0)
    told = replace(window(**sides), best_px=np.array([[97.1, 97.3]]))
    profile = compute_profile(told)
    assert profile is not None
    top = profile.top
    assert top.exact
    assert (top.bid, top.ask, top.mid) == (97.1, 97.3, pytest.approx(97.2))
    assert top.spread == top.spread_bound == pytest.approx(0.2)
    assert best_of_snapshot(told, 0) == (97.1, 97.3)
    assert best_of_snapshot(window(**sides), 0) == (95.0, 95.0)

from __future__ import annotations

import numpy as np
import pytest

from heatdesk.store.codes import EMPTY, FIRST, NOT_OBSERVED
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.best_prices import MOST_COLUMNS, BestPrices, best_levels
from heatdesk.views.price_lines import PriceSeries, lay_out_line
from heatdesk.views.viewport import ChartWindow
from tests.heatdesk.store.books import START_MS, Snapshot, book, liquidations, random_snapshot


def store_of(minutes: dict[int, tuple[Snapshot, Snapshot]], asked: tuple[int, int]) -> HeatmapStore:
    frame = book(
        {n: bids for n, (bids, _) in minutes.items()},
        {n: asks for n, (_, asks) in minutes.items()},
        asked=asked,
    )
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store


def served(minutes: dict[int, tuple[Snapshot, Snapshot]], n: int) -> tuple[float, float]:
    """Best price of each side, straight from what was served."""
    if n not in minutes:
        return float("nan"), float("nan")
    bids = [price for price, qty in minutes[n][0].items() if qty > 0]
    asks = [price for price, qty in minutes[n][1].items() if qty > 0]
    return max(bids, default=float("nan")), min(asks, default=float("nan"))


def check(
    prices: BestPrices, store: HeatmapStore, minutes: dict[int, tuple[Snapshot, Snapshot]]
) -> None:
    first = store.grid.time.column_of(START_MS)
    for column in range(store.first_column, store.last_column + 1):
        expected = served(minutes, column - first)
        assert prices.at(column) == pytest.approx(expected, nan_ok=True)


def test_a_side_that_holds_nothing_has_no_best_price() -> None:
    bid = np.array([[FIRST], [EMPTY], [NOT_OBSERVED]], np.uint16)
    nothing = np.array([[EMPTY], [EMPTY], [NOT_OBSERVED]], np.uint16)
    best_bid, best_ask = best_levels(bid, nothing, 7)
    assert best_bid[0] == 7.0
    assert np.isnan(best_ask[0])
    assert best_levels(bid[:0], bid[:0], 0)[0].shape == (1,)


def test_only_columns_that_changed_are_read_and_every_column_stays_right() -> None:
    rng = np.random.default_rng(3)
    minutes = {n: random_snapshot(rng, 14_000 + n % 9, 40) for n in range(60) if n % 13}
    store = store_of(minutes, (0, 60))
    prices = BestPrices()
    assert prices.follow(store)
    check(prices, store, minutes)
    read = prices.columns_read
    assert not prices.follow(store)
    assert prices.columns_read == read
    # appended, corrected, earlier, with levels nobody served before
    for n, middle in ((60, 14_010), (31, 13_700), (26, 14_400), (-5, 14_000)):
        minutes[n] = random_snapshot(rng, middle, 40)
        store.apply(book({n: minutes[n][0]}, {n: minutes[n][1]}))
        before = prices.columns_read
        assert prices.follow(store)
        assert prices.columns_read - before <= 2
        check(prices, store, minutes)


def test_a_long_history_is_read_in_parts_the_newest_first() -> None:
    rng = np.random.default_rng(6)
    minutes = {n: random_snapshot(rng, 14_000 + n % 50, 10) for n in range(3 * MOST_COLUMNS)}
    store = store_of(minutes, (0, 3 * MOST_COLUMNS))
    prices = BestPrices()
    assert prices.follow(store)
    assert prices.columns_read == MOST_COLUMNS
    assert prices.catching_up
    newest = store.last_column
    assert prices.at(newest) == pytest.approx(served(minutes, 3 * MOST_COLUMNS - 1))
    assert np.isnan(prices.at(store.first_column)).all()
    # a correction meanwhile counts, wherever it is
    minutes[5] = random_snapshot(rng, 13_000, 10)
    store.apply(book({5: minutes[5][0]}, {5: minutes[5][1]}))
    calls = 1
    while prices.catching_up:
        assert prices.follow(store)
        calls += 1
    assert calls == 3
    check(prices, store, minutes)
    assert not prices.follow(store)


def test_columns_that_are_evicted_are_forgotten() -> None:
    rng = np.random.default_rng(4)
    minutes = {n: random_snapshot(rng, 14_000, 40) for n in range(2_400)}
    frame = book({n: b for n, (b, _) in minutes.items()}, {n: a for n, (_, a) in minutes.items()})
    store = HeatmapStore.for_frame(frame, budget_bytes=600_000)
    prices = BestPrices()
    for start in range(0, 2_400, 100):
        part = range(start, start + 100)
        store.apply(book({n: minutes[n][0] for n in part}, {n: minutes[n][1] for n in part}))
        prices.follow(store)
    assert store.first_column > store.grid.time.column_of(START_MS)
    check(prices, store, minutes)
    assert np.isnan(prices.at(store.first_column - 1)).all()


def test_a_source_without_sides_has_no_best_prices() -> None:
    frame = liquidations({0: {100.0: 1.0}}, 5.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    prices = BestPrices()
    assert not prices.follow(store)
    assert prices.bid.size == 0


SERIES_START_S = 1_000.0


def series(price: np.ndarray, step_s: float = 1.0) -> PriceSeries:
    return PriceSeries(SERIES_START_S, step_s, price)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("columns", [30, 200, 333, 1_000, 5_000, 40_000])
def test_no_excursion_is_lost_at_any_zoom(columns: int, ratio: float) -> None:
    rng = np.random.default_rng(columns)
    price = 100 + np.cumsum(rng.normal(0, 0.01, columns))
    spikes = rng.choice(columns, 5, replace=False)
    price[spikes] += np.array([7.0, -7.0, 6.0, 8.0, -9.0])
    window = ChartWindow(SERIES_START_S, SERIES_START_S + columns, 80, 120, 400, 300)
    runs = lay_out_line(series(price), window, ratio)
    assert len(runs) == 1
    points = runs[0]
    assert (np.diff(points[:, 0]) >= 0).all()
    for column in spikes.tolist():
        x, y = window.x_of(SERIES_START_S + column + 0.5), window.y_of(price[column])
        near = np.abs(points[:, 0] - x) <= max(1.0, window.width_px / columns)
        assert np.abs(points[near, 1] - y).min() < 1e-6
    # and it invents none
    assert points[:, 1].min() == pytest.approx(window.y_of(price.max()))
    assert points[:, 1].max() == pytest.approx(window.y_of(price.min()))


@pytest.mark.parametrize("columns", [50, 300, 500, 2_000, 40_000])
def test_a_gap_breaks_the_line_and_nothing_else_does(columns: int) -> None:
    price = np.full(columns, 100.0)
    a, b = columns // 2, columns // 2 + columns // 10
    price[a:b] = np.nan
    window = ChartWindow(SERIES_START_S, SERIES_START_S + columns, 90, 110, 400, 300)
    runs = lay_out_line(series(price), window)
    assert len(runs) == 2
    tolerance = 1.0 + window.width_px / columns
    assert runs[0][-1, 0] == pytest.approx(window.x_of(SERIES_START_S + a), abs=tolerance)
    assert runs[1][0, 0] == pytest.approx(window.x_of(SERIES_START_S + b), abs=tolerance)


def test_wide_columns_are_steps_at_their_own_price() -> None:
    window = ChartWindow(SERIES_START_S, SERIES_START_S + 4, 0, 10, 400, 100)
    (points,) = lay_out_line(series(np.array([1.0, 3.0, 2.0, 4.0])), window)
    assert points[:, 0].tolist() == [0, 100, 100, 200, 200, 300, 300, 400]
    assert points[:, 1].tolist() == [90, 90, 70, 70, 80, 80, 60, 60]


def test_a_line_out_of_view_or_without_a_price_is_nothing() -> None:
    window = ChartWindow(0, 10, 0, 10, 400, 100)
    assert lay_out_line(series(np.ones(5)), window) == []
    assert lay_out_line(series(np.empty(0)), window) == []
    there = ChartWindow(SERIES_START_S, SERIES_START_S + 4_000, 0, 10, 40, 100)
    assert lay_out_line(series(np.full(4_000, np.nan)), there) == []

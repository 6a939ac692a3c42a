from __future__ import annotations

import numpy as np
import pytest

from heatdesk.frames import CandleWindow
from heatdesk.store.codes import EMPTY, FIRST, NOT_OBSERVED
from heatdesk.units import MINUTE_MS
from heatdesk.views.best_prices import best_levels
from heatdesk.views.candles import lay_out_candles
from heatdesk.views.instruments import coin_of, depth_text, symbol_for, unit_lines
from heatdesk.views.legend import (
    LegendScale,
    QuantityHistogram,
    parse_cut,
    percentile_text,
)
from heatdesk.views.profile import full_scale, lay_out_bars, lay_out_curve
from heatdesk.views.viewport import ChartWindow


def candles(n: int, open_: float = 100.0, close: float = 101.0) -> CandleWindow:
    times = np.arange(n, dtype=np.int64) * MINUTE_MS
    ones = np.ones(n)
    return CandleWindow(
        0,
        n * MINUTE_MS,
        MINUTE_MS,
        times,
        open_ * ones,
        (max(open_, close) + 2) * ones,
        (min(open_, close) - 2) * ones,
        close * ones,
        ones,
    )


def test_only_candles_in_view_are_laid_out() -> None:
    shapes = lay_out_candles(candles(1000), ChartWindow(600, 1200, 90, 110, 600, 400))
    assert shapes.x.size <= 13
    assert shapes.body_px > 3
    assert shapes.up.all()
    assert (shapes.high < shapes.low).all()


def test_crowded_candles_become_one_range_per_pixel() -> None:
    window = ChartWindow(0, 1000 * 60, 90, 110, 100, 400)
    shapes = lay_out_candles(candles(1000), window)
    assert shapes.body_px == 0
    assert shapes.x.size == 100
    assert shapes.high.min() == pytest.approx(window.y_of(103))


def test_a_candle_without_prices_is_left_out() -> None:
    holed = candles(3)
    close = holed.close.copy()
    close[1] = np.nan
    holed = CandleWindow(
        0,
        180_000,
        MINUTE_MS,
        holed.time_ms,
        holed.open,
        holed.high,
        holed.low,
        close,
        holed.volume_base,
    )
    assert lay_out_candles(holed, ChartWindow(0, 180, 90, 110, 300, 100)).x.size == 2


def test_best_levels_are_the_inner_ones_that_hold_something() -> None:
    bid = np.array([[FIRST], [FIRST + 5], [EMPTY], [NOT_OBSERVED]], np.uint16)
    ask = np.array([[EMPTY], [EMPTY], [FIRST], [FIRST + 9]], np.uint16)
    best_bid, best_ask = best_levels(bid, ask, 100)
    assert (best_bid[0], best_ask[0]) == (101.0, 102.0)
    nothing = np.zeros((4, 1), np.uint16)
    assert np.isnan(best_levels(nothing, nothing, 100)).all()


def test_bars_sharing_a_pixel_row_show_their_largest() -> None:
    price = np.arange(1000.0)
    qty = np.ones(1000)
    qty[500] = 10.0
    bars = lay_out_bars(price, qty, 1.0, ChartWindow(0, 1, 0, 1000, 100, 100), 10.0)
    assert bars.top.size <= 101
    assert bars.length.max() == 1.0


def test_one_giant_level_does_not_shrink_the_others() -> None:
    price = np.arange(200.0)
    qty = np.ones(200)
    qty[10] = 1e6
    assert full_scale([(price, qty)], 1.0, ChartWindow(0, 1, 0, 200, 10, 10)) == 1.0


def test_a_cumulative_curve_starts_at_the_edge() -> None:
    window = ChartWindow(0, 1, 0, 100, 100, 100)
    rows, lengths = lay_out_curve(
        np.array([50.0, 60.0, 70.0]), np.array([0.0, 1.0, 4.0]), window, 4.0
    )
    assert (rows[0], lengths[0]) == (50.0, 0.0)
    assert (rows[-1], lengths[-1]) == (30.0, 1.0)
    assert (np.diff(lengths) >= 0).all()


HISTOGRAM = QuantityHistogram(np.array([1.0, 10.0, 100.0]), np.array([70, 20, 10], np.int64))


def test_percentiles_and_quantities_are_each_others_inverse() -> None:
    assert HISTOGRAM.quantity_at(75) == 10.0
    assert HISTOGRAM.quantity_at(99.5) == 100.0
    assert HISTOGRAM.percentile_of(10.0) == 90.0


def test_the_legend_scale_maps_there_and_back() -> None:
    scale = LegendScale.over(HISTOGRAM, (2.0, 50.0), 300)
    for quantity in (1.0, 2.0, 33.0, 100.0):
        assert scale.quantity_at(scale.y_of(quantity)) == pytest.approx(quantity)
    assert scale.y_of(100.0) < scale.y_of(1.0)
    rows = [scale.y_of(mark) for mark in scale.marks()]
    assert (-np.diff(rows) >= 21.9).all()


@pytest.mark.parametrize(
    ("text", "mode", "read"),
    [
        ("p80", "absolute", ("percentile", 80.0)),
        ("99.5 %", "absolute", ("percentile", 99.5)),
        ("1.5M", "percentile", ("absolute", 1.5e6)),
        ("$2,500", "percentile", ("absolute", 2500.0)),
        ("67", "absolute", ("absolute", 67.0)),
        ("75", "percentile", ("percentile", 75.0)),
    ],
)
def test_a_typed_cut_off_is_understood(text: str, mode: str, read: tuple[str, float]) -> None:
    assert parse_cut(text, mode) == read


@pytest.mark.parametrize("text", ["", "lots", "p101", "nan", "inf", "-5 %"])
def test_a_cut_off_that_makes_no_sense_is_refused(text: str) -> None:
    assert np.isnan(parse_cut(text, "percentile")[1])


@pytest.mark.parametrize(
    ("venue", "symbol", "coin"),
    [
        ("BINANCE_FUTURES", "ETHUSDT", "ETH"),
        ("OKEX_SWAP", "SOL-USDT-SWAP", "SOL"),
        ("HYPERLIQUID_FUTURES", "HYPE", "HYPE"),
        ("BITMEX", "XBTUSD", "BTC"),
        ("BITSTAMP", "ethusd", "ETH"),
    ],
)
def test_symbol_and_coin_belong_together(venue: str, symbol: str, coin: str) -> None:
    assert coin_of(venue, symbol) == coin
    assert symbol_for(venue, coin) == symbol


def test_a_depth_says_how_far_it_reaches() -> None:
    assert depth_text(500, 5.0) == "500 levels, about $2,500 each side"


def test_the_legend_names_what_it_counts() -> None:
    from heatdesk.frames import Quote

    assert " ".join(unit_lines(Quote.COIN, "BTC", 5.0, "level")) == "BTC per $5 level"
    assert " ".join(unit_lines(Quote.USD, "BTC", 25.0, "level")) == "USD per $25 level"


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (0.0, "p0"),
        (75.0, "p75"),
        (92.8312, "p92.8"),
        (99.954, "p99.95"),
        (99.9999, "p99.99"),
        (100.0, "p100"),
    ],
)
def test_a_percentile_is_short_and_only_all_of_them_is_a_hundred(percent: float, text: str) -> None:
    assert percentile_text(percent) == text

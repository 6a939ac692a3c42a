from __future__ import annotations

import math

import numpy as np
import pytest

from heatdesk.analytics.trades import TradeSums, cluster_cells, pool_trades
from heatdesk.frames import Quote
from heatdesk.views.bubbles import (
    LEAST_PX,
    MOST_PX,
    BubbleScale,
    BubbleShapes,
    ScaleKeeper,
    bubble_rows,
    fit_scale,
    lay_out_bubbles,
    least_text,
    span_text,
    volumes,
)
from heatdesk.views.trade_slices import slice_grid
from tests.heatdesk.analytics.test_trades import GRID, batch_of
from tests.heatdesk.views.test_trade_slices import WINDOW, invented

SCALE = BubbleScale(100.0, 10.0, 500)


def clusters(n: int = 4_000, span_ms: int = 60_000) -> TradeSums:
    return cluster_cells(pool_trades(invented(n, span_ms), slice_grid(WINDOW)))


def shapes_of(sums: TradeSums, least: float = 0.0, quote: Quote = Quote.COIN) -> BubbleShapes:
    volume = volumes(sums, quote)
    scale = fit_scale(volume)
    assert scale is not None
    return lay_out_bubbles(sums, slice_grid(WINDOW), WINDOW, volume, scale, least)


def test_areas_are_as_volumes_between_the_smallest_and_the_largest_size() -> None:
    px = SCALE.diameters_px(np.array([25.0, 50.0, 100.0, 4_000.0, 1e-9]))
    assert px[1] ** 2 / px[0] ** 2 == pytest.approx(2)
    assert px.tolist()[2:] == [MOST_PX, MOST_PX, LEAST_PX]


def test_by_default_a_tenth_of_the_bubbles_is_shown() -> None:
    volume = np.random.default_rng(1).lognormal(0, 1.5, 2_000)
    scale = fit_scale(volume)
    assert scale is not None
    assert (volume >= scale.usual_least).sum() == pytest.approx(200, abs=2)
    assert scale.full == pytest.approx(np.quantile(volume, 0.995))


@pytest.mark.parametrize("n", [1, 4, 12])
def test_of_few_bubbles_some_are_shown_all_the_same(n: int) -> None:
    volume = np.arange(1.0, n + 1)
    scale = fit_scale(volume)
    assert scale is not None
    assert (volume >= scale.usual_least).sum() >= min(n, 6)


def test_no_bubble_has_no_scale() -> None:
    assert fit_scale(np.empty(0)) is None


def test_the_scale_holds_while_trades_come_and_the_view_pans() -> None:
    rng = np.random.default_rng(2)
    keeper = ScaleKeeper()
    first = keeper.offer(rng.lognormal(0, 1, 500), "key")
    for _ in range(50):
        assert keeper.offer(rng.lognormal(rng.normal(0, 2), 1, 2_000), "key") is first
    assert keeper.offer(rng.lognormal(0, 1, 500), "another zoom") is not first


def test_the_scale_is_fitted_again_when_it_is_asked_for() -> None:
    keeper = ScaleKeeper()
    keeper.offer(np.full(1_000, 1.0), "key")
    keeper.refit()
    scale = keeper.offer(np.full(1_000, 5.0), "key")
    assert scale is not None
    assert scale.full == 5.0


def test_a_scale_of_few_bubbles_grows_with_them_in_few_steps() -> None:
    keeper = ScaleKeeper()
    volume = np.random.default_rng(3).lognormal(0, 1, 3_000)
    fitted = [keeper.offer(volume[:n], "key") for n in range(1, 3_000)]
    scales = [scale for scale in dict.fromkeys(fitted) if scale is not None]
    assert len(scales) < 12
    assert 400 <= scales[-1].count < 800


def test_a_bubble_lies_at_the_weighted_price_and_time_and_the_largest_is_on_top() -> None:
    sums = clusters()
    shapes = shapes_of(sums)
    grid = slice_grid(WINDOW)
    assert (np.diff(shapes.sums.qty_base) >= 0).all()
    assert (np.diff(shapes.diameter) >= 0).all()
    for i in range(0, shapes.x.size, 37):
        assert shapes.y[i] == pytest.approx(WINDOW.y_of(shapes.sums.price[i]))
        assert shapes.x[i] == pytest.approx(
            WINDOW.x_of(shapes.sums.time_ms(grid)[i] / 1000), abs=1e-3
        )


def test_bubbles_under_the_least_volume_and_beyond_the_plot_are_left_out() -> None:
    sums = clusters(8_000, 90_000)
    shapes = shapes_of(sums, least=60.0)
    grid = slice_grid(WINDOW)
    seen = (sums.qty_base >= 60.0) & (sums.time_ms(grid) / 1000 < WINDOW.t1_s)
    inside = seen & (sums.price > WINDOW.p0) & (sums.price < WINDOW.p1)
    assert shapes.sums.qty_base.min() >= 60.0
    half = MOST_PX / 2
    assert shapes.x.min() > -half
    assert shapes.x.max() < WINDOW.width_px + half
    assert shapes.x.size >= inside.sum() > 0


def test_in_usd_the_least_volume_is_in_usd() -> None:
    shapes = shapes_of(clusters(), least=60_000.0, quote=Quote.USD)
    assert shapes.x.size
    assert shapes.sums.value_quote.min() >= 60_000.0


def test_a_point_finds_the_bubble_whose_middle_is_nearest() -> None:
    shapes = shapes_of(clusters(400))
    for i in range(0, shapes.x.size, 11):
        assert shapes.at(float(shapes.x[i]), float(shapes.y[i])) is not None
    largest = shapes.x.size - 1
    assert shapes.at(float(shapes.x[largest]), float(shapes.y[largest])) is not None
    assert shapes.at(-400.0, -400.0) is None
    empty = shapes_of(clusters(), least=math.inf)
    assert empty.at(10.0, 10.0) is None


def test_the_card_says_volume_split_price_and_number_of_trades() -> None:
    trades = [(0, 70_000.0, 3.0, True), (20, 70_000.5, 1.0, False)]
    sums = cluster_cells(pool_trades(batch_of(trades), GRID))
    assert bubble_rows(sums, 0, GRID, 0.1, Quote.COIN, "BTC") == [
        ("Traded", "4.00 BTC  $280K"),
        ("Buy / sell", "3.00 / 1.00  75 % buys"),
        ("VWAP", "70,000.1"),
        ("Trades", "2 in 200 ms"),
        ("Largest", "3.00 BTC  $210K"),
    ]
    rows = dict(bubble_rows(sums, 0, GRID, 0.1, Quote.USD, "BTC"))
    assert rows["Traded"] == "$280K  4.00 BTC"
    assert rows["Buy / sell"] == "$210K / $70.0K  75 % buys"


def test_one_trade_is_one_trade() -> None:
    sums = cluster_cells(pool_trades(batch_of([(0, 70_000.0, 3.0, False)]), GRID))
    rows = dict(bubble_rows(sums, 0, GRID, 0.1, Quote.COIN, "BTC"))
    assert rows["Trades"] == "1"
    assert rows["Buy / sell"].endswith("all sells")
    assert "Largest" not in rows


def test_a_share_never_says_all_where_it_is_not() -> None:
    trades = [(0, 70_000.0, 1_000.0, False), (1, 70_000.0, 0.5, True)]
    sums = cluster_cells(pool_trades(batch_of(trades), GRID))
    rows = dict(bubble_rows(sums, 0, GRID, 0.1, Quote.COIN, "BTC"))
    assert rows["Buy / sell"].endswith("1 % buys")


def test_words() -> None:
    assert [span_text(ms) for ms in (200, 1_000, 15_000, 60_000, 14_400_000)] == [
        "200 ms",
        "1 s",
        "15 s",
        "1 min",
        "4 h",
    ]
    assert least_text(0.0, Quote.COIN, "BTC") == "all"
    assert least_text(2.5, Quote.COIN, "BTC") == "from 2.50 BTC"
    assert least_text(180_000.0, Quote.USD, "BTC") == "from $180K"

from __future__ import annotations

import math
from datetime import UTC

import numpy as np
import pytest

from heatdesk.analytics.delta import DeltaLedger
from heatdesk.frames import Quote, TradeBatch
from heatdesk.views.delta import (
    Bounds,
    DeltaShapes,
    axis_text,
    delta_text,
    fine_step,
    fit_bounds,
    lay_out_delta,
    read_delta,
    since_text,
    step_ms,
)
from heatdesk.views.viewport import ChartWindow
from tests.heatdesk.views.test_trade_slices import START_MS, START_S, WINDOW, invented

HEIGHT = 120.0


def ledger_of(batch: TradeBatch) -> DeltaLedger:
    ledger = DeltaLedger()
    ledger.add(batch)
    return ledger


def laid_out(
    batch: TradeBatch, window: ChartWindow = WINDOW, quote: Quote = Quote.COIN
) -> DeltaShapes:
    shapes = lay_out_delta(ledger_of(batch), window, HEIGHT, quote)
    assert shapes is not None
    return shapes


def signed(batch: TradeBatch, quote: Quote = Quote.COIN) -> np.ndarray:
    size = batch.qty_base * (batch.price if quote is Quote.USD else 1.0)
    return np.where(batch.buy, size, -size)


@pytest.mark.parametrize("quote", [Quote.COIN, Quote.USD])
def test_a_bar_is_the_delta_of_the_trades_of_its_slice(quote: Quote) -> None:
    batch = invented(3_000, 60_000)
    shapes = laid_out(batch, quote=quote)
    width_ms = step_ms(WINDOW, 5.0)
    first = START_MS // width_ms
    each = np.bincount(batch.time_ms // width_ms - first, signed(batch, quote))
    assert shapes.bar[: each.size] == pytest.approx(each)
    assert shapes.bar_px == pytest.approx(width_ms / 1000 / WINDOW.s_per_px)
    rising = shapes.bar > 0
    assert (shapes.bar_top[rising] < shapes.bar_zero_y).all()
    assert (shapes.bar_top[~rising] == shapes.bar_zero_y).all()
    assert (shapes.bar_top + shapes.bar_height <= HEIGHT).all()


def test_the_line_is_the_running_sum_and_ends_with_all_trades() -> None:
    batch = invented(3_000, 50_000)
    shapes = laid_out(batch)
    assert shapes.last == pytest.approx(signed(batch).sum())
    for x, y in list(zip(shapes.x, shapes.y, strict=True))[5::61]:
        moment_ms = WINDOW.time_at(float(x)) * 1000
        total = signed(batch)[batch.time_ms < round(moment_ms)].sum()
        assert shapes.y_of(float(total)) == pytest.approx(y, abs=0.5)
    top, bottom = shapes.line_px
    assert shapes.y.min() >= top
    assert shapes.y.max() <= bottom
    assert shapes.value_at(shapes.y_of(123.0)) == pytest.approx(123.0)


def test_the_scales_stay_while_they_suit_the_figures() -> None:
    batch = invented(6_000, 120_000)
    ledger = ledger_of(batch)
    kept, seen = None, set()
    for second in np.arange(60.0, 61.5, 0.05).tolist():
        shapes = lay_out_delta(ledger, WINDOW.ending_at(START_S + second), HEIGHT, Quote.COIN, kept)
        assert shapes is not None
        kept = shapes.scales
        seen.add(kept.line)
        assert kept.line.low <= shapes.last
        assert shapes.y[np.isfinite(shapes.y)].min() >= 0
    assert len(seen) <= 2


def test_a_range_grows_at_once_and_shrinks_only_when_little_of_it_is_used() -> None:
    kept = fit_bounds(None, 0.0, 10.0)
    assert kept == Bounds(-2.0, 12.0)
    assert fit_bounds(kept, 0.0, 6.0) is kept
    assert fit_bounds(kept, -1.9, 11.9) is kept
    assert fit_bounds(kept, 0.0, 13.0) == Bounds(-2.6, 15.6)
    assert fit_bounds(kept, 0.0, 2.0).high < 3
    level = fit_bounds(None, 5.0, 5.0)
    assert level.low < 5.0 < level.high


def test_one_block_trade_does_not_flatten_the_other_bars() -> None:
    batch = invented(3_000, 60_000)
    qty = batch.qty_base.copy()
    qty[1_500] = 1e6
    shapes = laid_out(TradeBatch(batch.time_ms, batch.price, qty, batch.buy))
    assert np.median(shapes.bar_height) > 2
    assert shapes.bar_height.max() <= HEIGHT / 2


def test_where_nothing_is_known_nothing_is_drawn() -> None:
    assert lay_out_delta(DeltaLedger(), WINDOW, HEIGHT, Quote.COIN) is None
    ledger = ledger_of(invented(100, 1_000))
    for far in (START_S - 500, START_S + 5_000):
        assert lay_out_delta(ledger, WINDOW.ending_at(far), HEIGHT, Quote.COIN) is None
        assert read_delta(ledger, WINDOW, far, Quote.COIN) is None
    assert read_delta(ledger, WINDOW, math.nan, Quote.COIN) is None


def test_a_reading_is_of_the_slice_under_the_crosshair() -> None:
    batch = invented(3_000, 60_000)
    found = read_delta(ledger_of(batch), WINDOW, START_S + 31.234, Quote.COIN)
    assert found is not None
    assert found.from_ms <= START_MS + 31_234 < found.to_ms
    inside = (batch.time_ms >= found.from_ms) & (batch.time_ms < found.to_ms)
    assert found.delta == pytest.approx(signed(batch)[inside].sum())
    assert found.total == pytest.approx(signed(batch)[batch.time_ms < found.to_ms].sum())


@pytest.mark.parametrize("span_s", [0.5, 7.0, 900.0, 86_400.0, 40 * 86_400.0])
def test_any_zoom_is_drawn_in_bounded_work(span_s: float) -> None:
    batch = invented(3_000, 600_000)
    shapes = laid_out(batch, WINDOW.zoomed_time(span_s / 60, START_S + 1))
    assert shapes.x.size <= 2 * WINDOW.width_px
    assert np.isfinite(shapes.bar_top).all()


@pytest.mark.parametrize(
    ("value", "step", "usd", "text"),
    [
        (1_250.0, 250.0, False, "+1.25K"),
        (1_000.0, 500.0, False, "+1.0K"),
        (-340e6, 20e6, True, "-$340M"),
        (0.0, 5.0, False, "0"),
        (25.0, 25.0, False, "+25"),
        (-0.35, 0.05, False, "-0.35"),
        (2.5e9, 0.5e9, True, "+$2.5B"),
    ],
)
def test_figures_of_the_axis_are_as_fine_as_its_steps(
    value: float, step: float, usd: bool, text: str
) -> None:
    assert axis_text(value, step, usd) == text


def test_marks_of_the_axis_are_round_and_in_range() -> None:
    shapes = laid_out(invented(3_000, 60_000))
    values = [tick.value for tick in shapes.ticks]
    assert 2 <= len(values) <= 6
    assert all(shapes.scales.line.low <= value <= shapes.scales.line.high for value in values)
    assert len({tick.label for tick in shapes.ticks}) == len(values)


def test_words() -> None:
    assert delta_text(1_240.0, Quote.COIN, "BTC") == "+1.24K BTC"
    assert delta_text(-3.1e6, Quote.USD, "BTC") == "-$3.10M"
    assert delta_text(math.nan, Quote.USD, "BTC") == "-"
    assert fine_step(700.0) == 10.0
    assert since_text(START_MS, UTC) == "since 13:20"
    assert since_text(START_MS + 7_000, UTC, 120.0) == "since 13:20:07"
    assert since_text(None, UTC) == ""
    assert fine_step(0.0) == 1.0

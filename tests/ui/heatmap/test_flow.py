from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from heatdesk.frames import TradeBatch
from heatdesk.store.tape import LiquidationTape, TradeTape
from heatdesk.views.bubbles import LEAST_PX, MOST_PX
from heatdesk.views.palettes import LIQUIDITY, lab_of_rgb, ramp
from heatdesk.views.viewport import ChartWindow
from tests.heatdesk.views.test_palettes import BLINDNESS
from tests.heatdesk.views.test_trade_slices import START_MS, part
from tests.ui.heatmap.flow_chart import (
    NEWEST_S,
    TRADES,
    all_in,
    liquidated,
    liquidation_tape,
    open_chart,
    trade_tape,
)
from ui import theme
from ui.heatmap.chart import PriceTimeChart
from ui.heatmap.layer import Layer
from ui.heatmap.stamps import PieSheet

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from heatdesk.analytics.delta import TradeFeed

RATIOS = [1.0, 1.25, 1.5, 2.0]


@pytest.fixture
def trades() -> TradeTape:
    return trade_tape()


@pytest.fixture
def liquidations() -> LiquidationTape:
    return liquidation_tape()


@pytest.fixture
def chart(qtbot: QtBot, trades: TradeTape, liquidations: LiquidationTape) -> PriceTimeChart:
    return open_chart(qtbot, trades, liquidations)


def picture_of(layer: Layer, window: ChartWindow, ratio: float = 1.0) -> np.ndarray:
    width, height = round(window.width_px * ratio), round(window.height_px * ratio)
    image = QImage(width, height, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter = QPainter(image)
    layer.paint(painter, None)  # type: ignore[arg-type]
    painter.end()
    return np.frombuffer(image.constBits(), np.uint32).reshape(height, width).copy()


def work_done(chart: PriceTimeChart) -> tuple[int, ...]:
    flow = chart.flow
    return (
        flow.bubbles.laid_out,
        flow.strip.laid_out,
        flow.liquidations.joined,
        flow.bubbles.slices.version,
        *(layer.version for layer in chart.layers),
    )


# ------------------------------------------------------------------------- what a paint costs
def test_painting_again_computes_nothing(chart: PriceTimeChart) -> None:
    chart.view.grab()
    before = work_done(chart)
    for _ in range(3):
        chart.view.grab()
    assert work_done(chart) == before


def test_a_look_at_unchanged_tapes_computes_nothing(
    chart: PriceTimeChart, trades: TradeTape, liquidations: LiquidationTape
) -> None:
    chart.view.grab()
    before = work_done(chart)
    for _ in range(5):
        chart.flow.follow(trades, liquidations)
        chart.apply()
    chart.view.grab()
    assert work_done(chart) == before
    assert not chart.flow._again.isActive()


def test_a_move_of_the_mouse_computes_nothing(chart: PriceTimeChart) -> None:
    chart.view.grab()
    before = work_done(chart)
    for x in range(100, 700, 60):
        chart.point_at(QPointF(x, 200))
        chart.view.grab()
    assert work_done(chart) == before


def test_what_is_switched_off_reads_nothing(
    chart: PriceTimeChart, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart.flow.show(bubbles=False, liquidations=False, delta=False)
    tape, events = TradeTape(), LiquidationTape()
    tape.add(TRADES)
    monkeypatch.setattr(tape, "window", None)
    monkeypatch.setattr(events, "window", None)
    chart.flow.follow(tape, events)
    chart.camera.pan(-50, 0)
    chart.apply()
    chart.view.grab()
    assert not chart.flow._again.isActive()


def test_an_empty_tape_leaves_nothing_to_do(chart: PriceTimeChart) -> None:
    chart.flow.follow(TradeTape(), LiquidationTape())
    assert not chart.flow._again.isActive()
    chart.view.grab()
    assert "no trades yet" in chart.flow.strip.caption()
    chart.flow.follow(None, None)
    chart.view.grab()


# --------------------------------------------------------------------------------- bubbles
def test_the_largest_trades_are_bubbles_and_a_new_one_is_drawn_at_once(
    chart: PriceTimeChart, trades: TradeTape, liquidations: LiquidationTape
) -> None:
    window = chart.camera.window
    before = chart.flow.bubbles.shapes(window)
    assert before is not None
    assert 5 < before.x.size < 60
    price = float(TRADES.price[-1])
    at = START_MS + 60_000
    trades.add(TradeBatch(np.array([at]), np.array([price]), np.array([900.0]), np.array([True])))
    chart.flow.follow(trades, liquidations)
    after = chart.flow.bubbles.shapes(chart.camera.window)
    assert after is not None
    assert after.sums.qty_base[-1] >= 900.0
    assert after.y[-1] == pytest.approx(window.y_of(price), abs=0.5)
    size = dict(zip(before.sums.value_quote, before.diameter, strict=True))
    assert all(
        size.get(value, px) == px
        for value, px in zip(after.sums.value_quote, after.diameter, strict=True)
    )


def test_a_trade_too_small_to_be_shown_paints_no_bubble_again(
    chart: PriceTimeChart, trades: TradeTape, liquidations: LiquidationTape
) -> None:
    chart.view.grab()
    version = chart.flow.bubbles.version
    at, price = np.array([START_MS + 60_000]), np.array([float(TRADES.price[-1]) + 9.0])
    trades.add(TradeBatch(at, price, np.array([0.001]), np.array([True])))
    before = chart.flow.bubbles.slices.version
    chart.flow.follow(trades, liquidations)
    assert chart.flow.bubbles.slices.version > before
    assert chart.flow.bubbles.version == version


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_bubble_is_drawn_where_it_lies_see_through_and_parted_by_side(
    chart: PriceTimeChart, ratio: float
) -> None:
    price = float(TRADES.price[-1])
    at = START_MS + 30_000
    tape = TradeTape()
    tape.add(
        TradeBatch(
            np.array([at, at]), np.full(2, price), np.array([6.0, 4.0]), np.array([True, False])
        )
    )
    chart.flow.follow(tape, None)
    window = chart.camera.window
    drawn = picture_of(chart.flow.bubbles, window, ratio)
    rows, columns = np.nonzero(drawn >> 24)
    x, y, reach = (v * ratio for v in (window.x_of(at / 1000), window.y_of(price), MOST_PX / 2))
    # the halo round the ring is a little wider, and stamps lie on whole pixels
    assert columns.min() == pytest.approx(x - reach, abs=2 + ratio)
    assert columns.max() + 1 == pytest.approx(x + reach, abs=2 + ratio)
    assert rows.min() == pytest.approx(y - reach, abs=2 + ratio)
    assert rows.max() + 1 == pytest.approx(y + reach, abs=2 + ratio)
    for away, colour in ((-0.5, theme.Palette.BUY), (0.6, theme.Palette.SELL)):
        found = QColor.fromRgba(int(drawn[round(y + away * reach), round(x)]))
        assert found.alphaF() == pytest.approx(0.4, abs=0.01)
        assert found.getRgb()[:3] == pytest.approx(QColor(colour).getRgb()[:3], abs=3)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 3.0])
def test_a_sheet_has_every_size_and_split(ratio: float) -> None:
    sheet = PieSheet(ratio, theme.Palette.BUY, theme.Palette.SELL, theme.Palette.GROUND)
    sizes = np.array([LEAST_PX, 12.0, 20.0, MOST_PX])
    shares = np.array([1.0, 0.0, 0.5, 0.75])
    rows = sheet.stamps(sizes * 0, sizes * 0, sizes, shares)
    image = sheet.picture.toImage().convertToFormat(QImage.Format.Format_ARGB32)
    for (_, _, left, top, wide, tall, *_), px, share in zip(rows, sizes, shares, strict=True):
        assert wide == tall
        assert px * ratio <= wide <= px * ratio + 5
        assert left + wide <= image.width()
        assert top + tall <= image.height()
        upper = image.pixelColor(round(left + wide / 2), round(top + wide * 0.30))
        lower = image.pixelColor(round(left + wide / 2), round(top + wide * 0.70))
        bought, sold = QColor(theme.Palette.BUY), QColor(theme.Palette.SELL)
        assert nearer(upper, bought, sold) is bool(share > 0)
        assert nearer(lower, bought, sold) is bool(share == 1.0)


def test_a_bubble_asked_for_again_looks_as_it_did_and_the_others_stay() -> None:
    sheet = PieSheet(1.0, theme.Palette.BUY, theme.Palette.SELL, theme.Palette.GROUND)
    one, other = np.array([20.0]), np.array([21.0])
    sheet.stamps(one, one, one, np.array([0.5]))
    first = sheet.picture.toImage()
    sheet.stamps(one, one, one, np.array([0.5]))
    assert sheet.picture.toImage() == first
    rows = sheet.stamps(other, other, other, np.array([0.5]))
    both = sheet.picture.toImage()
    assert both != first
    above = QRect(0, 0, both.width(), int(rows[0, 3]))
    assert both.copy(above) == first.copy(above)


def nearer(colour: QColor, one: QColor, other: QColor) -> bool:
    def away(target: QColor) -> float:
        pairs = zip(colour.getRgb()[:3], target.getRgb()[:3], strict=True)
        return math.dist(*zip(*pairs, strict=True))

    return away(one) < away(other)


def test_stamps_lie_on_whole_device_pixels() -> None:
    sheet = PieSheet(1.25, theme.Palette.BUY, theme.Palette.SELL, theme.Palette.GROUND)
    rng = np.random.default_rng(1)
    size = rng.uniform(4, 28, 200)
    rows = sheet.stamps(rng.uniform(0, 900, 200), rng.uniform(0, 500, 200), size, size / 28)
    left = rows[:, 0] - rows[:, 4] / 2
    assert (left == np.rint(left)).all()


def test_a_small_bubble_has_the_colour_of_the_side_that_traded_more() -> None:
    sheet = PieSheet(1.0, theme.Palette.BUY, theme.Palette.SELL, theme.Palette.GROUND)
    three = np.full(3, 6.0)
    rows = sheet.stamps(three, three, three, np.array([0.51, 0.49, 1.0]))
    assert rows[0, 2] == rows[2, 2] > rows[1, 2] == 0


def test_the_least_volume_is_the_users(chart: PriceTimeChart) -> None:
    window, bubbles = chart.camera.window, chart.flow.bubbles
    usual = bubbles.shapes(window)
    bubbles.set_least(0.0)
    everything = bubbles.shapes(window)
    bubbles.set_least(1e9)
    nothing = bubbles.shapes(window)
    assert usual is not None
    assert everything is not None
    assert nothing is not None
    assert nothing.x.size == 0 < usual.x.size < everything.x.size
    bubbles.set_least(None)
    assert bubbles.shapes(window).x.size == usual.x.size  # type: ignore[union-attr]
    assert 0 < bubbles.usual_least < bubbles.full


# ------------------------------------------------------------------------------- the hover card
def test_the_card_tells_of_a_bubble_and_of_a_liquidation(chart: PriceTimeChart) -> None:
    chart.reader = lambda *_: [("Time", "now"), ("Price", "1")]
    shapes = chart.flow.bubbles.shapes(chart.camera.window)
    mark = chart.flow.liquidations.marks(chart.camera.window)[0]
    assert shapes is not None
    free = [
        i
        for i in range(shapes.x.size)
        if chart.flow.liquidations.mark_at(float(shapes.x[i]), float(shapes.y[i])) is None
    ]
    at = QPointF(float(shapes.x[free[-1]]), float(shapes.y[free[-1]]))
    chart.point_at(at)
    labels = [label for label, _ in chart.card.rows]
    assert labels[:5] == ["Time", "Traded", "Buy / sell", "VWAP", "Trades"]
    assert labels[-1] == "Price"
    chart.point_at(QPointF(mark.x, mark.y - 4))
    text = chart.card.text()
    assert "Longs liquidated" in text
    assert "2, largest $1.20M" in text
    assert "an undercount" in text
    chart.point_at(QPointF(5, 5))
    assert [label for label, _ in chart.card.rows] == ["Time", "Price"]


def test_what_is_switched_off_says_nothing(chart: PriceTimeChart) -> None:
    mark = chart.flow.liquidations.marks(chart.camera.window)[0]
    chart.flow.show(bubbles=False, liquidations=False, delta=True)
    chart.point_at(QPointF(mark.x, mark.y - 4))
    assert chart.card.rows == () or chart.card.isHidden()


# ------------------------------------------------------------------------------ liquidations
@pytest.mark.parametrize("ratio", RATIOS)
def test_marks_touch_their_price_in_the_colour_of_their_side(
    chart: PriceTimeChart, ratio: float
) -> None:
    window = chart.camera.window
    drawn = picture_of(chart.flow.liquidations, window, ratio)
    marks = chart.flow.liquidations.marks(window)
    assert [mark.text for mark in marks] == ["LONG LIQ $1.50M \u00d72", "SHORT LIQ $40.0K"]
    for mark in marks:
        towards = -0.6 if mark.group.long else 0.6
        found = QColor.fromRgba(
            int(drawn[round((mark.y + towards * mark.size) * ratio), round(mark.x * ratio)])
        )
        colour = theme.Palette.LONGS if mark.group.long else theme.Palette.SHORTS
        assert found.name().upper() == colour


def test_small_liquidations_can_be_left_out(chart: PriceTimeChart) -> None:
    chart.flow.liquidations.set_least_usd(1e5)
    assert len(chart.flow.liquidations.marks(chart.camera.window)) == 1


def test_panning_joins_nothing_again_and_moves_no_mark_to_another_group(
    chart: PriceTimeChart,
) -> None:
    before = chart.flow.liquidations.marks(chart.camera.window)
    joined = chart.flow.liquidations.joined
    groups = [mark.group for mark in before]
    for _ in range(20):
        chart.camera.pan(-1.0, 0)
        chart.apply()
    after = chart.flow.liquidations.marks(chart.camera.window)
    assert [mark.group for mark in after] == groups
    assert chart.flow.liquidations.joined <= joined + 1
    assert after[0].x == pytest.approx(before[0].x - 20.0)


# ---------------------------------------------------------------------------- pause, anew, faults
def test_a_zoom_while_paused_takes_in_no_new_trade(
    chart: PriceTimeChart, trades: TradeTape
) -> None:
    chart.toggle_pause()
    last_ms = START_MS + 60_000
    trades.add(
        TradeBatch(
            np.array([last_ms + 5_000]), np.array([1_000.0]), np.array([1e5]), np.array([True])
        )
    )
    for factor in (0.5, 4.0):
        chart.camera.zoom_time(factor, 500.0)
        chart.apply()
        all_in(chart)
    assert chart.flow.strip.ledger.last_ms is not None
    assert chart.flow.strip.ledger.last_ms <= last_ms
    shown = chart.flow.bubbles.slices.shown(chart.camera.window)
    assert shown.qty_base.max() < 1e5


def test_another_instrument_starts_anew(
    chart: PriceTimeChart, liquidations: LiquidationTape
) -> None:
    chart.forget(80.0)
    assert len(chart.flow.strip.ledger) == 0
    other = TradeTape()
    other.add(part(TRADES, slice(0, 10)))
    chart.observe(NEWEST_S, 1_000.0, 60.0)
    chart.flow.follow(other, liquidations)
    all_in(chart)
    shown = chart.flow.bubbles.slices.shown(chart.camera.window)
    assert shown.count.sum() <= 10
    signed = np.where(TRADES.buy, TRADES.qty_base, -TRADES.qty_base)[:10]
    end = np.array([START_MS + 60_000], np.int64)
    assert chart.flow.strip.ledger.before(end, quote=False)[0] == pytest.approx(signed.sum())


class BusyTape(TradeTape):
    """A feed thread adds an older trade just after it was asked what changed."""

    late: TradeBatch | None = None

    def changed_from_ms(self, revision: int) -> int | None:
        found = super().changed_from_ms(revision)
        if self.late is not None:
            late, self.late = self.late, None
            self.add(late)
        return found


def test_what_comes_while_it_is_read_is_not_lost(chart: PriceTimeChart) -> None:
    late = TradeBatch(
        np.array([START_MS + 20_000]), np.array([1_000.0]), np.array([5e4]), np.array([True])
    )
    signed = np.where(TRADES.buy, TRADES.qty_base, -TRADES.qty_base).sum()
    for shown in ("bubbles", "delta"):
        tape = BusyTape()
        tape.add(TRADES)
        chart.flow.show(bubbles=shown == "bubbles", liquidations=False, delta=shown == "delta")
        chart.flow.follow(tape, None)
        all_in(chart)
        tape.late = late
        for _ in range(2):
            chart.flow.follow(tape, None)
            all_in(chart)
        if shown == "bubbles":
            largest = chart.flow.bubbles.slices.shown(chart.camera.window).qty_base.max()
            assert largest >= 5e4
        else:
            end = np.array([START_MS + 60_000], np.int64)
            total = chart.flow.strip.ledger.before(end, quote=False)[0]
            assert total == pytest.approx(signed + 5e4)


class BrokenTape:
    """Whatever is asked of it fails once a paint is under way."""

    gaps: tuple[tuple[int, int | None], ...] = ((10**15, 0), (0, None))
    blind = gaps

    revision = 1
    first_ms = START_MS
    last_ms = START_MS + 1_000

    def changed_from_ms(self, revision: int) -> int | None:
        return START_MS if revision < 1 else None

    def window(self, from_ms: int, to_ms: int) -> TradeBatch:
        one = np.array([START_MS + 10])
        odd = np.array([math.inf])
        return TradeBatch(one, odd, np.array([math.nan]), np.array([True]))


@pytest.mark.parametrize("size", [(1000, 600), (60, 60), (300, 250)])
def test_figures_that_make_no_sense_are_painted_without_an_error(
    chart: PriceTimeChart, caplog: pytest.LogCaptureFixture, size: tuple[int, int]
) -> None:
    tape: TradeFeed = BrokenTape()
    chart.resize(*size)
    events = LiquidationTape()
    events.add(liquidated((10, 1e-12, 1e30, True), (20, 1e12, 1e-9, False)))
    with caplog.at_level(logging.ERROR):
        chart.flow.follow(tape, events)
        all_in(chart)
        chart.point_at(QPointF(20, 20))
        chart.view.grab()
    assert not caplog.records


# --------------------------------------------------------------------------------------- colours
def seen_by(kind: str, colours: list[str]) -> np.ndarray:
    part_of = np.array([QColor(one).getRgb()[:3] for one in colours]) / 255
    linear = np.where(part_of <= 0.04045, part_of / 12.92, ((part_of + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ BLINDNESS[kind].T, 0, 1)
    seen = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return lab_of_rgb(seen * 255)


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("kind", BLINDNESS)
def test_red_green_blind_eyes_tell_buys_from_sells(name: str, kind: str) -> None:
    colours, _ = theme.THEMES[name]
    for one, other in (("BUY", "SELL"), ("LONGS", "SHORTS")):
        a, b = seen_by(kind, [colours[one], colours[other]])
        assert np.linalg.norm(a - b) > 40


@pytest.mark.parametrize("name", theme.THEMES)
def test_trades_have_colours_that_no_cell_has(name: str) -> None:
    colours, shades = theme.THEMES[name]
    cells = lab_of_rgb(ramp(LIQUIDITY.on(shades.light)).astype(np.float64))
    sides = np.array([QColor(colours[one]).getRgb()[:3] for one in ("BUY", "SELL")], np.float64)
    for side in lab_of_rgb(sides):
        assert np.linalg.norm(cells - side, axis=1).min() > 25
    for one in ("BUY", "SELL"):
        ground = QColor(colours["GROUND"])
        assert theme.contrast_ratio(QColor(colours[one]), ground) > 4.0

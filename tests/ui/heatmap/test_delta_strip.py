from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from heatdesk.frames import TradeBatch
from heatdesk.store.joined_tapes import JoinedTrades
from heatdesk.store.tape import LiquidationTape, TradeTape
from tests.heatdesk.views.test_trade_slices import START_MS, START_S
from tests.ui.heatmap.flow_chart import (
    TRADES,
    all_in,
    liquidation_tape,
    open_chart,
    trade_tape,
)
from ui import theme
from ui.heatmap.axes import TIME_AXIS_PX
from ui.heatmap.chart import PriceTimeChart
from ui.heatmap.delta_strip import IN_PART, UNKNOWN
from ui.heatmap.flow import LEAST_STRIP_PX, STRIP_PX

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def trades() -> TradeTape:
    return trade_tape()


@pytest.fixture
def liquidations() -> LiquidationTape:
    return liquidation_tape()


@pytest.fixture
def chart(qtbot: QtBot, trades: TradeTape, liquidations: LiquidationTape) -> PriceTimeChart:
    return open_chart(qtbot, trades, liquidations)


# ------------------------------------------------------------------------------------ the strip
def test_the_strip_lies_between_plot_and_times_and_shares_their_width(
    chart: PriceTimeChart,
) -> None:
    strip, plot = chart.flow.strip_rect, chart.plot_rect
    assert strip.height() == STRIP_PX
    assert strip.top() == plot.bottom()
    assert (strip.left(), strip.width()) == (plot.left(), plot.width())
    assert chart.time_axis.pos().y() == strip.bottom()
    assert strip.bottom() + TIME_AXIS_PX == chart.view.height()
    chart.flow.show(bubbles=True, liquidations=True, delta=False)
    assert chart.plot_rect.bottom() + TIME_AXIS_PX == chart.view.height()
    assert not chart.flow.strip.isVisible()


def test_a_low_chart_has_no_strip(chart: PriceTimeChart) -> None:
    chart.resize(1000, 200)
    QApplication.processEvents()
    assert chart.flow.strip_rect.height() == 0
    chart.resize(1000, 300)
    QApplication.processEvents()
    assert LEAST_STRIP_PX < chart.flow.strip_rect.height() < 0.5 * 300


def test_the_strip_is_made_higher_by_its_upper_edge_and_usual_by_a_double_click(
    qtbot: QtBot, chart: PriceTimeChart
) -> None:
    viewport = chart.view.viewport()
    window = chart.camera.window
    heard: list[float] = []
    chart.flow.strip_changed.connect(lambda: heard.append(chart.flow.strip_px))
    edge = QPoint(300, round(chart.flow.strip_rect.top()))
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=edge)
    for dy in (10, 30, 60):
        qtbot.mouseMove(viewport, edge - QPoint(0, dy))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=edge - QPoint(0, 60))
    assert chart.flow.strip_rect.height() == pytest.approx(STRIP_PX + 60, abs=3)
    assert heard[-1] == chart.flow.strip_px
    assert (chart.camera.window.t0_s, chart.camera.window.p0) == (window.t0_s, window.p0)
    assert chart.camera.follows
    at = QPoint(300, round(chart.flow.strip_rect.top()))
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=at)
    assert chart.flow.strip_px == STRIP_PX


def test_escape_gives_the_strip_its_height_back(qtbot: QtBot, chart: PriceTimeChart) -> None:
    viewport = chart.view.viewport()
    edge = QPoint(300, round(chart.flow.strip_rect.top()))
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=edge)
    for dy in (10, 60):
        qtbot.mouseMove(viewport, edge - QPoint(0, dy))
    qtbot.keyClick(chart.view, Qt.Key.Key_Escape)
    assert chart.flow.strip_px == STRIP_PX


def test_a_drag_in_the_strip_moves_time_alone(qtbot: QtBot, chart: PriceTimeChart) -> None:
    viewport = chart.view.viewport()
    before = chart.camera.window
    at = chart.flow.strip_rect.center().toPoint()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=at)
    for dx in (10, 50):
        qtbot.mouseMove(viewport, at + QPoint(dx, 20))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=at + QPoint(50, 20))
    after = chart.camera.window
    assert after.t0_s < before.t0_s
    assert (after.p0, after.p1) == (before.p0, before.p1)


def test_the_crosshair_says_the_delta_of_its_moment_over_plot_and_strip(
    chart: PriceTimeChart,
) -> None:
    window = chart.camera.window
    x = window.x_of(START_S + 30.1)
    signed = np.where(TRADES.buy, TRADES.qty_base, -TRADES.qty_base)
    for y in (100.0, chart.flow.strip_rect.center().y()):
        chart.point_at(QPointF(x, y))
        mark = chart.crosshair.mark
        assert mark is not None
        assert "\u0394" in mark.strip_text
        assert mark.strip_text.startswith("13:20:30")
    total = signed[TRADES.time_ms < START_MS + 30_500].sum()
    assert f"{total:+.0f}"[:2] in mark.strip_text.split("\u03a3")[1]
    assert mark.price_text
    chart.view.grab()
    chart.flow.show(bubbles=True, liquidations=True, delta=False)
    chart.point_at(QPointF(x, 100.0))
    assert chart.crosshair.mark is not None
    assert chart.crosshair.mark.strip_text == ""


def test_the_value_under_the_crosshair_is_that_of_the_axis(chart: PriceTimeChart) -> None:
    shapes = chart.flow.strip.shapes(chart.camera.window)
    assert shapes is not None
    top, bottom = shapes.line_px
    assert chart.flow.strip.value_text(top) > ""
    assert chart.flow.strip.value_text(bottom + 5) == ""
    assert chart.flow.strip.value_text(shapes.y_of(0.0)) in {"0", "+0", "-0", "+0.0", "-0.0"}


# ------------------------------------------------------------------------------- what is not known
def hatched(chart: PriceTimeChart, from_s: float, to_s: float) -> bool:
    """Whether the ground between two moments is no plain one, right below the upper edge."""
    strip, window = chart.flow.strip_rect, chart.camera.window
    picture = chart.view.grab().toImage()
    a, b = round(window.x_of(from_s)) + 2, round(window.x_of(to_s)) - 2
    y = range(round(strip.bottom()) - 8, round(strip.bottom()) - 2)
    return len({picture.pixel(x, row) for x in range(a, b) for row in y}) > 1


def test_a_gap_of_the_trades_is_hatched_breaks_the_line_and_is_counted(
    qtbot: QtBot, liquidations: LiquidationTape
) -> None:
    early, late = TRADES.time_ms < START_MS + 20_000, TRADES.time_ms >= START_MS + 40_000
    tape = TradeTape()
    tape.add(part_of(early))
    chart = open_chart(qtbot, tape, liquidations)
    strip = chart.flow.strip
    assert "gap" not in strip.caption()
    tape.break_off(START_MS + 20_000)
    strip.set_newest(START_MS + 30_000)
    chart.flow.follow(tape, liquidations)
    assert strip.gaps_s() == [(START_S + 20, START_S + 30)], "so far as the data of the chart goes"
    before = strip.ledger.before(np.array([START_MS + 20_000]), quote=False)[0]
    tape.add(part_of(late))
    chart.flow.follow(tape, liquidations)
    all_in(chart)
    first_s = float(TRADES.time_ms[late][0]) / 1000
    assert strip.gaps_s() == [(START_S + 20, first_s)]
    assert strip.caption().endswith(", 1 gap not counted")
    assert strip.reading_text(START_S + 30) == UNKNOWN
    assert "\u0394" in strip.reading_text(START_S + 50)
    after = strip.ledger.before(np.array([START_MS + 39_900]), quote=False)[0]
    assert after == before, "the sum goes on from where it was"
    assert hatched(chart, START_S + 21, START_S + 39)
    assert not line_seen(chart, START_S + 21, START_S + 39)
    strip.forget()
    assert strip.gaps_s() == []


def test_where_one_of_several_venues_is_gone_the_line_goes_on_and_is_marked(
    qtbot: QtBot, liquidations: LiquidationTape
) -> None:
    here, there = TradeTape(), TradeTape()
    here.add(TRADES)
    there.add(part_of(TRADES.time_ms < START_MS + 20_000))
    there.break_off(START_MS + 20_000)
    chart = open_chart(qtbot, JoinedTrades((here, there)), liquidations)
    all_in(chart)
    strip = chart.flow.strip
    strip.set_newest(START_MS + 60_000)
    assert strip.gaps_s() == [(START_S + 20, START_S + 60)]
    assert strip.blind_s() == []
    assert hatched(chart, START_S + 21, START_S + 39)
    assert strip.reading_text(START_S + 30).endswith(IN_PART)
    assert "\u03a3" in strip.reading_text(START_S + 30)
    assert IN_PART not in strip.reading_text(START_S + 10)
    assert line_seen(chart, START_S + 21, START_S + 39)


def line_seen(chart: PriceTimeChart, from_s: float, to_s: float) -> bool:
    """Whether the line is drawn all the way between two moments."""
    strip, window = chart.flow.strip_rect, chart.camera.window
    shapes = chart.flow.strip.shapes(window)
    assert shapes is not None
    picture = chart.view.grab().toImage()
    top = round(strip.top())
    rows = range(top + round(shapes.line_px[0]), top + round(shapes.line_px[1]))
    columns = range(round(window.x_of(from_s)) + 2, round(window.x_of(to_s)) - 2)
    bright = 0.7 * QColor(theme.Palette.TEXT).lightness()
    assert QColor(theme.Palette.TEXT_FAINT).lightness() < bright, "hatching is no line"
    return all(any(picture.pixelColor(x, y).lightness() > bright for y in rows) for x in columns)


def part_of(some: np.ndarray) -> TradeBatch:
    return TradeBatch(
        TRADES.time_ms[some], TRADES.price[some], TRADES.qty_base[some], TRADES.buy[some]
    )

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from heatdesk.views.viewport import ChartWindow
from ui.heatmap.chart import PriceTimeChart
from ui.heatmap.crosshair import HoverCard
from ui.heatmap.layer import Layer

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NEWEST = 1_776_000_000.0
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def chart(qtbot: QtBot) -> PriceTimeChart:
    made = PriceTimeChart()
    qtbot.addWidget(made)
    made.resize(1000, 600)
    made.show()
    qtbot.waitExposed(made)
    made.set_grid(60_000, 0.1, 70_000.0)
    made.observe(NEWEST, 70_000.0, 1_400.0)
    return made


def wheel(
    chart: PriceTimeChart, at: QPoint, notches: int, keys: Qt.KeyboardModifier = NONE
) -> None:
    event = QWheelEvent(
        QPointF(at),
        chart.view.viewport().mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    chart.view.wheelEvent(event)


def test_the_wheel_keeps_the_moment_under_the_cursor(chart: PriceTimeChart) -> None:
    before = chart.at(QPointF(300, 200))
    span_s = chart.camera.window.span_s
    wheel(chart, QPoint(300, 200), 2)
    assert chart.at(QPointF(300, 200)) == pytest.approx(before)
    assert chart.camera.window.span_s < span_s


def test_ctrl_and_wheel_keep_the_price_under_the_cursor(chart: PriceTimeChart) -> None:
    before, span_s = chart.at(QPointF(300, 200)), chart.camera.window.span_s
    wheel(chart, QPoint(300, 200), -3, CTRL)
    assert chart.at(QPointF(300, 200)) == pytest.approx(before)
    assert chart.camera.window.span_s == span_s
    assert chart.camera.window.span_price > 1_400


def test_the_plot_shows_exactly_what_the_camera_looks_at(chart: PriceTimeChart) -> None:
    wheel(chart, QPoint(300, 200), 2)
    (t0, t1), (p0, p1) = chart.box.viewRange()
    window = chart.camera.window
    assert (t0, t1) == pytest.approx((window.t0_s, window.t1_s))
    assert (p0, p1) == pytest.approx((window.p0, window.p1))


def test_a_drag_pans_and_escape_takes_it_back(qtbot: QtBot, chart: PriceTimeChart) -> None:
    viewport = chart.view.viewport()
    before = chart.camera.window
    under = chart.at(QPointF(300, 200))
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(viewport, QPoint(350, 230))
    qtbot.mouseMove(viewport, QPoint(420, 260))
    assert chart.at(QPointF(420, 260)) == pytest.approx(under)
    qtbot.keyClick(chart.view, Qt.Key.Key_Escape)
    assert chart.camera.window == before
    assert chart.camera.follows


@pytest.mark.parametrize("area", ["time", "price"])
def test_a_drag_on_an_axis_scales_it_alone(qtbot: QtBot, chart: PriceTimeChart, area: str) -> None:
    plot = chart.plot_rect
    start = QPoint(300, round(plot.bottom()) + 8)
    if area == "price":
        start = QPoint(round(plot.right()) + 20, 200)
    before = chart.camera.window
    viewport = chart.view.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(viewport, start + QPoint(40, 40))
    qtbot.mouseMove(viewport, start + QPoint(80, 80))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(80, 80))
    after = chart.camera.window
    assert (after.span_s != before.span_s) == (area == "time")
    assert (after.span_price != before.span_price) == (area == "price")


def test_a_double_click_resets_both_axes(qtbot: QtBot, chart: PriceTimeChart) -> None:
    before = chart.camera.window
    wheel(chart, QPoint(100, 100), 5)
    wheel(chart, QPoint(100, 100), 5, CTRL)
    assert not chart.camera.follows
    qtbot.mouseDClick(chart.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    assert chart.camera.window.span_s == pytest.approx(before.span_s)
    assert chart.camera.window.p0 == pytest.approx(before.p0)
    assert chart.camera.follows


def test_keys_move_and_zoom(qtbot: QtBot, chart: PriceTimeChart) -> None:
    start = chart.camera.window
    qtbot.keyClick(chart.view, Qt.Key.Key_Left)
    small = start.t0_s - chart.camera.window.t0_s
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(chart.view, Qt.Key.Key_Left, shift)
    big = start.t0_s - small - chart.camera.window.t0_s
    assert 0 < small < big
    qtbot.keyClick(chart.view, Qt.Key.Key_Plus)
    assert chart.camera.window.span_s < start.span_s
    qtbot.keyClick(chart.view, Qt.Key.Key_Home)
    assert chart.camera.window == start


def test_alt_keys_follow_refit_and_change_the_palette(qtbot: QtBot, chart: PriceTimeChart) -> None:
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(chart.view, Qt.Key.Key_F, alt)
    assert not chart.camera.follows
    qtbot.keyClick(chart.view, Qt.Key.Key_F, alt)
    assert chart.camera.follows
    with qtbot.waitSignal(chart.legend.refit_wanted):
        qtbot.keyClick(chart.view, Qt.Key.Key_R, alt)
    with qtbot.waitSignal(chart.palette_wanted):
        qtbot.keyClick(chart.view, Qt.Key.Key_P, alt)


def test_a_letter_is_left_to_the_window(qtbot: QtBot, chart: PriceTimeChart) -> None:
    before = chart.camera.window
    qtbot.keyClick(chart.view, Qt.Key.Key_B)
    assert chart.camera.window == before


def test_the_crosshair_says_time_and_price(qtbot: QtBot, chart: PriceTimeChart) -> None:
    chart.reader = lambda time_s, price: [("Price", f"{price:.0f}")]
    qtbot.mouseMove(chart.view.viewport(), QPoint(400, 250))
    mark = chart.crosshair.mark
    assert mark is not None
    assert mark.price_text == f"{chart.camera.window.price_at(250):,.1f}"
    assert chart.card.isVisible()
    chart.gestures.leave()
    assert chart.crosshair.mark is None
    assert chart.card.isHidden()


def test_the_axes_name_nothing_before_the_first_data(chart: PriceTimeChart) -> None:
    axes = (chart.time_axis, chart.price_axis)
    assert all(axis.isVisible() for axis in axes)
    chart.forget(3600.0)
    assert not any(axis.isVisible() for axis in axes)
    chart.observe(NEWEST, 70_000.0, 1_400.0)
    assert all(axis.isVisible() for axis in axes)


def test_a_price_label_stands_at_its_price(chart: PriceTimeChart) -> None:
    chart.view.grab()
    for tick in chart.price_axis.ticks:
        assert float(tick.label.replace(",", "")) == pytest.approx(tick.value)


def test_an_error_while_drawing_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Layer):
        def draw(self, painter: QPainter, window: ChartWindow) -> None:
            raise ValueError("planted")

    layer = Broken()
    layer.look_at(ChartWindow(0, 1, 0, 1, 10, 10))
    image = QImage(10, 10, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    with caplog.at_level(logging.ERROR):
        layer.paint(painter, None)  # type: ignore[arg-type]
        layer.paint(painter, None)  # type: ignore[arg-type]
    painter.end()
    assert len(caplog.records) == 1


def test_a_small_panel_still_has_a_plot(qtbot: QtBot, chart: PriceTimeChart) -> None:
    chart.resize(180, 90)
    chart.view.grab()
    assert chart.legend.isHidden()
    assert chart.plot_rect.width() >= 40


def test_in_a_low_plot_the_card_keeps_to_its_first_rows_and_inside(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    card = HoverCard(holder)
    rows = [(f"Label {i}", "12,345.678 BTC and more") for i in range(5)]
    card.show_rows(rows, QRectF(0, 0, 236, 209), QPointF(120, 60))
    assert card.rows == tuple(rows[:4])
    card.show_rows(rows, QRectF(0, 0, 236, 60), QPointF(120, 30))
    assert card.rows == tuple(rows[:3])
    assert card.x() >= 0
    card.show_rows(rows, QRectF(0, 0, 900, 600), QPointF(500, 300))
    assert card.rows == tuple(rows)

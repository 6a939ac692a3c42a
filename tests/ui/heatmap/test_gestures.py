from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent

from ui.heatmap.chart import PriceTimeChart

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from heatdesk.views.viewport import ChartWindow

NEWEST = 1_776_000_000.0
KEY, MOD = Qt.Key, Qt.KeyboardModifier
LEFT = Qt.MouseButton.LeftButton


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


def pressed(key: int, text: str = "", held: Qt.KeyboardModifier = MOD.NoModifier) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, held, text)


def drag(qtbot: QtBot, chart: PriceTimeChart, start: QPoint, by: QPoint) -> None:
    viewport = chart.view.viewport()
    qtbot.mousePress(viewport, LEFT, pos=start)
    qtbot.mouseMove(viewport, start + by / 2)
    qtbot.mouseMove(viewport, start + by)
    qtbot.mouseRelease(viewport, LEFT, pos=start + by)


def wheel(chart: PriceTimeChart, at: QPointF, notches: float, held: Qt.KeyboardModifier) -> None:
    place = chart.view.viewport().mapToGlobal(at)
    turn = QPoint(0, round(120 * notches))
    phase = Qt.ScrollPhase.NoScrollPhase
    none = Qt.MouseButton.NoButton
    chart.view.wheelEvent(QWheelEvent(at, place, QPoint(), turn, none, held, phase, False))


def test_bare_letters_and_digits_are_free_for_typing(chart: PriceTimeChart) -> None:
    before = chart.camera.window
    for character in string.ascii_letters + string.digits:
        assert not chart.gestures.key(pressed(ord(character.upper()), character))
    assert chart.camera.window == before
    assert not chart.paused


@pytest.mark.parametrize(
    ("key", "sign_time", "sign_price"),
    [
        (KEY.Key_Left, -1, 0),
        (KEY.Key_Right, 1, 0),
        (KEY.Key_Up, 0, 1),
        (KEY.Key_Down, 0, -1),
    ],
)
def test_arrows_move_the_view_and_with_shift_further(
    qtbot: QtBot, chart: PriceTimeChart, key: Qt.Key, sign_time: int, sign_price: int
) -> None:
    start = chart.camera.window
    qtbot.keyClick(chart.view, key)
    small = chart.camera.window
    qtbot.keyClick(chart.view, key, MOD.ShiftModifier)
    big = chart.camera.window
    for first, second, sign in (
        (small.t0_s - start.t0_s, big.t0_s - small.t0_s, sign_time),
        (small.p0 - start.p0, big.p0 - small.p0, sign_price),
    ):
        if sign == 0:
            assert first == pytest.approx(0.0)
            assert second == pytest.approx(0.0)
        else:
            assert first * sign > 0
            assert second * sign > 2 * first * sign
    assert big.span_s == pytest.approx(start.span_s)
    assert big.span_price == pytest.approx(start.span_price)


def test_minus_takes_back_what_plus_did(qtbot: QtBot, chart: PriceTimeChart) -> None:
    start = chart.camera.window
    qtbot.keyClick(chart.view, KEY.Key_Plus)
    near = chart.camera.window
    qtbot.keyClick(chart.view, KEY.Key_Minus)
    assert near.span_s < start.span_s
    assert chart.camera.window.t0_s == pytest.approx(start.t0_s)
    assert chart.camera.window.span_s == pytest.approx(start.span_s)
    assert chart.camera.follows


def test_space_pauses_and_goes_on(qtbot: QtBot, chart: PriceTimeChart) -> None:
    with qtbot.waitSignal(chart.pause_changed):
        qtbot.keyClick(chart.view, KEY.Key_Space)
    assert chart.paused
    assert chart.pill.isVisible()
    with qtbot.waitSignal(chart.pause_changed):
        qtbot.keyClick(chart.view, KEY.Key_Space)
    assert not chart.paused
    assert chart.pill.isHidden()


def test_home_shows_what_a_fresh_chart_shows(qtbot: QtBot, chart: PriceTimeChart) -> None:
    fresh = chart.camera.window
    drag(qtbot, chart, QPoint(300, 200), QPoint(150, 80))
    wheel(chart, QPointF(100, 100), -6, MOD.ControlModifier)
    wheel(chart, QPointF(100, 100), 9, MOD.NoModifier)
    assert not chart.camera.follows
    qtbot.keyClick(chart.view, KEY.Key_Home)
    assert chart.camera.follows
    assert near(chart.camera.window, fresh)


def near(one: ChartWindow, other: ChartWindow) -> bool:
    places = (one.t0_s, one.t1_s, one.p0, one.p1)
    return places == pytest.approx((other.t0_s, other.t1_s, other.p0, other.p1))


def test_a_double_click_on_an_axis_resets_it_alone(qtbot: QtBot, chart: PriceTimeChart) -> None:
    fresh, plot = chart.camera.window, chart.plot_rect
    on_time = QPoint(300, round(plot.bottom()) + 8)
    on_price = QPoint(round(plot.right()) + 20, 200)
    wheel(chart, QPointF(100, 100), 5, MOD.NoModifier)
    wheel(chart, QPointF(100, 100), 5, MOD.ControlModifier)
    changed = chart.camera.window
    qtbot.mouseDClick(chart.view.viewport(), LEFT, pos=on_price)
    assert chart.camera.window.span_price == pytest.approx(fresh.span_price)
    assert chart.camera.window.span_s == changed.span_s
    qtbot.mouseDClick(chart.view.viewport(), LEFT, pos=on_time)
    assert near(chart.camera.window, fresh)


def test_the_wheel_over_the_price_axis_zooms_the_price(chart: PriceTimeChart) -> None:
    before = chart.camera.window
    wheel(chart, QPointF(chart.plot_rect.right() + 20, 150), 2, MOD.NoModifier)
    assert chart.camera.window.span_price < before.span_price
    assert chart.camera.window.span_s == before.span_s


def test_a_smooth_wheel_zooms_as_far_as_one_with_notches(chart: PriceTimeChart) -> None:
    start = chart.camera.window
    wheel(chart, QPointF(300, 200), 1, MOD.NoModifier)
    once = chart.camera.window.span_s
    chart.camera.window = start
    for _ in range(8):
        wheel(chart, QPointF(300, 200), 1 / 8, MOD.NoModifier)
    assert chart.camera.window.span_s == pytest.approx(once)


def test_a_drag_into_the_past_stops_following_and_the_pill_brings_it_back(
    qtbot: QtBot, chart: PriceTimeChart
) -> None:
    fresh = chart.camera.window
    drag(qtbot, chart, QPoint(300, 200), QPoint(120, 0))
    assert not chart.camera.follows
    assert chart.pill.isVisible()
    chart.pill.click()
    assert chart.camera.follows
    assert chart.pill.isHidden()
    assert chart.camera.window.t1_s == pytest.approx(fresh.t1_s)


def test_fresh_data_never_moves_the_chart_under_a_dragging_hand(
    qtbot: QtBot, chart: PriceTimeChart
) -> None:
    viewport = chart.view.viewport()
    qtbot.mousePress(viewport, LEFT, pos=QPoint(300, 200))
    qtbot.mouseMove(viewport, QPoint(290, 200))
    held = chart.camera.window
    chart.observe(NEWEST + 600, 70_500.0, 1_400.0)
    assert chart.camera.window == held
    qtbot.mouseRelease(viewport, LEFT, pos=QPoint(290, 200))


def test_escape_ends_one_thing_at_a_time(qtbot: QtBot, chart: PriceTimeChart) -> None:
    viewport = chart.view.viewport()
    before = chart.camera.window
    qtbot.mousePress(viewport, LEFT, pos=QPoint(300, 200))
    qtbot.mouseMove(viewport, QPoint(360, 230))
    assert chart.crosshair.mark is not None
    assert chart.gestures.key(pressed(KEY.Key_Escape))
    assert chart.camera.window == before
    assert chart.crosshair.mark is not None
    assert chart.gestures.key(pressed(KEY.Key_Escape))
    assert chart.crosshair.mark is None
    assert not chart.gestures.key(pressed(KEY.Key_Escape)), "there is nothing left to end"
    qtbot.mouseRelease(viewport, LEFT, pos=QPoint(360, 230))


def test_the_zones_tag_is_clicked_not_dragged(qtbot: QtBot, chart: PriceTimeChart) -> None:
    plot = chart.plot_rect
    corner = QPoint(round(plot.right()) + 10, round(plot.bottom()) + 8)
    with qtbot.waitSignal(chart.zone_clicked):
        qtbot.mouseClick(chart.view.viewport(), LEFT, pos=corner)

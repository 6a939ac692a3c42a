from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QProxyStyle, QPushButton, QStyle

from heatdesk.store.ring import GAP
from tests.ui.market_panels import (
    GAP_MINUTES,
    MIDDLE,
    MINUTES,
    WALL_PRICE,
    Market,
    history_panel,
    minute,
)
from ui.panels.liquidation import LiquidationPanel
from ui.panels.order_book import OrderBookPanel

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStyleHintReturn, QStyleOption, QWidget
    from pytestqt.qtbot import QtBot

    from ui.heatmap.magnifier import Magnifier

ALT, ESC = Qt.Key.Key_Alt, Qt.Key.Key_Escape
ALT_HELD = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> OrderBookPanel:
    made = market.book_panel(qtbot)
    made.chart.view.grab()
    made.chart.view.setFocus()
    return made


def spot(panel: OrderBookPanel | LiquidationPanel, n: float, price: float) -> QPoint:
    window = panel.chart.camera.window
    time_s = minute(0) / 1000 + n * 60 + 30
    return QPointF(window.x_of(time_s), window.y_of(price)).toPoint()


def hold_alt(qtbot: QtBot, panel: OrderBookPanel | LiquidationPanel, at: QPoint) -> Magnifier:
    # a mouse that an earlier test left at this very point would not move
    qtbot.mouseMove(panel.chart.view.viewport(), at + QPoint(2, 2))
    qtbot.mouseMove(panel.chart.view.viewport(), at)
    qtbot.keyPress(panel.chart.view, ALT, ALT_HELD)
    return panel.chart.pointer.lens


def test_alt_shows_the_cells_around_the_cursor_with_their_numbers(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    lens = hold_alt(qtbot, panel, spot(panel, 150, WALL_PRICE + 2.5))
    assert lens.isVisible()
    cells = lens.cells
    assert cells is not None
    row, column = cells.centre
    assert cells.time_ms[column] == minute(150)
    assert cells.price[row] == WALL_PRICE
    assert cells.qty[row, column] == pytest.approx(400.0, rel=5e-4)
    assert cells.side[row, column] == 1
    assert panel.chart.card.isHidden()


def test_the_lens_follows_the_mouse_and_is_never_under_it(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    lens = hold_alt(qtbot, panel, spot(panel, 150, MIDDLE))
    plot = panel.chart.plot_rect
    for x in range(3, int(plot.width()), 61):
        for y in range(3, int(plot.height()), 61):
            panel.chart.gestures.move(QPointF(x, y))
            assert lens.isVisible()
            assert not lens.geometry().adjusted(-10, -10, 10, 10).contains(QPoint(x, y))
            assert plot.toRect().adjusted(-1, -1, 1, 1).contains(lens.geometry())
            found = panel.chart.at(QPointF(x, y))
            assert found is not None
            assert lens.cells is not None
            row, column = lens.cells.centre
            assert 0 <= found[1] - lens.cells.price[row] <= 5.001
            assert 0 <= found[0] * 1000 - lens.cells.time_ms[column] <= 60_001


def test_letting_alt_go_hides_the_lens_and_brings_the_card_back(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    lens = hold_alt(qtbot, panel, spot(panel, 150, MIDDLE))
    qtbot.keyRelease(panel.chart.view, ALT)
    assert lens.isHidden()
    assert panel.chart.card.isVisible()


def test_escape_hides_the_lens_until_alt_is_pressed_anew(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    lens = hold_alt(qtbot, panel, spot(panel, 150, MIDDLE))
    qtbot.keyClick(panel.chart.view, ESC, ALT_HELD)
    assert lens.isHidden()
    qtbot.mouseMove(panel.chart.view.viewport(), spot(panel, 140, MIDDLE))
    assert lens.isHidden()
    qtbot.keyRelease(panel.chart.view, ALT)
    assert hold_alt(qtbot, panel, spot(panel, 140, MIDDLE)).isVisible()


@pytest.mark.parametrize(
    "event",
    [
        QEvent(QEvent.Type.WindowDeactivate),
        QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.ActiveWindowFocusReason),
    ],
    ids=["window", "focus"],
)
def test_the_lens_goes_with_the_focus(qtbot: QtBot, panel: OrderBookPanel, event: QEvent) -> None:
    lens = hold_alt(qtbot, panel, spot(panel, 150, MIDDLE))
    window = event.type() is QEvent.Type.WindowDeactivate
    QApplication.sendEvent(panel.window() if window else panel.chart.view, event)
    assert lens.isHidden()


def test_the_lens_goes_when_the_mouse_leaves_the_plot(qtbot: QtBot, panel: OrderBookPanel) -> None:
    lens = hold_alt(qtbot, panel, spot(panel, 150, MIDDLE))
    panel.chart.gestures.leave()
    assert lens.isHidden()


def test_alt_let_go_elsewhere_is_noticed(qtbot: QtBot, panel: OrderBookPanel) -> None:
    lens = hold_alt(qtbot, panel, spot(panel, 150, MIDDLE))
    axis = QPointF(panel.chart.plot_rect.right() + 20, 200)
    panel.chart.gestures.move(axis)
    assert lens.isHidden()
    panel.chart.gestures.move(QPointF(spot(panel, 150, MIDDLE)))
    assert lens.isVisible(), "Alt is still held"
    panel.chart.gestures.move(axis)
    qtbot.keyRelease(panel.chart.view, ALT)
    panel.chart.gestures.move(QPointF(spot(panel, 150, MIDDLE)))
    assert lens.isHidden()


def test_without_a_cell_to_look_at_alt_is_nobodys(qtbot: QtBot, panel: OrderBookPanel) -> None:
    plot = panel.chart.plot_rect
    lens = hold_alt(qtbot, panel, QPoint(100, round(plot.bottom()) + 8))
    assert lens.isHidden()
    press = QKeyEvent(QEvent.Type.ShortcutOverride, ALT, ALT_HELD)
    assert not panel.chart.gestures.claims(press)


def test_no_lens_while_a_hand_drags(qtbot: QtBot, panel: OrderBookPanel) -> None:
    viewport = panel.chart.view.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(viewport, QPoint(340, 220))
    qtbot.keyPress(panel.chart.view, ALT, ALT_HELD)
    assert panel.chart.pointer.lens.isHidden()
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(340, 220))


def test_the_lens_shows_what_comes_while_it_is_up(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    panel.chart.camera.follows = False
    lens = hold_alt(qtbot, panel, spot(panel, MINUTES, MIDDLE - 47.5))
    before = lens.cells
    assert before is not None
    assert np.isnan(before.qty[before.centre])
    market.add_minute(panel.primary(), MINUTES)
    panel.pull()
    assert lens.isVisible()
    assert lens.cells is not None
    assert lens.cells.qty[lens.cells.centre] > 0


def test_gaps_and_what_nobody_reported_are_drawn_without_figures(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    panel.chart.camera.pan(900, 0)
    panel.chart.apply()
    panel.chart.view.grab()
    lens = hold_alt(qtbot, panel, spot(panel, GAP_MINUTES[1], MIDDLE))
    assert lens.cells is not None
    assert lens.cells.states[lens.cells.centre[1]] == GAP
    lens.grab()
    panel.chart.camera.zoom_price(4, 200)
    panel.chart.apply()
    panel.chart.gestures.move(QPointF(spot(panel, 70, MIDDLE + 1_600)))
    assert lens.cells is not None
    assert np.isnan(lens.cells.qty[lens.cells.centre])
    lens.grab()


def test_the_lens_shows_bands_where_bands_are_drawn(qtbot: QtBot, market: Market) -> None:
    made = LiquidationPanel(market.context)
    market.fill_liquidations(made.primary(), made.options.candle_sub(made.source))
    market.show(qtbot, made)
    made.chart.view.grab()
    lens = hold_alt(qtbot, made, spot(made, 30, 68_010.0))
    assert lens.cells is not None
    assert lens.cells.height == made.chart.item.band * made.block_size
    assert lens.cells.qty[lens.cells.centre] == pytest.approx(25e6, rel=1e-3)
    lens.grab()


class AltOpensMenus(QProxyStyle):
    """The habit of some platforms: Alt alone jumps to the menu bar."""

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        data: QStyleHintReturn | None = None,
    ) -> int:
        if hint is QStyle.StyleHint.SH_MenuBar_AltKeyNavigation:
            return 1
        return int(super().styleHint(hint, option, widget, data))


@pytest.mark.parametrize("over_plot", [True, False])
def test_alt_over_the_plot_does_not_jump_to_the_menu_bar(
    qtbot: QtBot, market: Market, over_plot: bool
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    style = AltOpensMenus("Fusion")
    bar = window.menuBar()
    bar.setStyle(style)
    bar.addMenu("File").addAction("Open")
    panel = history_panel(market.context)
    market.fill_book(panel.primary(), panel.options.candle_sub(panel.source))
    window.setCentralWidget(panel)
    window.resize(1000, 640)
    window.show()
    window.activateWindow()
    qtbot.waitActive(window)
    panel.pull()
    panel.chart.view.grab()
    view = panel.chart.view
    view.setFocus()
    below = QPoint(100, round(panel.chart.plot_rect.bottom()) + 8)
    at = spot(panel, 150, MIDDLE) if over_plot else below
    qtbot.mouseMove(view.viewport(), at + QPoint(2, 2))
    qtbot.mouseMove(view.viewport(), at)
    qtbot.keyPress(view, ALT, ALT_HELD)
    qtbot.keyRelease(view, ALT)
    assert (QApplication.focusWidget() is view) == over_plot
    assert (bar.activeAction() is None) == over_plot
    bar.setActiveAction(None)  # type: ignore[arg-type]


def test_a_chart_under_the_mouse_takes_the_keys_when_its_window_becomes_active(
    qtbot: QtBot, market: Market
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    button = QPushButton("Elsewhere")
    window.setMenuWidget(button)
    panel = history_panel(market.context)
    window.setCentralWidget(panel)
    window.resize(1000, 640)
    window.show()
    window.activateWindow()
    qtbot.waitActive(window)
    view = panel.chart.view
    QApplication.processEvents()
    button.setFocus()
    assert button.hasFocus()
    view.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    QApplication.sendEvent(view, QEvent(QEvent.Type.WindowActivate))
    assert button.hasFocus(), "the mouse is elsewhere"
    view.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    QApplication.sendEvent(view, QEvent(QEvent.Type.WindowActivate))
    assert view.hasFocus()


def test_the_crosshair_says_seconds_where_the_axis_does_and_the_year_of_years(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    chart = panel.chart

    def said(span_s: float) -> str:
        chart.camera.zoom_time(span_s / chart.camera.window.span_s, 400)
        chart.apply()
        chart.point_at(QPointF(400, 200))
        assert chart.crosshair.mark is not None
        return chart.crosshair.mark.time_text

    assert said(3_600).count(":") == 1
    assert said(120).count(":") == 2
    assert said(3_600).count(":") == 1
    assert ":" not in said(400 * 86_400)


def test_the_card_speaks_of_the_cells_that_a_zoom_made(qtbot: QtBot, panel: OrderBookPanel) -> None:
    chart = panel.chart
    qtbot.mouseMove(chart.view.viewport(), QPoint(400, 200))
    chart.view.viewport().grab()
    assert "Cell" not in chart.card.text()
    qtbot.keyClick(chart.view, Qt.Key.Key_Home)
    chart.camera.zoom_price(12.0, 200)
    chart.camera.zoom_time(6.0, 400)
    chart.apply()
    chart.view.viewport().grab()
    assert chart.item.detail is not None
    assert chart.item.detail[1] > 1
    qtbot.waitUntil(lambda: f"of {chart.item.detail[1]} levels" in chart.card.text())


def test_the_lens_tells_a_pooled_cell_from_the_native_one_it_frames(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    chart = panel.chart
    chart.camera.zoom_price(12.0, 200)
    chart.apply()
    chart.view.grab()
    lens = hold_alt(qtbot, panel, spot(panel, 150, WALL_PRICE - 2.5))
    assert chart.item.detail is not None
    levels = chart.item.detail[1]
    assert levels > 1
    assert lens.cells is not None
    assert lens.cells.qty[lens.cells.centre] < 10
    assert f"of {levels} levels" in lens.head
    assert "Bid" not in lens.head

"""Alerts on figures: offered at a right-click, changed in the editor before they watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from heatdesk.alerts.figures import cohort_column, figure_value
from heatdesk.alerts.rules import Kind, Rule, Way
from heatdesk.favourites import Favourite
from heatdesk.frames import CohortTable, DotSet, TradeBatch, TradeSub
from tests.ui.panels.invented import InventedMarket
from ui.panel.alert_asking import TOO_MANY, ask
from ui.panel.alert_editor import AlertEditor
from ui.panels.cohorts import CohortPanel
from ui.panels.dots import DotPanel
from ui.panels.favourites import FavouritesPanel
from ui.panels.tape import TapePanel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from ui.panel import Panel

pytestmark = pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)


@pytest.fixture
def market(qapp: object) -> InventedMarket:
    del qapp
    return InventedMarket()


def offered(panel: Panel, pos: QPoint) -> dict[str, QMenu]:
    menu = QMenu(panel)
    panel.context_menu(menu, pos)
    return {action.text(): menu for action in menu.actions() if "lert when" in action.text()}


def take(panel: Panel, pos: QPoint, words: str) -> AlertEditor:
    """Choose an entry of the menu; the editor that opens."""
    menu = QMenu(panel)
    panel.context_menu(menu, pos)
    [action] = [one for one in menu.actions() if words in one.text()]
    action.trigger()
    [editor] = panel.findChildren(AlertEditor)
    return editor


def in_table(panel: DotPanel | CohortPanel | FavouritesPanel, row: int, column: int) -> QPoint:
    table = panel.table
    table.scrollTo(table.figures.index(row, column))
    at = table.visualRect(table.figures.index(row, column)).center()
    return table.viewport().mapTo(panel, at)


def test_a_dot_offers_its_change_its_volume_and_its_price(
    market: InventedMarket, qtbot: QtBot
) -> None:
    panel = DotPanel(market.context)
    qtbot.addWidget(panel)
    market.show(panel)
    dots = market.store.latest(panel.primary())
    assert isinstance(dots, DotSet)
    picture = panel.chart
    place = next(
        QPoint(x, y)
        for x in range(20, picture.width() - 20, 4)
        for y in range(20, picture.height() - 20, 4)
        if picture.dot_at(QPoint(x, y))
    )
    dot_id = picture.dot_at(place)
    words = list(offered(panel, picture.mapTo(panel, place)))
    symbol = dots.symbols[dots.ids.index(dot_id)].upper()
    assert [one.split(" crosses ")[0] for one in words] == [
        f"Alert when {symbol} {what}" for what in ("change 24h", "relative volume", "price")
    ]


def test_a_cell_of_the_table_is_watched_once_the_editor_is_applied(
    market: InventedMarket, qtbot: QtBot
) -> None:
    panel = DotPanel(market.context)
    qtbot.addWidget(panel)
    panel.load_options({"table": True})
    market.show(panel, 1100, 500)
    dots = market.store.latest(panel.primary())
    assert isinstance(dots, DotSet)
    editor = take(panel, in_table(panel, 2, 4), "change 7d crosses")
    assert market.context.alerts.rules() == ()
    assert editor.apply_button.text() == "Add alert"
    editor.what.setCurrentIndex(editor.what.findData(Way.DOWN))
    editor.price.setText("-12,5" if "," in editor.price.text() else "-12.5")
    editor.apply_button.click()
    [rule] = market.context.alerts.rules()
    assert (rule.kind, rule.sub, rule.price, rule.way) == (
        Kind.FIGURE,
        panel.primary(),
        -12.5,
        Way.DOWN,
    )
    assert rule.figure is not None
    assert rule.figure.row == dots.ids[2]
    assert rule.figure.column == "change_7d"
    assert figure_value(dots, rule.figure) == dots.change_pct[2, 1]
    assert rule.demo


def test_a_level_that_is_no_number_is_not_taken(market: InventedMarket, qtbot: QtBot) -> None:
    panel = DotPanel(market.context)
    qtbot.addWidget(panel)
    panel.load_options({"table": True})
    market.show(panel, 1100, 500)
    editor = take(panel, in_table(panel, 0, 2), "relative volume")
    editor.price.setText("much")
    editor.apply_button.click()
    assert editor.problem.text() == "The level is no number."
    assert market.context.alerts.rules() == ()


def test_a_cohort_offers_its_bias_and_its_value(market: InventedMarket, qtbot: QtBot) -> None:
    panel = CohortPanel(market.context)
    qtbot.addWidget(panel)
    panel.load_options({"table": True})
    market.show(panel, 1280, 500)
    table = market.store.latest(panel.primary())
    assert isinstance(table, CohortTable)
    row = next(
        n
        for n in range(panel.table.figures.rowCount())
        if panel.table.figures.value(n, 1) == "Whale"
    )
    coin = str(panel.table.figures.value(row, 0))
    editor = take(panel, in_table(panel, row, 11), f"{coin} Whale, long share of money crosses")
    editor.apply_button.click()
    [rule] = market.context.alerts.rules()
    assert rule.figure is not None
    assert rule.figure.column == cohort_column("long_pct", 5)
    assert rule.price == pytest.approx(figure_value(table, rule.figure), rel=1e-3)
    assert rule.coin == coin


def test_the_matrix_offers_a_cell_and_the_whole_coin(market: InventedMarket, qtbot: QtBot) -> None:
    panel = CohortPanel(market.context)
    qtbot.addWidget(panel)
    market.show(panel, 1280, 500)
    matrix, view = panel.matrix, panel.matrix.viewport()
    found: dict[bool, list[str]] = {}
    for x in range(4, view.width(), 12):
        at = QPoint(x, view.height() // 2)
        cell = matrix.cell_at(at)
        if cell is not None:
            words = list(offered(panel, view.mapTo(panel, at)))
            found.setdefault(cell.column is None, words)
    assert any("long share of money" in one for one in found[False])
    assert any("open value" in one for one in found[True])


def test_a_print_of_the_tape_offers_its_price(market: InventedMarket, qtbot: QtBot) -> None:
    panel = TapePanel(market.context)
    qtbot.addWidget(panel)
    panel.demo = True
    panel.resize(400, 300)
    panel.show()
    now_ms = market.clock.now_ms()
    prices = np.array([70_000.1, 70_000.2])
    ones = np.ones(2)
    times = np.array([now_ms - 500, now_ms], np.int64)
    market.arrive(panel.primary(), TradeBatch(times, prices, ones, ones > 0))
    panel.pull()
    at = next(QPoint(60, y) for y in range(300) if panel.view.row_at(QPoint(60, y)) is not None)
    editor = take(panel, panel.view.mapTo(panel, at), "price crosses 70,000.2")
    editor.apply_button.click()
    [rule] = market.context.alerts.rules()
    assert (rule.kind, rule.sub, rule.price) == (Kind.CROSSES, panel.primary(), 70_000.2)


def test_a_favourite_offers_its_price(market: InventedMarket, qtbot: QtBot) -> None:
    market.context.favourites.toggle(Favourite("BTC", "BINANCE_FUTURES", "BTCUSDT"))
    panel = FavouritesPanel(market.context)
    qtbot.addWidget(panel)
    market.show(panel, 500, 300)
    editor = take(panel, in_table(panel, 0, 2), "price crosses")
    editor.price.setText("80000")
    editor.apply_button.click()
    [rule] = market.context.alerts.rules()
    assert rule.sub == TradeSub("demo", "BINANCE_FUTURES", "BTCUSDT")
    assert rule.price == 80_000.0


def test_one_alert_too_many_is_said(
    market: InventedMarket, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = DotPanel(market.context)
    qtbot.addWidget(panel)
    monkeypatch.setattr("heatdesk.alerts.alert_list.MOST_RULES", 1)
    rule = Rule("", Kind.CROSSES, TradeSub("demo"), 70_000.0)
    for _ in range(2):
        ask(panel, rule).apply_button.click()
    assert len(market.context.alerts.rules()) == 1
    assert panel.note.text() == TOO_MANY

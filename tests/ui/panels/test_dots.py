"""The market dots panel, driven as a trader drives it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from heatdesk.analytics.dots import STABLECOINS
from heatdesk.frames import DotSet, DotSub, KeyState
from heatdesk.frames.dot_lists import CATEGORIES
from heatdesk.frames.market import TIMEFRAMES
from tests.ui.panels.invented import InventedMarket, move
from ui.panels.dots import DotPanel


@pytest.fixture
def market() -> InventedMarket:
    return InventedMarket()


@pytest.fixture
def panel(qtbot: QtBot, market: InventedMarket) -> DotPanel:
    panel = DotPanel(market.context)
    qtbot.addWidget(panel)
    market.show(panel)
    return panel


def _dots(panel: DotPanel) -> DotSet:
    frame = panel.context.store.latest(panel.primary())
    assert isinstance(frame, DotSet)
    return frame


def _entries(panel: DotPanel, place: QPointF) -> dict[str, str]:
    """What each copying entry of the menu at a place of the chart puts on the clipboard."""
    menu, copied = QMenu(), {}
    pos = panel.chart.mapTo(panel, place.toPoint())
    panel.context_menu(menu, pos)
    for action in [one for one in menu.actions() if one.text().startswith("Copy")]:
        action.trigger()
        copied[action.text()] = QGuiApplication.clipboard().text()
    return copied


def test_the_defaults_are_coins_of_the_top_50_over_24h_on_a_log_axis(panel: DotPanel) -> None:
    assert panel.primary() == DotSub("demo", "coins", "top-100")
    assert panel.subtitle() == "Top 50 · 24h"
    assert panel.log.isChecked()
    assert panel.ready
    assert [panel.category.itemText(i) for i in range(panel.category.count())] == list(
        CATEGORIES.values()
    )
    assert len(CATEGORIES) == 33


def test_stablecoins_are_hidden_and_counted_until_they_are_wanted(panel: DotPanel) -> None:
    dots = _dots(panel)
    stable = {i for i, s in zip(dots.ids, dots.symbols, strict=True) if s.upper() in STABLECOINS}
    picture = panel.chart.picture
    assert stable
    assert picture is not None
    assert not stable & set(picture.ids)
    assert f"{len(stable)} stablecoins hidden" in picture.note
    panel.stable.click()
    panel.pull()
    picture = panel.chart.picture
    assert picture is not None
    assert stable <= set(picture.ids)
    assert "hidden" not in picture.note


def test_a_dot_without_the_timeframe_is_left_out_and_counted(panel: DotPanel) -> None:
    panel.stable.click()
    panel.timeframes["3y"].click()
    panel.pull()
    dots = _dots(panel)
    unknown = {i for i, row in zip(dots.ids, dots.change_pct, strict=True) if row[-1] != row[-1]}
    picture = panel.chart.picture
    assert unknown
    assert picture is not None
    assert picture.note == f"{len(unknown)} without 3y"
    assert set(picture.ids) == set(dots.ids) - unknown


def test_hovering_a_dot_shows_its_card_beside_it_and_rings_it(panel: DotPanel) -> None:
    for dot_id in ("bitcoin", *panel.chart.label_rects()):
        place = panel.chart.dot_place(dot_id)
        assert place is not None
        move(panel.chart, place)
        told = panel.chart.hover_id
        card, ringed = panel.chart.card_rect(), panel.chart.dot_place(told)
        assert card is not None
        assert ringed is not None
        assert not card.contains(ringed), f"the card covers {told}"
        assert panel.chart.rect().contains(card.toRect())


def test_search_lights_the_matches_and_enter_goes_round_them(panel: DotPanel) -> None:
    panel.search.setText("bit")
    panel.pull()
    found = panel.chart.found_ids()
    assert "bitcoin" in found
    assert 1 < len(found) < len(_dots(panel).ids)
    picture = panel.chart.picture
    assert picture is not None
    assert picture.note.startswith(f"{len(found)} found")
    assert set(panel.chart.label_rects()) <= set(found), "only matches are named"
    seen = []
    for _ in range(len(found) + 1):
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
        seen.append(panel.chart.marked_id)
    assert seen == [*found, found[0]]
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    panel.pull()
    assert panel.search.text() == ""
    assert panel.chart.marked_id == ""
    assert panel.chart.found_ids() == []


def test_letters_typed_anywhere_search(panel: DotPanel) -> None:
    QTest.keyClicks(panel, "e")
    assert panel.search.text().lower() == "e"


def test_narratives_have_no_category_and_ask_anew(panel: DotPanel, market: InventedMarket) -> None:
    asked: list[object] = []
    panel.needs_changed.connect(lambda: asked.append(panel.primary()))
    panel.mode.setCurrentIndex(panel.mode.findData("narratives"))
    panel.mode.activated.emit(panel.mode.currentIndex())
    assert asked == [DotSub("demo", "narratives", "")]
    assert not panel.category.isEnabled()
    panel.pull()
    assert panel.chart.picture is None, "old dots are not shown under a new name"
    assert not panel.ready
    market.arrive(panel.primary())
    panel.pull()
    assert panel.ready
    assert panel.subtitle() == "Narratives · 24h"


def test_the_table_has_every_timeframe_and_sorts_by_figure(panel: DotPanel) -> None:
    panel.as_table.click()
    panel.pull()
    figures = panel.table.figures
    titles = [
        figures.headerData(i, Qt.Orientation.Horizontal) for i in range(figures.columnCount())
    ]
    assert titles[3:8] == [f"{timeframe} %" for timeframe in TIMEFRAMES]
    assert figures.rowCount() == len(_dots(panel).ids)
    panel.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    changes = [float(figures.value(row, 3)) for row in range(figures.rowCount())]
    assert changes == sorted(changes, reverse=True)
    rows = list(csv.DictReader(io.StringIO(panel.csv() or "")))
    assert [float(row["change_24h_pct"]) for row in rows] == changes


def test_the_csv_carries_every_digit(panel: DotPanel) -> None:
    dots = _dots(panel)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(panel.csv() or ""))}
    assert list(rows) == list(dots.ids)
    for i, dot_id in enumerate(dots.ids):
        assert float(rows[dot_id]["market_cap_usd"]) == dots.market_cap_usd[i]
        served = rows[dot_id]["change_3y_pct"]
        change = dots.change_pct[i, 4]
        assert (served == "") == (change != change)
        assert served == "" or float(served) == change


def test_the_menu_of_a_dot_copies_its_value_and_its_row(panel: DotPanel) -> None:
    place = panel.chart.dot_place("bitcoin")
    assert place is not None
    copied = _entries(panel, place)
    assert copied["Copy value"].startswith("Bitcoin BTC: ")
    assert "in 24h" in copied["Copy value"]
    row = (panel.csv() or "").splitlines()[1 + _dots(panel).ids.index("bitcoin")]
    assert copied["Copy row"] == row
    assert _entries(panel, QPointF(2, panel.chart.height() - 2)) == {}


def test_options_come_back_and_nonsense_is_ignored(panel: DotPanel, market: InventedMarket) -> None:
    panel.load_options({"mode": "coins", "category": "layer-1", "timeframe": "1y", "log_x": False})
    saved = panel.save_options()
    other = DotPanel(market.context)
    try:
        other.load_options(saved)
        assert other.options == panel.options
        assert (other.options.category, other.options.log_x) == ("layer-1", False)
        other.load_options({"mode": 3, "category": "cheese", "timeframe": [], "table": "yes"})
        assert other.options == panel.options
    finally:
        other.deleteLater()


def test_new_dots_keep_the_hovered_one_and_never_move_a_view_the_user_chose(
    panel: DotPanel, market: InventedMarket
) -> None:
    place = panel.chart.dot_place("ethereum")
    assert place is not None
    move(panel.chart, place)
    hovered = panel.chart.hover_id
    panel.chart.zoom_about(QPointF(100, 100), 0.5)
    view = panel.chart.view
    market.clock.time_ms += 3_600_000
    market.arrive(panel.primary())
    assert panel.pull()
    assert panel.chart.view == view
    assert panel.chart.hover_id == hovered


def test_a_panel_without_data_says_it_waits(qtbot: QtBot, market: InventedMarket) -> None:
    panel = DotPanel(market.context)
    qtbot.addWidget(panel)
    panel.pull()
    assert not panel.ready
    assert panel.csv() is None
    menu = QMenu()
    panel.context_menu(menu, QPoint(10, 100))
    assert menu.isEmpty()


@pytest.fixture
def keyless(qtbot: QtBot, market: InventedMarket) -> DotPanel:
    context = replace(market.context, key_state=lambda _: KeyState.UNTESTED)
    panel = DotPanel(context)
    qtbot.addWidget(panel)
    panel.resize(900, 420)
    panel.show()
    return panel


def test_without_a_key_the_dots_come_from_coingecko_and_say_what_was_computed(
    keyless: DotPanel, market: InventedMarket
) -> None:
    assert keyless.primary() == DotSub("coingecko", "coins", "top-100")
    frame = market.frame(DotSub("demo", "coins", "top-100"))
    assert isinstance(frame, DotSet)
    market.arrive(keyless.primary(), replace(frame, computed="computed: turnover"))
    keyless.pull()
    assert keyless.note.toolTip() or keyless.note.isVisible()
    assert keyless._own_note == "Data by CoinGecko · relative volume computed: turnover"


def test_a_timeframe_the_source_does_not_tell_is_not_offered_and_says_why(
    keyless: DotPanel, market: InventedMarket
) -> None:
    keyless.timeframes["3y"].click()
    frame = market.frame(DotSub("demo", "coins", "top-100"))
    assert isinstance(frame, DotSet)
    changes = frame.change_pct.copy()
    changes[:, TIMEFRAMES.index("3y")] = np.nan
    market.arrive(keyless.primary(), replace(frame, change_pct=changes))
    keyless.pull()
    offered = [name for name, button in keyless.timeframes.items() if button.isEnabled()]
    assert offered == ["24h", "7d", "30d", "1y"]
    assert "CoinGecko does not tell" in keyless.timeframes["3y"].toolTip()
    assert keyless.timeframes["1y"].isChecked()
    assert keyless.subtitle().endswith("1y")
    assert keyless.chart.picture is not None
    assert keyless.chart.picture.timeframe == "1y"
    assert keyless.chart.picture.ids
    keyless.key_works("sharpe")  # who tells them all shows what was chosen
    market.arrive(keyless.primary(), frame)
    keyless.pull()
    assert keyless.timeframes["3y"].isEnabled()
    assert keyless.timeframes["3y"].isChecked()


def test_a_key_of_the_preferred_provider_takes_over_and_is_remembered(keyless: DotPanel) -> None:
    keyless.key_works("hypertracker")
    assert keyless.source == "coingecko"
    keyless.key_works("sharpe")
    assert keyless.source == "sharpe"
    keyless.pull()
    assert keyless._own_note == ""
    again = DotPanel(keyless.context)
    again.load_options(keyless.save_options())
    assert again.source == "sharpe"
    again.deleteLater()


def test_a_layout_of_an_earlier_version_had_a_key(keyless: DotPanel) -> None:
    keyless.load_options({"mode": "coins", "category": "layer-1", "table": False})
    assert keyless.source == "sharpe"

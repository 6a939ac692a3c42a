"""The cohort bias panel, driven as a trader drives it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from heatdesk.analytics.cohorts import ALL_ID, value_bias_ratio
from heatdesk.frames import COHORTS, CohortSub, CohortTable
from heatdesk.providers.hypertracker import parse_cohorts
from tests.servers.hypertracker import coin_row, segment_row
from tests.ui.panels.invented import InventedMarket, click, move
from ui.panels.cohorts import CohortPanel


@pytest.fixture
def market() -> InventedMarket:
    return InventedMarket()


@pytest.fixture
def panel(qtbot: QtBot, market: InventedMarket) -> CohortPanel:
    panel = CohortPanel(market.context)
    qtbot.addWidget(panel)
    market.show(panel, 1280, 720)
    return panel


def _table(panel: CohortPanel) -> CohortTable:
    frame = panel.context.store.latest(panel.primary())
    assert isinstance(frame, CohortTable)
    return frame


def _coins(panel: CohortPanel) -> tuple[str, ...]:
    assert panel.shown is not None
    return panel.shown.coins


def _open_usd(panel: CohortPanel) -> dict[str, float]:
    table = _table(panel)
    return {
        coin: float(value)
        for coin, cohort, value in zip(table.coins, table.cohort_id, table.total_usd, strict=True)
        if cohort == ALL_ID
    }


def test_the_top_20_by_open_value_with_bitcoin_and_ether_first(panel: CohortPanel) -> None:
    coins, open_usd = _coins(panel), _open_usd(panel)
    assert len(coins) == 20
    assert coins[:2] == ("BTC", "ETH")
    others = sorted((c for c in open_usd if c not in coins[:2]), key=lambda c: -open_usd[c])
    assert list(coins[2:]) == others[:18]
    assert panel.ready


def test_cohorts_stand_in_two_groups_by_size_then_by_result(panel: CohortPanel) -> None:
    assert panel.shown is not None
    assert [cohort.id for cohort in panel.shown.cohorts] == [cohort.id for cohort in COHORTS]
    layout = panel.matrix.geometry_now
    assert layout is not None
    steps = np.diff(layout.column_x)
    assert steps[7] > layout.column_width + 5, "a gap parts them"
    assert np.delete(steps, 7) == pytest.approx(layout.column_width)


def test_hovering_a_cell_tells_money_and_heads_and_a_coin_tells_no_bias(
    panel: CohortPanel,
) -> None:
    move(panel.matrix.viewport(), QPointF(panel.matrix.cell_centre(0, 5)))
    assert panel.line.text().startswith("BTC · Whale $500k-1M: money ")
    assert "heads " in panel.line.text()
    coin = QPointF(10, panel.matrix.cell_centre(0, 5).y())
    move(panel.matrix.viewport(), coin)
    words = panel.line.text()
    assert words.startswith("BTC: $")
    assert "open" in words
    assert "positions" in words
    assert "%" not in words


def test_a_heading_sorts_by_its_cohort_and_again_turns_round(panel: CohortPanel) -> None:
    before = set(_coins(panel))
    for descending in (True, False):
        click(panel.matrix.viewport(), QPointF(panel.matrix.heading_centre(9)))
        panel.pull()
        assert panel.shown is not None
        biases = panel.shown.value_bias_ratio[:, 9]
        known = biases[np.isfinite(biases)]
        ordered = np.sort(known)[::-1] if descending else np.sort(known)
        assert known.tolist() == ordered.tolist()
        assert np.isfinite(biases[: known.size]).all(), "the unknown ones come last"
    assert set(_coins(panel)) == before
    assert panel.matrix.sorted_column == 9


def test_sorting_by_dispersion_puts_disagreement_on_top(panel: CohortPanel) -> None:
    panel.load_options({"sort": "dispersion"})
    panel.pull()
    assert panel.shown is not None
    spread = panel.shown.dispersion_ratio
    assert spread.tolist() == sorted(spread.tolist(), reverse=True)


def test_another_age_asks_anew_and_shows_nothing_old(
    panel: CohortPanel, market: InventedMarket
) -> None:
    panel.load_options({"opened_within": "24h"})
    assert panel.primary() == CohortSub("demo", "24h")
    panel.pull()
    assert not panel.ready
    assert panel.shown is None
    assert panel.csv() is None
    market.arrive(panel.primary())
    panel.pull()
    assert panel.ready
    assert "24 h" in panel.subtitle()


def test_the_table_has_every_column_of_the_payload_and_both_biases(panel: CohortPanel) -> None:
    rows = list(csv.DictReader(io.StringIO(panel.csv() or "")))
    table = _table(panel)
    assert set(rows[0]) == {
        "coin",
        "segmentId",
        "totalValue",
        "totalLongValue",
        "totalShortValue",
        "count",
        "countLong",
        "countShort",
        "bias",
        "cohort",
        "kind",
        "value_bias_ratio",
        "count_bias_ratio",
    }
    shown = set(_coins(panel))
    assert len(rows) == sum(coin in shown for coin in table.coins)
    told = {(row["coin"], row["segmentId"]): row for row in rows}
    biases = value_bias_ratio(table)
    for i, (coin, cohort) in enumerate(zip(table.coins, table.cohort_id, strict=True)):
        if coin not in shown:
            continue
        row = told[coin, "" if cohort == ALL_ID else str(cohort)]
        assert float(row["totalValue"]) == table.total_usd[i]
        assert int(row["count"]) == table.count[i]
        if cohort == ALL_ID:
            assert (row["cohort"], row["value_bias_ratio"], row["bias"]) == ("ALL", "", "")
        elif np.isfinite(biases[i]):
            assert float(row["value_bias_ratio"]) == biases[i]


def test_search_narrows_matrix_and_table(panel: CohortPanel) -> None:
    panel.search.setText("et")
    panel.pull()
    assert "ETH" in _coins(panel)
    assert all("ET" in coin for coin in _coins(panel))
    panel.search.setText("no such coin")
    panel.pull()
    assert _coins(panel) == ()


def test_the_menu_copies_what_is_under_the_mouse(panel: CohortPanel) -> None:
    menu, copied = QMenu(), {}
    place = panel.matrix.viewport().mapTo(panel, panel.matrix.cell_centre(1, 8))
    panel.context_menu(menu, place)
    for action in [one for one in menu.actions() if one.text().startswith("Copy")]:
        action.trigger()
        copied[action.text()] = QGuiApplication.clipboard().text()
    assert copied["Copy value"].startswith("ETH · Money Printer over +$1M: money ")
    lines = copied["Copy row as CSV"].splitlines()
    assert len(lines) == 18, "a heading, the coin's own total and sixteen cohorts"
    assert all(line.startswith("ETH,") for line in lines[1:])


def test_options_come_back_and_nonsense_is_ignored(
    panel: CohortPanel, market: InventedMarket
) -> None:
    panel.load_options({"opened_within": "7d", "sort": "9", "descending": False, "limit": 50})
    saved = panel.save_options()
    other = CohortPanel(market.context)
    try:
        other.load_options(saved)
        assert other.options == panel.options
        other.load_options({"opened_within": "now", "sort": "; drop", "limit": "many", "table": 7})
        assert other.options == type(other.options)()
    finally:
        other.deleteLater()


def test_an_unknown_cohort_and_an_empty_one_are_shown_honestly(
    panel: CohortPanel, market: InventedMarket
) -> None:
    rows = [
        segment_row(1, "BTC", 0.0, 0.0, 0, 0),
        segment_row(9, "BTC", 61.0, 39.0, 30, 20),
        segment_row(77, "BTC", 10.0, 30.0, 5, 9),
    ]
    payload = {"heatmap": [coin_row("BTC", rows), coin_row("LONE", [])]}
    market.arrive(panel.primary(), parse_cohorts(payload, "all", market.clock.now_ms()))
    panel.pull()
    assert panel.shown is not None
    assert [cohort.name for cohort in panel.shown.cohorts] == ["Fish", "Smart Money", "Segment 77"]
    assert panel.shown.coins == ("BTC", "LONE")
    move(panel.matrix.viewport(), QPointF(panel.matrix.cell_centre(0, 0)))
    assert panel.line.text().endswith("no data")
    move(panel.matrix.viewport(), QPointF(panel.matrix.cell_centre(0, 2)))
    assert panel.line.text().startswith("BTC · Segment 77: money 75 % S")

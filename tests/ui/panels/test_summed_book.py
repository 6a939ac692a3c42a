"""A sum of live books: what is missing of it, whose price it shows, best prices that cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect

from heatdesk.frames import BookSub, DataState, StreamStatus, TradeBatch
from tests.ui.market_panels import Market
from tests.ui.panels.test_live_book import PRICE, fill
from ui import theme
from ui.panels.order_book import OrderBookPanel
from ui.panels.order_book.flow import PATIENT_MS

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

VENUES = ("BINANCE_FUTURES", "BINANCE", "KRAKEN")


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> OrderBookPanel:
    made = OrderBookPanel(market.context)
    made.choose(made.options.traded(VENUES, "BTC", None))
    fill(market, made.primary(), parts=3)
    market.show(qtbot, made)
    return made


def trade(
    market: Market, panel: OrderBookPanel, venue: int, price: float, late_ms: int = 0
) -> None:
    """Let one of the venues trade."""
    at_ms = market.clock.now_ms() - late_ms
    one = TradeBatch(np.array([at_ms]), np.array([price]), np.array([1.5]), np.array([True]))
    market.store.apply(panel.options.trade_subs(panel.source)[venue], one)


def price_shown(market: Market, panel: OrderBookPanel) -> float:
    """Price on the axis once another column of the book has come."""
    panel.pull()
    fill(market, panel.primary(), parts=3)
    panel.pull()
    price = panel.chart.camera.last_price
    assert price is not None
    return price


def test_the_header_of_a_sum_counts_its_venues_and_names_who_is_missing(
    panel: OrderBookPanel, market: Market
) -> None:
    panel.show_header()
    pill = panel.header.pill
    assert (pill.text, pill.toolTip(), pill.colour) == ("live", "", theme.Palette.LIVE)
    fill(market, panel.primary(), parts=3, missing=("Kraken Spot",))
    panel.pull()
    assert (pill.state, pill.text) == (DataState.LIVE, "live, 2 of 3")
    assert pill.colour == theme.Palette.WARN
    assert "Kraken Spot" in pill.toolTip()
    fill(market, panel.primary(), parts=3)
    panel.pull()
    assert (pill.text, pill.toolTip(), pill.colour) == ("live", "", theme.Palette.LIVE)


def test_the_price_of_a_sum_is_that_of_the_first_venue_whoever_traded_last(
    panel: OrderBookPanel, market: Market
) -> None:
    trade(market, panel, 1, PRICE + 40.0)
    assert price_shown(market, panel) == PRICE + 40.0, "the first that traded at all"
    trade(market, panel, 0, PRICE + 1.0, late_ms=900)
    for price in (PRICE + 41.0, PRICE + 42.0):
        trade(market, panel, 1, price)
        assert price_shown(market, panel) == PRICE + 1.0
    rows = dict(panel.hover_rows(market.clock.now_ms() / 1000 - 0.3, PRICE - 3.0))
    assert rows["Last is of"] == "Binance Perp"


def test_the_next_venue_gives_the_price_once_the_first_is_gone_for_longer(
    panel: OrderBookPanel, market: Market
) -> None:
    trade(market, panel, 0, PRICE + 1.0)
    trade(market, panel, 1, PRICE + 40.0)
    lead, now_ms = panel.options.trade_subs(panel.source)[0], market.clock.now_ms()
    market.store.set_status(lead, StreamStatus(gap_since_ms=now_ms - PATIENT_MS + 1))
    assert price_shown(market, panel) == PRICE + 1.0
    market.store.set_status(lead, StreamStatus(gap_since_ms=now_ms - PATIENT_MS))
    assert price_shown(market, panel) == PRICE + 40.0
    for sub in panel.options.trade_subs(panel.source):
        market.store.set_status(sub, StreamStatus(gap_since_ms=now_ms - PATIENT_MS))
    assert price_shown(market, panel) == PRICE + 1.0, "nobody is heard: the first that traded"


def test_best_prices_that_cross_are_told_as_crossed(panel: OrderBookPanel, market: Market) -> None:
    sub = panel.primary()
    assert isinstance(sub, BookSub)
    fill(market, sub, parts=3, best_px=(PRICE + 2.5, PRICE - 1.5))
    panel.pull()
    assert [tag.detail for tag in panel.chart.price_axis._tags] == ["crossed"]
    rows = dict(panel.hover_rows(market.clock.now_ms() / 1000 - 0.3, PRICE - 3.0))
    assert rows["Best"] == "70,002.5 / 69,998.5, crossed"
    fill(market, sub, parts=3, best_px=(PRICE - 0.5, PRICE + 1.5))
    panel.pull()
    assert [tag.detail for tag in panel.chart.price_axis._tags] == ["spr 2"]


def test_colours_of_a_sum_fit_the_whole_sum_a_second_after_the_last_venue_joined(
    qtbot: QtBot, market: Market
) -> None:
    panel = OrderBookPanel(market.context)
    panel.choose(panel.options.traded(VENUES, "BTC", None))
    missing = ("Binance Spot", "Kraken Spot")
    fill(market, panel.primary(), parts=3, missing=missing)
    market.show(qtbot, panel)
    first = panel.chart.legend.cut
    for _ in range(12):
        market.clock.time_ms += 100
        fill(market, panel.primary(), 20.0, parts=3)
        panel.pull()
    assert panel.chart.legend.cut[0] > 15 * first[0]
    whole = panel.chart.legend.cut
    for _ in range(12):
        market.clock.time_ms += 100
        fill(market, panel.primary(), 20.0, parts=3, missing=missing[:1])
        panel.pull()
        market.clock.time_ms += 100
        fill(market, panel.primary(), 40.0, parts=3)
        panel.pull()
    assert panel.chart.legend.cut == whole, "one that goes and comes back shifts nothing"


def test_a_long_note_covers_neither_axis_nor_legend_nor_the_hover_card(
    panel: OrderBookPanel, market: Market
) -> None:
    why = "without Kraken Spot: " + "Kraken refused the connection. " * 8
    fill(market, panel.primary(), parts=3, missing=("Kraken Spot",), note=why)
    panel.pull()
    note, chart = panel.stage.note, panel.chart
    assert note.isVisible()
    assert note.geometry().right() < chart.plot_rect.right()
    assert note.text().endswith("\u2026")
    assert why in panel.header.pill.toolTip(), "all of it"
    for x in (0.05, 0.5, 0.95):
        for y in (0.05, 0.5, 0.95):
            plot = chart.plot_rect
            at = QPointF(plot.left() + x * plot.width(), plot.top() + y * plot.height())
            chart.point_at(at)
            top_left = chart.card.mapTo(panel.stage, QPoint(0, 0))
            card = QRect(top_left, chart.card.size())
            assert not (chart.card.isVisible() and card.intersects(note.geometry()))

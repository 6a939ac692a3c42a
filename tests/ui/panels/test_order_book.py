from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu

from heatdesk.frames import CandleSub, Quote, Resolution
from heatdesk.units import INTERVALS_MS
from heatdesk.views.instruments import symbol_for
from tests.ui.market_panels import (
    GAP_MINUTES,
    MIDDLE,
    MINUTES,
    WALL_PRICE,
    WALL_QTY,
    Market,
    candles,
    history_panel,
    minute,
)
from ui.panels.order_book import OrderBookPanel
from ui.panels.order_book.instrument import InstrumentPopover

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OPENS_A_POPUP = pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
"""The offscreen platform says so whenever a menu or a pop-over opens."""


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> OrderBookPanel:
    return market.book_panel(qtbot)


def point(panel: OrderBookPanel, time_s: float, price: float) -> QPointF:
    window = panel.chart.camera.window
    return QPointF(window.x_of(time_s), window.y_of(price))


def hover(panel: OrderBookPanel, n: float, price: float) -> str:
    panel.chart.point_at(point(panel, minute(0) / 1000 + n * 60 + 30, price))
    return panel.chart.card.text()


def brightness(panel: OrderBookPanel, at: QPointF) -> int:
    picture = panel.chart.view.grab().toImage()
    colour = picture.pixelColor(round(at.x()), round(at.y()))
    return colour.red() + colour.green() + colour.blue()


def test_a_fresh_panel_asks_for_what_a_trader_expects(panel: OrderBookPanel) -> None:
    sub = panel.options.book_sub("kiyotaka")
    assert sub.venues == ("BINANCE_FUTURES",)
    assert (sub.symbol, sub.interval_ms, sub.depth, sub.points) == ("BTCUSDT", 60_000, 500, 1000)
    assert sub.resolution is Resolution.UHD
    assert sub.quote is Quote.COIN
    assert panel.needs() == {sub, CandleSub("kiyotaka")}
    assert panel.subtitle() == "BTCUSDT · Binance Perp · 1m · 4K $5"
    assert panel.controls.depth.text() == "500 levels, about $2,500 each side"


def test_the_last_three_hours_are_shown_around_the_price(panel: OrderBookPanel) -> None:
    window = panel.chart.camera.window
    assert window.span_s == 3 * 3600
    assert window.t0_s < minute(MINUTES) / 1000 < window.t1_s
    assert (window.p0 + window.p1) / 2 == pytest.approx(MIDDLE + 2.5)


def test_the_wall_is_the_brightest_row(panel: OrderBookPanel) -> None:
    panel.chart.legend.hide_below(2.0)
    panel.chart.legend.move_cut("high", 300.0)
    time_s = minute(150) / 1000 + 30
    wall = brightness(panel, point(panel, time_s, WALL_PRICE + 2.5))
    others = [
        brightness(panel, point(panel, time_s, WALL_PRICE + 2.5 + 5 * k))
        for k in (-9, -6, -3, 3, 6, 9)
    ]
    assert wall > 600
    assert max(others) < wall / 2


def test_the_legend_has_the_unit_and_the_usual_cut_offs(panel: OrderBookPanel) -> None:
    legend = panel.chart.legend
    assert legend.unit_text == "BTC per $5 level"
    assert (legend.contrast.low_pct, legend.contrast.high_pct) == (75.0, 99.5)
    assert 6.0 <= legend.cut[0] <= 8.1


def test_fresh_data_never_rescales_the_colours(panel: OrderBookPanel, market: Market) -> None:
    before = panel.chart.legend.cut
    for n in range(MINUTES, MINUTES + 80):
        market.add_minute(panel.primary(), n, scale=50.0)
    assert panel.pull()
    assert panel.chart.legend.cut == before
    panel.chart.legend.refit_button.click()
    assert panel.chart.legend.cut[0] > 2 * before[0]


def test_hover_says_the_exact_figure_and_the_side(panel: OrderBookPanel) -> None:
    said = hover(panel, 150, WALL_PRICE + 1)
    assert f"Bid {WALL_QTY:.3f} BTC" in said
    assert "UTC" in said
    assert "≈" not in said
    assert "Ask" in hover(panel, 150, MIDDLE + 51)


def test_hover_tells_a_gap_from_what_nobody_reported(panel: OrderBookPanel) -> None:
    panel.chart.camera.pan(900, 0)
    panel.chart.apply()
    assert "gap: no data" in hover(panel, GAP_MINUTES[1], MIDDLE)
    panel.chart.camera.zoom_price(4, 200)
    panel.chart.apply()
    assert "outside the reported range" in hover(panel, 70, MIDDLE + 1_600)


def test_a_pooled_cell_says_how_many_levels_it_stands_for(panel: OrderBookPanel) -> None:
    panel.chart.camera.zoom_price(8, 200)
    panel.chart.apply()
    panel.chart.view.grab()
    said = hover(panel, 150, WALL_PRICE + 1)
    assert "max 400 of 4 levels, sum 411" in said
    assert f"{WALL_QTY:.3f}" in said


def test_the_card_never_covers_the_cursors_neighbourhood(panel: OrderBookPanel) -> None:
    plot = panel.chart.plot_rect
    for x in range(5, int(plot.width()), 45):
        for y in range(5, int(plot.height()), 45):
            panel.chart.point_at(QPointF(x, y))
            near = panel.chart.card.geometry().adjusted(-20, -20, 20, 20)
            assert panel.chart.card.isHidden() or not near.contains(QPoint(x, y))


def test_the_view_follows_and_a_drag_stops_it(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    chart = panel.chart
    viewport = chart.view.viewport()
    assert chart.pill.isHidden()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    for x in (340, 420, 500):
        qtbot.mouseMove(viewport, QPoint(x, 200))
    held = chart.camera.window
    market.add_minute(panel.primary(), MINUTES)
    panel.pull()
    assert chart.camera.window == held
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(500, 200))
    assert not chart.camera.follows
    assert chart.pill.isVisible()
    qtbot.mouseClick(chart.pill, Qt.MouseButton.LeftButton)
    assert chart.camera.follows
    assert chart.pill.isHidden()
    newest_s = minute(MINUTES + 1) / 1000
    assert chart.camera.window.t0_s < newest_s < chart.camera.window.t1_s


def test_a_pause_holds_the_picture_still(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_Space)
    before = panel.chart.camera.window
    market.add_minute(panel.primary(), MINUTES)
    panel.pull()
    assert panel.chart.camera.window == before
    assert panel.chart.pill.text().startswith("Paused")
    assert panel.header.subtitle.text().endswith("paused")
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_Space)
    panel.pull()
    assert panel.chart.camera.window.t1_s == pytest.approx(before.t1_s + 60)
    assert not panel.header.subtitle.text().endswith("paused")


def test_a_click_on_the_zone_switches_to_the_other(qtbot: QtBot, panel: OrderBookPanel) -> None:
    chart = panel.chart
    corner = QPoint(round(chart.plot_rect.right()) + 10, round(chart.plot_rect.bottom()) + 8)
    assert panel.context.workspace.utc
    qtbot.mouseClick(chart.view.viewport(), Qt.MouseButton.LeftButton, pos=corner)
    assert not panel.context.workspace.utc


def test_nothing_is_recomputed_when_nothing_changed(
    panel: OrderBookPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(panel.chart.item, "set_source", lambda _: calls.append("cells"))
    monkeypatch.setattr(panel.chart.edge, "set_profile", lambda *_: calls.append("profile"))
    assert not panel.pull()
    panel.invalidate()
    assert panel.pull()
    assert calls == []


def test_another_instrument_starts_anew(panel: OrderBookPanel) -> None:
    with_signal: list[bool] = []
    panel.needs_changed.connect(lambda: with_signal.append(True))
    panel.choose(panel.options.traded(("BYBIT", "OKEX_SWAP"), "eth", None))
    sub = panel.options.book_sub("kiyotaka")
    assert (sub.venues, sub.symbol, sub.coin) == (("BYBIT", "OKEX_SWAP"), "", "ETH")
    assert with_signal == [True]
    assert panel.chart.item.source is None
    assert not panel.ready
    assert panel.subtitle().startswith("ETH · Bybit Perp + OKX Perp")


def test_every_interval_is_on_offer_with_its_cost(panel: OrderBookPanel, market: Market) -> None:
    panel.interval_button.fill()
    texts = [action.text() for action in panel.interval_button.menu().actions()]
    assert [text.split("\t")[0] for text in texts] == list(INTERVALS_MS)
    assert all("10 weight per request" in text for text in texts)
    assert {sub.interval_ms for sub in market.asked_cost} == set(INTERVALS_MS.values())


def test_the_pop_over_applies_nothing_before_it_is_told(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    popover = InstrumentPopover(panel.options, panel.markets_of, panel.cost_of)
    qtbot.addWidget(popover)
    item = next(
        popover.venues.item(i)
        for i in range(popover.venues.count())
        if popover.venues.item(i).text() == "Bybit Perp"
    )
    item.setCheckState(Qt.CheckState.Checked)
    assert popover.name_label.text() == "Coin"
    assert popover.cost_label.text() == "10 weight per request"
    assert popover.options == panel.options
    popover.name.setText("sol")
    popover.apply_button.click()
    assert popover.options.venues == ("BINANCE_FUTURES", "BYBIT")
    assert popover.options.coin == "SOL"


def test_options_survive_and_bad_ones_cost_only_themselves(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    panel.choose(panel.options.traded(("BYBIT",), "ETHUSDT", None))
    panel.chart.legend.hide_below(3.0)
    saved = panel.save_options()
    other = history_panel(market.context)
    qtbot.addWidget(other)
    other.load_options({**saved, "interval": "7m", "depth": "many", "contrast": ["x", "a|b"]})
    assert other.options.symbol == "ETHUSDT"
    assert other.options.interval_ms == 60_000
    assert other.options.depth == 500


def test_contrast_is_remembered_by_instrument(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    panel.chart.legend.hide_below(3.0)
    other = history_panel(market.context)
    other.load_options(panel.save_options())
    market.show(qtbot, other)
    assert other.chart.legend.contrast.mode == "absolute"
    assert other.chart.legend.cut[0] == 3.0


def test_real_data_is_not_coloured_by_the_cut_offs_of_the_demo(
    panel: OrderBookPanel, market: Market
) -> None:
    of_the_real = panel.chart.legend.cut
    panel.demo = True
    market.fill_book(panel.primary(), panel.options.candle_sub(panel.source))
    for n in range(MINUTES, MINUTES + 200):
        market.add_minute(panel.primary(), n, scale=50.0)
    panel.pull()
    assert panel.chart.legend.cut[0] > 2 * of_the_real[0]
    panel.demo = False
    panel.pull()
    assert panel.chart.legend.cut == of_the_real


def test_the_menu_is_of_the_cell_under_the_cursor(panel: OrderBookPanel) -> None:
    at = point(panel, minute(150) / 1000 + 30, WALL_PRICE + 2.5).toPoint()
    menu = QMenu()
    panel.context_menu(menu, panel.chart.view.mapTo(panel, at))
    texts = [action.text() for action in menu.actions()]
    assert "Copy price 69,800.0" in texts
    assert "Copy value 400" in texts
    assert "Hide below 400" in texts
    menu.deleteLater()


def test_the_current_book_can_be_copied(panel: OrderBookPanel) -> None:
    text = panel.csv()
    assert text is not None
    assert f"{WALL_PRICE},{WALL_QTY},0.0" in text


def test_an_empty_store_shows_that_it_waits(qtbot: QtBot, market: Market) -> None:
    panel = history_panel(market.context)
    market.show(qtbot, panel)
    assert panel.stage.waiting.isVisible()
    assert "BTCUSDT" in panel.stage.waiting.text()
    assert panel.csv() is None


def test_bids_and_asks_can_have_colours_of_their_own(panel: OrderBookPanel) -> None:
    panel.load_options({**panel.save_options(), "palette": "pair"})
    panel.pull()
    time_s = minute(150) / 1000 + 30
    picture = panel.chart.view.grab().toImage()
    at = point(panel, time_s, WALL_PRICE + 2.5)
    wall = picture.pixelColor(round(at.x()), round(at.y()))
    assert wall.blue() >= wall.red()


def test_another_instrument_ends_a_pause(qtbot: QtBot, panel: OrderBookPanel) -> None:
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_Space)
    panel.choose(replace(panel.options, symbol="ETHUSDT", coin="ETH"))
    assert not panel.chart.paused


@OPENS_A_POPUP
def test_opening_the_instrument_control_leaves_the_view_alone(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    panel.chart.camera.zoom_time(0.5, 300)
    before = panel.chart.camera.window
    panel.search_name("")
    panel.pull()
    assert panel.chart.camera.window == before
    assert brightness(panel, point(panel, minute(150) / 1000 + 30, WALL_PRICE + 2.5)) > 300
    panel.findChild(InstrumentPopover).close()


def test_another_unit_or_depth_keeps_the_view_and_another_symbol_does_not(
    panel: OrderBookPanel,
) -> None:
    panel.chart.camera.zoom_time(0.5, 300)
    before = panel.chart.camera.window
    panel.choose(replace(panel.options, quote=Quote.USD, depth=1000))
    assert panel.chart.camera.window == before
    panel.choose(replace(panel.options, symbol="ETHUSDT", coin="ETH"))
    assert panel.chart.camera.window != before


def test_best_price_lines_go_when_candles_come(market: Market, qtbot: QtBot) -> None:
    made = history_panel(market.context)
    market.fill_book(made.primary(), CandleSub("nobody"))
    market.show(qtbot, made)
    assert made.chart.best.shown
    market.store.apply(made.options.candle_sub(made.source), candles(0, MINUTES))
    made.pull()
    assert not made.chart.best.shown


@OPENS_A_POPUP
def test_letters_open_the_symbol_and_digits_the_interval(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    qtbot.keyClick(panel.chart.view, "e")
    popover = panel.findChild(InstrumentPopover)
    assert popover.isVisible()
    assert popover.name.text() == "e"
    qtbot.keyClicks(popover.name, "th")
    qtbot.keyClick(popover.name, Qt.Key.Key_Return)
    assert panel.options.symbol == "ETHUSDT"
    qtbot.keyClick(panel.chart.view, "1")
    menu = panel.interval_button.menu()
    assert menu.isVisible()
    qtbot.keyClick(menu, "5")
    assert menu.activeAction().text().startswith("15m")
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert panel.options.interval_ms == INTERVALS_MS["15m"]


def test_a_venue_is_ticked_by_its_box_or_its_name(qtbot: QtBot, panel: OrderBookPanel) -> None:
    popover = InstrumentPopover(panel.options, panel.markets_of, panel.cost_of)
    qtbot.addWidget(popover)
    popover.resize(popover.sizeHint())
    venues = popover.venues
    row = venues.visualItemRect(venues.item(1))
    for place in (QPoint(row.left() + 60, row.center().y()), QPoint(9, row.center().y())):
        before = venues.item(1).checkState()
        qtbot.mouseClick(venues.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert venues.item(1).checkState() is not before


def test_history_that_comes_later_is_in_the_fresh_view(qtbot: QtBot, market: Market) -> None:
    made = history_panel(market.context)
    market.fill_book(made.primary(), CandleSub("nobody"))
    market.show(qtbot, made)
    far = candles(0, MINUTES)
    far.low.flags.writeable = True
    far.low[:] = MIDDLE * 0.8
    market.store.apply(made.options.candle_sub(made.source), far)
    made.pull()
    assert made.chart.camera.window.p0 < MIDDLE * 0.8


def test_a_symbol_becomes_its_coin_when_a_second_venue_is_ticked(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    popover = InstrumentPopover(panel.options, panel.markets_of, panel.cost_of)
    qtbot.addWidget(popover)
    popover.name.setText("ETHUSDT")
    popover.venues.item(1).setCheckState(Qt.CheckState.Checked)
    assert popover.name.text() == "ETH"
    popover.venues.item(2).setCheckState(Qt.CheckState.Checked)
    assert popover.name.text() == "ETH"
    popover.venues.item(0).setCheckState(Qt.CheckState.Unchecked)
    popover.venues.item(1).setCheckState(Qt.CheckState.Unchecked)
    venue = popover.chosen_venues()[0]
    assert popover.wanted().symbol == symbol_for(venue, "ETH")


def test_the_bars_at_the_edge_have_the_colours_of_their_side(panel: OrderBookPanel) -> None:
    def colours() -> list[str]:
        return [side.colour for side in panel.chart.edge.sides]

    usual = colours()
    panel.choose(replace(panel.options, palette="pair_green_red"))
    apart = colours()
    panel.choose(replace(panel.options, palette="pair_green_red_swapped"))
    assert colours() == apart[::-1]
    assert not set(apart) & set(usual)
    panel.choose(replace(panel.options, palette="amber"))
    assert colours() == usual

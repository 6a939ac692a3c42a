"""The order book panel on a live source: header, notes, trades, summed venues, the first venue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt

from heatdesk.frames import (
    BookSub,
    BookWindow,
    DataState,
    LevelRuns,
    MarketList,
    MarketSub,
    Quote,
    StreamStatus,
    TradeBatch,
)
from heatdesk.providers.exchanges_parts import parts_of
from tests.ui.market_panels import Market
from ui.panels.order_book import OrderBookPanel
from ui.panels.order_book.flow import FlowPopover
from ui.panels.order_book.instrument import InstrumentPopover

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PRICE, BLOCK = 70_000.0, 2.0
COLUMNS = 60


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> OrderBookPanel:
    made = OrderBookPanel(market.context)
    fill(market, made.primary())
    market.show(qtbot, made)
    return made


def window(market: Market, sub: BookSub, scale: float = 1.0) -> BookWindow:
    """Columns up to now, both sides some levels deep."""
    stop_ms = market.clock.now_ms() // sub.interval_ms * sub.interval_ms
    times = stop_ms - sub.interval_ms * np.arange(COLUMNS, 0, -1, dtype=np.int64)
    steps = np.arange(1, 41)

    def side(price: np.ndarray) -> LevelRuns:
        offsets = np.arange(COLUMNS + 1, dtype=np.int64) * price.size
        qty = scale * (1.0 + steps % 7)
        return LevelRuns(offsets, np.tile(price, COLUMNS), np.tile(qty, COLUMNS))

    return BookWindow(
        int(times[0]),
        stop_ms,
        sub.interval_ms,
        times,
        BLOCK,
        sub.quote,
        side(PRICE - BLOCK * steps),
        side(PRICE + BLOCK * (steps - 1)),
        complete_ms=stop_ms,
    )


def fill(
    market: Market,
    sub: object,
    scale: float = 1.0,
    best_px: tuple[float, float] | None = None,
    **status: object,
) -> None:
    assert isinstance(sub, BookSub)
    told = window(market, sub, scale)
    if best_px is not None:
        told = replace(told, best_px=np.tile(best_px, (COLUMNS, 1)))
    market.store.apply(sub, told)
    now_ms = market.clock.now_ms()
    fields = {"data_time_ms": now_ms, "received_ms": now_ms, "period_s": 5.0, "latency_ms": 40.0}
    market.store.set_status(sub, StreamStatus(**{**fields, **status}))  # type: ignore[arg-type]


def trade(market: Market, panel: OrderBookPanel, price: float, *, buy: bool) -> None:
    now_ms = market.clock.now_ms()
    one = TradeBatch(np.array([now_ms]), np.array([price]), np.array([1.5]), np.array([buy]))
    market.store.apply(panel.options.trade_subs(panel.source)[0], one)


def test_in_a_gap_the_book_at_the_edge_is_faded_and_its_sums_are_gone(
    panel: OrderBookPanel, market: Market
) -> None:
    def beyond() -> tuple[str, str]:
        panel.pull()
        panel.chart.view.grab()
        return panel.chart.offscreen.texts

    panel.chart.camera.zoom_price(0.2, panel.chart.camera.window.height_px / 2)
    panel.chart.apply()
    assert "above" in beyond()[0]
    sound = panel.chart.view.grab().toImage()
    fill(market, panel.primary(), gap_since_ms=market.clock.now_ms() - 1_000)
    assert beyond() == ("", "")
    assert panel.chart.edge.faded
    assert panel.chart.view.grab().toImage() != sound
    fill(market, panel.primary(), gap_since_ms=None)
    assert "above" in beyond()[0]
    assert not panel.chart.edge.faded


def test_before_its_first_column_a_live_book_says_since_when_there_is_one(
    panel: OrderBookPanel,
) -> None:
    camera, beginning = panel.chart.camera, panel.chart.beginning
    panel.pull()
    panel.chart.view.grab()
    assert beginning.text.startswith("Book since "), "the view is longer than what came"
    camera.zoom_time(0.2, camera.window.x_of(camera.newest_s or 0.0))
    panel.chart.apply()
    panel.chart.view.grab()
    assert beginning.text == "", "all of the view is later"


@pytest.mark.parametrize("paused", [False, True])
def test_a_view_of_earlier_minutes_follows_a_book_that_begins_anew(
    panel: OrderBookPanel, market: Market, *, paused: bool
) -> None:
    camera = panel.chart.camera
    panel.pull()
    camera.pan(200.0, 0.0)
    panel.chart.apply()
    if paused:
        panel.chart.toggle_pause()
    span_s, stretch = camera.window.span_s, camera.window.p1 - camera.window.p0
    market.clock.time_ms += COLUMNS * panel.interval_ms
    panel.choose(replace(panel.options, block_size=5 * BLOCK))
    fill(market, panel.primary())
    panel.pull()
    first_s = camera.newest_s - COLUMNS * panel.interval_ms / 1000
    assert camera.follows
    assert camera.window.t0_s < first_s < camera.newest_s < camera.window.t1_s
    assert camera.window.span_s == pytest.approx(span_s), "the zoom stays"
    assert camera.window.p1 - camera.window.p0 == pytest.approx(stretch)


def test_a_view_of_earlier_minutes_stays_where_the_other_book_was_heard_then(
    panel: OrderBookPanel, market: Market
) -> None:
    camera = panel.chart.camera
    panel.pull()
    camera.zoom_time(0.2, camera.window.x_of(camera.newest_s or 0.0))
    camera.pan(200.0, 0.0)
    panel.chart.apply()
    seen = camera.window
    panel.choose(replace(panel.options, block_size=5 * BLOCK))
    fill(market, panel.primary())
    panel.pull()
    assert camera.window == seen
    assert not camera.follows


def test_a_live_panel_asks_for_book_trades_liquidations_and_minutes(panel: OrderBookPanel) -> None:
    kinds = sorted(type(sub).__name__ for sub in panel.needs())
    assert kinds == ["BookSub", "CandleSub", "LiquidationEventSub", "TradeSub"]
    assert {sub.provider for sub in panel.needs()} == {"binance-usdm"}
    assert panel.subtitle() == "BTCUSDT · Binance Perp · 500ms · $2"
    assert panel.controls.depth.isHidden()
    assert panel.keyless
    assert panel.moves


def test_the_header_says_how_late_the_picture_is_and_no_age_while_it_is_fresh(
    panel: OrderBookPanel,
) -> None:
    panel.show_header()
    assert panel.header.pill.text == "live"
    assert panel.header.next.text().startswith("40")
    assert panel.header.next.text().endswith("ms")
    assert "paint" in panel.header.next.toolTip()


def test_a_gap_says_since_when_and_moves_nothing(panel: OrderBookPanel, market: Market) -> None:
    panel.show_header()
    before = panel.chart.geometry()
    now_ms = market.clock.now_ms()
    why = "Binance Perp: a message is missing"
    fill(market, panel.primary(), gap_since_ms=now_ms - 3_000, note=why)
    panel.pull()
    assert panel.header.pill.state is DataState.STALE
    assert panel.header.pill.text.startswith("gap since 02:13:5")
    assert panel.stage.note.isVisible()
    assert panel.stage.note.text() == why
    assert panel.note.isHidden()
    assert panel.chart.geometry() == before
    fill(market, panel.primary())
    panel.pull()
    assert not panel.stage.note.isVisible()
    assert panel.header.pill.state is DataState.LIVE


def test_the_last_trade_is_the_price_on_the_axis(panel: OrderBookPanel, market: Market) -> None:
    trade(market, panel, PRICE + 1.3, buy=True)
    panel.pull()
    fill(market, panel.primary())
    panel.pull()
    assert panel.chart.camera.last_price == PRICE + 1.3


def test_a_minute_as_wide_as_a_hand_is_not_drawn_over_half_seconds(
    panel: OrderBookPanel,
) -> None:
    assert panel.chart.candles.most_px < 100
    panel.choose(panel.with_interval(60_000))
    assert panel.chart.candles.most_px == float("inf")


def test_what_is_switched_off_is_neither_drawn_nor_asked_for(panel: OrderBookPanel) -> None:
    panel.choose(replace(panel.options, trades=False, delta=False, liquidations=False))
    assert {type(sub).__name__ for sub in panel.needs()} == {"BookSub", "CandleSub"}
    assert not any(panel.chart.flow.wanted.values())
    panel.choose(replace(panel.options, delta=True))
    assert panel.chart.flow.wanted == {"bubbles": False, "liquidations": False, "delta": True}


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
def test_the_slider_chooses_the_least_bubble_and_usual_takes_it_back(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    panel.open_flow()
    popover = panel.findChild(FlowPopover)
    popover.slider.setValue(3)
    chosen = panel.options.least_bubble
    assert chosen is not None
    assert chosen > 0
    popover.slider.setValue(popover.slider.minimum())
    assert panel.options.least_bubble == 0.0
    assert "every trade" in popover.told.text()
    qtbot.mouseClick(popover.usual_button, Qt.MouseButton.LeftButton)
    assert panel.options.least_bubble is None
    popover.switches["delta"].click()
    assert not panel.options.delta
    popover.close()


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
def test_a_button_looks_pointed_at_no_longer_once_what_it_opened_is_closed(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    controls = panel.controls
    for button in (controls.flow, controls.instrument, controls.interval):
        # what is left behind where the pointer leaves over a popup
        button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    panel.open_flow()
    panel.findChild(FlowPopover).close()
    panel.search_name("")
    panel.findChild(InstrumentPopover).close()
    controls.interval.menu().aboutToHide.emit()
    for button in (controls.flow, controls.instrument, controls.interval):
        qtbot.waitUntil(lambda button=button: not button.underMouse())


def test_another_unit_forgets_a_least_bubble_said_in_the_one_before(panel: OrderBookPanel) -> None:
    panel.choose(replace(panel.options, least_bubble=5.0))
    panel.choose(panel.options.counted_in(Quote.USD))
    assert panel.options.least_bubble is None


def test_a_summed_cell_says_whose_it_is(qtbot: QtBot, market: Market) -> None:
    made = OrderBookPanel(market.context)
    made.choose(made.options.traded(("BINANCE_FUTURES", "BYBIT", "KRAKEN"), "BTC", None))
    sub = made.primary()
    assert isinstance(sub, BookSub)
    assert (sub.provider, sub.quote) == ("exchanges", Quote.USD)
    fill(market, sub, 4.0)
    first, second, _ = parts_of(sub, BLOCK)
    fill(market, first, 3.0)
    fill(market, second, 1.0)
    market.show(qtbot, made)
    now_s = market.clock.now_ms() / 1000
    rows = dict(made.hover_rows(now_s - 0.3, PRICE - 3.0))
    assert rows["Venues"] == "Binance Perp 75 %, Bybit Perp 25 %"
    assert rows["Known by"] == "2 of 3 know this price"


def test_a_key_turns_a_demo_into_history_and_leaves_a_live_book_alone(
    panel: OrderBookPanel,
) -> None:
    panel.key_works("kiyotaka")
    assert panel.source == "binance-usdm"
    panel.demo = True
    panel.key_works("kiyotaka")
    assert (panel.source, panel.demo) == ("kiyotaka", False)
    panel.open_live("BYBIT")
    assert panel.source == "kiyotaka", "what a key has opened stays"


def test_live_markets_replace_the_demo_at_the_venue_that_answers(panel: OrderBookPanel) -> None:
    panel.demo = True
    panel.open_live("KRAKEN")
    assert (panel.source, panel.options.symbol, panel.demo) == ("kraken", "BTC/USD", False)


def test_the_other_source_is_chosen_in_the_pop_over_and_asks_for_nothing_before_apply(
    qtbot: QtBot, panel: OrderBookPanel
) -> None:
    popover = InstrumentPopover(panel.options, panel.markets_of, panel.cost_of)
    qtbot.addWidget(popover)
    titles = [popover.venues.item(i).text() for i in range(popover.venues.count())]
    assert titles[0] == "Binance Perp"
    assert "OKX Perp" not in titles
    popover.sources["kiyotaka"].click()
    titles = [popover.venues.item(i).text() for i in range(popover.venues.count())]
    assert "OKX Perp" in titles
    assert panel.source == "binance-usdm"
    popover.apply_button.click()
    assert popover.options.source == "kiyotaka"


def test_a_paused_symbol_is_marked_where_it_is_chosen(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    rows = (("BINANCE_FUTURES", "BTCUSDT", "BTC", "perp"), ("BINANCE_FUTURES", "XU", "X", "perp"))
    still = frozenset({("BINANCE_FUTURES", "XU")})
    market.store.apply(MarketSub("binance-usdm"), MarketList(market.clock.now_ms(), rows, still))
    popover = InstrumentPopover(panel.options, panel.markets_of, panel.cost_of)
    qtbot.addWidget(popover)
    popover.begin("xu")
    assert popover.matches.item(0).text() == "XU   (paused)"
    assert popover.wanted().symbol == "XU"


def test_a_match_at_another_venue_takes_its_venue_with_it(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    now_ms = market.clock.now_ms()
    rows = (("BINANCE_FUTURES", "BTCUSDT", "BTC", "perp"), ("KRAKEN", "MINA/USD", "MINA", "spot"))
    market.store.apply(MarketSub("binance-usdm"), MarketList(now_ms, rows))
    popover = InstrumentPopover(panel.options, panel.markets_of, panel.cost_of)
    qtbot.addWidget(popover)
    popover.begin("mina")
    assert popover.matches.item(0).text().endswith("Kraken Spot")
    wanted = popover.wanted()
    assert (wanted.venues, wanted.symbol, wanted.coin) == (("KRAKEN",), "MINA/USD", "MINA")

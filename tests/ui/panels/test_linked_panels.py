"""Panels of one colour: instrument, crosshair, time."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from tests.ui.market_panels import Market, history_panel
from tests.ui.panels.invented import InventedMarket, click, move
from ui.panel import Panel
from ui.panel.links import LinkState, Role
from ui.panels.cohorts import CohortPanel
from ui.panels.dots import DotPanel
from ui.panels.liquidation import LiquidationPanel
from ui.panels.order_book import OrderBookPanel
from ui.panels.tape import TapePanel

BLUE = LinkState("blue")


@pytest.fixture
def market() -> Market:
    return Market()


def link(*panels: Panel, state: LinkState = BLUE) -> None:
    for panel in panels:
        panel.link.choose(state)


def book(market: Market, qtbot: QtBot) -> OrderBookPanel:
    panel = OrderBookPanel(market.context)
    qtbot.addWidget(panel)
    return panel


def tape(market: Market, qtbot: QtBot) -> TapePanel:
    panel = TapePanel(market.context)
    qtbot.addWidget(panel)
    return panel


def liquidations(market: Market, qtbot: QtBot) -> LiquidationPanel:
    panel = LiquidationPanel(market.context)
    qtbot.addWidget(panel)
    return panel


def turn(panel: OrderBookPanel, venues: tuple[str, ...], name: str) -> None:
    panel.choose(panel.options.traded(venues, name, None))


def test_a_symbol_chosen_in_one_panel_is_shown_by_all_of_its_colour(
    market: Market, qtbot: QtBot
) -> None:
    one, other, sold = book(market, qtbot), liquidations(market, qtbot), tape(market, qtbot)
    apart = tape(market, qtbot)
    link(one, other, sold)
    turn(one, ("BINANCE_FUTURES",), "ETHUSDT")
    assert other.options.coin == "ETH"
    assert (sold.options.venue, sold.options.symbol) == ("BINANCE_FUTURES", "ETHUSDT")
    assert apart.options.symbol == "BTCUSDT"
    other.choose(other.with_options(coin="SOL"))
    assert one.options.symbol == "SOLUSDT"
    assert sold.options.symbol == "SOLUSDT"


def test_panels_in_step_move_to_another_venue_together_and_others_keep_theirs(
    market: Market, qtbot: QtBot
) -> None:
    one, sold, elsewhere = book(market, qtbot), tape(market, qtbot), tape(market, qtbot)
    link(one, sold, elsewhere)
    elsewhere._choose(venue="KRAKEN", symbol="BTC/USD")
    # the colour is at Kraken now, and so are those that were where it was
    assert (one.options.venues, one.options.symbol) == (("KRAKEN",), "BTC/USD")
    assert sold.options.venue == "KRAKEN"
    elsewhere.link.choose(LinkState("blue", Role.LOCKED))
    turn(one, ("BYBIT",), "ETHUSDT")
    assert (sold.options.venue, sold.options.symbol) == ("BYBIT", "ETHUSDT")
    assert elsewhere.options.symbol == "BTC/USD"
    elsewhere.link.choose(LinkState())
    elsewhere._choose(venue="GEMINI", symbol="SOLUSD")
    link(elsewhere)
    elsewhere._choose(venue="GEMINI", symbol="BTCUSD")
    turn(one, ("BYBIT",), "XRPUSDT")
    assert elsewhere.options.symbol in {"XRPUSD", "XRPUSDT"}


def test_who_leads_takes_nothing_over_and_who_is_locked_gives_nothing(
    market: Market, qtbot: QtBot
) -> None:
    leader, follower, locked = book(market, qtbot), tape(market, qtbot), tape(market, qtbot)
    link(leader, state=LinkState("blue", Role.LEAD))
    link(follower)
    link(locked, state=LinkState("blue", Role.LOCKED))
    follower._choose(symbol="ETHUSDT")
    assert leader.options.symbol == "BTCUSDT"
    locked._choose(symbol="SOLUSDT")
    assert follower.options.symbol == "ETHUSDT"
    turn(leader, ("BINANCE_FUTURES",), "DOGEUSDT")
    assert follower.options.symbol == "DOGEUSDT"
    assert locked.options.symbol == "SOLUSDT"


def test_a_sum_keeps_its_venues_and_takes_the_coin(market: Market, qtbot: QtBot) -> None:
    summed, sold = book(market, qtbot), tape(market, qtbot)
    turn(summed, ("BINANCE_FUTURES", "BYBIT"), "BTC")
    link(summed, sold)
    sold._choose(symbol="ETHUSDT")
    assert summed.options.venues == ("BINANCE_FUTURES", "BYBIT")
    assert summed.options.coin == "ETH"


def test_joining_a_colour_shows_its_instrument(market: Market, qtbot: QtBot) -> None:
    one, late = book(market, qtbot), tape(market, qtbot)
    turn(one, ("BYBIT",), "ETHUSDT")
    link(one)
    link(late)
    assert (late.options.venue, late.options.symbol) == ("BYBIT", "ETHUSDT")


def test_links_that_are_restored_change_nothing_that_is_shown(market: Market, qtbot: QtBot) -> None:
    one, elsewhere = book(market, qtbot), tape(market, qtbot)
    turn(one, ("BYBIT",), "ETHUSDT")
    elsewhere._choose(venue="KRAKEN", symbol="BTC/USD")
    for panel in (one, elsewhere):
        panel.link.load(BLUE.saved())
    assert (elsewhere.options.venue, elsewhere.options.symbol) == ("KRAKEN", "BTC/USD")
    assert (one.options.venues, one.options.symbol) == (("BYBIT",), "ETHUSDT")
    turn(one, ("BYBIT",), "SOLUSDT")
    assert (elsewhere.options.venue, elsewhere.options.symbol) == ("KRAKEN", "SOL/USD")


def test_a_link_does_not_bounce_between_panels(market: Market, qtbot: QtBot) -> None:
    one, other = book(market, qtbot), book(market, qtbot)
    link(one, other)
    told: list[str] = []
    market.context.workspace.links.targeted.connect(told.append)
    turn(one, ("BINANCE_FUTURES",), "ETHUSDT")
    assert told == ["blue"]


def test_the_crosshair_is_seen_in_the_other_chart_at_the_same_time_and_price(
    market: Market, qtbot: QtBot
) -> None:
    one, other = market.book_panel(qtbot), market.book_panel(qtbot)
    other.resize(600, 400)
    link(one, other)
    at = QPointF(300, 200)
    one.chart.point_at(at)
    found = one.chart.at(at)
    assert found is not None
    assert other.chart.linked.point == pytest.approx(found)
    mark = other.chart.linked.sheet.mark
    assert mark is not None
    there = other.chart.at(mark.at)
    assert there is not None
    assert there == pytest.approx(found, rel=1e-9)
    assert one.chart.linked.sheet.mark is None
    one.chart.point_at(None)
    assert other.chart.linked.sheet.mark is None


def test_over_another_coin_the_moment_is_shown_and_not_the_price(
    market: Market, qtbot: QtBot
) -> None:
    one, other = market.book_panel(qtbot), market.book_panel(qtbot)
    other.choose(other.options.traded(("BINANCE_FUTURES",), "ETHUSDT", None))
    link(one)
    link(other, state=LinkState("blue", Role.LOCKED))
    one.chart.point_at(QPointF(300, 200))
    point = other.chart.linked.point
    assert point is not None
    assert math.isfinite(point[0])
    assert math.isnan(point[1])


def test_a_linked_crosshair_gives_way_to_the_mouse(market: Market, qtbot: QtBot) -> None:
    one, other = market.book_panel(qtbot), market.book_panel(qtbot)
    link(one, other)
    one.chart.point_at(QPointF(300, 200))
    assert other.chart.linked.sheet.mark is not None
    other.chart.point_at(QPointF(200, 100))
    assert other.chart.linked.sheet.mark is None
    one.chart.point_at(None)
    assert one.chart.linked.sheet.mark is not None
    other.chart.point_at(None)
    assert one.chart.linked.sheet.mark is None


def test_the_time_in_view_is_shared_only_where_it_is_wanted(market: Market, qtbot: QtBot) -> None:
    one, timed, plain = (market.book_panel(qtbot) for _ in range(3))
    link(one, timed, state=LinkState("blue", time=True))
    link(plain)
    before = plain.chart.camera.window
    qtbot.keyClick(one.chart.view, Qt.Key.Key_Left)
    window = one.chart.camera.window
    assert timed.chart.camera.window.t0_s == window.t0_s
    assert timed.chart.camera.window.t1_s == window.t1_s
    assert timed.chart.camera.window.p0 != window.p1
    assert plain.chart.camera.window == before


def test_the_tape_marks_the_moment_and_points_at_its_rows(market: Market, qtbot: QtBot) -> None:
    from tests.ui.panels.test_tape import START_MS, trades

    sold, chart = tape(market, qtbot), market.book_panel(qtbot)
    market.store.apply(sold.primary(), trades(0, 100))
    market.show(qtbot, sold, (360, 520))
    link(chart, sold)
    row = QPointF(100, 20 + 20 * 3 + 5)
    move(sold.view, row)
    point = chart.chart.linked.point
    assert point == ((START_MS + 96_000) / 1000, 70_096.0)
    clean = sold.view.grab().toImage()
    sold.view.mark_time((START_MS + 95_500) / 1000)
    assert sold.view.grab().toImage() != clean
    sold.view.mark_time(math.nan)
    assert sold.view.grab().toImage() == clean


# -- panels that show many coins


@pytest.fixture
def invented() -> InventedMarket:
    return InventedMarket()


def test_a_clicked_dot_leads_its_colour(qtbot: QtBot, invented: InventedMarket) -> None:
    dots, follower = DotPanel(invented.context), TapePanel(invented.context)
    for panel in (dots, follower):
        qtbot.addWidget(panel)
    invented.show(dots)
    link(dots, follower)
    frame = dots._dots
    assert frame is not None
    dot_id = frame.ids[frame.symbols.index("SOL")]
    place = dots.chart.dot_place(dot_id)
    assert place is not None
    click(dots.chart, place)
    assert follower.options.symbol == "SOLUSDT"
    assert dots.chart.marked_id == dot_id


def test_a_linked_coin_is_marked_among_the_dots_and_the_cohorts(
    qtbot: QtBot, invented: InventedMarket
) -> None:
    dots, cohorts = DotPanel(invented.context), CohortPanel(invented.context)
    leader = history_panel(invented.context)
    for panel in (dots, cohorts, leader):
        qtbot.addWidget(panel)
    invented.show(dots)
    invented.show(cohorts)
    clean = cohorts.matrix.grab().toImage()
    link(leader, dots, cohorts)
    leader.choose(leader.options.traded(("BINANCE_FUTURES",), "ETHUSDT", None))
    dots.pull()
    frame = dots._dots
    assert frame is not None
    assert dots.chart.marked_id == frame.ids[frame.symbols.index("ETH")]
    assert cohorts.matrix.grab().toImage() != clean


def test_a_clicked_row_of_the_cohorts_leads_its_colour(
    qtbot: QtBot, invented: InventedMarket
) -> None:
    cohorts, follower = CohortPanel(invented.context), TapePanel(invented.context)
    for panel in (cohorts, follower):
        qtbot.addWidget(panel)
    invented.show(cohorts)
    link(cohorts, follower)
    shown = cohorts.shown
    assert shown is not None
    row = list(shown.coins).index("ETH")
    at = cohorts.matrix.cell_centre(row, 1)
    qtbot.mouseClick(cohorts.matrix.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert follower.options.symbol == "ETHUSDT"


def test_enter_on_a_row_of_a_table_leads_its_colour(qtbot: QtBot, invented: InventedMarket) -> None:
    dots, follower = DotPanel(invented.context), TapePanel(invented.context)
    for panel in (dots, follower):
        qtbot.addWidget(panel)
    dots.load_options({"table": True})
    invented.show(dots)
    link(dots, follower)
    frame = dots._dots
    assert frame is not None
    row = frame.symbols.index("XRP")
    dots.table.setCurrentIndex(dots.table.figures.index(row, 0))
    qtbot.keyClick(dots.table, Qt.Key.Key_Return)
    assert follower.options.symbol == "XRPUSDT"

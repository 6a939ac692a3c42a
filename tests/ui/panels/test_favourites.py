"""The list of favourites: made by hand, led by a click, kept over a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from heatdesk.favourites import MOST, Favourite
from heatdesk.frames import CandleWindow, MarketList, MarketSub, StreamStatus
from heatdesk.units import floor_ms
from heatdesk.views.target import Target
from heatdesk.views.watchlist import MOST_QUOTED, QUARTER_MS, quote_sub
from tests.ui.market_panels import Market
from ui.heatmap.typed import NameSearch
from ui.panel.links import LinkState
from ui.panel.shared_lists import SharedFavourites
from ui.panels.favourites import FavouritesPanel
from ui.panels.favourites.commands import GO, favourite_commands, listed_commands
from ui.panels.favourites.panel import UNLINKED
from ui.panels.order_book import OrderBookPanel

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.panel import Panel

BTC = Favourite("BTC", "BINANCE_FUTURES", "BTCUSDT")
ETH = Favourite("ETH", "BYBIT", "ETHUSDT")
SOL = Favourite("SOL")
OPENS_A_POPUP = pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)


@pytest.fixture
def market(qapp: object) -> Market:
    del qapp
    return Market()


def listed(market: Market, qtbot: QtBot, *favourites: Favourite) -> FavouritesPanel:
    for one in favourites:
        market.context.favourites.toggle(one)
    panel = FavouritesPanel(market.context)
    market.show(qtbot, panel, (420, 400))
    return panel


def price(market: Market, favourite: Favourite, *closes: float, demo: bool = False) -> None:
    """Candles came up to now."""
    sub = quote_sub(favourite, demo=demo)
    assert sub is not None
    now_ms = market.clock.now_ms()
    first = floor_ms(now_ms, QUARTER_MS) - (len(closes) - 1) * QUARTER_MS
    times = np.array([first + n * QUARTER_MS for n in range(len(closes))], np.int64)
    close = np.array(closes)
    end_ms = int(times[-1]) + QUARTER_MS
    window = CandleWindow(first, end_ms, QUARTER_MS, times, close, close, close, close, close)
    market.store.apply(sub, window)
    status = StreamStatus(data_time_ms=now_ms, received_ms=now_ms, period_s=5, demo=demo)
    market.store.set_status(sub, status)


def texts(panel: FavouritesPanel, column: int) -> list[str]:
    model = panel.table.figures
    return [str(model.data(model.index(row, column))) for row in range(model.rowCount())]


def click(panel: FavouritesPanel, row: int) -> None:
    index = panel.table.figures.index(row, 0)
    at = panel.table.visualRect(index).center()
    QTest.mouseClick(
        panel.table.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        at,
    )


def test_a_list_without_favourites_says_how_to_get_one(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot)
    assert panel.empty.isVisible()
    assert not panel.table.isVisible()
    market.context.favourites.toggle(BTC)
    panel.pull()
    assert panel.table.isVisible()
    assert not panel.empty.isVisible()


def test_each_line_tells_price_day_and_how_fresh_they_are(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, BTC, ETH, Favourite("BTC", "DERIBIT", "BTC-PERPETUAL"))
    price(market, BTC, *[70_000.0] * 96, 71_400.5)
    panel.pull()
    assert texts(panel, 0) == ["BTCUSDT", "ETHUSDT", "BTC-PERPETUAL"]
    assert texts(panel, 1) == ["Binance Perp", "Bybit Perp", "Deribit Perp"]
    assert texts(panel, 2) == ["71,400.5", "", ""]
    assert texts(panel, 3) == ["+2.00", "", ""]
    assert [words.split(",")[0] for words in texts(panel, 4)] == ["live", "waiting", "no feed"]


def test_a_price_that_grew_old_is_faint_and_said_to_be(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, BTC)
    price(market, BTC, 70_000.0)
    panel.pull()
    model = panel.table.figures
    assert model.data(model.index(0, 2), Qt.ItemDataRole.ForegroundRole) is None
    market.clock.time_ms += 60_000
    panel.pull()
    assert texts(panel, 4) == ["stale, 1 min"]
    assert model.data(model.index(0, 2), Qt.ItemDataRole.ForegroundRole) is not None


def test_an_invented_price_is_never_called_live(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, BTC)
    panel.demo = True
    price(market, BTC, 70_000.0, demo=True)
    panel.pull()
    assert texts(panel, 4) == ["demo"]
    assert panel.band.isVisible()
    assert {getattr(sub, "provider", "") for sub in panel.needs()} == {"demo"}


def test_a_click_shows_the_favourite_in_the_panels_of_its_colour(
    market: Market, qtbot: QtBot
) -> None:
    panel = listed(market, qtbot, BTC, ETH)
    book, apart = OrderBookPanel(market.context), OrderBookPanel(market.context)
    for one, colour in ((book, "blue"), (apart, "orange")):
        qtbot.addWidget(one)
        one.link.choose(LinkState(colour))
    assert book.target() == Target("BTC", "BINANCE_FUTURES", "BTCUSDT")
    click(panel, 1)
    assert book.target() == Target("ETH", "BYBIT", "ETHUSDT")
    assert apart.target() == Target("BTC", "BINANCE_FUTURES", "BTCUSDT")
    panel.table.setFocus()
    panel.table.selectRow(0)
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert book.target().coin == "BTC"


def test_a_list_that_is_not_linked_says_what_to_do(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, BTC)
    assert panel.note.isHidden()
    panel.link.choose(LinkState(""))
    panel.invalidate()
    panel.pull()
    assert panel.note.text() == UNLINKED


def test_the_line_of_the_linked_instrument_is_marked(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, BTC, Favourite("ETH"), ETH)
    market.context.workspace.links.publish("blue", Target("ETH", "BYBIT", "ETHUSDT"))
    assert panel.marked() == ETH
    market.context.workspace.links.publish("blue", Target("BTC"))
    assert panel.marked() == BTC


def test_favourites_are_moved_and_removed_by_key(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, BTC, ETH, SOL)
    panel.table.selectRow(2)
    panel.perform("favourite.up")
    assert market.context.favourites.all() == (BTC, SOL, ETH)
    assert panel.marked() == SOL
    panel.perform("favourite.up")
    panel.perform("favourite.up")
    assert market.context.favourites.all() == (SOL, BTC, ETH)
    panel.perform("favourite.down")
    assert panel.marked() == SOL
    panel.perform("chart.delete_line")
    assert market.context.favourites.all() == (BTC, ETH)
    assert texts(panel, 0) == ["BTCUSDT", "ETHUSDT"]


def test_a_move_is_seen_also_after_a_sort(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, SOL, BTC, ETH)
    panel.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert texts(panel, 0) == ["BTCUSDT", "ETHUSDT", "SOL"]
    panel.table.selectRow(2)
    panel.perform("favourite.down")
    assert texts(panel, 0) == ["BTCUSDT", "SOL", "ETHUSDT"]


@OPENS_A_POPUP
def test_letters_search_every_venue_and_enter_adds(market: Market, qtbot: QtBot) -> None:
    rows = (("BYBIT", "ETHUSDT", "ETH", "perp"), ("BYBIT", "ETHFIUSDT", "ETHFI", "perp"))
    panel = listed(market, qtbot, BTC)
    QTest.keyClick(panel.table, Qt.Key.Key_E)
    assert MarketSub("bybit") in panel.needs()
    market.store.apply(MarketSub("bybit"), MarketList(market.clock.now_ms(), rows))
    search = panel.findChild(NameSearch)
    assert search is not None
    search.line.setText("ethusdt")
    search.line.textEdited.emit("ethusdt")
    names = search.names.stringList()
    assert any(name.startswith("ETHUSDT \u00b7 Bybit") for name in names)
    wanted = next(i for i, name in enumerate(names) if "Bybit" in name)
    search.list.setCurrentIndex(search.names.index(wanted))
    QTest.keyClick(search.line, Qt.Key.Key_Return)
    assert market.context.favourites.all() == (BTC, ETH)


def test_a_chart_offers_the_star_at_its_right_click(market: Market, qtbot: QtBot) -> None:
    book = market.book_panel(qtbot)
    menu = book.build_menu(QPoint(200, 200))
    [action] = [one for one in menu.actions() if "favourites" in one.text()]
    assert action.text().startswith("Add BTCUSDT \u00b7 Binance Perp to favourites")
    action.trigger()
    assert market.context.favourites.all() == (BTC,)
    menu = book.build_menu(QPoint(200, 200))
    [action] = [one for one in menu.actions() if "favourites" in one.text()]
    assert action.text().startswith("Remove")


class InUse:
    """Whatever panel is in use."""

    def __init__(self, panel: Panel | None) -> None:
        self.panel = panel
        self.said: list[str] = []

    def __call__(self) -> Panel | None:
        return self.panel


def test_commands_star_step_and_find_by_name(market: Market, qtbot: QtBot) -> None:
    book, favourites = OrderBookPanel(market.context), market.context.favourites
    qtbot.addWidget(book)
    use = InUse(book)
    by_id = {
        one.id: one for one in favourite_commands(favourites, use, lambda: None, use.said.append)
    }
    assert not by_id["favourites.next"].can_run
    by_id["favourites.star"].run()
    assert favourites.all() == (BTC,)
    assert use.said == ["BTCUSDT \u00b7 Binance Perp is a favourite now."]
    star = by_id["favourites.star"].checked
    assert star is not None
    assert star()
    favourites.toggle(ETH)
    favourites.toggle(SOL)
    by_id["favourites.next"].run()
    assert book.target() == Target("ETH", "BYBIT", "ETHUSDT")
    by_id["favourites.previous"].run()
    by_id["favourites.previous"].run()
    assert book.target().coin == "SOL"
    found = listed_commands(favourites, use)
    assert [one.id for one in found] == [f"{GO}1", f"{GO}2", f"{GO}3"]
    assert found[1].title == "Favourite: ETHUSDT \u00b7 Bybit Perp"
    found[1].run()
    assert book.target() == Target("ETH", "BYBIT", "ETHUSDT")
    use.panel = None
    assert not by_id["favourites.star"].can_run


def test_a_full_list_says_so_and_keeps_what_it_has(market: Market, qtbot: QtBot) -> None:
    book, favourites = OrderBookPanel(market.context), market.context.favourites
    qtbot.addWidget(book)
    for n in range(MOST):
        favourites.toggle(Favourite(f"C{n}"))
    use = InUse(book)
    by_id = {
        one.id: one for one in favourite_commands(favourites, use, lambda: None, use.said.append)
    }
    by_id["favourites.star"].run()
    assert len(favourites.all()) == MOST
    assert use.said == ["The list of favourites is full: remove one first."]


def test_a_long_list_asks_for_the_prices_of_the_first_only(market: Market, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, *(Favourite(f"C{n}") for n in range(MOST_QUOTED + 3)))
    assert len(panel.needs()) == MOST_QUOTED
    assert texts(panel, 4)[-3:] == ["not asked"] * 3


def test_the_list_is_there_again_after_a_start(tmp_path: Path, qapp: object) -> None:
    del qapp
    path = tmp_path / "favourites.json"
    shared = SharedFavourites(path)
    assert shared.toggle(ETH)
    assert shared.toggle(BTC)
    assert not shared.toggle(ETH)
    assert SharedFavourites(path).all() == (BTC,)

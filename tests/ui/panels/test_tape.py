"""The tape panel, driven as a trader drives it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from heatdesk.frames import (
    LiquidationBatch,
    LiquidationEventSub,
    MarketSub,
    Quote,
    StreamStatus,
    TradeBatch,
)
from heatdesk.views.tape import LONG_LIQUIDATED
from tests.ui.market_panels import Market
from ui import theme
from ui.heatmap.typed import NameSearch
from ui.panels.tape import MOST_ROWS, TapePanel

START_MS = 1_795_000_000_000


def trades(first: int, count: int, qty: float = 1.0) -> TradeBatch:
    """One trade a second, alternating sides, at 70,000 and up."""
    n = np.arange(first, first + count)
    return TradeBatch(START_MS + 1000 * n, 70_000.0 + n, np.full(count, qty), n % 2 == 0)


def long_liquidated(at: int, usd: float) -> LiquidationBatch:
    price = np.array([69_900.0])
    when = np.array([START_MS + 1000 * at + 1], np.int64)
    return LiquidationBatch(
        when, price, usd / price, np.array([usd]), np.ones(1, np.bool_), ("SELL",)
    )


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> TapePanel:
    panel = TapePanel(market.context)
    market.store.apply(panel.primary(), trades(0, 100))
    status = StreamStatus(data_time_ms=START_MS, received_ms=START_MS)
    market.store.set_status(panel.primary(), status)
    market.show(qtbot, panel, (360, 520))
    return panel


def shown(panel: TapePanel) -> list[list[str]]:
    """Texts of the rows on screen, from the top."""
    view = panel.view
    places = (view.row_at(QPoint(10, 20 + 20 * down + 5)) for down in range(view.rows))
    return [view.row_text(at).split("\t") for at in places if at is not None]


def wheel(panel: TapePanel, notches: int) -> None:
    view = panel.view
    at = QPointF(20, 100)
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        QPoint(0, 0),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def picture(panel: TapePanel) -> QImage:
    return panel.view.grab().toImage()


def test_the_newest_trade_is_on_top(panel: TapePanel) -> None:
    rows = shown(panel)
    assert rows[0][2] == "70,099"
    assert rows[1][2] == "70,098"
    assert rows[0][1] == "SELL"
    assert rows[0][3:] == ["$70.1K", "1.000"]


def test_where_trades_are_not_known_a_line_parts_the_rows(panel: TapePanel, market: Market) -> None:
    tape = market.store.trades(panel.primary())
    assert tape is not None
    warn = theme.colour(theme.Palette.WARN).rgb()

    def lines() -> list[int]:
        """Rows of pixels that are such a line."""
        panel.invalidate()
        panel.pull()
        image = picture(panel)
        return [y for y in range(image.height()) if image.pixel(150, y) == warn]

    assert lines() == []
    assert tape.last_ms is not None
    tape.break_off(tape.last_ms + 1)
    assert lines() == [19, 20], "right above the newest row while it lasts"
    market.store.apply(panel.primary(), trades(110, 3))
    assert lines() == [79, 80], "below what came since"


def test_in_a_wide_panel_a_row_is_still_read_as_one(panel: TapePanel) -> None:
    panel.resize(1800, 400)
    image = panel.view.grab().toImage()
    ground = image.pixel(image.width() - 5, image.height() - 5)
    written = [
        x for x in range(image.width()) if any(image.pixel(x, y) != ground for y in range(2, 18))
    ]
    assert 300 < max(written) - min(written) < 640


def test_new_trades_come_on_top_and_only_they_are_read(
    panel: TapePanel, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = market.store.trades(panel.primary())
    assert tape is not None
    read: list[int] = []
    window = type(tape).window

    def counted(self: object, from_ms: int, to_ms: int) -> TradeBatch:
        batch = window(tape, from_ms, to_ms)
        read.append(batch.time_ms.size)
        return batch

    monkeypatch.setattr(type(tape), "window", counted)
    market.store.apply(panel.primary(), trades(100, 3))
    panel.pull()
    assert shown(panel)[0][2] == "70,102"
    assert read == [3]
    panel.invalidate()
    panel.pull()
    assert read == [3]


def test_small_trades_are_left_out_by_choice(panel: TapePanel, market: Market) -> None:
    market.store.apply(panel.primary(), trades(100, 1, qty=20.0))
    panel.load_options({"least_usd": 1e6})
    panel.pull()
    assert [row[2] for row in shown(panel)] == ["70,100"]
    assert "\u2265 $1.0M" in panel.subtitle()


def test_a_digit_typed_finds_the_first_value_that_begins_with_it(
    panel: TapePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    menu = panel.least.menu()
    # a menu that is really open takes the keyboard, which there is none of without a screen
    monkeypatch.setattr(menu, "popup", lambda _: menu.aboutToShow.emit())
    for typed, expected in (("5", 5e3), ("2", 2.5e5)):
        qtbot.keyClicks(panel, typed)
        menu.activeAction().trigger()
        assert panel.options.least_usd == expected


def test_a_liquidation_is_a_row_of_its_own_whatever_its_size(
    panel: TapePanel, market: Market
) -> None:
    sub = LiquidationEventSub("binance-usdm", "BINANCE_FUTURES", "BTCUSDT")
    assert sub in panel.needs()
    market.store.apply(sub, long_liquidated(99, 120.0))
    panel.load_options({"least_usd": 1e6})
    panel.pull()
    assert shown(panel)[0][1] == "LONG LIQ"
    assert panel.view._prints.kind.tolist() == [LONG_LIQUIDATED]


def test_scrolling_back_holds_the_rows_while_new_ones_come(
    panel: TapePanel, market: Market, qtbot: QtBot
) -> None:
    wheel(panel, -2)
    before = shown(panel)
    assert before[0][2] == "70,093"
    assert panel.live.isVisible()
    market.store.apply(panel.primary(), trades(100, 5))
    panel.pull()
    assert shown(panel) == before
    qtbot.mouseClick(panel.live, Qt.MouseButton.LeftButton)
    assert shown(panel)[0][2] == "70,104"
    assert not panel.live.isVisible()


def test_scrolling_ends_at_the_oldest_row_and_back_at_the_newest(
    panel: TapePanel, qtbot: QtBot
) -> None:
    qtbot.keyClick(panel.view, Qt.Key.Key_End)
    assert shown(panel)[-1][2] == "70,000"
    assert len(shown(panel)) == panel.view.rows
    qtbot.keyClick(panel.view, Qt.Key.Key_Home)
    assert shown(panel)[0][2] == "70,099"


def test_rows_are_bounded(panel: TapePanel, market: Market) -> None:
    market.store.apply(panel.primary(), trades(100, MOST_ROWS + 500))
    panel.pull()
    assert len(panel.view._prints) == MOST_ROWS


def test_a_large_trade_stands_out_and_sides_have_shapes_of_their_own(
    panel: TapePanel, market: Market
) -> None:
    market.store.apply(panel.primary(), trades(100, 2, qty=300.0))
    panel.pull()
    image = picture(panel)
    usual, large = image.pixelColor(100, 20 + 5 * 20 + 2), image.pixelColor(100, 20 + 2)
    assert usual != large
    assert large.red() > large.green()
    assert image.pixelColor(100, 20 + 20 + 2).green() > image.pixelColor(100, 20 + 20 + 2).red()


def test_where_a_venue_is_refused_the_coin_is_followed_at_the_next(panel: TapePanel) -> None:
    panel.demo = True
    panel.open_live("KRAKEN")
    assert not panel.demo
    assert panel.source == "kraken"
    assert panel.options.symbol == "BTC/USD"


def test_another_instrument_starts_with_an_empty_tape(panel: TapePanel, market: Market) -> None:
    panel.load_options({"venue": "KRAKEN", "symbol": "BTC/USD"})
    panel.pull()
    assert panel.source == "kraken"
    assert shown(panel) == []
    assert panel.subtitle() == "BTC/USD · Kraken Spot"


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
def test_a_symbol_is_found_over_the_lists_that_came(
    panel: TapePanel, market: Market, qtbot: QtBot
) -> None:
    qtbot.keyClick(panel.view, Qt.Key.Key_S)
    search = panel.findChild(NameSearch)
    assert MarketSub("kraken") in panel.needs()
    assert isinstance(search, NameSearch)
    qtbot.keyClicks(search.line, "ol")
    assert search.marked.startswith("SOLUSDT · Binance Perp")
    qtbot.keyClick(search.line, Qt.Key.Key_Return)
    assert panel.options.symbol == "SOLUSDT"


def test_saved_options_come_back_and_nonsense_is_left_out(panel: TapePanel) -> None:
    panel.load_options({"quote": "coin", "least_usd": 5e4, "joined": False, "liquidations": False})
    saved = panel.save_options()
    again = TapePanel(panel.context)
    again.load_options(saved)
    assert again.options == panel.options
    assert again.options.quote is Quote.COIN
    again.load_options({"venue": "NOWHERE", "symbol": "", "least_usd": -1, "joined": "yes"})
    assert again.options == panel.options
    again.deleteLater()


def test_rows_and_the_whole_tape_can_be_copied(panel: TapePanel) -> None:
    menu = QMenu()
    at = panel.view.mapTo(panel, QPoint(10, 25))
    panel.context_menu(menu, at)
    menu.actions()[0].trigger()
    assert QGuiApplication.clipboard().text().split("\t")[2] == "70,099"
    text = panel.csv()
    assert text is not None
    assert len(text.splitlines()) == 101
    menu.deleteLater()


def test_live_trades_need_no_key_and_are_shown_as_they_come(panel: TapePanel) -> None:
    assert panel.keyless
    assert panel.moves
    panel.demo = True
    assert not panel.keyless
    assert not panel.moves

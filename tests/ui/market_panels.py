"""A small market in a store, and panels that look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from heatdesk.frames import CandleWindow, KeyState, StreamStatus
from heatdesk.providers.base import Cost
from heatdesk.store.market import MarketStore
from heatdesk.units import FixedClock
from tests.heatdesk.store.books import MINUTE, START_MS, Snapshot, book, liquidations, minute
from ui.panel import Panel, PanelContext, Workspace
from ui.panels.order_book import OrderBookPanel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from heatdesk.frames import Subscription

MIDDLE = 70_000.0
WALL_PRICE = MIDDLE - 200.0
WALL_QTY = 400.0
GAP_MINUTES = range(60, 64)
MINUTES = 240


def snapshot(n: int) -> tuple[Snapshot, Snapshot]:
    """Bids down from the middle with one wall, asks up from it; sizes 1 to 8."""
    bids = {MIDDLE - 5 * k: 1.0 + (k * 7 + n) % 8 for k in range(1, 200)}
    bids[WALL_PRICE] = WALL_QTY
    asks = {MIDDLE + 5 * k: 1.0 + (k * 5 + n) % 8 for k in range(200)}
    return bids, asks


def candles(first: int, stop: int, price: float = MIDDLE + 2.5) -> CandleWindow:
    times = np.array([minute(n) for n in range(first, stop)], np.int64)
    ones = np.ones(stop - first)
    return CandleWindow(
        minute(first),
        minute(stop),
        MINUTE,
        times,
        price * ones - 3.1,
        price * ones + 12,
        price * ones - 12,
        price * ones,
        ones,
    )


def history_panel(context: PanelContext) -> OrderBookPanel:
    """An order book panel that shows a collector's history, as every test of minutes needs it."""
    panel = OrderBookPanel(context)
    panel.load_options({"source": "kiyotaka"})
    return panel


class Market:
    """Store, clock and context for panels under test."""

    def __init__(self) -> None:
        self.store = MarketStore()
        self.clock = FixedClock(minute(MINUTES))
        self.asked_cost: list[Subscription] = []
        self.context = PanelContext(
            store=self.store,
            clock=self.clock,
            workspace=Workspace(utc=True),
            cost=self._cost,
            key_state=lambda _: KeyState.ACCEPTED,
            open_keys=lambda _: None,
        )

    def _cost(self, sub: Subscription) -> Cost:
        self.asked_cost.append(sub)
        return Cost(10, 11, 1200, "10 weight per request")

    def show(self, qtbot: QtBot, panel: Panel, size: tuple[int, int] = (1000, 640)) -> None:
        qtbot.addWidget(panel)
        panel.resize(*size)
        panel.show()
        qtbot.waitExposed(panel)
        panel.pull()

    def book_panel(self, qtbot: QtBot) -> OrderBookPanel:
        """A shown order book panel with its data."""
        panel = history_panel(self.context)
        self.fill_book(panel.primary(), panel.options.candle_sub(panel.source))
        self.show(qtbot, panel)
        return panel

    def fill_book(self, sub: Subscription, candle_sub: Subscription) -> None:
        pairs = {n: snapshot(n) for n in range(MINUTES) if n not in GAP_MINUTES}
        frame = book(
            {n: bids for n, (bids, _) in pairs.items()},
            {n: asks for n, (_, asks) in pairs.items()},
            asked=(0, MINUTES),
        )
        self.store.apply(sub, frame)
        self.store.apply(candle_sub, candles(0, MINUTES))
        self._tell(sub)

    def add_minute(self, sub: Subscription, n: int, scale: float = 1.0) -> None:
        bids, asks = snapshot(n)
        self.store.apply(
            sub,
            book(
                {n: {p: q * scale for p, q in bids.items()}},
                {n: {p: q * scale for p, q in asks.items()}},
            ),
        )

    def fill_liquidations(self, sub: Subscription, candle_sub: Subscription) -> None:
        levels: Snapshot = {MIDDLE * (1 + k / 1000): 1e5 * (1 + k % 3) for k in range(-60, 61) if k}
        levels |= {68_000.0 + 5 * k: 5e6 for k in range(10)}
        rounded = {round(price / 5) * 5.0: qty for price, qty in sorted(levels.items())}
        self.store.apply(sub, liquidations(dict.fromkeys(range(60), rounded), 5.0))
        self.store.apply(candle_sub, candles(0, 60))
        self._tell(sub)

    def _tell(self, sub: Subscription) -> None:
        status = StreamStatus(data_time_ms=START_MS, received_ms=START_MS, period_s=60)
        self.store.set_status(sub, status)

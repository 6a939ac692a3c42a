"""A chart with trades and liquidations of a minute."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QApplication

from heatdesk.frames import LiquidationBatch, Quote
from heatdesk.store.tape import LiquidationTape, TradeTape
from tests.heatdesk.views.test_trade_slices import START_MS, START_S, invented
from ui.heatmap.chart import PriceTimeChart

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

TRADES = invented(6_000, 60_000)
NEWEST_S = START_S + 60


def liquidated(*events: tuple[int, float, float, bool], sampled: bool = False) -> LiquidationBatch:
    times, prices, values, sides = zip(*events, strict=True)
    price, value = np.array(prices), np.array(values)
    return LiquidationBatch(
        np.array(times, np.int64) + START_MS,
        price,
        value / price,
        value,
        np.array(sides, np.bool_),
        tuple("SELL" if long else "BUY" for long in sides),
        sampled,
    )


def trade_tape() -> TradeTape:
    tape = TradeTape()
    tape.add(TRADES)
    return tape


def liquidation_tape() -> LiquidationTape:
    tape = LiquidationTape()
    middle = float(TRADES.price[3_000])
    tape.add(
        liquidated(
            (30_000, middle, 1.2e6, True),
            (30_050, middle, 3e5, True),
            (50_000, float(TRADES.price[5_000]), 4e4, False),
            sampled=True,
        )
    )
    return tape


def open_chart(qtbot: QtBot, trades: TradeTape, liquidations: LiquidationTape) -> PriceTimeChart:
    """A shown chart that draws everything of both tapes."""
    made = PriceTimeChart(span_s=80.0)
    qtbot.addWidget(made)
    made.resize(1000, 600)
    made.show()
    qtbot.waitExposed(made)
    made.set_zone(UTC)
    made.set_grid(1_000, 0.125, 1_000.0)
    made.flow.set_unit(Quote.COIN, "BTC")
    made.flow.show(bubbles=True, liquidations=True, delta=True)
    made.observe(NEWEST_S, float(TRADES.price[-1]), 60.0)
    made.flow.follow(trades, liquidations)
    all_in(made)
    return made


def all_in(chart: PriceTimeChart) -> None:
    """Let the work that comes in pieces end."""
    for _ in range(500):
        QApplication.processEvents()
        if not chart.flow._again.isActive():
            return
    raise AssertionError("it never ends")

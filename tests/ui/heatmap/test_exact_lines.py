"""The lines of a live book's best prices are those of the venue's own ticker, however high a level is.

The ticker (``bookTicker``) is a stream of its own in the recording. It is read here from the text of
the session; the books that HeatDesk keeps see only the differences.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from heatdesk.analytics.book import compute_profile
from heatdesk.books.sampling import Sampler
from heatdesk.books.sync import SyncState
from heatdesk.frames import BookSub, BookWindow
from heatdesk.providers.binance_rules import UsdmRules
from heatdesk.providers.live.rules import Market as Instrument
from heatdesk.store.market import MarketStore
from heatdesk.views.best_prices import best_levels
from heatdesk.views.instruments import spread_text
from tests.heatdesk.books.recordings import frames, replay
from tests.ui.market_panels import Market
from ui.heatmap.price_lines import PriceLineLayer
from ui.panels.order_book import OrderBookPanel
from ui.panels.order_book.options import BookOptions

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

SESSION = "binance-usdm-hft/btcusdt_20240808.gz"
MARKET = Instrument("BINANCE_FUTURES", "BTCUSDT", "BTC", "USDT", 0.1, perpetual=True)
BLOCK = 10.0


@lru_cache(maxsize=1)
def quoted(path: Path) -> tuple[list[int], list[int], list[tuple[int, tuple[float, float]]]]:
    """Times and numbers of the book's updates, and the ticker's best prices by such a number."""
    said: list[tuple[int, tuple[float, float]]] = []
    times: list[int] = []
    numbers: list[int] = []
    for raw in frames(path):
        data = json.loads(raw)
        data = data.get("data", data)
        if data.get("e") == "depthUpdate":
            times.append(data["E"])
            numbers.append(data["u"])
        elif data.get("e") == "bookTicker":
            said.append((data["u"], (float(data["b"]), float(data["a"]))))
    said.sort(key=lambda one: one[0])
    return times, numbers, said


def quoted_before(path: Path, end_ms: int) -> tuple[float, float]:
    """What the ticker said of the very book that the last update before a moment has made."""
    times, numbers, said = quoted(path)
    number = numbers[bisect_right(times, end_ms - 1) - 1]
    return said[bisect_right(said, number, key=lambda one: one[0]) - 1][1]


def sub_of(interval_ms: int) -> BookSub:
    """The book of a fresh panel, in columns of some width and levels of a hundred ticks."""
    options = BookOptions(block_size=BLOCK)
    return replace(options.book_sub(options.provider), interval_ms=interval_ms, block_size=BLOCK)


@pytest.fixture(scope="module")
def store(market_data: Path) -> MarketStore:
    """What a store holds after the session: columns of three widths, taken in as they came."""
    store = MarketStore()
    samplers: dict[BookSub, Sampler] = {}
    for n, (sync, change) in enumerate(replay(market_data / SESSION, UsdmRules(), MARKET)):
        if sync.state is not SyncState.LIVE:
            continue
        if not samplers:
            for interval_ms in (100, 500, 1_000):
                sampler = Sampler(sync.book, MARKET, interval_ms, BLOCK)
                sync.listen(sampler)
                samplers[sub_of(interval_ms)] = sampler
        for sub, sampler in samplers.items() if n % 3 == 0 else ():
            frame = sampler.frame(change.event_ms)
            if frame is not None:
                store.apply(sub, frame)
    for sub, sampler in samplers.items():
        frame = sampler.frame(change.event_ms)
        if frame is not None:
            store.apply(sub, frame)
    return store


@pytest.mark.parametrize("interval_ms", [100, 1_000])
def test_the_lines_of_a_live_book_are_the_tickers_at_every_column(
    market_data: Path, store: MarketStore, qtbot: QtBot, interval_ms: int
) -> None:
    path, sub = market_data / SESSION, sub_of(interval_ms)
    heat, newest = store.heatmap(sub), store.last_book(sub)
    assert heat is not None
    layer = PriceLineLayer()
    layer.show_lines(best=True, mid=True)
    while not layer.follow(heat):
        continue
    lines = layer.lines()
    columns = range(heat.first_column, heat.last_column + 1)
    assert len(columns) * interval_ms > 300_000
    ends = [heat.grid.time.time_of(column + 1) for column in columns]
    expected = np.array([quoted_before(path, end_ms) for end_ms in ends])
    assert len(np.unique(expected)) > 200  # the market moved
    assert lines["bid"].price.tolist() == expected[:, 0].tolist()
    assert lines["ask"].price.tolist() == expected[:, 1].tolist()
    assert lines["mid"].price == pytest.approx(expected.mean(axis=1), abs=1e-9)
    assert (lines["bid"].price < lines["ask"].price).all()
    # and so is the spread of the newest book
    assert isinstance(newest, BookWindow)
    profile = compute_profile(newest)
    assert profile is not None
    assert (profile.top.bid, profile.top.ask) == tuple(expected[-1])
    assert spread_text(profile.top) == f"spr {expected[-1, 1] - expected[-1, 0]:.1f}"
    # of what is painted, the largest of each column, neither could be said
    levels = heat.first_level, heat.last_level + 1
    span = heat.first_column, heat.last_column + 1
    painted = best_levels(
        heat.codes("bid", *span, *levels), heat.codes("ask", *span, *levels), levels[0]
    )
    assert (painted[0] * BLOCK != expected[:, 0]).mean() > 0.9
    if interval_ms == 1_000:
        assert (painted[0] > painted[1]).any()


def test_the_card_and_the_last_price_of_a_live_panel_are_the_tickers(
    market_data: Path, store: MarketStore, qtbot: QtBot
) -> None:
    path, market, sub = market_data / SESSION, Market(), sub_of(500)
    panel = OrderBookPanel(replace(market.context, store=store))
    panel.choose(BookOptions(block_size=BLOCK))
    assert panel.primary() == sub
    market.show(qtbot, panel)
    assert panel.block_size == BLOCK
    heat = store.heatmap(sub)
    assert heat is not None
    newest = heat.grid.time.time_of(heat.last_column + 1)
    bid, ask = quoted_before(path, newest)
    assert panel._last_price == pytest.approx((bid + ask) / 2)
    assert [tag.detail for tag in panel.chart.price_axis._tags] == [f"spr {ask - bid:.1f}"]
    for column in range(heat.first_column, heat.last_column + 1, 29):
        end_ms = heat.grid.time.time_of(column + 1)
        bid, ask = quoted_before(path, end_ms)
        rows = dict(panel.hover_rows(end_ms / 1000 - 0.1, bid))
        assert rows["Best"] == f"{bid:,.1f} / {ask:,.1f}"

"""Liquidations that happened, summed over venues by price and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import numpy as np
import pytest

from heatdesk.frames import (
    CandleSub,
    CandleWindow,
    Frame,
    LiquidationBatch,
    LiquidationSub,
    LiquidationWindow,
    Notice,
    Quote,
    Subscription,
)
from heatdesk.providers.base import ProviderContext
from heatdesk.providers.happened import HappenedProvider
from heatdesk.providers.happened_cells import Happened, level_height
from heatdesk.store.market import MarketStore
from heatdesk.units import MINUTE_MS
from tests.heatdesk.clocks import START_MS, JumpingClock

SUB = LiquidationSub("happened", "BTC", MINUTE_MS, None, Quote.USD, 60)
FIRST_MS = START_MS // MINUTE_MS * MINUTE_MS


def batch(*rows: tuple[int, float, float, bool]) -> LiquidationBatch:
    time_ms, price, usd, long = (np.array(column) for column in zip(*rows, strict=True))
    sides = tuple("SELL" if one else "BUY" for one in long)
    return LiquidationBatch(
        time_ms.astype(np.int64), price, usd / price, usd, long.astype(np.bool_), sides, True
    )


def candle(price: float) -> CandleWindow:
    one = np.array([price])
    when = np.array([FIRST_MS], np.int64)
    end = FIRST_MS + MINUTE_MS
    return CandleWindow(FIRST_MS, end, MINUTE_MS, when, one, one, one, one, one, end)


class Venues:
    """What is said at the venues; a provider that listens hears it."""

    def __init__(self) -> None:
        self.ears: dict[Subscription, asyncio.Queue[Frame]] = {}

    async def tap(self, sub: Subscription) -> AsyncGenerator[Frame, None]:
        ear = self.ears[sub] = asyncio.Queue()
        try:
            while True:
                yield await ear.get()
        finally:
            del self.ears[sub]

    def say(self, provider: str, frame: Frame) -> None:
        kind = CandleSub if isinstance(frame, CandleWindow) else object
        for sub, ear in self.ears.items():
            if sub.provider == provider and isinstance(sub, CandleSub) == (kind is CandleSub):
                ear.put_nowait(frame)


async def heard(script: list[tuple[str, Frame]], count: int) -> tuple[list[Frame], Venues]:
    venues, clock = Venues(), JumpingClock(FIRST_MS)
    nothing = cast("Any", None)
    context = ProviderContext(clock, nothing, nothing, nothing, tap=venues.tap)
    stream = cast("AsyncGenerator[Frame, None]", HappenedProvider(context).stream(SUB, []))
    frames = [await anext(stream)]
    coming = asyncio.ensure_future(anext(stream))
    while len(venues.ears) < 3:
        await asyncio.sleep(0)
    for provider, frame in script:
        venues.say(provider, frame)
    while len(frames) < count:
        frames.append(await coming)
        if len(frames) < count:
            coming = asyncio.ensure_future(anext(stream))
    await stream.aclose()
    return frames, venues


def sums(window: LiquidationWindow, i: int) -> dict[float, float]:
    price, qty = window.levels.at(i)
    return {p: q for p, q in zip(price.tolist(), qty.tolist(), strict=True) if q}


def test_liquidations_of_all_venues_are_summed_by_level() -> None:
    script: list[tuple[str, Frame]] = [
        ("binance-usdm", candle(70_000.0)),
        ("binance-usdm", batch((FIRST_MS + 5, 70_003.0, 1000.0, True))),
        (
            "bybit",
            batch((FIRST_MS + 9, 70_009.0, 500.0, True), (FIRST_MS + 9, 70_010.0, 7.0, True)),
        ),
    ]
    frames, venues = asyncio.run(heard(script, 2))
    assert isinstance(frames[0], Notice)
    assert "undercount" in (frames[0].note or "")
    window = frames[1]
    assert isinstance(window, LiquidationWindow)
    assert sums(window, -1 + len(window.levels)) == {70_000.0: 1500.0, 70_010.0: 7.0}
    assert venues.ears == {}


def test_without_a_liquidation_the_columns_are_observed_and_empty() -> None:
    frames, _ = asyncio.run(heard([("binance-usdm", candle(70_000.0))], 4))
    store = MarketStore()
    for frame in frames[1:]:
        assert isinstance(frame, LiquidationWindow)
        store.apply(SUB, frame)
    heat = store.heatmap(SUB)
    assert heat is not None
    assert heat.value_at("qty", heat.last_column, 7_000) == 0.0
    assert np.isnan(heat.value_at("qty", heat.last_column, 70_000))


def test_a_venue_that_is_away_is_named_until_it_is_back() -> None:
    script: list[tuple[str, Frame]] = [
        ("bybit", Notice(gap_since_ms=FIRST_MS, note="closed")),
        ("bybit", Notice(gap_since_ms=FIRST_MS)),
        ("bybit", Notice(gap_since_ms=0)),
    ]
    frames, _ = asyncio.run(heard(script, 3))
    away, back = frames[1:]
    assert isinstance(away, Notice)
    assert (away.note or "").startswith("Missing: Bybit Perp.")
    assert away.gap_since_ms == 0  # the other one still tells
    assert isinstance(back, Notice)
    assert "Missing" not in (back.note or "")


def test_nobody_left_is_a_gap() -> None:
    script: list[tuple[str, Frame]] = [
        ("bybit", Notice(gap_since_ms=FIRST_MS)),
        ("binance-usdm", Notice(gap_since_ms=FIRST_MS + 1)),
    ]
    frames, _ = asyncio.run(heard(script, 3))
    last = frames[-1]
    assert isinstance(last, Notice)
    assert last.gap_since_ms == FIRST_MS + 1


def test_a_late_liquidation_is_put_where_it_happened() -> None:
    cells = Happened(MINUTE_MS, 60, Quote.COIN, 70_000.0, FIRST_MS)
    cells.add(batch((FIRST_MS + 1, 70_000.0, 70_000.0, True)))
    now_ms = FIRST_MS + 3 * MINUTE_MS + 5
    assert cells.frame(now_ms).time_ms.size == 4
    assert cells.frame(now_ms).time_ms.size == 1
    cells.add(batch((FIRST_MS + MINUTE_MS, 70_000.0, 140_000.0, False)))
    window = cells.frame(now_ms)
    assert window.from_ms == FIRST_MS + MINUTE_MS
    assert sums(window, 0) == {70_000.0: 2.0}


def test_columns_are_bounded() -> None:
    cells = Happened(MINUTE_MS, 10, Quote.USD, 70_000.0, FIRST_MS)
    for minute in range(100):
        cells.add(batch((FIRST_MS + minute * MINUTE_MS, 70_000.0, 1.0, True)))
        cells.frame(FIRST_MS + minute * MINUTE_MS)
    assert len(cells._sums) <= 11


@pytest.mark.parametrize(
    ("price", "height"), [(70_000.0, 10.0), (3_100.0, 0.5), (0.11, 2e-05), (1e-7, 1e-11)]
)
def test_levels_are_round_figures_near_a_ten_thousandth(price: float, height: float) -> None:
    assert level_height(price) == pytest.approx(height)

"""Candles of a live venue: history, the one that forms, and what was missed between."""

from __future__ import annotations

import asyncio

from heatdesk.errors import BadRequest
from heatdesk.frames import CandleSub, CandleWindow
from heatdesk.providers.live.candles import candle_spans
from heatdesk.providers.live.rules import Market
from heatdesk.units import MINUTE_MS, floor_ms
from tests.heatdesk.providers.live.listening import Listener, listening
from tests.heatdesk.providers.live.venue import ID, VENUE, Venue, provider_of, until

TOPIC = "candles:BTCUSD:60000"
SUB = CandleSub(ID, VENUE, "BTCUSD", interval_ms=MINUTE_MS, points=25)


def windows(listener: Listener) -> list[CandleWindow]:
    return [frame for frame in listener.frames if isinstance(frame, CandleWindow)]


def test_history_is_asked_newest_first_in_pages_the_venue_serves() -> None:
    assert candle_spans((0, 25 * MINUTE_MS), MINUTE_MS, 10) == [
        (15 * MINUTE_MS, 25 * MINUTE_MS),
        (5 * MINUTE_MS, 15 * MINUTE_MS),
        (0, 5 * MINUTE_MS),
    ]


def test_history_comes_first_and_then_the_candle_that_forms() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue), SUB) as (candles,):
            await venue.ready(TOPIC)
            history = windows(candles)
            times_ms = sorted(t for window in history for t in window.time_ms.tolist())
            assert len(times_ms) == 25
            assert times_ms[-1] == floor_ms(venue.now_ms, MINUTE_MS)
            assert history[0].from_ms > history[-1].from_ms
            told = {"t": "candle", "s": "BTCUSD", "i": MINUTE_MS, "at": times_ms[-1], "c": 1.75}
            await venue.tell(told, TOPIC)
            await until(lambda: windows(candles)[-1].close.tolist() == [1.75])

    asyncio.run(work())


def test_candles_that_closed_while_the_connection_was_gone_are_asked_for() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue), SUB) as (candles,):
            await venue.ready(TOPIC)
            told = {"t": "candle", "s": "BTCUSD", "i": MINUTE_MS, "at": 60_000, "c": 1.75}
            await venue.tell(told, TOPIC)
            await until(lambda: windows(candles)[-1].close.tolist() == [1.75])
            asked = venue.asked.count("/candles")
            await venue.hang_up()
            await until(lambda: venue.asked.count("/candles") == asked + 1)

    asyncio.run(work())


def test_an_interval_the_venue_has_no_history_of_only_forms() -> None:
    async def work() -> None:
        venue = Venue()
        sub = CandleSub(ID, VENUE, "BTCUSD", interval_ms=1_000)
        async with venue.serving(), listening(provider_of(venue), sub) as (candles,):
            await venue.ready("candles:BTCUSD:1000")
            assert not windows(candles)
            assert "/candles" not in venue.asked

    asyncio.run(work())


def test_an_interval_the_venue_does_not_have_is_told() -> None:
    async def work() -> None:
        venue = Venue()
        provider = provider_of(venue)
        rules = provider.rules

        class NoTopics(type(rules)):  # type: ignore[misc]
            def topics(self, feed: object, market: Market, interval_ms: int = 0) -> tuple[()]:
                return ()

        rules.__class__ = NoTopics
        sub = CandleSub(ID, VENUE, "BTCUSD", interval_ms=1_000)
        async with venue.serving(), listening(provider, sub) as (candles,):
            await until(lambda: candles.ended)
            assert isinstance(candles.error, BadRequest)
            assert "1s" in candles.error.user_message

    asyncio.run(work())

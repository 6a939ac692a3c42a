"""Times of messages: what names none, what is of long ago, and clocks that jump."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from heatdesk.frames import Flaw, TradeSub
from tests.heatdesk.providers.live.listening import BOOK, Listener, listening
from tests.heatdesk.providers.live.test_books import BOTH_KINDS, live, settled
from tests.heatdesk.providers.live.venue import ID, VENUE, Venue, provider_of, until


def sound(book: Listener) -> list[int]:
    """Columns that are shown as live."""
    return [time_ms for time_ms, (flaw, _) in book.columns.items() if not flaw & Flaw.TOUCHED]


def without_times(venue: Venue) -> None:
    """Let snapshots of a venue name no time."""
    dated = venue.snapshot

    def undated(symbol: str) -> dict[str, Any]:
        return {**dated(symbol), "E": 0}

    venue.snapshot = undated  # type: ignore[method-assign]


async def changes(venue: Venue, book: Listener, last_qty: float) -> None:
    """Let the book change for a while, and wait until the last change is shown."""
    async with asyncio.timeout(10):
        for i in range(10):
            await venue.change(qty=last_qty + i + 1)
            await asyncio.sleep(0.05)
        while book.last(99.0) != (last_qty, 0.0) or book.status.gap_since_ms is not None:
            await venue.change(qty=last_qty)
            await asyncio.sleep(0.05)


@BOTH_KINDS
@pytest.mark.parametrize("ahead_ms", [60_000, -60_000], ids=["ahead", "behind"])
def test_a_snapshot_without_a_time_is_of_the_venues_time_and_not_of_this_computers(
    in_stream: bool, ahead_ms: int
) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        venue.ahead_ms = ahead_ms
        without_times(venue)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await venue.ready()
            began_ms = venue.now_ms
            await changes(venue, book, 5.0)
            assert min(book.columns) > began_ms - 200
            assert max(book.columns) <= venue.now_ms + 200
            assert venue.asked.count("/book") <= 1

    asyncio.run(work())


def test_a_snapshot_without_a_time_is_shown_although_nothing_follows() -> None:
    async def work() -> None:
        venue = Venue(in_stream=True)
        without_times(venue)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await until(lambda: book.last(99.0) == (5.0, 0.0))
            assert abs(min(book.columns) - venue.now_ms) < 2_000

    asyncio.run(work())


@BOTH_KINDS
@pytest.mark.parametrize("jump_ms", [9_000_000_000_000, -3_600_000], ids=["far on", "back"])
def test_one_message_of_an_absurd_time_does_not_enter_and_the_book_starts_anew(
    in_stream: bool, jump_ms: int
) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            venue.ahead_ms = jump_ms
            await venue.change(qty=1.0)
            venue.ahead_ms = 0
            venue.mute = in_stream  # else it may be over before anything can be told of it
            await until(lambda: any("jumped" in note for note in book.notes))
            venue.mute = False
            await changes(venue, book, 5.0)
            assert max(book.columns) <= venue.now_ms + 200
            assert min(book.columns) > venue.now_ms - 60_000
            assert book.marks(sound_ms)

    asyncio.run(work())


@BOTH_KINDS
@pytest.mark.parametrize("set_ms", [30_000, -30_000], ids=["on", "back"])
def test_a_venue_whose_clock_is_set_is_followed(in_stream: bool, set_ms: int) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            await settled(venue, book)
            venue.ahead_ms = set_ms
            set_at_ms = venue.now_ms
            for i in range(40):
                await venue.change(qty=9.0 + i)
                await asyncio.sleep(0.03)
            fresh = [ms for ms in sound(book) if set_at_ms < ms <= venue.now_ms]
            assert len(fresh) >= 4
            assert book.columns[max(fresh)][1][99.0][0] > 30.0

    asyncio.run(work())


def test_trades_of_long_ago_say_nothing_about_the_clock() -> None:
    async def work() -> None:
        venue = Venue()
        trades = TradeSub(ID, VENUE, "BTCUSD")
        async with venue.serving(), listening(provider_of(venue), trades) as (tape,):
            await venue.ready("trades:BTCUSD")
            for number, age_ms in ((1, 3_600_000), (2, 0)):
                at_ms = venue.now_ms - age_ms
                said = {"t": "trade", "s": "BTCUSD", "at": [at_ms], "ids": [str(number)]}
                await venue.shout(json.dumps(said))
                await until(lambda count=number: len(tape.trade_times) == count)
                await asyncio.sleep(0.3)
            assert not any("clock" in note or "late" in note for note in tape.notes)
            assert tape.status.latency_ms is not None
            assert tape.status.latency_ms < 1_000

    asyncio.run(work())


def test_a_trade_from_the_far_future_is_left_out() -> None:
    async def work() -> None:
        venue = Venue()
        trades = TradeSub(ID, VENUE, "BTCUSD")
        async with venue.serving(), listening(provider_of(venue), trades) as (tape,):
            await venue.ready("trades:BTCUSD")
            told = []
            for number, ahead_ms in enumerate((0, 0, 3_600_000, 0)):
                at_ms = venue.now_ms + ahead_ms
                told.append(at_ms)
                said = {"t": "trade", "s": "BTCUSD", "at": [at_ms], "ids": [str(number)]}
                await venue.shout(json.dumps(said))
            del told[2]
            await until(lambda: len(tape.trade_times) >= 3)
            assert tape.trade_times == told
            assert not any("clock" in note for note in tape.notes)

    asyncio.run(work())

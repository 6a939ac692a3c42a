"""Connections: shared, renewed, refused, paced, and gone when nobody listens."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise

import httpx
import pytest

from heatdesk.errors import (
    BadRequest,
    MarketPaused,
    ProviderError,
    RegionBlocked,
    ServerTrouble,
    UnknownMarket,
    Unreachable,
)
from heatdesk.frames import LiquidationBatch, LiquidationEventSub, MarketList, MarketSub, TradeSub
from heatdesk.providers.live.markets import LOOK_AGAIN_S
from heatdesk.providers.live.rules import LineLimits, Trading
from tests.heatdesk.providers.live.listening import BOOK, listening
from tests.heatdesk.providers.live.test_books import BOTH_KINDS, live, settled
from tests.heatdesk.providers.live.venue import ID, VENUE, LeapClock, Venue, provider_of, until

TRADES = TradeSub(ID, VENUE, "BTCUSD")


def test_streams_of_one_market_share_its_connection_and_its_book() -> None:
    async def work() -> None:
        venue = Venue()
        subs = [BOOK, replace(BOOK, interval_ms=1_000), replace(BOOK, block_size=10.0)]
        async with venue.serving(), listening(provider_of(venue), *subs) as books:
            await live(venue, books[0])
            await until(lambda: all(book.books for book in books))
            assert venue.opened == 1
            assert venue.asked.count("/book") == 1
            assert [said["topics"] for _, said in venue.said if said["op"] == "sub"] == [
                ["book:BTCUSD"]
            ]

    asyncio.run(work())


def test_a_stream_that_ends_leaves_the_others_alone_and_ends_its_own_subscription() -> None:
    async def work() -> None:
        venue = Venue()
        eth = replace(BOOK, symbol="ETHUSD")
        async with venue.serving(), listening(provider := provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            stream = provider.stream(eth, [])
            async with asyncio.timeout(10):
                await anext(stream)
                await anext(stream)
                await venue.ready("book:BTCUSD", "book:ETHUSD")
                await stream.aclose()  # type: ignore[attr-defined]
            await until(lambda: list(venue.sockets.values()) == [{"book:BTCUSD"}])
            await venue.change(qty=3.0)
            await until(lambda: book.last(99.0) == (3.0, 0.0))
            assert venue.opened == 1

    asyncio.run(work())


def test_when_nobody_listens_nothing_is_left() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving():
            async with listening(provider_of(venue), BOOK, TRADES) as (book, _):
                await live(venue, book)
                assert venue.opened == 2, "books and trades have a connection each"
            await until(lambda: not venue.sockets)
            ours = asyncio.all_tasks() - {asyncio.current_task()}
            names = [task.get_name() for task in ours]
            assert not [name for name in names if name.startswith(("link", "wire", "tick"))]

    asyncio.run(work())


@pytest.mark.parametrize("when", ["asking", "connecting", "fetching"])
def test_a_stream_can_be_ended_at_any_moment(when: str) -> None:
    async def work() -> None:
        venue = Venue()
        stuck = asyncio.Event()

        async def hang(request: httpx.Request) -> httpx.Response:
            stuck.set()
            await asyncio.Event().wait()
            raise AssertionError

        if when == "asking":
            venue.answers["/markets"] = hang
        if when == "fetching":
            venue.answers["/book"] = hang
        async with venue.serving(), listening(provider_of(venue), BOOK):
            if when == "connecting":
                await until(lambda: venue.opened == 1)
                return
            if when == "fetching":
                await venue.ready()
                await venue.change()
            await asyncio.wait_for(stuck.wait(), 10)

    asyncio.run(work())


@pytest.mark.parametrize("status", [403, 451])
def test_a_blocked_region_is_told_at_once(status: int) -> None:
    async def work() -> None:
        venue = Venue()
        venue.refuse = (status, "not here")
        async with venue.serving(), listening(provider_of(venue), BOOK, TRADES) as listeners:
            await until(lambda: all(listener.ended for listener in listeners))
            for listener in listeners:
                assert isinstance(listener.error, RegionBlocked)
                assert "region" in listener.error.user_message

    asyncio.run(work())


@pytest.mark.parametrize("status", [403, 451])
def test_a_region_that_is_blocked_for_requests_is_told_at_once(status: int) -> None:
    async def work() -> None:
        venue = Venue()

        async def refuse(request: httpx.Request) -> httpx.Response:
            return httpx.Response(status)

        venue.answers["/markets"] = refuse
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await until(lambda: book.ended)
            assert isinstance(book.error, RegionBlocked)

    asyncio.run(work())


def test_a_venue_that_is_not_there_is_told_at_once() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving():
            pass
        async with listening(provider_of(venue), BOOK) as (book,):
            await until(lambda: book.ended)
            assert isinstance(book.error, Unreachable)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("symbol", "kind", "word"),
    [
        ("NOSUCH", UnknownMarket, "no market"),
        ("GONE", UnknownMarket, "no longer"),
        ("HALTED", MarketPaused, "paused"),
    ],
)
def test_a_market_that_cannot_be_shown_is_told_in_a_sentence(
    symbol: str, kind: type[ProviderError], word: str
) -> None:
    async def work() -> None:
        venue = Venue()
        venue.markets += [
            {"symbol": "GONE", "trading": "delisted"},
            {"symbol": "HALTED", "trading": "paused"},
        ]
        sub = replace(BOOK, symbol=symbol)
        async with venue.serving(), listening(provider_of(venue), sub) as (book,):
            await until(lambda: book.ended)
            assert isinstance(book.error, kind)
            assert word in book.error.user_message
            assert not venue.opened

    asyncio.run(work())


def test_a_market_that_trades_again_is_found_without_waiting_for_tomorrows_list() -> None:
    async def work() -> None:
        venue = Venue()
        venue.clock = clock = LeapClock()
        venue.markets[0]["trading"] = "paused"
        async with venue.serving():
            provider = provider_of(venue)
            for seconds in (0, LOOK_AGAIN_S / 2):
                clock.leapt_s += seconds
                with pytest.raises(MarketPaused):
                    await provider._hub.markets.want(VENUE, "BTCUSD")
            assert venue.asked == ["/markets"]
            venue.markets[0]["trading"] = "on"
            clock.leapt_s += LOOK_AGAIN_S
            found = await provider._hub.markets.want(VENUE, "BTCUSD")
            assert found.trading is Trading.ON
            await provider.context.http.close()

    asyncio.run(work())


def test_trading_that_stops_later_ends_the_stream_with_a_sentence() -> None:
    async def work() -> None:
        venue = Venue()
        eth = replace(BOOK, symbol="ETHUSD")
        async with venue.serving(), listening(provider_of(venue), BOOK, eth) as (book, other):
            await live(venue, book)
            await live(venue, other, "ETHUSD")
            venue.markets[0]["trading"] = "paused"
            await venue.shout('{"t": "changed", "s": "BTCUSD"}')
            await until(lambda: book.ended)
            assert isinstance(book.error, MarketPaused)
            assert not other.ended

    asyncio.run(work())


@pytest.mark.parametrize(("why", "kind"), [("unknown", UnknownMarket), ("busy", ServerTrouble)])
def test_a_refused_subscription_ends_the_streams_that_asked_for_it(
    why: str, kind: type[ProviderError]
) -> None:
    async def work() -> None:
        venue = Venue()
        venue.refused_topics["book:ETHUSD"] = why
        eth = replace(BOOK, symbol="ETHUSD")
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
        async with venue.serving(), listening(provider_of(venue), eth) as (other,):
            await until(lambda: other.ended)
            assert type(other.error) is kind
            assert why in other.error.user_message

    asyncio.run(work())


def test_a_feed_the_venue_does_not_send_is_told() -> None:
    async def work() -> None:
        venue = Venue()
        venue.markets.append({"symbol": "QUIET"})
        sub = LiquidationEventSub(ID, VENUE, "QUIET")
        async with venue.serving(), listening(provider_of(venue), sub) as (events,):
            await until(lambda: events.ended)
            assert isinstance(events.error, BadRequest)
            assert "does not publish" in events.error.user_message

    asyncio.run(work())


@BOTH_KINDS
@pytest.mark.parametrize("why", ["lifetime", "notice"])
def test_a_connection_is_renewed_without_a_gap(in_stream: bool, why: str) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        life_s = 2.2 if why == "lifetime" else 3_600.0
        limits = LineLimits(messages_per_s=500.0, lifetime_s=life_s)
        async with venue.serving(), listening(provider_of(venue, limits), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            if why == "notice":
                await venue.shout('{"t": "bye"}')
            qty = 10.0
            async with asyncio.timeout(10):
                while venue.opened < 2 or len(venue.sockets) != 1:
                    qty += 1.0
                    await venue.change(qty=qty)
                    await asyncio.sleep(0.01)
            await venue.change(qty=1.0)
            await until(lambda: book.last(99.0) == (1.0, 0.0))
            assert not book.marks(sound_ms)
            assert venue.asked.count("/book") == (0 if in_stream else 1)

    asyncio.run(work())


def test_what_nobody_told_before_the_heirs_snapshot_is_marked() -> None:
    async def work() -> None:
        venue = Venue(in_stream=True)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            venue.moved("BTCUSD", [(99.0, 3.0)])  # never told
            told_ms = venue.now_ms
            await asyncio.sleep(0.3)
            await venue.shout('{"t": "bye"}')
            await until(lambda: venue.opened == 2 and all(venue.sockets.values()))
            began_ms = venue.now_ms
            await asyncio.sleep(0.2)
            assert book.last(99.0) != (3.0, 0.0)  # the connection before still leads
            next(iter(venue.sockets)).transport.abort()
            await until(lambda: book.last(99.0) == (3.0, 0.0))
            await venue.change(qty=1.0)
            await until(lambda: book.last(99.0) == (1.0, 0.0))
            inside = range(told_ms // 100 * 100, began_ms // 100 * 100, 100)
            assert set(inside) <= set(book.marks(sound_ms))

    asyncio.run(work())


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "a change was never told"])
def test_a_quiet_book_goes_on_unmarked_where_the_heir_tells_the_same(
    monkeypatch: pytest.MonkeyPatch, is_whole: bool
) -> None:
    monkeypatch.setattr("heatdesk.providers.live.link.HANDOVER_S", 1.5)

    async def work() -> None:
        venue = Venue(in_stream=True)
        limits = LineLimits(messages_per_s=500.0, book_silence_s=30.0)
        async with venue.serving(), listening(provider_of(venue, limits), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            if not is_whole:
                venue.moved("BTCUSD", [(99.0, 3.0)])
            told_ms = venue.now_ms
            await asyncio.sleep(0.3)
            await venue.shout('{"t": "bye"}')
            await until(lambda: venue.opened == 2 and all(venue.sockets.values()))
            began_ms = venue.now_ms
            async with asyncio.timeout(10):
                while len(venue.sockets) != 1:
                    await venue.shout('{"t": "alive"}')
                    await asyncio.sleep(0.02)
            await venue.change(qty=1.0)
            await until(lambda: book.last(99.0) == (1.0, 0.0))
            inside = set(range(told_ms // 100 * 100, began_ms // 100 * 100, 100))
            marked = set(book.marks(sound_ms))
            assert not marked if is_whole else inside <= marked

    asyncio.run(work())


def test_messages_are_sent_no_faster_than_the_venue_allows() -> None:
    async def work() -> None:
        venue = Venue()
        limits = LineLimits(messages_per_s=10.0)
        async with venue.serving(), listening(p := provider_of(venue, limits), BOOK) as (book,):
            await live(venue, book)
            for _ in range(3):
                stream = p.stream(replace(BOOK, symbol="ETHUSD"), [])
                await anext(stream)
                await anext(stream)
                await venue.ready("book:ETHUSD")
                await stream.aclose()  # type: ignore[attr-defined]
                await until(lambda: list(venue.sockets.values()) == [{"book:BTCUSD"}])
            at_s = [second for second, _ in venue.said]
            gaps_s = [b - a for a, b in pairwise(at_s)]
            assert len(at_s) == 7
            assert min(gaps_s) > 0.08, gaps_s

    asyncio.run(work())


def test_a_venue_that_refuses_is_not_asked_all_the_time() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            opened = venue.opened
            tries = venue.tries
            venue.refuse = (503, "busy")
            await venue.hang_up()
            await until(lambda: any("trouble" in note for note in book.notes))
            await asyncio.sleep(1.2)
            assert venue.opened == opened
            assert 2 <= venue.tries - tries <= 5, "at once, then with growing pauses"
            assert book.error is None, "a stream that had data is kept"
            venue.refuse = None
            await live(venue, book, qty=2.0)

    asyncio.run(work())


def test_only_so_many_connections_are_opened_in_five_minutes() -> None:
    async def work() -> None:
        venue = Venue()
        limits = LineLimits(messages_per_s=500.0, connects_per_5min=5)
        async with venue.serving(), listening(provider_of(venue, limits), BOOK) as (book,):
            await live(venue, book)
            for _ in range(3):
                await venue.hang_up()
                await venue.ready()
            await venue.hang_up()
            await until(lambda: book.status.gap_since_ms is not None)
            await asyncio.sleep(1.0)
            assert venue.opened == 4, "four of five: another desk may need one"
            assert "5 times in five minutes: that is used up" in book.notes[-1]

    asyncio.run(work())


def test_a_venue_that_was_gone_is_seen_soon_after_it_is_back() -> None:
    async def work() -> None:
        venue = Venue()
        # four attempts in five minutes: those that reach nobody must not be among them
        limits = LineLimits(messages_per_s=500.0, connects_per_5min=5)
        async with AsyncExitStack() as stack:
            async with venue.serving():
                provider = provider_of(venue, limits)
                (book,) = await stack.enter_async_context(listening(provider, BOOK))
                await live(venue, book)
                (link,) = provider._hub._links
            begun = link._count
            await until(lambda: link._count >= begun + 5, patience_s=20.0)
            async with venue.serving():
                await live(venue, book, qty=2.0)

    asyncio.run(work())


def test_trades_that_come_twice_are_told_once() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue), TRADES) as (tape,):
            await venue.ready("trades:BTCUSD")
            told = {"t": "trade", "s": "BTCUSD", "at": [1_000, 1_000, 2_000]}
            await venue.tell(told, "trades:BTCUSD")
            await until(lambda: len(tape.trade_times) == 3)
            await venue.hang_up()
            await venue.ready("trades:BTCUSD")
            again = {**told, "at": [1_000, 1_000, 2_000, 3_000]}
            await venue.tell(again, "trades:BTCUSD")
            await until(lambda: 3_000 in tape.trade_times)
            assert tape.trade_times == [1_000, 1_000, 2_000, 3_000]

    asyncio.run(work())


def test_numbered_trades_are_told_once_by_their_number() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue), TRADES) as (tape,):
            await venue.ready("trades:BTCUSD")
            told = {"t": "trade", "s": "BTCUSD", "at": [1_000, 1_000], "ids": ["1", "2"]}
            await venue.tell(told, "trades:BTCUSD")
            await venue.tell({**told, "at": [1_000, 4_000], "ids": ["2", "3"]}, "trades:BTCUSD")
            await until(lambda: 4_000 in tape.trade_times)
            assert tape.trade_times == [1_000, 1_000, 4_000]

    asyncio.run(work())


def test_where_nothing_trades_the_stream_says_that_it_listens() -> None:
    async def work() -> None:
        venue = Venue()
        forced = LiquidationEventSub(ID, VENUE, "BTCUSD")
        limits = LineLimits(messages_per_s=500.0, silence_s=0.3)
        async with venue.serving(), listening(provider_of(venue, limits), forced) as (events,):
            await until(lambda: any(isinstance(f, LiquidationBatch) for f in events.frames))
            assert not events.trade_times
            assert events.status.gap_since_ms is None

    asyncio.run(work())


def test_trades_that_disagree_with_the_book_put_it_in_doubt() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue), BOOK, TRADES) as (book, _):
            await live(venue, book)
            await venue.ready("trades:BTCUSD")
            async with asyncio.timeout(20):
                while not any("trade" in note for note in book.notes):
                    await venue.change(qty=8.0)
                    at_ms = [venue.now_ms]
                    told = {"t": "trade", "s": "BTCUSD", "at": at_ms, "price": 140.0}
                    await venue.tell(told, "trades:BTCUSD")
                    await asyncio.sleep(0.1)
            await live(venue, book, qty=2.0)

    asyncio.run(work())


def test_the_markets_are_listed_and_those_that_stand_still_are_marked() -> None:
    async def work() -> None:
        venue = Venue()
        venue.markets += [
            {"symbol": "GONE", "trading": "delisted"},
            {"symbol": "HALTED", "trading": "paused"},
        ]
        async with venue.serving(), listening(provider_of(venue), MarketSub(ID)) as (markets,):
            await until(lambda: bool(markets.frames))
            (frame,) = markets.frames
            assert isinstance(frame, MarketList)
            assert frame.rows == (
                (VENUE, "BTCUSD", "BTC", "SPOT"),
                (VENUE, "ETHUSD", "ETH", "SPOT"),
                (VENUE, "HALTED", "HAL", "SPOT"),
            )
            assert frame.paused == {(VENUE, "HALTED")}

    asyncio.run(work())

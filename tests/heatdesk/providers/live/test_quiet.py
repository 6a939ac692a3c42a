"""A book that has gone quiet: a market that rests is believed, a stream that died is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange
from heatdesk.errors import MarketPaused, ProviderError, UnknownMarket
from heatdesk.providers.live import markets
from heatdesk.providers.live.audit import Finding, compared
from heatdesk.providers.live.rules import LineLimits
from tests.heatdesk.providers.live.listening import BOOK, listening
from tests.heatdesk.providers.live.test_books import live
from tests.heatdesk.providers.live.venue import Venue, provider_of, until

BOTH_KINDS = pytest.mark.parametrize("in_stream", [False, True], ids=["fetched", "in stream"])
QUIET = LineLimits(messages_per_s=500.0, silence_s=1.6, book_silence_s=2.0)
"""A book is asked about after a second; without an answer its connection ends soon after."""


def answers_of(venue: Venue) -> int:
    """How often the best levels were asked for."""
    return venue.asked.count("/best")


@BOTH_KINDS
def test_a_quiet_market_stays_observed_when_the_venue_tells_the_same_book(in_stream: bool) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue, QUIET), BOOK) as (book,):
            await live(venue, book)
            quiet_ms, opened = max(book.columns) + 100, venue.opened
            await until(lambda: answers_of(venue) >= 3)
            await until(lambda: max(book.columns) > quiet_ms + 1_000)
            assert not book.marks(quiet_ms)
            assert book.status.gap_since_ms is None
            assert venue.opened == opened, "the connection is left alone as well"
            await venue.change(qty=2.0)
            await until(lambda: book.last(99.0) == (2.0, 0.0))
            assert not book.marks(quiet_ms)

    asyncio.run(work())


@BOTH_KINDS
def test_a_stream_that_died_while_its_market_moved_is_a_gap_since_its_last_word(
    in_stream: bool,
) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue, QUIET), BOOK) as (book,):
            await live(venue, book)
            await until(lambda: answers_of(venue) >= 2)
            venue.moved("BTCUSD", [(99.0, 1.0)])  # nobody is told
            moved_ms = venue.now_ms
            await until(lambda: any("no news" in note for note in book.notes))
            await live(venue, book, qty=3.0)
            await until(lambda: book.last(99.0) == (3.0, 0.0))
            wrong = [
                (time_ms, state[99.0])
                for time_ms, (flaw, state) in book.columns.items()
                if not flaw and time_ms > moved_ms and state.get(99.0) == (8.0, 0.0)
            ]
            assert not wrong

    asyncio.run(work())


def test_an_answer_ahead_of_its_news_costs_nothing() -> None:
    async def work() -> None:
        venue = Venue()
        clock_free = asyncio.Event()

        async def ahead(request: httpx.Request) -> httpx.Response:
            if not clock_free.is_set():
                clock_free.set()
                news.append(venue.moved("BTCUSD", [(99.0, 1.0)]))
            return httpx.Response(200, json=venue.snapshot("BTCUSD"))

        news: list[dict[str, object]] = []
        venue.answers["/best"] = ahead
        limits = replace(QUIET, silence_s=5.0)
        async with venue.serving(), listening(provider_of(venue, limits), BOOK) as (book,):
            await live(venue, book)
            quiet_ms = max(book.columns) + 100
            await clock_free.wait()
            await venue.tell(news[0])
            await until(lambda: book.last(99.0) == (1.0, 0.0))
            asked = answers_of(venue)
            await until(lambda: answers_of(venue) > asked)
            assert not book.marks(quiet_ms)

    asyncio.run(work())


def test_a_book_that_nobody_can_be_asked_about_is_lost_as_before() -> None:
    async def work() -> None:
        venue = Venue()

        async def refuse(request: httpx.Request) -> httpx.Response:
            return httpx.Response(503)

        venue.answers["/best"] = refuse
        limits = replace(QUIET, silence_s=5.0)
        async with venue.serving(), listening(provider_of(venue, limits), BOOK) as (book,):
            await live(venue, book)
            await until(lambda: any("silent" in note for note in book.notes))

    asyncio.run(work())


@pytest.mark.parametrize(
    ("trading", "kind", "words"),
    [("paused", MarketPaused, "paused"), ("delisted", UnknownMarket, "no longer")],
)
def test_a_quiet_market_that_stopped_trading_is_told_in_a_sentence(
    trading: str, kind: type[ProviderError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the list that was asked for at the start is old enough to be asked for again
    monkeypatch.setattr(markets, "QUIET_LOOK_S", 0.5)

    async def work() -> None:
        venue = Venue()
        eth = replace(BOOK, symbol="ETHUSD")
        limits = replace(QUIET, silence_s=5.0)
        async with (
            venue.serving(),
            listening(provider_of(venue, limits), BOOK, eth) as (book, other),
        ):
            await live(venue, book)
            await live(venue, other, "ETHUSD")
            venue.markets[0]["trading"] = trading
            async with asyncio.timeout(10):
                while not book.ended:
                    await venue.change("ETHUSD")
                    await asyncio.sleep(0.05)
            assert isinstance(book.error, kind)
            assert words in book.error.user_message
            assert not other.ended

    asyncio.run(work())


def test_the_list_of_markets_is_not_asked_for_with_every_audit() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue, QUIET), BOOK) as (book,):
            await live(venue, book)
            await until(lambda: answers_of(venue) >= 2)
            assert venue.asked.count("/markets") == 1

    asyncio.run(work())


def told(
    bids: dict[float, float], asks: dict[float, float], last_id: int = 0, **other: object
) -> BookChange:
    return BookChange(
        "BTCUSD",
        list(bids.items()),
        list(asks.items()),
        0,
        snapshot=True,
        last_id=last_id,
        **other,  # type: ignore[arg-type]
    )


def test_books_are_compared_where_both_know_every_level() -> None:
    book = DenseBook(0.5)
    book.load(told({100.0 - i: 1.0 + i for i in range(50)}, {101.0 + i: 2.0 for i in range(50)}))
    same = told({99.0: 2.0, 100.0: 1.0}, {101.0: 2.0, 102.0: 2.0})
    assert compared(book, 7, same) is Finding.SAME, "in any order, and as deep as is told"
    for bids, asks in (
        ({100.0: 1.5, 99.0: 2.0}, {101.0: 2.0}),
        ({100.0: 1.0, 98.0: 3.0}, {101.0: 2.0}),
        ({100.0: 1.0, 99.5: 1.0, 99.0: 2.0}, {101.0: 2.0}),
        ({100.0: 1.0}, {102.0: 2.0}),
        ({}, {}),
    ):
        assert compared(book, 7, told(bids, asks)) is Finding.DIFFERENT, (bids, asks)
    deeper = {100.0 - i: 1.0 + i for i in range(60)}
    assert compared(book, 7, told(deeper, {101.0: 2.0})) is Finding.SAME


def test_an_answer_older_than_the_book_says_nothing_about_it() -> None:
    book = DenseBook(0.5)
    book.load(told({100.0: 1.0}, {101.0: 1.0}))
    assert compared(book, 7, told({100.0: 9.0}, {101.0: 1.0}, last_id=6)) is Finding.UNKNOWN
    assert compared(book, 7, told({100.0: 9.0}, {101.0: 1.0}, last_id=7)) is Finding.DIFFERENT

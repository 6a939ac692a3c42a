"""One book from its venue to frames: what is true is shown, and what is not is marked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from heatdesk.errors import BadPayload
from heatdesk.net.budget import Limits
from heatdesk.providers.live.rules import LineLimits
from tests.heatdesk.providers.live.listening import BOOK, Listener, listening
from tests.heatdesk.providers.live.venue import LeapClock, Venue, provider_of, until

ETH = replace(BOOK, symbol="ETHUSD")
BOTH_KINDS = pytest.mark.parametrize("in_stream", [False, True], ids=["fetched", "in stream"])
FAST = LineLimits(messages_per_s=500.0, silence_s=0.5, book_silence_s=30.0)


async def live(venue: Venue, book: Listener, symbol: str = "BTCUSD", qty: float = 8.0) -> None:
    """Wait until a book is shown as the venue has it."""
    await venue.ready(f"book:{symbol}")
    async with asyncio.timeout(10):
        while book.last(99.0) != (qty, 0.0) or book.status.gap_since_ms is not None:
            await venue.change(symbol, qty=qty)
            await asyncio.sleep(0.02)


async def settled(venue: Venue, book: Listener) -> int:
    """Wait for a bucket after the one in which the book began; the venue's time."""
    began_ms = max(book.columns)
    while venue.now_ms < began_ms + 150:
        await venue.change(qty=8.0)
        await asyncio.sleep(0.02)
    assert not book.marks(began_ms + 50)
    return began_ms + 50


@BOTH_KINDS
def test_a_book_comes_from_its_snapshot_and_differences(in_stream: bool) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            await venue.change(qty=3.0)
            await until(lambda: book.last(99.0) == (3.0, 0.0))
            assert book.last(101.0) == (0.0, 5.0)
            assert venue.asked.count("/book") == (0 if in_stream else 1)
            assert not book.gaps()

    asyncio.run(work())


def test_a_snapshot_that_the_venues_limit_keeps_back_is_waited_for_and_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heatdesk.providers.live.snapshots.ANSWER_S", 0.3)

    async def work() -> None:
        venue, clock = Venue(), LeapClock()
        async with (
            venue.serving(),
            listening(p := provider_of(venue, allowed=Limits(minute=60)), BOOK, ETH) as both,
        ):
            book, eth = both
            await live(venue, book)
            await live(venue, eth, "ETHUSD")
            budget = p.context.budget
            monkeypatch.setattr(budget, "_clock", clock)
            budget.settle(await budget.acquire(int(60 - budget.state().used)))
            await venue.hang_up()
            for symbol, one in (("BTCUSD", book), ("ETHUSD", eth)):
                words = f"The book of {symbol} is fetched later: waiting for the minute budget."
                await until(lambda one=one, words=words: words in one.notes)
            await asyncio.sleep(0.6)
            assert book.status.gap_since_ms is not None
            clock.leapt_s = 61.0  # a new minute, for the budget
            await live(venue, book, qty=2.0)
            await until(lambda: venue.asked.count("/book") == 4)
            assert not any("No whole answer" in one for one in book.notes)

    asyncio.run(work())


@pytest.mark.parametrize("status", [200, 503])
def test_an_answer_that_drips_for_too_long_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("heatdesk.providers.live.snapshots.ANSWER_S", 0.3)
    dripped: list[bool] = []

    async def drip() -> AsyncIterator[bytes]:
        dripped.append(True)
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    async def work() -> None:
        venue = Venue()
        answer = venue.answer

        def slow(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/book" and not dripped:
                return httpx.Response(status, content=drip())
            return answer(request)

        monkeypatch.setattr(venue, "answer", slow)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            assert dripped == [True]
            assert any("No whole answer of Testvenue came" in one for one in book.notes)

    asyncio.run(work())


def test_differences_wait_for_the_snapshot_and_an_old_one_is_fetched_again() -> None:
    async def work() -> None:
        venue = Venue()
        old = venue.snapshot("BTCUSD")
        venue.moved("BTCUSD", [(99.0, 1.0)])  # told before anybody listened: nobody will hear it
        held = asyncio.Event()

        async def answer(request: httpx.Request) -> httpx.Response:
            if venue.asked.count("/book") == 1:
                await held.wait()
                return httpx.Response(200, json=old)
            return httpx.Response(200, json=venue.snapshot("BTCUSD"))

        venue.answers["/book"] = answer
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await venue.ready()
            await venue.change(qty=6.0)
            await until(lambda: "/book" in venue.asked)
            await venue.change(price=98.0, qty=4.0)
            assert not book.books
            held.set()
            await until(lambda: book.last(99.0) == (6.0, 0.0))
            assert book.last(98.0) == (4.0, 0.0)
            assert venue.asked.count("/book") == 2

    asyncio.run(work())


@BOTH_KINDS
def test_a_missing_message_is_a_marked_gap_and_the_book_comes_back(in_stream: bool) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            venue.moved("BTCUSD", [(99.0, 0.0)])  # never told
            await venue.change(price=98.0, qty=4.0)
            await live(venue, book, qty=2.0)
            await until(lambda: bool(book.marks(sound_ms)))
            assert book.last(98.0) == (4.0, 0.0)
            assert venue.opened == 1

    asyncio.run(work())


def test_what_nobody_told_before_another_snapshot_is_marked() -> None:
    async def work() -> None:
        venue = Venue(in_stream=True)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            venue.moved("BTCUSD", [(99.0, 3.0)])  # never told
            told_ms = venue.now_ms
            await asyncio.sleep(0.3)
            again_ms = venue.now_ms
            await venue.tell(venue.snapshot("BTCUSD"))
            await until(lambda: book.last(99.0) == (3.0, 0.0))
            inside = range(told_ms // 100 * 100, again_ms // 100 * 100, 100)
            assert set(inside) <= set(book.marks(sound_ms))

    asyncio.run(work())


def test_a_wrong_checksum_subscribes_anew_on_the_same_connection() -> None:
    async def work() -> None:
        venue = Venue(in_stream=True)
        async with venue.serving(), listening(provider_of(venue), BOOK, ETH) as (book, other):
            await live(venue, book)
            await live(venue, other, "ETHUSD")
            await venue.tell(venue.moved("BTCUSD", [(99.0, 1.0)], check=-1))
            await until(lambda: any("checksum" in note for note in book.notes))
            await live(venue, book, qty=2.0)
            ops = [(said["op"], said["topics"]) for _, said in venue.said if "topics" in said]
            assert ops[-2:] == [("unsub", ["book:BTCUSD"]), ("sub", ["book:BTCUSD"])]
            assert venue.opened == 1
            assert not any("checksum" in note for note in other.notes)
            assert not other.gaps()

    asyncio.run(work())


@BOTH_KINDS
def test_a_connection_that_is_cut_is_a_gap_until_the_next_one_is_there(in_stream: bool) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            await venue.hang_up()
            await live(venue, book, qty=2.0)
            assert venue.opened == 2
            await until(lambda: bool(book.marks(sound_ms)))

    asyncio.run(work())


@BOTH_KINDS
def test_silence_ends_the_connection_and_nothing_of_it_is_shown(in_stream: bool) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue, FAST), BOOK) as (book,):
            await live(venue, book)
            venue.mute = True
            silent_ms = venue.now_ms
            venue.moved("BTCUSD", [(99.0, 0.0)])
            await until(lambda: any("silent" in note for note in book.notes))
            venue.mute = False
            await live(venue, book, qty=2.0)
            shown = [
                (time_ms, state.get(99.0))
                for time_ms, (flaw, state) in book.columns.items()
                if not flaw and time_ms > silent_ms + 100
            ]
            assert all(pair == (2.0, 0.0) for _, pair in shown), shown

    asyncio.run(work())


def test_a_crossed_snapshot_is_never_shown() -> None:
    async def work() -> None:
        venue = Venue()
        crossed = {**venue.snapshot("BTCUSD"), "b": [(105.0, 1.0)]}

        async def answer(request: httpx.Request) -> httpx.Response:
            first = venue.asked.count("/book") == 1
            return httpx.Response(200, json=crossed if first else venue.snapshot("BTCUSD"))

        venue.answers["/book"] = answer
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            assert venue.asked.count("/book") == 2
            assert all(
                105.0 not in state or not state[105.0][0] for _, state in book.columns.values()
            )

    asyncio.run(work())


def test_what_is_told_is_what_keeps_the_book_away_now_and_not_what_did_before() -> None:
    async def work() -> None:
        venue = Venue()
        busy = httpx.Response(503, text="busy")
        old = venue.snapshot("BTCUSD")
        answers: list[httpx.Response | None] = [None]
        heal = asyncio.Event()

        async def answer(request: httpx.Request) -> httpx.Response:
            last = answers.pop(0) if answers else None
            if last is None and venue.asked.count("/book") > 1:
                await heal.wait()
            return last or httpx.Response(200, json=venue.snapshot("BTCUSD"))

        venue.answers["/book"] = answer
        crossed = {**old, "b": [(105.0, 1.0)], "u": 1_000}
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            answers += [httpx.Response(200, json=told) for told in (old, crossed)]
            answers.insert(0, busy)
            told = len(book.notes)
            await venue.hang_up()
            await venue.ready()
            await venue.change(qty=3.0)
            for word in ("cut", "503", "older", "bid above"):
                await until(lambda w=word, t=told: any(w in note for note in book.notes[t:]))
                told += [word in note for note in book.notes[told:]].index(True) + 1
            assert not any("503" in note for note in book.notes[told:])
            await venue.hang_up()
            await until(lambda: book.notes[-1] == "waiting for the book")
            heal.set()
            await live(venue, book, qty=2.0)
            assert book.notes[-1] == ""

    asyncio.run(work())


@BOTH_KINDS
def test_a_damaged_message_costs_the_market_it_is_about_and_no_other(in_stream: bool) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue), BOOK, ETH) as (book, other):
            await live(venue, book)
            await live(venue, other, "ETHUSD")
            await venue.tell(venue.moved("BTCUSD", [(99.0, -1.0)]))
            await until(lambda: any("below zero" in note for note in book.notes))
            venue.books["BTCUSD"][0][99.0] = 1.0
            await live(venue, book, qty=2.0)
            await venue.change("ETHUSD", qty=9.0)
            await until(lambda: other.last(99.0) == (9.0, 0.0))
            assert not any("below zero" in note for note in other.notes)
            assert venue.opened == 1

    asyncio.run(work())


def test_garbage_puts_every_book_of_the_connection_in_doubt() -> None:
    async def work() -> None:
        venue = Venue()
        async with venue.serving(), listening(provider_of(venue), BOOK, ETH) as (book, other):
            await live(venue, book)
            await live(venue, other, "ETHUSD")
            await venue.shout("\x00garbage")
            for listener, symbol in ((book, "BTCUSD"), (other, "ETHUSD")):
                await until(lambda seen=listener: any("garbage" in n for n in seen.notes))
                await live(venue, listener, symbol, qty=2.0)
            assert venue.opened == 1

    asyncio.run(work())


def test_an_unreadable_first_snapshot_is_fetched_again_before_anybody_is_told() -> None:
    async def work() -> None:
        venue = Venue()

        async def answer(request: httpx.Request) -> httpx.Response:
            if venue.asked.count("/book") == 1:
                return httpx.Response(200, text="<html>")
            return httpx.Response(200, json=venue.snapshot("BTCUSD"))

        venue.answers["/book"] = answer
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            assert book.error is None

    asyncio.run(work())


def test_a_venue_that_only_sends_unreadable_snapshots_is_told_of() -> None:
    async def work() -> None:
        venue = Venue()

        async def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, text="{}")

        venue.answers["/book"] = answer
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await venue.ready()
            await until(lambda: book.ended)
            assert isinstance(book.error, BadPayload)
            assert book.error.field == "book"

    asyncio.run(work())


@pytest.mark.parametrize("skew_s", [60, -60])
def test_a_clock_that_is_wrong_by_a_minute_is_told_and_changes_no_column(skew_s: int) -> None:
    async def work() -> None:
        venue = Venue()
        venue.ahead_ms = -skew_s * 1000
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            await until(lambda: any("clock" in note for note in book.notes))
            note = next(note for note in book.notes if "clock" in note)
            assert ("ahead of" if skew_s > 0 else "behind") in note
            assert "1 min" in note or "59 s" in note
            newest_ms = max(book.columns)
            assert abs(newest_ms - venue.now_ms) < 2_000, "columns bear the venue's time"

    asyncio.run(work())


def test_after_the_machine_slept_the_book_starts_anew_on_a_new_connection() -> None:
    async def work() -> None:
        clock = LeapClock()
        venue = Venue()
        venue.clock = clock
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            slept_ms = venue.now_ms
            venue.moved("BTCUSD", [(99.0, 0.0)])
            clock.leapt_s += 3_600
            await until(lambda: any("asleep" in note for note in book.notes))
            await live(venue, book, qty=2.0)
            assert venue.opened == 2
            asleep = [t for t in book.columns if slept_ms + 1_500 < t < slept_ms + 3_590_000]
            assert not asleep, "nobody saw the book meanwhile"

    asyncio.run(work())


def test_a_tick_size_that_changes_starts_the_book_anew() -> None:
    async def work() -> None:
        venue = Venue()
        fine = replace(BOOK, block_size=0.5)
        async with venue.serving(), listening(provider_of(venue), fine) as (book,):
            await live(venue, book)
            venue.markets[0]["tick"] = 0.5
            venue.books["BTCUSD"][0][98.5] = 4.0
            await venue.shout('{"t": "changed", "s": "BTCUSD"}')
            await until(lambda: any("tick size" in note for note in book.notes))
            await live(venue, book, qty=2.0)
            assert book.last(98.5) == (4.0, 0.0)

    asyncio.run(work())


def test_a_book_that_no_snapshot_can_widen_is_fetched_less_and_less_often() -> None:
    async def work() -> None:
        venue = Venue()
        venue.clock = clock = LeapClock()
        # bids down to 50, asks up to 500: the touch is always near the lower end
        venue.books["BTCUSD"][1].update({500.0: 1.0})
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await live(venue, book)
            await until(lambda: venue.asked.count("/book") == 2)
            fetched = []
            for _ in range(4):
                for _ in range(4):
                    clock.leapt_s += 6.0
                    await venue.change(qty=8.0)
                    await asyncio.sleep(0.3)
                fetched.append(venue.asked.count("/book"))
            # after 24, 48, 72 and 96 seconds: again at 40, and not before 120
            assert fetched == [2, 3, 3, 3]
            assert book.status.gap_since_ms is None

    asyncio.run(work())

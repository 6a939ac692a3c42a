"""A connection whose other end vanished without a word is found by a ping, and no other is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from heatdesk.errors import BodyCut
from heatdesk.providers.live import probe
from heatdesk.providers.live.probe import Probe
from heatdesk.providers.live.rules import LineLimits
from heatdesk.units import SystemClock
from tests.heatdesk.providers.live.listening import BOOK, listening
from tests.heatdesk.providers.live.test_books import BOTH_KINDS, live, settled
from tests.heatdesk.providers.live.venue import LeapClock, Venue, provider_of, until

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENT = LineLimits(messages_per_s=500.0, silence_s=600.0, book_silence_s=600.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds at a venue takes less here."""
    monkeypatch.setattr(probe, "FIRST_AFTER_S", 0.05)
    monkeypatch.setattr(probe, "LEAST_QUIET_S", 0.3)
    monkeypatch.setattr(probe, "ANSWER_S", 0.75)


class Far:
    """The other end: answers pings or does not."""

    def __init__(self, answers: bool) -> None:
        self.answers = answers
        self.pinged = 0
        self.meanwhile: Callable[[], None] = lambda: None

    async def ping(self) -> None:
        self.pinged += 1
        self.meanwhile()
        if not self.answers:
            await asyncio.Event().wait()


def is_dead(asking: Probe, far: Far) -> bool:
    return asyncio.run(asking.is_dead(far))  # type: ignore[arg-type]


def test_an_end_that_answered_once_and_does_not_now_is_gone() -> None:
    asking, far = Probe(SystemClock()), Far(True)
    assert not is_dead(asking, far)
    far.answers = False
    assert is_dead(asking, far)


def test_an_end_that_never_answers_pings_is_not_taken_for_dead() -> None:
    asking, far = Probe(SystemClock()), Far(False)
    assert not is_dead(asking, far)
    assert not is_dead(asking, far)
    assert asking.answered is None


def test_what_an_earlier_connection_answered_counts_until_one_does_not() -> None:
    asking = Probe(SystemClock(), answers=True)
    assert is_dead(asking, Far(False))
    assert asking.answered is False


def test_an_end_that_says_something_instead_of_answering_is_alive() -> None:
    clock = LeapClock()
    asking, far = Probe(clock, answers=True), Far(False)

    def speak() -> None:
        clock.leapt_s += 1.0
        asking.heard(clock.monotonic_s())

    far.meanwhile = speak
    assert not is_dead(asking, far)


def test_a_connection_that_breaks_while_it_is_pinged_is_told_as_broken() -> None:
    far = Far(True)

    def cut() -> None:
        raise BodyCut("testvenue", "The connection was cut.")

    far.meanwhile = cut
    with pytest.raises(BodyCut):
        is_dead(Probe(SystemClock()), far)


def test_the_more_is_usually_said_the_sooner_silence_is_asked_about() -> None:
    asking = Probe(SystemClock())
    assert asking.quiet_s == probe.MOST_QUIET_S
    now_s = asking.alive_s
    for _ in range(200):
        now_s += 0.1
        asking.heard(now_s)
    assert asking.quiet_s == pytest.approx(1.0, rel=0.05)
    for _ in range(200):
        now_s += 0.01
        asking.heard(now_s)
    assert asking.quiet_s == probe.LEAST_QUIET_S


@BOTH_KINDS
def test_a_peer_that_vanished_without_a_word_is_replaced_long_before_silence_would_tell(
    in_stream: bool,
) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue, PATIENT), BOOK) as (book,):
            await live(venue, book)
            sound_ms = await settled(venue, book)
            (gone,) = venue.sockets
            # as after a pulled cable: nothing is read, nothing is said, nothing is closed
            gone.transport.pause_reading()
            venue.sockets.pop(gone)
            venue.moved("BTCUSD", [(99.0, 0.0)])
            await until(lambda: any("does not answer" in note for note in book.notes))
            await live(venue, book, qty=2.0)
            assert venue.opened == 2
            await until(lambda: bool(book.marks(sound_ms)))
            gone.transport.abort()

    asyncio.run(work())


def test_a_quiet_market_whose_venue_answers_is_left_in_peace() -> None:
    async def work() -> None:
        venue = Venue()
        async with (
            venue.serving(),
            listening(provider := provider_of(venue, PATIENT), BOOK) as (book,),
        ):
            await live(venue, book)
            (link,) = provider._hub._links
            wire = link.lead
            assert wire is not None
            venue.mute = True
            heard_s = wire.heard_s
            await until(lambda: wire.alive_s > heard_s + 1.0)
            assert wire.heard_s == heard_s
            assert venue.opened == 1
            assert book.status.gap_since_ms is None

    asyncio.run(work())

"""Live books under faults: what is shown as live is true, gaps are marked, and it recovers."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from heatdesk.net import backoff
from heatdesk.units import SystemClock
from tests.app.fault_desk import check_sentence
from tests.servers.venues.campaign import campaign
from tests.servers.venues.catalogue import VENUES
from tests.servers.venues.driving import LiveDesk, book, play_of, trades
from tests.servers.venues.mischief import Fault, Kind
from tests.servers.venues.watching import tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heatdesk.frames import BookSub
    from tests.servers.venues.oracle import Tally
    from tests.servers.venues.server import VenueServer

SEEN_MS = 700
"""So old a column is told for good."""
HOUR_MS = 3_600_000
PATIENCE_S = 60.0
_SLOW = frozenset({Kind.SILENCE, Kind.HALF_OPEN, Kind.BOOK_SILENCE, Kind.ENDLESS})


async def until(question: Callable[[], object], what: str) -> None:
    """Let the desk run until the answer is true."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not question():
        assert time.monotonic() < deadline_s, f"waited {PATIENCE_S:g} s in vain for {what}"
        await asyncio.sleep(0.02)


def held_up(desk: LiveDesk, server: VenueServer, sub: BookSub) -> Tally:
    """What was told of a book, held against the truth; what a busy machine has still to tell not."""
    play = play_of(server, sub)
    newest_ms = max(desk.store.story(sub).columns, default=0)
    with server.lock:
        return tally(desk.store, sub, play, min(play.last_ms, newest_ms) - SEEN_MS)


def live_columns(desk: LiveDesk, server: VenueServer, sub: BookSub, since_ms: int = 0) -> int:
    """Return how many columns, told for good, were live."""
    columns = desk.store.story(sub).columns
    newest_ms = min(play_of(server, sub).last_ms, max(columns, default=0))
    until_ms = newest_ms - SEEN_MS - sub.interval_ms
    found = columns.values()
    return sum(not one.flawed and since_ms <= one.start_ms <= until_ms for one in found)


@pytest.mark.parametrize(
    "names",
    [("binance-usdm", "kraken", "gemini"), ("binance-spot", "bybit", "hyperliquid")],
    ids=" ".join,
)
def test_nothing_shown_as_live_is_wrong_whatever_befalls_the_venues(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Faults come faster here than anywhere: what was well for a moment counts as well.
    monkeypatch.setattr(backoff, "HEALTHY_S", 0.2)
    with ExitStack() as stack:
        servers = [stack.enter_context(VENUES[name]()) for name in names]
        kinds = frozenset(Kind) - _SLOW
        report = asyncio.run(
            campaign(
                servers, tmp_path, 30, seed=11, pause_s=0.1, kinds=kinds, intervals_ms=(100, 200)
            )
        )
    assert report.wrong == []
    assert report.violations == []
    assert all(one.back for one in report.outcomes)
    assert {one.provider for one in report.outcomes} == set(names)
    for name, counted in report.tallies.items():
        assert counted.live > 1, name
    assert sum(counted.flawed + counted.missing for counted in report.tallies.values()) > 10
    for note in report.notes:
        assert "Traceback" not in note
        assert "\n" not in note


def test_a_quiet_connection_is_marked_from_its_last_word_and_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatdesk.providers.kraken import Kraken

    limits = replace(Kraken.rules.limits, silence_s=1.0)
    monkeypatch.setattr(Kraken.rules, "limits", limits, raising=False)
    sub = book("kraken")

    async def run(server: VenueServer) -> Tally:
        desk = LiveDesk([server], tmp_path)
        async with desk.running(sub):
            await desk.until_live(sub)
            await until(lambda: live_columns(desk, server, sub) >= 5, "five columns")
            server.cause(Fault(Kind.SILENCE, seconds=60.0))
            await until(lambda: desk.store.story(sub).gap_began_s, "the gap")
            assert desk.store.status(sub).gap_since_ms is not None
            since_ms = max(desk.store.story(sub).columns)
            await desk.until_live(sub)
            await until(
                lambda: live_columns(desk, server, sub, since_ms + 1) > 0, "a column after it"
            )
        assert server.connections_made == 2
        return held_up(desk, server, sub)

    with VENUES["kraken"]() as server:
        counted = asyncio.run(run(server))
    assert counted.wrong == []
    assert counted.flawed + counted.missing >= 8
    assert counted.live >= 5


def test_a_peer_gone_without_a_close_is_found_and_every_book_is_live_again(tmp_path: Path) -> None:
    subs = [book(name) for name in VENUES]

    async def run(servers: list[VenueServer]) -> list[Tally]:
        desk = LiveDesk(servers, tmp_path)
        async with desk.running(*subs):
            await desk.until_live(*subs)
            # by then each connection is known to answer pings
            await asyncio.sleep(2.0)
            for server in servers:
                server.cause(Fault(Kind.HALF_OPEN))
            await until(lambda: all(desk.store.story(sub).gaps for sub in subs), "every gap")
            pairs = list(zip(servers, subs, strict=True))
            await until(
                lambda: all(live_columns(desk, server, sub) >= 5 for server, sub in pairs),
                "five columns of each book",
            )
        return [held_up(desk, server, sub) for server, sub in zip(servers, subs, strict=True)]

    with ExitStack() as stack:
        servers = [stack.enter_context(make()) for make in VENUES.values()]
        counted = asyncio.run(run(servers))
        assert [server.violations for server in servers] == [[]] * len(servers)
        assert all(server.lost and server.connections_made > 1 for server in servers)
    for name, one in zip(VENUES, counted, strict=True):
        assert one.wrong == [], name
        # from the last word on, not only from the moment it was found
        assert one.flawed + one.missing >= 20, name
        assert one.live >= 5, name


def test_an_hour_of_sleep_is_a_gap_and_the_book_is_live_again_by_itself(tmp_path: Path) -> None:
    sub = book("binance-usdm", interval_ms=1000)
    slept_ms = [0]

    class WallClock(SystemClock):
        """A computer that sleeps: its clock goes on, what it counts seconds by does not."""

        def now_ms(self) -> int:
            return super().now_ms() + slept_ms[0]

    async def run(server: VenueServer) -> tuple[LiveDesk, int]:
        desk = LiveDesk([server], tmp_path)
        desk.clock = WallClock()
        async with desk.running(sub, trades("binance-usdm")):
            await desk.until_live(sub)
            await asyncio.sleep(2.0)
            gone = server.cause(Fault(Kind.HALF_OPEN))
            await until(lambda: gone.done, "the peer to be gone")
            asleep_ms = desk.clock.now_ms()
            slept_ms[0] = HOUR_MS
            with server.lock:
                for play in server.plays.values():
                    play.skew_ms += HOUR_MS
            await until(lambda: desk.store.story(sub).gaps, "the gap")
            awake_ms = desk.clock.now_ms()
            await desk.until_live(sub)
            await until(lambda: live_columns(desk, server, sub, awake_ms) >= 2, "two columns")
            heat = desk.store.heatmap(sub)
            assert heat is not None
            assert heat.last_column - heat.first_column >= HOUR_MS // 1000, "the hour stands there"
        return desk, asleep_ms

    with VENUES["binance-usdm"](keep_ms=2 * HOUR_MS) as server:
        desk, asleep_ms = asyncio.run(run(server))
        counted = held_up(desk, server, sub)
        assert not server.violations
    story = desk.store.story(sub)
    assert counted.wrong == []
    assert counted.live >= 2
    asleep = [c for c in story.columns.values() if 2_000 < c.start_ms - asleep_ms < HOUR_MS - 2_000]
    assert not any(not column.flawed for column in asleep), "nothing of the hour is shown as live"


def test_a_venue_whose_clock_is_a_minute_ahead_is_told_and_its_columns_are_right(
    tmp_path: Path,
) -> None:
    sub = book("binance-usdm")

    async def run(server: VenueServer) -> tuple[Tally, set[str]]:
        desk = LiveDesk([server], tmp_path)
        async with desk.running(sub, trades("binance-usdm")):
            await desk.until_live(sub)
            await until(lambda: live_columns(desk, server, sub) >= 10, "ten columns")
            status = desk.store.status(sub)
            assert status.latency_ms is not None
            assert 0 <= status.latency_ms < 5_000
        return held_up(desk, server, sub), desk.store.story(sub).notes

    with VENUES["binance-usdm"](skew_ms=60_000) as server:
        counted, notes = asyncio.run(run(server))
    assert counted.wrong == []
    assert counted.live >= 10
    assert any("clock" in note for note in notes), notes


def test_prices_of_twelve_decimals_are_kept_level_by_level(tmp_path: Path) -> None:
    sub = replace(book("binance-usdm"), symbol="DUSTUSDT", block_size=1e-12)

    async def run(server: VenueServer) -> Tally:
        desk = LiveDesk([server], tmp_path)
        async with desk.running(sub):
            await desk.until_live(sub)
            await until(lambda: live_columns(desk, server, sub) >= 8, "eight columns")
        return held_up(desk, server, sub)

    with VENUES["binance-usdm"]() as server:
        counted = asyncio.run(run(server))
    assert counted.wrong == []
    assert counted.live >= 8


@pytest.mark.parametrize(
    ("provider", "symbol"),
    [
        ("binance-usdm", "NOSUCHUSDT"),
        ("binance-usdm", "PAUSEDUSDT"),
        ("binance-usdm", "GONEUSDT"),
        ("binance-spot", "HALTUSDT"),
        ("bybit", "SOONUSDT"),
        ("kraken", "HALT/USD"),
        ("gemini", "NOSUCHUSD"),
        ("hyperliquid", "GONE"),
    ],
)
def test_a_market_that_is_not_there_or_does_not_trade_ends_in_a_sentence(
    provider: str, symbol: str, tmp_path: Path
) -> None:
    sub = replace(book(provider), symbol=symbol)

    async def run(server: VenueServer) -> str:
        desk = LiveDesk([server], tmp_path)
        async with desk.running(sub):
            await until(lambda: desk.store.status(sub).problem, "a sentence")
            return desk.store.status(sub).problem

    with VENUES[provider]() as server:
        problem = asyncio.run(run(server))
    check_sentence(problem)
    assert symbol in problem


@pytest.mark.parametrize("status", [403, 451])
def test_a_blocked_region_ends_in_a_sentence_that_names_another_way(
    status: int, tmp_path: Path
) -> None:
    sub = book("binance-usdm")

    async def run(server: VenueServer) -> str:
        desk = LiveDesk([server], tmp_path)
        server.cause(Fault(Kind.REFUSE_REST, status=status, times=99))
        server.cause(Fault(Kind.REFUSE, status=status, times=99))
        await asyncio.sleep(0.05)
        async with desk.running(sub):
            await until(lambda: desk.store.status(sub).problem, "a sentence")
            return desk.store.status(sub).problem

    with VENUES["binance-usdm"]() as server:
        problem = asyncio.run(run(server))
    check_sentence(problem)
    assert "region" in problem


def test_a_tick_that_becomes_finer_is_followed(tmp_path: Path) -> None:
    sub = book("binance-usdm", 0)

    async def run(server: VenueServer) -> Tally:
        desk = LiveDesk([server], tmp_path)
        async with desk.running(sub):
            await desk.until_live(sub)
            await until(lambda: live_columns(desk, server, sub) >= 4, "four columns")
            server.retick("BTCUSDT", 1)
            await asyncio.sleep(1.5)
            await desk.until_live(sub)
            await until(lambda: live_columns(desk, server, sub) >= 12, "twelve columns")
        return held_up(desk, server, sub)

    with VENUES["binance-usdm"]() as server:
        counted = asyncio.run(run(server))
    assert counted.wrong == []
    assert counted.live >= 12

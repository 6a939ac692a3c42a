"""A summed book over invented live venues, run by a real engine into a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from heatdesk.engine import Engine
from heatdesk.errors import BadRequest, ProviderError, RegionBlocked, UnknownMarket
from heatdesk.frames import BookSub, Flaw, Frame, Notice, Quote, Subscription
from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.client import JsonClient
from heatdesk.net.ledger import Ledger
from heatdesk.providers.base import Provider, ProviderContext, ProviderSpec, Span
from heatdesk.providers.exchanges import Exchanges
from heatdesk.providers.exchanges_parts import parts_of
from heatdesk.settings import Settings
from heatdesk.store.market import MarketStore
from tests.heatdesk.clocks import START_MS, JumpingClock
from tests.heatdesk.engine.test_engine import settle
from tests.heatdesk.store.books import Snapshot
from tests.heatdesk.store.live import live

PERP, SPOT, KRAKEN = "binance-usdm", "binance-spot", "kraken"
SUB = BookSub(
    "exchanges", ("BINANCE_FUTURES", "BINANCE", "KRAKEN"), "", "BTC", 100,
    block_size=5.0, depth=None, quote=Quote.USD,
)  # fmt: skip
REACH = (50.0, 200.0)
Buckets = dict[int, tuple[Snapshot, Snapshot]]


class Venue(Provider):
    """Says what a test tells it to, in levels of the height asked (10 where none was)."""

    spec = ProviderSpec("venue", "Venue", needs_key=False, offers=(BookSub,))

    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        self.open: dict[Subscription, asyncio.Queue[Frame | ProviderError]] = {}
        self.started: list[Subscription] = []

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        self.started.append(sub)
        words = self.open[sub] = asyncio.Queue()
        try:
            while True:
                word = await words.get()
                if isinstance(word, ProviderError):
                    raise word
                yield word
        finally:
            del self.open[sub]


class Desk:
    """An engine, a store, and venues to speak for."""

    def __init__(self) -> None:
        self.clock = JumpingClock()
        self.store = MarketStore()
        self.venues: dict[str, Venue] = {}
        self.engine = Engine(self.store, self.build, self.clock, jitter=lambda: 0.0)

    def build(self, provider_id: str, active: Callable[[], Sequence[Subscription]]) -> Provider:
        budget = RateBudget(provider_id, Limits(), Ledger(), self.clock)
        http = JsonClient(provider_id, provider_id, "", dict, self.clock, budget)
        context = ProviderContext(self.clock, http, budget, Settings(), active)
        if provider_id == "exchanges":
            return Exchanges(context)
        self.venues[provider_id] = Venue(context)
        return self.venues[provider_id]

    async def say(self, provider_id: str, word: Frame | ProviderError) -> None:
        """Let a venue say something on each of its streams."""
        for words in self.venues[provider_id].open.values():
            words.put_nowait(word)
        await settle(400)

    async def book(self, provider_id: str, n: int, bid: float, **options: Any) -> None:
        """Let a venue bring one column, ``n`` buckets after the start."""
        for sub, words in self.venues[provider_id].open.items():
            assert isinstance(sub, BookSub)
            buckets: Buckets = {n: ({100.0: bid}, {110.0: 1.0})}
            height = sub.block_size or options.get("height", 10.0)
            told = {"reach_px": REACH, **options}
            told.pop("height", None)
            words.put_nowait(live(buckets, start_ms=START_MS, block_size=height, **told))
        await settle(400)

    def bid(self, n: int, sub: BookSub = SUB) -> float:
        cell = self.store.exact(sub, START_MS + n * 100, 100.0)
        assert cell is not None
        return cell.bid

    def flaws(self, n: int, sub: BookSub = SUB) -> int:
        found = self.store.snapshot(sub, START_MS + n * 100)
        assert found is not None
        flaws: Any = getattr(found[0], "flaws")  # noqa: B009 - only books have flaws
        return int(flaws[found[1]])

    def play(self, scenario: Callable[[Desk], Any], sub: BookSub = SUB) -> None:
        async def work() -> None:
            running = asyncio.create_task(self.engine.run())
            try:
                self.engine.want(frozenset({sub}))
                await settle(400)
                await scenario(self)
            finally:
                self.engine.stop()
                await running
            assert not asyncio.all_tasks() - {asyncio.current_task()}, "a task is left"

        asyncio.run(work())


def test_parts_run_like_anything_wanted_and_their_sum_is_in_the_store() -> None:
    async def scenario(desk: Desk) -> None:
        for venue, bid in ((PERP, 1.0), (SPOT, 2.0), (KRAKEN, 4.0)):
            await desk.book(venue, 0, bid)
        assert desk.bid(0) == 7.0
        assert desk.flaws(0) == 0
        assert desk.store.status(SUB).note == ""
        parts = parts_of(SUB)
        assert [desk.store.exact(part, START_MS, 100.0).bid for part in parts] == [1.0, 2.0, 4.0]  # type: ignore[union-attr]
        assert [list(desk.venues[p.provider].open) for p in parts] == [[p] for p in parts]
        desk.engine.want(frozenset())
        await settle(400)
        assert not any(venue.open for venue in desk.venues.values())

    Desk().play(scenario)


def test_a_venue_that_never_comes_holds_nothing_up_and_is_named() -> None:
    async def scenario(desk: Desk) -> None:
        await desk.book(PERP, 0, 1.0)
        assert (desk.bid(0), desk.flaws(0)) == (1.0, Flaw.PARTIAL)
        assert "2 of 3 venues missing: Binance Spot, Kraken Spot" in desk.store.status(SUB).note
        await desk.book(SPOT, 0, 2.0)
        assert (desk.bid(0), desk.flaws(0)) == (3.0, Flaw.PARTIAL)
        status = desk.store.status(SUB)
        assert (status.note, status.parts) == ("without Kraken Spot", 3)
        assert status.missing == ("Kraken Spot",)
        await desk.book(KRAKEN, 0, 4.0)
        assert desk.store.status(SUB).missing == ()

    Desk().play(scenario)


def test_a_coin_that_no_venue_has_is_refused_at_once_with_all_of_them_named() -> None:
    async def scenario(desk: Desk) -> None:
        for venue in (PERP, SPOT, KRAKEN):
            text = f"{venue} has no market FOO. Choose another."
            await desk.say(venue, UnknownMarket(venue, text))
        problem = desk.store.status(SUB).problem
        assert all(f"{venue} has no market FOO" in problem for venue in (PERP, SPOT, KRAKEN))
        assert problem.count("Choose another") == 1

    Desk().play(scenario)


@pytest.mark.parametrize("slow", [False, True])
def test_who_has_no_part_in_a_sum_is_told_once_the_others_have_spoken(slow: bool) -> None:
    async def scenario(desk: Desk) -> None:
        told: list[str] = []
        sums = Exchanges(desk.engine._providers["exchanges"].context)

        async def listen() -> None:
            async for frame in sums.stream(SUB, []):
                if isinstance(frame, Notice) and frame.refused:
                    told.append(frame.refused)

        ear = asyncio.create_task(listen())
        await settle(400)
        await desk.say(KRAKEN, UnknownMarket(KRAKEN, "Kraken has no market FOO. Choose another."))
        await desk.book(PERP, 0, 1.0)
        assert told == []
        if slow:
            desk.clock.advance(4.0)
            await desk.book(PERP, 1, 1.0)
        else:
            await desk.book(SPOT, 0, 1.0)
        assert set(told) == {"Kraken has no market FOO"}
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)

    Desk().play(scenario)


@pytest.mark.parametrize("error", [RegionBlocked, UnknownMarket])
def test_a_venue_that_fails_is_named_with_its_reason(error: type[ProviderError]) -> None:
    async def scenario(desk: Desk) -> None:
        for venue in (PERP, SPOT, KRAKEN):
            await desk.book(venue, 0, 1.0)
        await desk.say(KRAKEN, error("kraken", "Kraken does not serve this."))
        await desk.book(PERP, 1, 1.0)
        await desk.book(SPOT, 1, 1.0)
        assert (desk.bid(1), desk.flaws(1)) == (2.0, Flaw.PARTIAL)
        status = desk.store.status(SUB)
        assert status.note == "without Kraken Spot: Kraken does not serve this"
        assert status.gap_since_ms is None

    Desk().play(scenario)


def test_one_venue_that_resyncs_is_missing_until_it_is_back() -> None:
    async def scenario(desk: Desk) -> None:
        for venue in (PERP, SPOT, KRAKEN):
            await desk.book(venue, 0, 1.0)
        await desk.say(SPOT, Notice(gap_since_ms=START_MS + 100, note="a message is missing"))
        for venue in (PERP, KRAKEN):
            await desk.book(venue, 1, 1.0)
        assert (desk.bid(1), desk.flaws(1)) == (2.0, Flaw.PARTIAL)
        assert desk.store.status(SUB).note == "without Binance Spot: a message is missing"
        await desk.say(SPOT, Notice(gap_since_ms=0, note=""))
        await desk.book(SPOT, 3, 5.0, flaws=[Flaw.TOUCHED])
        for venue in (PERP, KRAKEN):
            await desk.book(venue, 3, 1.0)
        assert (desk.bid(3), desk.flaws(3)) == (7.0, Flaw.TOUCHED)
        assert desk.store.status(SUB).note == ""
        assert desk.flaws(1) == Flaw.PARTIAL

    Desk().play(scenario)


def test_while_all_venues_are_gone_the_sum_has_a_gap_since_then() -> None:
    async def scenario(desk: Desk) -> None:
        for venue in (PERP, SPOT, KRAKEN):
            await desk.book(venue, 0, 1.0)
        for venue in (PERP, SPOT, KRAKEN):
            await desk.say(venue, Notice(gap_since_ms=START_MS + 100, note="no network"))
        status = desk.store.status(SUB)
        assert status.gap_since_ms is not None
        assert status.note.startswith("3 of 3 venues missing")
        assert status.note.endswith("; no network")
        await desk.say(PERP, Notice(gap_since_ms=0, note=""))
        await desk.book(PERP, 9, 1.0)
        assert desk.store.status(SUB).gap_since_ms is None
        heat = desk.store.heatmap(SUB)
        assert heat is not None
        column = heat.grid.time.column_of(START_MS)
        assert heat.column_state(column, column + 10).tolist() == [1, *[2] * 8, 3]

    Desk().play(scenario)


def test_the_first_venue_that_speaks_decides_how_high_a_level_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # this clock jumps to whatever is waited for: not as far as to what lingers
    monkeypatch.setattr("heatdesk.engine.engine.LINGER_S", 1.0)
    sub = replace(SUB, block_size=None)

    async def scenario(desk: Desk) -> None:
        await desk.book(SPOT, 0, 1.0, height=20.0)
        for venue in (PERP, SPOT, KRAKEN):
            await desk.book(venue, 1, 1.0)
        heights = {
            part.block_size
            for venue in desk.venues.values()
            for part in venue.open
            if isinstance(part, BookSub)
        }
        assert heights == {20.0}
        heat = desk.store.heatmap(sub)
        assert heat is not None
        assert heat.grid.block_size == 20.0
        assert (desk.bid(1, sub), desk.flaws(1, sub)) == (3.0, 0)
        assert parts_of(sub, 20.0)[0] in desk.venues[PERP].open

    Desk().play(scenario, sub)


def test_venues_that_know_other_prices_are_added_where_they_know_them() -> None:
    async def scenario(desk: Desk) -> None:
        await desk.book(PERP, 0, 1.0, reach_px=(90.0, 120.0))
        await desk.book(SPOT, 0, 2.0, reach_px=(105.0, 150.0))
        await desk.book(KRAKEN, 0, 4.0, reach_px=(60.0, 120.0))
        assert desk.bid(0) == 5.0
        found = {px: desk.store.exact(SUB, START_MS, px) for px in (55.0, 60.0, 145.0, 150.0)}
        known = {px: cell is not None and cell.bid == 0.0 for px, cell in found.items()}
        assert known == {55.0: False, 60.0: True, 145.0: True, 150.0: False}

    Desk().play(scenario)


def test_a_venue_whose_clock_is_a_minute_off_is_put_beside_the_others() -> None:
    async def scenario(desk: Desk) -> None:
        await desk.book(PERP, 0, 1.0)
        await desk.book(SPOT, 600, 2.0)
        await desk.book(KRAKEN, -600, 4.0)
        assert desk.bid(1) == 7.0
        assert desk.flaws(1) == 0
        # a little later or earlier on the way: the columns stay side by side
        await desk.book(SPOT, 601, 3.0)
        await desk.book(PERP, 1, 1.0)
        assert desk.bid(1) == 8.0

    Desk().play(scenario)


@pytest.mark.parametrize(
    "change",
    [{"venues": ("KRAKEN",)}, {"venues": ("KRAKEN", "CME")}, {"coin": ""}, {"interval_ms": 150}],
)
def test_what_cannot_be_summed_is_refused_in_a_sentence(change: dict[str, Any]) -> None:
    desk = Desk()
    exchanges = desk.build("exchanges", lambda: ())
    with pytest.raises(BadRequest, match="at least two venues"):
        exchanges.stream(replace(SUB, **change), [])

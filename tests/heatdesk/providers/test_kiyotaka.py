"""Kiyotaka against a loopback server: what is asked, when, and what comes back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import BadRequest, KeyRejected
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleSub,
    CandleWindow,
    KeyState,
    LiquidationSub,
    MarketList,
    MarketSub,
    Notice,
    Resolution,
)
from heatdesk.net.ledger import Ledger, read_tally
from heatdesk.providers.kiyotaka import Kiyotaka
from heatdesk.providers.kiyotaka_spans import history_spans, resume_ms, tail_span
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import Settings, load
from heatdesk.units import SystemClock
from tests.servers import payloads
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from heatdesk.frames import Frame, Subscription
    from heatdesk.providers.base import Provider, Span

ME = "kiyotaka"
MINUTE_MS = 60_000
START_MS = payloads.BOOK_TIME_S * 1000 + 20_000
BUCKET_MS = START_MS // MINUTE_MS * MINUTE_MS


class SteppingClock(SystemClock):
    """Starts at a fixed moment; time passes only by sleeping, at once."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.time_ms = now_ms

    def now_ms(self) -> int:
        return self.time_ms

    def monotonic_s(self) -> float:
        return self.time_ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.time_ms += round(max(0.0, seconds) * 1000)
        await super().sleep(0)


class Desk:
    """One provider on one server, on one clock."""

    def __init__(self, server: KiyotakaServer, clock: SteppingClock, tier: str) -> None:
        self.server = server
        self.clock = clock
        environ = {
            "HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL": server.url,
            "HEATDESK_PROVIDERS__KIYOTAKA__TIER": tier,
            "HEATDESK_KEY_KIYOTAKA": "test-key",
        }
        settings, _ = load_settings(environ)
        self.ledger = Ledger()
        keys = Keys(MemoryVault(), environ)
        self.set = ProviderSet(settings, keys, self.ledger, clock)

    def run(
        self,
        work: Callable[[Provider], Awaitable[Any]],
        active: Sequence[Subscription] = (),
    ) -> Any:
        async def whole() -> Any:
            provider = self.set.build(ME, lambda: active)
            try:
                return await work(provider)
            finally:
                await provider.context.http.close()

        return asyncio.run(whole())

    def take(
        self,
        sub: Subscription,
        frames: int,
        covered: Sequence[Span] = (),
        active: Sequence[Subscription] = (),
    ) -> list[Frame]:
        """Stream until so many frames (notices not counted) have come."""

        async def work(provider: Provider) -> list[Frame]:
            got: list[Frame] = []
            stream: Any = provider.stream(sub, covered)
            async with aclosing(stream):
                async for frame in stream:
                    got.append(frame)
                    if sum(not isinstance(one, Notice) for one in got) == frames:
                        break
            return got

        found: list[Frame] = self.run(work, active)
        return found

    def windows(self, kind: str = "BLOCK_BOOK_SNAPSHOT_AGG") -> list[tuple[int, int]]:
        """Return ``(from, to)`` in seconds of every points request."""
        return [
            (int(r.one("from") or 0), int(r.one("from") or 0) + int(r.one("period") or 0))
            for r in self.server.requests
            if r.path == "/v1/points" and r.one("type") == kind
        ]


def load_settings(environ: dict[str, str]) -> tuple[Settings, list[str]]:
    return load(Path("nowhere"), environ)


@pytest.fixture(params=["advanced"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    clock = SteppingClock()
    tier: str = request.param
    with KiyotakaServer(
        SyntheticSource(1, 4),
        tier=tier,
        limits="strict",
        clock_s=clock.monotonic_s,
        now_s=lambda: clock.now_ms() / 1000,
    ) as server:
        made = Desk(server, clock, tier)
        yield made
        made.ledger.close()
        assert not server.meter.violations


def data_of(frames: list[Frame]) -> list[Any]:
    return [frame for frame in frames if not isinstance(frame, Notice)]


def test_history_comes_newest_first_in_windows_of_a_thousand(desk: Desk) -> None:
    sub = BookSub(ME, points=2500, depth=3)
    frames = desk.take(sub, 3)
    end_s = BUCKET_MS // 1000 + 60
    assert desk.windows() == [
        (end_s - 60_000, end_s),
        (end_s - 120_000, end_s - 60_000),
        (end_s - 150_000, end_s - 120_000),
    ]
    assert all(isinstance(frame, BookWindow) for frame in data_of(frames))
    progress = [f.progress for f in frames if isinstance(f, Notice) and f.progress is not None]
    assert progress == sorted(progress)
    assert progress[0] == 0.0


def test_a_thousand_points_are_one_request_with_the_forming_bucket(desk: Desk) -> None:
    (frame,) = data_of(desk.take(BookSub(ME, depth=3), 1))
    assert len(desk.windows()) == 1
    assert frame.time_ms.size == 1000
    assert frame.time_ms[-1] == BUCKET_MS
    assert frame.complete_ms < BUCKET_MS + MINUTE_MS
    assert frame.block_size == 5.0


def test_a_span_between_seconds_is_weighed_as_it_is_sent(desk: Desk) -> None:
    to_ms = BUCKET_MS + 500
    span = (to_ms - 1000 * MINUTE_MS, to_ms)
    desk.run(lambda provider: provider.fetch(BookSub(ME, depth=3, block_size=5.0), span))
    (request,) = desk.server.requests
    assert request.one("period") == "60001"
    assert request.weight == 20
    assert desk.ledger.read(lambda c: read_tally(c, ME, desk.clock.now_ms())).day == 20


def test_then_only_the_tail_is_asked_from_the_bucket_that_was_forming(desk: Desk) -> None:
    frames = desk.take(BookSub(ME, depth=3), 4)
    start_s = BUCKET_MS // 1000
    assert desk.windows()[1:] == [
        (start_s, start_s + 120),
        (start_s + 60, start_s + 180),
        (start_s + 120, start_s + 240),
    ]
    told = [f.next_ms for f in frames if isinstance(f, Notice) and f.next_ms is not None]
    assert told == [BUCKET_MS + k * MINUTE_MS + 3000 for k in (1, 2, 3)]
    assert [f.period_s for f in frames if isinstance(f, Notice) and f.next_ms] == [60.0] * 3


def test_newest_buckets_that_were_late_are_asked_again(desk: Desk) -> None:
    source = desk.server.source
    assert isinstance(source, SyntheticSource)
    late_s = BUCKET_MS // 1000
    source.missing = frozenset({late_s - 60, late_s})

    async def work(provider: Provider) -> list[BookWindow]:
        got: list[BookWindow] = []
        stream: Any = provider.stream(BookSub(ME, depth=3), ())
        async with aclosing(stream):
            async for frame in stream:
                if isinstance(frame, BookWindow):
                    got.append(frame)
                    source.missing = frozenset()
                if len(got) == 3:
                    break
        return got

    windows = desk.run(work)
    assert windows[0].time_ms[-1] == BUCKET_MS - 2 * MINUTE_MS
    assert {BUCKET_MS - MINUTE_MS, BUCKET_MS} <= set(windows[1].time_ms.tolist())
    assert windows[2].from_ms == BUCKET_MS + MINUTE_MS, "what came is not asked again"


def test_what_arrived_is_not_asked_again(desk: Desk) -> None:
    end_ms = BUCKET_MS + MINUTE_MS
    covered = [(end_ms - 400 * MINUTE_MS, end_ms)]
    frames = data_of(desk.take(BookSub(ME, depth=3), 2, covered))
    end_s = end_ms // 1000
    assert desk.windows()[0] == (end_s - 60_000, end_s - 24_000)
    assert desk.windows()[1] == (end_s - 60, end_s + 60)
    assert frames[0].time_ms.size == 600


@pytest.mark.parametrize("desk", ["free"], indirect=True)
def test_a_free_book_and_its_price_line_hold_minute_and_day(desk: Desk) -> None:
    book, price = BookSub(ME, depth=3), CandleSub(ME)
    frames = desk.take(book, 3, active=[book, price])
    notices = [f for f in frames if isinstance(f, Notice) and f.next_ms is not None]
    assert [n.period_s for n in notices] == [1200.0, 1200.0]
    assert all(n.next_ms is not None and (n.next_ms - 3000) % 1_200_000 == 0 for n in notices)
    assert desk.server.meter.used_day == 30


@pytest.mark.parametrize("desk", ["free"], indirect=True)
def test_waiting_for_the_minute_is_told(desk: Desk) -> None:
    desk.take(BookSub(ME, depth=3), 1)
    frames = desk.take(CandleSub(ME), 1)
    notes = [f.note for f in frames if isinstance(f, Notice) and f.note]
    assert notes
    assert notes[0].startswith("waiting for the minute budget")
    assert any(isinstance(f, Notice) and f.note == "" for f in frames)


@pytest.mark.parametrize("desk", ["free"], indirect=True)
def test_history_ends_where_the_plan_ends(desk: Desk) -> None:
    (frame,) = data_of(desk.take(BookSub(ME, interval_ms=3_600_000, depth=3), 1))
    assert desk.clock.now_ms() - frame.from_ms <= 7 * 86_400_000
    assert frame.time_ms.size == 7 * 24


def test_candles_and_liquidations_are_streams_too(desk: Desk) -> None:
    (candles,) = data_of(desk.take(CandleSub(ME, points=10), 1))
    assert isinstance(candles, CandleWindow)
    assert candles.time_ms.size == 10
    (levels,) = data_of(desk.take(LiquidationSub(ME, points=12), 1))
    assert levels.time_ms.size == 12
    request = desk.server.requests[-1]
    assert (request.one("coin"), request.one("exchange")) == ("BTC", None)
    assert request.one("transform.normalize.quote") == "USD"


def test_the_largest_block_size_of_several_venues_is_taken_and_asked_once(desk: Desk) -> None:
    venues = ("BINANCE_FUTURES", "BYBIT")
    sub = BookSub(ME, venues=venues, symbol="", coin="BTC", resolution=Resolution.HD, depth=3)
    (frame,) = data_of(desk.take(sub, 1))
    assert frame.block_size == 50.0
    request = desk.server.requests[-1]
    assert request.all("exchange") == list(venues)
    assert request.one("transform.groupBy.type") == "GROUP_BY_TYPE_SUM"
    assert request.weight == 14
    desk.server.requests.clear()
    desk.take(sub, 3)
    assert sum(r.path == "/v1/block-sizes" for r in desk.server.requests) == 2


def test_a_venue_without_the_symbol_is_refused_in_words(desk: Desk) -> None:
    with pytest.raises(BadRequest, match="no order book of NOPE on Bybit Perp"):
        desk.take(BookSub(ME, venues=("BYBIT",), symbol="NOPE"), 1)


def test_the_key_test_says_what_the_service_says(desk: Desk) -> None:
    state, text = desk.run(lambda provider: provider.check_key())
    assert state is KeyState.ACCEPTED
    assert "tier advanced" in text
    desk.server.key = "another"
    with pytest.raises(KeyRejected):
        desk.run(lambda provider: provider.check_key())


def test_markets_are_read_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heatdesk.providers.kiyotaka._MARKET_PAGE_ROWS", 7)
    markets = desk.run(lambda provider: provider.fetch(MarketSub(ME)))
    assert isinstance(markets, MarketList)
    assert len(markets.rows) == 30
    assert ("BYBIT", "BTCUSDT", "BTC", "PERPETUAL") in markets.rows
    assert len(desk.server.requests) == 5


def test_the_cost_is_told_before_anything_is_asked(desk: Desk) -> None:
    cost = desk.set.cost(BookSub(ME))
    assert (cost.first, cost.update, cost.period_s, cost.refused) == (10, 10, 60.0, "")
    assert desk.set.cost(BookSub(ME, points=4000)).first == 40
    assert desk.set.cost(MarketSub(ME)).first == 0
    assert not desk.server.requests


@pytest.mark.parametrize("desk", ["free"], indirect=True)
def test_the_cost_says_what_the_plan_may_refuse(desk: Desk) -> None:
    assert "may refuse" in desk.set.cost(LiquidationSub(ME)).text
    several = BookSub(ME, venues=("BYBIT", "BINANCE"), symbol="", coin="BTC")
    assert "several venues" in desk.set.cost(several).text
    assert "of 1,000 a day" in desk.set.cost(BookSub(ME)).text
    dear = desk.set.cost(BookSub(ME, depth=30_000))
    assert "plan allows 20" in dear.refused


def test_a_stream_that_is_left_while_asking_leaves_nothing_behind(desk: Desk) -> None:
    async def work(provider: Provider) -> int:
        stream: Any = provider.stream(BookSub(ME, depth=3), [])
        async with aclosing(stream):
            async for frame in stream:
                if not isinstance(frame, Notice):
                    break
        return len(asyncio.all_tasks()) - 1

    assert desk.run(work) == 0


def test_both_brands_have_their_address_and_header() -> None:
    plain, _ = load_settings({})
    assert Kiyotaka.base_url(plain) == "https://api.kiyotaka.ai"
    assert Kiyotaka.key_headers("k", plain) == {"X-Kiyotaka-Key": "k"}
    brand, _ = load_settings({"HEATDESK_PROVIDERS__KIYOTAKA__PRESET": "openmarket"})
    assert Kiyotaka.base_url(brand) == "https://api.openmarket.xyz"
    assert Kiyotaka.key_headers("k", brand) == {"X-OpenMarket-Key": "k"}


def test_history_leaves_out_what_is_covered() -> None:
    assert history_spans(10, 10, 105, 0, []) == [(10, 110)]
    assert history_spans(10, 10, 105, 0, [(10, 110)]) == []
    assert history_spans(10, 10, 105, 0, [(40, 60)]) == [(50, 110), (10, 40)]
    assert history_spans(10, 10, 105, 55, []) == [(60, 110)]
    assert history_spans(10, 10, 105, 1000, []) == [(100, 110)]


def test_a_tail_goes_on_from_the_newest_bucket_served() -> None:
    assert resume_ms((0, 100), 90, 10) == 90
    assert resume_ms((0, 100), 70, 10) == 70
    assert resume_ms((50, 100), None, 10) == 50, "nothing came: the same window again"
    assert resume_ms((0, 100_000), 10, 10) == 99_990 - 100 * 10, "a long halt is a gap"


def test_the_tail_is_bounded_after_a_long_sleep() -> None:
    assert tail_span(100, 125, 10, 50) == (100, 130)
    assert tail_span(100, 100_005, 10, 50) == (99_510, 100_010)
    assert tail_span(500, 105, 10, 50) == (100, 110), "a clock set back asks the newest bucket"

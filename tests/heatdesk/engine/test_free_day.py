"""A day and an hour of the default desk on the free plan, against a meter that allows no slip."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
import pytest

from heatdesk.engine import Engine
from heatdesk.engine.wiring import ProviderSet
from heatdesk.frames import BookSub, CandleSub, LiquidationSub
from heatdesk.net.ledger import Ledger
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from heatdesk.store.market import MarketStore
from heatdesk.units import DAY_MS, HOUR_MS
from tests.heatdesk.clocks import JumpingClock
from tests.servers.kiyotaka_limits import (
    BOOK,
    CANDLES,
    INTERVALS_S,
    LIQUIDATION,
    TIERS,
    ApiError,
    Meter,
    weight_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ME = "kiyotaka"
BOOK_SUB, PRICE_SUB, LIQUIDATION_SUB = BookSub(ME), CandleSub(ME), LiquidationSub(ME)
COIN_SUB = CandleSub(ME, "HYPERLIQUID_FUTURES", "BTC", interval_ms=300_000, points=288)
WANTED = frozenset({BOOK_SUB, PRICE_SUB, LIQUIDATION_SUB, COIN_SUB})
MIDNIGHT_MS = 20_600 * DAY_MS


class FreePlan:
    """The provider as the desk sees it: metered, without the liquidation heatmap."""

    def __init__(self, clock: JumpingClock) -> None:
        self.clock = clock
        self.meter = Meter(
            TIERS["free"], "strict", clock.monotonic_s, lambda: clock.now_ms() / 1000
        )
        self.log: list[tuple[int, str, int]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.url.query.decode())
        if request.url.path == "/v1/block-sizes":
            return httpx.Response(200, json={"blockSizes": [5]})
        kind, interval_s = query["type"][0], INTERVALS_S[query["interval"][0]]
        from_s, period_s = int(query["from"][0]), int(query["period"][0])
        depth = int(query["maxDepth"][0]) if "maxDepth" in query else None
        weight = weight_of(kind, period_s, interval_s, 1, depth)
        self.log.append((self.clock.now_ms(), kind, weight))
        if kind == LIQUIDATION:
            return httpx.Response(403, json={"message": "not on this plan"})
        try:
            self.meter.charge(weight)
        except ApiError as refusal:
            return httpx.Response(refusal.status, json=refusal.payload())
        end_s = min(from_s + period_s, self.clock.now_ms() // 1000)
        points = [_point(kind, time_s) for time_s in range(from_s, end_s, interval_s)]
        return httpx.Response(200, json={"series": [{"points": points}]})


def _point(kind: str, time_s: int) -> dict[str, Any]:
    point: dict[str, Any] = {"timestamp": {"s": time_s}}
    if kind == CANDLES:
        return {"Point": point | dict.fromkeys(("open", "high", "low", "close", "volume"), 1.0)}
    return {"Point": point | {"bids": [100.0, 1.0], "asks": [105.0, 1.0]}}


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker threads: the jumping clock cannot know that they are busy."""

    async def to_thread(work: Callable[..., Any], *args: Any) -> Any:
        return work(*args)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)


async def follow(
    world: FreePlan, ledger: Ledger, store: MarketStore, hours: float, asleep_s: float = 0.0
) -> None:
    """Run a desk for so long; ``asleep_s`` is a sleep of the computer after half of it."""
    clock = world.clock
    settings, _ = load(Path("nowhere"), {})
    keys = Keys(MemoryVault(), {"HEATDESK_KEY_KIYOTAKA": "test-key"})
    providers = ProviderSet(settings, keys, ledger, clock, httpx.MockTransport(world))
    engine = Engine(store, providers.build, clock, jitter=lambda: 0.0)
    engine.want(WANTED)
    running = asyncio.create_task(engine.run())
    await clock.sleep(hours * 1800)
    clock.advance(asleep_s)
    await clock.sleep(hours * 1800)
    engine.stop()
    await running


def spent_by_day(world: FreePlan) -> Counter[int]:
    days: Counter[int] = Counter()
    for at_ms, kind, weight in world.log:
        days[at_ms // DAY_MS] += weight if kind != LIQUIDATION else 0
    return days


@pytest.mark.usefixtures("inline")
def test_a_free_desk_keeps_minute_and_day_and_comes_every_twenty_minutes() -> None:
    world, store, ledger = FreePlan(JumpingClock(MIDNIGHT_MS)), MarketStore(), Ledger()
    asyncio.run(follow(world, ledger, store, 25))
    ledger.close()
    assert world.meter.violations == []
    assert [kind for _, kind, _ in world.log].count(LIQUIDATION) == 1, "a refusal is final"
    assert "does not cover this" in store.status(LIQUIDATION_SUB).problem
    books = [at_ms for at_ms, kind, _ in world.log if kind == BOOK]
    assert {later - earlier for earlier, later in pairwise(books[2:])} == {1_200_000}
    # 72 updates of book, price line and coin price, and the first windows of the day
    assert spent_by_day(world)[MIDNIGHT_MS // DAY_MS] in range(72 * 12 - 12, 72 * 12 + 13)
    told_ms = store.status(BOOK_SUB).next_ms
    assert told_ms in (books[-1], books[-1] + 1_200_000), "it comes when the header says"


@pytest.mark.usefixtures("inline")
def test_many_restarts_of_a_free_desk_stay_in_the_day() -> None:
    world, ledger = FreePlan(JumpingClock(MIDNIGHT_MS)), Ledger()
    for _ in range(20):
        asyncio.run(follow(world, ledger, MarketStore(), 0.6))
    ledger.close()
    assert world.meter.violations == []
    assert max(spent_by_day(world).values()) <= 1000


@pytest.mark.usefixtures("inline")
def test_what_was_missed_while_the_computer_slept_is_filled() -> None:
    world, store, ledger = FreePlan(JumpingClock(MIDNIGHT_MS)), MarketStore(), Ledger()
    asyncio.run(follow(world, ledger, store, 4, asleep_s=3 * HOUR_MS / 1000))
    ledger.close()
    heatmap = store.heatmap(BOOK_SUB)
    assert heatmap is not None
    states = heatmap.column_state(heatmap.first_column, heatmap.last_column + 1)
    assert set(states.tolist()) == {1}
    candles = store.candles(PRICE_SUB)
    assert candles is not None
    assert set((candles.time_ms[1:] - candles.time_ms[:-1]).tolist()) == {60_000}
    assert world.meter.violations == []

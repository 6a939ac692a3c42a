"""The desk without windows on loopback servers, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatdesk.engine import Engine
from heatdesk.engine.wiring import ProviderSet
from heatdesk.frames import BookSub, CandleSub, CohortSub, DotSub, LiquidationSub
from heatdesk.net.ledger import Ledger
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from heatdesk.store.market import MarketStore
from tests.servers import payloads
from tests.servers.faults import HYPERTRACKER, KIYOTAKA, SHARPE
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.sharpe import SharpeServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from heatdesk.frames import Subscription
    from heatdesk.providers.base import Provider
    from heatdesk.secrets import KeyVault
    from tests.servers.base import LoopbackServer
    from tests.servers.books import BookSnapshot

START_MS = payloads.BOOK_TIME_S * 1000 + 5_000
KEY = "test-key-5d0c41e7"
PATIENCE_S = 30.0

BOOK = BookSub(KIYOTAKA, points=12, depth=12)
LEVELS = LiquidationSub(KIYOTAKA, points=6, interval_ms=60_000)
PRICE = CandleSub(KIYOTAKA, points=12)
CALM_PRICE = CandleSub(KIYOTAKA, points=12, interval_ms=300_000)
DOTS = DotSub(SHARPE)
COHORTS = CohortSub(HYPERTRACKER)


class SharedClock:
    """Time of the desk and of its servers; it moves only while every stream waits for it."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self._alarms: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def now_ms(self) -> int:
        return START_MS + round(self.passed_s * 1000)

    def now_s(self) -> float:
        return self.now_ms() / 1000

    def monotonic_s(self) -> float:
        return self.passed_s

    async def make_way(self) -> None:
        await asyncio.sleep(0)

    async def sleep(self, seconds: float) -> None:
        alarm = (self.passed_s + max(0.0, seconds), next(self._count), asyncio.Event())
        heapq.heappush(self._alarms, alarm)
        try:
            await alarm[2].wait()
        finally:
            if alarm in self._alarms:
                self._alarms.remove(alarm)
                heapq.heapify(self._alarms)

    @property
    def sleepers(self) -> int:
        return len(self._alarms)

    def jump(self, until_s: float) -> bool:
        """Go to the next alarm, at most so far; tell whether it rang."""
        if not self._alarms or self._alarms[0][0] > until_s:
            self.passed_s = max(self.passed_s, until_s)
            return False
        at_s, _, bell = heapq.heappop(self._alarms)
        self.passed_s = max(self.passed_s, at_s)
        bell.set()
        return True


class OutageSource(SyntheticSource):
    """A market that lost the minutes in ``lost_s`` for good."""

    lost_s: range = range(0)

    def book(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> BookSnapshot | None:
        if time_s in self.lost_s:
            return None
        return super().book(exchange, symbol, time_s, interval_s)


class FaultDesk:
    """The engine over the real providers; one server for each of them."""

    def __init__(
        self,
        urls: Mapping[str, str] | None = None,
        *,
        vault: KeyVault | None = None,
        stall_s: float = 20.0,
        ledger: Path | None = None,
    ) -> None:
        self.key = KEY
        self.clock = SharedClock()
        self.source = OutageSource(1, 20)
        now_s, mono_s = self.clock.now_s, self.clock.monotonic_s
        self.servers: dict[str, LoopbackServer] = {
            KIYOTAKA: KiyotakaServer(self.source, key=KEY, now_s=now_s, limits="off"),
            SHARPE: SharpeServer(
                key=KEY, per_minute=10_000, quota=10**6, now_s=now_s, clock_s=mono_s
            ),
            HYPERTRACKER: HyperTrackerServer(key=KEY, per_day=10_000, now_s=now_s),
        }
        self._urls = dict(urls or {})
        self._vault = vault
        self._stall_s = stall_s
        self._ledger_path = ledger
        self.store = MarketStore()
        self.ledger: Ledger
        self.engine: Engine
        self.providers: ProviderSet

    @contextlib.asynccontextmanager
    async def running(self, *subs: Subscription) -> AsyncIterator[FaultDesk]:
        """Run servers and engine until the block ends; nothing may be left then."""
        with contextlib.ExitStack() as stack:
            for name in {sub.provider for sub in subs} & self.servers.keys():
                self._urls.setdefault(name, stack.enter_context(self.servers[name]).url)
            ledger = stack.enter_context(contextlib.closing(Ledger(self._ledger_path)))
            self.ledger = ledger
            self._put_together(ledger)
            work = asyncio.create_task(self.engine.run())
            try:
                self.engine.want(frozenset(subs))
                await asyncio.sleep(0)
                await self.settle()
                yield self
            finally:
                self.engine.stop()
                await work
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, left

    def _put_together(self, ledger: Ledger) -> None:
        environ = {
            f"HEATDESK_PROVIDERS__{name.upper()}__BASE_URL": url for name, url in self._urls.items()
        }
        environ["HEATDESK_PROVIDERS__KIYOTAKA__TIER"] = "advanced"
        settings, _ = load(Path("nowhere"), environ)
        held = {f"HEATDESK_KEY_{name.upper()}": KEY for name in self._urls}
        keys = Keys(self._vault or MemoryVault(), {} if self._vault else held)
        self.providers = ProviderSet(settings, keys, ledger, self.clock)

        def build(name: str, active: Callable[[], Sequence[Subscription]]) -> Provider:
            provider = self.providers.build(name, active)
            provider.context.http.longest_stall_s = self._stall_s
            return provider

        self.engine = Engine(self.store, build, self.clock, jitter=lambda: 0.0)

    async def settle(self) -> None:
        """Wait until every stream that runs waits for the clock."""
        deadline_s = time.monotonic() + PATIENCE_S
        calm = 0
        while calm < 3:
            calm = calm + 1 if len(_feeds()) == self.clock.sleepers else 0
            assert time.monotonic() < deadline_s, "a stream does not come to rest"
            await asyncio.sleep(0.0005)

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, alarm by alarm."""
        until_s = self.clock.passed_s + seconds
        await self.settle()
        while self.clock.jump(until_s):
            await self.settle()

    async def recover(self, sub: Subscription, revision: int, most_s: int) -> None:
        """Let time pass until data comes without a problem; fail after ``most_s``."""
        until_s = self.clock.passed_s + most_s
        while self.store.status(sub).problem or self.store.revision(sub) <= revision:
            assert self.clock.passed_s < until_s, self.store.status(sub)
            await self.advance(60)

    async def restart(self, provider: str) -> None:
        """Do what the desk does when a key or a setting of a provider changed."""
        before = _feeds()
        self.engine.restart(provider)
        while _feeds() <= before:
            await asyncio.sleep(0.0005)
        await self.settle()

    def asked(self, provider: str, path: str, since: int = 0, kind: str = "") -> int:
        """Count the requests at a path after the first ``since``."""
        return sum(
            request.path == path and (not kind or request.one("type") == kind)
            for request in self.servers[provider].requests[since:]
        )


def _feeds() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if task.get_name().startswith("feed ")}


def held(store: MarketStore, sub: Subscription) -> Any:
    """Return what the store holds of a subscription, by time, to compare with later."""
    if isinstance(sub, BookSub | LiquidationSub):
        heatmap = store.heatmap(sub)
        if heatmap is None:
            return None
        columns = (heatmap.first_column, heatmap.last_column + 1)
        levels = (heatmap.first_level, heatmap.last_level + 1)
        planes = ("bid", "ask") if isinstance(sub, BookSub) else ("qty",)
        cells = [heatmap.codes(name, *columns, *levels, 0, 0).tolist() for name in planes]
        return columns, levels, cells, heatmap.column_state(*columns).tolist()
    if isinstance(sub, CandleSub):
        candles = store.candles(sub)
        return None if candles is None else dict(zip(candles.time_ms, candles.close, strict=True))
    return store.latest(sub)


def still_held(store: MarketStore, sub: BookSub | LiquidationSub, before: Any) -> bool:
    """Tell whether every cell and column state of an earlier moment is what it was."""
    heatmap = store.heatmap(sub)
    columns, levels, cells, states = before
    if heatmap is None or heatmap.column_state(*columns).tolist() != states:
        return False
    planes = ("bid", "ask") if isinstance(sub, BookSub) else ("qty",)
    return cells == [heatmap.codes(p, *columns, *levels, 0, 0).tolist() for p in planes]


_CLASS_NAME = re.compile(
    r"\w+(Error|Exception)\b|\b(BadPayload|BodyCut|RateLimited|ServerTrouble|KeyMissing|KeyRejected"
    r"|PlanRequired|BadRequest|OverBudget|RedirectRefused|Unreachable|StreamGap)\b"
)


def check_sentence(text: str) -> None:
    """Assert that a text is one that a trader can read."""
    assert text
    assert "Traceback" not in text
    assert "\n" not in text
    assert not _CLASS_NAME.search(text), text
    assert KEY not in text
    assert len(text) < 300, text
    assert text.endswith("."), text
    assert ".." not in text, text

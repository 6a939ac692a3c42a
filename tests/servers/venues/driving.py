"""The desk without windows on loopback venues: engine, providers and a store that watches."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from heatdesk.engine import Engine
from heatdesk.engine.wiring import ProviderSet
from heatdesk.frames import LIVE_VENUES, BookSub, LiquidationEventSub, TradeSub
from heatdesk.net.ledger import Ledger
from heatdesk.providers import LOADERS
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from heatdesk.units import SystemClock
from tests.servers.venues.watching import WatchingStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path as AnyPath

    from heatdesk.frames import BookWindow, Subscription
    from tests.servers.venues.market import Play
    from tests.servers.venues.server import VenueServer

SYMBOLS = {
    "binance-usdm": ("BTCUSDT", "ETHUSDT"),
    "binance-spot": ("BTCUSDT", "ETHUSDT"),
    "bybit": ("BTCUSDT", "ETHUSDT"),
    "kraken": ("BTC/USD", "ETH/USD"),
    "gemini": ("BTCUSD", "ETHUSD"),
    "hyperliquid": ("BTC", "ETH"),
}
"""Bitcoin and Ether as each venue's live feeds write them."""


def venue_of(provider: str) -> str:
    """The venue a provider speaks for first."""
    return next(venue.id for venue in LIVE_VENUES.values() if venue.live == provider)


def book(provider: str, number: int = 0, interval_ms: int = 100, **options: object) -> BookSub:
    """A live book of Bitcoin (0) or Ether (1)."""
    venues = (venue_of(provider),)
    sub = BookSub(provider, venues, SYMBOLS[provider][number], interval_ms=interval_ms, depth=None)
    return replace(sub, **options)  # type: ignore[arg-type]


def trades(provider: str, number: int = 0) -> TradeSub:
    """The trades that go with `book`."""
    return TradeSub(provider, venue_of(provider), SYMBOLS[provider][number])


def forced(provider: str, number: int = 0) -> LiquidationEventSub:
    """The liquidations that go with `book`."""
    return LiquidationEventSub(provider, venue_of(provider), SYMBOLS[provider][number])


def play_of(server: VenueServer, sub: BookSub) -> Play:
    """The market a book is of."""
    for play in server.plays.values():
        perpetual = sub.venues[0] in ("BINANCE_FUTURES", "BYBIT", "HYPERLIQUID_FUTURES")
        if play.spec.symbol == sub.symbol and play.spec.perpetual == perpetual:
            return play
    raise LookupError(sub.symbol)


class LiveDesk:
    """Runs an engine on venues for as long as `running` does."""

    def __init__(
        self,
        servers: Sequence[VenueServer],
        home: AnyPath,
        note: Callable[[BookSub, BookWindow], None] | None = None,
    ) -> None:
        self.servers = {server.provider: server for server in servers}
        self.store = WatchingStore(note)
        self.clock = SystemClock()
        self._home = home

    @contextlib.asynccontextmanager
    async def running(self, *subs: Subscription) -> AsyncIterator[LiveDesk]:
        """Want these subscriptions; everything ends with the block."""
        environ: dict[str, str] = {}
        for server in self.servers.values():
            environ |= server.environment()
        settings, _ = load(Path("nowhere"), environ)
        with contextlib.closing(Ledger(self._home / "ledger.sqlite")) as ledger:
            keys = Keys(MemoryVault(), {})
            classes = [LOADERS[name]() for name in self.servers]
            self.providers = ProviderSet(settings, keys, ledger, self.clock, classes=classes)
            self.engine = Engine(self.store, self.providers.build, self.clock)
            work = asyncio.create_task(self.engine.run())
            try:
                self.engine.want(frozenset(subs))
                yield self
            finally:
                self.engine.stop()
                await work
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, left

    async def until_live(self, *subs: BookSub, patience_s: float = 60.0) -> None:
        """Wait until books came, and none is in a gap."""
        deadline_s = self.clock.monotonic_s() + patience_s
        while not all(self.is_live(sub) for sub in subs):
            said = {sub.provider: self.store.status(sub) for sub in subs if not self.is_live(sub)}
            assert self.clock.monotonic_s() < deadline_s, said
            await asyncio.sleep(0.01)

    def is_at_limit(self, provider: str) -> bool:
        """Whether the venue's own limits keep the desk from connecting, or from a snapshot."""
        built = self.engine._providers.get(provider)
        if not isinstance(built, LiveProvider):
            return False
        weight = getattr(built.rules, "snapshot_weight", 0)
        snapshot_s = built.context.budget.wait_s(weight)
        return snapshot_s > 0 or built._hub._attempts.wait_s() > 0

    def is_live(self, sub: BookSub) -> bool:
        status = self.store.status(sub)
        return status.received_ms is not None and status.gap_since_ms is None and not status.problem

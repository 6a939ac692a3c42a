"""What every provider in `PROVIDERS` keeps to."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import (
    BadPayload,
    BodyCut,
    KeyMissing,
    KeyRejected,
    PlanRequired,
    ProviderError,
    RateLimited,
    ServerTrouble,
    Unreachable,
)
from heatdesk.frames import (
    BookSub,
    CandleSub,
    CohortSub,
    DotSub,
    LiquidationEventSub,
    LiquidationSub,
    MarketSub,
    Notice,
    Subscription,
    TradeSub,
)
from heatdesk.net.ledger import Ledger
from heatdesk.providers import LOADERS, PROVIDERS
from heatdesk.providers.base import Cost, Provider, Span
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from heatdesk.units import SystemClock
from tests.servers import faults, payloads
from tests.servers.base import ClosedPort, LoopbackServer
from tests.servers.coingecko import CoinGeckoServer
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.sharpe import SharpeServer
from tests.servers.synthetic import SyntheticSource
from tests.servers.venues.catalogue import VENUES as LOOPBACK_VENUES
from tests.servers.venues.driving import book, forced, trades

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IDS = [cls.spec.id for cls in PROVIDERS]
ONLINE = [cls.spec.id for cls in PROVIDERS if cls.spec.needs_key]
LIVE = [cls.spec.id for cls in PROVIDERS if issubclass(cls, LiveProvider)]
LISTENERS = ("happened", "exchanges")
"""Providers that make their frames of what others tell; those are heard in tests of their own."""
PATIENCE_S = 30.0
KEY = "test-key"
SUBS: dict[type, Callable[[str], Subscription]] = {
    BookSub: lambda provider: BookSub(provider, points=5, depth=5),
    LiquidationSub: lambda provider: LiquidationSub(provider, points=5),
    CandleSub: lambda provider: CandleSub(provider, points=5),
    DotSub: DotSub,
    CohortSub: CohortSub,
    MarketSub: MarketSub,
    TradeSub: TradeSub,
    LiquidationEventSub: LiquidationEventSub,
}


def class_of(provider_id: str) -> type[Provider]:
    return next(cls for cls in PROVIDERS if cls.spec.id == provider_id)


def server_of(provider_id: str) -> LoopbackServer:
    if provider_id == faults.SHARPE:
        return SharpeServer(key=KEY, per_minute=10_000)
    if provider_id == faults.HYPERTRACKER:
        return HyperTrackerServer(key=KEY, per_day=10_000)
    if provider_id == "coingecko":
        return CoinGeckoServer(key=KEY)
    now_s = payloads.BOOK_TIME_S + 30.0
    return KiyotakaServer(SyntheticSource(1, 5), key=KEY, limits="off", now_s=lambda: now_s)


def ask(
    provider_id: str,
    base_url: str,
    home: Path,
    work: Callable[[Provider], Any],
    key: str = KEY,
    more: dict[str, str] | None = None,
) -> Any:
    """Run ``work`` with a provider whose server is on this computer."""
    name = provider_id.upper()
    environ = (more or {}) | {
        "HEATDESK_PROVIDERS__KIYOTAKA__TIER": "enterprise",
        f"HEATDESK_KEY_{name}": key,
    }
    if base_url:
        environ[f"HEATDESK_PROVIDERS__{name}__BASE_URL"] = base_url
    ledger = Ledger()
    settings, _ = load(home, environ)
    providers = ProviderSet(settings, Keys(MemoryVault(), environ), ledger, SystemClock())

    async def whole() -> Any:
        provider = providers.build(provider_id)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await work(provider)
        finally:
            await provider.context.http.close()

    try:
        return asyncio.run(whole())
    finally:
        ledger.close()


def first_sub(provider_id: str) -> Subscription:
    return SUBS[class_of(provider_id).spec.offers[0]](provider_id)


async def fetch_first(provider: Provider) -> Any:
    sub = first_sub(provider.spec.id)
    span: Span | None = None
    if isinstance(sub, BookSub):
        start_ms = payloads.BOOK_TIME_S * 1000 - 240_000
        span = (start_ms, start_ms + 300_000)
    return await provider.fetch(sub, span)


@pytest.mark.parametrize("provider_id", IDS)
def test_a_provider_has_a_spec(provider_id: str) -> None:
    spec = class_of(provider_id).spec
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", spec.id)
    assert spec.title
    assert spec.offers
    assert set(spec.offers) <= set(SUBS)
    assert spec.takes_key or not spec.needs_key
    re.compile(spec.key_pattern)


def test_ids_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)


def live_sub(provider_id: str, offer: type) -> Subscription:
    """What a live venue is asked about Bitcoin."""
    of_book = book(provider_id)
    if offer is CandleSub:
        return CandleSub(provider_id, of_book.venues[0], of_book.symbol, points=5)
    made: dict[type, Subscription] = {
        BookSub: of_book,
        TradeSub: trades(provider_id),
        LiquidationEventSub: forced(provider_id),
        MarketSub: MarketSub(provider_id),
    }
    return made[offer]


@pytest.mark.parametrize("provider_id", [i for i in IDS if i not in LISTENERS])
def test_every_offer_is_streamed_and_costed(provider_id: str, heatdesk_home: Path) -> None:
    async def work(provider: Provider) -> list[tuple[str, Any, Cost]]:
        found = []
        for offer in provider.spec.offers:
            live = provider_id in LIVE
            sub = live_sub(provider_id, offer) if live else SUBS[offer](provider_id)
            # Nobody can tell when somebody is liquidated next: there a sign of life is enough.
            rare = live and offer is LiquidationEventSub
            stream: Any = provider.stream(sub, [])
            async with aclosing(stream):
                async for frame in stream:
                    if rare or not isinstance(frame, Notice):
                        found.append((offer.__name__, frame, provider.cost(sub)))
                        break
        return found

    if provider_id in (*ONLINE, "coingecko"):
        with server_of(provider_id) as server:
            found = ask(provider_id, server.url, heatdesk_home, work)
    elif provider_id in LIVE:
        with LOOPBACK_VENUES[provider_id]() as venue:
            found = ask(provider_id, "", heatdesk_home, work, more=venue.environment())
        assert venue.violations == []
    else:
        found = ask(provider_id, "", heatdesk_home, work)
    assert [name for name, _, _ in found] == [
        offer.__name__ for offer in class_of(provider_id).spec.offers
    ]
    assert all(isinstance(cost, Cost) and not cost.refused for _, _, cost in found)


@pytest.mark.parametrize("provider_id", ONLINE)
def test_a_refusal_is_mapped_to_its_kind(provider_id: str, heatdesk_home: Path) -> None:
    kinds: dict[str, type[ProviderError]] = {
        "401": KeyRejected,
        "403": PlanRequired,
        "429": RateLimited,
        "500": ServerTrouble,
        "503": ServerTrouble,
        "504": ServerTrouble,
    }
    checked = set()
    for fault in faults.REFUSALS + faults.TRANSIENT:
        kind = kinds.get(fault.name[:3])
        if kind is None or provider_id not in fault.providers:
            continue
        with server_of(provider_id) as server:
            server.inject(fault, times=None, path=fault.path_for(provider_id))
            with pytest.raises(kind) as refusal:
                ask(provider_id, server.url, heatdesk_home, fetch_first)
            asked = [r for r in server.requests if r.path == fault.path_for(provider_id)]
        assert len(asked) == 1, "a provider never retries"
        assert refusal.value.provider == provider_id
        assert KEY not in refusal.value.user_message + str(refusal.value)
        checked.add(fault.name[:3])
    assert checked >= {"401", "403", "429", "500", "503", "504"}


@pytest.mark.parametrize("provider_id", ONLINE)
def test_a_mutilated_payload_is_refused_whole(provider_id: str, heatdesk_home: Path) -> None:
    named = 0
    for fault in faults.faults_for(provider_id, form="points", kind=""):
        wanted = fault.kind in ("", "BLOCK_BOOK_SNAPSHOT_AGG")
        if fault.exit_code != 6 or not wanted:
            continue
        with server_of(provider_id) as server:
            server.inject(fault, times=None, path=fault.path_for(provider_id))
            with pytest.raises(BadPayload) as refusal:
                ask(provider_id, server.url, heatdesk_home, fetch_first)
        assert refusal.value.user_message
        named += bool(refusal.value.field)
    assert named >= 5, "a field that does not fit is named"


@pytest.mark.parametrize("provider_id", ONLINE)
def test_a_broken_connection_is_mapped_to_its_kind(provider_id: str, heatdesk_home: Path) -> None:
    with server_of(provider_id) as server:
        server.inject(faults.cut_short(), times=None)
        with pytest.raises(BodyCut):
            ask(provider_id, server.url, heatdesk_home, fetch_first)
    with ClosedPort() as nobody, pytest.raises(Unreachable):
        ask(provider_id, nobody.url, heatdesk_home, fetch_first)


@pytest.mark.parametrize("provider_id", ONLINE)
def test_without_a_key_nothing_is_sent(provider_id: str, heatdesk_home: Path) -> None:
    with server_of(provider_id) as server:
        with pytest.raises(KeyMissing, match="key"):
            ask(provider_id, server.url, heatdesk_home, fetch_first, key="")
        assert server.requests == []


@pytest.mark.parametrize("provider_id", ONLINE)
def test_the_key_test_answers_in_one_sentence(provider_id: str, heatdesk_home: Path) -> None:
    with server_of(provider_id) as server:
        state, text = ask(provider_id, server.url, heatdesk_home, lambda p: p.check_key())
        assert len(server.requests) == 1
    assert state.value == "accepted"
    assert text
    assert KEY not in text


def test_each_provider_is_found_by_its_own_id() -> None:
    assert list(LOADERS) == IDS
    assert [LOADERS[provider_id]().spec.id for provider_id in IDS] == IDS

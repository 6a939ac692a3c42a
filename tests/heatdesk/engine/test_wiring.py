from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from heatdesk.engine import Engine
from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import KeyMissing, ProviderError, UsageError, VaultLocked
from heatdesk.frames import CohortSub, DotSub, Frame, KeyState, Subscription
from heatdesk.net.ledger import Ledger
from heatdesk.providers import PROVIDERS
from heatdesk.providers.base import Provider, ProviderSpec, Span
from heatdesk.secrets import Keys, MemoryVault, RedactKeys
from heatdesk.settings import load
from heatdesk.store.market import MarketStore
from tests.heatdesk.clocks import JumpingClock

MARKER = "marker-key-0123456789abcdef"


class Keyless(Provider):
    spec = ProviderSpec("keyless", "Keyless", needs_key=False, offers=(DotSub,))

    @classmethod
    def base_url(cls, settings: Any) -> str:
        return "http://keyless.test"

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        await self.context.http.get("/x")
        return
        yield


class Recorder:
    """A transport that keeps the requests and answers all alike."""

    def __init__(self, status: int = 200, body: object = None) -> None:
        self.requests: list[httpx.Request] = []
        self.status, self.body = status, body if body is not None else {}
        self.transport = httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status, json=self.body)


class LockedVault(MemoryVault):
    def get(self, provider: str) -> str | None:
        raise VaultLocked("The keyring is locked.")


def provider_set(
    environ: Mapping[str, str],
    recorder: Recorder | None = None,
    *,
    keys: Keys | None = None,
    classes: Sequence[type[Provider]] | None = None,
) -> ProviderSet:
    settings, _ = load(Path("/nonexistent"), environ)
    keys = keys or Keys(MemoryVault(), environ)
    transport = (recorder or Recorder()).transport
    return ProviderSet(settings, keys, Ledger(), JumpingClock(), transport, classes)


def ask(providers: ProviderSet, provider_id: str, path: str = "/x") -> None:
    async def work() -> None:
        http = providers.build(provider_id).context.http
        try:
            await http.get(path)
        finally:
            await http.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("environ", "header", "url"),
    [
        ({}, "x-kiyotaka-key", "https://api.kiyotaka.ai/v1/usage"),
        (
            {"HEATDESK_PROVIDERS__KIYOTAKA__PRESET": "openmarket"},
            "x-openmarket-key",
            "https://api.openmarket.xyz/v1/usage",
        ),
        (
            {"HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL": "http://127.0.0.1:9000/"},
            "x-kiyotaka-key",
            "http://127.0.0.1:9000/v1/usage",
        ),
        (
            {"HEATDESK_PROVIDERS__KIYOTAKA__HEADER": "X-My-Key"},
            "x-my-key",
            "https://api.kiyotaka.ai/v1/usage",
        ),
    ],
)
def test_the_key_travels_in_the_header_of_the_preset_to_the_base_url_of_the_settings(
    environ: dict[str, str], header: str, url: str
) -> None:
    recorder = Recorder()
    ask(
        provider_set({**environ, "HEATDESK_KEY_KIYOTAKA": MARKER}, recorder),
        "kiyotaka",
        "/v1/usage",
    )
    (request,) = recorder.requests
    assert str(request.url) == url
    assert request.headers[header] == MARKER
    assert "authorization" not in request.headers


@pytest.mark.parametrize("provider_id", ["sharpe", "hypertracker"])
def test_bearer_keys_go_to_their_own_provider_only(provider_id: str) -> None:
    recorder = Recorder()
    environ = {f"HEATDESK_KEY_{provider_id.upper()}": MARKER}
    ask(provider_set(environ, recorder), provider_id)
    assert recorder.requests[0].headers["authorization"] == f"Bearer {MARKER}"
    other = "hypertracker" if provider_id == "sharpe" else "sharpe"
    with pytest.raises(KeyMissing):
        ask(provider_set(environ, recorder), other)
    assert len(recorder.requests) == 1


def test_a_missing_key_says_which_one_and_where_to_enter_it() -> None:
    recorder = Recorder()
    with pytest.raises(KeyMissing) as caught:
        ask(provider_set({"HEATDESK_KEY_KIYOTAKA": "  "}, recorder), "kiyotaka")
    words = "Kiyotaka needs a key: enter it in Settings > Keys."
    assert caught.value.user_message == words
    assert recorder.requests == []


def test_a_locked_keyring_is_a_missing_key_that_says_which_and_why() -> None:
    with pytest.raises(KeyMissing) as caught:
        ask(provider_set({}, keys=Keys(LockedVault(), {})), "sharpe")
    words = "Sharpe needs a key: enter it in Settings > Keys. The keyring is locked."
    assert caught.value.user_message == words


def test_a_provider_without_a_key_never_touches_the_vault() -> None:
    recorder = Recorder()
    providers = provider_set({}, recorder, keys=Keys(LockedVault(), {}), classes=(Keyless,))
    ask(providers, "keyless")
    assert len(recorder.requests) == 1


def test_the_limits_follow_the_tier() -> None:
    environ = {"HEATDESK_PROVIDERS__KIYOTAKA__TIER": "basic"}
    limits = provider_set(environ).build("kiyotaka").limits()
    assert (limits.minute, limits.burst, limits.day) == (50, 100, None)
    free = provider_set({}).build("kiyotaka").limits()
    assert (free.minute, free.burst, free.day) == (10, 20, 1000)


def test_an_unknown_provider_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="kiyotaka"):
        provider_set({}).build("nobody")


def test_every_provider_can_be_built_and_has_an_id_of_its_own() -> None:
    providers = provider_set({})
    specs = providers.specs()
    assert len({spec.id for spec in specs}) == len(specs) == len(PROVIDERS)
    assert [providers.build(spec.id).spec for spec in specs] == list(specs)


def test_costs_are_told_without_sending_anything() -> None:
    recorder = Recorder()
    cost = provider_set({}, recorder).cost(CohortSub("hypertracker"))
    assert cost.update == 1
    assert recorder.requests == []


def test_other_settings_count_from_the_next_build() -> None:
    providers = provider_set({})
    changed, _ = load(Path("/nonexistent"), {"HEATDESK_PROVIDERS__KIYOTAKA__TIER": "standard"})
    providers.replace_settings(changed)
    assert providers.build("kiyotaka").limits().minute == 100


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500])
def test_a_key_is_found_in_no_log_status_error_or_repr(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(status, {"message": f"what about {MARKER}"})
    environ = {"HEATDESK_KEY_SHARPE": MARKER}
    keys = Keys(MemoryVault(), environ)
    providers = provider_set(environ, recorder, keys=keys)
    store, sub = MarketStore(), DotSub("sharpe")
    engine = Engine(store, providers.build, JumpingClock(), jitter=lambda: 0.0)

    async def work() -> list[object]:
        running = asyncio.create_task(engine.run())
        engine.want(frozenset({sub}))
        for _ in range(100):
            await asyncio.sleep(0.001)
            if store.status(sub).problem:
                break
        checked = await engine.check_key("sharpe")
        engine.stop()
        await running
        return [checked, store.status(sub), store.providers(), providers, keys, engine]

    with caplog.at_level(logging.DEBUG):
        caplog.handler.addFilter(RedactKeys(keys))
        told = asyncio.run(work())
    assert recorder.requests
    assert not any(MARKER in repr(thing) for thing in told)
    assert MARKER not in caplog.text
    assert store.status(sub).problem


def test_a_refused_key_is_reported_by_the_check() -> None:
    recorder = Recorder(401, {"detail": "Invalid API key"})
    providers = provider_set({"HEATDESK_KEY_SHARPE": MARKER}, recorder)
    engine = Engine(MarketStore(), providers.build, JumpingClock())

    async def work() -> tuple[KeyState, str]:
        running = asyncio.create_task(engine.run())
        answer = await engine.check_key("sharpe")
        engine.stop()
        await running
        return answer

    state, text = asyncio.run(work())
    assert state is KeyState.REJECTED
    assert "Invalid API key." in text


def test_provider_errors_raised_through_the_wiring_carry_the_provider() -> None:
    with pytest.raises(ProviderError) as caught:
        ask(provider_set({"HEATDESK_KEY_SHARPE": MARKER}, Recorder(500)), "sharpe")
    assert caught.value.provider == "sharpe"

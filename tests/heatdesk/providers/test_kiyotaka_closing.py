"""A panel that is closed while its answer comes leaves nothing behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from heatdesk.engine import Engine
from heatdesk.engine.wiring import ProviderSet
from heatdesk.net import body as body_module
from heatdesk.net.ledger import Ledger
from heatdesk.providers import kiyotaka_wire as wire
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.store.market import MarketStore
from tests.heatdesk.providers.test_kiyotaka import BUCKET_MS, SteppingClock, load_settings
from tests.heatdesk.providers.test_kiyotaka_pieces import NAMED, SUB, answer, book_points

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Endless(httpx.AsyncByteStream):
    """A body that stops in the middle and never ends."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.text
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.closed = True


async def until(done: Callable[[], bool]) -> None:
    for _ in range(2000):
        if done():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never came to that")


def test_a_panel_that_closes_mid_download_lets_the_connection_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "GROUP_LEVELS", 40)
    monkeypatch.setattr(body_module, "CHUNK_BYTES", 1024)
    times_s = [BUCKET_MS // 1000 - 60 * k for k in range(200, 0, -1)]
    text = answer({"id": NAMED, "points": book_points(times_s)})
    body = Endless(text[:-200])
    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=body))
    environ = {"HEATDESK_KEY_KIYOTAKA": "test-key"}
    settings, _ = load_settings(environ)
    clock, ledger, store = SteppingClock(), Ledger(), MarketStore()
    providers = ProviderSet(settings, Keys(MemoryVault(), environ), ledger, clock, transport)

    async def scenario() -> None:
        engine = Engine(store, providers.build, clock, lambda: 0.0)
        engine.want(frozenset({SUB}))
        running = asyncio.create_task(engine.run())
        await until(lambda: store.heatmap(SUB) is not None)
        assert not body.closed
        engine.want(frozenset())
        await until(lambda: body.closed)
        engine.stop()
        await running
        await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    asyncio.run(scenario())
    assert store.covered(SUB) == []
    ledger.close()

"""What a sentence names when nothing comes through: the venue, and an address only the user set."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import ProviderError, Unreachable
from heatdesk.net.ledger import Ledger
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from heatdesk.units import SystemClock
from tests.app.no_venues import NO_VENUES
from tests.servers.base import ClosedPort
from tests.servers.venues.catalogue import VENUES, default_data_dir
from tests.servers.venues.driving import book

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER = "binance-usdm"


def error_of(environ: Mapping[str, str], seconds: float = 10.0) -> ProviderError:
    """The failure that the book of a venue ends with."""

    async def work() -> ProviderError:
        settings, _ = load(Path("nowhere"), environ)
        ledger = Ledger()
        providers = ProviderSet(settings, Keys(MemoryVault(), {}), ledger, SystemClock())
        provider = providers.build(PROVIDER)
        stream = provider.stream(book(PROVIDER), ())
        try:
            async with asyncio.timeout(seconds):
                async for _ in stream:
                    pass
        except ProviderError as error:
            return error
        finally:
            await stream.aclose()  # type: ignore[attr-defined]
            await provider.context.http.close()
            ledger.close()
        raise AssertionError("it ended without a failure")

    return asyncio.run(work())


@pytest.mark.parametrize("part", ["requests", "feeds"])
def test_an_address_of_the_user_is_named_beside_the_venue(part: str) -> None:
    make = VENUES[PROVIDER]
    with make(False, default_data_dir(), levels=20) as server, ClosedPort() as nobody:
        dead = {
            "requests": {"HEATDESK_PROVIDERS__BINANCE_USDM__REST_URL": nobody.url},
            "feeds": {"HEATDESK_PROVIDERS__BINANCE_USDM__WS_URL": nobody.url.replace("http", "ws")},
        }
        error = error_of({**NO_VENUES, **server.environment(), **dead[part]})
    assert isinstance(error, Unreachable)
    assert error.user_message.startswith("Binance Perp at 127.0.0.1")
    assert "address in the settings" in error.user_message

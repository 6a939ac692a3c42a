"""Who tells us: one file per provider, one function and one line in `LOADERS`.

Imports frames, net, settings and what lies below; never the store, the engine or Qt.
To add a provider: a module with a `Provider` subclass and pure ``parse_`` functions beside it,
one line in the table, example payloads under ``tests/``. A provider is imported when it is asked
for: the demo desk opens without the decoders of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heatdesk.providers.base import Provider


def _kiyotaka() -> type[Provider]:
    from heatdesk.providers.kiyotaka import Kiyotaka

    return Kiyotaka


def _sharpe() -> type[Provider]:
    from heatdesk.providers.sharpe import Sharpe

    return Sharpe


def _hypertracker() -> type[Provider]:
    from heatdesk.providers.hypertracker import HyperTracker

    return HyperTracker


def _binance_usdm() -> type[Provider]:
    from heatdesk.providers.binance_usdm import BinanceUsdm

    return BinanceUsdm


def _binance_spot() -> type[Provider]:
    from heatdesk.providers.binance_spot import BinanceSpot

    return BinanceSpot


def _bybit() -> type[Provider]:
    from heatdesk.providers.bybit import Bybit

    return Bybit


def _kraken() -> type[Provider]:
    from heatdesk.providers.kraken import Kraken

    return Kraken


def _gemini() -> type[Provider]:
    from heatdesk.providers.gemini import Gemini

    return Gemini


def _hyperliquid() -> type[Provider]:
    from heatdesk.providers.hyperliquid import Hyperliquid

    return Hyperliquid


def _coingecko() -> type[Provider]:
    from heatdesk.providers.coingecko import CoinGecko

    return CoinGecko


def _happened() -> type[Provider]:
    from heatdesk.providers.happened import HappenedProvider

    return HappenedProvider


def _exchanges() -> type[Provider]:
    from heatdesk.providers.exchanges import Exchanges

    return Exchanges


def _demo() -> type[Provider]:
    from heatdesk.providers.demo import Demo

    return Demo


LOADERS: dict[str, Callable[[], type[Provider]]] = {
    "kiyotaka": _kiyotaka,
    "sharpe": _sharpe,
    "hypertracker": _hypertracker,
    "binance-usdm": _binance_usdm,
    "binance-spot": _binance_spot,
    "bybit": _bybit,
    "kraken": _kraken,
    "gemini": _gemini,
    "hyperliquid": _hyperliquid,
    "coingecko": _coingecko,
    "happened": _happened,
    "exchanges": _exchanges,
    "demo": _demo,
}
"""Every provider there is, by id, in the order the status bar shows them."""

PROVIDERS: tuple[type[Provider], ...]
"""All of them; they are imported when this is asked for."""


def __getattr__(name: str) -> object:
    if name != "PROVIDERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuple(load() for load in LOADERS.values())

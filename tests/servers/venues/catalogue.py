"""Every loopback venue with the markets it lists; which recording stands for which."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.venues import recorded, recorded_sessions
from tests.servers.venues.binance_spot import BinanceSpotServer
from tests.servers.venues.binance_usdm import BinanceUsdmServer
from tests.servers.venues.bybit import BybitServer
from tests.servers.venues.gemini import GeminiServer
from tests.servers.venues.generated import Generated
from tests.servers.venues.hyperliquid import HyperliquidServer
from tests.servers.venues.kraken import KrakenServer
from tests.servers.venues.market import Play, Source, Spec

if TYPE_CHECKING:
    from tests.servers.venues.server import VenueServer

MakePlay = Callable[[int], Play]


def default_data_dir() -> Path:
    """HEATDESK_TEST_DATA, else the data beside the checkout."""
    stored = os.environ.get("HEATDESK_TEST_DATA")
    return Path(stored) if stored else Path(__file__).parents[4] / "shared" / "data"


def generated(spec: Spec, price: float, **options: Any) -> Callable[[], Source]:
    """A generated market, made when its venue starts."""
    return lambda: Generated(spec, price, **options)


def plays(listings: list[tuple[Spec, Callable[[], Source]]], **options: Any) -> list[MakePlay]:
    """What a server makes its markets of, with `rate`, `skew_ms` and `keep_ms`."""

    def maker(spec: Spec, source: Callable[[], Source]) -> MakePlay:
        return lambda start_ms: Play(spec, source(), start_ms, **options)

    return [maker(spec, source) for spec, source in listings]


USDM_BTC = Spec("BTCUSDT", "BTC", "USDT", 2, 3, 10, perpetual=True)
USDM_ETH = Spec("ETHUSDT", "ETH", "USDT", 2, 3, 1, perpetual=True)
USDM_OTHERS = (
    Spec("PAUSEDUSDT", "PAUSED", "USDT", 4, 0, 1, perpetual=True, status="PENDING_TRADING"),
    Spec("GONEUSDT", "GONE", "USDT", 4, 0, 1, perpetual=True, status="SETTLING"),
    Spec("BTCUSDT_261225", "BTC", "USDT", 1, 3, 1, perpetual=True, contract="CURRENT_QUARTER"),
    Spec("DUSTUSDT", "DUST", "USDT", 12, 0, 1, perpetual=True),
)
"""Markets with something about them: paused, delisted, dated, prices with twelve decimals."""


SPOT_BTC = Spec("BTCUSDT", "BTC", "USDT", 8, 8, 1_000_000)
SPOT_ETH = Spec("ETHUSDT", "ETH", "USDT", 8, 8, 1_000_000)
SPOT_OTHERS = (
    Spec("HALTUSDT", "HALT", "USDT", 8, 8, 10_000, status="BREAK"),
    Spec("BTCUSDC", "BTC", "USDC", 8, 8, 1_000_000),
)
BYBIT_BTC = Spec("BTCUSDT", "BTC", "USDT", 2, 3, 10, perpetual=True, status="Trading")
BYBIT_ETH = Spec("ETHUSDT", "ETH", "USDT", 2, 2, 1, perpetual=True, status="Trading")
BYBIT_OTHERS = (
    Spec("BTCUSDT", "BTC", "USDT", 1, 6, 1, status="Trading"),
    Spec("ETHUSDT", "ETH", "USDT", 2, 5, 1, status="Trading"),
    Spec("SOONUSDT", "SOON", "USDT", 4, 0, 1, perpetual=True, status="PreLaunch"),
)
KRAKEN_BTC = Spec("BTC/USD", "BTC", "USD", 1, 8, 1, status="online")
KRAKEN_ETH = Spec("ETH/USD", "ETH", "USD", 2, 8, 1, status="online")
KRAKEN_OTHERS = (Spec("HALT/USD", "HALT", "USD", 4, 8, 1, status="cancel_only"),)
GEMINI_BTC = Spec("BTCUSD", "BTC", "USD", 2, 8, 1, status="open")
GEMINI_ETH = Spec("ETHUSD", "ETH", "USD", 2, 6, 1, status="open")
GEMINI_OTHERS = (Spec("HALTUSD", "HALT", "USD", 4, 6, 1, status="closed"),)
HYPERLIQUID_BTC = Spec("BTC", "BTC", "USD", 1, 5, 10, perpetual=True)
HYPERLIQUID_ETH = Spec("ETH", "ETH", "USD", 1, 4, 1, perpetual=True)
HYPERLIQUID_OTHERS = (Spec("GONE", "GONE", "USD", 4, 1, 1, perpetual=True, status="DELISTED"),)
HYPERLIQUID_PACE_MS = 500
"""It sends whole books, and twice a second at most."""
PRICES = {"BTC": 70_800.0, "ETH": 2480.0, "DUST": 0.000000123456}


def usdm(recording: bool = False, data: Path | None = None, **options: Any) -> VenueServer:
    """Binance USD-M futures; BTCUSDT as recorded or generated."""
    path = (data or default_data_dir()) / recorded.USDM
    source = (lambda: recorded.binance(path)) if recording else None
    return _served(BinanceUsdmServer, source, (USDM_BTC, USDM_ETH, *USDM_OTHERS), options)


def spot(recording: bool = False, data: Path | None = None, **options: Any) -> VenueServer:
    """Binance spot; BTCUSDT as recorded or generated."""
    paths = [(data or default_data_dir()) / path for path in recorded.SPOT]
    source = (lambda: recorded.binance(*paths)) if recording else None
    return _served(BinanceSpotServer, source, (SPOT_BTC, SPOT_ETH, *SPOT_OTHERS), options)


def bybit(recording: bool = False, data: Path | None = None, **options: Any) -> VenueServer:
    """Bybit; BTCUSDT linear as recorded or generated."""
    path = (data or default_data_dir()) / recorded.BYBIT
    source = (lambda: recorded_sessions.bybit(path, "BTCUSDT")) if recording else None
    return _served(BybitServer, source, (BYBIT_BTC, BYBIT_ETH, *BYBIT_OTHERS), options)


def kraken(recording: bool = False, data: Path | None = None, **options: Any) -> VenueServer:
    """Kraken; always generated: its recording is of other markets and an older form."""
    return _served(KrakenServer, None, (KRAKEN_BTC, KRAKEN_ETH, *KRAKEN_OTHERS), options)


def gemini(recording: bool = False, data: Path | None = None, **options: Any) -> VenueServer:
    """Gemini; BTCUSD as recorded from its older feed, told in the new form, or generated."""
    path = (data or default_data_dir()) / recorded.GEMINI
    source = (lambda: recorded_sessions.gemini(path, "BTCUSD")) if recording else None
    return _served(GeminiServer, source, (GEMINI_BTC, GEMINI_ETH, *GEMINI_OTHERS), options)


def hyperliquid(recording: bool = False, data: Path | None = None, **options: Any) -> VenueServer:
    """Hyperliquid; BTC as recorded (its best 20 levels) or generated."""
    path = (data or default_data_dir()) / recorded.HYPERLIQUID
    source = (lambda: recorded_sessions.hyperliquid(path)) if recording else None
    specs = (HYPERLIQUID_BTC, HYPERLIQUID_ETH, *HYPERLIQUID_OTHERS)
    return _served(HyperliquidServer, source, specs, options, step_ms=HYPERLIQUID_PACE_MS)


def _served(
    server: type[VenueServer],
    first: Callable[[], Source] | None,
    specs: tuple[Spec, ...],
    options: dict[str, Any],
    **of_market: Any,
) -> VenueServer:
    """A server whose first two markets are full and whose others are small."""
    if "levels" in options:
        of_market["levels"] = options.pop("levels")
    of_server, of_play = _split(options)
    listings: list[tuple[Spec, Callable[[], Source]]] = []
    for number, spec in enumerate(specs):
        small = {} if spec.coin in ("BTC", "ETH") else {"levels": 50, "changes": 2}
        source = generated(spec, PRICES.get(spec.coin, 1.25), **{**of_market, **small})
        listings.append((spec, first if first is not None and number == 0 else source))
    return server(plays(listings, **of_play), **of_server)


def _split(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the server, and of its markets."""
    of_play = {"rate", "skew_ms", "keep_ms"}
    return (
        {name: value for name, value in options.items() if name not in of_play},
        {name: value for name, value in options.items() if name in of_play},
    )


VENUES: dict[str, Callable[..., VenueServer]] = {
    "binance-usdm": usdm,
    "binance-spot": spot,
    "bybit": bybit,
    "kraken": kraken,
    "gemini": gemini,
    "hyperliquid": hyperliquid,
}
"""How each venue is made, by provider id."""

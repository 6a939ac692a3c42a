"""The sections of the settings: one for each provider, and how things are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from heatdesk.settings.descriptions import (
    Value,
    check_header,
    check_needed_url,
    check_needed_ws_url,
    check_url,
    check_zone,
    setting,
)
from heatdesk.units import LOCAL_ZONE, NUMBER_FORMATS, zone_names

KIYOTAKA_PRESETS: Final[dict[str, tuple[str, str]]] = {
    "kiyotaka": ("https://api.kiyotaka.ai", "X-Kiyotaka-Key"),
    "openmarket": ("https://api.openmarket.xyz", "X-OpenMarket-Key"),
}
"""Base URL and key header of each brand of the same service."""


@dataclass(frozen=True, slots=True)
class KiyotakaSettings:
    """The Kiyotaka Data API, also branded OpenMarket."""

    preset: str = setting(
        "kiyotaka",
        "Service",
        "Which brand of the service the key belongs to.",
        choices=tuple(KIYOTAKA_PRESETS),
    )
    base_url: str = setting("", "Base URL", "Empty: the address of the service.", check=check_url)
    header: str = setting("", "Key header", "Empty: the header of the service.", check=check_header)
    tier: str = setting(
        "free",
        "Plan",
        "Its limits are kept; the free plan is assumed because it never overspends.",
        choices=("free", "basic", "standard", "advanced", "enterprise"),
    )

    @property
    def resolved_base_url(self) -> str:
        """The address to ask."""
        return self.base_url or KIYOTAKA_PRESETS[self.preset][0]

    @property
    def resolved_header(self) -> str:
        """The header that carries the key; another base URL does not change it."""
        return self.header or KIYOTAKA_PRESETS[self.preset][1]


@dataclass(frozen=True, slots=True)
class SharpeSettings:
    """The Sharpe AI API."""

    base_url: str = setting("https://www.sharpe.ai/api/v1", "Base URL", check=check_needed_url)
    tier: str = setting(
        "free",
        "Plan",
        "Its limits are kept.",
        choices=("free", "analyst", "pro", "enterprise"),
    )
    period_s: int = setting(
        300, "Update every", "How often the market map is asked.", unit="s", limits=(60, 86_400)
    )
    logos: bool = setting(False, "Load logos", "Fetches pictures from other addresses.")


@dataclass(frozen=True, slots=True)
class HyperTrackerSettings:
    """The HyperTracker API."""

    base_url: str = setting(
        "https://ht-api.coinmarketman.com/api/external", "Base URL", check=check_needed_url
    )
    plan: str = setting(
        "free",
        "Plan",
        "Its limits are kept.",
        choices=("free", "pulse", "surge", "flow", "stream"),
    )
    daily_reserve: int = setting(
        4,
        "Calls kept back",
        "So many calls of the day are left for other programs that use the key.",
        unit="calls",
        limits=(0, 99),
    )


def _rest(address: str) -> str:
    return setting(
        address, "Address of requests", "Instruments, snapshots, candles.", check=check_needed_url
    )


def _ws(address: str) -> str:
    return setting(address, "Address of live feeds", "Without the path.", check=check_needed_ws_url)


@dataclass(frozen=True, slots=True)
class BinanceUsdmSettings:
    """Binance USD-M futures, live."""

    rest_url: str = _rest("https://fapi.binance.com")
    ws_url: str = _ws("wss://fstream.binance.com")


@dataclass(frozen=True, slots=True)
class BinanceSpotSettings:
    """Binance spot, live: the hosts that serve market data only."""

    rest_url: str = _rest("https://data-api.binance.vision")
    ws_url: str = _ws("wss://data-stream.binance.vision")


@dataclass(frozen=True, slots=True)
class BybitSettings:
    """Bybit, live."""

    rest_url: str = _rest("https://api.bybit.com")
    ws_url: str = _ws("wss://stream.bybit.com")


@dataclass(frozen=True, slots=True)
class KrakenSettings:
    """Kraken spot, live."""

    rest_url: str = _rest("https://api.kraken.com")
    ws_url: str = _ws("wss://ws.kraken.com")


@dataclass(frozen=True, slots=True)
class GeminiSettings:
    """Gemini spot, live."""

    rest_url: str = _rest("https://api.gemini.com")
    ws_url: str = _ws("wss://ws.gemini.com")


@dataclass(frozen=True, slots=True)
class HyperliquidSettings:
    """Hyperliquid, live."""

    rest_url: str = _rest("https://api.hyperliquid.xyz")
    ws_url: str = _ws("wss://api.hyperliquid.xyz")


@dataclass(frozen=True, slots=True)
class CoinGeckoSettings:
    """The public CoinGecko API."""

    base_url: str = setting("https://api.coingecko.com/api/v3", "Base URL", check=check_needed_url)
    tier: str = setting(
        "keyless",
        "Plan",
        "Its limits are kept; the free demo plan needs a key, and is refused less often.",
        choices=("keyless", "demo"),
    )
    coins: int = setting(
        100,
        "Coins of a category",
        "The largest by market cap; each 250 cost one call.",
        limits=(50, 1000),
    )
    period_s: int = setting(
        300, "Update every", "How often the market map is asked.", unit="s", limits=(60, 86_400)
    )


@dataclass(frozen=True, slots=True)
class ProvidersSettings:
    """One section for each provider; ``-`` of an id is written ``_``."""

    kiyotaka: KiyotakaSettings = KiyotakaSettings()
    sharpe: SharpeSettings = SharpeSettings()
    hypertracker: HyperTrackerSettings = HyperTrackerSettings()
    binance_usdm: BinanceUsdmSettings = BinanceUsdmSettings()
    binance_spot: BinanceSpotSettings = BinanceSpotSettings()
    bybit: BybitSettings = BybitSettings()
    kraken: KrakenSettings = KrakenSettings()
    gemini: GeminiSettings = GeminiSettings()
    hyperliquid: HyperliquidSettings = HyperliquidSettings()
    coingecko: CoinGeckoSettings = CoinGeckoSettings()


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """How things are shown."""

    theme: str = setting(
        "dark",
        "Theme",
        "Charts go back to their newest column when it changes.",
        choices=("dark", "light"),
        titles=("Dark", "Light"),
        live=True,
    )
    colours: str = setting(
        "green-up",
        "Rising and falling",
        "Candles, changes and the sides of trades. Charts go back to their newest column when it"
        " changes.",
        choices=("green-up", "red-up", "colour-blind"),
        titles=(
            "Green up, red down",
            "Red up, green down",
            "Blue up, orange down (colour-blind safe)",
        ),
        live=True,
    )
    swap_sides: bool = setting(
        False,
        "Swap the colours of bids and asks",
        "In bars, totals and cards. A heatmap in two colours has a swapped choice of its own.",
        live=True,
    )
    utc: bool = setting(False, "Time in UTC", "Otherwise the time zone below.", live=True)
    zone: str = setting(
        LOCAL_ZONE,
        "Time zone",
        "local is the zone of this computer; or a name such as Europe/Berlin. Counts while"
        " Time in UTC is off.",
        check=check_zone,
        offers=zone_names,
        live=True,
    )
    numbers: str = setting(
        NUMBER_FORMATS[0],
        "Numbers",
        "How figures are written on screen; what is copied or exported stays plain.",
        choices=NUMBER_FORMATS,
        live=True,
    )
    render_path: str = setting(
        "auto",
        "Heatmaps are drawn by",
        "Automatic: the graphics card where there is a real one, else the processor. A change"
        " counts from the next start.",
        choices=("auto", "gpu", "cpu"),
        titles=("Automatic", "Graphics card (OpenGL)", "Processor"),
    )


@dataclass(frozen=True, slots=True)
class PerformanceSettings:
    """What the desk may take of this computer."""

    frame_rate: int = setting(
        60,
        "Most pictures drawn",
        "Fewer save power; nothing is missed, it shows a little later.",
        unit="a second",
        limits=(5, 60),
        live=True,
    )
    memory_mib: int = setting(
        2_048,
        "Memory for heatmaps",
        "Of all charts together. A chart in minutes keeps up to 320 MiB, a live one 112 MiB;"
        " where that is more in all, each gets its share and its oldest columns go first.",
        unit="MiB",
        limits=(256, 262_144),
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree.

    ``overridden`` holds the paths set by the environment and their values; they are in force
    but never saved.
    """

    providers: ProvidersSettings = ProvidersSettings()
    view: ViewSettings = ViewSettings()
    performance: PerformanceSettings = PerformanceSettings()
    overridden: tuple[tuple[tuple[str, ...], Value], ...] = field(
        default=(), repr=False, compare=False
    )

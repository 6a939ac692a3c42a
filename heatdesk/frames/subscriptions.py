"""What a panel can want: hashable, complete, and the key under which the store keeps the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from heatdesk.units import MINUTE_MS


class Quote(Enum):
    """What quantities are counted in."""

    COIN = "coin"
    USD = "usd"


class Resolution(Enum):
    """Height of one level: 4K is the block size the provider recommends, HD five times that."""

    UHD = "4k"
    HD = "hd"

    @property
    def multiple(self) -> int:
        """How many recommended block sizes one level is high."""
        return 1 if self is Resolution.UHD else 5


@dataclass(frozen=True, slots=True)
class BookSub:
    """Resting liquidity by price over time.

    Attributes
    ----------
    provider : str
        Who tells us.
    venues : tuple of str
        Venue ids; several are summed level by level.
    symbol : str
        The venue's symbol; empty when asked by coin (always so with several venues).
    coin : str
        Base asset; empty when asked by symbol.
    block_size : float or None
        Height of a level in USD; None means ``resolution`` decides.
    depth : int or None
        Levels per side; None leaves it to the provider.
    points : int
        Buckets of history to fill.
    """

    provider: str
    venues: tuple[str, ...] = ("BINANCE_FUTURES",)
    symbol: str = "BTCUSDT"
    coin: str = ""
    interval_ms: int = MINUTE_MS
    resolution: Resolution = Resolution.UHD
    block_size: float | None = None
    depth: int | None = 500
    quote: Quote = Quote.COIN
    points: int = 1000


@dataclass(frozen=True, slots=True)
class LiquidationSub:
    """Would-be liquidations by price over time (Hyperliquid positions).

    ``depth`` is the number of levels, None leaves it to the provider; ``points`` as in `BookSub`.
    """

    provider: str
    coin: str = "BTC"
    interval_ms: int = 5 * MINUTE_MS
    depth: int | None = None
    quote: Quote = Quote.USD
    points: int = 288


@dataclass(frozen=True, slots=True)
class CandleSub:
    """Open, high, low, close, volume. Asked by symbol, or by coin where ``symbol`` is empty."""

    provider: str
    venue: str = "BINANCE_FUTURES"
    symbol: str = "BTCUSDT"
    coin: str = ""
    interval_ms: int = MINUTE_MS
    points: int = 1000


@dataclass(frozen=True, slots=True)
class TradeSub:
    """Every trade of an instrument, from now on and as far back as the venue sends at first."""

    provider: str
    venue: str = "BINANCE_FUTURES"
    symbol: str = "BTCUSDT"


@dataclass(frozen=True, slots=True)
class LiquidationEventSub:
    """Liquidations of an instrument that happened, from now on."""

    provider: str
    venue: str = "BINANCE_FUTURES"
    symbol: str = "BTCUSDT"


@dataclass(frozen=True, slots=True)
class DotSub:
    """The market map: relative volume against performance.

    ``mode`` is ``coins``, ``narratives`` or ``ecosystems``; ``category`` counts for coins only.
    """

    provider: str
    mode: str = "coins"
    category: str = "top-100"


@dataclass(frozen=True, slots=True)
class CohortSub:
    """Positions by coin and trader cohort; ``opened_within`` is 24h, 7d, 30d or all."""

    provider: str
    opened_within: str = "all"


@dataclass(frozen=True, slots=True)
class MarketSub:
    """Which venues and symbols a provider knows; helps to choose, never refuses."""

    provider: str


Subscription = (
    BookSub
    | LiquidationSub
    | CandleSub
    | TradeSub
    | LiquidationEventSub
    | DotSub
    | CohortSub
    | MarketSub
)
"""Anything a panel can want."""

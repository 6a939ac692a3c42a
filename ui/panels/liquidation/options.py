"""What a user chose for a liquidation panel, and the subscriptions that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from heatdesk.analytics.liquidation import BAND_RATIO
from heatdesk.frames import CandleSub, LiquidationSub, MarketSub, Quote
from heatdesk.units import DAY_MS, INTERVALS_MS, MINUTE_MS
from heatdesk.units import interval_label as label_of
from heatdesk.views.colourings import offered

VENUE = "HYPERLIQUID_FUTURES"
BAND_RATIOS = (0.0001, 0.0002, BAND_RATIO, 0.001, 0.0025, 0.005)
DEPTHS = (0, 500, 1500, 3000)


@dataclass(frozen=True, slots=True)
class LiquidationOptions:
    """What the user chose.

    Attributes
    ----------
    band_ratio : float
        Height of a band as a share of the price; it is rounded to a round figure.
    depth : int
        Levels asked for, 0 leaves it to the provider.
    palette : str
        Name of a colouring that has one ramp.
    numbers : bool
        Whether large bands say what they hold.
    """

    coin: str = "BTC"
    interval_ms: int = 5 * MINUTE_MS
    quote: Quote = Quote.USD
    band_ratio: float = BAND_RATIO
    depth: int = 0
    palette: str = "liquidation"
    numbers: bool = True

    @property
    def points(self) -> int:
        """Buckets of history: a day, at least 100 and at most 1,000."""
        return min(1000, max(100, DAY_MS // self.interval_ms))

    @property
    def home_span_s(self) -> float:
        """Time a fresh view shows."""
        return self.points * self.interval_ms / 1000

    def sub(self, provider: str) -> LiquidationSub:
        """The levels."""
        depth = self.depth or None
        return LiquidationSub(provider, self.coin, self.interval_ms, depth, self.quote, self.points)

    def candle_sub(self, provider: str) -> CandleSub:
        """Candles of the same venue."""
        return CandleSub(provider, VENUE, self.coin, "", self.interval_ms, self.points)

    def market_sub(self, provider: str) -> MarketSub:
        """The list that helps to choose."""
        return MarketSub(provider)

    def saved(self) -> dict[str, str | int | float | bool | list[str]]:
        """Plain values for the layout file."""
        return {
            "coin": self.coin,
            "interval": label_of(self.interval_ms),
            "quote": self.quote.value,
            "band_ratio": self.band_ratio,
            "depth": self.depth,
            "palette": self.palette,
            "numbers": self.numbers,
        }

    @classmethod
    def loaded(cls, saved: Mapping[str, object]) -> LiquidationOptions:
        """Options from the layout file; a value that makes no sense keeps the default."""
        options = cls()
        coin, interval, quote = (saved.get(name) for name in ("coin", "interval", "quote"))
        if isinstance(coin, str) and 0 < len(coin.strip()) <= 20 and coin.isprintable():
            options = replace(options, coin=coin.strip())
        if isinstance(interval, str) and interval in INTERVALS_MS:
            options = replace(options, interval_ms=INTERVALS_MS[interval])
        if isinstance(quote, str) and quote in {q.value for q in Quote}:
            options = replace(options, quote=Quote(quote))
        band, depth = saved.get("band_ratio"), saved.get("depth")
        if isinstance(band, float) and band in BAND_RATIOS:
            options = replace(options, band_ratio=band)
        if isinstance(depth, int) and depth in DEPTHS:
            options = replace(options, depth=int(depth))
        if saved.get("grey") is True:  # as earlier versions wrote it
            options = replace(options, palette="grey")
        if str(saved.get("palette")) in {each.name for each in offered(sides=False)}:
            options = replace(options, palette=str(saved["palette"]))
        if isinstance(saved.get("numbers"), bool):
            options = replace(options, numbers=bool(saved["numbers"]))
        return options


def depth_choice_text(depth: int) -> str:
    """Words of a depth."""
    return f"{depth:,} levels" if depth else "All levels"

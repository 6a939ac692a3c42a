"""What a user chose for a liquidation panel, and the subscriptions that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from heatdesk.analytics.liquidation import BAND_RATIO
from heatdesk.frames import (
    LIQUIDATION_VENUES,
    CandleSub,
    LiquidationEventSub,
    LiquidationSub,
    MarketSub,
    Quote,
)
from heatdesk.units import DAY_MS, INTERVALS_MS, MINUTE_MS
from heatdesk.units import interval_label as label_of
from heatdesk.views.colourings import offered
from heatdesk.views.target import Target

VENUE = "HYPERLIQUID_FUTURES"
HAPPENED, LEVELS = "happened", "kiyotaka"
"""Providers of liquidations that happened, which need no key, and of would-be ones."""
HAPPENED_TEXT = "Happened: Binance Perp (sampled) and Bybit Perp, no key"
LEVELS_TEXT = "Would-be levels: Hyperliquid positions (Kiyotaka key)"
HAPPENED_SUBTITLE = "Happened · Binance (sampled: an undercount) + Bybit"
PRICE_VENUE = LIQUIDATION_VENUES["BINANCE_FUTURES"]
"""Whose price is drawn under liquidations that happened."""
HAPPENED_POINTS = 240
BAND_RATIOS = (0.0001, 0.0002, BAND_RATIO, 0.001, 0.0025, 0.005)
DEPTHS = (0, 500, 1500, 3000)
LIVE_INTERVALS_MS = {"5s": 5_000, "15s": 15_000, "1m": MINUTE_MS, "5m": 5 * MINUTE_MS}
"""Columns that liquidations that happened are shown in."""


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
    happened : bool or None
        Whether liquidations that happened are shown rather than would-be ones; None: as long as
        no key for those is known.
    live_interval_ms : int
        Width of a column of those that happened.
    """

    coin: str = "BTC"
    interval_ms: int = 5 * MINUTE_MS
    quote: Quote = Quote.USD
    band_ratio: float = BAND_RATIO
    depth: int = 0
    palette: str = "liquidation"
    numbers: bool = True
    happened: bool | None = None
    live_interval_ms: int = MINUTE_MS

    @property
    def points(self) -> int:
        """Buckets of history: a day, at least 100 and at most 1,000."""
        return min(1000, max(100, DAY_MS // self.interval_ms))

    @property
    def home_span_s(self) -> float:
        """Time a fresh view of would-be liquidations shows."""
        return self.points * self.interval_ms / 1000

    def interval_for(self, provider: str) -> int:
        """Width of a column from a provider, milliseconds."""
        return self.live_interval_ms if provider == HAPPENED else self.interval_ms

    def points_for(self, provider: str) -> int:
        """Buckets that are held of a provider."""
        return HAPPENED_POINTS if provider == HAPPENED else self.points

    def sub(self, provider: str) -> LiquidationSub:
        """The levels."""
        depth = None if provider == HAPPENED else self.depth or None
        interval_ms, points = self.interval_for(provider), self.points_for(provider)
        return LiquidationSub(provider, self.coin, interval_ms, depth, self.quote, points)

    def candle_sub(self, provider: str) -> CandleSub:
        """Candles of the same venue."""
        interval_ms, points = self.interval_for(provider), self.points_for(provider)
        if provider == HAPPENED:
            symbol = PRICE_VENUE.live_symbol_of(self.coin)
            return CandleSub(PRICE_VENUE.live, PRICE_VENUE.id, symbol, "", interval_ms, points)
        return CandleSub(provider, VENUE, self.coin, "", interval_ms, points)

    def price_sub(self, provider: str) -> CandleSub:
        """The price that is drawn."""
        return self.candle_sub(provider)

    def event_subs(self) -> tuple[LiquidationEventSub, ...]:
        """Liquidations one by one, at every venue that publishes them."""
        return tuple(
            LiquidationEventSub(venue.live, venue.id, venue.live_symbol_of(self.coin))
            for venue in LIQUIDATION_VENUES.values()
        )

    def market_sub(self, provider: str) -> MarketSub:
        """The list that helps to choose."""
        return MarketSub(PRICE_VENUE.live if provider == HAPPENED else provider)

    def target(self) -> Target:
        """The coin: its liquidations are those of several venues."""
        return Target(self.coin.upper())

    def of_target(self, target: Target, *, whole: bool) -> LiquidationOptions:
        """The options for a linked instrument: its coin."""
        del whole
        return replace(self, coin=target.coin)

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
            "happened": "auto" if self.happened is None else self.happened,
            "live_interval": label_of(self.live_interval_ms),
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
        for name in ("numbers", "happened"):
            if isinstance(saved.get(name), bool):
                options = replace(options, **{name: bool(saved[name])})  # type: ignore[arg-type]
        live = saved.get("live_interval")
        if isinstance(live, str) and live in LIVE_INTERVALS_MS:
            options = replace(options, live_interval_ms=LIVE_INTERVALS_MS[live])
        return options


def depth_choice_text(depth: int) -> str:
    """Words of a depth."""
    return f"{depth:,} levels" if depth else "All levels"

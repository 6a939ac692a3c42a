"""What a user chose for an order book panel, and the subscriptions that follow from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from heatdesk.frames import (
    VENUES,
    BookSub,
    CandleSub,
    MarketList,
    MarketSub,
    Quote,
    Resolution,
)
from heatdesk.units import INTERVALS_MS, MINUTE_MS, interval_label
from heatdesk.views.colourings import COLOURINGS
from heatdesk.views.instruments import coin_of, symbol_for, symbol_named, venues_text

DEPTHS = (100, 250, 500, 1000, 2000, 3500)
HOME_COLUMNS = 180
"""Columns a fresh view shows: three hours of minutes."""
_VENUE_ID = re.compile(r"[A-Z][A-Z0-9_]{1,39}")


@dataclass(frozen=True, slots=True)
class BookOptions:
    """Options of one panel.

    Attributes
    ----------
    symbol : str
        As its one venue writes it; with several venues ``coin`` is asked.
    block_size : float or None
        Height of a level when one was named; None leaves it to ``resolution``.
    palette : str
        Name of a colouring.
    best : bool or None
        Whether lines of the best bid and ask are drawn; None: where there are no candles.
    mid : bool
        Whether a line of the price between them is drawn.
    numbers : bool
        Whether large cells say what they hold.
    """

    venues: tuple[str, ...] = ("BINANCE_FUTURES",)
    symbol: str = "BTCUSDT"
    coin: str = "BTC"
    interval_ms: int = MINUTE_MS
    resolution: Resolution = Resolution.UHD
    depth: int | None = 500
    quote: Quote = Quote.COIN
    palette: str = "liquidity"
    cumulative: bool = True
    block_size: float | None = None
    best: bool | None = None
    mid: bool = False
    numbers: bool = True

    @property
    def several(self) -> bool:
        """Whether venues are summed."""
        return len(self.venues) > 1

    @property
    def instrument(self) -> str:
        """What is traded, as the user named it."""
        return self.coin if self.several else self.symbol

    @property
    def home_span_s(self) -> float:
        """Time a fresh view shows."""
        return HOME_COLUMNS * self.interval_ms / 1000

    @property
    def resolution_text(self) -> str:
        """4K or HD; "Block" where a height was named instead."""
        return self.resolution.value.upper() if self.block_size is None else "Block"

    def book_sub(self, provider: str) -> BookSub:
        """The book."""
        return BookSub(
            provider,
            self.venues,
            "" if self.several else self.symbol,
            self.coin if self.several else "",
            self.interval_ms,
            self.resolution,
            self.block_size,
            self.depth,
            self.quote,
        )

    def candle_sub(self, provider: str) -> CandleSub:
        """The price line: candles of the first venue."""
        several = self.several
        return CandleSub(
            provider,
            self.venues[0],
            symbol_for(self.venues[0], self.coin) if several else self.symbol,
            "",
            self.interval_ms,
        )

    def market_sub(self, provider: str) -> MarketSub:
        """The list that helps to choose."""
        return MarketSub(provider)

    def subtitle(self, block_text: str) -> str:
        """What is shown, after the title."""
        parts = (
            self.instrument,
            venues_text(self.venues),
            interval_label(self.interval_ms),
            f"{self.resolution_text} {block_text}".strip(),
        )
        return " · ".join(parts) + (" · USD" if self.quote is Quote.USD else "")

    def traded(self, venues: tuple[str, ...], name: str, markets: MarketList | None) -> BookOptions:
        """Return the options for other venues and a symbol or, with several venues, a coin."""
        name = name.strip()
        if not venues or not name:
            return self
        if len(venues) > 1:
            coin = name.upper()
            symbol = symbol_for(venues[0], coin)
        else:
            symbol = symbol_named(venues[0], name, markets)
            coin = coin_of(venues[0], symbol, markets)
        # a height of level named for one instrument makes no sense for another
        return replace(self, venues=venues, coin=coin, symbol=symbol, block_size=None)

    def saved(self) -> dict[str, str | int | float | bool | list[str]]:
        """Plain values for the layout file."""
        return {
            "venues": list(self.venues),
            "symbol": self.symbol,
            "coin": self.coin,
            "interval": interval_label(self.interval_ms),
            "resolution": self.resolution.value,
            "depth": 0 if self.depth is None else self.depth,
            "quote": self.quote.value,
            "palette": self.palette,
            "cumulative": self.cumulative,
            "block_size": self.block_size or 0.0,
            "best": "auto" if self.best is None else self.best,
            "mid": self.mid,
            "numbers": self.numbers,
        }

    @classmethod
    def loaded(cls, saved: Mapping[str, object]) -> BookOptions:
        """Options from the layout file; a value that makes no sense keeps the default."""
        options = cls()
        venues = saved.get("venues")
        if isinstance(venues, list):
            known = tuple(dict.fromkeys(v for v in venues if isinstance(v, str) and _is_venue(v)))
            options = replace(options, venues=known or options.venues)
        for name in ("symbol", "coin"):
            text = saved.get(name)
            if isinstance(text, str) and 0 < len(text.strip()) <= 40 and text.isprintable():
                options = replace(options, **{name: text.strip()})  # type: ignore[arg-type]
        interval = saved.get("interval")
        if isinstance(interval, str) and interval in INTERVALS_MS:
            options = replace(options, interval_ms=INTERVALS_MS[interval])
        if str(saved.get("resolution")) in {r.value for r in Resolution}:
            options = replace(options, resolution=Resolution(saved["resolution"]))
        if str(saved.get("quote")) in {q.value for q in Quote}:
            options = replace(options, quote=Quote(saved["quote"]))
        depth = saved.get("depth")
        if isinstance(depth, int) and not isinstance(depth, bool) and 0 <= depth <= 20_000:
            options = replace(options, depth=depth or None)
        if str(saved.get("palette")) in COLOURINGS:
            options = replace(options, palette=str(saved["palette"]))
        for name in ("cumulative", "best", "mid", "numbers"):
            if isinstance(saved.get(name), bool):
                options = replace(options, **{name: bool(saved[name])})  # type: ignore[arg-type]
        height = saved.get("block_size")
        if isinstance(height, int | float) and not isinstance(height, bool) and 0 < height < 1e9:
            options = replace(options, block_size=float(height))
        return options


def _is_venue(venue_id: str) -> bool:
    """A provider may know venues that have no name here; they are shown by their id."""
    return venue_id in VENUES or _VENUE_ID.fullmatch(venue_id) is not None

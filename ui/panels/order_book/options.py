"""What a user chose for an order book panel, and the subscriptions that follow from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from heatdesk.frames import (
    LIQUIDATION_VENUES,
    LIVE_VENUES,
    VENUES,
    BookSub,
    CandleSub,
    LiquidationEventSub,
    MarketList,
    MarketSub,
    Quote,
    Resolution,
    Subscription,
    TradeSub,
)
from heatdesk.units import FAST_INTERVALS_MS, INTERVALS_MS, MINUTE_MS, SECOND_MS, interval_label
from heatdesk.views.colourings import COLOURINGS
from heatdesk.views.instruments import coin_of, symbol_for, symbol_named, venues_text
from heatdesk.views.target import Target

LIVE = "live"
KIYOTAKA = "kiyotaka"
SOURCES = (LIVE, KIYOTAKA)
"""Where a book comes from: the venues' own feeds, which need no key, or a collector's history."""
SUMMED, DEMO = "exchanges", "demo"
"""Providers of books summed over live venues, and of the invented market."""
MARKS = ("trades", "liquidations", "delta")
_SWITCHES = ("cumulative", "best", "mid", "numbers", *MARKS)
DEPTHS = (100, 250, 500, 1000, 2000, 3500)
HOME_COLUMNS = 180
"""Columns a fresh view of a history shows: three hours of minutes."""
LIVE_HOME_COLUMNS = 120
SHORTEST_HOME_S = 60.0
"""A fresh view of a live book shows at least so much."""
LIVE_INTERVALS_MS = {**FAST_INTERVALS_MS, **{"1m": MINUTE_MS, "5m": 5 * MINUTE_MS}}
"""Columns a live book is shown in; wider ones would take hours to become a picture."""
_VENUE_ID = re.compile(r"[A-Z][A-Z0-9_]{1,39}")


@dataclass(frozen=True, slots=True)
class BookOptions:
    """Options of one panel.

    Attributes
    ----------
    source : str
        One of `SOURCES`.
    symbol : str
        As its one venue writes it; with several venues ``coin`` is asked.
    interval_ms, live_interval_ms : int
        Width of a column of a history (and of the demo), and of a live book.
    depth : int or None
        Levels per side of a history; a live book is shown as far as its venue reports.
    block_size : float or None
        Height of a level when one was named; None leaves it to ``resolution``.
    palette : str
        Name of a colouring.
    best : bool or None
        Whether lines of the best bid and ask are drawn; None: where no candles tell the price.
    mid : bool
        Whether a line of the price between them is drawn.
    numbers : bool
        Whether large cells say what they hold.
    trades, liquidations, delta : bool
        Whether trades are drawn as bubbles, liquidations as marks, cumulative delta as a strip.
    least_bubble : float or None
        Volume of the smallest bubble drawn, in the unit of the book; None hides nine tenths.
    """

    source: str = LIVE
    venues: tuple[str, ...] = ("BINANCE_FUTURES",)
    symbol: str = "BTCUSDT"
    coin: str = "BTC"
    interval_ms: int = MINUTE_MS
    live_interval_ms: int = SECOND_MS // 2
    resolution: Resolution = Resolution.UHD
    depth: int | None = 500
    quote: Quote = Quote.COIN
    palette: str = "liquidity"
    cumulative: bool = True
    block_size: float | None = None
    best: bool | None = None
    mid: bool = False
    numbers: bool = True
    trades: bool = True
    liquidations: bool = True
    delta: bool = True
    least_bubble: float | None = None

    @property
    def several(self) -> bool:
        """Whether venues are summed."""
        return len(self.venues) > 1

    @property
    def instrument(self) -> str:
        """What is traded, as the user named it."""
        return self.coin if self.several else self.symbol

    @property
    def live(self) -> bool:
        """Whether the venues' own feeds are shown."""
        return self.source == LIVE

    @property
    def provider(self) -> str:
        """Who tells of this book."""
        if not self.live:
            return self.source
        return SUMMED if self.several else live_provider(self.venues[0])

    def streams(self, provider: str) -> bool:
        """Whether a provider sends live columns: those are narrower than a minute."""
        return self.live and provider == self.provider

    def interval_for(self, provider: str) -> int:
        """Width of a column from a provider, milliseconds."""
        return self.live_interval_ms if self.streams(provider) else self.interval_ms

    @property
    def home_span_s(self) -> float:
        """Time a fresh view of real data shows."""
        return self.home_span_for(self.provider)

    def home_span_for(self, provider: str) -> float:
        """Time a fresh view shows, seconds."""
        width_s = self.interval_for(provider) / 1000
        if width_s >= MINUTE_MS / 1000:
            return HOME_COLUMNS * width_s
        return max(SHORTEST_HOME_S, LIVE_HOME_COLUMNS * width_s)

    def resolution_text(self, provider: str) -> str:
        """4K or HD; "Block" where a height was named instead; empty where no one calls it so."""
        if self.streams(provider):
            return ""
        return self.resolution.value.upper() if self.block_size is None else "Block"

    def book_sub(self, provider: str) -> BookSub:
        """The book."""
        return BookSub(
            provider,
            self.venues,
            "" if self.several else self.symbol,
            self.coin if self.several else "",
            self.interval_for(provider),
            self.resolution,
            self.block_size,
            None if self.streams(provider) else self.depth,
            self.quote,
        )

    def candle_sub(self, provider: str) -> CandleSub:
        """The price line: candles of the first venue, of minutes at least."""
        width_ms = max(MINUTE_MS, self.interval_for(provider))
        return CandleSub(*self._first(provider), "", width_ms)

    def price_sub(self, provider: str) -> CandleSub | TradeSub:
        """Trades of the first venue, where a source sends none its candles."""
        return next(iter(self.trade_subs(provider)), self.candle_sub(provider))

    def trade_subs(self, provider: str) -> tuple[TradeSub, ...]:
        """Trades of every venue shown; a collector sends none."""
        return tuple(TradeSub(*key) for key in self._each(provider))

    def liquidation_subs(self, provider: str) -> tuple[LiquidationEventSub, ...]:
        """Liquidations of every venue shown that publishes some."""
        told = [key for key in self._each(provider) if key[1] in LIQUIDATION_VENUES]
        return tuple(LiquidationEventSub(*key) for key in told)

    def counted_in(self, quote: Quote) -> BookOptions:
        """The options with quantities in another unit; the least bubble was said in this one."""
        return replace(self, quote=quote, least_bubble=None)

    def market_subs(self, provider: str) -> tuple[Subscription, ...]:
        """The lists that help to choose."""
        if not self.streams(provider):
            return (MarketSub(provider),)
        names = dict.fromkeys(live_provider(venue) for venue in self.venues)
        return tuple(MarketSub(name) for name in names)

    def market_sub(self, provider: str) -> Subscription:
        """The first of these lists."""
        return self.market_subs(provider)[0]

    def subtitle(self, provider: str, block_text: str) -> str:
        """What is shown, after the title."""
        parts = (
            self.instrument,
            venues_text(self.venues),
            interval_label(self.interval_for(provider)),
            f"{self.resolution_text(provider)} {block_text}".strip(),
        )
        text = " · ".join(part for part in parts if part)
        return text + (" · USD" if self.quote is Quote.USD else "")

    def traded(self, venues: tuple[str, ...], name: str, markets: MarketList | None) -> BookOptions:
        """Return the options for other venues and a symbol or, with several venues, a coin."""
        name = name.strip()
        if not venues or not name:
            return self
        live, quote = self.live, self.quote
        if len(venues) > 1:
            coin = name.upper() if name.islower() or not live else name
            symbol = symbol_for(venues[0], coin, live=live)
        else:
            symbol = symbol_named(venues[0], name, markets, live=live)
            coin = coin_of(venues[0], symbol, markets, live=live)
        if live and (len(venues) > 1) != self.several:
            # coins of spot and perpetual markets add up in dollars; one venue counts as it does
            quote = Quote.USD if len(venues) > 1 else Quote.COIN
        # a height of level named for one instrument makes no sense for another
        changed = self if quote is self.quote else self.counted_in(quote)
        return replace(changed, venues=venues, coin=coin, symbol=symbol, block_size=None)

    def target(self) -> Target:
        """The instrument as linked panels understand it; of a sum its coin."""
        if self.several:
            return Target(self.coin.upper())
        return Target(self.coin.upper(), self.venues[0], self.symbol)

    def of_target(self, target: Target, *, whole: bool) -> BookOptions:
        """The options for a linked instrument: the very one, or its coin at the venues shown."""
        if whole and not self.several and target.venue and self.knows(target.venue):
            return self.traded((target.venue,), target.symbol, None)
        name = target.coin if self.several else target.at(self.venues[0], live=self.live)
        return self.traded(self.venues, name, None)

    def from_source(self, source: str) -> BookOptions:
        """The same coin from the other source; venues it does not have are left out."""
        if source == self.source or source not in SOURCES:
            return self
        live = source == LIVE
        venues = tuple(venue for venue in self.venues if not live or venue in LIVE_VENUES)
        venues = venues or BookOptions.venues_at_first()
        symbol = symbol_for(venues[0], self.coin, live=live)
        quote = Quote.COIN if len(venues) == 1 else Quote.USD if live else self.quote
        return replace(
            self, source=source, venues=venues, symbol=symbol, quote=quote, block_size=None
        )

    def at_venue(self, venue: str) -> BookOptions:
        """The same coin live at one venue."""
        return self.from_source(LIVE).traded(
            (venue,), symbol_for(venue, self.coin, live=True), None
        )

    def with_interval(self, provider: str, interval_ms: int) -> BookOptions:
        """The options with another width of a column of what a provider sends."""
        if self.streams(provider):
            return replace(self, live_interval_ms=interval_ms)
        return replace(self, interval_ms=interval_ms)

    @staticmethod
    def venues_at_first() -> tuple[str, ...]:
        """Venues of a fresh panel."""
        return ("BINANCE_FUTURES",)

    def saved(self) -> dict[str, str | int | float | bool | list[str]]:
        """Plain values for the layout file."""
        return {
            "source": self.source,
            "venues": list(self.venues),
            "symbol": self.symbol,
            "coin": self.coin,
            "interval": interval_label(self.interval_ms),
            "live_interval": interval_label(self.live_interval_ms),
            "resolution": self.resolution.value,
            "depth": 0 if self.depth is None else self.depth,
            "quote": self.quote.value,
            "palette": self.palette,
            "block_size": self.block_size or 0.0,
            "best": "auto" if self.best is None else self.best,
            "least_bubble": -1.0 if self.least_bubble is None else self.least_bubble,
            **{name: getattr(self, name) for name in _SWITCHES if name != "best"},
        }

    @classmethod
    def loaded(cls, saved: Mapping[str, object]) -> BookOptions:
        """Options from the layout file; a value that makes no sense keeps the default.

        A layout that names venues and no source was written when a collector was the only one.
        """
        options = cls()
        source = saved.get("source", KIYOTAKA if "venues" in saved else LIVE)
        if source in SOURCES:
            options = replace(options, source=str(source))
        venues = saved.get("venues")
        if isinstance(venues, list):
            known = tuple(dict.fromkeys(v for v in venues if options.knows(v)))
            options = replace(options, venues=known or options.venues)
        for name in ("symbol", "coin"):
            text = saved.get(name)
            if isinstance(text, str) and 0 < len(text.strip()) <= 40 and text.isprintable():
                options = replace(options, **{name: text.strip()})  # type: ignore[arg-type]
        interval, fast = saved.get("interval"), saved.get("live_interval")
        if isinstance(interval, str) and interval in INTERVALS_MS:
            options = replace(options, interval_ms=INTERVALS_MS[interval])
        if isinstance(fast, str) and fast in LIVE_INTERVALS_MS:
            options = replace(options, live_interval_ms=LIVE_INTERVALS_MS[fast])
        if str(saved.get("resolution")) in {r.value for r in Resolution}:
            options = replace(options, resolution=Resolution(saved["resolution"]))
        if str(saved.get("quote")) in {q.value for q in Quote}:
            options = replace(options, quote=Quote(saved["quote"]))
        if str(saved.get("palette")) in COLOURINGS:
            options = replace(options, palette=str(saved["palette"]))
        for name in _SWITCHES:
            if isinstance(saved.get(name), bool):
                options = replace(options, **{name: bool(saved[name])})  # type: ignore[arg-type]
        return options._with_figures(saved)

    def _with_figures(self, saved: Mapping[str, object]) -> BookOptions:
        options = self
        depth = _number(saved.get("depth"))
        if isinstance(depth, int) and 0 <= depth <= 20_000:
            options = replace(options, depth=depth or None)
        height, least = _number(saved.get("block_size")), _number(saved.get("least_bubble"))
        if height is not None and 0 < height < 1e9:
            options = replace(options, block_size=float(height))
        if least is not None and 0 <= least < 1e15:
            options = replace(options, least_bubble=float(least))
        return options

    def knows(self, venue: object) -> bool:
        """Whether a venue can be shown; a collector may know some that have no name here."""
        if not isinstance(venue, str):
            return False
        if self.live:
            return venue in LIVE_VENUES
        return venue in VENUES or _VENUE_ID.fullmatch(venue) is not None

    def _first(self, provider: str) -> tuple[str, str, str]:
        """Provider, venue and symbol of the first venue."""
        venue, live = self.venues[0], self.streams(provider)
        told = live_provider(venue) if live else provider
        symbol = symbol_for(venue, self.coin, live=live) if self.several else self.symbol
        return told, venue, symbol

    def _each(self, provider: str) -> tuple[tuple[str, str, str], ...]:
        """Provider, venue and symbol of each venue of a live book."""
        if not self.streams(provider) and provider != DEMO:
            return ()
        if not self.several or provider == DEMO:
            return (self._first(provider),)
        return tuple(
            (live_provider(venue), venue, symbol_for(venue, self.coin, live=True))
            for venue in self.venues
        )


STARTING_VENUES = ("BINANCE_FUTURES", "BYBIT", "KRAKEN")
"""Where a first start looks, in order: a region may be refused by the ones before."""


def live_provider(venue: str) -> str:
    """Provider of a venue's own feeds; the first of them where it has none."""
    found = LIVE_VENUES.get(venue)
    return found.live if found is not None else "binance-usdm"


def _number(value: object) -> int | float | None:
    """A plain number, None for anything else."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return value if plain else None  # type: ignore[return-value]

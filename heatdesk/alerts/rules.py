"""What an alert watches: a price that is crossed, what rests at a price, a figure of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

from heatdesk.alerts.figures import Figure
from heatdesk.frames import (
    BookSub,
    CandleSub,
    CohortSub,
    DotSub,
    LiquidationSub,
    Quote,
    TradeSub,
)
from heatdesk.units import format_price, grouped
from heatdesk.views.instruments import venues_text

DEMO = "demo"
LEVELS_VENUE = "would-be liquidations"
"""Stands for the venue of levels that no one venue tells."""

Watched = TradeSub | CandleSub | BookSub | LiquidationSub | DotSub | CohortSub
"""What an alert reads: prices, sizes by level, or tables of figures."""
_TELLERS = {"sharpe": "Sharpe", "coingecko": "CoinGecko", "hypertracker": "HyperTracker"}


class Kind(Enum):
    """What has to happen."""

    CROSSES = "crosses"
    """The price crosses a level."""
    APPEARS = "appears"
    """At least so much rests at a price."""
    SHRINKS = "shrinks"
    """Less than so much rests at a price."""
    FIGURE = "figure"
    """A figure of a table crosses a level."""


class Way(Enum):
    """From which side a price has to cross."""

    UP = "up"
    DOWN = "down"
    EITHER = "either"


PRICE_SLACK_RATIO, SIZE_SLACK_RATIO, FIGURE_SLACK_RATIO = 0.0002, 0.1, 0.01
"""Usual way that a price, a size or a figure has to move off before the next crossing counts."""
COOL_DOWN_S = 60.0


@dataclass(frozen=True, slots=True)
class Market:
    """Which charts an alert belongs on: an invented market and a real one never share any."""

    demo: bool
    venues: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert as a user wants it.

    Attributes
    ----------
    sub : Watched
        Whose prices or sizes are read.
    price : float
        The level, or the lower edge of the stretch in which a size is looked for; quote units. Of a
        figure its level in its own unit.
    height : float
        Height of that stretch, quote units; 0: the one level that holds the price. As in the
        picture the largest level in it counts (of would-be liquidations their sum).
    size : float
        In the unit of ``sub``.
    coin : str
        What sizes are counted in where that is not dollars.
    slack_ratio : float
        How far off, as a share of the price or size, the value has to go before the next crossing
        counts.
    cool_down_s : float
        So long after it fired it keeps quiet.
    again : bool
        It fires each time, not once until it is armed anew.
    sound : str
        Name of a tone; empty: none.
    name : str
        What the user calls it; empty: what it watches.
    figure : Figure or None
        Which figure of a table it watches.
    """

    id: str
    kind: Kind
    sub: Watched
    price: float
    height: float = 0.0
    size: float = 0.0
    coin: str = ""
    tick_size: float = 0.01
    way: Way = Way.EITHER
    slack_ratio: float = PRICE_SLACK_RATIO
    cool_down_s: float = COOL_DOWN_S
    again: bool = False
    sound: str = "bell"
    name: str = ""
    enabled: bool = True
    figure: Figure | None = None

    @property
    def of_size(self) -> bool:
        """Whether a size is watched, not a price or a figure."""
        return self.kind in {Kind.APPEARS, Kind.SHRINKS}

    @property
    def threshold(self) -> float:
        """What the value is held against."""
        return self.size if self.of_size else self.price

    @property
    def slack(self) -> float:
        """The same way off in the unit of the value; of a price two ticks at least."""
        slack = abs(self.threshold) * self.slack_ratio
        return max(slack, 2 * self.tick_size) if self.kind is Kind.CROSSES else slack

    @property
    def demo(self) -> bool:
        """Whether the market it watches is invented."""
        return self.sub.provider == DEMO

    @property
    def market(self) -> Market:
        """The market it watches."""
        market = market_of(self.sub)
        return market if self.figure is None else replace(market, name=self.figure.name)

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.condition

    @property
    def condition(self) -> str:
        """What has to happen, in words."""
        verbs = {Way.UP: "rises to", Way.DOWN: "falls to", Way.EITHER: "crosses"}
        if self.figure is not None:
            at = self.value_text(self.price)
            return f"{self.figure.name}: {self.figure.title} {verbs[self.way]} {at}"
        at = format_price(self.price, self.tick_size)
        if self.kind is Kind.CROSSES:
            return f"Price {verbs[self.way]} {at}"
        size = self.value_text(self.size)
        if self.kind is Kind.APPEARS:
            return f"\u2265 {size} at {at}"
        return f"Under {size} at {at}"

    def value_text(self, value: float) -> str:
        """A price, a size or a figure as this alert counts it."""
        if self.figure is not None:
            return self.figure.words(value)
        if not self.of_size:
            return format_price(value, self.tick_size)
        quote = self.sub.quote if isinstance(self.sub, BookSub | LiquidationSub) else Quote.COIN
        return size_text(value, quote, self.coin)


def size_text(value: float, quote: Quote, coin: str) -> str:
    """A size with its unit, four digits of it and no needless ones (``120 BTC``, ``$1,250,000``)."""
    if not math.isfinite(value):
        return "-"
    rounded = float(f"{value:.4g}")
    decimals = len(f"{rounded:.8f}".rstrip("0").partition(".")[2])
    figure = grouped(rounded, decimals)
    return f"${figure}" if quote is Quote.USD else f"{figure} {coin}".rstrip()


def market_of(sub: Watched) -> Market:
    """The market that a subscription tells of."""
    if isinstance(sub, LiquidationSub):
        return Market(sub.provider == DEMO, (LEVELS_VENUE,), sub.coin)
    if isinstance(sub, DotSub | CohortSub):
        teller = _TELLERS.get(sub.provider, sub.provider)
        return Market(sub.provider == DEMO, () if sub.provider == DEMO else (teller,), "")
    if isinstance(sub, TradeSub):
        return Market(sub.provider == DEMO, (sub.venue,), sub.symbol)
    venues = (sub.venue,) if isinstance(sub, CandleSub) else sub.venues
    return Market(sub.provider == DEMO, venues, sub.symbol or sub.coin)


def market_text(market: Market) -> str:
    """A market in words (``BTCUSDT · Binance Perp``), an invented one marked."""
    where = LEVELS_VENUE if market.venues == (LEVELS_VENUE,) else venues_text(market.venues)
    return " \u00b7 ".join(word for word in (market.name, where, "demo" * market.demo) if word)

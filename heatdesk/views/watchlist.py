"""What a list of favourite instruments says of each: where it trades, its price, its day."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatdesk.favourites import Favourite
from heatdesk.frames import LIVE_VENUES, CandleSub, CandleWindow, venue_title
from heatdesk.units import DAY_MS, INTERVALS_MS
from heatdesk.views.instruments import symbol_for
from heatdesk.views.target import Target
from heatdesk.views.ticks import tick_of_prices

DEMO = "demo"
USUAL_VENUE = "BINANCE_FUTURES"
"""Whose price stands for a coin without a venue."""
MOST_QUOTED = 40
"""Favourites beyond these are listed without a price: each one is a stream of its venue."""
QUARTER_MS = INTERVALS_MS["15m"]
"""Width of the candles that are asked for: a day back is known to a quarter of an hour."""
_POINTS = DAY_MS // QUARTER_MS + 4


@dataclass(frozen=True, slots=True)
class Quoted:
    """What candles tell of an instrument; NaN is not known.

    Attributes
    ----------
    last : float
        Quote units.
    change_ratio : float
        Against the price of a day before, 0.01 is one per cent.
    tick_size : float
        Precision of its prices.
    """

    last: float = math.nan
    change_ratio: float = math.nan
    tick_size: float = 0.01


UNQUOTED = Quoted()


def favourite_of(target: Target) -> Favourite:
    """The favourite that an instrument of linked panels would be."""
    return Favourite(target.coin, target.venue, target.symbol)


def target_of_favourite(favourite: Favourite) -> Target:
    """The instrument that linked panels are to show."""
    return Target(favourite.coin, favourite.venue, favourite.symbol)


def favourite_title(favourite: Favourite) -> str:
    """What menus call it (``ETHUSDT \u00b7 Bybit Perp``); a coin without a venue is its name."""
    if not favourite.venue:
        return favourite.name
    return f"{favourite.name} \u00b7 {venue_title(favourite.venue)}"


def star_words(favourite: Favourite, *, starred: bool) -> str:
    """What a menu says that takes an instrument onto the list, or off it."""
    title = favourite_title(favourite)
    return f"Remove {title} from favourites" if starred else f"Add {title} to favourites"


def quote_sub(favourite: Favourite, *, demo: bool) -> CandleSub | None:
    """Candles of an instrument from its venue's own feed; None where there is none without a key."""
    venue = favourite.venue or USUAL_VENUE
    if venue not in LIVE_VENUES and not demo:
        return None
    symbol = favourite.symbol
    if not symbol or symbol == symbol_for(venue, favourite.coin):
        # a collector writes some otherwise than the venue itself does
        symbol = symbol_for(venue, favourite.coin, live=True)
    provider = DEMO if demo else LIVE_VENUES[venue].live
    return CandleSub(provider, venue, symbol, "", QUARTER_MS, _POINTS)


def quoted(candles: CandleWindow | None) -> Quoted:
    """The newest price that candles tell, and how far it is from that of a day before."""
    if candles is None:
        return UNQUOTED
    held = np.flatnonzero(np.isfinite(candles.close))
    if held.size == 0:
        return UNQUOTED
    last = int(held[-1])
    price = float(candles.close[last])
    # the candle that opened a day before the newest one did, or closed just then
    day_before_ms = int(candles.time_ms[last]) - DAY_MS
    opened = np.flatnonzero(candles.time_ms == day_before_ms)
    closed = np.flatnonzero(candles.time_ms == day_before_ms - candles.interval_ms)
    before = math.nan
    if opened.size and math.isfinite(float(candles.open[opened[0]])):
        before = float(candles.open[opened[0]])
    elif closed.size:
        before = float(candles.close[closed[0]])
    change = price / before - 1 if before > 0 else math.nan
    return Quoted(price, change, tick_of_prices(candles.close[held[-24:]]))

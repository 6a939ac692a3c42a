"""How a coin is written at a venue, and how an instrument is named on screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from heatdesk.analytics.book import BookTop
from heatdesk.frames import VENUES, MarketList, Quote, venue_title
from heatdesk.units import format_compact, grouped, shown_number

COINS = ("BTC", "ETH", "SOL", "XRP", "HYPE", "DOGE", "BNB", "SUI", "ADA", "AVAX", "LINK", "LTC")
"""Offered while no list of markets has arrived."""
_AT_MOST = "\u2264 "
_NAMES = ("XBT", "UBTC", "BTC", "btc")


def symbol_for(venue_id: str, coin: str, *, live: bool = False) -> str:
    """Symbol of a coin at a venue, made after its way of writing BTC.

    Parameters
    ----------
    live : bool
        As the venue's own feeds write it, which a collector may write otherwise.
    """
    example = _example(venue_id, live=live)
    if coin == "BTC":
        return example
    name = next((n for n in _NAMES if n in example), "BTC")
    return example.replace(name, coin.lower() if name.islower() else coin, 1)


def coin_of(
    venue_id: str, symbol: str, markets: MarketList | None = None, *, live: bool = False
) -> str:
    """Coin of a symbol: as the market list says, else by the venue's way of writing BTC."""
    if markets is not None:
        for at, listed, coin, _ in markets.rows:
            if at == venue_id and listed == symbol:
                return coin
    example = _example(venue_id, live=live)
    name = next((n for n in _NAMES if n in example), "BTC")
    before, _, after = example.partition(name)
    if symbol == example:
        return "BTC"
    for quote in (after, "USDT", "USDC", "USD"):
        fits = symbol.startswith(before) and symbol.endswith(quote)
        if fits and len(symbol) > len(before) + len(quote):
            return symbol[len(before) : len(symbol) - len(quote) or None].upper().strip("-_/")
    return symbol.upper()


def symbols_at(
    venue_id: str, markets: MarketList | None, most: int = 2_000, *, live: bool = False
) -> list[str]:
    """Symbols to offer at a venue; a short list of our own while none has arrived."""
    if markets is not None:
        listed = [symbol for venue, symbol, _, _ in markets.rows if venue == venue_id]
        if listed:
            return listed[:most]
    return [symbol_for(venue_id, coin, live=live) for coin in COINS]


def symbol_named(
    venue_id: str, name: str, markets: MarketList | None = None, *, live: bool = False
) -> str:
    """Symbol a user means at a venue: one offered there in any case, else that of a coin.

    Lists help and never refuse: a name nobody knows is taken as it was typed, in capitals where
    the venue writes capitals.
    """
    name = name.strip()
    offered = symbols_at(venue_id, markets, live=live)
    if name in offered:
        return name
    for symbol in offered:
        if symbol.lower() == name.lower():
            return symbol
    usual = symbol_for(venue_id, name.upper(), live=live)
    if usual in offered:
        return usual
    rows = markets.rows if markets is not None else ()
    for venue, symbol, coin, _ in rows:
        if venue == venue_id and coin.lower() == name.lower():
            return symbol
    capitals = _example(venue_id, live=live).isupper()
    return name.upper() if name.islower() and capitals else name


def coins_called(text: str, coins: Sequence[str]) -> list[str]:
    """Coins to offer for a typed text: that very name, names that begin so, that hold it.

    A name that is not among the coins comes last as it was typed: lists never refuse.
    """
    word = text.strip().lower()
    found = [coin for coin in coins if word in coin.lower()]
    found.sort(key=lambda coin: (coin.lower() != word, not coin.lower().startswith(word)))
    if word and word not in {coin.lower() for coin in found}:
        name = text.strip()
        found.append(name.upper() if name.islower() else name)
    return found


def coins_known(markets: MarketList | None, most: int = 2_000) -> list[str]:
    """Coins to offer, the best known first."""
    listed = sorted({row[2] for row in markets.rows}) if markets is not None else []
    return [*COINS, *(coin for coin in listed if coin not in COINS)][:most]


def venues_text(venues: tuple[str, ...]) -> str:
    """Names of venues; from three on their number."""
    if len(venues) > 2:
        return f"{len(venues)} venues"
    return " + ".join(venue_title(venue) for venue in venues)


def price_text(value: float) -> str:
    """Dollars without needless digits (``$5``, ``$2,500``, ``$0.0005``)."""
    if value >= 1_000_000:
        return _big(value)
    return shown_number(f"${value:,.10f}".rstrip("0").rstrip("."))


def spread_text(top: BookTop) -> str:
    """Distance of the best prices, or the most it can be where only their levels are known.

    Empty where one is missing; best prices of different venues may cross: that is no spread.
    """
    spread = float(f"{top.spread_bound:.6g}")
    if not math.isfinite(top.mid):
        return ""
    if top.exact and top.bid > top.ask:
        return "crossed"
    if not spread > 0:
        return ""
    return f"spr {'' if top.exact else _AT_MOST}{price_text(spread)[1:]}"


def depth_text(depth: int | None, block_size: float | None) -> str:
    """What a depth reaches (``500 levels, about $2,500 each side``)."""
    if depth is None:
        return "Depth of the provider"
    if block_size is None:
        return f"{grouped(depth)} levels each side"
    return (
        f"{grouped(depth)} levels, about {price_text(float(f'{depth * block_size:.3g}'))} each side"
    )


def unit_lines(quote: Quote, coin: str, block_size: float, word: str) -> tuple[str, str]:
    """Unit of a colour legend in two lines (``BTC per``, ``$5 level``)."""
    counted = "USD" if quote is Quote.USD else coin
    return f"{counted} per", f"{price_text(float(f'{block_size:.10g}'))} {word}"


def _example(venue_id: str, *, live: bool) -> str:
    """How a venue writes BTC, in its own feeds or at a collector."""
    venue = VENUES.get(venue_id)
    if venue is None:
        return "BTCUSDT"
    return venue.live_symbol if live else venue.example_symbol


def _big(value: float) -> str:
    return "$" + format_compact(value)

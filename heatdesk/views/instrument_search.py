"""Finding an instrument by a few typed letters, over the lists of every venue that sent one."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from heatdesk.frames import LIVE_VENUES, MarketList, venue_title
from heatdesk.views.instruments import COINS, coin_of, symbol_for, symbol_named

QUOTES = ("USDT", "USD", "USDC")
"""What a trader usually means when a coin is named, the usual first."""
_BEST_KNOWN = {coin: place for place, coin in enumerate(COINS)}
_BETWEEN = str.maketrans("", "", " /-_:.")


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something that can be chosen.

    Attributes
    ----------
    venue, symbol : str
        Where it trades and how it is written there; both empty for a coin summed over venues.
    coin : str
        Base asset.
    paused : bool
        Its trading stands still at present.
    """

    venue: str
    symbol: str
    coin: str
    paused: bool = False

    @property
    def name(self) -> str:
        """What a user calls it."""
        return self.symbol or self.coin

    @property
    def mark(self) -> str:
        """What a list of choices says after it."""
        return "   (paused)" if self.paused else ""


def merge_markets(lists: Iterable[MarketList | None]) -> MarketList | None:
    """Join the lists of several providers; None where none has come."""
    held = [one for one in lists if one is not None]
    if not held:
        return None
    if len(held) == 1:
        return held[0]
    rows = sorted({row for one in held for row in one.rows})
    paused = frozenset().union(*(one.paused for one in held))
    return MarketList(max(one.time_ms for one in held), tuple(rows), paused)


def find_instruments(
    text: str,
    venues: Sequence[str],
    markets: MarketList | None,
    *,
    live: bool = False,
    most: int = 60,
) -> list[Instrument]:
    """Instruments that fit a text, the likeliest first.

    Those of the venue in view come before those of the others whose list has come; a coin's usual
    pairs come before its odd ones, and what is paused after what trades. Lists help and never refuse: where nothing is called so, what
    was typed is the last choice.

    Parameters
    ----------
    venues : sequence of str
        Venues in view; of several the coins are offered, for they are summed by coin.
    """
    word = _plain(text)
    if len(venues) > 1:
        found = _coins(word, markets, most)
    else:
        found = _symbols(word, venues[0] if venues else "", markets, live=live, most=most)
    if word and not any(word in {_plain(one.name), _plain(one.coin)} for one in found):
        found.append(_as_typed(text.strip(), venues, markets, live=live))
    return found


def match_rank(word: str, name: str) -> int | None:
    """How well a plain word fits a plain name: 0 the same, then begins, holds, runs through it."""
    if word == name:
        return 0
    if name.startswith(word):
        return 1
    if word in name:
        return 2
    letters = iter(name)
    return 3 if all(letter in letters for letter in word) else None


def _coins(word: str, markets: MarketList | None, most: int) -> list[Instrument]:
    listed = {row[2] for row in markets.rows} if markets is not None else set()
    ranked: list[tuple[int, int, str]] = []
    for coin in listed | set(COINS):
        rank = match_rank(word, _plain(coin)) if word else 0
        if rank is not None:
            ranked.append((rank, _BEST_KNOWN.get(coin, len(COINS)), coin))
    return [Instrument("", "", coin) for _, _, coin in heapq.nsmallest(most, ranked)]


def _symbols(
    word: str, venue: str, markets: MarketList | None, *, live: bool, most: int
) -> list[Instrument]:
    rows = markets.rows if markets is not None else ()
    here = any(row[0] == venue for row in rows)
    own: list[tuple[str, str, str, str]] = []
    if not here:
        own = [(venue, symbol_for(venue, coin, live=live), coin, "") for coin in COINS]
    paused = markets.paused if markets is not None else frozenset()
    ranked: list[tuple[tuple[int, ...], str, Instrument]] = []
    for at, symbol, coin, _ in (*own, *rows):
        if not word and at != venue:
            continue
        rank = _rank(word, symbol, coin)
        if rank is None:
            continue
        known = _BEST_KNOWN.get(coin, len(COINS))
        still = (at, symbol) in paused
        key = (rank, int(at != venue), int(still), known, _quote_rank(symbol), len(symbol))
        ranked.append((key, f"{symbol} {at}", Instrument(at, symbol, coin, still)))
    best = heapq.nsmallest(most, ranked, key=lambda one: one[:2])
    return [instrument for _, _, instrument in best]


def _rank(word: str, symbol: str, coin: str) -> int | None:
    if not word:
        return 0
    ranks = (match_rank(word, _plain(symbol)), match_rank(word, _plain(coin)))
    known = [rank for rank in ranks if rank is not None]
    return min(known) if known else None


def _quote_rank(symbol: str) -> int:
    plain = _plain(symbol)
    for place, quote in enumerate(QUOTES):
        if plain.endswith(quote):
            return place
    return len(QUOTES)


def _as_typed(
    name: str, venues: Sequence[str], markets: MarketList | None, *, live: bool
) -> Instrument:
    if len(venues) != 1:
        return Instrument("", "", name.upper() if name.islower() else name)
    symbol = symbol_named(venues[0], name, markets, live=live)
    return Instrument(venues[0], symbol, coin_of(venues[0], symbol, markets, live=live))


def _plain(text: str) -> str:
    return text.translate(_BETWEEN).upper()


def offered_instruments(typed: str, venue: str, lists: Iterable[object]) -> dict[str, Instrument]:
    """What a search over live venues offers, by the words of its list.

    Parameters
    ----------
    venue : str
        The one that is preferred.
    lists : iterable
        What the store holds of each venue's `MarketSub`: a `MarketList`, or anything else while
        none has come.
    """
    markets = merge_markets(one if isinstance(one, MarketList) else None for one in lists)
    found = find_instruments(typed, (venue,), markets, live=True)
    return {
        f"{one.symbol} \u00b7 {venue_title(one.venue)}{one.mark}": one
        for one in found
        if one.venue in LIVE_VENUES
    }

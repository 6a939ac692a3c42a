"""What the flags of an order book mean where the venue's own live feed is asked."""

from __future__ import annotations

import argparse

from heatdesk.errors import UsageError
from heatdesk.frames import LIVE_VENUES, BookSub, Quote, Resolution, Venue

SUMMED = "exchanges"
DEFAULT_INTERVAL_MS = 1_000
_FEWEST_BUCKETS = 3
LIVE_PROVIDERS = (*dict.fromkeys(venue.live for venue in LIVE_VENUES.values()), SUMMED)
"""Providers whose books exist only from now on, by id."""


def live_book_from(args: argparse.Namespace, provider: str) -> BookSub:
    """Resolve what the instrument flags ask of a live feed.

    Raises
    ------
    UsageError
        When flags contradict each other or one is missing.
    """
    if args.depth is not None:
        raise UsageError("A live book is as deep as its venue tells it: leave --depth out.")
    if provider == SUMMED:
        return _sub(args, provider, _summed_venues(args), "", args.coin, Quote.USD)
    venue = _venue_of(args, provider)
    if args.coin is not None:
        raise UsageError(f"{venue.title} is asked by --symbol, such as {venue.live_symbol}.")
    symbol = args.symbol
    if not symbol and args.command == "export":
        raise UsageError(f"Name the instrument with --symbol, such as {venue.live_symbol}.")
    return _sub(args, provider, (venue.id,), symbol or venue.live_symbol, "", Quote.COIN)


def check_times(args: argparse.Namespace, provider: str) -> None:
    """Say what is wrong with the stretch of time an export of a book asks for.

    Raises
    ------
    UsageError
        When it is missing, or not of the kind the provider serves.
    """
    asked = args.from_ms is not None or args.period_s is not None
    if provider not in LIVE_PROVIDERS:
        if args.from_ms is None or args.period_s is None:
            raise UsageError("Give the time with --from and --period.")
    elif asked or args.form != "points":
        raise UsageError("A live feed has no past: say with --for how long to record it.")
    elif args.for_s is None:
        raise UsageError("Say with --for how long to record, such as --for 60s.")
    elif args.for_s * 1000 < _FEWEST_BUCKETS * (args.interval or 0):
        raise UsageError("That is too short: nothing but a beginning and an end of a bucket.")


def _venue_of(args: argparse.Namespace, provider: str) -> Venue:
    known = [venue for venue in LIVE_VENUES.values() if venue.live == provider]
    named = list(dict.fromkeys(args.venue or ()))
    if not named:
        return known[0]
    if len(named) > 1:
        raise UsageError(f"Several venues are summed by --provider {SUMMED} with --coin.")
    for venue in known:
        if venue.id == named[0]:
            return venue
    ids = ", ".join(venue.id for venue in known)
    raise UsageError(f"{provider} has no venue {named[0]}; it has {ids}.")


def _summed_venues(args: argparse.Namespace) -> tuple[str, ...]:
    venues = tuple(dict.fromkeys(args.venue or ()))
    if args.symbol is not None or not args.coin:
        raise UsageError("Venues are summed by --coin, such as BTC: a symbol is one venue's own.")
    unknown = [venue for venue in venues if venue not in LIVE_VENUES]
    if unknown or len(venues) < 2:
        what = f"{unknown[0]} has no live feed here" if unknown else "Name at least two --venue"
        raise UsageError(f"{what}; there are {', '.join(LIVE_VENUES)}.")
    return venues


def _sub(
    args: argparse.Namespace,
    provider: str,
    venues: tuple[str, ...],
    symbol: str,
    coin: str,
    quote: Quote,
) -> BookSub:
    size = args.block_size
    return BookSub(
        provider,
        venues=venues,
        symbol=symbol,
        coin=coin,
        interval_ms=args.interval or DEFAULT_INTERVAL_MS,
        resolution=size if isinstance(size, Resolution) else Resolution.UHD,
        block_size=None if isinstance(size, Resolution) else size,
        depth=None,
        quote=args.quote or quote,
    )

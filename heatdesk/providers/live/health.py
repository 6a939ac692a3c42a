"""What the header of a panel says about a feed."""

from __future__ import annotations

from heatdesk.providers.live.book_feed import BookFeed
from heatdesk.providers.live.clock_skew import ClockSkew
from heatdesk.providers.live.lane import Health
from heatdesk.providers.live.rules import VenueRules
from heatdesk.providers.live.tape_feed import TapeFeed
from heatdesk.units import format_age

LATE_FROM_MS = 5_000
CONNECTING = "connecting"
SYNCING = "waiting for the book"


def book_health(feed: BookFeed) -> Health:
    """How a book is doing."""
    skew, rules = feed.link.skew, feed.desk.rules
    if feed.is_live:
        return Health(0, _live_note(skew, rules), None, skew.latency_ms, skew.skew_ms)
    since_ms = 0
    if feed.sync.gap_since_ms:
        since_ms = round(feed.sync.gap_since_ms + skew.skew_ms)
    note = feed.trouble
    if not note:
        note = SYNCING if feed.is_connected else CONNECTING
    return Health(since_ms, note, feed.retry_ms, None, skew.skew_ms)


def tape_health(feed: TapeFeed) -> Health:
    """How trades or liquidations are doing."""
    skew, rules = feed.link.skew, feed.desk.rules
    if feed.gap_since_ms:
        return Health(feed.gap_since_ms, feed.trouble, feed.retry_ms)
    # what happened is as new as its receipt: the venue's clock does not matter
    return Health(0, _live_note(skew, rules, book=False), None, skew.latency_ms)


def _live_note(skew: ClockSkew, rules: VenueRules, *, book: bool = True) -> str:
    ahead_s = skew.skew_ms / 1000
    if ahead_s:
        way = "ahead of" if ahead_s > 0 else "behind"
        age = format_age(abs(ahead_s))
        return f"this computer's clock is {age} {way} {rules.title}'s; times are the venue's"
    if skew.latency_ms > LATE_FROM_MS:
        return f"data comes {format_age(skew.latency_ms / 1000)} late"
    return rules.book_note if book else ""

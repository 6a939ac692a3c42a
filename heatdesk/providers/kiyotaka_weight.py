"""What Kiyotaka's requests weigh, what each tier allows, and the pace that fits it.

Formula and tables are the provider's: weight per request by type, points, venues and depth;
budgets per minute and, on the free tier, per day. Everything here is pure arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from heatdesk.frames import BookSub, CandleSub, LiquidationSub, Subscription
from heatdesk.net.budget import Limits
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

BOOK = "BLOCK_BOOK_SNAPSHOT_AGG"
LIQUIDATION = "HYPERLIQUID_LIQUIDATION_AGG"
CANDLES = "TRADE_SIDE_AGNOSTIC_AGG"

POINTS_PER_REQUEST = 1000
"""A thousand points weigh as much as one, so no request asks for more."""
# A book of 1,000 snapshots by 3,500 levels a side is about 180 MB of text; deeper ones are cut.
_LEVELS_PER_REQUEST = 3_500_000

_LEAST_LIMIT_BYTES = 8 << 20
_POINT_BYTES, _LEVEL_BYTES = 1024, 128
# Ample: a level is two numbers of up to 24 digits, and may stand on two indented lines.

PACES_S = tuple(
    60 * minutes for minutes in (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360, 480, 720, 1440)
)
_LONGEST_PACE_MS = HOUR_MS
# Wide candles and columns are refreshed while they form, at least this often.
AFTER_BOUNDARY_S = 3.0
"""Wait past the end of a bucket, so that the provider has it."""


@dataclass(frozen=True, slots=True)
class PointType:
    """What one type of points costs: per thousand, and the depth that is included (0: none)."""

    cost: int
    included_depth: int = 0


POINT_TYPES = {
    BOOK: PointType(10, 3500),
    LIQUIDATION: PointType(5, 1500),
    CANDLES: PointType(1),
}


@dataclass(frozen=True, slots=True)
class Tier:
    """One column of the table of plans.

    Attributes
    ----------
    history_days : int or None
        How far back data goes; None is without end.
    advanced : bool
        Liquidation heatmap and summing of venues are part of it.
    """

    title: str
    limits: Limits
    history_days: int | None
    advanced: bool = False


TIERS: dict[str, Tier] = {
    "free": Tier("Free", Limits(minute=10, burst=20, day=1000), 7),
    "basic": Tier("Basic", Limits(minute=50, burst=100), 30),
    "standard": Tier("Standard", Limits(minute=100, burst=200), 90),
    "advanced": Tier("Advanced", Limits(minute=750, burst=1500), 365, advanced=True),
    "enterprise": Tier("Enterprise", Limits(minute=750, burst=1500), None, advanced=True),
}


def compute_weight(
    kind: str, period_s: float, interval_s: float, venues: int = 1, depth: int | None = None
) -> int:
    """Weight of one points request by the documented formula.

    Parameters
    ----------
    venues : int
        How many are summed; the factor counts from two on.
    depth : int or None
        ``maxDepth`` as sent, None when it is not.
    """
    rules = POINT_TYPES[kind]
    base = math.ceil(math.ceil(period_s / interval_s) / POINTS_PER_REQUEST) * rules.cost
    # In tenths: 10 * 1.6 must be 16, not a little more that rounds up to 17.
    venue_tenths = 10 + 2 * venues if venues > 1 else 10
    depth_tenths = 10
    if rules.included_depth and depth is not None and depth > rules.included_depth:
        depth_tenths = 10 + 2 * ((depth - 1) // rules.included_depth)
    return max(1, -(-base * venue_tenths * depth_tenths // 100))


def points_per_request(sub: Subscription) -> int:
    """Most buckets to ask for at once: a thousand, fewer where the book is very deep."""
    depth = sub.depth if isinstance(sub, BookSub | LiquidationSub) and sub.depth else 1
    return max(1, min(POINTS_PER_REQUEST, _LEVELS_PER_REQUEST // depth))


def most_bytes(sub: Subscription, points: int) -> int:
    """Size past which the answer to a request can no longer be what was asked for."""
    if not isinstance(sub, BookSub | LiquidationSub):
        return _LEAST_LIMIT_BYTES + points * _POINT_BYTES
    kind, sides = (BOOK, 2) if isinstance(sub, BookSub) else (LIQUIDATION, 1)
    levels = sides * (sub.depth or POINT_TYPES[kind].included_depth)
    return _LEAST_LIMIT_BYTES + points * (_POINT_BYTES + levels * _LEVEL_BYTES)


def weight_of(sub: Subscription, points: float) -> int:
    """Weight of one request for so many buckets of a subscription; lists and the like are free."""
    if isinstance(sub, BookSub):
        return compute_weight(BOOK, points, 1, len(sub.venues), sub.depth)
    if isinstance(sub, LiquidationSub):
        return compute_weight(LIQUIDATION, points, 1, 1, sub.depth)
    if isinstance(sub, CandleSub):
        return compute_weight(CANDLES, points, 1)
    return 0


def compute_paces(subs: Iterable[Subscription], limits: Limits) -> dict[Subscription, float]:
    """Seconds between two updates of every subscription that runs.

    No update comes more often than a bucket ends (or an hour passes), and all of them together
    stay within the minute and the day; the smallest pace of `PACES_S` that does is taken. One
    minute book with its price line on the free tier: every 20 minutes, 72 x 11 = 792 a day.
    """
    priced = [(sub, weight_of(sub, 2), _interval_s(sub)) for sub in subs]
    priced = [row for row in priced if row[1] > 0]
    for pace_s in PACES_S:
        minute = sum(weight * 60 / max(pace_s, own_s) for _, weight, own_s in priced)
        day = sum(weight * math.ceil(86_400 / max(pace_s, own_s)) for _, weight, own_s in priced)
        fits_minute = limits.minute is None or minute <= limits.minute
        if fits_minute and (limits.day is None or day <= limits.day):
            break
    return {sub: float(max(pace_s, own_s)) for sub, _, own_s in priced}


def compute_offsets(subs: Sequence[Subscription], limits: Limits) -> dict[Subscription, float]:
    """Seconds after the boundary at which each update is asked, so that a minute holds them all.

    The dearest comes first; each following one waits until the minute budget has refilled by
    what was spent before it, so the price line of a free book comes a minute after the book.
    """
    offsets: dict[Subscription, float] = {}
    spent = 0
    for sub in sorted(set(subs), key=lambda one: (-weight_of(one, 2), repr(one))):
        weight = weight_of(sub, 2)
        spent += weight
        wait_s = 0.0
        if limits.minute is not None and spent > limits.minute:
            wait_s = math.ceil((spent - weight) / limits.minute) * 60.0 + 1.0
        offsets[sub] = AFTER_BOUNDARY_S + wait_s
    return offsets


def next_update_ms(now_ms: int, asked_ms: int, pace_s: float, offset_s: float) -> int:
    """Moment of the next update, on the grid of the pace.

    A paced-out update (slower than a minute) is left out when the last request was less than
    half a pace ago: it would spend a day's budget on almost the same data.
    """
    pace_ms, offset_ms = int(pace_s * 1000), int(offset_s * 1000)
    next_ms = (now_ms - offset_ms) // pace_ms * pace_ms + pace_ms + offset_ms
    if pace_ms > MINUTE_MS and next_ms - asked_ms < pace_ms // 2:
        next_ms += pace_ms
    return next_ms


def oldest_ms(tier: Tier, now_ms: int) -> int:
    """Start of the history that a tier serves."""
    return 0 if tier.history_days is None else now_ms - tier.history_days * DAY_MS


def _interval_s(sub: Subscription) -> float:
    interval_ms = getattr(sub, "interval_ms", MINUTE_MS)
    return min(interval_ms, _LONGEST_PACE_MS) / 1000

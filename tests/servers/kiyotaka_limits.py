"""The documented limits of the Kiyotaka API: intervals, tiers, weights and the error body."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_S = 86_400
INTERVALS_S = {
    "MINUTE": 60,
    "FIVE_MINUTES": 300,
    "FIFTEEN_MINUTES": 900,
    "HOUR": 3600,
    "FOUR_HOURS": 14_400,
    "DAY": DAY_S,
    "WEEK": 7 * DAY_S,
}
# Unix time began on a Thursday; weeks begin on Mondays.
WEEK_OFFSET_S = 4 * DAY_S

BOOK = "BLOCK_BOOK_SNAPSHOT_AGG"
LIQUIDATION = "HYPERLIQUID_LIQUIDATION_AGG"
CANDLES = "TRADE_SIDE_AGNOSTIC_AGG"

Mode = Literal["enforce", "strict", "watch", "off"]


class ApiError(Exception):
    """A refusal with the documented error body."""

    def __init__(
        self, status: int, code: str, message: str, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s

    def payload(self) -> dict[str, object]:
        """Return the JSON body."""
        body: dict[str, object] = {"error": self.code, "message": str(self)}
        if self.retry_after_s is not None:
            body["retry_after"] = self.retry_after_s
        return body


@dataclass(frozen=True)
class Tier:
    """One column of the table of plans; None is unlimited."""

    name: str
    weight_minute: int
    burst: int
    weight_day: int | None
    history_days: int | None
    advanced: bool


TIERS = {
    tier.name: tier
    for tier in (
        Tier("free", 10, 20, 1000, 7, False),
        Tier("basic", 50, 100, None, 30, False),
        Tier("standard", 100, 200, None, 90, False),
        Tier("advanced", 750, 1500, None, 365, True),
        Tier("enterprise", 750, 1500, None, None, True),
    )
}


@dataclass(frozen=True)
class PointType:
    """One row of the table of types; `depth` 0 means that there is no depth to pay for."""

    cost: int
    max_points: int
    depth: int
    advanced: bool


POINT_TYPES = {
    CANDLES: PointType(1, 100_000, 0, False),
    BOOK: PointType(10, 4000, 3500, False),
    LIQUIDATION: PointType(5, 5000, 1500, True),
}


def weight_of(
    kind: str, period_s: int, interval_s: int, venues: int = 1, max_depth: int | None = None
) -> int:
    """Return the weight of a points request by the documented formula."""
    rules = POINT_TYPES[kind]
    # Tenths keep the arithmetic in integers: 10 * 1.6 must not round up to 17.
    venue_tenths = 10 + 2 * venues if venues > 1 else 10
    depth_tenths = 10
    if rules.depth and max_depth is not None and max_depth > rules.depth:
        depth_tenths = 10 + 2 * ((max_depth - 1) // rules.depth)
    base = math.ceil(period_s / interval_s / 1000) * rules.cost
    return max(1, -(-base * venue_tenths * depth_tenths // 100))


def bucket_start_s(time_s: int, interval_s: int) -> int:
    """Return the start of the bucket that holds `time_s`; weeks start on Monday."""
    offset_s = WEEK_OFFSET_S if interval_s == INTERVALS_S["WEEK"] else 0
    return (time_s - offset_s) // interval_s * interval_s + offset_s


@dataclass
class Meter:
    """Counts weight.

    Modes: `enforce` answers 429 by a token bucket of the burst capacity; `strict` allows no burst,
    a minute's weight in any 60 s; `watch` refuses nothing; `off` does not look. `violations` holds
    every request that came over the bucket, the rolling minute (strict) or the day.
    """

    tier: Tier
    mode: Mode
    clock_s: Callable[[], float]
    now_s: Callable[[], float]
    used_day: int = 0
    violations: list[str] = field(default_factory=list)
    _tokens: float = field(init=False)
    _seen_s: float = field(init=False)
    _day: int = field(init=False)
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._tokens = float(self.tier.burst)
        self._seen_s = self.clock_s()
        self._day = int(self.now_s() // DAY_S)

    @property
    def remaining(self) -> int:
        """Weight left right now."""
        used_minute = sum(weight for _, weight in self._recent)
        left = self.tier.weight_minute - used_minute if self.mode == "strict" else self._tokens
        if self.tier.weight_day is not None:
            left = min(left, self.tier.weight_day - self.used_day)
        return max(0, int(left))

    def _advance(self) -> None:
        at_s = self.clock_s()
        refill = (at_s - self._seen_s) * self.tier.weight_minute / 60.0
        self._tokens = min(float(self.tier.burst), self._tokens + refill)
        self._seen_s = at_s
        while self._recent and self._recent[0][0] <= at_s - 60.0:
            self._recent.popleft()
        day = int(self.now_s() // DAY_S)
        if day != self._day:
            self._day, self.used_day = day, 0

    def _wait_s(self, weight: int) -> int:
        """Return the seconds until `weight` may be spent, 0 for now."""
        if self.tier.weight_day is not None and self.used_day + weight > self.tier.weight_day:
            return max(1, math.ceil((self._day + 1) * DAY_S - self.now_s()))
        if self.mode == "strict":
            room = self.tier.weight_minute - sum(spent for _, spent in self._recent)
            for at_s, spent in self._recent:
                if weight <= room:
                    break
                room += spent
                wait_s = at_s + 60.0 - self._seen_s
                if weight <= room:
                    return max(1, math.ceil(wait_s))
            return 0 if weight <= room else 60
        # A refill that is complete but for the last bit of a float is complete.
        missing = weight - self._tokens - 1e-9
        return max(1, math.ceil(missing * 60.0 / self.tier.weight_minute)) if missing > 0 else 0

    def charge(self, weight: int) -> None:
        """Spend `weight` or raise the 429."""
        if self.mode == "off":
            return
        self._advance()
        wait_s = self._wait_s(weight)
        if wait_s:
            self.violations.append(f"weight {weight} came {wait_s} s too early")
            if self.mode != "watch":
                raise ApiError(429, "RATE_LIMITED", "Rate limit exceeded", wait_s)
        self._tokens = max(0.0, self._tokens - weight)
        self._recent.append((self._seen_s, weight))
        self.used_day += weight

"""A request for points: its parameters, their refusals and what the plan allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.servers.kiyotaka_limits import (
    BOOK,
    DAY_S,
    INTERVALS_S,
    LIQUIDATION,
    POINT_TYPES,
    ApiError,
    Tier,
    bucket_start_s,
    weight_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.base import Request

EXCHANGES = frozenset(
    {
        "BINANCE_FUTURES",
        "BINANCE_DELIVERY",
        "BYBIT",
        "OKEX_SWAP",
        "OKEX_FUTURES",
        "DERIBIT",
        "BITMEX",
        "BITGET",
        "BITFINEX_DERIVATIVES",
        "GATE_IO_FUTURES",
        "HYPERLIQUID_FUTURES",
        "HYPERLIQUID_HIP3",
        "HUOBI_DM",
        "HUOBI_DM_SWAP",
        "HUOBI_DM_LINEAR_SWAP",
        "CME",
        "BINANCE",
        "BYBIT_SPOT",
        "COINBASE",
        "OKEX",
        "BITFINEX",
        "GATE_IO",
        "BITSTAMP",
        "UPBIT",
        "HUOBI",
        "HYPERLIQUID",
    }
)


@dataclass(frozen=True)
class PointsQuery:
    """A request for points, checked; times in seconds, `from_s` resolved."""

    kind: str
    exchanges: tuple[str, ...]
    symbol: str
    by_coin: bool
    interval: str
    from_s: int
    period_s: int
    newest_first: bool
    block_size: float
    max_depth: int
    asked_depth: int | None
    flat: bool
    summed: bool
    usd: bool

    @property
    def interval_s(self) -> int:
        return INTERVALS_S[self.interval]

    @property
    def weight(self) -> int:
        return weight_of(
            self.kind,
            self.period_s,
            self.interval_s,
            len(self.exchanges) if self.summed else 1,
            self.asked_depth,
        )

    def bucket_times_s(self, now_s: float) -> list[int]:
        """Bucket starts within `[from, from + period)` that have begun, ascending."""
        first_s = bucket_start_s(self.from_s, self.interval_s)
        first_s += 0 if first_s == self.from_s else self.interval_s
        end_s = min(self.from_s + self.period_s, int(now_s) + 1)
        return list(range(first_s, end_s, self.interval_s))


def read_number(request: Request, name: str, kind: Callable[[str], float]) -> float | None:
    text = request.one(name)
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        raise ApiError(400, "INVALID_PARAMS", f"{name} is not a number: {text}") from None


def _one_of(request: Request, name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = request.one(name, default) or default
    if value not in allowed:
        raise ApiError(400, "INVALID_PARAMS", f"{name} must be one of {', '.join(allowed)}")
    return value


def read_symbol(request: Request, kind: str) -> tuple[str, bool]:
    raw, coin = request.one("rawSymbol"), request.one("coin")
    if kind == LIQUIDATION:
        if raw or not coin:
            raise ApiError(400, "INVALID_PARAMS", f"{kind} is selected by coin, not by symbol")
        return coin, True
    if bool(raw) == bool(coin):
        raise ApiError(400, "INVALID_PARAMS", "give either rawSymbol or coin")
    return (coin, True) if coin else (raw or "", False)


def _exchanges(request: Request, kind: str, by_coin: bool, summed: bool) -> tuple[str, ...]:
    exchanges = tuple(request.all("exchange"))
    for exchange in exchanges:
        if exchange not in EXCHANGES:
            raise ApiError(400, "INVALID_EXCHANGE", f"unknown exchange {exchange}")
    if kind == LIQUIDATION:
        return exchanges
    if not exchanges:
        raise ApiError(400, "INVALID_PARAMS", "exchange is required")
    if len(exchanges) > 1 and not (summed and by_coin):
        raise ApiError(400, "INVALID_PARAMS", "several exchanges need coin and GROUP_BY_TYPE_SUM")
    return exchanges


def parse_points_query(request: Request, now_s: float) -> PointsQuery:
    """Return the query or raise the documented 400."""
    kinds = request.all("type")
    if len(kinds) != 1 or kinds[0] not in POINT_TYPES:
        raise ApiError(400, "INVALID_PARAMS", f"unsupported type {kinds}")
    kind = kinds[0]
    interval = request.one("interval") or ""
    if interval not in INTERVALS_S:
        raise ApiError(400, "INVALID_TIMEFRAME", f"unknown interval {interval!r}")
    group = _one_of(request, "transform.groupBy.type", "", ("", "GROUP_BY_TYPE_SUM"))
    quote = _one_of(request, "transform.normalize.quote", "", ("", "USD"))
    flat = _one_of(request, "flatten", "false", ("false", "true"))
    order = _one_of(
        request,
        "sortDirection",
        "SORT_DIRECTION_ASC",
        ("SORT_DIRECTION_ASC", "SORT_DIRECTION_DESC"),
    )
    symbol, by_coin = read_symbol(request, kind)
    block_size = read_number(request, "blockSize", float)
    if kind == BOOK and not (block_size and 0 < block_size < float("inf")):
        raise ApiError(400, "INVALID_PARAMS", "blockSize is required")
    depth = read_number(request, "maxDepth", int)
    if depth is not None and depth < 1:
        raise ApiError(400, "INVALID_PARAMS", "maxDepth must be positive")
    period_s = int(read_number(request, "period", int) or 0)
    if period_s < 0:
        raise ApiError(400, "INVALID_PARAMS", "period must be positive")
    from_s = read_number(request, "from", int)
    return PointsQuery(
        kind=kind,
        exchanges=_exchanges(request, kind, by_coin, bool(group)),
        symbol=symbol,
        by_coin=by_coin,
        interval=interval,
        from_s=int(now_s) - period_s if from_s is None else int(from_s),
        period_s=period_s,
        newest_first=order.endswith("DESC"),
        block_size=block_size or 0.0,
        max_depth=int(depth or POINT_TYPES[kind].depth),
        asked_depth=None if depth is None else int(depth),
        flat=flat == "true",
        summed=bool(group),
        usd=quote == "USD",
    )


def check_plan(query: PointsQuery, tier: Tier, now_s: float) -> None:
    """Raise the 403 of a query that the plan does not allow."""
    rules = POINT_TYPES[query.kind]
    if rules.advanced and not tier.advanced:
        raise ApiError(403, "FORBIDDEN", f"{query.kind} is not available on your plan")
    if len(query.exchanges) > 1 and not tier.advanced:
        raise ApiError(403, "FORBIDDEN", "Multi-exchange aggregation is not available on your plan")
    if query.period_s > rules.max_points * query.interval_s:
        raise ApiError(403, "FORBIDDEN", f"Point count exceeds {rules.max_points}")
    if tier.history_days is not None:
        # The bucket that the edge of the history cuts through is still served.
        oldest_s = now_s - tier.history_days * DAY_S - query.interval_s
        if query.from_s < oldest_s:
            raise ApiError(403, "FORBIDDEN", f"History depth is {tier.history_days} days")

"""A loopback Kiyotaka: points, block sizes, markets and usage, as documented."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from tests.servers import books
from tests.servers.base import LoopbackServer, Reply, Request, json_reply, run_in_foreground
from tests.servers.kiyotaka_limits import (
    BOOK,
    CANDLES,
    LIQUIDATION,
    TIERS,
    ApiError,
    Meter,
    Mode,
)
from tests.servers.kiyotaka_query import (
    EXCHANGES,
    PointsQuery,
    check_plan,
    parse_points_query,
    read_number,
    read_symbol,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.books import AskEdge, BookSnapshot, BookSource


@runtime_checkable
class VerbatimSource(Protocol):
    """A source that answers in its own text."""

    def text(self, query: PointsQuery) -> str:
        """Return the whole body."""

    def block_size(self, exchange: str, symbol: str) -> float:
        """Return the 4K block size, 0 where the venue has no such symbol."""

    def markets(self) -> list[dict[str, object]]:
        """Return the rows of /v1/markets."""


class KiyotakaServer(LoopbackServer):
    """The Kiyotaka API on 127.0.0.1.

    `header` is the key header of the preset; `clock_s` drives the token bucket and `now_s` the
    market and the day, so that a test may stop either.
    """

    def __init__(
        self,
        source: BookSource | VerbatimSource,
        *,
        key: str = "test-key",
        header: str = "X-Kiyotaka-Key",
        tier: str = "advanced",
        limits: Mode = "enforce",
        retry_after: str = "both",
        ask_edge: AskEdge = "floor",
        clock_s: Callable[[], float] = time.monotonic,
        now_s: Callable[[], float] = time.time,
        port: int = 0,
        tls: bool = False,
        compress: bool = False,
    ) -> None:
        super().__init__(port=port, tls=tls, compress=compress, now_s=now_s)
        self.source = source
        self.key = key
        self.header = header
        self.tier = TIERS[tier]
        self.meter = Meter(self.tier, limits, clock_s, now_s)
        self.retry_after = retry_after
        self.ask_edge: AskEdge = ask_edge

    def respond(self, request: Request) -> Reply:
        try:
            if request.headers.get(self.header.lower()) != self.key:
                raise ApiError(401, "INVALID_API_KEY", "Missing or invalid API key")
            reply = self._route(request)
        except ApiError as error:
            reply = self._refusal(error)
        with self.lock:
            reply.headers["X-RateLimit-Remaining"] = str(self.meter.remaining)
        reply.headers["X-RateLimit-Reset"] = str(int(self.now_s() // 60 + 1) * 60)
        return reply

    def _refusal(self, error: ApiError) -> Reply:
        payload, headers = error.payload(), {}
        if error.retry_after_s is not None:
            if self.retry_after in ("header", "both"):
                headers["Retry-After"] = str(error.retry_after_s)
            if self.retry_after not in ("body", "both"):
                del payload["retry_after"]
        return json_reply(payload, error.status, headers)

    def _route(self, request: Request) -> Reply:
        if request.path == "/v1/points":
            return self._points(request)
        if request.path == "/v1/usage":
            meter = self.meter
            return json_reply(
                {
                    "tier": self.tier.name,
                    "weightPerMinute": self.tier.weight_minute,
                    "weightRemaining": meter.remaining,
                    "weightUsedToday": meter.used_day,
                }
            )
        if request.path == "/v1/block-sizes":
            symbol, _ = read_symbol(request, BOOK)
            exchange = request.one("exchange") or ""
            if exchange not in EXCHANGES:
                raise ApiError(400, "INVALID_EXCHANGE", f"unknown exchange {exchange!r}")
            size = self.source.block_size(exchange, symbol)
            return json_reply({"blockSizes": [int(size) if size == int(size) else size]})
        if request.path == "/v1/markets":
            return self._markets(request, self.source.markets())
        raise ApiError(404, "NOT_FOUND", request.path)

    def _markets(self, request: Request, rows: list[dict[str, object]]) -> Reply:
        for name in ("exchange", "coin", "category"):
            wanted = request.all(name)
            rows = [row for row in rows if not wanted or row.get(name) in wanted]
        size = int(read_number(request, "pageSize", int) or 1000)
        start = int(read_number(request, "pageOffset", int) or 0)
        page: dict[str, object] = {"symbols": rows[start : start + size]}
        if start + size < len(rows):
            page["nextOffset"] = start + size
        return json_reply(page)

    def _points(self, request: Request) -> Reply:
        now_s = self.now_s()
        query = parse_points_query(request, now_s)
        check_plan(query, self.tier, now_s)
        with self.lock:
            self.meter.charge(query.weight)
        request.weight = query.weight
        if isinstance(self.source, VerbatimSource):
            return Reply(body=self.source.text(query).encode())
        times_s = self.source.arrange(query.bucket_times_s(now_s))
        if query.newest_first:
            times_s.reverse()
        points = [text for time_s in times_s if (text := self._point(query, self.source, time_s))]
        if not points:
            return json_reply({"series": []})
        name = "flat_points" if query.flat and query.kind != CANDLES else "points"
        head = f'{{"series":[{{"id":{json.dumps(_series_id(query))},"{name}":['
        parts = [head.encode()]
        for index, text in enumerate(points):
            parts.append(f",{text}".encode() if index else text.encode())
        parts.append(b"]}]}")
        return Reply(body=parts)

    def _point(self, query: PointsQuery, source: BookSource, time_s: int) -> str | None:
        if query.kind == CANDLES:
            return _candle_text(query, source, time_s)
        if query.kind == LIQUIDATION:
            snapshot = source.liquidation(query.symbol, time_s, query.interval_s)
            if snapshot is None:
                return None
            levels = books.liquidation_levels(snapshot, query.max_depth, usd=query.usd)
            if query.flat:
                return books.flat_record_text(*levels, time_s)
            return books.liquidation_point_text(levels, time_s)
        served = served_book(query, source, time_s, self.ask_edge)
        if served is None:
            return None
        if not query.flat:
            return books.book_point_text(served, time_s)
        bid_px, bid_qty, ask_px, ask_qty = served
        px = np.concatenate([bid_px[::-1], ask_px])
        return books.flat_record_text(px, np.concatenate([bid_qty[::-1], ask_qty]), time_s)


def served_book(
    query: PointsQuery, source: BookSource, time_s: int, ask_edge: AskEdge = "floor"
) -> tuple[books.Floats, books.Floats, books.Floats, books.Floats] | None:
    """Return the levels of one bucket, summed over the venues that have it; None if none has."""
    found: list[BookSnapshot] = []
    for exchange in query.exchanges:
        snapshot = source.book(exchange, query.symbol, time_s, query.interval_s)
        if snapshot is not None:
            found.append(snapshot)
    if not found:
        return None
    return books.book_levels(
        found, query.block_size, query.max_depth, usd=query.usd, ask_edge=ask_edge
    )


def _candle_text(query: PointsQuery, source: BookSource, time_s: int) -> str | None:
    candle = source.candle(query.exchanges[0], query.symbol, time_s, query.interval_s)
    if candle is None:
        return None
    rate = candle.close_px if query.usd else 1.0
    point = {
        "open": candle.open_px,
        "high": candle.high_px,
        "low": candle.low_px,
        "close": candle.close_px,
        "volume": candle.volume_base * rate,
        "timestamp": {"s": time_s},
        "firstTimestamp": {"s": time_s, "ns": 120_000_000},
        "lastTimestamp": {"s": time_s + query.interval_s - 1, "ns": 980_000_000},
    }
    return json.dumps({"Point": point}, separators=(",", ":"))


def _series_id(query: PointsQuery) -> dict[str, str]:
    identity = {"type": query.kind, "interval": query.interval}
    if query.kind == LIQUIDATION:
        return identity | {"coin": query.symbol}
    if query.summed:
        return identity
    name = "coin" if query.by_coin else "rawSymbol"
    return identity | {"exchange": query.exchanges[0], name: query.symbol}


def main() -> None:
    """Serve the synthetic market until Ctrl+C."""
    from tests.servers.synthetic import SyntheticSource

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="test-key")
    parser.add_argument("--tier", choices=sorted(TIERS), default="advanced")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    run_in_foreground(
        KiyotakaServer(
            SyntheticSource(args.seed, levels=1500), key=args.key, tier=args.tier, port=args.port
        )
    )


if __name__ == "__main__":
    main()

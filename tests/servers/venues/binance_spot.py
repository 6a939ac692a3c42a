"""Binance spot: `U` and `u` alone, snapshots without a time."""

from __future__ import annotations

from typing import Any

from tests.servers.base import Request
from tests.servers.venues.binance import BinanceServer, Numbers
from tests.servers.venues.market import Play, Spec, Step

_ALL = "all"


class BinanceSpotServer(BinanceServer):
    """`api/v3` and `stream`."""

    provider = "binance-spot"
    messages_per_s = 5.0
    line_paths = ("/ws", "/stream")
    rest_root = "/api/v3"
    depth_weights = ((100, 5), (500, 25), (1000, 50), (5000, 250))
    depth_default = 100
    weight_per_minute = 6000
    streams_per_connection = 1024
    kline_limit = 1000
    info_weight = 20
    book_line = _ALL
    kline_line = _ALL

    def line_of(self, path: str) -> tuple[str, str, str]:
        parts = [part for part in path.split("/") if part]
        form = parts.pop(0) if parts else "ws"
        return _ALL, form, "/".join(parts)

    def depth_payload(
        self, spec: Spec, event_ms: int, first: int, last: int, before: int
    ) -> dict[str, Any]:
        return {"e": "depthUpdate", "E": event_ms, "s": spec.symbol, "U": first, "u": last}

    def tell_trades(
        self, key: str, play: Play, numbers: Numbers, event_ms: int, step: Step
    ) -> None:
        spec = play.spec
        for trade in step.trades:
            numbers.trade_id += 1
            number = numbers.trade_id
            price, qty = spec.price_text(trade.price), spec.qty_text(trade.qty)
            common = {"E": event_ms, "s": spec.symbol, "p": price, "q": qty, "T": event_ms - 1}
            sides = {"m": not trade.buy, "M": True}
            single = {"e": "trade", **common, "t": number, **sides}
            joined = {"e": "aggTrade", **common, "a": number, "f": number, "l": number, **sides}
            self.tell_stream(_ALL, f"{key.lower()}@trade", single)
            self.tell_stream(_ALL, f"{key.lower()}@aggTrade", joined)

    def kline_weight(self, request: Request) -> int:
        return 2

    def info(self) -> dict[str, Any]:
        return {
            "timezone": "UTC",
            "serverTime": self._venue_ms(),
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
                {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61000},
            ],
            "exchangeFilters": [],
            "symbols": [_symbol(play.spec) for play in self.plays.values()],
        }  # fmt: skip


def _symbol(spec: Spec) -> dict[str, Any]:
    return {
        "symbol": spec.symbol,
        "status": spec.status,
        "baseAsset": spec.coin,
        "baseAssetPrecision": 8,
        "quoteAsset": spec.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": spec.tick_text,
                "maxPrice": "1000000.00000000",
                "tickSize": spec.tick_text,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": spec.qty_text(1000),
                "maxQty": "9000.00000000",
                "stepSize": spec.qty_text(1000),
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
    }

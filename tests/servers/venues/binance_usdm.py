"""Binance USD-M futures: `/public` and `/market` routes, `pu`, sampled liquidations."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.servers.base import Request
from tests.servers.venues.binance import BinanceServer, Numbers, whole
from tests.servers.venues.market import Liquidation, Play, Spec, Step

PUBLIC, MARKET = "public", "market"
_UNROUTED = "public"
"""An address without a route gets the streams of the book and no others."""


class BinanceUsdmServer(BinanceServer):
    """`fapi` and `fstream`."""

    provider = "binance-usdm"
    messages_per_s = 10.0
    line_paths = ("/public", "/market", "/private", "/ws", "/stream")
    rest_root = "/fapi/v1"
    depth_weights = ((50, 2), (100, 5), (500, 10), (1000, 20))
    depth_limits: ClassVar[tuple[int, ...] | None] = (5, 10, 20, 50, 100, 500, 1000)
    depth_default = 500
    weight_per_minute = 2400
    streams_per_connection = 200
    kline_limit = 1500
    number_gap = 70
    book_line = PUBLIC
    kline_line = MARKET

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._forced: dict[str, tuple[int, Liquidation]] = {}
        self._told_ms: dict[str, int] = {}

    def line_of(self, path: str) -> tuple[str, str, str]:
        parts = [part for part in path.split("/") if part]
        line = parts.pop(0) if parts and parts[0] in (PUBLIC, MARKET, "private") else _UNROUTED
        form = parts.pop(0) if parts and parts[0] in ("ws", "stream") else "ws"
        return line, form, "/".join(parts)

    def depth_payload(
        self, spec: Spec, event_ms: int, first: int, last: int, before: int
    ) -> dict[str, Any]:
        return {
            "e": "depthUpdate", "E": event_ms, "T": event_ms - 2, "s": spec.symbol,
            "U": first, "u": last, "pu": before,
        }  # fmt: skip

    def snapshot_times(self, event_ms: int) -> dict[str, int]:
        return {"E": event_ms, "T": event_ms - 2}

    def tell_trades(
        self, key: str, play: Play, numbers: Numbers, event_ms: int, step: Step
    ) -> None:
        spec, name = play.spec, f"{key.lower()}@aggTrade"
        for trade in step.trades:
            numbers.trade_id += 1
            number, qty = numbers.trade_id, spec.qty_text(trade.qty)
            payload = {
                "e": "aggTrade", "E": event_ms, "s": spec.symbol, "a": number,
                "p": spec.price_text(trade.price), "q": qty, "nq": qty, "f": number, "l": number,
                "T": event_ms - 2, "m": not trade.buy,
            }  # fmt: skip
            self.tell_stream(MARKET, name, payload)
        for forced in step.liquidations:
            self._forced[key] = (event_ms, forced)

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        for key in list(self._forced):
            if now_ms - self._told_ms.get(key, 0) >= 1000:
                self._told_ms[key] = now_ms
                event_ms, forced = self._forced.pop(key)
                self._tell_forced(key, event_ms, forced)

    def _tell_forced(self, key: str, event_ms: int, forced: Liquidation) -> None:
        """The latest of a second; the side is the order's, which is against the position."""
        spec = self.plays[key].spec
        price, qty = spec.price_text(forced.price), spec.qty_text(forced.qty)
        order = {
            "s": spec.symbol, "S": "SELL" if forced.long else "BUY", "o": "LIMIT", "f": "IOC",
            "q": qty, "p": price, "ap": price, "X": "FILLED", "l": qty, "z": qty,
            "T": event_ms - 2,
        }  # fmt: skip
        payload = {"e": "forceOrder", "E": event_ms, "o": order}
        self.tell_stream(MARKET, f"{key.lower()}@forceOrder", payload)
        self.tell_stream(MARKET, "!forceOrder@arr", payload)

    def kline_weight(self, request: Request) -> int:
        limit = whole(request.one("limit"), 500)
        return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10

    def info(self) -> dict[str, Any]:
        return {
            "timezone": "UTC",
            "serverTime": self._venue_ms(),
            "futuresType": "U_MARGINED",
            "rateLimits": [
                {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
                {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
            ],
            "exchangeFilters": [],
            "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
            "symbols": [_symbol(play.spec) for play in self.plays.values()],
        }  # fmt: skip


def _symbol(spec: Spec) -> dict[str, Any]:
    return {
        "symbol": spec.symbol,
        "pair": spec.coin + spec.quote,
        "contractType": spec.contract or "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": spec.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": spec.coin,
        "quoteAsset": spec.quote,
        "marginAsset": spec.quote,
        "pricePrecision": spec.price_decimals,
        "quantityPrecision": spec.qty_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": spec.tick_text,
                "maxPrice": "4529764",
                "tickSize": spec.tick_text,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": spec.qty_text(1),
                "maxQty": "1000",
                "stepSize": spec.qty_text(1),
            },
            {"filterType": "MIN_NOTIONAL", "notional": "100"},
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }

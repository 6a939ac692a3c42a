"""A source that answers with the example payloads of the documents, word for word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.servers import payloads
from tests.servers.kiyotaka_limits import BOOK, LIQUIDATION

if TYPE_CHECKING:
    from tests.servers.kiyotaka_query import PointsQuery

_BOOK_MARKET = ("BINANCE_FUTURES", "BTCUSDT")
NOW_S = payloads.BOOK_TIME_S + 30
"""A server time at which both examples are recent history."""


class SeedSource:
    """Serves the book and liquidation examples to the windows that hold them.

    A window that holds only some of an example's points gets those; any other query gets an empty
    series. The documents print one payload for coin and USD alike, and so does this.
    """

    def text(self, query: PointsQuery) -> str:
        examples = {
            (BOOK, False): payloads.BOOK_POINTS,
            (BOOK, True): payloads.BOOK_FLAT,
            (LIQUIDATION, False): payloads.LIQUIDATION_POINTS,
            (LIQUIDATION, True): payloads.LIQUIDATION_FLAT,
        }
        text = examples.get((query.kind, query.flat))
        if text is None:
            return '{"series":[]}'
        series = json.loads(text)["series"][0]
        if series["id"]["interval"] != query.interval:
            return '{"series":[]}'
        name = "flat_points" if query.flat else "points"
        served = series[name]
        kept = _flat_within(served, query) if query.flat else _points_within(served, query)
        if len(kept) == len(served):
            return text
        return json.dumps({"series": [series | {name: kept}] if kept else []})

    def block_size(self, exchange: str, symbol: str) -> float:
        """Return the documents' 5 for BTCUSDT on Binance Futures, and for BTC anywhere."""
        return 5.0 if symbol == "BTC" or (exchange, symbol) == _BOOK_MARKET else 0.0

    def markets(self) -> list[dict[str, object]]:
        """Return the one market of the examples."""
        exchange, symbol = _BOOK_MARKET
        return [{"exchange": exchange, "rawSymbol": symbol, "coin": "BTC", "category": "PERPETUAL"}]


def _holds(query: PointsQuery, time_s: float) -> bool:
    return query.from_s <= time_s < query.from_s + query.period_s


def _points_within(points: list[Any], query: PointsQuery) -> list[Any]:
    return [point for point in points if _holds(query, point["Point"]["timestamp"]["s"])]


def _flat_within(flat: list[float], query: PointsQuery) -> list[float]:
    kept: list[float] = []
    at = 0
    while at < len(flat):
        end = at + 2 + 2 * int(flat[at])
        if _holds(query, flat[at + 1] / 1e6):
            kept.extend(flat[at:end])
        at = end
    return kept

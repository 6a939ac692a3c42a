"""Recorded sessions of Bybit, Gemini and Hyperliquid as sources."""

from __future__ import annotations

import gzip
import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
import zstandard

from tests.servers.venues.market import Change, PlainBook, Step, Trade
from tests.servers.venues.recorded import Recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def units(text: str, decimals: int) -> int:
    """A decimal text as a whole number of the last of so many digits."""
    whole, _, part = text.partition(".")
    if len(part.rstrip("0")) > decimals:
        raise ValueError(f"{text} has more than {decimals} decimals")
    return int(whole + part[:decimals].ljust(decimals, "0"))


def _changes(rows: list[Any], price_decimals: int, qty_decimals: int) -> list[Change]:
    return [(units(px, price_decimals), units(qty, qty_decimals)) for px, qty in rows]


def _frames(path: Path) -> Iterator[tuple[float, Any]]:
    """Received frames of a session with the seconds they came at."""
    packed = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(path.read_bytes()))
    for line in io.TextIOWrapper(packed, "utf-8"):
        row = orjson.loads(line)
        if row["t"] == "recv" and "data" in row:
            yield row["ts"], orjson.loads(row["data"])


@lru_cache(maxsize=4)
def bybit(path: Path, symbol: str, price_decimals: int = 2, qty_decimals: int = 3) -> Recorded:
    """`orderbook.200` and `publicTrade` of one linear symbol, timed by the matching engine."""
    book: PlainBook | None = None
    steps: list[Step] = []
    first_ms = 0
    for _, message in _frames(path):
        kind, _, rest = message.get("topic", "").partition(".")
        if not rest.endswith(symbol) or kind not in ("orderbook", "publicTrade"):
            continue
        data = message["data"]
        if kind == "orderbook":
            bids = _changes(data["b"], price_decimals, qty_decimals)
            asks = _changes(data["a"], price_decimals, qty_decimals)
            if book is None:
                book, first_ms = PlainBook(dict(bids), dict(asks)), message["cts"]
            else:
                steps.append(Step(message["cts"] - first_ms, bids, asks))
        elif book is not None:
            trades = [
                Trade(
                    units(one["p"], price_decimals),
                    units(one["v"], qty_decimals),
                    one["S"] == "Buy",
                )
                for one in data
            ]
            steps.append(Step(data[0]["T"] - first_ms, trades=trades))
    return _whole(book, steps)


@lru_cache(maxsize=4)
def gemini(path: Path, symbol: str, price_decimals: int = 2, qty_decimals: int = 8) -> Recorded:
    """`l2` of one symbol, which has no times of its own: timed by when it came."""
    book: PlainBook | None = None
    steps: list[Step] = []
    first_s = 0.0
    for at_s, message in _frames(path):
        if message.get("symbol") != symbol:
            continue
        at_ms = round((at_s - first_s) * 1000)
        if message["type"] == "l2_updates":
            rows = message["changes"]
            sides = [
                [
                    (units(px, price_decimals), units(qty, qty_decimals))
                    for name, px, qty in rows
                    if name == side
                ]
                for side in ("buy", "sell")
            ]
            if book is None:
                book, first_s = PlainBook(dict(sides[0]), dict(sides[1])), at_s
            else:
                steps.append(Step(at_ms, *sides))
        elif message["type"] == "trade" and book is not None:
            qty = units(message["quantity"], qty_decimals)
            price = units(message["price"], price_decimals)
            steps.append(Step(at_ms, trades=[Trade(price, qty, message["side"] == "buy")]))
    return _whole(book, steps)


@lru_cache(maxsize=4)
def hyperliquid(path: Path, price_decimals: int = 1, qty_decimals: int = 5) -> Recorded:
    """The best 20 levels a side of BTC, one snapshot after the other, and trades."""
    book: PlainBook | None = None
    first: PlainBook | None = None
    steps: list[Step] = []
    first_ms = 0
    with gzip.open(path, "rb") as lines:
        for line in lines:
            frame = orjson.loads(line.split(b" ", 1)[1])
            if frame["channel"] != "l2Book":
                continue
            data = frame["data"]
            sides = [
                {units(one["px"], price_decimals): units(one["sz"], qty_decimals) for one in side}
                for side in data["levels"]
            ]
            now = PlainBook(*sides)
            if book is None:
                first, first_ms = now, data["time"]
            else:
                bids, asks = book.difference(now)
                if bids or asks:
                    steps.append(Step(data["time"] - first_ms, bids, asks))
            book = now
    return _whole(first, steps)


def _whole(book: PlainBook | None, steps: list[Step]) -> Recorded:
    """Steps in the order of their times."""
    if book is None or not steps:
        raise ValueError("the recording holds no book")
    steps.sort(key=lambda step: step.at_ms)
    return Recorded(book, [step for step in steps if step.at_ms >= 0])

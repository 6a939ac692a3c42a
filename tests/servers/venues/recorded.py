"""Recordings of real markets as sources: the book they begin with and what happened to it."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tests.servers.venues.market import Change, PlainBook, Step, Trade

if TYPE_CHECKING:
    from collections.abc import Iterator

USDM = Path("binance-usdm-hft", "btcusdt_20240808.gz")
SPOT = (
    Path("binance-spot-hft", "btcusdt_20240808.gz"),
    Path("binance-spot-hft", "btcusdt_20240809.gz"),
)
BYBIT = Path("cryptofeed-v3", "BYBIT.shared-symbols.jsonl.zst")
GEMINI = Path("cryptofeed-v3", "GEMINI.jsonl.zst")
HYPERLIQUID = Path("hyperliquid-hft", "btcusd_20250126.gz")
_PAUSE_MS = 100
"""Between the end of a recording and its beginning."""


class Recorded:
    """A recorded market, over and over: after its last step one step leads back to its beginning."""

    def __init__(self, book: PlainBook, steps: list[Step]) -> None:
        self._book, self._steps = book, steps
        self.length_ms = steps[-1].at_ms + 2 * _PAUSE_MS
        self._back: Step | None = None

    def begin(self) -> PlainBook:
        return self._book.copy()

    def steps(self) -> Iterator[Step]:
        offset_ms = 0
        while True:
            for step in self._steps:
                yield Step(
                    offset_ms + step.at_ms, step.bids, step.asks, step.trades, step.liquidations
                )
            back_ms = offset_ms + self._steps[-1].at_ms + _PAUSE_MS
            yield Step(back_ms, *self._way_back())
            offset_ms += self.length_ms

    def _way_back(self) -> tuple[list[Change], list[Change]]:
        if self._back is None:
            end = self._book.copy()
            for step in self._steps:
                end.apply(step.bids, step.asks)
            self._back = Step(0, *end.difference(self._book))
        return self._back.bids, self._back.asks


def digits(text: str) -> int:
    """A decimal text as a whole number of its last digits."""
    return int(text.replace(".", ""))


def _changes(rows: list[list[str]]) -> list[Change]:
    return [(digits(price), digits(qty)) for price, qty in rows]


@lru_cache(maxsize=4)
def binance(*paths: Path) -> Recorded:
    """A recording of Binance: from its REST snapshot on, timed by the venue's own times."""
    reader = _BinanceReader()
    for path in paths:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                if b"bookTicker" not in line[:60]:
                    frame = orjson.loads(line.split(b" ", 1)[1])
                    reader.take(frame.get("data", frame))
    if reader.book is None:
        raise ValueError(f"{paths[0]} holds no snapshot")
    return Recorded(reader.book, reader.steps)


class _BinanceReader:
    """Collects the steps after the snapshot; trades wait for their place in time."""

    def __init__(self) -> None:
        self.book: PlainBook | None = None
        self.steps: list[Step] = []
        self._snapshot_id = 0
        self._first_ms = 0
        self._early: list[dict[str, Any]] = []

    def take(self, data: dict[str, Any]) -> None:
        if "lastUpdateId" in data:
            bids, asks = _changes(data["bids"]), _changes(data["asks"])
            self.book, self._snapshot_id = PlainBook(dict(bids), dict(asks)), data["lastUpdateId"]
            early, self._early = self._early, []
            for one in early:
                self.take(one)
        elif data.get("e") == "depthUpdate":
            if self.book is None:
                self._early.append(data)
            elif data["u"] > self._snapshot_id:
                self._at(data["E"]).bids += _changes(data["b"])
                self.steps[-1].asks += _changes(data["a"])
        # A price of 0 marks a fill outside the book, which is no trade of the market.
        elif data.get("e") == "trade" and self.steps and float(data["p"]) > 0.0:
            trade = Trade(digits(data["p"]), digits(data["q"]), not data["m"])
            last = self.steps[-1]
            same = not last.changes and last.at_ms == data["E"] - self._first_ms
            (last if same else self._at(data["E"])).trades.append(trade)

    def _at(self, event_ms: int) -> Step:
        """A new step; recorded times may run back by some milliseconds, steps do not."""
        if not self.steps:
            self._first_ms = event_ms
        last_ms = self.steps[-1].at_ms if self.steps else 0
        step = Step(max(last_ms, event_ms - self._first_ms))
        self.steps.append(step)
        return step

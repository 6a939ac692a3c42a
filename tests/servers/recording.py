"""A recorded market as a source: every recorded second is served as one minute."""

from __future__ import annotations

import argparse
import gzip
import os
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from tests.servers.base import run_in_foreground
from tests.servers.books import BookSnapshot, Candle, LevelSnapshot
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDING = Path("binance-usdm-hft", "btcusdt_20240808.gz")
EXCHANGE, SYMBOL, COIN = "BINANCE_FUTURES", "BTCUSDT", "BTC"
BLOCK_SIZE_USD = 5.0
MINUTE_S = 60


def default_data_dir() -> Path:
    """Return HEATDESK_TEST_DATA, else the data beside the checkout."""
    stored = os.environ.get("HEATDESK_TEST_DATA")
    return Path(stored) if stored else Path(__file__).parents[3] / "shared" / "data"


class SequenceGap(Exception):
    """A depth event does not continue the one before it."""


class _Book:
    """One symbol's book, kept by the USD-M rule for sequence numbers."""

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.is_synced = False
        self._early: list[dict[str, Any]] = []
        self._snapshot_id: int | None = None
        self._last_id = 0

    def load(self, snapshot: dict[str, Any]) -> None:
        self.bids = {float(px): float(qty) for px, qty in snapshot["bids"]}
        self.asks = {float(px): float(qty) for px, qty in snapshot["asks"]}
        self._snapshot_id = snapshot["lastUpdateId"]
        early, self._early = self._early, []
        for event in early:
            self.apply(event)

    def apply(self, event: dict[str, Any]) -> None:
        if self._snapshot_id is None:
            self._early.append(event)
            return
        if not self.is_synced:
            if event["u"] < self._snapshot_id:
                return
            if event["U"] > self._snapshot_id:
                raise SequenceGap(f"first event {event['U']} is after {self._snapshot_id}")
            self.is_synced = True
        elif event["pu"] != self._last_id:
            raise SequenceGap(f"{event['pu']} does not continue {self._last_id}")
        self._last_id = event["u"]
        for side, changes in ((self.bids, event["b"]), (self.asks, event["a"])):
            for px_text, qty_text in changes:
                qty = float(qty_text)
                if qty:
                    side[float(px_text)] = qty
                else:
                    side.pop(float(px_text), None)

    def snapshot(self) -> BookSnapshot:
        bid = np.fromiter(self.bids.items(), dtype="f8,f8", count=len(self.bids))
        ask = np.fromiter(self.asks.items(), dtype="f8,f8", count=len(self.asks))
        mid = (float(bid["f0"].max()) + float(ask["f0"].min())) / 2.0
        return BookSnapshot(bid["f0"], bid["f1"], ask["f0"], ask["f1"], mid)


@dataclass
class Recording:
    """The recorded seconds: a book at the end of each, and a candle of its trades."""

    snapshots: list[BookSnapshot] = field(default_factory=list)
    candles: list[Candle] = field(default_factory=list)
    depth_events: int = 0


@dataclass
class _Second:
    """What trades in the second at hand."""

    trades: list[tuple[float, float]] = field(default_factory=list)

    def candle(self, before_px: float) -> Candle:
        """Return the candle of the trades; of the price before, at volume 0, where none traded."""
        prices = [px for px, _ in self.trades] or [before_px]
        volume = round(sum(qty for _, qty in self.trades), 3)
        return Candle(prices[0], max(prices), min(prices), prices[-1], volume)


@lru_cache(maxsize=2)
def load_recording(path: Path) -> Recording:
    """Rebuild the book by sequence and cut it at the whole seconds of the receiving clock.

    Raises
    ------
    SequenceGap
        If an event is missing.
    """
    recording, book, second = Recording(), _Book(), _Second()
    at_s: int | None = None
    with gzip.open(path, "rb") as lines:
        for line in lines:
            stamp, frame = line.split(b" ", 1)
            line_s = int(stamp) // 1_000_000_000
            if at_s is None:
                at_s = line_s
            while at_s < line_s:
                _close_second(recording, book, second)
                second = _Second()
                at_s += 1
            _apply_frame(recording, book, second, orjson.loads(frame))
    _close_second(recording, book, second)
    return recording


def _close_second(recording: Recording, book: _Book, second: _Second) -> None:
    if book.is_synced:
        snapshot = book.snapshot()
        recording.snapshots.append(snapshot)
        before = recording.candles[-1].close_px if recording.candles else snapshot.bid_px.max()
        recording.candles.append(second.candle(float(before)))


def _apply_frame(recording: Recording, book: _Book, second: _Second, frame: Any) -> None:
    data = frame.get("data", frame)
    kind = data.get("e")
    if kind == "depthUpdate":
        recording.depth_events += 1
        book.apply(data)
    elif kind == "trade":
        # A price of 0 marks a fill outside the book, which is no trade of the market.
        if float(data["p"]) > 0.0:
            second.trades.append((float(data["p"]), float(data["q"])))
    elif "lastUpdateId" in data:
        book.load(data)


class RecordingSource:
    """A `BookSource` of Binance Futures BTCUSDT as recorded; every other market is synthetic.

    The last recorded second falls into the minute in which the source is made. `held_back` seconds lie after it
    instead and appear one a minute as the server's clock goes on, so that a desk has a tail to
    follow.
    """

    def __init__(
        self,
        path: Path,
        now_s: Callable[[], float] = time.time,
        *,
        held_back: int = 0,
        seed: int = 1,
    ) -> None:
        self.recording = load_recording(path)
        self._now_s = now_s
        last_s = int(now_s()) // MINUTE_S * MINUTE_S + held_back * MINUTE_S
        self.first_s = last_s - (len(self.recording.snapshots) - 1) * MINUTE_S
        price = self.recording.snapshots[-1 - held_back].usd_px
        self._others = SyntheticSource(seed, levels=1000, prices={COIN: price})

    def _recorded(self, exchange: str, symbol: str) -> bool:
        return exchange == EXCHANGE and symbol in (SYMBOL, COIN)

    def _index(self, time_s: int) -> int | None:
        index, rest = divmod(time_s - self.first_s, MINUTE_S)
        is_there = rest == 0 and 0 <= index < len(self.recording.snapshots)
        return index if is_there and time_s <= self._now_s() else None

    def book(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> BookSnapshot | None:
        if not self._recorded(exchange, symbol):
            return self._others.book(exchange, symbol, time_s, interval_s)
        index = self._index(time_s)
        return None if index is None else self.recording.snapshots[index]

    def candle(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> Candle | None:
        if not self._recorded(exchange, symbol):
            return self._others.candle(exchange, symbol, time_s, interval_s)
        minutes = range(time_s, time_s + interval_s, MINUTE_S)
        indices = [index for at_s in minutes if (index := self._index(at_s)) is not None]
        if not indices:
            return None
        parts = [self.recording.candles[index] for index in indices]
        return Candle(
            parts[0].open_px,
            max(part.high_px for part in parts),
            min(part.low_px for part in parts),
            parts[-1].close_px,
            round(sum(part.volume_base for part in parts), 3),
        )

    def liquidation(self, coin: str, time_s: int, interval_s: int) -> LevelSnapshot | None:
        return self._others.liquidation(coin, time_s, interval_s)

    def block_size(self, exchange: str, symbol: str) -> float:
        if self._recorded(exchange, symbol):
            return BLOCK_SIZE_USD
        return self._others.block_size(exchange, symbol)

    def markets(self) -> list[dict[str, object]]:
        return self._others.markets()

    def arrange(self, times_s: list[int]) -> list[int]:
        return times_s


def main() -> None:
    """Serve the recording, all but its last minutes at once, until Ctrl+C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="test-key")
    parser.add_argument("--data", type=Path, default=default_data_dir())
    parser.add_argument("--held-back", type=int, default=30)
    args = parser.parse_args()
    source = RecordingSource(args.data / RECORDING, held_back=args.held_back)
    run_in_foreground(KiyotakaServer(source, key=args.key, port=args.port))


if __name__ == "__main__":
    main()

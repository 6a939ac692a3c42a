"""Candles of a market: those that were before it began are computed, later ones are its trades."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.venues.market import Play, Trade

SECOND_MS = 1000
_HOUR_MS = 3_600_000


@dataclass
class Candle:
    """One candle; prices in quote units, volumes in coins."""

    start_ms: int
    interval_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    buy_volume: float = 0.0
    count: int = 0

    def join(self, later: Candle) -> None:
        """Take in what happened later."""
        self.high, self.low = max(self.high, later.high), min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.buy_volume += later.buy_volume
        self.count += later.count

    @property
    def quote_volume(self) -> float:
        """About what was paid."""
        return self.volume * (self.high + self.low) / 2

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.interval_ms


class Candles:
    """The candles of one play."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._start_ms = play.start_ms + play.skew_ms
        bids, asks = play.book.bids, play.book.asks
        self._price = (max(bids) + min(asks)) / 2 * play.spec.price_unit
        self._seconds: dict[int, Candle] = {}

    def note(self, event_ms: int, trades: list[Trade]) -> None:
        """Count trades."""
        spec = self._play.spec
        for trade in trades:
            price, qty = trade.price * spec.price_unit, trade.qty * spec.qty_unit
            bought = qty if trade.buy else 0.0
            one = Candle(event_ms, 0, price, price, price, price, qty, bought, 1)
            self._add(event_ms // SECOND_MS * SECOND_MS, one)

    def _add(self, second_ms: int, one: Candle) -> None:
        known = self._seconds.get(second_ms)
        if known is None:
            one.start_ms, one.interval_ms = second_ms, SECOND_MS
            self._seconds[second_ms] = one
        else:
            known.join(one)

    def before(self, at_ms: int) -> float:
        """The price at a moment before the market began; at its beginning, where it begins."""
        away = (at_ms - self._start_ms) / _HOUR_MS
        wave = (
            0.012 * math.sin(away / 5) + 0.003 * math.sin(away * 2) + 0.0006 * math.sin(away * 17)
        )
        return self._price * (1.0 + wave)

    def at(self, start_ms: int, interval_ms: int, now_ms: int) -> Candle:
        """The candle that starts at a moment."""
        first = self.before(min(start_ms, self._start_ms))
        last = self.before(min(start_ms + interval_ms, self._start_ms))
        high, low = max(first, last) * 1.0002, min(first, last) * 0.9998
        share = (min(start_ms + interval_ms, self._start_ms) - start_ms) / 60_000
        volume = max(0.0, share) * (60 + 50 * math.sin(start_ms / 7e6)) * 100_000 / self._price
        candle = Candle(
            start_ms,
            interval_ms,
            first,
            high,
            low,
            last,
            volume,
            volume / 2,
            int(max(0, share * 90)),
        )
        if start_ms + interval_ms > self._start_ms:
            if candle.count == 0:
                candle.high, candle.low = max(first, last), min(first, last)
            stop_ms = min(start_ms + interval_ms, now_ms + SECOND_MS)
            begin_ms = max(start_ms, self._start_ms) // SECOND_MS * SECOND_MS
            for second_ms in range(begin_ms, stop_ms, SECOND_MS):
                if (one := self._seconds.get(second_ms)) is not None:
                    candle.join(one)
        return candle

    def rows(self, interval_ms: int, start_ms: int, end_ms: int, now_ms: int) -> list[Candle]:
        """Candles that start from `start_ms` to `end_ms`, both included, up to now."""
        first = -(-start_ms // interval_ms) * interval_ms
        return [
            self.at(at_ms, interval_ms, now_ms)
            for at_ms in range(first, min(end_ms, now_ms) + 1, interval_ms)
        ]

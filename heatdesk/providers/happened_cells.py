"""Liquidations that happened as levels by time: what the heatmap of would-be ones is made of."""

from __future__ import annotations

import math

import numpy as np

from heatdesk.frames import LiquidationBatch, LiquidationWindow, Quote
from heatdesk.frames.market import LevelRuns
from heatdesk.providers.live.block_size import round_up
from heatdesk.units import floor_ms

REACH_RATIO = 0.2
"""Prices this far around the first one are observed: nothing was liquidated where nothing is shown."""
_STEP_RATIO = 1e-4


def level_height(price: float) -> float:
    """A 1, 2 or 5 times a power of ten near a ten-thousandth of a price."""
    return float(f"{round_up(price * _STEP_RATIO * 0.999):.0e}")


class Happened:
    """Sums of liquidations by bucket and level; bounded to the buckets that are shown.

    Parameters
    ----------
    interval_ms, points : int
        Width of a bucket, and how many are held.
    quote : Quote
        What is summed.
    price : float
        About where it trades; the levels lie around it.
    from_ms : int
        Since when the venues are listened to.
    """

    def __init__(
        self, interval_ms: int, points: int, quote: Quote, price: float, from_ms: int
    ) -> None:
        self.height = level_height(price)
        self._interval_ms = interval_ms
        self._points = points
        self._quote = quote
        self._low = math.floor(price * (1 - REACH_RATIO) / self.height)
        self._high = math.ceil(price * (1 + REACH_RATIO) / self.height)
        self._sums: dict[int, dict[int, float]] = {}
        self._fresh_ms = self._start_ms = floor_ms(from_ms, interval_ms)

    def add(self, batch: LiquidationBatch) -> None:
        """Take in liquidations; those from before the first bucket are left out."""
        qty = batch.value_usd if self._quote is Quote.USD else batch.qty_base
        levels = np.floor(batch.price / self.height + 1e-9).astype(np.int64)
        for time_ms, level, one in zip(
            batch.time_ms.tolist(), levels.tolist(), qty.tolist(), strict=True
        ):
            bucket = floor_ms(time_ms, self._interval_ms)
            if bucket < self._start_ms:
                continue
            sums = self._sums.setdefault(bucket, {})
            sums[level] = sums.get(level, 0.0) + one
            self._fresh_ms = min(self._fresh_ms, bucket)

    def frame(self, now_ms: int) -> LiquidationWindow:
        """Every bucket that changed since the last call, and the one that is forming."""
        forming = floor_ms(now_ms, self._interval_ms)
        from_ms = min(self._fresh_ms, forming)
        times = np.arange(from_ms, forming + 1, self._interval_ms, dtype=np.int64)
        offsets, prices, quantities = [0], [], []
        for bucket in times.tolist():
            # the ends say how far the venues were listened to: between them nothing is zero
            sums = {self._low: 0.0, self._high: 0.0} | self._sums.get(bucket, {})
            levels = np.array(sorted(sums), np.int64)
            prices.append(levels * self.height)
            quantities.append(np.array([sums[level] for level in levels.tolist()]))
            offsets.append(offsets[-1] + levels.size)
        self._fresh_ms = forming
        oldest = forming - self._points * self._interval_ms
        for bucket in [one for one in self._sums if one < oldest]:
            del self._sums[bucket]
        return LiquidationWindow(
            from_ms,
            forming + self._interval_ms,
            self._interval_ms,
            times,
            LevelRuns(
                np.array(offsets, np.int64), np.concatenate(prices), np.concatenate(quantities)
            ),
            self._quote,
            self.height,
            now_ms,
        )

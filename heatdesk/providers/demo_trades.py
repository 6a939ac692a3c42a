"""Trades and liquidations of the demo market: they follow its price and add up to its volume."""

from __future__ import annotations

import numpy as np

from heatdesk.frames import LiquidationBatch, TradeBatch
from heatdesk.providers.demo_noise import (
    EXPONENTIAL,
    Floats,
    Ints,
    hash_1,
    hash_2,
    key_of,
    lognormal,
    look_up,
    uniform,
)
from heatdesk.providers.demo_price import MINUTE_SIGMA, Minutes, PricePath
from heatdesk.units import MINUTE_MS

HISTORY_MS = 180 * MINUTE_MS
_PER_MINUTE = 300
_SIZES = lognormal(1.35)
_ORDERS = 3
_TREND = 0.22
# share by which orders in the direction of the price outnumber the others
_VIOLENT = 2.6


class TradeMaker:
    """Trades of one coin at one venue; a pure function of seed and time.

    Parameters
    ----------
    path : PricePath
    seed : int
    venue : str
    """

    def __init__(self, path: PricePath, seed: int, venue: str) -> None:
        self._path = path
        self._venue = venue
        self._key = key_of(seed, "trades", path.coin.symbol, venue)

    def trades(self, from_ms: int, to_ms: int) -> TradeBatch:
        """Trades in a half-open stretch of time."""
        minutes = self._minutes(from_ms, to_ms)
        minute = np.arange(minutes.first, minutes.first + minutes.open.size, dtype=np.int64)
        place = np.arange(_PER_MINUTE, dtype=np.int64)[None, :]
        # orders come in bursts: three trades share the moment of one
        order = place // _ORDERS
        moment = uniform(hash_2(self._key, minute[:, None], order)) * 59.999
        burst = np.sort(moment, axis=1)
        price, slope = self._prices(minutes, burst)
        lean = 0.5 + np.copysign(_TREND, slope)
        buy = uniform(hash_2(self._key + 1, minute[:, None], order)) < lean
        share = look_up(_SIZES, hash_2(self._key + 2, minute[:, None], place))
        size: Floats = share * (minutes.volume_base / share.sum(axis=1))[:, None]
        tick = 10.0**-self._path.coin.decimals
        deep: Floats = np.where(buy, 1.0, -1.0) * (0.5 + place % _ORDERS)
        exact = np.round(price + deep * tick, self._path.coin.decimals)
        price = np.clip(exact, minutes.low[:, None], minutes.high[:, None])
        time_ms = (minute * MINUTE_MS)[:, None] + (burst * 1000).astype(np.int64)
        keep = (time_ms >= from_ms) & (time_ms < to_ms) & (size > 0)
        rounded = np.maximum(np.round(size, 4), 1e-4)
        return TradeBatch(time_ms[keep], price[keep], rounded[keep], buy[keep])

    def liquidations(self, from_ms: int, to_ms: int) -> LiquidationBatch:
        """Liquidations in a half-open stretch of time: they come where the price runs away."""
        minutes = self._minutes(from_ms, to_ms)
        minute = np.arange(minutes.first, minutes.first + minutes.open.size, dtype=np.int64)
        width = (minutes.high - minutes.low) / minutes.open
        usual = MINUTE_SIGMA * max(self._path.coin.beta, 0.08)
        count = np.minimum(6, np.maximum(0.0, width / usual - _VIOLENT)).astype(np.int64)
        count += uniform(hash_1(self._key + 3, minute)) < 0.08
        which = np.repeat(np.arange(minute.size), count)
        place = np.arange(which.size, dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
        long = minutes.close[which] < minutes.open[which]
        start = np.where(long, minutes.low[which], minutes.high[which])
        span = (minutes.high - minutes.low)[which] * 0.3
        far = uniform(hash_2(self._key + 4, minute[which], place))
        price = np.round(start + np.where(long, far, -far) * span, self._path.coin.decimals)
        usd = (
            9_000.0
            + 160_000.0 * look_up(EXPONENTIAL, hash_2(self._key + 5, minute[which], place)) ** 1.8
        )
        moment = uniform(hash_2(self._key + 6, minute[which], place)) * 59.999
        time_ms = minute[which] * MINUTE_MS + (moment * 1000).astype(np.int64)
        keep = np.flatnonzero((time_ms >= from_ms) & (time_ms < to_ms))
        keep = keep[np.argsort(time_ms[keep], kind="stable")]
        qty = np.round(usd[keep] / price[keep], 4)
        sides = tuple("SELL" if one else "BUY" for one in long[keep])
        return LiquidationBatch(
            time_ms[keep], price[keep], qty, qty * price[keep], long[keep], sides, sampled=True
        )

    def _minutes(self, from_ms: int, to_ms: int) -> Minutes:
        start = from_ms // MINUTE_MS
        stop = max(start + 1, -(-to_ms // MINUTE_MS))
        return self._path.minutes(start, stop, self._venue)

    def _prices(self, minutes: Minutes, at_s: Floats) -> tuple[Floats, Floats]:
        """Price and its slope at moments of each minute, (n, trades) seconds."""
        turns_s, turns = self._path.ways(minutes)
        leg: Ints = (at_s[:, :, None] >= turns_s[:, None, 1:3]).sum(axis=2)
        rows = np.arange(leg.shape[0])[:, None]
        begin_s, end_s = turns_s[rows, leg], turns_s[rows, leg + 1]
        begin, end = turns[rows, leg], turns[rows, leg + 1]
        slope = (end - begin) / (end_s - begin_s)
        return begin + slope * (at_s - begin_s), slope

"""Where the demo market trades: a price path that can be looked up at any minute.

The path is a Brownian bridge refined by midpoint displacement between anchors 32,768 minutes
apart, with a volatility that clusters and follows the hours of the day, and with sharp sweeps
that retrace. Other coins follow the market path by their beta and add one of their own.
A minute's high and low are drawn on top, and coarser candles are made of minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from heatdesk.providers.demo_coins import Coin, coin_of
from heatdesk.providers.demo_noise import (
    EXPONENTIAL,
    NORMAL,
    Floats,
    Ints,
    drift,
    hash_1,
    hash_2,
    key_of,
    lognormal,
    look_up,
    uniform,
)
from heatdesk.units import MINUTE_MS

MINUTE_SIGMA = 0.00048
"""Usual change of the market price in a minute (standard deviation of the logarithm)."""
ANCHOR_MINUTES = 1 << 15
SWEEP_SLOT_MINUTES = 160
ANCHOR_SIGMAS = 85.0
ROUGH_STEP = 512
"""Midpoints up to this step feel the local volatility."""
_DAY_MINUTES = 1440
_KEPT_MINUTES, _KEPT_STRETCHES = 90_000, 6
"""So long a stretch is kept, and so many of them of each venue."""
_ROUND_MINUTES = 120
_BASIS = {"HYPERLIQUID_FUTURES": 0.00008, "HYPERLIQUID": 0.00011}


@dataclass(frozen=True, slots=True)
class Minutes:
    """Candles of consecutive minutes.

    ``first`` is the number of the first minute since the epoch; the arrays are (n,) float64.
    """

    first: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume_base: Floats

    @property
    def stop(self) -> int:
        """The minute after the last one."""
        return self.first + self.open.size

    def part(self, start: int, stop: int) -> Minutes:
        """The candles of minutes ``start`` to ``stop`` (exclusive), which are among these."""
        cut = slice(start - self.first, stop - self.first)
        return Minutes(
            start,
            self.open[cut],
            self.high[cut],
            self.low[cut],
            self.close[cut],
            self.volume_base[cut],
        )


def volatility(key: int, minute: Ints) -> Floats:
    """Local volatility around 1: clusters over days, hours and minutes, and the day's rhythm."""
    calm = 0.30 * drift(key, minute, 2 * _DAY_MINUTES)
    calm += 0.34 * drift(key + 1, minute, 190)
    calm += 0.28 * drift(key + 2, minute, 37)
    # busiest around 14:30 UTC, when the American session opens
    calm += 0.28 * np.cos((minute % _DAY_MINUTES - 870) * (2 * np.pi / _DAY_MINUTES))
    return np.exp(calm)


def _bridge(key: int, start: int, stop: int) -> Floats:
    """Brownian path in units of `MINUTE_SIGMA`, at minutes ``start`` to ``stop`` inclusive."""
    step = ANCHOR_MINUTES
    first, last = start // step, -(-stop // step)
    if first == last:
        last += 1
    # anchors do not add up, so the price keeps to its usual scale for ever
    path = ANCHOR_SIGMAS * look_up(NORMAL, hash_1(key, np.arange(first, last + 1, dtype=np.int64)))
    while step > 1:
        half = step // 2
        middle = np.arange(first, last, dtype=np.int64) * step + half
        jump = look_up(NORMAL, hash_2(key + step, middle, np.zeros(1, dtype=np.int64)))
        jump = jump * volatility(key + 3, middle) if step <= ROUGH_STEP else jump
        finer = np.empty(2 * path.size - 1)
        finer[0::2] = path
        finer[1::2] = (path[:-1] + path[1:]) / 2 + jump * (0.5 * step**0.5)
        left = start // half - 2 * first
        right = -(-stop // half) - 2 * first
        right = max(right, left + 1)
        path = finer[left : right + 1]
        first, last = 2 * first + left, 2 * first + right
        step = half
    return path[start - first : stop - first + 1]


def sweeps(key: int, minute: Ints) -> Floats:
    """Sharp moves that retrace, as a share of the price, at ascending minutes."""
    total = np.zeros(minute.size)
    own = minute // SWEEP_SLOT_MINUTES
    for back in (0, 1):
        slots = np.arange(own[0] - back, own[-1] - back + 1, dtype=np.int64)
        where = own - own[0]
        chance = uniform(hash_1(key, slots))
        size = look_up(EXPONENTIAL, hash_1(key + 1, slots)) * 0.0016 + 0.0016
        size *= np.where(hash_1(key + 2, slots) & np.uint64(1), 1.0, -1.0) * (chance < 0.55)
        start = slots * SWEEP_SLOT_MINUTES + (
            uniform(hash_1(key + 3, slots)) * SWEEP_SLOT_MINUTES
        ).astype(np.int64)
        rise = 2.0 + 5.0 * uniform(hash_1(key + 4, slots))
        fade = 6.0 + 22.0 * uniform(hash_1(key + 5, slots))
        age = (minute - start[where]).astype(np.float64)
        up = np.clip(age / rise[where], 0.0, 1.0)
        down = np.exp(-np.maximum(age - rise[where], 0.0) / fade[where])
        rest = np.clip((SWEEP_SLOT_MINUTES - age) / 60.0, 0.0, 1.0)
        total += size[where] * up * down * rest
    return total


def _market_moves(key: int, start: int, stop: int) -> Floats:
    """What all coins follow, by their betas, at minutes ``start`` to ``stop`` inclusive."""
    minute = np.arange(start, stop + 1, dtype=np.int64)
    return _bridge(key, start, stop) * MINUTE_SIGMA + sweeps(key + 7, minute)


def _market_activity(key: int, start: int, stop: int) -> Floats:
    return volatility(key + 3, np.arange(start, stop, dtype=np.int64))


# a desk asks the same stretch for one coin after the other
_kept_moves = lru_cache(maxsize=3)(_market_moves)
_kept_activity = lru_cache(maxsize=3)(_market_activity)


class PricePath:
    """The price of one coin, by minute.

    Parameters
    ----------
    seed : int
    coin : str
        Base asset in capitals.
    """

    def __init__(self, seed: int, coin: str) -> None:
        self.coin: Coin = coin_of(coin)
        self._seed = seed
        self._market_key = key_of(seed, "market")
        self._own_key = key_of(seed, "path", self.coin.symbol)
        self._recent: dict[str, list[Minutes]] = {}

    def logs(self, start: int, stop: int) -> Floats:
        """Logarithm of price over its usual scale at minutes ``start`` to ``stop`` inclusive."""
        coin = self.coin
        minute = np.arange(start, stop + 1, dtype=np.int64)
        if not coin.beta and not coin.own_sigma:
            return look_up(NORMAL, hash_1(self._own_key, minute // 7)) * 0.00006
        market = _kept_moves if stop - start <= _KEPT_MINUTES else _market_moves
        moves = market(self._market_key, start, stop) * coin.beta
        if coin.own_sigma:
            own = _bridge(self._own_key, start, stop) * (MINUTE_SIGMA * coin.own_sigma)
            moves += own + sweeps(self._own_key + 7, minute) * (0.6 * coin.own_sigma)
        return moves

    def price(self, minute: int, venue: str = "") -> float:
        """Price at the start of a minute."""
        scale = self.coin.price_usd * (1 + _BASIS.get(venue, 0.0))
        return round(float(np.exp(self.logs(minute, minute)[0])) * scale, self.coin.decimals)

    def minutes(self, start: int, stop: int, venue: str) -> Minutes:
        """Whole candles of minutes ``start`` to ``stop`` (exclusive) at a venue."""
        held = self._recent.setdefault(venue, [])
        for known in held:
            if known.first <= start and stop <= known.stop:
                return known.part(start, stop)
        if stop - start > _KEPT_MINUTES:
            return self._make_minutes(start, stop, venue)
        # with some more around it: who asks next often asks for a little earlier or later
        first = start // _ROUND_MINUTES * _ROUND_MINUTES
        made = self._make_minutes(first, -(-stop // _ROUND_MINUTES) * _ROUND_MINUTES, venue)
        kept = [one for one in held if not (made.first <= one.first and one.stop <= made.stop)]
        self._recent[venue] = [made, *kept[: _KEPT_STRETCHES - 1]]
        return made.part(start, stop)

    def _make_minutes(self, start: int, stop: int, venue: str) -> Minutes:
        coin, key = self.coin, key_of(self._seed, "minute", self.coin.symbol)
        minute = np.arange(start, stop, dtype=np.int64)
        scale = coin.price_usd * (1 + _BASIS.get(venue, 0.0))
        edge = np.exp(self.logs(start, stop)) * scale
        market = _kept_activity if stop - start <= _KEPT_MINUTES else _market_activity
        activity = market(self._market_key, start, stop)
        reach = MINUTE_SIGMA * max(coin.beta, 0.08) * (1 + 0.5 * coin.own_sigma)
        wick = 0.55 * reach * activity
        opened, closed = edge[:-1], edge[1:]
        up = look_up(EXPONENTIAL, hash_1(key, minute))
        down = look_up(EXPONENTIAL, hash_1(key + 1, minute))
        high = np.maximum(opened, closed) * (1 + wick * up)
        low = np.minimum(opened, closed) * (1 - wick * down)
        width = (high - low) / opened / (2.2 * reach)
        noise = look_up(lognormal(0.45), hash_1(key_of(key, venue), minute))
        usual = coin.minute_usd / coin.price_usd * _share(venue)
        volume = usual * (0.25 + width) * np.sqrt(activity) * noise
        digits = coin.decimals
        return Minutes(
            start,
            np.round(opened, digits),
            np.round(high, digits),
            np.round(low, digits),
            np.round(closed, digits),
            np.round(volume, 3),
        )

    def within(self, time_ms: int, venue: str) -> Minutes:
        """Return the minute that holds a time, as it had formed by then (one candle).

        It runs from the open to its two extremes, in either order, and on to the close, so
        that it ends as the very candle `minutes` gives.
        """
        minute, into_ms = divmod(time_ms, MINUTE_MS)
        whole = self.minutes(minute, minute + 1, venue)
        times, prices = self.ways(whole)
        at_s, way = times[0].tolist(), prices[0].tolist()
        now_s = into_ms / 1000
        last = round(float(np.interp(now_s, at_s, way)), self.coin.decimals)
        passed = [value for s, value in zip(at_s, way, strict=True) if s <= now_s] + [last]
        done = np.array([now_s / 60.0])
        return Minutes(
            minute,
            whole.open,
            np.array([max(passed)]),
            np.array([min(passed)]),
            np.array([last]),
            np.round(whole.volume_base * done, 3),
        )

    def ways(self, minutes: Minutes) -> tuple[Floats, Floats]:
        """Turning points of the price inside minutes: seconds and prices, both (n, 4)."""
        n = minutes.open.size
        chance = uniform(
            hash_2(
                key_of(self._seed, "inside", self.coin.symbol),
                np.arange(minutes.first, minutes.first + n, dtype=np.int64)[:, None],
                np.arange(3, dtype=np.int64)[None, :],
            )
        )
        first_s, second_s = 6 + 20 * chance[:, 0], 34 + 20 * chance[:, 1]
        peak_first = (minutes.close < minutes.open) ^ (chance[:, 2] < 0.25)
        turns = (
            np.where(peak_first, minutes.high, minutes.low),
            np.where(peak_first, minutes.low, minutes.high),
        )
        at_s = np.stack((np.zeros(n), first_s, second_s, np.full(n, 60.0)), axis=1)
        return at_s, np.stack((minutes.open, *turns, minutes.close), axis=1)


def _share(venue: str) -> float:
    """Traded volume of a venue against the largest one."""
    known = {
        "": 1.0,
        "BINANCE_FUTURES": 1.0,
        "BYBIT": 0.46,
        "OKEX_SWAP": 0.41,
        "HYPERLIQUID_FUTURES": 0.24,
        "BITGET": 0.38,
        "BINANCE": 0.17,
        "COINBASE": 0.07,
    }
    return known.get(venue, 0.05)


@lru_cache(maxsize=64)
def path_of(seed: int, coin: str) -> PricePath:
    """Return the shared path of a coin."""
    return PricePath(seed, coin)

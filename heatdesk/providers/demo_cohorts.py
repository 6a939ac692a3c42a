"""Positions by coin and cohort in the demo market.

Both partitions (by size, by result) share out the same open value. Every contract has two sides,
so a coin's longs and shorts are worth the same, and each partition is balanced to match.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatdesk.frames import COHORTS, CohortTable
from heatdesk.providers.demo_coins import COINS, Coin, pegged_to
from heatdesk.providers.demo_noise import Floats, Ints, at, chance_of, key_of
from heatdesk.providers.demo_points import logs_at
from heatdesk.units import DAY_MS, MINUTE_MS

REFRESH_MS = 5 * MINUTE_MS
_COINS = 60
_WITHOUT_SEGMENTS = "PAXG"


@dataclass(frozen=True, slots=True)
class _Habit:
    """How a cohort behaves: its share of value and of heads, and its lean.

    ``trend`` is how much it buys after a rise (negative: bets against it), ``bias`` where it
    leans anyway, ``crowd`` how its head count leans by itself.
    """

    value: float
    heads: float
    trend: float
    bias: float
    crowd: float


_HABITS: dict[int, _Habit] = {
    16: _Habit(0.0031, 0.410, 0.2, 0.25, 0.35),
    1: _Habit(0.0407, 0.446, -0.3, 0.40, -0.25),
    2: _Habit(0.0661, 0.083, -0.3, 0.35, 0.0),
    3: _Habit(0.0434, 0.0192, -0.2, 0.25, 0.15),
    4: _Habit(0.1756, 0.0265, 0.1, 0.05, 0.05),
    5: _Habit(0.1204, 0.0057, 0.4, -0.25, -0.05),
    6: _Habit(0.2987, 0.0064, 0.3, -0.10, -0.05),
    7: _Habit(0.2520, 0.0021, 0.3, -0.10, 0.0),
    8: _Habit(0.4564, 0.0072, 0.8, -0.35, -0.5),
    9: _Habit(0.1193, 0.0170, 0.7, -0.45, -0.2),
    10: _Habit(0.0557, 0.0310, 0.4, -0.20, -0.3),
    11: _Habit(0.0260, 0.3542, 0.1, 0.00, -0.9),
    12: _Habit(0.0345, 0.5104, -0.6, 0.60, 0.55),
    13: _Habit(0.0827, 0.0591, -0.8, 0.70, 0.65),
    14: _Habit(0.1192, 0.0177, -0.9, 0.70, 0.60),
    15: _Habit(0.1062, 0.0032, -1.0, 0.95, 0.85),
}
_OPENED: dict[str, tuple[float, float]] = {
    "24h": (0.17, 0.21),
    "7d": (0.43, 0.47),
    "30d": (0.72, 0.75),
    "all": (1.0, 1.0),
}
"""Share of value and of positions by how recently they were opened."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """One coin's rows, ALL first; all (n,)."""

    cohort_id: list[int]
    long_usd: list[float]
    short_usd: list[float]
    count_long: list[int]
    count_short: list[int]


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def traded_coins() -> list[Coin]:
    """Coins with a perpetual in the demo, BTC and ETH first, then by open value."""
    listed = [
        coin
        for coin in COINS.values()
        if not coin.stable and (pegged_to(coin) == coin.symbol) and coin.symbol != "XAUT"
    ]
    listed.sort(key=lambda coin: -_open_value(coin))
    return listed[:_COINS]


def _open_value(coin: Coin) -> float:
    """Usual open value on the perpetual venue, dollars."""
    favour = {"BTC": 1.25e9, "ETH": 8.9e8, "HYPE": 6.1e8, "SOL": 3.4e8, "XRP": 1.2e8}
    usual: float = 4.4e7 * (coin.market_cap_usd / 1e10) ** 0.62
    usual *= math.exp(1.7 * (chance_of("taste", coin.symbol) - 0.5))
    return favour.get(coin.symbol, usual)


class CohortMaker:
    """Builds the demo's positions by coin and cohort.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def table(self, opened_within: str, now_ms: int) -> CohortTable:
        """Return the table as refreshed at the last full five minutes."""
        time_ms = now_ms // REFRESH_MS * REFRESH_MS
        traded = traded_coins()
        moods = self._moods(traded, time_ms // MINUTE_MS)
        coins: list[str] = []
        rows: list[_Rows] = []
        for coin, mood in zip(traded, moods, strict=True):
            own = self._coin_rows(coin, opened_within, time_ms, float(mood))
            rows.append(own)
            coins += [coin.shown] * len(own.cohort_id)
        cohort_id = np.array([c for row in rows for c in row.cohort_id], dtype=np.int64)
        long_usd = np.array([v for row in rows for v in row.long_usd])
        short_usd = np.array([v for row in rows for v in row.short_usd])
        count_long = np.array([c for row in rows for c in row.count_long], dtype=np.int64)
        count_short = np.array([c for row in rows for c in row.count_short], dtype=np.int64)
        total = long_usd + short_usd
        return CohortTable(
            time_ms,
            opened_within,
            tuple(coins),
            cohort_id,
            total,
            long_usd,
            short_usd,
            count_long + count_short,
            count_long,
            count_short,
            _bias(cohort_id, long_usd, total),
            COHORTS,
        )

    def _coin_rows(self, coin: Coin, opened_within: str, time_ms: int, mood: float) -> _Rows:
        """Totals and cohorts of one coin."""
        minute = time_ms // MINUTE_MS
        share, head_share = _OPENED[opened_within]
        key = key_of(self._seed, "cohorts", coin.symbol)
        wave = 1 + 0.06 * at(key, minute, 700) + (0.08 * at(key + 1, minute, 180)) * (share < 1)
        value = _open_value(coin) * share * wave
        heads = 0.053 * (_open_value(coin) ** 0.62) * head_share
        longs, shorts, count_longs, count_shorts, ids = [], [], [], [], []
        for kind in ("size", "pnl") if coin.symbol != _WITHOUT_SEGMENTS else ():
            part = [d.id for d in COHORTS if d.kind == kind]
            values, leans, counts = self._partition(coin, part, opened_within, minute, mood, heads)
            values = values * value * 0.9997
            if share < 1:
                every = (coin, part, "all", minute, mood, heads / head_share)
                whole = self._partition(*every)[0] * _open_value(coin) * 0.9997
                values = _capped(values, 0.9 * whole)
            leans = _balanced(values, leans)
            for i, segment in enumerate(part):
                count = int(counts[i])
                if count < 1:
                    continue
                lean = float(leans[i])
                head_lean = self._head_lean(coin, segment, lean, minute)
                count_long = min(count, max(0, round(count * head_lean)))
                long_usd = round(float(values[i]) * lean, 5)
                short_usd = round(float(values[i]) * (1 - lean), 5)
                # nobody holds value without a position
                count_long = min(max(count_long, 1), count - 1)
                ids.append(segment)
                longs.append(long_usd)
                shorts.append(short_usd)
                count_longs.append(count_long)
                count_shorts.append(count - count_long)
        half = round(value / 2, 5)
        seen = [i for i, segment in enumerate(ids) if segment in _SIZE_IDS]
        all_long = sum(count_longs[i] for i in seen) + 2
        all_short = sum(count_shorts[i] for i in seen) + 1
        if not seen:
            all_long, all_short = int(heads * 0.57), int(heads * 0.43)
        return _Rows(
            [-1, *ids],
            [half, *longs],
            [half, *shorts],
            [all_long, *count_longs],
            [all_short, *count_shorts],
        )

    def _moods(self, coins: list[Coin], minute: int) -> Floats:
        """Recent move of each coin, in its usual half-day moves, between -2 and 2."""
        symbols = tuple(coin.symbol for coin in coins)
        half_day = DAY_MS // MINUTE_MS // 2
        moves = logs_at(self._seed, symbols, minute)
        moves = moves - logs_at(self._seed, symbols, minute - half_day)
        usual = np.array([0.012 * (0.6 + coin.own_sigma) for coin in coins])
        return np.asarray(np.clip(moves / usual, -2.0, 2.0), dtype=np.float64)

    def _partition(
        self,
        coin: Coin,
        part: list[int],
        opened_within: str,
        minute: int,
        mood: float,
        heads: float,
    ) -> tuple[Floats, Floats, Floats]:
        """Shares of value (sum 1), leans (long share) and positions of one partition."""
        values, leans, counts = [], [], []
        young = {"24h": 0.5, "7d": 0.3, "30d": 0.15, "all": 0.0}[opened_within]
        for segment in part:
            habit = _HABITS[segment]
            key = key_of(self._seed, "habit", coin.symbol, segment)
            value = habit.value * math.exp(0.45 * at(key, minute, 2400))
            # fresh positions are smaller money and change their mind faster
            value *= math.exp(young * (0.6 if habit.heads > 0.05 else -0.2))
            lean = 1.5 * habit.bias + 0.4 * habit.trend * mood
            lean += (0.42 + 0.4 * young) * at(key + 1, minute, 420)
            lean += 0.24 * at(key_of(key, opened_within), minute, 150)
            values.append(value)
            leans.append(_logistic(lean))
            counts.append(habit.heads * math.exp(0.25 * at(key + 3, minute, 3000)))
        share, count = np.array(values), np.array(counts)
        count = np.floor(count / count.sum() * heads)
        # a cohort without a position holds nothing, and a single one must not tip a coin over
        share = np.where(count >= 2, share, 0.0)
        count = np.where(count >= 2, count, 0.0)
        return share / share.sum(), np.array(leans), count

    def _head_lean(self, coin: Coin, segment: int, lean: float, minute: int) -> float:
        """Long share of heads: near the value's, but the crowd has a mind of its own."""
        key = key_of(self._seed, "heads", coin.symbol, segment)
        own = _HABITS[segment].crowd + 0.45 * at(key, minute, 900)
        value_lean = math.log(lean / (1 - lean))
        return _logistic(0.45 * value_lean + own)


_SIZE_IDS = frozenset(d.id for d in COHORTS if d.kind == "size")


def _capped(values: Floats, limit: Floats) -> Floats:
    """Keep each value under its limit and hand what is cut off to the others."""
    total = values.sum()
    for _ in range(4):
        values = np.minimum(values, limit)
        room = np.where(values < limit, values, 0.0)
        if room.sum() <= 0:
            break
        values = values + room * ((total - values.sum()) / room.sum())
    return np.minimum(values, limit)


def _balanced(values: Floats, leans: Floats) -> Floats:
    """Shift all leans alike until longs and shorts of the partition are worth the same."""
    odds, half = (1 - leans) / leans, float(values.sum()) / 2
    low, high = -6.0, 6.0
    for _ in range(48):
        middle = (low + high) / 2
        longs = float(np.add.reduce(values / (1 + odds * math.exp(-middle))))
        low, high = (middle, high) if longs < half else (low, middle)
    return np.asarray(1 / (1 + odds * math.exp(-low)), dtype=np.float64)


def _bias(cohort_id: Ints, long_usd: Floats, total: Floats) -> Floats:
    """Long share as the provider rounds it; NaN in ALL rows and where nothing is open."""
    known = (cohort_id >= 0) & (total > 0)
    ratio = np.round(long_usd / np.where(total > 0, total, 1.0), 3)
    return np.where(known, ratio, np.nan)

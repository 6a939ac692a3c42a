"""Liquidation levels of the demo market: positions opened along the path, at usual leverages.

Every half hour (or so) traders open longs and shorts at the price of that moment; each would be
liquidated at a distance that follows from its leverage. A level lasts until the price sweeps it
or its owner closes. Quantities are whole dollars, so that any window adds up to the same figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heatdesk.frames import LevelRuns, LiquidationWindow, Quote
from heatdesk.providers.demo_candles import Bars, bars_of
from heatdesk.providers.demo_noise import (
    EXPONENTIAL,
    NORMAL,
    Floats,
    Ints,
    drift,
    hash_1,
    join,
    key_of,
    lognormal,
    look_up,
    uniform,
)
from heatdesk.providers.demo_price import PricePath
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

VENUE = "HYPERLIQUID_FUTURES"
DEFAULT_DEPTH = 1500
_LEVERAGES = np.array([100.0, 50.0, 25.0, 10.0, 5.0])
_LEVERAGE_SHARES = np.array([0.36, 0.33, 0.21, 0.08, 0.02])
_MAINTENANCE = np.array([0.003, 0.004, 0.006, 0.012, 0.02])
_SPLIT = 9
_ENTRIES_KEPT = 380


@dataclass(frozen=True, slots=True)
class _Positions:
    """Would-be liquidations with the stretch of time they rest; all (n,)."""

    level: Ints
    start_ms: Ints
    end_ms: Ints
    usd: Ints


def tick_of(price_usd: float) -> float:
    """Step between levels: about 0.014 % of the price, a round figure (10 for BTC)."""
    wanted = price_usd * 1.4e-4
    unit = 10.0 ** math.floor(math.log10(wanted))
    nearest = min((1.0, 2.0, 5.0, 10.0), key=lambda step: abs(math.log(step * unit / wanted)))
    return float(f"{nearest * unit:.6g}")


@dataclass(frozen=True, slots=True)
class _Sweeps:
    """When the price reaches targets on one side.

    ``edge`` (n,) is how far each bar goes, negative prices for longs, so that further is more;
    ``until_ms`` (n + 1,) is when a bar is whole, and far future after the last.
    """

    edge: Floats
    until_ms: Ints

    @classmethod
    def of(cls, bars: Bars, *, long: bool) -> _Sweeps:
        """The sweeps of longs are lows, those of shorts highs."""
        step_ms = int(bars.time_ms[1] - bars.time_ms[0]) if bars.time_ms.size > 1 else MINUTE_MS
        until_ms = np.append(bars.time_ms + step_ms, np.iinfo(np.int64).max)
        return cls(-bars.low if long else bars.high, until_ms)

    def first_ms(self, first: int, wanted: Floats) -> Ints:
        """When the price first reaches each target from bar ``first`` on."""
        reach = np.maximum.accumulate(self.edge[first:])
        return self.until_ms[reach.searchsorted(wanted) + first]


class LiquidationMaker:
    """Builds windows of one coin's demo liquidation levels.

    Parameters
    ----------
    path : PricePath
    seed : int
    """

    def __init__(self, path: PricePath, seed: int) -> None:
        self._path = path
        self._seed = seed
        self.tick_size = tick_of(path.coin.price_usd)

    def window(
        self,
        interval_ms: int,
        depth: int | None,
        quote: Quote,
        span: tuple[int, int],
        time_ms: Ints,
        now_ms: int,
    ) -> LiquidationWindow:
        """Build the snapshots of the buckets that start at ``time_ms`` (ascending)."""
        levels = LevelRuns(np.zeros(1, dtype=np.int64), np.empty(0), np.empty(0))
        if time_ms.size:
            moment_ms = np.minimum(time_ms + interval_ms, now_ms)
            positions, closes = self._positions(interval_ms, moment_ms)
            levels = self._runs(positions, moment_ms, closes, depth or DEFAULT_DEPTH, quote)
        return LiquidationWindow(
            span[0],
            span[1],
            interval_ms,
            time_ms.copy(),
            levels,
            quote,
            self.tick_size,
            min(now_ms, span[1]),
        )

    def _positions(self, interval_ms: int, moment_ms: Ints) -> tuple[_Positions, Floats]:
        """Everything that could rest at the moments, and the price at each."""
        spacing_ms = min(max(30 * MINUTE_MS, interval_ms // 2), DAY_MS)
        # sweeps are told to the hour or finer; over years a coarser look is enough
        step_ms = min(interval_ms, HOUR_MS)
        if interval_ms >= DAY_MS:
            step_ms = 4 * HOUR_MS if interval_ms == DAY_MS else DAY_MS
        last_ms = int(moment_ms[-1])
        begin_ms = (int(moment_ms[0]) // spacing_ms - _ENTRIES_KEPT) * spacing_ms
        begin_ms -= begin_ms % DAY_MS
        bars = bars_of(self._path, VENUE, step_ms, begin_ms, last_ms, last_ms)
        closes = bars.close[np.searchsorted(bars.time_ms, moment_ms) - 1]
        slots = np.arange(begin_ms // spacing_ms + 1, last_ms // spacing_ms + 1, dtype=np.int64)
        key = key_of(self._seed, "liquidation", self._path.coin.symbol, spacing_ms)
        parts = [self._opened(key, slots, spacing_ms, bars, long) for long in (True, False)]
        columns = zip(*parts, strict=True)
        return _Positions(*(np.concatenate(column) for column in columns)), closes

    def _opened(
        self, key: int, slots: Ints, spacing_ms: int, bars: Bars, long: bool
    ) -> tuple[Ints, Ints, Ints, Ints]:
        """Positions of one side opened in each slot: level, from, until and dollars."""
        key += int(long)
        traits = join(hash_1(key, slots)[:, None], np.arange(_LEVERAGES.size * _SPLIT))
        leverage = np.repeat(_LEVERAGES, _SPLIT)
        distance = 1 / leverage - np.repeat(_MAINTENANCE, _SPLIT)
        scatter = look_up(NORMAL, join(traits, np.array([1]))) * 0.10
        distance = distance * np.exp(scatter)
        # entries of a slot spread over it; the first bar that is whole by then counts
        delay = (uniform(join(traits, np.array([2]))) * spacing_ms).astype(np.int64)
        step_ms = int(bars.time_ms[1] - bars.time_ms[0])
        start_ms = (slots[:, None] * spacing_ms + delay) // step_ms * step_ms
        first = np.clip(np.searchsorted(bars.time_ms, start_ms), 0, bars.time_ms.size - 1)
        entry = bars.open[first]
        target = entry * (1 - distance) if long else entry * (1 + distance)
        life = (0.03 + look_up(EXPONENTIAL, join(traits, np.array([3]))) * 0.30).clip(0, 0.98)
        longer = np.sqrt(10.0 / np.minimum(leverage, 40.0)) * 1.1
        life_ms = (life * longer).clip(0, 0.98) * (_ENTRIES_KEPT * spacing_ms)
        end_ms = start_ms + life_ms.astype(np.int64)
        sweeps, wanted = _Sweeps.of(bars, long=long), -target if long else target
        begun = bars.time_ms[first]
        for row, earliest in enumerate(first.min(axis=1).tolist()):
            # entries of one slot share one look at the path
            swept = sweeps.first_ms(earliest, wanted[row])
            for i in (swept <= begun[row]).nonzero()[0].tolist():
                swept[i] = sweeps.first_ms(int(first[row, i]), wanted[row, i : i + 1])[0]
            np.minimum(end_ms[row], swept, out=end_ms[row])
        usd = self._weights(key, slots, spacing_ms, bars, long)[:, None]
        usd = usd * np.repeat(_LEVERAGE_SHARES, _SPLIT) / _SPLIT
        usd = usd * look_up(lognormal(0.95), join(traits, np.array([4])))
        level = np.floor(target / self.tick_size).astype(np.int64)
        return (
            level.reshape(-1),
            start_ms.reshape(-1),
            end_ms.reshape(-1),
            usd.astype(np.int64).reshape(-1),
        )

    def _weights(self, key: int, slots: Ints, spacing_ms: int, bars: Bars, long: bool) -> Floats:
        """Dollars opened per slot: bursts, crowded swings, and one side leading for days."""
        open_usd = self._path.coin.minute_usd * 1440 * 0.0005
        burst = look_up(lognormal(0.8), hash_1(key + 11, slots))
        lead = drift(key_of(self._seed, "lead", self._path.coin.symbol), slots, 60)
        lead = np.exp(0.28 * (lead if long else -lead))
        # the price at the slot against the half day before it: swings draw crowds
        at = np.clip(np.searchsorted(bars.time_ms, slots * spacing_ms), 0, bars.time_ms.size - 1)
        step_ms = int(bars.time_ms[1] - bars.time_ms[0])
        back = np.maximum(at - max(1, 24 * spacing_ms // step_ms), 0)
        move = np.log(bars.open[at] / bars.open[back])
        usual = 0.0005 * math.sqrt(24 * spacing_ms / MINUTE_MS)
        crowd = 0.7 + np.minimum(1.6, (move / usual) ** 2)
        crowd = np.where(slots * spacing_ms - bars.time_ms[0] < 24 * spacing_ms, 1.0, crowd)
        return open_usd * burst * lead * crowd

    def _runs(
        self, positions: _Positions, moment_ms: Ints, closes: Floats, depth: int, quote: Quote
    ) -> LevelRuns:
        """Sum what rests at each moment by level and lay the snapshots end to end."""
        n = moment_ms.size
        begin = np.searchsorted(moment_ms, positions.start_ms, side="right")
        end = np.searchsorted(moment_ms, positions.end_ms)
        seen = begin < end
        level, usd = positions.level[seen], positions.usd[seen].astype(np.float64)
        if not level.size:
            return LevelRuns(np.zeros(n + 1, dtype=np.int64), np.empty(0), np.empty(0))
        first = int(level.min())
        width = int(level.max()) - first + 1
        place = level - first
        # what comes and goes, then summed over time; whole dollars keep the sums exact
        size = (n + 1) * width
        change = np.bincount(begin[seen] * width + place, weights=usd, minlength=size)
        change = change - np.bincount(end[seen] * width + place, weights=usd, minlength=size)
        total = change.astype(np.float64).reshape(n + 1, width)[:n]
        for row in range(1, n):
            total[row] += total[row - 1]
        # the price itself lies inside a level: nothing can wait there
        here = np.floor(closes / self.tick_size).astype(np.int64) - first
        inside = ((here >= 0) & (here < width)).nonzero()[0]
        total[inside, here[inside]] = 0.0
        rows, columns = self._nearest(total, here, depth)
        price: Floats = np.round((columns + first) * self.tick_size, 12).astype(np.float64)
        qty = total[rows, columns]
        if quote is Quote.COIN:
            qty = np.round(qty / price, 6)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
        return LevelRuns(offsets.astype(np.int64), price, qty)

    @staticmethod
    def _nearest(total: Floats, here: Ints, depth: int) -> tuple[Ints, Ints]:
        """Where something rests: of each snapshot the ``depth`` levels nearest to the price."""
        held = total != 0.0
        crowded = (np.count_nonzero(held, axis=1) > depth).nonzero()[0]
        if crowded.size:
            # of two that are equally far the lower is the nearer one
            offset = 2 * (np.arange(total.shape[1]) - here[crowded, None])
            away = np.where(offset > 0, offset, -1 - offset)
            away[~held[crowded]] = np.iinfo(np.int64).max
            furthest = np.partition(away, depth - 1, axis=1)[:, depth - 1]
            held[crowded] &= away <= furthest[:, None]
        rows, columns = held.nonzero()
        return rows, columns

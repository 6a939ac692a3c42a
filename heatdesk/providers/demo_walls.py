"""Walls of the demo book: large resting orders with a life.

A wall is born at some price and moment, is refilled now and then, and ends: pulled shortly
before the price touches it, eaten over minutes once the price arrives, or taken away after its
time. Kinds differ in scale: spoofs live for minutes near the price, bands for days and weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from heatdesk.providers.demo_candles import Bars, bars_of
from heatdesk.providers.demo_noise import (
    EXPONENTIAL,
    Floats,
    Ints,
    hash_1,
    hash_2,
    join,
    key_of,
    lognormal,
    look_up,
    uniform,
)
from heatdesk.providers.demo_price import PricePath
from heatdesk.units import HOUR_MS, MINUTE_MS


@dataclass(frozen=True, slots=True)
class WallKind:
    """How one kind of wall behaves.

    Attributes
    ----------
    step_ms : int
        Resolution at which its life follows the price.
    slot_ms : int
        One chance of birth per price zone and slot; the longest life is four slots.
    zone : int
        Native levels of a price zone.
    chance : float
        Probability of a birth in a slot, near the price.
    reach : float
        Distance from the price within which it is born, as a share of the price.
    size : float
        Median size in units of a usual level.
    spread : float
        Sigma of the logarithm of its size.
    pulled : float
        Share of them that flee before they are touched.
    """

    name: str
    step_ms: int
    slot_ms: int
    zone: int
    chance: float
    reach: float
    size: float
    spread: float
    pulled: float


KINDS = (
    WallKind("spoof", MINUTE_MS, 12 * MINUTE_MS, 14, 0.085, 0.0055, 38.0, 0.55, 0.85),
    WallKind("wall", MINUTE_MS, 50 * MINUTE_MS, 20, 0.15, 0.014, 44.0, 0.75, 0.45),
    WallKind("band", MINUTE_MS, 5 * HOUR_MS, 26, 0.22, 0.030, 36.0, 0.70, 0.20),
    WallKind("position", 5 * MINUTE_MS, 40 * HOUR_MS, 34, 0.25, 0.070, 34.0, 0.70, 0.10),
    WallKind("fortress", 15 * MINUTE_MS, 240 * HOUR_MS, 60, 0.30, 0.140, 42.0, 0.65, 0.05),
)
_LIFE_SLOTS = 4
_EATEN_PER_TOUCH = 0.55


@dataclass(frozen=True, slots=True)
class WallCells:
    """What walls add to a book: quantities (in usual levels) at native levels and moments.

    ``column`` indexes the moments asked; ``bid`` tells the side. All (n,).
    """

    column: Ints
    level: Ints
    bid: Ints
    qty: Floats


@dataclass(frozen=True, slots=True)
class _Births:
    """Walls born in a stretch of time; all (n,)."""

    level: Ints
    start_ms: Ints
    end_ms: Ints
    size: Floats
    mark: Floats


def _births(key: int, kind: WallKind, block: float, bars: Bars, first_ms: int) -> _Births:
    """Every wall of a kind whose slot lies in the stretch of ``bars`` and near its price."""
    slots = np.arange(first_ms // kind.slot_ms, int(bars.time_ms[-1]) // kind.slot_ms + 1)
    middle_ms = slots * kind.slot_ms
    near = bars.open[np.clip(np.searchsorted(bars.time_ms, middle_ms), 0, bars.open.size - 1)]
    half = np.ceil(near * kind.reach / block / kind.zone).astype(np.int64)
    centre = np.floor(near / block / kind.zone).astype(np.int64)
    widest = int(half.max())
    offset = np.arange(-widest, widest + 1, dtype=np.int64)
    zone = centre[:, None] + offset
    hashed = hash_2(key, zone, slots[:, None])
    closeness = 1.25 - np.abs(offset) / half[:, None]
    row, column = np.nonzero(uniform(hashed) < kind.chance * np.clip(closeness, 0.0, 1.0))
    seeds = hashed[row, column]
    traits = join(seeds[None, :], np.arange(1, 7, dtype=np.int64)[:, None])
    level = zone[row, column] * kind.zone + (uniform(traits[0]) * kind.zone).astype(np.int64)
    # size likes round prices: many walls move to the next one
    round_step = 20 if kind.zone >= 26 else 10
    rounded = np.rint(level / round_step).astype(np.int64) * round_step
    level = np.where(uniform(traits[1]) < 0.45, rounded, level)
    start_ms = slots[row] * kind.slot_ms + (uniform(traits[2]) * kind.slot_ms).astype(np.int64)
    life = np.clip(0.25 + 0.9 * look_up(EXPONENTIAL, traits[3]), 0.25, _LIFE_SLOTS - 1)
    end_ms = start_ms + (life * kind.slot_ms).astype(np.int64)
    size = kind.size * look_up(lognormal(kind.spread), traits[4])
    return _Births(level, start_ms, end_ms, size, uniform(traits[5]))


def _life(
    kind: WallKind, block: float, bars: Bars, births: _Births, i: int
) -> tuple[Ints, Floats, bool] | None:
    """Ends of the steps one wall lived through, share of its size left at each, and its side."""
    a = int(np.searchsorted(bars.time_ms, births.start_ms[i]))
    b = int(np.searchsorted(bars.time_ms, births.end_ms[i]))
    if a >= b:
        return None
    edge = float(births.level[i]) * block
    bid = edge < bars.open[a]
    # how far the price stayed from the wall; zero or less is a touch
    gap = bars.low[a:b] - (edge + block) if bid else edge - bars.high[a:b]
    mark = float(births.mark[i])
    if gap[0] <= 0:
        return None
    left = np.ones(b - a)
    if mark < kind.pulled:
        flee = edge * (0.0002 + 0.0016 * (mark / kind.pulled))
        near = np.flatnonzero(gap < flee)
    else:
        through = (bars.close[a:b] < edge) if bid else (bars.close[a:b] > edge + block)
        near = np.flatnonzero(through)
        left = np.power(_EATEN_PER_TOUCH, np.cumsum(gap <= 0))
    stop = int(near[0]) if near.size else b - a
    return bars.time_ms[a : a + stop] + kind.step_ms, left[:stop], bid


def _refill(key: int, wall: int, time_ms: Ints, kind: WallKind) -> Floats:
    """Nibbled at and refilled: a factor between 0.65 and 1.15 that holds for a while."""
    hold = time_ms // max(kind.slot_ms // 5, 3 * MINUTE_MS)
    return 0.65 + 0.5 * uniform(hash_2(key, np.array([wall], dtype=np.int64), hold))


def wall_cells(
    path: PricePath, venue: str, seed: int, block: float, interval_ms: int, time_ms: Ints
) -> WallCells:
    """Walls resting at ascending moments of a book with one moment per interval."""
    kinds = [kind for kind in KINDS if kind.slot_ms * _LIFE_SLOTS >= 2 * interval_ms]
    # the longest-lived are made first: their stretch of the path holds those of the others
    made = [list(_kind_cells(kind, path, venue, seed, block, time_ms)) for kind in kinds[::-1]]
    parts = [part for own in made[::-1] for part in own]
    if not parts:
        none = np.empty(0, dtype=np.int64)
        return WallCells(none, none, none, np.empty(0))
    return WallCells(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _kind_cells(
    kind: WallKind, path: PricePath, venue: str, seed: int, block: float, time_ms: Ints
) -> Iterator[tuple[Ints, Ints, Ints, Floats]]:
    key = key_of(seed, kind.name, path.coin.symbol, repr(block))
    begin_ms = (int(time_ms[0]) // kind.slot_ms - _LIFE_SLOTS) * kind.slot_ms
    begin_ms = begin_ms // kind.step_ms * kind.step_ms
    last_ms = int(time_ms[-1])
    bars = bars_of(path, venue, kind.step_ms, begin_ms, last_ms, last_ms)
    births = _births(key, kind, block, bars, begin_ms)
    alive = np.flatnonzero((births.end_ms > time_ms[0]) & (births.start_ms <= last_ms))
    names = hash_1(key, births.level * 1_000_003 + births.start_ms).view(np.int64)
    for i in alive:
        life = _life(kind, block, bars, births, int(i))
        if life is None:
            continue
        moment_ms, left, bid = life
        if not moment_ms.size:
            continue
        # each moment sees the last whole step before it: nothing is known in advance
        a = int(np.searchsorted(time_ms, moment_ms[0]))
        b = int(np.searchsorted(time_ms, moment_ms[-1] + kind.step_ms))
        if a >= b:
            continue
        asked = time_ms[a:b]
        state = np.searchsorted(moment_ms, asked, side="right") - 1
        qty = births.size[i] * left[state] * _refill(key, int(names[i]), asked, kind)
        count = b - a
        yield (
            np.arange(a, b, dtype=np.int64),
            np.full(count, births.level[i], dtype=np.int64),
            np.full(count, int(bid), dtype=np.int64),
            qty,
        )

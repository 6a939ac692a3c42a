"""Where many coins trade at one moment: `demo_price` for a single minute, all coins at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from heatdesk.providers.demo_coins import coin_of
from heatdesk.providers.demo_noise import (
    EXPONENTIAL,
    NORMAL,
    Floats,
    Hashes,
    hash_1,
    join,
    key_of,
    look_up,
    uniform,
)
from heatdesk.providers.demo_price import (
    ANCHOR_MINUTES,
    ANCHOR_SIGMAS,
    MINUTE_SIGMA,
    ROUGH_STEP,
    SWEEP_SLOT_MINUTES,
    path_of,
)


@lru_cache(maxsize=64)
def _own_keys(seed: int, symbols: tuple[str, ...]) -> Hashes:
    return np.array([key_of(seed, "path", symbol) for symbol in symbols], dtype=np.uint64)


def _place(value: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([value], dtype=np.int64)


def _plus(keys: Hashes, offset: int) -> Hashes:
    return keys + np.uint64(offset)


def _drift(keys: Hashes, minute: int, period: int) -> Floats:
    knot, into = divmod(minute, period)
    before = look_up(NORMAL, hash_1(keys, _place(knot)))
    after = look_up(NORMAL, hash_1(keys, _place(knot + 1)))
    return before + (after - before) * (into / period)


def _volatility(keys: Hashes, minute: int) -> Floats:
    calm = 0.30 * _drift(keys, minute, 2880)
    calm += 0.34 * _drift(_plus(keys, 1), minute, 190)
    calm += 0.28 * _drift(_plus(keys, 2), minute, 37)
    calm += 0.28 * np.cos((minute % 1440 - 870) * (2 * np.pi / 1440))
    return np.exp(calm)


def _bridges(keys: Hashes, minute: int) -> Floats:
    """Value of each key's path at a minute, walking down from the anchors around it."""
    step = ANCHOR_MINUTES
    left = minute // step
    low = ANCHOR_SIGMAS * look_up(NORMAL, hash_1(keys, _place(left)))
    high = ANCHOR_SIGMAS * look_up(NORMAL, hash_1(keys, _place(left + 1)))
    start = left * step
    while step > 1 and start != minute:
        half = step // 2
        middle = start + half
        hashed = join(hash_1(_plus(keys, step), _place(middle)), _place(0))
        jump = look_up(NORMAL, hashed)
        if step <= ROUGH_STEP:
            jump = jump * _volatility(_plus(keys, 3), middle)
        value = (low + high) / 2 + jump * (0.5 * step**0.5)
        if minute >= middle:
            low, start = value, middle
        else:
            high = value
        step = half
    return low


def _sweeps(keys: Hashes, minute: int) -> Floats:
    total = np.zeros(keys.size)
    for back in (0, 1):
        slot = _place(minute // SWEEP_SLOT_MINUTES - back)
        size = look_up(EXPONENTIAL, hash_1(_plus(keys, 1), slot)) * 0.0016 + 0.0016
        size *= np.where(hash_1(_plus(keys, 2), slot) & np.uint64(1), 1.0, -1.0)
        size *= uniform(hash_1(keys, slot)) < 0.55
        into = (uniform(hash_1(_plus(keys, 3), slot)) * SWEEP_SLOT_MINUTES).astype(np.int64)
        age = (minute - (slot * SWEEP_SLOT_MINUTES + into)).astype(np.float64)
        rise = 2.0 + 5.0 * uniform(hash_1(_plus(keys, 4), slot))
        fade = 6.0 + 22.0 * uniform(hash_1(_plus(keys, 5), slot))
        up = np.clip(age / rise, 0.0, 1.0)
        down = np.exp(-np.maximum(age - rise, 0.0) / fade)
        total += size * up * down * np.clip((SWEEP_SLOT_MINUTES - age) / 60.0, 0.0, 1.0)
    return total


@lru_cache(maxsize=64)
def logs_at(seed: int, symbols: tuple[str, ...], minute: int) -> Floats:
    """Logarithm of price over usual scale of each coin at the start of a minute, (n,)."""
    coins = [coin_of(symbol) for symbol in symbols]
    beta = np.array([coin.beta for coin in coins])
    own_sigma = np.array([coin.own_sigma for coin in coins])
    market = path_of(seed, "BTC").logs(minute, minute)[0]
    keys = _own_keys(seed, symbols)
    own = _bridges(keys, minute) * MINUTE_SIGMA + _sweeps(_plus(keys, 7), minute) * 0.6
    logs = market * beta + own * own_sigma
    for i, coin in enumerate(coins):
        if coin.stable:
            logs[i] = path_of(seed, coin.symbol).logs(minute, minute)[0]
    logs.setflags(write=False)
    return np.asarray(logs, dtype=np.float64)

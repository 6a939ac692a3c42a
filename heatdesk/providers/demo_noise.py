"""Chance that can be looked up: hashes of (key, place, time) instead of a running generator.

Every number of the demo market is a pure function of a key and absolute coordinates, so any
window of history can be asked in any order and always gives the same figures.
"""

from __future__ import annotations

import hashlib
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_TABLE_BITS = 12
_TABLE_SHIFT = np.uint64(64 - _TABLE_BITS)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xD1B54A32D192ED03)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_GOLDEN_INT, _MIX_1_INT, _MIX_2_INT = int(_GOLDEN), int(_MIX_1), int(_MIX_2)
_SHIFT_INT, _ALL_BITS = int(_TABLE_SHIFT), (1 << 64) - 1


def _quantiles() -> Floats:
    n = 1 << _TABLE_BITS
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / n) for i in range(n)])


NORMAL: Floats = _quantiles()
"""Quantiles of the standard normal law, looked up by the top bits of a hash."""
_NORMAL_LIST: list[float] = NORMAL.tolist()

EXPONENTIAL: Floats = -np.log1p(-(np.arange(1 << _TABLE_BITS) + 0.5) / (1 << _TABLE_BITS))
"""Quantiles of the exponential law with mean 1."""


def lognormal(sigma: float) -> Floats:
    """Quantile table of the lognormal law with median 1."""
    return np.exp(sigma * NORMAL)


def key_of(*parts: str | int) -> int:
    """63-bit key of a seed and any names; the same on every machine and in every run."""
    text = "\x1f".join(str(part) for part in parts).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1


def chance_of(*parts: str | int) -> float:
    """Return a uniform number in [0, 1) that belongs to a name."""
    return key_of(*parts) / 2.0**63


def _mix(x: Hashes) -> Hashes:
    """Scramble in place (the finaliser of splitmix64)."""
    x ^= x >> np.uint64(30)
    x *= _MIX_1
    x ^= x >> np.uint64(27)
    x *= _MIX_2
    x ^= x >> np.uint64(31)
    return x


def hash_1(key: int | Hashes, place: Ints) -> Hashes:
    """Hash of a key (or of many, broadcast) and integer places (any shape, at least one-dimensional)."""
    return _mix(np.atleast_1d(place).astype(np.uint64) * _GOLDEN + np.asarray(key, dtype=np.uint64))


def hash_2(key: int, place: Ints, moment: Ints) -> Hashes:
    """Hash of a key and two integer coordinates, broadcast against each other."""
    return join(hash_1(key, place), moment)


def join(hashed: Hashes, moment: Ints) -> Hashes:
    """Hash earlier hashes together with one more coordinate, broadcast."""
    return _mix(hashed + np.atleast_1d(moment).astype(np.uint64) * _SECOND)


def uniform(hashed: Hashes) -> Floats:
    """Uniform numbers in [0, 1)."""
    return (hashed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def look_up(table: Floats, hashed: Hashes) -> Floats:
    """Draw from a quantile table."""
    return np.take(table, (hashed >> _TABLE_SHIFT).astype(np.intp))


def drift(key: int, moment: Ints, period: int) -> Floats:
    """Smooth standard-normal noise that changes over ``period``, at ascending moments."""
    first, last = int(moment[0]) // period, int(moment[-1]) // period + 1
    knots = np.arange(first, last + 1, dtype=np.int64)
    values = look_up(NORMAL, hash_1(key, knots))
    place = moment / period
    return np.interp(place, knots.astype(np.float64), values)


def at(key: int, moment: int, period: int) -> float:
    """`drift` at one moment, in plain numbers: tables ask it thousands of times."""
    knot = moment // period
    before, after = _knot(key, knot), _knot(key, knot + 1)
    return before + (after - before) * (moment / period - knot)


def _knot(key: int, place: int) -> float:
    """What `look_up` finds in `NORMAL` by `hash_1` of one place."""
    x = (place * _GOLDEN_INT + key) & _ALL_BITS
    x ^= x >> 30
    x = x * _MIX_1_INT & _ALL_BITS
    x ^= x >> 27
    x = x * _MIX_2_INT & _ALL_BITS
    return _NORMAL_LIST[(x ^ x >> 31) >> _SHIFT_INT]

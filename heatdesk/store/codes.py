"""16-bit cells: quantities as the top bits of their float32 pattern.

Code 0 is *not observed*, 1 *observed empty*, higher codes are quantities in ascending order,
so that a maximum over codes is a maximum over quantities. A code keeps 11 bits of mantissa
(at most 0.025 % off) and spans 32 octaves, which `CodeScale.fit` places over the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint16]

NOT_OBSERVED = 0
EMPTY = 1
FIRST = 2
"""The lowest code that is a quantity."""
N_CODES = 65_536

_SHIFT = 12
_OCTAVE = 1 << (23 - _SHIFT)
_SPAN = N_CODES - 1 - FIRST
_HEADROOM = 8 * _OCTAVE
_MAX_FLOAT32 = float(np.finfo(np.float32).max)
_ROWS_AT_ONCE = 128


def _pattern(qty: float) -> int:
    """Top bits of a positive quantity as float32; monotone in the quantity."""
    clipped = np.float32(min(max(qty, 0.0), _MAX_FLOAT32))
    return int(clipped.view(np.int32)) >> _SHIFT


@dataclass(frozen=True, slots=True)
class CodeScale:
    """Which 32 octaves the codes span.

    Parameters
    ----------
    offset : int
        Top bits of the float32 pattern that code 2 stands for.
    """

    offset: int

    @classmethod
    def fit(cls, low_qty: float, high_qty: float) -> CodeScale:
        """Place the codes over positive quantities.

        Eight octaves stay free above ``high_qty`` and two below ``low_qty``, so that codes seldom
        move; above gives way first. Where ``low_qty`` and ``high_qty`` cannot both be had the
        smallest quantities share code 2.
        """
        low, high = _pattern(low_qty), _pattern(high_qty)
        roomy = high + _HEADROOM - _SPAN
        tight = high + _OCTAVE - _SPAN
        return cls(max(0, min(roomy, max(low - 2 * _OCTAVE, tight))))

    def covers(self, low_qty: float, high_qty: float) -> bool:
        """Whether no better place exists for quantities in this range."""
        if _pattern(high_qty) > self.offset + _SPAN:
            return False
        return _pattern(low_qty) >= self.offset or CodeScale.fit(low_qty, high_qty) == self

    def encode(self, qty: NDArray[np.floating]) -> Codes:
        """Codes of quantities, any shape; zero and below is *empty*, NaN *not observed*.

        What lies above the scale takes the highest code, what lies below it code 2.
        """
        single = np.minimum(qty, _MAX_FLOAT32).astype(np.float32)
        bits = (single.view(np.int32) >> _SHIFT) - (self.offset - FIRST)
        codes: Codes = np.clip(bits, FIRST, N_CODES - 1).astype(np.uint16)
        codes[~(qty > 0)] = EMPTY
        codes[np.isnan(single)] = NOT_OBSERVED
        return codes

    def encode_totals(self, qty: NDArray[np.float64], low_qty: float, high_qty: float) -> Codes:
        """Codes of finite quantities, the positive ones from ``low_qty`` to ``high_qty``.

        The same as `encode`, in a third of the time where the scale covers that range.
        """
        inside = _pattern(low_qty) >= self.offset and _pattern(high_qty) <= self.offset + _SPAN
        if not inside or self.offset < FIRST:
            return self.encode(qty)
        bits = qty.astype(np.float32).view(np.int32)
        bits >>= _SHIFT
        bits -= self.offset - FIRST
        # a zero lies below the scale: what is cut off is exactly what is empty
        return np.maximum(bits, EMPTY, out=bits).astype(np.uint16)

    def values(self) -> NDArray[np.float64]:
        """Quantity of each code, (65536,) float64: NaN for code 0, then 0, then ascending."""
        values: NDArray[np.float64] = _values(self.offset)
        return values

    def recode(self, codes: Codes, previous: CodeScale) -> None:
        """Rewrite codes of another scale in place, (rows, columns)."""
        shift = previous.offset - self.offset
        table = np.arange(N_CODES) + shift
        np.clip(table, FIRST, N_CODES - 1, out=table)
        table[:FIRST] = range(FIRST)
        moved = table.astype(np.uint16)
        for start in range(0, codes.shape[0], _ROWS_AT_ONCE):
            part = codes[start : start + _ROWS_AT_ONCE]
            part[...] = moved[part]


@lru_cache(maxsize=32)
def _values(offset: int) -> NDArray[np.float64]:
    patterns = np.arange(N_CODES, dtype=np.int64) + (offset - FIRST)
    # the middle of what shares a code halves the error
    bits = (np.maximum(patterns, 0) << _SHIFT) + (1 << (_SHIFT - 1))
    largest = np.float32(_MAX_FLOAT32).view(np.int32)
    values: NDArray[np.float64] = (
        np.minimum(bits, int(largest)).astype(np.int32).view(np.float32).astype(np.float64)
    )
    values[NOT_OBSERVED] = np.nan
    values[EMPTY] = 0.0
    values.setflags(write=False)
    return values

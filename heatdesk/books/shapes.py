"""What a book tells of itself, whichever way it keeps its levels."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatdesk.books.events import BookChange, Level

Float64Array = NDArray[np.float64]

LEVEL_NOISE = 1e-6
"""Share of a level by which float noise may move a price (see `store.grid`)."""
MOST_BLOCKS = 16_384
"""Blocks of a column at most, about the price; the store holds no more."""
_FINEST_DECIMALS = 12
_MOST_DIGITS = 14
"""Digits of a price that are kept apart: a hundred times the price still counts without rounding."""


class Weight(NamedTuple):
    """What turns a quantity as the venue counts it into that of a frame.

    A level of quantity ``q`` at price ``p`` counts ``q * factor * p ** power``.
    """

    factor: float = 1.0
    power: int = 0


PLAIN = Weight()


class Best(NamedTuple):
    """The best prices and what rests there, NaN where there is none."""

    bid: float
    bid_qty: float
    ask: float
    ask_qty: float


class Column(NamedTuple):
    """A book cut into blocks of equal height.

    Attributes
    ----------
    low : int
        First block: it holds the prices from ``low * block_size`` up.
    bids, asks : (n,) float64
        Weighted quantity by block.
    """

    low: int
    bids: Float64Array
    asks: Float64Array


def vouched(change: BookChange) -> tuple[float, float] | None:
    """Price range a snapshot vouches for, both ends included; None when it says nothing."""
    if change.reach is not None:
        return change.reach
    prices = [price for side in (change.bids, change.asks) for price, qty in side if qty > 0]
    return (min(prices), max(prices)) if prices else None


def refuse(level: Level) -> None:
    """Raise a `ValueError` for a level that cannot be one."""
    price, qty = level
    if not 0 < price < math.inf:
        raise ValueError(f"a price of {price}")
    if not 0 <= qty < math.inf:
        raise ValueError(f"a quantity of {qty}")


def decimals(value: float) -> int:
    """Decimals that a price is written with, 12 at most, and 14 digits with those before the point."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    whole = len(str(int(value))) if value >= 1 else 0
    return min(max(0, -exponent), _FINEST_DECIMALS, max(0, _MOST_DIGITS - whole))


def block_range(
    low_px: float, high_px: float, block_size: float, middle_px: float
) -> tuple[int, int]:
    """Blocks that lie wholly in a half-open price range, half-open; `MOST_BLOCKS` about a price."""
    # float noise at an end neither adds a block nor takes one
    low = math.ceil(max(low_px / block_size, -(2.0**53)) - LEVEL_NOISE)
    high = math.floor(min(high_px / block_size, 2.0**53) + LEVEL_NOISE)
    if high - low > MOST_BLOCKS:
        middle = math.floor(middle_px / block_size) if math.isfinite(middle_px) else low
        low = min(max(low, middle - MOST_BLOCKS // 2), high - MOST_BLOCKS)
        high = low + MOST_BLOCKS
    return low, max(low, high)

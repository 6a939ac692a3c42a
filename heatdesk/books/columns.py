"""States of a book by level, and frames made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatdesk.books.shapes import Float64Array
from heatdesk.frames import LevelRuns

NO_BEST = (math.nan, math.nan)
"""Best bid and ask of a book that has none, or is not to be believed."""


class State(NamedTuple):
    """A book by level at one moment, or the largest of several.

    Attributes
    ----------
    low : int
        First level.
    bids, asks : (n,) float64
        Quantity by level, in the unit of the frame.
    reach : tuple of two floats
        Half-open price range that the venue vouched for; empty where it vouched for none.
    crossed : bool
        Whether a bid was not below an ask.
    best : tuple of two floats
        Best bid and ask, NaN where there was none to be believed. Of the largest of several
        states nobody asks it.
    """

    low: int
    bids: Float64Array
    asks: Float64Array
    reach: tuple[float, float]
    crossed: bool = False
    best: tuple[float, float] = NO_BEST


EMPTY = State(0, np.zeros(0), np.zeros(0), (0.0, 0.0))
"""Nothing is known."""


def largest(a: State, b: State) -> State:
    """Level by level the larger of two states, over all that either knew.

    Of two that know nothing in common only the later, ``b``.
    """
    if a is b or a.bids.size == 0:
        return b
    if b.bids.size == 0:
        return a
    reach = min(a.reach[0], b.reach[0]), max(a.reach[1], b.reach[1])
    if a.low == b.low and a.bids.size == b.bids.size:
        bids, asks = np.maximum(a.bids, b.bids), np.maximum(a.asks, b.asks)
        return State(a.low, bids, asks, reach, a.crossed or b.crossed)
    if a.reach[1] < b.reach[0] or b.reach[1] < a.reach[0]:
        return b
    low = min(a.low, b.low)
    size = max(a.low + a.bids.size, b.low + b.bids.size) - low
    sides = np.zeros((2, size))
    place = slice(a.low - low, a.low - low + a.bids.size)
    sides[0, place], sides[1, place] = a.bids, a.asks
    place = slice(b.low - low, b.low - low + b.bids.size)
    np.maximum(sides[0, place], b.bids, out=sides[0, place])
    np.maximum(sides[1, place], b.asks, out=sides[1, place])
    return State(low, sides[0], sides[1], reach, a.crossed or b.crossed)


def assembled(
    states: Sequence[State], block_size: float
) -> tuple[LevelRuns, LevelRuns, Float64Array]:
    """Bids and asks, best first, and reach (n, 2) of some states."""
    reach_px = np.array([state.reach for state in states], np.float64).reshape(-1, 2)
    bids = [(state.bids != 0).nonzero()[0][::-1] for state in states]
    asks = [(state.asks != 0).nonzero()[0] for state in states]
    lows = [state.low for state in states]
    return (
        _run(bids, lows, [state.bids for state in states], block_size),
        _run(asks, lows, [state.asks for state in states], block_size),
        reach_px,
    )


def _run(
    places: list[NDArray[np.intp]],
    lows: list[int],
    sides: list[Float64Array],
    block_size: float,
) -> LevelRuns:
    """One side of some states, those levels of it that hold something."""
    if len(places) == 1:
        # the column that forms, many times a second
        place = places[0]
        offsets = np.array([0, place.size], np.int64)
        price: Float64Array = (place + lows[0]).astype(np.float64)
        price *= block_size
        return LevelRuns(offsets, price, sides[0][place])
    offsets = np.zeros(len(places) + 1, np.int64)
    np.cumsum([place.size for place in places], out=offsets[1:])
    if not places:
        return LevelRuns(offsets, np.zeros(0), np.zeros(0))
    level = np.concatenate([place + low for place, low in zip(places, lows, strict=True)])
    qty = np.concatenate([side[place] for side, place in zip(sides, places, strict=True)])
    return LevelRuns(offsets, level.astype(np.float64) * block_size, qty)

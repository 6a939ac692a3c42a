"""Best prices by column, read from the cells of a book."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import FIRST, Codes

Float64Array = NDArray[np.float64]


def best_levels(bid: Codes, ask: Codes, first_level: int) -> tuple[Float64Array, Float64Array]:
    """Highest bid level and lowest ask level of each column; NaN where a side holds nothing.

    Parameters
    ----------
    bid, ask : (levels, columns) uint16
        Codes; row 0 is ``first_level``.

    Returns
    -------
    (columns,) float64, (columns,) float64
        Absolute levels.
    """
    bids, asks = bid >= FIRST, ask >= FIRST
    highest = bid.shape[0] - 1 - np.argmax(bids[::-1], axis=0)
    lowest = np.argmax(asks, axis=0)
    best_bid = np.where(bids.any(axis=0), highest + first_level, np.nan)
    best_ask = np.where(asks.any(axis=0), lowest + first_level, np.nan)
    return best_bid.astype(np.float64), best_ask.astype(np.float64)

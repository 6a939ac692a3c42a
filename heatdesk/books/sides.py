"""Both sides of a dense book in one array, so that a long message enters it in one go."""

from __future__ import annotations

import numpy as np

from heatdesk.books.shapes import Float64Array
from heatdesk.books.side import Levels, Side

_NOISE = 1e-10
"""Sum of the squares of the shares of a tick by which the prices of a message may be off."""
_MOST_ROWS = 2_048
"""Levels of a side that are set all at once."""


class Sides:
    """Bids and asks; the first half of the array is that of the bids.

    Attributes
    ----------
    bids, asks : Side
    size : int
        Ticks that the array of each holds.
    """

    __slots__ = ("_array", "_scale", "_shift", "asks", "bids", "size")

    def __init__(self) -> None:
        self.bids, self.asks = Side(1), Side(-1)
        self.size = 0
        self._array: Float64Array = np.zeros(0)
        # What makes a price its place in the array, for the bids of a message and the asks behind
        # them: a message of b bids and a asks takes the b factors before the middle and the a
        # behind it. Two arrays meet twice as fast as an array and a number.
        self._scale = np.zeros(2 * _MOST_ROWS)
        self._shift = np.zeros(2 * _MOST_ROWS)

    def lay(self, bids: Levels, asks: Levels, base: int, size: int, per: float) -> None:
        """Hold these levels (each once, quantities positive).

        The arrays begin at tick ``base``; there are ``per`` ticks to a quote unit.
        """
        if size == self.size:
            self._array.fill(0.0)
        else:
            self._array, self.size = np.zeros(2 * size), size
        self.bids.lay(*bids, base, self._array[:size])
        self.asks.lay(*asks, base, self._array[size:])
        self._scale[:_MOST_ROWS], self._scale[_MOST_ROWS:] = per, -per
        self._shift[:_MOST_ROWS] = -self.bids.origin
        self._shift[_MOST_ROWS:] = size - self.asks.origin

    def set_rows(self, rows: Float64Array, split: int) -> bool:
        """Set the levels of a message at once; False, and nothing is set, when that cannot be.

        It can when both sides bring some and each is ordinary (see `Side.set`).

        Parameters
        ----------
        rows : (n, 2) float64
            Bids, and behind them asks; of those of one price the last counts. Quantities are
            known to be such.
        split : int
            How many are bids.
        """
        if not (0 < split <= _MOST_ROWS and 0 < len(rows) - split <= _MOST_ROWS):
            return False
        part = slice(_MOST_ROWS - split, _MOST_ROWS - split + len(rows))
        place = rows[:, 0] * self._scale[part]
        place += self._shift[part]
        index = np.rint(place)
        place -= index
        bids, asks = index[:split], index[split:]
        # four times as fast as asking for the extremes themselves
        bid, ask = bids.item(bids.argmax()), asks.item(asks.argmax()) - self.size
        if not (
            place.dot(place) < _NOISE
            and bids.item(bids.argmin()) >= 0
            and asks.item(asks.argmin()) >= self.size
            and max(bid, ask) < self.size
        ):
            return False
        # one after the other in memory they enter faster
        self._array[index.astype(np.intp)] = rows[:, 1].copy()
        self.bids.best = max(self.bids.best, int(bid))
        self.asks.best = max(self.asks.best, int(ask))
        return True

    @property
    def off_centre(self) -> bool:
        """Whether the price has left the middle half of the arrays."""
        size = self.size
        bid, ask = self.bids.best, size - 1 - self.asks.best
        if bid < 0:
            bid = ask
        if ask == size:
            ask = bid
        if bid == size:  # both are empty
            return False
        middle = (bid + ask) / 2
        return middle > 0.75 * size or (middle < 0.25 * size and self.bids.origin > 1)

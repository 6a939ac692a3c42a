"""One side by side with the venue: a book as arrays of quantities by tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatdesk.books.events import BookChange, Level

Float64Array = NDArray[np.float64]


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
    """A book cut into levels of equal height.

    Attributes
    ----------
    low : int
        First level: it holds the prices from ``low * block_size`` up.
    bids, asks : (n,) float64
        Weighted quantity by level.
    """

    low: int
    bids: Float64Array
    asks: Float64Array


class DenseBook:
    """An order book with one cell for each tick near the price.

    Quantities are as the venue counts them. A price that does not lie on a tick makes the ticks
    finer. Levels further from the touch than the array holds are dropped, and what the book
    vouches for shrinks accordingly.

    Parameters
    ----------
    tick_size : float
        Smallest price step, quote units.

    Attributes
    ----------
    changes : int
        Messages that were loaded or applied since the book was made; never goes back.
    """

    def __init__(self, tick_size: float) -> None:
        self.tick_size = tick_size
        self.changes = 0
        raise NotImplementedError

    def load(self, change: BookChange) -> None:
        """Replace the book by a snapshot."""
        raise NotImplementedError

    def apply(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Set the quantities of some levels, in the order given; 0 removes one.

        Raises
        ------
        ValueError
            When a quantity is negative or no number, or a price is not positive; what came before
            it may have entered.
        """
        raise NotImplementedError

    def clear(self) -> None:
        """Forget every level, and what the book vouched for."""
        raise NotImplementedError

    def keep_best(self, depth: int) -> None:
        """Forget all but the best ``depth`` levels of each side; the reach ends with them.

        Of a side that holds fewer the reach is left as it is.
        """
        raise NotImplementedError

    def widen(self, snapshot: BookChange) -> int:
        """Learn from a later snapshot of the very same state what lies beyond the reach.

        Returns the number of levels inside the common reach in which the two disagreed; there
        the snapshot is believed.
        """
        raise NotImplementedError

    def retick(self, tick_size: float) -> None:
        """Change the tick size; levels keep their prices as well as the new ticks allow."""
        raise NotImplementedError

    @property
    def reach(self) -> tuple[float, float] | None:
        """Half-open price range in which every level is known, quote units; None of an empty book."""
        raise NotImplementedError

    def best(self) -> Best:
        """Best prices and their quantities."""
        raise NotImplementedError

    @property
    def crossed(self) -> bool:
        """Whether the best bid is not below the best ask."""
        raise NotImplementedError

    def top(self, n: int) -> tuple[list[Level], list[Level]]:
        """Best ``n`` bids and asks, best first."""
        raise NotImplementedError

    def qty(self, side: str, price: float) -> float:
        """Quantity at a price of ``"bid"`` or ``"ask"``; 0 where nothing rests."""
        raise NotImplementedError

    def column(self, block_size: float, weight: Weight = PLAIN) -> Column:
        """Sum the levels by blocks that lie wholly inside the reach."""
        raise NotImplementedError

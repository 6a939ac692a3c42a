"""Ticks and prices, and a side of a book cut into blocks of equal height."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from heatdesk.books.shapes import LEVEL_NOISE, PLAIN, Float64Array, Weight
from heatdesk.books.side import Side

Int64Array = NDArray[np.int64]


class TickGrid:
    """Where the ticks of a book lie: tick ``n`` is the price ``n * tick``.

    Attributes
    ----------
    tick : float
        Quote units.
    per : float
        Ticks to a quote unit.
    """

    __slots__ = ("_whole", "per", "tick")

    def __init__(self, tick: float) -> None:
        self.tick = tick
        per = 1.0 / tick
        # a whole number of ticks to the unit divides without noise: 599999 / 10 is 59999.9
        self._whole = per >= 1 and math.isclose(per, round(per), rel_tol=1e-9)
        self.per = float(round(per)) if self._whole else per

    def price(self, tick: float) -> float:
        """Price of a tick, quote units."""
        return tick / self.per if self._whole else tick * self.tick

    def prices(self, ticks: Int64Array) -> Float64Array:
        """Prices of ticks, any shape."""
        place = ticks.astype(np.float64)
        return place / self.per if self._whole else place * self.tick

    def ticks_in(self, height: float) -> float:
        """How many ticks high something is."""
        return height * self.per if self._whole else height / self.tick


class Cutter:
    """Sums the levels of a side by blocks; remembers what prices weigh from one time to the next."""

    def __init__(self, grid: TickGrid) -> None:
        self._grid = grid
        self._weight = PLAIN
        self._base = 0
        self._factors: Float64Array = np.zeros(0)

    def cut(
        self, side: Side, low: int, count: int, block_size: float, weight: Weight
    ) -> Float64Array:
        """Weighted quantity of one side in ``count`` blocks from ``low`` up."""
        found = np.zeros(count)
        ratio = self._grid.ticks_in(block_size)
        height = round(ratio)
        even = height >= 1 and math.isclose(ratio, height, rel_tol=1e-9)
        if even:
            first = low * height
            start, part = side.near(first, first + count * height)
            if part.size:
                _add(found, start - first, self._weighed(start, part, weight), height)
            if not side.far or side.holds(first, first + count * height):
                return found
            ticks = np.fromiter(side.far, np.int64, len(side.far))
            qty = np.fromiter(side.far.values(), np.float64, len(side.far))
            place = ticks // height - low
        else:
            ticks, qty = side.levels()
            levels = np.floor(self._grid.prices(ticks) / block_size + LEVEL_NOISE)
            place = levels.astype(np.int64) - low
        inside = (place >= 0) & (place < count)
        if inside.any():
            amount = qty[inside] * weight.factor
            if weight.power:
                amount *= self._grid.prices(ticks[inside]) ** weight.power
            found += np.bincount(place[inside], amount, count)
        return found

    def _weighed(self, start: int, qty: Float64Array, weight: Weight) -> Float64Array:
        """Quantities of consecutive ticks from ``start`` up, weighted."""
        if weight.power == 0:
            return qty if weight.factor == 1 else qty * weight.factor
        a = start - self._base
        if self._weight != weight or a < 0 or a + qty.size > self._factors.size:
            # room for the price to wander on both sides
            self._weight = weight
            self._base = max(1, start - 2 * qty.size)
            ticks = np.arange(self._base, start + 3 * qty.size)
            self._factors = self._grid.prices(ticks) ** weight.power * weight.factor
            a = start - self._base
        weighed: Float64Array = qty * self._factors[a : a + qty.size]
        return weighed


def _add(found: Float64Array, offset: int, qty: Float64Array, height: int) -> None:
    """Add quantities by tick, the first of them ``offset`` ticks after the start of block 0."""
    block = offset // height
    if height == 1:
        found[block : block + qty.size] += qty
        return
    head = -offset % height
    edges = np.arange(head - height if head else 0, qty.size, height)
    edges[0] = 0
    sums = np.add.reduceat(qty, edges)
    found[block : block + sums.size] += sums

"""One side of a dense book: an array near the price, a dict beyond."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from heatdesk.books.events import Level
from heatdesk.books.shapes import Float64Array

Int64Array = NDArray[np.int64]
Levels = tuple[Int64Array, Float64Array]
"""Ticks and quantities."""

_INFINITY = float("inf")
_STEPS = 64
_CHUNK = 4_096
MOST_FAR = 100_000
"""Levels a side holds beyond its array."""


class Side:
    """Quantities by tick; the higher an index the better its price, on both sides.

    Parameters
    ----------
    sign : int
        1 of bids, -1 of asks: index ``sign * tick - origin``.

    Attributes
    ----------
    array : (size,) float64
    origin : int
    best : int
        Index of the best level in the array, -1 where it holds none.
    far : dict
        Quantity by tick of the levels outside the array.
    stray : bool
        Whether ``far`` may hold a better level than the array.
    """

    __slots__ = ("array", "best", "cells", "far", "origin", "sign", "size", "stray")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.size = 0
        self.array: Float64Array = np.zeros(0)
        # a memoryview sets one quantity three times as fast as the array does
        self.cells: memoryview[float] = _cells(self.array)
        self.origin = 0
        self.best = -1
        self.far: dict[int, float] = {}
        self.stray = False

    def lay(self, ticks: Int64Array, qty: Float64Array, base: int, array: Float64Array) -> None:
        """Hold these levels (each once, quantities positive).

        The array is all zero, and begins at tick ``base``.
        """
        self.array, self.cells, size = array, _cells(array), array.size
        self.size = size
        self.origin = base if self.sign > 0 else 1 - base - size
        index = ticks * self.sign - self.origin
        inside = (index >= 0) & (index < size)
        self.array[index[inside]] = qty[inside]
        self.best = int(index.max(where=inside, initial=-1))
        out = ~inside
        self.far = dict(zip(ticks[out].tolist(), qty[out].tolist(), strict=True))
        self.stray = bool(self.far) and (self.best < 0 or bool((index >= size).any()))

    def set(self, levels: Iterator[Level], per: float) -> Level | None:
        """Set levels, ``per`` ticks to a quote unit, as far as they are ordinary.

        Returns the first that is not, taken from ``levels``; None at their end. One is ordinary
        when it lies on a tick inside the array, and its quantity is one.
        """
        cells, best = self.cells, self.best
        scale, shift = per * self.sign, 0.5 - self.origin
        price = qty = 0.0
        try:
            for price, qty in levels:
                place = price * scale + shift
                index = int(place)
                # below the array a place lies half a tick under its index, not over it
                if not (0.49999 < place - index < 0.50001 and 0.0 <= qty < _INFINITY):
                    return price, qty
                cells[index] = qty
                if index > best:
                    best = index
        except (IndexError, ValueError, OverflowError):
            # above the array, or no number at all
            return price, qty
        finally:
            self.best = best
        return None

    def set_far(self, tick: int, qty: float) -> None:
        """Set one level wherever it lies."""
        index = tick * self.sign - self.origin
        if 0 <= index < self.size:
            self.cells[index] = qty
            self.best = max(self.best, index)
        elif qty > 0:
            self.far[tick] = qty
            self.stray = self.stray or index >= self.size
        else:
            self.far.pop(tick, None)

    def settle(self) -> None:
        """Find the best level again after some were set."""
        cells, best = self.cells, self.best
        if best >= 0 and cells[best]:
            return
        last = max(-1, best - _STEPS)
        while best > last and not cells[best]:
            best -= 1
        while best >= 0 and not cells[best]:
            start = max(0, best + 1 - _CHUNK)
            found = (self.array[start : best + 1] != 0).nonzero()[0]
            best = start + int(found[-1]) if found.size else start - 1
        self.best = best
        if best < 0 and self.far:
            self.stray = True

    def tick_of(self, index: int) -> int:
        """Tick of an index."""
        return (index + self.origin) * self.sign

    def best_tick(self) -> int | None:
        """Tick of the best level; None of an empty side."""
        best = self.tick_of(self.best) if self.best >= 0 else None
        if self.stray and self.far:
            far = (max if self.sign > 0 else min)(self.far)
            return far if best is None or (far - best) * self.sign > 0 else best
        return best

    def qty(self, tick: int) -> float:
        """Quantity at a tick."""
        index = tick * self.sign - self.origin
        return float(self.cells[index]) if 0 <= index < self.size else self.far.get(tick, 0.0)

    def top(self, n: int) -> Levels:
        """Ticks and quantities of the best ``n`` levels, best first."""
        chunk = _CHUNK // 4
        while not self.stray:
            start = max(0, self.best + 1 - chunk)
            index = (self.array[start : self.best + 1] != 0).nonzero()[0][: -n - 1 : -1] + start
            if index.size == n:
                return (index + self.origin) * self.sign, self.array[index]
            if start == 0:
                break
            chunk *= 8
        ticks, qty = self.levels()
        return ticks[:n], qty[:n]

    def levels(self) -> Levels:
        """Ticks and quantities of all levels, best first."""
        # twice as fast as asking floats themselves
        index = (self.array[: self.best + 1] != 0).nonzero()[0][::-1]
        ticks = (index + self.origin) * self.sign
        qty = self.array[index]
        if not self.far:
            return ticks, qty
        ticks = np.concatenate((ticks, np.fromiter(self.far, np.int64, len(self.far))))
        qty = np.concatenate((qty, np.fromiter(self.far.values(), np.float64, len(self.far))))
        order = np.argsort(ticks * -self.sign, kind="stable")
        return ticks[order], qty[order]

    def holds(self, low: int, high: int) -> bool:
        """Whether the array holds every tick of a half-open range."""
        first = self.origin if self.sign > 0 else 1 - self.origin - self.size
        return first <= low and high <= first + self.size

    def near(self, low: int, high: int) -> tuple[int, Float64Array]:
        """First tick and quantities by tick (ascending) of the part of the array inside a range."""
        if self.sign > 0:
            a, b = max(0, low - self.origin), min(self.best + 1, high - self.origin)
            return self.origin + a, self.array[a : max(a, b)]
        a, b = max(0, 1 - high - self.origin), min(self.best + 1, 1 - low - self.origin)
        part = self.array[a : max(a, b)]
        return 1 - self.origin - a - part.size, part[::-1]


def _cells(array: Float64Array) -> memoryview[float]:
    cells: memoryview[float] = memoryview(array)  # type: ignore[arg-type]
    return cells

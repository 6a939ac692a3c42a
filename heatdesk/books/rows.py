"""Levels of a message in an array, for a book that takes them all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from heatdesk.books.events import Level
from heatdesk.books.shapes import Float64Array


class Rows(Sequence[Level]):
    """Levels of one side as a sequence like any other, and as part of an array.

    Parameters
    ----------
    array : (n, 2) float64
        Price in quote units and quantity of each level of the message, in the order sent, bids
        first. Whoever makes it vouches for finite numbers, prices above zero and quantities not
        below it.
    start, stop : int
        Which of them are those of this side.
    """

    __slots__ = ("array", "start", "stop")

    def __init__(self, array: Float64Array, start: int, stop: int) -> None:
        self.array = array
        self.start = start
        self.stop = stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[Level]:
        price, qty = self.array[self.start : self.stop].T.tolist()
        return zip(price, qty, strict=True)

    @overload
    def __getitem__(self, place: int) -> Level: ...

    @overload
    def __getitem__(self, place: slice) -> list[Level]: ...

    def __getitem__(self, place: int | slice) -> Level | list[Level]:
        return list(self)[place]


def both_sides(array: Float64Array, bids: int) -> tuple[Rows, Rows]:
    """Sides of a message whose first ``bids`` levels are bids."""
    return Rows(array, 0, bids), Rows(array, bids, len(array))

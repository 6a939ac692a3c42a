"""Levels of one side of a message in an array, for a book that takes them all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from heatdesk.books.events import Level
from heatdesk.books.shapes import Float64Array


class Rows(Sequence[Level]):
    """Levels as a sequence like any other, and as an array.

    Parameters
    ----------
    array : (n, 2) float64
        Price in quote units and quantity of each, in the order sent. Whoever makes it vouches for
        finite numbers, prices above zero and quantities not below it.
    """

    __slots__ = ("array",)

    def __init__(self, array: Float64Array) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Level]:
        price, qty = self.array.T.tolist()
        return zip(price, qty, strict=True)

    @overload
    def __getitem__(self, place: int) -> Level: ...

    @overload
    def __getitem__(self, place: slice) -> Rows: ...

    def __getitem__(self, place: int | slice) -> Level | Rows:
        if isinstance(place, slice):
            return Rows(self.array[place])
        price, qty = self.array[place].tolist()
        return price, qty

"""The true columns of a market, from its journal alone; and what a desk told of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from math import inf, isclose
from typing import TYPE_CHECKING

from tests.servers.venues.market import Change, PlainBook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.venues.market import Play, Truth

STATE_MS = 100
Levels = dict[int, int]
"""Quantity by level, both in whole numbers."""
_ENOUGH = 5


@dataclass
class TrueColumn:
    """One column: the largest of its states and the last of them, each side by level."""

    start_ms: int
    top: tuple[Levels, Levels]
    last: tuple[Levels, Levels]
    exact: tuple[float, float] = (0.0, inf)
    """Prices between which the venue tells single levels, quote units."""


@dataclass
class ToldColumn:
    """What a desk told of a column; prices in quote units, `reach` as told."""

    start_ms: int
    top: tuple[dict[float, float], dict[float, float]]
    last: tuple[dict[float, float], dict[float, float]]
    reach: tuple[float, float]
    last_reach: tuple[float, float]
    flawed: bool


class Summed:
    """Quantities by level of one side, kept as the book changes."""

    def __init__(self, side: Levels, block: int) -> None:
        self._book, self._block = dict(side), block
        self.levels: Levels = {}
        for price, qty in side.items():
            level = price // block
            self.levels[level] = self.levels.get(level, 0) + qty

    @property
    def prices(self) -> Levels:
        """Quantity by price."""
        return self._book

    def apply(self, changes: list[Change]) -> None:
        for price, qty in changes:
            before = self._book.get(price, 0)
            if qty:
                self._book[price] = qty
            else:
                self._book.pop(price, None)
            level = price // self._block
            now = self.levels.get(level, 0) + qty - before
            if now:
                self.levels[level] = now
            else:
                self.levels.pop(level, None)


class Oracle:
    """Columns of one play.

    Parameters
    ----------
    block_size
        Height of a level, quote units.
    exact_levels
        How many levels a side the venue tells singly, where it tells sums of others; 0: all.
    """

    def __init__(
        self,
        play: Play | Truth,
        block_size: float,
        interval_ms: int,
        exact_levels: int = 0,
    ) -> None:
        self.play, self.interval_ms, self._exact_levels = play, interval_ms, exact_levels
        self.block = round(block_size / play.spec.price_unit)
        if not isclose(self.block * play.spec.price_unit, block_size, rel_tol=1e-9):
            raise ValueError("a level is not a whole number of last digits high")

    def columns(self, from_ms: int, to_ms: int) -> Iterator[TrueColumn]:
        """Columns that start in a half-open span."""
        entries = list(self.play.journal.entries)
        book: PlainBook = self.play.journal.base.copy()
        at = 0
        while at < len(entries) and entries[at][0] < from_ms:
            book.apply(entries[at][1], entries[at][2])
            at += 1
        bids, asks = Summed(book.bids, self.block), Summed(book.asks, self.block)
        for start_ms in range(from_ms, to_ms, self.interval_ms):
            top: tuple[Levels, Levels] = ({}, {})
            exact = (0.0, inf)
            for end_ms in range(start_ms + STATE_MS, start_ms + self.interval_ms + 1, STATE_MS):
                while at < len(entries) and entries[at][0] < end_ms:
                    bids.apply(entries[at][1])
                    asks.apply(entries[at][2])
                    at += 1
                for most, side in zip(top, (bids, asks), strict=True):
                    for level, qty in side.levels.items():
                        if qty > most.get(level, 0):
                            most[level] = qty
                low, high = self._exact(bids, asks)
                exact = (max(exact[0], low), min(exact[1], high))
            yield TrueColumn(start_ms, top, (dict(bids.levels), dict(asks.levels)), exact)

    def _exact(self, bids: Summed, asks: Summed) -> tuple[float, float]:
        """Between the ends of the levels that are told singly."""
        count, spec = self._exact_levels, self.play.spec
        if count == 0:
            return 0.0, inf
        low, high = nlargest(count, bids.prices)[-1], nsmallest(count, asks.prices)[-1]
        return low * spec.price_unit, (high + spec.tick) * spec.price_unit

    def wrongs(self, told: dict[int, ToldColumn], from_ms: int, to_ms: int) -> list[str]:
        """What is wrong with columns told as flawless, a few words each."""
        found = []
        for true in self.columns(from_ms, to_ms):
            column = told.get(true.start_ms)
            if column is None or column.flawed:
                continue
            pairs = (
                ("largest", true.top, column.top, column.reach),
                ("last", true.last, column.last, column.last_reach),
            )
            for what, truth, said, reach in pairs:
                for side, (right, seen) in enumerate(zip(truth, said, strict=True)):
                    clipped = (max(reach[0], true.exact[0]), min(reach[1], true.exact[1]))
                    wrong = self._differences(right, seen, clipped)
                    if wrong:
                        name = "asks" if side else "bids"
                        words = "; ".join(wrong[:_ENOUGH])
                        found.append(f"{true.start_ms} {what} {name}: {len(wrong)} cells: {words}")
        return found

    def _differences(
        self, right: Levels, seen: dict[float, float], reach: tuple[float, float]
    ) -> list[str]:
        spec, size = self.play.spec, self.block * self.play.spec.price_unit
        told = {round(price / size): qty for price, qty in seen.items()}
        wrong = []
        for level in right.keys() | told.keys():
            low, high = level * size, (level + 1) * size
            if low < reach[0] - 1e-9 * low or high > reach[1] + 1e-9 * high:
                continue
            truth, got = right.get(level, 0) * spec.qty_unit, told.get(level, 0.0)
            if not isclose(truth, got, rel_tol=1e-6, abs_tol=spec.qty_unit / 100):
                wrong.append(f"{low:.10g}: {got:.10g} is not {truth:.10g}")
        return sorted(wrong)


@dataclass
class Tally:
    """How the columns of one book went."""

    live: int = 0
    flawed: int = 0
    missing: int = 0
    wrong: list[str] = field(default_factory=list)

"""The same book in the plainest form, for tests to hold the fast one to."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heatdesk.books.events import BookChange, Level
from heatdesk.books.shapes import PLAIN, Best, Column, Weight, block_range, refuse, vouched


class DictBook:
    """A book of two dicts from price to quantity; it tells what a `DenseBook` tells, slowly.

    It knows no limit of its levels, and prices need not lie on its ticks: ``tick_size`` only says
    where the level at the upper end of the reach ends.
    """

    def __init__(self, tick_size: float) -> None:
        self.tick_size = tick_size
        self.changes = 0
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self._known: tuple[float, float] | None = None

    def load(self, change: BookChange) -> None:
        """Replace the book by a snapshot."""
        self.bids, self.asks = _positive(change.bids), _positive(change.asks)
        self._known = vouched(change)
        self.changes += 1

    def apply(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Set the quantities of some levels, in the order given; 0 removes one."""
        self.changes += 1
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for price, qty in levels:
                refuse((price, qty))
                if qty:
                    side[price] = qty
                else:
                    side.pop(price, None)

    def clear(self) -> None:
        """Forget every level, and what the book vouched for."""
        self.bids, self.asks = {}, {}
        self._known = None

    def keep_best(self, depth: int) -> None:
        """Forget all but the best ``depth`` levels of each side; the reach ends with them."""
        bids, asks = self.top(max(len(self.bids), len(self.asks)))
        if len(bids) >= depth:
            self.bids = dict(bids[:depth])
            if self._known:
                self._known = bids[depth - 1][0], self._known[1]
        if len(asks) >= depth:
            self.asks = dict(asks[:depth])
            if self._known:
                self._known = self._known[0], asks[depth - 1][0]

    def widen(self, snapshot: BookChange) -> int:
        """Learn from a later snapshot of the very same state what lies beyond the reach."""
        fresh = vouched(snapshot)
        if fresh is None:
            return 0
        known = self._known or (math.inf, -math.inf)
        low, high = max(known[0], fresh[0]), min(known[1], fresh[1])
        wrong = 0
        for held, levels in ((self.bids, snapshot.bids), (self.asks, snapshot.asks)):
            told = _positive(levels)
            prices = {price for price in held | told if low <= price <= high}
            wrong += sum(held.get(price) != told.get(price) for price in prices)
            for price in [price for price in held if fresh[0] <= price <= fresh[1]]:
                del held[price]
            held.update((p, q) for p, q in told.items() if fresh[0] <= p <= fresh[1])
        self._known = fresh
        if low <= high:
            self._known = min(known[0], fresh[0]), max(known[1], fresh[1])
        return wrong

    def retick(self, tick_size: float) -> None:
        """Change the tick size."""
        self.tick_size = tick_size

    @property
    def reach(self) -> tuple[float, float] | None:
        """Half-open price range in which every level is known, quote units; None: nothing is."""
        return None if self._known is None else (self._known[0], self._known[1] + self.tick_size)

    def best(self) -> Best:
        """Best prices and their quantities."""
        bid, ask = max(self.bids, default=math.nan), min(self.asks, default=math.nan)
        return Best(bid, self.bids.get(bid, math.nan), ask, self.asks.get(ask, math.nan))

    @property
    def crossed(self) -> bool:
        """Whether the best bid is not below the best ask."""
        best = self.best()
        return best.bid >= best.ask

    def top(self, n: int) -> tuple[list[Level], list[Level]]:
        """Best ``n`` bids and asks, best first."""
        return sorted(self.bids.items(), reverse=True)[:n], sorted(self.asks.items())[:n]

    def qty(self, side: str, price: float) -> float:
        """Quantity at a price of ``"bid"`` or ``"ask"``; 0 where nothing rests."""
        return (self.bids if side == "bid" else self.asks).get(price, 0.0)

    def column(self, block_size: float, weight: Weight = PLAIN) -> Column:
        """Sum the levels by blocks that lie wholly inside the reach."""
        if self.reach is None:
            return Column(0, np.zeros(0), np.zeros(0))
        best = self.best()
        middle = best.ask if math.isnan(best.bid) else best.bid
        low, high = block_range(*self.reach, block_size, middle)
        column = Column(low, np.zeros(high - low), np.zeros(high - low))
        for side, sums in ((self.bids, column.bids), (self.asks, column.asks)):
            for price, qty in side.items():
                block = math.floor(price / block_size + 1e-6)
                if low <= block < high:
                    sums[block - low] += qty * weight.factor * price**weight.power
        return column


def _positive(levels: Sequence[Level]) -> dict[float, float]:
    for level in levels:
        refuse(level)
    return {price: qty for price, qty in dict(levels).items() if qty}

"""One side by side with the venue: a book as arrays of quantities by tick."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heatdesk.books.cutting import Cutter, TickGrid
from heatdesk.books.events import BookChange, Level
from heatdesk.books.rows import Rows
from heatdesk.books.shapes import (
    PLAIN,
    Best,
    Column,
    Weight,
    block_range,
    decimals,
    refuse,
    vouched,
)
from heatdesk.books.side import MOST_FAR, Levels, Side
from heatdesk.books.sides import Sides

_SMALLEST, _LARGEST = 1 << 12, 1 << 18
"""Ticks that the arrays of a side hold."""
_ENDLESS = 1 << 53
_OFF_TICK = 1e-5
"""Share of a tick by which float noise may move a price; see `Side.set`."""


class DenseBook:
    """An order book with one cell for each tick near the price, and a dict for what lies beyond.

    Quantities are as the venue counts them. A price that does not lie on a tick makes the ticks
    finer. A side that grows without end loses its farthest levels, and what the book vouches for
    shrinks accordingly.

    Parameters
    ----------
    tick_size : float
        Smallest price step, quote units.

    Attributes
    ----------
    changes : int
        Messages that were loaded or applied since the book was made; never goes back.
    revision : int
        Moves with anything that may change what the book tells.
    """

    def __init__(self, tick_size: float) -> None:
        if not 0 < tick_size < math.inf:
            raise ValueError(f"a tick cannot be {tick_size}")
        self.tick_size = tick_size
        self.changes = 0
        self.revision = 0
        self._sides = Sides()
        self._bids, self._asks = self._sides.bids, self._sides.asks
        self._reach: tuple[int, int] | None = None
        self._take_grid(tick_size)
        self._lay(_NO_LEVELS, _NO_LEVELS)

    # ------------------------------------------------------------------------------- changing it

    def load(self, change: BookChange) -> None:
        """Replace the book by a snapshot.

        Raises
        ------
        ValueError
            When a quantity is negative or no number, or a price is not positive; the book is as
            it was.
        """
        sides = _checked(change)
        reach = vouched(change)
        self.clear()
        self._take_grid(self.tick_size)
        self._fit_grid([price for side in sides for price in side])
        bids, asks = (self._ticks_of(side) for side in sides)
        self._reach = self._reach_of(reach)
        self._lay(bids, asks)
        self._prune()
        self.changes += 1

    def apply(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Set the quantities of some levels, in the order given; 0 removes one.

        Raises
        ------
        ValueError
            When a quantity is negative or no number, or a price is not positive; what came before
            it may have entered.
        """
        self.changes += 1
        self.revision += 1
        try:
            if not self._set_rows(bids, asks):
                for side, levels in ((self._bids, bids), (self._asks, asks)):
                    rest = iter(levels)
                    while (odd := side.set(rest, self._per)) is not None:
                        self._set_odd(side, odd)
        finally:
            self._bids.settle()
            self._asks.settle()
        if self._bids.stray or self._asks.stray or self._sides.off_centre:
            self._lay(self._bids.levels(), self._asks.levels())

    def clear(self) -> None:
        """Forget every level, and what the book vouched for."""
        self._lay(_NO_LEVELS, _NO_LEVELS)
        self._reach = None

    def keep_best(self, depth: int) -> None:
        """Forget all but the best ``depth`` levels of each side; the reach ends with them.

        Of a side that holds fewer the reach is left as it is.
        """
        self.revision += 1
        for side in (self._bids, self._asks):
            ticks, _ = side.levels()
            if ticks.size < depth:
                continue
            last = int(ticks[depth - 1])
            if ticks.size > depth:
                for tick in ticks[depth:].tolist():
                    side.set_far(tick, 0.0)
                side.settle()
            if self._reach is not None:
                low, high = self._reach
                self._reach = (last, high) if side.sign > 0 else (low, last + 1)

    def widen(self, snapshot: BookChange) -> int:
        """Learn from a later snapshot of the very same state what lies beyond the reach.

        Returns the number of levels inside the common reach in which the two disagreed; there
        the snapshot is believed.
        """
        sides = _checked(snapshot)
        self._fit_grid([price for given in sides for price in given])
        fresh = self._reach_of(vouched(snapshot))
        if fresh is None:
            return 0
        known = self._reach or (fresh[0], fresh[0])
        common = max(known[0], fresh[0]), min(known[1], fresh[1])
        wrong = 0
        merged = []
        for side, given in zip((self._bids, self._asks), sides, strict=True):
            told = self._ticks_of(given)
            held = side.levels()
            wrong += _differing(_within(held, common), _within(told, common))
            kept = (held[0] < fresh[0]) | (held[0] >= fresh[1])
            told = _within(told, fresh)
            merged.append(
                (np.concatenate((held[0][kept], told[0])), np.concatenate((held[1][kept], told[1])))
            )
        self._reach = fresh
        if common[0] < common[1]:
            self._reach = min(known[0], fresh[0]), max(known[1], fresh[1])
        self._lay(*merged)
        self._prune()
        return wrong

    def retick(self, tick_size: float) -> None:
        """Change the tick size; ticks stay as fine as the levels that are held need them."""
        if not 0 < tick_size < math.inf:
            raise ValueError(f"a tick cannot be {tick_size}")
        self.tick_size = tick_size
        if tick_size < self._grid.tick:
            self._refine(tick_size)

    # ------------------------------------------------------------------------------- reading it

    @property
    def reach(self) -> tuple[float, float] | None:
        """Half-open price range in which every level is known, quote units; None: nothing is."""
        if self._reach is None:
            return None
        low, high = self._reach
        return self._grid.price(low), self._grid.price(high) if high < _ENDLESS else math.inf

    def best(self) -> Best:
        """Best prices and their quantities."""
        found: list[float] = []
        for side in (self._bids, self._asks):
            tick = side.best_tick()
            if tick is None:
                found += (math.nan, math.nan)
            else:
                found += (self._grid.price(tick), side.qty(tick))
        return Best(*found)

    @property
    def crossed(self) -> bool:
        """Whether the best bid is not below the best ask."""
        bid, ask = self._bids.best_tick(), self._asks.best_tick()
        return bid is not None and ask is not None and bid >= ask

    def top(self, n: int) -> tuple[list[Level], list[Level]]:
        """Best ``n`` bids and asks, best first."""
        bids, asks = self._top(self._bids, n), self._top(self._asks, n)
        return bids, asks

    def qty(self, side: str, price: float) -> float:
        """Quantity at a price of ``"bid"`` or ``"ask"``; 0 where nothing rests."""
        return (self._bids if side == "bid" else self._asks).qty(round(price * self._per))

    def column(self, block_size: float, weight: Weight = PLAIN) -> Column:
        """Sum the levels by blocks that lie wholly inside the reach."""
        reach = self.reach
        if reach is None:
            return Column(0, np.zeros(0), np.zeros(0))
        best = self.best()
        middle = best.bid if math.isfinite(best.bid) else best.ask
        low, high = block_range(*reach, block_size, middle)
        bids, asks = (
            self._cutter.cut(side, low, high - low, block_size, weight)
            for side in (self._bids, self._asks)
        )
        return Column(low, bids, asks)

    # ------------------------------------------------------------------------------- ticks

    def _take_grid(self, tick: float) -> None:
        self._grid = TickGrid(tick)
        self._per = self._grid.per
        self._cutter = Cutter(self._grid)

    def _fit_grid(self, prices: list[float]) -> None:
        """Make the ticks as fine as these prices need them."""
        place = np.array(prices) * self._per
        off = np.flatnonzero(np.abs(place - np.rint(place)) > _OFF_TICK)
        if off.size:
            self._refine(10.0 ** -max(decimals(prices[i]) for i in off))

    def _refine(self, tick: float) -> None:
        """Make the ticks finer, levels and reach staying where they are."""
        finer = 10.0 ** -max(decimals(tick), decimals(self._grid.tick))
        if finer >= self._grid.tick:
            return
        times = round(self._grid.tick / finer)
        held = [side.levels() for side in (self._bids, self._asks)]
        self._take_grid(finer)
        if self._reach is not None:
            low, high = self._reach
            self._reach = low * times, min(high * times, _ENDLESS)
        bids, asks = ((ticks * times, qty) for ticks, qty in held)
        self._lay(bids, asks)

    def _ticks_of(self, levels: dict[float, float]) -> Levels:
        """Levels by tick, those with nothing left out."""
        price = np.fromiter(levels, np.float64, len(levels))
        qty = np.fromiter(levels.values(), np.float64, len(levels))
        some = qty > 0
        return np.rint(price[some] * self._per).astype(np.int64), qty[some]

    def _reach_of(self, reach: tuple[float, float] | None) -> tuple[int, int] | None:
        if reach is None:
            return None
        low, high = (min(max(0.0, price * self._per), float(_ENDLESS)) for price in reach)
        return math.ceil(low - _OFF_TICK), min(_ENDLESS, math.floor(high + _OFF_TICK) + 1)

    def _set_rows(self, bids: Sequence[Level], asks: Sequence[Level]) -> bool:
        """Set the levels of a message at once, where they are the parts of one array."""
        if not (isinstance(bids, Rows) and isinstance(asks, Rows) and bids.array is asks.array):
            return False
        whole = bids.start == 0 and bids.stop == asks.start and asks.stop == len(asks.array)
        return whole and self._sides.set_rows(bids.array, bids.stop)

    def _set_odd(self, side: Side, level: Level) -> None:
        """Set a level that lies outside the array or between ticks; refuse one that is none."""
        refuse(level)
        price, qty = level
        place = price * self._per
        if abs(place - round(place)) > _OFF_TICK:
            self._refine(10.0 ** -decimals(price))
        side.set_far(round(price * self._per), qty)
        if len(side.far) > MOST_FAR:
            self._prune()

    # ------------------------------------------------------------------------------- arrays

    def _lay(self, bids: Levels, asks: Levels) -> None:
        """Hold these levels, with the arrays about their price."""
        self.revision += 1
        edges = [int(f(t)) for (t, _), f in ((bids, np.max), (asks, np.min)) if t.size]
        middle = sum(edges) // len(edges) if edges else 0
        wanted = 4 * (max(edges) - min(edges)) if edges else 0
        if self._reach is not None and self._reach[1] < _ENDLESS:
            wanted = max(wanted, 2 * (self._reach[1] - self._reach[0]))
        for ticks, _ in (bids, asks):
            if ticks.size:
                wanted = max(wanted, 4 * int(np.median(np.abs(ticks - middle))))
        size = min(max(_SMALLEST, self._sides.size, 1 << wanted.bit_length()), _LARGEST)
        # no price is below one tick
        base = max(1, middle - size // 2)
        self._sides.lay(bids, asks, base, size, self._per)

    def _prune(self) -> None:
        """Bound the levels outside the arrays: the farthest go, and the reach with them."""
        for side in (self._bids, self._asks):
            if len(side.far) <= MOST_FAR:
                continue
            inner = side.tick_of(side.size // 2)
            order = sorted(side.far, key=lambda tick: abs(tick - inner))
            gone = order[MOST_FAR // 2 :]
            for tick in gone:
                del side.far[tick]
            if self._reach is not None:
                low, high = self._reach
                low = max([low, *(tick + 1 for tick in gone if tick < inner)])
                high = min([high, *(tick for tick in gone if tick > inner)])
                self._reach = low, max(low, high)

    def _top(self, side: Side, n: int) -> list[Level]:
        ticks, qty = side.top(n)
        pairs = zip(ticks.tolist(), qty.tolist(), strict=True)
        return [(self._grid.price(tick), amount) for tick, amount in pairs]


_NO_LEVELS: Levels = (np.zeros(0, np.int64), np.zeros(0))


def _checked(snapshot: BookChange) -> tuple[dict[float, float], dict[float, float]]:
    """Bids and asks of a snapshot by price; refuses it when one is no level."""
    sides = dict(snapshot.bids), dict(snapshot.asks)
    for side in sides:
        for level in side.items():
            refuse(level)
    return sides


def _within(levels: Levels, span: tuple[int, int]) -> Levels:
    """Levels inside a half-open range of ticks."""
    ticks, qty = levels
    inside = (ticks >= span[0]) & (ticks < span[1])
    return ticks[inside], qty[inside]


def _differing(some: Levels, others: Levels) -> int:
    """Number of ticks at which two sets of levels differ."""
    a = set(zip(some[0].tolist(), some[1].tolist(), strict=True))
    b = set(zip(others[0].tolist(), others[1].tolist(), strict=True))
    return len({tick for tick, _ in a ^ b})

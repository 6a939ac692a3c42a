"""Trades pooled by a slice of time and a cluster of prices: what one bubble stands for.

Two steps, so that a slice that is still forming costs what is new in it: trades become *cells*
of one slice and one fine price level, whose figures add up whatever the order and the portions
in which the trades came; the cells of a slice then become clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import TradeBatch

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

LEVELS_PER_BAND = 8
"""Fine levels in the height of the tallest cluster."""
_GAP_LEVELS = LEVELS_PER_BAND // 2
"""Prices farther apart than this, with no trade between them, are two clusters."""

_ROOM_PER_ROW, _ROOM = 2, 4_096
"""So many places are counted in before sorting is the cheaper way."""


@dataclass(frozen=True, slots=True)
class SliceGrid:
    """How trades are pooled.

    Attributes
    ----------
    slice_ms : int
        Width of a slice of time; slices begin at whole multiples of it.
    band : float
        Height of the tallest cluster, quote units.
    """

    slice_ms: int
    band: float

    @property
    def level_size(self) -> float:
        """Height of a fine level, quote units."""
        return self.band / LEVELS_PER_BAND


@dataclass(frozen=True, slots=True)
class TradeSums:
    """Sums over groups of trades, ascending by slice and price; all arrays have one length.

    Attributes
    ----------
    slice_no : (n,) int64
        Which slice of time.
    level : (n,) int64
        Which fine level; of a cluster its lowest.
    buy_base, sell_base : (n,) float64
        Coins bought and sold by the aggressor.
    value_quote : (n,) float64
        Sum of price x coins.
    age_base_ms : (n,) float64
        Sum of coins x time since the slice began.
    largest_base : (n,) float64
        Largest single trade.
    count : (n,) int64
        Number of trades.
    """

    slice_no: Int64Array = field(repr=False)
    level: Int64Array = field(repr=False)
    buy_base: Float64Array = field(repr=False)
    sell_base: Float64Array = field(repr=False)
    value_quote: Float64Array = field(repr=False)
    age_base_ms: Float64Array = field(repr=False)
    largest_base: Float64Array = field(repr=False)
    count: Int64Array = field(repr=False)

    def __len__(self) -> int:
        return self.slice_no.size

    @property
    def qty_base(self) -> Float64Array:
        """Coins traded."""
        return self.buy_base + self.sell_base

    @property
    def price(self) -> Float64Array:
        """Volume-weighted price, quote units."""
        return self.value_quote / self.qty_base

    @property
    def buy_ratio(self) -> Float64Array:
        """Share that the aggressor bought, 0 to 1."""
        return self.buy_base / self.qty_base

    def time_ms(self, grid: SliceGrid) -> Float64Array:
        """Volume-weighted time, epoch milliseconds."""
        return self.slice_no * grid.slice_ms + self.age_base_ms / self.qty_base

    def picked(self, keep: slice | NDArray[np.intp]) -> TradeSums:
        """Some of the groups."""
        return TradeSums(*(column[keep] for column in self._columns()))

    def between(self, first: int, stop: int) -> TradeSums:
        """Groups of a half-open run of slices."""
        a, b = np.searchsorted(self.slice_no, (first, stop)).tolist()
        return self.picked(slice(a, b))

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return tuple(getattr(self, name) for name in _COLUMNS)


_COLUMNS = tuple(TradeSums.__slots__)


def no_sums() -> TradeSums:
    """No group at all."""
    ints = np.empty(0, np.int64)
    floats = np.empty(0, np.float64)
    return TradeSums(ints, ints, floats, floats, floats, floats, floats, ints)


def joined(*parts: TradeSums) -> TradeSums:
    """Groups of several, one after another."""
    some = [part for part in parts if len(part)]
    if len(some) <= 1:
        return some[0] if some else no_sums()
    columns = zip(*(part._columns() for part in some), strict=True)
    return TradeSums(*(np.concatenate(column) for column in columns))


def pool_trades(batch: TradeBatch, grid: SliceGrid) -> TradeSums:
    """Cells of a batch: sums by slice and fine level. A trade without coins or price is none."""
    good = (batch.qty_base > 0) & np.isfinite(batch.qty_base) & np.isfinite(batch.price)
    if not good.all():
        batch = TradeBatch(
            batch.time_ms[good], batch.price[good], batch.qty_base[good], batch.buy[good]
        )
    qty, price = batch.qty_base, batch.price
    slice_no = batch.time_ms // grid.slice_ms
    level = np.floor(price / grid.level_size).astype(np.int64)
    zero = np.zeros(qty.size)
    rows = TradeSums(
        slice_no,
        level,
        np.where(batch.buy, qty, zero),
        np.where(batch.buy, zero, qty),
        price * qty,
        (batch.time_ms - slice_no * grid.slice_ms) * qty,
        qty,
        np.ones(qty.size, np.int64),
    )
    return add_up(rows)


def add_up(rows: TradeSums) -> TradeSums:
    """Join the groups that are of one slice and level."""
    n = len(rows)
    if n < 2:
        return rows
    low, first = int(rows.level.min()), int(rows.slice_no.min())
    span = int(rows.level.max()) - low + 1
    key = (rows.slice_no - first) * span + (rows.level - low)
    room = int(key.max()) + 1
    if room <= _ROOM_PER_ROW * n + _ROOM:
        return _counted(rows, key, room, (first, low, span))
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    return _summed(rows.picked(order), starts)


def _counted(
    rows: TradeSums, key: Int64Array, room: int, origin: tuple[int, int, int]
) -> TradeSums:
    """Sums by a key from 0 to ``room``: without sorting, where the keys lie close together."""
    count = np.bincount(key, rows.count, room)
    found = np.flatnonzero(count)
    largest = np.zeros(room)
    np.maximum.at(largest, key, rows.largest_base)
    first, low, span = origin

    def summed(column: Float64Array) -> Float64Array:
        return np.bincount(key, column, room)[found].astype(np.float64)

    return TradeSums(
        found // span + first,
        found % span + low,
        summed(rows.buy_base),
        summed(rows.sell_base),
        summed(rows.value_quote),
        summed(rows.age_base_ms),
        largest[found],
        count[found].astype(np.int64),
    )


def cluster_cells(cells: TradeSums) -> TradeSums:
    """Clusters of cells that are ascending by slice and level, each cell once.

    Prices of a slice with a wide gap between them are apart; what is still taller than a band
    is cut into equal parts no taller than one.
    """
    if len(cells) == 0:
        return cells
    apart = np.diff(cells.slice_no) != 0
    apart |= np.diff(cells.level) > _GAP_LEVELS
    first = np.concatenate([[True], apart])
    starts = np.flatnonzero(first)
    ends = np.concatenate([starts[1:], [len(cells)]]) - 1
    group = np.cumsum(first) - 1
    low = cells.level[starts]
    tall = cells.level[ends] - low + 1
    parts = -(-tall // LEVELS_PER_BAND)
    part = (cells.level - low[group]) * parts[group] // tall[group]
    first[1:] |= np.diff(part) != 0
    return _summed(cells, np.flatnonzero(first))


def _summed(rows: TradeSums, starts: NDArray[np.intp]) -> TradeSums:
    """Sums over runs of rows that begin at ``starts``."""
    return TradeSums(
        rows.slice_no[starts],
        rows.level[starts],
        np.add.reduceat(rows.buy_base, starts),
        np.add.reduceat(rows.sell_base, starts),
        np.add.reduceat(rows.value_quote, starts),
        np.add.reduceat(rows.age_base_ms, starts),
        np.maximum.reduceat(rows.largest_base, starts),
        np.add.reduceat(rows.count, starts),
    )

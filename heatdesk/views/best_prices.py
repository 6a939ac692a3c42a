"""Best prices by column: as a book tells them, else read from its cells; kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import FIRST, Codes

if TYPE_CHECKING:
    from heatdesk.views.heatmap import HeatmapSource

Float64Array = NDArray[np.float64]

_CHUNK = 256
"""Columns read under one hold of the lock."""
MOST_COLUMNS = 1_024
"""Columns read by one call: a few milliseconds, however much has arrived."""


def best_levels(bid: Codes, ask: Codes, first_level: int) -> tuple[Float64Array, Float64Array]:
    """Highest bid level and lowest ask level of each column; NaN where a side holds nothing.

    Parameters
    ----------
    bid, ask : (levels, columns) uint16
        Codes; row 0 is ``first_level``.

    Returns
    -------
    (columns,) float64, (columns,) float64
        Absolute levels.
    """
    rows = bid.shape[0]
    if rows == 0:
        nothing = np.full(bid.shape[1], np.nan)
        return nothing, nothing.copy()
    # the row counts as a number where it holds something: one maximum finds the outermost row
    upwards = np.arange(1, rows + 1, dtype=np.uint16)[:, None]
    highest = ((bid >= FIRST) * upwards).max(axis=0).astype(np.float64)
    lowest = ((ask >= FIRST) * upwards[::-1]).max(axis=0).astype(np.float64)
    best_bid = np.where(highest > 0, highest - 1 + first_level, np.nan)
    best_ask = np.where(lowest > 0, rows - lowest + first_level, np.nan)
    return best_bid, best_ask


class BestPrices:
    """Best prices of every column a book holds.

    A live book tells them itself. Of any other they are the lower edges of the best levels: the
    price lies somewhere in its level. `follow` reads only the columns that changed since the last call, the newest first and not
    all at once where there are many.

    Attributes
    ----------
    first_column : int
        Absolute column of entry 0.
    bid, ask : (columns,) float64
        Quote units; NaN where that side holds nothing, in a gap, and where nobody asked.
    quoted : bool
        They are as the venue quotes them, not edges of levels.
    columns_read : int
        How many columns were read so far: what following the book has cost.
    """

    def __init__(self) -> None:
        self.first_column = 0
        self.bid: Float64Array = np.empty(0)
        self.ask: Float64Array = np.empty(0)
        self.columns_read = 0
        self.quoted = False
        self._source: HeatmapSource | None = None
        self._key: tuple[object, ...] = ()
        self._revision = -1
        self._due = (0, 0)

    @property
    def catching_up(self) -> bool:
        """Whether columns are still to be read; call `follow` again for the next of them."""
        return self._due[1] > self._due[0]

    def clear(self) -> None:
        """Forget the book."""
        self._source = None
        self._key = ()
        self._revision = -1
        self._due = (0, 0)
        self.bid = self.ask = np.empty(0)

    def follow(self, source: HeatmapSource) -> bool:
        """Take in what changed in a book; returns whether anything did.

        A source that does not mark the sides has no best prices.
        """
        if tuple(source.planes[:2]) != ("bid", "ask"):
            changed = self.bid.size > 0
            self.clear()
            return changed
        with source.lock:
            self.quoted = source.best_px(0, 0) is not None
            key = (source.generation, source.grid, self.quoted)
            first, stop = source.first_column, source.last_column + 1
            if source is not self._source or key != self._key:
                self.clear()
                self._due = (first, stop)
            elif source.revision != self._revision:
                self._note(*source.changed_since(self._revision))
            elif not self.catching_up:
                return False
            self._source, self._key, self._revision = source, key, source.revision
            self._hold(first, max(first, stop))
        c0, c1 = max(self._due[0], first), min(self._due[1], stop)
        now = max(c0, c1 - MOST_COLUMNS)
        for start in range(now, c1, _CHUNK):
            self._read(source, start, min(start + _CHUNK, c1))
        self._due = (c0, max(c0, now))
        return True

    def _note(self, c0: int, c1: int) -> None:
        """Remember that columns changed, beside those that are still to be read."""
        if c1 > c0:
            a, b = self._due
            self._due = (min(a, c0), max(b, c1)) if b > a else (c0, c1)

    def at(self, column: int) -> tuple[float, float]:
        """Best bid and ask of a column, quote units; NaN where unknown."""
        i = column - self.first_column
        if not 0 <= i < self.bid.size:
            return float("nan"), float("nan")
        return float(self.bid[i]), float(self.ask[i])

    def _hold(self, first: int, stop: int) -> None:
        """Make the arrays span the columns held; what is new is unknown."""
        if first == self.first_column and stop - first == self.bid.size:
            return
        bid, ask = np.full(stop - first, np.nan), np.full(stop - first, np.nan)
        a = max(first, self.first_column)
        b = min(stop, self.first_column + self.bid.size)
        if b > a:
            old = slice(a - self.first_column, b - self.first_column)
            bid[a - first : b - first] = self.bid[old]
            ask[a - first : b - first] = self.ask[old]
        self.first_column, self.bid, self.ask = first, bid, ask

    def _read(self, source: HeatmapSource, c0: int, c1: int) -> None:
        self.columns_read += c1 - c0
        where = slice(c0 - self.first_column, c1 - self.first_column)
        if self.quoted:
            told = source.best_px(c0, c1)
            if told is not None:
                self.bid[where], self.ask[where] = told[:, 0], told[:, 1]
            return
        with source.lock:
            levels = (source.first_level, max(source.first_level, source.last_level + 1))
            bid = source.codes("bid", c0, c1, *levels)
            ask = source.codes("ask", c0, c1, *levels)
            block_size = source.grid.block_size
        best_bid, best_ask = best_levels(bid, ask, levels[0])
        self.bid[where], self.ask[where] = best_bid * block_size, best_ask * block_size

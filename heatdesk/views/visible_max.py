"""The largest cell in view, kept up to date without reading the view again for each question."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from heatdesk.store.codes import FIRST, Codes

if TYPE_CHECKING:
    from heatdesk.views.heatmap import HeatmapSource, HeatmapWindow
    from heatdesk.views.viewport import ChartWindow


class VisibleMax:
    """Largest quantity of the cells in view, at the detail at which they are drawn.

    The largest code of each column in view is remembered; a question that follows a change of
    the data or a move in time reads only the columns that are new.

    Attributes
    ----------
    columns_read : int
        How many pooled columns were read so far.
    """

    def __init__(self) -> None:
        self.columns_read = 0
        self._source: HeatmapSource | None = None
        self._key: tuple[int, ...] = ()
        self._levels = (0, 0)
        self._revision = -1
        self._first = 0
        self._codes: Codes = np.zeros(0, np.uint16)

    def quantity(
        self, source: HeatmapSource, drawn: HeatmapWindow | None, window: ChartWindow
    ) -> float:
        """Largest quantity in view; NaN when nothing is drawn or nothing rests there.

        Parameters
        ----------
        drawn : HeatmapWindow or None
            Detail of the last paint.
        """
        if drawn is None:
            return math.nan
        with source.lock:
            time, price = source.grid.time, source.grid.price
            c0 = max(time.column_of(window.t0_s * 1000), source.first_column) >> drawn.time_lod
            last = min(time.column_of(window.t1_s * 1000), source.last_column)
            c1 = (last >> drawn.time_lod) + 1
            l0 = max(price.level_of(window.p0), source.first_level) // drawn.step
            l1 = min(price.level_of(window.p1), source.last_level) // drawn.step + 1
            if c1 <= c0 or l1 <= l0:
                return math.nan
            self._turn_to(source, drawn, (l0, l1))
            self._hold(source, drawn, (c0, c1))
            code = int(self._codes.max())
            return float(source.values[code]) if code >= FIRST else math.nan

    def _turn_to(
        self, source: HeatmapSource, drawn: HeatmapWindow, levels: tuple[int, int]
    ) -> None:
        """Drop what is remembered of another view; read again the columns that changed."""
        key = (source.generation, drawn.time_lod, drawn.step, *levels)
        if source is not self._source or key != self._key:
            self._source, self._key, self._levels = source, key, levels
            self._codes = np.zeros(0, np.uint16)
        elif source.revision != self._revision and self._codes.size:
            c0, c1 = source.changed_since(self._revision)
            if c1 > c0:
                a = max(self._first, c0 >> drawn.time_lod)
                b = min(self._first + self._codes.size, ((c1 - 1) >> drawn.time_lod) + 1)
                if b > a:
                    where = slice(a - self._first, b - self._first)
                    self._codes[where] = self._read(source, drawn, (a, b))
        self._revision = source.revision

    def _hold(
        self,
        source: HeatmapSource,
        drawn: HeatmapWindow,
        columns: tuple[int, int],
    ) -> None:
        """Remember exactly these columns; those held already are not read again."""
        c0, c1 = columns
        a, b = max(c0, self._first), min(c1, self._first + self._codes.size)
        if b <= a:
            self._codes = self._read(source, drawn, columns)
        elif (a, b) != columns or b - a != self._codes.size:
            parts = [self._codes[a - self._first : b - self._first]]
            if c0 < a:
                parts.insert(0, self._read(source, drawn, (c0, a)))
            if b < c1:
                parts.append(self._read(source, drawn, (b, c1)))
            self._codes = np.concatenate(parts)
        self._first = c0

    def _read(
        self,
        source: HeatmapSource,
        drawn: HeatmapWindow,
        columns: tuple[int, int],
    ) -> Codes:
        self.columns_read += columns[1] - columns[0]
        codes = source.codes("both", *columns, *self._levels, drawn.time_lod, 0, drawn.step)
        largest: Codes = codes.max(axis=0)
        return largest

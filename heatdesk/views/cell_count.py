"""Counting the cells of a heatmap by quantity, a part at a time."""

from __future__ import annotations

import numpy as np

from heatdesk.store.codes import FIRST, N_CODES, NOT_OBSERVED
from heatdesk.views.heatmap import HeatmapSource

STEP_CELLS = 2_000_000
"""Cells counted in one step: a few milliseconds."""
MOST_CELLS = 100_000_000
"""Cells counted in all; where more are held, by a price that went very far, the newest do."""


class CellCount:
    """How many cells of full detail hold each code, over everything a source holds.

    The newest columns come first. Cells where nothing was observed are not counted. A column
    that changes after it was counted is not counted again; when the codes change their meaning
    the count starts over.

    Parameters
    ----------
    source : HeatmapSource
    band : int
        Native levels pooled into one counted cell.
    since : int or None
        Oldest column that counts; None: everything held.

    Attributes
    ----------
    counts : (65536,) int64
        Cells of each code so far, over all planes.
    values : (65536,) float64
        Quantity of each code, as it was when the count started.
    done : bool
        Whether every column was counted.
    """

    def __init__(self, source: HeatmapSource, band: int = 1, since: int | None = None) -> None:
        self.source, self.band, self.since = source, band, since
        self._start()

    def _start(self) -> None:
        source = self.source
        with source.lock:
            self.revision, self.generation = source.revision, source.generation
            self.values = source.values
            self._first, self._stop = source.first_column, source.last_column + 1
            self._levels = (source.first_level // self.band, source.last_level // self.band + 1)
            empty = source.last_level < source.first_level
        self._rows = (self._levels[1] - self._levels[0]) * len(source.planes)
        self._first = max(self._first, self._stop - max(1, MOST_CELLS // max(1, self._rows)))
        if self.since is not None:
            self._first = max(self._first, min(self.since, self._stop - 1))
        self.counts = np.zeros(N_CODES, np.int64)
        self.done = empty or self._stop <= self._first

    @property
    def quantities(self) -> int:
        """Cells with a quantity found so far."""
        return int(self.counts[FIRST:].sum())

    @property
    def largest(self) -> float:
        """Largest quantity found so far; 0 before any."""
        held = np.flatnonzero(self.counts[FIRST:])
        return float(self.values[FIRST + int(held[-1])]) if held.size else 0.0

    @property
    def any_quantity(self) -> bool:
        """Whether a cell with a quantity was found so far."""
        return bool(self.counts[FIRST:].any())

    def step(self) -> bool:
        """Count some more columns; returns whether all are counted."""
        source = self.source
        if source.generation != self.generation:
            self._start()
        if self.done:
            return True
        first = max(self._first, self._stop - max(1, STEP_CELLS // self._rows))
        with source.lock:
            codes = [
                source.codes(plane, first, self._stop, *self._levels, 0, 0, self.band)
                for plane in source.planes
            ]
            same = source.generation == self.generation
        if same:
            for part in codes:
                self.counts += np.bincount(part.ravel(), minlength=N_CODES)
            self.counts[NOT_OBSERVED] = 0
            self._stop = first
            self.done = first <= self._first
        return self.done

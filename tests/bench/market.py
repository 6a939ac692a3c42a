"""An invented book for the bench: heavy tails, round numbers, thin walls, a wandering price."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import BookWindow, LevelRuns, Quote
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.units import MINUTE_MS

BLOCK = 5.0
BASE_LEVEL = 10_000
START_MS = 1_700_000_040_000 // MINUTE_MS * MINUTE_MS
_CHUNK = 250


class Market:
    """Every column holds every level: bids below the middle, asks from it up.

    Parameters
    ----------
    columns : int
        Minutes of history; columns beyond it can be made too, one by one.
    levels : int
        Levels of each column.
    """

    def __init__(self, columns: int, levels: int, seed: int = 1) -> None:
        self.columns, self.levels = columns, levels
        self._rng = np.random.default_rng(seed)
        self._base = self._rng.lognormal(0.0, 0.9, levels)
        numbers = np.arange(levels)
        self._base *= np.where(numbers % 50 == 0, 4.0, 1.0) * np.where(numbers % 250 == 0, 3.0, 1.0)
        steps = self._rng.normal(0, 1.2 * levels / 3500, columns)
        middle = levels / 2 + np.cumsum(steps)
        self.middle = np.clip(middle, levels * 0.15, levels * 0.85).astype(int)

    def quantities(self, first: int, count: int) -> NDArray[np.float64]:
        """Quantities of some columns, (count, levels), all positive."""
        middle = self._middles(first, count)
        distance = np.abs(np.arange(self.levels) - middle[:, None])
        shape = 6.0 * np.exp(-distance / (0.06 * self.levels))
        shape += 1.2 * np.exp(-distance / (0.35 * self.levels))
        noise = self._rng.uniform(0.8, 1.2, (count, self.levels))
        return np.asarray(shape * self._base * noise)

    def frame(self, first: int, qty: NDArray[np.float64]) -> BookWindow:
        """Snapshots of columns from ``first`` on as a provider yields them."""
        count, levels = qty.shape
        middle = self._middles(first, count)
        numbers = np.arange(levels)
        is_bid = numbers[None, :] < middle[:, None]
        price = np.broadcast_to((BASE_LEVEL + numbers) * BLOCK, qty.shape)
        bids = LevelRuns(
            _offsets(is_bid.sum(axis=1)),
            price[:, ::-1][is_bid[:, ::-1]],
            qty[:, ::-1][is_bid[:, ::-1]],
        )
        asks = LevelRuns(_offsets((~is_bid).sum(axis=1)), price[~is_bid], qty[~is_bid])
        times = START_MS + (first + np.arange(count, dtype=np.int64)) * MINUTE_MS
        stop_ms = int(times[-1]) + MINUTE_MS
        return BookWindow(
            int(times[0]), stop_ms, MINUTE_MS, times, BLOCK, Quote.COIN, bids, asks,
            complete_ms=stop_ms,
        )  # fmt: skip

    def column(self, number: int) -> BookWindow:
        """One further column."""
        return self.frame(number, self.quantities(number, 1))

    def fill(self) -> tuple[HeatmapStore, NDArray[np.float32]]:
        """Return a store with all history and the same cells as float32, (columns, levels)."""
        cells = np.empty((self.columns, self.levels), np.float32)
        store: HeatmapStore | None = None
        for first in range(0, self.columns, _CHUNK):
            qty = self.quantities(first, min(_CHUNK, self.columns - first))
            cells[first : first + len(qty)] = qty
            frame = self.frame(first, qty)
            if store is None:
                store = HeatmapStore.for_frame(frame)
            store.apply(frame)
        assert store is not None
        return store, cells

    def time_s(self, column: float) -> float:
        """Left edge of a column, epoch seconds."""
        return (START_MS + column * MINUTE_MS) / 1000

    def price(self, level: float) -> float:
        """Lower edge of a level."""
        return (BASE_LEVEL + level) * BLOCK

    @cached_property
    def cuts(self) -> tuple[float, float]:
        """Quantities at which colours start and end."""
        qty = self.quantities(0, min(50, self.columns))
        low, high = np.percentile(qty, [50, 99.5])
        return float(low), float(high)

    def _middles(self, first: int, count: int) -> NDArray[np.int64]:
        return self.middle[np.minimum(first + np.arange(count), self.columns - 1)]


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)

"""Small frames for tests, and the slow obvious picture of what a store must hold."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heatdesk.frames import BookWindow, LevelRuns, LiquidationWindow, Quote

MINUTE = 60_000
START_MS = 1_700_000_040_000
Snapshot = dict[float, float]


def runs(snapshots: Sequence[Snapshot]) -> LevelRuns:
    offsets = np.cumsum([0, *(len(s) for s in snapshots)]).astype(np.int64)
    price = np.array([p for s in snapshots for p in s], np.float64)
    qty = np.array([q for s in snapshots for q in s.values()], np.float64)
    return LevelRuns(offsets, price, qty)


def minute(n: int) -> int:
    return START_MS + n * MINUTE


def book(
    bids: dict[int, Snapshot],
    asks: dict[int, Snapshot],
    *,
    asked: tuple[int, int] | None = None,
    complete: int | None = None,
    block_size: float = 5.0,
) -> BookWindow:
    """Book of snapshots by minute number; ``asked`` in minutes, half-open."""
    minutes = sorted(bids)
    first, stop = asked or (minutes[0], minutes[-1] + 1)
    return BookWindow(
        minute(first),
        minute(stop),
        MINUTE,
        np.array([minute(n) for n in minutes], np.int64),
        block_size,
        Quote.COIN,
        runs([bids[n] for n in minutes]),
        runs([asks[n] for n in minutes]),
        complete_ms=minute(stop if complete is None else complete),
    )


def liquidations(
    levels: dict[int, Snapshot], tick_size: float, asked: tuple[int, int] | None = None
) -> LiquidationWindow:
    minutes = sorted(levels)
    first, stop = asked or (minutes[0], minutes[-1] + 1)
    return LiquidationWindow(
        minute(first),
        minute(stop),
        MINUTE,
        np.array([minute(n) for n in minutes], np.int64),
        runs([levels[n] for n in minutes]),
        Quote.USD,
        tick_size,
        minute(stop),
    )


def random_snapshot(
    rng: np.random.Generator, middle: int, depth: int, block_size: float = 5.0
) -> tuple[Snapshot, Snapshot]:
    """Bids and asks around a level, some levels absent."""

    def side(levels: range) -> Snapshot:
        return {
            level * block_size: float(np.exp(rng.normal(0, 2)))
            for level in levels
            if rng.random() < 0.7
        }

    return (
        side(range(middle - 1, middle - 1 - depth, -1)),
        side(range(middle, middle + depth)),
    )


class Reference:
    """Cells by minute as a dict: what was served, over what range."""

    def __init__(self, block_size: float = 5.0) -> None:
        self.block_size = block_size
        self.snapshots: dict[int, tuple[Snapshot, Snapshot]] = {}

    def value(self, plane: str, n: int, level: int) -> float:
        """Expected quantity; NaN where nobody reported."""
        if n not in self.snapshots:
            return math.nan
        bids, asks = self.snapshots[n]
        served = [self._level(price) for side in (bids, asks) for price in side]
        if not served or not min(served) <= level <= max(served):
            return math.nan
        side = bids if plane == "bid" else asks
        return sum(qty for price, qty in side.items() if self._level(price) == level)

    def array(self, plane: str, minutes: range, levels: range) -> np.ndarray:
        return np.array([[self.value(plane, n, level) for n in minutes] for level in levels])

    def _level(self, price: float) -> int:
        return math.floor(price / self.block_size + 1e-6)

"""Books deeper than a store can hold: nothing breaks, and the newest prices are there."""

from __future__ import annotations

import numpy as np
import pytest

from heatdesk.store.heatmap import HeatmapStore
from tests.heatdesk.store.books import book

TICK = 0.1
NEAR = 50


def deep_book(spans: list[tuple[int, int]], first: int):
    """Snapshots that trade in the middle of their span and hold one order at either end of it."""
    bids, asks = {}, {}
    for n, (low, high) in enumerate(spans, first):
        middle = (low + high) // 2
        levels = [*range(middle - 1, middle - NEAR, -1), low]
        bids[n] = {level * TICK: 1.0 + level % 7 for level in levels}
        levels = [*range(middle, middle + NEAR), high]
        asks[n] = {level * TICK: 1.0 + level % 5 for level in levels}
    return book(bids, asks, block_size=TICK)


@pytest.mark.parametrize("seed", range(12))
def test_books_that_reach_further_than_memory_keep_what_trades_now(seed):
    numbers = np.random.default_rng(seed)
    store = None
    for turn in range(6):
        middle, spans = int(numbers.integers(620_000, 640_000)), []
        for _ in range(3):
            middle += int(numbers.integers(-300, 300))
            half = int(numbers.integers(10_000, 30_000))
            spans.append((middle - half, middle + half))
        frame = deep_book(spans, 3 * turn)
        store = HeatmapStore.for_frame(frame) if store is None else store
        store.apply(frame)
        middle = sum(spans[-1]) // 2
        column = store.last_column
        for level in (middle - NEAR + 1, middle - 1):
            assert store.value_at("bid", column, level) == pytest.approx(1.0 + level % 7, rel=1e-3)
        for level in (middle, middle + NEAR - 1):
            assert store.value_at("ask", column, level) == pytest.approx(1.0 + level % 5, rel=1e-3)

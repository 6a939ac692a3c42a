"""Frames as a live book emits them, for tests: the largest and the last of each bucket, and a reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatdesk.frames import BookWindow, LevelRuns, Quote
from tests.heatdesk.store.books import Snapshot, runs

START_MS = 1_700_000_000_000


def live(
    buckets: dict[int, tuple[Snapshot, Snapshot]],
    last: dict[int, tuple[Snapshot, Snapshot]] | None = None,
    *,
    reach_px: tuple[float, float] | None = None,
    flaws: Sequence[int] | None = None,
    asked: tuple[int, int] | None = None,
    complete: float | None = None,
    interval_ms: int = 100,
    block_size: float = 5.0,
    start_ms: int = START_MS,
) -> BookWindow:
    """Bids and asks by the number of their bucket; ``last`` where the end of a bucket differs."""
    numbers = sorted(buckets)
    first, stop = asked or (numbers[0], numbers[-1] + 1)
    ends = {n: (last or {}).get(n, buckets[n]) for n in numbers}

    def side(of: dict[int, tuple[Snapshot, Snapshot]], which: int) -> LevelRuns:
        return runs([of[n][which] for n in numbers])

    reach = None
    if reach_px is not None:
        reach = np.tile(np.array(reach_px, np.float64), (len(numbers), 1))
    return BookWindow(
        start_ms + first * interval_ms,
        start_ms + stop * interval_ms,
        interval_ms,
        start_ms + np.array(numbers, np.int64) * interval_ms,
        block_size,
        Quote.COIN,
        side(buckets, 0),
        side(buckets, 1),
        complete_ms=start_ms + round((stop if complete is None else complete) * interval_ms),
        last_bids=side(ends, 0),
        last_asks=side(ends, 1),
        reach_px=reach,
        flaws=None if flaws is None else np.array(flaws, np.uint8),
        updates=np.ones(len(numbers), np.int64),
    )

"""From served levels to rows of cells: pure, no memory, no lock."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames.market import BookWindow, LevelRuns, LiquidationWindow
from heatdesk.store.ring import MAX_LEVELS

HeatmapFrame = BookWindow | LiquidationWindow
"""What a heatmap is made of."""


def runs_of(frame: HeatmapFrame) -> dict[str, LevelRuns]:
    """Levels of a frame by plane: ``bid`` and ``ask``, or ``qty`` where no side is served."""
    if isinstance(frame, LiquidationWindow):
        return {"qty": frame.levels}
    if frame.unsided is not None:
        return {"qty": frame.unsided}
    assert frame.bids is not None
    assert frame.asks is not None
    return {"bid": frame.bids, "ask": frame.asks}


def level_span(levels: Mapping[str, NDArray[np.int64]]) -> tuple[int, int] | None:
    """Lowest and highest level of a frame; strays beyond what a ring can hold are cut off."""
    parts = [part for part in levels.values() if part.size]
    if not parts:
        return None
    low, high = min(int(p.min()) for p in parts), max(int(p.max()) for p in parts)
    if high - low >= MAX_LEVELS:
        middle = int(np.median(np.concatenate(parts)))
        low, high = max(low, middle - MAX_LEVELS // 2), min(high, middle + MAX_LEVELS // 2 - 1)
    return low, high


def observed_range(
    runs: Mapping[str, LevelRuns],
    levels: Mapping[str, NDArray[np.int64]],
    start: int,
    stop: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lowest and highest level of snapshots ``start`` to ``stop``, both sides together.

    An empty snapshot observed no level: its lowest is above its highest.
    """
    lows = np.full(stop - start, np.iinfo(np.int64).max)
    highs = np.full(stop - start, np.iinfo(np.int64).min)
    for name, run in runs.items():
        offsets = run.offsets[start : stop + 1]
        filled = np.flatnonzero(np.diff(offsets) > 0)
        if filled.size:
            starts = offsets[filled] - offsets[0]
            part = levels[name][offsets[0] : offsets[-1]]
            lows[filled] = np.minimum(lows[filled], np.minimum.reduceat(part, starts))
            highs[filled] = np.maximum(highs[filled], np.maximum.reduceat(part, starts))
    if (highs < lows).all():
        return np.ones_like(lows), np.zeros_like(highs)
    # an empty snapshot must not stretch the range of its neighbours
    none = highs < lows
    lows[none], highs[none] = highs.max() + 1, lows[~none].min() - 1
    return lows, highs


def bucket(
    run: LevelRuns, levels: NDArray[np.int64], start: int, stop: int, low: int, width: int
) -> NDArray[np.float64]:
    """Sum quantities by level, (stop - start, width) from level ``low`` up."""
    offsets = run.offsets[start : stop + 1]
    a, b = int(offsets[0]), int(offsets[-1])
    row = np.repeat(np.arange(stop - start), np.diff(offsets))
    place = levels[a:b] - low
    qty = np.maximum(run.qty[a:b], 0.0)
    inside = (place >= 0) & (place < width)
    if not inside.all():
        row, place, qty = row[inside], place[inside], qty[inside]
    flat = np.bincount(row * width + place, weights=qty, minlength=(stop - start) * width)
    shaped: NDArray[np.float64] = flat.astype(np.float64, copy=False)
    return shaped.reshape(stop - start, width)

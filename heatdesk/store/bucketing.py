"""From served levels to rows of cells: pure, no memory, no lock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames.market import BookWindow, LevelRuns, LiquidationWindow
from heatdesk.store.grid import FARTHEST, LEVEL_NOISE, PriceGrid

HeatmapFrame = BookWindow | LiquidationWindow
"""What a heatmap is made of."""

Levels = NDArray[np.int64]

NO_LEVELS = (2**62, -(2**62))
"""Lowest and highest level where there is none: any other range swallows it."""


def runs_of(frame: HeatmapFrame) -> dict[str, LevelRuns]:
    """Levels of a frame by plane: ``bid`` and ``ask``, or ``qty`` where no side is served."""
    if isinstance(frame, LiquidationWindow):
        return {"qty": frame.levels}
    if frame.unsided is not None:
        return {"qty": frame.unsided}
    assert frame.bids is not None
    assert frame.asks is not None
    return {"bid": frame.bids, "ask": frame.asks}


def ended(frame: HeatmapFrame) -> HeatmapFrame:
    """Frame of the state at the end of each bucket; itself where it holds one state anyway."""
    if isinstance(frame, BookWindow) and frame.last_bids is not None:
        reach_px = frame.reach_px if frame.last_reach_px is None else frame.last_reach_px
        return replace(frame, bids=frame.last_bids, asks=frame.last_asks, reach_px=reach_px)
    return frame


def observed_levels(frame: HeatmapFrame, grid: PriceGrid) -> tuple[Levels, Levels]:
    """Lowest and highest level each snapshot vouches for, inclusive; `NO_LEVELS` where none.

    Of one that tells its reach the levels that lie wholly inside, else from the lowest to the
    highest level listed.
    """
    if isinstance(frame, BookWindow) and frame.reach_px is not None:
        return reached_levels(frame.reach_px, grid)
    ranges = [level_range(cleaned(run), grid) for run in runs_of(frame).values()]
    return (
        np.minimum.reduce([low for low, _ in ranges]),
        np.maximum.reduce([high for _, high in ranges]),
    )


def reached_levels(reach_px: NDArray[np.float64], grid: PriceGrid) -> tuple[Levels, Levels]:
    """Lowest and highest level wholly inside half-open price ranges, (n, 2); else `NO_LEVELS`."""
    with np.errstate(over="ignore"):
        edges = reach_px / grid.block_size
    np.clip(edges, -FARTHEST, FARTHEST, out=edges)
    low = np.ceil(edges[:, 0] - LEVEL_NOISE)
    high = np.floor(edges[:, 1] + LEVEL_NOISE) - 1
    known = low <= high
    return (
        np.where(known, low, NO_LEVELS[0]).astype(np.int64),
        np.where(known, high, NO_LEVELS[1]).astype(np.int64),
    )


def within_asked(frame: HeatmapFrame) -> HeatmapFrame:
    """Leave out snapshots further than one bucket outside the stretch that was asked.

    Nobody asked for them, and one from the far future would be the newest for ever. The frame
    itself where there are none.
    """
    time_ms = frame.time_ms
    inside = (time_ms >= frame.from_ms - frame.interval_ms) & (
        time_ms < frame.to_ms + frame.interval_ms
    )
    return frame if inside.all() else picked(frame, np.flatnonzero(inside))


def one_by_column(frame: HeatmapFrame, columns: Levels) -> HeatmapFrame:
    """Put snapshots in the order of their columns, the last of each; itself where they are."""
    if (np.diff(columns) > 0).all():
        return frame
    _, from_the_end = np.unique(columns[::-1], return_index=True)
    return picked(frame, columns.size - 1 - from_the_end)


def picked(frame: HeatmapFrame, keep: NDArray[np.intp]) -> HeatmapFrame:
    """Frame of some of its snapshots, in the order given."""
    time_ms = frame.time_ms[keep]
    runs = {name: _picked(run, keep) for name, run in runs_of(frame).items()}
    if isinstance(frame, LiquidationWindow):
        return replace(frame, time_ms=time_ms, levels=runs["qty"])
    last_bids, last_asks = frame.last_bids, frame.last_asks
    last_reach_px = frame.last_reach_px
    if last_bids is not None and last_asks is not None:
        # of a state that is also the end of its bucket one copy is enough
        last_bids = runs["bid"] if last_bids is frame.bids else _picked(last_bids, keep)
        last_asks = runs["ask"] if last_asks is frame.asks else _picked(last_asks, keep)
    return replace(
        frame,
        time_ms=time_ms,
        bids=runs.get("bid"),
        asks=runs.get("ask"),
        unsided=runs.get("qty"),
        last_bids=last_bids,
        last_asks=last_asks,
        reach_px=None if frame.reach_px is None else frame.reach_px[keep],
        last_reach_px=None if last_reach_px is None else last_reach_px[keep],
        flaws=None if frame.flaws is None else frame.flaws[keep],
        updates=None if frame.updates is None else frame.updates[keep],
        best_px=None if frame.best_px is None else frame.best_px[keep],
        parts_reach_px=None if frame.parts_reach_px is None else frame.parts_reach_px[keep],
    )


def _picked(run: LevelRuns, keep: NDArray[np.intp]) -> LevelRuns:
    counts = np.diff(run.offsets)[keep]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    parts = [run.at(int(i)) for i in keep]
    price = np.concatenate([part[0] for part in parts] or [np.zeros(0)])
    qty = np.concatenate([part[1] for part in parts] or [np.zeros(0)])
    return LevelRuns(offsets, price, qty)


def cleaned(run: LevelRuns) -> LevelRuns:
    """Leave out levels whose price is no number, and make quantities that cannot be NaN.

    Infinite and negative quantities are refused where answers are read; one that comes all the
    same makes its cell *not observed* rather than wrong.
    """
    bad_price = not np.isfinite(run.price).all()
    bad_qty = run.qty.size > 0 and not (run.qty.min() >= 0 and run.qty.max() < math.inf)
    if not (bad_price or bad_qty):
        return run
    qty = np.where((run.qty >= 0) & (run.qty < math.inf), run.qty, np.nan)
    keep = np.isfinite(run.price)
    before = np.concatenate(([0], np.cumsum(keep)))
    return LevelRuns(before[run.offsets].astype(np.int64), run.price[keep], qty[keep])


def level_range(run: LevelRuns, grid: PriceGrid) -> tuple[Levels, Levels]:
    """Lowest and highest level of each snapshot; of an empty one `NO_LEVELS`."""
    low, high = (np.full(len(run), level) for level in NO_LEVELS)
    filled = np.flatnonzero(np.diff(run.offsets) > 0)
    if filled.size:
        starts = run.offsets[filled]
        ends = [ufunc.reduceat(run.price, starts) for ufunc in (np.minimum, np.maximum)]
        low[filled], high[filled] = grid.levels_of(np.stack(ends))
    return low, high


def traded_level(runs: Mapping[str, LevelRuns], grid: PriceGrid, start: int, stop: int) -> int:
    """Level around which snapshots ``start`` to ``stop`` trade; a few stray prices do not move it.

    Of a book the median of the best prices, of one without sides the median of all.
    """
    parts = []
    for run in runs.values():
        a, b = int(run.offsets[start]), int(run.offsets[stop])
        if len(runs) == 1:
            parts.append(run.price[a:b])
        else:
            offsets = run.offsets[start : stop + 1]
            parts.append(run.price[offsets[:-1][np.diff(offsets) > 0]])
    prices = np.concatenate(parts)
    return int(grid.levels_of(np.median(prices, keepdims=True))[0]) if prices.size else 0


def bucket(
    run: LevelRuns, grid: PriceGrid, start: int, stop: int, low: int, width: int
) -> NDArray[np.float64]:
    """Sum quantities by level, (stop - start, width) from level ``low`` up.

    Levels outside are left out.
    """
    offsets = run.offsets[start : stop + 1]
    a, b = int(offsets[0]), int(offsets[-1])
    qty = run.qty[a:b]
    place = run.price[a:b] / grid.block_size
    place += LEVEL_NOISE
    np.floor(place, out=place)
    place -= low
    inside: NDArray[np.bool_] | None = None
    if place.size and not (place.min() >= 0 and place.max() < width):
        inside = (place >= 0) & (place < width)
    if stop - start > 1:
        rows = np.arange(stop - start, dtype=np.float64) * width
        place += np.repeat(rows, np.diff(offsets))
    if inside is not None:
        place, qty = place[inside], qty[inside]
    flat = np.bincount(place.astype(np.intp), weights=qty, minlength=(stop - start) * width)
    shaped: NDArray[np.float64] = flat.astype(np.float64, copy=False)
    return shaped.reshape(stop - start, width)

"""Kiyotaka's series to frames: which series, in what order, within which stretch of time."""

from __future__ import annotations

import numpy as np

from heatdesk.errors import BadRequest
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleSub,
    CandleWindow,
    LevelRuns,
    LiquidationSub,
    LiquidationWindow,
    venue_title,
)
from heatdesk.frames.market import Int64Array
from heatdesk.providers.kiyotaka_checks import ASCENDING, DESCENDING, PROVIDER, TITLE
from heatdesk.providers.kiyotaka_wire import (
    CandleSeries,
    LevelSeries,
    read_candles,
    read_flat,
    read_points,
)

BOOK_SIDES = (("bids", DESCENDING), ("asks", ASCENDING))
LIQUIDATION_SIDES = (("levels", ASCENDING),)
Span = tuple[int, int]


def parse_book(
    body: bytes, sub: BookSub, span: Span, block_size: float, now_ms: int, flat: bool = False
) -> BookWindow:
    """Answer to a book request as a frame.

    Snapshots may come in any order and the same time more than once: they are sorted, and of
    several with one time the one served last is kept. Those outside the span are left out.

    Raises
    ------
    BadPayload
        Naming the field that does not fit.
    BadRequest
        When several books came where one was asked for.
    """
    if flat:
        crossed = len(sub.venues) > 1
        found = read_flat(body, sides=2, crossed=crossed, depth=sub.depth)
    else:
        found = read_points(body, BOOK_SIDES)
    where = " + ".join(map(venue_title, sub.venues))
    series = _the_one(found, f"{sub.symbol or sub.coin} on {where}", 1 if flat else 2)
    pick = _pick(series.time_ms, span)
    runs = [_take(side, pick) for side in series.sides]
    return BookWindow(
        from_ms=span[0],
        to_ms=span[1],
        interval_ms=sub.interval_ms,
        time_ms=series.time_ms[pick],
        block_size=block_size,
        quote=sub.quote,
        bids=None if flat else runs[0],
        asks=None if flat else runs[1],
        unsided=runs[0] if flat else None,
        complete_ms=now_ms,
    )


def parse_liquidation(
    body: bytes, sub: LiquidationSub, span: Span, now_ms: int, flat: bool = False
) -> LiquidationWindow:
    """Answer to a liquidation request as a frame; rules as in `parse_book`."""
    found = read_flat(body, sides=1) if flat else read_points(body, LIQUIDATION_SIDES)
    series = _the_one(found, f"{sub.coin} liquidations", 1)
    pick = _pick(series.time_ms, span)
    levels = _take(series.sides[0], pick)
    return LiquidationWindow(
        from_ms=span[0],
        to_ms=span[1],
        interval_ms=sub.interval_ms,
        time_ms=series.time_ms[pick],
        levels=levels,
        quote=sub.quote,
        tick_size=_smallest_step(levels),
        complete_ms=now_ms,
    )


def parse_candles(body: bytes, sub: CandleSub, span: Span, now_ms: int) -> CandleWindow:
    """Answer to a candle request as a frame.

    A coin may trade on several symbols of a venue; the one with the largest volume is taken.
    """
    found = read_candles(body)
    empty = CandleSeries("", np.empty(0, dtype=np.int64), tuple(np.empty(0) for _ in range(5)))
    series = max(found, key=lambda one: float(one.columns[4].sum()), default=empty)
    pick = _pick(series.time_ms, span)
    opened, high, low, close, volume = (column[pick] for column in series.columns)
    return CandleWindow(
        from_ms=span[0],
        to_ms=span[1],
        interval_ms=sub.interval_ms,
        time_ms=series.time_ms[pick],
        open=opened,
        high=high,
        low=low,
        close=close,
        volume_base=volume,
        complete_ms=now_ms,
    )


def _the_one(found: list[LevelSeries], wanted: str, sides: int) -> LevelSeries:
    filled = [series for series in found if series.time_ms.size]
    if len(filled) > 1:
        names = ", ".join(series.name or "unnamed" for series in filled)
        raise BadRequest(
            PROVIDER,
            f"{TITLE} has {len(filled)} series for {wanted} ({names}); ask for one by its symbol.",
        )
    if filled:
        return filled[0]
    nothing = tuple(
        LevelRuns(np.zeros(1, dtype=np.int64), np.empty(0), np.empty(0)) for _ in range(sides)
    )
    return LevelSeries("", np.empty(0, dtype=np.int64), nothing)


def _pick(time_ms: Int64Array, span: Span) -> Int64Array:
    """Positions of the snapshots to keep, by ascending and unique time within the span."""
    order = np.argsort(time_ms, kind="stable")
    times = time_ms[order]
    kept = (times >= span[0]) & (times < span[1])
    # the last of equals is the one served last, the sort being stable
    kept[:-1] &= times[1:] != times[:-1]
    return order[kept]


def _take(runs: LevelRuns, pick: Int64Array) -> LevelRuns:
    if pick.size == len(runs) and np.array_equal(pick, np.arange(pick.size)):
        return runs
    sizes = np.diff(runs.offsets)[pick]
    offsets = np.zeros(pick.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    pieces = [slice(runs.offsets[i], runs.offsets[i + 1]) for i in pick.tolist()]
    if not pieces:
        return LevelRuns(offsets, np.empty(0), np.empty(0))
    price = np.concatenate([runs.price[piece] for piece in pieces])
    qty = np.concatenate([runs.qty[piece] for piece in pieces])
    return LevelRuns(offsets, price, qty)


def _smallest_step(levels: LevelRuns) -> float:
    """Smallest price step between neighbouring levels of a snapshot, NaN when there is none."""
    # Between the last level of one snapshot and the first of the next any step may appear.
    edges = levels.offsets[1:-1]
    inner = np.ones(max(0, levels.price.size - 1), dtype=bool)
    inner[edges[(edges > 0) & (edges < levels.price.size)] - 1] = False
    steps = np.diff(levels.price)[inner]
    return float(f"{steps.min():.9g}") if steps.size else float("nan")

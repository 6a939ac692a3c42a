"""Kiyotaka's series to frames: which series, in what order, within which stretch of time."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from heatdesk.errors import BadPayload, BadRequest
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
from heatdesk.frames.market import Float64Array, Int64Array, MarketFrame
from heatdesk.net.fields import NOTHING_SHOWN
from heatdesk.providers.kiyotaka_checks import ASCENDING, DESCENDING, PROVIDER, TITLE
from heatdesk.providers.kiyotaka_reader import Series
from heatdesk.providers.kiyotaka_wire import (
    CandleGroup,
    CandleReader,
    FlatReader,
    LevelGroup,
    PointsReader,
)

BOOK_SIDES = (("bids", DESCENDING), ("asks", ASCENDING))
LIQUIDATION_SIDES = (("levels", ASCENDING),)
LevelSub = BookSub | LiquidationSub
LevelWindow = BookWindow | LiquidationWindow
Span = tuple[int, int]

_PART_SHOWN = "only what came before that is shown"


class Answer(Protocol):
    """Makes frames of an answer while it comes."""

    def feed(self, data: bytes) -> list[MarketFrame]:
        """Read on; frames that can be shown already."""
        ...

    def close(self, complete_ms: int) -> list[MarketFrame]:
        """Take note that the answer is over; the rest of its frames."""
        ...


class LevelAnswer:
    """Frames of an answer of levels.

    A small answer is one frame. A large one whose series says that it is the one that was asked
    for comes in pieces: each holds some snapshots and covers nothing (`complete_ms` is
    `from_ms`), and an empty frame of the whole span closes the answer. Where the series does
    not say so, nothing is given before the end, when it is known to be the only one.

    Snapshots may come in any order and the same time more than once: those of a frame are
    sorted, and of several with one time the one served last is kept. Those outside the span
    are left out.

    Parameters
    ----------
    block_size : float
        Height of a level of a book.
    flat : bool
        Whether the answer is in flattened form.
    pieces : bool
        Whether it may come in pieces; otherwise it is one frame whatever its size.
    """

    def __init__(
        self, sub: LevelSub, span: Span, block_size: float, *, flat: bool, pieces: bool
    ) -> None:
        self._sub, self._span, self._block_size = sub, span, block_size
        self._flat, self._pieces = flat, pieces
        self._reader = _reader_of(sub, flat)
        self._held: list[LevelGroup] = []
        self._series: Series | None = None
        self._given = False
        self._tick_size = float("nan")

    def feed(self, data: bytes) -> list[MarketFrame]:
        """Read on; frames that can be shown already.

        Raises
        ------
        BadPayload
            Naming the field that does not fit.
        """
        self._take(data)
        series = self._series
        if not self._pieces or series is None or not _is_asked(series, self._sub):
            return []
        # Of an answer that is not over one group is kept: it may be all there is.
        ready = self._held if self._given else self._held[:-1]
        self._held = self._held[len(ready) :]
        return self._pieces_of(ready)

    def close(self, complete_ms: int) -> list[MarketFrame]:
        """Take note that the answer is over; the rest of its frames.

        Raises
        ------
        BadPayload
            Naming the field that does not fit.
        BadRequest
            When several series came where one was asked for.
        """
        self._take(None)
        filled = [series for series in self._reader.series if series.snapshots]
        if len(filled) > 1:
            names = ", ".join(series.name or "unnamed" for series in filled)
            raise BadRequest(
                PROVIDER,
                f"{TITLE} has {len(filled)} series for {_wanted(self._sub)} ({names});"
                " ask for one by its symbol.",
            )
        held, self._held = self._held, []
        if not self._given and (len(held) < 2 or not self._pieces):
            return [self._frame(held, complete_ms)]
        return [*self._pieces_of(held), self._frame([], complete_ms)]

    def _take(self, data: bytes | None) -> None:
        """Read on, or to the end; hold the groups of the first series that has any."""
        try:
            groups = self._reader.close() if data is None else self._reader.feed(data)
        except BadPayload as error:
            if self._given:
                error.user_message = error.user_message.replace(NOTHING_SHOWN, _PART_SHOWN)
            raise
        for group in groups:
            self._series = self._series or group.series
            if group.series is self._series:
                self._held.append(group)

    def _pieces_of(self, groups: list[LevelGroup]) -> list[MarketFrame]:
        self._given = self._given or bool(groups)
        frames = (self._frame([group], self._span[0]) for group in groups)
        return [frame for frame in frames if frame.time_ms.size]

    def _frame(self, groups: list[LevelGroup], complete_ms: int) -> LevelWindow:
        sides = 1 if self._flat or isinstance(self._sub, LiquidationSub) else 2
        times, runs = _joined(groups, sides)
        pick = _pick(times, self._span)
        taken = [_take(side, pick) for side in runs]
        (from_ms, to_ms), time_ms, interval_ms = self._span, times[pick], self._sub.interval_ms
        if isinstance(self._sub, LiquidationSub):
            steps = (self._tick_size, _smallest_step(taken[0]))
            self._tick_size = min((step for step in steps if step > 0), default=float("nan"))
            return LiquidationWindow(
                from_ms=from_ms,
                to_ms=to_ms,
                interval_ms=interval_ms,
                time_ms=time_ms,
                levels=taken[0],
                quote=self._sub.quote,
                tick_size=self._tick_size,
                complete_ms=complete_ms,
            )
        return BookWindow(
            from_ms=from_ms,
            to_ms=to_ms,
            interval_ms=interval_ms,
            time_ms=time_ms,
            block_size=self._block_size,
            quote=self._sub.quote,
            bids=None if self._flat else taken[0],
            asks=None if self._flat else taken[1],
            unsided=taken[0] if self._flat else None,
            complete_ms=complete_ms,
        )


class CandleAnswer:
    """The frame of an answer of candles, when it is over.

    A coin may trade on several symbols of a venue; the one with the largest volume is taken.
    """

    def __init__(self, sub: CandleSub, span: Span) -> None:
        self._sub, self._span = sub, span
        self._reader = CandleReader()
        self._found: list[CandleGroup] = []

    def feed(self, data: bytes) -> list[MarketFrame]:
        """Read on; there is never a frame before the end."""
        self._found += self._reader.feed(data)
        return []

    def close(self, complete_ms: int) -> list[MarketFrame]:
        """Give the frame.

        Raises
        ------
        BadPayload
            Naming the field that does not fit.
        """
        self._found += self._reader.close()
        columns = tuple(np.empty(0) for _ in range(5))
        empty = CandleGroup(Series(""), np.empty(0, dtype=np.int64), columns)
        busiest = max(self._found, key=lambda one: float(one.columns[4].sum()), default=empty)
        pick = _pick(busiest.time_ms, self._span)
        opened, high, low, close, volume = (column[pick] for column in busiest.columns)
        frame = CandleWindow(
            from_ms=self._span[0],
            to_ms=self._span[1],
            interval_ms=self._sub.interval_ms,
            time_ms=busiest.time_ms[pick],
            open=opened,
            high=high,
            low=low,
            close=close,
            volume_base=volume,
            complete_ms=complete_ms,
        )
        return [frame]


def answer_of(
    sub: LevelSub | CandleSub,
    span: Span,
    block_size: float = 0.0,
    *,
    flat: bool = False,
    pieces: bool = False,
) -> Answer:
    """Make what turns the answer to a request into frames, one frame unless it may be pieces."""
    if isinstance(sub, CandleSub):
        return CandleAnswer(sub, span)
    return LevelAnswer(sub, span, block_size, flat=flat, pieces=pieces)


def _reader_of(sub: LevelSub, flat: bool) -> PointsReader | FlatReader:
    if isinstance(sub, BookSub):
        crossed = len(sub.venues) > 1
        return FlatReader(2, crossed, sub.depth) if flat else PointsReader(BOOK_SIDES)
    return FlatReader(1) if flat else PointsReader(LIQUIDATION_SIDES)


def _wanted(sub: LevelSub) -> str:
    if isinstance(sub, LiquidationSub):
        return f"{sub.coin} liquidations"
    return f"{sub.symbol or sub.coin} on {' + '.join(map(venue_title, sub.venues))}"


def _is_asked(series: Series, sub: LevelSub) -> bool:
    """Whether a series says of itself that it is what was asked for."""
    identity = series.identity or {}
    if isinstance(sub, LiquidationSub):
        return identity.get("coin") == sub.coin
    # A coin has several symbols, and a sum of venues says nothing of what it sums.
    alone = bool(sub.symbol) and len(sub.venues) == 1
    named = identity.get("rawSymbol") == sub.symbol
    return alone and named and identity.get("exchange", sub.venues[0]) == sub.venues[0]


def _joined(groups: list[LevelGroup], sides: int) -> tuple[Int64Array, list[LevelRuns]]:
    """Times and levels of groups that follow one another; without a copy where it is one."""
    if len(groups) == 1:
        return groups[0].time_ms, list(groups[0].sides)
    nothing = np.empty(0, dtype=np.int64)
    times = np.concatenate([nothing, *(group.time_ms for group in groups)])
    return times, [_end_to_end([group.sides[side] for group in groups]) for side in range(sides)]


def _end_to_end(runs: list[LevelRuns]) -> LevelRuns:
    counts = [np.diff(run.offsets) for run in runs]
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), *counts]).cumsum()
    nothing: Float64Array = np.empty(0)
    price = np.concatenate([nothing, *(run.price for run in runs)])
    return LevelRuns(offsets, price, np.concatenate([nothing, *(run.qty for run in runs)]))


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

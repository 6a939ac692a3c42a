"""Every market message: frozen, arrays read-only, prices and quantities float64 as served."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames.cohorts import CohortTable
from heatdesk.frames.events import LiquidationBatch, TradeBatch
from heatdesk.frames.subscriptions import Quote

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]


def _freeze(*arrays: NDArray[np.generic]) -> None:
    for array in arrays:
        array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class LevelRuns:
    """Price levels of many snapshots, laid end to end.

    Parameters
    ----------
    offsets : (n_snapshot + 1,) int64
        Snapshot ``i`` owns ``price[offsets[i]:offsets[i + 1]]``.
    price : (n,) float64
        Lower edge of each level, quote units, as served and in the order served.
    qty : (n,) float64
        Quantity at that level, in the unit of the frame.

    Raises
    ------
    ValueError
        When the offsets do not fit the arrays.
    """

    offsets: Int64Array = field(repr=False)
    price: Float64Array = field(repr=False)
    qty: Float64Array = field(repr=False)

    def __post_init__(self) -> None:
        if self.price.shape != self.qty.shape or self.offsets.size < 1:
            raise ValueError("prices and quantities differ in length")
        if self.offsets[0] != 0 or self.offsets[-1] != self.price.size:
            raise ValueError("offsets do not cover the levels")
        _freeze(self.offsets, self.price, self.qty)

    def __len__(self) -> int:
        return self.offsets.size - 1

    def at(self, i: int) -> tuple[Float64Array, Float64Array]:
        """Prices and quantities of snapshot ``i``."""
        a, b = int(self.offsets[i]), int(self.offsets[i + 1])
        return self.price[a:b], self.qty[a:b]


class Flaw(IntFlag):
    """What keeps a snapshot from being the whole truth; it is drawn, and marked."""

    TOUCHED = 1
    """A gap, a resync, or a stale or crossed book fell into its bucket."""
    PARTIAL = 2
    """A venue of the sum was missing."""


@dataclass(frozen=True, slots=True)
class BookWindow:
    """Resting liquidity over a run of time buckets.

    Either ``bids`` and ``asks`` are given (best price first), or, from a source that does not
    mark the sides, ``unsided`` alone (ascending).

    Parameters
    ----------
    from_ms, to_ms : int
        The half-open stretch of time that was asked. A bucket in it without a snapshot is a gap.
    interval_ms : int
        Bucket width.
    time_ms : (n_snapshot,) int64
        Bucket starts of the snapshots that came, ascending and unique.
    block_size : float
        Height of a level, quote units.
    quote : Quote
        Unit of the quantities: coins or USD.
    complete_ms : int
        Buckets that end after this moment were still forming. A window whose is not after
        ``from_ms`` is a piece of an answer that still comes: it marks no gaps.
    last_bids, last_asks : LevelRuns or None
        The book at the end of each bucket, where ``bids`` and ``asks`` hold the largest of the
        bucket (a live book); None where they hold one state (an answer).
    reach_px : (n_snapshot, 2) float64 or None
        Half-open price range each snapshot vouches for, ``[low, high)``: inside it a level that is
        not listed is empty, outside it nothing is known. None: from the lowest to the highest
        level listed.
    last_reach_px : (n_snapshot, 2) float64 or None
        The same of ``last_bids`` and ``last_asks``: over a long bucket the venue may have vouched
        for more than at its end. None: ``reach_px``.
    flaws : (n_snapshot,) uint8 or None
        Bits of `Flaw`; None: all flawless.
    updates : (n_snapshot,) int64 or None
        Messages that changed the book in each bucket; None where nobody counted.
    best_px : (n_snapshot, 2) float64 or None
        Best bid and best ask at the end of each bucket as the venue quotes them, however high a
        level is. NaN where a side was empty, and where the book was not to be believed then. Of
        a sum the best of all its parts: the ask may lie below the bid. None: nobody told.
    parts_reach_px : (n_snapshot, n_part, 2) float64 or None
        Of a sum the range that each of its parts vouched for at the end of each bucket, empty
        where it was missing: a level inside some of them only is no whole sum. None: it is none.
    """

    from_ms: int
    to_ms: int
    interval_ms: int
    time_ms: Int64Array = field(repr=False)
    block_size: float
    quote: Quote
    bids: LevelRuns | None = field(default=None, repr=False)
    asks: LevelRuns | None = field(default=None, repr=False)
    unsided: LevelRuns | None = field(default=None, repr=False)
    complete_ms: int = 0
    last_bids: LevelRuns | None = field(default=None, repr=False)
    last_asks: LevelRuns | None = field(default=None, repr=False)
    reach_px: Float64Array | None = field(default=None, repr=False)
    flaws: NDArray[np.uint8] | None = field(default=None, repr=False)
    updates: Int64Array | None = field(default=None, repr=False)
    last_reach_px: Float64Array | None = field(default=None, repr=False)
    best_px: Float64Array | None = field(default=None, repr=False)
    parts_reach_px: Float64Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        sides = (self.bids, self.asks, self.unsided, self.last_bids, self.last_asks)
        if any(runs is not None and len(runs) != self.time_ms.size for runs in sides):
            raise ValueError("snapshots and times differ in number")
        if (self.bids is None) != (self.asks is None) or (self.bids is None) == (
            self.unsided is None
        ):
            raise ValueError("a book window has both sides, or unsided levels alone")
        if (self.last_bids is None) != (self.last_asks is None):
            raise ValueError("the end of a bucket has both sides")
        n = self.time_ms.size
        pairs = (self.reach_px, self.last_reach_px, self.best_px)
        if any(pair is not None and pair.shape != (n, 2) for pair in pairs):
            raise ValueError("reach_px or best_px has the wrong shape")
        counted = (self.flaws, self.updates)
        if any(column is not None and column.shape != (n,) for column in counted):
            raise ValueError("flaws or updates and snapshots differ in number")
        parts = self.parts_reach_px
        if parts is not None and (parts.shape[0], *parts.shape[2:]) != (n, 2):
            raise ValueError("parts_reach_px has the wrong shape")
        _freeze(self.time_ms, *(a for a in (*pairs, *counted, parts) if a is not None))


@dataclass(frozen=True, slots=True)
class LiquidationWindow:
    """Would-be liquidations by price over a run of time buckets (no side is served).

    Fields as in `BookWindow`; ``levels`` ascend by price. ``tick_size`` is the smallest price
    step seen between levels, quote units, NaN when it cannot be told.
    """

    from_ms: int
    to_ms: int
    interval_ms: int
    time_ms: Int64Array = field(repr=False)
    levels: LevelRuns = field(repr=False)
    quote: Quote
    tick_size: float = float("nan")
    complete_ms: int = 0

    def __post_init__(self) -> None:
        if len(self.levels) != self.time_ms.size:
            raise ValueError("snapshots and times differ in number")
        _freeze(self.time_ms)


@dataclass(frozen=True, slots=True)
class CandleWindow:
    """Candles over a run of time buckets.

    Parameters
    ----------
    time_ms : (n,) int64
        Bucket starts, ascending and unique.
    open, high, low, close : (n,) float64
        Quote units; NaN where the source left the price out.
    volume_base : (n,) float64
        Traded quantity in coins; 0 where the source left it out.
    """

    from_ms: int
    to_ms: int
    interval_ms: int
    time_ms: Int64Array = field(repr=False)
    open: Float64Array = field(repr=False)
    high: Float64Array = field(repr=False)
    low: Float64Array = field(repr=False)
    close: Float64Array = field(repr=False)
    volume_base: Float64Array = field(repr=False)
    complete_ms: int = 0

    def __post_init__(self) -> None:
        columns = (self.open, self.high, self.low, self.close, self.volume_base)
        if any(column.shape != self.time_ms.shape for column in columns):
            raise ValueError("candle columns differ in length")
        _freeze(self.time_ms, *columns)


TIMEFRAMES = ("24h", "7d", "30d", "1y", "3y")
"""Timeframes of a dot's performance, in the order of ``DotSet.change_pct``'s columns."""


@dataclass(frozen=True, slots=True)
class DotSet:
    """The market map at one moment.

    Parameters
    ----------
    time_ms : int
        When the provider last refreshed these figures (not when they were received).
    ids, names, symbols : tuple of str, length n
    relative_volume : (n,) float64
        Turnover-normalised volume, 1 is usual; NaN when absent.
    change_pct : (n, 5) float64
        Performance in percent points by `TIMEFRAMES`; NaN when null or absent.
    market_cap_usd, price_usd, volume_24h_usd : (n,) float64
        NaN when absent.
    request_id : str
        The provider's id of the answer.
    computed : str
        How ``relative_volume`` was computed, for a label; empty: the provider serves it.
    attribution : str
        Whom a picture of these figures has to name; empty: nobody.
    """

    time_ms: int
    mode: str
    category: str
    ids: tuple[str, ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    symbols: tuple[str, ...] = field(repr=False)
    relative_volume: Float64Array = field(repr=False)
    change_pct: Float64Array = field(repr=False)
    market_cap_usd: Float64Array = field(repr=False)
    price_usd: Float64Array = field(repr=False)
    volume_24h_usd: Float64Array = field(repr=False)
    request_id: str = ""
    computed: str = ""
    attribution: str = ""

    def __post_init__(self) -> None:
        n = len(self.ids)
        columns = (
            self.relative_volume,
            self.market_cap_usd,
            self.price_usd,
            self.volume_24h_usd,
        )
        if any(column.shape != (n,) for column in columns):
            raise ValueError("dot columns differ in length")
        if self.change_pct.shape != (n, len(TIMEFRAMES)):
            raise ValueError("change_pct has the wrong shape")
        _freeze(*columns, self.change_pct)


@dataclass(frozen=True, slots=True)
class MarketList:
    """Venues and symbols a provider knows.

    ``rows`` holds ``(venue_id, symbol, coin, category)`` tuples, sorted; ``paused`` the
    ``(venue_id, symbol)`` of those whose trading stands still.
    """

    time_ms: int
    rows: tuple[tuple[str, str, str, str], ...] = field(repr=False)
    paused: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """A word from a provider about its stream; it changes the status, not the data.

    Attributes as in `StreamStatus`; None leaves a field as it was, and 0 ends a gap.

    Attributes
    ----------
    refused : str
        Why something that was asked will not come, however long one waits; empty while it may.
    """

    period_s: float | None = None
    next_ms: int | None = None
    progress: float | None = None
    note: str | None = None
    gap_since_ms: int | None = None
    latency_ms: float | None = None
    skew_ms: float | None = None
    parts: int | None = None
    missing: tuple[str, ...] | None = None
    refused: str = ""


MarketFrame = (
    BookWindow
    | LiquidationWindow
    | CandleWindow
    | TradeBatch
    | LiquidationBatch
    | DotSet
    | CohortTable
    | MarketList
)
Frame = MarketFrame | Notice
"""Anything a provider yields."""


def is_piece(frame: MarketFrame) -> bool:
    """Whether a window is a part of an answer that still comes: nothing is covered by it."""
    return isinstance(frame, BookWindow | LiquidationWindow) and frame.complete_ms <= frame.from_ms

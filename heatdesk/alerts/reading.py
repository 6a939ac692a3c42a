"""What the store knows of the values that alerts watch; only what moved is read."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace

import numpy as np

from heatdesk.alerts.figures import Table, figure_value
from heatdesk.alerts.judging import Reading
from heatdesk.alerts.rules import DEMO, Rule, Watched
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleSub,
    CohortSub,
    CohortTable,
    DataState,
    DotSet,
    DotSub,
    LevelRuns,
    LiquidationSub,
    StreamStatus,
    TradeSub,
)
from heatdesk.store.bucketing import cleaned, observed_levels, runs_of
from heatdesk.store.grid import PriceGrid
from heatdesk.store.market import MarketStore
from heatdesk.store.tape import TradeTape
from heatdesk.units import format_age

log = logging.getLogger(__name__)

_FOR_EVER = 2**62
_UNTOLD = "its figure is not told"
_NOTHING = Reading(why="waiting for the first data")
UNREADABLE = Reading(why="it could not be read; the log says why")


@dataclass(slots=True)
class _Seen:
    """What was read of one subscription."""

    revision: int = -1
    why: str = ""
    reading: Reading = _NOTHING
    levels: tuple[LevelRuns, ...] = ()
    reach: tuple[int, int] = (0, -1)
    block_size: float = math.nan
    """Height of these levels, quote units."""
    table: Table | None = None
    tape: TradeTape | None = None
    tape_revision: int = 0
    candle: tuple[int, float, float] | None = None
    """Start, low and high of the newest candle when it was last believed."""
    moved: bool = False


class MarketReader:
    """Reads prices and sizes; what several alerts watch is read once.

    `look` first, then `reading` of each alert.
    """

    def __init__(self, store: MarketStore) -> None:
        self._store = store
        self._seen: dict[Watched, _Seen] = {}

    def look(self, subs: frozenset[Watched], now_ms: int) -> None:
        """Bring what is known of some subscriptions up to date, and forget the others."""
        for gone in self._seen.keys() - subs:
            del self._seen[gone]
        for sub in subs:
            seen = self._seen.setdefault(sub, _Seen())
            before = seen.why
            try:
                self._look_at(sub, seen, now_ms)
            except Exception:  # the others are read all the same
                seen.moved, seen.why, seen.reading = True, UNREADABLE.why, UNREADABLE
                if before != UNREADABLE.why:
                    log.exception("%s could not be read for its alerts", sub)

    def reading(self, rule: Rule, *, anyway: bool = False) -> Reading | None:
        """What is known of an alert's value; None where nothing moved since the last look.

        Parameters
        ----------
        anyway : bool
            Say it all the same: this alert has not heard it yet.
        """
        seen = self._seen.get(rule.sub)
        if seen is None or not (seen.moved or anyway):
            return None
        if rule.figure is not None and not seen.why:
            value = figure_value(seen.table, rule.figure)
            told = math.isfinite(value)
            return replace(seen.reading, value=value) if told else Reading(why=_UNTOLD)
        if seen.why or not rule.of_size:
            return seen.reading
        return _size_of(rule, seen)

    def _look_at(self, sub: Watched, seen: _Seen, now_ms: int) -> None:
        with self._store.lock:
            revision, status = self._store.revision(sub), self._store.status(sub)
            why = why_not(sub, status, now_ms)
            seen.moved = (revision, bool(why)) != (seen.revision, bool(seen.why))
            if not seen.moved and why != seen.why:
                seen.moved, seen.reading = True, Reading(why=why)
            before, seen.why = seen.why, why
            if not seen.moved:
                return
            if why:
                seen.reading = Reading(why=why)
                return
            seen.revision = revision
            if isinstance(sub, TradeSub):
                self._read_trades(sub, seen)
            elif isinstance(sub, CandleSub):
                self._read_candles(sub, seen)
            elif isinstance(sub, DotSub | CohortSub):
                self._read_table(sub, seen, unbroken=not before)
            else:
                self._read_levels(sub, seen, unbroken=not before)

    def _read_trades(self, sub: TradeSub, seen: _Seen) -> None:
        tape = self._store.trades(sub)
        newest = tape.newest(1) if tape is not None else None
        if tape is None or newest is None or newest.price.size == 0:
            seen.why, seen.reading = _NOTHING.why, _NOTHING
            return
        value, time_ms = float(newest.price[0]), int(newest.time_ms[0])
        low = high = value
        earlier_ms = seen.reading.time_ms
        same = tape is seen.tape and earlier_ms > 0
        torn = any(end is None or end > earlier_ms for _, end in tape.gaps)
        if same and not torn:
            from_ms = tape.changed_from_ms(seen.tape_revision)
            if from_ms is not None:
                prices = tape.window(max(from_ms, earlier_ms), _FOR_EVER).price
                low, high = float(prices.min()), float(prices.max())
        seen.tape, seen.tape_revision = tape, tape.revision
        seen.reading = Reading("", time_ms, value, low, high, same and not torn)

    def _read_candles(self, sub: CandleSub, seen: _Seen) -> None:
        candles = self._store.candles(sub)
        held = np.flatnonzero(np.isfinite(candles.close)) if candles is not None else np.zeros(0)
        if candles is None or held.size == 0:
            seen.why, seen.reading = _NOTHING.why, _NOTHING
            return
        last = int(held[-1])
        value, start_ms = float(candles.close[last]), int(candles.time_ms[last])
        before, unbroken = seen.candle, False
        low = high = value
        if before is not None and self._known_through(sub, before[0], start_ms):
            unbroken = True
            # of the candle that was forming then, only what is new since
            since = np.flatnonzero(candles.time_ms >= before[0])
            for i in since.tolist():
                known = before if candles.time_ms[i] == before[0] else (0, math.inf, -math.inf)
                low = min(low, candles.low[i]) if candles.low[i] < known[1] else low
                high = max(high, candles.high[i]) if candles.high[i] > known[2] else high
        seen.candle = (start_ms, float(candles.low[last]), float(candles.high[last]))
        seen.reading = Reading("", start_ms, value, float(low), float(high), unbroken)

    def _known_through(self, sub: CandleSub, from_ms: int, to_ms: int) -> bool:
        """Whether every candle from one to another has come."""
        if to_ms == from_ms:
            return True
        return any(a <= from_ms and to_ms <= b for a, b in self._store.covered(sub))

    def _read_table(self, sub: DotSub | CohortSub, seen: _Seen, *, unbroken: bool) -> None:
        table = self._store.latest(sub)
        if not isinstance(table, DotSet | CohortTable):
            seen.why, seen.reading = _NOTHING.why, _NOTHING
            return
        known = unbroken and seen.table is not None
        seen.table = table
        seen.reading = Reading("", table.time_ms, unbroken=known)

    def _read_levels(self, sub: BookSub | LiquidationSub, seen: _Seen, *, unbroken: bool) -> None:
        frame, heat = self._store.last_book(sub), self._store.heatmap(sub)
        if frame is None or heat is None or frame.time_ms.size == 0:
            seen.why, seen.reading = _NOTHING.why, _NOTHING
            return
        if isinstance(frame, BookWindow) and frame.flaws is not None and frame.flaws[0]:
            seen.why = "the book was interrupted within its newest column"
            seen.reading = Reading(why=seen.why)
            return
        block_size = frame.block_size if isinstance(frame, BookWindow) else heat.grid.block_size
        seen.block_size, grid = block_size, PriceGrid(block_size)
        low, high = observed_levels(frame, grid)
        seen.reach = (int(low[0]), int(high[0]))
        seen.levels = tuple(cleaned(run) for run in runs_of(frame).values())
        before = seen.reading
        known = unbroken and before.time_ms > 0 and not before.why
        seen.reading = Reading("", int(frame.time_ms[0]), unbroken=known)


def why_not(sub: Watched, status: StreamStatus, now_ms: int) -> str:
    """Why a stream is not to be believed at present, in words; empty: it is."""
    state = status.state(now_ms)
    if state is DataState.WAITING:
        return _NOTHING.why
    if state is DataState.PROBLEM:
        return status.problem or "a problem"
    if status.demo != (sub.provider == DEMO):
        return "invented and real data are mixed"
    if state is DataState.STALE:
        if status.gap_since_ms is not None:
            return "the feed is interrupted"
        return f"the newest data is {format_age(status.age_s(now_ms))} old"
    if isinstance(sub, BookSub) and status.missing:
        return f"{', '.join(status.missing)} missing in the sum"
    return ""


def _size_of(rule: Rule, seen: _Seen) -> Reading:
    """What rests in the stretch of prices that an alert watches."""
    block_size = seen.block_size
    grid = PriceGrid(block_size)
    first = grid.level_of(rule.price)
    last = max(first, math.ceil((rule.price + rule.height) / block_size - 1e-6) - 1)
    if first < seen.reach[0] or last > seen.reach[1]:
        return Reading(why="its price is outside the range that is reported")
    summed = isinstance(rule.sub, LiquidationSub)
    found = 0.0
    for run in seen.levels:
        price, qty = run.price, run.qty
        # the half-open stretch, as the grid cuts it
        inside = (price >= (first - 1e-6) * block_size) & (price < (last + 1 - 1e-6) * block_size)
        if not inside.any():
            continue
        levels = grid.levels_of(price[inside]) - first
        sizes = np.bincount(levels, qty[inside])
        found = max(found, float(sizes.sum() if summed else sizes.max()))
    if math.isnan(found):
        return Reading(why="what is reported there is no size")
    return replace(seen.reading, value=found)

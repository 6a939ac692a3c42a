"""Everything that arrived, by subscription: one writer, one lock, readers pull by revision."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from heatdesk.frames.cohorts import CohortTable
from heatdesk.frames.events import LiquidationBatch, TradeBatch
from heatdesk.frames.market import (
    BookWindow,
    CandleWindow,
    DotSet,
    LiquidationWindow,
    MarketFrame,
    MarketList,
)
from heatdesk.frames.status import ProviderStatus, StreamStatus
from heatdesk.frames.subscriptions import Subscription
from heatdesk.store.bucketing import HeatmapFrame, ended, within_asked
from heatdesk.store.exact import DEFAULT_EXACT_BYTES, ExactCell, ExactFrames
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.ring import DEFAULT_BUDGET_BYTES
from heatdesk.store.shares import Budget, shared
from heatdesk.store.tape import LiquidationTape, TradeTape
from heatdesk.units import MINUTE_MS, floor_ms

__all__ = ["ExactCell", "HeatmapStore", "LiquidationTape", "MarketStore", "Span", "TradeTape"]

Span = tuple[int, int]
"""A half-open stretch of time, ``(from_ms, to_ms)``."""

_MAX_CANDLES = 200_000
_NOTHING = Budget(0, 0)
FAST_HEATMAP_BYTES = 96 << 20
FAST_EXACT_BYTES = 16 << 20
"""Of a subscription in intervals under a minute: there is no end to its columns, and many run at once."""


@dataclass(slots=True)
class _Kept:
    """What is held of one subscription."""

    exact: ExactFrames
    budget: Budget = _NOTHING
    revision: int = 0
    covered: list[Span] = field(default_factory=list)
    heatmap: HeatmapStore | None = None
    waiting: list[HeatmapFrame] = field(default_factory=list)
    candles: CandleWindow | None = None
    latest: DotSet | CohortTable | MarketList | None = None
    trades: TradeTape | None = None
    liquidations: LiquidationTape | None = None


class MarketStore:
    """The store that every panel reads.

    Only the feed thread calls `apply`, `set_status`, `set_provider` and `drop`. Any thread
    reads; what is handed out is immutable or takes the same lock for its copy.

    Parameters
    ----------
    heatmap_bytes, exact_bytes : int
        Budget of the cells (see `HeatmapStore`), and of the float64 snapshots, of each
        subscription: panels that show the same share it, those that show different ones add up.
    fast_heatmap_bytes, fast_exact_bytes : int
        The same for intervals under a minute.

    Attributes
    ----------
    lock : threading.RLock
        The one lock; hold it to read several things of one moment.
    provider_revision : int
        Changes when the state of any provider does.
    """

    def __init__(
        self,
        heatmap_bytes: int = DEFAULT_BUDGET_BYTES,
        exact_bytes: int = DEFAULT_EXACT_BYTES,
        fast_heatmap_bytes: int = FAST_HEATMAP_BYTES,
        fast_exact_bytes: int = FAST_EXACT_BYTES,
    ) -> None:
        self.lock = threading.RLock()
        self.provider_revision = 0
        self._budget = Budget(heatmap_bytes, exact_bytes)
        self._fast_budget = Budget(fast_heatmap_bytes, fast_exact_bytes)
        self._total_bytes: int | None = None
        self._to_share = False
        self._kept: dict[Subscription, _Kept] = {}
        self._status: dict[Subscription, tuple[StreamStatus, int]] = {}
        self._providers: dict[str, ProviderStatus] = {}
        self._last_revision: dict[Subscription, int] = {}

    def limit(self, total_bytes: int | None) -> None:
        """Let heatmaps hold so much together, from the next frame on; any thread may say so.

        While the budgets of all are less, each has its own; else each gets the same part of it.
        """
        self._total_bytes, self._to_share = total_bytes, True

    # -- writing (feed thread)

    def apply(self, sub: Subscription, frame: MarketFrame) -> None:
        """Take in one frame of a subscription."""
        kept = self._kept.get(sub)
        if kept is None:
            # a subscription that comes back must not repeat a revision a panel has seen
            kept = _Kept(ExactFrames(0), revision=self._last_revision.get(sub, 0))
            with self.lock:
                self._kept[sub] = kept
        taken = True
        if isinstance(frame, BookWindow | LiquidationWindow):
            taken = self._apply_heatmap(kept, frame)
        elif isinstance(frame, CandleWindow):
            merged = merge_candles(kept.candles, frame)
            with self.lock:
                kept.candles = merged
        elif isinstance(frame, TradeBatch | LiquidationBatch):
            self._apply_events(kept, frame)
        else:
            with self.lock:
                kept.latest = frame
        with self.lock:
            if taken and isinstance(frame, BookWindow | LiquidationWindow | CandleWindow):
                if frame.from_ms < frame.complete_ms < frame.to_ms:
                    # so late was it at most: a clock that ran ahead claimed too much
                    kept.covered = ended_spans(kept.covered, frame.complete_ms)
                kept.covered = merge_spans([*kept.covered, covered_span(frame)])
            kept.revision += 1
        if self._to_share:
            self._share_out()

    def _share_out(self) -> None:
        """Give every heatmap what it may hold."""
        self._to_share = False
        held = [kept for kept in self._kept.values() if kept.heatmap is not None]
        budgets = shared([kept.budget for kept in held], self._total_bytes)
        for kept, budget in zip(held, budgets, strict=True):
            assert kept.heatmap is not None
            kept.heatmap.fit(budget.heatmap)
            kept.exact.fit(budget.exact)

    def _apply_heatmap(self, kept: _Kept, frame: HeatmapFrame) -> bool:
        """Bring a frame to the cells; False when it belongs to levels that are no longer held."""
        heatmap = kept.heatmap
        wanted = within_asked(frame)
        same = heatmap is not None and heatmap.fits(frame) and heatmap.fits_levels(frame)
        if wanted.time_ms.size == 0 and not same:
            # where columns start is known from the first snapshot only
            kept.waiting = [*kept.waiting[-999:], wanted] if heatmap is None else []
            return heatmap is None
        if not same:
            with self.lock:
                # what is held of other levels is good to look at, and asked again
                kept.covered = kept.covered if heatmap is None else []
        if heatmap is None or not heatmap.fits(frame):
            fast = wanted.interval_ms < MINUTE_MS
            kept.budget = self._fast_budget if fast else self._budget
            heatmap = HeatmapStore.for_frame(wanted, self.lock, kept.budget.heatmap)
            exact = ExactFrames(kept.budget.exact)
            self._to_share = True
            with self.lock:
                if kept.heatmap is not None:
                    heatmap.generation = kept.heatmap.generation + 1
                    heatmap.revision = kept.heatmap.revision + 1
                kept.heatmap, kept.exact = heatmap, exact
            earlier, kept.waiting = kept.waiting, []
            for empty in earlier:
                if heatmap.fits(empty):
                    heatmap.apply(empty)
        heatmap.apply(frame)
        parts = kept.exact.parts_of(ended(wanted))
        with self.lock:
            for part in parts:
                kept.exact.add(part)
        return True

    def _apply_events(self, kept: _Kept, batch: TradeBatch | LiquidationBatch) -> None:
        if isinstance(batch, TradeBatch):
            if kept.trades is None:
                kept.trades = TradeTape(self.lock)
            kept.trades.add(batch)
        else:
            if kept.liquidations is None:
                kept.liquidations = LiquidationTape(self.lock)
            kept.liquidations.add(batch)

    def set_status(self, sub: Subscription, status: StreamStatus) -> None:
        """Note how a stream is doing."""
        with self.lock:
            previous, revision = self._status.get(sub, (None, 0))
            if status != previous:
                self._status[sub] = (status, revision + 1)
            since_ms = status.gap_since_ms
            if since_ms is not None and (previous is None or previous.gap_since_ms is None):
                kept = self._kept.get(sub)
                for tape in (kept.trades, kept.liquidations) if kept is not None else ():
                    if tape is not None:
                        tape.break_off(since_ms - round(status.skew_ms))

    def set_provider(self, status: ProviderStatus) -> None:
        """Note how a provider is doing."""
        with self.lock:
            if self._providers.get(status.provider) != status:
                self._providers[status.provider] = status
                self.provider_revision += 1

    def drop(self, sub: Subscription) -> None:
        """Forget everything of a subscription nobody wants any more."""
        with self.lock:
            kept = self._kept.pop(sub, None)
            self._to_share = True
            if kept is not None:
                self._last_revision[sub] = kept.revision
            self._status.pop(sub, None)

    # -- reading (any thread)

    def status(self, sub: Subscription) -> StreamStatus:
        """How a stream is doing; a fresh status before anything is known."""
        with self.lock:
            found = self._status.get(sub)
        return found[0] if found else StreamStatus()

    def status_revision(self, sub: Subscription) -> int:
        """0 before any status, then one more with each change."""
        with self.lock:
            found = self._status.get(sub)
        return found[1] if found else 0

    def providers(self) -> tuple[ProviderStatus, ...]:
        """State of every provider heard of, by id."""
        with self.lock:
            return tuple(self._providers[name] for name in sorted(self._providers))

    def revision(self, sub: Subscription) -> int:
        """0 while nothing arrived, then one more with each change of data."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.revision if kept else 0

    def covered(self, sub: Subscription) -> list[Span]:
        """Complete stretches of time that arrived, merged, ascending."""
        with self.lock:
            kept = self._kept.get(sub)
            return list(kept.covered) if kept else []

    def heatmap(self, sub: Subscription) -> HeatmapStore | None:
        """Cells of a book or liquidation subscription; None before its first snapshot."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.heatmap if kept else None

    def candles(self, sub: Subscription) -> CandleWindow | None:
        """Every candle that arrived, merged, ascending."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.candles if kept else None

    def trades(self, sub: Subscription) -> TradeTape | None:
        """Trades that happened, ascending; None before the first batch."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.trades if kept else None

    def liquidations(self, sub: Subscription) -> LiquidationTape | None:
        """Liquidations that happened, ascending; None before the first batch."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.liquidations if kept else None

    def last_book(self, sub: Subscription) -> BookWindow | LiquidationWindow | None:
        """Window with exactly the newest snapshot, as served."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.exact.newest() if kept else None

    def latest(self, sub: Subscription) -> DotSet | CohortTable | MarketList | None:
        """Newest frame of a subscription that is only ever current."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.latest if kept else None

    def snapshot(
        self, sub: Subscription, time_ms: int
    ) -> tuple[BookWindow | LiquidationWindow, int] | None:
        """Frame as served and place in it of the snapshot of a moment; None if no longer held."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.exact.snapshot(time_ms) if kept else None

    def exact_bytes(self, sub: Subscription) -> int:
        """Bytes of the snapshots held as served."""
        with self.lock:
            kept = self._kept.get(sub)
            return kept.exact.nbytes if kept else 0

    def exact(self, sub: Subscription, time_ms: int, price: float) -> ExactCell | None:
        """Figures as served of the cell at a moment and price; None when no longer held."""
        with self.lock:
            kept = self._kept.get(sub)
            if kept is None or kept.heatmap is None:
                return None
            return kept.exact.cell(time_ms, price, kept.heatmap.grid.block_size)


def covered_span(frame: BookWindow | LiquidationWindow | CandleWindow) -> Span:
    """Stretch of a window whose buckets were complete when it was asked."""
    interval_ms = frame.interval_ms
    anchor_ms = (
        int(frame.time_ms[0]) if frame.time_ms.size else floor_ms(frame.from_ms, interval_ms)
    )
    if frame.to_ms <= frame.complete_ms:
        return frame.from_ms, frame.to_ms
    complete_ms = anchor_ms + (frame.complete_ms - anchor_ms) // interval_ms * interval_ms
    return frame.from_ms, max(frame.from_ms, complete_ms)


def ended_spans(spans: list[Span], end_ms: int) -> list[Span]:
    """Spans without what lies after a moment; empty ones vanish."""
    return [(from_ms, min(to_ms, end_ms)) for from_ms, to_ms in spans if from_ms < end_ms]


def merge_spans(spans: list[Span]) -> list[Span]:
    """Join spans that touch; empty ones vanish."""
    merged: list[Span] = []
    for from_ms, to_ms in sorted(span for span in spans if span[1] > span[0]):
        if merged and from_ms <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], to_ms))
        else:
            merged.append((from_ms, to_ms))
    return merged


def merge_candles(held: CandleWindow | None, new: CandleWindow) -> CandleWindow:
    """Join candles; those of ``new`` replace earlier ones of the same bucket."""
    if held is None or held.interval_ms != new.interval_ms:
        return new
    times = np.concatenate((held.time_ms, new.time_ms))
    # the last of equal times is the newer one
    time_ms, from_the_end = np.unique(times[::-1], return_index=True)
    pick = (times.size - 1 - from_the_end)[-_MAX_CANDLES:]
    return CandleWindow(
        min(held.from_ms, new.from_ms),
        max(held.to_ms, new.to_ms),
        new.interval_ms,
        time_ms[-_MAX_CANDLES:],
        np.concatenate((held.open, new.open))[pick],
        np.concatenate((held.high, new.high))[pick],
        np.concatenate((held.low, new.low))[pick],
        np.concatenate((held.close, new.close))[pick],
        np.concatenate((held.volume_base, new.volume_base))[pick],
        max(held.complete_ms, new.complete_ms),
    )

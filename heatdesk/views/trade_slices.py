"""Clusters of trades for the stretch of time in view, kept up to date piece by piece."""

from __future__ import annotations

from heatdesk.analytics.delta import TradeFeed
from heatdesk.analytics.trades import (
    SliceGrid,
    TradeSums,
    add_up,
    cluster_cells,
    joined,
    no_sums,
    pool_trades,
)
from heatdesk.frames import TradeBatch
from heatdesk.views.ticks import TIME_STEPS_MS, nice_step
from heatdesk.views.viewport import ChartWindow

SLICE_PX = 5.0
"""A slice of time is at least this wide: bubbles side by side stay apart."""
BAND_PX = 9.0
"""The tallest cluster is at least this high."""
FINEST_SLICE_MS = 10
PIECE_TRADES = 30_000
"""Trades pooled in one go; more would be felt by a hand on the mouse."""
_KEPT_WINDOWS = 4
_LATE_MS = 1_000
"""Trades of the last second are read again each time: a few of them come out of order."""


def slice_grid(window: ChartWindow) -> SliceGrid:
    """Slices and clusters that suit a view; they change in steps, not with every notch."""
    least_ms = max(window.s_per_px * 1000 * SLICE_PX, FINEST_SLICE_MS)
    slice_ms = next((step for step in TIME_STEPS_MS if step >= least_ms), TIME_STEPS_MS[-1])
    return SliceGrid(slice_ms, nice_step(window.price_per_px * BAND_PX))


class TradeSlices:
    """Follows a feed of trades for one view, a bounded piece of work at a time.

    What a live trade costs is the trades that came since the last look: slices that are over
    are pooled once, and the forming one is added to.

    Attributes
    ----------
    grid : SliceGrid or None
    settled, forming : TradeSums
        Clusters of slices that are over, and of the newest one.
    version : int
        Rises with every change of the two.
    """

    def __init__(self) -> None:
        self.version = 0
        self.forget()

    def forget(self) -> None:
        """Hold nothing of any feed."""
        self.grid: SliceGrid | None = None
        self._revision = self._seen_ms = 0
        self._piece_slices = 1
        self._restart(0)

    def shown(self, window: ChartWindow) -> TradeSums:
        """Clusters whose slices touch a view."""
        if self.grid is None:
            return no_sums()
        first, stop = self._slices_of(window)
        return joined(self.settled.between(first, stop), self.forming.between(first, stop))

    def follow(self, feed: TradeFeed, window: ChartWindow, *, live: bool = True) -> bool:
        """Do a piece of the work that a view asks for; returns whether it is all done.

        Parameters
        ----------
        live : bool
            Take in what came since; otherwise only older slices the view now shows.
        """
        grid = slice_grid(window)
        if grid != self.grid:
            self.grid = grid
            self._piece_slices = 1
            self._restart(0)
        changed_ms = None
        if live:
            # read first: what comes meanwhile is told the next time
            revision = feed.revision
            changed_ms = feed.changed_from_ms(self._revision)
            self._revision = revision
        first_ms, last_ms = feed.first_ms, feed.last_ms
        if first_ms is None or last_ms is None:
            return True
        if not live:
            last_ms = min(last_ms, self._seen_ms)
        if changed_ms is not None:
            self._seen_ms = last_ms
            self._cut(changed_ms)
        return self._work(feed, window, first_ms, last_ms)

    # -- inside

    def _restart(self, stop: int) -> None:
        """Hold nothing, and begin to the left of a slice."""
        self._first = self._stop = stop
        self.settled, self.forming = no_sums(), no_sums()
        self._cells = no_sums()
        self._cells_to_ms: int | None = None
        self.version += 1

    def _slices_of(self, window: ChartWindow) -> tuple[int, int]:
        assert self.grid is not None
        width_ms = self.grid.slice_ms
        return int(window.t0_s * 1000 // width_ms), int(window.t1_s * 1000 // width_ms) + 1

    def _cut(self, changed_ms: int) -> None:
        """Forget what holds trades of a moment or later."""
        assert self.grid is not None
        if self._cells_to_ms is not None and changed_ms < self._cells_to_ms:
            self._cells, self._cells_to_ms = no_sums(), None
        changed = changed_ms // self.grid.slice_ms
        if changed < self._stop:
            self._stop = max(changed, self._first)
            self.settled = self.settled.between(self._first, self._stop)
            self.version += 1
            if changed < self._first:
                self._first = self._stop = changed

    def _work(self, feed: TradeFeed, window: ChartWindow, first_ms: int, last_ms: int) -> bool:
        assert self.grid is not None
        width_ms = self.grid.slice_ms
        want_first, want_stop = self._slices_of(window)
        want_first = max(want_first, first_ms // width_ms)
        newest = last_ms // width_ms
        stop = min(want_stop, newest)
        if stop < want_first - 1:
            return True  # nothing that is over lies in view
        if want_first > self._stop or stop < self._first:
            self._restart(max(stop, want_first))
        left = PIECE_TRADES
        while self._stop < stop and left > 0:
            left -= self._settle(feed, self._stop, min(stop, self._stop + self._piece_slices))
        if self._stop >= newest and want_stop > newest:
            left -= self._form(feed, newest, last_ms)
        while self._first > want_first and left > 0:
            left -= self._settle(feed, max(want_first, self._first - self._piece_slices), -1)
        self._trim(want_first, want_stop)
        return self._stop >= stop and self._first <= want_first

    def _settle(self, feed: TradeFeed, first: int, stop: int) -> int:
        """Pool a run of slices at the end of those held, or with -1 before them."""
        assert self.grid is not None
        width_ms = self.grid.slice_ms
        before = stop < 0
        stop = self._first if before else stop
        batch = feed.window(first * width_ms, stop * width_ms)
        found = cluster_cells(pool_trades(batch, self.grid))
        if before:
            self._first = first
            self.settled = joined(found, self.settled)
        else:
            self._stop = stop
            self.settled = joined(self.settled, found)
            self.forming = no_sums()
        self.version += 1
        n = batch.time_ms.size
        if n < PIECE_TRADES // 4:
            self._piece_slices *= 2
        elif n > PIECE_TRADES and self._piece_slices > 1:
            self._piece_slices //= 2
        return max(n, PIECE_TRADES // 64)

    def _form(self, feed: TradeFeed, newest: int, last_ms: int) -> int:
        """Add to the newest slice what came since."""
        assert self.grid is not None
        start_ms = newest * self.grid.slice_ms
        if self._cells_to_ms is None or self._cells_to_ms < start_ms:
            self._cells, self._cells_to_ms = no_sums(), start_ms
        batch = feed.window(self._cells_to_ms, last_ms + 1)
        if batch.time_ms.size == 0:
            return 0
        sure_ms = max(self._cells_to_ms, last_ms - _LATE_MS)
        sure = int(batch.time_ms.searchsorted(sure_ms))
        some = _part(batch, slice(0, sure))
        self._cells = add_up(joined(self._cells, pool_trades(some, self.grid)))
        self._cells_to_ms = sure_ms
        rest = pool_trades(_part(batch, slice(sure, None)), self.grid)
        formed = cluster_cells(add_up(joined(self._cells, rest)))
        if not _same(formed, self.forming):
            self.forming = formed
            self.version += 1
        return int(batch.time_ms.size)

    def _trim(self, want_first: int, want_stop: int) -> None:
        """Let go of what lies far from the view."""
        reach = _KEPT_WINDOWS * (want_stop - want_first + 1)
        first, stop = self._first, self._stop
        if first < want_first - 2 * reach:
            first = want_first - reach
        if stop > want_stop + 2 * reach:
            stop = want_stop + reach
            self.forming, self._cells, self._cells_to_ms = no_sums(), no_sums(), None
        if (first, stop) != (self._first, self._stop):
            self._first, self._stop = first, stop
            self.settled = self.settled.between(first, stop)


def _part(batch: TradeBatch, keep: slice) -> TradeBatch:
    return TradeBatch(batch.time_ms[keep], batch.price[keep], batch.qty_base[keep], batch.buy[keep])


def _same(one: TradeSums, other: TradeSums) -> bool:
    return len(one) == len(other) and bool(
        (one.count == other.count).all() and (one.value_quote == other.value_quote).all()
    )

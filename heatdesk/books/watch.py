"""What a book must not do: stay crossed, disagree with the trades, fall silent."""

from __future__ import annotations

import math
from collections import deque

from heatdesk.books.dense import DenseBook
from heatdesk.frames import TradeBatch

CROSSED_MS = 1_000
"""A book that is crossed for longer is wrong."""
DISAGREE_MS = 2_000
"""Over which trades must lie outside the best prices before the book is doubted."""
DISAGREE_TRADES = 5
_TICKS = 5
_MOST_TRADES = 2_000
_MOST_BEST = 4_000


class BookWatch:
    """Watches one LIVE book and says in words why it is not to be believed.

    A trade agrees with the book when its price lies, give or take a few ticks, between the lowest
    bid and the highest ask that the book showed within ``lag_ms`` of it. Several in a row that do
    not, over two seconds and with none between that does, disprove the book.

    Parameters
    ----------
    book : DenseBook
    silence_ms : int
        Longest time in which this market's book does not change; 0: silence is not watched.
    lag_ms : int
        How far the times of the book and of trades may lie apart: at least the pace at which the
        venue sends the book.

    Attributes
    ----------
    since_ms : int
        The venue's time from which the book is in doubt, for `BookSync.lose`.
    """

    def __init__(self, book: DenseBook, silence_ms: int = 0, lag_ms: int = 1_000) -> None:
        self.since_ms = 0
        self._book = book
        self._silence_ms = silence_ms
        self._lag_ms = lag_ms
        self._begun = False
        self._event_ms = 0
        self._heard_ms = 0
        self._agreed_ms = 0
        self._crossed: tuple[int, int] | None = None
        self._best: deque[tuple[int, float, float]] = deque(maxlen=_MOST_BEST)
        self._trades: deque[tuple[int, float]] = deque(maxlen=_MOST_TRADES)
        self._outside: list[int] = []
        self._outside_price = math.nan

    def begin(self, event_ms: int, now_ms: int) -> None:
        """The book became LIVE: earlier doubts are forgotten."""
        self._begun = True
        self._crossed = None
        self._best.clear()
        self._trades.clear()
        self._outside.clear()
        self._event_ms = 0
        self._agreed_ms = event_ms
        self.changed(event_ms, now_ms)

    def changed(self, event_ms: int, now_ms: int) -> None:
        """A message entered the book (after it did)."""
        self._event_ms = event_ms = max(event_ms, self._event_ms)
        self._heard_ms = now_ms
        best = self._book.best()
        if best.bid >= best.ask:
            self._crossed = self._crossed or (event_ms, now_ms)
        else:
            self._crossed = None
        if not self._best or self._best[-1][1:] != (best.bid, best.ask):
            self._best.append((event_ms, best.bid, best.ask))

    def traded(self, batch: TradeBatch) -> None:
        """Trades of this market came."""
        if self._begun:
            self._trades.extend(zip(batch.time_ms.tolist(), batch.price.tolist(), strict=True))

    def silent_ms(self, now_ms: int) -> int:
        """How long nothing has been heard of the book; ``now_ms`` is the local clock."""
        return max(0, now_ms - self._heard_ms) if self._begun else 0

    def check(self, now_ms: int) -> str:
        """Why the book is not to be believed; empty while it is. ``now_ms`` is the local clock."""
        if not self._begun:
            return ""
        if self._crossed is not None:
            since_ms, heard_ms = self._crossed
            lasted_ms = max(self._event_ms - since_ms, now_ms - heard_ms)
            if lasted_ms > CROSSED_MS:
                self.since_ms = since_ms
                best = self._book.best()
                return (
                    f"the best bid {best.bid:.12g} has not been below the best ask "
                    f"{best.ask:.12g} for {lasted_ms / 1_000:.1f} s"
                )
        silent_ms = self.silent_ms(now_ms)
        if 0 < self._silence_ms < silent_ms:
            self.since_ms = self._event_ms
            return f"the book has been silent for {silent_ms / 1_000:.0f} s"
        return self._disagreement(now_ms)

    def _disagreement(self, now_ms: int) -> str:
        """Judge the trades about which the book can have no more to say."""
        # by the book's own time where it moves, by ours where it stands still
        settled_ms = self._event_ms + max(0, now_ms - self._heard_ms) - self._lag_ms
        while self._trades and self._trades[0][0] <= settled_ms:
            time_ms, price = self._trades.popleft()
            inside = self._agrees(time_ms, price)
            if inside:
                self._outside.clear()
                self._agreed_ms = time_ms
            elif inside is not None:
                self._outside.append(time_ms)
                self._outside_price = price
        outside = self._outside
        if len(outside) < DISAGREE_TRADES or outside[-1] - outside[0] < DISAGREE_MS:
            return ""
        # a book that has stood still since is as old as its last message, whatever traded then
        self.since_ms = min(self._event_ms, self._agreed_ms)
        best = self._book.best()
        return (
            f"{len(outside)} trades in a row, the last at {self._outside_price:.12g}, lie outside "
            f"the best prices {best.bid:.12g} and {best.ask:.12g}"
        )

    def _agrees(self, time_ms: int, price: float) -> bool | None:
        """Whether a trade fits the best prices about its time; None when they are not known."""
        best = self._best
        while len(best) > 1 and best[1][0] <= time_ms - self._lag_ms:
            best.popleft()
        if not best or time_ms < best[0][0] - self._lag_ms:
            return None
        low, high = math.inf, -math.inf
        for at_ms, bid, ask in best:
            if at_ms > time_ms + self._lag_ms:
                break
            if math.isnan(bid) or math.isnan(ask):
                return None
            low, high = min(low, bid), max(high, ask)
        slack = _TICKS * self._book.tick_size
        return low - slack <= price <= high + slack

"""A store that remembers what it was told of live books, to be held against the truth."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from heatdesk.frames import BookSub, BookWindow, Flaw, StreamStatus
from heatdesk.store.market import MarketStore
from tests.servers.venues.oracle import Oracle, Tally, ToldColumn

if TYPE_CHECKING:
    from collections.abc import Callable

    from heatdesk.frames import MarketFrame, Subscription
    from tests.servers.venues.market import Play


BANDED = {"hyperliquid": 20}
"""Venues that tell so many levels a side singly, and sums beyond."""


@dataclass
class Story:
    """What was told of one book: its newest word on each column, and its gaps by our clock."""

    columns: dict[int, ToldColumn] = field(default_factory=dict)
    block_size: float = 0.0
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """When a gap was told and when it ended, monotonic seconds."""
    notes: set[str] = field(default_factory=set)
    gap_began_s: float | None = None


class WatchingStore(MarketStore):
    """A `MarketStore` that keeps the story of each book.

    Parameters
    ----------
    note : callable, optional
        Takes what is told of books; their stories then keep no columns.
    """

    def __init__(self, note: Callable[[BookSub, BookWindow], None] | None = None) -> None:
        super().__init__()
        self.stories: dict[Subscription, Story] = {}
        self._note = note

    def story(self, sub: Subscription) -> Story:
        return self.stories.setdefault(sub, Story())

    def apply(self, sub: Subscription, frame: MarketFrame) -> None:
        if isinstance(frame, BookWindow) and isinstance(sub, BookSub):
            if self._note is not None:
                self._note(sub, frame)
            else:
                note_window(self.story(sub), frame)
        super().apply(sub, frame)

    def set_status(self, sub: Subscription, status: StreamStatus) -> None:
        story, now_s = self.story(sub), time.monotonic()
        if status.note or status.problem:
            story.notes.add(status.note or status.problem)
        if status.gap_since_ms is not None and story.gap_began_s is None:
            story.gap_began_s = now_s
        elif status.gap_since_ms is None and story.gap_began_s is not None:
            story.gaps.append((story.gap_began_s, now_s))
            story.gap_began_s = None
        super().set_status(sub, status)


def note_window(story: Story, frame: BookWindow) -> None:
    """Remember what a frame tells of each of its columns."""
    story.block_size = frame.block_size
    for i, start_ms in enumerate(frame.time_ms.tolist()):
        story.columns[start_ms] = told_column(frame, i)


def told_column(frame: BookWindow, i: int) -> ToldColumn:
    """What a frame tells of one of its columns."""
    assert frame.bids is not None
    assert frame.asks is not None
    nowhere = np.array([np.nan, np.nan])
    reach = nowhere if frame.reach_px is None else frame.reach_px[i]
    last_reach = reach if frame.last_reach_px is None else frame.last_reach_px[i]
    lasts = (frame.last_bids or frame.bids, frame.last_asks or frame.asks)
    return ToldColumn(
        int(frame.time_ms[i]),
        (_levels(frame.bids, i), _levels(frame.asks, i)),
        (_levels(lasts[0], i), _levels(lasts[1], i)),
        (float(reach[0]), float(reach[1])),
        (float(last_reach[0]), float(last_reach[1])),
        is_touched(frame, i),
    )


def is_touched(frame: BookWindow, i: int) -> bool:
    """Whether a gap, a resync or a stale book fell into a column."""
    return frame.flaws is not None and bool(frame.flaws[i] & Flaw.TOUCHED)


def _levels(runs: object, i: int) -> dict[float, float]:
    price, qty = runs.at(i)  # type: ignore[attr-defined]
    return dict(zip(price.tolist(), qty.tolist(), strict=True))


def tally(store: WatchingStore, sub: BookSub, play: Play, until_ms: int) -> Tally:
    """Hold all that was told of a book against its play, up to a moment of the venue."""
    story, found = store.story(sub), Tally()
    if not story.columns:
        return found
    first_ms = min(story.columns)
    end_ms = until_ms // sub.interval_ms * sub.interval_ms
    exact_levels = BANDED.get(sub.provider, 0)
    oracle = Oracle(play, story.block_size, sub.interval_ms, exact_levels)
    for start_ms in range(first_ms, end_ms, sub.interval_ms):
        column = story.columns.get(start_ms)
        if column is None:
            found.missing += 1
        elif column.flawed:
            found.flawed += 1
        else:
            found.live += 1
    found.wrong = oracle.wrongs(story.columns, first_ms, end_ms)
    return found

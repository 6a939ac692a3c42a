"""A stream that is listened to: what it told so far, and how it ended."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from heatdesk.errors import ProviderError
from heatdesk.frames import (
    BookSub,
    BookWindow,
    Flaw,
    Frame,
    Notice,
    StreamStatus,
    Subscription,
    TradeBatch,
)
from heatdesk.frames.market import LiquidationBatch
from tests.heatdesk.providers.live.venue import ID, VENUE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heatdesk.providers.base import Provider

BOOK = BookSub(ID, (VENUE,), "BTCUSD", interval_ms=100, block_size=1.0, depth=None)


OURS = ("link ", "wire ", "tick ", "feed ")
"""How tasks of the live feeds are named."""


class Listener:
    """Collects what a stream yields.

    Attributes
    ----------
    columns : dict
        By start of the bucket: flaw bits and the last state as ``{price: (bid, ask)}``.
    """

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.columns: dict[int, tuple[int, dict[float, tuple[float, float]]]] = {}
        self.spans: list[tuple[int, int]] = []
        self.status = StreamStatus()
        self.notes: list[str] = []
        self.error: ProviderError | None = None
        self.ended = False

    @property
    def books(self) -> int:
        """How many frames of books came."""
        return sum(isinstance(frame, BookWindow) for frame in self.frames)

    @property
    def trade_times(self) -> list[int]:
        """Times of all trades or liquidations that came."""
        kinds = TradeBatch | LiquidationBatch
        found = [frame.time_ms.tolist() for frame in self.frames if isinstance(frame, kinds)]
        return [time_ms for batch in found for time_ms in batch]

    def take(self, frame: Frame) -> None:
        """Remember a frame."""
        self.frames.append(frame)
        if isinstance(frame, Notice):
            gap_ms = frame.gap_since_ms
            if gap_ms is not None:
                self.status = replace(self.status, gap_since_ms=gap_ms or None)
            if frame.latency_ms is not None:
                self.status = replace(self.status, latency_ms=frame.latency_ms)
            if frame.note is not None:
                self.notes.append(frame.note)
        if isinstance(frame, BookWindow):
            self._take_book(frame)

    def last(self, price: float) -> tuple[float, float] | None:
        """Bid and ask at a price at the end of the newest column."""
        if not self.columns:
            return None
        return self.columns[max(self.columns)][1].get(price, (0.0, 0.0))

    def marks(self, after_ms: int) -> list[int]:
        """Columns of later buckets that are marked, or missing."""
        touched = [time_ms for time_ms, (flaw, _) in self.columns.items() if flaw & Flaw.TOUCHED]
        return sorted(time_ms for time_ms in {*touched, *self.gaps()} if time_ms > after_ms)

    def gaps(self) -> list[int]:
        """Buckets that were told as missing and never came."""
        missing: set[int] = set()
        for from_ms, to_ms in self.spans:
            missing.update(range(from_ms // 100 * 100, to_ms, 100))
        return sorted(missing - set(self.columns))

    def _take_book(self, frame: BookWindow) -> None:
        assert frame.last_bids is not None
        assert frame.last_asks is not None
        self.spans.append((frame.from_ms, frame.to_ms))
        for i, time_ms in enumerate(frame.time_ms.tolist()):
            state: dict[float, tuple[float, float]] = {}
            for side, runs in enumerate((frame.last_bids, frame.last_asks)):
                for price, qty in zip(*(part.tolist() for part in runs.at(i)), strict=True):
                    pair = list(state.get(price, (0.0, 0.0)))
                    pair[side] += qty
                    state[price] = (pair[0], pair[1])
            flaw = 0 if frame.flaws is None else int(frame.flaws[i])
            self.columns[time_ms] = (flaw, state)


@asynccontextmanager
async def listening(provider: Provider, *subs: Subscription) -> AsyncIterator[list[Listener]]:
    """Listen to streams while the block runs, then end them as the engine does."""
    listeners = [Listener() for _ in subs]

    async def listen(sub: Subscription, listener: Listener) -> None:
        stream: Any = provider.stream(sub, [])
        try:
            async with aclosing(stream) as frames:
                async for frame in frames:
                    listener.take(frame)
        except ProviderError as error:
            listener.error = error
        finally:
            listener.ended = True

    tasks = [
        asyncio.create_task(listen(sub, listener))
        for sub, listener in zip(subs, listeners, strict=True)
    ]
    try:
        yield listeners
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await provider.context.http.close()
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome
    left = [task for task in asyncio.all_tasks() if task.get_name().startswith(OURS)]
    assert not left, f"still running: {left}"


__all__ = ["BOOK", "Listener", "listening", "until"]

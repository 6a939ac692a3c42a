"""Liquidations that happened, as a heatmap: what the venues publish, summed by price and time.

It asks nobody itself: it listens to the liquidations of every venue that publishes them, and to
the price of one of them, which says where the levels lie.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import ClassVar

from heatdesk.frames import (
    LIQUIDATION_VENUES,
    CandleSub,
    CandleWindow,
    Frame,
    LiquidationBatch,
    LiquidationEventSub,
    LiquidationSub,
    Notice,
    Subscription,
    venue_title,
)
from heatdesk.providers.base import Provider, ProviderSpec, Span
from heatdesk.providers.happened_cells import Happened
from heatdesk.units import Clock

PERIOD_S = 5.0
"""Pace at which nothing new is said again: the columns go on, and are as old as they look."""
_AT_ONCE_S = 0.2
_PRICE_MS = 60_000
_NOTE = "Binance publishes at most one liquidation a second: sums are an undercount"

_Heard = tuple[str, Frame]


class HappenedProvider(Provider):
    """Sums of liquidations of all venues, from the moment they are asked for."""

    spec: ClassVar[ProviderSpec] = ProviderSpec(
        "happened", "Liquidations that happened", needs_key=False, offers=(LiquidationSub,)
    )

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield the columns that changed: at once, and every few seconds when nothing happens."""
        assert isinstance(sub, LiquidationSub)
        heard: asyncio.Queue[_Heard] = asyncio.Queue()
        wanted: tuple[Subscription, ...] = (*_parts(sub), _price(sub))
        ears = [asyncio.ensure_future(self._listen(one, heard)) for one in wanted]
        try:
            async for frame in self._sums(sub, heard):
                yield frame
        finally:
            for ear in ears:
                ear.cancel()
            await asyncio.gather(*ears, return_exceptions=True)

    async def _listen(self, sub: Subscription, heard: asyncio.Queue[_Heard]) -> None:
        venue = sub.venue if isinstance(sub, LiquidationEventSub) else ""
        async with aclosing(self.context.tap(sub)) as frames:
            async for frame in frames:
                heard.put_nowait((venue, frame))

    async def _sums(
        self, sub: LiquidationSub, heard: asyncio.Queue[_Heard]
    ) -> AsyncIterator[Frame]:
        clock, missing = self.context.clock, dict[str, bool]()
        from_ms = clock.now_ms()
        sums: Happened | None = None
        early: list[LiquidationBatch] = []
        yield Notice(period_s=PERIOD_S, note=_NOTE)
        while True:
            fresh = False
            for venue, frame in await _next(clock, heard, PERIOD_S):
                if isinstance(frame, Notice):
                    told = _note(missing, venue, frame)
                    if told:
                        yield told
                    continue
                if isinstance(frame, LiquidationBatch) and frame.time_ms.size:
                    early.append(frame)
                    fresh = True
                price = _price_of(frame)
                if sums is None and price > 0:
                    sums = Happened(sub.interval_ms, sub.points, sub.quote, price, from_ms)
                    fresh = True
            if sums is not None:
                for batch in early:
                    sums.add(batch)
                early.clear()
                yield sums.frame(clock.now_ms())
            if fresh:
                await clock.sleep(_AT_ONCE_S)  # what comes together is drawn together


def _parts(sub: LiquidationSub) -> tuple[LiquidationEventSub, ...]:
    return tuple(
        LiquidationEventSub(venue.live, venue.id, venue.live_symbol_of(sub.coin))
        for venue in LIQUIDATION_VENUES.values()
    )


def _price(sub: LiquidationSub) -> CandleSub:
    venue = next(iter(LIQUIDATION_VENUES.values()))
    interval_ms = max(_PRICE_MS, sub.interval_ms)
    symbol = venue.live_symbol_of(sub.coin)
    return CandleSub(venue.live, venue.id, symbol, "", interval_ms, sub.points)


def _price_of(frame: Frame) -> float:
    """Price a frame tells; 0 where it tells none."""
    if isinstance(frame, CandleWindow) and frame.close.size:
        price = float(frame.close[-1])
    elif isinstance(frame, LiquidationBatch) and frame.price.size:
        price = float(frame.price[-1])
    else:
        return 0.0
    return price if price > 0 else 0.0


def _note(missing: dict[str, bool], venue: str, notice: Notice) -> Notice | None:
    """What is worth saying of a venue's own notice: that it is missing, or back."""
    if not venue or notice.gap_since_ms is None:
        return None
    before = dict(missing)
    missing[venue] = notice.gap_since_ms > 0
    if missing == before:
        return None
    gone = [venue_title(one) for one, away in missing.items() if away]
    lost = len(gone) == len(LIQUIDATION_VENUES)
    text = f"Missing: {', '.join(gone)}. {_NOTE}" if gone else _NOTE
    return Notice(note=text, gap_since_ms=notice.gap_since_ms if lost else 0)


async def _next(clock: Clock, heard: asyncio.Queue[_Heard], patience_s: float) -> list[_Heard]:
    """Everything heard by now, the first of it waited for; empty when nothing came in time."""
    hearing = asyncio.ensure_future(heard.get())
    waiting = asyncio.ensure_future(clock.sleep(patience_s))
    try:
        await asyncio.wait({hearing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        found = [hearing.result()] if hearing.done() else []
    finally:
        for one in (hearing, waiting):
            one.cancel()
        await asyncio.gather(hearing, waiting, return_exceptions=True)
    while not heard.empty():
        found.append(heard.get_nowait())
    return found

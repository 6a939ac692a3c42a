"""Candles: history on request, newest first, then the forming one as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import numpy as np

from heatdesk.books.events import CandleRow, VenueEvent
from heatdesk.errors import BadRequest, ProviderError
from heatdesk.frames import CandleSub, CandleWindow, Frame, Notice
from heatdesk.providers.base import Span
from heatdesk.providers.live.feed import Desk, MarketFeed
from heatdesk.providers.live.hub import Hub
from heatdesk.providers.live.lane import Lane
from heatdesk.providers.live.rules import Feed, Market
from heatdesk.providers.live.snapshots import ask_venue
from heatdesk.providers.live.wire import Wire
from heatdesk.units import floor_ms, interval_label

POLL_LEAST_S, POLL_MOST_S = 5.0, 60.0
PAUSE_S = 0.1


class CandleFeed(MarketFeed):
    """Candles of one market and interval as they form."""

    def take(self, wire: Wire, event: VenueEvent) -> None:
        """A candle formed or moved."""
        if isinstance(event, CandleRow):
            for lane in self.lanes:
                if isinstance(lane, CandleLane):
                    lane.rows[event.time_ms] = event
                    lane.poke()

    def opened(self, wire: Wire) -> None:
        """What closed meanwhile has to be asked for."""
        for lane in self.lanes:
            if isinstance(lane, CandleLane):
                lane.missed = True
                lane.poke()

    def broken(self, wire: Wire, error: ProviderError, retry_s: float) -> None:
        """No candle comes until the next connection; streams without any are told why."""
        for lane in list(self.lanes):
            if not lane.had_data and self.link.is_hopeless(error):
                lane.fail(error)


class CandleLane(Lane):
    """A stream's seat: candles that moved since it last looked."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, CandleRow] = {}
        self.missed = False


def candle_spans(span: Span, interval_ms: int, limit: int) -> list[Span]:
    """Cut a span into requests of at most ``limit`` candles, newest first."""
    spans = []
    from_ms, to_ms = span
    while to_ms > from_ms:
        begin_ms = max(from_ms, to_ms - limit * interval_ms)
        spans.append((begin_ms, to_ms))
        to_ms = begin_ms
    return spans


async def fetch_candles(desk: Desk, market: Market, interval_ms: int, span: Span) -> CandleWindow:
    """Ask for the candles of a span.

    Raises
    ------
    ProviderError
        `BadRequest` where the venue has no such candles; as `JsonClient.get`; `BadPayload`.
    """
    ask = desk.rules.candles_ask(market, interval_ms, span)
    if ask is None:
        raise no_such_candles(desk, interval_ms)
    reply = await ask_venue(desk, ask)
    rows = desk.rules.parse_candles(market, interval_ms, reply.body)
    inside = [row for row in rows if span[0] <= row.time_ms < span[1]]
    return window_of(inside, span, interval_ms, desk.clock.now_ms())


def window_of(
    rows: Sequence[CandleRow], span: Span, interval_ms: int, complete_ms: int
) -> CandleWindow:
    """Lay candles out as a frame; of several of one bucket the last counts."""
    by_time = {row.time_ms: row for row in rows}
    ordered = [by_time[time_ms] for time_ms in sorted(by_time)]
    return CandleWindow(
        span[0],
        span[1],
        interval_ms,
        np.array([row.time_ms for row in ordered], dtype=np.int64),
        np.array([row.open for row in ordered], dtype=np.float64),
        np.array([row.high for row in ordered], dtype=np.float64),
        np.array([row.low for row in ordered], dtype=np.float64),
        np.array([row.close for row in ordered], dtype=np.float64),
        np.array([row.volume_base for row in ordered], dtype=np.float64),
        complete_ms,
    )


def no_such_candles(desk: Desk, interval_ms: int) -> BadRequest:
    """Say that the venue has no candles of that interval."""
    label = interval_label(interval_ms)
    text = f"{desk.rules.title} has no candles of {label}."
    return BadRequest(desk.rules.provider, text)


async def stream_candles(
    hub: Hub, market: Market, sub: CandleSub, covered: Sequence[Span]
) -> AsyncGenerator[Frame, None]:
    """Yield history, newest first, then the candle that forms."""
    desk, interval_ms = hub.desk, sub.interval_ms
    now_ms = desk.clock.now_ms()
    end_ms = floor_ms(now_ms, interval_ms) + interval_ms
    span = (floor_ms(end_ms - sub.points * interval_ms, interval_ms), end_ms)
    yield Notice(period_s=max(POLL_LEAST_S, interval_ms / 1000), note="")
    if desk.rules.candles_ask(market, interval_ms, span) is not None:
        spans = candle_spans(span, interval_ms, desk.rules.candle_limit)
        for i, part in enumerate(spans):
            if i and any(a <= part[0] and part[1] <= b for a, b in covered):
                continue
            yield await fetch_candles(desk, market, interval_ms, part)
    tail = _forming if desk.rules.topics(Feed.CANDLES, market, interval_ms) else _polled
    async for frame in tail(hub, market, interval_ms):
        yield frame


async def _polled(hub: Hub, market: Market, interval_ms: int) -> AsyncGenerator[Frame, None]:
    desk = hub.desk
    if desk.rules.candles_ask(market, interval_ms, (0, interval_ms)) is None:
        raise no_such_candles(desk, interval_ms)
    while True:
        await desk.clock.sleep(min(max(POLL_LEAST_S, interval_ms / 10_000), POLL_MOST_S))
        yield await fetch_candles(desk, market, interval_ms, _recent(desk, interval_ms))


async def _forming(hub: Hub, market: Market, interval_ms: int) -> AsyncGenerator[Frame, None]:
    desk, lane = hub.desk, CandleLane()
    feed = hub.join(Feed.CANDLES, market, lane, CandleFeed, interval_ms)
    connected = False
    try:
        while True:
            await lane.turn()
            if lane.missed:
                lane.missed = False
                if connected and desk.rules.candles_ask(market, interval_ms, (0, 1)) is not None:
                    recent = _recent(desk, interval_ms, 100)
                    yield await fetch_candles(desk, market, interval_ms, recent)
                connected = True
            rows, lane.rows = lane.rows, {}
            if rows:
                lane.had_data = True
                span = (min(rows), max(rows) + interval_ms)
                yield window_of(list(rows.values()), span, interval_ms, desk.clock.now_ms())
                await desk.clock.sleep(PAUSE_S)
    finally:
        await hub.leave(feed, lane)


def _recent(desk: Desk, interval_ms: int, buckets: int = 2) -> Span:
    end_ms = floor_ms(desk.clock.now_ms(), interval_ms) + interval_ms
    return end_ms - buckets * interval_ms, end_ms

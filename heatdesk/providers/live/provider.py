"""The provider class of every venue with live feeds."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, ClassVar

from heatdesk.books.sampling import Sampler
from heatdesk.errors import BadRequest
from heatdesk.frames import (
    BookSub,
    CandleSub,
    Frame,
    LiquidationEventSub,
    MarketSub,
    Notice,
    Subscription,
    TradeSub,
)
from heatdesk.frames.market import MarketFrame
from heatdesk.providers.base import Provider, ProviderContext, Span
from heatdesk.providers.live.block_size import recommended_block_size
from heatdesk.providers.live.book_feed import BookFeed
from heatdesk.providers.live.candles import candle_spans, fetch_candles, stream_candles
from heatdesk.providers.live.health import book_health, tape_health
from heatdesk.providers.live.hub import Hub
from heatdesk.providers.live.lane import Lane
from heatdesk.providers.live.markets import FRESH_S
from heatdesk.providers.live.pace import Stopwatch
from heatdesk.providers.live.rules import Feed, VenueRules
from heatdesk.providers.live.tape_feed import TapeFeed, TapeLane, nothing
from heatdesk.settings import Settings

PERIOD_S = 5.0
"""A live stream without news for twice as long is shown as stale."""


class LiveProvider(Provider):
    """Live feeds of one venue: a subclass brings its spec and its rules."""

    rules: ClassVar[VenueRules]

    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        ws_url = self.ws_url(context.settings)
        self._hub = Hub(
            self.rules,
            ws_url,
            context.http,
            context.clock,
            random.random,
            own_address=ws_url != self.ws_url(Settings()),
        )
        self._block_sizes: dict[Subscription, float] = {}

    @classmethod
    def base_url(cls, settings: Settings) -> str:
        """Where requests go."""
        return str(cls._section(settings).rest_url)

    @classmethod
    def ws_url(cls, settings: Settings) -> str:
        """Where the live feeds are."""
        return str(cls._section(settings).ws_url)

    @classmethod
    def _section(cls, settings: Settings) -> Any:
        return getattr(settings.providers, cls.spec.id.replace("-", "_"))

    def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield frames for as long as they are wanted."""
        if isinstance(sub, BookSub):
            return self._books(sub)
        if isinstance(sub, TradeSub):
            return self._tape(sub, Feed.TRADES)
        if isinstance(sub, LiquidationEventSub):
            return self._tape(sub, Feed.LIQUIDATIONS)
        if isinstance(sub, CandleSub):
            return self._candles(sub, covered)
        if isinstance(sub, MarketSub):
            return self._markets()
        raise self._not_offered(sub)

    async def fetch(self, sub: Subscription, span: Span | None = None) -> MarketFrame:
        """Ask once: candles of a span, or the markets."""
        if isinstance(sub, MarketSub):
            await self._hub.markets.load()
            return self._hub.markets.listed()
        if isinstance(sub, CandleSub) and span is not None:
            market = await self._hub.markets.want(sub.venue, self._symbol(sub))
            return await fetch_candles(self._hub.desk, market, sub.interval_ms, span)
        raise self._not_offered(sub)

    def requests(self, sub: Subscription, span: Span) -> list[Span]:
        """Cut a span of candles into the requests it takes, newest first."""
        if not isinstance(sub, CandleSub):
            return [span]
        return candle_spans(span, sub.interval_ms, self.rules.candle_limit)

    # --- streams

    async def _books(self, sub: BookSub) -> AsyncGenerator[Frame, None]:
        if len(sub.venues) != 1:
            raise self._not_offered(sub)
        yield self._opening()  # also where this fails the pace is known: it is tried again soon
        market = await self._hub.markets.want(sub.venues[0], self._symbol(sub))
        lane = Lane()
        feed = self._hub.join(Feed.BOOK, market, lane, BookFeed)
        sampler: Sampler | None = None
        watch = Stopwatch(self.context.clock)
        try:
            lane.poke()
            while True:
                await lane.turn()
                watch.restart()
                if sampler is not None and feed.is_set_back(sampler.event_ms):
                    feed.sync.forget(sampler)
                    sampler = None
                if sampler is None and feed.is_live:
                    sampler = self._sampler(sub, feed)
                    feed.sync.listen(sampler)
                notice = lane.notice(book_health(feed))
                if notice is not None:
                    yield notice
                frame = sampler.frame(feed.until_ms()) if sampler is not None else None
                if frame is None:
                    continue
                lane.had_data = True
                yield frame
                await self._rest(lane, watch)
        finally:
            self.context.pace.forget(lane)
            if sampler is not None:
                feed.sync.forget(sampler)
            await self._hub.leave(feed, lane)

    async def _tape(
        self, sub: TradeSub | LiquidationEventSub, kind: Feed
    ) -> AsyncGenerator[Frame, None]:
        yield self._opening()
        market = await self._hub.markets.want(sub.venue, sub.symbol)
        lane = TapeLane()
        feed = self._hub.join(kind, market, lane, TapeFeed)
        watch = Stopwatch(self.context.clock)
        told_s = float("-inf")
        try:
            lane.poke()
            while True:
                await lane.turn()
                watch.restart()
                notice = lane.notice(tape_health(feed))
                if notice is not None:
                    yield notice
                batch = lane.take()
                now_s = self.context.clock.monotonic_s()
                if batch is None and now_s - told_s > PERIOD_S and feed.is_heard:
                    batch = nothing(kind)
                if batch is None:
                    continue
                lane.had_data, told_s = True, now_s
                yield batch
                await self._rest(lane, watch)
        finally:
            self.context.pace.forget(lane)
            await self._hub.leave(feed, lane)

    async def _candles(
        self, sub: CandleSub, covered: Sequence[Span]
    ) -> AsyncGenerator[Frame, None]:
        market = await self._hub.markets.want(sub.venue, self._symbol(sub))
        async for frame in stream_candles(self._hub, market, sub, covered):
            yield frame

    async def _markets(self) -> AsyncGenerator[Frame, None]:
        while True:
            await self._hub.markets.load()
            yield self._hub.markets.listed()
            await self.context.clock.sleep(FRESH_S)

    # --- details

    def _sampler(self, sub: BookSub, feed: BookFeed) -> Sampler:
        block_size = sub.block_size or self._block_sizes.get(sub)
        if block_size is None:
            best = feed.sync.book.best()
            price = best.bid if best.bid > 0 else best.ask
            recommended = recommended_block_size(price, feed.market.tick_size)
            block_size = recommended * sub.resolution.multiple
            self._block_sizes[sub] = block_size
        return Sampler(feed.sync.book, feed.market, sub.interval_ms, block_size, sub.quote)

    async def _rest(self, lane: Lane, watch: Stopwatch) -> None:
        clock = self.context.clock
        await clock.sleep(self.context.pace.pause_s(lane, watch.spent_s(), clock.monotonic_s()))

    def _opening(self) -> Frame:
        return Notice(period_s=PERIOD_S, note="connecting")

    def _symbol(self, sub: BookSub | CandleSub) -> str:
        if sub.symbol:
            return sub.symbol
        text = f"{self.spec.title} is asked by symbol."
        raise BadRequest(self.spec.id, text)

    def _not_offered(self, sub: Subscription) -> BadRequest:
        return BadRequest(self.spec.id, f"{self.spec.title} does not serve {type(sub).__name__}.")

"""The demo market: an invented market that behaves like one, needs no key and no network.

Everything is a pure function of seed, instrument and time, so that the same seed and clock give
the same picture and history can be asked in any order. It yields every kind of frame.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from heatdesk.errors import BadRequest
from heatdesk.frames import (
    VENUES,
    BookSub,
    CandleSub,
    CohortSub,
    DotSub,
    Frame,
    LiquidationEventSub,
    LiquidationSub,
    MarketList,
    MarketSub,
    Notice,
    Subscription,
    TradeSub,
)
from heatdesk.frames.market import MarketFrame
from heatdesk.providers.base import Cost, Provider, ProviderContext, ProviderSpec, Span
from heatdesk.providers.demo_book import BookMaker, BookRequest
from heatdesk.providers.demo_candles import candle_window
from heatdesk.providers.demo_coins import coin_in
from heatdesk.providers.demo_noise import Ints, key_of
from heatdesk.providers.demo_price import path_of
from heatdesk.units import MINUTE_MS, SECOND_MS, floor_ms

if TYPE_CHECKING:
    from heatdesk.providers.demo_cohorts import CohortMaker
    from heatdesk.providers.demo_dots import DotMaker

DEFAULT_SEED = 7
DEFAULT_DEPTH = 500
_WINDOW_POINTS = 250
_FIRST_POINTS = 120
"""A chart shows something while the rest is still being invented."""
_TABLES_AFTER, _MORE_AFTER = 3, 4
"""Turns: charts fill most of a desk, so they come first, then tables, then more of the charts."""
_WINDOW_MINUTES = 400_000
_REQUEST_POINTS = 1000
_TABLE_PERIOD_MS = 5 * MINUTE_MS
_EVENT_PERIOD_MS = SECOND_MS
_FORMING_MS = {BookSub: 5 * SECOND_MS, CandleSub: 5 * SECOND_MS, LiquidationSub: MINUTE_MS}

SeriesSub = BookSub | CandleSub | LiquidationSub


class Demo(Provider):
    """The demo market as a provider.

    Parameters
    ----------
    context : ProviderContext
    seed : int
        Another seed is another market.
    """

    spec: ClassVar[ProviderSpec] = ProviderSpec(
        "demo",
        "Demo market",
        needs_key=False,
        offers=(
            BookSub,
            LiquidationSub,
            CandleSub,
            TradeSub,
            LiquidationEventSub,
            DotSub,
            CohortSub,
            MarketSub,
        ),
        demo=True,
    )

    def __init__(self, context: ProviderContext, seed: int = DEFAULT_SEED) -> None:
        super().__init__(context)
        self._seed = seed
        self._started_ms = context.clock.now_ms()

    # The book is what a desk shows first: what makes the rest is imported when that is asked for.
    @cached_property
    def _dots(self) -> DotMaker:
        from heatdesk.providers.demo_dots import DotMaker

        return DotMaker(self._seed)

    @cached_property
    def _cohorts(self) -> CohortMaker:
        from heatdesk.providers.demo_cohorts import CohortMaker

        return CohortMaker(self._seed)

    def cost(self, sub: Subscription) -> Cost:
        """Invented data costs nothing."""
        if isinstance(sub, BookSub | CandleSub | LiquidationSub):
            return Cost(period_s=_FORMING_MS[type(sub)] / SECOND_MS)
        return Cost(period_s=_TABLE_PERIOD_MS / SECOND_MS)

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield history, newest window first, then each new bucket and the forming one."""
        if isinstance(sub, BookSub | CandleSub | LiquidationSub):
            frames = self._series(sub, covered)
        elif isinstance(sub, TradeSub | LiquidationEventSub):
            frames = self._events(sub)
        else:
            frames = self._tables(sub)
        async for frame in frames:
            yield frame

    async def fetch(self, sub: Subscription, span: Span | None = None) -> MarketFrame:
        """Build one request's worth of a subscription, as known now."""
        now_ms = self.context.clock.now_ms()
        if not isinstance(sub, BookSub | CandleSub | LiquidationSub):
            return self._table(sub, now_ms)
        if span is None:
            span = self._history(sub, now_ms)
        return self._window(sub, span, now_ms)

    def requests(self, sub: Subscription, span: Span) -> list[Span]:
        """Cut a span into requests of at most 1,000 buckets, newest first."""
        if not isinstance(sub, BookSub | CandleSub | LiquidationSub):
            return [span]
        return _cut(span, sub.interval_ms, _REQUEST_POINTS)

    async def _tables(self, sub: Subscription) -> AsyncIterator[Frame]:
        clock = self.context.clock
        now_ms = clock.now_ms()
        await self._let_pass(_TABLES_AFTER)
        while True:
            yield self._table(sub, now_ms)
            next_ms = (now_ms // _TABLE_PERIOD_MS + 1) * _TABLE_PERIOD_MS
            yield Notice(period_s=_TABLE_PERIOD_MS / SECOND_MS, next_ms=next_ms, progress=1.0)
            await clock.sleep((next_ms - now_ms) / SECOND_MS)
            now_ms = max(next_ms, clock.now_ms())

    async def _events(self, sub: TradeSub | LiquidationEventSub) -> AsyncIterator[Frame]:
        from heatdesk.providers.demo_trades import HISTORY_MS

        clock = self.context.clock
        await clock.make_way()
        yield Notice(period_s=_EVENT_PERIOD_MS / SECOND_MS)
        to_ms = clock.now_ms()
        from_ms = to_ms - HISTORY_MS
        while True:
            yield self._event_batch(sub, from_ms, to_ms)
            from_ms = to_ms
            next_ms = (to_ms // _EVENT_PERIOD_MS + 1) * _EVENT_PERIOD_MS
            await clock.sleep((next_ms - to_ms) / SECOND_MS)
            to_ms = max(next_ms, clock.now_ms() // _EVENT_PERIOD_MS * _EVENT_PERIOD_MS)

    def _event_batch(
        self, sub: TradeSub | LiquidationEventSub, from_ms: int, to_ms: int
    ) -> MarketFrame:
        from heatdesk.providers.demo_trades import TradeMaker

        maker = TradeMaker(path_of(self._seed, coin_in(sub.symbol, "")), self._seed, sub.venue)
        if isinstance(sub, TradeSub):
            return maker.trades(from_ms, to_ms)
        return maker.liquidations(from_ms, to_ms)

    async def _series(self, sub: SeriesSub, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        clock = self.context.clock
        pace_ms = _FORMING_MS[type(sub)]
        now_ms = clock.now_ms()
        history = self._history(sub, now_ms)
        points = max(8, min(_WINDOW_POINTS, _WINDOW_MINUTES * MINUTE_MS // sub.interval_ms))
        # the newest bucket is asked again: it may have been forming when it arrived
        newest_ms = floor_ms(now_ms - 1, sub.interval_ms)
        missing = _without(history, [(a, min(b, newest_ms)) for a, b in covered])
        windows = [cut for span in missing for cut in _cut(span, sub.interval_ms, points)]
        first = _FIRST_POINTS * sub.interval_ms
        if windows and windows[0][1] - windows[0][0] > first:
            from_ms, to_ms = windows[0]
            windows[:1] = [(to_ms - first, to_ms), (from_ms, to_ms - first)]
        yield Notice(period_s=pace_ms / SECOND_MS, progress=0.0)
        if isinstance(sub, LiquidationSub):
            await clock.make_way()
        for done, span in enumerate(windows, 1):
            yield self._window(sub, span, now_ms)
            yield Notice(progress=done / len(windows))
            await self._let_pass(_MORE_AFTER if done == 1 else 1)
        while True:
            next_ms = (now_ms // pace_ms + 1) * pace_ms
            yield Notice(next_ms=next_ms)
            await clock.sleep((next_ms - now_ms) / SECOND_MS)
            # the bucket that was forming before is asked once more, now whole
            from_ms = floor_ms(now_ms - 1, sub.interval_ms)
            now_ms = max(next_ms, clock.now_ms() // pace_ms * pace_ms)
            to_ms = floor_ms(now_ms - 1, sub.interval_ms) + sub.interval_ms
            from_ms = max(from_ms, to_ms - sub.points * sub.interval_ms)
            for span in _cut((from_ms, to_ms), sub.interval_ms, points):
                yield self._window(sub, span, now_ms)

    async def _let_pass(self, turns: int) -> None:
        """Let the windows and the other streams have so many turns."""
        for _ in range(turns):
            await self.context.clock.make_way()

    @staticmethod
    def _history(sub: SeriesSub, now_ms: int) -> Span:
        to_ms = floor_ms(now_ms - 1, sub.interval_ms) + sub.interval_ms
        return to_ms - sub.points * sub.interval_ms, to_ms

    def _window(self, sub: SeriesSub, span: Span, now_ms: int) -> MarketFrame:
        """Build the frame of a span; buckets that have not begun yet are left out."""
        if isinstance(sub, CandleSub):
            path = path_of(self._seed, coin_in(sub.symbol, sub.coin))
            return candle_window(path, sub.venue, sub.interval_ms, *span, now_ms)
        time_ms = _buckets(span, sub.interval_ms, now_ms)
        if isinstance(sub, LiquidationSub):
            from heatdesk.providers.demo_liquidation import VENUE as LIQUIDATION_VENUE
            from heatdesk.providers.demo_liquidation import LiquidationMaker

            path = path_of(self._seed, coin_in("", sub.coin))
            time_ms = self._uninterrupted(time_ms, sub.interval_ms, LIQUIDATION_VENUE)
            maker = LiquidationMaker(path, self._seed)
            return maker.window(sub.interval_ms, sub.depth, sub.quote, span, time_ms, now_ms)
        path = path_of(self._seed, coin_in(sub.symbol, sub.coin))
        ask = BookRequest(
            sub.venues,
            sub.interval_ms,
            path.coin.block_size * sub.resolution.multiple
            if sub.block_size is None
            else sub.block_size,
            DEFAULT_DEPTH if sub.depth is None else sub.depth,
            sub.quote,
        )
        self._check(ask)
        time_ms = self._uninterrupted(time_ms, sub.interval_ms, ask.venues[0])
        return BookMaker(path, self._seed).window(ask, *span, time_ms, now_ms)

    @staticmethod
    def _check(ask: BookRequest) -> None:
        if not (ask.block_size > 0 and ask.depth > 0 and ask.venues):
            raise BadRequest(
                "demo",
                "The demo market needs a venue, a block size and a depth above zero.",
                f"venues {ask.venues}, block size {ask.block_size}, depth {ask.depth}",
            )

    def _uninterrupted(self, time_ms: Ints, interval_ms: int, name: str) -> Ints:
        """Leave out one short interruption, well before this market was opened."""
        chance = key_of(self._seed, "interruption", name, interval_ms)
        first_ms = floor_ms(self._started_ms, interval_ms) - (60 + chance % 70) * interval_ms
        last_ms = first_ms + (3 + chance // 70 % 3) * interval_ms
        return time_ms[(time_ms < first_ms) | (time_ms >= last_ms)]

    def _table(self, sub: Subscription, now_ms: int) -> MarketFrame:
        if isinstance(sub, TradeSub | LiquidationEventSub):
            from heatdesk.providers.demo_trades import HISTORY_MS

            return self._event_batch(sub, now_ms - HISTORY_MS, now_ms)
        if isinstance(sub, DotSub):
            return self._dots.dots(sub.mode, sub.category, now_ms)
        if isinstance(sub, CohortSub):
            return self._cohorts.table(sub.opened_within, now_ms)
        return _markets(now_ms)


def _buckets(span: Span, interval_ms: int, now_ms: int) -> Ints:
    """Starts of the buckets in a span that have begun."""
    first_ms = floor_ms(span[0] + interval_ms - 1, interval_ms)
    return np.arange(first_ms, min(span[1], now_ms), interval_ms, dtype=np.int64)


def _cut(span: Span, interval_ms: int, points: int) -> list[Span]:
    """Pieces of at most that many buckets, newest first."""
    from_ms, to_ms = span
    width_ms = points * interval_ms
    pieces = []
    while to_ms > from_ms:
        pieces.append((max(from_ms, to_ms - width_ms), to_ms))
        to_ms -= width_ms
    return pieces


def _without(span: Span, covered: Sequence[Span]) -> list[Span]:
    """What is left of a span, newest first."""
    left = []
    from_ms, to_ms = span
    for a, b in sorted(covered, reverse=True):
        if b <= a or b <= from_ms or a >= to_ms:
            continue
        if b < to_ms:
            left.append((b, to_ms))
        to_ms = a
    if to_ms > from_ms:
        left.append((from_ms, to_ms))
    return left


def _markets(now_ms: int) -> MarketList:
    """Every venue with the coins the demo trades most."""
    from heatdesk.providers.demo_cohorts import traded_coins

    rows = []
    for venue in VENUES.values():
        if venue.id in ("CME", "HYPERLIQUID_HIP3"):
            continue
        perp = venue.title.split()[-1] in ("Perp", "Coin-M", "Futures", "Market")
        for coin in traded_coins()[:40]:
            example = venue.example_symbol
            word = next(w for w in ("XBT", "BTC", "btc") if w in example)
            symbol = example.replace(word, coin.shown if word != "btc" else coin.shown.lower())
            if coin.symbol == "BTC":
                symbol = example
            rows.append((venue.id, symbol, coin.shown, "PERPETUAL" if perp else "SPOT"))
    return MarketList(now_ms, tuple(sorted(rows)))

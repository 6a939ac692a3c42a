"""Connections and feeds of one venue, shared by all streams: each exists while somebody listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from heatdesk.books.events import (
    BookChange,
    CandleRow,
    Closing,
    Liquidated,
    MarketChanged,
    Refused,
    Traded,
)
from heatdesk.errors import (
    BadPayload,
    BadRequest,
    BodyCut,
    MarketPaused,
    ProviderError,
    RegionBlocked,
    ServerTrouble,
    UnknownMarket,
)
from heatdesk.net.client import JsonClient
from heatdesk.providers.live.attempts import Attempts
from heatdesk.providers.live.book_feed import BookFeed
from heatdesk.providers.live.feed import Desk, MarketFeed
from heatdesk.providers.live.lane import Lane
from heatdesk.providers.live.link import Link
from heatdesk.providers.live.markets import Markets
from heatdesk.providers.live.rules import Feed, Market, Topic, VenueRules
from heatdesk.providers.live.tape_feed import TapeFeed
from heatdesk.providers.live.wire import Wire
from heatdesk.units import Clock, format_age

log = logging.getLogger(__name__)

TICK_S = 0.25
SLEPT_S = 8.0
"""A turn of the loop that is late by so much means that the machine slept."""
SYMBOL_SEARCH_BYTES = 4096

Key = tuple[Feed, str, str, int]
"""Kind, line, symbol, and the interval of candles."""
F = TypeVar("F", bound=MarketFeed)


class Hub:
    """Everything that is alive of one venue.

    Parameters
    ----------
    ws_url : str
        Base address of the live feeds.
    jitter : callable
        Numbers from 0 to 1 that spread retries.
    own_address : bool
        The address was set by the user: what fails there names it.

    Attributes
    ----------
    markets : Markets
    """

    def __init__(
        self,
        rules: VenueRules,
        ws_url: str,
        http: JsonClient,
        clock: Clock,
        jitter: Callable[[], float],
        *,
        own_address: bool = False,
    ) -> None:
        self._rules = rules
        self._ws_url, self._own_address = ws_url, own_address
        self._clock = clock
        self._desk = Desk(rules, clock, http, self._spawn, jitter, self._look_at)
        self.markets = Markets(self._desk)
        self._attempts = Attempts(rules.limits.connects_per_5min, clock)
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._feeds: dict[Key, MarketFeed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"Hub({self._rules.provider}, {len(self._feeds)} feeds, {len(self._links)} links)"

    @property
    def desk(self) -> Desk:
        """What feeds work with."""
        return self._desk

    # --- streams come and go

    def join(
        self,
        kind: Feed,
        market: Market,
        lane: Lane,
        make: Callable[[Desk, Market, Link, tuple[Topic, ...]], F],
        interval_ms: int = 0,
    ) -> F:
        """Give a stream a seat at a feed, which begins with the first of them.

        Raises
        ------
        BadRequest
            When the venue does not send such a feed.
        """
        topics = self._rules.topics(kind, market, interval_ms)
        if not topics:
            text = f"{self._rules.title} does not publish {kind.value} of {market.symbol}."
            raise BadRequest(self._rules.provider, text)
        key = (kind, topics[0].line, market.symbol, interval_ms)
        feed = self._feeds.get(key)
        if feed is None:
            first, *others = _by_line(topics)
            feed = make(self._desk, market, self._link_with(first), first)
            feed.beside = tuple((self._link_with(part), part) for part in others)
            self._feeds[key] = feed
        feed.lanes.add(lane)
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick(), name=f"tick {self._rules.provider}")
        return feed  # type: ignore[return-value]

    async def leave(self, feed: MarketFeed, lane: Lane) -> None:
        """A stream ends; with the last one its feed does, and what served it."""
        feed.lanes.discard(lane)
        # A stream that begins just now may take the seat: nothing is torn down for it.
        await self._clock.sleep(0)
        await self._clock.sleep(0)
        if feed.lanes or feed not in self._feeds.values():
            return
        self._feeds = {key: known for key, known in self._feeds.items() if known is not feed}
        feed.close()
        ending: list[asyncio.Task[None]] = []
        for link, topics in ((feed.link, feed.topics), *feed.beside):
            link.remove(topics)
            if not link.topics and link in self._links:
                ending.append(self._links.pop(link))
        if not self._feeds:
            ending += self._tasks
            if self._ticking is not None:
                ending.append(self._ticking)
                self._ticking = None
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def book_of(self, market: Market) -> BookFeed | None:
        """The book of a market, if somebody wants it."""
        for feed in self._feeds.values():
            found = feed.market
            same = (found.venue, found.symbol) == (market.venue, market.symbol)
            if isinstance(feed, BookFeed) and same:
                return feed
        return None

    # --- what connections tell

    def heard(self, link: Link, wire: Wire, raw: bytes) -> None:
        """A message came: read it, and hand on what it says."""
        try:
            events = self._rules.parse(link.line, raw, self.markets)
        except BadPayload as error:
            wire.complain(error)
            self._damaged(link, raw, error)
            return
        for event in events:
            if isinstance(event, BookChange):
                self._route(Feed.BOOK, link, wire, event)
            elif isinstance(event, Traded):
                self._traded(link, wire, event)
            elif isinstance(event, Liquidated):
                self._route(Feed.LIQUIDATIONS, link, wire, event)
            elif isinstance(event, CandleRow):
                self._route(Feed.CANDLES, link, wire, event, event.interval_ms)
            elif isinstance(event, Closing):
                wire.closing = True
                link.turned(wire)
            elif isinstance(event, Refused):
                self._refused(link, wire, event)
            elif isinstance(event, MarketChanged):
                self._spawn(self._look_again(link, event.symbol))

    def opened(self, link: Link, wire: Wire) -> None:
        """A connection was opened."""
        for feed in self._of(link):
            feed.opened(wire)

    def broken(self, link: Link, wire: Wire, error: ProviderError, retry_s: float) -> None:
        """The leading connection ended, or could not be opened."""
        log.info("%s: %s", type(error).__name__, error)
        for feed in self._of(link):
            if isinstance(error, RegionBlocked):
                feed.fail(error)
            feed.broken(wire, error, retry_s)

    def handed_over(self, link: Link, wire: Wire) -> bool:
        """Whether no feed needs that old connection any more."""
        return not any(feed.uses(wire) for feed in self._of(link))

    def retired(self, link: Link, wire: Wire) -> None:
        """A connection ended, and another leads."""
        for feed in self._of(link):
            feed.retired(wire)

    def is_lively(self, link: Link) -> bool:
        """A book changes all the time; trades may rest, and liquidations do."""
        return any(isinstance(feed, BookFeed) for feed in self._of(link))

    # --- one at a time

    def _route(
        self,
        kind: Feed,
        link: Link,
        wire: Wire,
        event: BookChange | Traded | Liquidated | CandleRow,
        interval_ms: int = 0,
    ) -> None:
        feed = self._feeds.get((kind, link.line, event.symbol, interval_ms))
        if feed is not None and feed.link is link:
            feed.take(wire, event)
            return
        for other in self._feeds.values():
            if other.market.symbol == event.symbol and link in (side for side, _ in other.beside):
                other.take_beside(wire, event)

    def _traded(self, link: Link, wire: Wire, event: Traded) -> None:
        feed = self._feeds.get((Feed.TRADES, link.line, event.symbol, 0))
        if not isinstance(feed, TapeFeed):
            return
        feed.take(wire, event)
        book = self.book_of(feed.market)
        if book is not None:
            book.traded(event.batch)

    def _damaged(self, link: Link, raw: bytes, error: BadPayload) -> None:
        """A message is lost: who may have been meant cannot trust its data any more."""
        text = raw[:SYMBOL_SEARCH_BYTES].upper()
        feeds = self._of(link)
        meant = [feed for feed in feeds if feed.market.symbol.upper().encode() in text]
        for feed in meant or feeds:
            feed.damaged(error)

    def _refused(self, link: Link, wire: Wire, event: Refused) -> None:
        asked = {topic.name for topic in wire.topics_of(event.request_id)}
        for feed in self._of(link):
            names = {topic.name for topic in feed.topics}
            meant = (
                event.topic in names
                or (event.symbol and event.symbol == feed.market.symbol and not event.topic)
                or (not event.topic and not event.symbol and bool(asked & names))
            )
            if not meant:
                continue
            title, provider = self._rules.title, self._rules.provider
            if event.unknown_market:
                self.markets.stale()
                text = f"{title} has no market {feed.market.symbol}: {event.reason}"
                feed.fail(UnknownMarket(provider, text))
            elif not (isinstance(feed, BookFeed) and feed.is_live):
                text = f"{title} refused {feed.market.symbol}: {event.reason}"
                feed.fail(ServerTrouble(provider, text))

    async def _look_again(self, link: Link, symbol: str) -> None:
        """A market changed: its feeds go on with what it is now, or end."""
        self.markets.stale()
        for market in {f.market for f in self._of(link) if f.market.symbol == symbol}:
            await self._look_at(market)

    async def _look_at(self, market: Market) -> None:
        """Feeds of a market go on with what it is now, or end."""
        error: ProviderError | None = None
        found = market
        try:
            found = await self.markets.look(market.venue, market.symbol)
        except (UnknownMarket, MarketPaused) as stopped:
            error = stopped
        except ProviderError as trouble:
            log.warning("%s: %s", type(trouble).__name__, trouble)
            return
        key = (market.venue, market.symbol)
        for feed in [f for f in self._feeds.values() if (f.market.venue, f.market.symbol) == key]:
            if error is None:
                feed.changed(found)
            else:
                feed.damaged(error)
                feed.fail(error)

    # --- time passes

    async def _tick(self) -> None:
        mono_s, wall_ms = self._clock.monotonic_s(), self._clock.now_ms()
        while True:
            await self._clock.sleep(TICK_S)
            now_s, now_ms = self._clock.monotonic_s(), self._clock.now_ms()
            # a monotonic clock may or may not run on while the machine sleeps
            slept_s = max(now_s - mono_s, (now_ms - wall_ms) / 1000) - TICK_S
            mono_s, wall_ms = now_s, now_ms
            if slept_s > SLEPT_S:
                self._woke_up(slept_s)
            for feed in list(self._feeds.values()):
                feed.tick()

    def _woke_up(self, slept_s: float) -> None:
        """Whatever was open before is dead or full of old messages."""
        text = f"This computer was asleep for {format_age(slept_s)}."
        log.info("%s: %s", self._rules.provider, text)
        error = BodyCut(self._rules.provider, text)
        for link in self._links:
            link.skew.forget()
            link.restart(error)

    # --- links and tasks

    def _of(self, link: Link) -> list[MarketFeed]:
        return [feed for feed in self._feeds.values() if feed.link is link]

    def _link_with(self, topics: tuple[Topic, ...]) -> Link:
        link = self._link_for(topics)
        link.add(topics)
        return link

    def _link_for(self, topics: tuple[Topic, ...]) -> Link:
        line, most = topics[0].line, self._rules.limits.topics_per_connection
        for link in self._links:
            if link.line == line and len(link.topics) + len(topics) <= most:
                return link
        link = Link(
            self._rules,
            line,
            self._ws_url,
            self._clock,
            self._desk.jitter,
            self._attempts,
            self,
            own_address=self._own_address,
        )
        self._links[link] = asyncio.create_task(link.run(), name=f"link {self._rules.provider}")
        return link

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(work), name=f"feed {self._rules.provider}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a task of %s stopped", self._rules.provider)


def _by_line(topics: tuple[Topic, ...]) -> list[tuple[Topic, ...]]:
    """Part topics by the kind of connection that carries them, in their order."""
    lines = dict.fromkeys(topic.line for topic in topics)
    return [tuple(topic for topic in topics if topic.line == line) for line in lines]

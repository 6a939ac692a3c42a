"""What a market's feeds have in common: topics on a link, the streams that listen, the events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from heatdesk.books.events import VenueEvent
from heatdesk.errors import ProviderError
from heatdesk.net.client import JsonClient
from heatdesk.providers.live.lane import Lane
from heatdesk.providers.live.link import Link
from heatdesk.providers.live.rules import Market, Topic, VenueRules
from heatdesk.providers.live.wire import Wire
from heatdesk.units import Clock


@dataclass(frozen=True, slots=True)
class Desk:
    """What a feed works with.

    Attributes
    ----------
    spawn : callable
        Runs a coroutine as a task that ends, at the latest, with the provider's last stream.
    jitter : callable
        Numbers from 0 to 1 that spread retries.
    look_at : callable
        Looks up a market that has gone quiet: its streams end with a sentence where it does not
        trade any more.
    """

    rules: VenueRules
    clock: Clock
    http: JsonClient
    spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
    jitter: Callable[[], float]
    look_at: Callable[[Market], Coroutine[Any, Any, None]]


class MarketFeed:
    """One kind of data of one market, shared by every stream that wants it.

    Attributes
    ----------
    lanes : set of Lane
        The streams that listen.
    beside : tuple of (Link, topics)
        Further connections that add to the data; the feed lives without them.
    """

    def __init__(self, desk: Desk, market: Market, link: Link, topics: tuple[Topic, ...]) -> None:
        self.desk = desk
        self.market = market
        self.link = link
        self.topics = topics
        self.lanes: set[Lane] = set()
        self.beside: tuple[tuple[Link, tuple[Topic, ...]], ...] = ()

    def take(self, wire: Wire, event: VenueEvent) -> None:
        """An event of this feed came."""

    def take_beside(self, wire: Wire, event: VenueEvent) -> None:
        """An event of this feed came on one of the further connections."""

    def opened(self, wire: Wire) -> None:
        """A connection of its link was opened."""

    def broken(self, wire: Wire, error: ProviderError, retry_s: float) -> None:
        """The leading connection ended, or could not be opened."""

    def retired(self, wire: Wire) -> None:
        """A connection ended, and another leads."""

    def damaged(self, error: ProviderError) -> None:
        """A message that was probably about it cannot be read."""

    def changed(self, market: Market) -> None:
        """The market itself changed."""
        self.market = market

    def tick(self) -> None:
        """Some time passed."""

    def uses(self, wire: Wire) -> bool:
        """Whether it still needs that connection although another is to follow it."""
        return False

    def close(self) -> None:
        """Nobody listens any more."""

    def fail(self, error: ProviderError) -> None:
        """End every stream that listens."""
        for lane in list(self.lanes):
            lane.fail(error)

    def poke(self) -> None:
        """Wake every stream that listens."""
        for lane in self.lanes:
            lane.poke()

"""A quiet book is asked about before it is called lost: a market may rest, a stream may be dead.

A stream that says nothing cannot be told from a market in which nothing happens. The venue's
answer to a request can: where it tells the same book, the silence was the market's, and all of
it was observed.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange, Level
from heatdesk.books.shapes import vouched
from heatdesk.books.sync import BookSync
from heatdesk.books.watch import BookWatch
from heatdesk.errors import BodyCut, ProviderError
from heatdesk.providers.live.feed import Desk
from heatdesk.providers.live.link import Link
from heatdesk.providers.live.rules import Market
from heatdesk.providers.live.snapshots import ask_venue
from heatdesk.providers.live.wire import Wire

log = logging.getLogger(__name__)

AUDIT_SHARE = 0.5
"""A book is asked about after this share of the silence after which it counts as lost."""
AGAIN_SHARE = 0.1
"""So much of that silence later it is asked about again, where nothing was learnt or the answer
was another book: its news may be on the way."""
ALIVE_S = 15.0
"""A connection from whose other end nothing came for longer, no pong either, proves nothing."""
LOOK_S = 60.0
"""A book in a gap may belong to a market that stands still: so often that is looked up."""
_SAME = 1e-9


class Finding(Enum):
    """What a comparison says."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """The book moved on meanwhile, or the answer is older than it."""


class Audited(Protocol):
    """A book that is kept from a stream."""

    market: Market
    sync: BookSync
    watch: BookWatch
    link: Link

    @property
    def is_live(self) -> bool:
        """Whether it can be believed."""

    @property
    def was_live(self) -> bool:
        """Whether it was at any time."""

    @property
    def source(self) -> Wire | None:
        """The connection that brings it."""

    @property
    def last_id(self) -> int:
        """The venue's number of the newest message that entered it; 0 where it does not count."""

    def damaged(self, error: ProviderError) -> None:
        """It cannot be believed any longer."""

    def poke(self) -> None:
        """Wake who reads it."""


class Auditor:
    """Asks about one book while it is quiet and its connection is provably alive.

    Parameters
    ----------
    feed : Audited
        Whose book it is.
    silence_s : float
        Silence after which the book counts as lost.
    """

    def __init__(self, desk: Desk, feed: Audited, silence_s: float) -> None:
        self._desk = desk
        self._feed = feed
        self._silence_s = silence_s
        self._next_s = -math.inf
        self._task: asyncio.Task[None] | None = None

    def look(self, now_ms: int, now_s: float) -> None:
        """Do what is due; ``now_ms`` is the local clock, ``now_s`` the monotonic one."""
        if self._task is not None or now_s < self._next_s or not self._is_connected(now_s):
            return
        feed = self._feed
        if feed.is_live:
            silent_s = feed.watch.silent_ms(now_ms) / 1000
            if 0 < AUDIT_SHARE * self._silence_s <= silent_s:
                self._next_s = now_s + AGAIN_SHARE * self._silence_s
                self._task = self._desk.spawn(self._audit())
        elif feed.was_live and now_ms - feed.sync.gap_since_ms > self._silence_s * 1000:
            self._next_s = now_s + LOOK_S
            self._task = self._desk.spawn(self._look_up())

    def close(self) -> None:
        """Nobody wants the book any more."""
        if self._task is not None:
            self._task.cancel()

    def _is_connected(self, now_s: float) -> bool:
        wire = self._feed.source
        return wire is not None and now_s - wire.alive_s <= ALIVE_S

    async def _audit(self) -> None:
        try:
            found = await self._compare()
            if found is Finding.DIFFERENT:
                # its news may be on the way
                await self._desk.clock.sleep(AGAIN_SHARE * self._silence_s)
                found = await self._compare()
            if found is Finding.DIFFERENT:
                self._feed.damaged(self._proven())
        except ProviderError as error:
            log.info("%s: %s", type(error).__name__, error)
        finally:
            self._task = None
        await self._desk.look_at(self._feed.market)

    async def _look_up(self) -> None:
        try:
            await self._desk.look_at(self._feed.market)
        finally:
            self._task = None

    async def _compare(self) -> Finding:
        """Ask, and vouch for the book where the answer is the same."""
        feed, clock = self._feed, self._desk.clock
        ask = self._desk.rules.audit_ask(feed.market)
        if ask is None:
            return Finding.UNKNOWN
        seen, asked_ms = feed.sync.book.changes, clock.now_ms()
        reply = await ask_venue(self._desk, ask)
        told = self._desk.rules.parse_audit(feed.market, reply.body)
        wire = feed.source
        if not feed.is_live or wire is None or feed.sync.book.changes != seen:
            return Finding.UNKNOWN
        found = compared(feed.sync.book, feed.last_id, told)
        if found is Finding.SAME:
            at_ms = feed.link.skew.venue_ms(asked_ms)
            feed.sync.vouch(at_ms)
            feed.watch.changed(feed.sync.event_ms, clock.now_ms())
            wire.explained()
            feed.poke()
        return found

    def _proven(self) -> BodyCut:
        title, symbol = self._desk.rules.title, self._feed.market.symbol
        return BodyCut(
            self._desk.rules.provider,
            f"{title} sent no news of {symbol} although its book has changed.",
        )


def compared(book: DenseBook, last_id: int, told: BookChange) -> Finding:
    """Hold a book against a snapshot, where both say that they know every level."""
    if 0 < told.last_id < last_id:
        return Finding.UNKNOWN
    mine, theirs = book.reach, vouched(told)
    if mine is None or theirs is None:
        return Finding.UNKNOWN if mine is None else Finding.DIFFERENT
    low, high = max(mine[0], theirs[0]), min(mine[1], theirs[1])
    most = max(len(told.bids), len(told.asks)) + 1
    for held, levels in zip(book.top(most), (told.bids, told.asks), strict=True):
        if not _equal(_within(held, low, high), sorted(_within(levels, low, high))):
            return Finding.DIFFERENT
    return Finding.SAME


def _within(levels: Sequence[Level], low: float, high: float) -> list[Level]:
    slack = _SAME * low
    return [one for one in levels if one[1] > 0 and low - slack <= one[0] <= high * (1 + _SAME)]


def _equal(held: list[Level], told: list[Level]) -> bool:
    if len(held) != len(told):
        return False
    return all(
        math.isclose(a, b, rel_tol=_SAME)
        for one, other in zip(sorted(held), told, strict=True)
        for a, b in zip(one, other, strict=True)
    )

"""One market's live book: kept in step, lost and found again, shared by every stream of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange, VenueEvent
from heatdesk.books.sync import BookSync, SyncState
from heatdesk.books.watch import BookWatch
from heatdesk.errors import BadPayload, ProviderError, RateLimited
from heatdesk.frames import TradeBatch
from heatdesk.net.backoff import Retries
from heatdesk.providers.live.audit import Auditor, Finding, compared
from heatdesk.providers.live.book_age import BookAge
from heatdesk.providers.live.feed import Desk, MarketFeed
from heatdesk.providers.live.handover import Handover
from heatdesk.providers.live.link import Link, is_hopeless
from heatdesk.providers.live.rules import Market, Topic
from heatdesk.providers.live.snapshots import fetch_snapshot
from heatdesk.providers.live.widening import Widening
from heatdesk.providers.live.wire import Wire, WireState

SYNC_PATIENCE_S = 5.0
"""A book that has no snapshot after this long is asked for anew."""
RESYNC_FIRST_S, RESYNC_MOST_S = 0.25, 8.0
"""A book is asked for anew sooner than a connection: messages and requests have paces of their own."""
HELD_PATIENCE_S = 1.0
"""A snapshot is fetched once a difference is held back, or after this long without one."""
JUMP_MS = 5_000
"""A venue's time that is set back, or runs ahead of the clocks, by more starts the book anew."""


class BookFeed(MarketFeed):
    """A book and everything that keeps it true.

    Attributes
    ----------
    sync : BookSync
        The machine that keeps the book.
    trouble : str
        What keeps the book from being LIVE now, in words; empty where nothing but waiting does.
    """

    def __init__(self, desk: Desk, market: Market, link: Link, topics: tuple[Topic, ...]) -> None:
        super().__init__(desk, market, link, topics)
        self.sync = BookSync(DenseBook(market.tick_size), desk.rules.sequence(market))
        silence_ms = round(desk.rules.limits.book_silence_s * 1000)
        self.watch = BookWatch(self.sync.book, silence_ms)
        self.age = BookAge(link.skew, silence_ms, self.sync.sequence.most_apart_ms)
        self._audit = Auditor(desk, self, desk.rules.limits.book_silence_s)
        self.trouble = self._bygone = self._kept_back = ""
        self.retry_ms: int | None = None
        self._in_stream = self.sync.sequence.snapshot_in_stream
        self._handover = Handover(self._in_stream, self.sync.sequence.most_apart_ms)
        self._source: Wire | None = None
        self._state = SyncState.SYNCING
        self._retries = Retries(
            desk.clock, desk.jitter, first_s=RESYNC_FIRST_S, most_s=RESYNC_MOST_S, healthy_s=0.5
        )
        self._begun_s = desk.clock.monotonic_s()
        self._widening = Widening(self.sync.book)
        self._undated: BookChange | None = None
        self._resyncing: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None
        if link.lead is not None and link.lead.state is WireState.OPEN:
            self.opened(link.lead)

    @property
    def is_live(self) -> bool:
        """Whether the book can be believed."""
        return self.sync.state is SyncState.LIVE

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection that brings it."""
        return self._source is not None

    @property
    def source(self) -> Wire | None:
        """The connection that brings it."""
        return self._source

    @property
    def last_id(self) -> int:
        """The venue's number of the newest message that entered it; 0: it has none."""
        return self._handover.last_id

    @property
    def was_live(self) -> bool:
        """Whether the book was LIVE at any time."""
        return self.sync.state is SyncState.LIVE or self.sync.gap_since_ms > 0

    def is_set_back(self, event_ms: int) -> bool:
        """Whether the book lives at a time long before that one: the venue's clock was set."""
        return self.is_live and self.sync.event_ms < event_ms - JUMP_MS

    def until_ms(self) -> int:
        """The venue's time until which this book is known, or known to be lost."""
        now_ms = self.desk.clock.now_ms()
        if self.sync.state is not SyncState.LIVE:
            return max(self.sync.gap_since_ms, self.age.lost_until_ms(now_ms))
        heard_ms = self._source.heard_ms if self._source is not None else 0
        return self.age.known_until_ms(self.sync.event_ms, heard_ms)

    # --- what the link tells

    def take(self, wire: Wire, event: VenueEvent) -> None:
        """A snapshot or a difference came."""
        if not isinstance(event, BookChange):
            return
        source = self._source
        if source is None or source.state is WireState.ENDED:
            self._adopt(wire)
        elif wire is not source:
            if wire.number > source.number:
                self._handover.keep(self._dated(event, wire.heard_ms))
                self._hand_over_when_ready(wire)
            return
        self._enter(event, wire.heard_ms)
        if self._handover.waiting and self.link.heir is not None:
            self._hand_over_when_ready(self.link.heir)

    def take_beside(self, wire: Wire, event: VenueEvent) -> None:
        """A snapshot that another connection completed: it enters while the book is LIVE."""
        if isinstance(event, BookChange) and self.sync.state is SyncState.LIVE:
            self._enter(event, wire.heard_ms)

    def opened(self, wire: Wire) -> None:
        """The leading connection is there: the book starts anew on it."""
        if wire is self.link.lead and self._source is not wire:
            self._adopt(wire)

    def broken(self, wire: Wire, error: ProviderError, retry_s: float) -> None:
        """Without a connection the book is in doubt since its last message."""
        if self._source in (wire, None):
            self._source = None
            self.retry_ms = self.desk.clock.now_ms() + round(retry_s * 1000)
            self._lose(error.user_message, resync=False)
        if not self.was_live and self.link.is_hopeless(error):
            self.fail(error)

    def retired(self, wire: Wire) -> None:
        """Another connection leads: the book goes on with it, or starts anew."""
        if wire is not self._source:
            self._handover.clear()
            return
        if self.link.lead is None:
            self._source = None
            return
        told = self._handover.snapshot if wire.state is WireState.OPEN else None
        if told is not None and compared(self.sync.book, 0, told) is Finding.SAME:
            # a quiet book: nothing became of it until the heir told it, while others talked on
            self.sync.vouch(min(self.until_ms(), told.event_ms))
        self._switch(self.link.lead)

    def damaged(self, error: ProviderError) -> None:
        """A message was lost: without it the book may be wrong."""
        self._lose(error.user_message)

    def changed(self, market: Market) -> None:
        """Another tick size: the book starts anew with it."""
        old, self.market = self.market, market
        if market.tick_size != old.tick_size:
            self._lose(f"The tick size of {market.symbol} changed.")
            self.sync.book.retick(market.tick_size)

    def uses(self, wire: Wire) -> bool:
        """Whether the book has not yet moved on from that connection."""
        return self._source is wire

    def traded(self, batch: TradeBatch) -> None:
        """Trades of this market came: they must agree with the best prices."""
        if self.sync.state is SyncState.LIVE:
            self.watch.traded(batch)

    def tick(self) -> None:
        """Look for silence, a crossed book, a snapshot that does not come."""
        now_ms, now_s = self.desk.clock.now_ms(), self.desk.clock.monotonic_s()
        is_late = now_s - self._begun_s > HELD_PATIENCE_S
        if is_late and self._source is not None and self.trouble == self._bygone:
            self.trouble = self._bygone = ""
        self.trouble = self.trouble or self._kept_back
        if self.sync.state is SyncState.LIVE:
            if why := self.watch.check(now_ms):
                self._lose(why, self.watch.since_ms)
            elif not self._in_stream and self._fetching is None and self._widening.is_due(now_s):
                self.sync.want_wider()
        elif self._undated is not None and is_late:
            self._enter_undated(self.link.skew.venue_ms(now_ms), now_ms)
        elif self._waits_in_vain(now_s):
            self._lose(f"{self.desk.rules.title} sent no snapshot of {self.market.symbol}.")
        self._audit.look(now_ms, now_s)
        self._react()
        self.poke()

    def close(self) -> None:
        """End what is under way."""
        self._audit.close()
        for task in (self._resyncing, self._fetching):
            if task is not None:
                task.cancel()

    # --- the book

    def _adopt(self, wire: Wire) -> None:
        self._source = wire
        self._handover.clear()
        self.retry_ms = None
        self._bygone = self.trouble  # the connection before had it: told for a moment longer
        self._begin()

    def _begin(self) -> None:
        self._begun_s = self.desk.clock.monotonic_s()
        self._undated = None
        self.sync.begin(self.desk.clock.now_ms())
        self._react()

    def _enter(self, change: BookChange, now_ms: int) -> None:
        skew = self.link.skew
        if change.event_ms:
            if self._jumps(change.event_ms, now_ms):
                return
            skew.observe(change.event_ms, now_ms)
            if self._undated is not None:
                self._enter_undated(change.event_ms, now_ms)
        elif skew.is_known:
            change = self._dated(change, now_ms)
        else:
            # what now is at the venue, its next message tells
            self._undated = change
            return
        try:
            self.sync.take(change, now_ms)
        except ValueError as error:
            self._lose(f"{self.desk.rules.title} sent a book that cannot be: {error}.")
            return
        if self.sync.state is SyncState.LIVE:
            self._handover.entered(change)
            self.age.changed(self.sync.event_ms)
            if self._state is SyncState.LIVE:
                self.watch.changed(change.event_ms, now_ms)
        self._react()
        self.poke()

    def _dated(self, change: BookChange, now_ms: int) -> BookChange:
        """A snapshot that names no time speaks of now."""
        return replace(change, event_ms=change.event_ms or self.link.skew.venue_ms(now_ms))

    def _enter_undated(self, event_ms: int, now_ms: int) -> None:
        """A snapshot that named no time, once it is known what the venue's clock shows."""
        snapshot, self._undated = self._undated, None
        if snapshot is not None:
            self._enter(replace(snapshot, event_ms=event_ms), now_ms)

    def _jumps(self, event_ms: int, now_ms: int) -> bool:
        """Whether a message of a LIVE book cannot be of that time: it does not enter."""
        skew = self.link.skew
        if self.sync.state is not SyncState.LIVE:
            return False
        back_ms = self.sync.event_ms - event_ms
        ahead_ms = event_ms - max(skew.venue_ms(now_ms), self.sync.event_ms)
        if max(back_ms, ahead_ms) <= JUMP_MS:
            return False
        if back_ms > JUMP_MS:
            skew.forget()
        skew.observe(event_ms, now_ms)
        self._lose(f"The time of {self.desk.rules.title} jumped; its book starts anew.")
        return True

    def _lose(self, why: str, at_ms: int | None = None, *, resync: bool = True) -> None:
        self.trouble = why
        if self.sync.state is not SyncState.GAP:
            known_ms = self.sync.event_ms if at_ms is None else at_ms
            self.sync.lose(why, known_ms)
        self._react(resync=resync)
        self.poke()

    def _react(self, *, resync: bool = True) -> None:
        """Do what the state of the book asks for."""
        state, before = self.sync.state, self._state
        self._state = state
        if state is SyncState.LIVE and before is not SyncState.LIVE:
            self.trouble = ""
            self._retries.well()
            self.watch.begin(self.sync.event_ms, self.desk.clock.now_ms())
        elif state is SyncState.GAP:
            if before is not SyncState.GAP:
                self.trouble, self._bygone = self.sync.wrong, ""
            if resync and self._source is not None and self._resyncing is None:
                self._resyncing = self.desk.spawn(self._resync())
        if self._fetching is None and self._is_time_to_fetch():
            self._fetching = self.desk.spawn(self._fetch())

    async def _resync(self) -> None:
        """Start anew, at once after a first failure and later after repeated ones."""
        try:
            delay_s = self._retries.delay_s()
            self.retry_ms = self.desk.clock.now_ms() + round(delay_s * 1000)
            await self.desk.clock.sleep(delay_s)
            self.retry_ms = None
            if self._source is None or self.sync.state is not SyncState.GAP:
                return
            if self._in_stream:
                self.link.again(self.topics)
        finally:
            self._resyncing = None
        self._begin()

    # --- fetched snapshots

    def _is_time_to_fetch(self) -> bool:
        if self._in_stream or self._source is None or not self.sync.wants_snapshot:
            return False
        if self.sync.state is SyncState.GAP:
            return False
        waited_s = self.desk.clock.monotonic_s() - self._begun_s
        return self.sync.held > 0 or waited_s > HELD_PATIENCE_S

    async def _fetch(self) -> None:
        retries = Retries(self.desk.clock, self.desk.jitter)
        try:
            while self.sync.wants_snapshot and self.sync.state is not SyncState.GAP:
                told_s = None
                await self.desk.clock.sleep(retries.delay_s())
                try:
                    change = await fetch_snapshot(self.desk, self.market, self._held_up)
                    if change is None or self._took(change):
                        return
                except ProviderError as error:
                    self._snapshot_failed(error, retries.failures)
                    told_s = error.retry_after_s if isinstance(error, RateLimited) else None
                finally:
                    self._kept_back = ""
                if told_s is not None:
                    await self.desk.clock.sleep(told_s)
        finally:
            self._fetching = None
        self._react()

    def _took(self, change: BookChange) -> bool:
        try:
            # the venue's time, for a snapshot that names none
            took = self.sync.snapshot(change, self.link.skew.venue_ms(self.desk.clock.now_ms()))
        except ValueError as error:
            raise BadPayload(
                self.desk.rules.provider,
                f"{self.desk.rules.title} sent a book that cannot be: {error}.",
            ) from None
        if not took and self.sync.state is not SyncState.LIVE:
            self.trouble = f"{self.desk.rules.title} sent a snapshot older than its messages."
        self._react()
        self.poke()
        return took

    def _held_up(self, _: float, reason: str) -> None:
        """The venue's own limit keeps a snapshot back."""
        if self.sync.state is not SyncState.LIVE:
            self._kept_back = f"The book of {self.market.symbol} is fetched later: {reason}."
            self.trouble = self._kept_back
            self.poke()

    def _snapshot_failed(self, error: ProviderError, failures: int) -> None:
        if self.sync.state is SyncState.LIVE:
            return
        self.trouble = error.user_message
        if not self.was_live and is_hopeless(error, failures):
            self.fail(error)
        self.poke()

    def _waits_in_vain(self, now_s: float) -> bool:
        syncing = self.sync.state is SyncState.SYNCING and self._source is not None
        return syncing and self._fetching is None and now_s - self._begun_s > SYNC_PATIENCE_S

    # --- from one connection to the next

    def _hand_over_when_ready(self, heir: Wire) -> None:
        if self.sync.state is not SyncState.LIVE or self._handover.is_ready(self.sync.event_ms):
            self._switch(heir)

    def _switch(self, heir: Wire) -> None:
        """Go on with another connection; what it told meanwhile enters at the present moment."""
        was_live = self.sync.state is SyncState.LIVE
        self._source = heir
        missed = self._handover.missed()
        self._handover.clear()
        if not was_live:
            self._begin()
        elif self._in_stream and not missed:
            self._lose("The connection ended before the next one had taken over.")
        for change in missed:
            event_ms = max(change.event_ms, self.sync.event_ms)
            self._enter(replace(change, event_ms=event_ms), heir.heard_ms)

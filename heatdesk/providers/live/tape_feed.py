"""Trades or liquidations of one market, each once, handed to every stream that wants them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import compress

import numpy as np

from heatdesk.books.events import Liquidated, Traded, VenueEvent
from heatdesk.errors import BadPayload, ProviderError
from heatdesk.frames import LiquidationBatch, TradeBatch
from heatdesk.providers.live.feed import Desk, MarketFeed
from heatdesk.providers.live.lane import Lane
from heatdesk.providers.live.link import Link
from heatdesk.providers.live.rules import Feed, Market, Topic
from heatdesk.providers.live.seen import Seen
from heatdesk.providers.live.wire import PING_AFTER_S, Wire, WireState

MOST_WAITING = 20_000
"""Batches a stream may leave unread; the oldest go first."""

HEARD_S = 2 * PING_AFTER_S + 2.0
"""A connection that gave a sign within this time is there."""

MOST_AHEAD_MS = 60_000
"""What happened cannot lie further in the future, by the venue's clock."""

Batch = TradeBatch | LiquidationBatch


class TapeLane(Lane):
    """A stream's seat: what came since it last looked."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: deque[Batch] = deque(maxlen=MOST_WAITING)

    def take(self) -> Batch | None:
        """All that waits, as one batch; None when nothing does."""
        if not self.waiting:
            return None
        batches = list(self.waiting)
        self.waiting.clear()
        return batches[0] if len(batches) == 1 else _joined(batches)


class TapeFeed(MarketFeed):
    """Trades or liquidations of one market.

    Attributes
    ----------
    gap_since_ms : int
        Local time since when nothing can come; 0 while it can.
    trouble : str
        Why nothing can come.
    """

    def __init__(self, desk: Desk, market: Market, link: Link, topics: tuple[Topic, ...]) -> None:
        super().__init__(desk, market, link, topics)
        self.gap_since_ms = 0
        self.trouble = ""
        self.retry_ms: int | None = None
        self._seen = Seen()
        self._heard_on = 0

    def take(self, wire: Wire, event: VenueEvent) -> None:
        """Trades or liquidations came; what came before is left out."""
        if not isinstance(event, Traded | Liquidated):
            return
        batch: Batch = event.batch
        if batch.time_ms.size == 0:
            return
        skew, last_ms = self.link.skew, int(batch.time_ms[-1])
        ahead_ms = last_ms - skew.venue_ms(wire.heard_ms) if skew.is_known else 0
        if wire.number == self._heard_on:
            # a subscription may begin with trades of long ago, which say nothing about clocks
            skew.observe(last_ms, wire.heard_ms)
        self._heard_on = wire.number
        if ahead_ms > MOST_AHEAD_MS:
            # it would be the newest for ever
            title, symbol = self.desk.rules.title, self.market.symbol
            text = f"{title} told of something in {symbol} that is yet to happen; it was left out."
            wire.complain(BadPayload(self.desk.rules.provider, text))
            return
        if isinstance(event, Traded) and event.ids:
            fresh = self._seen.fresh_ids(event.ids)
        else:
            fresh = self._seen.fresh_of(wire.number, _keys(batch))
        if not fresh:
            return
        if len(fresh) < batch.time_ms.size:
            batch = _picked(batch, fresh)
        for lane in self.lanes:
            if isinstance(lane, TapeLane):
                lane.waiting.append(batch)
                lane.poke()

    def opened(self, wire: Wire) -> None:
        """Trades can come again."""
        self.gap_since_ms, self.trouble, self.retry_ms = 0, "", None
        self.poke()

    def broken(self, wire: Wire, error: ProviderError, retry_s: float) -> None:
        """What trades meanwhile is not seen."""
        self.gap_since_ms = self.gap_since_ms or wire.heard_ms
        self.trouble = error.user_message
        self.retry_ms = self.desk.clock.now_ms() + round(retry_s * 1000)
        self._seen.ended(wire.number)
        for lane in list(self.lanes):
            if not lane.had_data and self.link.is_hopeless(error):
                lane.fail(error)
        self.poke()

    def retired(self, wire: Wire) -> None:
        """A connection tells no more."""
        self._seen.ended(wire.number)

    def tick(self) -> None:
        """Let streams look how the connection is."""
        self.poke()

    @property
    def is_heard(self) -> bool:
        """Whether the connection is there: nothing came because nothing happened."""
        lead = self.link.lead
        if lead is None or lead.state is not WireState.OPEN:
            return False
        return self.desk.clock.monotonic_s() - lead.alive_s < HEARD_S


def nothing(kind: Feed) -> Batch:
    """Make a batch that says: connected, and nothing happened."""
    none = np.empty(0)
    times_ms, flags = np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
    if kind is Feed.TRADES:
        return TradeBatch(times_ms, none, none.copy(), flags)
    return LiquidationBatch(times_ms, none, none.copy(), none.copy(), flags, ())


def _keys(batch: Batch) -> list[tuple[object, ...]]:
    columns: list[Sequence[object]] = [
        batch.time_ms.tolist(),
        batch.price.tolist(),
        batch.qty_base.tolist(),
        (batch.buy if isinstance(batch, TradeBatch) else batch.long).tolist(),
    ]
    return list(zip(*columns, strict=True))


def _picked(batch: Batch, which: list[int]) -> Batch:
    if isinstance(batch, TradeBatch):
        return TradeBatch(
            batch.time_ms[which], batch.price[which], batch.qty_base[which], batch.buy[which]
        )
    mask = [i in set(which) for i in range(batch.time_ms.size)]
    return LiquidationBatch(
        batch.time_ms[which],
        batch.price[which],
        batch.qty_base[which],
        batch.value_usd[which],
        batch.long[which],
        tuple(compress(batch.raw_side, mask)),
        batch.sampled,
    )


def _joined(batches: list[Batch]) -> Batch:
    """Lay batches end to end, in the order of time."""
    time_ms = np.concatenate([batch.time_ms for batch in batches])
    order = np.argsort(time_ms, kind="stable")
    price = np.concatenate([batch.price for batch in batches])[order]
    qty_base = np.concatenate([batch.qty_base for batch in batches])[order]
    trades = [batch for batch in batches if isinstance(batch, TradeBatch)]
    if trades:
        buy = np.concatenate([batch.buy for batch in trades])[order]
        return TradeBatch(time_ms[order], price, qty_base, buy)
    liquidations = [batch for batch in batches if isinstance(batch, LiquidationBatch)]
    raw = [side for batch in liquidations for side in batch.raw_side]
    return LiquidationBatch(
        time_ms[order],
        price,
        qty_base,
        np.concatenate([batch.value_usd for batch in liquidations])[order],
        np.concatenate([batch.long for batch in liquidations])[order],
        tuple(raw[i] for i in order.tolist()),
        any(batch.sampled for batch in liquidations),
    )

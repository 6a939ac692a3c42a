"""What a venue can tell about a market, in one form for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from heatdesk.frames import LiquidationBatch, TradeBatch

Level = tuple[float, float]
"""Price in quote units and quantity as the venue counts it (coins or contracts); 0 removes it."""

Reach = tuple[float, float]
"""Price range a message vouches for, both ends included, quote units."""


@dataclass(slots=True)  # thousands a second are made: a frozen one takes three times as long
class BookChange:
    """A snapshot of a book, or a difference to it; quantities are absolute. Nobody changes it.

    Attributes
    ----------
    symbol : str
        As the venue's live feeds write it.
    bids, asks : sequence of Level
        In the order sent.
    event_ms : int
        The venue's own time.
    snapshot : bool
        Whether it replaces the book.
    first_id, last_id, prev_id : int
        What the venue numbers its updates with; 0 where it does not.
    reach : Reach or None
        Of a snapshot: what it vouches for; None: from its lowest bid to its highest ask.
    checksum : int or None
        What the book must add up to once this is applied.
    digits : tuple of two sequences of (str, str), or empty
        Price and quantity of bids and asks as they were written, where a checksum needs them.
    """

    symbol: str
    bids: Sequence[Level] = field(repr=False)
    asks: Sequence[Level] = field(repr=False)
    event_ms: int
    snapshot: bool = False
    first_id: int = 0
    last_id: int = 0
    prev_id: int = 0
    reach: Reach | None = None
    checksum: int | None = None
    digits: tuple[Sequence[tuple[str, str]], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Traded:
    """Trades of one symbol; ``ids`` as the venue numbers them, in step with the batch, or empty."""

    symbol: str
    batch: TradeBatch
    ids: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Liquidated:
    """Liquidations of one symbol."""

    symbol: str
    batch: LiquidationBatch


@dataclass(frozen=True, slots=True)
class CandleRow:
    """One candle, forming or closed: start of its bucket, prices in quote units, volume in coins."""

    symbol: str
    interval_ms: int
    time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume_base: float


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The venue took subscriptions; ``topics`` by name where it says which."""

    request_id: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue refused a subscription, in its own words; ``topic`` and ``symbol`` where it says."""

    reason: str
    request_id: str = ""
    topic: str = ""
    symbol: str = ""
    unknown_market: bool = False


@dataclass(frozen=True, slots=True)
class Alive:
    """A heartbeat, a pong, or any other word that carries no data."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The venue will close this connection soon: a new one is opened before it does."""


@dataclass(frozen=True, slots=True)
class MarketChanged:
    """Something about a symbol itself changed (trading paused, tick size): it is looked up again."""

    symbol: str


VenueEvent = (
    BookChange
    | Traded
    | Liquidated
    | CandleRow
    | Confirmed
    | Refused
    | Alive
    | Closing
    | MarketChanged
)
"""Anything one message of a venue can say."""

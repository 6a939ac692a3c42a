"""What is particular about one venue: pure text in, events out; no network and no clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from heatdesk.books.events import BookChange, CandleRow, VenueEvent
from heatdesk.books.sequence import Sequence as BookSequence


class Feed(Enum):
    """Kinds of data a venue sends about a market."""

    BOOK = "book"
    TRADES = "trades"
    LIQUIDATIONS = "liquidations"
    CANDLES = "candles"


class Trading(Enum):
    """Whether a market trades."""

    ON = "on"
    PAUSED = "paused"
    DELISTED = "delisted"


@dataclass(frozen=True, slots=True)
class Market:
    """One instrument of one venue.

    Attributes
    ----------
    venue : str
        Id as in `heatdesk.frames.VENUES`.
    symbol : str
        As the live feeds write it.
    coin, quote : str
        Base asset (BTC) and what it is priced in (USDT).
    tick_size : float
        Smallest price step, quote units.
    contract_size : float
        Coins in one unit of quantity; of an inverse instrument USD in one contract.
    inverse : bool
        Whether a contract is worth a fixed amount of USD, whatever the price.
    perpetual : bool
        A perpetual or future rather than spot.
    """

    venue: str
    symbol: str
    coin: str
    quote: str
    tick_size: float
    contract_size: float = 1.0
    inverse: bool = False
    perpetual: bool = False
    trading: Trading = Trading.ON

    def qty_base(self, qty: float, price: float) -> float:
        """Coins in a quantity as the venue counts it."""
        return qty * self.contract_size / (price if self.inverse else 1.0)


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to subscribe to.

    Attributes
    ----------
    line : str
        Which kind of connection carries it (``public``, ``linear``; the venue's own names).
    name : str
        As the venue writes it; unique within its line.
    """

    line: str
    name: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A REST request: path and parameters, or with a ``body`` a POST of JSON."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    weight: int = 1
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class LineLimits:
    """What a venue bears of one computer.

    Attributes
    ----------
    messages_per_s : float
        Sent on one connection, pings and pongs included.
    topics_per_connection, topics_per_message : int
    connects_per_5min : int
    lifetime_s : float
        After this the venue closes a connection by itself; it is renewed before.
    ping_s : float
        Pace of the venue's own text ping (`VenueRules.ping`); 0: none is needed.
    silence_s : float
        Longest silence of a healthy connection.
    book_silence_s : float
        Longest time in which a book of a liquid market does not change.
    """

    messages_per_s: float = 5.0
    topics_per_connection: int = 200
    topics_per_message: int = 50
    connects_per_5min: int = 100
    lifetime_s: float = 86_400.0
    ping_s: float = 0.0
    silence_s: float = 20.0
    book_silence_s: float = 30.0


class VenueRules(ABC):
    """One venue's contract.

    Every ``parse_`` method raises `heatdesk.errors.BadPayload` naming the field for anything that
    is not the contract, and returns nothing partial.
    """

    provider: str
    """Provider id, for errors."""
    title: str
    limits: LineLimits = LineLimits()
    book_note: str = ""
    """What a reader of this venue's book must know, for the panel header; empty: nothing."""

    @abstractmethod
    def line_url(self, base: str, line: str, topics: Sequence[Topic]) -> str:
        """Address of a connection, made from the WebSocket base URL of the settings."""

    @abstractmethod
    def topics(self, feed: Feed, market: Market, interval_ms: int = 0) -> tuple[Topic, ...]:
        """What to subscribe to for a feed; empty when the venue does not send it."""

    @abstractmethod
    def subscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Messages that subscribe to topics of one line."""

    @abstractmethod
    def unsubscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Messages that end subscriptions."""

    def ping(self, request_id: int) -> str:
        """The venue's own ping message, sent every ``limits.ping_s``."""
        return ""

    @abstractmethod
    def parse(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        """Read one message of a connection, in the order of what it says."""

    @abstractmethod
    def sequence(self, market: Market) -> BookSequence:
        """A fresh sequence rule for one book."""

    def snapshot_ask(self, market: Market) -> Ask | None:
        """How a snapshot is fetched; None where the stream brings it."""
        return None

    def parse_snapshot(self, market: Market, body: bytes) -> BookChange:
        """Read a fetched snapshot."""
        raise NotImplementedError

    def audit_ask(self, market: Market) -> Ask | None:
        """A small request for the best levels of a book that has gone quiet; None: not served."""
        return None

    def parse_audit(self, market: Market, body: bytes) -> BookChange:
        """Read its answer."""
        raise NotImplementedError

    @abstractmethod
    def markets_asks(self) -> tuple[Ask, ...]:
        """Requests that together list every instrument."""

    @abstractmethod
    def parse_markets(self, bodies: Sequence[bytes]) -> list[Market]:
        """Read their answers, in the same order."""

    def details_ask(self, market: Market) -> Ask | None:
        """Request for what the list leaves out about a market (tick size, state); None: nothing.

        Made when a market is first wanted, and again after `MarketChanged`.
        """
        return None

    def parse_details(self, market: Market, body: bytes) -> Market:
        """Read its answer: the market as it really is."""
        raise NotImplementedError

    def candles_ask(self, market: Market, interval_ms: int, span: tuple[int, int]) -> Ask | None:
        """One request for candles that start in a half-open span; None: not served."""
        return None

    def parse_candles(self, market: Market, interval_ms: int, body: bytes) -> list[CandleRow]:
        """Read candles, ascending by time."""
        raise NotImplementedError

    @property
    def candle_limit(self) -> int:
        """Most candles one request brings."""
        return 1000


class MarketLookup(ABC):
    """Finds the market of a symbol: contracts are converted while a message is read."""

    @abstractmethod
    def market(self, symbol: str, line: str = "") -> Market | None:
        """The market of a symbol (spot and perpetual may share one: the line tells); None if unknown."""

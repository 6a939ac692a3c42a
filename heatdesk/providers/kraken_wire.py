"""What Kraken writes: WebSocket v2 messages and REST answers.

Book levels keep the digits they were sent with, trailing zeros included: the checksum of a book
is taken over them. (Measured for two levels: raw digits 3 us a message, Decimal 5, the json
module 7; floats alone would be 1, and lose them.)
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from heatdesk.providers.live.reading import Amount, Id, Price
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

T = TypeVar("T")

INTERVALS: Final[dict[int, int]] = {
    MINUTE_MS: 1,
    5 * MINUTE_MS: 5,
    15 * MINUTE_MS: 15,
    30 * MINUTE_MS: 30,
    HOUR_MS: 60,
    4 * HOUR_MS: 240,
    DAY_MS: 1440,
}
"""Candle intervals in minutes. Its week starts on a Thursday: ours is made of days."""


class Level(Struct):
    """A level of a book, as written."""

    price: Raw
    qty: Raw


class Book(Struct):
    """A whole book or a difference; the checksum is that of the book once it is applied."""

    symbol: str
    checksum: Annotated[int, Meta(ge=0, lt=1 << 32)]
    bids: list[Level] = []
    asks: list[Level] = []
    timestamp: str = ""


class BookMessage(Struct):
    """A message of the book channel."""

    type: Literal["snapshot", "update"]
    data: Annotated[list[Book], Meta(min_length=1)]


class Trade(Struct):
    """One trade; the side is the aggressor's."""

    symbol: str
    side: Literal["buy", "sell"]
    price: Price
    qty: Amount
    timestamp: str
    trade_id: Id = 0


class TradeMessage(Struct):
    """A message of the trade channel."""

    data: list[Trade]


class Candle(Struct):
    """A candle, forming or closed."""

    symbol: str
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Amount
    interval_begin: str
    interval: int


class CandleMessage(Struct):
    """A message of the candle channel."""

    data: list[Candle]


class Result(Struct):
    """What a subscription was made to."""

    channel: str = ""
    symbol: str = ""
    interval: int = 0


class Word(Struct):
    """The part of any message that says what it is."""

    channel: str = ""
    method: str = ""
    success: bool | None = None
    error: str = ""
    symbol: str = ""
    req_id: int | str = ""
    result: Result | None = None


class Pair(Struct):
    """One entry of the list of pairs; those without a ``wsname`` are dark pools."""

    altname: str
    pair_decimals: Annotated[int, Meta(ge=0, le=18)]
    wsname: str = ""
    tick_size: Price | None = None
    status: str = "online"


class Pairs(Struct):
    """The list of pairs."""

    error: list[str]
    result: dict[str, Pair] = {}


class Answer(Struct):
    """A book, or candles beside ``last``, under the name of their pair."""

    error: list[str]
    result: dict[str, Raw] = {}


class Levels(Struct):
    """The best levels of a book, each with the second of its last change."""

    bids: list[tuple[Price, Amount, Any]]
    asks: list[tuple[Price, Amount, Any]]


CandleTuple = tuple[Id, Price, Price, Price, Price, Amount, Amount, Any]

WORD = msgspec.json.Decoder(Word)
BOOK = msgspec.json.Decoder(BookMessage)
TRADES = msgspec.json.Decoder(TradeMessage)
CANDLE_NEWS = msgspec.json.Decoder(CandleMessage)
PAIRS = msgspec.json.Decoder(Pairs, strict=False)
LEVELS = msgspec.json.Decoder(Levels, strict=False)
ANSWER = msgspec.json.Decoder(Answer)
CANDLES = msgspec.json.Decoder(list[CandleTuple], strict=False)

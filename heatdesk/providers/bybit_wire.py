"""What Bybit v5 writes: typed messages, numbers in text straight to float."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct, field

from heatdesk.providers.live.reading import Amount, Id, Price, TimeMs
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

T = TypeVar("T")

Row = tuple[Price, Amount]
Side = Literal["Buy", "Sell"]

INTERVALS: Final[dict[int, str]] = {
    MINUTE_MS: "1",
    3 * MINUTE_MS: "3",
    5 * MINUTE_MS: "5",
    15 * MINUTE_MS: "15",
    30 * MINUTE_MS: "30",
    HOUR_MS: "60",
    2 * HOUR_MS: "120",
    4 * HOUR_MS: "240",
    6 * HOUR_MS: "360",
    12 * HOUR_MS: "720",
    DAY_MS: "D",
    7 * DAY_MS: "W",
}
"""Candle intervals as it writes them; the month is left out, it has no fixed width."""


class Book(Struct):
    """Levels of a book; ``u`` counts its messages."""

    s: str
    b: list[Row]
    a: list[Row]
    u: Id
    seq: Id = 0


class BookMessage(Struct):
    """A whole book, or a difference to it; ``cts`` is the matching engine's time."""

    topic: str
    type: Literal["snapshot", "delta"]
    ts: TimeMs
    data: Book
    cts: TimeMs = 0


class Trade(Struct):
    """One trade; ``S`` is the aggressor's side."""

    T: TimeMs
    s: str
    S: Side
    v: Amount
    p: Price
    i: str = ""


class TradeMessage(Struct):
    """Trades of one symbol, up to 1,024."""

    topic: str
    data: list[Trade]


class Liquidation(Struct):
    """A liquidation; ``S`` is the side of the position, ``p`` its bankruptcy price."""

    T: TimeMs
    s: str
    S: Side
    v: Amount
    p: Price


class LiquidationMessage(Struct):
    """Liquidations of half a second."""

    topic: str
    data: list[Liquidation]


class Candle(Struct):
    """A candle, forming or closed."""

    start: TimeMs
    interval: str
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Amount


class CandleMessage(Struct):
    """News of candles; the symbol is in the topic alone."""

    topic: str
    data: list[Candle]


class Word(Struct):
    """The part of any message that says what it is: data of a topic, or an answer."""

    topic: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    req_id: str = ""


class Filter(Struct):
    """Rules for prices."""

    tickSize: Price


class Instrument(Struct):
    """One entry of the list of instruments."""

    symbol: str
    status: str
    baseCoin: str
    quoteCoin: str
    priceFilter: Filter
    contractType: str = ""


class Instruments(Struct):
    """The list of instruments of one category."""

    category: str
    rows: list[Instrument] = field(name="list")


class Candles(Struct):
    """Candles, newest first; rows of start, open, high, low, close, volume, turnover."""

    rows: list[tuple[TimeMs, Price, Price, Price, Price, Amount, Any]] = field(name="list")


class Answer(Struct):
    """What every REST answer is wrapped in."""

    retCode: int
    retMsg: str = ""
    result: msgspec.Raw = msgspec.Raw(b"{}")


class Levels(Struct):
    """The best levels of a book."""

    b: list[Row]
    a: list[Row]


WORD = msgspec.json.Decoder(Word)
BOOK = msgspec.json.Decoder(BookMessage, strict=False)
TRADES = msgspec.json.Decoder(TradeMessage, strict=False)
LIQUIDATIONS = msgspec.json.Decoder(LiquidationMessage, strict=False)
CANDLE_NEWS = msgspec.json.Decoder(CandleMessage, strict=False)
LEVELS = msgspec.json.Decoder(Levels, strict=False)
ANSWER = msgspec.json.Decoder(Answer)
INSTRUMENTS = msgspec.json.Decoder(Instruments, strict=False)
CANDLES = msgspec.json.Decoder(Candles, strict=False)

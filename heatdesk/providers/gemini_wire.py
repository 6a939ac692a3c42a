"""What Gemini writes: its market data API of 2026 (times in nanoseconds) and REST answers."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from heatdesk.providers.live.reading import Amount, Id, Price, TimeMs
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

Row = tuple[Price, Amount]
TimeNs = Annotated[int, Meta(ge=0, lt=1 << 62)]

INTERVALS: Final[dict[int, str]] = {
    MINUTE_MS: "1m",
    5 * MINUTE_MS: "5m",
    15 * MINUTE_MS: "15m",
    30 * MINUTE_MS: "30m",
    HOUR_MS: "1hr",
    6 * HOUR_MS: "6hr",
    DAY_MS: "1day",
}
"""Candle intervals as its REST paths write them."""


class Depth(Struct):
    """Levels that changed; with one id alone it is the whole book."""

    E: TimeNs
    s: str
    U: Id
    u: Id
    b: list[Row]
    a: list[Row]


class Snapshot(Struct):
    """A whole book in the other form; the symbol may be left out."""

    lastUpdateId: Id
    bids: list[Row]
    asks: list[Row]
    symbol: str = ""
    E: TimeNs = 0


class Trade(Struct):
    """One trade; a buyer who was maker means that the aggressor sold."""

    E: TimeNs
    s: str
    t: Id
    p: Price
    q: Amount
    m: bool


class Fault(Struct):
    """Why a request was refused."""

    code: int = 0
    msg: str = ""


class Word(Struct):
    """The part of any message that says what it is."""

    e: str = ""
    s: str = ""
    t: Id | None = None
    m: bool | None = None
    lastUpdateId: Id | None = None
    id: int | str | None = None
    status: int = 0
    error: Fault | None = None
    result: msgspec.Raw = msgspec.Raw(b"")


class Details(Struct):
    """What there is to know about a symbol; ``quote_increment`` is the step of its prices."""

    symbol: str
    base_currency: str
    quote_currency: str
    quote_increment: Price
    status: str = "open"
    product_type: str = "spot"


class Level(Struct):
    """A level as REST writes it."""

    price: Price
    amount: Amount


class Levels(Struct):
    """The best levels of a book."""

    bids: list[Level]
    asks: list[Level]


DEPTH = msgspec.json.Decoder(Depth, strict=False)
SNAPSHOT = msgspec.json.Decoder(Snapshot, strict=False)
TRADE = msgspec.json.Decoder(Trade, strict=False)
WORD = msgspec.json.Decoder(Word)
SYMBOLS = msgspec.json.Decoder(list[str])
LEVELS = msgspec.json.Decoder(Levels, strict=False)
DETAILS = msgspec.json.Decoder(Details, strict=False)
CANDLES = msgspec.json.Decoder(
    list[tuple[TimeMs, Price, Price, Price, Price, Amount]], strict=False
)

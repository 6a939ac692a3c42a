"""What Hyperliquid writes: messages of its WebSocket, and answers of ``/info``."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from heatdesk.providers.live.reading import Amount, Id, Price, TimeMs
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

INTERVALS: Final[dict[int, str]] = {
    MINUTE_MS: "1m",
    3 * MINUTE_MS: "3m",
    5 * MINUTE_MS: "5m",
    15 * MINUTE_MS: "15m",
    30 * MINUTE_MS: "30m",
    HOUR_MS: "1h",
    2 * HOUR_MS: "2h",
    4 * HOUR_MS: "4h",
    8 * HOUR_MS: "8h",
    12 * HOUR_MS: "12h",
    DAY_MS: "1d",
}
"""Candle intervals as it writes them; weeks are put together from days."""


class Level(Struct):
    """Price, quantity in coins."""

    px: Price
    sz: Amount


class Book(Struct):
    """The best levels of bids and of asks."""

    coin: str
    time: TimeMs
    levels: tuple[list[Level], list[Level]]


class BookMessage(Struct):
    """A message of a book: it does not say how it is aggregated."""

    data: Book


class Trade(Struct):
    """One trade; side B: the aggressor bought, A: it sold."""

    coin: str
    side: Literal["A", "B"]
    px: Price
    sz: Amount
    time: TimeMs
    tid: Id = 0


class TradeMessage(Struct):
    """Trades; the first message after a subscription holds the latest past ones."""

    data: list[Trade]


class Candle(Struct):
    """A candle, forming or closed."""

    t: TimeMs
    i: str
    o: Price
    h: Price
    l: Price  # noqa: E741 - the venue's own name
    c: Price
    v: Amount
    s: str = ""


class CandleMessage(Struct):
    """News of a candle."""

    data: Candle


class Asked(Struct):
    """What a subscription was made to."""

    type: str = ""
    coin: str = ""
    nSigFigs: int | None = None
    interval: str = ""


class Response(Struct):
    """What an answer confirms."""

    method: str = ""
    subscription: Asked | None = None


class ResponseMessage(Struct):
    """The answer to a subscription."""

    data: Response


class ErrorMessage(Struct):
    """Why a request was refused, in the venue's words."""

    data: str


class Word(Struct):
    """The part of any message that says what it is."""

    channel: str = ""


class Asset(Struct):
    """One perpetual; prices have at most ``6 - szDecimals`` decimals."""

    name: str
    szDecimals: Annotated[int, Meta(ge=0, le=6)]
    isDelisted: bool = False


class Universe(Struct):
    """All perpetuals."""

    universe: list[Asset]


class Context(Struct):
    """How a perpetual stands; one that is delisted has no prices."""

    markPx: Price | None = None
    midPx: Price | None = None


WORD = msgspec.json.Decoder(Word)
BOOK = msgspec.json.Decoder(BookMessage, strict=False)
TRADES = msgspec.json.Decoder(TradeMessage, strict=False)
CANDLE_NEWS = msgspec.json.Decoder(CandleMessage, strict=False)
RESPONSE = msgspec.json.Decoder(ResponseMessage)
ERROR = msgspec.json.Decoder(ErrorMessage)
MARKETS = msgspec.json.Decoder(tuple[Universe, list[Context]], strict=False)
CANDLES = msgspec.json.Decoder(list[Candle], strict=False)

"""What Binance writes, spot and futures alike: typed messages, numbers straight to float.

Prices and quantities are text in its JSON; msgspec reads them into floats and refuses what no
market can say (a negative quantity, NaN, a price of nothing) while it decodes. A long difference
to a book, written as it always is, is read into an array; see `_read_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct

from heatdesk.books.rows import both_sides
from heatdesk.errors import BadPayload
from heatdesk.providers.live.reading import Amount, Id, Price, Source, TimeMs, read_numbers
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

Row = tuple[Price, Amount]

INTERVALS: Final[dict[int, str]] = {
    MINUTE_MS: "1m",
    3 * MINUTE_MS: "3m",
    5 * MINUTE_MS: "5m",
    15 * MINUTE_MS: "15m",
    30 * MINUTE_MS: "30m",
    HOUR_MS: "1h",
    2 * HOUR_MS: "2h",
    4 * HOUR_MS: "4h",
    6 * HOUR_MS: "6h",
    8 * HOUR_MS: "8h",
    12 * HOUR_MS: "12h",
    DAY_MS: "1d",
    3 * DAY_MS: "3d",
    7 * DAY_MS: "1w",
}
"""Candle intervals that all its markets have, as it writes them."""


class DepthUpdate(Struct, tag_field="e", tag="depthUpdate"):
    """A difference to a book."""

    E: TimeMs
    s: str
    U: Id
    u: Id
    b: Sequence[Row]
    a: Sequence[Row]
    pu: Id = 0


class Trade(Struct, tag_field="e", tag="trade"):
    """One trade; a buyer who was maker means that the aggressor sold."""

    s: str
    p: Amount
    q: Amount
    T: TimeMs
    m: bool
    t: Id = 0
    X: str = "MARKET"


class AggTrade(Struct, tag_field="e", tag="aggTrade"):
    """The fills of one aggressor at one price."""

    s: str
    p: Price
    q: Amount
    T: TimeMs
    m: bool
    a: Id = 0


class Order(Struct):
    """The order that closes a liquidated position; ``S`` is its side, ``z`` what was filled."""

    s: str
    S: str
    p: Amount
    T: TimeMs
    z: Amount
    ap: Amount = 0.0
    X: str = "FILLED"


class ForceOrder(Struct, tag_field="e", tag="forceOrder"):
    """A liquidation."""

    o: Order


class Candle(Struct):
    """A candle, forming or closed."""

    t: TimeMs
    i: str
    o: Price
    h: Price
    l: Price  # noqa: E741 - the venue's own name
    c: Price
    v: Amount


class Kline(Struct, tag_field="e", tag="kline"):
    """News of a candle."""

    s: str
    k: Candle


class ContractInfo(Struct, tag_field="e", tag="contractInfo"):
    """Something about a contract itself changed."""

    s: str


class Shutdown(Struct, tag_field="e", tag="serverShutdown"):
    """The server will close its connections."""


class BookTicker(Struct, tag_field="e", tag="bookTicker"):
    """Best bid and ask; only recordings carry it."""


Event = DepthUpdate | Trade | AggTrade | ForceOrder | Kline | ContractInfo | Shutdown | BookTicker


class Fault(Struct):
    """Why a request on the connection was refused."""

    code: int = 0
    msg: str = ""


class Envelope(Struct):
    """A message of a combined stream, or the answer to a request."""

    stream: str = ""
    data: Event | None = None
    id: int | str | None = None
    error: Fault | None = None
    code: int = 0
    msg: str = ""


class Snapshot(Struct):
    """A whole book; spot leaves out when it was taken."""

    lastUpdateId: Id
    bids: list[Row]
    asks: list[Row]
    E: TimeMs = 0


class Filter(Struct):
    """A rule for orders; the price filter holds the tick size."""

    filterType: str = ""
    tickSize: Amount = 0.0


class Instrument(Struct):
    """One entry of the list of instruments."""

    symbol: str
    baseAsset: str
    quoteAsset: str
    filters: list[Filter]
    status: str = ""
    contractStatus: str = ""
    pricePrecision: Annotated[int, Meta(ge=0, le=18)] = 8
    contractSize: Price = 1.0


class ExchangeInfo(Struct):
    """The list of instruments."""

    symbols: list[Instrument]


CandleTuple = tuple[TimeMs, Price, Price, Price, Price, Amount, Any, Any, Any, Any, Any, Any]

ENVELOPE = msgspec.json.Decoder(Envelope, strict=False)
EVENT = msgspec.json.Decoder(Event, strict=False)
SNAPSHOT = msgspec.json.Decoder(Snapshot, strict=False)
EXCHANGE_INFO = msgspec.json.Decoder(ExchangeInfo, strict=False)
CANDLES = msgspec.json.Decoder(list[CandleTuple], strict=False)
_KIND = msgspec.json.Decoder(dict[str, Any])
_EVENT_KINDS: Final[frozenset[str]] = frozenset(
    [
        "depthUpdate",
        "trade",
        "aggTrade",
        "forceOrder",
        "kline",
        "contractInfo",
        "serverShutdown",
        "bookTicker",
    ]
)
_ROWS_BYTES = 2_000
"""Length from which on a message is worth reading into arrays."""
_MOST = 1e15
_EMPTY: Final = b'],"a":['
_SPACED: Final = bytes.maketrans(b'[]":a', b"     ")
"""Leaves numbers and commas; two numbers of which one stands outside its text stay two."""


def read_message(raw: bytes, source: Source) -> Envelope | None:
    """Read a message of a connection; None for a kind of event nobody asked about.

    Raw streams come without the name of their stream; they are read like the others.

    Raises
    ------
    BadPayload
        Naming the field that does not fit.
    """
    if len(raw) >= _ROWS_BYTES and (found := _read_rows(raw)) is not None:
        return found
    try:
        envelope = source.decode(ENVELOPE, raw)
        if envelope.data is None and not envelope.stream and envelope.id is None:
            # An event that stands alone, unless it is an error that answers no request.
            refused = envelope.error is not None or envelope.code
            return envelope if refused else Envelope(data=source.decode(EVENT, raw))
        return envelope
    except BadPayload:
        if _is_foreign(raw):
            return None
        raise


def _read_rows(raw: bytes) -> Envelope | None:
    """Read a difference of many levels on both sides, twice as fast; None when it is no such thing.

    Its two lists stand side by side and hold pairs of texts made of digits and points. What is
    written in any other way, or holds a number out of bounds, is left to the decoder of all
    messages, so that it passes or fails as ever.
    """
    start, end = raw.find(b'"b":[[') + 5, raw.rfind(b"]]") + 1
    text = raw[start:end]
    shape = text.translate(None, b"0123456789.")
    # a level leaves eight bytes, the last of a list seven
    bids, count = shape.find(b"a") // 8, (len(shape) - 5) // 8
    if shape != _shape(bids) + _EMPTY + _shape(count - bids):
        return None
    rest = raw[:start] + _EMPTY + raw[end:]
    if rest.count(b"[") != 2:
        # a name that stands there twice, or another list
        return None
    try:
        numbers = read_numbers(b"[%b]" % text.translate(_SPACED))
        message = ENVELOPE.decode(rest)
    except (ValueError, TypeError, RuntimeError):
        return None
    rows = numbers.reshape(count, 2)
    # not one bears a sign
    sound = numbers.item(numbers.argmax()) < _MOST and np.count_nonzero(rows[:, 0]) == count
    if not sound or not isinstance(message.data, DepthUpdate):
        return None
    message.data.b, message.data.a = both_sides(rows, bids)
    return message


def _shape(levels: int) -> bytes:
    """A list of levels without its digits."""
    return (b'["",""],' * levels)[:-1]


def _is_foreign(raw: bytes) -> bool:
    """Whether a message is whole but of a kind that is not read here."""
    try:
        message = _KIND.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    data = message.get("data", message)
    if not isinstance(data, dict):
        return False
    # Spot names the kind of a best price nowhere but in its stream.
    by_stream = str(message.get("stream", "")).endswith("@bookTicker")
    kind = data.get("e", "bookTicker of spot" if by_stream else None)
    return isinstance(kind, str) and kind not in _EVENT_KINDS

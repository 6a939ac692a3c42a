"""What venues have in common when they are read: typed decoding, batches, candles.

Messages are decoded by msgspec into typed structs; what no market can say (a negative quantity,
NaN, a price of nothing) is refused while decoding, and the refusal names the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from heatdesk.books.events import CandleRow
from heatdesk.errors import BadPayload
from heatdesk.frames import TradeBatch
from heatdesk.net.fields import NOTHING_SHOWN
from heatdesk.units import floor_ms

try:
    _parser: Any = import_module("simdjson").Parser()
except ImportError:  # optional: no build for every platform
    _parser = None

T = TypeVar("T")

Price = Annotated[float, Meta(gt=0, lt=1e15)]
Amount = Annotated[float, Meta(ge=0, lt=1e18)]
Id = Annotated[int, Meta(ge=0)]
TimeMs = Annotated[int, Meta(ge=0, lt=1 << 53)]

WHOLE: Final = 1e15
"""Upper end of the reach of a book that the venue sends whole; its lower end is 0."""

_PATH = re.compile(r" - at `\$\.?(.*)`$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = msgspec.json.Decoder(list[float])


def read_numbers(text: bytes) -> NDArray[np.float64]:
    """Read a JSON list of numbers, each as ``float`` would.

    Raises
    ------
    ValueError, TypeError, RuntimeError
        When it is none, or holds a number that a float cannot, or one nearly so.
    """
    if _parser is None:
        return np.array(_NUMBERS.decode(text), dtype=np.float64)
    return np.frombuffer(_parser.parse(text).as_buffer(of_type="d"), dtype=np.float64)


class Source(NamedTuple):
    """Whose payload it is, for the error."""

    provider: str
    title: str

    def bad(self, field: str, what: str) -> BadPayload:
        """Build the error for a field that is not what the contract says."""
        return BadPayload(
            self.provider,
            f"{self.title} sent an answer HeatDesk does not understand "
            f"({field or 'the answer'}: {what[:120]}); {NOTHING_SHOWN}.",
            field=field,
        )

    def decode(self, decoder: msgspec.json.Decoder[T], raw: bytes, within: str = "") -> T:
        """Decode a body, or the part of one that stands at ``within``.

        Raises
        ------
        BadPayload
            Naming the field that does not fit.
        """
        try:
            return decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            text = str(error)
            found = _PATH.search(text)
            inner = found[1] if found else ""
            field = f"{within}.{inner}" if within and inner[:1] not in ("", "[") else within + inner
            raise self.bad(field, text[: found.start()] if found else text) from None

    def iso_ms(self, text: str, field: str) -> int:
        """Milliseconds of an RFC 3339 time, cut (not rounded) to the millisecond."""
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return (moment - _EPOCH) // timedelta(milliseconds=1)
        except (ValueError, OverflowError):
            raise self.bad(field, "is not an ISO time") from None


class Fill(NamedTuple):
    """One trade as read: time, price, coins, whether the aggressor bought, the venue's id."""

    time_ms: int
    price: float
    qty_base: float
    buy: bool
    id: str = ""


def batch_of(fills: Sequence[Fill]) -> tuple[TradeBatch, tuple[str, ...]]:
    """Trades as a frame and their ids, by time; those of one moment in the order sent."""
    ordered = sorted(fills, key=lambda fill: fill.time_ms)
    batch = TradeBatch(
        np.array([fill.time_ms for fill in ordered], dtype=np.int64),
        np.array([fill.price for fill in ordered], dtype=np.float64),
        np.array([fill.qty_base for fill in ordered], dtype=np.float64),
        np.array([fill.buy for fill in ordered], dtype=np.bool_),
    )
    ids = tuple(fill.id for fill in ordered)
    return batch, ids if all(ids) else ()


def widen_candles(rows: Iterable[CandleRow], interval_ms: int) -> list[CandleRow]:
    """Candles of a wider interval, ascending, put together from narrower ones.

    Rows may come in any order; of two for one moment the later one counts.
    """
    wide: dict[int, CandleRow] = {}
    narrow = {row.time_ms: row for row in rows}
    for time_ms in sorted(narrow):
        row = narrow[time_ms]
        start_ms = floor_ms(time_ms, interval_ms)
        held = wide.get(start_ms)
        if held is None:
            wide[start_ms] = replace(row, time_ms=start_ms, interval_ms=interval_ms)
            continue
        wide[start_ms] = replace(
            held,
            high=max(held.high, row.high),
            low=min(held.low, row.low),
            close=row.close,
            volume_base=held.volume_base + row.volume_base,
        )
    return list(wide.values())

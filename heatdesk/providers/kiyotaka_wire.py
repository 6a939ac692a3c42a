"""Kiyotaka's answers: JSON text to arrays, every field checked.

Two decoders give the same result: simdjson where it is installed (numbers go straight into
arrays), orjson otherwise. Whatever the fast one does not like is read again by the other, whose
complaint names the field; so there is one wording, and nothing passes one that fails the other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

import numpy as np
import orjson

from heatdesk.errors import BadPayload
from heatdesk.frames.market import Float64Array, Int64Array, LevelRuns
from heatdesk.net.fields import Node
from heatdesk.providers.kiyotaka_checks import (
    PROVIDER,
    TITLE,
    bad,
    check_flat_order,
    check_levels,
    check_order,
)

try:
    simdjson: Any = import_module("simdjson")
except ImportError:  # optional: no build for every platform
    simdjson = None

log = logging.getLogger(__name__)

_LATEST_S = 10**11
# An odd number is looked for with the slow standard decoder only in answers of this size.
_SEARCHABLE_BYTES = 32 << 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LevelSeries:
    """One series of snapshots, in the order served.

    Attributes
    ----------
    name : str
        What the server calls it, for people; may be empty.
    time_ms : (n,) int64
    sides : tuple of LevelRuns
        One for each side that was asked for, ``n`` runs each.
    """

    name: str
    time_ms: Int64Array
    sides: tuple[LevelRuns, ...]


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """One series of candles, in the order served; columns as in `CandleWindow`."""

    name: str
    time_ms: Int64Array
    columns: tuple[Float64Array, ...]


def read_points(
    body: bytes, sides: Sequence[tuple[str, int]], fast: bool = True
) -> list[LevelSeries]:
    """Series of an answer in point form.

    Parameters
    ----------
    body : bytes
        ``{"series": [{"id": {...}, "points": [{"Point": {"timestamp": {"s": int}, ...}}]}]}``
    sides : sequence of (field, direction)
        Level arrays to read, ``[price, quantity, ...]``, and how their prices run.
    fast : bool
        Whether simdjson may be used.

    Raises
    ------
    BadPayload
        Naming the field: a missing one, a wrong type, an odd length, a price that is not
        positive, a negative or non-finite quantity, prices out of order, a duplicate level.
        An empty side is served as ``[]``; one that is left out is a missing field, because
        a book with half its sides must not be drawn as an empty one.
    """

    def walk(reader: _Reader) -> list[LevelSeries]:
        return [_points_series(reader, item, path, sides) for item, path in reader.series()]

    return _read(body, walk, fast)


def read_flat(
    body: bytes, sides: int, crossed: bool = False, depth: int | None = None, fast: bool = True
) -> list[LevelSeries]:
    """Series of an answer in flattened form: ``[n, t_us, price, quantity, ..., n, t_us, ...]``.

    Parameters
    ----------
    sides : int
        2 for a book: bids, then asks, each ascending, the boundary not marked, so one price
        may appear on both sides. 1 for liquidation levels.
    crossed : bool
        The book sums several venues, so that its lowest ask may lie below its highest bid.
    depth : int or None
        Levels a side that were asked for; tells where a boundary can be.

    Raises
    ------
    BadPayload
        As in `read_points`, and where a count is negative, broken or overruns the array.
    """

    def walk(reader: _Reader) -> list[LevelSeries]:
        found = []
        for item, path in reader.series():
            where = f"{path}.flat_points"
            flat = reader.numbers(reader.member(item, path, "flat_points"), where)
            time_ms, runs, starts = _split_flat(flat, where)

            def place(i: int, j: int, k: int, s: list[int] = starts, w: str = where) -> str:
                return f"{w}[{s[i] + 2 + 2 * j + k}]"

            check_levels(runs, place)
            check_flat_order(runs, starts, where, sides == 2, crossed, depth)
            found.append(LevelSeries(_name_of(reader, item, path), time_ms, (runs,)))
        return found

    return _read(body, walk, fast)


def read_candles(body: bytes, fast: bool = True) -> list[CandleSeries]:
    """Series of candles.

    Proto-JSON leaves zeros out: a missing price is NaN, a missing volume 0. A candle that has
    only begun is served with zero prices; they are not known yet, so they are NaN too.
    """

    def walk(reader: _Reader) -> list[CandleSeries]:
        return [_candle_series(reader, item, path) for item, path in reader.series()]

    return _read(body, walk, fast)


class _Reader:
    """Walks a decoded document, whichever decoder made it."""

    def __init__(self, root: Any, body: bytes) -> None:
        self._root = root
        self._body = body
        self.arrays = 0

    def series(self) -> list[tuple[Any, str]]:
        """Give the series with their paths; ``{}`` is the proto-JSON of no series at all."""
        if not _is_object(self._root):
            raise bad("", "is not an object")
        if "series" not in self._root:
            if len(self._root) == 0:
                return []
            raise bad("series", "is missing")
        items = self.array(self._root["series"], "series")
        return [(item, f"series[{i}]") for i, item in enumerate(items)]

    def member(self, parent: Any, path: str, key: str) -> Any:
        if not _is_object(parent):
            raise bad(path, "is not an object")
        if key not in parent:
            raise bad(f"{path}.{key}", "is missing")
        return parent[key]

    def array(self, value: Any, path: str) -> Any:
        if not (isinstance(value, list) or (simdjson and isinstance(value, simdjson.Array))):
            raise bad(path, "is not a list")
        self.arrays += 1
        return value

    def numbers(self, value: Any, path: str) -> Float64Array:
        values = self.array(value, path)
        if not isinstance(values, list):
            return np.frombuffer(values.as_buffer(of_type="d"), dtype=np.float64)
        if not set(map(type, values)) <= {int, float}:
            odd = next(i for i, v in enumerate(values) if type(v) not in (int, float))
            raise bad(f"{path}[{odd}]", "is not a number")
        return np.array(values, dtype=np.float64)

    def time_ms(self, point: Any, path: str) -> int:
        """Milliseconds of ``{"s", "ns"}``, or of ``{"seconds", "nanoseconds"}``."""
        stamp, path = self.member(point, path, "timestamp"), f"{path}.timestamp"
        if not _is_object(stamp):
            raise bad(path, "is not an object")
        long = "s" not in stamp and "seconds" in stamp
        seconds_key, nanos_key = ("seconds", "nanoseconds") if long else ("s", "ns")
        seconds = self.member(stamp, path, seconds_key)
        nanos = stamp.get(nanos_key, 0)
        if not _is_whole(seconds) or not 0 < seconds < _LATEST_S:
            raise bad(f"{path}.{seconds_key}", "is not a time in whole seconds")
        if not _is_whole(nanos) or not 0 <= nanos < 10**9:
            raise bad(f"{path}.{nanos_key}", "is not a number of nanoseconds")
        return int(seconds) * 1000 + int(nanos) // 1_000_000

    def finish(self) -> None:
        """Refuse nested lists, which the fast decoder would have flattened."""
        if self._body.count(b"[") != self.arrays:
            raise bad("", "holds more lists than were read")


def _read(body: bytes, walk: Callable[[_Reader], T], fast: bool) -> T:
    if fast and simdjson is not None:
        try:
            reader = _Reader(simdjson.Parser().parse(body), body)
            result = walk(reader)
            reader.finish()
        except (BadPayload, ValueError, TypeError, RuntimeError) as error:
            log.debug("reading an answer again with orjson: %s", error)
        else:
            return result
    try:
        root = orjson.loads(body)
    except ValueError as error:
        raise _not_json(body, walk, error) from None
    return walk(_Reader(root, body))


def _not_json(body: bytes, walk: Callable[[_Reader], Any], error: ValueError) -> BadPayload:
    """Explain a body that is not strict JSON, by the field that holds NaN or Infinity if any."""
    if len(body) <= _SEARCHABLE_BYTES:
        try:
            walk(_Reader(json.loads(body), body))
        except BadPayload as found:
            return found
        except (ValueError, RecursionError):
            log.debug("not JSON by any reading: %s", error)
    kind = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
    return BadPayload(PROVIDER, f"{TITLE} sent {kind} instead of data.", f"not JSON: {error}")


def _points_series(
    reader: _Reader, item: Any, path: str, sides: Sequence[tuple[str, int]]
) -> LevelSeries:
    points = reader.array(reader.member(item, path, "points"), f"{path}.points")
    times: list[int] = []
    arrays: list[list[Float64Array]] = [[] for _ in sides]
    for i, wrapped in enumerate(points):
        where = f"{path}.points[{i}].Point"
        point = reader.member(wrapped, f"{path}.points[{i}]", "Point")
        times.append(reader.time_ms(point, where))
        for side, (key, _) in zip(arrays, sides, strict=True):
            values = reader.numbers(reader.member(point, where, key), f"{where}.{key}")
            if values.size % 2:
                raise bad(f"{where}.{key}", "has an odd length, a price lacks its quantity")
            side.append(values)
    runs = []
    for side, (key, direction) in zip(arrays, sides, strict=True):

        def place(i: int, j: int, k: int, key: str = key) -> str:
            return f"{path}.points[{i}].Point.{key}[{2 * j + k}]"

        run = _runs_of(side)
        check_levels(run, place)
        check_order(run, direction, place)
        runs.append(run)
    time_ms = np.array(times, dtype=np.int64)
    return LevelSeries(_name_of(reader, item, path), time_ms, tuple(runs))


def _runs_of(arrays: list[Float64Array]) -> LevelRuns:
    offsets = np.zeros(len(arrays) + 1, dtype=np.int64)
    np.cumsum([values.size // 2 for values in arrays], out=offsets[1:])
    flat = np.concatenate(arrays) if arrays else np.empty(0)
    return LevelRuns(offsets, flat[0::2].copy(), flat[1::2].copy())


def _split_flat(flat: Float64Array, path: str) -> tuple[Int64Array, LevelRuns, list[int]]:
    """Walk the records; give their times, levels and where each record starts."""
    starts: list[int] = []
    counts: list[int] = []
    at, size = 0, flat.size
    while at < size:
        count = float(flat[at])
        if not count >= 0 or count != np.floor(count):
            raise bad(f"{path}[{at}]", "is not a number of levels")
        if at + 2 + 2 * count > size:
            raise bad(f"{path}[{at}]", "counts more levels than were sent")
        starts.append(at)
        counts.append(int(count))
        at += 2 + 2 * int(count)
    heads = np.array(starts, dtype=np.int64)
    micros = flat[heads + 1]
    odd = np.flatnonzero(~((micros > 0) & (micros < _LATEST_S * 1e6)))
    if odd.size:
        raise bad(f"{path}[{starts[odd[0]] + 1}]", "is not a time in microseconds")
    is_level = np.ones(size, dtype=bool)
    is_level[heads] = is_level[heads + 1] = False
    levels = flat[is_level]
    offsets = np.zeros(heads.size + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    time_ms = micros.astype(np.int64) // 1000
    return time_ms, LevelRuns(offsets, levels[0::2].copy(), levels[1::2].copy()), starts


def _candle_series(reader: _Reader, item: Any, path: str) -> CandleSeries:
    points = reader.array(reader.member(item, path, "points"), f"{path}.points")
    keys = ("open", "high", "low", "close", "volume")
    times: list[int] = []
    rows: list[list[float]] = []
    for i, wrapped in enumerate(points):
        where = f"{path}.points[{i}].Point"
        point = reader.member(wrapped, f"{path}.points[{i}]", "Point")
        times.append(reader.time_ms(point, where))
        rows.append([_candle_number(point, where, key) for key in keys])
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(keys))
    table[:, :4][table[:, :4] == 0] = np.nan
    columns = tuple(table[:, c].copy() for c in range(len(keys)))
    return CandleSeries(_name_of(reader, item, path), np.array(times, dtype=np.int64), columns)


def _candle_number(point: Any, where: str, key: str) -> float:
    if key not in point:
        return 0.0
    node = Node(point[key], PROVIDER, TITLE, f"{where}.{key}")
    return node.amount()


def _name_of(reader: _Reader, item: Any, path: str) -> str:
    identity = item.get("id")
    if identity is None:
        return ""
    if not _is_object(identity):
        raise bad(f"{path}.id", "is not an object")
    words = [identity[key] for key in ("rawSymbol", "exchange", "coin") if key in identity]
    return " ".join(str(word) for word in words)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) or bool(simdjson and isinstance(value, simdjson.Object))


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())

"""Kiyotaka's answers: JSON text to arrays, every field checked, while the text still comes.

Each form of an answer has its reader. It hands out groups of snapshots, as large as is good for
the arrays, so that neither the text nor all of its numbers are ever held at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from heatdesk.frames.market import Float64Array, Int64Array, LevelRuns
from heatdesk.net.fields import Node
from heatdesk.net.json_pull import LIST, Steps
from heatdesk.providers.kiyotaka_checks import (
    PROVIDER,
    TITLE,
    bad,
    check_flat_order,
    check_levels,
    check_order,
)
from heatdesk.providers.kiyotaka_flat import FlatRecords
from heatdesk.providers.kiyotaka_numbers import RUN_BYTES, RunDecoder
from heatdesk.providers.kiyotaka_reader import AnswerReader, Series, require, time_ms_of

GROUP_LEVELS = 1 << 17
"""A group is handed out when it holds so many levels: 2 MiB of numbers."""
MAX_LEVELS = 1 << 20
"""Most levels of one side of one snapshot: an array that never ends is refused here."""

_CANDLE_KEYS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class LevelGroup:
    """Snapshots that follow one another in one series, in the order served.

    Attributes
    ----------
    series : Series
    time_ms : (n,) int64
    sides : tuple of LevelRuns
        One for each side that was asked for, ``n`` runs each.
    """

    series: Series
    time_ms: Int64Array
    sides: tuple[LevelRuns, ...]


@dataclass(frozen=True, slots=True)
class CandleGroup:
    """Candles of one series, in the order served; columns as in `CandleWindow`."""

    series: Series
    time_ms: Int64Array
    columns: tuple[Float64Array, ...]


class LevelReader(AnswerReader[LevelGroup]):
    """Reads a list of numbers run by run, for both forms of levels."""

    def __init__(self, fast: bool) -> None:
        super().__init__()
        self.decoder = RunDecoder(fast)

    def read_numbers(self, path: str, take: Callable[[Float64Array], None]) -> Steps[None]:
        """Read a list of numbers; ``take`` is given each run as an array."""
        if not (yield from self.pull.begins(LIST)):
            raise bad(path, "is not a list")
        last = not (yield from self.pull.enter(LIST))
        first = 0
        while not last:
            text, last = yield from self.pull.run(RUN_BYTES)
            values = self.decoder.decode(text, path, first)
            first += values.size
            take(values)


@dataclass(slots=True)
class _Gathered:
    """Snapshots in point form that were read and not handed out: times, and runs by side."""

    first: int
    times: list[int] = field(default_factory=list)
    sides: list[list[Float64Array]] = field(default_factory=list)
    counts: list[list[int]] = field(default_factory=list)
    levels: int = 0


class PointsReader(LevelReader):
    """Snapshots in point form.

    ``"points": [{"Point": {"timestamp": {"s": int}, <side>: [price, quantity, ...]}}]``

    Parameters
    ----------
    sides : sequence of (field, direction)
        Level arrays to read, and how their prices run.
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

    content = "points"

    def __init__(self, sides: Sequence[tuple[str, int]], fast: bool = True) -> None:
        super().__init__(fast)
        self._sides = tuple(sides)
        self._held = self._nothing(0)

    def read_content(self, series: Series) -> Steps[None]:
        """Read the points."""
        path = f"{series.path}.{self.content}"
        yield from self.read_list(path, partial(self._point, series))

    def flush(self, series: Series) -> None:
        """Check and hand out what was gathered."""
        held, self._held = self._held, self._nothing(0)
        if held.times:
            self._hand_out(series, held)

    def _nothing(self, first: int) -> _Gathered:
        return _Gathered(first, [], [[] for _ in self._sides], [[] for _ in self._sides])

    def _point(self, series: Series, at: int) -> Steps[None]:
        path = f"{series.path}.points[{at}]"
        point = partial(self._snapshot, series, f"{path}.Point")
        require((yield from self.read_object(path, {"Point": point})), path, "Point")
        series.snapshots += 1
        self._held.levels += 1  # an empty snapshot takes room as well
        if self._held.levels >= GROUP_LEVELS:
            held, self._held = self._held, self._nothing(at + 1)
            self._hand_out(series, held)

    def _snapshot(self, series: Series, path: str) -> Steps[None]:
        runs: dict[str, list[Float64Array]] = {key: [] for key, _ in self._sides}
        sizes = dict.fromkeys(runs, 0)

        def stamp() -> Steps[None]:
            judge = partial(time_ms_of, path=f"{path}.timestamp")
            self._held.times.append((yield from self.read_small(judge)))

        def take(key: str, values: Float64Array) -> None:
            runs[key].append(values)
            sizes[key] += values.size
            if sizes[key] > 2 * MAX_LEVELS:
                raise bad(f"{path}.{key}", f"holds more than {MAX_LEVELS:,} levels")

        handlers = {
            key: partial(self.read_numbers, f"{path}.{key}", partial(take, key)) for key in runs
        }
        seen = yield from self.read_object(path, {"timestamp": stamp} | handlers)
        require(seen, path, "timestamp", *runs)
        for side, key in enumerate(runs):
            if sizes[key] % 2:
                raise bad(f"{path}.{key}", "has an odd length, a price lacks its quantity")
            self._held.sides[side] += runs[key]
            self._held.counts[side].append(sizes[key] // 2)
            self._held.levels += sizes[key] // 2

    def _hand_out(self, series: Series, held: _Gathered) -> None:
        runs = []
        for side, (key, direction) in enumerate(self._sides):

            def place(i: int, j: int, k: int, key: str = key) -> str:
                return f"{series.path}.points[{held.first + i}].Point.{key}[{2 * j + k}]"

            run = _runs_of(held.sides[side], held.counts[side])
            check_levels(run, place)
            check_order(run, direction, place)
            runs.append(run)
        time_ms = np.array(held.times, dtype=np.int64)
        self.hand_out(LevelGroup(series, time_ms, tuple(runs)))


class FlatReader(LevelReader):
    """Snapshots in flattened form: ``"flat_points": [n, t_us, price, quantity, ..., n, t_us, ...]``.

    Parameters
    ----------
    sides : int
        2 for a book: bids, then asks, each ascending, the boundary not marked, so one price
        may appear on both sides. 1 for liquidation levels.
    crossed : bool
        The book sums several venues, so that its lowest ask may lie below its highest bid.
    depth : int or None
        Levels a side that were asked for; tells where a boundary can be.
    fast : bool
        Whether simdjson may be used.

    Raises
    ------
    BadPayload
        As in `PointsReader`, and where a count is negative, broken or overruns the array.
    """

    content = "flat_points"

    def __init__(
        self, sides: int, crossed: bool = False, depth: int | None = None, fast: bool = True
    ) -> None:
        super().__init__(fast)
        self._rules = (sides == 2, crossed, depth)
        self._records = FlatRecords("", 1, 1)

    def read_content(self, series: Series) -> Steps[None]:
        """Read the records."""
        path = f"{series.path}.{self.content}"
        self._records = FlatRecords(path, GROUP_LEVELS, MAX_LEVELS)
        yield from self.read_numbers(path, partial(self._take, series, path))

    def flush(self, series: Series) -> None:
        """Check and hand out the records that are left."""
        self._records.finish()
        self._hand_out(series, f"{series.path}.{self.content}")

    def _take(self, series: Series, path: str, values: Float64Array) -> None:
        self._records.add(values)
        while self._records.walk():
            self._hand_out(series, path)

    def _hand_out(self, series: Series, path: str) -> None:
        time_ms, runs, starts = self._records.take()
        if not starts:
            return

        def place(i: int, j: int, k: int) -> str:
            return f"{path}[{starts[i] + 2 + 2 * j + k}]"

        check_levels(runs, place)
        check_flat_order(runs, starts, path, *self._rules)
        series.snapshots += len(starts)
        self.hand_out(LevelGroup(series, time_ms, (runs,)))


class CandleReader(AnswerReader[CandleGroup]):
    """Candles.

    Proto-JSON leaves zeros out: a missing price is NaN, a missing volume 0. A candle that has
    only begun is served with zero prices; they are not known yet, so they are NaN too.
    """

    content = "points"

    def __init__(self) -> None:
        super().__init__()
        self._times: list[int] = []
        self._rows: list[list[float]] = []

    def read_content(self, series: Series) -> Steps[None]:
        """Read the points."""
        yield from self.read_list(f"{series.path}.points", partial(self._candle, series))

    def flush(self, series: Series) -> None:
        """Hand out the whole series."""
        table = np.array(self._rows, dtype=np.float64).reshape(-1, len(_CANDLE_KEYS))
        table[:, :4][table[:, :4] == 0] = np.nan
        columns = tuple(table[:, c].copy() for c in range(len(_CANDLE_KEYS)))
        self.hand_out(CandleGroup(series, np.array(self._times, dtype=np.int64), columns))
        self._times, self._rows = [], []

    def _candle(self, series: Series, at: int) -> Steps[None]:
        path = f"{series.path}.points[{at}]"
        where = f"{path}.Point"

        def judge(point: Any) -> None:
            if not isinstance(point, dict):
                raise bad(where, "is not an object")
            require(set(point), where, "timestamp")
            self._times.append(time_ms_of(point["timestamp"], f"{where}.timestamp"))
            self._rows.append([_candle_number(point, where, key) for key in _CANDLE_KEYS])

        seen = yield from self.read_object(path, {"Point": partial(self.read_small, judge)})
        require(seen, path, "Point")
        series.snapshots += 1


def _runs_of(arrays: list[Float64Array], counts: list[int]) -> LevelRuns:
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    flat = np.concatenate(arrays) if arrays else np.empty(0)
    return LevelRuns(offsets, flat[0::2].copy(), flat[1::2].copy())


def _candle_number(point: dict[str, Any], where: str, key: str) -> float:
    if key not in point:
        return 0.0
    return Node(point[key], PROVIDER, TITLE, f"{where}.{key}").amount()

"""What happened, one row an event: trades and liquidations by time, the newest of them held."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames.events import LiquidationBatch, TradeBatch

MAX_TRADES = 2_000_000
MAX_LIQUIDATIONS = 200_000
_CHUNK = 1 << 14
_REMEMBERED = 256

Columns = dict[str, NDArray[Any]]


class EventTape:
    """Rows ascending by time in chunks; the oldest chunk goes when there are too many rows.

    One writer, any thread reads. What is handed out is a copy.

    Attributes
    ----------
    lock : threading.RLock
        Hold it to read several things of one moment.
    revision : int
        One more with each batch that came.
    """

    def __init__(
        self,
        dtypes: Mapping[str, np.dtype[Any]],
        most: int,
        lock: threading.RLock | None = None,
        chunk: int = _CHUNK,
    ) -> None:
        self.lock = lock if lock is not None else threading.RLock()
        self.revision = 0
        self._dtypes = dict(dtypes)
        self._most = most
        self._chunk = min(chunk, most)
        self._full: deque[Columns] = deque()
        self._tail = self._blank()
        self._tail_size = 0
        self._floor_ms = -(2**62)
        self._came: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        self._gaps: deque[tuple[int, int | None]] = deque(maxlen=_REMEMBERED)

    def __len__(self) -> int:
        """Rows held."""
        return len(self._full) * self._chunk + self._tail_size

    @property
    def first_ms(self) -> int | None:
        """Time of the oldest row held; None while there is none."""
        with self.lock:
            parts = self._parts()
            return int(parts[0]["time_ms"][0]) if parts else None

    @property
    def last_ms(self) -> int | None:
        """Time of the newest row; None while there is none."""
        with self.lock:
            parts = self._parts()
            return int(parts[-1]["time_ms"][-1]) if parts else None

    @property
    def gaps(self) -> tuple[tuple[int, int | None], ...]:
        """Stretches of which nothing is known, half-open, ascending; None: it has no end yet."""
        with self.lock:
            return tuple(self._gaps)

    @property
    def blind(self) -> tuple[tuple[int, int | None], ...]:
        """Stretches of which no source knows anything: there is one."""
        return self.gaps

    def break_off(self, at_ms: int) -> None:
        """Nothing is known from a moment on, until the next row that is later."""
        with self.lock:
            last_ms = self.last_ms
            if last_ms is not None and not (self._gaps and self._gaps[-1][1] is None):
                self._gaps.append((max(at_ms, last_ms + 1), None))

    def changed_from_ms(self, revision: int) -> int | None:
        """Time of the earliest row that came after a revision; None when none did.

        A revision too old to tell gives the oldest row held. Rows that left are not told:
        compare `first_ms`.
        """
        with self.lock:
            if revision >= self.revision:
                return None
            if not self._came or self._came[0][0] > revision + 1:
                return self.first_ms
            return min(at_ms for mark, at_ms in self._came if mark > revision)

    # -- writing (one thread)

    def _add(self, rows: Columns) -> None:
        """Take in rows ascending by time; late ones find their place."""
        rows = self._not_too_old(rows)
        if rows["time_ms"].size == 0:
            return
        with self.lock:
            self._end_gap(rows["time_ms"])
            at_ms = int(rows["time_ms"][0])
            last_ms = self.last_ms
            if last_ms is not None and at_ms < last_ms:
                rows = _merged(self._cut_after(at_ms), rows)
            self._append(rows)
            self.revision += 1
            self._came.append((self.revision, at_ms))
            while len(self) > self._most and self._full:
                gone = self._full.popleft()
                self._floor_ms = int(gone["time_ms"][-1])

    def _end_gap(self, time_ms: NDArray[Any]) -> None:
        if self._gaps and self._gaps[-1][1] is None:
            from_ms = self._gaps[-1][0]
            later = time_ms[time_ms >= from_ms]
            if later.size:
                self._gaps[-1] = from_ms, int(later[0])

    def _not_too_old(self, rows: Columns) -> Columns:
        time_ms = rows["time_ms"]
        if (np.diff(time_ms) < 0).any():
            rows = _picked(rows, np.argsort(time_ms, kind="stable"))
        first = int(np.searchsorted(rows["time_ms"], self._floor_ms, side="right"))
        return _picked(rows, slice(first, None)) if first else rows

    def _append(self, rows: Columns) -> None:
        start, stop = 0, rows["time_ms"].size
        while start < stop:
            size = min(stop - start, self._chunk - self._tail_size)
            for name, column in self._tail.items():
                column[self._tail_size : self._tail_size + size] = rows[name][start : start + size]
            self._tail_size += size
            start += size
            if self._tail_size == self._chunk:
                self._full.append(self._tail)
                self._tail, self._tail_size = self._blank(), 0

    def _cut_after(self, at_ms: int) -> Columns:
        """Take the rows after a moment out."""
        taken: list[Columns] = []
        while True:
            time_ms = self._tail["time_ms"][: self._tail_size]
            keep = int(np.searchsorted(time_ms, at_ms, side="right"))
            taken.append({n: c[keep : self._tail_size].copy() for n, c in self._tail.items()})
            self._tail_size = keep
            if keep or not self._full or int(self._full[-1]["time_ms"][-1]) <= at_ms:
                return _joined(taken[::-1])
            self._tail, self._tail_size = self._full.pop(), self._chunk

    def _blank(self) -> Columns:
        return {name: np.empty(self._chunk, dtype) for name, dtype in self._dtypes.items()}

    # -- reading (any thread)

    def _parts(self) -> list[Columns]:
        tail = {name: column[: self._tail_size] for name, column in self._tail.items()}
        return [*self._full, tail] if self._tail_size else list(self._full)

    def _between(self, from_ms: int, to_ms: int) -> Columns:
        found: list[Columns] = []
        with self.lock:
            for part in self._parts():
                time_ms = part["time_ms"]
                if time_ms[-1] < from_ms or time_ms[0] >= to_ms:
                    continue
                a, b = np.searchsorted(time_ms, (from_ms, to_ms)).tolist()
                found.append(_picked(part, slice(a, b)))
            return self._copied(found)

    def _last(self, n: int) -> Columns:
        found: list[Columns] = []
        with self.lock:
            for part in reversed(self._parts()):
                if n <= 0:
                    break
                size = min(n, part["time_ms"].size)
                found.insert(0, _picked(part, slice(part["time_ms"].size - size, None)))
                n -= size
            return self._copied(found)

    def _copied(self, parts: list[Columns]) -> Columns:
        if not parts:
            return {name: np.empty(0, dtype) for name, dtype in self._dtypes.items()}
        return _joined(parts)


class TradeTape(EventTape):
    """Trades of one subscription."""

    def __init__(self, lock: threading.RLock | None = None, most: int = MAX_TRADES) -> None:
        super().__init__(
            {
                "time_ms": np.dtype(np.int64),
                "price": np.dtype(np.float64),
                "qty_base": np.dtype(np.float64),
                "buy": np.dtype(np.bool_),
            },
            most,
            lock,
        )

    def add(self, batch: TradeBatch) -> None:
        """Take in trades; one that comes late finds its place."""
        self._add({name: getattr(batch, name) for name in self._dtypes})

    def window(self, from_ms: int, to_ms: int) -> TradeBatch:
        """Trades in a half-open stretch of time."""
        return TradeBatch(**self._between(from_ms, to_ms))

    def newest(self, n: int) -> TradeBatch:
        """The last so many trades."""
        return TradeBatch(**self._last(n))


class LiquidationTape(EventTape):
    """Liquidations of one subscription.

    Attributes
    ----------
    sampled : bool
        The venue publishes some of them only: sums are an undercount.
    """

    def __init__(self, lock: threading.RLock | None = None, most: int = MAX_LIQUIDATIONS) -> None:
        super().__init__(
            {
                "time_ms": np.dtype(np.int64),
                "price": np.dtype(np.float64),
                "qty_base": np.dtype(np.float64),
                "value_usd": np.dtype(np.float64),
                "long": np.dtype(np.bool_),
                "raw_side": np.dtype(np.object_),
            },
            most,
            lock,
            chunk=1 << 10,
        )
        self.sampled = False

    def add(self, batch: LiquidationBatch) -> None:
        """Take in liquidations; one that comes late finds its place."""
        self.sampled = self.sampled or batch.sampled
        rows = {name: getattr(batch, name) for name in self._dtypes if name != "raw_side"}
        sides = np.empty(batch.time_ms.size, np.object_)
        sides[:] = batch.raw_side
        self._add(rows | {"raw_side": sides})

    def window(self, from_ms: int, to_ms: int) -> LiquidationBatch:
        """Liquidations in a half-open stretch of time."""
        return self._batch(self._between(from_ms, to_ms))

    def newest(self, n: int) -> LiquidationBatch:
        """The last so many liquidations."""
        return self._batch(self._last(n))

    def _batch(self, rows: Columns) -> LiquidationBatch:
        sides = tuple(rows.pop("raw_side").tolist())
        return LiquidationBatch(**rows, raw_side=sides, sampled=self.sampled)


def _picked(rows: Columns, keep: slice | NDArray[np.intp]) -> Columns:
    return {name: column[keep] for name, column in rows.items()}


def _joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _merged(held: Columns, late: Columns) -> Columns:
    """Rows of both by time; of equal times those held come first."""
    rows = _joined([held, late])
    return _picked(rows, np.argsort(rows["time_ms"], kind="stable"))

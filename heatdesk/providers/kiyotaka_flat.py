"""Records laid end to end in one list of numbers: where each starts, and what it holds."""

from __future__ import annotations

import numpy as np

from heatdesk.frames.market import Float64Array, Int64Array, LevelRuns
from heatdesk.providers.kiyotaka_checks import bad

_LATEST_US = 1e17


class FlatRecords:
    """Numbers of one series that were not handed out yet, and the whole records among them.

    Parameters
    ----------
    path : str
        Where the list of numbers stands.
    group_levels : int
        So many levels make a group.
    max_levels : int
        Most levels of one side of a record.
    """

    def __init__(self, path: str, group_levels: int, max_levels: int) -> None:
        self._path = path
        self._group_levels = group_levels
        self._max_count = 2 * max_levels
        self._numbers = np.empty(0)
        self._size = 0
        # Position in the whole list of the first number that is held.
        self._first = 0
        self._at = 0
        self._starts: list[int] = []
        self._counts: list[int] = []
        self._levels = 0

    def add(self, values: Float64Array) -> None:
        """Add the next numbers of the list."""
        needed = self._size + values.size
        if needed > self._numbers.size:
            roomy = np.empty(max(needed, 2 * self._numbers.size))
            roomy[: self._size] = self._numbers[: self._size]
            self._numbers = roomy
        self._numbers[self._size : needed] = values
        self._size = needed

    def walk(self) -> bool:
        """Go from record to record; tell whether a group is whole.

        Raises
        ------
        BadPayload
            Naming the count or the time that is none.
        """
        at, size = self._at, self._size
        while at + 2 <= size and self._levels < self._group_levels:
            count = self._count(at)
            if at + 2 + 2 * count > size:
                break
            self._starts.append(at)
            self._counts.append(count)
            self._levels += count + 1  # an empty record takes room as well
            at += 2 + 2 * count
        self._at = at
        return self._levels >= self._group_levels

    def finish(self) -> None:
        """Take note that the list is over; hold the last record to be whole.

        Raises
        ------
        BadPayload
        """
        if self._at < self._size:
            self._count(self._at)
            raise bad(
                f"{self._path}[{self._first + self._at}]", "counts more levels than were sent"
            )

    def take(self) -> tuple[Int64Array, LevelRuns, list[int]]:
        """Hand out the whole records: times, levels, and where in the list each starts.

        Raises
        ------
        BadPayload
            Naming a time that is none.
        """
        flat, starts, counts = self._numbers, self._starts, self._counts
        heads = np.array(starts, dtype=np.int64)
        where = (heads + self._first).tolist()
        micros = flat[heads + 1]
        odd = np.flatnonzero(~((micros > 0) & (micros < _LATEST_US)))
        if odd.size:
            raise bad(f"{self._path}[{where[odd[0]] + 1}]", "is not a time in microseconds")
        offsets = np.zeros(heads.size + 1, dtype=np.int64)
        np.cumsum(counts, out=offsets[1:])
        price, qty = np.empty(int(offsets[-1])), np.empty(int(offsets[-1]))
        for start, count, to in zip(starts, counts, offsets.tolist(), strict=False):
            stop = start + 2 + 2 * count
            price[to : to + count] = flat[start + 2 : stop : 2]
            qty[to : to + count] = flat[start + 3 : stop : 2]
        self._forget()
        return micros.astype(np.int64) // 1000, LevelRuns(offsets, price, qty), where

    def _forget(self) -> None:
        rest = self._numbers[self._at : self._size].copy()
        self._numbers[: rest.size] = rest
        self._first += self._at
        self._size, self._at, self._levels = rest.size, 0, 0
        self._starts, self._counts = [], []

    def _count(self, at: int) -> int:
        count = float(self._numbers[at])
        if not count >= 0 or count != np.floor(count):
            raise bad(f"{self._path}[{self._first + at}]", "is not a number of levels")
        if count > self._max_count:
            raise bad(
                f"{self._path}[{self._first + at}]",
                f"counts more levels than were sent, or than the {self._max_count:,} that are read",
            )
        return int(count)

"""Trades and liquidations that come twice: from two connections at once, or again after a gap."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Sequence

REMEMBERED = 50_000


class Seen:
    """Tells what is new among things that may be repeated.

    Where the venue numbers them, a number counts once. Where it does not, two connections tell
    the same things, each once: of several equal ones as many count as the connection that told
    the most of them.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._order: deque[Hashable] = deque()
        self._counts: Counter[Hashable] = Counter()
        self._told: dict[int, Counter[Hashable]] = {}

    def fresh_ids(self, ids: Sequence[Hashable]) -> list[int]:
        """Which of these numbers were not seen before, by index."""
        fresh = []
        for i, number in enumerate(ids):
            if number not in self._counts:
                fresh.append(i)
                self._remember(number)
        return fresh

    def fresh_of(self, connection: int, keys: Sequence[Hashable]) -> list[int]:
        """Which of these a connection tells beyond what any told before, by index."""
        told = self._told.setdefault(connection, Counter())
        fresh = []
        for i, key in enumerate(keys):
            told[key] += 1
            if told[key] > self._counts[key]:
                fresh.append(i)
                self._remember(key)
        if len(told) > self._remembered:
            told.clear()
        return fresh

    def ended(self, connection: int) -> None:
        """A connection tells nothing more."""
        self._told.pop(connection, None)

    def _remember(self, key: Hashable) -> None:
        self._counts[key] += 1
        self._order.append(key)
        if len(self._order) > self._remembered:
            oldest = self._order.popleft()
            self._counts[oldest] -= 1
            if self._counts[oldest] <= 0:
                del self._counts[oldest]

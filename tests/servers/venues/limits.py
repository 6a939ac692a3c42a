"""What a venue bears: counters over a stretch of time, and the log of who overstepped them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class SlidingCount:
    """Counts what happened in the last `seconds`."""

    def __init__(
        self, limit: float, seconds: float, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit, self.seconds = limit, seconds
        self.peak = 0.0
        """Most that one stretch ever held."""
        self._now_s = now_s
        self._held: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def add(self, weight: float = 1.0) -> bool:
        """Count; tell whether that was still within the limit."""
        now_s = self._now_s()
        self._held.append((now_s, weight))
        self._sum += weight
        while self._held[0][0] <= now_s - self.seconds:
            self._sum -= self._held.popleft()[1]
        self.peak = max(self.peak, self._sum)
        return self._sum <= self.limit


class MinuteCount:
    """Counts by whole minutes of the clock, as weights of REST requests are counted."""

    def __init__(
        self, limit: int, seconds: int = 60, now_s: Callable[[], float] = time.time
    ) -> None:
        self.limit, self.seconds = limit, seconds
        self.used = 0
        self.peak = 0
        self._minute = -1
        self._now_s = now_s

    def add(self, weight: int) -> bool:
        """Count; tell whether that was still within the limit."""
        minute = int(self._now_s() // self.seconds)
        if minute != self._minute:
            self._minute, self.used = minute, 0
        self.used += weight
        self.peak = max(self.peak, self.used)
        return self.used <= self.limit

    @property
    def left_s(self) -> int:
        """Whole seconds until it begins anew."""
        return self.seconds - int(self._now_s() % self.seconds)

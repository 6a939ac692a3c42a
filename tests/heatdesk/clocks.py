"""A clock for tests: sleeping makes time pass at once, in the order of the alarms."""

from __future__ import annotations

import asyncio
import heapq
import itertools

START_MS = 1_780_000_000_000
_IDLE_ROUNDS = 25


class JumpingClock:
    """Jumps to the next alarm when every task of the loop waits for one.

    A jump happens only after the loop has been idle for a few rounds, so tasks that are about
    to do something at the present moment do it at the present moment. `limit_s` ends a test
    that would sleep for ever.
    """

    def __init__(self, time_ms: int = START_MS, limit_s: float = 400 * 86_400) -> None:
        self.start_ms = time_ms
        self.passed_s = 0.0
        self.slept: list[float] = []
        self._limit_s = limit_s
        self._alarms: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def now_ms(self) -> int:
        return self.start_ms + int(self.passed_s * 1000 + 1e-6)

    def monotonic_s(self) -> float:
        return self.passed_s

    async def make_way(self) -> None:
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.passed_s += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        alarm = (self.passed_s + max(0.0, seconds), next(self._count), asyncio.Event())
        heapq.heappush(self._alarms, alarm)
        try:
            while not alarm[2].is_set():
                for _ in range(_IDLE_ROUNDS):
                    await asyncio.sleep(0)
                if self._alarms and self._alarms[0] is alarm and not alarm[2].is_set():
                    if alarm[0] > self._limit_s:
                        await asyncio.Event().wait()
                    self.passed_s = max(self.passed_s, alarm[0])
                    alarm[2].set()
        finally:
            self._alarms.remove(alarm)
            heapq.heapify(self._alarms)

"""How often a venue lets one computer connect: kept for all connections of a provider."""

from __future__ import annotations

from collections import deque

from heatdesk.units import Clock

WINDOW_S = 300.0
_RESERVE = 0.8
# Another desk on the same network may connect too.


class Attempts:
    """Counts attempts to connect over five minutes.

    Parameters
    ----------
    per_5min : int
        What the venue allows.
    """

    def __init__(self, per_5min: int, clock: Clock) -> None:
        self._allowed = per_5min
        self._most = max(1, int(per_5min * _RESERVE))
        self._clock = clock
        self._made_s: deque[float] = deque()

    @property
    def said(self) -> str:
        """Why there is no attempt, while there is none."""
        return f"It lets a computer connect {self._allowed} times in five minutes: that is used up."

    @property
    def pace_s(self) -> float:
        """Seconds between attempts that can go on for ever."""
        return WINDOW_S / self._most

    def wait_s(self) -> float:
        """Seconds until another attempt is within the limit."""
        now_s = self._clock.monotonic_s()
        while self._made_s and now_s - self._made_s[0] > WINDOW_S:
            self._made_s.popleft()
        if len(self._made_s) < self._most:
            return 0.0
        return self._made_s[0] + WINDOW_S - now_s

    def note(self) -> None:
        """One is made now."""
        self._made_s.append(self._clock.monotonic_s())

    def take_back(self) -> None:
        """The newest one did not get as far as the venue."""
        if self._made_s:
            self._made_s.pop()

"""How long charts take to paint: the last paints, remembered at next to no cost."""

from __future__ import annotations

from collections import deque
from statistics import median

from heatdesk.units import SystemClock

KEPT = 240
_now_s = SystemClock().monotonic_s


class FrameTimes:
    """A ring of the newest paints' durations, of all charts together: they share one thread."""

    def __init__(self) -> None:
        self.count = 0
        self._ms: deque[float] = deque(maxlen=KEPT)

    @staticmethod
    def begin() -> float:
        """The moment at which a paint begins."""
        return _now_s()

    def end(self, began_s: float) -> None:
        """That paint ended."""
        self.count += 1
        self._ms.append((_now_s() - began_s) * 1000)

    @property
    def typical_ms(self) -> float | None:
        """Median; None before any."""
        return median(self._ms) if self._ms else None

    @property
    def slow_ms(self) -> float | None:
        """What one paint in twenty exceeds; None before any."""
        return sorted(self._ms)[int(0.95 * (len(self._ms) - 1))] if self._ms else None


PAINTS = FrameTimes()
"""Paints of every chart of this program."""

"""How often frames are made: at once when the loop has time, less often when it has not."""

from __future__ import annotations

from heatdesk.units import Clock

LEAST_PAUSE_S = 0.016
"""Nobody draws more often."""
MOST_PAUSE_S = 0.5
BUSY_SHARE = 0.5
"""Frames together may take so much of the loop's time."""
_WEIGHT = 0.1
_FORGET_S = 2.0


class Pace:
    """The time that frames of all live streams cost, shared by all providers of one loop."""

    def __init__(self) -> None:
        self._cost_s: dict[object, tuple[float, float]] = {}

    def pause_s(self, lane: object, cost_s: float, now_s: float) -> float:
        """Seconds a stream waits after a frame that cost so much.

        While nothing else runs that is the frame time of a screen; when frames together would
        take more than half of the loop's time, all streams slow down alike.
        """
        mean_s, _ = self._cost_s.get(lane, (cost_s, now_s))
        self._cost_s[lane] = (mean_s + _WEIGHT * (cost_s - mean_s), now_s)
        round_s = sum(cost for cost, at_s in self._cost_s.values() if now_s - at_s < _FORGET_S)
        return min(max(LEAST_PAUSE_S, round_s / BUSY_SHARE), MOST_PAUSE_S)

    def forget(self, lane: object) -> None:
        """A stream ended."""
        self._cost_s.pop(lane, None)


class Stopwatch:
    """Measures what handing out a frame costs: making it, and what its reader does with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun_s = clock.monotonic_s()

    def restart(self) -> None:
        """Measure from now on."""
        self._begun_s = self._clock.monotonic_s()

    def spent_s(self) -> float:
        """Seconds since."""
        return self._clock.monotonic_s() - self._begun_s

"""How long fresh data takes from its arrival to the end of the paint that shows it."""

from __future__ import annotations

from collections import deque
from statistics import median

KEPT = 64
LONGEST_MS = 2_000.0
"""A paint that comes later was of something else: the panel was covered meanwhile."""


class PaintLatency:
    """Remembers the newest waits; a header shows their median, which does not flicker."""

    def __init__(self) -> None:
        self._arrived_ms: int | None = None
        self._waits_ms: deque[float] = deque(maxlen=KEPT)

    @property
    def typical_ms(self) -> float | None:
        """Median of the newest waits; None before any."""
        return median(self._waits_ms) if self._waits_ms else None

    def forget(self) -> None:
        """Start anew: something else is shown."""
        self._arrived_ms = None
        self._waits_ms.clear()

    def drew(self, arrived_ms: int | None) -> None:
        """Data that arrived at a moment was handed to the picture."""
        if arrived_ms is not None and self._arrived_ms is None:
            self._arrived_ms = arrived_ms

    def painted(self, now_ms: int) -> None:
        """The picture was painted."""
        arrived_ms, self._arrived_ms = self._arrived_ms, None
        if arrived_ms is not None and 0 <= now_ms - arrived_ms <= LONGEST_MS:
            self._waits_ms.append(float(now_ms - arrived_ms))

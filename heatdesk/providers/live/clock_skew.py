"""How far this computer's clock and a venue's lie apart, and how late its messages come."""

from __future__ import annotations

WINDOW_MS = 60_000
"""The smallest difference of this long counts: a clock that is set meanwhile is noticed."""
TOLD_FROM_MS = 1_000
"""A smaller difference is nobody's business: network and clock cannot be told apart."""
SUDDEN_MS = 5_000
"""A message that seems to come so much earlier than any before is believed with the second."""


class ClockSkew:
    """Differences between receipt and event times of one connection's messages.

    The smallest of a minute is the clocks' difference and the shortest way through the network
    together; what exceeds it is lateness. A connection that is late from its first message on
    cannot be told from a clock that is wrong; it counts as the latter.
    """

    def __init__(self) -> None:
        self._least_ms: float | None = None
        self._previous_ms: float | None = None
        self._window_ms = 0
        self._latest_ms = 0.0
        self._doubted = False

    @property
    def is_known(self) -> bool:
        """Whether any message said what the venue's clock shows."""
        return self._least_ms is not None or self._previous_ms is not None

    @property
    def offset_ms(self) -> float:
        """This computer's time of receipt less the venue's event time, at best."""
        known = [ms for ms in (self._least_ms, self._previous_ms) if ms is not None]
        return min(known, default=0.0)

    @property
    def skew_ms(self) -> float:
        """How far this computer's clock is ahead of the venue's; 0 where that is not certain."""
        return round(self.offset_ms, -2) if abs(self.offset_ms) >= TOLD_FROM_MS else 0.0

    @property
    def latency_ms(self) -> float:
        """How long after its event time the newest message was received, by the venue's clock."""
        return max(0.0, self._latest_ms - self.skew_ms)

    @property
    def lateness_ms(self) -> float:
        """How much longer the newest message was under way than the quickest ones."""
        return max(0.0, self._latest_ms - self.offset_ms) if self.is_known else 0.0

    def observe(self, event_ms: int, received_ms: int) -> None:
        """A message of that event time came."""
        difference_ms = float(received_ms - event_ms)
        if self.is_known and difference_ms < self.offset_ms - SUDDEN_MS and not self._doubted:
            self._doubted = True
            return
        self._doubted = False
        self._latest_ms = difference_ms
        if abs(received_ms - self._window_ms) > WINDOW_MS:
            self._previous_ms, self._least_ms = self._least_ms, None
            self._window_ms = received_ms
        if self._least_ms is None or difference_ms < self._least_ms:
            self._least_ms = difference_ms

    def forget(self) -> None:
        """The clock may have been set: measure anew."""
        self._least_ms = self._previous_ms = None

    def venue_ms(self, local_ms: int) -> int:
        """Event time of a message that would be received at that local time, at best."""
        return round(local_ms - self.offset_ms)

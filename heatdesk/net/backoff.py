"""How long to wait after a failure: of a stream, once for all providers, and of a connection."""

from __future__ import annotations

import math
from collections.abc import Callable

from heatdesk.errors import ProviderError, RateLimited, Retry, Unreachable
from heatdesk.units import Clock

SOON_FIRST_S = 1.0
SOON_MOST_S = 60.0
LATER_FIRST_S = 60.0
LATER_MOST_S = 600.0
RETRY_FIRST_S = 0.5
RETRY_MOST_S = 30.0
HEALTHY_S = 2.0
_JITTER_SHARE = 0.25
_FORGET_S = 3600.0


def _no_jitter() -> float:
    return 0.0


class Backoff:
    """Delays that double from failure to failure, for one stream.

    Parameters
    ----------
    clock : Clock
        A failure an hour after the last one starts anew.
    jitter : callable
        Numbers from 0 to 1; a quarter of it is added, so that streams that failed together
        do not come back together. None by default.
    """

    def __init__(self, clock: Clock, jitter: Callable[[], float] = _no_jitter) -> None:
        self._clock = clock
        self._jitter = jitter
        self._failures = 0
        self._last_s = -math.inf

    def reset(self) -> None:
        """Data came: the next failure counts as the first."""
        self._failures = 0

    def delay_s(self, error: ProviderError, period_s: float = 0.0) -> float:
        """Seconds until asking again can help; infinite when it never does.

        A provider's own ``Retry-After`` is waited out, and longer where it was not enough. A
        stream that a small budget lets update only every ``period_s`` is retried less often
        than others in the end: a long outage must not eat the budget of the day.
        """
        if error.retry is Retry.NEVER:
            return math.inf
        now_s = self._clock.monotonic_s()
        if now_s - self._last_s > _FORGET_S:
            self._failures = 0
        self._last_s = now_s
        soon = error.retry is Retry.SOON
        if not soon and isinstance(error, Unreachable) and 0 < period_s < LATER_FIRST_S:
            # what is live costs no budget: a network that returns is noticed within a minute
            soon = True
        first_s, most_s = (SOON_FIRST_S, SOON_MOST_S) if soon else (LATER_FIRST_S, LATER_MOST_S)
        most_s = min(max(most_s, period_s / 2), LATER_MOST_S)
        delay_s = min(first_s * 2.0 ** min(self._failures, 16), most_s)
        self._failures += 1
        if isinstance(error, RateLimited) and error.retry_after_s is not None:
            delay_s = max(error.retry_after_s, delay_s)
        return delay_s * (1 + _JITTER_SHARE * self._jitter())


class Retries:
    """Delays between attempts at something that was healthy: the first comes at once.

    Parameters
    ----------
    clock : Clock
    jitter : callable
        Numbers from 0 to 1; each delay is between half of it and all of it.
    first_s, most_s : float
        The second delay, which doubles from failure to failure, and the longest.
    healthy_s : float
        Health that lasted longer makes the next failure the first.
    """

    def __init__(
        self,
        clock: Clock,
        jitter: Callable[[], float],
        *,
        first_s: float = RETRY_FIRST_S,
        most_s: float = RETRY_MOST_S,
        healthy_s: float = HEALTHY_S,
    ) -> None:
        self._clock = clock
        self._jitter = jitter
        self._first_s = first_s
        self._most_s = most_s
        self._healthy_s = healthy_s
        self._failures = 0
        self._well_since_s = math.inf

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def well(self) -> None:
        """It works: told at least when it begins to."""
        self._well_since_s = min(self._well_since_s, self._clock.monotonic_s())

    def delay_s(self, told_s: float | None = None, *, most_s: float | None = None) -> float:
        """Seconds until the next attempt.

        Parameters
        ----------
        told_s : float, optional
            How long we were asked to wait.
        most_s : float, optional
            A shorter longest delay for this kind of failure; beyond it failures are not counted,
            so that one of another kind is not made to wait for them.
        """
        if self._clock.monotonic_s() - self._well_since_s > self._healthy_s:
            self._failures = 0
        self._well_since_s = math.inf
        delay_s, longest_s = 0.0, min(self._most_s, most_s or self._most_s)
        if self._failures:
            full_s = min(self._first_s * 2.0 ** min(self._failures - 1, 16), longest_s)
            delay_s = full_s * (0.5 + 0.5 * self._jitter())
        if most_s is None or self._first_s * 2.0 ** (self._failures - 1) < longest_s:
            self._failures += 1
        return max(delay_s, told_s or 0.0)

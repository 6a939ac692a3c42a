"""Asking once and for all: retries what is transient, for as long as the user's patience lasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from heatdesk.errors import ProviderError, RateLimited, Retry
from heatdesk.net.budget import RateBudget
from heatdesk.net.client import JsonClient
from heatdesk.units import Clock, format_age

T = TypeVar("T")
Say = Callable[[str], None]
_FIRST_DELAY_S = 1.0
_WORTH_SAYING_S = 0.5
_LONG_S = 300.0


class Patience:
    """Retries of one export.

    Parameters
    ----------
    clock : Clock
    budget : RateBudget
        Its waits are announced and do not count as failing.
    http : JsonClient
        Knows the last good answer: what is asked here may take several requests.
    timeout_s : float
        How long requests may keep failing since the last good answer.
    say : callable
        Takes one line for the user.
    """

    def __init__(
        self, clock: Clock, budget: RateBudget, http: JsonClient, timeout_s: float, say: Say
    ) -> None:
        self._clock = clock
        self._http = http
        self._timeout_s = timeout_s
        self._say = say
        self._failing_s = 0.0
        self._failures = 0
        self._wait_from_s = self._wait_to_s = 0.0
        budget.on_wait = self._waiting

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Await a request until it succeeds.

        Raises
        ------
        ProviderError
            At once when asking again cannot help; otherwise when the patience is over, or
            the provider asks for more of it than there is.
        """
        while True:
            began_s = self._clock.monotonic_s()
            self._wait_from_s = self._wait_to_s = 0.0
            try:
                answer = await request()
            except ProviderError as error:
                if error.retry is not Retry.SOON:
                    raise
                if self._http.last_good_s >= began_s:
                    began_s = self._http.last_good_s
                    self._failing_s, self._failures = 0.0, 0
                self._failing_s += self._spent_s(began_s)
                await self._hold_off(error)
            else:
                self._failing_s, self._failures = 0.0, 0
                return answer

    async def _hold_off(self, error: ProviderError) -> None:
        left_s = self._timeout_s - self._failing_s
        told_s = error.retry_after_s if isinstance(error, RateLimited) else None
        # The last try falls on the end of the patience; a provider's own word is not shortened.
        delay_s = min(_FIRST_DELAY_S * 2.0**self._failures, left_s) if told_s is None else told_s
        if left_s <= 0 or delay_s > left_s:
            raise error
        self._failures = min(self._failures + 1, 16)
        self._say(f"{error.user_message} Trying again in {delay_s:.0f} s.")
        await self._clock.sleep(delay_s)
        self._failing_s += delay_s

    def _waiting(self, wait_s: float, reason: str) -> None:
        now_s = self._clock.monotonic_s()
        self._wait_from_s = self._wait_from_s or now_s
        self._wait_to_s = now_s + wait_s
        if wait_s >= _WORTH_SAYING_S:
            how_long = f"{wait_s:.0f} s" if wait_s < _LONG_S else format_age(wait_s)
            stop = "" if wait_s < _LONG_S else " Ctrl-C stops."
            self._say(f"{reason[:1].upper()}{reason[1:]}, {how_long}.{stop}")

    def _spent_s(self, began_s: float) -> float:
        """Seconds since the request began, without those it waited for the budget."""
        now_s = self._clock.monotonic_s()
        waited_s = min(self._wait_to_s, now_s) - max(self._wait_from_s, began_s)
        return max(0.0, now_s - began_s - max(0.0, waited_s))

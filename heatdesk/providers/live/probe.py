"""Whether the other end of a quiet connection is still there, asked by a ping of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from heatdesk.net.socket import Socket
from heatdesk.units import Clock

FIRST_AFTER_S = 1.0
"""The first ping of a connection: it tells whether this venue answers pings at all."""
LEAST_QUIET_S, MOST_QUIET_S = 1.0, 5.0
"""Silence that is asked about: the more is usually said, the sooner."""
QUIET_GAPS = 10.0
"""A connection that is silent for so many of its usual gaps is quiet."""
ANSWER_S = 2.5
"""An answer that takes longer will not come."""
_SLICE_S = 0.25
_USUAL_GAP_S = 0.5
_WEIGHT = 0.05


class Probe:
    """Pings one connection when nothing comes.

    A connection whose other end vanished without a word looks like a quiet market. Only an end
    that is known to answer pings is taken for dead when it does not: some venue might ignore them.

    Parameters
    ----------
    answers : bool
        Whether an earlier connection to the same place answered.

    Attributes
    ----------
    alive_s : float
        When the other end last gave any sign, monotonic.
    answered : bool or None
        Whether this connection answered a ping; None: none was sent, or none is decided yet.
    """

    def __init__(self, clock: Clock, answers: bool = False) -> None:
        self.alive_s = clock.monotonic_s()
        self.answered: bool | None = None
        self._answers = answers
        self._clock = clock
        self._gap_s = _USUAL_GAP_S
        self._asked_s = float("-inf")

    def opened(self) -> None:
        """The connection is there."""
        self.alive_s = self._clock.monotonic_s()

    def heard(self, now_s: float) -> None:
        """A message came."""
        gap_s = min(now_s - self.alive_s, MOST_QUIET_S)
        self._gap_s += _WEIGHT * (gap_s - self._gap_s)
        self.alive_s = now_s

    @property
    def quiet_s(self) -> float:
        """How long a silence is asked about."""
        return max(LEAST_QUIET_S, min(QUIET_GAPS * self._gap_s, MOST_QUIET_S))

    async def until_due(self) -> None:
        """Wait until the connection is to be pinged."""
        if self.answered is None and self._asked_s < 0:
            await self._clock.sleep(FIRST_AFTER_S)
            return
        while (wait_s := self._due_s() - self._clock.monotonic_s()) > 0:
            await self._clock.sleep(wait_s)

    async def is_dead(self, socket: Socket) -> bool:
        """Ping; whether the other end is gone.

        Raises
        ------
        ProviderError
            `BodyCut` when the connection ended.
        """
        self._asked_s = self._clock.monotonic_s()
        # where it is not known whether pings are answered, that is what is asked
        if await _came(socket.ping, lambda: self._answers and self.alive_s > self._asked_s):
            self.answered = self._answers = True
            self.alive_s = self._clock.monotonic_s()
            return False
        if self.alive_s > self._asked_s:
            return False
        if self._answers and self.answered is None:
            self.answered = False
        return self._answers

    def _due_s(self) -> float:
        # one that never answers is not asked all the time
        pause_s = self.quiet_s if self._answers else MOST_QUIET_S
        return max(self.alive_s + self.quiet_s, self._asked_s + pause_s)


async def _came(
    ask: Callable[[], Coroutine[None, None, None]], is_over: Callable[[], bool]
) -> bool:
    """Whether an answer came in time, and before anything else made it needless.

    Time is counted in slices: while this program itself was held up nobody could answer.
    """
    asking = asyncio.ensure_future(ask())
    try:
        for _ in range(round(ANSWER_S / _SLICE_S)):
            done, _ = await asyncio.wait({asking}, timeout=_SLICE_S)
            if done:
                asking.result()
                return True
            if is_over():
                return False
        return False
    finally:
        if not asking.cancel() and not asking.cancelled():
            asking.exception()  # who reads the connection tells of its end

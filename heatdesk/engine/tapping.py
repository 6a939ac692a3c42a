"""Listening to another subscription: with an engine that runs it, and without one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import ProviderError, Retry
from heatdesk.frames import Frame, Notice, Subscription
from heatdesk.net.backoff import Backoff
from heatdesk.providers.base import Provider
from heatdesk.units import Clock


class Taps:
    """Who listens to what; the engine runs it like anything wanted.

    Parameters
    ----------
    changed : callable
        Told when the set of subscriptions that are listened to is another one.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._ears: dict[Subscription, list[asyncio.Queue[Frame]]] = {}

    @property
    def subs(self) -> frozenset[Subscription]:
        """What is listened to."""
        return frozenset(self._ears)

    async def tap(self, sub: Subscription) -> AsyncGenerator[Frame, None]:
        """Frames of a subscription from now on."""
        ear: asyncio.Queue[Frame] = asyncio.Queue()
        self._ears.setdefault(sub, []).append(ear)
        self._changed()
        try:
            while True:
                yield await ear.get()
        finally:
            ears = self._ears[sub]
            ears.remove(ear)
            if not ears:
                del self._ears[sub]
                self._changed()

    def tell(self, sub: Subscription, frame: Frame) -> None:
        """Pass a frame on to whoever listens."""
        for ear in self._ears.get(sub, ()):
            ear.put_nowait(frame)


class Parts:
    """Streams of other providers for a command that runs no engine."""

    def __init__(self, providers: ProviderSet, clock: Clock) -> None:
        self._set = providers
        self._clock = clock
        self._built: dict[str, Provider] = {}

    async def tap(self, sub: Subscription) -> AsyncGenerator[Frame, None]:
        """Frames of a subscription; after a failure it is asked again behind this."""
        provider = self._built.get(sub.provider)
        if provider is None:
            provider = self._built[sub.provider] = self._set.build(sub.provider)
        backoff = Backoff(self._clock)
        while True:
            try:
                stream = provider.stream(sub, [])
                async with aclosing(cast("AsyncGenerator[Frame, None]", stream)) as frames:
                    async for frame in frames:
                        if not isinstance(frame, Notice):
                            backoff.reset()
                        yield frame
                delay_s = math.inf
            except ProviderError as error:
                yield failure_notice(error, self._clock.now_ms())
                delay_s = backoff.delay_s(error)
            if math.isinf(delay_s):
                await asyncio.Event().wait()
            await self._clock.sleep(delay_s)

    async def close(self) -> None:
        """Give back what the providers hold."""
        for provider in self._built.values():
            await provider.context.http.close()


def failure_notice(error: ProviderError, now_ms: int) -> Notice:
    """What a failure means to whoever listens: nothing that can be trusted from now on."""
    refused = error.user_message if error.retry is Retry.NEVER else ""
    return Notice(gap_since_ms=now_ms, note=error.user_message, refused=refused)

"""What every provider is: a spec, a plan of requests, and streams of frames."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from heatdesk.frames import Frame, KeyState, Notice, Subscription
from heatdesk.frames.market import MarketFrame
from heatdesk.net.budget import Limits, OnWait, RateBudget
from heatdesk.net.client import JsonClient
from heatdesk.providers.live.pace import Pace
from heatdesk.settings import Settings
from heatdesk.units import Clock, format_age

Span = tuple[int, int]
"""A half-open stretch of time, ``(from_ms, to_ms)``."""


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """What is fixed about a provider.

    Attributes
    ----------
    id, title : str
        ``"kiyotaka"`` and the name on screen.
    needs_key : bool
    offers : tuple of subscription types
        What can be asked of it.
    key_hint : str
        Where a user finds the key; without `needs_key`: of a key that is welcome.
    key_pattern : str
        Regular expression a key usually fits; a mismatch warns, never blocks. Empty: none known.
    demo : bool
        Its data is invented; the engine marks every stream so.
    """

    id: str
    title: str
    needs_key: bool
    offers: tuple[type, ...]
    key_hint: str = ""
    key_pattern: str = ""
    demo: bool = False

    @property
    def takes_key(self) -> bool:
        """Whether a key can be entered for it."""
        return bool(self.key_hint)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a subscription costs before it is made.

    Attributes
    ----------
    first : int
        Weight (or calls) of filling the history.
    update : int
        Weight of each later update.
    period_s : float
        Pace of the updates under the current tier.
    text : str
        One sentence for the user; empty when it costs nothing worth saying.
    refused : str
        Why the tier cannot serve it, empty when it can.
    """

    first: int = 0
    update: int = 0
    period_s: float = 0.0
    text: str = ""
    refused: str = ""


Tap = Callable[[Subscription], AsyncGenerator[Frame, None]]
"""Listens to another subscription."""


async def _no_tap(sub: Subscription) -> AsyncGenerator[Frame, None]:
    """Where nobody runs it there is nothing to be heard."""
    nothing: tuple[Frame, ...] = ()
    for frame in nothing:
        yield frame


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """What a provider works with; everything is handed in, nothing is global.

    Attributes
    ----------
    http : JsonClient
        Bound to the provider's base URL, key and budget.
    settings : Settings
        All settings; a provider reads its own part.
    active : callable
        The subscriptions of this provider that run at the moment, for pacing.
    tap : callable
        Gives the frames of another provider's subscription for as long as they are listened to.
        It never raises what that provider does: a failure is a `Notice` with a gap and a note, and
        asking again is done behind it. Frames that came before are not repeated.
    pace : Pace
        What live frames cost, shared by all providers.
    """

    clock: Clock
    http: JsonClient
    budget: RateBudget
    settings: Settings
    active: Callable[[], Sequence[Subscription]] = field(default=lambda: ())
    tap: Tap = field(default=_no_tap)
    pace: Pace = field(default_factory=Pace)


class Provider(ABC):
    """One source of frames.

    A provider raises only `ProviderError` kinds and never retries: back-off belongs to the
    engine (and to the export), once. Units end in its parsers.
    """

    spec: ClassVar[ProviderSpec]

    def __init__(self, context: ProviderContext) -> None:
        self.context = context

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Budgets of the tier that the settings name; unlimited unless a provider says."""
        return Limits()

    @classmethod
    def base_url(cls, settings: Settings) -> str:
        """Base URL that paths are appended to; empty for a provider without a network."""
        return ""

    @classmethod
    def wants_key(cls, settings: Settings) -> bool:
        """Whether it asks with a key under these settings."""
        return cls.spec.needs_key

    @classmethod
    def key_headers(cls, key: str, settings: Settings) -> dict[str, str]:
        """Headers that carry the key."""
        return {}

    def limits(self) -> Limits:
        """Budgets in force."""
        return self.context.budget.limits

    def cost(self, sub: Subscription) -> Cost:
        """Tell what a subscription would cost; pure arithmetic, callable from any thread."""
        return Cost()

    @abstractmethod
    def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield frames of a subscription for as long as it is wanted.

        History first (newest window first), then the tail. After a failure the engine starts
        it again; ``covered`` tells which spans already arrived, so nothing is asked twice.
        """

    async def fetch(self, sub: Subscription, span: Span | None = None) -> MarketFrame:
        """Ask once for one request's worth of a subscription.

        ``span`` is one of `requests` for series, None for data that is only ever current.
        """
        raise NotImplementedError

    def requests(self, sub: Subscription, span: Span) -> list[Span]:
        """Cut a span into the requests it takes, newest first."""
        return [span]

    async def check_key(self) -> tuple[KeyState, str]:
        """Try the key with the cheapest call; what it says, in one sentence."""
        return KeyState.NOT_NEEDED, ""


Ask = Callable[[OnWait], AsyncGenerator[MarketFrame, None]]
"""Makes a request and gives the frames of its answer; it is told whom to tell of waits."""


async def ask_and_tell(clock: Clock, ask: Ask) -> AsyncGenerator[Frame, None]:
    """Yield why a request has to wait for its budget, if it has to, then its frames."""
    words: asyncio.Queue[Notice] = asyncio.Queue()

    def told(wait_s: float, reason: str) -> None:
        at_ms = clock.now_ms() + int(wait_s * 1000)
        words.put_nowait(Notice(next_ms=at_ms, note=f"{reason}, {format_age(wait_s)}"))

    answer = ask(told)
    asking = asyncio.ensure_future(anext(answer, None))
    hearing = asyncio.ensure_future(words.get())
    waited = False
    try:
        while not asking.done():
            await asyncio.wait({asking, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                waited = True
                yield hearing.result()
                hearing = asyncio.ensure_future(words.get())
        if waited:
            yield Notice(note="")
        # A request waits before it is sent: from its first frame on there is nothing to hear.
        frame = asking.result()
        while frame is not None:
            yield frame
            frame = await anext(answer, None)
    finally:
        hearing.cancel()
        asking.cancel()
        await asyncio.gather(hearing, asking, return_exceptions=True)
        await answer.aclose()


async def poll(
    clock: Clock,
    ask: Callable[[OnWait], Awaitable[MarketFrame]],
    period_s: Callable[[], float],
    prepare: Callable[[], Awaitable[None]] | None = None,
) -> AsyncGenerator[Frame, None]:
    """Yield a frame now and every period, with notices of waits and of the next request.

    Parameters
    ----------
    ask : callable
        Makes the request; it is given whom to tell of waits.
    period_s : callable
        Pace, looked up after each frame: it may follow what else runs.
    prepare : callable or None
        Awaited before each request.
    """
    while True:
        if prepare is not None:
            await prepare()
        async with aclosing(ask_and_tell(clock, partial(_alone, ask))) as frames:
            async for frame in frames:
                yield frame
        pace_s = period_s()
        next_ms = clock.now_ms() + round(pace_s * 1000)
        yield Notice(period_s=pace_s, next_ms=next_ms, note="")
        await clock.sleep(pace_s)


async def _alone(
    ask: Callable[[OnWait], Awaitable[MarketFrame]], on_wait: OnWait
) -> AsyncGenerator[MarketFrame, None]:
    yield await ask(on_wait)

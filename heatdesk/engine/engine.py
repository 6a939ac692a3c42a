"""Runs providers: one task for each wanted subscription, frames to the store, back-off on failure.

Plain asyncio without Qt. `Engine.run` owns the loop; every other method is called on that
loop. A provider that fails, or a stream with a bug in it, never touches another.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from heatdesk.engine.statuses import after_data, after_error, after_notice, key_state_after
from heatdesk.engine.tapping import Taps, failure_notice
from heatdesk.errors import KeyMissing, KeyRejected, ProviderError, UsageError
from heatdesk.frames import (
    Frame,
    KeyState,
    Notice,
    ProviderStatus,
    StreamStatus,
    Subscription,
    is_piece,
)
from heatdesk.net.backoff import Backoff
from heatdesk.providers.base import Provider
from heatdesk.store.market import MarketStore
from heatdesk.units import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

log = logging.getLogger(__name__)

LINGER_S = 120.0
"""A subscription nobody wants keeps its data so long: toggling a panel asks nothing again."""
CHECK_TIMEOUT_S = 60.0
_REFRESH_S = 5.0
_OFTEN_MS = 1_000
_INTERNAL_ERROR = "An internal error stopped this stream; the log tells more."
_GONE = "This HeatDesk has no provider called {}."

BuildProvider = Callable[[str, Callable[[], Sequence[Subscription]]], Provider]
"""Builds a provider by id; the callable it is given tells which subscriptions run."""


class Engine:
    """Keeps the store filled with what is wanted.

    Parameters
    ----------
    store : MarketStore
    build_provider : callable
        Called once for each provider that is needed, again after `restart`.
    clock : Clock
    jitter : callable
        Numbers from 0 to 1 that spread retries.
    on_error : callable, optional
        Told of every failure of a stream, on the loop.
    """

    def __init__(
        self,
        store: MarketStore,
        build_provider: BuildProvider,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        on_error: Callable[[Subscription, ProviderError], None] | None = None,
    ) -> None:
        self._on_error = on_error
        self._store = store
        self._build = build_provider
        self._clock = clock
        self._jitter = jitter
        self._wanted: frozenset[Subscription] = frozenset()
        self._wake = asyncio.Event()
        self._taps = Taps(self._wake.set)
        self._stopping = False
        self._providers: dict[str, Provider] = {}
        self._statuses: dict[str, ProviderStatus] = {}
        self._tasks: dict[Subscription, asyncio.Task[None]] = {}
        self._lingering: dict[Subscription, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        # Replaced whole, so that any thread may ask for it.
        self._active: dict[str, tuple[Subscription, ...]] = {}

    async def run(self) -> None:
        """Serve until `stop`; leaves no task and no connection behind."""
        try:
            while not self._stopping:
                self._wake.clear()
                self._start_and_end_streams()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _REFRESH_S)
                self._refresh_budgets()
        finally:
            running = [*self._tasks.values(), *self._lingering.values(), *self._ending]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self._tasks, self._lingering, self._active = {}, {}, {}
            for provider in self._providers.values():
                await provider.context.http.close()
            self._providers = {}

    def want(self, subs: frozenset[Subscription]) -> None:
        """Replace the whole set of wanted subscriptions."""
        self._wanted = subs
        self._wake.set()

    def stop(self) -> None:
        """Make `run` return."""
        self._stopping = True
        self._wake.set()

    def restart(self, provider_id: str) -> None:
        """Key or settings of a provider changed: build it anew and start its streams again."""
        for sub in [sub for sub in self._tasks if sub.provider == provider_id]:
            self._end(self._tasks.pop(sub))
        provider = self._providers.pop(provider_id, None)
        self._statuses.pop(provider_id, None)
        if provider is not None:
            self._end(asyncio.ensure_future(provider.context.http.close()), cancel=False)
        self._wake.set()

    async def check_key(self, provider_id: str) -> tuple[KeyState, str]:
        """Try the key of a provider; what it says, in one sentence.

        Streams that stopped for want of a key start again when it is accepted.
        """
        try:
            provider = self._provider(provider_id)
            state, text = await asyncio.wait_for(provider.check_key(), CHECK_TIMEOUT_S)
        except ProviderError as error:
            self._note_error(provider_id, error)
            return key_state_after(error, KeyState.UNTESTED), error.user_message
        except TimeoutError:
            return KeyState.UNTESTED, "No answer in time; the budget may be used up for now."
        except Exception:
            log.exception("checking the key of %s failed", provider_id)
            return KeyState.UNTESTED, "An internal error stopped the test; the log tells more."
        self._note_provider(provider_id, key=state, last_ok_ms=self._clock.now_ms())
        if state is KeyState.ACCEPTED:
            self._start_keyless_again(provider_id)
        return state, text

    def _start_and_end_streams(self) -> None:
        wanted = self._wanted | self._taps.subs
        for sub in set(self._tasks) - wanted:
            self._end(self._tasks.pop(sub))
            self._lingering[sub] = asyncio.create_task(self._drop_later(sub))
        started = wanted - set(self._tasks)
        active: dict[str, tuple[Subscription, ...]] = {}
        for sub in sorted(wanted, key=repr):
            active[sub.provider] = (*active.get(sub.provider, ()), sub)
        changed = {
            name for name in {*active, *self._active} if active.get(name) != self._active.get(name)
        }
        self._active = active
        for sub in sorted(started, key=repr):
            if (lingering := self._lingering.pop(sub, None)) is not None:
                self._end(lingering)
            self._tasks[sub] = asyncio.create_task(self._pump(sub), name=f"feed {sub.provider}")
        for provider_id in changed & self._providers.keys():
            self._note_provider(provider_id)

    async def _pump(self, sub: Subscription) -> None:
        """Stream one subscription for as long as it makes sense to ask."""
        backoff = Backoff(self._clock, self._jitter)
        try:
            provider = self._provider(sub.provider)
            kept = replace(self._store.status(sub), problem="", needs_key=False)
            self._store.set_status(sub, replace(kept, demo=provider.spec.demo))
            while True:
                try:
                    await self._drain(sub, provider, backoff)
                    return
                except ProviderError as error:
                    delay_s = backoff.delay_s(error, self._store.status(sub).period_s)
                    self._fail(sub, error, delay_s)
                    if math.isinf(delay_s):
                        return
                    await self._clock.sleep(delay_s)
        except UsageError as error:  # what was kept by another version may name what is gone
            log.warning("%s", error)
            self._stop_at(sub, _GONE.format(sub.provider))
        except Exception:
            log.exception("the stream of %r stopped", sub)
            self._stop_at(sub, _INTERNAL_ERROR)

    def _stop_at(self, sub: Subscription, problem: str) -> None:
        self._store.set_status(sub, replace(self._store.status(sub), problem=problem, next_ms=None))

    async def _drain(self, sub: Subscription, provider: Provider, backoff: Backoff) -> None:
        stream = provider.stream(sub, self._store.covered(sub))
        async with aclosing(cast("AsyncGenerator[Frame, None]", stream)) as frames:
            async for frame in frames:
                status = self._store.status(sub)
                self._taps.tell(sub, frame)
                if isinstance(frame, Notice):
                    told = after_notice(status, frame)
                    self._store.set_status(sub, told)
                    self._note_gap(sub.provider, status.gap_since_ms, told)
                    continue
                self._store.apply(sub, frame)
                now_ms = self._clock.now_ms()
                self._store.set_status(sub, after_data(status, frame, now_ms))
                if not is_piece(frame):  # an answer that breaks off again and again has failed
                    backoff.reset()
                if status.gap_since_ms is None:  # else it tells of time that went by
                    key = KeyState.ACCEPTED if provider.spec.needs_key else KeyState.NOT_NEEDED
                    self._note_good(sub.provider, key, now_ms)

    def _fail(self, sub: Subscription, error: ProviderError, delay_s: float) -> None:
        log.warning("%s: %s", type(error).__name__, error)
        retry_ms = None
        if math.isfinite(delay_s):
            retry_ms = self._clock.now_ms() + int(delay_s * 1000)
        self._store.set_status(sub, after_error(self._store.status(sub), error, retry_ms))
        self._taps.tell(sub, failure_notice(error, self._clock.now_ms()))
        self._note_error(sub.provider, error)
        if self._on_error is not None:
            self._on_error(sub, error)

    def _provider(self, provider_id: str) -> Provider:
        provider = self._providers.get(provider_id)
        if provider is None:
            provider = self._build(provider_id, lambda: self._running(provider_id))
            provider.context = replace(provider.context, tap=self._taps.tap)
            self._providers[provider_id] = provider
            self._note_provider(provider_id)
        return provider

    def _running(self, provider_id: str) -> tuple[Subscription, ...]:
        """Wanted subscriptions of a provider but those it refused: they take no budget.

        Any thread may ask.
        """
        wanted = self._active.get(provider_id, ())
        tasks = [self._tasks.get(sub) for sub in wanted]
        return tuple(
            sub for sub, task in zip(wanted, tasks, strict=True) if task is None or not task.done()
        )

    async def _drop_later(self, sub: Subscription) -> None:
        await self._clock.sleep(LINGER_S)
        self._lingering.pop(sub, None)
        self._store.drop(sub)

    def _end(self, task: asyncio.Future[None], *, cancel: bool = True) -> None:
        if cancel:
            task.cancel()
        if not task.done():
            ending = cast("asyncio.Task[None]", task)
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def _start_keyless_again(self, provider_id: str) -> None:
        for sub, task in list(self._tasks.items()):
            if sub.provider == provider_id and task.done() and self._store.status(sub).needs_key:
                del self._tasks[sub]
        self._wake.set()

    def _note_good(self, provider_id: str, key: KeyState, now_ms: int) -> None:
        """Data came; a provider of many small frames is noted now and then only."""
        before = self._statuses.get(provider_id)
        last_ms = before.last_ok_ms if before is not None and before.key is key else None
        if last_ms is None or not 0 <= now_ms - last_ms < _OFTEN_MS:
            self._note_provider(provider_id, key=key, last_ok_ms=now_ms)

    def _note_gap(self, provider_id: str, before_ms: int | None, told: StreamStatus) -> None:
        """A live feed was lost, or is back."""
        now_ms = self._clock.now_ms()
        if told.gap_since_ms is not None and before_ms is None:
            text = told.note or "A live feed was lost; it is opened anew."
            self._note_provider(provider_id, last_error=text, last_error_ms=now_ms)
        elif told.gap_since_ms is None and before_ms is not None:
            self._note_provider(provider_id, last_ok_ms=now_ms)

    def _note_error(self, provider_id: str, error: ProviderError) -> None:
        before = self._statuses.get(provider_id)
        key = key_state_after(error, before.key if before else KeyState.UNTESTED)
        self._note_provider(
            provider_id,
            key=key if isinstance(error, KeyMissing | KeyRejected) else None,
            last_error=error.user_message,
            last_error_ms=self._clock.now_ms(),
        )

    def _note_provider(
        self,
        provider_id: str,
        *,
        key: KeyState | None = None,
        last_ok_ms: int | None = None,
        last_error: str | None = None,
        last_error_ms: int | None = None,
    ) -> None:
        """Tell the store what is new about a provider; None leaves a fact as it was."""
        provider = self._providers.get(provider_id)
        if provider is None:
            return
        spec, state = provider.spec, provider.context.budget.state()
        before = self._statuses.get(provider_id)
        if before is None:
            untested = KeyState.UNTESTED if spec.needs_key else KeyState.NOT_NEEDED
            before = ProviderStatus(provider_id, spec.title, key=untested)
        status = replace(
            before,
            key=before.key if key is None else key,
            last_ok_ms=before.last_ok_ms if last_ok_ms is None else last_ok_ms,
            last_error=before.last_error if last_error is None else last_error,
            last_error_ms=before.last_error_ms if last_error_ms is None else last_error_ms,
            request_id=provider.context.http.last_request_id or before.request_id,
            used=state.used,
            limit=state.limit,
            budget=state.budget,
            streams=len(self._active.get(provider_id, ())),
        )
        if status != self._statuses.get(provider_id):
            self._statuses[provider_id] = status
            self._store.set_provider(status)

    def _refresh_budgets(self) -> None:
        """A minute's budget renews without anything happening."""
        for provider_id in self._providers:
            self._note_provider(provider_id)

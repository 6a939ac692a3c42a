"""The one bridge between Qt and asyncio: a thread whose loop runs the engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QThread, Signal

from heatdesk.units import SystemClock
from ui.process_memory import give_back_free

if TYPE_CHECKING:
    from heatdesk.frames import KeyState, Subscription

log = logging.getLogger(__name__)

STOP_GRACE_S = 2.0
"""How long the engine may take to end by itself before it is cancelled."""
END_PATIENCE_MS = 15_000
"""How long the thread may take to end: work it has begun elsewhere is awaited, and Qt aborts a
program that lets go of a thread that runs.
"""
TIDY_S = 60.0


class RunsFeeds(Protocol):
    """What of the engine this thread uses; every call is made on its loop."""

    async def run(self) -> None:
        """Serve what is wanted until stopped."""
        ...

    def want(self, subs: frozenset[Subscription]) -> None:
        """Replace the wanted set."""
        ...

    def stop(self) -> None:
        """Let `run` end."""
        ...

    def restart(self, provider_id: str) -> None:
        """Start a provider's streams again: its key or a setting changed."""
        ...

    async def check_key(self, provider_id: str) -> tuple[KeyState, str]:
        """Try a provider's key."""
        ...


class FeedThread(QThread):
    """Runs one event loop beside the GUI. Data travels by the store, never by a signal.

    Signals
    -------
    failed : the engine itself broke; one sentence.
    key_checked : provider id, value of the `KeyState`, what the provider said.
    """

    failed = Signal(str)
    key_checked = Signal(str, str, str)

    def __init__(self, engine: RunsFeeds, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._loop: asyncio.AbstractEventLoop | None = None
        self._posted: deque[Callable[[], None]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping: asyncio.Event | None = None
        self._stop_asked = False

    def want(self, subs: frozenset[Subscription]) -> None:
        """Hand over the whole wanted set; from any thread, at any time."""
        self._post(lambda: self._engine.want(subs))

    def restart_provider(self, provider_id: str) -> None:
        """Start a provider's streams again."""
        self._post(lambda: self._engine.restart(provider_id))

    def check_key(self, provider_id: str) -> None:
        """Try a provider's key; ``key_checked`` answers."""
        self._post(lambda: self._spawn(self._check_key(provider_id)))

    def stop(self, timeout_ms: int = END_PATIENCE_MS) -> bool:
        """End the engine and wait; return whether the thread ended in time."""
        self._stop_asked = True
        self._post(self._stop_on_loop)
        return self.wait(timeout_ms)

    def run(self) -> None:
        """Run the loop; entered by `start` on the new thread."""
        try:
            asyncio.run(self._main())
        except Exception:
            log.exception("the feed thread ended")
            self.failed.emit("The data thread stopped; restart HeatDesk. The log says why.")
        finally:
            self._loop = None

    async def _main(self) -> None:
        self._stopping = asyncio.Event()
        # The order matters: whoever posts after this line finds the loop, whoever posted
        # before it is served by the first drain.
        self._loop = asyncio.get_running_loop()
        serving = asyncio.create_task(self._engine.run())
        stopping = asyncio.create_task(self._stopping.wait())
        self._spawn(_tidy())
        # one turn, so that the engine's loop is up before the first wishes reach it
        self._loop.call_soon(self._drain)
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                await asyncio.wait({serving}, timeout=STOP_GRACE_S)
        finally:
            unfinished = [task for task in (serving, stopping, *self._tasks) if not task.done()]
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        if not serving.cancelled():
            serving.result()
            if not self._stop_asked:
                raise RuntimeError("the engine ended by itself")

    def _post(self, command: Callable[[], None]) -> None:
        self._posted.append(command)
        loop = self._loop
        if loop is not None:
            # a loop that was closed in between serves nobody any more
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        while self._posted:
            self._posted.popleft()()

    def _stop_on_loop(self) -> None:
        self._engine.stop()
        if self._stopping is not None:
            self._stopping.set()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check_key(self, provider_id: str) -> None:
        try:
            state, sentence = await self._engine.check_key(provider_id)
        except Exception:
            log.exception("checking the key of %s failed", provider_id)
            self.key_checked.emit(provider_id, "untested", "The check failed; the log says why.")
        else:
            self.key_checked.emit(provider_id, str(state.value), sentence)


async def _tidy() -> None:
    while True:
        await SystemClock().sleep(TIDY_S)
        await asyncio.to_thread(give_back_free)

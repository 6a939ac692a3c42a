"""Loopback venues in a process of their own, and the time of what they send on its way through."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.asyncio.connection import Connection

from heatdesk.providers.live.book_feed import BookFeed
from heatdesk.providers.live.hub import Hub
from tests.servers.venues.catalogue import default_data_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from heatdesk.books.events import BookChange

ROOT = Path(__file__).resolve().parents[2]


def has_recordings() -> bool:
    """Whether the recordings are there; markets are generated where they are not."""
    return default_data_dir().is_dir()


class Venues:
    """Loopback venues that run beside this process.

    Attributes
    ----------
    environ : dict
        What leads a desk to them.
    said : list of str
        What they said on their output after that.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.environ: dict[str, str] = {}
        self.said: list[str] = []
        self._process = process
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith("export "):
                break
            name, _, value = line.removeprefix("export ").strip().partition("=")
            self.environ[name] = value
        self._listener = threading.Thread(target=self._listen, name="venues", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.strip())

    def command(self, text: str) -> None:
        """Ask for mischief."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()


@contextlib.contextmanager
def venues_beside(*names: str, rate: float = 1.0, recording: bool = True) -> Iterator[Venues]:
    """Run some venues, or all, in another process."""
    line = [sys.executable, "-m", "tests.servers.venues", "--rate", str(rate)]
    line += [part for name in names for part in ("--venue", name)] or ["--all"]
    if recording and has_recordings():
        line.append("--recording")
    process = subprocess.Popen(
        line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Venues(process)
    finally:
        process.kill()
        process.communicate()


class Stamps:
    """When bytes were read, and when the book message in them had entered its book.

    Attributes
    ----------
    entered : deque of (read_s, entered_s, behind_ms)
        By the performance counter; the last is how far the venue's own time lay behind.
    """

    def __init__(self) -> None:
        self.entered: deque[tuple[float, float, float]] = deque()
        self._unheard_s: float | None = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[Stamps]:
        """Look at every live connection for as long as the block runs."""
        data, heard, enter = Connection.data_received, Hub.heard, BookFeed._enter

        def read(connection: Connection, raw: bytes) -> None:
            if self._unheard_s is None:
                self._unheard_s = time.perf_counter()
            data(connection, raw)

        def hear(hub: Hub, *told: Any) -> None:
            heard(hub, *told)
            self._unheard_s = None

        def entering(feed: BookFeed, change: BookChange, now_ms: int) -> None:
            enter(feed, change, now_ms)
            done_s = time.perf_counter()
            read_s = done_s if self._unheard_s is None else self._unheard_s
            self.entered.append((read_s, done_s, time.time() * 1000 - change.event_ms))

        _put(read, hear, entering)
        try:
            yield self
        finally:
            _put(data, heard, enter)


def _put(read: Callable[..., None], hear: Callable[..., None], enter: Callable[..., None]) -> None:
    Connection.data_received = read  # type: ignore[method-assign]
    Hub.heard = hear  # type: ignore[method-assign]
    BookFeed._enter = enter  # type: ignore[method-assign]

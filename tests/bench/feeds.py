"""Loopback venues in a process of their own, and the time of what they send on its way through."""

from __future__ import annotations

import contextlib
import selectors
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

_WAITED_S = 0.0002
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
    # No deeper than the feeds tell: what takes the venues' time would count as ours.
    line = [sys.executable, "-m", "tests.servers.venues", "--rate", str(rate), "--levels", "900"]
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
        By the performance counter; the first is the earliest moment at which the bytes can have
        lain in the socket, the last how far the venue's own time lay behind.
    """

    def __init__(self) -> None:
        self.entered: deque[tuple[float, float, float]] = deque()
        self._unheard_s: float | None = None
        self._turned_s = 0.0
        """When the turn of the loop began in which the bytes at hand may have come."""
        self._selected_s = 0.0

    @contextlib.contextmanager
    def taken(self) -> Iterator[Stamps]:
        """Look at every live connection for as long as the block runs."""
        data, heard, enter = Connection.data_received, Hub.heard, BookFeed._enter
        select = selectors.DefaultSelector.select

        def selecting(selector: Any, timeout: float | None = None) -> Any:
            began_s = time.perf_counter()
            found = select(selector, timeout)
            done_s = time.perf_counter()
            # Where it did not wait, the bytes may have come since it looked the last time.
            self._turned_s = done_s if done_s - began_s > _WAITED_S else self._selected_s
            self._selected_s = done_s
            return found

        def read(connection: Connection, raw: bytes) -> None:
            if self._unheard_s is None:
                self._unheard_s = self._turned_s
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
        selectors.DefaultSelector.select = selecting  # type: ignore[method-assign]
        try:
            yield self
        finally:
            _put(data, heard, enter)
            selectors.DefaultSelector.select = select  # type: ignore[method-assign]


def _put(read: Callable[..., None], hear: Callable[..., None], enter: Callable[..., None]) -> None:
    Connection.data_received = read  # type: ignore[method-assign]
    Hub.heard = hear  # type: ignore[method-assign]
    BookFeed._enter = enter  # type: ignore[method-assign]

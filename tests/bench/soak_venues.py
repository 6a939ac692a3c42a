"""The venues of a soak in a process of their own: they misbehave, and judge what the desk tells.

The desk's process starts this one (`Venues`), forwards every frame of a book to it, and asks how
it goes. So what the desk's process holds and uses is the desk's alone.
"""

from __future__ import annotations

import contextlib
import queue
import random
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.soak_memory import resident_mib
from tests.servers.venues.catalogue import VENUES
from tests.servers.venues.judging import Judge
from tests.servers.venues.mischief import Fault, Kind

if TYPE_CHECKING:
    from heatdesk.frames import BookSub, BookWindow
    from tests.servers.venues.server import VenueServer

ROOT = Path(__file__).resolve().parents[2]
KEEP_MS = 150_000
FAULT_EVERY_S, FIRST_FAULT_S = 4.0, 5.0
LOOK_EVERY_S = 1.0
LATELY_MS = 60_000
"""Faults so long before a wrong column are told with it."""


@dataclass
class Standing:
    """How it goes, by the venues."""

    faults: Counter[str] = field(default_factory=Counter)
    live: int = 0
    marked: int = 0
    wrong: list[str] = field(default_factory=list)
    """Since the last time it was asked."""
    violations: list[str] = field(default_factory=list)
    resident_mib: float = 0.0
    cpu_s: float = 0.0


class Venues:
    """The venues' process, from the side of the desk; ends with the `with` block.

    `tell` may be called by any thread; everything else by one.
    """

    def __init__(self, seed: int) -> None:
        self.sending_s = 0.0
        """Processor time that went into forwarding: not the desk's."""
        self._line, theirs = Pipe()
        # Not by -m: what is sent would belong to a module that the desk does not have.
        start = f"import {__name__} as its; its.serve(its.Connection({theirs.fileno()}), {seed})"
        command = [sys.executable, "-c", start]
        self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])
        theirs.close()
        self._waiting: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send, name="soak sender")
        self._sender.start()

    def __enter__(self) -> Venues:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._sender.join()
        self._line.close()
        self._process.wait(30.0)

    def environment(self) -> dict[str, str]:
        """What leads a desk to them; they run then."""
        found: dict[str, str] = self._line.recv()
        return found

    def tell(self, sub: BookSub, frame: BookWindow) -> None:
        """Forward what the desk was told of a book."""
        self._waiting.put(("told", sub, frame))

    def misbehave(self, on: bool) -> None:
        """Let faults happen from now on, or no more."""
        self._waiting.put(("misbehave", on))

    def ask(self) -> Standing:
        """How it goes."""
        self._waiting.put(("ask",))
        standing: Standing = self._line.recv()
        return standing

    def _send(self) -> None:
        while (message := self._waiting.get()) is not None:
            self._line.send(message)
            self.sending_s = time.thread_time()


class _Trouble:
    """Causes a fault of any kind at any venue now and then, and judges in between."""

    def __init__(self, servers: list[VenueServer], seed: int) -> None:
        self.on = False
        self.judge = Judge(servers)
        self._faults: Counter[str] = Counter()
        self._wrong: list[str] = []
        self._servers, self._random = servers, random.Random(seed)
        self._caused: deque[tuple[int, str, Fault]] = deque(maxlen=200)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name)
            for work, name in ((self._cause, "faults"), (self._look, "judge"))
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def told(self) -> Standing:
        """How it goes, with what was found wrong since the last time."""
        with self._lock:
            wrong, self._wrong = self._wrong, []
            faults = Counter(self._faults)
        tallies = self.judge.tallies.values()
        return Standing(
            faults,
            sum(one.live for one in tallies),
            sum(one.flawed + one.missing for one in tallies),
            wrong,
            [
                f"{server.provider}: {text}"
                for server in self._servers
                for text in server.violations
            ],
            resident_mib(),
            time.process_time(),
        )

    def _cause(self) -> None:
        while not self._ending.wait(FAULT_EVERY_S):
            if self.on:
                self._one()

    def _one(self) -> None:
        server = self._random.choice(self._servers)
        kind = self._random.choice(sorted(server.faults, key=lambda one: one.name))
        long = kind in (Kind.SILENCE, Kind.BOOK_SILENCE) and server.silence_to_notice_s
        seconds = long or self._random.uniform(0.1, 2.0)
        fault = server.cause(Fault(kind, seconds=seconds))
        with self._lock:
            self._caused.append((server.now_ms(), server.provider, fault))
            self._faults[kind.name] += 1

    def _look(self) -> None:
        while not self._ending.is_set():
            for sub in self.judge.subs:
                wrong = self.judge.look(sub)
                texts = [f"{sub.provider} {sub.symbol}: {text}" for text in wrong]
                with self._lock:
                    self._wrong += [f"{text} [{self._lately(sub, text)}]" for text in texts]
                if self._ending.wait(LOOK_EVERY_S):
                    return
            self._ending.wait(LOOK_EVERY_S)

    def _lately(self, sub: BookSub, text: str) -> str:
        """Faults of a venue shortly before a wrong column."""
        at_ms = int(text.split(": ")[1].split()[0])  # as the oracle begins
        return ", ".join(
            f"{fault.kind.name} {fault.seconds:.1f} s {(caused_ms - at_ms) / 1000:+.1f} s"
            for caused_ms, provider, fault in self._caused
            if provider == sub.provider and -LATELY_MS < caused_ms - at_ms < LATELY_MS
        )


def serve(line: Connection, seed: int) -> None:
    """Run the venues until the desk hangs up."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(make(keep_ms=KEEP_MS)) for make in VENUES.values()]
        environ: dict[str, str] = {}
        for server in servers:
            environ |= server.environment()
        line.send(environ)
        trouble = _Trouble(servers, seed)
        stack.callback(trouble.end)
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                what, *rest = line.recv()
                if what == "told":
                    trouble.judge.note(*rest)
                elif what == "misbehave":
                    trouble.on = rest[0]
                else:
                    line.send(trouble.told())

"""Six live feeds under random faults: what is shown is held against the truth minute by minute."""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, QTimer

from heatdesk.frames import BookSub, BookWindow
from heatdesk.store.block import OBSERVED
from tests.bench.pacing import wait
from tests.servers.venues.catalogue import VENUES
from tests.servers.venues.driving import SYMBOLS, play_of, venue_of
from tests.servers.venues.mischief import Fault, Kind
from tests.servers.venues.oracle import Oracle
from tests.servers.venues.watching import BANDED, Story, note_window
from ui.app.program import Program
from ui.panels.order_book.options import LIVE
from ui.panels.order_book.panel import OrderBookPanel

if TYPE_CHECKING:
    from tests.servers.venues.server import VenueServer

KEEP_MS = 150_000
CHECK_S = 60.0
SETTLED_MS = 25_000
"""Columns older than this are told for good: the longest silence that a venue may keep is over."""
CALM_S = 45.0
MOST_TOLD = 8
"""Wrong columns that are told one by one at each look."""
WARM_UP_SHARE = 0.3
LARGEST_GROWTH_MIB = 24.0
_MIB = 1 << 20


class Watch:
    """Remembers what the store was told lately, and holds what it shows against the truth."""

    def __init__(self, program: Program, servers: dict[str, VenueServer]) -> None:
        self.stories: dict[BookSub, Story] = {}
        self.checked, self.marked = 0, 0
        self.broken: list[str] = []
        self._store, self._servers = program.services.store, servers
        self._checked_ms: dict[BookSub, int] = {}
        apply = self._store.apply

        def applied(sub: Any, frame: Any) -> None:
            if isinstance(sub, BookSub) and isinstance(frame, BookWindow):
                note_window(self.stories.setdefault(sub, Story()), frame)
            apply(sub, frame)

        self._store.apply = applied  # type: ignore[method-assign]

    def check(self) -> None:
        """Every column shown as observed since the last look is true."""
        for sub, story in list(self.stories.items()):
            server = self._servers.get(sub.provider)
            heat = self._store.heatmap(sub)
            if server is None or heat is None or not story.columns:
                continue
            with server.lock:
                play = play_of(server, sub)
                until_ms = (play.last_ms - SETTLED_MS) // sub.interval_ms * sub.interval_ms
                # The end of a book that nobody wants any more was not seen.
                until_ms = min(until_ms, max(story.columns))
                from_ms = self._checked_ms.get(sub, min(story.columns))
                from_ms = max(from_ms, until_ms - KEEP_MS + 2 * SETTLED_MS)
                oracle = Oracle(
                    play, story.block_size, sub.interval_ms, BANDED.get(sub.provider, 0)
                )
                wrong = oracle.wrongs(dict(story.columns), from_ms, until_ms)
            self.broken += [f"{sub.provider} {sub.symbol}: {text}" for text in wrong]
            self._check_states(sub, story, heat, (from_ms, until_ms))
            self._checked_ms[sub] = until_ms
            for start_ms in [at for at in list(story.columns) if at < until_ms - SETTLED_MS]:
                story.columns.pop(start_ms, None)

    def _check_states(self, sub: BookSub, story: Story, heat: Any, span: tuple[int, int]) -> None:
        """A column that was not told whole is not shown as observed."""
        columns = [heat.grid.time.column_of(at_ms) for at_ms in span]
        if columns[1] <= columns[0]:
            return
        states = heat.column_state(*columns).tolist()
        for at_ms, state in zip(range(*span, sub.interval_ms), states, strict=False):
            told = story.columns.get(at_ms)
            self.checked += 1
            if told is None or told.flawed:
                self.marked += 1
                if state == OBSERVED:
                    self.broken.append(f"{sub.provider} {sub.symbol}: {at_ms} is not marked")

    def held_bytes(self) -> int:
        """What the store keeps of the books, by right."""
        subs = list(self.stories)
        heats = [heat for sub in subs if (heat := self._store.heatmap(sub)) is not None]
        return sum(h.total_bytes for h in heats) + sum(map(self._store.exact_bytes, subs))

    def not_live(self) -> list[str]:
        """Books that are in a gap."""
        return [
            f"{sub.provider} {sub.symbol}: {status}"
            for sub in self.stories
            if (status := self._store.status(sub)).gap_since_ms is not None or status.problem
        ]


def open_books(program: Program) -> None:
    """One order book for each venue."""
    window = program.window
    for dock in list(window.docks.values()):
        dock.close()
    for provider, symbols in SYMBOLS.items():
        dock = window.open_panel(OrderBookPanel.panel_id)
        panel = dock.panel
        assert isinstance(panel, OrderBookPanel)
        panel.demo = False
        venues = (venue_of(provider),)
        panel.choose(replace(panel.options, source=LIVE, venues=venues, symbol=symbols[0]))


def soak_feeds(minutes: float, resident_mib: Any, left_behind: Any) -> list[str]:
    """Run the desk on six venues that misbehave; print what was seen, return broken promises."""
    rng, caused = random.Random(5), Counter[str]()
    home = Path(tempfile.mkdtemp(prefix="heatdesk-soak-"))
    samples: list[float] = []
    with contextlib.ExitStack() as stack:
        servers = {n: stack.enter_context(make(keep_ms=KEEP_MS)) for n, make in VENUES.items()}
        environ = {"HEATDESK_HOME": str(home)}
        for server in servers.values():
            environ |= server.environment()
        program = Program(home, environ, demo=False)
        program.window.resize(1920, 1080)
        program.start()
        watch = Watch(program, servers)
        open_books(program)

        def misbehave() -> None:
            server = rng.choice(list(servers.values()))
            kind = rng.choice(sorted(server.faults, key=lambda one: one.name))
            long = kind in (Kind.SILENCE, Kind.BOOK_SILENCE) and server.silence_to_notice_s
            server.cause(Fault(kind, seconds=long or rng.uniform(0.1, 2.0)))
            caused[kind.name] += 1

        timer = QTimer()
        timer.timeout.connect(misbehave)
        wait(5.0)
        timer.start(4_000)
        started = time.perf_counter()
        while time.perf_counter() - started < minutes * 60:
            wait(min(CHECK_S, max(5.0, minutes * 60 / 8)))
            told = len(watch.broken)
            watch.check()
            for text in watch.broken[told : told + MOST_TOLD]:
                print(f"  wrong: {text}", flush=True)
            samples.append(resident_mib() - watch.held_bytes() / _MIB)
            print(
                f"{(time.perf_counter() - started) / 60:5.1f} min  {resident_mib():7.1f} MiB, "
                f"{samples[-1]:7.1f} beside the columns held; {sum(caused.values())} faults, "
                f"{watch.checked} columns looked at, {watch.marked} marked, "
                f"{len(watch.broken)} wrong",
                flush=True,
            )
        timer.stop()
        for _ in range(round(CALM_S)):
            wait(1.0)
            if not watch.not_live():
                break
        broken = [*watch.broken, *(f"not live: {text}" for text in watch.not_live())]
        for server in servers.values():
            broken += [f"{server.provider}: {text}" for text in server.violations]
        program.window.close()
        program.stop()
        for _ in range(3):
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QCoreApplication.processEvents()
    broken += [f"left behind: {what}" for what in left_behind()]
    settled = samples[int(len(samples) * WARM_UP_SHARE) :]
    third = max(1, len(settled) // 3)
    growth = statistics.median(settled[-third:]) - statistics.median(settled[:third])
    print(f"{sum(caused.values())} faults of {len(caused)} kinds; screen: "
          f"{os.environ.get('DISPLAY') or os.environ.get('QT_QPA_PLATFORM')}")  # fmt: skip
    print(f"memory beside the columns held grew by {growth:.1f} MiB after the warm-up")
    if growth > LARGEST_GROWTH_MIB:
        broken.append(f"memory grew by {growth:.1f} MiB")
    return broken

"""Six live feeds under random faults: what is shown is held against the truth as it goes.

The venues run, and judge, in a process of their own (`soak_venues`); here is the desk alone, and
what is looked at in it: states of columns, pictures, memory, processor time.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt

from heatdesk.frames import BookSub, BookWindow
from heatdesk.store.block import OBSERVED
from heatdesk.store.shares import Budget
from tests.bench.pacing import wait
from tests.bench.soak_memory import census, growth, held_by_design, malloc_mib, resident_mib
from tests.bench.soak_picture import Seen, look
from tests.bench.soak_venues import Venues
from tests.servers.venues.driving import SYMBOLS, venue_of
from tests.servers.venues.judging import SETTLED_MS
from tests.servers.venues.watching import is_touched
from ui.app.program import Program
from ui.panels.order_book.options import LIVE
from ui.panels.order_book.panel import OrderBookPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.soak_venues import Standing

CELL_BYTES, SNAPSHOT_BYTES = 3 << 19, 2 << 20
"""Budgets of a book here: full before the warm-up ends, so that columns leave as others come."""
CHECK_S, PICTURE_S = 60.0, 20.0
WARM_S = 5.0
CALM_S = 60.0
MOST_TOLD = 8
"""Wrong columns that are told one by one at each look."""
WARM_UP_SHARE = 0.3
LARGEST_GROWTH_MIB = 24.0
COLUMNS = 3
LOST_MS = 2_000
"""A gap is told in the columns at the latest so long after they passed."""


class Watch:
    """Remembers which columns the desk was told of, and holds states and pictures against them."""

    def __init__(self, program: Program, venues: Venues) -> None:
        self.looked_at = 0
        self.broken: list[str] = []
        self.seen = Seen()
        self.looking_s = 0.0
        """Processor time of the looks: not the desk's."""
        self.panels: list[OrderBookPanel] = []
        self._store = program.services.store
        self._touched: dict[BookSub, dict[int, bool]] = {}
        self._checked_ms: dict[BookSub, int] = {}
        apply = self._store.apply

        def applied(sub: Any, frame: Any) -> None:
            if isinstance(sub, BookSub) and isinstance(frame, BookWindow):
                touched = self._touched.setdefault(sub, {})
                for i, start_ms in enumerate(frame.time_ms.tolist()):
                    touched[start_ms] = is_touched(frame, i)
                venues.tell(sub, frame)
            apply(sub, frame)

        self._store.apply = applied  # type: ignore[method-assign]

    @property
    def providers(self) -> set[str]:
        """Who told of a book that was looked at."""
        return {sub.provider for sub in self._checked_ms}

    def look_at_pictures(self) -> None:
        """Every gap in view is hatched, and nothing else is."""
        begun_s = time.thread_time()
        for panel in self.panels:
            look(panel, self.seen)
        self.broken += [f"picture: {text}" for text in self.seen.wrong]
        self.seen.wrong.clear()
        self.looking_s += time.thread_time() - begun_s

    def check(self) -> None:
        """A column that was not told whole is not shown as observed."""
        begun_s = time.thread_time()
        for sub, touched in list(self._touched.items()):
            heat = self._store.heatmap(sub)
            if heat is None or not touched:
                continue
            until_ms = (max(touched) - SETTLED_MS) // sub.interval_ms * sub.interval_ms
            from_ms = self._checked_ms.get(sub, min(touched))
            if until_ms <= from_ms:
                continue
            columns = [heat.grid.time.column_of(at_ms) for at_ms in (from_ms, until_ms)]
            states = heat.column_state(*columns).tolist()
            times = range(from_ms, until_ms, sub.interval_ms)
            for at_ms, state in zip(times, states, strict=True):
                self.looked_at += 1
                if touched.get(at_ms, True) and state == OBSERVED:
                    self.broken.append(f"{sub.provider} {sub.symbol}: {at_ms} is not marked")
            self._checked_ms[sub] = until_ms
            for at_ms in [at for at in list(touched) if at < until_ms]:
                touched.pop(at_ms, None)
        self._check_now()
        self.looking_s += time.thread_time() - begun_s

    def _check_now(self) -> None:
        """While a book is in a gap no column since then is shown as observed."""
        now_ms = time.time_ns() // 1_000_000
        for sub in list(self._touched):
            heat, since_ms = self._store.heatmap(sub), self._store.status(sub).gap_since_ms
            if heat is None or since_ms is None:
                continue
            column_of = heat.grid.time.column_of
            columns = column_of(since_ms + sub.interval_ms), column_of(now_ms - LOST_MS)
            if columns[1] > columns[0] and (heat.column_state(*columns) == OBSERVED).any():
                self.broken.append(
                    f"{sub.provider} {sub.symbol}: in a gap since {since_ms}, shown as observed"
                )

    def not_live(self) -> list[str]:
        """Books that are in a gap."""
        return [
            f"{sub.provider} {sub.symbol}: {status}"
            for sub in self._touched
            if (status := self._store.status(sub)).gap_since_ms is not None or status.problem
        ]


def open_books(program: Program) -> list[OrderBookPanel]:
    """One order book for each venue, side by side: three and three."""
    desk, panels, docks = program.desk, [], []
    window = desk.first
    if program._opening is not None:
        program._opening.end()  # a first start would turn all of them to the first venue that answers
    for dock in list(desk.docks.values()):
        dock.close()
    for provider, symbols in SYMBOLS.items():
        dock = desk.open_panel(OrderBookPanel.panel_id)
        panel = dock.panel
        assert isinstance(panel, OrderBookPanel)
        panel.demo = False
        venues = (venue_of(provider),)
        panel.choose(replace(panel.options, source=LIVE, venues=venues, symbol=symbols[0]))
        panels.append(panel)
        docks.append(dock)
        window.removeDockWidget(dock)
    window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, docks[0])
    for number, dock in enumerate(docks[1:], 1):
        across = number < COLUMNS
        way = Qt.Orientation.Horizontal if across else Qt.Orientation.Vertical
        window.splitDockWidget(docks[number - 1 if across else number - COLUMNS], dock, way)
    for dock in docks:
        dock.show()
    window.resizeDocks(docks[:COLUMNS], [1000] * COLUMNS, Qt.Orientation.Horizontal)
    for number in range(COLUMNS):
        column = [docks[number], docks[number + COLUMNS]]
        window.resizeDocks(column, [1000] * 2, Qt.Orientation.Vertical)
    return panels


class Figures:
    """Memory and processor time, look by look."""

    def __init__(self, program: Program, watch: Watch, venues: Venues, *, counted: bool) -> None:
        self.rest_mib: list[float] = []
        self.cpu_pct: list[float] = []
        self.faults: Counter[str] = Counter()
        self._program, self._watch, self._venues = program, watch, venues
        self._counted = census() if counted else None
        self._started_s = time.perf_counter()
        self._before = self._times_s()
        self._venues_s = 0.0

    def _times_s(self) -> tuple[float, float]:
        beside = self._watch.looking_s + self._venues.sending_s
        return time.perf_counter(), time.process_time() - beside

    def take(self, standing: Standing) -> None:
        """Measure, and print."""
        now, before = self._times_s(), self._before
        wall_s = now[0] - before[0]
        cpu_pct = 100 * (now[1] - before[1]) / wall_s
        venues_pct = 100 * (standing.cpu_s - self._venues_s) / wall_s
        self._venues_s = standing.cpu_s
        begun_s = time.thread_time()
        held = held_by_design(self._program.services.store)
        resident = resident_mib()
        in_use, free = malloc_mib()
        rest = resident - sum(held.values())
        self.rest_mib.append(rest)
        self.cpu_pct.append(cpu_pct)
        self.faults = standing.faults
        watch = self._watch
        by_name = ", ".join(f"{name} {size:.1f}" for name, size in held.items())
        print(
            f"{(now[0] - self._started_s) / 60:5.1f} min  desk {resident:6.1f} MiB ({by_name}; "
            f"rest {rest:.1f}; heap in use {in_use:.1f}, free {free:.1f}), {cpu_pct:3.0f} % CPU; "
            f"venues {standing.resident_mib:.0f} MiB, {venues_pct:.0f} %; "
            f"{sum(standing.faults.values())} faults, {standing.live} columns right, "
            f"{standing.marked} marked, {len(watch.broken)} broken; "
            f"pictures: {watch.seen.marked} marked, {watch.seen.plain} plain",
            flush=True,
        )
        if self._counted is not None and len(self.rest_mib) % 5 == 0:
            for before_count, now_count in zip(self._counted, census(), strict=True):
                print("\n".join(growth(before_count, now_count)), flush=True)
        watch.looking_s += time.thread_time() - begun_s
        self._before = self._times_s()

    def growth_mib(self) -> float:
        """By how much the rest grew after the warm-up."""
        settled = self.rest_mib[int(len(self.rest_mib) * WARM_UP_SHARE) :]
        third = max(1, len(settled) // 3)
        return statistics.median(settled[-third:]) - statistics.median(settled[:third])


def soak_feeds(
    minutes: float, left_behind: Callable[[], list[str]], *, seed: int = 5, counted: bool = False
) -> list[str]:
    """Run the desk on six venues that misbehave; print what was seen, return broken promises."""
    home = Path(tempfile.mkdtemp(prefix="heatdesk-soak-"))
    with Venues(seed) as venues, contextlib.ExitStack() as stack:
        environ = {"HEATDESK_HOME": str(home), **venues.environment()}
        program = Program(home, environ, demo=False)
        program.services.store._fast_budget = Budget(CELL_BYTES, SNAPSHOT_BYTES)
        program.desk.first.resize(1920, 1080)
        program.start()
        stack.callback(_close, program)
        watch = Watch(program, venues)
        wait(WARM_S)
        watch.panels = open_books(program)
        wait(WARM_S)
        venues.misbehave(True)
        figures = Figures(program, watch, venues, counted=counted)
        _run(minutes, watch, venues, figures)
        venues.misbehave(False)
        for _ in range(round(CALM_S)):
            wait(1.0)
            if not watch.not_live():
                break
        wait(SETTLED_MS / 1000 + 15.0)
        standing = venues.ask()
        broken = [*watch.broken, *(f"wrong: {text}" for text in standing.wrong)]
        broken += [f"not live: {text}" for text in watch.not_live()] + standing.violations
        broken += [f"no columns of {name}" for name in set(SYMBOLS) - watch.providers]
    broken += [f"left behind: {what}" for what in left_behind()]
    return broken + _sum_up(figures, watch, standing)


def _close(program: Program) -> None:
    program.desk.close()
    program.stop()
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def _run(minutes: float, watch: Watch, venues: Venues, figures: Figures) -> None:
    started_s = checked_s = time.perf_counter()
    every_s, told = min(CHECK_S, max(5.0, minutes * 60 / 8)), 0
    while time.perf_counter() - started_s < minutes * 60:
        wait(min(PICTURE_S, every_s))
        watch.look_at_pictures()
        if time.perf_counter() - checked_s < every_s - 1:
            continue
        checked_s = time.perf_counter()
        watch.check()
        standing = venues.ask()
        watch.broken += [f"wrong: {text}" for text in standing.wrong]
        for text in watch.broken[told : told + MOST_TOLD]:
            print(f"  {text}", flush=True)
        told = len(watch.broken)
        figures.take(standing)


def _sum_up(figures: Figures, watch: Watch, standing: Standing) -> list[str]:
    grown_mib = figures.growth_mib()
    screen = os.environ.get("DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    print(f"{sum(standing.faults.values())} faults of {len(standing.faults)} kinds; {screen=!s}")
    for kind, count in sorted(standing.faults.items()):
        print(f"  {kind.lower():13} {count:4}")
    print(
        f"{standing.live} columns were right, {standing.marked} marked; "
        f"{watch.looked_at} states and {watch.seen.marked} marked and {watch.seen.plain} plain "
        "columns of pixels were looked at"
    )
    print(f"CPU of one core: median {statistics.median(figures.cpu_pct):.0f} %")
    print(f"memory beside what is bounded by design grew by {grown_mib:.1f} MiB after the warm-up")
    return [f"memory grew by {grown_mib:.1f} MiB"] if grown_mib > LARGEST_GROWTH_MIB else []

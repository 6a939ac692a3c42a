"""Workspaces: how long a switch, the palette, and a start that restores three windows take.

A switch ends when every panel in sight has been painted. The two starts are fresh processes, to the
moment at which each of their windows has painted its first cells; they take turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication

from tests.bench.rows import Row, median
from ui.app.program import Program
from ui.commands.palette import CommandPalette
from ui.main_window import Desk

ROOT = Path(__file__).resolve().parents[2]
SWITCHES, OPENINGS, STARTS = 10, 10, 5
FILL_S = 20
"""At most so long the invented market may take to fill all panels."""
ONE = (("order-book", "ETHUSDT"), ("order-book", "SOLUSDT"), ("liquidation", ""), ("dots", ""))
OTHER = (("order-book", "SOLUSDT"), ("cohorts", ""), ("liquidation", ""), ("tape", ""))
"""What two workspaces show beside the four panels of *All four*; one panel has a twin there."""

# Told when each window of the desk has painted its first cells.
_START = """
import importlib.machinery, sys, time
class Looking:
    def find_spec(self, name, path, target=None):
        if name != "ui.heatmap.view":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            look_at(module.ChartView)
        spec.loader.exec_module = exec_module
        return spec
def look_at(view):
    paint = view.paintEvent
    def look(self, event):
        paint(self, event)
        chart = getattr(self.gestures, "chart", None)
        if chart is None or chart.item.window is None:
            return
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication, QMainWindow
        painted.add(self.window())
        there = [one for one in QApplication.topLevelWidgets()
                 if isinstance(one, QMainWindow) and one.isVisible()]
        if painted.issuperset(there) and len(there) == windows and not told:
            told.append(True)
            print("FRAME", time.monotonic(), flush=True)
            main = next(one for one in there if one.objectName() == "main")
            QTimer.singleShot(0, main.close)
    view.paintEvent = look
windows, painted, told = int(sys.argv[1]), set(), []
sys.meta_path.insert(0, Looking())
from main import main
sys.exit(main(["--demo"]))
"""


def measure_workspaces() -> list[Row]:
    """The switch of two workspaces of eight panels, the palette, the start with three windows."""
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-", ignore_cleanup_errors=True) as home:
        program = Program(Path(home), {}, demo=True)
        program.desk.first.resize(1920, 1080)
        program.start()
        switch = _measure_switches(program.desk)
        palette = _measure_palette(program.desk)
        _spread(program.desk)
        program.desk.keep()
        program.desk.close()
        program.stop()
        return [switch, *palette, _measure_starts(home)]


def _measure_switches(desk: Desk) -> Row:
    _fill(desk)
    for name, panels in (("One", ONE), ("Other", OTHER)):
        desk.save_as(name)
        for dock in [one for key, one in desk.docks.items() if key != one.panel.panel_id]:
            desk.remove(dock)
        for kind, symbol in panels:
            options = {"symbol": symbol, "coin": symbol.removesuffix("USDT")} if symbol else {}
            dock = desk.open_panel(kind, options)
            anchor = desk.docks["order-book" if kind != "tape" else "dots"]
            desk.first.splitDockWidget(anchor, dock, Qt.Orientation.Horizontal)
        _fill(desk)
        desk.keep()
    taken_ms: list[float] = []
    for number in range(SWITCHES + 2):
        seconds = _switch_s(desk, "One" if number % 2 == 0 else "Other")
        if number > 1:
            taken_ms.append(seconds * 1000)
    note = f"{SWITCHES} switches, eight panels each; at worst {max(taken_ms):.0f} ms"
    return Row("workspace_switch", median(taken_ms), "ms", note=note)


def _switch_s(desk: Desk, name: str) -> float:
    """Seconds from the key to the last panel's first paint; then let data come."""
    started = time.perf_counter()
    desk.switch(name)
    painted = _Painted([dock.panel.header for dock in desk.docks.values() if dock.on_screen])
    while painted.left:
        QApplication.processEvents()
    seconds = time.perf_counter() - started
    _fill(desk)
    return seconds


def _measure_palette(desk: Desk) -> list[Row]:
    """From Ctrl+K to the first paint of the palette over eight panels, built and shown again."""
    taken_ms = [_palette_s(desk) * 1000 for _ in range(OPENINGS + 1)]
    first, again = taken_ms[0], taken_ms[1:]
    note = f"{OPENINGS} times; at worst {max(again):.0f} ms"
    return [
        Row("palette_first_opening", first, "ms"),
        Row("palette_opening", median(again), "ms", note=note),
    ]


def _palette_s(desk: Desk) -> float:
    """Seconds from the command to the painted palette; then it is closed and data comes."""
    started = time.perf_counter()
    desk.commands.run("help.palette")
    [palette] = [
        one
        for one in QApplication.topLevelWidgets()
        if isinstance(one, CommandPalette) and one.isVisible()
    ]
    painted = _Painted([palette])
    while painted.left:
        QApplication.processEvents()
    seconds = time.perf_counter() - started
    palette.close()
    _fill(desk)
    return seconds


class _Painted(QObject):
    """Notes which widgets have been painted."""

    def __init__(self, headers: list[QObject]) -> None:
        super().__init__()
        self.left = set(headers)
        for header in headers:
            header.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            self.left.discard(watched)
        return False


def _fill(desk: Desk) -> None:
    """Let the market come until every panel in sight shows it."""
    over = QDeadlineTimer(FILL_S * 1000)
    while not over.hasExpired():
        QApplication.processEvents()
        if all(dock.panel.ready for dock in desk.docks.values() if dock.on_screen):
            return
        time.sleep(0.002)


def _spread(desk: Desk) -> None:
    """Put the desk over three windows, each with a chart."""
    for name in ("order-book-2", "liquidation-2"):
        desk.move_panel(desk.docks[name], desk.new_window())
    _fill(desk)


def _measure_starts(home: str) -> Row:
    found: dict[int, list[float]] = {1: [], 3: []}
    for number in range(STARTS + 1):
        for windows in found:
            seconds = _start_s(windows, home if windows > 1 else "")
            if number:
                found[windows].append(seconds)
    return Row(
        "restore_three_windows",
        median(found[3]),
        "s",
        "an empty home",
        median(found[1]),
        f"{STARTS} starts each, eight panels",
    )


def _start_s(windows: int, home: str) -> float:
    """Start the demo desk; seconds until every window has painted its first cells."""
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-", ignore_cleanup_errors=True) as empty:
        # with byte code, as every start but the first has it
        unlike = ("HEATDESK_", "PYTHONDONTWRITEBYTECODE")
        env = {name: value for name, value in os.environ.items() if not name.startswith(unlike)}
        env |= {"HEATDESK_HOME": home or empty, "PYTHONPATH": str(ROOT)}
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", _START, str(windows)],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            if line.startswith("FRAME "):
                return float(line.split()[1]) - started
    raise RuntimeError(f"no frame was painted: {done.stderr[-2000:]}")

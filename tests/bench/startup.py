"""From process start to the first painted frame: the demo desk, beside a bare window.

Both sides are fresh processes over byte-compiled files; runs alternate, medians are compared. The
frame is there when the view has painted: an empty plot, and the first cells of the demo market.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.rows import Row, median

ROOT = Path(__file__).resolve().parents[2]

_BARE = """
import time
import pyqtgraph as pg
app = pg.mkQApp("bare")
class Plot(pg.PlotWidget):
    def paintEvent(self, event):
        super().paintEvent(event)
        print("FRAME", time.monotonic(), flush=True)
        app.quit()
plot = Plot()
plot.resize(1920, 1080)
plot.show()
app.exec()
"""

# Nothing is imported for the program: its view is looked at once it has been loaded by itself.
_DESK = """
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
        if chart is not None and chart.item.window is not None and not told:
            told.append(True)
            print("FRAME", time.monotonic(), flush=True)
            from PySide6.QtCore import QTimer
            from PySide6.QtWidgets import QApplication
            QTimer.singleShot(0, QApplication.instance().closeAllWindows)
    view.paintEvent = look
told = []
sys.meta_path.insert(0, Looking())
from main import main
sys.exit(main(["--demo"]))
"""


def measure_startup(runs: int = 7) -> list[Row]:
    """Seconds until the demo desk shows its first cells."""
    for folder in ("heatdesk", "ui", "resources"):
        if (ROOT / folder).is_dir():
            compileall.compile_dir(ROOT / folder, quiet=1)
    found: dict[str, list[float]] = {"bare": [], "desk": []}
    for number in range(runs + 1):
        for name, source in (("bare", _BARE), ("desk", _DESK)):
            seconds = first_frame_s(source)
            if number:
                found[name].append(seconds)
    platform = os.environ.get("QT_QPA_PLATFORM", "the default platform")
    return [
        Row(
            "first_frame",
            median(found["desk"]),
            "s",
            "bare PySide6 + pyqtgraph window",
            median(found["bare"]),
            f"{runs} runs each on {platform}",
        )
    ]


def first_frame_s(source: str) -> float:
    """Start a program in a home of its own; seconds until it says that a frame was painted."""
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-", ignore_cleanup_errors=True) as home:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith("HEATDESK_")
        }
        env |= {"HEATDESK_HOME": home, "PYTHONPATH": str(ROOT)}
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", source],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            if line.startswith("FRAME "):
                return float(line.split()[1]) - started
    raise RuntimeError(f"no frame was painted: {done.stderr[-2000:]}")

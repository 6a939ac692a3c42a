"""From process start to the first painted frame: the demo desk, beside a bare window, and live.

All are fresh processes over byte-compiled files; runs alternate, medians are compared. The frame
is there when the view has painted: an empty plot, the first cells of the demo market, and on a
first start with a network the first cells of a live book, whose panel says that it is live. The
venue is a loopback one, in the process that measures: it takes no time to be reached.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.app.no_venues import NO_VENUES
from tests.bench.rows import Row, median
from tests.servers.venues.catalogue import usdm

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

# Nothing is imported for the program: its view is looked at once it has been loaded by itself. A
# first start waits for its venue however slow the machine is: a late frame is a figure, too.
_DESK = """
import importlib.machinery, sys, time
class Looking:
    def find_spec(self, name, path, target=None):
        if name not in changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            changes[name](module)
        spec.loader.exec_module = exec_module
        return spec
def look_at(module):
    view = module.ChartView
    paint = view.paintEvent
    def look(self, event):
        paint(self, event)
        chart = getattr(self.gestures, "chart", None)
        painted = chart is not None and chart.item.window is not None
        if painted and not told and ("--demo" in sys.argv or is_live(chart)):
            told.append(True)
            print("FRAME", time.monotonic(), flush=True)
            from PySide6.QtCore import QTimer
            from PySide6.QtWidgets import QApplication
            QTimer.singleShot(0, QApplication.instance().closeAllWindows)
    view.paintEvent = look
def is_live(widget):
    while widget is not None and not hasattr(widget, "header"):
        widget = widget.parentWidget()
    return widget is not None and widget.header.pill.state.value == "live"
def be_patient(module):
    module.VENUE_PATIENCE_S = module.PATIENCE_S = 50.0
changes = {"ui.heatmap.view": look_at, "ui.app.first_start": be_patient}
told = []
sys.meta_path.insert(0, Looking())
from main import main
sys.exit(main(sys.argv[1:]))
"""


def measure_startup(runs: int = 7) -> list[Row]:
    """Seconds until the demo desk, and a first start that is live, show their first cells."""
    for folder in ("heatdesk", "ui", "resources"):
        if (ROOT / folder).is_dir():
            compileall.compile_dir(ROOT / folder, quiet=1)
    found: dict[str, list[float]] = {"bare": [], "desk": [], "live": []}
    with usdm() as venue:
        network = {**NO_VENUES, **venue.environment()}
        for number in range(runs + 1):
            seconds = {
                "bare": first_frame_s(_BARE),
                "desk": first_frame_s(_DESK, "--demo"),
                "live": first_frame_s(_DESK, **network),
            }
            if number:
                for name, one in seconds.items():
                    found[name].append(one)
    platform = os.environ.get("QT_QPA_PLATFORM", "the default platform")
    slowest = max(found["live"])
    return [
        Row(
            "first_frame",
            median(found["desk"]),
            "s",
            "bare PySide6 + pyqtgraph window",
            median(found["bare"]),
            f"{runs} runs each on {platform}",
        ),
        Row(
            "first_live",
            median(found["live"]),
            "s",
            "the demo desk's first cells",
            median(found["desk"]),
            f"a first start, live on a loopback venue; slowest of {runs}: {slowest:.2f} s",
        ),
    ]


def first_frame_s(source: str, *arguments: str, **more: str) -> float:
    """Start a program in a home of its own; seconds until it says that a frame was painted.

    Parameters
    ----------
    more : str
        Of its environment.
    """
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-", ignore_cleanup_errors=True) as home:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith("HEATDESK_")
        }
        env |= {"HEATDESK_HOME": home, "PYTHONPATH": str(ROOT), **more}
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", source, *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            if line.startswith("FRAME "):
                return float(line.split()[1]) - started
    raise RuntimeError(f"no frame was painted: {done.stderr[-2000:]}")

"""Bytes that a fully zoomed-out heatmap holds, beside two stock float32 items.

Run as a program (``python -m tests.bench.memory ours|stock COLUMNS LEVELS``) it prints by how much
the process grew: each side is measured in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyqtgraph as pg

from tests.bench.market import Market
from tests.bench.painting import Ours, Stock
from tests.bench.rows import COL_MAJOR, ROW_MAJOR, Row

ROOT = Path(__file__).resolve().parents[2]
SIZE = (1920, 1080)
MIB = 1 << 20
BASELINE = "two stock float32 items"


def measure_memory(columns: int = 4000, levels: int = 3500) -> list[Row]:
    """What the store says it holds, and by how much the process really grew."""
    market = Market(columns, levels)
    store, _ = market.fill()
    contender = Ours(market, store, SIZE)
    zoom_out(contender)
    held = store.total_bytes / MIB
    contender.close()
    float32_mib = 2 * columns * levels * 4 / MIB
    planes = ", ".join(store.planes)
    note = f"planes {planes}; native cells alone {store.nbytes / MIB:.1f}"
    rows = [Row("memory", held, "MiB held", BASELINE, float32_mib, note)]
    grown = {kind: grown_mib(kind, columns, levels) for kind in ("ours", COL_MAJOR, ROW_MAJOR)}
    rows += [
        Row("memory_process", grown["ours"], "MiB the process grew", f"two {kind}", grown[kind])
        for kind in (COL_MAJOR, ROW_MAJOR)
    ]
    return rows


def zoom_out(contender: Ours) -> None:
    """Paint every level of detail from native cells to a picture of a few pixels."""
    columns, levels = contender.market.columns, contender.market.levels
    share = 1 / 16
    while share <= 16:
        half_c, half_l = columns * share / 2, levels * share / 2
        contender.look(
            columns / 2 - half_c, columns / 2 + half_c, levels / 2 - half_l, levels / 2 + half_l
        )
        contender.repaint()
        assert contender.item.window is not None, "nothing was painted"
        share *= 2
    contender.home()
    contender.repaint()


def grown_mib(kind: str, columns: int, levels: int) -> float:
    """Growth of a process of its own that shows one kind."""
    line = [sys.executable, "-m", "tests.bench.memory", kind, str(columns), str(levels)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return float(done.stdout.split()[-1])


def resident_mib() -> float:
    """Memory the process really holds; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def show_one(kind: str, columns: int, levels: int) -> float:
    """Show a heatmap of two planes, or two stock items; return the growth in MiB."""
    from ui.app.stage import open_application

    open_application()
    tiny = Market(64, 64)
    first = Ours(tiny, tiny.fill()[0], (64, 64))  # imports, fonts and caches are not counted
    first.close()
    market = Market(columns, levels)
    if kind == "ours":
        before = resident_mib()
        contender = Ours(market, market.fill()[0], SIZE)
        zoom_out(contender)
        return resident_mib() - before
    cells = np.ones((columns, levels), np.float32)
    before = resident_mib()
    items: list[pg.ImageItem] = []
    for _ in range(2):
        one = Stock(market, cells, SIZE, kind)
        one.repaint()
        items.append(one)
    return resident_mib() - before


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(f"{show_one(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])):.1f}")

"""The same changes painted by OpenGL; of use where a graphics card draws.

The stock item stands beside it as it paints by default, on the processor: drawn by OpenGL it costs
more. Every repaint waits until the card has finished.
"""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

from tests.bench.market import Market
from tests.bench.painting import Contender, Ours, Stock, interleave, rows_of
from tests.bench.rows import COL_MAJOR, ROW_MAJOR, Row
from ui.heatmap import gl_probe
from ui.heatmap.view import ChartView

SUFFIX = "[gl]"


class OursByGl(Ours):
    """`HeatmapItem` in a view that shows itself by OpenGL."""

    def make_view(self) -> pg.GraphicsView:
        view = ChartView()
        # a window manager would cut it to the size of the screen
        view.setWindowFlag(Qt.WindowType.BypassWindowManagerHint)
        return view

    def repaint(self) -> None:
        super().repaint()
        viewport: Any = self.view.viewport()
        if hasattr(viewport, "makeCurrent"):
            viewport.makeCurrent()
            viewport.context().functions().glFinish()
            viewport.doneCurrent()


class PlainStock(Stock):
    """The stock item in a view that the processor paints."""

    def make_view(self) -> pg.GraphicsView:
        return pg.GraphicsView()


def measure_painting_gl(
    size: tuple[int, int] = (1920, 1080), rounds: int = 7, columns: int = 4000, levels: int = 3500
) -> list[Row]:
    """Rows of the OpenGL path, whoever renders; one row without a figure where there is none."""
    machine = gl_probe.ask_machine()
    if machine.problem:
        return [Row(f"painting{SUFFIX}", None, "", note=f"not measured: {machine.problem}")]
    gl_probe.settle(gl_probe.PathDecision(True, "Asked for by the bench."))
    market = Market(columns, levels)
    store, cells = market.fill()
    ours = OursByGl(market, store, size)
    contenders: list[Contender] = [
        ours,
        PlainStock(market, cells, size, COL_MAJOR),
        PlainStock(market, cells, size, ROW_MAJOR),
    ]
    times = interleave(contenders, rounds)
    problem = ours.item.problem or ours.item.path_note
    for one in contenders:
        one.close()
    if problem:
        return [Row(f"painting{SUFFIX}", None, "", note=f"not measured: {problem}")]
    shown = "" if size == (1920, 1080) else f"@{size[0]}x{size[1]}"
    return rows_of(times, "ours", SUFFIX + shown)

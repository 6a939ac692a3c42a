"""Where the crosshair of a linked panel lies on this chart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from heatdesk.units import format_price
from ui.heatmap.crosshair import Crosshair, CrosshairMark

if TYPE_CHECKING:
    from ui.heatmap.chart import PriceTimeChart

_AWAY_PX = -1e5
"""A line that is not known lies so far outside that nothing of it shows."""


class LinkedCross:
    """A second crosshair, moved by other panels; it has no card and gives way to the mouse.

    Parameters
    ----------
    chart : PriceTimeChart
    """

    def __init__(self, chart: PriceTimeChart) -> None:
        self._chart = chart
        self._point: tuple[float, float] | None = None
        self.sheet = Crosshair(chart.view)

    @property
    def point(self) -> tuple[float, float] | None:
        """Time (epoch seconds) and price it lies at; a NaN is not known; None: it is nowhere."""
        return self._point

    def show_at(self, point: tuple[float, float] | None) -> None:
        """Move to a time and a price, None hides it."""
        self._point = point
        self.refresh()

    def refresh(self) -> None:
        """Lie where time and price are now."""
        self.sheet.set_mark(self._mark())

    def _mark(self) -> CrosshairMark | None:
        chart = self._chart
        if self._point is None or not chart.camera.placed or chart.crosshair.mark is not None:
            return None
        time_s, price = self._point
        window, plot = chart.camera.window, chart.plot_rect
        x = window.x_of(time_s) if math.isfinite(time_s) else _AWAY_PX
        y = window.y_of(price) if math.isfinite(price) else _AWAY_PX
        if not 0 <= x <= plot.width():
            x = _AWAY_PX
        if not 0 <= y <= plot.height():
            y = _AWAY_PX
        if x == y == _AWAY_PX:
            return None
        told = format_price(price, chart.tick_size) if y != _AWAY_PX else ""
        time_text = chart.pointer.time_text(time_s) if x != _AWAY_PX else ""
        return CrosshairMark(QPointF(x, y), time_text, told)

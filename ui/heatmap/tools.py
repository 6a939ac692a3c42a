"""`ChartTools`: the hand on drawn lines and on the ruler of a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Qt, Signal

from heatdesk.units import format_price
from heatdesk.views.measure import Measured, pointed_price
from ui import theme
from ui.heatmap.axes import AxisTag
from ui.heatmap.drawn_lines import DrawnLine, DrawnLineLayer
from ui.heatmap.ruler import RulerLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyqtgraph as pg
    from PySide6.QtGui import QMouseEvent

    from ui.heatmap.chart import PriceTimeChart

_START_PX = 3.0
"""A press that moves less than this is a click."""
ON_LINE = Qt.CursorShape.SizeVerCursor


class ChartTools(QObject):
    """Lines are dragged along the price, deleted with Delete; Shift and a drag measure.

    What is drawn is the owner's: it hands the lines over and is told what a hand wants of them.

    Signals
    -------
    moved : a line was dragged to a price.
    removed : a line is to go.
    line_wanted, alert_wanted : a line, or an alert, is wanted at a price.
    """

    moved = Signal(str, float)
    removed = Signal(str)
    line_wanted = Signal(float)
    alert_wanted = Signal(float)

    def __init__(self, chart: PriceTimeChart, box: pg.ViewBox) -> None:
        super().__init__(chart)
        self._chart = chart
        self.lines, self.ruler = DrawnLineLayer(box), RulerLayer(box)
        self._held = ""
        self._dragged = False
        self._start = QPointF()
        self._start_price = 0.0
        self._measuring: tuple[float, float] | None = None
        self._kept: tuple[DrawnLine, ...] | None = None

    @property
    def busy(self) -> bool:
        """Whether a hand holds a line or the ruler."""
        return bool(self._held) or self._measuring is not None

    # -- what the owner hands over

    def set_lines(self, lines: Sequence[DrawnLine]) -> None:
        """Show lines; while a hand holds one they wait."""
        if self._held:
            self._kept = tuple(lines)
            return
        self.lines.set_lines(lines)
        if self.lines.line(self.lines.marked) is None:
            self.lines.mark("")
        self.show_tags()

    def select(self, line_id: str) -> None:
        """Let a line stand out: Delete is about it."""
        self.lines.mark(line_id)
        self.show_tags()

    def line_at(self, at: QPointF) -> DrawnLine | None:
        """The line under a point of the view: over the plot, or at its tag on the axis."""
        chart = self._chart
        if not chart.camera.placed or not 0 <= at.y() <= chart.plot_rect.bottom():
            return None
        return self.lines.line_at(at.y() - chart.plot_rect.top(), chart.camera.window)

    def price_at(self, at: QPointF) -> float:
        """The round price that a point of the view means."""
        chart = self._chart
        window = chart.camera.window
        return pointed_price(
            window, window.price_at(at.y() - chart.plot_rect.top()), chart.tick_size
        )

    # -- the hand

    def press(self, event: QMouseEvent, area: str) -> bool:
        """Take hold of a line or of the ruler; returns whether the press is used up."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return False
        at = event.position()
        self.end_ruler()
        found = self._chart.at(at)
        shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if shift and area == "plot" and found is not None:
            self._measuring = (found[0], self.price_at(at))
            self._start = at
            self._chart.camera.held = True
            return True
        line = self.line_at(at) if area in {"plot", "price"} else None
        self.select(line.id if line is not None else "")
        if line is None:
            return False
        self._held, self._dragged = line.id, False
        self._start, self._start_price = at, line.price
        return True

    def move(self, at: QPointF) -> bool:
        """Drag what is held; returns whether anything is."""
        if self._measuring is not None:
            self._measure(at)
            return True
        if not self._held:
            return False
        far = abs(at.y() - self._start.y()) >= _START_PX
        if far and not self._dragged:
            self._dragged = self._chart.camera.held = True
        if self._dragged:
            self.lines.move(self._held, self.price_at(at))
            self.show_tags()
        return True

    def release(self) -> bool:
        """Let go; returns whether anything was held."""
        if self._measuring is not None:
            self._measuring = None
            self._free_chart()
            return True
        held, self._held = self._held, ""
        if not held:
            return False
        line, dragged = self.lines.line(held), self._dragged
        self._free_chart()
        if dragged and line is not None and line.price != self._start_price:
            self.moved.emit(held, line.price)
        self._take_kept()
        return True

    def cancel(self) -> bool:
        """Put a held line back, or end the ruler; returns whether there was either."""
        if self._held:
            held, self._held = self._held, ""
            self.lines.move(held, self._start_price)
            self._free_chart()
            self._take_kept()
            self.show_tags()
            return True
        if self._measuring is not None:
            self._measuring = None
            self._free_chart()
        return self.end_ruler()

    def end_ruler(self) -> bool:
        """Take the ruler away; returns whether there was one."""
        shown = self.ruler.measured is not None
        if shown:
            self.ruler.measure(None, 1.0, 1)
        return shown

    # -- by key

    def wish_line(self) -> None:
        """Want a line at the crosshair, or where that is nowhere at the last price."""
        if (price := self._wished()) > 0:
            self.line_wanted.emit(price)

    def wish_alert(self) -> None:
        """Want an alert at the crosshair, or where that is nowhere at the last price."""
        if (price := self._wished()) > 0:
            self.alert_wanted.emit(price)

    def delete_marked(self) -> None:
        """Want the line under the mouse, or the one last touched, to go."""
        mark = self._chart.crosshair.mark
        line = self.line_at(mark.at) if mark is not None else None
        line_id = line.id if line is not None else self.lines.marked
        if line_id:
            self.removed.emit(line_id)

    def _wished(self) -> float:
        """Price at the crosshair, else the last one; NaN while neither is known."""
        chart = self._chart
        mark = chart.crosshair.mark
        if mark is not None and chart.at(mark.at) is not None:
            return self.price_at(mark.at)
        return chart.guides.last_price

    # -- inside

    def _measure(self, at: QPointF) -> None:
        chart, start = self._chart, self._measuring
        if start is None or (at - self._start).manhattanLength() < _START_PX:
            return
        plot = chart.plot_rect
        x = min(max(at.x(), plot.left()), plot.right())
        y = min(max(at.y(), plot.top()), plot.bottom())
        time_s = chart.camera.window.time_at(x - plot.left())
        measured = Measured(*start, time_s, self.price_at(QPointF(x, y)))
        self.ruler.measure(measured, chart.tick_size, chart.interval_ms)

    def _free_chart(self) -> None:
        if self._chart.camera.held:
            self._chart.camera.held = False
            self._chart.catch_up()

    def _take_kept(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            self.set_lines(kept)

    def show_tags(self) -> None:
        """Name the prices of lines on the axis."""
        chart = self._chart
        colours = theme.Palette
        chart.price_axis.set_marks(
            [
                AxisTag(
                    line.price,
                    format_price(line.price, chart.tick_size),
                    colours.ACCENT if not line.faint else colours.TEXT_FAINT,
                )
                for line in self.lines.lines
            ]
        )

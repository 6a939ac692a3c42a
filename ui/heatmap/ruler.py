"""The ruler: a drag with Shift measures price and time between two points of a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from heatdesk.views.measure import Measured, measure_lines
from ui import theme
from ui.heatmap.layer import Layer, snapped

if TYPE_CHECKING:
    from heatdesk.views.viewport import ChartWindow

_LINE_PX = 15.0
_MARGIN_PX = 8.0
_AWAY_PX = 8.0
_HEAD_PX = 5.0


class RulerLayer(Layer):
    """A stretch of time and price with its figures; it stays with the data when that moves."""

    def __init__(self, parent: Layer | None = None, z: float = 35.0) -> None:
        super().__init__(parent, z)
        self._measured: Measured | None = None
        self._tick_size = 1.0
        self._interval_ms = 60_000
        self.box = QRectF()

    @property
    def measured(self) -> Measured | None:
        """What is measured; None while there is no ruler."""
        return self._measured

    def measure(self, measured: Measured | None, tick_size: float, interval_ms: int) -> None:
        """Measure, or with None take the ruler away."""
        self._measured, self._tick_size, self._interval_ms = measured, tick_size, interval_ms
        self.update()

    def words(self) -> tuple[str, str]:
        """What the ruler says of price, and of time; empty without one."""
        if self._measured is None:
            return "", ""
        return measure_lines(self._measured, self._tick_size, self._interval_ms)

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the stretch, its two arms, and the figures beside its end."""
        one = self._measured
        if one is None:
            return
        x0, x1 = (snapped(window.x_of(time_s), painter) for time_s in (one.t0_s, one.t1_s))
        y0, y1 = (snapped(window.y_of(price), painter) for price in (one.p0, one.p1))
        colour = theme.Palette.UP if one.p1 >= one.p0 else theme.Palette.DOWN
        stretch = QRectF(QPointF(x0, y0), QPointF(x1, y1)).normalized()
        painter.fillRect(stretch, theme.colour(colour, 0.16))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(theme.colour(colour), 1.2))
        middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
        _arrow(painter, QPointF(middle_x, y0), QPointF(middle_x, y1))
        _arrow(painter, QPointF(x0, middle_y), QPointF(x1, middle_y))
        painter.setPen(QPen(theme.colour(colour, 0.9), 1, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(stretch)
        self._write(painter, window, stretch, colour, upwards=y1 < y0)

    def _write(
        self,
        painter: QPainter,
        window: ChartWindow,
        stretch: QRectF,
        colour: str,
        *,
        upwards: bool,
    ) -> None:
        lines = self.words()
        bold, plain = (
            theme.font(theme.TEXT_PX, tabular=True, bold=True),
            theme.font(theme.SMALL_PX, tabular=True),
        )
        width = 2 * _MARGIN_PX + max(
            QFontMetricsF(bold).horizontalAdvance(lines[0]),
            QFontMetricsF(plain).horizontalAdvance(lines[1]),
        )
        height = 2 * _LINE_PX + _MARGIN_PX
        top = stretch.top() - height - _AWAY_PX if upwards else stretch.bottom() + _AWAY_PX
        top = min(max(2.0, top), window.height_px - height - 2)
        left = min(max(2.0, stretch.center().x() - width / 2), window.width_px - width - 2)
        self.box = QRectF(round(left), round(top), width, height)
        painter.setBrush(theme.colour(theme.Palette.RAISED, 0.95))
        painter.setPen(QPen(theme.colour(colour, 0.9), 1))
        painter.drawRoundedRect(self.box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        row = self.box.adjusted(_MARGIN_PX, _MARGIN_PX / 2, -_MARGIN_PX, 0)
        row.setHeight(_LINE_PX)
        painter.setFont(bold)
        painter.setPen(theme.colour(theme.Palette.TEXT))
        painter.drawText(row, Qt.AlignmentFlag.AlignCenter, lines[0])
        painter.setFont(plain)
        painter.setPen(theme.colour(theme.Palette.TEXT_DIM))
        painter.drawText(row.translated(0, _LINE_PX), Qt.AlignmentFlag.AlignCenter, lines[1])


def _arrow(painter: QPainter, start: QPointF, end: QPointF) -> None:
    """An arm with a head at its end, where it is long enough for one."""
    line = QLineF(start, end)
    painter.drawLine(line)
    if line.length() < 3 * _HEAD_PX:
        return
    for turn in (150, -150):
        head = QLineF(line)
        head.setAngle(line.angle() + turn)
        head.setLength(_HEAD_PX)
        painter.drawLine(QLineF(end, end + head.p2() - head.p1()))

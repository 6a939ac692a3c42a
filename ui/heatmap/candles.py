"""Hollow candles over a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from heatdesk.views.candles import CandleShapes, lay_out_candles
from ui import theme
from ui.heatmap.layer import Layer, snapped
from ui.heatmap.shapes import draw_dashes, draw_rects, pixel_ratio, rect_rows, snapped_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from heatdesk.frames import CandleWindow
    from heatdesk.views.viewport import ChartWindow


def _halo() -> QColor:
    """Colour round a thin line, which keeps it readable over strong cells."""
    return theme.colour(theme.Palette.GROUND, 0.62)


class CandleLayer(Layer):
    """Candles whose bodies are outlines: what rests behind them stays visible."""

    def __init__(self, parent: Layer | None = None, z: float = 20.0) -> None:
        super().__init__(parent, z)
        self._candles: CandleWindow | None = None
        self._up = QColor(theme.Palette.UP)
        self._down = QColor(theme.Palette.DOWN)

    def set_candles(self, candles: CandleWindow | None) -> None:
        """Show candles; None or no candle shows nothing."""
        if candles is not self._candles:
            self._candles = candles
            self.update()

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the candles in view."""
        if self._candles is None or self._candles.time_ms.size == 0:
            return
        shapes = lay_out_candles(self._candles, window)
        if shapes.x.size == 0:
            return
        for up, colour in ((True, self._up), (False, self._down)):
            some = shapes.up if up else ~shapes.up
            if not some.any():
                continue
            if shapes.body_px:
                _draw_bodies(painter, shapes, some, colour)
            else:
                _draw_ranges(painter, shapes, some, colour)


def _draw_ranges(
    painter: QPainter, shapes: CandleShapes, some: NDArray[np.bool_], colour: QColor
) -> None:
    """One upright line per candle or pixel column, at least a pixel long."""
    xs, highs, lows = shapes.x[some], shapes.high[some], shapes.low[some]
    left = snapped_all(xs - 0.5, pixel_ratio(painter))
    bars = rect_rows(left, highs, 1.0, np.maximum(1.0, lows - highs))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_halo())
    draw_rects(painter, bars + np.array((-1.0, -0.5, 2.0, 1.0)))
    painter.setBrush(colour)
    draw_rects(painter, bars)


def _draw_bodies(
    painter: QPainter, shapes: CandleShapes, some: NDArray[np.bool_], colour: QColor
) -> None:
    """Outlined bodies with wicks above and below them."""
    half = max(1.0, round((shapes.body_px - 1) / 2))
    tops = np.minimum(shapes.open, shapes.close)[some].tolist()
    ends = np.maximum(shapes.open, shapes.close)[some].tolist()
    columns = (shapes.x[some].tolist(), shapes.high[some].tolist(), shapes.low[some].tolist())
    wicks: list[QRectF] = []
    bodies: list[QRectF] = []
    for x, high, low, top, end in zip(*columns, tops, ends, strict=True):
        centre = snapped(x - 0.5, painter)
        top_px, end_px = snapped(top, painter), snapped(end, painter)
        wicks.append(QRectF(centre, high, 1.0, max(0.0, top_px - high)))
        wicks.append(QRectF(centre, end_px + 1, 1.0, max(0.0, low - end_px - 1)))
        bodies.append(QRectF(centre - half, top_px, 2 * half + 1, max(1.0, end_px - top_px + 1)))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_halo())
    painter.drawRects([wick.adjusted(-1, 0, 1, 0) for wick in wicks if wick.height() > 0])
    for body in bodies:
        painter.drawRect(body.adjusted(-1, -1, 1, 1))
    painter.setBrush(colour)
    painter.drawRects([wick for wick in wicks if wick.height() > 0])
    edges: list[QRectF] = []
    for b in bodies:
        if b.height() <= 2 or b.width() <= 2:
            edges.append(b)
            continue
        edges.append(QRectF(b.left(), b.top(), b.width(), 1))
        edges.append(QRectF(b.left(), b.bottom() - 1, b.width(), 1))
        edges.append(QRectF(b.left(), b.top() + 1, 1, b.height() - 2))
        edges.append(QRectF(b.right() - 1, b.top() + 1, 1, b.height() - 2))
    painter.drawRects(edges)


def draw_level_line(painter: QPainter, y_px: float, width_px: float, colour: QColor) -> None:
    """Draw a dotted line at a price."""
    draw_dashes(painter, (0.0, snapped(y_px, painter)), width_px, colour, (1.0, 3.0))

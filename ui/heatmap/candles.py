"""Hollow candles over a heatmap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from heatdesk.views.candles import CandleShapes, lay_out_candles
from ui import theme
from ui.heatmap.layer import Layer, snapped
from ui.heatmap.shapes import (
    draw_dashes,
    draw_rects,
    pixel_ratio,
    rect_rows,
    snapped_all,
    thin_px,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from heatdesk.frames import CandleWindow
    from heatdesk.views.viewport import ChartWindow


def _halo() -> QColor:
    """Colour round a thin line, which keeps it readable over strong cells."""
    return theme.colour(theme.Palette.GROUND, 0.62)


class CandleLayer(Layer):
    """Candles whose bodies are outlines: what rests behind them stays visible.

    Attributes
    ----------
    most_px : float
        Candles that would be wider are not drawn.
    """

    most_px = math.inf

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
        if self._candles.interval_ms / 1000 / window.s_per_px > self.most_px:
            return  # a minute as wide as a hand tells nothing, and hides what is under it
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
    ratio = pixel_ratio(painter)
    # nothing but the line has the colour here: rather a little wider than thinner
    thin = max(1.0, np.floor(ratio + 0.5)) / ratio
    left = snapped_all(xs - thin / 2, ratio)
    bars = rect_rows(left, highs, thin, np.maximum(1.0, lows - highs))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_halo())
    draw_rects(painter, bars + np.array((-1.0, -0.5, 2.0, 1.0)))
    painter.setBrush(colour)
    draw_rects(painter, bars)


def _draw_bodies(
    painter: QPainter, shapes: CandleShapes, some: NDArray[np.bool_], colour: QColor
) -> None:
    """Outlined bodies with wicks above and below them, all on whole device pixels."""
    ratio = pixel_ratio(painter)
    thin = thin_px(ratio)
    half = max(1.0, round((shapes.body_px - thin) / 2 * ratio)) / ratio
    opens, closes = shapes.open[some], shapes.close[some]
    high, low = (snapped_all(ends[some], ratio) for ends in (shapes.high, shapes.low))
    centre = snapped_all(shapes.x[some] - thin / 2, ratio)
    top = snapped_all(np.minimum(opens, closes), ratio)
    end = snapped_all(np.maximum(opens, closes), ratio) + thin
    above = rect_rows(centre, high, thin, top - high)
    below = rect_rows(centre, end, thin, low - end)
    wicks = np.concatenate([above, below])
    wicks = wicks[wicks[:, 3] > 0]
    wide = 2 * half + thin
    bodies = rect_rows(centre - half, top, wide, end - top)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_halo())
    draw_rects(painter, wicks + np.array((-1.0, 0.0, 2.0, 0.0)))
    draw_rects(painter, bodies + np.array((-1.0, -1.0, 2.0, 2.0)))
    painter.setBrush(colour)
    draw_rects(painter, wicks)
    full = (bodies[:, 3] <= 2 * thin) | (wide <= 2 * thin)
    draw_rects(painter, bodies[full])
    left, top, _, tall = bodies[~full].T
    for edges in (
        rect_rows(left, top, wide, thin),
        rect_rows(left, top + tall - thin, wide, thin),
        rect_rows(left, top + thin, thin, tall - 2 * thin),
        rect_rows(left + wide - thin, top + thin, thin, tall - 2 * thin),
    ):
        draw_rects(painter, edges)


def draw_level_line(painter: QPainter, y_px: float, width_px: float, colour: QColor) -> None:
    """Draw a dotted line at a price."""
    draw_dashes(painter, (0.0, snapped(y_px, painter)), width_px, colour, (1.0, 3.0))

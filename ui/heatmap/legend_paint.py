"""Painting the contrast legend: unit, histogram, ramp, marks and the two cut-offs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

from heatdesk.views.contrast import position_of
from heatdesk.views.legend import LegendScale, QuantityHistogram
from heatdesk.views.palettes import Palette, ramp
from heatdesk.views.ticks import quantity_label
from ui import theme

HISTOGRAM_PX = 22
NUMBER_PX = 15
_LEFT = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class CutText:
    """A cut-off as it is drawn.

    Attributes
    ----------
    y : float
        Row of its handle.
    box : QRectF
        Where its number is written.
    number, other : str
        What it is set to, and the same in the other unit; empty where there is none, or no room.
    """

    y: float
    box: QRectF
    number: str
    other: str


def draw_ground(painter: QPainter, rect: QRectF) -> None:
    """Clear everything, and draw the line that parts the legend from the chart."""
    painter.fillRect(rect, QColor(theme.Palette.GROUND))
    painter.fillRect(QRectF(rect.topLeft(), QSizeF(1, rect.height())), QColor(theme.Palette.LINE))


def draw_unit(painter: QPainter, lines: Sequence[str], width: float, *, auto: bool) -> None:
    """Write what the colours count, and that they fit themselves."""
    painter.setFont(theme.font(theme.SMALL_PX))
    painter.setPen(QColor(theme.Palette.TEXT))
    for row, text in enumerate(lines):
        painter.drawText(QRectF(7, 4 + 14 * row, width - 10, 14), _LEFT, text)
    if auto:
        painter.setFont(theme.font(theme.SMALL_PX - 1))
        painter.setPen(QColor(theme.Palette.ACCENT))
        painter.drawText(QRectF(2, 32, 24, 12), _LEFT, "auto")


def draw_histogram(
    painter: QPainter, bar: QRectF, scale: LegendScale, histogram: QuantityHistogram
) -> None:
    """Draw how many cells have each quantity, to the left of the bar."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.Palette.LINE_STRONG))
    right = bar.left() - 2
    rects = [
        QRectF(right - length * HISTOGRAM_PX, bar.top() + 2 * i, length * HISTOGRAM_PX, 2)
        for i, length in enumerate(scale.bars(histogram).tolist())
        if length > 0
    ]
    painter.drawRects(rects)


def draw_ramp(
    painter: QPainter,
    bar: QRectF,
    scale: LegendScale,
    palettes: Sequence[Palette],
    cut: tuple[float, float],
    kind: str,
) -> None:
    """Draw the colour of every quantity of the bar, two ramps beside each other.

    Parameters
    ----------
    cut : (float, float)
        Quantities at which the ramp starts and ends.
    kind : str
        ``log`` or ``linear``: how colours run between them.
    """
    shades = theme.shades()
    ground = [shades.ground >> shift & 0xFF for shift in (16, 8, 0)]
    rows = np.arange(int(bar.height()), dtype=np.float64)
    share = 1 - (rows + 0.5) / bar.height()
    quantity = scale.low * (scale.high / scale.low) ** share
    place = position_of(quantity, *cut, kind)
    step = np.clip(place * 255 + 0.5, 0, 255).astype(np.intp)
    part = bar.width() / len(palettes)
    for i, palette in enumerate(palettes):
        rgb = ramp(palette.on(shades.light), 256)[step].copy()
        rgb[place < 0] = ground
        pixels = np.ascontiguousarray(rgb.reshape(-1, 1, 3))
        image = QImage(pixels.data, 1, len(rgb), 3, QImage.Format.Format_RGB888)
        painter.drawImage(QRectF(bar.left() + i * part, bar.top(), part, bar.height()), image)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(theme.Palette.LINE_STRONG))
    painter.drawRect(bar.adjusted(-0.5, -0.5, 0, 0))


def draw_marks(
    painter: QPainter,
    bar: QRectF,
    scale: LegendScale,
    cuts: Sequence[CutText],
    right: float,
    *,
    usd: bool,
) -> None:
    """Label round quantities beside the bar where no cut-off's number is."""
    painter.setFont(theme.font(theme.SMALL_PX - 1, tabular=True))
    painter.setPen(QColor(theme.Palette.TEXT_FAINT))
    left = bar.right() + 9
    for quantity in scale.marks():
        y = bar.top() + scale.y_of(quantity)
        if any(_covers(cut, y) for cut in cuts):
            continue
        painter.drawLine(QPointF(bar.right() + 2, y), QPointF(bar.right() + 4, y))
        box = QRectF(left, y - 7, right - left, 14)
        painter.drawText(box, _LEFT, quantity_label(quantity, usd))


def _covers(cut: CutText, y: float) -> bool:
    bottom = cut.box.bottom() + (NUMBER_PX if cut.other else 0)
    return cut.box.top() - 8 <= y <= bottom + 6


def draw_cut(painter: QPainter, bar: QRectF, cut: CutText) -> None:
    """Draw a handle and its number."""
    y = round(cut.y)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.Palette.TEXT))
    painter.drawRect(QRectF(bar.left() - 2, y - 1, bar.width() + 4, 2))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    tip = bar.right() + 1
    painter.drawPolygon(
        QPolygonF([QPointF(tip, y), QPointF(tip + 6, y - 4.5), QPointF(tip + 6, y + 4.5)])
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setFont(theme.font(theme.SMALL_PX, tabular=True, bold=True))
    painter.setPen(QColor(theme.Palette.TEXT))
    painter.drawText(cut.box.translated(1, 0), _LEFT, cut.number)
    painter.setFont(theme.font(theme.SMALL_PX - 1, tabular=True))
    painter.setPen(QColor(theme.Palette.TEXT_DIM))
    painter.drawText(cut.box.translated(1, NUMBER_PX - 2), _LEFT, cut.other)

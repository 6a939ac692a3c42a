"""Horizontal lines over a chart: those a user drew, and the levels of alerts with their bell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen

from ui import theme
from ui.heatmap.layer import Layer, snapped
from ui.heatmap.shapes import draw_dashes

if TYPE_CHECKING:
    from heatdesk.views.viewport import ChartWindow

REACH_PX = 4.0
"""So far from a line a mouse is on it."""
_DASHES = (6.0, 4.0)
_CAPTION_PX = 15.0
_CAPTION_LEFT_PX = 8.0
_BELL_PX = 15.0
TAG_PX = 17.0
"""As high as the tags of the axis."""


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """One line.

    Attributes
    ----------
    price : float
        Quote units.
    height : float
        Of the stretch of prices that an alert of a size watches, quote units.
    caption : str
        Written on the line.
    alert : bool
        It is the level of an alert: dashed, with a bell.
    faint : bool
        It does nothing at present.
    """

    id: str
    price: float
    height: float = 0.0
    caption: str = ""
    alert: bool = False
    faint: bool = False


class DrawnLineLayer(Layer):
    """Draws lines over the cells and below the labels; knows which one the mouse is on."""

    def __init__(self, parent: Layer | None = None, z: float = 20.0) -> None:
        super().__init__(parent, z)
        self._lines: tuple[DrawnLine, ...] = ()
        self._marked = ""

    @property
    def lines(self) -> tuple[DrawnLine, ...]:
        """Every line, also those out of view."""
        return self._lines

    def set_lines(self, lines: Sequence[DrawnLine]) -> None:
        """Show lines."""
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            self.update()

    def move(self, line_id: str, price: float) -> None:
        """Show a line at another price while a hand holds it."""
        self.set_lines(
            [replace(one, price=price) if one.id == line_id else one for one in self._lines]
        )

    @property
    def marked(self) -> str:
        """Id of the line that stands out; empty: none."""
        return self._marked

    def mark(self, line_id: str) -> None:
        """Let a line stand out."""
        if line_id != self._marked:
            self._marked = line_id
            self.update()

    def line(self, line_id: str) -> DrawnLine | None:
        """A line by its id."""
        return next((one for one in self._lines if one.id == line_id), None)

    def line_at(self, y_px: float, window: ChartWindow) -> DrawnLine | None:
        """The nearest line under a row of the plot."""
        near = [(abs(window.y_of(one.price) - y_px), one) for one in self._lines]
        found = min(near, key=lambda pair: pair[0], default=None)
        return found[1] if found is not None and found[0] <= REACH_PX else None

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw what is in view, the line that stands out over the others."""
        for one in sorted(self._lines, key=lambda line: line.id == self._marked):
            y = window.y_of(one.price)
            if -1 <= y <= window.height_px + 1:
                self._draw_line(painter, window, one, snapped(y, painter))

    def _draw_line(self, painter: QPainter, window: ChartWindow, line: DrawnLine, y: float) -> None:
        marked = line.id == self._marked
        alpha = 0.4 if line.faint and not marked else 1.0
        width = window.width_px
        if line.alert and line.height > 0:
            top = window.y_of(line.price + line.height)
            painter.fillRect(
                QRectF(0, top, width, y - top), theme.colour(theme.Palette.ACCENT, 0.10 * alpha)
            )
        # a dark edge keeps the line readable over bright cells
        painter.fillRect(
            QRectF(0, y - 1, width, 3), theme.colour(theme.Palette.GROUND, 0.45 * alpha)
        )
        colour = theme.colour(theme.Palette.ACCENT, alpha)
        if line.alert:
            draw_dashes(painter, (0.0, y), width, colour, _DASHES)
            if marked:
                draw_dashes(painter, (0.0, y + 1), width, colour, _DASHES)
        else:
            painter.fillRect(QRectF(0, y, width, 2 if marked else 1), colour)
        if line.alert:
            self._draw_bell_tag(painter, line, QPointF(width, y))
        if line.caption and (marked or not line.faint):
            self._write(painter, line, y)

    def _draw_bell_tag(self, painter: QPainter, line: DrawnLine, end: QPointF) -> None:
        """The left end of the tag that names the price on the axis."""
        ground = theme.Palette.TEXT_FAINT if line.faint else theme.Palette.ACCENT
        box = QRectF(end.x() - _BELL_PX, round(end.y() - TAG_PX / 2), _BELL_PX, TAG_PX)
        painter.fillRect(box, theme.colour(ground))
        draw_bell(painter, box.center() + QPointF(0.5, 0), theme.Palette.GROUND)

    def _write(self, painter: QPainter, line: DrawnLine, y: float) -> None:
        font = theme.font(theme.SMALL_PX)
        painter.setFont(font)
        width = QFontMetricsF(font).horizontalAdvance(line.caption) + 26
        top = y - _CAPTION_PX - 2 if y > _CAPTION_PX + 4 else y + 3
        box = QRectF(_CAPTION_LEFT_PX, top, width, _CAPTION_PX)
        painter.fillRect(box, theme.colour(theme.Palette.GROUND, 0.80))
        ink = theme.colour(theme.Palette.ACCENT, 1.0)
        draw_bell(painter, QPointF(box.left() + 9, box.center().y()), ink.name())
        painter.setPen(QPen(theme.colour(theme.Palette.TEXT, 0.95), 1))
        painter.drawText(
            box.adjusted(18, 0, 0, 0),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            line.caption,
        )


def draw_bell(painter: QPainter, centre: QPointF, ink: str) -> None:
    """Draw a bell of nine pixels around a point."""
    painter.save()
    painter.translate(centre)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    bell = QPainterPath(QPointF(-4.2, 2.6))
    bell.cubicTo(-2.2, 0.9, -3.4, -4.2, 0.0, -4.2)
    bell.cubicTo(3.4, -4.2, 2.2, 0.9, 4.2, 2.6)
    bell.closeSubpath()
    bell.addEllipse(QPointF(0.0, 3.7), 1.3, 1.0)
    painter.fillPath(bell, theme.colour(ink))
    painter.restore()

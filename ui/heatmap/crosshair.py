"""The crosshair over a chart, its tags on the axes, and the hover card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.heatmap.shapes import draw_dashes

_TAG_PX = 18
_TAG_OVER_PX = 80
"""Room left of the axis that the price of the crosshair may take where it is a long one."""
_NOTE_PX = 34
"""Room above the card: a passing note of the panel lies there."""
_CARD_MARGIN_PX = 10
_ROW_PX = 17
_FIRST_ROWS = 3
_STRIP_TEXT_PX = 16.0
_CLEAR_PX = 70
"""The card keeps this distance to the cursor."""
_CAPTIONED_PX = 26
"""At the right a card stands below what is written in the upper corner of the plot."""


@dataclass(frozen=True, slots=True)
class CrosshairMark:
    """Where the crosshair is and what its tags say, in pixels of the chart.

    Attributes
    ----------
    time_text, price_text : str
        On the axes below and at the right; empty for none.
    strip_text, strip_left_px : str, float
        What the strip below the plot says of the moment, and where that begins.
    """

    at: QPointF
    time_text: str
    price_text: str
    strip_text: str = ""
    strip_left_px: float = 0.0


class Crosshair(QWidget):
    """A see-through sheet over the whole chart; repaints two strips per move."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._mark: CrosshairMark | None = None
        self._plot = QRectF()
        self._strip = QRectF()

    @property
    def mark(self) -> CrosshairMark | None:
        """What is shown; None hides the crosshair."""
        return self._mark

    def set_plot(self, plot: QRectF, strip: QRectF | None = None) -> None:
        """Tell where the plot lies in this widget, and the strip below that shares its times."""
        strip = QRectF(strip) if strip is not None else QRectF()
        if (plot, strip) != (self._plot, self._strip):
            self._plot, self._strip = QRectF(plot), strip
            self.update()

    @property
    def _bottom(self) -> float:
        """Where the axis of times begins."""
        return self._plot.bottom() + self._strip.height()

    def set_mark(self, mark: CrosshairMark | None) -> None:
        """Move or hide the crosshair."""
        if mark == self._mark:
            return
        region = self._strips(self._mark)
        self._mark = mark
        self.update(region.united(self._strips(mark)))

    def _strips(self, mark: CrosshairMark | None) -> QRegion:
        if mark is None:
            return QRegion()
        x, y = round(mark.at.x()), round(mark.at.y())
        bottom = round(self._bottom)
        region = QRegion(QRect(x - 2, 0, 5, self.height()))
        region += QRect(0, y - 2, self.width(), 5)
        tag = round(self._plot.right()) - _TAG_OVER_PX
        region += QRect(tag, y - _TAG_PX, self.width() - tag, 2 * _TAG_PX)
        if mark.strip_text:
            region += self._strip_box(mark).toAlignedRect()
        return region + QRect(x - 120, bottom - 2, 240, self.height() - bottom + 4)

    def _strip_box(self, mark: CrosshairMark) -> QRectF:
        metrics = QFontMetricsF(theme.font(theme.SMALL_PX, tabular=True))
        width = metrics.horizontalAdvance(mark.strip_text) + 12
        return QRectF(mark.strip_left_px, self._strip.top() + 2, width, _STRIP_TEXT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw lines and tags."""
        del event
        mark = self._mark
        if mark is None:
            return
        painter = QPainter(self)
        x, y = round(mark.at.x()), round(mark.at.y())
        colour, dashes = theme.colour(theme.Palette.CROSSHAIR, 0.75), (3.0, 3.0)
        plot = self._plot
        tall = self._bottom - plot.top()
        draw_dashes(painter, (x, plot.top()), tall, colour, dashes, upright=True)
        draw_dashes(painter, (plot.left(), y), plot.width(), colour, dashes)
        font = theme.font(theme.SMALL_PX, tabular=True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        width = metrics.horizontalAdvance(mark.time_text) + 12
        left = min(max(plot.left(), x - width / 2), plot.right() - width)
        if mark.time_text:
            _tag(painter, QRectF(left, self._bottom + 2, width, _TAG_PX), mark.time_text)
        if mark.strip_text:
            box = self._strip_box(mark)
            painter.fillRect(box, theme.colour(theme.Palette.GROUND, 0.85))
            painter.setPen(QColor(theme.Palette.TEXT))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark.strip_text)
        if not mark.price_text:
            painter.end()
            return
        room = max(self.width() - plot.right(), metrics.horizontalAdvance(mark.price_text) + 10)
        box = QRectF(self.width() - room + 1, y - _TAG_PX / 2, room - 2, _TAG_PX)
        _tag(painter, box, mark.price_text, Qt.AlignmentFlag.AlignRight)
        painter.end()


def _tag(
    painter: QPainter,
    box: QRectF,
    text: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter,
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor(theme.Palette.LINE_STRONG), 1))
    painter.setBrush(QColor(theme.Palette.HOVER))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QColor(theme.Palette.TEXT))
    inner = box.adjusted(4, 0, -4, 0)
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | align, text)


class HoverCard(QWidget):
    """A small card in a corner of the plot; it changes corners rather than cover the cursor."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._rows: tuple[tuple[str, str], ...] = ()
        self._label_px = 0.0
        self.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.hide()

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Labels and values shown."""
        return self._rows

    def text(self) -> str:
        """Everything the card says, a row per line."""
        return "\n".join(" ".join(part for part in row if part) for row in self._rows)

    def show_rows(self, rows: Sequence[tuple[str, str]], plot: QRectF, cursor: QPointF) -> None:
        """Show rows in the corner of the plot that is away from the cursor.

        In a low plot only the first rows are shown: a card must not cover what it tells of.
        """
        room = int((plot.height() / 2.5 - _CARD_MARGIN_PX) / _ROW_PX)
        rows = rows[: max(_FIRST_ROWS, room)]
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            metrics = QFontMetricsF(self.font())
            self._label_px = max((metrics.horizontalAdvance(a) for a, _ in rows), default=0)
            wide = max((metrics.horizontalAdvance(b) for _, b in rows), default=0)
            width = max(150, round(self._label_px + wide) + 30)
            # grows with its text, never shrinks back and forth under a moving cursor
            width = max(width, self.width()) if self.isVisible() else width
            self.resize(width, _ROW_PX * len(self._rows) + _CARD_MARGIN_PX)
            self.update()
        self.move(place_card(self.size(), plot, cursor))
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(theme.Palette.LINE_STRONG), 1))
        painter.setBrush(QColor(theme.Palette.PANEL))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setFont(self.font())
        for i, (label, value) in enumerate(self._rows):
            row = QRectF(9, 5 + _ROW_PX * i, self.width() - 18, _ROW_PX)
            painter.setPen(QColor(theme.Palette.TEXT_DIM))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, label)
            painter.setPen(QColor(theme.Palette.TEXT))
            align = Qt.AlignmentFlag.AlignRight if label else Qt.AlignmentFlag.AlignLeft
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | align, value)
        painter.end()


def place_card(size: QSize, plot: QRectF, cursor: QPointF) -> QPoint:
    """Top left corner of the plot for the card, or its bottom left when the cursor is near."""
    left = round(plot.left()) + _CARD_MARGIN_PX
    top = round(plot.top()) + _NOTE_PX
    box = QRectF(left, top, size.width(), size.height())
    if box.adjusted(-_CLEAR_PX, -_CLEAR_PX, _CLEAR_PX, _CLEAR_PX).contains(cursor):
        lower = round(plot.bottom()) - _CARD_MARGIN_PX - size.height()
        top_right = round(plot.top()) + _CAPTIONED_PX
        below = QRectF(left, lower, size.width(), size.height())
        near = below.adjusted(-_CLEAR_PX, -_CLEAR_PX, _CLEAR_PX, _CLEAR_PX)
        if not near.contains(cursor):
            return QPoint(left, lower)
        right = round(plot.right()) - _CARD_MARGIN_PX - size.width()
        return QPoint(max(round(plot.left()) + 2, right), max(top, min(top_right, lower)))
    return QPoint(left, top)

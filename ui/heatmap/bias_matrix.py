"""The coin by cohort matrix: one painted widget with its own scroll bars."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from heatdesk.views.palettes import DIVERGING, sample
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from heatdesk.analytics.cohorts import THIN_COUNT, CohortMatrix, disagrees
from heatdesk.units import format_usd
from heatdesk.views.cohort_matrix import (
    MatrixLayout,
    bias_text,
    cell_text,
    colour_position,
    fit_matrix,
)
from ui.theme import SMALL_PX, Palette, colour, font

log = logging.getLogger(__name__)

_NAME_WIDTH = 62.0
_TOTAL_WIDTH = 96.0
_GAP = 14.0
_MIN_COLUMN = 33.0
_ROW_LIMITS = (19.0, 34.0)
_TALL_HEADER = 96.0
_FLAT_HEADER = 50.0
_FLAT_HEADER_FROM = 82.0
"""Columns at least this wide carry their heading unrotated."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the matrix: a coin, and a cohort column or None for the coin itself."""

    row: int
    column: int | None


class BiasMatrix(QAbstractScrollArea):
    """Paints a `CohortMatrix`; blue leans short, orange leans long, grey is even.

    A notch in a cell's corner carries the colour of the head-count bias where heads and money
    disagree. A hatched cell has too few positions to say much.
    """

    hovered = Signal(object)  # Cell under the mouse, None outside
    heading_clicked = Signal(int)  # column of a cohort heading

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._matrix: CohortMatrix | None = None
        self._layout: MatrixLayout | None = None
        self._hover: Cell | None = None
        self._broken = False
        self.sorted_column = -1
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._font = font(SMALL_PX, tabular=True)
        self._bold = font(SMALL_PX, tabular=True, bold=True)
        self._tiny = font(SMALL_PX - 1, tabular=True)

    def set_matrix(self, matrix: CohortMatrix | None, sorted_column: int = -1) -> None:
        """Show another matrix; ``sorted_column`` is marked in the heading."""
        self._matrix = matrix
        self.sorted_column = sorted_column
        self._fit()
        self.viewport().update()

    def cell_at(self, place: QPoint) -> Cell | None:
        """Cell under a point of the viewport."""
        if self._matrix is None or self._layout is None:
            return None
        rows = len(self._matrix.coins)
        x = place.x() + self.horizontalScrollBar().value()
        y = place.y() + self.verticalScrollBar().value()
        if place.y() < self._layout.header_height:
            return None
        found = self._layout.cell_at(x, y, rows)
        if found is not None:
            return Cell(*found)
        row = math.floor((y - self._layout.header_height) / self._layout.row_height)
        in_names = place.x() < _NAME_WIDTH + _TOTAL_WIDTH
        return Cell(row, None) if in_names and 0 <= row < rows else None

    def cell_centre(self, row: int, column: int) -> QPoint:
        """Centre of a cell in the viewport."""
        assert self._layout is not None
        x = self._layout.column_x[column] + self._layout.column_width / 2
        y = self._layout.row_y(row) + self._layout.row_height / 2
        return QPoint(
            round(x - self.horizontalScrollBar().value()),
            round(y - self.verticalScrollBar().value()),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the matrix to the new size."""
        super().resizeEvent(event)
        self._fit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which cell is under the mouse."""
        cell = self.cell_at(event.position().toPoint())
        if cell != self._hover:
            self._hover = cell
            self.hovered.emit(cell)
            self.viewport().update()

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the mouse any more."""
        self._hover = None
        self.hovered.emit(None)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a cohort heading sorts by it."""
        layout, place = self._layout, event.position()
        if layout is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if place.y() < layout.header_height:
            x = place.x() + self.horizontalScrollBar().value()
            for column, left in enumerate(layout.column_x):
                if left <= x < left + layout.column_width:
                    self.heading_clicked.emit(column)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is visible; an error is logged once and never escapes."""
        painter = QPainter(self.viewport())
        try:
            painter.fillRect(self.viewport().rect(), colour(Palette.GROUND))
            if self._matrix is not None and self._layout is not None and self._matrix.coins:
                self._paint(painter, self._matrix, self._layout)
        except Exception:
            if not self._broken:
                log.exception("the cohort matrix could not be painted")
            self._broken = True
        finally:
            painter.end()

    def _fit(self) -> None:
        if self._matrix is None:
            return
        size, rows = self.viewport().size(), len(self._matrix.coins)
        columns = max(1, len(self._matrix.cohorts))
        wide = (size.width() - _NAME_WIDTH - _TOTAL_WIDTH - 3 * _GAP) / columns
        self._layout = fit_matrix(
            self._matrix.cohorts,
            rows,
            size.width(),
            size.height(),
            name_width=_NAME_WIDTH,
            total_width=_TOTAL_WIDTH,
            header_height=_FLAT_HEADER if wide >= _FLAT_HEADER_FROM else _TALL_HEADER,
            gap=_GAP,
            min_row_height=_ROW_LIMITS[0],
            max_row_height=_ROW_LIMITS[1],
            min_column_width=_MIN_COLUMN,
        )
        right = max(self._layout.column_x, default=0.0) + self._layout.column_width
        bottom = self._layout.row_y(rows)
        self.horizontalScrollBar().setRange(0, max(0, math.ceil(right - size.width())))
        self.horizontalScrollBar().setPageStep(size.width())
        self.verticalScrollBar().setRange(0, max(0, math.ceil(bottom - size.height())))
        self.verticalScrollBar().setPageStep(size.height())
        self.verticalScrollBar().setSingleStep(round(self._layout.row_height))

    def _paint(self, painter: QPainter, matrix: CohortMatrix, layout: MatrixLayout) -> None:
        dx, dy = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        height, width = self.viewport().height(), self.viewport().width()
        painter.save()
        painter.setClipRect(QRectF(0, layout.header_height, width, height))
        painter.translate(0, -dy)
        first = max(0, int((dy - layout.header_height) // layout.row_height))
        for row in range(first, len(matrix.coins)):
            if layout.row_y(row) - dy > height:
                break
            painter.save()
            painter.setClipRect(
                QRectF(_NAME_WIDTH + _TOTAL_WIDTH, dy + layout.header_height, width, height)
            )
            painter.translate(-dx, 0)
            for column in range(len(matrix.cohorts)):
                self._paint_cell(painter, matrix, layout, row, column)
            painter.restore()
            self._paint_coin(painter, matrix, layout, row)
        painter.restore()
        self._paint_headings(painter, matrix, layout, dx, width)

    def _paint_cell(
        self, painter: QPainter, matrix: CohortMatrix, layout: MatrixLayout, row: int, column: int
    ) -> None:
        bias = float(matrix.value_bias_ratio[row, column])
        heads = float(matrix.count_bias_ratio[row, column])
        rect = QRectF(
            layout.column_x[column], layout.row_y(row), layout.column_width, layout.row_height
        ).adjusted(0.5, 0.5, -0.5, -0.5)
        if not math.isfinite(bias):
            painter.fillRect(rect, colour(Palette.PANEL))
            self._text(painter, rect, "-", Palette.TEXT_FAINT)
            return
        fill = QColor(*sample(DIVERGING, colour_position(bias)))
        painter.fillRect(rect, fill)
        if matrix.count[row, column] < THIN_COUNT:
            painter.fillRect(rect, QBrush(colour(Palette.GROUND, 0.75), Qt.BrushStyle.BDiagPattern))
        if disagrees(bias, heads):
            side = min(9.0, rect.height() * 0.45)
            painter.setPen(QPen(colour(Palette.GROUND), 1))
            painter.setBrush(QColor(*sample(DIVERGING, 1.0 if heads > 0.5 else 0.0)))
            top = rect.topRight()
            painter.drawPolygon(
                QPolygonF([top, QPointF(top.x() - side, top.y()), QPointF(top.x(), top.y() + side)])
            )
        ink = Palette.TEXT if fill.lightnessF() < 0.55 else Palette.GROUND
        self._cell_words(painter, rect, bias, float(matrix.total_usd[row, column]), ink)
        if self._hover == Cell(row, column):
            painter.setPen(QPen(colour(Palette.TEXT), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect)

    def _cell_words(
        self, painter: QPainter, rect: QRectF, bias: float, total_usd: float, ink: str
    ) -> None:
        room = rect.width() - 4
        whole = cell_text(bias, total_usd)
        if QFontMetricsF(self._font).horizontalAdvance(whole) <= room:
            self._text(painter, rect, whole, ink)
            return
        value = format_usd(total_usd)
        narrow = QFontMetricsF(self._tiny)
        if rect.height() >= 27 and narrow.horizontalAdvance(value) <= room:
            half = rect.height() / 2
            top = QRectF(rect.x(), rect.y() + 1, rect.width(), half)
            self._text(painter, top, bias_text(bias), ink)
            self._text(painter, top.translated(0, half - 2), value, ink, tiny=True)
            return
        short = bias_text(bias).replace(" % ", " ")
        if narrow.horizontalAdvance(short) <= rect.width():
            self._text(painter, rect, short, ink, tiny=room < 34)

    def _paint_coin(
        self, painter: QPainter, matrix: CohortMatrix, layout: MatrixLayout, row: int
    ) -> None:
        y, height = layout.row_y(row), layout.row_height
        lit = self._hover is not None and self._hover.row == row
        painter.fillRect(
            QRectF(0, y, _NAME_WIDTH + _TOTAL_WIDTH, height),
            colour(Palette.RAISED if lit else Palette.GROUND),
        )
        painter.setFont(self._bold)
        painter.setPen(colour(Palette.TEXT))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        name = QFontMetricsF(self._bold).elidedText(
            matrix.coins[row], Qt.TextElideMode.ElideRight, _NAME_WIDTH - 10
        )
        painter.drawText(QRectF(8, y, _NAME_WIDTH - 8, height), flags, name)
        painter.setFont(self._font)
        painter.setPen(colour(Palette.TEXT_DIM))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        total = format_usd(float(matrix.coin_total_usd[row]))
        count = f"{int(matrix.coin_count[row]):,}"
        painter.drawText(QRectF(_NAME_WIDTH, y, 46, height), flags, total)
        painter.setPen(colour(Palette.TEXT_FAINT))
        painter.drawText(QRectF(_NAME_WIDTH + 46, y, 46, height), flags, count)

    def _paint_headings(
        self, painter: QPainter, matrix: CohortMatrix, layout: MatrixLayout, dx: int, width: int
    ) -> None:
        top = layout.header_height
        painter.fillRect(QRectF(0, 0, width, top), colour(Palette.GROUND))
        painter.setFont(self._tiny)
        painter.setPen(colour(Palette.TEXT_FAINT))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.drawText(QRectF(_NAME_WIDTH, 0, 46, top - 5), right, "open")
        painter.drawText(QRectF(_NAME_WIDTH + 46, 0, 46, top - 5), right, "count")
        painter.setClipRect(QRectF(_NAME_WIDTH + _TOTAL_WIDTH, 0, width, top))
        painter.translate(-dx, 0)
        for title, a, b in layout.groups:
            left = layout.column_x[a]
            span = layout.column_x[b] + layout.column_width - left
            painter.setPen(colour(Palette.TEXT_FAINT))
            painter.drawText(QRectF(left, 2, span, 14), Qt.AlignmentFlag.AlignLeft, title)
            painter.setPen(QPen(colour(Palette.LINE_STRONG), 1))
            painter.drawLine(QPointF(left, 17.5), QPointF(left + span, 17.5))
        for column, cohort in enumerate(matrix.cohorts):
            ink = Palette.ACCENT if column == self.sorted_column else Palette.TEXT
            self._heading(painter, layout, column, (cohort.name, cohort.range_text), ink)
        painter.resetTransform()
        painter.setClipping(False)
        painter.setPen(QPen(colour(Palette.LINE), 1))
        painter.drawLine(QPointF(0, top - 0.5), QPointF(width, top - 0.5))

    def _heading(
        self,
        painter: QPainter,
        layout: MatrixLayout,
        column: int,
        words: tuple[str, str],
        ink: str,
    ) -> None:
        left, width, top = layout.column_x[column], layout.column_width, layout.header_height
        lines = ((words[0], self._font, ink), (words[1], self._tiny, Palette.TEXT_DIM))
        painter.save()
        if top == _FLAT_HEADER:
            for i, (text, face, tint) in enumerate(lines):
                painter.setFont(face)
                painter.setPen(colour(tint))
                rect = QRectF(left, 19 + 14 * i, width, 14)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        else:
            painter.translate(left + width / 2, top - 5)
            painter.rotate(-90)
            for i, (text, face, tint) in enumerate(lines):
                painter.setFont(face)
                painter.setPen(colour(tint))
                rect = QRectF(0, -14 + 13 * i, top - 24, 14)
                flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(rect, flags, text)
        painter.restore()

    def _text(
        self, painter: QPainter, rect: QRectF, text: str, ink: str, *, tiny: bool = False
    ) -> None:
        painter.setFont(self._tiny if tiny else self._font)
        painter.setPen(colour(ink))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

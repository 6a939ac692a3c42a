"""The coin by cohort matrix: one painted widget with its own scroll bars."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from heatdesk.analytics.cohorts import CohortMatrix
from heatdesk.views.cohort_matrix import MatrixLayout
from ui.bias.paint import BiasPainter, fit_faces
from ui.theme import Palette, colour

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the matrix: a coin, and a cohort column or None for the coin itself."""

    row: int
    column: int | None


class BiasMatrix(QAbstractScrollArea):
    """Paints a `CohortMatrix`; cool leans short, warm leans long, dark is even.

    A notch in a cell's corner carries the colour of the head-count bias where heads and money
    disagree. A hatched cell has too few positions to say much.

    Signals
    -------
    hovered : `Cell` under the mouse, None outside.
    heading_clicked : column of a cohort heading.
    row_clicked : row of a coin, anywhere in it.
    """

    hovered = Signal(object)
    heading_clicked = Signal(int)
    row_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._matrix: CohortMatrix | None = None
        self._paint: BiasPainter | None = None
        self._hover: Cell | None = None
        self._marked_coin = ""
        self._broken = False
        self._sorted_column = -1
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def sorted_column(self) -> int:
        """Column whose heading is marked, -1 for none."""
        return self._sorted_column

    @property
    def geometry_now(self) -> MatrixLayout | None:
        """Where the cells are; None while nothing is shown."""
        return self._paint.layout if self._paint is not None else None

    def set_matrix(self, matrix: CohortMatrix | None, sorted_column: int = -1) -> None:
        """Show another matrix; ``sorted_column`` is marked in the heading."""
        self._matrix = matrix
        self._sorted_column = sorted_column
        self._fit()
        self.viewport().update()

    def cell_at(self, place: QPoint) -> Cell | None:
        """Cell under a point of the viewport."""
        layout = self.geometry_now
        if self._matrix is None or layout is None or place.y() < layout.header_height:
            return None
        rows = len(self._matrix.coins)
        y = place.y() + self.verticalScrollBar().value()
        if place.x() < layout.name_width + layout.total_width:
            row = math.floor((y - layout.header_height) / layout.row_height)
            return Cell(row, None) if 0 <= row < rows else None
        found = layout.cell_at(place.x() + self.horizontalScrollBar().value(), y, rows)
        return Cell(*found) if found is not None else None

    def cell_centre(self, row: int, column: int) -> QPoint:
        """Centre of a cell in the viewport."""
        layout = self.geometry_now
        assert layout is not None
        x = layout.column_x[column] + layout.column_width / 2
        y = layout.row_y(row) + layout.row_height / 2
        return QPoint(
            round(x - self.horizontalScrollBar().value()),
            round(y - self.verticalScrollBar().value()),
        )

    def heading_centre(self, column: int) -> QPoint:
        """Centre of a cohort's heading in the viewport."""
        layout = self.geometry_now
        assert layout is not None
        return QPoint(self.cell_centre(0, column).x(), round(layout.header_height / 2))

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(720, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the matrix to the new size."""
        super().resizeEvent(event)
        self._fit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which cell is under the mouse."""
        self._point_at(self.cell_at(event.position().toPoint()))
        layout = self.geometry_now
        on_heading = layout is not None and self._heading_at(event.position()) >= 0
        shape = Qt.CursorShape.PointingHandCursor if on_heading else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse any more."""
        super().leaveEvent(event)
        self._point_at(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a cohort heading sorts by it, one on a row picks its coin."""
        if event.button() == Qt.MouseButton.LeftButton:
            column = self._heading_at(event.position())
            cell = self.cell_at(event.position().toPoint())
            if column >= 0:
                self.heading_clicked.emit(column)
            elif cell is not None:
                self.row_clicked.emit(cell.row)

    def mark_coin(self, coin: str) -> None:
        """Mark the row of a coin and bring it into view; empty or unknown: none."""
        self._marked_coin = coin
        matrix, layout = self._matrix, self.geometry_now
        if matrix is not None and layout is not None and coin in matrix.coins:
            bar, top = self.verticalScrollBar(), layout.row_y(matrix.coins.index(coin))
            room = self.viewport().height() - layout.row_height
            if not layout.row_y(0) <= top - bar.value() <= room:
                bar.setValue(round(top - layout.row_y(0)))
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is visible; an error is logged once and never escapes."""
        del event
        painter = QPainter(self.viewport())
        try:
            painter.fillRect(self.viewport().rect(), colour(Palette.GROUND))
            if self._matrix is not None and self._paint is not None and self._matrix.coins:
                size = self.viewport().size()
                offset = (self.horizontalScrollBar().value(), self.verticalScrollBar().value())
                lit = (self._hover.row, self._hover.column) if self._hover else None
                self._paint.paint(painter, (size.width(), size.height()), offset, lit)
                self._paint_mark(painter, offset[1])
        except Exception:
            if not self._broken:
                log.exception("the cohort matrix could not be painted")
            self._broken = True
        finally:
            painter.end()

    def _paint_mark(self, painter: QPainter, scrolled: int) -> None:
        """A bar at the left of the marked coin's row."""
        matrix, layout = self._matrix, self.geometry_now
        if matrix is None or layout is None or self._marked_coin not in matrix.coins:
            return
        top = layout.row_y(matrix.coins.index(self._marked_coin)) - scrolled
        if top >= layout.header_height - layout.row_height / 2:
            painter.fillRect(QRectF(0, top, 3, layout.row_height), colour(Palette.ACCENT))

    def _heading_at(self, place: QPointF) -> int:
        layout = self.geometry_now
        if layout is None or place.y() >= layout.header_height:
            return -1
        if place.x() < layout.name_width + layout.total_width:
            return -1
        x = place.x() + self.horizontalScrollBar().value()
        for column, left in enumerate(layout.column_x):
            if left <= x < left + layout.column_width:
                return column
        return -1

    def _point_at(self, cell: Cell | None) -> None:
        if cell != self._hover:
            self._hover = cell
            self.hovered.emit(cell)
            self.viewport().update()

    def _fit(self) -> None:
        matrix = self._matrix
        if matrix is None or not matrix.coins:
            self._paint = None
            self.horizontalScrollBar().setRange(0, 0)
            self.verticalScrollBar().setRange(0, 0)
            return
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        room = self.maximumViewportSize()
        width, height = room.width(), room.height()
        # a scroll bar takes room, which may call for the other one: settled in two rounds
        for _ in range(2):
            layout, faces = fit_faces(matrix, width, height)
            right = max(layout.column_x, default=0.0) + layout.column_width
            bottom = layout.row_y(len(matrix.coins))
            if bottom > height + 0.5:
                width = room.width() - down.sizeHint().width()
            if right > width + 0.5 and right > room.width() + 0.5:
                height = room.height() - across.sizeHint().height()
        layout, faces = fit_faces(matrix, width, height)
        right = max(layout.column_x, default=0.0) + layout.column_width
        bottom = layout.row_y(len(matrix.coins))
        self._paint = BiasPainter(matrix, layout, faces, self._sorted_column)
        across.setRange(0, max(0, math.ceil(right - width - 0.5)))
        across.setPageStep(width)
        down.setRange(0, max(0, math.ceil(bottom - height - 0.5)))
        down.setPageStep(height)
        # the wheel moves three steps: whole rows
        down.setSingleStep(round(layout.row_height / 3))

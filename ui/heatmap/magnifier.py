"""A lens beside the cursor: the cells around it with their numbers, while Alt is held."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QApplication, QWidget

from heatdesk.store.codes import FIRST, NOT_OBSERVED
from heatdesk.store.ring import GAP, UNKNOWN
from heatdesk.units import format_price
from heatdesk.views.cell_text import cell_figure, wants_dark_ink
from heatdesk.views.neighbourhood import Neighbourhood, place_lens
from heatdesk.views.ticks import clock_label
from ui import theme

if TYPE_CHECKING:
    from heatdesk.views.neighbourhood import LensPlace
    from ui.heatmap.painting import Style

CELL_PX = (52.0, 18.0)
_HEAD_PX, _FOOT_PX, _MARGIN_PX = 22.0, 18.0, 6.0
_MARK_PX = 3.0
"""Width of the stripe that tells bids from asks."""
_QUIET_ALPHA, _EMPTY_ALPHA = 0.62, 0.3
_ENDS = {
    QEvent.Type.ApplicationDeactivate,
    QEvent.Type.WindowDeactivate,
    QEvent.Type.FocusOut,
}


class Magnifier(QWidget):
    """Draws a neighbourhood; goes when Alt is let go, or when the window loses the focus.

    Parameters
    ----------
    ended : callable
        Told when one of these happened.
    """

    def __init__(self, parent: QWidget, ended: Callable[[], object]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._ended = ended
        self._cells: Neighbourhood | None = None
        self._style: Style | None = None
        self._head = ""
        self._zone: tzinfo | None = None
        self._tick_size = 1.0
        self._side_colours = (theme.Palette.BID, theme.Palette.ASK)
        self._price_px = 60.0
        self._watching = False
        self.hide()

    @property
    def cells(self) -> Neighbourhood | None:
        """What is shown."""
        return self._cells

    @property
    def head(self) -> str:
        """What is written above the cells."""
        return self._head

    def set_scale(
        self, tick_size: float, zone: tzinfo | None, side_colours: tuple[str, str]
    ) -> None:
        """Fix the precision of prices, the zone of times, and the colours of bids and asks."""
        self._tick_size, self._zone, self._side_colours = tick_size, zone, side_colours

    def place(self, plot: QRectF, cursor: QPointF, example_price: float) -> LensPlace | None:
        """Where the lens would go and how many cells it would show there."""
        metrics = QFontMetricsF(self._font())
        text = format_price(example_price, self._tick_size)
        self._price_px = math.ceil(metrics.horizontalAdvance(text)) + 10.0
        frame = (self._price_px + 2 * _MARGIN_PX, _HEAD_PX + _FOOT_PX)
        area = (plot.width(), plot.height())
        at = (cursor.x() - plot.left(), cursor.y() - plot.top())
        return place_lens(area, at, CELL_PX, frame)

    def show_cells(
        self, cells: Neighbourhood, style: Style, head: str, plot: QRectF, place: LensPlace
    ) -> None:
        """Show cells beside the cursor; ``head`` is written above them."""
        self._cells, self._style, self._head = cells, style, head
        width = place.columns * CELL_PX[0] + self._price_px + 2 * _MARGIN_PX
        height = place.levels * CELL_PX[1] + _HEAD_PX + _FOOT_PX
        left, top = round(plot.left()) + place.x, round(plot.top()) + place.y
        self.setGeometry(left, top, math.ceil(width), math.ceil(height))
        self.update()
        if self.isHidden():
            self.raise_()
            self.show()

    def dismiss(self) -> None:
        """Hide the lens; whether it is wanted again, only the keys tell."""
        self.hide()
        self._cells = None

    def watch(self, watching: bool) -> None:
        """Look at every event of the program for the end, but only while the lens is wanted."""
        app = QApplication.instance()
        if app is not None and watching != self._watching:
            self._watching = watching
            (app.installEventFilter if watching else app.removeEventFilter)(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End when Alt is let go anywhere, and when the window or the view loses the focus."""
        kind = event.type()
        if kind is QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            over = event.key() == Qt.Key.Key_Alt and not event.isAutoRepeat()
        else:
            mine = watched is self.window() or watched is self.parent()
            over = kind in _ENDS and (mine or kind is QEvent.Type.ApplicationDeactivate)
        if over:
            self._ended()
        return False

    @staticmethod
    def _font() -> QFont:
        return theme.font(theme.SMALL_PX, tabular=True)

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, the cells, prices at the side and times below."""
        del event
        if self._cells is None or self._style is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(theme.Palette.LINE_STRONG), 1))
        painter.setBrush(QColor(theme.Palette.PANEL))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(self._font())
        painter.setPen(QColor(theme.Palette.TEXT))
        head = QRectF(_MARGIN_PX + 3, 1, self.width() - 2 * _MARGIN_PX - 6, _HEAD_PX - 1)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        words = QFontMetricsF(self._font()).elidedText(
            self._head, Qt.TextElideMode.ElideRight, head.width()
        )
        painter.drawText(head, left, words)
        painter.translate(_MARGIN_PX, _HEAD_PX)
        self._draw_cells(painter, self._cells, self._style)
        self._draw_axes(painter, self._cells)
        painter.end()

    def _draw_cells(self, painter: QPainter, cells: Neighbourhood, style: Style) -> None:
        colours = style.table[cells.codes]
        if style.plane == "bid_ask":
            colours = np.where(cells.side < 0, style.ask_table[cells.codes], colours)
        dark = wants_dark_ink(colours)
        # what is coloured like the ground lies under the lower cut: there, but quieter
        loud = colours != style.shades.ground
        width, height = CELL_PX
        rows, columns = cells.codes.shape
        hatch = QBrush(QColor.fromRgb(style.shades.gap_line), Qt.BrushStyle.BDiagPattern)
        for column in range(columns):
            state = int(cells.states[column])
            strip = QRectF(column * width, 0, width, rows * height)
            if state in {GAP, UNKNOWN}:
                tint = style.shades.gap_tint if state == GAP else style.shades.ground
                painter.fillRect(strip, QColor.fromRgb(tint))
                if state == GAP:
                    painter.fillRect(strip, hatch)
                continue
            for row in range(rows):
                box = QRectF(column * width, row * height, width, height)
                painter.fillRect(box, QColor.fromRgb(int(colours[row, column])))
                alpha = 1.0 if loud[row, column] else _QUIET_ALPHA
                ink = theme.colour(theme.BLACK if dark[row, column] else theme.WHITE, alpha)
                self._write(painter, cells, row, column, box, ink)
        self._draw_grid(painter, rows, columns)
        row, column = cells.centre
        box = QRectF(column * width, row * height, width, height)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, inset in ((theme.Palette.GROUND, -0.5), (theme.Palette.ACCENT, 0.5)):
            painter.setPen(QPen(QColor(pen), 1))
            painter.drawRect(box.adjusted(inset, inset, -inset - 1, -inset - 1))

    def _write(
        self,
        painter: QPainter,
        cells: Neighbourhood,
        row: int,
        column: int,
        box: QRectF,
        ink: QColor,
    ) -> None:
        code = int(cells.codes[row, column])
        if code == NOT_OBSERVED:
            return
        side = int(cells.side[row, column])
        if side:
            mark = self._side_colours[0 if side > 0 else 1]
            painter.fillRect(QRectF(box.left(), box.top(), _MARK_PX, box.height()), QColor(mark))
        text = cell_figure(float(cells.qty[row, column])) if code >= FIRST else "0"
        if code < FIRST:
            ink.setAlphaF(_EMPTY_ALPHA)
        painter.setPen(ink)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(box.adjusted(_MARK_PX + 1, 0, -4, 0), right, text)

    @staticmethod
    def _draw_grid(painter: QPainter, rows: int, columns: int) -> None:
        width, height = CELL_PX
        line = theme.colour(theme.Palette.PANEL, 0.55)
        for column in range(1, columns):
            painter.fillRect(QRectF(column * width, 0, 1, rows * height), line)
        for row in range(1, rows):
            painter.fillRect(QRectF(0, row * height, columns * width, 1), line)

    def _draw_axes(self, painter: QPainter, cells: Neighbourhood) -> None:
        """Prices right of the cells, times below; those of the middle are brighter."""
        width, height = CELL_PX
        rows, columns = cells.codes.shape
        middle = cells.centre
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for row in range(rows):
            box = QRectF(columns * width, row * height, self._price_px, height)
            painter.setPen(_ink(row == middle[0]))
            text = format_price(float(cells.price[row]), self._tick_size)
            painter.drawText(box, right, text)
        interval_ms = int(cells.time_ms[1] - cells.time_ms[0])
        labels = [clock_label(int(t), interval_ms, self._zone) for t in cells.time_ms.tolist()]
        metrics = QFontMetricsF(painter.font())
        widest = max(metrics.horizontalAdvance(label) for label in labels)
        stride = max(1, math.ceil((widest + 6) / width))
        for column, label in enumerate(labels):
            if (column - middle[1]) % stride:
                continue
            painter.setPen(_ink(column == middle[1]))
            centre = (column + 0.5) * width
            box = QRectF(centre - widest / 2 - 3, rows * height, widest + 6, _FOOT_PX)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)


def _ink(bright: bool) -> QColor:
    return QColor(theme.Palette.TEXT if bright else theme.Palette.TEXT_DIM)

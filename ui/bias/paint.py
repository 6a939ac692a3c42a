"""Text sizes and painting of the coin by cohort matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPen, QPolygonF

from heatdesk.analytics.cohorts import THIN_COUNT, CohortMatrix, disagrees
from heatdesk.units import format_compact, format_usd, grouped
from heatdesk.views.cohort_matrix import (
    MatrixLayout,
    bias_text,
    cell_text,
    colour_position,
    fit_matrix,
)
from ui.theme import SMALL_PX, Palette, colour, font, ink_on, lean_colour

_LEAST_PX = 9
_MOST_PX = 26
_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_SAMPLE = "61 % L, $50.6M"
_SAMPLE_BIAS, _SAMPLE_USD = "61 % L", "$50.6M"


@dataclass(frozen=True, slots=True)
class Faces:
    """Text sizes of a matrix, pixels.

    Attributes
    ----------
    cell_px, side_px, head_px : int
        In cells, beside the rows, and in the headings.
    two_lines : bool
        Bias above value in a cell, not beside it.
    flat : bool
        Headings are written level, not upright.
    """

    cell_px: int
    side_px: int
    head_px: int
    two_lines: bool
    flat: bool


def fit_faces(matrix: CohortMatrix, width: float, height: float) -> tuple[MatrixLayout, Faces]:
    """Fit a matrix into a rectangle and choose the text that its cells can hold."""
    roomy = min(2.2, max(1.0, math.sqrt(max(0.0, min(width / 900, height / 480)))))
    side_px = round(SMALL_PX * roomy)
    head_px = side_px if roomy > 1 else SMALL_PX - 1
    names = QFontMetricsF(font(side_px, tabular=True, bold=True))
    figures = QFontMetricsF(font(side_px, tabular=True))
    name_width = 14.0 + min(
        max(names.horizontalAdvance(coin) for coin in matrix.coins), 6.5 * side_px
    )
    total_width = figures.horizontalAdvance("$88.8B") + figures.horizontalAdvance("888.8K") + 16.0
    gap = round(9 * roomy)
    columns = max(1, len(matrix.cohorts))
    free = (width - name_width - total_width - 3 * gap) / columns
    widest = _widest(matrix, head_px)
    level_px = math.floor(head_px * min(1.0, (free - 6) / max(widest, 1.0)))
    flat = level_px >= SMALL_PX
    head_px = level_px if flat else head_px
    line = 1.3 * head_px
    header = 3.7 * line if flat else widest + line + 12
    layout = fit_matrix(
        matrix.cohorts,
        len(matrix.coins),
        width,
        height,
        name_width=name_width,
        total_width=total_width,
        header_height=float(round(header)),
        gap=gap,
        min_row_height=23.0,
        max_row_height=max(34.0, 0.55 * free),
        min_column_width=36.0,
    )
    cell_px, two_lines = _cell_text(layout.column_width - 5, layout.row_height - 3)
    return layout, Faces(cell_px, side_px, head_px, two_lines, flat)


def _widest(matrix: CohortMatrix, size_px: int) -> float:
    heads = QFontMetricsF(font(size_px))
    words = [text for cohort in matrix.cohorts for text in (cohort.name, cohort.range_text)]
    return max((heads.horizontalAdvance(text) for text in words), default=0.0)


def _cell_text(width: float, height: float) -> tuple[int, bool]:
    """Text size of a cell and whether it takes two lines; one line where both read well."""
    metrics = QFontMetricsF(font(100, tabular=True))
    one = min(100 * width / metrics.horizontalAdvance(_SAMPLE), 0.62 * height)
    wide = max(metrics.horizontalAdvance(_SAMPLE_BIAS), metrics.horizontalAdvance(_SAMPLE_USD))
    two = min(100 * width / wide, 0.43 * height)
    two_lines = one < SMALL_PX + 1 and two > one
    return round(min(_MOST_PX, max(_LEAST_PX, math.floor(two if two_lines else one)))), two_lines


class BiasPainter:
    """Paints one matrix in one layout."""

    def __init__(
        self, matrix: CohortMatrix, layout: MatrixLayout, faces: Faces, sorted_column: int
    ) -> None:
        self.matrix = matrix
        self.layout = layout
        self.faces = faces
        self._sorted_column = sorted_column
        self._cell = font(faces.cell_px, tabular=True)
        self._metrics = QFontMetricsF(self._cell)
        self._side = font(faces.side_px, tabular=True)
        self._bold = font(faces.side_px, tabular=True, bold=True)
        self._head = font(faces.head_px)
        self._left = layout.name_width + layout.total_width

    def paint(
        self,
        painter: QPainter,
        size: tuple[int, int],
        offset: tuple[int, int],
        lit: tuple[int, int | None] | None,
    ) -> None:
        """Paint what is visible of it, scrolled by ``offset``, one place lit."""
        layout, (width, height), (dx, dy) = self.layout, size, offset
        below = QRectF(0, layout.header_height, width, height)
        first = max(0, int(dy // layout.row_height))
        last = min(len(self.matrix.coins), first + math.ceil(height / layout.row_height) + 1)
        for row in range(first, last):
            painter.save()
            painter.setClipRect(below.adjusted(self._left, 0, 0, 0))
            painter.translate(-dx, -dy)
            for column in range(len(self.matrix.cohorts)):
                self._paint_cell(painter, row, column, lit == (row, column))
            painter.restore()
            painter.save()
            painter.setClipRect(below)
            painter.translate(0, -dy)
            self._paint_coin(painter, row, lit is not None and lit[0] == row)
            painter.restore()
        self._paint_headings(painter, dx, width, lit[1] if lit is not None else None)

    def _paint_cell(self, painter: QPainter, row: int, column: int, lit: bool) -> None:
        matrix, layout = self.matrix, self.layout
        bias = float(matrix.value_bias_ratio[row, column])
        heads = float(matrix.count_bias_ratio[row, column])
        rect = QRectF(
            layout.column_x[column], layout.row_y(row), layout.column_width, layout.row_height
        ).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setFont(self._cell)
        if not math.isfinite(bias):
            painter.fillRect(rect, colour(Palette.PANEL))
            painter.setPen(colour(Palette.TEXT_FAINT))
            painter.drawText(rect, _CENTRE, "-")
        else:
            fill = lean_colour(colour_position(bias))
            painter.fillRect(rect, fill)
            thin = int(matrix.count[row, column]) < THIN_COUNT
            if thin:
                hatch = QBrush(colour(Palette.GROUND, 0.55), Qt.BrushStyle.BDiagPattern)
                painter.fillRect(rect, hatch)
            if disagrees(bias, heads):
                self._paint_notch(painter, rect, heads)
            ink = ink_on(fill)
            self._words(painter, rect, bias, float(matrix.total_usd[row, column]), ink, thin)
        if lit:
            painter.setPen(QPen(colour(Palette.TEXT), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_notch(self, painter: QPainter, rect: QRectF, heads: float) -> None:
        """Corner in the colour of what the heads say."""
        side = min(22.0, max(6.0, 0.24 * rect.height()))
        corner = rect.topRight()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(colour(Palette.GROUND), 1.4))
        painter.setBrush(lean_colour(1.0 if heads > 0.5 else 0.0))
        painter.drawPolygon(
            QPolygonF([corner, corner - QPointF(side, 0), corner + QPointF(0, side)])
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _words(
        self, painter: QPainter, rect: QRectF, bias: float, total_usd: float, ink: str, thin: bool
    ) -> None:
        """Bias and value; where there is room for one only, the bias."""
        metrics, room = self._metrics, rect.width() - 2
        whole = cell_text(bias, total_usd)
        lines = [whole]
        if self.faces.two_lines or metrics.horizontalAdvance(whole) > room:
            value = format_usd(total_usd)
            if metrics.horizontalAdvance(value) > room:
                value = "$" + format_compact(total_usd, 2)
            lines = [bias_text(bias), value]
            if metrics.horizontalAdvance(value) > room or rect.height() < 2 * self.faces.cell_px:
                lines = lines[:1]
        step = 1.16 * self.faces.cell_px
        top = rect.center().y() - step * len(lines) / 2
        for i, text in enumerate(lines):
            place = QRectF(rect.x(), top + i * step, rect.width(), step)
            if thin:
                # the hatching must not run through the figures
                back = lean_colour(colour_position(bias))
                wide = metrics.horizontalAdvance(text) + 4
                painter.fillRect(QRectF(place.center().x() - wide / 2, place.y(), wide, step), back)
            painter.setPen(colour(ink, 1.0 if i == 0 else 0.85))
            painter.drawText(place, _CENTRE, text)

    def _paint_coin(self, painter: QPainter, row: int, lit: bool) -> None:
        matrix, layout = self.matrix, self.layout
        y, height = layout.row_y(row), layout.row_height
        ground = colour(Palette.RAISED if lit else Palette.GROUND)
        painter.fillRect(QRectF(0, y, self._left, height), ground)
        painter.setFont(self._bold)
        painter.setPen(colour(Palette.TEXT))
        name = QFontMetricsF(self._bold).elidedText(
            matrix.coins[row], Qt.TextElideMode.ElideRight, layout.name_width - 8
        )
        painter.drawText(QRectF(8, y, layout.name_width - 8, height), _LEFT, name)
        half = (layout.total_width - 8) / 2
        painter.setFont(self._side)
        painter.setPen(colour(Palette.TEXT_DIM))
        total = format_usd(float(matrix.coin_total_usd[row]))
        painter.drawText(QRectF(layout.name_width, y, half, height), _RIGHT, total)
        count = int(matrix.coin_count[row])
        words = grouped(count) if count < 10_000 else format_compact(count)
        painter.drawText(QRectF(layout.name_width + half, y, half, height), _RIGHT, words)

    def _paint_headings(
        self, painter: QPainter, dx: int, width: int, lit_column: int | None
    ) -> None:
        layout, line = self.layout, 1.3 * self.faces.head_px
        top = layout.header_height
        painter.save()
        painter.setFont(self._head)
        painter.setPen(colour(Palette.TEXT_FAINT))
        half = (layout.total_width - 8) / 2
        for i, title in enumerate(("Open", "Count")):
            place = QRectF(layout.name_width + i * half, top - line - 4, half, line)
            painter.drawText(place, _RIGHT, title)
        painter.setClipRect(QRectF(self._left, 0, width, top))
        painter.translate(-dx, 0)
        for title, a, b in layout.groups:
            left = layout.column_x[a]
            span = layout.column_x[b] + layout.column_width - left
            painter.setPen(colour(Palette.TEXT_DIM))
            painter.drawText(QRectF(left, 1, span, line), _LEFT, title)
            painter.setPen(QPen(colour(Palette.LINE_STRONG), 1))
            painter.drawLine(QPointF(left, line + 2.5), QPointF(left + span, line + 2.5))
        for column in range(len(self.matrix.cohorts)):
            self._heading(painter, column, line, column == lit_column)
        painter.restore()
        painter.setPen(QPen(colour(Palette.LINE), 1))
        painter.drawLine(QPointF(0, top - 0.5), QPointF(width, top - 0.5))

    def _heading(self, painter: QPainter, column: int, line: float, lit: bool) -> None:
        cohort, layout = self.matrix.cohorts[column], self.layout
        left, width, top = layout.column_x[column], layout.column_width, layout.header_height
        marked = column == self._sorted_column
        if marked or lit:
            shade = colour(Palette.ACCENT_DIM if marked else Palette.RAISED)
            painter.fillRect(QRectF(left, line + 3, width, top - line - 4), shade)
        painter.save()
        painter.setFont(self._head)
        if self.faces.flat:
            places = [QRectF(left, line * (1 + i) + 7, width, line) for i in (0, 1)]
            flags = _CENTRE
        else:
            painter.translate(left + width / 2, top - 5)
            painter.rotate(-90)
            span = top - line - 12
            places = [QRectF(0, -line + i * line, span, line) for i in (0, 1)]
            flags = _LEFT
        for place, text, ink in zip(
            places,
            (cohort.name, cohort.range_text),
            (Palette.TEXT, Palette.TEXT_DIM),
            strict=True,
        ):
            painter.setPen(colour(ink))
            painter.drawText(place, flags, text)
        painter.restore()

"""Painting of the market map."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from heatdesk.views.dot_axes import Scale, card_corner, change_position, marks
from heatdesk.views.dot_words import (
    card_rows,
    change_words,
    dot_name,
    mark_words,
    volume_mark_words,
    volume_words,
)
from heatdesk.views.labels import Box, place_beside
from heatdesk.views.palettes import CHANGE
from ui.dots.card import CardPainter, DotCard
from ui.dots.picture import DotPicture, Fixture
from ui.theme import Palette, colour, font, lean_colour

LABEL_LIMIT = 15
_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_HALO = tuple(QPointF(dx, dy) for dx in (-1.0, 0.0, 1.0) for dy in (-1.0, 0.0, 1.0) if dx or dy)


class DotPainter:
    """Paints fixtures; remembers the label places of the last one."""

    def __init__(self) -> None:
        self._labels: dict[str, tuple[QRectF, str]] = {}
        self._labels_of: tuple[object, ...] = ()
        self._picture: DotPicture | None = None

    def paint(self, painter: QPainter, frame: Fixture) -> None:
        """Paint everything, back to front."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._grid(painter, frame)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.save()
        painter.setClipRect(frame.plot)
        self._dots(painter, frame)
        self._names(painter, frame)
        painter.restore()
        self._title(painter, frame)
        self._foot(painter, frame)
        told = frame.hover_id or frame.marked_id
        index = frame.index_of(told) if told else None
        if index is not None and frame.shown[index]:
            self._pointed(painter, frame, index)
        if frame.zoomed:
            self._fit_button(painter, frame)

    def label_rects(self, frame: Fixture) -> dict[str, QRectF]:
        """Rectangles of the names, by id."""
        return {dot_id: rect for dot_id, (rect, _) in self._placed(frame).items()}

    def label_words(self, frame: Fixture) -> dict[str, str]:
        """Names written beside dots, by id."""
        return {dot_id: words for dot_id, (_, words) in self._placed(frame).items()}

    def card_rect(self, frame: Fixture, dot_id: str) -> QRectF | None:
        """Rectangle of a dot's card, None when the dot is not in view."""
        index = frame.index_of(dot_id)
        if index is None or not frame.shown[index]:
            return None
        size = CardPainter(frame.text_px).size(_card(frame, index))
        plot = frame.plot
        dot = (float(frame.px[index]), float(frame.py[index]), float(frame.radius[index]) + 4.0)
        edges = (plot.left(), plot.top(), plot.right(), plot.bottom())
        left, top = card_corner(dot, edges, size, 6.0)
        return QRectF(left, top, *size)

    # -- back to front

    def _grid(self, painter: QPainter, frame: Fixture) -> None:
        plot, view, picture = frame.plot, frame.view, frame.picture
        painter.setFont(_face(frame))
        painter.fillRect(
            QRectF(plot.right(), 0, 6 * frame.text_px, frame.foot.bottom()), colour(Palette.GROUND)
        )
        gap_x, gap_y = 5.5 * frame.text_px, 2.6 * frame.text_px
        for value in marks(picture.x_scale, view.x0, view.x1, plot.width(), gap_x):
            if value < 0:
                continue
            x = _x_px(frame, picture.x_scale, value)
            painter.setPen(QPen(colour(Palette.GRID if value != 1 else Palette.LINE_STRONG), 1))
            painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))
            self._axis_words(painter, frame, "x", x, volume_mark_words(value), value == 1)
        for value in marks(picture.y_scale, view.y0, view.y1, plot.height(), gap_y):
            y = _y_px(frame, picture.y_scale, value)
            painter.setPen(QPen(colour(Palette.GRID if value != 0 else Palette.LINE_STRONG), 1))
            painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
            self._axis_words(painter, frame, "y", y, mark_words(value), value == 0)
        painter.setPen(QPen(colour(Palette.LINE_STRONG), 1))
        self._reference_lines(painter, frame)
        painter.setPen(QPen(colour(Palette.LINE), 1))
        painter.drawLine(QLineF(plot.right(), 0, plot.right(), plot.bottom()))
        painter.drawLine(QLineF(0, plot.bottom(), plot.right(), plot.bottom()))

    def _reference_lines(self, painter: QPainter, frame: Fixture) -> None:
        plot = frame.plot
        x = _x_px(frame, frame.picture.x_scale, 1.0)
        y = _y_px(frame, frame.picture.y_scale, 0.0)
        if plot.left() < x < plot.right():
            painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))
        if plot.top() < y < plot.bottom():
            painter.drawLine(QLineF(plot.left(), y, plot.right(), y))

    def _axis_words(
        self, painter: QPainter, frame: Fixture, axis: str, at: float, words: str, bright: bool
    ) -> None:
        painter.setPen(colour(Palette.TEXT if bright else Palette.TEXT_DIM))
        painter.drawText(_axis_rect(frame, axis, at), _CENTRE if axis == "x" else _LEFT, words)

    def _title(self, painter: QPainter, frame: Fixture) -> None:
        painter.setFont(_face(frame))
        painter.setPen(colour(Palette.TEXT_FAINT))
        painter.drawText(frame.head, _LEFT, _title_words(frame))

    def _foot(self, painter: QPainter, frame: Fixture) -> None:
        """Title of the lower axis on the right, the note on the left."""
        painter.setFont(_face(frame))
        painter.setPen(colour(Palette.TEXT_FAINT))
        metrics, foot = QFontMetricsF(painter.font()), frame.foot
        words = f"Relative volume, {'log' if frame.picture.x_scale.kind == 'log' else 'linear'}"
        painter.drawText(foot, _RIGHT, words)
        left_px = foot.width() - metrics.horizontalAdvance(words) - 2 * frame.text_px
        note = metrics.elidedText(frame.picture.note, Qt.TextElideMode.ElideRight, left_px)
        if left_px > 0:
            painter.drawText(foot, _LEFT, note)

    def _dots(self, painter: QPainter, frame: Fixture) -> None:
        found, picture = frame.picture.found, frame.picture
        for i in range(frame.px.size):
            if not frame.shown[i]:
                continue
            lit = found is None or bool(found[i])
            fill = _tint(float(picture.selection.y_pct[i]), picture.timeframe)
            rim = QColor(fill)
            fill.setAlphaF(0.72 if lit else 0.10)
            rim.setAlphaF(1.0 if lit else 0.22)
            painter.setPen(QPen(rim, 1.0))
            painter.setBrush(fill)
            place, radius = QPointF(frame.px[i], frame.py[i]), float(frame.radius[i])
            if math.isnan(frame.angle[i]):
                painter.drawEllipse(place, radius, radius)
            else:
                painter.drawPolygon(_arrow(place, radius, float(frame.angle[i])))

    def _names(self, painter: QPainter, frame: Fixture) -> None:
        painter.setFont(_face(frame))
        for rect, words in self._placed(frame).values():
            painter.setPen(colour(Palette.GROUND, 0.55))
            for offset in _HALO:
                painter.drawText(rect.translated(offset), _CENTRE, words)
            painter.setPen(colour(Palette.TEXT))
            painter.drawText(rect, _CENTRE, words)

    def _pointed(self, painter: QPainter, frame: Fixture, index: int) -> None:
        """Ring a dot, lead lines from it to the axes, and show its card."""
        plot, picture = frame.plot, frame.picture
        place, radius = QPointF(frame.px[index], frame.py[index]), float(frame.radius[index])
        painter.save()
        painter.setClipRect(plot)
        if math.isnan(frame.angle[index]):
            painter.setPen(QPen(colour(Palette.CROSSHAIR, 0.55), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QLineF(place.x(), place.y() + radius + 3, place.x(), plot.bottom()))
            painter.drawLine(QLineF(place.x() + radius + 3, place.y(), plot.right(), place.y()))
        painter.setPen(QPen(colour(Palette.TEXT), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place, radius + 2.5, radius + 2.5)
        painter.restore()
        change = float(picture.selection.y_pct[index])
        self._tag(painter, frame, "x", place.x(), volume_words(float(picture.selection.x[index])))
        self._tag(painter, frame, "y", place.y(), change_words(change))
        rect = self.card_rect(frame, picture.ids[index])
        if rect is not None:
            cards = CardPainter(frame.text_px)
            cards.paint(
                painter, _card(frame, index), rect, lambda pct: _tint(pct, picture.timeframe)
            )

    def _tag(self, painter: QPainter, frame: Fixture, axis: str, at: float, words: str) -> None:
        painter.setFont(_face(frame))
        rect = _axis_rect(frame, axis, at)
        if axis == "x":
            half = QFontMetricsF(painter.font()).horizontalAdvance(words) / 2 + 5
            rect = QRectF(at - half, rect.y(), 2 * half, rect.height())
        else:
            rect = rect.adjusted(-4, 0, 0, 0)
        # a mark half under the tag would be misread: it goes
        near = 2.6 * frame.text_px if axis == "x" else 0.0
        tall = 0.0 if axis == "x" else 0.6 * frame.text_px
        painter.fillRect(rect.adjusted(-near, -tall, near, tall), colour(Palette.GROUND))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(Palette.HOVER))
        painter.drawRect(rect)
        painter.setPen(colour(Palette.TEXT))
        painter.drawText(rect.adjusted(4, 0, 0, 0) if axis == "y" else rect,
                         _LEFT if axis == "y" else _CENTRE, words)  # fmt: skip

    def _fit_button(self, painter: QPainter, frame: Fixture) -> None:
        painter.setPen(QPen(colour(Palette.LINE_STRONG), 1))
        painter.setBrush(colour(Palette.RAISED, 0.92))
        painter.drawRoundedRect(frame.fit_button, 3, 3)
        painter.setFont(_face(frame))
        painter.setPen(colour(Palette.TEXT))
        painter.drawText(frame.fit_button, _CENTRE, "Fit")

    # -- names

    def _placed(self, frame: Fixture) -> dict[str, tuple[QRectF, str]]:
        key = (frame.view, frame.plot.width(), frame.plot.height(), frame.zoomed)
        if frame.picture is not self._picture or key != self._labels_of:
            self._labels = _place_names(frame)
            self._labels_of, self._picture = key, frame.picture
        return self._labels


def _place_names(frame: Fixture) -> dict[str, tuple[QRectF, str]]:
    picture, metrics = frame.picture, QFontMetricsF(_face(frame))
    found = picture.found
    order = [int(i) for i in picture.order if frame.shown[i]]
    # what lies beyond the edge comes first: its mark alone says too little
    order.sort(key=lambda i: math.isnan(frame.angle[i]))
    wanted = [i for i in order if found is None or found[i]]
    words = [_name_words(frame, i) for i in wanted]
    anchors = [(float(frame.px[i]), float(frame.py[i]), float(frame.radius[i])) for i in wanted]
    sizes = [(metrics.horizontalAdvance(text) + 4, metrics.height() - 1) for text in words]
    plot = frame.plot
    bounds = Box(plot.left() + 2, plot.top() + 2, plot.width() - 4, plot.height() - 4)
    boxes = place_beside(anchors, sizes, bounds, LABEL_LIMIT)
    return {
        picture.ids[i]: (QRectF(box.x, box.y, box.width, box.height), text)
        for i, box, text in zip(wanted, boxes, words, strict=True)
        if box is not None
    }


def _name_words(frame: Fixture, index: int) -> str:
    picture = frame.picture
    name = dot_name(picture.dots, int(picture.selection.rows[index]))
    if math.isnan(frame.angle[index]):
        return name
    beyond_y = abs(math.sin(math.radians(frame.angle[index]))) > 0.5
    if beyond_y:
        return f"{name} {change_words(float(picture.selection.y_pct[index]))}"
    return f"{name} {volume_words(float(picture.selection.x[index]))}"


def _card(frame: Fixture, index: int) -> DotCard:
    dots, row = frame.picture.dots, int(frame.picture.selection.rows[index])
    return DotCard(dots.names[row], dots.symbols[row].upper(), card_rows(dots, row))


def _title_words(frame: Fixture) -> str:
    picture = frame.picture
    return f"Change {picture.timeframe}, compressed beyond {picture.y_scale.turn:g} %"


def _axis_rect(frame: Fixture, axis: str, at: float) -> QRectF:
    """Room of an axis label, kept on its axis."""
    plot, line = frame.plot, 1.5 * frame.text_px
    if axis == "x":
        half = 3.0 * frame.text_px
        middle = min(max(at, plot.left() + half * 0.6), plot.right() - half * 0.3)
        return QRectF(middle - half, plot.bottom() + 2, 2 * half, line)
    middle = min(max(at, plot.top() + line / 2), plot.bottom() - line / 2)
    return QRectF(plot.right() + 6, middle - line / 2, 5.4 * frame.text_px - 6, line)


def _arrow(place: QPointF, radius: float, angle: float) -> QPolygonF:
    """Draw a triangle that points outward."""
    turn = math.radians(angle)
    along, across = (
        QPointF(math.cos(turn), math.sin(turn)),
        QPointF(-math.sin(turn), math.cos(turn)),
    )
    tip = place + along * radius
    return QPolygonF(
        [tip, place - along * radius * 0.6 + across * radius,
         place - along * radius * 0.6 - across * radius]
    )  # fmt: skip


def _tint(change_pct: float, timeframe: str) -> QColor:
    return lean_colour(change_position(change_pct, timeframe), CHANGE)


def _face(frame: Fixture) -> QFont:
    return font(frame.text_px, tabular=True)


def _x_px(frame: Fixture, scale: Scale, value: float) -> float:
    view, plot = frame.view, frame.plot
    return plot.left() + (scale.place_one(value) - view.x0) / (view.x1 - view.x0) * plot.width()


def _y_px(frame: Fixture, scale: Scale, value: float) -> float:
    view, plot = frame.view, frame.plot
    return plot.bottom() - (scale.place_one(value) - view.y0) / (view.y1 - view.y0) * plot.height()

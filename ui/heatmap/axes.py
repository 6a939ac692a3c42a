"""Time and price axis of a chart, with their tags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsItem

from heatdesk.units import format_price
from heatdesk.views.stacking import spread_labels
from heatdesk.views.ticks import (
    Tick,
    choose_labels,
    day_in_corner,
    price_ticks,
    time_ticks,
    zone_tag,
)
from ui import theme
from ui.heatmap.layer import Layer, snapped

if TYPE_CHECKING:
    from heatdesk.views.viewport import ChartWindow

TIME_AXIS_PX = 22
TAG_PX = 17
_LEAST_CORNER_PX = 300.0
"""A narrower axis has no room for the day beside its times."""


class TimeAxis(Layer):
    """Times below the plot, in the zone shown; the zone's tag sits at the right end."""

    def __init__(self, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent, z=40)
        self._zone: tzinfo | None = None
        self._ticks: list[Tick] = []
        self.written: list[Tick] = []
        self._key: tuple[object, ...] = ()
        self.tag_rect = QRectF()
        self._corner_px = 0.0

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in a zone; None is the computer's own."""
        self._zone = zone
        self._key = ()
        self.update()

    def set_corner(self, width_px: float) -> None:
        """Width of the corner right of the axis, where the zone's tag is written."""
        if width_px != self._corner_px:
            self.prepareGeometryChange()
            self._corner_px = width_px
            self.update()

    def boundingRect(self) -> QRectF:
        """The strip below the plot and the corner beside it."""
        rect = super().boundingRect()
        return QRectF(0, 0, rect.width() + self._corner_px, TIME_AXIS_PX)

    @property
    def ticks(self) -> list[Tick]:
        """Marks as last drawn."""
        return self._ticks

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw line, marks and tag."""
        key = (window.t0_s, window.t1_s, window.width_px, self._zone)
        if key != self._key:
            self._key = key
            self._ticks = time_ticks(
                round(window.t0_s * 1000),
                round(window.t1_s * 1000),
                window.width_px,
                self._zone,
            )
        width = window.width_px + self._corner_px
        painter.fillRect(QRectF(0, 0, width, TIME_AXIS_PX), QColor(theme.Palette.GROUND))
        painter.fillRect(QRectF(0, 0, width, 1), QColor(theme.Palette.LINE))
        font = theme.font(theme.SMALL_PX, tabular=True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        corner = day_in_corner(self._ticks, round(window.t0_s * 1000), self._zone)
        left = 2.0
        if corner and window.width_px >= _LEAST_CORNER_PX:
            left += metrics.horizontalAdvance(corner) + 12
            painter.setPen(QColor(theme.Palette.TEXT))
            box = QRectF(6, 4, left, TIME_AXIS_PX - 4)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, corner)
        centres = [window.x_of(tick.value / 1000) for tick in self._ticks]
        widths = [metrics.horizontalAdvance(tick.label) for tick in self._ticks]
        majors = [tick.major for tick in self._ticks]
        room = (left, window.width_px - 2)
        self.written = [self._ticks[i] for i in choose_labels(centres, widths, majors, room)]
        for tick in self.written:
            x = window.x_of(tick.value / 1000)
            half = metrics.horizontalAdvance(tick.label) / 2
            painter.fillRect(
                QRectF(snapped(x, painter), 1, 1, 4), QColor(theme.Palette.LINE_STRONG)
            )
            painter.setPen(QColor(theme.Palette.TEXT if tick.major else theme.Palette.TEXT_DIM))
            painter.drawText(
                QRectF(x - half - 4, 4, 2 * half + 8, TIME_AXIS_PX - 4),
                Qt.AlignmentFlag.AlignCenter,
                tick.label,
            )
        self._draw_tag(painter, window)

    def _draw_tag(self, painter: QPainter, window: ChartWindow) -> None:
        tag = zone_tag(round(window.t1_s * 1000), self._zone)
        self.tag_rect = QRectF(window.width_px, 1, self._corner_px, TIME_AXIS_PX - 1)
        painter.setPen(QColor(theme.Palette.ACCENT))
        painter.drawText(self.tag_rect, Qt.AlignmentFlag.AlignCenter, tag)


@dataclass(frozen=True, slots=True)
class AxisTag:
    """A filled tag on the price axis, with an optional second line in small."""

    price: float
    text: str
    ground: str
    detail: str = ""


class PriceAxis(Layer):
    """Prices right of the plot at the instrument's precision, and the tags on them."""

    def __init__(self, parent: QGraphicsItem | None = None) -> None:
        super().__init__(parent, z=41)
        self._tick_size = 1.0
        self._tags: tuple[AxisTag, ...] = ()
        self._marks: tuple[AxisTag, ...] = ()
        self._width_px = 64.0
        self.ticks: list[Tick] = []

    @property
    def width_px(self) -> float:
        """Room the labels need."""
        return self._width_px

    def set_tick_size(self, tick_size: float, example_price: float) -> bool:
        """Fix the precision; returns whether the axis needs another width."""
        metrics = QFontMetricsF(theme.font(theme.SMALL_PX, tabular=True))
        text = format_price(example_price, tick_size) if math.isfinite(example_price) else "00,000"
        width = max(52.0, math.ceil(metrics.horizontalAdvance(text) / 4) * 4 + 18.0)
        changed = width != self._width_px
        self._tick_size, self._width_px = tick_size, width
        if changed:
            self.prepareGeometryChange()
        self.update()
        return changed

    def set_tags(self, tags: Sequence[AxisTag]) -> None:
        """Show tags."""
        if tuple(tags) != self._tags:
            self._tags = tuple(tags)
            self.update()

    def set_marks(self, marks: Sequence[AxisTag]) -> None:
        """Show tags of prices that a user marked; those out of view are left out."""
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self.update()

    def boundingRect(self) -> QRectF:
        """The strip right of the plot."""
        return QRectF(0, 0, self._width_px, super().boundingRect().height())

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw line, marks and tags."""
        rect = self.boundingRect()
        painter.fillRect(rect, QColor(theme.Palette.GROUND))
        painter.fillRect(QRectF(0, 0, 1, rect.height()), QColor(theme.Palette.LINE))
        painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.ticks = price_ticks(window.p0, window.p1, window.height_px, self._tick_size)
        tags = self._place_tags(window)
        for tick in self.ticks:
            y = window.y_of(tick.value)
            if not 8 <= y <= window.height_px - 8 or any(
                abs(y - box.center().y()) < box.height() / 2 + 7 for box, _ in tags
            ):
                continue
            painter.fillRect(
                QRectF(1, snapped(y, painter), 4, 1), QColor(theme.Palette.LINE_STRONG)
            )
            painter.setPen(QColor(theme.Palette.TEXT if tick.major else theme.Palette.TEXT_DIM))
            painter.drawText(
                QRectF(6, y - 9, rect.width() - 12, 18),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                tick.label,
            )
        for box, tag in tags:
            draw_tag(painter, box, tag)

    def _place_tags(self, window: ChartWindow) -> list[tuple[QRectF, AxisTag]]:
        tags = [tag for tag in self._marks if window.p0 <= tag.price <= window.p1]
        tags += [tag for tag in self._tags if math.isfinite(tag.price)]
        height = TAG_PX + (13 if any(tag.detail for tag in tags) else 0)
        rows = spread_labels(
            [window.y_of(tag.price) for tag in tags], height + 1, 0, window.height_px
        )
        boxes = []
        for tag, row in zip(tags, rows, strict=True):
            tall = TAG_PX + (13 if tag.detail else 0)
            boxes.append((QRectF(1, round(row - tall / 2), self._width_px - 2, tall), tag))
        return boxes


def draw_tag(painter: QPainter, box: QRectF, tag: AxisTag) -> None:
    """Draw a filled tag with its text, right-aligned like the axis labels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tag.ground))
    painter.drawRoundedRect(box, 2, 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QColor(theme.Palette.GROUND))
    first = QRectF(box.left(), box.top(), box.width() - 5, TAG_PX)
    right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.setFont(theme.font(theme.SMALL_PX, tabular=True, bold=True))
    painter.drawText(first, right, tag.text)
    if tag.detail:
        painter.setFont(theme.font(theme.SMALL_PX - 1, tabular=True))
        painter.drawText(first.translated(0, 13), right, tag.detail)

"""Quiet marks over a heatmap: day lines, the last price, liquidation clusters and curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from heatdesk.units import DAY_MS, moment_of
from heatdesk.views.profile import full_scale, lay_out_bars, lay_out_curve
from heatdesk.views.stacking import spread_labels
from heatdesk.views.ticks import day_lines_ms, moment_label
from ui import theme
from ui.heatmap.candles import draw_level_line
from ui.heatmap.layer import Layer, snapped
from ui.heatmap.shapes import (
    draw_dashes,
    draw_polyline,
    draw_rects,
    pixel_ratio,
    rect_rows,
    snapped_all,
)

if TYPE_CHECKING:
    from heatdesk.views.viewport import ChartWindow

Float64Array = NDArray[np.float64]

LABEL_PX = 17
_DAY_NAME_PX = 90.0
_LEAST_DAY_PX = 20.0
"""Lines of narrower days would be a fence before the cells."""
_LEAST_CAPTIONED_PX = 360.0
_FADED = 0.3
CAPTION_PX = 21
"""Rows at the top and bottom of a plot that captions need."""


class GuideLayer(Layer):
    """Day lines at 00:00 UTC and a dotted line at the last price."""

    def __init__(self, parent: Layer | None = None, z: float = 5.0) -> None:
        super().__init__(parent, z)
        self._price = math.nan
        self._zone: tzinfo | None = None

    def set_zone(self, zone: tzinfo | None) -> None:
        """Name the days at their lines where the axis names those of another zone."""
        if zone != self._zone:
            self._zone = zone
            self.update()

    @property
    def last_price(self) -> float:
        """Where the line of the last price is; NaN: nowhere."""
        return self._price

    def set_last_price(self, price: float) -> None:
        """Move the line of the last price; NaN hides it."""
        if price != self._price:
            self._price = price
            self.update()

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw what is in view."""
        faint = theme.colour(theme.Palette.CROSSHAIR, 0.30)
        day_px = DAY_MS / 1000 / window.s_per_px
        days_ms: list[int] = []
        if day_px >= _LEAST_DAY_PX:
            days_ms = day_lines_ms(round(window.t0_s * 1000), round(window.t1_s * 1000))
        for time_ms in days_ms:
            x = snapped(window.x_of(time_ms / 1000), painter)
            draw_dashes(painter, (x, 0.0), window.height_px, faint, (4.0, 2.0), upright=True)
        if day_px >= _DAY_NAME_PX:
            self._name_days(painter, window, days_ms)
        if math.isfinite(self._price):
            colour = theme.colour(theme.Palette.TEXT, 0.55)
            draw_level_line(painter, window.y_of(self._price), window.width_px, colour)

    def _name_days(self, painter: QPainter, window: ChartWindow, days_ms: list[int]) -> None:
        """Date beside each line, unless the axis below says it at the same place."""
        painter.setFont(theme.font(theme.SMALL_PX))
        for time_ms in days_ms:
            if moment_of(time_ms, self._zone).utcoffset() == timedelta():
                continue
            x = window.x_of(time_ms / 1000) + 5
            box = QRectF(x, window.height_px - CAPTION_PX + 2, _DAY_NAME_PX, CAPTION_PX - 4)
            text = f"{moment_label(time_ms, DAY_MS, UTC).rsplit(' ', 1)[0]} UTC"
            painter.setPen(theme.colour(theme.Palette.CROSSHAIR, 0.8))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)


@dataclass(frozen=True, slots=True)
class EdgeProfile:
    """What is drawn at the right edge.

    Attributes
    ----------
    price, qty : (n,) float64
        Bars: lower edge and quantity of each level.
    curve_price, curve_sum : (n,) float64
        Cumulative curve, outwards.
    colour : str
    caption : str
        Written at the end of the axis that the curve runs to; empty for none.
    """

    price: Float64Array
    qty: Float64Array
    curve_price: Float64Array
    curve_sum: Float64Array
    colour: str
    caption: str = ""


class EdgeLayer(Layer):
    """Bars and cumulative curves that grow leftwards from the right edge."""

    WIDTH_RATIO = 0.11
    MOST_PX = 190.0

    def __init__(self, parent: Layer | None = None, z: float = 8.0) -> None:
        super().__init__(parent, z)
        self._sides: tuple[EdgeProfile, ...] = ()
        self._block_size = 1.0
        self._full_curve = 0.0
        self.faded = False

    def set_faded(self, faded: bool) -> None:
        """Draw it as what rested before a gap, and may rest no more."""
        if faded != self.faded:
            self.faded = faded
            self.update()

    def set_profile(self, sides: Sequence[EdgeProfile], block_size: float) -> None:
        """Show the sides of a profile, all on one scale."""
        self._sides, self._block_size = tuple(sides), block_size
        sums = [float(s.curve_sum.max()) for s in self._sides if s.curve_sum.size]
        self._full_curve = max(sums, default=0.0)
        self.update()

    @property
    def sides(self) -> tuple[EdgeProfile, ...]:
        """What is shown."""
        return self._sides

    @classmethod
    def room_px(cls, width_px: float) -> float:
        """Room at the right edge of a plot of some width."""
        return min(cls.MOST_PX, width_px * cls.WIDTH_RATIO)

    def corner_px(self, width_px: float) -> float:
        """Room at the right edge that bars and captions take in the corners of the plot."""
        if not self._sides:
            return 0.0
        metrics = QFontMetricsF(theme.font(theme.SMALL_PX))
        captions = [self._caption_px(metrics, s.caption) for s in self._sides if s.caption]
        shown = width_px >= _LEAST_CAPTIONED_PX
        return max([self.room_px(width_px), *(captions if shown else [])])

    @staticmethod
    def _caption_px(metrics: QFontMetricsF, caption: str) -> float:
        return metrics.horizontalAdvance(caption) + 14

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw bars, then curves over them."""
        if not self._sides:
            return
        room = self.room_px(window.width_px)
        right = window.width_px
        sides = [(side.price, side.qty) for side in self._sides]
        full = full_scale(sides, self._block_size, window)
        strength = _FADED if self.faded else 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        for side in self._sides:
            bars = lay_out_bars(side.price, side.qty, self._block_size, window, full)
            thick = max(1.0, bars.height - (1.0 if bars.height >= 4 else 0.0))
            painter.setBrush(theme.colour(side.colour, 0.78 * strength))
            length = bars.length * room
            tops = snapped_all(bars.top, pixel_ratio(painter))
            draw_rects(painter, rect_rows(right - length, tops, length, thick))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for side in self._sides:
            rows, lengths = lay_out_curve(
                side.curve_price, side.curve_sum, window, self._full_curve
            )
            if rows.size < 2:
                continue
            painter.setPen(QPen(theme.colour(side.colour, 0.9 * strength), 1))
            draw_polyline(painter, right - 1 - lengths * room, rows)
            self._caption(painter, window, side, upwards=rows[-1] < rows[0])

    def _caption(
        self, painter: QPainter, window: ChartWindow, side: EdgeProfile, *, upwards: bool
    ) -> None:
        if not side.caption or window.width_px < _LEAST_CAPTIONED_PX:
            return
        font = theme.font(theme.SMALL_PX)
        painter.setFont(font)
        width = QFontMetricsF(font).horizontalAdvance(side.caption) + 10
        top = 4.0 if upwards else window.height_px - 20
        box = QRectF(window.width_px - width - 4, top, width, 16)
        painter.fillRect(box, theme.colour(theme.Palette.GROUND, 0.75))
        painter.setPen(QColor(side.colour))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, side.caption)


@dataclass(frozen=True, slots=True)
class PriceLabel:
    """A label that points at a stretch of prices."""

    price: float
    low: float
    high: float
    text: str
    colour: str


class PriceLabelLayer(Layer):
    """Labels near the right edge that point at prices and never cover one another."""

    def __init__(self, parent: Layer | None = None, z: float = 30.0) -> None:
        super().__init__(parent, z)
        self._labels: tuple[PriceLabel, ...] = ()
        self.placed: list[tuple[QRectF, str]] = []

    def set_labels(self, labels: Sequence[PriceLabel]) -> None:
        """Show labels, left of the profile at the right edge."""
        self._labels = tuple(labels)
        self.update()

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the labels whose prices are in view."""
        seen = [label for label in self._labels if window.p0 <= label.price <= window.p1]
        font = theme.font(theme.SMALL_PX, tabular=True, bold=True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        wishes = [window.y_of(label.price) for label in seen]
        # clear of the captions in the corners of the plot
        rows = spread_labels(wishes, LABEL_PX + 2, CAPTION_PX, window.height_px - CAPTION_PX)
        right = window.width_px - EdgeLayer.room_px(window.width_px) - 10
        self.placed = []
        for label, wish, row in zip(seen, wishes, rows, strict=True):
            width = metrics.horizontalAdvance(label.text) + 12
            box = QRectF(right - width, row - LABEL_PX / 2, width, LABEL_PX)
            self.placed.append((box, label.text))
            colour = QColor(label.colour)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(theme.colour(label.colour, 0.9), 1))
            edge = box.right() + 1
            painter.drawLine(QLineF(edge, row, edge + 6, wish))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.drawLine(
                QLineF(edge + 7, window.y_of(label.high), edge + 7, window.y_of(label.low))
            )
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setBrush(theme.colour(theme.Palette.GROUND, 0.86))
            painter.setPen(QPen(theme.colour(label.colour, 0.55), 1))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setPen(colour)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label.text)

"""Chips that say how much rests above and below the prices in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from heatdesk.frames import Quote
from heatdesk.views.offscreen import RestingTotals, total_text
from ui import theme
from ui.heatmap.layer import Layer

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.views.viewport import ChartWindow
    from ui.heatmap.marks import EdgeLayer

_CHIP_PX = 17
_LEAST_PX = (260.0, 120.0)
"""A smaller plot has no room to spare."""


class OffscreenLayer(Layer):
    """Sums of what lies beyond the upper and the lower edge; nothing where nothing does.

    Attributes
    ----------
    texts : tuple of (str, str)
        What was drawn last, above and below.
    """

    def __init__(
        self, edge: EdgeLayer, parent: QGraphicsItem | None = None, z: float = 31.0
    ) -> None:
        super().__init__(parent, z)
        self._edge = edge
        self._totals: RestingTotals | None = None
        self._quote, self._unit = Quote.COIN, ""
        self.texts = ("", "")

    def set_totals(self, totals: RestingTotals | None, quote: Quote, unit: str) -> None:
        """Show sums over other levels."""
        if totals is not self._totals or (quote, unit) != (self._quote, self._unit):
            self._totals, self._quote, self._unit = totals, quote, unit
            self.update()

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the chips in the corners left of the profile."""
        self.texts = ("", "")
        totals = self._totals
        small = window.width_px < _LEAST_PX[0] or window.height_px < _LEAST_PX[1]
        if totals is None or small or self._edge.faded:
            return
        self.texts = (
            total_text(totals.above(window.p1), self._quote, self._unit, "above"),
            total_text(totals.below(window.p0), self._quote, self._unit, "below"),
        )
        font = theme.font(theme.SMALL_PX, tabular=True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        right = window.width_px - self._edge.corner_px(window.width_px) - 8
        tops = (4.0, window.height_px - _CHIP_PX - 3)
        for text, arrow, top in zip(self.texts, ("\u25b2", "\u25bc"), tops, strict=True):
            if not text:
                continue
            words = f"{arrow} {text}"
            width = metrics.horizontalAdvance(words) + 14
            box = QRectF(right - width, top, width, _CHIP_PX)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(QColor(theme.Palette.LINE_STRONG), 1))
            painter.setBrush(theme.colour(theme.Palette.PANEL, 0.95))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QColor(theme.Palette.TEXT))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

"""The colour key of a bias: a short ramp between its two words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from heatdesk.views.cohort_matrix import CLIP_HIGH_RATIO, bias_text
from ui.theme import SMALL_PX, Palette, colour, font, lean_colour

_STEPS = 40
_STEP_PX = 2
_HEIGHT_PX = 20


class BiasKey(QWidget):
    """``75 % S`` ramp ``75 % L``: what the colours of the matrix mean, and where they clip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font = font(SMALL_PX, tabular=True)
        self._words = (bias_text(1 - CLIP_HIGH_RATIO), bias_text(CLIP_HIGH_RATIO))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("Colour by share of open value; beyond these it stays the same")

    def sizeHint(self) -> QSize:
        """Room for the ramp and both words."""
        metrics = QFontMetricsF(self._font)
        words = sum(metrics.horizontalAdvance(word) for word in self._words)
        return QSize(round(words) + _STEPS * _STEP_PX + 14, _HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words and the ramp."""
        del event
        painter = QPainter(self)
        painter.setFont(self._font)
        painter.setPen(colour(Palette.TEXT_DIM))
        middle = Qt.AlignmentFlag.AlignVCenter
        rect = QRectF(self.rect())
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignLeft, self._words[0])
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignRight, self._words[1])
        left = QFontMetricsF(self._font).horizontalAdvance(self._words[0]) + 7
        for step in range(_STEPS):
            fill = lean_colour(step / (_STEPS - 1))
            painter.fillRect(QRectF(left + step * _STEP_PX, 6, _STEP_PX, _HEIGHT_PX - 12), fill)
        painter.end()

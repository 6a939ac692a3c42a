"""The card that tells everything about the dot under the mouse."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ui.theme import Palette, colour, font

Row = tuple[str, str, float]
"""A label, its words, and the change that colours them (NaN: none)."""


@dataclass(frozen=True, slots=True)
class DotCard:
    """What a card says.

    Attributes
    ----------
    name, symbol : str
    rows : sequence of Row
    """

    name: str
    symbol: str
    rows: Sequence[Row]


class CardPainter:
    """Measures and paints cards in one text size.

    Parameters
    ----------
    text_px : int
        Height of the text.
    """

    def __init__(self, text_px: int) -> None:
        self.plain: QFont = font(text_px, tabular=True)
        self.bold: QFont = font(text_px + 1, tabular=True, bold=True)
        self._pad = round(0.75 * text_px)
        self._line = round(1.5 * text_px)

    def size(self, card: DotCard) -> tuple[float, float]:
        """Width and height that the card needs, pixels."""
        plain, bold = QFontMetricsF(self.plain), QFontMetricsF(self.bold)
        apart = 1.6 * self._pad
        words = [
            plain.horizontalAdvance(label) + apart + plain.horizontalAdvance(text)
            for label, text, _ in card.rows
        ]
        title = bold.horizontalAdvance(card.name) + plain.horizontalAdvance("  " + card.symbol)
        width = min(max([*words, title]), 26.0 * self._line / 1.5)
        return width + 2 * self._pad, (len(card.rows) + 1.25) * self._line + 1.4 * self._pad

    def paint(
        self, painter: QPainter, card: DotCard, rect: QRectF, tint: Callable[[float], QColor]
    ) -> None:
        """Paint the card; ``tint`` colours a change."""
        painter.setPen(QPen(colour(Palette.LINE_STRONG), 1))
        painter.setBrush(colour(Palette.RAISED, 0.99))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        inner = rect.adjusted(self._pad, 0.7 * self._pad, -self._pad, -0.7 * self._pad)
        bold, plain = QFontMetricsF(self.bold), QFontMetricsF(self.plain)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        line = QRectF(inner.x(), inner.y(), inner.width(), self._line)
        room = line.width() - plain.horizontalAdvance("  " + card.symbol)
        name = bold.elidedText(card.name, Qt.TextElideMode.ElideRight, room)
        painter.setFont(self.bold)
        painter.setPen(colour(Palette.TEXT))
        painter.drawText(line, left, name)
        painter.setFont(self.plain)
        painter.setPen(colour(Palette.TEXT_DIM))
        painter.drawText(line, right, card.symbol)
        line.translate(0, 1.25 * self._line)
        for label, text, change in card.rows:
            painter.setPen(colour(Palette.TEXT_DIM))
            painter.drawText(line, left, label)
            told = math.isfinite(change) and change != 0
            painter.setPen(tint(change) if told else colour(Palette.TEXT))
            painter.drawText(line, right, text)
            line.translate(0, self._line)

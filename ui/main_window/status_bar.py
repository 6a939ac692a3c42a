"""The 22 px bar at the bottom: every provider in a few words; a click opens the Status panel."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from heatdesk.frames import ProviderStatus
from ui import theme
from ui.panels.status import budget_text, state_of

BAR_PX = 22
PROMISE = "HeatDesk places no orders"


class StatusBar(QWidget):
    """Draws each provider as dot, name, state and budget.

    Signals
    -------
    clicked : the bar was pressed.
    """

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(BAR_PX)
        self.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Status")
        self._rows: tuple[ProviderStatus, ...] = ()
        self._right = ""

    def show_providers(self, rows: tuple[ProviderStatus, ...], right: str = "") -> None:
        """Show providers, and a word at the right edge; repaints only on a change."""
        if (rows, right) != (self._rows, self._right):
            self._rows, self._right = rows, right
            self.setToolTip("\n".join(f"{row.title}: {_words(row)}" for row in rows))
            self.update()

    def words(self) -> list[str]:
        """Return what the bar says, provider by provider."""
        return [f"{row.title}: {_words(row)}" for row in self._rows]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the Status panel."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.Palette.PANEL))
        painter.fillRect(0, 0, self.width(), 1, QColor(theme.Palette.LINE))
        metrics = self.fontMetrics()
        right = f"{self._right}   {PROMISE}" if self._right else PROMISE
        end = self.width() - metrics.horizontalAdvance(right) - 10
        painter.setPen(QColor(theme.Palette.TEXT_FAINT))
        painter.drawText(QRectF(end, 0, self.width() - end, BAR_PX), _MIDDLE, right)
        x = 10.0
        for row in self._rows:
            x = self._draw(painter, row, x, end - 10)
        painter.end()

    def _draw(self, painter: QPainter, row: ProviderStatus, x: float, end: float) -> float:
        colour = QColor(state_of(row)[1])
        metrics = self.fontMetrics()
        words = _words(row)
        width = metrics.horizontalAdvance(row.title) + metrics.horizontalAdvance(words) + 20
        if x + width > end:
            return x
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x + 3, BAR_PX / 2), 3, 3)
        x += 11
        painter.setPen(QColor(theme.Palette.TEXT))
        painter.drawText(QRectF(x, 0, width, BAR_PX), _MIDDLE, row.title)
        x += metrics.horizontalAdvance(row.title) + 6
        painter.setPen(QColor(theme.Palette.TEXT_DIM))
        painter.drawText(QRectF(x, 0, width, BAR_PX), _MIDDLE, words)
        return x + metrics.horizontalAdvance(words) + 18


_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def _words(row: ProviderStatus) -> str:
    return "  ".join(part for part in (state_of(row)[0], budget_text(row)) if part)

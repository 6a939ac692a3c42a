"""The 22 px bar at the bottom: every provider in a few words, and how the desk itself is doing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from heatdesk.frames import ProviderStatus
from ui import theme
from ui.main_window.vitals import Figure, Vitals, figures_of
from ui.panels.status import budget_text, state_of

BAR_PX = 22
PROMISE = "HeatDesk places no orders"
EDGE_PX, BETWEEN_PX = 10, 18
WORKSPACE_TIP = "The workspace that is open: Ctrl+1 to Ctrl+9 and the menu Workspaces open others."
NEWS_MS = 4_000
LEAST_LEFT_SHARE = 0.45
"""Of the width belongs to the providers before a figure may stand."""


class StatusBar(QWidget):
    """Draws each provider as dot, name, state and budget; figures of the desk stand at the right.

    Where it is narrow the promise gives way first, then the figures, the least important first;
    providers that find no room are counted.

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
        self._figures: tuple[Figure, ...] = ()
        self._workspace = self._news = ""
        self._news_over = QTimer(self, interval=NEWS_MS, singleShot=True)
        self._news_over.timeout.connect(lambda: self.show_workspace(self._workspace))

    def show_providers(self, rows: tuple[ProviderStatus, ...]) -> None:
        """Show providers; repaints only on a change."""
        if rows != self._rows:
            self._rows = rows
            self._tell()

    def show_workspace(self, name: str, news: str = "") -> None:
        """Show which workspace is open, and for a while what was done with it."""
        self._workspace = name
        self._news = f"{name}: {news}" if news else ""
        if news:
            self._news_over.start()
        self._tell()

    @property
    def workspace_text(self) -> str:
        """What is said of the workspace at this moment."""
        return self._news or self._workspace

    def show_vitals(self, vitals: Vitals) -> None:
        """Show how the desk is doing; repaints only on a change."""
        figures = figures_of(vitals)
        if figures != self._figures:
            self._figures = figures
            self._tell()

    def words(self) -> list[str]:
        """Return what the bar says, provider by provider."""
        return [f"{row.title}: {_words(row)}" for row in self._rows]

    def figures(self) -> list[str]:
        """Return the figures of the desk, the most important first."""
        return [one.words for one in self._figures]

    def tip_at(self, x: float) -> str:
        """What a place of the bar explains."""
        for start, end, figure in self._laid_out():
            if start <= x < end and figure.explained:
                return figure.explained
        return "\n".join(self.words())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the Status panel."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Explain what the mouse points at."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos() + QPoint(0, -2), self.tip_at(event.x()), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.Palette.PANEL))
        painter.fillRect(0, 0, self.width(), 1, QColor(theme.Palette.LINE))
        end = float(self.width())
        for start, stop, figure in self._laid_out():
            odd = theme.Palette.WARN if figure.odd else theme.Palette.TEXT_FAINT
            painter.setPen(QColor(odd))
            painter.drawText(QRectF(start, 0, stop - start + 1, BAR_PX), _MIDDLE, figure.words)
            end = min(end, start)
        self._draw_providers(painter, end - EDGE_PX)
        painter.end()

    # -- inside

    def _tell(self) -> None:
        self.setAccessibleDescription(
            "; ".join([*self.words(), *self.figures(), self.workspace_text])
        )
        self.update()

    def _laid_out(self) -> list[tuple[float, float, Figure]]:
        """Left and right edge of each figure that has room, pixels from the left of the bar."""
        metrics = self.fontMetrics()
        named = [Figure(self.workspace_text, WORKSPACE_TIP)] if self._workspace else []
        wanted = [*self._figures, *named, Figure(PROMISE, "")]
        room = self.width() * (1.0 - LEAST_LEFT_SHARE)
        while wanted and sum(_width(metrics, one) for one in wanted) > room:
            wanted.pop()
        places, x = [], float(self.width() - EDGE_PX)
        for figure in reversed(wanted):
            start = x - metrics.horizontalAdvance(figure.words)
            places.append((start, x, figure))
            x = start - BETWEEN_PX
        return places

    def _draw_providers(self, painter: QPainter, end: float) -> None:
        x, metrics = float(EDGE_PX), self.fontMetrics()
        for number, row in enumerate(self._rows):
            left = len(self._rows) - number
            more = f"+{left} more"
            words = _words(row)
            width = metrics.horizontalAdvance(row.title) + metrics.horizontalAdvance(words) + 20
            spare = metrics.horizontalAdvance(more) + BETWEEN_PX if left > 1 else 0
            if x + width + spare > end:
                painter.setPen(QColor(theme.Palette.TEXT_FAINT))
                painter.drawText(QRectF(x, 0, max(0.0, end - x), BAR_PX), _MIDDLE, more)
                return
            x = self._draw(painter, row, words, x)

    def _draw(self, painter: QPainter, row: ProviderStatus, words: str, x: float) -> float:
        metrics = self.fontMetrics()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(state_of(row)[1]))
        painter.drawEllipse(QPointF(x + 3, BAR_PX / 2), 3, 3)
        x += 11
        title_px, words_px = metrics.horizontalAdvance(row.title), metrics.horizontalAdvance(words)
        painter.setPen(QColor(theme.Palette.TEXT))
        painter.drawText(QRectF(x, 0, title_px + 1, BAR_PX), _MIDDLE, row.title)
        x += title_px + 6
        painter.setPen(QColor(theme.Palette.TEXT_DIM))
        painter.drawText(QRectF(x, 0, words_px + 1, BAR_PX), _MIDDLE, words)
        return x + words_px + BETWEEN_PX


_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def _width(metrics: QFontMetrics, figure: Figure) -> float:
    return float(metrics.horizontalAdvance(figure.words) + BETWEEN_PX)


def _words(row: ProviderStatus) -> str:
    return "  ".join(part for part in (state_of(row)[0], budget_text(row)) if part)

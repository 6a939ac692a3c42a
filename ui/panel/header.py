"""The header of a panel: title, subtitle, next update, data state and age, buttons."""

from __future__ import annotations

import math
from datetime import UTC, tzinfo

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from heatdesk.frames import DataState, StreamStatus
from heatdesk.units import format_age, moment_of
from ui import theme
from ui.panel.link_chip import LinkChip

HEADER_PX = 25
SLOW_PERIOD_S = 120.0
"""From this pace on a header says when the next update comes."""


def state_colour(state: DataState) -> str:
    """Colour of a data state in the chosen theme."""
    return {
        DataState.WAITING: theme.Palette.TEXT_FAINT,
        DataState.LIVE: theme.Palette.LIVE,
        DataState.STALE: theme.Palette.WARN,
        DataState.DEMO: theme.Palette.DEMO,
        DataState.REPLAY: theme.Palette.ACCENT,
        DataState.KEY_NEEDED: theme.Palette.WARN,
        DataState.PROBLEM: theme.Palette.PROBLEM,
    }[state]


def missing_tip(status: StreamStatus) -> str:
    """What the state pill explains of a sum without some of its venues; empty of a whole one."""
    if not status.missing:
        return ""
    told = f"Missing: {', '.join(status.missing)}. What rests there is not in the sum."
    return f"{told}\n{status.note}" if status.note else told


def latency_text(venue_ms: float | None, screen_ms: float | None) -> str:
    """How late a live picture is (``84 + 21 ms``): to this computer, and from there to the screen.

    Empty while the first is not known.
    """
    if venue_ms is None or not math.isfinite(venue_ms):
        return ""
    if venue_ms >= 10_000:
        return f"{venue_ms / 1000:,.0f} s late"
    shown = "" if screen_ms is None else f" + {screen_ms:.0f}"
    return f"{max(0.0, venue_ms):.0f}{shown} ms"


def state_text(status: StreamStatus, now_ms: int, zone: tzinfo | None = UTC) -> str:
    """Words of the state pill: ``live, 12 s``; ``stale, 41 min``; ``waiting, 40 %``.

    A live feed says no age while it is fresh, and since when it tells nothing that can be trusted;
    a sum without some of its venues how many it has (``live, 3 of 4``).
    """
    state = status.state(now_ms)
    if state is DataState.STALE and status.gap_since_ms is not None:
        since = moment_of(status.gap_since_ms, zone).strftime("%H:%M:%S")
        return f"gap since {since}"
    if state is DataState.LIVE and status.latency_ms is not None and status.age_s(now_ms) < 2:
        whole = not status.missing
        has = status.parts - len(status.missing)
        return str(state.value) if whole else f"{state.value}, {has} of {status.parts}"
    if state in {DataState.LIVE, DataState.STALE}:
        return f"{state.value}, {format_age(status.age_s(now_ms))}"
    if state is DataState.WAITING and status.progress:
        return f"waiting, {status.progress * 100:.0f} %"
    return str(state.value)


class ElidedLabel(QLabel):
    """A label that gives way: its text is cut with an ellipsis and stays in the tooltip."""

    def minimumSizeHint(self) -> QSize:
        """Allow any width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as much of the text as fits."""
        del event
        painter = QPainter(self)
        space = self.contentsRect()
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, space.width()
        )
        painter.setPen(self.palette().windowText().color())
        painter.drawText(space, int(self.alignment()), text)
        painter.end()

    def set_text(self, text: str) -> None:
        """Show a text, and all of it in the tooltip."""
        if text != self.text():
            self.setText(text)
            self.setToolTip(text)


class NoteLine(ElidedLabel):
    """One more fact under the header, hidden until there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelNote")
        self.setFont(theme.font(theme.SMALL_PX))
        self.hide()


class DemoBand(QLabel):
    """Says that what is under it was invented, hidden until it was."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("DEMO · an invented market, no real prices", parent)
        self.setObjectName("panelDemoBand")
        self.setFont(theme.font(theme.SMALL_PX - 1))
        self.setFixedHeight(15)
        self.hide()


class StatePill(QWidget):
    """A dot in the colour of the data state, and its words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = DataState.WAITING.value
        self._state = DataState.WAITING
        self._whole = True
        self.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    @property
    def text(self) -> str:
        """The words shown."""
        return self._text

    @property
    def state(self) -> DataState:
        """The state shown."""
        return self._state

    @property
    def colour(self) -> str:
        """Colour of the dot: amber also where something is missing of what is live."""
        partial = self._state is DataState.LIVE and not self._whole
        return theme.Palette.WARN if partial else state_colour(self._state)

    def show_state(self, state: DataState, text: str, missing: str = "") -> None:
        """Show a state in words, and in the tooltip what is missing; repaints only changes."""
        if missing != self.toolTip():
            self.setToolTip(missing)
        if (state, text, not missing) != (self._state, self._text, self._whole):
            self._state, self._text, self._whole = state, text, not missing
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Room for the dot and the words."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 20, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """Never cut: the state of the data is the one thing a header must say."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the dot and the words."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(self.colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(7.0, self.height() / 2), 3.0, 3.0)
        quiet = self._whole and self._state in {DataState.LIVE, DataState.WAITING}
        painter.setPen(QColor(theme.Palette.TEXT_DIM) if quiet else colour)
        space = QRectF(14, 0, self.width() - 14, self.height())
        painter.drawText(space, Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()


class ProgressLine(QWidget):
    """A 2 px line that grows while the history fills; empty and still otherwise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: float | None = None
        self.setFixedHeight(2)

    @property
    def progress(self) -> float | None:
        """Share shown, 0 to 1; None when nothing is filling."""
        return self._progress

    def set_progress(self, progress: float | None) -> None:
        """Show a share; a full one and None show nothing."""
        shown = None if progress is None or progress >= 1.0 else max(0.0, progress)
        if shown != self._progress:
            self._progress = shown
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.Palette.PANEL))
        if self._progress is not None:
            width = round(self.width() * self._progress)
            painter.fillRect(0, 0, width, self.height(), QColor(theme.Palette.ACCENT))
        painter.end()


class PanelHeader(QWidget):
    """The title row; a dock uses it as its title bar, so no title is written twice."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelHeader")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEADER_PX)
        self.title = QLabel(title)
        self.title.setObjectName("panelTitle")
        self.title.setFont(theme.font(bold=True))
        self.subtitle = ElidedLabel()
        self.subtitle.setObjectName("panelSubtitle")
        self.next = QLabel()
        self.next.setObjectName("panelNext")
        self.next.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.pill = StatePill()
        self.menu_button = _button("menu", "Panel menu")
        self.float_button = _button("float", "Float or dock this panel")
        self.close_button = _button("close", "Close this panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 3, 0)
        row.setSpacing(6)
        self.chip = LinkChip()
        row.addWidget(self.chip)
        row.addWidget(self.title)
        row.addWidget(self.subtitle, 1)
        row.addWidget(self.next)
        row.addWidget(self.pill)
        for button in (self.menu_button, self.float_button, self.close_button):
            row.addWidget(button)
        self.float_button.hide()
        self.close_button.hide()

    def show_detail(self, text: str, explained: str = "") -> None:
        """Show the small print beside the state."""
        if text != self.next.text():
            self.next.setText(text)
        if explained != self.next.toolTip():
            self.next.setToolTip(explained)

    def minimumSizeHint(self) -> QSize:
        """Let a dock become narrow: the subtitle and the next update give way."""
        return QSize(170, HEADER_PX)


def _button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(theme.icon(name))
    button.setIconSize(QSize(14, 14))
    button.setFixedSize(20, 20)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button

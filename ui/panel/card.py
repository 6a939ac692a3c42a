"""What lies over a panel's body while it has nothing to show: a quiet line, or a problem card."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui import theme

CARD_PX = 400
"""Widest a problem card becomes."""


class ProblemCard(QFrame):
    """One sentence that says what is wrong and what to do, and the buttons that do it.

    Signals
    -------
    key_wanted, demo_wanted : a button was pressed.
    """

    key_wanted = Signal()
    demo_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("problemCard")
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.key_button = QPushButton("Enter key...")
        self.key_button.setProperty("primary", True)
        self.demo_button = QPushButton("Show demo")
        self.key_button.clicked.connect(self.key_wanted)
        self.demo_button.clicked.connect(self.demo_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addWidget(self.sentence)
        row = QHBoxLayout()
        row.addWidget(self.key_button)
        row.addWidget(self.demo_button)
        row.addStretch(1)
        column.addLayout(row)
        self.hide()

    def show_problem(self, sentence: str, *, key: bool, demo: bool) -> None:
        """Show a sentence and the buttons that help."""
        self.sentence.setText(sentence)
        self.key_button.setVisible(key)
        self.demo_button.setVisible(demo)
        self.show()
        self.raise_()


class Stage(QWidget):
    """The body of a panel with, over it, the quiet line, the problem card, or a passing note."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelStage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.waiting = QLabel(self)
        self.waiting.setObjectName("panelWaiting")
        self.waiting.setFont(theme.font(theme.TEXT_PX))
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.waiting.setWordWrap(True)
        self.waiting.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.waiting.hide()
        self.note = QLabel(self)
        self.note.setObjectName("stageNote")
        self.note.setFont(theme.font(theme.SMALL_PX))
        self.note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.note.hide()
        self.card = ProblemCard(self)
        self._note = ""
        self.note_room: Callable[[], float] = self.width

    def show_note(self, text: str) -> None:
        """Show a note that comes and goes without moving what lies below; empty hides it.

        It is cut where ``note_room`` ends, pixels from the left: axes and legends stay readable.
        """
        self._note = text
        if text:
            self._place_note()
        if self.note.isHidden() == bool(text):
            self.note.setVisible(bool(text))
            self.note.raise_()

    def show_waiting(self, text: str) -> None:
        """Show the quiet line; an empty text hides it."""
        if text:
            self.waiting.setText(text)
            self._place()
            self.waiting.show()
            self.waiting.raise_()
        elif not self.waiting.isHidden():
            self.waiting.hide()

    def show_problem(self, sentence: str, *, key: bool = False, demo: bool = False) -> None:
        """Show the problem card; an empty sentence hides it."""
        if sentence:
            self.card.show_problem(sentence, key=key, demo=demo)
            self._place()
        elif not self.card.isHidden():
            self.card.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what lies over the body centred."""
        super().resizeEvent(event)
        self._place()

    def _place_note(self) -> None:
        room = max(40, int(min(self.note_room(), self.width())) - 16)
        self.note.setText(self._note)
        size = self.note.sizeHint()
        if size.width() > room:
            frame = size.width() - self.note.fontMetrics().horizontalAdvance(self._note)
            metrics, end = self.note.fontMetrics(), Qt.TextElideMode.ElideRight
            self.note.setText(metrics.elidedText(self._note, end, max(0, room - frame)))
        self.note.setGeometry(8, 8, min(size.width(), room), size.height())

    def _place(self) -> None:
        self._place_note()
        self.waiting.setGeometry(self.rect())
        width = max(120, min(CARD_PX, self.width() - 24))
        self.card.setFixedWidth(width)
        height = self.card.heightForWidth(width)
        height = height if height > 0 else self.card.sizeHint().height()
        self.card.setGeometry(
            (self.width() - width) // 2, max(8, (self.height() - height) // 2), width, height
        )

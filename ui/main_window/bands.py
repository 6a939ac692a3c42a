"""The full-width bands over the docks: the demo's, and one for a sentence."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from ui import theme

DEMO_TEXT = "DEMO: an invented market, no real prices. Enter API keys to see real data."
MIXED_TEXT = "DEMO: some panels show an invented market; each of them wears the amber band."


class DemoBand(QWidget):
    """Shown for as long as any panel is a demo.

    Signals
    -------
    keys_wanted : *Enter API keys* was pressed.
    """

    keys_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("demoBand")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(28)
        self.label = QLabel(DEMO_TEXT)
        self.button = QPushButton("Enter API keys")
        self.button.clicked.connect(self.keys_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 8, 2)
        row.addWidget(self.label)
        row.addWidget(self.button)
        row.addStretch(1)

    def tell(self, *, demo: bool, real: bool) -> None:
        """Show the band while any panel is a demo, in words that are true beside real ones."""
        self.label.setText(MIXED_TEXT if real else DEMO_TEXT)
        self.setVisible(demo)


class SentenceBand(QWidget):
    """One sentence that stays until it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sentenceBand")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton()
        close.setIcon(theme.icon("close"))
        close.setIconSize(QSize(14, 14))
        close.setAccessibleName("Close this message")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 6, 3)
        row.addWidget(self.label, 1)
        row.addWidget(close)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show a sentence, below the ones not yet closed."""
        if not sentence:
            return
        before = "" if self.isHidden() else self.label.text()
        if sentence not in before.split("\n"):
            self.label.setText(f"{before}\n{sentence}" if before else sentence)
        self.show()

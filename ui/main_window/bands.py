"""The full-width bands over the docks: demo, live, and one for a sentence."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from ui import theme

DEMO_TEXT = "DEMO: an invented market, no real prices."
MIXED_TEXT = "DEMO: some panels show an invented market; each of them wears the amber band."
LIVE_TEXT = (
    "LIVE, without a key: books, trades and liquidations come straight from the exchanges."
    " Keys add history and more."
)
BAND_PX = 28


class DemoBand(QWidget):
    """Shown for as long as any panel is a demo.

    Signals
    -------
    keys_wanted, live_wanted : a button was pressed.
    """

    keys_wanted = Signal()
    live_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("demoBand")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAND_PX)
        self._why = ""
        self._mixed = False
        self.label = QLabel(DEMO_TEXT)
        self.live_button = QPushButton("Show live markets")
        self.live_button.setToolTip("Order books straight from the exchanges; no key is needed")
        self.live_button.clicked.connect(self.live_wanted)
        self.button = QPushButton("Enter API keys")
        self.button.clicked.connect(self.keys_wanted)
        _row(self, self.label, self.live_button, self.button)

    def tell(self, *, demo: bool, real: bool) -> None:
        """Show the band while any panel is a demo, in words that are true beside real ones."""
        self._mixed = real
        self._show_words()
        self.setVisible(demo)

    def explain(self, why: str, *, inviting: bool = False) -> None:
        """Say in one sentence why this is the demo, or that it need not be any more.

        Parameters
        ----------
        inviting : bool
            Live markets can be shown now: their button stands out.
        """
        self._why = why
        self.live_button.setProperty("primary", inviting)
        self.live_button.style().polish(self.live_button)
        self._show_words()

    def offer_live(self, *, offered: bool) -> None:
        """Whether there is anything that live markets could replace."""
        self.live_button.setHidden(not offered)

    def _show_words(self) -> None:
        words = MIXED_TEXT if self._mixed else f"{DEMO_TEXT} {self._why}".strip()
        if words != self.label.text():
            self.label.setText(words)


class LiveBand(QWidget):
    """Says on the first day what is live without a key; stays until it is closed.

    Signals
    -------
    keys_wanted, demo_wanted : a button was pressed.
    """

    keys_wanted = Signal()
    demo_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("liveBand")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAND_PX)
        self._dismissed = False
        self.label = QLabel(LIVE_TEXT)
        self.demo_button = QPushButton("Show the demo")
        self.demo_button.clicked.connect(self.demo_wanted)
        self.button = QPushButton("Enter API keys")
        self.button.clicked.connect(self.keys_wanted)
        row = _row(self, self.label, self.demo_button, self.button)
        row.addWidget(_close_button(self.dismiss))
        self.hide()

    def tell(self, *, wanted: bool) -> None:
        """Show the band unless it was closed."""
        self.setVisible(wanted and not self._dismissed)

    def dismiss(self) -> None:
        """Close it for this run."""
        self._dismissed = True
        self.hide()


MOST_SENTENCES = 5
"""The oldest goes: a night of alerts must not cover the panels."""


class SentenceBand(QWidget):
    """Sentences that stay until they are closed, the newest below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sentenceBand")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 6, 3)
        row.addWidget(self.label, 1)
        row.addWidget(_close_button(self.hide))
        self.hide()

    def say(self, sentence: str) -> None:
        """Show a sentence, below the ones not yet closed."""
        if not sentence:
            return
        before = [] if self.isHidden() else self.label.text().split("\n")
        if sentence not in before:
            self.label.setText("\n".join([*before, sentence][-MOST_SENTENCES:]))
        self.show()


def _row(band: QWidget, label: QLabel, *buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout(band)
    row.setContentsMargins(10, 2, 8, 2)
    row.addWidget(label)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row


def _close_button(close: Callable[[], object]) -> QToolButton:
    button = QToolButton()
    button.setIcon(theme.icon("close"))
    button.setIconSize(QSize(14, 14))
    button.setAccessibleName("Close this message")
    button.clicked.connect(close)
    return button

"""A calm band above the panels with something that can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from ui import theme

BAND_PX = 28


class NoticeBand(QWidget):
    """One sentence and buttons.

    Parameters
    ----------
    entries : sequence of (str, callable)
        Buttons and what each does.
    stays : bool
        It is true as long as the desk runs, and cannot be closed.
    """

    def __init__(
        self,
        sentence: str,
        entries: Sequence[tuple[str, Callable[[], object]]] = (),
        *,
        stays: bool = False,
    ) -> None:
        super().__init__()
        self.stays = stays
        self.setObjectName("demoBand" if stays else "sentenceBand")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAND_PX)
        self.label = QLabel(sentence)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setMinimumWidth(1)
        self.label.setToolTip(sentence)
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 6, 2)
        row.addWidget(self.label, 1)
        for text, run in entries:
            button = QPushButton(text)
            button.clicked.connect(lambda _checked=False, do=run: do())
            self.buttons.append(button)
            row.addWidget(button)
        if not stays:
            close = QToolButton()
            close.setIcon(theme.icon("close"))
            close.setIconSize(QSize(14, 14))
            close.setAccessibleName("Close this message")
            close.clicked.connect(self.dismiss)
            row.addWidget(close)

    def dismiss(self) -> None:
        """Close it for good."""
        self.hide()
        self.deleteLater()

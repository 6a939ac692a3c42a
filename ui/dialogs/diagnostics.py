"""What a person can send when something is wrong: every fact of this run, and no key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ui import theme

PROMISE = "Keys are never part of it. Read it before you send it."
NAME_COLUMNS = 26


@dataclass(frozen=True, slots=True)
class Section:
    """Facts of one kind.

    Attributes
    ----------
    rows : sequence of (str, str)
        Name and value; an empty name is a line of its own.
    """

    title: str
    rows: Sequence[tuple[str, str]]


def report_text(sections: Sequence[Section]) -> str:
    """Return sections as plain text, the values of each in one column."""
    blocks = []
    for section in sections:
        lines = [section.title, "-" * len(section.title)]
        width = max([NAME_COLUMNS, *(len(name) for name, _ in section.rows)])
        for name, value in section.rows:
            lines.append(f"{name:<{width}}  {value}".rstrip() if name else value)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


class DiagnosticsWindow(QDialog):
    """Shows the report beside the desk; nothing is blocked.

    Parameters
    ----------
    gather : callable
        Makes the report, without keys; asked when the window is shown and by *Refresh*.
    """

    def __init__(self, gather: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("HeatDesk diagnostics")
        self.setModal(False)
        self.resize(820, 620)
        self._gather = gather
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(theme.mono_font())
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Report")
        words = QLabel(PROMISE)
        words.setProperty("quiet", True)
        self.copy_button = QPushButton("Copy report")
        self.copy_button.setDefault(True)
        self.copy_button.clicked.connect(self.copy)
        self.refresh_button = QPushButton("Refresh")
        self.refresh_button.clicked.connect(self.refresh)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addWidget(words, 1)
        for button in (self.refresh_button, self.copy_button, close):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.addWidget(self.text, 1)
        column.addLayout(row)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the present state."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Gather the facts again; the place read stays in view."""
        bar = self.text.verticalScrollBar()
        at = bar.value()
        self.text.setPlainText(self._gather())
        bar.setValue(at)

    def copy(self) -> None:
        """Put what is shown on the clipboard."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def show_text(self, title: str, text: str) -> None:
        """Show another report, such as that of a crash, in place of the present facts."""
        self._gather = lambda: text
        self.setWindowTitle(title)
        self.refresh_button.hide()
        self.show()

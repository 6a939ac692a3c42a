"""Settings > Data folder: where everything of the desk lies, and how to move it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ui import theme

CONTENT = (
    "It holds the settings, the workspaces, shortcuts, alerts and drawn lines, what has been"
    " spent of each provider's budget, and the logs. It holds no keys: those are in the"
    " operating system's keyring."
)
MOVING = (
    "To move it: close HeatDesk, move the folder, and name the new place in the environment"
    " variable HEATDESK_HOME. Without that HeatDesk begins a new folder at the usual place;"
    " keys stay where they are, and nothing in the old folder is changed or removed."
)
NOT_OPENED = "No program of this computer shows folders; the path can be copied."


def open_folder(folder: Path) -> bool:
    """Show a folder in the system's file manager; False where there is none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


class DataPage(QWidget):
    """The folder, shown, opened and copied.

    Parameters
    ----------
    told : bool
        Whether the environment names the folder.
    show_folder : callable
        Shows a folder; returns whether it could.
    """

    def __init__(
        self, home: Path, *, told: bool, show_folder: Callable[[Path], bool] = open_folder
    ) -> None:
        super().__init__()
        self.setObjectName("settingsBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._home, self._show_folder = home, show_folder
        title = QLabel("Data folder")
        title.setProperty("heading", True)
        self.path = QLineEdit(str(home))
        self.path.setReadOnly(True)
        self.path.setFont(theme.mono_font())
        self.path.setAccessibleName("Data folder")
        self.path.setCursorPosition(0)
        self.open = QPushButton("Open folder")
        self.open.clicked.connect(self._open)
        self.copy = QPushButton("Copy path")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(str(home)))
        self.words = _quiet("")
        self.words.hide()
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        for button in (self.open, self.copy):
            button.setAutoDefault(False)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 12, 18, 12)
        column.setSpacing(8)
        column.addWidget(title)
        column.addLayout(row)
        column.addWidget(self.words)
        source = "Named by HEATDESK_HOME." if told else "The usual place on this system."
        for text in (source, CONTENT, MOVING):
            column.addWidget(_quiet(text))
        column.addStretch(1)

    def _open(self) -> None:
        shown = self._show_folder(self._home)
        self.words.setText("" if shown else NOT_OPENED)
        self.words.setVisible(not shown)


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setProperty("quiet", True)
    return label

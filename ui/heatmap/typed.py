"""What letters and digits typed over a chart mean: letters name a symbol, digits an interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from ui import theme

if TYPE_CHECKING:
    from heatdesk.providers.base import Cost

_MOST_SHOWN = 200
_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


def take_typed(
    event: QKeyEvent, search_symbol: Callable[[str], None], search_interval: Callable[[str], None]
) -> bool:
    """Hand a typed letter or digit on; returns whether the key was one.

    Keys with Ctrl or Alt are commands and never text.
    """
    keypad = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
    text = event.text()
    if event.modifiers() & ~keypad or len(text) != 1:
        return False
    if text.isalpha():
        search_symbol(text)
    elif text.isdecimal():
        search_interval(text)
    else:
        return False
    event.accept()
    return True


class NameSearch(QFrame):
    """A line to type a name into and the names that fit; Enter takes the marked one.

    Parameters
    ----------
    matches : callable
        Names that fit a text, the best first.
    cost : callable
        What a name would cost; one that is refused cannot be taken.

    Signals
    -------
    taken : str
    """

    taken = Signal(str)

    def __init__(
        self,
        matches: Callable[[str], list[str]],
        cost: Callable[[str], Cost],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("problemCard")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._matches, self._cost = matches, cost
        self.line = QLineEdit()
        self.line.setAccessibleName("Symbol or coin")
        self.names = QStringListModel(self)
        self.list = QListView()
        self.list.setModel(self.names)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFixedHeight(150)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setFont(theme.font(theme.SMALL_PX))
        self.setFixedWidth(200)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        for widget in (self.line, self.list, self.told):
            column.addWidget(widget)
        self.line.textEdited.connect(self._show_matches)
        self.line.returnPressed.connect(self._take)
        self.line.installEventFilter(self)
        self.list.clicked.connect(lambda _: self._take())

    def open_at(self, at: QPoint, text: str) -> None:
        """Show below a point of the screen with a text already typed."""
        self.line.setText(text)
        self._show_matches(text)
        self.adjustSize()
        self.move(at)
        self.show()
        self.line.setFocus()
        self.line.setCursorPosition(len(text))

    @property
    def marked(self) -> str:
        """Name that Enter takes; empty when none fits."""
        index = self.list.currentIndex()
        return str(index.data()) if index.isValid() else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move through the names while the line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            move = _MOVES.get(Qt.Key(event.key()))
            if move is not None:
                row = self.list.currentIndex().row() + move
                self._mark(max(0, min(self.names.rowCount() - 1, row)))
                return True
        return bool(super().eventFilter(watched, event))

    def _show_matches(self, text: str) -> None:
        self.names.setStringList(self._matches(text)[:_MOST_SHOWN])
        self._mark(0)

    def _mark(self, row: int) -> None:
        self.list.setCurrentIndex(self.names.index(row))
        cost = self._cost(self.marked) if self.marked else None
        self.told.setText((cost.refused or cost.text) if cost is not None else "")

    def _take(self) -> None:
        name = self.marked
        if name and not self._cost(name).refused:
            self.close()
            self.taken.emit(name)

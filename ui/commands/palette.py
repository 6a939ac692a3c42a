"""The palette: a line to type into, and every command that fits, run with Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from heatdesk.views.fuzzy import Match, fuzzy_order
from ui import theme
from ui.commands.command import Command
from ui.commands.table import CommandTable

WIDTH_PX, ROW_PX, MOST_ROWS = 560, 28, 12
ITSELF = "help.palette"
"""The command that opens it: there is nothing to find it for."""
_MOVES = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -MOST_ROWS,
    Qt.Key.Key_PageDown: MOST_ROWS,
}
_ROLE = Qt.ItemDataRole.UserRole
_NOWHERE = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class PaletteModel(QAbstractListModel):
    """The commands that fit what was typed, the best first."""

    def __init__(self, table: CommandTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._rows: list[tuple[Command, Match, bool]] = []

    def search(self, text: str) -> None:
        """Show what fits; with nothing typed what was run last, then the rest."""
        recent = {id_: place for place, id_ in enumerate(self._table.recent())}
        listed = [one for one in self._table.all() if one.listed and one.id != ITSELF]
        if not text.strip():
            listed.sort(key=lambda one: recent.get(one.id, len(recent)))
        names = [f"{one.group}: {one.title}" for one in listed]
        # asked once: nothing that may fail is left to painting
        found = [
            (listed[place], match, listed[place].can_run)
            for place, match in fuzzy_order(text, names)
        ]
        self.beginResetModel()
        # what cannot be done now stays findable, below what can
        self._rows = [row for row in found if row[2]]
        self._rows += [row for row in found if not row[2]]
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Number of commands that fit."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a row, for the eye and for a screen reader."""
        if not index.isValid():
            return None
        command, match, can = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{command.group}: {command.title}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            keys = self._table.key_text(command.id)
            return ", ".join(part for part in (command.title, command.group, keys) if part)
        return (command, match, can) if role == _ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What cannot be done now cannot be chosen."""
        flags = super().flags(index)
        if index.isValid() and not self._rows[index.row()][2]:
            flags &= ~Qt.ItemFlag.ItemIsEnabled
        return flags

    def commands(self) -> Sequence[Command]:
        """The commands that fit, in order."""
        return [command for command, _, _ in self._rows]


class _RowPainter(QStyledItemDelegate):
    def __init__(self, table: CommandTable, parent: QObject) -> None:
        super().__init__(parent)
        self._table = table

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(WIDTH_PX, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(_ROLE)
        if found is None:
            return
        command, match, can = found
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(theme.Palette.ACCENT_DIM))
        place = rect.adjusted(14, 0, -14, 0)
        keys = self._table.key_text(command.id)
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(QColor(theme.Palette.TEXT_DIM))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | middle, keys)
        room = QFontMetrics(painter.font()).horizontalAdvance(keys) + 16
        words = place.adjusted(0, 0, -room, 0)
        ink = theme.Palette.TEXT if can else theme.Palette.TEXT_FAINT
        _draw_words(painter, words, command, match, ink)
        painter.restore()


def _draw_words(painter: QPainter, place: QRect, command: Command, match: Match, ink: str) -> None:
    """Draw a name letter run by letter run: the group dim, what was meant in the accent."""
    text = f"{command.group}: {command.title}"
    meant = set(match.places)
    begins = len(command.group) + 2
    x, start = place.left(), 0
    painter.setClipRect(place)

    def kind(at: int) -> tuple[str, bool]:
        if at in meant:
            return theme.Palette.ACCENT, True
        return (theme.Palette.TEXT_FAINT if at < begins else ink), False

    while start < len(text):
        end = start + 1
        while end < len(text) and kind(end) == kind(start):
            end += 1
        colour, bold = kind(start)
        painter.setFont(theme.font(theme.TEXT_PX, bold=bold))
        painter.setPen(QColor(colour))
        part = text[start:end]
        width = painter.fontMetrics().horizontalAdvance(part)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(x, place.top(), width + 4, place.height()), left, part)
        x, start = x + width, end


class CommandPalette(QFrame):
    """Finds a command by a few letters and runs it.

    It is built once and shown again, so that it opens at once.

    Parameters
    ----------
    table : CommandTable
    """

    def __init__(self, table: CommandTable, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("commandPalette")
        self.setAccessibleName("Commands")
        self._table = table
        self.model = PaletteModel(table, self)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type a few letters of a command")
        self.line.setAccessibleName("Search commands")
        self.list = QListView()
        self.list.setAccessibleName("Commands that fit")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_RowPainter(table, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = QLabel("No command is called so.")
        self.nothing.setProperty("quiet", True)
        self.nothing.setContentsMargins(14, 6, 14, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for widget in (self.line, self.list, self.nothing):
            column.addWidget(widget)
        self.setFixedWidth(WIDTH_PX)
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.list.clicked.connect(lambda _: self._take())

    def open_over(self, window: QWidget) -> None:
        """Show at the top of a window, with nothing typed."""
        self.line.blockSignals(True)
        self.line.clear()
        self.line.blockSignals(False)
        self._search("")
        width = min(WIDTH_PX, window.width() - 16)
        self.setFixedWidth(max(240, width))
        top = window.mapToGlobal(QPoint((window.width() - self.width()) // 2, 0))
        self.move(top + QPoint(0, min(72, max(8, window.height() // 8))))
        self.show()
        self.line.setFocus()

    @property
    def marked(self) -> Command | None:
        """Command that Enter runs."""
        found = self.list.currentIndex().data(_ROLE)
        return None if found is None else found[0]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move through the commands and Enter runs one while the line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in _MOVES:
                self._mark(self.list.currentIndex().row() + _MOVES[key])
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._take()
                return True
        return bool(super().eventFilter(watched, event))

    def _search(self, text: str) -> None:
        self.model.search(text)
        rows = self.model.rowCount()
        self.list.setFixedHeight(ROW_PX * min(MOST_ROWS, rows))
        self.list.setVisible(rows > 0)
        self.nothing.setVisible(rows == 0)
        self._mark(0)
        self.adjustSize()

    def _mark(self, row: int) -> None:
        rows = self.model.rowCount()
        self.list.setCurrentIndex(self.model.index(max(0, min(rows - 1, row))))

    def _take(self) -> None:
        command = self.marked
        if command is not None and command.can_run:
            self.close()
            self._table.run(command.id)

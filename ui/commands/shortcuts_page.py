"""The page on which every command can be given other keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from heatdesk.views.fuzzy import fuzzy_order
from ui import theme
from ui.commands.cheat_sheet import native
from ui.commands.command import Command
from ui.commands.table import CommandTable, clash

COLUMNS = ("Command", "Group", "Keys", "Usual keys")
_ID = Qt.ItemDataRole.UserRole


class ShortcutsPage(QWidget):
    """Every command with its keys; choose one and press the keys it is to have.

    A key that another command has is not taken silently: the page names that command and offers
    to take the key from it.

    Parameters
    ----------
    table : CommandTable
    """

    def __init__(self, table: CommandTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsBody")
        self._table = table
        self._wanted = ""
        self._build_list()
        self._build_editor()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addLayout(self._editor_row())
        column.addWidget(self.words)
        table.changed.connect(self.fill)
        self.fill()

    @property
    def chosen(self) -> Command | None:
        """The command whose keys are edited."""
        item = self.list.item(self.list.currentRow(), 0)
        id_ = "" if item is None else str(item.data(_ID))
        return self._table.command(id_) if id_ in self._table else None

    def fill(self) -> None:
        """List the commands that fit the search."""
        chosen = self.chosen
        text = self.search.text().strip()
        clashing = {one.id for _, held in self._table.all_conflicts() for one in held}
        every = self._table.all()
        names = [f"{one.title} {self._keys(one)} {one.group}" for one in every]
        rows = [every[place] for place, _ in fuzzy_order(text, names)]
        self.list.setRowCount(len(rows))
        for row, command in enumerate(rows):
            self._show_row(row, command, clashes=command.id in clashing)
        places = {command.id: row for row, command in enumerate(rows)}
        row = places.get(chosen.id, 0) if chosen is not None else 0
        self.list.setCurrentCell(row if rows else -1, 0)
        self._show_chosen()

    def _build_list(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search a command or a key")
        self.search.setAccessibleName("Search a command or a key")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self.fill())
        self.list = QTableWidget(0, len(COLUMNS))
        self.list.setAccessibleName("Commands and their keys")
        self.list.setHorizontalHeaderLabels(list(COLUMNS))
        self.list.verticalHeader().hide()
        self.list.verticalHeader().setDefaultSectionSize(22)
        self.list.setShowGrid(False)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTabKeyNavigation(False)
        header = self.list.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.list.currentCellChanged.connect(lambda *_: self._show_chosen())

    def _build_editor(self) -> None:
        self.keys = QKeySequenceEdit()
        self.keys.setAccessibleName("Keys of the chosen command")
        self.keys.setMaximumSequenceLength(2)
        self.keys.setClearButtonEnabled(True)
        self.keys.editingFinished.connect(self._edited)
        self.take = QPushButton("Take it")
        self.take.clicked.connect(self._take)
        self.take.hide()
        self.none = QPushButton("No key")
        self.none.clicked.connect(lambda: self._bind(()))
        self.usual = QPushButton("Usual key")
        self.usual.clicked.connect(self._reset)
        self.all_usual = QPushButton("All usual keys")
        self.all_usual.clicked.connect(lambda: self._table.reset())
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setProperty("quiet", True)

    def _editor_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = QLabel("Press the keys:")
        label.setBuddy(self.keys)
        row.addWidget(label)
        row.addWidget(self.keys, 1)
        for button in (self.take, self.none, self.usual, self.all_usual):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    def _show_row(self, row: int, command: Command, *, clashes: bool) -> None:
        usual = " or ".join(native(key) for key in command.keys)
        own = not self._table.is_usual(command.id)
        for column, text in enumerate((command.title, command.group, self._keys(command), usual)):
            item = QTableWidgetItem(text)
            item.setData(_ID, command.id)
            if column == 2 and clashes:
                item.setForeground(QColor(theme.Palette.WARN))
                item.setToolTip("Another command has this key as well: neither of them answers")
            elif column == 2 and own:
                item.setForeground(QColor(theme.Palette.ACCENT))
            elif column:
                item.setForeground(QColor(theme.Palette.TEXT_DIM))
            self.list.setItem(row, column, item)

    def _show_chosen(self) -> None:
        command = self.chosen
        self.take.hide()
        self.words.clear()
        for widget in (self.keys, self.none, self.usual):
            widget.setEnabled(command is not None)
        keys = self._table.keys(command.id) if command is not None else ()
        self.keys.setKeySequence(QKeySequence(keys[0] if keys else ""))
        if command is not None:
            self.usual.setEnabled(not self._table.is_usual(command.id))
            self._tell_conflicts(command, keys)

    def _tell_conflicts(self, command: Command, keys: tuple[str, ...]) -> None:
        for key in keys:
            others = self._table.conflicts(key, but=command.id)
            if others:
                names = ", ".join(f"“{one.title}”" for one in others)
                self.words.setText(f"{native(key)} is also the key of {names}.")

    def _edited(self) -> None:
        command = self.chosen
        wanted = self.keys.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if command is None or not wanted or wanted in self._table.keys(command.id):
            return
        if refusal := self._table.refusal(wanted, command.id):
            self.words.setText(refusal)
            return
        others = self._table.conflicts(wanted, but=command.id)
        if not others:
            self._bind((wanted,))
            return
        self._wanted = wanted
        names = ", ".join(f"“{one.title}”" for one in others)
        self.words.setText(
            f"{native(wanted)} is the key of {names}. “Take it” gives it to “{command.title}”"
            " and leaves the other without."
        )
        self.take.show()

    def _take(self) -> None:
        command, wanted = self.chosen, self._wanted
        if command is None:
            return
        for other in self._table.conflicts(wanted, but=command.id):
            left = tuple(key for key in self._table.keys(other.id) if not clash(key, wanted))
            self._table.bind(other.id, left)
        self._bind((wanted,))

    def _bind(self, keys: tuple[str, ...]) -> None:
        if (command := self.chosen) is not None:
            self._table.bind(command.id, keys)

    def _reset(self) -> None:
        if (command := self.chosen) is not None:
            self._table.reset(command.id)

    def _keys(self, command: Command) -> str:
        return " or ".join(native(key) for key in self._table.keys(command.id))

"""The cheat sheet: every key of the desk and what the mouse does, on one sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.commands.table import CommandTable

MOST_COLUMNS = 4
BESIDE_PX, AROUND_PX = 20, (64, 90)
"""Least distance from the edges of the window; what stands around the columns of the sheet."""

GESTURES: tuple[tuple[str, str], ...] = (
    ("Wheel", "Zoom time at the cursor"),
    ("Ctrl + wheel", "Zoom price at the cursor"),
    ("Drag the plot", "Move it; it stops following"),
    ("Drag an axis", "Stretch time or price"),
    ("Shift + drag", "Measure price, % and time"),
    ("Double-click", "Reset the view, or the axis"),
    ("Hold Alt", "Magnify the cells at the cursor"),
    ("Right-click", "What can be done with the thing there"),
    ("Drag the legend", "Set the contrast"),
    ("Letters", "Search a symbol for the panel and its link"),
    ("Digits", "Interval, size or timeframe of the panel"),
)
"""What the hand does on a chart: gesture, meaning."""


class CheatSheet(QFrame):
    """Groups of commands with their keys in columns; any key or click outside closes it."""

    def __init__(self, table: CommandTable, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("cheatSheet")
        self.setAccessibleName("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 16, 22, 16)
        title = QLabel("Keys")
        title.setFont(theme.font(15, bold=True))
        hint = QLabel("Ctrl+K finds and runs any command; Settings > Shortcuts binds other keys")
        hint.setProperty("quiet", True)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(hint)
        column.addLayout(head)
        column.addSpacing(8)
        self.groups = groups_of(table)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setObjectName("cheatSheetBody")
        self._scroll.setAccessibleName("Keys by group")
        column.addWidget(self._scroll)

    def open_over(self, window: QWidget) -> None:
        """Show in the middle of a window, as large as it needs and may."""
        room = window.width() - 2 * BESIDE_PX
        need = self._fill(room - AROUND_PX[0])
        width = min(room, need.width() + AROUND_PX[0])
        height = min(window.height() - 2 * BESIDE_PX, need.height() + AROUND_PX[1])
        self.resize(width, height)
        middle = window.mapToGlobal(window.rect().center())
        self.move(middle.x() - width // 2, middle.y() - height // 2)
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Any key closes it; the scrolling ones scroll."""
        bar = self._scroll.verticalScrollBar()
        steps = {
            Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_Up: -bar.singleStep(),
            Qt.Key.Key_PageDown: bar.pageStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            bar.setValue(bar.value() + step)
        elif event.key() not in {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt}:
            self.close()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click closes it."""
        self.close()
        event.accept()

    def _fill(self, room_px: int) -> QSize:
        """Put the groups into as many columns as nothing is cut in; return what they need."""
        for columns in range(MOST_COLUMNS, 0, -1):
            body = QWidget()
            row = QHBoxLayout(body)
            row.setContentsMargins(0, 0, 8, 0)
            row.setSpacing(32)
            for part in _in_columns(self.groups, columns):
                row.addLayout(self._column(part))
            self._scroll.setWidget(body)
            body.ensurePolished()
            if body.sizeHint().width() <= room_px:
                break
        return body.sizeHint()

    def _column(self, groups: Sequence[tuple[str, list[tuple[str, str]]]]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(12)
        for name, rows in groups:
            grid = QGridLayout()
            grid.setHorizontalSpacing(14)
            grid.setVerticalSpacing(3)
            heading = QLabel(name)
            heading.setProperty("heading", True)
            grid.addWidget(heading, 0, 0, 1, 2)
            for number, (key, meaning) in enumerate(rows, start=1):
                cap = QLabel(key)
                cap.setFont(theme.font(theme.SMALL_PX, bold=True))
                cap.setMinimumWidth(96)
                words = QLabel(meaning)
                words.setFont(theme.font(theme.TEXT_PX))
                words.setProperty("quiet", True)
                grid.addWidget(cap, number, 0)
                grid.addWidget(words, number, 1)
            grid.setColumnStretch(1, 1)
            column.addLayout(grid)
        column.addStretch(1)
        return column


def groups_of(table: CommandTable) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return every group with its keys and what they do, in the order of the commands."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for command in table.all():
        keys = " or ".join(native(key) for key in table.keys(command.id))
        if keys and command.listed:
            groups.setdefault(command.group, []).append((keys, command.title))
    return [*groups.items(), ("Mouse and typing", list(GESTURES))]


def native(key: str) -> str:
    """A key as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def _in_columns(
    groups: Sequence[tuple[str, list[tuple[str, str]]]], columns: int
) -> list[list[tuple[str, list[tuple[str, str]]]]]:
    """Deal groups out to columns, in order, so that the highest is as low as can be."""
    heights = [len(rows) + 2 for _, rows in groups]
    limit = max([*heights, 1])
    while len(dealt := _filled(groups, limit)) > columns:
        limit += 1
    return dealt


def _filled(
    groups: Sequence[tuple[str, list[tuple[str, str]]]], limit: int
) -> list[list[tuple[str, list[tuple[str, str]]]]]:
    """Fill columns up to a height, in lines."""
    dealt: list[list[tuple[str, list[tuple[str, str]]]]] = [[]]
    height = 0
    for name, rows in groups:
        if dealt[-1] and height + len(rows) + 2 > limit:
            dealt.append([])
            height = 0
        dealt[-1].append((name, rows))
        height += len(rows) + 2
    return dealt

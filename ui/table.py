"""A sortable table of figures: numbers sort as numbers, right-aligned, unknown ones last."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from heatdesk.units import plain_figures
from heatdesk.views.palettes import CHANGE
from ui.theme import colour, font, lean_colour

Value = str | int | float
Index = QModelIndex | QPersistentModelIndex

WIDEST_PX, LONG_WORDS = 280, 30
"""No column is made wider for its words; longer ones are told in full by a tooltip."""

Words = Callable[[Value], str]
Tint = Callable[[Value], str | None]


def no_tint(value: Value) -> str | None:
    """Ordinary text colour."""
    return None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures or words.

    Attributes
    ----------
    title : str
        Heading, with its unit.
    values : sequence
        One value a row; NaN is unknown and shown empty.
    words : callable
        Value to text on screen.
    tint : callable
        Value to a colour, None for the ordinary one.
    key : str
        Heading in a CSV file; empty: the title.
    """

    title: str
    values: Sequence[Value] = field(repr=False)
    words: Words = str
    tint: Tint = no_tint
    key: str = ""

    def texts(self) -> list[str]:
        """Every value as it is on screen."""
        return ["" if _unknown(value) else self.words(value) for value in self.values]


def _unknown(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def columns_csv(columns: Sequence[Column], rows: Iterable[int]) -> str:
    """Rows of columns as CSV, every digit kept, unknown values empty."""
    out = io.StringIO()
    import csv  # late: only a copy needs it

    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key or column.title for column in columns])
    for row in rows:
        values = [column.values[row] for column in columns]
        writer.writerow(["" if _unknown(value) else value for value in values])
    return out.getvalue()


class FigureModel(QAbstractTableModel):
    """Columns of values behind a `FigureTable`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[Column, ...] = ()
        self._order: list[int] = []
        self._sorted_by: tuple[int, Qt.SortOrder] | None = None

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other values; the sorting the user chose stays."""
        same_shape = [c.title for c in columns] == [c.title for c in self._columns]
        rows = len(columns[0].values) if columns else 0
        if same_shape and rows == len(self._order):
            self._columns = tuple(columns)
            self._resort()
            if rows:
                last = self.index(rows - 1, len(columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._columns = tuple(columns)
        self._order = list(range(rows))
        if not same_shape:
            self._sorted_by = None
        self._resort()
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Rows of values."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: Index | None = None) -> int:
        """Columns of values."""
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def value(self, row: int, column: int) -> Value:
        """Value at a place on screen."""
        return self._columns[column].values[self._order[row]]

    def source_row(self, row: int) -> int:
        """Row of the values given that is shown at a row on screen."""
        return self._order[row]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, alignment and colour of a place."""
        if not index.isValid():
            return None
        column = self._columns[index.column()]
        value = self.value(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if _unknown(value) else column.words(value)
        if role == Qt.ItemDataRole.ToolTipRole:
            return value if isinstance(value, str) and len(value) > LONG_WORDS else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(value)
        if role == Qt.ItemDataRole.ForegroundRole and not _unknown(value):
            tint = column.tint(value)
            return colour(tint) if tint else None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Heading and its alignment."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            values = self._columns[section].values
            return _alignment(values[0] if len(values) else "")
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; unknown values come last in both directions."""
        if not 0 <= column < len(self._columns):
            return
        self.layoutAboutToBeChanged.emit()
        self._sorted_by = (column, order)
        self._resort()
        self.layoutChanged.emit()

    def unsort(self) -> None:
        """Show the rows in the order they were handed over."""
        self.layoutAboutToBeChanged.emit()
        self._sorted_by = None
        self._order.sort()
        self.layoutChanged.emit()

    def csv(self) -> str:
        """Everything shown, in the order shown, numbers in full."""
        return columns_csv(self._columns, self._order)

    def _resort(self) -> None:
        if self._sorted_by is None:
            return
        column, order = self._sorted_by
        values = self._columns[column].values
        known = [row for row in range(len(values)) if not _unknown(values[row])]
        unknown = [row for row in range(len(values)) if _unknown(values[row])]
        known.sort(
            key=lambda row: _sort_key(values[row]), reverse=order == Qt.SortOrder.DescendingOrder
        )
        self._order = known + unknown


def _sort_key(value: Value) -> tuple[float, str]:
    return (0.0, value.lower()) if isinstance(value, str) else (float(value), "")


def _alignment(value: Value) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if isinstance(value, str) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


class FigureTable(QTableView):
    """The table itself: dense rows, no grid, the first column of words, copy with Ctrl+C.

    Signals
    -------
    picked : a row was clicked, or Enter pressed on it; its number among the values handed over.
    """

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures = FigureModel(self)
        self.setModel(self.figures)
        self.setFont(font(tabular=True))
        self.setShowGrid(False)
        self.setStyleSheet("QTableView::item { padding: 0 5px; border: none; }")
        self.setWordWrap(False)
        self.setAlternatingRowColors(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        heading = self.horizontalHeader()
        heading.setHighlightSections(False)
        heading.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        heading.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        heading.setSortIndicatorClearable(False)
        self.setSortingEnabled(True)
        self._fitted = self._spreading = self._by_hand = False
        self._lengths: list[int] = []
        heading.sectionResized.connect(self._resized)
        self.clicked.connect(lambda index: self.picked.emit(self.figures.source_row(index.row())))

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other values; widths are fitted once, then belong to the user."""
        self.figures.set_columns(columns)
        if self.isVisible():
            self._fit_once()

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the widths: measuring takes long, and one that nobody looks at is not measured."""
        super().showEvent(event)
        self._fit_once()

    def unsort(self) -> None:
        """Show the rows in the order they were handed over, until a heading is clicked again."""
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        self.figures.unsort()

    def mark_row(self, row: int) -> None:
        """Select one row on screen alone, whatever keys are held down."""
        flags = QItemSelectionModel.SelectionFlag
        index = self.figures.index(row, max(0, self.currentIndex().column()))
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def show_grown(self, columns: Sequence[Column]) -> None:
        """Show other values, and widen the columns where longer ones came; shorter move nothing."""
        self.set_columns(columns)
        lengths = [max(map(len, column.texts()), default=0) for column in columns]
        pairs = list(zip_longest(lengths, self._lengths, fillvalue=0))
        if any(now > before for now, before in pairs):
            self._lengths = [max(pair) for pair in pairs]
            self.refit()

    def refit(self) -> None:
        """Fit the widths again, as long as the user has not set them: figures grew."""
        if self._fitted and not self._by_hand:
            self._spread()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the width, as long as the user has not set it."""
        super().resizeEvent(event)
        self.refit()

    def _fit_once(self) -> None:
        if not self._fitted and self.figures.rowCount():
            self._spread()
            self._fitted = True

    def _spread(self) -> None:
        """Share the width among the columns, none narrower than its contents, long words apart."""
        heading = self.horizontalHeader()
        least = [
            max(min(self.sizeHintForColumn(i) + 8, WIDEST_PX), heading.sectionSizeHint(i))
            for i in range(heading.count())
        ]
        spare = max(0, self.viewport().width() - sum(least))
        self._spreading = True
        for i, width in enumerate(least):
            heading.resizeSection(i, width + spare // max(1, len(least)))
        self._spreading = False

    def _resized(self) -> None:
        if not self._spreading and self._fitted:
            self._by_hand = True

    def add_copy_actions(self, menu: QMenu, place: QPoint) -> None:
        """Put copying of the value under a point and of the selected rows on a menu."""
        index = self.indexAt(place)
        if index.isValid():
            value = self.figures.value(index.row(), index.column())
            menu.addAction("Copy value").triggered.connect(
                lambda: QGuiApplication.clipboard().setText("" if _unknown(value) else str(value))
            )
            if not self.selectionModel().isRowSelected(index.row()):
                self.selectRow(index.row())
            several = len(self.selectionModel().selectedRows()) > 1
            menu.addAction("Copy rows" if several else "Copy row").triggered.connect(self.copy_rows)

    def copy_rows(self) -> None:
        """Copy the selected rows as shown, tab-separated."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        with plain_figures():
            lines = [
                "\t".join(
                    str(self.figures.data(self.figures.index(row, column)))
                    for column in range(self.figures.columnCount())
                )
                for row in rows
            ]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the selected rows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
            event.accept()
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.picked.emit(self.figures.source_row(self.currentIndex().row()))
            event.accept()
            return
        super().keyPressEvent(event)


def lean_tint(value: Value) -> str | None:
    """Warm above zero, cool below, ordinary at zero; green and red are kept for trades."""
    if isinstance(value, str) or value == 0:
        return None
    return lean_colour(0.9 if value > 0 else 0.1, CHANGE).name()

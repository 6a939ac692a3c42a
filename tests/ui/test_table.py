"""The table of figures: order, words, copying."""

from __future__ import annotations

import csv
import io
import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from ui.table import WIDEST_PX, Column, FigureTable, lean_tint

NAN = math.nan
DESCENDING, ASCENDING = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder


def columns(prices: list[float] | None = None) -> list[Column]:
    return [
        Column("Name", ["beta", "Alpha", "gamma", "delta"]),
        Column("Price", prices or [9.0, NAN, 10.0, 0.1 + 0.2], lambda v: f"${v:.1f}", key="price"),
        Column("Count", [3, 2, 1, 0], tint=lean_tint),
    ]


@pytest.fixture
def table(qtbot: QtBot) -> FigureTable:
    table = FigureTable()
    qtbot.addWidget(table)
    table.resize(400, 200)
    table.set_columns(columns())
    return table


def _shown(table: FigureTable, column: int) -> list[object]:
    model = table.figures
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def test_figures_sort_as_figures_and_unknown_ones_come_last_both_ways(table: FigureTable) -> None:
    table.sortByColumn(1, DESCENDING)
    assert _shown(table, 1) == ["$10.0", "$9.0", "$0.3", ""]
    table.sortByColumn(1, ASCENDING)
    assert _shown(table, 1) == ["$0.3", "$9.0", "$10.0", ""]
    table.sortByColumn(0, ASCENDING)
    assert _shown(table, 0) == ["Alpha", "beta", "delta", "gamma"], "words in any case"


def test_new_figures_keep_the_order_the_user_chose(table: FigureTable) -> None:
    table.sortByColumn(1, DESCENDING)
    table.set_columns(columns([1.0, 2.0, 3.0, 4.0]))
    assert _shown(table, 1) == ["$4.0", "$3.0", "$2.0", "$1.0"]
    assert _shown(table, 0) == ["delta", "gamma", "Alpha", "beta"]


def test_figures_stand_right_with_digits_of_one_width(table: FigureTable) -> None:
    model = table.figures

    def side(row: int, column: int) -> Qt.AlignmentFlag:
        flags = model.data(model.index(row, column), Qt.ItemDataRole.TextAlignmentRole)
        assert isinstance(flags, Qt.AlignmentFlag)
        return flags & Qt.AlignmentFlag.AlignHorizontal_Mask

    assert side(0, 0) == Qt.AlignmentFlag.AlignLeft
    assert {side(row, column) for row in range(4) for column in (1, 2)} == {
        Qt.AlignmentFlag.AlignRight
    }
    metrics = table.fontMetrics()
    assert len({metrics.horizontalAdvance(digit * 8) for digit in "0123456789"}) == 1


def test_the_file_is_in_the_order_shown_with_every_digit(table: FigureTable) -> None:
    table.sortByColumn(2, ASCENDING)
    rows = list(csv.reader(io.StringIO(table.figures.csv())))
    assert rows[0] == ["Name", "price", "Count"]
    assert rows[1] == ["delta", repr(0.1 + 0.2), "0"]
    assert rows[3] == ["Alpha", "", "2"]


def test_the_menu_copies_the_value_and_the_row_under_the_mouse(table: FigureTable) -> None:
    place = table.visualRect(table.figures.index(3, 1)).center()
    menu, copied = QMenu(), {}
    table.add_copy_actions(menu, place)
    for action in menu.actions():
        action.trigger()
        copied[action.text()] = QGuiApplication.clipboard().text()
    assert copied == {"Copy value": repr(0.1 + 0.2), "Copy row": "delta\t$0.3\t0"}
    empty = QMenu()
    table.add_copy_actions(empty, QPoint(5, 5000))
    assert empty.isEmpty()


def test_ctrl_c_copies_the_selected_rows(table: FigureTable) -> None:
    table.selectAll()
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines == ["beta\t$9.0\t3", "Alpha\t\t2", "gamma\t$10.0\t1", "delta\t$0.3\t0"]


def test_columns_share_the_width_until_the_user_sets_one(table: FigureTable, qtbot: QtBot) -> None:
    table.show()
    heading = table.horizontalHeader()
    table.resize(700, 200)
    assert heading.length() == pytest.approx(table.viewport().width(), abs=4)
    heading.resizeSection(0, 50)
    table.resize(900, 200)
    assert heading.sectionSize(0) == 50


def test_long_words_leave_room_for_the_other_columns_and_are_told_by_a_tooltip(
    qtbot: QtBot,
) -> None:
    table, long = FigureTable(), "waiting for live data since noon: " + "no such provider " * 9
    qtbot.addWidget(table)
    table.resize(500, 200)
    table.show()
    table.set_columns([Column("Alert", ["short"]), Column("State", [long]), Column("Now", [1.0])])
    assert table.horizontalHeader().sectionSize(1) <= WIDEST_PX + 100
    tip = Qt.ItemDataRole.ToolTipRole
    assert table.figures.data(table.figures.index(0, 1), tip) == long
    assert table.figures.data(table.figures.index(0, 0), tip) is None


def test_columns_widen_for_longer_figures_and_never_against_the_user(qtbot: QtBot) -> None:
    table = FigureTable()
    qtbot.addWidget(table)
    table.resize(120, 200)
    table.show()
    heading = table.horizontalHeader()
    for words in ("1", "1,234,567.89", "2"):
        table.show_grown([Column("Name", ["a"]), Column("Last", [words])])
    grown = heading.sectionSize(1)
    assert grown >= table.fontMetrics().horizontalAdvance("1,234,567.89")
    heading.resizeSection(1, 40)
    table.show_grown([Column("Name", ["a"]), Column("Last", ["1,234,567,890.12"])])
    assert heading.sectionSize(1) == 40


def test_a_row_that_is_marked_is_the_only_one_whatever_keys_are_held(
    table: FigureTable, qtbot: QtBot
) -> None:
    table.show()
    qtbot.waitExposed(table)
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyPress(table.windowHandle(), Qt.Key.Key_Control, held)
    assert QGuiApplication.keyboardModifiers() == held
    for row in (0, 2, 1):
        table.mark_row(row)
        assert [one.row() for one in table.selectionModel().selectedRows()] == [row]
        assert table.currentIndex().row() == row
    QTest.keyRelease(table.windowHandle(), Qt.Key.Key_Control)


def test_an_empty_table_is_no_trouble(table: FigureTable) -> None:
    table.set_columns([])
    assert table.figures.rowCount() == 0
    assert table.figures.csv() == "\n"
    table.set_columns([Column("Name", [])])
    table.sortByColumn(0, ASCENDING)
    assert _shown(table, 0) == []


def test_green_and_red_are_not_used_for_leaning() -> None:
    assert lean_tint(0.0) is None
    warm, cool = lean_tint(1.0), lean_tint(-1.0)
    assert warm is not None
    assert cool is not None
    assert int(warm[1:3], 16) > int(warm[5:7], 16) + 60
    assert int(cool[5:7], 16) > int(cool[1:3], 16) + 60

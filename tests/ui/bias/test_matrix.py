"""The coin by cohort matrix: what its colours, notches and hatching say."""

from __future__ import annotations

import logging

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from heatdesk.analytics.cohorts import CohortMatrix, compute_matrix
from heatdesk.providers.hypertracker import parse_cohorts
from heatdesk.views.cohort_matrix import colour_position
from heatdesk.views.leaning import lean_rgb
from tests.servers.hypertracker import coin_row, generated_heatmap, segment_row
from tests.ui.panels.invented import click, move, picture_of, wheel
from ui.bias.matrix import BiasMatrix, Cell
from ui.bias.paint import fit_faces

SIZES = ((768, 270), (1280, 640), (1920, 1000), (3840, 2080))


def matrix_of(*cells: tuple[int, float, float, int, int]) -> CohortMatrix:
    """One coin whose segments have (id, long, short, longs, shorts)."""
    rows = [segment_row(i, "BTC", *figures) for i, *figures in cells]
    payload = {"heatmap": [coin_row("BTC", rows)]}
    return compute_matrix(parse_cohorts(payload, "all", 0))


def crowd(coins: int = 20) -> CohortMatrix:
    payload = generated_heatmap(coins=coins, with_oddities=coins > 20)
    return compute_matrix(parse_cohorts(payload, "all", 0))


@pytest.fixture
def widget(qtbot: QtBot) -> BiasMatrix:
    widget = BiasMatrix()
    qtbot.addWidget(widget)
    widget.resize(768, 270)
    widget.show()
    return widget


def _ground(widget: BiasMatrix, column: int, row: int = 0) -> QColor:
    """Colour of a cell beside its words, near the lower left corner."""
    layout = widget.geometry_now
    assert layout is not None
    centre = widget.cell_centre(row, column)
    corner = centre + QPoint(-round(layout.column_width / 2) + 3, round(layout.row_height / 2) - 3)
    return picture_of(widget.viewport()).pixelColor(corner)


def _region(image: QImage, widget: BiasMatrix, column: int) -> set[int]:
    layout = widget.geometry_now
    assert layout is not None
    left, top = round(layout.column_x[column]) + 2, round(layout.row_y(0)) + 2
    wide, high = int(layout.column_width) - 4, int(layout.row_height) - 4
    return {image.pixel(x, y) for x in range(left, left + wide) for y in range(top, top + high)}


def test_warm_leans_long_cool_leans_short_and_dark_is_even(widget: BiasMatrix) -> None:
    widget.set_matrix(
        matrix_of((1, 90.0, 10.0, 60, 40), (2, 10.0, 90.0, 40, 60), (3, 50.0, 50.0, 50, 50))
    )
    for column, bias in enumerate((0.9, 0.1, 0.5)):
        shade = _ground(widget, column)
        assert (shade.red(), shade.green(), shade.blue()) == lean_rgb(colour_position(bias))
    long, short, even = (_ground(widget, column) for column in range(3))
    assert long.red() > long.blue()
    assert short.blue() > short.red()
    assert even.lightness() < min(long.lightness(), short.lightness())


def test_a_notch_of_the_heads_colour_marks_where_they_lean_the_other_way(
    widget: BiasMatrix,
) -> None:
    widget.set_matrix(matrix_of((1, 80.0, 20.0, 20, 80), (2, 80.0, 20.0, 80, 20)))
    image = picture_of(widget.viewport())
    cool = QColor(*lean_rgb(0.0)).rgb()
    assert cool in _region(image, widget, 0)
    assert cool not in _region(image, widget, 1)


def test_a_cell_of_few_positions_is_hatched_and_one_without_value_is_empty(
    widget: BiasMatrix,
) -> None:
    widget.set_matrix(matrix_of((1, 80.0, 20.0, 6, 3), (2, 80.0, 20.0, 6, 4), (3, 0.0, 0.0, 0, 0)))
    image = picture_of(widget.viewport())
    many, few = _region(image, widget, 1), _region(image, widget, 0)
    fill = QColor(*lean_rgb(colour_position(0.8))).rgb()
    assert fill in many
    assert len(few) > 3
    layout = widget.geometry_now
    assert layout is not None
    # along the lower edge, below the words, a hatched cell changes colour and a full one does not
    y = round(layout.row_y(0) + layout.row_height) - 3
    for column, hatched in ((0, True), (1, False)):
        left = round(layout.column_x[column]) + 3
        strip = {image.pixel(left + dx, y) for dx in range(int(layout.column_width) - 8)}
        assert (len(strip) > 1) == hatched
    assert fill not in _region(image, widget, 2)


def test_a_place_is_found_again_and_the_gap_between_the_partitions_is_no_cell(
    widget: BiasMatrix,
) -> None:
    widget.set_matrix(crowd())
    for size in SIZES:
        widget.resize(*size)
        for row, column in ((0, 0), (1, 7), (2, 8), (3, 15)):
            assert widget.cell_at(widget.cell_centre(row, column)) == Cell(row, column)
        layout = widget.geometry_now
        assert layout is not None
        y = widget.cell_centre(1, 0).y()
        assert widget.cell_at(QPoint(round(layout.column_x[8]) - 4, y)) is None
        assert widget.cell_at(QPoint(10, y)) == Cell(1, None)
        assert widget.cell_at(QPoint(400, 5)) is None, "a heading is no cell"
        assert widget.cell_at(QPoint(10, 100_000)) is None


def test_a_click_on_a_heading_names_its_column(widget: BiasMatrix) -> None:
    widget.set_matrix(crowd())
    clicked: list[int] = []
    widget.heading_clicked.connect(clicked.append)
    for column in (0, 8, 15):
        click(widget.viewport(), QPointF(widget.heading_centre(column)))
    click(widget.viewport(), QPointF(widget.cell_centre(0, 3)))
    assert clicked == [0, 8, 15]


def test_hovering_tells_each_cell_once_and_leaving_tells_none(widget: BiasMatrix) -> None:
    widget.set_matrix(crowd())
    told: list[Cell | None] = []
    widget.hovered.connect(told.append)
    centre = QPointF(widget.cell_centre(0, 2))
    move(widget.viewport(), centre)
    move(widget.viewport(), centre + QPointF(1, 1))
    move(widget.viewport(), QPointF(widget.cell_centre(1, 2)))
    move(widget.viewport(), QPointF(5, 5))
    assert told == [Cell(0, 2), Cell(1, 2), None]


def test_rows_that_do_not_fit_scroll_by_whole_rows(widget: BiasMatrix, qtbot: QtBot) -> None:
    widget.set_matrix(crowd())
    layout = widget.geometry_now
    assert layout is not None
    bar = widget.verticalScrollBar()
    assert bar.maximum() > 0
    before = widget.cell_centre(0, 0).y()
    wheel(widget.viewport(), QPointF(300, 200), -1)
    assert before - widget.cell_centre(0, 0).y() == pytest.approx(layout.row_height, abs=2)
    bar.setValue(bar.maximum())
    last = widget.cell_centre(19, 0).y() + layout.row_height / 2
    assert last <= widget.viewport().height() + 1, "the last row can be seen"


def test_twenty_coins_and_sixteen_cohorts_fit_a_panel_alone_without_scrolling(
    widget: BiasMatrix,
) -> None:
    widget.set_matrix(crowd())
    for size in SIZES[1:]:
        widget.resize(*size)
        assert widget.verticalScrollBar().maximum() == 0
        assert widget.horizontalScrollBar().maximum() == 0


def test_text_grows_with_the_cells(qtbot: QtBot) -> None:
    matrix = crowd()
    faces = [fit_faces(matrix, *size)[1] for size in SIZES]
    cells = [face.cell_px for face in faces]
    assert cells == sorted(cells)
    assert cells[0] >= 9
    assert cells[-1] >= 2 * cells[0]
    assert faces[0].two_lines
    assert not faces[-1].two_lines
    assert faces[-1].flat
    assert not faces[0].flat


@pytest.mark.parametrize("coins", [0, 1, 26])
def test_whatever_comes_is_painted_without_an_error(
    widget: BiasMatrix, caplog: pytest.LogCaptureFixture, coins: int
) -> None:
    with caplog.at_level(logging.ERROR):
        shown: QWidget = widget.viewport()
        widget.set_matrix(crowd(coins) if coins else matrix_of())
        for size in (*SIZES, (80, 60), (12, 12)):
            widget.resize(*size)
            picture_of(shown)
            picture_of(shown, 1.5)
        widget.set_matrix(None)
        picture_of(shown)
    assert not caplog.records

"""Figures on screen follow the number format; what is copied stays plain."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication

from heatdesk import units
from heatdesk.views.delta import axis_text
from heatdesk.views.instruments import price_text
from heatdesk.views.legend import parse_cut, percentile_text
from ui.table import Column, FigureTable


@pytest.fixture
def comma():
    """Points between thousands, a comma for decimals."""
    units.use_number_format("1.234,5")
    yield
    units.use_number_format(units.NUMBER_FORMATS[0])


def test_a_row_is_shown_with_a_comma_and_copied_with_a_point(comma, qtbot):
    table = FigureTable()
    qtbot.addWidget(table)
    words = lambda value: units.format_usd(float(value))  # noqa: E731
    table.figures.set_columns([Column("Price", [1.25, 2.5e6], words)])
    assert table.figures.data(table.figures.index(1, 0)) == "$2,50M"
    table.selectAll()
    table.copy_rows()
    assert QGuiApplication.clipboard().text().splitlines() == ["$1.25", "$2.50M"]
    assert units.format_usd(2.5e6) == "$2,50M"


def test_plain_figures_end_with_an_error_too(comma):
    def fail():
        with units.plain_figures():
            raise ValueError(units.grouped(1234.5, 1))

    with pytest.raises(ValueError, match=r"^1,234\.5$"):
        fail()
    assert units.grouped(1234.5, 1) == "1.234,5"


def test_figures_of_axes_legends_and_choices_follow(comma):
    assert axis_text(1250, 250, usd=False) == "+1,25K"
    assert percentile_text(99.5) == "p99,5"
    assert price_text(2500.5) == "$2.500,5"


@pytest.mark.parametrize("typed", ["$1,5M", "$1.5M", "1.500.000", "1500000"])
def test_a_cut_is_read_as_it_is_shown(comma, typed):
    assert parse_cut(typed, "absolute") == ("absolute", 1_500_000)
    assert parse_cut("p99,5", "absolute") == ("percentile", 99.5)
    assert parse_cut("p99.5", "absolute") == ("percentile", 99.5)

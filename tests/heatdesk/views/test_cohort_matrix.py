"""Geometry and words of the cohort matrix."""

from __future__ import annotations

import pytest

from heatdesk.frames import COHORTS
from heatdesk.views.cohort_matrix import bias_text, cell_text, colour_position, fit_matrix


def _layout(width: float = 1000.0, rows: int = 20):
    return fit_matrix(
        COHORTS, rows, width, 500.0,
        name_width=60.0, total_width=90.0, header_height=40.0, gap=12.0,
        min_row_height=18.0, max_row_height=30.0, min_column_width=30.0,
    )  # fmt: skip


def test_the_two_partitions_stand_apart() -> None:
    layout = _layout()
    steps = [b - a for a, b in zip(layout.column_x, layout.column_x[1:], strict=False)]
    assert steps[7] == pytest.approx(layout.column_width + 12.0)
    assert steps[6] == pytest.approx(layout.column_width)
    assert layout.groups == (("By equity", 0, 7), ("By all-time result", 8, 15))
    assert layout.column_x[-1] + layout.column_width == pytest.approx(1000.0)


def test_a_narrow_panel_scrolls_instead_of_squeezing() -> None:
    assert _layout(width=300.0).column_width == 30.0


def test_a_point_finds_its_cell_and_the_gap_none() -> None:
    layout = _layout()
    row = layout.row_y(3) + 2
    assert layout.cell_at(layout.column_x[5] + 1, row, 20) == (3, 5)
    assert layout.cell_at(layout.column_x[8] - 6, row, 20) is None
    assert layout.cell_at(layout.column_x[5] + 1, layout.row_y(20) + 1, 20) is None
    assert layout.cell_at(layout.column_x[5] + 1, 5.0, 20) is None


@pytest.mark.parametrize(
    ("bias", "words"),
    [(0.614, "61 % L"), (0.372, "63 % S"), (0.5, "50 %"), (0.502, "50 %"), (float("nan"), "no data")],
)  # fmt: skip
def test_a_bias_is_told_by_its_larger_side(bias: float, words: str) -> None:
    assert bias_text(bias) == words


def test_a_cell_tells_bias_and_value() -> None:
    assert cell_text(0.614, 50_578_304.39) == "61 % L, $50.6M"


def test_the_colour_is_clipped_at_a_quarter_and_three_quarters() -> None:
    assert [colour_position(b) for b in (0.0, 0.25, 0.5, 0.75, 1.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]

"""Geometry and words of the cohort matrix: columns with a gap between the two partitions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from heatdesk.frames import CohortDefinition
from heatdesk.units import format_usd

CLIP_LOW_RATIO = 0.25
CLIP_HIGH_RATIO = 0.75
"""Biases beyond these take the full colour."""


@dataclass(frozen=True, slots=True)
class MatrixLayout:
    """Where the cells are, in pixels.

    Attributes
    ----------
    column_x : tuple of float
        Left edge of each cohort column.
    column_width, row_height, header_height, name_width, total_width : float
    groups : tuple of (title, first column, last column)
        The partitions, for their headings.
    """

    column_x: tuple[float, ...]
    column_width: float
    row_height: float
    header_height: float
    name_width: float
    total_width: float
    groups: tuple[tuple[str, int, int], ...]

    def row_y(self, row: int) -> float:
        """Top edge of a coin's row."""
        return self.header_height + row * self.row_height

    def cell_at(self, x: float, y: float, rows: int) -> tuple[int, int] | None:
        """Row and column under a point; None outside the cells."""
        row = math.floor((y - self.header_height) / self.row_height) if self.row_height else -1
        if not 0 <= row < rows:
            return None
        for column, left in enumerate(self.column_x):
            if left <= x < left + self.column_width:
                return row, column
        return None


_GROUP_TITLES = {"size": "By equity", "pnl": "By all-time result", "unknown": "Other"}


def fit_matrix(
    cohorts: Sequence[CohortDefinition],
    rows: int,
    width: float,
    height: float,
    *,
    name_width: float,
    total_width: float,
    header_height: float,
    gap: float,
    min_row_height: float,
    max_row_height: float,
    min_column_width: float,
) -> MatrixLayout:
    """Fit the matrix into a rectangle.

    Rows share the height between ``min_row_height`` and ``max_row_height``; columns share the
    width down to ``min_column_width`` (below that the matrix is wider than the rectangle and
    scrolls). A ``gap`` separates the partitions.
    """
    breaks = [j for j in range(1, len(cohorts)) if cohorts[j].kind != cohorts[j - 1].kind]
    free = width - name_width - total_width - gap * (len(breaks) + 1)
    column_width = max(min_column_width, free / max(1, len(cohorts)))
    left, edges = name_width + total_width + gap, []
    for j in range(len(cohorts)):
        left += gap if j in breaks else 0.0
        edges.append(left)
        left += column_width
    row_height = (height - header_height) / max(1, rows)
    starts = [0, *breaks, len(cohorts)]
    groups = tuple(
        (_GROUP_TITLES.get(cohorts[a].kind, "Other"), a, b - 1)
        for a, b in itertools.pairwise(starts)
        if b > a
    )
    return MatrixLayout(
        tuple(edges),
        column_width,
        max(min_row_height, min(max_row_height, row_height)),
        header_height,
        name_width,
        total_width,
        groups,
    )


def colour_position(bias_ratio: float) -> float:
    """Place of a bias on a diverging ramp, 0 to 1 with 0.5 neutral, clipped at 25 and 75 %."""
    clipped = min(CLIP_HIGH_RATIO, max(CLIP_LOW_RATIO, bias_ratio))
    return (clipped - CLIP_LOW_RATIO) / (CLIP_HIGH_RATIO - CLIP_LOW_RATIO)


def bias_text(bias_ratio: float) -> str:
    """Words of a bias, the larger side first (``61 % L``, ``63 % S``, ``50 %``)."""
    if not math.isfinite(bias_ratio):
        return "no data"
    percent = round(100 * bias_ratio)
    if percent == 50:
        return "50 %"
    return f"{percent} % L" if percent > 50 else f"{100 - percent} % S"


def cell_text(bias_ratio: float, total_usd: float) -> str:
    """Words of a cell (``61 % L, $50.6M``)."""
    if not math.isfinite(bias_ratio):
        return "no data"
    return f"{bias_text(bias_ratio)}, {format_usd(total_usd)}"

"""Figures of tables that alerts watch: which there are, how they read, what they say now."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.cohorts import ALL_ID, count_bias_ratio, value_bias_ratio
from heatdesk.frames import CohortTable, DotSet
from heatdesk.frames.market import TIMEFRAMES
from heatdesk.units import format_usd, grouped, shown_number
from heatdesk.views.dot_words import change_words, price_words, volume_words

Table = DotSet | CohortTable
Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a table.

    Attributes
    ----------
    row : str
        The dot's id or the coin, as the table has it.
    column : str
        One of `DOT_FIGURES`, or one of `COHORT_FIGURES` and a cohort's id (``long_pct:5``).
    name : str
        What a user calls the row.
    part : str
        What a user calls the cohort; empty: of the whole coin, or of a dot.
    """

    row: str
    column: str
    name: str
    part: str = ""

    @property
    def title(self) -> str:
        """What the figure is called (``Change 24h``, ``Whale, long share``)."""
        title = kind_of(self.column).title
        return f"{self.part}, {title[0].lower()}{title[1:]}" if self.part else title

    def words(self, value: float) -> str:
        """The figure as it is written."""
        return kind_of(self.column).words(value) if math.isfinite(value) else "-"


@dataclass(frozen=True, slots=True)
class FigureKind:
    """What is common to one column.

    Attributes
    ----------
    unit : str
        What a number that is typed is counted in.
    read : callable
        Table to its column, in that unit.
    """

    title: str
    unit: str
    words: Callable[[float], str]
    read: Callable[[Table], Column]


def _dot(name: str) -> Callable[[Table], Column]:
    def read(table: Table) -> Column:
        column: Column = getattr(table, name)
        return column

    return read


def _change(index: int) -> Callable[[Table], Column]:
    def read(table: Table) -> Column:
        assert isinstance(table, DotSet)
        return table.change_pct[:, index]

    return read


def _cohort(compute: Callable[[CohortTable], Column]) -> Callable[[Table], Column]:
    def read(table: Table) -> Column:
        assert isinstance(table, CohortTable)
        return compute(table)

    return read


def _percent(value: float) -> str:
    return shown_number(f"{value:.1f} %")


DOT_FIGURES: dict[str, FigureKind] = {
    "price_usd": FigureKind("Price", "USD", price_words, _dot("price_usd")),
    "relative_volume": FigureKind("Relative volume", "x", volume_words, _dot("relative_volume")),
    "market_cap_usd": FigureKind("Market cap", "USD", format_usd, _dot("market_cap_usd")),
    "volume_24h_usd": FigureKind("Volume 24h", "USD", format_usd, _dot("volume_24h_usd")),
    **{
        f"change_{timeframe}": FigureKind(f"Change {timeframe}", "%", change_words, _change(i))
        for i, timeframe in enumerate(TIMEFRAMES)
    },
}
"""Figures of the market map."""
COHORT_FIGURES: dict[str, FigureKind] = {
    "total_usd": FigureKind("Open value", "USD", format_usd, _cohort(lambda t: t.total_usd)),
    "long_usd": FigureKind("Long value", "USD", format_usd, _cohort(lambda t: t.long_usd)),
    "short_usd": FigureKind("Short value", "USD", format_usd, _cohort(lambda t: t.short_usd)),
    "long_pct": FigureKind(
        "Long share of money", "%", _percent, _cohort(lambda t: value_bias_ratio(t) * 100)
    ),
    "heads_pct": FigureKind(
        "Long share of heads", "%", _percent, _cohort(lambda t: count_bias_ratio(t) * 100)
    ),
    "count": FigureKind("Positions", "", grouped, _cohort(lambda t: t.count.astype(np.float64))),
}
"""Figures of cohorts; each for a cohort by its id, or for the coin's totals."""


def cohort_column(name: str, cohort_id: int = ALL_ID) -> str:
    """Name of a cohort's column."""
    return f"{name}:{cohort_id}"


def kind_of(column: str) -> FigureKind:
    """What is common to a column.

    Raises
    ------
    ValueError
        When there is no such column.
    """
    name, apart, cohort_id = column.partition(":")
    if not apart and name in DOT_FIGURES:
        return DOT_FIGURES[name]
    if name in COHORT_FIGURES and cohort_id.lstrip("-").isdecimal():
        return COHORT_FIGURES[name]
    raise ValueError(f"no such figure: {column}")


def fits(figure: Figure, *, dots: bool) -> bool:
    """Whether a figure is one of the market map (``dots``), or one of cohorts."""
    kind_of(figure.column)
    return dots != (":" in figure.column)


def figure_value(table: Table | None, figure: Figure) -> float:
    """A figure as a table has it, in its unit; NaN where it has none."""
    kind = kind_of(figure.column)
    if isinstance(table, DotSet) and fits(figure, dots=True):
        if figure.row not in table.ids:
            return math.nan
        return float(kind.read(table)[table.ids.index(figure.row)])
    if isinstance(table, CohortTable) and fits(figure, dots=False):
        cohort_id = int(figure.column.partition(":")[2])
        for at in np.flatnonzero(table.cohort_id == cohort_id).tolist():
            if table.coins[at] == figure.row:
                return float(kind.read(table)[at])
    return math.nan

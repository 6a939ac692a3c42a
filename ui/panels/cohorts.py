"""Cohort bias: which class of traders leans which way, coin by coin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QStackedWidget, QToolButton

from heatdesk.alerts.figures import Figure, cohort_column, figure_value
from heatdesk.analytics.cohorts import (
    ALL_ID,
    THIN_COUNT,
    CohortMatrix,
    compute_matrix,
    count_bias_ratio,
    order_coins,
    value_bias_ratio,
)
from heatdesk.frames import CohortSub, CohortTable, Subscription
from heatdesk.units import format_usd, grouped, plain_figures, shown_number
from heatdesk.views.cohort_matrix import bias_text
from heatdesk.views.target import Target
from ui.bias.key import BiasKey
from ui.bias.matrix import BiasMatrix, Cell
from ui.panel import Panel, PanelContext
from ui.panel.alert_asking import add_figure_alert
from ui.panel.base import Options
from ui.panel.header import ElidedLabel
from ui.panel.starring import add_star
from ui.table import Column, FigureTable, Value, Words, columns_csv
from ui.theme import SMALL_PX, font

_AGES = {"all": "All ages", "24h": "Opened 24 h", "7d": "Opened 7 d", "30d": "Opened 30 d"}
_SORTS = {"value": "By value", "dispersion": "By dispersion"}
_LEGEND = (
    f"Share of open value, long L or short S · notch: heads lean the other way · "
    f"hatched: under {THIN_COUNT} positions"
)
FIGURES = {
    **{4: "total_usd", 5: "long_usd", 6: "short_usd", 7: "count"},
    **{11: "long_pct", 12: "heads_pct"},
}
"""Figures of the table's columns, as alerts name them."""
_LIMITS = {20: "Top 20", 50: "Top 50", 10_000: "All coins"}


@dataclass(frozen=True, slots=True)
class CohortOptions:
    """What the user chose.

    Attributes
    ----------
    sort : str
        ``value``, ``dispersion`` or a cohort id as text.
    """

    opened_within: str = "all"
    sort: str = "value"
    descending: bool = True
    limit: int = 20
    search: str = ""
    table: bool = False


class CohortPanel(Panel):
    """Which class of traders leans which way, coin by coin, as a matrix or a table."""

    panel_id = "cohorts"
    title = "Cohort bias"
    provider_id = "hypertracker"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.options = CohortOptions()
        self._table_frame: CohortTable | None = None
        self._whole: CohortMatrix | None = None
        self.shown: CohortMatrix | None = None
        self._build_options()
        self.matrix = BiasMatrix()
        self.table = FigureTable()
        self.matrix.setAccessibleName("Cohort bias, matrix")
        self.table.setAccessibleName("Cohort bias, table")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.matrix)
        self._stack.addWidget(self.table)
        self.line = ElidedLabel()
        self.line.setProperty("quiet", True)
        self.line.setFont(font(SMALL_PX, tabular=True))
        self.line.setIndent(8)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 0, 8, 0)
        foot.addWidget(self.line, 1)
        foot.addWidget(BiasKey())
        self.body.addWidget(self._stack, 1)
        self.body.addLayout(foot)
        self.matrix.hovered.connect(self._tell)
        self.matrix.heading_clicked.connect(self._sort_by_column)
        self.matrix.row_clicked.connect(self._picked)
        self.table.picked.connect(self._row_picked)
        self._tell(None)

    def _build_options(self) -> None:
        self._age = self._combo(_AGES, "opened_within", "Only positions opened within")
        self._sort = self._combo(
            _SORTS, "sort", "Order of the coins; a heading sorts by its cohort"
        )
        self._limit = self._combo(_LIMITS, "limit", "How many coins, the largest by open value")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find coin")
        self.search.setAccessibleName("Find coin")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(100)
        self.search.textChanged.connect(lambda text: self._choose(search=text))
        self._as_table = QToolButton()
        self._as_table.setText("Table")
        self._as_table.setCheckable(True)
        self._as_table.setToolTip("Matrix or table with every figure")
        self._as_table.toggled.connect(lambda on: self._choose(table=on))
        for widget in (self._age, self._sort, self._limit):
            self.options_bar.addWidget(widget)
        self.options_bar.addStretch(1)
        self.options_bar.addWidget(self.search)
        self.options_bar.addWidget(self._as_table)

    def _combo(self, choices: dict[str, str] | dict[int, str], name: str, tip: str) -> QComboBox:
        combo = QComboBox()
        combo.setToolTip(tip)
        combo.setAccessibleName(tip)
        combo.setFixedWidth({"sort": 150, "limit": 86}.get(name, 112))
        for value, text in choices.items():
            combo.addItem(text, value)
        combo.activated.connect(lambda _: self._choose(**{name: combo.currentData()}))
        return combo

    # -- what the base class asks

    def primary(self) -> CohortSub:
        """The table of the chosen position age."""
        return CohortSub(self.source, self.options.opened_within)

    def needs(self) -> frozenset[Subscription]:
        """One table covers every coin."""
        return frozenset({self.primary()})

    def show_target(self, target: Target, *, whole: bool) -> None:
        """Mark the row of the linked coin."""
        del whole
        self.matrix.mark_coin(target.coin)

    def _picked(self, row: int) -> None:
        if self.shown is not None:
            coin = self.shown.coins[row]
            self.matrix.mark_coin(coin)
            self.link.lead_to(coin)

    def _row_picked(self, row: int) -> None:
        if self._table_frame is not None and self.shown is not None:
            coin = str(_columns(self._table_frame, self.shown.coins)[0].values[row])
            self.link.lead_to(coin)

    def subtitle(self) -> str:
        """What is shown."""
        return f"Hyperliquid · {_AGES[self.options.opened_within].lower()}"

    def refresh(self) -> None:
        """Draw the newest table; it is computed anew only when it changed."""
        frame = self.context.store.latest(self.primary())
        frame = frame if isinstance(frame, CohortTable) else None
        if frame is not self._table_frame:
            self._table_frame = frame
            self._whole = compute_matrix(frame) if frame is not None else None
            self._offer_sorts()
        self._show()

    def open_search(self) -> None:
        """Give the keyboard to the search."""
        self.search.setFocus()

    def save_options(self) -> Options:
        """Options for the layout file."""
        options = self.options
        return {
            "opened_within": options.opened_within,
            "sort": options.sort,
            "descending": options.descending,
            "limit": options.limit,
            "table": options.table,
        }

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take over saved options; a value that makes no sense keeps the default."""
        base = CohortOptions()
        age, sort, limit = options.get("opened_within"), options.get("sort"), options.get("limit")
        known_sort = isinstance(sort, str) and (sort in _SORTS or sort.isdigit())
        self.options = CohortOptions(
            opened_within=age if isinstance(age, str) and age in _AGES else base.opened_within,
            sort=str(sort) if known_sort else base.sort,
            descending=options.get("descending") is not False,
            limit=limit if isinstance(limit, int) and limit in _LIMITS else base.limit,
            table=options.get("table") is True,
        )
        self._reflect()
        self.needs_changed.emit()
        self.invalidate()

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """Copy what is under the mouse."""
        if self.options.table:
            at = self.table.viewport().mapFrom(self, pos)
            self.table.add_copy_actions(menu, at)
            index = self.table.indexAt(at)
            if index.isValid():
                coin, cohort = (str(self.table.figures.value(index.row(), i)) for i in (0, 1))
                self._fill_alerts(menu, coin, cohort, FIGURES.get(index.column(), ""))
            return
        cell = self.matrix.cell_at(self.matrix.viewport().mapFrom(self, pos))
        if cell is not None:
            with plain_figures():
                words = self._words(cell)
            menu.addAction("Copy value").triggered.connect(lambda: self.copy_text(words))
            row = self._coin_csv(cell.row)
            menu.addAction("Copy row as CSV").triggered.connect(lambda: self.copy_text(row))
            if self.shown is not None and cell.row < len(self.shown.coins):
                coin = self.shown.coins[cell.row]
                if cell.column is None:
                    self._fill_alerts(menu, coin, "", "total_usd", "count")
                else:
                    cohort = self.shown.cohorts[cell.column].name
                    self._fill_alerts(menu, coin, cohort, "long_pct", "heads_pct", "total_usd")

    def _fill_alerts(self, menu: QMenu, coin: str, cohort: str, *names: str) -> None:
        """Offer alerts on figures of a cohort or of a whole coin, and the coin as a favourite."""
        table = self._table_frame
        if table is None:
            return
        menu.addSeparator()
        ids = {one.name: one.id for one in table.definitions}
        part = cohort if cohort in ids else ""
        for name in filter(None, names):
            column = cohort_column(name, ids.get(cohort, ALL_ID))
            figure = Figure(coin, column, coin, part)
            value = figure_value(table, figure)
            add_figure_alert(menu, self, self.primary(), figure, value, coin.upper())
        add_star(menu, self.context.favourites, Target(coin.upper()))

    def csv(self) -> str | None:
        """Every column of the table shown."""
        return self.table.figures.csv() if self._table_frame is not None else None

    def _coin_csv(self, row: int) -> str:
        if self.shown is None or self._table_frame is None or row >= len(self.shown.coins):
            return ""
        columns = _columns(self._table_frame, [self.shown.coins[row]])
        return columns_csv(columns, range(len(columns[0].values)))

    # -- showing

    def _show(self) -> None:
        options = self.options
        self._stack.setCurrentWidget(self.table if options.table else self.matrix)
        self.shown = None
        if self._whole is None or self._table_frame is None:
            self.matrix.set_matrix(None)
            self.table.set_columns([])
            return
        rows = order_coins(
            self._whole,
            options.sort,
            options.limit,
            options.search,
            descending=options.descending,
        )
        self.shown = self._whole.take(rows)
        ids = [str(cohort.id) for cohort in self.shown.cohorts]
        marked = ids.index(options.sort) if options.sort in ids else -1
        self.matrix.set_matrix(self.shown, marked)
        self.table.set_columns(_columns(self._table_frame, self.shown.coins))

    def _offer_sorts(self) -> None:
        offered = dict(_SORTS)
        for cohort in self._whole.cohorts if self._whole is not None else ():
            offered[str(cohort.id)] = f"By {cohort.name}"
        if [self._sort.itemData(i) for i in range(self._sort.count())] != list(offered):
            self._sort.clear()
            for value, text in offered.items():
                self._sort.addItem(text, value)
        self._reflect()

    def _reflect(self) -> None:
        for combo, value in (
            (self._age, self.options.opened_within),
            (self._sort, self.options.sort),
            (self._limit, self.options.limit),
        ):
            combo.setCurrentIndex(max(0, combo.findData(value)))
        self._as_table.setChecked(self.options.table)

    def _choose(self, **changes: object) -> None:
        chosen = replace(self.options, **changes)  # type: ignore[arg-type]
        if chosen == self.options:
            return
        asks_anew = chosen.opened_within != self.options.opened_within
        self.options = chosen
        self._reflect()
        if asks_anew:
            self.needs_changed.emit()
        self.state_changed.emit()
        self.invalidate()

    def _sort_by_column(self, column: int) -> None:
        if self.shown is None:
            return
        sort = str(self.shown.cohorts[column].id)
        again = self.options.sort == sort
        self._choose(sort=sort, descending=not self.options.descending if again else True)

    # -- telling

    def _tell(self, cell: Cell | None) -> None:
        self.line.set_text(self._words(cell) if cell is not None else _LEGEND)

    def _words(self, cell: Cell) -> str:
        shown = self.shown
        if shown is None or cell.row >= len(shown.coins):
            return ""
        coin = shown.coins[cell.row]
        if cell.column is None:
            total, count = shown.coin_total_usd[cell.row], int(shown.coin_count[cell.row])
            long_count = int(shown.coin_count_long[cell.row])
            return (
                f"{coin}: {format_usd(float(total))} open, {grouped(count)} positions "
                f"({grouped(long_count)} long, {grouped(count - long_count)} short)"
            )
        cohort = shown.cohorts[cell.column]
        bias = float(shown.value_bias_ratio[cell.row, cell.column])
        who = f"{coin} · {cohort.name} {cohort.range_text}".rstrip()
        if not math.isfinite(bias):
            return f"{who}: no data"
        heads = float(shown.count_bias_ratio[cell.row, cell.column])
        total = float(shown.total_usd[cell.row, cell.column])
        return (
            f"{who}: money {bias_text(bias)} ({format_usd(bias * total)} long, "
            f"{format_usd((1 - bias) * total)} short), heads {bias_text(heads)} "
            f"of {grouped(int(shown.count[cell.row, cell.column]))}"
        )


def _columns(table: CohortTable, coins: Sequence[str]) -> list[Column]:
    """Every column of the payload and the biases, coin by coin in the order given."""
    names = {cohort.id: cohort.name for cohort in table.definitions} | {ALL_ID: "ALL"}
    kinds = {cohort.id: cohort.kind for cohort in table.definitions} | {ALL_ID: "total"}
    order = {cohort.id: i for i, cohort in enumerate(table.definitions)} | {ALL_ID: -1}
    rank = {coin: i for i, coin in enumerate(coins)}
    rows = [i for i, coin in enumerate(table.coins) if coin in rank]
    rows.sort(key=lambda i: (rank[table.coins[i]], order[int(table.cohort_id[i])]))
    ids = [int(table.cohort_id[i]) for i in rows]

    def figures(title: str, key: str, values: NDArray[Any], words: Words) -> Column:
        return Column(title, [values[i].item() for i in rows], words, key=key)

    bias = np.where(table.cohort_id == ALL_ID, np.nan, value_bias_ratio(table))
    heads = np.where(table.cohort_id == ALL_ID, np.nan, count_bias_ratio(table))
    return [
        Column("Coin", [table.coins[i] for i in rows], key="coin"),
        Column("Cohort", [names[i] for i in ids], key="cohort"),
        Column("Kind", [kinds[i] for i in ids], key="kind"),
        Column("Id", [i if i != ALL_ID else math.nan for i in ids], _count, key="segmentId"),
        figures("Value", "totalValue", table.total_usd, _dollars),
        figures("Long value", "totalLongValue", table.long_usd, _dollars),
        figures("Short value", "totalShortValue", table.short_usd, _dollars),
        figures("Positions", "count", table.count, _count),
        figures("Long", "countLong", table.count_long, _count),
        figures("Short", "countShort", table.count_short, _count),
        figures("Bias served", "bias", table.bias_ratio, _ratio),
        figures("Money bias", "value_bias_ratio", bias, _ratio),
        figures("Head bias", "count_bias_ratio", heads, _ratio),
    ]


def _dollars(value: Value) -> str:
    return format_usd(float(value))


def _count(value: Value) -> str:
    return grouped(int(value))


def _ratio(value: Value) -> str:
    return shown_number(f"{float(value):.3f}")

"""Market dots: what moves on more volume than usual, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QToolButton,
)

from heatdesk.alerts.figures import Figure, figure_value
from heatdesk.analytics.dots import (
    dot_of_coin,
    matches,
    nearest_timeframe,
    select_dots,
    served_timeframes,
)
from heatdesk.frames import DotSet, DotSub, KeyState
from heatdesk.frames.dot_lists import CATEGORIES, MODES
from heatdesk.frames.market import TIMEFRAMES
from heatdesk.units import plain_figures
from heatdesk.views.dot_words import (
    dot_line,
    dots_csv,
)
from heatdesk.views.target import Target
from ui.dots.chart import DotChart
from ui.dots.picture import DotPicture
from ui.panel import Panel, PanelContext
from ui.panel.alert_asking import add_figure_alert
from ui.panel.base import Options
from ui.panel.starring import add_star
from ui.panels.dots.rows import COLUMN_FIGURES, dot_columns
from ui.table import FigureTable

_DEFAULT_CATEGORY = "top-100"
PREFERRED, KEYLESS = "sharpe", "coingecko"
"""Who tells with a key, and who does without one."""
_TITLES = {PREFERRED: "Sharpe", KEYLESS: "CoinGecko"}
_ATTRIBUTION = {KEYLESS: "Data by CoinGecko"}


@dataclass(frozen=True, slots=True)
class DotOptions:
    """What the user chose; ``stable`` shows stablecoins."""

    mode: str = "coins"
    category: str = _DEFAULT_CATEGORY
    timeframe: str = "24h"
    log_x: bool = True
    stable: bool = False
    table: bool = False


class DotPanel(Panel):
    """Relative volume against performance of each coin, as a chart or a table of every timeframe."""

    panel_id = "dots"
    title = "Market dots"
    provider_id = PREFERRED

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.options = DotOptions()
        self._keyed = context.key_state(PREFERRED) is KeyState.ACCEPTED
        self._dots: DotSet | None = None
        self._linked = ""
        self._served: tuple[str, ...] = TIMEFRAMES
        self._fitted_for: tuple[object, ...] = ()
        self.chart = DotChart()
        self.table = FigureTable()
        self.table.setAccessibleName("Market dots, table")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.chart)
        self._stack.addWidget(self.table)
        self.body.addWidget(self._stack, 1)
        self.chart.picked.connect(self._picked)
        self.table.picked.connect(self._row_picked)
        self._build_options()
        self._reflect()

    def _build_options(self) -> None:
        self.mode = _combo(MODES, "Coins, narratives or ecosystems", 102)
        self.category = _combo(CATEGORIES, "Which coins", 132)
        self.mode.activated.connect(lambda _: self._choose(mode=self.mode.currentData()))
        self.category.activated.connect(
            lambda _: self._choose(category=self.category.currentData())
        )
        self.timeframes: dict[str, QToolButton] = {}
        self._timeframe_group = QButtonGroup(self)
        for timeframe in TIMEFRAMES:
            button = _toggle(timeframe, f"Change over {timeframe}")
            button.clicked.connect(partial(self._choose, timeframe=timeframe))
            self._timeframe_group.addButton(button)
            self.timeframes[timeframe] = button
        self.log = _toggle("Log", "Relative volume on a logarithmic or a linear axis")
        self.log.toggled.connect(lambda on: self._choose(log_x=on))
        self.stable = _toggle("Stables", "Show stablecoins")
        self.stable.toggled.connect(lambda on: self._choose(stable=on))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find")
        self.search.setAccessibleName("Find a coin")
        self.search.setToolTip("Name or symbol; Enter goes from match to match")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(84)
        self.search.textChanged.connect(self._searched)
        self.search.returnPressed.connect(self._next_match)
        self.as_table = _toggle("Table", "Chart or table with every timeframe")
        self.as_table.toggled.connect(lambda on: self._choose(table=on))
        row = self.options_bar
        for widget in (self.mode, self.category, *self.timeframes.values()):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.log, self.stable, self.search, self.as_table):
            row.addWidget(widget)

    # -- what the base class asks

    @property
    def real_source(self) -> str:
        """The provider with a key where one is known, else the one that needs none."""
        return PREFERRED if self._keyed else KEYLESS

    @property
    def keyless(self) -> bool:
        """Whether the dots shown need no key."""
        return self.source == KEYLESS

    def key_works(self, provider: str) -> None:
        """A key of the preferred provider is known."""
        if provider == PREFERRED:
            self._keyed = True
            self.demo = False
            self.needs_changed.emit()
            self.state_changed.emit()

    def primary(self) -> DotSub:
        """Return the dots of the chosen mode and category."""
        category = self.options.category if self.options.mode == "coins" else ""
        return DotSub(self.source, self.options.mode, category)

    def show_target(self, target: Target, *, whole: bool) -> None:
        """Mark the linked coin, as soon as its dot is there."""
        del whole
        self._linked = target.coin
        self.invalidate()

    def _picked(self, dot_id: str) -> None:
        dots = self._dots
        if dots is not None and self.options.mode == "coins" and dot_id in dots.ids:
            self.link.lead_to(dots.symbols[dots.ids.index(dot_id)].upper())

    def _row_picked(self, row: int) -> None:
        if self._dots is not None:
            self._picked(self._dots.ids[self._rows(self._dots)[row]])

    def subtitle(self) -> str:
        """What is shown."""
        options = self.options
        what = CATEGORIES[options.category] if options.mode == "coins" else MODES[options.mode]
        return f"{what} · {self.timeframe}"

    @property
    def timeframe(self) -> str:
        """The timeframe shown: the one chosen, or the nearest that the source tells."""
        return nearest_timeframe(self.options.timeframe, self._served)

    def refresh(self) -> None:
        """Draw the newest dots."""
        frame = self.context.store.latest(self.primary())
        self._dots = frame if isinstance(frame, DotSet) else None
        options = self.options
        self._served = TIMEFRAMES if self._dots is None else served_timeframes(self._dots)
        self._offer_timeframes()
        self._tell_source()
        self._stack.setCurrentWidget(self.table if options.table else self.chart)
        if self._dots is None:
            self.chart.set_picture(None)
            self.table.set_columns([])
            return
        if options.table:
            self._show_table(self._dots)
        self._show_chart(self._dots)

    def _offer_timeframes(self) -> None:
        """Offer what the source tells; the others say why not."""
        for timeframe, button in self.timeframes.items():
            told = timeframe in self._served
            button.setEnabled(told)
            who = _TITLES.get(self.source, "This source")
            tip = f"Change over {timeframe}"
            button.setToolTip(tip if told else f"{who} does not tell the change over {timeframe}")
        self.timeframes[self.timeframe].setChecked(True)

    def _tell_source(self) -> None:
        """Name who is to be named, and what was computed rather than served."""
        words = _ATTRIBUTION.get(self.source, "")
        if self._dots is not None and self._dots.computed:
            words = f"{words} · relative volume {self._dots.computed}".removeprefix(" · ")
        if words != self._own_note:
            self.set_note(words)

    def open_search(self) -> None:
        """Give the keyboard to the search."""
        self.search.setFocus()

    def save_options(self) -> Options:
        """Options for the layout file, and whether a key is known."""
        return {**asdict(self.options), "keyed": self._keyed}

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take over saved options; a value that makes no sense keeps what was."""
        # earlier versions knew no other source: theirs had a key, or was a demo
        if not self._keyed and options.get("keyed", True) is True:
            self._keyed = True
            self.needs_changed.emit()
        known: dict[str, object] = {}
        offered = {"mode": MODES, "category": CATEGORIES, "timeframe": TIMEFRAMES}
        for name, choices in offered.items():
            value = options.get(name)
            if isinstance(value, str) and value in choices:
                known[name] = value
        for name in ("log_x", "stable", "table"):
            value = options.get(name)
            if isinstance(value, bool):
                known[name] = value
        self._choose(**known)

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """Copy what is under the mouse."""
        if self._dots is None:
            return
        if self.options.table:
            at = self.table.viewport().mapFrom(self, pos)
            self.table.add_copy_actions(menu, at)
            index = self.table.indexAt(at)
            if index.isValid():
                row = self._rows(self._dots)[self.table.figures.source_row(index.row())]
                self._fill_alerts(menu, self._dots, row, COLUMN_FIGURES[index.column()])
            return
        dot_id = self.chart.dot_at(self.chart.mapFrom(self, pos))
        if not dot_id:
            if self.chart.zoomed:
                menu.addAction("Fit all").triggered.connect(self.chart.reset_view)
            return
        row = self._dots.ids.index(dot_id)
        with plain_figures():
            value = dot_line(self._dots, row, self.timeframe)
        line = dots_csv(self._dots, [row]).splitlines()[1]
        menu.addAction("Copy value").triggered.connect(lambda: self.copy_text(value))
        menu.addAction("Copy row").triggered.connect(lambda: self.copy_text(line))
        columns = (f"change_{self.timeframe}", "relative_volume", "price_usd")
        self._fill_alerts(menu, self._dots, row, *columns)

    def _fill_alerts(self, menu: QMenu, dots: DotSet, row: int, *columns: str) -> None:
        """Offer alerts on figures of a dot, and its coin as a favourite."""
        menu.addSeparator()
        coin = dots.symbols[row].upper() if self.options.mode == "coins" else ""
        for column in filter(None, columns):
            figure = Figure(dots.ids[row], column, coin or dots.names[row])
            value = figure_value(dots, figure)
            add_figure_alert(menu, self, self.primary(), figure, value, coin)
        if coin:
            add_star(menu, self.context.favourites, Target(coin))

    def csv(self) -> str | None:
        """Every dot served, every timeframe; from the table: its rows in its order."""
        if self._dots is None:
            return None
        if not self.options.table:
            return dots_csv(self._dots, range(len(self._dots.ids)))
        shown = self._rows(self._dots)
        order = (self.table.figures.source_row(i) for i in range(self.table.figures.rowCount()))
        return dots_csv(self._dots, [shown[i] for i in order])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters typed anywhere search; Esc ends the search."""
        text = event.text()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        if event.key() == Qt.Key.Key_Escape and (self.search.text() or self.chart.marked_id):
            self.search.clear()
            self.chart.mark("")
            self.setFocus()
        elif plain and text.isalpha():
            self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.search.setText(self.search.text() + text)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    # -- showing

    def _show_chart(self, dots: DotSet) -> None:
        options, timeframe = self.options, self.timeframe
        selection = select_dots(
            dots, timeframe, hide_stable=not options.stable, log_x=options.log_x
        )
        search = self.search.text().strip()
        found = matches(dots, search) if search else None
        note = selection.left_out(timeframe)
        if found is not None:
            count = int(found[selection.rows].sum())
            note = ", ".join(part for part in (f"{count} found", note) if part)
        picture = DotPicture.of(
            dots, selection, timeframe, log_x=options.log_x, found=found, note=note
        )
        axes = (self.primary(), timeframe, options.log_x, options.stable)
        self.chart.set_picture(picture, refit=axes != self._fitted_for)
        self._fitted_for = axes
        if self._linked and self.options.mode == "coins":
            self.chart.mark(dot_of_coin(dots, self._linked))
            self._linked = ""

    def _rows(self, dots: DotSet) -> list[int]:
        search = self.search.text()
        return [row for row, named in enumerate(matches(dots, search)) if named]

    def _show_table(self, dots: DotSet) -> None:
        self.table.set_columns(dot_columns(dots, self._rows(dots)))

    def _reflect(self) -> None:
        options = self.options
        self.mode.setCurrentIndex(self.mode.findData(options.mode))
        self.category.setCurrentIndex(self.category.findData(options.category))
        self.category.setEnabled(options.mode == "coins")
        self.timeframes[self.timeframe].setChecked(True)
        self.log.setChecked(options.log_x)
        self.stable.setChecked(options.stable)
        self.as_table.setChecked(options.table)
        for widget in (*self.timeframes.values(), self.log, self.stable):
            widget.setVisible(not options.table)

    def _choose(self, *_: object, **changes: object) -> None:
        chosen = replace(self.options, **changes)  # type: ignore[arg-type]
        if chosen == self.options:
            return
        before, self.options = self.primary(), chosen
        self._reflect()
        if self.primary() != before:
            self.chart.mark("")
            self.needs_changed.emit()
        self.state_changed.emit()
        self.invalidate()

    def _searched(self) -> None:
        self.chart.mark("")
        self.invalidate()

    def _next_match(self) -> None:
        """Ring the next match, the largest first."""
        if self._dots is None or self.options.table or not self.search.text().strip():
            return
        self._show_chart(self._dots)
        found = self.chart.found_ids()
        if found:
            at = found.index(self.chart.marked_id) if self.chart.marked_id in found else -1
            self.chart.mark(found[(at + 1) % len(found)])


def _combo(choices: dict[str, str], tip: str, width_px: int) -> QComboBox:
    combo = QComboBox()
    combo.setToolTip(tip)
    combo.setAccessibleName(tip)
    combo.setMaxVisibleItems(34)
    combo.setFixedWidth(width_px)
    for value, text in choices.items():
        combo.addItem(text, value)
    return combo


def _toggle(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setCheckable(True)
    return button

"""Alerts: what is watched, how far each one is, and what happened."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from heatdesk.alerts.judging import Phase, phase_of
from heatdesk.alerts.rules import Rule
from heatdesk.units import moment_of
from ui.commands.catalogue import DELETE_LINE, PanelCommand
from ui.panel import Panel, PanelContext
from ui.panel.alert_asking import change
from ui.panels.alerts.rows import alert_columns, history_columns
from ui.table import FigureTable

EMPTY = (
    "No alerts yet. Right-click a chart, or press Alt+A over it, to be told when the price\n"
    "crosses a level or a size appears or shrinks there; or right-click a figure of a table."
)
LOW_PX, WIDE_PX = 300, 900
LIST_COMMANDS = (
    PanelCommand("alert.edit", "Change the alert", ("Ctrl+E",)),
    PanelCommand("alert.switch", "Switch the alert on or off", ("Ctrl+Space",)),
    PanelCommand("alert.rearm", "Arm the alert again", ("Ctrl+R",)),
    PanelCommand("alert.hear", "Hear the sound of the alert", ("Ctrl+H",)),
    DELETE_LINE,
)
_AS_IN_ANY_LIST = {
    Qt.Key.Key_Return: "alert.edit",
    Qt.Key.Key_Enter: "alert.edit",
    Qt.Key.Key_Space: "alert.switch",
    Qt.Key.Key_Delete: DELETE_LINE.id,
}


class AlertTable(FigureTable):
    """A table whose rows take the keys of the panel."""

    def __init__(self, panel: AlertPanel) -> None:
        super().__init__(panel)
        self._panel = panel

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the list act on the row that is marked."""
        meaning = self._panel.context.meaning(event)
        if meaning not in self._panel.acts:
            meaning = "" if event.modifiers() else _AS_IN_ANY_LIST.get(Qt.Key(event.key()), "")
        if meaning:
            self._panel.perform(meaning)
            event.accept()
            return
        super().keyPressEvent(event)


class AlertPanel(Panel):
    """The list of alerts over their history."""

    panel_id: ClassVar[str] = "alerts"
    title: ClassVar[str] = "Alerts"
    commands: ClassVar[tuple[PanelCommand, ...]] = LIST_COMMANDS
    room_px: ClassVar[int] = 230

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._alerts = context.alerts
        self._rules: tuple[Rule, ...] = ()
        self.acts = {
            "alert.edit": self._edit,
            "alert.switch": self._switch,
            "alert.rearm": self._rearm,
            "alert.hear": self._hear,
            DELETE_LINE.id: self._delete,
        }
        self.table, self.past = AlertTable(self), FigureTable()
        self.table.setAccessibleName("Alerts")
        self.past.setAccessibleName("What happened")
        self.table.doubleClicked.connect(lambda _: self._edit())
        self.table.picked.connect(self._lead)
        self.empty = QLabel(EMPTY)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("quiet", True)
        self.history_title = QLabel("History")
        self.history_title.setProperty("quiet", True)
        self.history_title.setContentsMargins(8, 3, 8, 2)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.history_title)
        column.addWidget(self.past, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(below)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self.splitter, 1)
        self.setFocusProxy(self.table)
        self._build_options()
        self._alerts.changed.connect(self.invalidate)
        self._alerts.moved.connect(self.invalidate)
        self._show_empty()

    def _build_options(self) -> None:
        self.buttons: dict[str, QToolButton] = {}
        for command, words in zip(
            LIST_COMMANDS, ("Change", "On / off", "Arm again", "Hear it", "Delete"), strict=True
        ):
            button = QToolButton()
            button.setText(words)
            button.setToolTip(f"{command.title} ({command.keys[0]})")
            button.clicked.connect(partial(self.perform, command.id))
            self.buttons[command.id] = button
            self.options_bar.addWidget(button)
        self.mute = QToolButton()
        self.mute.setText("Mute")
        self.mute.setCheckable(True)
        self.mute.setToolTip("No alert makes a sound")
        self.mute.toggled.connect(lambda on: self._alerts.mute(muted=on))
        self.options_bar.addStretch(1)
        self.options_bar.addWidget(self.mute)

    # -- what the base class asks

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the history beside the list where both would be too low."""
        super().resizeEvent(event)
        size = event.size()
        flat = size.height() < LOW_PX and size.width() > WIDE_PX
        wanted = Qt.Orientation.Horizontal if flat else Qt.Orientation.Vertical
        if wanted != self.splitter.orientation():
            self.splitter.setOrientation(wanted)

    def revision(self) -> object:
        """Cool-downs end by themselves: look at them each second while there are any."""
        now_ms, state = self.context.clock.now_ms(), self._alerts.state
        cooling = any(phase_of(rule, state(rule), now_ms) is Phase.COOLING for rule in self._rules)
        return now_ms // 1000 if cooling else 0

    def refresh(self) -> None:
        """Show alerts and history."""
        alerts = self._alerts
        now_ms = self.context.clock.now_ms()
        marked = self.marked()
        self._rules = alerts.rules()
        states = [alerts.state(rule) for rule in self._rules]
        fired = [alerts.list.fired(rule.id) for rule in self._rules]
        last_ms = [alerts.list.last_fired_ms(rule.id) for rule in self._rules]
        columns = alert_columns(self._rules, states, fired, last_ms, now_ms, self._clock_text)
        self.table.show_grown(columns)
        self.past.show_grown(history_columns(list(alerts.history), self._clock_text))
        self._mark(marked.id if marked is not None else "")
        self.mute.setChecked(alerts.muted)
        notes = (alerts.sound_note, alerts.desktop_note) if self._rules else ()
        self.set_note(" ".join(note for note in notes if note))
        self._show_empty()

    def subtitle(self) -> str:
        """How many there are."""
        rules = self._alerts.rules()
        if not rules:
            return ""
        on = sum(1 for rule in rules if rule.enabled and not self._alerts.state(rule).spent)
        demo = " \u00b7 some watch the demo" if any(rule.demo for rule in rules) else ""
        return f"{on} of {len(rules)} watched{demo}"

    def csv(self) -> str | None:
        """The alerts."""
        return self.table.figures.csv() if self._rules else None

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """What can be done with the row under the mouse; copies of rows and of the history."""
        for table in (self.table, self.past):
            at = table.viewport().mapFrom(self, pos)
            if pos.x() < 0 or not table.isVisible() or not table.viewport().rect().contains(at):
                continue
            table.add_copy_actions(menu, at)
            if table is self.table and self.marked() is not None:
                menu.addSeparator()
                for command in LIST_COMMANDS:
                    text = f"{command.title}\t{command.keys[0]}"
                    menu.addAction(text).triggered.connect(partial(self.perform, command.id))
        if self._alerts.history:
            menu.addSeparator()
            copy = menu.addAction("Copy history as CSV")
            copy.triggered.connect(lambda: self.copy_text(self.past.figures.csv()))
            menu.addAction("Clear history").triggered.connect(self._alerts.clear_history)

    def perform(self, command: str) -> None:
        """Do it with the alert that is marked."""
        if self.marked() is not None and command in self.acts:
            self.acts[command]()

    def marked(self) -> Rule | None:
        """The alert whose row is marked."""
        index = self.table.currentIndex()
        if not index.isValid():
            return None
        row = self.table.figures.source_row(index.row())
        return self._rules[row] if row < len(self._rules) else None

    # -- inside

    def _show_empty(self) -> None:
        some = bool(self._alerts.rules() or self._alerts.history)
        self.splitter.setVisible(some)
        self.empty.setVisible(not some)
        for button in self.buttons.values():
            button.setEnabled(bool(self._alerts.rules()))

    def _mark(self, rule_id: str) -> None:
        """Mark the row of an alert, wherever it is now; where none was, the first."""
        rows = range(len(self._rules))
        found = [
            row for row in rows if self._rules[self.table.figures.source_row(row)].id == rule_id
        ]
        row = found[0] if found else min(max(0, self.table.currentIndex().row()), len(rows) - 1)
        if len(rows) and row != self.table.currentIndex().row():
            self.table.mark_row(row)

    def _edit(self) -> None:
        rule = self.marked()
        if rule is None:
            return
        at = self.table.visualRect(self.table.currentIndex()).bottomLeft()
        change(self, rule, self.table.viewport().mapToGlobal(at + QPoint(12, 2)))

    def _switch(self) -> None:
        rule = self.marked()
        if rule is not None:
            self._alerts.enable(rule.id, enabled=not rule.enabled)

    def _rearm(self) -> None:
        rule = self.marked()
        if rule is not None:
            self._alerts.rearm(rule.id)

    def _hear(self) -> None:
        rule = self.marked()
        if rule is not None:
            self._alerts.trial.emit(rule.sound)

    def _delete(self) -> None:
        """Delete every alert whose row is selected."""
        rows = self.table.selectionModel().selectedRows()
        ids = [self._rules[self.table.figures.source_row(one.row())].id for one in rows]
        rule = self.marked()
        if rule is not None and not ids:
            ids = [rule.id]
        self._alerts.remove(*ids)

    def _lead(self, row: int) -> None:
        if row < len(self._rules) and self._rules[row].coin:
            self.link.lead_to(self._rules[row].coin.upper())

    def _clock_text(self, time_ms: int) -> str:
        """Time of day, with the date where it is not today's."""
        zone = self.context.workspace.zone
        moment = moment_of(time_ms, zone)
        today = moment_of(self.context.clock.now_ms(), zone).date()
        return moment.strftime("%H:%M:%S" if moment.date() == today else "%d %b %H:%M:%S")

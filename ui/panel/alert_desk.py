"""`AlertDesk`: the alerts of a desk as its panels see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from heatdesk.alerts.alert_list import AlertList
from heatdesk.alerts.judging import Event, State
from heatdesk.alerts.rules import Kind, Market, Rule
from heatdesk.files import PutFile, put_at_once


class AlertDesk(QObject):
    """Alerts that panels make, change and show; who watches them is told of every change.

    Parameters
    ----------
    path : Path or None
        Their file; None: in memory only.
    put : callable
        Writes the file.

    Attributes
    ----------
    list : AlertList
    sound_note : str
        Why nothing can be heard; empty while it can.
    desktop_note : str
        Why the desktop shows no notifications; empty while it does.

    Signals
    -------
    changed : alerts were made, changed or removed, or the history was.
    moved : the state or the last value of some is another.
    trial : the sound of an alert is to be tried; carries the name of a tone.
    """

    changed = Signal()
    moved = Signal()
    trial = Signal(str)

    def __init__(
        self,
        path: Path | None = None,
        parent: QObject | None = None,
        put: PutFile = put_at_once,
    ) -> None:
        super().__init__(parent)
        self.list = AlertList(path, put)
        self.sound_note = self.desktop_note = ""

    @property
    def muted(self) -> bool:
        """Whether no alert makes a sound."""
        return self.list.muted

    @property
    def history(self) -> Sequence[Event]:
        """What happened, the newest first."""
        return self.list.history

    def rules(self) -> tuple[Rule, ...]:
        """Every alert."""
        return self.list.all()

    def at(self, *markets: Market) -> tuple[Rule, ...]:
        """The alerts of some markets."""
        return tuple(rule for rule in self.list.all() if rule.market in markets)

    def state(self, rule: Rule) -> State:
        """How far an alert is."""
        return self.list.state(rule.id)

    def add(self, rule: Rule) -> Rule | None:
        """Take an alert in under an id of its own; None where there are too many."""
        rule = replace(rule, id=self.list.new_id())
        if not self.list.put(rule):
            return None
        self.changed.emit()
        return rule

    def change(self, rule: Rule) -> None:
        """Let an alert be otherwise."""
        if self.list.rule(rule.id) not in {None, rule}:
            self.list.put(rule)
            self.changed.emit()

    def move(self, rule_id: str, price: float) -> None:
        """Let an alert watch another price; of a size the stretch of the same height there."""
        rule = self.list.rule(rule_id)
        if rule is not None and rule.figure is None and price > 0:
            self.change(replace(rule, price=price))

    def enable(self, rule_id: str, *, enabled: bool) -> None:
        """Switch an alert on or off."""
        rule = self.list.rule(rule_id)
        if rule is not None:
            self.change(replace(rule, enabled=enabled))

    def rearm(self, *rule_ids: str) -> None:
        """Let alerts that fired fire again."""
        for rule_id in rule_ids:
            self.list.rearm(rule_id)
        self.changed.emit()

    def remove(self, *rule_ids: str) -> None:
        """Forget alerts."""
        for rule_id in rule_ids:
            self.list.remove(rule_id)
        self.changed.emit()

    def clear_history(self) -> None:
        """Forget what happened."""
        self.list.clear_history()
        self.changed.emit()

    def mute(self, *, muted: bool) -> None:
        """Let alerts be silent, or heard again."""
        if muted != self.muted:
            self.list.muted = muted
            self.list.save()
            self.changed.emit()

    def note_sound(self, note: str) -> None:
        """Why nothing can be heard; empty: it can."""
        if note != self.sound_note:
            self.sound_note = note
            self.changed.emit()

    def note_desktop(self, note: str) -> None:
        """Why the desktop shows no notifications; empty: it does."""
        if note != self.desktop_note:
            self.desktop_note = note
            self.changed.emit()


def usual_sound(kind: Kind) -> str:
    """Tone of a new alert: each kind sounds otherwise."""
    return {
        Kind.CROSSES: "bell",
        Kind.APPEARS: "rise",
        Kind.SHRINKS: "fall",
        Kind.FIGURE: "glass",
    }[kind]

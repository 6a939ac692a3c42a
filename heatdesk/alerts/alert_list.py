"""`AlertList`: every alert, how far it is, what happened, and the file that keeps them."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from pathlib import Path

from heatdesk.alerts.judging import Event, Happened, State, judge
from heatdesk.alerts.reading import UNREADABLE, MarketReader
from heatdesk.alerts.rules import Rule, Watched
from heatdesk.alerts.tables import (
    event_from,
    event_table,
    rule_from,
    rule_table,
    state_from,
    state_table,
)
from heatdesk.files import NO_SUCH_FILE, PutFile, put_at_once
from heatdesk.kept_table import KeptTable

log = logging.getLogger(__name__)

FILE_NAME = "alerts.json"
VERSION = 1
MOST_EVENTS = 500
MOST_RULES = 500


class AlertList:
    """The alerts of a desk.

    Parameters
    ----------
    path : Path or None
        Their file; None: in memory only.
    put : callable
        Writes the file.

    Attributes
    ----------
    history : deque of Event
        The newest first, bounded.
    muted : bool
        No alert makes a sound; kept with `save`.
    """

    def __init__(self, path: Path | None = None, put: PutFile = put_at_once) -> None:
        self._file = KeptTable(path, VERSION, put)
        self._rules: dict[str, Rule] = {}
        self._states: dict[str, State] = {}
        self.muted = False
        self.history: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._read()

    # -- what there is

    @property
    def sentence(self) -> str:
        """What a user should know of the file; empty when nothing is wrong."""
        return self._file.sentence

    def all(self) -> tuple[Rule, ...]:
        """Every alert, in the order they were made."""
        return tuple(self._rules.values())

    def rule(self, rule_id: str) -> Rule | None:
        """An alert by its id."""
        return self._rules.get(rule_id)

    def state(self, rule_id: str) -> State:
        """How far an alert is."""
        return self._states.get(rule_id, State())

    def needs(self) -> frozenset[Watched]:
        """What has to be asked for so that every alert that can fire is watched."""
        return frozenset(
            rule.sub for rule in self._rules.values() if rule.enabled and not self._spent(rule)
        )

    # -- changes

    def new_id(self) -> str:
        """An id that no alert has had since the file began."""
        used = {*self._rules, *(event.rule_id for event in self.history)}
        number = len(used) + 1
        while f"alert-{number}" in used:
            number += 1
        return f"alert-{number}"

    def put(self, rule: Rule) -> bool:
        """Add an alert or change one; False where there are too many.

        What it watches is read anew; one that fired stays so unless what it watches changed.
        """
        before = self._rules.get(rule.id)
        if before is None and len(self._rules) >= MOST_RULES:
            return False
        same = before is not None and _aim(before) == _aim(rule)
        if not same:
            self._states[rule.id] = State()
        elif before is not None and rule.enabled and not before.enabled:
            # nobody looked meanwhile, on purpose: nothing was missed
            self._states[rule.id] = replace(self.state(rule.id), known=False, side=0)
        self._rules[rule.id] = rule
        self.save()
        return True

    def remove(self, rule_id: str) -> None:
        """Forget an alert; what happened stays in the history."""
        if self._rules.pop(rule_id, None) is not None:
            self._states.pop(rule_id, None)
            self.save()

    def rearm(self, rule_id: str) -> None:
        """Let an alert that fired, or keeps quiet, fire again."""
        if rule_id in self._rules:
            self._states[rule_id] = State()
            self._rules[rule_id] = replace(self._rules[rule_id], enabled=True)
            self.save()

    def clear_history(self) -> None:
        """Forget what happened."""
        self.history.clear()
        self.save()

    # -- watching

    def look(self, reader: MarketReader, now_ms: int) -> tuple[list[Event], bool]:
        """Judge what moved; return what happened, and whether any state is another now."""
        reader.look(self.needs(), now_ms)
        events: list[Event] = []
        moved = False
        for rule in self._rules.values():
            if not rule.enabled or self._spent(rule):
                continue
            before = self.state(rule.id)
            try:
                reading = reader.reading(rule, anyway=not before.known)
                if reading is None:
                    continue
                state, event = judge(rule, before, reading, now_ms)
            except Exception:  # one that cannot be judged must not silence the others
                state, event = judge(rule, before, UNREADABLE, now_ms)
                if state.why != before.why:
                    log.exception("the alert %s could not be judged", rule.id)
            moved |= state != before
            self._states[rule.id] = state
            if event is not None:
                events.append(event)
        for event in events:
            self.history.appendleft(event)
        if events:
            self.save()
        return events, moved

    def fired(self, rule_id: str) -> int:
        """How often an alert fired, as far as the history goes back."""
        return sum(
            1
            for event in self.history
            if event.rule_id == rule_id and event.happened is Happened.FIRED
        )

    def last_fired_ms(self, rule_id: str) -> int | None:
        """When an alert fired last, also one that was armed anew since; None: not that is known."""
        times_ms = [
            event.time_ms
            for event in self.history
            if event.rule_id == rule_id and event.happened is Happened.FIRED
        ]
        return max(times_ms, default=self.state(rule_id).fired_ms)

    def save(self) -> None:
        """Write the file where it says something new."""
        rules = [
            {**rule_table(rule), "state": state_table(self.state(rule.id))}
            for rule in self._rules.values()
        ]
        history = [event_table(event) for event in self.history]
        self._file.write({"alerts": rules, "history": history, "muted": self.muted})

    # -- inside

    def _spent(self, rule: Rule) -> bool:
        return self.state(rule.id).spent

    def _read(self) -> None:
        table = self._file.read()
        rows, events = table.get("alerts", []), table.get("history", [])
        self.muted = table.get("muted") is True
        whole = isinstance(rows, list) and isinstance(events, list)
        for row in rows if whole else []:
            try:
                rule, state = rule_from(row), state_from(row["state"])
            except NO_SUCH_FILE:
                whole = False
                continue
            self._rules[rule.id], self._states[rule.id] = rule, state
        for row in events if isinstance(events, list) else []:
            try:
                self.history.append(event_from(row))
            except NO_SUCH_FILE:
                whole = False
        if table and not whole:
            self._file.doubt()
            self.save()


def _aim(rule: Rule) -> tuple[object, ...]:
    """What makes the state of an alert void when it changes."""
    return (rule.kind, rule.sub, rule.figure, rule.price, rule.height, rule.size, rule.way)

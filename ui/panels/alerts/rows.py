"""The alerts and their history as columns of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from heatdesk.alerts.judging import Event, Happened, Phase, State, phase_of
from heatdesk.alerts.rules import Rule, market_text
from heatdesk.alerts.tones import TONES
from heatdesk.units import iso_of
from ui import theme
from ui.table import Column, Value

MomentWords = Callable[[int], str]
MISSED = "missed: no live data then"
_COLOURS = {
    Phase.ARMED: "LIVE",
    Phase.WAITING: "WARN",
    Phase.SPENT: "ACCENT",
    Phase.COOLING: "ACCENT",
}


def state_words(rule: Rule, state: State, now_ms: int, clock_text: MomentWords) -> str:
    """What the list says of an alert, and why it waits."""
    phase = phase_of(rule, state, now_ms)
    if phase is Phase.WAITING:
        if state.waiting_ms is None:
            return "waiting for live data"
        since = clock_text(state.waiting_ms)
        return f"waiting for live data since {since}: {state.why}"
    if phase is Phase.SPENT and state.fired_ms is not None:
        return f"fired {clock_text(state.fired_ms)}, not armed"
    return "beyond its level: armed once it is back" if phase is Phase.AWAY else str(phase.value)


def alert_columns(
    rules: Sequence[Rule],
    states: Sequence[State],
    fired: Sequence[int],
    last_ms: Sequence[int | None],
    now_ms: int,
    clock_text: MomentWords,
) -> list[Column]:
    """Columns of the list."""
    phases = [phase_of(rule, state, now_ms) for rule, state in zip(rules, states, strict=True)]
    words = [
        state_words(rule, state, now_ms, clock_text)
        for rule, state in zip(rules, states, strict=True)
    ]
    colours = dict(zip(words, phases, strict=True))

    def tint(value: Value) -> str | None:
        phase = colours.get(str(value))
        name = _COLOURS.get(phase, "TEXT_DIM") if phase is not None else "TEXT_DIM"
        return str(getattr(theme.Palette, name))

    values = [
        rule.value_text(state.value) if math.isfinite(state.value) else ""
        for rule, state in zip(rules, states, strict=True)
    ]
    last = [clock_text(time_ms) if time_ms is not None else "" for time_ms in last_ms]
    sounds = [TONES[rule.sound].title if rule.sound in TONES else "none" for rule in rules]
    return [
        Column("Alert", [rule.title for rule in rules]),
        Column("State", words, tint=tint),
        Column("Now", values),
        Column("Market", [market_text(rule.market) for rule in rules]),
        Column("Fired", [float(count) for count in fired], words=_count),
        Column("Last fired", last),
        Column("Fires", ["each time" if rule.again else "once" for rule in rules]),
        Column("Sound", sounds),
    ]


def history_columns(events: Sequence[Event], clock_text: MomentWords) -> list[Column]:
    """Columns of what happened."""

    def tint(value: Value) -> str | None:
        return theme.Palette.WARN if value == MISSED else None

    what = ["fired" if one.happened is Happened.FIRED else MISSED for one in events]
    return [
        Column(
            "Time",
            [float(one.time_ms) for one in events],
            words=lambda ms: clock_text(int(ms)) if not isinstance(ms, str) else ms,
            key="time_ms",
        ),
        Column("What", what, tint=tint),
        Column("Alert", [one.title for one in events]),
        Column("At", [one.value for one in events]),
        Column("Market", [one.market for one in events]),
        Column("UTC", [iso_of(one.time_ms) for one in events]),
    ]


def _count(value: Value) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value else ""

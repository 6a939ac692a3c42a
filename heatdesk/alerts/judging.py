"""When an alert fires: on the edge, once, and never on data that cannot be believed.

A value has a side: below its threshold or above it. It fires when the side changes in the wanted
direction. After a change the value first has to go the slack away from the threshold: until then
small moves back and forth mean nothing, and a change back counts only once the slack is passed.

The first value that is believed after a start, a gap or a time without live data only tells the
side. Where everything between is known (a collector filled the minutes in) what happened there
counts; where it is not, a side that is another than before is remembered as *missed*, never told
as if it had been seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

from heatdesk.alerts.rules import Kind, Rule, Way, market_text

BELOW, ABOVE = -1, 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a value at a moment.

    Attributes
    ----------
    why : str
        Why it cannot be believed, in words; empty: it can.
    time_ms : int
        Moment the data speaks of.
    low, high : float
        Extremes since the reading before; NaN: the value alone.
    unbroken : bool
        Everything since the reading before is known.
    """

    why: str = ""
    time_ms: int = 0
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unbroken: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """How far an alert is.

    Attributes
    ----------
    known : bool
        It has read its market since the start, so that a change of side is a crossing.
    side : int
        `BELOW`, `ABOVE`, or 0 while it is not known.
    settled : bool
        The value has been the slack away since the side last changed.
    waiting_ms : int or None
        Since when there is no data to be believed, and ``why``.
    spent : bool
        It fired and is not to fire again before it is armed anew.
    """

    known: bool = False
    side: int = 0
    settled: bool = True
    value: float = math.nan
    waiting_ms: int | None = None
    why: str = ""
    fired_ms: int | None = None
    spent: bool = False


class Happened(Enum):
    """What is remembered of an alert."""

    FIRED = "fired"
    MISSED = "missed"
    """The side changed while there was no data to be believed."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something in the history of an alert; it outlives the rule."""

    rule_id: str
    happened: Happened
    time_ms: int
    title: str
    market: str
    value: str
    demo: bool


class Phase(Enum):
    """What the list says of an alert."""

    OFF = "off"
    WAITING = "waiting"
    ARMED = "armed"
    AWAY = "there already"
    """It is beyond its threshold: it has to come back first."""
    COOLING = "cooling down"
    SPENT = "fired"


def phase_of(rule: Rule, state: State, now_ms: int) -> Phase:
    """What the list says of an alert."""
    if not rule.enabled:
        return Phase.OFF
    if state.spent:
        return Phase.SPENT
    if state.waiting_ms is not None or not state.known:
        return Phase.WAITING
    if _cools(rule, state, now_ms):
        return Phase.COOLING
    ready = {Way.UP: BELOW, Way.DOWN: ABOVE}.get(_way_of(rule), state.side)
    return Phase.ARMED if state.side == ready else Phase.AWAY


def judge(rule: Rule, state: State, reading: Reading, now_ms: int) -> tuple[State, Event | None]:
    """Return the state after a reading, and what happened with it."""
    if reading.why:
        since_ms = now_ms if state.waiting_ms is None else state.waiting_ms
        # of sizes and figures nobody fills in later what they were meanwhile
        known = state.known and rule.kind is Kind.CROSSES
        return replace(state, known=known, waiting_ms=since_ms, why=reading.why), None
    before = state
    state = replace(state, known=True, value=reading.value, waiting_ms=None, why="")
    if not (before.known and reading.unbroken and before.side):
        return _armed(rule, before, state, reading)
    way, state = _moved(rule, state, reading)
    if way is None or _way_of(rule) not in {way, Way.EITHER}:
        return state, None
    if state.spent or _cools(rule, state, now_ms):
        return state, None
    state = replace(state, fired_ms=now_ms, spent=not rule.again)
    return state, _event(rule, Happened.FIRED, reading)


def _armed(rule: Rule, before: State, state: State, reading: Reading) -> tuple[State, Event | None]:
    """Take the side a value is at as given; what changed it was not seen."""
    side = _side_of(rule, reading.value)
    settled = state.settled or side != before.side
    state = replace(state, side=side or before.side, settled=settled)
    gone = {BELOW: Way.DOWN, ABOVE: Way.UP}.get(side)
    changed = bool(before.side and side and side != before.side)
    if not changed or before.spent or _way_of(rule) not in {gone, Way.EITHER}:
        return state, None
    return state, _event(rule, Happened.MISSED, reading)


def _moved(rule: Rule, state: State, reading: Reading) -> tuple[Way | None, State]:
    """Which way the threshold was crossed since the reading before, and the side after it."""
    threshold, slack, value = rule.threshold, rule.slack, reading.value
    low = value if math.isnan(reading.low) else min(reading.low, value)
    high = value if math.isnan(reading.high) else max(reading.high, value)
    away = threshold - low if state.side == BELOW else high - threshold
    settled = state.settled or away >= slack
    reach = 0.0 if settled else slack
    if state.side == BELOW:
        crossed = high >= threshold + reach
    elif rule.of_size:
        crossed = low < threshold - reach
    else:
        crossed = low <= threshold - reach
    if not crossed:
        return None, replace(state, settled=settled)
    way = Way.UP if state.side == BELOW else Way.DOWN
    side, far = -state.side, abs(value - threshold) >= slack
    if far and _side_of(rule, value) != side:
        side = -side  # it went back at once, and far
    return way, replace(state, side=side, settled=far)


def _side_of(rule: Rule, value: float) -> int:
    if not rule.of_size and value == rule.price:
        return 0
    return ABOVE if value >= rule.threshold else BELOW


def _way_of(rule: Rule) -> Way:
    return {Kind.APPEARS: Way.UP, Kind.SHRINKS: Way.DOWN}.get(rule.kind, rule.way)


def _cools(rule: Rule, state: State, now_ms: int) -> bool:
    return state.fired_ms is not None and 0 <= now_ms - state.fired_ms < rule.cool_down_s * 1000


def _event(rule: Rule, happened: Happened, reading: Reading) -> Event:
    shown = rule.value_text(reading.value)
    where = market_text(rule.market)
    return Event(rule.id, happened, reading.time_ms, rule.title, where, shown, rule.demo)

"""Alerts and readings for tests."""

from __future__ import annotations

from heatdesk.alerts.judging import Event, Reading, State, judge
from heatdesk.alerts.rules import Kind, Rule, Watched
from heatdesk.frames import BookSub, TradeSub

TRADES = TradeSub("binance-usdm", "BINANCE_FUTURES", "BTCUSDT")
BOOK = BookSub("binance-usdm")
LEVEL = 70_000.0


def crossing(**change: object) -> Rule:
    """An alert of a price, slack 14."""
    known: dict[str, object] = {"sub": TRADES, "price": LEVEL, "tick_size": 0.1, "again": True}
    known |= {"cool_down_s": 0.0, **change}
    return Rule("a", Kind.CROSSES, **known)  # type: ignore[arg-type]


def resting(kind: Kind, sub: Watched = BOOK, **change: object) -> Rule:
    """An alert of 100 BTC at 69,800, slack 10."""
    known: dict[str, object] = {"price": 69_800.0, "size": 100.0, "coin": "BTC", "again": True}
    known |= {"cool_down_s": 0.0, "slack_ratio": 0.1, **change}
    return Rule("a", kind, sub, **known)  # type: ignore[arg-type]


def walk(rule: Rule, *steps: object, state: State | None = None) -> tuple[State, list[Event]]:
    """Judge values (or readings) one after the other, a second apart; the first is no sequel."""
    state, events = state or State(), []
    for i, step in enumerate(steps):
        if isinstance(step, Reading):
            reading = step
        else:
            assert isinstance(step, int | float)
            reading = Reading("", 1_000 * i, float(step), unbroken=i > 0)
        state, event = judge(rule, state, reading, 1_000 * i)
        events += [event] if event is not None else []
    return state, events

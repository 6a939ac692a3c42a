"""Alerts as plain tables for their file, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from typing import Any

from heatdesk.alerts.figures import Figure, fits
from heatdesk.alerts.judging import Event, Happened, State
from heatdesk.alerts.rules import Kind, Rule, Watched, Way
from heatdesk.frames import (
    BookSub,
    CandleSub,
    CohortSub,
    DotSub,
    LiquidationSub,
    Quote,
    Resolution,
    TradeSub,
)

_SUBS: dict[str, type[Watched]] = {
    "trades": TradeSub,
    "candles": CandleSub,
    "book": BookSub,
    "levels": LiquidationSub,
    "dots": DotSub,
    "cohorts": CohortSub,
}
LONGEST_NAME = 120
"""What a user may call an alert."""
_LONGEST_WORD = 500
"""What providers call things may be longer."""


def rule_table(rule: Rule) -> dict[str, Any]:
    """Plain values of an alert."""
    return {**_plain(asdict(rule)), "sub": sub_table(rule.sub)}


def rule_from(table: Mapping[str, Any]) -> Rule:
    """The alert of a table.

    Raises
    ------
    ValueError, KeyError, TypeError
        When it makes no sense.
    """
    kind, sub = Kind(table["kind"]), sub_from(table["sub"])
    figure = _figure_from(table.get("figure"))
    if (kind is Kind.FIGURE) != (figure is not None):
        raise ValueError("an alert of a figure without one")
    if isinstance(sub, DotSub | CohortSub) != (figure is not None):
        raise ValueError("a figure that is told elsewhere")
    if figure is not None and not fits(figure, dots=isinstance(sub, DotSub)):
        raise ValueError("a figure of another table")
    figures = {
        name: _number(table[name], least=0.0)
        for name in ("height", "size", "tick_size", "slack_ratio", "cool_down_s")
    }
    price = _number(table["price"], least=-math.inf if figure is not None else 0.0)
    if figures["tick_size"] <= 0 or (figure is None and price <= 0):
        raise ValueError("an alert without a price")
    return Rule(
        id=_word(table["id"]),
        kind=kind,
        sub=sub,
        price=price,
        figure=figure,
        way=Way(table["way"]),
        coin=_word(table["coin"]),
        sound=_word(table["sound"]),
        name=_word(table["name"]),
        again=_flag(table["again"]),
        enabled=_flag(table["enabled"]),
        **figures,
    )


def sub_table(sub: Watched) -> dict[str, Any]:
    """Plain values of a subscription."""
    kind = next(name for name, one in _SUBS.items() if isinstance(sub, one))
    return {"of": kind, **_plain(asdict(sub))}


def sub_from(table: Mapping[str, Any]) -> Watched:
    """The subscription of a table."""
    values = {str(name): value for name, value in table.items() if name != "of"}
    for name, value in values.items():
        if name == "venues":
            values[name] = tuple(_word(one) for one in value)
        elif name == "quote":
            values[name] = Quote(value)
        elif name == "resolution":
            values[name] = Resolution(value)
        elif not (value is None or isinstance(value, str | int | float)):
            raise TypeError(f"{name} is no plain value")
    sub = _SUBS[table["of"]](**values)
    hash(sub)
    if not _word(sub.provider):
        raise ValueError("nobody is asked")
    return sub


def state_table(state: State) -> dict[str, Any]:
    """What is worth keeping of a state: what it knew of its market is void after a start."""
    return {"side": state.side, "fired_ms": state.fired_ms, "spent": state.spent}


def state_from(table: Mapping[str, Any]) -> State:
    """The state of a table."""
    fired_ms = table.get("fired_ms")
    if fired_ms is not None and not isinstance(fired_ms, int):
        raise TypeError("a moment is no whole number")
    side = table.get("side")
    if side not in (-1, 0, 1):
        raise ValueError("a side that there is not")
    return State(side=side, fired_ms=fired_ms, spent=_flag(table["spent"]))


def event_table(event: Event) -> dict[str, Any]:
    """Plain values of something that happened."""
    return _plain(asdict(event))


def event_from(table: Mapping[str, Any]) -> Event:
    """What happened, from a table."""
    title, market, value = (_word(table[name]) for name in ("title", "market", "value"))
    time_ms = table["time_ms"]
    if not isinstance(time_ms, int):
        raise TypeError("a moment is no whole number")
    return Event(
        _word(table["rule_id"]),
        Happened(table["happened"]),
        time_ms,
        title,
        market,
        value,
        _flag(table["demo"]),
    )


def _figure_from(table: Any) -> Figure | None:
    if table is None:
        return None
    return Figure(*(_word(table[name]) for name in ("row", "column", "name", "part")))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: v.value if isinstance(v, Enum) else v for name, v in values.items()}


def _word(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_WORD:
        raise TypeError("a word is missing")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("yes or no is missing")
    return value


def _number(value: Any, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a figure is missing")
    if not (math.isfinite(value) and value >= least):
        raise ValueError("a figure that cannot be")
    return float(value)

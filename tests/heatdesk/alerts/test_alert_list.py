"""The alerts of a desk and their file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from heatdesk.alerts.alert_list import MOST_EVENTS, AlertList
from heatdesk.alerts.figures import Figure
from heatdesk.alerts.judging import Event, Happened, State, judge
from heatdesk.alerts.rules import Kind, Rule
from heatdesk.alerts.tables import rule_from, rule_table
from heatdesk.frames import BookSub, CandleSub, DotSub, LiquidationSub, Quote, Resolution
from tests.heatdesk.alerts.made import crossing, resting, walk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.json"


def happened(n: int) -> Event:
    return Event("a", Happened.FIRED, n, "title", "market", "70,000", demo=False)


@pytest.mark.parametrize(
    "rule",
    [
        crossing(),
        crossing(sub=CandleSub("kiyotaka", coin="BTC", symbol="")),
        resting(Kind.APPEARS, name="wall \u2713", height=12.5),
        resting(Kind.SHRINKS, BookSub("kiyotaka", resolution=Resolution.HD, quote=Quote.USD)),
        resting(Kind.SHRINKS, BookSub("exchanges", ("A", "B"), "", "BTC", block_size=5.0)),
        resting(Kind.APPEARS, LiquidationSub("kiyotaka", "ETH")),
    ],
)
def test_an_alert_survives_a_start_as_it_was(path: Path, rule: object) -> None:
    AlertList(path).put(rule)  # type: ignore[arg-type]
    assert AlertList(path).all() == (rule,)


def test_that_it_fired_survives_a_start_and_what_it_knew_of_the_market_does_not(path: Path) -> None:
    rule = crossing(again=False)
    alerts = AlertList(path)
    alerts.put(rule)
    alerts._states["a"] = walk(rule, 69_900, 70_100)[0]
    alerts.history.appendleft(happened(7))
    alerts.save()
    again = AlertList(path)
    assert again.state("a").spent
    assert again.needs() == frozenset()
    assert not again.state("a").known
    assert list(again.history) == [happened(7)]


def test_the_history_is_bounded_and_keeps_the_newest() -> None:
    alerts = AlertList()
    for n in range(MOST_EVENTS + 50):
        alerts.history.appendleft(happened(n))
    assert len(alerts.history) == MOST_EVENTS
    assert alerts.history[0].time_ms == MOST_EVENTS + 49


def test_an_alert_armed_anew_can_fire_again() -> None:
    rule = crossing(again=False)
    alerts = AlertList()
    alerts.put(rule)
    alerts._states["a"] = State(spent=True)
    assert alerts.needs() == frozenset()
    alerts.rearm("a")
    assert alerts.needs() == {rule.sub}


def test_moving_an_alert_arms_it_anew_and_a_name_alone_does_not() -> None:
    alerts = AlertList()
    alerts.put(crossing())
    alerts._states["a"] = State(spent=True)
    alerts.put(crossing(name="my level"))
    assert alerts.state("a").spent
    alerts.put(crossing(price=71_000.0))
    assert alerts.state("a") == State()


def test_what_passed_while_it_was_switched_off_is_not_missed() -> None:
    alerts = AlertList()
    rule = crossing()
    alerts.put(rule)
    alerts._states["a"] = walk(rule, 69_900)[0]
    alerts.put(replace(rule, enabled=False))
    alerts.put(rule)
    from heatdesk.alerts.judging import Reading

    assert judge(rule, alerts.state("a"), Reading("", 5, 70_500), 5)[1] is None


def test_ids_are_not_given_twice_while_the_history_tells_of_them() -> None:
    alerts = AlertList()
    first = alerts.new_id()
    alerts.put(replace(crossing(), id=first))
    second = alerts.new_id()
    assert second != first
    alerts.history.appendleft(replace(happened(1), rule_id=second))
    assert alerts.new_id() not in {first, second}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "x"}', "\x00\x01", '{"version": []}'])
def test_a_damaged_file_is_set_aside_and_named(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    alerts = AlertList(path)
    assert alerts.all() == ()
    assert "alerts.json.damaged" in alerts.sentence
    assert path.with_name("alerts.json.damaged").read_text(encoding="utf-8") == text


def test_a_file_of_a_later_version_is_kept_under_its_number(path: Path) -> None:
    path.write_text('{"version": 9, "alerts": []}', encoding="utf-8")
    alerts = AlertList(path)
    assert "alerts.json.v9" in alerts.sentence
    alerts.put(crossing())
    assert path.with_name("alerts.json.v9").exists()


def test_one_bad_alert_costs_itself_and_the_file_is_kept_beside(path: Path) -> None:
    AlertList(path).put(crossing())
    table = json.loads(path.read_text(encoding="utf-8"))
    good = table["alerts"][0]
    bad = [{**good, "price": value} for value in (None, "x", -1.0, float("nan"), True)]
    bad += [{**good, "kind": "explodes"}, {**good, "sub": {"of": "book"}}, {}, 7]
    bad += [{**good, "sub": {**good["sub"], "symbol": []}}]
    table["alerts"] = [*bad, good]
    path.write_text(json.dumps(table), encoding="utf-8")
    alerts = AlertList(path)
    assert alerts.all() == (crossing(),)
    assert "damaged" in alerts.sentence
    assert AlertList(path).all() == (crossing(),)


def test_a_folder_that_cannot_be_written_costs_a_sentence(tmp_path: Path) -> None:
    block = tmp_path / "file"
    block.write_text("", encoding="utf-8")
    alerts = AlertList(block / "alerts.json")
    alerts.put(crossing())
    assert "cannot be" in alerts.sentence
    assert alerts.all() == (crossing(),)


def test_a_table_without_a_field_names_no_alert() -> None:
    table = rule_table(crossing())
    for name in table.keys() - {"figure"}:  # only some alerts have one
        short = {key: value for key, value in table.items() if key != name}
        with pytest.raises((KeyError, TypeError, ValueError)):
            rule_from(short)


def test_long_names_of_providers_are_read_again(path: Path) -> None:
    name = "Bridged " * 25
    figure = Figure("bridged", "change_24h", name)
    alerts = AlertList(path)
    assert alerts.put(Rule("a", Kind.FIGURE, DotSub("coingecko"), 5.0, figure=figure))
    rule = alerts.rule("a")
    assert rule is not None
    alerts.history.appendleft(replace(happened(7), title=rule.title))
    alerts.save()
    again = AlertList(path)
    assert again.sentence == ""
    assert again.all() == alerts.all()
    assert list(again.history) == list(alerts.history)

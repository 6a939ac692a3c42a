"""When an alert fires, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heatdesk.alerts.judging import Happened, Phase, Reading, State, phase_of
from heatdesk.alerts.rules import Kind, Rule, Way
from tests.heatdesk.alerts.made import LEVEL, crossing, resting, walk

SILENT = Reading(why="the feed is interrupted")


def fired(rule: Rule, *steps: object) -> list[str]:
    return [event.value for event in walk(rule, *steps)[1] if event.happened is Happened.FIRED]


def test_it_fires_on_the_edge_and_not_while_the_price_stays_beyond() -> None:
    assert fired(crossing(), 69_990, 70_001, 70_050, 70_400) == ["70,001.0"]


def test_the_first_reading_arms_whatever_side_it_is_on() -> None:
    assert fired(crossing(), 70_500, 70_400) == []
    assert fired(crossing(), 70_500, 69_999) == ["69,999.0"]


def test_a_price_that_starts_at_the_level_has_no_side_yet() -> None:
    assert fired(crossing(), LEVEL, 70_050) == []
    assert fired(crossing(), LEVEL, 70_050, 69_990) == ["69,990.0"]


def test_touching_the_level_is_crossing_it() -> None:
    assert fired(crossing(), 69_990, LEVEL) == ["70,000.0"]
    assert fired(crossing(), 70_010, LEVEL) == ["70,000.0"]


def test_small_moves_about_the_level_after_a_crossing_mean_nothing() -> None:
    assert fired(crossing(), 69_990, 70_001, 69_999, 70_002, 69_995, 70_003) == ["70,001.0"]


def test_a_price_that_crosses_back_beyond_the_slack_counts_again() -> None:
    slack = crossing().slack
    assert slack == pytest.approx(14)
    assert fired(crossing(), 69_990, 70_001, 69_999, LEVEL - slack) == ["70,001.0", "69,986.0"]


def test_once_the_slack_away_the_next_crossing_counts_at_the_level_itself() -> None:
    assert fired(crossing(), 69_990, 70_020, 69_999) == ["70,020.0", "69,999.0"]


@pytest.mark.parametrize(("way", "expected"), [(Way.UP, ["70,100.0"]), (Way.DOWN, ["69,900.0"])])
def test_only_the_wanted_direction_counts(way: Way, expected: list[str]) -> None:
    assert fired(crossing(way=way), 69_990, 70_100, 69_900) == expected


def test_a_cross_and_back_between_two_looks_is_seen() -> None:
    spike = Reading("", 1_000, 69_960, low=69_960, high=70_003, unbroken=True)
    state, events = walk(crossing(way=Way.UP), 69_950, spike)
    assert len(events) == 1
    assert state.side == -1


def test_during_the_cool_down_it_keeps_quiet_and_what_happened_is_not_told_later() -> None:
    rule = crossing(cool_down_s=2.5)
    assert fired(rule, 69_900, 70_100, 69_900, 70_100, 70_100, 70_100) == ["70,100.0"]
    assert fired(rule, 69_900, 70_100, 70_100, 70_100, 69_900) == ["70,100.0", "69,900.0"]


def test_an_alert_for_once_is_spent_when_it_fired() -> None:
    rule = crossing(again=False)
    state, events = walk(rule, 69_900, 70_100, 69_900, 70_100)
    assert len(events) == 1
    assert state.spent
    assert phase_of(rule, state, 10_000) is Phase.SPENT


def test_it_never_fires_on_data_that_cannot_be_believed() -> None:
    stale = Reading("old", 1_000, 71_000, unbroken=True)
    state, events = walk(crossing(), 69_990, stale)
    assert events == []
    assert state.waiting_ms == 1_000
    assert state.why == "old"


def test_a_wait_is_told_since_it_began() -> None:
    state, _ = walk(crossing(), 69_990, SILENT, SILENT, SILENT)
    assert state.waiting_ms == 1_000
    assert phase_of(crossing(), state, 5_000) is Phase.WAITING


def test_a_side_that_changed_in_a_gap_is_missed_and_not_fired() -> None:
    after = Reading("", 3_000, 70_200, unbroken=False)
    state, events = walk(crossing(), 69_990, SILENT, after, 70_300)
    assert [event.happened for event in events] == [Happened.MISSED]
    assert state.side == 1


def test_the_same_side_after_a_gap_is_nothing() -> None:
    assert walk(crossing(), 69_990, SILENT, Reading("", 3_000, 69_950))[1] == []


def test_what_is_filled_in_after_a_wait_counts_as_seen() -> None:
    filled = Reading("", 3_000, 69_980, low=69_970, high=70_040, unbroken=True)
    assert fired(crossing(), 69_990, SILENT, filled) == ["69,980.0"]


def test_after_a_start_a_side_kept_from_before_is_compared_but_does_not_fire() -> None:
    kept = State(side=-1)
    _, events = walk(crossing(), 70_500, state=kept)
    assert [event.happened for event in events] == [Happened.MISSED]


def test_a_spent_alert_misses_nothing() -> None:
    assert walk(crossing(), 70_500, state=State(side=-1, spent=True))[1] == []


def test_a_size_appears_when_enough_rests_there() -> None:
    assert fired(resting(Kind.APPEARS), 10, 99, 100, 140) == ["100 BTC"]


def test_a_size_that_is_there_already_has_to_go_first() -> None:
    rule = resting(Kind.APPEARS)
    state, events = walk(rule, 140, 150)
    assert events == []
    assert phase_of(rule, state, 10_000) is Phase.AWAY
    assert fired(rule, 140, 95, 120) == ["120 BTC"]


def test_a_size_about_the_threshold_fires_once() -> None:
    assert fired(resting(Kind.APPEARS), 50, 101, 99, 102, 95, 103) == ["101 BTC"]
    assert fired(resting(Kind.APPEARS), 50, 101, 89, 103) == ["101 BTC", "103 BTC"]


def test_a_size_shrinks_when_less_is_left() -> None:
    assert fired(resting(Kind.SHRINKS), 140, 100, 99.9, 20) == ["99.9 BTC"]
    assert fired(resting(Kind.SHRINKS), 20, 10) == []


def test_of_sizes_nothing_between_is_known_after_a_wait() -> None:
    back = Reading("", 3_000, 20, unbroken=True)
    _, events = walk(resting(Kind.SHRINKS), 140, SILENT, back)
    assert [event.happened for event in events] == [Happened.MISSED]


def test_an_alert_of_the_demo_says_so_wherever_it_is_told() -> None:
    rule = crossing()
    invented = replace(rule, sub=replace(rule.sub, provider="demo"))
    event = walk(invented, 69_990, 70_100)[1][0]
    assert event.demo
    assert event.market == "BTCUSDT \u00b7 Binance Perp \u00b7 demo"

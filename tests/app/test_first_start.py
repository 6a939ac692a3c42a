"""What a first start decides: live where an exchange answers, else the demo and an offer."""

from __future__ import annotations

import pytest

from ui.app.first_start import (
    NETWORK_THERE,
    NO_NETWORK,
    PATIENCE_S,
    REFUSED,
    SLOW,
    VENUE_PATIENCE_S,
    FirstStart,
    Move,
    Outlook,
    Phase,
)

VENUES = ("BINANCE_FUTURES", "BYBIT", "KRAKEN")


@pytest.fixture
def start() -> FirstStart:
    return FirstStart(VENUES, 0.0)


def test_the_first_venue_that_answers_is_shown_and_nothing_is_left_to_decide(
    start: FirstStart,
) -> None:
    assert start.look(Outlook.WAITING, 0.1) is None
    assert start.look(Outlook.LIVE, 0.4) == Move(Phase.LIVE, "BINANCE_FUTURES")
    assert start.over
    assert start.look(Outlook.UNREACHABLE, 0.5) is None


@pytest.mark.parametrize("refusals", [1, 2])
def test_where_a_region_is_refused_the_next_venue_is_shown(
    start: FirstStart, refusals: int
) -> None:
    for number in range(refusals):
        tried = start.look(Outlook.REFUSED, 0.1 * (number + 1))
        assert tried == Move(Phase.TRYING, VENUES[number + 1])
    assert start.look(Outlook.LIVE, 1.0) == Move(Phase.LIVE, VENUES[refusals])


def test_without_a_network_the_demo_comes_at_once_and_says_so(start: FirstStart) -> None:
    for _ in VENUES[1:]:
        moved = start.look(Outlook.UNREACHABLE, 0.1)
        assert moved is not None
        assert moved.phase is Phase.TRYING
    assert start.look(Outlook.UNREACHABLE, 0.1) == Move(Phase.DEMO, VENUES[0], NO_NETWORK)
    assert not start.over


def test_a_network_that_comes_is_offered_and_not_forced_on_anyone(start: FirstStart) -> None:
    for _ in VENUES:
        start.look(Outlook.UNREACHABLE, 0.1)
    for second in range(1, 3600):
        assert start.look(Outlook.UNREACHABLE, float(second)) is None
    assert start.look(Outlook.LIVE, 3600.0) == Move(Phase.OFFERED, VENUES[0], NETWORK_THERE)
    assert start.over


def test_nobody_waits_long_for_a_venue_that_says_nothing(start: FirstStart) -> None:
    assert start.look(Outlook.WAITING, VENUE_PATIENCE_S - 0.1) is None
    moved = start.look(Outlook.WAITING, VENUE_PATIENCE_S)
    assert moved == Move(Phase.TRYING, "BYBIT")
    assert start.look(Outlook.WAITING, PATIENCE_S - 0.1) is None
    assert start.look(Outlook.WAITING, PATIENCE_S) == Move(Phase.DEMO, VENUES[0], SLOW)


def test_refused_everywhere_is_said_as_that(start: FirstStart) -> None:
    for _ in VENUES[1:]:
        start.look(Outlook.REFUSED, 0.1)
    assert start.look(Outlook.REFUSED, 0.1) == Move(Phase.DEMO, VENUES[0], REFUSED)


def test_behind_the_demo_the_first_venue_that_does_not_refuse_is_waited_for(
    start: FirstStart,
) -> None:
    start.look(Outlook.REFUSED, 0.1)
    start.look(Outlook.UNREACHABLE, 0.2)
    assert start.look(Outlook.UNREACHABLE, 0.3) == Move(Phase.DEMO, "BYBIT", NO_NETWORK)
    assert start.look(Outlook.REFUSED, 5.0) is None
    assert start.venue == "KRAKEN"
    assert start.look(Outlook.LIVE, 6.0) == Move(Phase.OFFERED, "KRAKEN", NETWORK_THERE)

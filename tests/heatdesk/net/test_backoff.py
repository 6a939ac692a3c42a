from __future__ import annotations

import math

import pytest

from heatdesk.errors import (
    BadPayload,
    BodyCut,
    KeyRejected,
    OverBudget,
    ProviderError,
    RateLimited,
    ServerTrouble,
    StreamGap,
    Unreachable,
)
from heatdesk.net.backoff import Backoff, Retries
from tests.heatdesk.clocks import JumpingClock


@pytest.mark.parametrize("kind", [BodyCut, StreamGap, RateLimited, ServerTrouble])
def test_transient_failures_double_from_one_second_to_a_minute(kind: type[ProviderError]) -> None:
    backoff = Backoff(JumpingClock())
    delays = [backoff.delay_s(kind("alpha", "x")) for _ in range(9)]
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_stream_of_slow_pace_is_retried_up_to_half_its_pace() -> None:
    backoff = Backoff(JumpingClock())
    delays = [backoff.delay_s(ServerTrouble("alpha", "x"), 1200.0) for _ in range(12)]
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert Backoff(JumpingClock()).delay_s(Unreachable("alpha", "x"), 86_400.0) == 60


@pytest.mark.parametrize("kind", [Unreachable, BadPayload])
def test_calm_failures_double_from_a_minute_to_ten(kind: type[ProviderError]) -> None:
    backoff = Backoff(JumpingClock())
    assert [backoff.delay_s(kind("alpha", "x")) for _ in range(5)] == [60, 120, 240, 480, 600]


@pytest.mark.parametrize("kind", [KeyRejected, OverBudget])
def test_what_only_the_user_can_mend_is_never_asked_again(kind: type[ProviderError]) -> None:
    assert math.isinf(Backoff(JumpingClock()).delay_s(kind("alpha", "x")))


def test_data_in_between_starts_anew() -> None:
    backoff = Backoff(JumpingClock())
    error = BodyCut("alpha", "x")
    backoff.delay_s(error)
    backoff.delay_s(error)
    backoff.reset()
    assert backoff.delay_s(error) == 1


def test_a_failure_an_hour_later_starts_anew() -> None:
    clock = JumpingClock()
    backoff = Backoff(clock)
    error = BodyCut("alpha", "x")
    backoff.delay_s(error)
    backoff.delay_s(error)
    clock.advance(3601)
    assert backoff.delay_s(error) == 1


@pytest.mark.parametrize(
    ("told_s", "expected_s"),
    [(33.0, [33, 33, 33]), (7200.0, [7200] * 3), (0.0, [1, 2, 4]), (1.0, [1, 2, 4])],
)
def test_the_providers_own_word_stands_but_never_hammers(
    told_s: float, expected_s: list[float]
) -> None:
    backoff = Backoff(JumpingClock())
    error = RateLimited("alpha", "x", retry_after_s=told_s)
    assert [backoff.delay_s(error) for _ in range(3)] == expected_s


def test_jitter_only_ever_adds() -> None:
    backoff = Backoff(JumpingClock(), jitter=lambda: 1.0)
    assert backoff.delay_s(BodyCut("alpha", "x")) == 1.25


def test_a_connection_that_breaks_is_opened_at_once_and_then_with_growing_pauses() -> None:
    clock = JumpingClock()
    retries = Retries(clock, lambda: 1.0)
    retries.well()
    assert [retries.delay_s() for _ in range(9)] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]


def test_health_that_lasts_makes_the_next_failure_the_first() -> None:
    clock = JumpingClock()
    retries = Retries(clock, lambda: 1.0, healthy_s=3.0)
    assert [retries.delay_s() for _ in range(3)] == [0, 0.5, 1]
    retries.well()
    clock.advance(2.0)
    assert retries.delay_s() == 2, "it was not well for long"
    retries.well()
    clock.advance(4.0)
    assert retries.delay_s() == 0


def test_what_a_venue_asks_for_is_waited_and_pauses_are_spread() -> None:
    retries = Retries(JumpingClock(), lambda: 0.0)
    assert retries.delay_s(told_s=7.0) == 7
    assert [retries.delay_s() for _ in range(2)] == [0.25, 0.5]


def test_a_network_that_is_gone_is_tried_again_soon_by_what_is_live() -> None:
    error = Unreachable("alpha", "x")
    live, history = Backoff(JumpingClock()), Backoff(JumpingClock())
    assert [live.delay_s(error, period_s=5.0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert history.delay_s(error) == 60


def test_failures_of_a_kind_that_burdens_nobody_wait_for_less_and_are_not_held_against_others():
    retries = Retries(JumpingClock(), lambda: 1.0)
    near = [retries.delay_s(most_s=2.0) for _ in range(50)]
    assert near == [0.0, 0.5, 1.0] + [2.0] * 47
    assert retries.failures == 3
    assert [retries.delay_s() for _ in range(5)] == [2.0, 4.0, 8.0, 16.0, 30.0]

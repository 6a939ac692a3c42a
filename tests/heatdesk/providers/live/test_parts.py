"""What live feeds decide without a network: ages, heights, paces, who is told twice."""

from __future__ import annotations

import pytest

from heatdesk.books.events import BookChange
from heatdesk.providers.live.attempts import WINDOW_S, Attempts
from heatdesk.providers.live.block_size import recommended_block_size
from heatdesk.providers.live.book_age import BookAge
from heatdesk.providers.live.clock_skew import WINDOW_MS, ClockSkew
from heatdesk.providers.live.handover import MOST_WAITING, Handover
from heatdesk.providers.live.pace import LEAST_PAUSE_S, Pace
from heatdesk.providers.live.seen import Seen
from tests.heatdesk.providers.live.venue import LeapClock


def change(number: int, event_ms: int = 0, *, snapshot: bool = False) -> BookChange:
    return BookChange("X", (), (), event_ms, snapshot, first_id=number, last_id=number)


def test_lateness_is_what_exceeds_the_quickest_message() -> None:
    skew = ClockSkew()
    skew.observe(1_000, 1_040)
    skew.observe(2_000, 2_340)
    assert (skew.skew_ms, skew.latency_ms) == (0, 340)
    assert skew.venue_ms(3_040) == 3_000


@pytest.mark.parametrize("wrong_ms", [60_000, -60_000])
def test_a_wrong_clock_is_told_apart_from_lateness(wrong_ms: int) -> None:
    skew = ClockSkew()
    skew.observe(100_000, 100_020 + wrong_ms)
    skew.observe(101_000, 101_320 + wrong_ms)
    assert skew.skew_ms == wrong_ms
    assert skew.latency_ms == pytest.approx(320, abs=30)


def test_a_clock_that_is_set_is_noticed_within_two_windows() -> None:
    skew = ClockSkew()
    skew.observe(0, 0)
    for second in range(1, 130):
        skew.observe(second * 1_000, second * 1_000 + 30_000)
    assert skew.skew_ms == 30_000
    assert WINDOW_MS == 60_000


def test_one_message_from_the_future_says_nothing_about_the_clock_and_two_do() -> None:
    skew = ClockSkew()
    skew.observe(100_000, 100_020)
    skew.observe(9_000_000_000, 100_120)
    assert skew.skew_ms == 0
    skew.observe(100_200, 100_220)
    skew.observe(160_300, 100_320)
    assert skew.venue_ms(100_320) == 100_300
    skew.observe(160_400, 100_420)
    assert skew.skew_ms == -60_000


def test_a_book_that_stopped_is_known_only_as_far_as_it_was_heard() -> None:
    skew = ClockSkew()
    skew.observe(0, 0)
    age = BookAge(skew, silence_ms=30_000)
    for event_ms in range(100, 10_100, 100):
        age.changed(event_ms)
    assert age.known_until_ms(10_000, heard_ms=10_000) == 10_000
    assert age.known_until_ms(10_000, heard_ms=10_800) == 10_300
    assert age.known_until_ms(10_000, heard_ms=29_000) == 11_000, "others on the line go on"


def test_a_connection_that_lags_behind_vouches_for_nothing_that_was_not_said_yet() -> None:
    skew = ClockSkew()
    age = BookAge(skew, silence_ms=30_000)
    for event_ms in range(0, 10_100, 100):
        age.changed(event_ms)
        skew.observe(event_ms, event_ms + 20)
    assert age.known_until_ms(10_000, heard_ms=10_820) == 10_300
    skew.observe(10_000, 16_020)
    assert age.known_until_ms(10_000, heard_ms=16_820) == 10_300, "its next word may be of 10.1 s"
    assert age.known_until_ms(10_000, heard_ms=16_100) == 10_000


def test_a_book_of_a_steady_pace_is_known_no_longer_than_until_the_next_is_due() -> None:
    skew = ClockSkew()
    skew.observe(0, 0)
    age = BookAge(skew, silence_ms=10_000, most_apart_ms=900)
    for event_ms in range(500, 100_500, 500):
        age.changed(event_ms)
    assert age.known_until_ms(100_000, heard_ms=101_000) == 100_500
    assert age.known_until_ms(100_000, heard_ms=105_000) == 100_900


def test_a_quiet_book_is_vouched_for_by_its_connection_for_longer() -> None:
    skew = ClockSkew()
    skew.observe(0, 0)
    age = BookAge(skew, silence_ms=30_000)
    for event_ms in range(3_000, 400_000, 3_000):
        age.changed(event_ms)
    assert age.known_until_ms(399_000, heard_ms=409_000) == 408_500


def test_a_numbered_book_goes_on_where_the_next_connection_tells_the_same() -> None:
    handover = Handover(in_stream=False)
    handover.entered(change(5))
    handover.keep(change(7))
    assert not handover.is_ready(0), "6 is not there yet"
    handover.entered(change(6))
    assert handover.is_ready(0)
    assert [later.last_id for later in handover.missed()] == [7]


def test_a_book_with_snapshots_goes_on_once_the_next_connection_has_caught_up() -> None:
    handover = Handover(in_stream=True)
    handover.keep(change(1, 500))
    assert handover.waiting == 0, "nothing is worth keeping before its snapshot"
    handover.keep(change(2, 600, snapshot=True))
    handover.keep(change(3, 700))
    assert not handover.is_ready(event_ms=800)
    handover.keep(change(4, 800))
    assert handover.is_ready(event_ms=800)
    assert [later.last_id for later in handover.missed()] == [2, 3, 4]


def test_differences_whose_snapshot_had_to_go_make_no_book() -> None:
    handover = Handover(in_stream=True)
    handover.keep(change(1, 600, snapshot=True))
    for number in range(MOST_WAITING):
        handover.keep(change(2 + number, 700))
    assert handover.snapshot is None
    assert not handover.is_ready(event_ms=700)
    assert handover.missed() == []


def test_equal_trades_count_as_often_as_one_connection_tells_them() -> None:
    seen = Seen()
    assert seen.fresh_of(1, ["a", "a", "b"]) == [0, 1, 2]
    assert seen.fresh_of(2, ["a", "b"]) == []
    assert seen.fresh_of(2, ["a", "a"]) == [1], "the second one told it three times"
    assert seen.fresh_of(1, ["a"]) == []


def test_what_is_remembered_is_bounded() -> None:
    seen = Seen(remembered=100)
    assert len(seen.fresh_ids([str(i) for i in range(1_000)])) == 1_000
    assert seen.fresh_ids(["999"]) == []
    assert seen.fresh_ids(["0"]) == [0]


@pytest.mark.parametrize(("price", "tick_size"), [(70_000, 0.1), (3.2e-7, 1e-12), (1.1, 0.5)])
def test_a_recommended_height_is_round_and_no_lower_than_the_tick(
    price: float, tick_size: float
) -> None:
    size = recommended_block_size(price, tick_size)
    assert size >= tick_size
    assert f"{size:.0e}"[0] in "125"
    assert float(f"{size:.0e}") == size


def test_frames_come_as_fast_as_a_screen_while_they_are_cheap() -> None:
    pace = Pace()
    assert pace.pause_s("a", 0.001, 0.0) == LEAST_PAUSE_S


def test_streams_slow_down_together_when_their_frames_would_fill_the_loop() -> None:
    pace = Pace()
    for lane in range(12):
        pause_s = pace.pause_s(lane, 0.005, 0.0)
    assert pause_s == pytest.approx(0.12), "twelve of 5 ms take half of it"
    assert pace.pause_s("late", 0.001, 10.0) == LEAST_PAUSE_S, "the others have stopped"


def test_attempts_to_connect_are_counted_over_five_minutes_with_a_reserve() -> None:
    clock = LeapClock()
    attempts = Attempts(10, clock)
    for _ in range(8):
        assert attempts.wait_s() == 0
        attempts.note()
    assert attempts.wait_s() == pytest.approx(WINDOW_S, abs=5)
    clock.leapt_s += WINDOW_S - 100
    assert attempts.wait_s() == pytest.approx(100, abs=5)
    attempts.note()
    clock.leapt_s += 101
    assert attempts.wait_s() == 0
    assert attempts.wait_s() == 0


def test_an_attempt_that_reached_nobody_is_taken_back() -> None:
    attempts = Attempts(5, LeapClock())
    for _ in range(4):
        attempts.note()
    assert attempts.wait_s() > 0
    attempts.take_back()
    assert attempts.wait_s() == 0.0
    assert attempts.pace_s == 75.0

"""From one status of a stream to the next."""

from __future__ import annotations

import numpy as np
import pytest

from heatdesk.engine.statuses import NOTHING_CAME, after_data, after_error, after_notice
from heatdesk.errors import BodyCut, KeyRejected, PlanRequired
from heatdesk.frames import CandleWindow, DataState, Notice, StreamStatus
from tests.heatdesk.clocks import START_MS

WEEK_MS = 7 * 86_400_000


def window(*times_ms: int, interval_ms: int = 60_000) -> CandleWindow:
    """Candles at these times, of a request made at `START_MS`."""
    prices = [np.ones(len(times_ms)) for _ in range(5)]
    time_ms = np.array(times_ms, dtype=np.int64)
    return CandleWindow(
        START_MS - 600_000, START_MS, interval_ms, time_ms, *prices, complete_ms=START_MS
    )


def test_an_empty_answer_before_any_data_is_a_problem_in_words_not_live() -> None:
    status = after_data(StreamStatus(period_s=60), window(), START_MS)
    assert status.state(START_MS) is DataState.PROBLEM
    assert status.problem == NOTHING_CAME
    status = after_data(status, window(START_MS - 60_000), START_MS)
    assert (status.state(START_MS), status.problem) == (DataState.LIVE, "")


def test_empty_answers_after_data_let_it_grow_stale() -> None:
    status = after_data(StreamStatus(period_s=60), window(START_MS - 60_000), START_MS)
    later_ms = START_MS + 200_000
    status = after_data(status, window(), later_ms)
    assert status.data_time_ms == START_MS
    assert status.state(later_ms) is DataState.STALE


@pytest.mark.parametrize("interval_ms", [60_000, WEEK_MS])
def test_a_bucket_that_still_forms_is_as_new_as_the_answer(interval_ms: int) -> None:
    newest = window(START_MS - 30_000, interval_ms=interval_ms)
    assert after_data(StreamStatus(), newest, START_MS).data_time_ms == START_MS


def test_old_data_in_a_fresh_answer_is_stale() -> None:
    status = after_data(StreamStatus(period_s=60), window(START_MS - 600_000), START_MS)
    assert status.state(START_MS) is DataState.STALE


def test_a_stream_that_dies_grows_stale_by_itself() -> None:
    status = after_data(StreamStatus(period_s=60), window(START_MS - 60_000), START_MS)
    assert status.state(START_MS + 120_000) is DataState.LIVE
    assert status.state(START_MS + 120_001) is DataState.STALE


def test_a_failure_that_ends_a_stream_leaves_no_progress_and_no_next_moment() -> None:
    filling = after_notice(StreamStatus(), Notice(progress=0.5, next_ms=START_MS))
    ended = after_error(filling, PlanRequired("kiyotaka", "not on this plan"), None)
    assert (ended.progress, ended.next_ms, ended.needs_key) == (None, None, False)
    cut = after_error(filling, BodyCut("kiyotaka", "cut"), START_MS + 1000)
    assert (cut.progress, cut.next_ms) == (0.5, START_MS + 1000)
    refused = after_error(ended, KeyRejected("kiyotaka", "wrong key"), None)
    assert refused.needs_key


def test_data_that_bears_the_time_of_a_venue_is_as_old_as_the_venue_s_clock_says() -> None:
    status = after_notice(StreamStatus(), Notice(period_s=5.0, skew_ms=60_000.0))
    venue_ms = START_MS - 60_000
    status = after_data(status, window(venue_ms - 60_000), START_MS)
    assert status.age_s(START_MS) == 0
    assert status.state(START_MS) is DataState.LIVE
    assert status.age_s(START_MS + 20_000) == 20
    behind = after_notice(StreamStatus(), Notice(skew_ms=-60_000.0))
    behind = after_data(behind, window(START_MS + 50_000), START_MS)
    assert behind.age_s(START_MS + 3_000) == 3

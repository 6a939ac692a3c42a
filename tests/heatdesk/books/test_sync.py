"""One machine for every venue: SYNCING, LIVE, GAP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.books.dense import DenseBook
from heatdesk.books.sync import BookSync, SyncState
from tests.heatdesk.books.streams import Counting, Recorder, Streamed, Whole, snapshot, update

BIDS, ASKS = [(99.0, 1.0), (98.0, 2.0)], [(101.0, 3.0), (102.0, 4.0)]


def made(sequence: Counting) -> tuple[BookSync, Recorder]:
    sync = BookSync(DenseBook(1.0), sequence)
    recorder = Recorder()
    sync.listen(recorder)
    sync.begin(50)
    return sync, recorder


def fetched() -> tuple[BookSync, Recorder]:
    return made(Counting())


def streamed() -> tuple[BookSync, Recorder]:
    return made(Streamed())


def test_differences_are_held_back_until_the_snapshot_and_the_old_ones_are_ignored():
    sync, recorder = fetched()
    assert sync.state is SyncState.SYNCING
    assert sync.wants_snapshot
    for number in (5, 6, 7):
        sync.take(update([(99.0, float(number))], [], 1_000 + number, number), 0)
    assert sync.held == 3
    assert sync.snapshot(snapshot(BIDS, ASKS, last_id=6), 2_000)
    assert sync.state is SyncState.LIVE
    assert not sync.wants_snapshot
    assert sync.book.qty("bid", 99.0) == 7.0
    assert sync.held == 0
    assert recorder.heard == [("live", 1_007)]


def test_a_snapshot_older_than_what_is_held_is_fetched_again():
    sync, recorder = fetched()
    sync.take(update([], [(101.0, 9.0)], 1_000, 9), 0)
    assert not sync.snapshot(snapshot(BIDS, ASKS, last_id=3), 0)
    assert sync.wants_snapshot
    assert sync.snapshot(snapshot(BIDS, ASKS, last_id=8), 0)
    assert sync.book.qty("ask", 101.0) == 9.0
    assert recorder.heard == [("live", 1_000)]


def test_a_missing_message_is_a_gap_since_the_last_good_one_and_what_follows_serves_the_next_start():
    sync, recorder = fetched()
    sync.snapshot(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.take(update([(99.0, 5.0)], [], 1_100, 2), 0)
    sync.take(update([(99.0, 6.0)], [], 1_400, 4), 0)
    assert sync.state is SyncState.GAP
    assert "4" in sync.reason
    assert sync.gap_since_ms == sync.since_ms == 1_100
    assert recorder.heard[-1] == ("lost", 1_100)
    assert not sync.wants_snapshot
    sync.begin(1_500)
    assert sync.gap_since_ms == 1_100
    sync.take(update([(99.0, 7.0)], [], 1_500, 5), 0)
    assert sync.snapshot(snapshot([(99.0, 5.5)], ASKS, 0, 3), 0)
    assert sync.state is SyncState.LIVE
    assert sync.gap_since_ms == 0
    assert sync.reason == ""
    assert sync.book.qty("bid", 99.0) == 7.0
    assert recorder.heard[-1] == ("live", 1_500)


def test_what_a_lost_connection_sent_is_not_mixed_with_what_the_next_one_sends():
    sync, _ = fetched()
    sync.take(update([(99.0, 5.0)], [], 1_000, 2), 0)
    sync.lose("the connection was closed", 1_000)
    sync.take(update([(99.0, 6.0)], [], 1_100, 3), 0)
    sync.begin(5_000)
    assert sync.held == 0
    sync.take(update([(99.0, 7.0)], [], 6_000, 50), 0)
    assert sync.snapshot(snapshot(BIDS, ASKS, 0, 49), 0)
    assert sync.state is SyncState.LIVE


def test_a_gap_among_what_is_held_starts_anew_with_the_rest():
    sync, _ = fetched()
    for number in (2, 3, 6, 7):
        sync.take(update([(99.0, float(number))], [], 1_000 + number, number), 0)
    assert sync.snapshot(snapshot(BIDS, ASKS, 0, 1), 0)
    assert sync.state is SyncState.GAP
    sync.begin(0)
    assert sync.held == 2
    assert sync.snapshot(snapshot(BIDS, ASKS, 0, 6), 0)
    assert sync.state is SyncState.LIVE
    assert sync.book.qty("bid", 99.0) == 7.0


def test_what_is_held_back_is_bounded(monkeypatch):
    monkeypatch.setattr("heatdesk.books.sync.MOST_HELD", 100)
    sync, _ = fetched()
    for number in range(1, 500):
        sync.take(update([(99.0, 1.0)], [(101.0, 1.0)], 1_000, number), 0)
    assert sync.held == 50
    assert not sync.snapshot(snapshot(BIDS, ASKS, 0, 100), 0)
    assert sync.snapshot(snapshot(BIDS, ASKS, 0, 480), 0)


def test_a_snapshot_in_the_stream_makes_the_book_live_and_a_later_one_replaces_it():
    sync, recorder = streamed()
    assert not sync.wants_snapshot
    sync.take(update([(99.0, 5.0)], [], 900, 1), 0)
    assert sync.state is SyncState.SYNCING
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.take(snapshot([(97.0, 1.0)], ASKS, 1_000, 9), 0)
    sync.take(update([(97.0, 5.0)], [], 1_300, 10), 0)
    assert sync.state is SyncState.LIVE
    assert sync.book.top(9)[0] == [(97.0, 5.0)]
    assert recorder.heard == [("live", 1_000), ("before", 1_000), ("before", 1_300)]


def test_what_a_book_was_between_its_newest_message_and_a_later_snapshot_is_not_known():
    sync, recorder = streamed()
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.take(update([(97.0, 5.0)], [], 1_300, 2), 0)
    sync.take(snapshot([(97.0, 1.0)], ASKS, 1_600, 9), 0)
    assert sync.state is SyncState.LIVE
    assert sync.event_ms == 1_600
    assert sync.gap_since_ms == 0
    assert recorder.heard[2:] == [("lost", 1_300), ("live", 1_600)]


def test_where_whole_books_come_at_a_pace_each_says_what_became_of_the_one_before():
    sync, recorder = made(Whole())
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.take(snapshot([(97.0, 1.0)], ASKS, 11_000, 2), 0)
    sync.take(snapshot([(97.0, 2.0)], ASKS, 21_001, 3), 0)
    assert recorder.heard[1:] == [("before", 11_000), ("lost", 11_000), ("live", 21_001)]


def test_a_book_that_does_not_add_up_is_in_doubt_since_the_last_one_that_did():
    sync, recorder = streamed()
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.sequence.wrong = "the checksum differs"
    sync.take(update([(97.0, 5.0)], [], 1_300, 2), 0)
    assert sync.state is SyncState.GAP
    assert sync.reason == "the checksum differs"
    assert recorder.heard[-1] == ("lost", 1_000)


def test_where_a_part_is_checked_a_fault_takes_back_what_came_shortly_before():
    sync, recorder = streamed()
    sync.sequence.doubt_ms = 10_000
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    for second in range(2, 30):
        sync.take(update([(97.0, 5.0)], [], 1_000 * second, second), 0)
    sync.sequence.wrong = "the checksum differs"
    sync.take(update([(97.0, 6.0)], [], 30_000, 30), 0)
    assert recorder.heard[-1] == ("lost", 19_000)
    sync, recorder = streamed()
    sync.sequence.doubt_ms = 10_000
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.sequence.wrong = "the checksum differs"
    sync.take(update([(97.0, 6.0)], [], 3_000, 2), 0)
    assert recorder.heard[-1] == ("lost", 1_000)  # not before it was live


@pytest.mark.parametrize("level", [(99.0, -1.0), (99.0, float("nan")), (-1.0, 1.0)])
def test_a_level_that_is_none_ends_the_book_wherever_it_stands(level):
    for make in (fetched, streamed):
        for in_snapshot in (True, False):
            sync, _ = make()
            first = snapshot([*BIDS, level] if in_snapshot else BIDS, ASKS, 1_000, 1)
            if make is fetched:
                sync.snapshot(first, 0)
            else:
                sync.take(first, 0)
            sync.take(update([level], [], 1_100, 2), 0)
            assert sync.state is SyncState.GAP
            assert sync.reason.startswith("the venue sent a ")


def test_a_crossed_snapshot_is_not_believed():
    for make in (fetched, streamed):
        sync, recorder = make()
        crossed = snapshot([(105.0, 1.0)], ASKS, 1_000, 1)
        if make is fetched:
            sync.snapshot(crossed, 0)
        else:
            sync.take(crossed, 0)
        assert sync.state is SyncState.GAP
        assert "bid above" in sync.reason
        assert recorder.heard == []


def test_a_snapshot_is_not_believed_although_what_came_since_hides_that_it_was_crossed():
    sync, recorder = fetched()
    sync.take(update([], [(101.0, 0.0)], 1_100, 2), 0)
    sync.snapshot(snapshot([(103.0, 1.0), *BIDS], [(101.0, 3.0), (105.0, 4.0)], 1_000, 1), 0)
    assert sync.state is SyncState.GAP
    assert "bid above" in sync.reason
    assert recorder.heard == []


def test_losing_twice_tells_once():
    sync, recorder = streamed()
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.lose("silence", 1_000)
    sync.lose("closed", 2_000)
    assert [what for what, _ in recorder.heard] == ["live", "lost"]
    assert sync.gap_since_ms == 1_000
    assert sync.reason == "silence"


def test_a_listener_of_a_live_book_hears_at_once_and_one_forgotten_hears_no_more():
    sync, _ = streamed()
    sync.take(snapshot(BIDS, ASKS, 1_000, 1), 0)
    late = Recorder()
    sync.listen(late)
    sync.forget(late)
    sync.forget(late)
    sync.take(update([], [(101.0, 1.0)], 1_100, 2), 0)
    assert late.heard == [("live", 1_000)]


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 5))
def test_a_wider_snapshot_is_rolled_forward_to_the_state_of_the_book(asked, taken, late):
    """Whenever it is asked for, taken at the venue, and brought: the book is the venue's."""
    truth_bids, truth_asks = {99.0: 1.0, 90.0: 9.0}, {101.0: 3.0, 110.0: 9.0}
    updates = []
    states = [(dict(truth_bids), dict(truth_asks))]
    for number in range(1, 20):
        price, qty = float(90 + number % 10), float(number % 4)
        updates.append(update([(price, qty)], [(price + 12, qty)], 1_000 + number, number))
        for side, at in ((truth_bids, price), (truth_asks, price + 12)):
            side[at] = qty
            if not qty:
                side.pop(at)
        states.append((dict(truth_bids), dict(truth_asks)))
    sync, recorder = fetched()
    sync.snapshot(snapshot([(99.0, 1.0)], [(101.0, 3.0)], 1_000, 0), 0)
    outcome = None
    for number, change in enumerate(updates):
        if number == asked:
            sync.want_wider()
            assert sync.wants_snapshot
        if number == max(asked, taken) + late:
            bids, asks = states[taken]
            wide = snapshot(list(bids.items()), list(asks.items()), 0, taken, reach=(80.0, 120.0))
            outcome = sync.snapshot(wide, 0)
        sync.take(change, 0)
    assert sync.state is SyncState.LIVE
    assert ("lost", 1_000) not in recorder.heard
    if outcome and sync.book.reach == (80.0, 121.0):
        assert dict(sync.book.top(99)[0]) == truth_bids
        assert dict(sync.book.top(99)[1]) == truth_asks
    else:
        assert taken < asked
        assert sync.book.reach == (99.0, 102.0)


def test_a_wider_snapshot_that_differs_is_believed_and_all_since_the_start_is_in_doubt():
    sync, recorder = fetched()
    sync.snapshot(snapshot(BIDS, ASKS, 1_000, 0), 0)
    sync.want_wider()
    sync.take(update([(99.0, 5.0)], [], 1_100, 1), 0)
    assert sync.snapshot(snapshot([(99.0, 8.0), (98.0, 7.0), (90.0, 1.0)], ASKS, 0, 0), 0)
    assert sync.state is SyncState.LIVE
    assert sync.book.top(9)[0] == [(99.0, 5.0), (98.0, 7.0), (90.0, 1.0)]
    assert recorder.heard[-2:] == [("lost", 1_000), ("live", 1_100)]
    assert (sync.gap_since_ms, sync.reason, sync.wrong) == (0, "", "")


def test_a_snapshot_that_agrees_bounds_the_doubt_of_a_later_one_that_differs():
    sync, recorder = fetched()
    sync.snapshot(snapshot(BIDS, ASKS, 1_000, 0), 0)
    for number in range(1, 5):
        if number in (2, 4):
            sync.want_wider()
        sync.take(update([(99.0, float(number))], [], 1_000 + 100 * number, number), 0)
        if number in (2, 4):
            # the second time the venue holds what was never told
            deep = [(98.0, 2.0 if number == 2 else 7.0), (90.0, 1.0)]
            fresh = snapshot([(99.0, float(number - 1)), *deep], ASKS, 0, number - 1)
            assert sync.snapshot(fresh, 0)
    assert recorder.heard[-2:] == [("lost", 1_200), ("live", 1_400)]
    assert sync.book.qty("bid", 98.0) == 7.0


def test_what_is_wrong_with_the_newest_book_is_told_beside_why_the_last_live_one_ended():
    sync, _ = fetched()
    sync.snapshot(snapshot(BIDS, ASKS, 1_000, 1), 0)
    sync.lose("the connection was closed", 1_000)
    sync.begin(2_000)
    sync.snapshot(snapshot([(105.0, 1.0)], ASKS, 2_000, 9), 0)
    assert sync.reason == "the connection was closed"
    assert "bid above" in sync.wrong
    sync.begin(3_000)
    sync.snapshot(snapshot(BIDS, ASKS, 3_000, 12), 0)
    assert sync.wrong == ""


def test_nobody_asked_for_a_snapshot_of_a_live_book_it_is_ignored():
    sync, _ = fetched()
    sync.snapshot(snapshot(BIDS, ASKS, 1_000, 5), 0)
    assert sync.snapshot(snapshot([(50.0, 1.0)], ASKS, 900, 2), 0)
    assert sync.state is SyncState.LIVE
    assert sync.book.best().bid == 99.0

"""A book that is wrong without knowing it is found out, and a right one is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.books.dense import DenseBook
from heatdesk.books.watch import BookWatch
from heatdesk.frames import TradeBatch
from tests.heatdesk.books.streams import snapshot

START = 1_000_000


def trades(*rows) -> TradeBatch:
    time_ms, price = zip(*rows, strict=True)
    n = len(rows)
    return TradeBatch(
        np.array(time_ms, np.int64), np.array(price), np.ones(n), np.ones(n, np.bool_)
    )


def watched(silence_ms=0, bid=99.0, ask=101.0) -> tuple[DenseBook, BookWatch]:
    book = DenseBook(1.0)
    book.load(snapshot([(bid, 1.0)], [(ask, 1.0)]))
    watch = BookWatch(book, silence_ms)
    watch.begin(START, START + 30)
    return book, watch


def test_a_book_may_be_crossed_for_a_moment_and_not_for_longer_than_a_second():
    book, watch = watched()
    book.apply([(102.0, 1.0)], [])
    watch.changed(START + 100, START + 130)
    assert watch.check(START + 1_100) == ""
    why = watch.check(START + 1_200)
    assert "102" in why
    assert "101" in why
    assert watch.since_ms == START + 100
    book.apply([(102.0, 0.0)], [])
    watch.changed(START + 1_250, START + 1_280)
    assert watch.check(START + 9_000) == ""


def test_silence_is_told_with_the_time_of_the_last_word():
    _, watch = watched(silence_ms=5_000)
    watch.changed(START + 700, START + 730)
    assert watch.check(START + 5_700) == ""
    assert "silent for 6 s" in watch.check(START + 6_730)
    assert watch.since_ms == START + 700


def test_trades_away_from_a_book_that_stands_still_disprove_it():
    _, watch = watched()
    for i in range(30):
        now = START + 200 * i
        watch.traded(trades((now, 120.0)))
        why = watch.check(now + 30)
        if why:
            break
    assert "120" in why
    assert watch.since_ms == START
    assert 3_000 <= now - START <= 3_600


def test_a_book_that_stands_still_is_in_doubt_since_its_last_message_not_since_the_first_trade():
    _, watch = watched()
    watch.changed(START + 500, START + 530)
    watch.traded(trades((START + 900, 100.0)))  # it still fits, for the price has not moved yet
    for i in range(30):
        now = START + 1_500 + 200 * i
        watch.traded(trades((now, 120.0)))
        if watch.check(now + 30):
            break
    assert watch.since_ms == START + 500


def test_a_book_that_moves_on_at_odds_with_the_trades_is_in_doubt_since_they_last_agreed():
    _, watch = watched()
    for i in range(40):
        now = START + 200 * i
        watch.changed(now, now + 30)
        watch.traded(trades((now, 100.0 if i < 10 else 120.0)))
        if watch.check(now + 30):
            break
    assert watch.since_ms == START + 1_800


def test_a_few_trades_or_a_short_burst_or_one_that_agrees_disprove_nothing():
    _, watch = watched()
    watch.traded(trades(*[(START + i, 120.0) for i in range(500)]))
    assert watch.check(START + 30_000) == ""
    watch.traded(trades((START + 600, 100.0)))
    watch.traded(trades(*[(START + 10_000 + 3_000 * i, 120.0) for i in range(4)]))
    assert watch.check(START + 60_000) == ""


@given(st.lists(st.integers(-400, 400), min_size=30, max_size=80), st.integers(0, 900))
def test_a_book_that_follows_its_trades_late_is_left_alone(jumps, lag_ms):
    book, watch = watched(bid=9_999.0, ask=10_001.0)
    middle = 10_000.0
    for i, jump in enumerate(jumps):
        now = START + 1_000 * (i + 1)
        watch.traded(trades((now, middle + jump)))
        assert watch.check(now) == ""
        now += lag_ms
        old = book.best()
        middle += jump
        book.apply([(old.bid, 0.0), (middle - 1, 1.0)], [(old.ask, 0.0), (middle + 1, 1.0)])
        watch.changed(now, now)
        assert watch.check(now) == ""


def test_a_new_start_forgets_the_doubts():
    book, watch = watched()
    book.apply([(102.0, 1.0)], [])
    watch.changed(START + 100, START + 130)
    watch.traded(trades(*[(START + 1_000 * i, 500.0) for i in range(9)]))
    book.load(snapshot([(99.0, 1.0)], [(101.0, 1.0)]))
    watch.begin(START + 20_000, START + 20_000)
    assert watch.check(START + 40_000) == ""


@pytest.mark.parametrize("bids", [[], [(99.0, 1.0)]])
def test_trades_say_nothing_about_a_book_without_a_side(bids):
    book = DenseBook(1.0)
    book.load(snapshot(bids, []))
    watch = BookWatch(book)
    watch.begin(START, START)
    watch.traded(trades(*[(START + 500 * i, 500.0) for i in range(20)]))
    assert watch.check(START + 40_000) == ""

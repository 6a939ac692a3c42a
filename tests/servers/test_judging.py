"""The judge of long runs: it finds what is wrong, and keeps nothing of what it has judged."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from heatdesk.frames import BookSub, BookWindow, Flaw, LevelRuns, Quote
from tests.servers.venues.judging import Judge
from tests.servers.venues.market import PlainBook, Play, Spec, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

SUB = BookSub("binance-usdm", ("BINANCE_FUTURES",), "TESTUSDT", interval_ms=100)
START_MS, STEPS = 1_000_000, 40


class _Script:
    """A market whose bid grows by one with each tenth of a second."""

    def begin(self) -> PlainBook:
        return PlainBook({990: 1}, {1010: 7})

    def steps(self) -> Iterator[Step]:
        for number in range(1, STEPS + 2):
            yield Step(100 * number, [(990, 1 + number)])


def venue() -> Any:
    play = Play(Spec("TESTUSDT", "TEST", "USDT", 0, 0, 1, perpetual=True), _Script(), START_MS)
    for _ in play.due(START_MS + 100 * STEPS):
        pass
    lock = threading.RLock()
    return SimpleNamespace(provider="binance-usdm", lock=lock, plays={"TESTUSDT": play})


def frame(number: int, bid: float) -> BookWindow:
    """The column of a tenth of a second, with what is told of the bid."""
    start_ms = START_MS + 100 * number

    def side(price: float, qty: float) -> LevelRuns:
        return LevelRuns(np.array([0, 1]), np.array([price]), np.array([qty]))

    return BookWindow(
        start_ms, start_ms + 100, 100, np.array([start_ms]), 1.0, Quote.COIN,
        side(990.0, bid), side(1010.0, 7.0), reach_px=np.array([[980.0, 1020.0]]),
    )  # fmt: skip


def told(server: Any, **options: Any) -> Judge:
    """A judge that was told the truth of every column."""
    judge = Judge([server], **options)
    for number in range(STEPS):
        judge.note(SUB, frame(number, 1.0 + number))
    return judge


def test_what_was_judged_is_dropped_in_the_journal_and_later_columns_are_judged_as_before() -> None:
    server = venue()
    judge, journal = told(server, settled_ms=2_000), server.plays["TESTUSDT"].journal
    assert judge.look(SUB) == []
    assert judge.tallies[SUB].live == 20
    assert len(journal.entries) == 20 + 1
    assert journal.base.bids == {990: 1 + 19}
    assert judge.look(SUB, START_MS + 3_000) == []
    assert judge.tallies[SUB].live == 30
    assert judge.tallies[SUB].missing == 0


def test_the_newest_word_on_a_column_counts_and_a_wrong_one_is_told_once() -> None:
    server = venue()
    judge = told(server, settled_ms=0)
    judge.note(SUB, frame(3, 99.0))
    judge.note(SUB, frame(5, 99.0))
    judge.note(SUB, frame(5, 6.0))
    (wrong, last) = judge.look(SUB)
    assert wrong.startswith(f"{START_MS + 300} largest bids: 1 cells: 990: 99 is not 4")
    assert " last bids" in last
    assert judge.look(SUB) == []
    assert judge.tallies[SUB].wrong == [wrong, last]


def test_a_column_under_doubt_may_say_anything_and_one_never_told_is_missing() -> None:
    server = venue()
    judge = Judge([server], settled_ms=0)
    judge.note(SUB, frame(0, 1.0))
    doubted = replace(frame(2, 99.0), flaws=np.array([Flaw.TOUCHED], np.uint8))
    judge.note(SUB, doubted)
    judge.note(SUB, frame(3, 4.0))
    assert judge.look(SUB, START_MS + 400) == []
    tally = judge.tallies[SUB]
    assert (tally.live, tally.flawed, tally.missing) == (2, 1, 1)

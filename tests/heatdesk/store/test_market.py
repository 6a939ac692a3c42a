from __future__ import annotations

import numpy as np
import pytest

from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleSub,
    CandleWindow,
    LiquidationSub,
    MarketList,
    MarketSub,
    ProviderStatus,
    StreamStatus,
)
from heatdesk.store.exact import ExactFrames, frame_bytes
from heatdesk.store.market import MarketStore
from tests.heatdesk.store.books import MINUTE, START_MS, book, liquidations, minute

SUB = BookSub("demo")


def candles(minutes: list[int], close: float, complete: int) -> CandleWindow:
    n = len(minutes)
    return CandleWindow(
        minute(minutes[0]),
        minute(minutes[-1] + 1),
        MINUTE,
        np.array([minute(m) for m in minutes], np.int64),
        *(np.full(n, close) for _ in range(5)),
        complete_ms=minute(complete),
    )


def test_every_frame_raises_the_revision_and_a_dropped_subscription_never_repeats_one() -> None:
    store = MarketStore()
    assert store.revision(SUB) == 0
    store.apply(SUB, book({0: {100.0: 1.0}}, {0: {}}))
    store.apply(SUB, book({1: {100.0: 1.0}}, {1: {}}))
    assert store.revision(SUB) == 2
    store.drop(SUB)
    assert (store.revision(SUB), store.heatmap(SUB), store.covered(SUB)) == (0, None, [])
    store.apply(SUB, book({0: {100.0: 1.0}}, {0: {}}))
    assert store.revision(SUB) == 3


def test_covered_spans_merge_and_end_where_buckets_were_still_forming() -> None:
    store = MarketStore()
    level = {100.0: 1.0}
    store.apply(SUB, book({20: level}, {20: {}}, asked=(20, 30), complete=28))
    store.apply(SUB, book({5: level}, {5: {}}, asked=(5, 10)))
    assert store.covered(SUB) == [(minute(5), minute(10)), (minute(20), minute(28))]
    store.apply(SUB, book({12: level}, {12: {}}, asked=(10, 20)))
    assert store.covered(SUB) == [(minute(5), minute(28))]


def test_nothing_is_covered_by_a_bucket_that_only_began() -> None:
    store = MarketStore()
    frame = book({20: {100.0: 1.0}}, {20: {}}, asked=(20, 21), complete=20)
    store.apply(SUB, frame)
    assert store.covered(SUB) == []
    assert store.heatmap(SUB) is not None


def test_a_window_without_snapshots_before_the_first_becomes_a_gap_once_columns_are_known() -> None:
    store = MarketStore()
    empty = BookWindow(
        minute(0), minute(3), MINUTE, np.zeros(0, np.int64), 5.0, book({0: {}}, {0: {}}).quote,
        *(book({}, {}, asked=(0, 3)).bids for _ in range(2)), complete_ms=minute(3),
    )  # fmt: skip
    store.apply(SUB, empty)
    assert store.heatmap(SUB) is None
    assert store.covered(SUB) == [(minute(0), minute(3))]
    store.apply(SUB, book({3: {100.0: 1.0}}, {3: {}}))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    c = heatmap.grid.time.column_of(START_MS)
    assert heatmap.column_state(c, c + 4).tolist() == [2, 2, 2, 1]


def test_levels_of_another_height_keep_what_is_drawn_and_have_it_asked_again() -> None:
    store = MarketStore()
    bids = {0: {100.0: 1.0, 105.0: 2.0, 130.0: 4.0}, 1: {95.0: 3.0}}
    store.apply(SUB, book(bids, {0: {}, 1: {}}, asked=(-1, 2)))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    generation, column = heatmap.generation, heatmap.grid.time.column_of
    store.apply(SUB, book({2: {100.0: 6.0}}, {2: {}}, block_size=25.0))
    assert store.heatmap(SUB) is heatmap
    assert heatmap.grid.block_size == 25.0
    assert heatmap.generation > generation
    found = [heatmap.value_at("bid", column(minute(n)), 4) for n in range(3)]
    assert found == pytest.approx([3.0, np.nan, 6.0], rel=5e-4, nan_ok=True)
    assert heatmap.column_state(column(minute(-1)), column(minute(3))).tolist() == [2, 1, 1, 1]
    assert store.covered(SUB) == [(minute(2), minute(3))]
    # the answer for what is asked again replaces it
    store.apply(SUB, book({0: {100.0: 9.0}}, {0: {}}, block_size=25.0))
    assert heatmap.value_at("bid", column(minute(0)), 4) == pytest.approx(9.0, rel=5e-4)


def test_finer_levels_do_not_claim_to_know_where_in_a_level_a_quantity_rested() -> None:
    store = MarketStore()
    store.apply(SUB, book({0: {100.0: 4.0}}, {0: {150.0: 1.0}}, block_size=25.0))
    store.apply(SUB, book({1: {100.0: 1.0}}, {1: {}}))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    c = heatmap.grid.time.column_of(minute(0))
    found = [heatmap.value_at("bid", c, level) for level in (19, 20, 21, 24, 25, 29, 30)]
    assert found == pytest.approx([np.nan, 4, np.nan, np.nan, 0, 0, 0], rel=5e-4, nan_ok=True)


def test_the_latest_candle_of_a_bucket_counts() -> None:
    store, sub = MarketStore(), CandleSub("demo")
    store.apply(sub, candles([5, 6, 7], 10.0, 7))
    store.apply(sub, candles([2, 3], 11.0, 7))
    store.apply(sub, candles([7, 8], 12.0, 8))
    merged = store.candles(sub)
    assert merged is not None
    assert merged.time_ms.tolist() == [minute(m) for m in (2, 3, 5, 6, 7, 8)]
    assert merged.close.tolist() == [11, 11, 10, 10, 12, 12]
    assert (merged.from_ms, merged.to_ms, merged.complete_ms) == (minute(2), minute(9), minute(8))
    assert store.covered(sub) == [(minute(2), minute(4)), (minute(5), minute(8))]


def test_the_last_book_is_the_newest_snapshot_whatever_arrived_last() -> None:
    store = MarketStore()
    store.apply(SUB, book({8: {100.0: 8.0}, 9: {100.0: 9.0}}, {8: {}, 9: {105.0: 1.0}}))
    store.apply(SUB, book({1: {100.0: 1.0}}, {1: {}}))
    last = store.last_book(SUB)
    assert isinstance(last, BookWindow)
    assert last.time_ms.tolist() == [minute(9)]
    assert last.bids is not None
    assert last.bids.qty.tolist() == [9.0]


def test_exact_figures_are_those_served_to_the_last_digit() -> None:
    store = MarketStore()
    qty = 0.1234567890123456
    store.apply(SUB, book({4: {100.0: qty, 90.0: 2.0}}, {4: {105.0: 3.3}}))
    cell = store.exact(SUB, minute(4) + 30_000, 103.0)
    assert cell is not None
    assert (cell.bid, cell.ask) == (qty, 0.0)
    outside = store.exact(SUB, minute(4), 200.0)
    assert outside is not None
    assert np.isnan([outside.bid, outside.ask]).all()
    assert store.exact(SUB, minute(7), 100.0) is None


def test_exact_figures_give_way_to_newer_ones_when_their_budget_is_spent() -> None:
    frames = [book({n: {100.0: 1.0, 95.0: 1.0}}, {n: {105.0: 1.0}}) for n in (6, 5, 4, 3, 2)]
    store = MarketStore(exact_bytes=3 * frame_bytes(frames[0]) * 16 // 15)
    for frame in frames:
        store.apply(SUB, frame)
    assert [store.exact(SUB, minute(n), 100.0) is not None for n in range(2, 7)] == [
        False, False, True, True, True,
    ]  # fmt: skip
    assert store.heatmap(SUB) is not None


def test_a_frame_larger_than_the_budget_of_exact_figures_does_not_stay_in_memory() -> None:
    level = {100.0 + 5 * k: 1.0 + k for k in range(40)}
    frame = book(dict.fromkeys(range(400), level), {key: {} for key in range(400)})
    assert frame.bids is not None
    budget = frame_bytes(frame) // 4
    kept = ExactFrames(budget)
    for part in kept.parts_of(frame):
        kept.add(part)
    held = [n for n in range(400) if kept.snapshot(minute(n)) is not None]
    assert held == list(range(400 - len(held), 400))
    assert 60 < len(held) <= 100
    frames = {id(kept.snapshot(minute(n))[0]): kept.snapshot(minute(n))[0] for n in held}
    assert sum(part.bids.price.nbytes * 2 for part in frames.values()) <= budget
    assert not any(np.shares_memory(p.bids.qty, frame.bids.qty) for p in frames.values())
    cell = kept.cell(minute(399), 295.0, 5.0)
    assert cell is not None
    assert cell.bid == 40.0


def test_bytes_of_exact_figures_are_those_of_the_frames_held() -> None:
    kept = ExactFrames(40_000)
    frames = [
        book(
            {key: {100.0: float(n)} for key in range(n, n + 3)},
            {key: {} for key in range(n, n + 3)},
        )
        for n in [*range(60), 10, 10, *range(300, 330, 2)]
    ]
    for frame in [*frames, frames[-1]]:
        kept.add(frame)
        held = {id(f): frame_bytes(f) for f, _ in kept._snapshots.values()}
        assert kept.nbytes == sum(held.values()) <= 40_000
    newest = kept.newest()
    assert newest is not None
    assert newest.time_ms.tolist() == [minute(330)]
    assert (newest.from_ms, newest.to_ms) == (minute(330), minute(331))


def test_liquidations_have_a_quantity_and_no_sides() -> None:
    store, sub = MarketStore(), LiquidationSub("demo")
    store.apply(sub, liquidations({0: {100.0: 7.25, 110.0: 1.0}}, 10.0))
    cell = store.exact(sub, minute(0), 100.0)
    assert cell is not None
    assert cell.qty == 7.25
    assert np.isnan([cell.bid, cell.ask]).all()
    assert store.last_book(sub) is not None


def test_the_latest_frame_is_kept_as_it_is() -> None:
    store, sub = MarketStore(), MarketSub("demo")
    frame = MarketList(1, (("A", "B", "C", "SPOT"),))
    store.apply(sub, frame)
    assert store.latest(sub) is frame


def test_a_status_counts_as_changed_only_when_it_differs() -> None:
    store = MarketStore()
    assert store.status(SUB) == StreamStatus()
    for status in (StreamStatus(note="a"), StreamStatus(note="a"), StreamStatus(note="b")):
        store.set_status(SUB, status)
    assert store.status_revision(SUB) == 2
    assert store.status(SUB).note == "b"


def test_providers_are_listed_by_id_and_counted_when_they_change() -> None:
    store = MarketStore()
    for status in (ProviderStatus("b", "B"), ProviderStatus("a", "A"), ProviderStatus("b", "B")):
        store.set_provider(status)
    assert [status.provider for status in store.providers()] == ["a", "b"]
    assert store.provider_revision == 2


def test_cells_are_guarded_by_the_one_lock() -> None:
    store = MarketStore()
    store.apply(SUB, book({0: {100.0: 1.0}}, {0: {}}))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    assert heatmap.lock is store.lock


def piece(n: int, asked: tuple[int, int]) -> BookWindow:
    """One snapshot of an answer that is still arriving: nothing is complete yet."""
    return book({n: {100.0: 1.0 + n}}, {n: {105.0: 1.0}}, asked=asked, complete=asked[0])


def closing(asked: tuple[int, int], complete: int | None = None) -> BookWindow:
    """What ends an answer that came in pieces: its whole stretch, no snapshot."""
    return book({}, {}, asked=asked, complete=complete)


def test_a_piece_of_an_answer_covers_nothing_and_marks_no_gap() -> None:
    store, asked = MarketStore(), (0, 10)
    for n in (7, 2, 5):
        store.apply(SUB, piece(n, asked))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    c = heatmap.grid.time.column_of(START_MS)
    assert store.covered(SUB) == []
    assert heatmap.column_state(c, c + 10).tolist() == [0, 0, 1, 0, 0, 1, 0, 1, 0, 0]
    assert heatmap.value_at("bid", c + 5, 20) == pytest.approx(6.0, rel=5e-4)


@pytest.mark.parametrize(("complete", "gaps"), [(None, 10), (8, 8)])
def test_the_closing_frame_covers_the_answer_and_marks_its_gaps(
    complete: int | None, gaps: int
) -> None:
    store, asked = MarketStore(), (0, 10)
    store.apply(SUB, piece(2, asked))
    store.apply(SUB, piece(5, asked))
    store.apply(SUB, closing(asked, complete))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    c = heatmap.grid.time.column_of(START_MS)
    expected = [2] * gaps + [0] * (10 - gaps)
    expected[2] = expected[5] = 1
    assert heatmap.column_state(c, c + 10).tolist() == expected
    assert store.covered(SUB) == [(minute(0), minute(gaps))]


def test_an_answer_that_breaks_off_leaves_what_came_and_is_asked_again() -> None:
    store = MarketStore()
    store.apply(SUB, book({0: {100.0: 1.0}}, {0: {}}))
    store.apply(SUB, piece(3, (1, 10)))
    assert store.covered(SUB) == [(minute(0), minute(1))]
    assert store.exact(SUB, minute(3), 100.0) is not None


def test_a_snapshot_from_the_future_is_neither_the_last_book_nor_a_reason_to_start() -> None:
    store = MarketStore()
    stray = book({900_000: {100.0: 9.0}}, {900_000: {}}, asked=(0, 2))
    store.apply(SUB, stray)
    assert store.heatmap(SUB) is None
    store.apply(SUB, book({1: {100.0: 1.0}, 900_000: {100.0: 9.0}}, {1: {}, 900_000: {}},
                          asked=(1, 2)))  # fmt: skip
    last, heatmap = store.last_book(SUB), store.heatmap(SUB)
    assert last is not None
    assert heatmap is not None
    assert last.time_ms.tolist() == [minute(1)]
    assert heatmap.last_column == heatmap.grid.time.column_of(minute(1))


def test_a_clock_that_ran_ahead_is_taken_back_with_what_it_claimed() -> None:
    store = MarketStore()
    # one day ahead: nothing came for all that time
    store.apply(SUB, book({0: {100.0: 1.0}}, {0: {}}, asked=(0, 1_450), complete=1_440))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    c, revision = heatmap.grid.time.column_of(START_MS), heatmap.revision
    assert heatmap.last_column == c + 1_439
    store.apply(SUB, book({3: {100.0: 1.0}, 4: {100.0: 1.0}}, {3: {}, 4: {}},
                          asked=(2, 6), complete=4))  # fmt: skip
    assert heatmap.last_column == c + 4
    assert heatmap.column_state(c, c + 7).tolist() == [1, 2, 2, 1, 1, 0, 0]
    assert not heatmap.column_state(c + 5, c + 1_450).any()
    a, b = heatmap.changed_since(revision)
    assert a <= c + 3
    assert b >= c + 1_440
    assert store.covered(SUB) == [(minute(0), minute(4))]


def test_an_older_window_takes_nothing_back() -> None:
    store = MarketStore()
    store.apply(SUB, book({20: {100.0: 1.0}}, {20: {}}, asked=(20, 30), complete=28))
    before = store.covered(SUB)
    store.apply(SUB, book({5: {100.0: 1.0}}, {5: {}}, asked=(5, 10), complete=10))
    store.apply(SUB, piece(12, (11, 15)))
    heatmap = store.heatmap(SUB)
    assert heatmap is not None
    assert heatmap.last_column == heatmap.grid.time.column_of(minute(27))
    assert store.covered(SUB) == [(minute(5), minute(10)), *before]


def test_the_end_of_an_answer_in_levels_that_are_no_longer_held_covers_nothing() -> None:
    store = MarketStore()
    store.apply(SUB, piece(0, (0, 10)))
    other = book({20: {100.0: 1.0}}, {20: {}}, block_size=25.0)
    store.apply(SUB, other)
    store.apply(SUB, closing((0, 10)))
    assert store.covered(SUB) == [(minute(20), minute(21))]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_exact_figure_is_told_beside_a_price_that_is_none(bad: float) -> None:
    store = MarketStore()
    store.apply(SUB, book({0: {100.0: 1.5, bad: 7.0, 90.0: 2.0}}, {0: {105.0: 3.0}}))
    cell = store.exact(SUB, minute(0), 101.0)
    assert cell is not None
    assert (cell.bid, cell.ask) == (1.5, 0.0)
    outside = store.exact(SUB, minute(0), 50.0)
    assert outside is not None
    assert np.isnan([outside.bid, outside.ask]).all()

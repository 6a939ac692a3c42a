"""Rules of a summed book: what each venue knows is added, what one is missing is marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatdesk.frames import BookSub, BookWindow, Flaw, Quote
from heatdesk.providers.exchanges_parts import parts_of
from heatdesk.providers.exchanges_sum import OPEN_STATES, BookSum, Part
from tests.heatdesk.store.books import Snapshot
from tests.heatdesk.store.live import START_MS, live

REACH = (50.0, 200.0)


def one(bid: float, ask: float = 1.0) -> tuple[Snapshot, Snapshot]:
    return {100.0: bid}, {105.0: ask}


def summed(parts: int = 2, interval_ms: int = 100) -> tuple[BookSum, list[Part]]:
    made = [Part(f"Venue {i}") for i in range(parts)]
    return BookSum(made, interval_ms, 5.0, Quote.USD), made


def bids_of(window: BookWindow | None) -> dict[int, Snapshot]:
    """Painted bids by bucket."""
    assert window is not None
    assert window.bids is not None
    numbers = ((window.time_ms - START_MS) // window.interval_ms).tolist()
    return {
        n: dict(zip(*(a.tolist() for a in window.bids.at(i)), strict=True))
        for i, n in enumerate(numbers)
    }


def ends_of(window: BookWindow) -> list[Snapshot]:
    """Bids at the end of each bucket."""
    runs = window.last_bids
    assert runs is not None
    return [dict(zip(*(a.tolist() for a in runs.at(i)), strict=True)) for i in range(len(runs))]


def flaws_of(window: BookWindow) -> list[int]:
    assert window.flaws is not None
    return [int(flaw) for flaw in window.flaws]


def frame_of(total: BookSum) -> BookWindow:
    window = total.frame()
    assert window is not None
    return window


def test_a_column_says_what_each_part_knew_at_its_end() -> None:
    total, (a, b) = summed(interval_ms=200)
    total.take(a, live({0: one(2.0), 1: one(2.0)}, reach_px=(50.0, 200.0)))
    total.take(b, live({0: one(3.0), 1: one(3.0)}, reach_px=(90.0, 120.0)))
    window = frame_of(total)
    assert window.parts_reach_px is not None
    assert window.parts_reach_px[-1].tolist() == [[50.0, 200.0], [90.0, 120.0]]
    total.lose(b)
    total.take(a, live({2: one(2.0), 3: one(2.0)}, reach_px=(50.0, 200.0)))
    window = frame_of(total)
    assert window.parts_reach_px is not None
    low, high = window.parts_reach_px[-1][1].tolist()
    assert low >= high, "one that is missing knows nothing"


def test_levels_of_all_parts_are_added() -> None:
    total, (a, b) = summed()
    total.take(a, live({0: one(2.0)}, reach_px=REACH))
    total.take(b, live({0: ({100.0: 3.0, 95.0: 4.0}, {})}, reach_px=REACH))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 5.0, 95.0: 4.0}}
    assert flaws_of(window) == [0]
    assert (window.block_size, window.quote) == (5.0, Quote.USD)


def test_a_part_that_never_came_holds_nothing_up_and_marks_the_column() -> None:
    total, (a, _) = summed()
    total.take(a, live({0: one(2.0)}, reach_px=REACH))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 2.0}}
    assert flaws_of(window) == [Flaw.PARTIAL]


def test_a_part_that_comes_later_is_marked_until_then_only() -> None:
    total, (a, b) = summed()
    total.take(a, live({0: one(2.0), 1: one(2.0)}, reach_px=REACH))
    total.take(b, live({1: one(1.0)}, reach_px=REACH))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 2.0}, 1: {100.0: 3.0}}
    assert flaws_of(window) == [Flaw.PARTIAL, 0]


def test_a_part_whose_messages_come_later_is_taken_as_it_was_and_corrected() -> None:
    total, (a, b) = summed()
    total.take(a, live({0: one(2.0)}, reach_px=REACH))
    total.take(b, live({0: one(1.0)}, reach_px=REACH))
    total.frame()
    total.take(a, live({1: one(5.0)}, reach_px=REACH))
    early = frame_of(total)
    assert bids_of(early) == {1: {100.0: 6.0}}
    assert flaws_of(early) == [0]
    total.take(b, live({1: one(7.0)}, reach_px=REACH))
    assert bids_of(total.frame()) == {1: {100.0: 12.0}}


def test_each_price_is_the_sum_of_those_who_know_it() -> None:
    total, (a, b) = summed()
    total.take(a, live({0: ({90.0: 1.0, 100.0: 1.0}, {})}, reach_px=(95.0, 110.0)))
    total.take(b, live({0: ({90.0: 4.0, 100.0: 4.0}, {})}, reach_px=(80.0, 120.0)))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 5.0, 90.0: 4.0}}
    assert window.reach_px is not None
    assert window.reach_px.tolist() == [[80.0, 120.0]]


def test_ranges_that_do_not_meet_do_not_vouch_for_what_lies_between() -> None:
    total, (a, b, c) = summed(3)
    total.take(a, live({0: ({100.0: 1.0}, {})}, reach_px=(95.0, 110.0)))
    total.take(b, live({0: ({100.0: 1.0}, {})}, reach_px=(95.0, 115.0)))
    total.take(c, live({0: ({900.0: 1.0}, {})}, reach_px=(890.0, 910.0)))
    window = frame_of(total)
    assert window.reach_px is not None
    assert window.reach_px.tolist() == [[95.0, 115.0]]
    assert bids_of(window) == {0: {100.0: 2.0}}


def test_one_venue_lost_is_marked_and_comes_back() -> None:
    total, (a, b) = summed()
    for part in (a, b):
        total.take(part, live({0: one(1.0)}, reach_px=REACH))
    total.frame()
    total.lose(b)
    # the last bucket of what was lost, told again with its mark
    total.take(b, live({0: one(1.0)}, reach_px=REACH, flaws=[Flaw.TOUCHED]))
    total.take(a, live({1: one(1.0)}, reach_px=REACH))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 2.0}, 1: {100.0: 1.0}}
    assert flaws_of(window) == [Flaw.TOUCHED, Flaw.PARTIAL]
    assert b.missing
    b.find()
    total.take(b, live({2: one(4.0)}, reach_px=REACH, flaws=[Flaw.TOUCHED]))
    total.take(a, live({2: one(1.0)}, reach_px=REACH))
    back = frame_of(total)
    assert bids_of(back)[2] == {100.0: 5.0}
    assert bids_of(back).get(1, {100.0: 1.0}) == {100.0: 1.0}
    assert not b.missing


def test_a_part_back_without_a_word_is_believed_from_its_first_whole_bucket() -> None:
    total, (a, b) = summed()
    for part in (a, b):
        total.take(part, live({0: one(1.0)}, reach_px=REACH))
    total.lose(b)
    total.take(b, live({5: one(1.0)}, reach_px=REACH, flaws=[Flaw.TOUCHED]))
    assert b.missing
    total.take(b, live({6: one(1.0)}, reach_px=REACH))
    assert not b.missing


def test_buckets_that_a_part_says_it_did_not_see_are_without_it() -> None:
    total, (a, b) = summed()
    for part in (a, b):
        total.take(part, live({0: one(1.0)}, reach_px=REACH))
    total.take(b, live({}, asked=(1, 3)))
    total.take(a, live({1: one(1.0), 2: one(1.0), 3: one(1.0)}, reach_px=REACH))
    window = frame_of(total)
    assert bids_of(window)[2] == {100.0: 1.0}
    assert flaws_of(window)[-1] == Flaw.PARTIAL


def test_a_frame_that_corrects_one_bucket_leaves_the_others_it_spans() -> None:
    total, (a, b) = summed()
    for part in (a, b):
        total.take(part, live({n: one(1.0) for n in range(4)}, reach_px=REACH))
    total.take(a, live({0: one(9.0), 4: one(2.0)}, asked=(0, 5), reach_px=REACH))
    window = frame_of(total)
    qty = [bids[100.0] for bids in bids_of(window).values()]
    assert qty == [10.0, 2.0, 2.0, 2.0, 3.0]
    assert flaws_of(window) == [0] * 5


def test_while_all_are_gone_there_are_gaps() -> None:
    total, (a, b) = summed()
    for part in (a, b):
        total.take(part, live({0: one(1.0)}, reach_px=REACH))
    total.frame()
    for part in (a, b):
        total.lose(part)
        part.find()
    total.take(a, live({200: one(1.0)}, reach_px=REACH))
    window = frame_of(total)
    assert (window.from_ms - START_MS, window.to_ms - START_MS) == (100, 20_100)
    assert list(bids_of(window)) == [200]
    assert window.complete_ms == START_MS + 20_000


def test_columns_of_which_no_part_knows_anything_are_told_as_a_gap() -> None:
    total, (a, b) = summed()
    for part in (a, b):
        total.take(part, live({0: one(1.0)}, reach_px=REACH))
    total.frame()
    for part in (a, b):
        total.lose(part)
    # time goes by at one of them, and no book comes of it
    total.take(a, live({}, asked=(1, 5)))
    window = frame_of(total)
    assert (window.from_ms - START_MS, window.complete_ms - START_MS) == (100, 400)
    assert window.time_ms.size == 0
    assert window.parts_reach_px is not None
    assert window.parts_reach_px.shape == (0, 2, 2)


def test_a_coarse_column_is_the_largest_of_the_sums_not_the_sum_of_the_largest() -> None:
    total, (a, b) = summed(interval_ms=1_000)
    # a wall moves from one venue to the other
    total.take(a, live({0: one(9.0), 1: ({}, {105.0: 1.0}), 2: ({}, {})}, reach_px=REACH))
    total.take(b, live({0: ({}, {}), 1: one(9.0), 2: one(2.0)}, reach_px=REACH))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 9.0}}
    assert ends_of(window) == [{100.0: 2.0}]


def test_what_a_coarse_column_held_long_ago_is_not_forgotten() -> None:
    total, (a, b) = summed(interval_ms=60_000)
    start = START_MS // 60_000 * 60_000
    for n in range(0, 300):
        qty = 50.0 if n == 3 else 1.0
        for part in (a, b):
            total.take(part, live({n: one(qty)}, reach_px=REACH, start_ms=start))
        window = frame_of(total)
    assert window.bids is not None
    assert window.bids.qty.tolist() == [100.0]
    assert ends_of(window) == [{100.0: 2.0}]
    assert flaws_of(window) == [0]
    assert len(total._sums) <= OPEN_STATES + 1


def test_a_bucket_that_a_gap_touched_at_one_venue_is_touched_in_the_sum() -> None:
    total, (a, b) = summed()
    total.take(a, live({0: one(1.0)}, reach_px=REACH, flaws=[Flaw.TOUCHED]))
    total.take(b, live({0: one(1.0)}, reach_px=REACH))
    assert flaws_of(frame_of(total)) == [Flaw.TOUCHED]


def test_a_part_that_knows_no_level_counts_as_missing() -> None:
    total, (a, b) = summed()
    total.take(a, live({0: one(1.0)}, reach_px=REACH))
    total.take(b, live({0: ({}, {})}, reach_px=(0.0, 0.0), flaws=[Flaw.TOUCHED]))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 1.0}}
    assert flaws_of(window) == [Flaw.PARTIAL]


def test_the_end_of_a_bucket_counts_for_sums_not_its_largest() -> None:
    total, (a, b) = summed()
    total.take(a, live({0: one(9.0)}, {0: one(2.0)}, reach_px=REACH))
    total.take(b, live({0: one(1.0)}, reach_px=REACH))
    assert bids_of(total.frame()) == {0: {100.0: 3.0}}


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(1, 9)), max_size=25))
def test_whatever_order_parts_speak_in_the_sum_ends_the_same(
    said: list[tuple[int, int, int]],
) -> None:
    """Each part speaks of its buckets in order; the parts among each other in any."""
    queues: list[dict[int, float]] = [{0: 1.0} for _ in range(3)]
    for place, bucket, qty in said:
        queues[place][bucket] = float(qty)
    orders = [
        [(place, n) for place in places for n in range(14)] for places in ((0, 1, 2), (2, 0, 1))
    ] + [[(place, n) for n in range(14) for place in (1, 2, 0)]]
    results = []
    for order in orders:
        total, parts = summed(3)
        cells: dict[int, Snapshot] = {}
        for place, n in order:
            held = [qty for bucket, qty in sorted(queues[place].items()) if bucket <= n][-1]
            total.take(parts[place], live({n: one(held)}, reach_px=REACH))
            cells |= bids_of(total.frame())
        results.append(cells)
    assert results[0] == results[1] == results[2]
    last = sum([qty for _, qty in sorted(queue.items())][-1] for queue in queues)
    assert results[0][13] == {100.0: last}


def test_parts_are_the_single_books_of_the_venues_in_fine_columns() -> None:
    sub = BookSub(
        "exchanges", ("BINANCE_FUTURES", "KRAKEN", "HYPERLIQUID_FUTURES", "CME"), "", "ETH",
        60_000, quote=Quote.USD,
    )  # fmt: skip
    parts = parts_of(sub, 2.5)
    found = [(p.provider, p.venues, p.symbol, p.coin) for p in parts]
    assert found == [
        ("binance-usdm", ("BINANCE_FUTURES",), "ETHUSDT", ""),
        ("kraken", ("KRAKEN",), "ETH/USD", ""),
        ("hyperliquid", ("HYPERLIQUID_FUTURES",), "ETH", ""),
    ]
    assert {(p.interval_ms, p.block_size, p.quote) for p in parts} == {(100, 2.5, Quote.USD)}
    assert parts_of(replace(sub, block_size=10.0))[0].block_size == 10.0


def test_a_book_whose_reach_is_all_prices_is_held_near_its_best() -> None:
    total, (a, _) = summed()
    bids, asks = {100_000.0: 1.0, 5.0: 3.0}, {100_005.0: 1.0}
    total.take(a, live({0: (bids, asks)}, reach_px=(0.0, 1e12)))
    window = frame_of(total)
    assert window.reach_px is not None
    low, high = window.reach_px[0].tolist()
    assert low == pytest.approx(100_000 - 2048 * 5)
    assert high == pytest.approx(100_000 + 2048 * 5)
    assert bids_of(window) == {0: {100_000.0: 1.0}}
    assert np.isfinite(window.reach_px).all()


def told(best: dict[int, tuple[float, float]]) -> BookWindow:
    """A part that quotes its best prices."""
    frame = live({n: one(1.0) for n in best}, reach_px=REACH)
    return replace(frame, best_px=np.array([best[n] for n in sorted(best)]))


def best_of(window: BookWindow) -> list[tuple[float | None, ...]]:
    """Best prices by column, None where there is none."""
    assert window.best_px is not None
    return [tuple(None if np.isnan(px) else px for px in row) for row in window.best_px.tolist()]


def test_the_best_prices_of_a_sum_are_the_best_of_those_who_know() -> None:
    total, (a, b, _) = summed(3)
    none = float("nan")
    total.take(a, told({0: (100.1, 100.4), 1: (100.1, none), 2: (none, none)}))
    total.take(b, told({0: (100.2, 100.3), 1: (none, 100.9), 2: (none, none)}))
    assert best_of(frame_of(total)) == [(100.2, 100.3), (100.1, 100.9), (None, None)]


def test_best_prices_of_two_venues_may_cross() -> None:
    total, (a, b) = summed()
    total.take(a, told({0: (100.5, 100.6)}))
    total.take(b, told({0: (100.1, 100.2)}))
    assert best_of(frame_of(total)) == [(100.5, 100.2)]


def test_a_part_that_says_nothing_new_still_quotes_what_it_did() -> None:
    total, (a, b) = summed()
    total.take(a, told({0: (100.1, 100.4)}))
    total.take(b, told({0: (100.2, 100.3)}))
    total.frame()
    total.take(a, told({1: (100.25, 100.4)}))
    assert best_of(frame_of(total)) == [(100.25, 100.3)]


def test_a_part_that_is_gone_quotes_nothing_and_a_column_tells_its_end() -> None:
    total, (a, b) = summed(2, interval_ms=200)
    total.take(a, told({0: (100.1, 100.4), 1: (100.0, 100.5)}))
    total.take(b, told({0: (100.2, 100.3), 1: (100.2, 100.3)}))
    assert best_of(frame_of(total)) == [(100.2, 100.3)]
    total.lose(b)
    total.take(a, told({2: (99.0, 99.1)}))
    assert best_of(frame_of(total))[-1] == (99.0, 99.1)


def test_a_sum_that_ends_in_a_gap_has_no_best_price_at_that_end() -> None:
    total, (a,) = summed(1, interval_ms=200)
    total.take(a, told({0: (100.1, 100.4)}))
    total.take(a, live({}, asked=(1, 3)))
    window = frame_of(total)
    assert bids_of(window) == {0: {100.0: 1.0}}
    assert best_of(window) == [(None, None)]

"""Rules of the tapes: every event once, by time, the newest held within a bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatdesk.frames import (
    LiquidationBatch,
    LiquidationEventSub,
    StreamStatus,
    TradeBatch,
    TradeSub,
)
from heatdesk.store.joined_tapes import JoinedTrades
from heatdesk.store.market import MarketStore
from heatdesk.store.tape import TradeTape

SUB = TradeSub("binance-usdm")


def trades(*times_ms: int, start: int = 0) -> TradeBatch:
    """Trades at some times; the price numbers them."""
    n = len(times_ms)
    return TradeBatch(
        np.array(times_ms, np.int64),
        np.arange(start, start + n, dtype=np.float64),
        np.full(n, 0.5),
        np.arange(n) % 2 == 0,
    )


def test_trades_are_read_by_a_half_open_stretch_of_time() -> None:
    store = MarketStore()
    assert store.trades(SUB) is None
    store.apply(SUB, trades(10, 20, 20, 30))
    tape = store.trades(SUB)
    assert tape is not None
    found = tape.window(10, 30)
    assert found.time_ms.tolist() == [10, 20, 20]
    assert found.price.tolist() == [0.0, 1.0, 2.0]
    assert found.buy.tolist() == [True, False, True]
    assert tape.window(31, 99).time_ms.size == 0


def test_a_late_batch_finds_its_place_and_tells_from_when_on_things_changed() -> None:
    tape = TradeTape()
    tape.add(trades(10, 20, 40))
    seen = tape.revision
    tape.add(trades(15, 30, start=10))
    assert tape.window(0, 99).time_ms.tolist() == [10, 15, 20, 30, 40]
    assert tape.window(0, 99).price.tolist() == [0.0, 10.0, 1.0, 11.0, 2.0]
    assert tape.changed_from_ms(seen) == 15
    assert tape.changed_from_ms(tape.revision) is None


def test_the_newest_are_told_by_number() -> None:
    tape = TradeTape()
    tape.add(trades(1, 2, 3))
    assert tape.newest(2).time_ms.tolist() == [2, 3]
    assert tape.newest(99).time_ms.tolist() == [1, 2, 3]
    assert tape.newest(0).time_ms.size == 0


def test_the_oldest_go_beyond_the_bound_and_do_not_come_back() -> None:
    tape = TradeTape(most=40_000)
    for start in range(0, 100_000, 5_000):
        tape.add(trades(*range(start, start + 5_000)))
    assert len(tape) <= 40_000
    assert tape.last_ms == 99_999
    oldest_ms = tape.first_ms
    assert oldest_ms is not None
    assert oldest_ms > 50_000
    tape.add(trades(5, 6))
    assert tape.first_ms == oldest_ms


def test_an_unordered_batch_is_put_in_order() -> None:
    tape = TradeTape()
    tape.add(trades(30, 10, 20))
    assert tape.window(0, 99).time_ms.tolist() == [10, 20, 30]
    assert tape.window(0, 99).price.tolist() == [1.0, 2.0, 0.0]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 50), max_size=6).map(sorted), max_size=12))
def test_whatever_comes_in_whatever_order_is_held_once_by_time(batches: list[list[int]]) -> None:
    tape = TradeTape()
    number = 0
    expected: list[tuple[int, float]] = []
    for batch in batches:
        tape.add(trades(*batch, start=number))
        expected += zip(batch, map(float, range(number, number + len(batch))), strict=True)
        number += len(batch)
    held = tape.window(-1, 99)
    assert held.time_ms.tolist() == sorted(time_ms for time_ms, _ in expected)
    assert sorted(zip(held.time_ms.tolist(), held.price.tolist(), strict=True)) == sorted(expected)
    assert tape.newest(4).price.tolist() == held.price[-4:].tolist()


def test_late_rows_reach_back_over_full_chunks() -> None:
    tape = TradeTape()
    times = np.arange(0, 80_000, 2)
    tape.add(trades(*times.tolist()))
    tape.add(trades(11, 13))
    held = tape.window(0, 10**9).time_ms
    assert held.size == times.size + 2
    assert (np.diff(held) >= 0).all()
    assert {11, 13} <= set(held.tolist())


@pytest.mark.parametrize("sampled", [True, False])
def test_liquidations_keep_side_value_and_what_the_venue_wrote(sampled: bool) -> None:
    store, sub = MarketStore(), LiquidationEventSub("bybit", "BYBIT")
    batch = LiquidationBatch(
        np.array([5, 9], np.int64),
        np.array([100.0, 101.0]),
        np.array([2.0, 3.0]),
        np.array([200.0, 303.0]),
        np.array([True, False]),
        ("Buy", "Sell"),
        sampled,
    )
    store.apply(sub, batch)
    tape = store.liquidations(sub)
    assert tape is not None
    held = tape.window(0, 10)
    assert held.raw_side == ("Buy", "Sell")
    assert held.value_usd.tolist() == [200.0, 303.0]
    assert held.long.tolist() == [True, False]
    assert held.sampled is sampled
    assert store.revision(sub) == 1


def test_what_was_not_heard_is_a_gap_from_the_break_to_the_next_trade() -> None:
    store = MarketStore()
    store.apply(SUB, trades(1_000, 2_000))
    tape = store.trades(SUB)
    assert tape is not None
    # this computer's clock is half a second ahead of the venue's
    store.set_status(SUB, StreamStatus(gap_since_ms=3_500, skew_ms=500.0))
    store.set_status(SUB, StreamStatus(gap_since_ms=3_500, skew_ms=500.0, note="asked again"))
    assert tape.gaps == ((3_000, None),)
    store.apply(SUB, trades(2_500))
    assert tape.gaps == ((3_000, None),), "one that came late is from before"
    store.set_status(SUB, StreamStatus())
    store.apply(SUB, trades(2_900, 7_000, 8_000))
    assert tape.gaps == ((3_000, 7_000),)
    store.set_status(SUB, StreamStatus(gap_since_ms=7_500))
    assert tape.gaps == ((3_000, 7_000), (8_001, None)), "what was heard is no gap"


def test_several_venues_lack_in_part_what_any_of_them_lacks_and_wholly_what_all_do() -> None:
    one, other = TradeTape(), TradeTape()
    for tape, at_ms in ((one, 50), (other, 30)):
        tape.add(trades(10))
        tape.break_off(at_ms)
    both = JoinedTrades((one, other))
    assert (both.gaps, both.blind) == (((30, None),), ((50, None),))
    one.add(trades(60))
    assert (both.gaps, both.blind) == (((30, None),), ((50, 60),))
    other.add(trades(40))
    assert (both.gaps, both.blind) == (((30, 40), (50, 60)), ())
    other.break_off(60)
    other.add(trades(80))
    assert (both.gaps, both.blind) == (((30, 40), (50, 80)), ()), "one where they touch"
    assert (one.blind, other.blind) == (one.gaps, other.gaps), "there is nobody else"

"""Tapes of several venues read as one."""

from __future__ import annotations

import numpy as np

from heatdesk.frames import LiquidationBatch, TradeBatch
from heatdesk.store.joined_tapes import JoinedLiquidations, JoinedTrades
from heatdesk.store.tape import LiquidationTape, TradeTape


def trades(*times: int, price: float = 100.0) -> TradeBatch:
    n = len(times)
    return TradeBatch(
        np.array(times, np.int64), np.full(n, price), np.ones(n), np.ones(n, np.bool_)
    )


def liquidations(*times: int, sampled: bool = False) -> LiquidationBatch:
    n = len(times)
    ones = np.ones(n)
    sides = tuple(f"side {time}" for time in times)
    when = np.array(times, np.int64)
    return LiquidationBatch(when, ones, ones, ones, ones > 0, sides, sampled)


def test_trades_of_all_come_in_the_order_they_happened() -> None:
    one, other = TradeTape(), TradeTape()
    one.add(trades(1, 4, 9, price=1.0))
    other.add(trades(2, 4, 12, price=2.0))
    joined = JoinedTrades([one, other])
    assert joined.window(2, 12).time_ms.tolist() == [2, 4, 4, 9]
    assert joined.window(2, 12).price.tolist() == [2.0, 1.0, 2.0, 1.0]
    assert joined.newest(2).time_ms.tolist() == [9, 12]
    assert (joined.first_ms, joined.last_ms) == (1, 12)


def test_what_changed_is_told_from_any_revision_that_was_read() -> None:
    one, other = TradeTape(), TradeTape()
    joined = JoinedTrades([one, other])
    one.add(trades(10))
    first = joined.revision
    assert joined.changed_from_ms(first) is None
    other.add(trades(20))
    second = joined.revision
    one.add(trades(30))
    assert joined.revision > second > first
    assert joined.changed_from_ms(first) == 20
    assert joined.changed_from_ms(second) == 30
    assert joined.changed_from_ms(-5) == 10


def test_nothing_held_is_an_empty_tape() -> None:
    joined = JoinedTrades([TradeTape(), TradeTape()])
    assert joined.first_ms is None
    assert joined.changed_from_ms(joined.revision) is None
    assert joined.window(0, 9).time_ms.size == 0
    assert JoinedTrades([]).newest(3).time_ms.size == 0


def test_liquidations_keep_their_side_and_one_sampled_venue_makes_the_sum_sampled() -> None:
    one, other = LiquidationTape(), LiquidationTape()
    one.add(liquidations(1, 5))
    other.add(liquidations(3))
    joined = JoinedLiquidations([one, other])
    assert joined.window(0, 9).raw_side == ("side 1", "side 3", "side 5")
    assert not joined.sampled
    other.add(liquidations(7, sampled=True))
    assert joined.sampled
    assert joined.window(0, 9).sampled
    assert JoinedLiquidations([]).window(0, 9).time_ms.size == 0

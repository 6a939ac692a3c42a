from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.analytics.liquidated import join_liquidations
from heatdesk.frames import LiquidationBatch

Event = tuple[int, float, float, bool]


def batch_of(events: list[Event]) -> LiquidationBatch:
    price = np.array([p for _, p, _, _ in events], np.float64)
    value = np.array([v for _, _, v, _ in events], np.float64)
    return LiquidationBatch(
        np.array([t for t, _, _, _ in events], np.int64),
        price,
        value / price if events else value,
        value,
        np.array([long for _, _, _, long in events], np.bool_),
        tuple("SELL" if long else "BUY" for *_, long in events),
    )


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.integers(900, 1_000).map(float),
        st.integers(1, 5_000).map(float),
        st.booleans(),
    ),
    max_size=60,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


@given(EVENTS)
def test_every_liquidation_is_in_exactly_one_group_of_its_side(events: list[Event]) -> None:
    groups = join_liquidations(batch_of(events), 500.0, 8.0)
    for side in (True, False):
        mine = [group for group in groups if group.long is side]
        values = [value for *_, value, long in events if long is side]
        assert sum(group.count for group in mine) == len(values)
        assert math.isclose(sum(group.value_usd for group in mine), sum(values))
    for group in groups:
        assert group.last_ms - group.first_ms < 500
        assert group.largest_usd <= group.value_usd


@given(EVENTS, st.integers(0, 60))
def test_what_comes_later_moves_no_liquidation_to_another_group(
    events: list[Event], some: int
) -> None:
    before = join_liquidations(batch_of(events[:some]), 500.0, 8.0)
    after = join_liquidations(batch_of(events), 500.0, 8.0)
    for old, new in zip(before, after, strict=False):
        assert (old.first_ms, old.long) == (new.first_ms, new.long)
        assert new.count >= old.count
    assert len(after) >= len(before)


def test_near_ones_of_a_side_are_summed_and_their_price_is_weighted() -> None:
    events = [
        (0, 100.0, 1_000.0, True),
        (10, 104.0, 3_000.0, True),
        (20, 100.0, 500.0, False),
        (400, 100.0, 700.0, True),
    ]
    first, short, later = join_liquidations(batch_of(events), 300.0, 5.0)
    assert (first.count, first.value_usd, first.price, first.largest_usd) == (2, 4e3, 103.0, 3e3)
    assert (short.count, short.long) == (1, False)
    assert (later.count, later.first_ms) == (1, 400)


def test_what_has_no_value_is_left_out() -> None:
    batch = LiquidationBatch(
        np.array([0, 1, 2, 3], np.int64),
        np.array([100.0, math.nan, 100.0, 100.0]),
        np.array([1.0, 1.0, 0.0, 1.0]),
        np.array([math.nan, 100.0, 100.0, 50.0]),
        np.ones(4, np.bool_),
        ("SELL",) * 4,
    )
    groups = join_liquidations(batch, 300.0, 5.0)
    assert [group.value_usd for group in groups] == [50.0]

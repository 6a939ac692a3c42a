from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.analytics.trades import (
    LEVELS_PER_BAND,
    SliceGrid,
    TradeSums,
    add_up,
    cluster_cells,
    joined,
    no_sums,
    pool_trades,
)
from heatdesk.frames import TradeBatch

GRID = SliceGrid(200, 4.0)
Trade = tuple[int, float, float, bool]

# prices and quantities are multiples of powers of two, so that sums are exact in any order
TRADES = st.lists(
    st.tuples(
        st.integers(0, 3_000),
        st.integers(8 * 900, 8 * 1_000).map(lambda n: n / 8),
        st.integers(1, 4_000).map(lambda n: n / 64),
        st.booleans(),
    ),
    max_size=120,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


def batch_of(trades: list[Trade]) -> TradeBatch:
    return TradeBatch(
        np.array([t for t, _, _, _ in trades], np.int64),
        np.array([p for _, p, _, _ in trades], np.float64),
        np.array([q for _, _, q, _ in trades], np.float64),
        np.array([b for _, _, _, b in trades], np.bool_),
    )


def plain_clusters(trades: list[Trade], grid: SliceGrid) -> list[list[Trade]]:
    """The same clusters, one trade after another."""
    slices: dict[int, list[Trade]] = defaultdict(list)
    for trade in trades:
        slices[trade[0] // grid.slice_ms].append(trade)
    found: list[list[Trade]] = []
    for _, rows in sorted(slices.items()):
        levels: dict[int, list[Trade]] = defaultdict(list)
        for row in rows:
            levels[math.floor(row[1] / grid.level_size)].append(row)
        runs: list[list[int]] = []
        for level in sorted(levels):
            if runs and level - runs[-1][-1] <= LEVELS_PER_BAND // 2:
                runs[-1].append(level)
            else:
                runs.append([level])
        for run in runs:
            tall = run[-1] - run[0] + 1
            parts = math.ceil(tall / LEVELS_PER_BAND)
            pieces: dict[int, list[Trade]] = defaultdict(list)
            for level in run:
                pieces[(level - run[0]) * parts // tall] += levels[level]
            found += [pieces[k] for k in sorted(pieces)]
    return found


def assert_same(found: TradeSums, expected: list[list[Trade]], grid: SliceGrid) -> None:
    assert len(found) == len(expected)
    time_ms, price = found.time_ms(grid), found.price
    for i, rows in enumerate(expected):
        bought = sum(q for _, _, q, b in rows if b)
        sold = sum(q for _, _, q, b in rows if not b)
        total = bought + sold
        assert (found.buy_base[i], found.sell_base[i]) == (bought, sold)
        assert found.count[i] == len(rows)
        assert found.largest_base[i] == max(q for _, _, q, _ in rows)
        assert price[i] == pytest.approx(sum(p * q for _, p, q, _ in rows) / total)
        assert time_ms[i] == pytest.approx(sum(t * q for t, _, q, _ in rows) / total)
        assert found.buy_ratio[i] == pytest.approx(bought / total)


@given(TRADES)
def test_clusters_are_those_a_plain_loop_finds(trades: list[Trade]) -> None:
    found = cluster_cells(pool_trades(batch_of(trades), GRID))
    assert_same(found, plain_clusters(trades, GRID), GRID)


@given(TRADES, st.lists(st.integers(0, 120), max_size=4))
def test_the_portions_in_which_trades_come_make_no_difference(
    trades: list[Trade], cuts: list[int]
) -> None:
    edges = sorted({0, len(trades), *(min(cut, len(trades)) for cut in cuts)})
    cells = no_sums()
    for a, b in itertools.pairwise(edges):
        cells = add_up(joined(cells, pool_trades(batch_of(trades[a:b]), GRID)))
    whole = pool_trades(batch_of(trades), GRID)
    for name in TradeSums.__slots__:
        assert getattr(cells, name).tolist() == getattr(whole, name).tolist()


@given(TRADES)
def test_sorting_and_counting_add_up_to_the_same(trades: list[Trade]) -> None:
    near = pool_trades(batch_of(trades), GRID)
    # one trade very far away makes the room too wide to count in
    far = pool_trades(batch_of([*trades, (10_000_000, 900_000.0, 1.0, True)]), GRID)
    for name in TradeSums.__slots__:
        assert getattr(near, name).tolist() == getattr(far, name).tolist()[:-1]


@given(TRADES)
def test_no_cluster_is_taller_than_a_band(trades: list[Trade]) -> None:
    cells = pool_trades(batch_of(trades), GRID)
    for rows in plain_clusters(trades, GRID):
        prices = [p for _, p, _, _ in rows]
        assert max(prices) - min(prices) <= GRID.band
    found = cluster_cells(cells)
    assert found.qty_base.sum() == sum(q for _, _, q, _ in trades)


def test_prices_with_nothing_between_them_are_apart() -> None:
    trades = [(0, 100.0, 1.0, True), (1, 101.0, 2.0, False), (2, 104.5, 4.0, True)]
    found = cluster_cells(pool_trades(batch_of(trades), GRID))
    assert found.qty_base.tolist() == [3.0, 4.0]
    assert found.buy_ratio.tolist() == [pytest.approx(1 / 3), 1.0]


def test_what_is_no_trade_is_left_out() -> None:
    odd = [
        (0, math.nan, 1.0, True),
        (0, 100.0, math.nan, True),
        (0, 100.0, 0.0, True),
        (0, 100.0, -1.0, False),
        (0, math.inf, 1.0, False),
        (0, 100.0, 2.0, True),
    ]
    found = cluster_cells(pool_trades(batch_of(odd), GRID))
    assert found.qty_base.tolist() == [2.0]
    assert len(cluster_cells(pool_trades(batch_of(odd[:5]), GRID))) == 0


@pytest.mark.parametrize("price", [1.23e-8, 0.07, 64_000.0])
def test_prices_of_any_size_are_pooled_alike(price: float) -> None:
    grid = SliceGrid(1_000, price * 1e-4)
    steps = [0.0, 1e-5, 2e-5, 1.9e-4]
    trades = [(k, price * (1 + step), 1.0, True) for k, step in enumerate(steps)]
    found = cluster_cells(pool_trades(batch_of(trades), grid))
    assert found.count.tolist() == [3, 1]

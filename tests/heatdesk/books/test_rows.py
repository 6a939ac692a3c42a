"""Levels in an array enter a book as they do one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.books.dense import DenseBook
from heatdesk.books.reference import DictBook
from heatdesk.books.rows import Rows
from heatdesk.books.side import Side
from tests.heatdesk.books.test_dense import assert_same, change

ODD = st.tuples(
    st.sampled_from([-500_000, 500_000, 0.5, -70_000, 3_000_000]), st.sampled_from([0.0, 3.0])
)


def rows_of(levels) -> Rows:
    return Rows(np.array(levels, dtype=np.float64).reshape(-1, 2))


def priced(levels):
    return [((600_000 + tick) / 10, qty) for tick, qty in levels]


def near(draw: np.random.Generator):
    """Levels about the price, some of them at one price, some of them gone."""
    ticks = draw.integers(-400, 400, draw.integers(30, 61))
    qty = draw.choice([0.0, 0.0, 1.0, 2.5, 0.001], ticks.size)
    return list(zip(ticks.tolist(), qty.tolist(), strict=True))


@given(st.integers(0, 1 << 32), st.lists(st.lists(ODD, max_size=2), min_size=1, max_size=4))
def test_an_array_of_levels_makes_the_same_book_as_the_plain_one(seed, messages):
    draw = np.random.default_rng(seed)
    dense, plain = DenseBook(0.1), DictBook(0.1)
    for book in (dense, plain):
        book.load(change([(60_000.0, 1.0)], [(60_000.1, 1.0)], reach=(0.0, math.inf)))
    for odd in messages:
        bids, asks = priced(near(draw) + odd), priced(odd + near(draw))
        dense.apply(rows_of(bids), rows_of(asks))
        plain.apply(bids, asks)
        assert_same(dense, plain)


def test_of_levels_of_one_price_the_last_counts():
    book = DenseBook(0.1)
    book.load(change([(100.0, 1.0)], [(100.1, 1.0)]))
    levels = [(99.9, float(1 + i)) for i in range(40)] + [(99.8, 2.0), (99.8, 0.0)]
    book.apply(rows_of(levels), [])
    assert book.top(5)[0] == [(100.0, 1.0), (99.9, 40.0)]


@pytest.mark.parametrize("price", [1e14, 1e-9, 99.95, 0.1])
def test_nothing_is_set_at_once_when_one_level_is_not_ordinary(price):
    for sign in (1, -1):
        side = Side(sign)
        side.lay(np.array([1_000]), np.array([1.0]), 500, 4_096)
        levels = rows_of([(100.1 + i / 10, 5.0) for i in range(40)] + [(price, 5.0)])
        assert not side.set_rows(levels.array, 10.0)
        assert np.count_nonzero(side.array) == 1
        assert side.best_tick() == 1_000


def test_rows_are_a_sequence_of_plain_levels():
    levels = [(1.5, 2.0), (2.5, 0.0), (3.5, 4.0)]
    rows = rows_of(levels)
    assert list(rows) == levels
    assert len(rows) == 3
    assert rows[1] == (2.5, 0.0)
    assert list(rows[1:]) == levels[1:]
    assert all(type(value) is float for level in rows for value in level)
    with pytest.raises(IndexError):
        rows[3]

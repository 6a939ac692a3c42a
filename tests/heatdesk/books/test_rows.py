"""Levels in an array enter a book as they do one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.books.dense import DenseBook
from heatdesk.books.reference import DictBook
from heatdesk.books.rows import both_sides
from heatdesk.books.sides import Sides
from tests.heatdesk.books.test_dense import assert_same, change

ODD = st.tuples(
    st.sampled_from([-500_000, 500_000, 0.5, -70_000, 3_000_000]), st.sampled_from([0.0, 3.0])
)


def array_of(*levels) -> np.ndarray:
    return np.array(levels, dtype=np.float64)


def sides_of(bids, asks):
    """Both sides of a message as they come out of an array."""
    return both_sides(array_of(*bids, *asks).reshape(-1, 2), len(bids))


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
        dense.apply(*sides_of(bids, asks))
        plain.apply(bids, asks)
        assert_same(dense, plain)


def test_of_levels_of_one_price_the_last_counts():
    book = DenseBook(0.1)
    book.load(change([(100.0, 1.0)], [(100.1, 1.0)]))
    bids = [(99.9, float(1 + i)) for i in range(40)] + [(99.8, 2.0), (99.8, 0.0)]
    asks = [(100.2, 5.0), (100.3, 0.0), (100.3, 6.0), (100.2, 7.0)]
    book.apply(*sides_of(bids, asks))
    assert book.top(5) == ([(100.0, 1.0), (99.9, 40.0)], [(100.1, 1.0), (100.2, 7.0), (100.3, 6.0)])


@pytest.mark.parametrize("at", [0, 20, 40, 60, 80])
@pytest.mark.parametrize("price", [1e14, 1e-9, 99.95, 0.1, 49.9, 460.0])
def test_nothing_is_set_at_once_when_one_level_is_not_ordinary(price, at):
    one = np.array([1_000]), np.array([1.0])
    sides = Sides()
    sides.lay(one, one, 500, 4_096, 10.0)
    plain = [(100.1 + i / 10, 5.0) for i in range(80)]
    assert not sides.set_rows(array_of(*plain[:at], (price, 5.0), *plain[at:]), 41)
    for side in (sides.bids, sides.asks):
        assert np.count_nonzero(side.array) == 1
        assert side.best_tick() == 1_000
    assert sides.set_rows(array_of(*plain), 41)
    assert (sides.bids.best_tick(), sides.asks.best_tick()) == (1_041, 1_000)
    assert (np.count_nonzero(sides.bids.array), np.count_nonzero(sides.asks.array)) == (42, 40)


@pytest.mark.parametrize(("bids", "asks"), [(0, 90), (90, 0), (1, 90), (90, 1), (3_000, 90)])
def test_a_message_enters_whichever_side_it_is_about_and_however_long_it_is(bids, asks):
    dense, plain = DenseBook(0.1), DictBook(0.1)
    levels = priced((-i - 1, 2.0 + i) for i in range(bids)), priced((i, 4.0) for i in range(asks))
    for book in (dense, plain):
        book.load(change([(60_000.0, 1.0)], [(60_000.1, 1.0)], reach=(0.0, math.inf)))
    dense.apply(*sides_of(*levels))
    plain.apply(*levels)
    assert_same(dense, plain)


def test_parts_of_different_messages_enter_like_any_other_levels():
    one = sides_of([(99.9, 1.0), (99.8, 2.0)], [(100.1, 3.0)])
    other = sides_of([(99.7, 4.0)], [(100.2, 5.0), (100.1, 0.0)])
    book = DenseBook(0.1)
    book.apply(one[0], other[1])
    assert book.top(5) == ([(99.9, 1.0), (99.8, 2.0)], [(100.2, 5.0)])
    book.apply(other[0], one[1])
    assert book.top(5) == ([(99.9, 1.0), (99.8, 2.0), (99.7, 4.0)], [(100.1, 3.0), (100.2, 5.0)])


def test_rows_are_a_sequence_of_plain_levels():
    levels = [(1.5, 2.0), (2.5, 0.0), (3.5, 4.0)]
    for rows in (sides_of(levels, [(9.0, 1.0)])[0], sides_of([(9.0, 1.0)], levels)[1]):
        assert list(rows) == levels
        assert len(rows) == 3
        assert rows[1] == (2.5, 0.0)
        assert rows[-1] == (3.5, 4.0)
        assert list(rows[1:]) == levels[1:]
        assert all(type(value) is float for level in rows for value in level)
        with pytest.raises(IndexError):
            rows[3]

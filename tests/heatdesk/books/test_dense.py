"""The dense book tells what the plain one tells, whatever comes."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange
from heatdesk.books.reference import DictBook
from heatdesk.books.shapes import Weight
from heatdesk.store.grid import PriceGrid
from tests.heatdesk.books.streams import snapshot

TICKS = [0.1, 0.01, 1e-12, 0.5, 0.25, 2.5, 10.0, 1.0]


def price_of(tick: int, size: float) -> float:
    """The number that a venue's text for a price is read as."""
    return float(Decimal(repr(size)) * tick)


def change(bids=(), asks=(), reach=None, **more) -> BookChange:
    return BookChange("X", list(bids), list(asks), 1_000, snapshot=True, reach=reach, **more)


def assert_same(dense: DenseBook, plain: DictBook) -> None:
    n = len(plain.bids) + len(plain.asks) + 1
    assert dense.top(n) == plain.top(n)
    np.testing.assert_equal(dense.best(), plain.best())
    assert dense.crossed == plain.crossed
    if plain.reach is None:
        assert dense.reach is None
    else:
        assert dense.reach == pytest.approx(plain.reach, rel=1e-12, abs=1e-15)


@st.composite
def levels(draw, middle: int, size: float, spread: int = 40):
    near = st.integers(-spread, spread)
    far = st.integers(-3_000_000, 3_000_000)
    tick = draw(st.one_of(near, near, near, far)) + middle
    qty = draw(st.sampled_from([0.0, 0.0, 1.0, 2.5, 0.001, 1e9]))
    return price_of(max(1, tick), size), qty


@st.composite
def sessions(draw):
    """A tick size, and messages whose price wanders."""
    size = draw(st.sampled_from(TICKS))
    middle = draw(st.sampled_from([5, 5_000, 600_000, 40_000_000]))
    messages = []
    for _ in range(draw(st.integers(1, 12))):
        middle = max(1, middle + draw(st.sampled_from([0, 0, 3, -3, 700, -5_000, 300_000])))
        side = st.lists(levels(middle, size), max_size=8)
        kind = draw(st.sampled_from(["apply"] * 6 + ["load", "keep", "widen", "clear"]))
        reach = draw(st.sampled_from([None, (0.0, math.inf), "about"]))
        if reach == "about":
            reach = price_of(max(1, middle - 30), size), price_of(middle + 30, size)
        messages.append((kind, draw(side), draw(side), reach, draw(st.integers(1, 6))))
    return size, messages


def play(book, message) -> object:
    kind, bids, asks, reach, depth = message
    match kind:
        case "apply":
            return book.apply(bids, asks)
        case "load":
            return book.load(change(bids, asks, reach))
        case "widen":
            return book.widen(change(bids, asks, reach))
        case "keep":
            return book.keep_best(depth)
        case _:
            return book.clear()


@given(sessions())
def test_the_dense_book_equals_the_plain_one_after_every_message(session):
    size, messages = session
    dense, plain = DenseBook(size), DictBook(size)
    for message in messages:
        assert play(dense, message) == play(plain, message)
        assert_same(dense, plain)
    assert dense.changes == plain.changes


@given(
    sessions(),
    st.sampled_from([1, 2, 7, 10, 1000, 0.3, 1.7]),
    st.sampled_from([(1.0, 0), (1.0, 1), (0.01, 0), (100.0, -1)]),
)
def test_columns_equal_those_of_the_plain_book(session, height, weight):
    size, messages = session
    dense, plain = DenseBook(size), DictBook(size)
    for message in messages:
        play(dense, message), play(plain, message)
        ours = dense.column(height * size, Weight(*weight))
        theirs = plain.column(height * size, Weight(*weight))
        assert ours.low == theirs.low or ours.bids.size == 0
        np.testing.assert_allclose(ours.bids, theirs.bids, rtol=1e-12)
        np.testing.assert_allclose(ours.asks, theirs.asks, rtol=1e-12)


@given(st.integers(1, 10**9), st.sampled_from([0.1, 0.01, 0.5, 10.0]), st.integers(1, 5_000))
def test_a_price_lies_in_the_block_that_the_store_puts_it_in(tick, size, height):
    price = price_of(tick, size)
    book = DenseBook(size)
    book.load(change([(price, 1.0)], reach=(0.0, math.inf)))
    column = book.column(height * size)
    level = PriceGrid(height * size).level_of(price)
    assert column.low + int(np.flatnonzero(column.bids)[0]) == level


@given(sessions(), st.integers(2, 4))
def test_prices_between_the_ticks_make_the_ticks_finer_and_lose_nothing(session, places):
    size, messages = session
    dense, plain = DenseBook(size * 10**places), DictBook(size * 10**places)
    for kind, bids, asks, _, depth in messages:
        message = kind, bids, asks, (0.0, math.inf), depth
        play(dense, message), play(plain, message)
        n = len(plain.bids) + len(plain.asks) + 1
        assert dense.top(n) == plain.top(n)


def test_a_coarser_tick_keeps_levels_between_the_new_ticks_until_they_are_removed():
    book = DenseBook(0.01)
    book.load(change([(100.03, 2.0), (100.0, 1.0)], [(100.07, 3.0)]))
    book.retick(0.1)
    book.apply([(100.03, 0.0)], [(100.1, 4.0)])
    assert book.top(9) == ([(100.0, 1.0)], [(100.07, 3.0), (100.1, 4.0)])
    assert book.reach == (100.0, 100.08)


def test_a_finer_tick_moves_no_level_and_no_end_of_the_reach():
    book = DenseBook(0.5)
    book.load(change([(100.5, 2.0)], [(101.0, 3.0)]))
    book.retick(0.01)
    book.apply([(100.51, 1.0)], [])
    assert book.top(9) == ([(100.51, 1.0), (100.5, 2.0)], [(101.0, 3.0)])
    assert book.reach == (100.5, 101.5)


@pytest.mark.parametrize("qty", [-1.0, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("price", [100.0, 5_000_000.0])
def test_a_quantity_that_is_none_never_enters(qty, price):
    book = DenseBook(0.1)
    book.load(change([(99.9, 1.0)], [(100.0, 1.0)]))
    before = book.top(9)
    with pytest.raises(ValueError, match="a quantity of"):
        book.apply([], [(price, qty)])
    with pytest.raises(ValueError, match="a quantity of"):
        book.load(change([], [(price, qty)]))
    with pytest.raises(ValueError, match="a quantity of"):
        book.widen(change([], [(price, qty)]))
    assert book.top(9) == before


@pytest.mark.parametrize("price", [0.0, -5.0, math.nan, math.inf, -math.inf])
def test_a_price_that_is_none_never_enters(price):
    book = DenseBook(0.1)
    book.load(change([(99.9, 1.0)], [(100.0, 1.0)]))
    before = book.top(9)
    with pytest.raises(ValueError, match="a price of"):
        book.apply([(price, 1.0)], [])
    assert book.top(9) == before


def test_a_side_that_grows_without_end_loses_its_farthest_levels_and_the_reach_with_them(
    monkeypatch,
):
    monkeypatch.setattr("heatdesk.books.dense.MOST_FAR", 100)
    book = DenseBook(1.0)
    book.load(change([(1e6, 1.0)], [(1e6 + 1, 1.0)], reach=(0.0, math.inf)))
    for i in range(1, 400):
        book.apply([(1e6 - 2_000 * i, 1.0)], [(1e6 + 2_000 * i, 1.0)])
    bids, asks = book.top(10_000)
    low, high = book.reach
    assert len(bids) < 300
    assert len(asks) < 300
    assert low > 1e6 - 2_000 * 399
    assert high < 1e6 + 2_000 * 399
    known = {1e6 - 2_000 * i for i in range(1, 400) if 1e6 - 2_000 * i >= low}
    assert known <= {price for price, _ in bids}


def test_an_empty_book_vouches_for_nothing():
    book = DenseBook(0.1)
    assert book.reach is None
    assert all(math.isnan(value) for value in book.best())
    assert not book.crossed
    assert book.column(1.0).bids.size == 0


@pytest.mark.parametrize("price", [97_123.12345678912, 123_456.1234567891, 0.000012345678])
def test_a_price_finer_than_can_be_told_apart_does_not_make_everything_known(price):
    for book in (DenseBook(0.1), DictBook(0.1)):
        book.load(snapshot([(price, 1.0)], [(price * 2, 1.0)]))
        assert book.best().bid == pytest.approx(price, rel=1e-13)
        assert book.reach[0] == pytest.approx(price, rel=1e-13)
        assert price * 2 <= book.reach[1] <= price * 2 + 0.1000001

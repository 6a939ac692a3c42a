"""Aggregations of one book become one book: nothing counted twice, nothing left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatdesk.providers.hyperliquid_bands import (
    BAND_AGE_MS,
    BANDS,
    EXACT,
    LEVELS,
    Band,
    Bands,
    height_of,
)
from heatdesk.providers.live.reading import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heatdesk.books.events import BookChange

T0 = 1_750_000_000_000
Book = dict[int, int]
"""Quantity by price, both in whole numbers."""


def rounded(price: int, figures: int, *, up: bool) -> int:
    """Round as the venue's own server does: down for bids, up for asks."""
    if figures == EXACT:
        return price
    step = 10 ** max(0, len(str(price)) - figures)
    return -(-price // step) * step if up else price // step * step


def band_of(bids: Book, asks: Book, figures: int, time_ms: int = T0) -> Band:
    sides = []
    for book, up in ((bids, False), (asks, True)):
        held: Book = {}
        for price in sorted(book, reverse=not up):
            place = rounded(price, figures, up=up)
            held[place] = held.get(place, 0) + book[price]
        sides.append([(float(p), float(q)) for p, q in list(held.items())[:LEVELS]])
    return Band(time_ms, *sides)


def merged(bids: Book, asks: Book) -> BookChange:
    bands = Bands()
    change = None
    for figures in reversed(BANDS):
        change = bands.take("BTC", figures, band_of(bids, asks, figures))
    assert change is not None
    return change


@pytest.mark.parametrize(
    ("price", "figures", "side", "height"),
    [
        (65000.0, EXACT, "bid", 0.0),
        (65000.0, 5, "bid", 1.0),
        (105050.0, 5, "bid", 10.0),
        (65000.0, 2, "ask", 1000.0),
        (1.2345, 3, "bid", 0.01),
        (0.00012, 2, "ask", 0.00001),
        (100000.0, 2, "bid", 10000.0),
        (100000.0, 2, "ask", 1000.0),
        (0.001, 2, "bid", 0.0001),
        (0.001, 2, "ask", 0.00001),
    ],
)
def test_a_level_is_as_high_as_its_figures_leave_open(
    price: float, figures: int, side: str, height: float
) -> None:
    assert height_of(price, figures, side) == pytest.approx(height)


def test_a_coarse_level_across_the_border_counts_only_what_lies_beyond() -> None:
    """Twenty exact bids end inside of a level of the next band."""
    bids = {105_050 - i: 1 for i in range(60)}
    change = merged(bids, {105_060: 1})
    assert change.bids[:LEVELS] == [(105_050.0 - i, 1.0) for i in range(20)]
    # 105,030 holds ten, of which nine are among the exact: 105,031 is the last of these
    assert change.bids[LEVELS:] == [
        (105_030.0, 1.0),
        (105_020.0, 10.0),
        (105_010.0, 10.0),
        (105_000.0, 10.0),
        (104_990.0, 9.0),
    ]
    assert change.reach == (0.0, WHOLE)


def test_asks_are_rounded_up() -> None:
    asks = {105_051 + i: 1 for i in range(60)}
    change = merged({105_000: 1}, asks)
    assert change.asks[:LEVELS] == [(105_051.0 + i, 1.0) for i in range(20)]
    assert change.asks[LEVELS:] == [
        (105_080.0, 10.0),
        (105_090.0, 10.0),
        (105_100.0, 10.0),
        (105_110.0, 10.0),
    ]


def test_the_reach_is_that_of_the_widest_band() -> None:
    bids = {100_000 + i * 37: 1 for i in range(1, 2000)}
    asks = {180_000 + i * 37: 1 for i in range(2000)}
    change = merged(bids, asks)
    widest = band_of(bids, asks, 2)
    assert len(widest.asks) < LEVELS
    assert change.reach == (0.0, WHOLE)
    narrow = Bands()
    narrow.take("BTC", 5, band_of(bids, asks, 5))
    found = narrow.take("BTC", EXACT, band_of(bids, asks, EXACT))
    assert found is not None
    five = band_of(bids, asks, 5)
    assert found.reach == (five.bids[-1][0], five.asks[-1][0])


def test_a_band_that_has_fallen_behind_is_left_out() -> None:
    bids, asks = {65_000 - i * 3: 1 for i in range(300)}, {65_001 + i * 3: 1 for i in range(300)}
    bands = Bands()
    bands.take("BTC", 4, band_of(bids, asks, 4, T0))
    near = bands.take("BTC", EXACT, band_of(bids, asks, EXACT, T0 + BAND_AGE_MS))
    assert near is not None
    assert len(near.bids) > LEVELS
    far = bands.take("BTC", EXACT, band_of(bids, asks, EXACT, T0 + BAND_AGE_MS + 1))
    assert far is not None
    assert len(far.bids) == LEVELS
    assert far.reach == (far.bids[-1][0], far.asks[-1][0])


def test_without_a_fresh_exact_band_there_is_no_book() -> None:
    bids, asks = {65_000: 1}, {65_001: 1}
    bands = Bands()
    assert bands.take("BTC", 5, band_of(bids, asks, 5, T0)) is None
    assert bands.take("BTC", EXACT, band_of(bids, asks, EXACT, T0)) is not None
    late = T0 + BAND_AGE_MS + 1
    assert bands.take("BTC", 5, band_of(bids, asks, 5, late)) is None


def test_an_older_message_changes_nothing_and_a_clock_set_back_starts_anew() -> None:
    bids, asks = {65_000: 1}, {65_001: 1}
    bands = Bands()
    bands.take("BTC", EXACT, band_of(bids, asks, EXACT, T0))
    assert bands.take("BTC", EXACT, band_of(bids, asks, EXACT, T0 - 1)) is None
    change = bands.take("BTC", EXACT, band_of(bids, asks, EXACT, T0 - 60_000))
    assert change is not None
    assert change.event_ms == T0 - 60_000


def test_a_book_is_as_old_as_its_exact_band() -> None:
    bids, asks = {65_000: 1}, {65_001: 1}
    bands = Bands()
    bands.take("BTC", EXACT, band_of(bids, asks, EXACT, T0 + 500))
    for time_ms in (T0, T0 + 900):
        change = bands.take("BTC", 5, band_of(bids, asks, 5, time_ms))
        assert change is not None
        assert change.event_ms == T0 + 500


def test_every_exact_message_is_a_book_however_far_its_connection_lags_behind_the_others() -> None:
    bands = Bands()
    far = band_of({64_000: 1}, {66_000: 1}, 5, T0 + 60_000)
    bands.take("BTC", 5, far)
    for i in range(5):
        lagging = T0 + 500 * i
        change = bands.take("BTC", EXACT, band_of({65_000 - i: 1}, {65_001: 1}, EXACT, lagging))
        assert change is not None
        assert change.event_ms == lagging
        assert change.bids == [(65_000.0 - i, 1.0)]
        assert change.asks == [(65_001.0, 1.0)], "what was so much later says nothing about then"
        assert bands.take("BTC", 5, far) is None
    change = bands.take("BTC", EXACT, band_of({65_000: 1}, {65_001: 1}, EXACT, T0 + 59_000))
    assert change is not None
    assert change.event_ms == T0 + 59_000


def total(levels: Mapping[float, float]) -> float:
    return math.fsum(levels.values())


@settings(max_examples=150, deadline=None)
@given(
    middle=st.integers(2_000, 200_000),
    bid_steps=st.lists(st.integers(1, 400), min_size=1, max_size=120),
    ask_steps=st.lists(st.integers(1, 400), min_size=1, max_size=120),
    seed=st.integers(1, 1000),
)
def test_bands_add_up_to_the_book(
    middle: int, bid_steps: list[int], ask_steps: list[int], seed: int
) -> None:
    """Whatever the venue tells is in the book once, at a price that rounds to its own."""
    bids: Book = {}
    asks: Book = {}
    price = middle
    for i, step in enumerate(bid_steps):
        price -= step
        if price <= 0:
            break
        bids[price] = (seed * (i + 7)) % 50 + 1
    price = middle
    for i, step in enumerate(ask_steps):
        price += step
        asks[price] = (seed * (i + 3)) % 50 + 1
    change = merged(bids, asks)
    assert change.reach is not None
    low, high = change.reach
    for book, levels, inside in (
        (bids, change.bids, [p for p in bids if p >= low]),
        (asks, change.asks, [p for p in asks if p <= high]),
    ):
        held = dict(levels)
        assert len(held) == len(levels)
        assert total(held) == pytest.approx(sum(book[p] for p in inside))
        assert min(held.values(), default=1.0) > 0
        exact = sorted(book, reverse=book is bids)[:LEVELS]
        assert [(p, held[p]) for p in exact] == [(p, book[p]) for p in exact]
    assert [p for p, _ in change.bids] == sorted((p for p, _ in change.bids), reverse=True)
    assert [p for p, _ in change.asks] == sorted(p for p, _ in change.asks)

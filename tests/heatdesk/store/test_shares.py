"""One limit for all heatmaps: everyone its own budget while it lasts, then equal parts."""

from __future__ import annotations

import pytest

from heatdesk.frames import BookSub
from heatdesk.store.market import MarketStore
from heatdesk.store.ring import ALWAYS_HELD, BLOCK
from heatdesk.store.shares import Budget, shared
from tests.heatdesk.store.test_bounds import deep_book

ONE, OTHER = BookSub("demo", symbol="BTCUSDT"), BookSub("demo", symbol="ETHUSDT")
LEVELS = 400


def filled(store: MarketStore, sub: BookSub, blocks: int) -> int:
    """Give a subscription so many blocks of columns; return what it then holds."""
    for n in range(blocks):
        store.apply(sub, deep_book(n * BLOCK, BLOCK, LEVELS))
    return held(store, sub)


def held(store: MarketStore, sub: BookSub) -> int:
    heatmap = store.heatmap(sub)
    assert heatmap is not None
    return heatmap.nbytes


def test_budgets_that_fit_stay_and_others_shrink_alike() -> None:
    usual = [Budget(300, 20), Budget(100, 12)]
    assert shared(usual, None) == usual
    assert shared(usual, 432) == usual
    assert shared(usual, 216) == [Budget(150, 10), Budget(50, 6)]
    assert shared([], 1) == []


def test_a_smaller_limit_lets_the_oldest_columns_go_with_the_next_frame() -> None:
    store = MarketStore()
    before = filled(store, ONE, 12)
    heatmap = store.heatmap(ONE)
    assert heatmap is not None
    first, newest, revision = heatmap.first_column, heatmap.last_column, heatmap.revision
    store.limit(before // 2)
    assert held(store, ONE) == before
    store.apply(ONE, deep_book(12 * BLOCK, 1, LEVELS))
    assert held(store, ONE) <= before // 2
    assert heatmap.first_column > first
    assert heatmap.last_column == newest + 1
    assert heatmap.revision > revision


def test_a_second_chart_takes_its_part_and_gives_it_back() -> None:
    store = MarketStore(heatmap_bytes=8 << 20, exact_bytes=1 << 20)
    store.limit(9 << 20)
    filled(store, ONE, 30)
    alone = held(store, ONE)
    assert alone > 4 << 20
    filled(store, OTHER, 30)
    store.apply(ONE, deep_book(30 * BLOCK, 1, LEVELS))
    both = [held(store, sub) + store.exact_bytes(sub) for sub in (ONE, OTHER)]
    assert sum(both) <= 9 << 20
    assert held(store, ONE) < alone
    store.drop(OTHER)
    for n in range(31, 45):
        store.apply(ONE, deep_book(n * BLOCK, BLOCK, LEVELS))
    assert held(store, ONE) == pytest.approx(alone, rel=0.1)


def test_the_newest_columns_stay_however_little_is_left() -> None:
    store = MarketStore()
    filled(store, ONE, 6)
    store.limit(1)
    store.apply(ONE, deep_book(6 * BLOCK, 1, LEVELS))
    heatmap = store.heatmap(ONE)
    assert heatmap is not None
    assert heatmap.last_column - heatmap.first_column >= (ALWAYS_HELD - 1) * BLOCK

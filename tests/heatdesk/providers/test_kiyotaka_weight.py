"""Weights, tiers and paces: the documented formula and what fits into a day."""

from __future__ import annotations

import pytest

from heatdesk.frames import BookSub, CandleSub, LiquidationSub, MarketSub
from heatdesk.net.budget import Limits
from heatdesk.providers.kiyotaka_weight import (
    BOOK,
    LIQUIDATION,
    TIERS,
    compute_offsets,
    compute_paces,
    compute_weight,
    next_update_ms,
    points_per_request,
    weight_of,
)

ME = "kiyotaka"


@pytest.mark.parametrize(
    ("kind", "points", "interval_s", "venues", "depth", "weight"),
    [
        (BOOK, 19, 60, 1, 1000, 10),
        (BOOK, 19, 60, 3, 1000, 16),
        (BOOK, 4000, 60, 1, None, 40),
        (BOOK, 1, 60, 1, 3500, 10),
        (BOOK, 1, 60, 1, 3501, 12),
        (BOOK, 1, 60, 1, 7000, 12),
        (BOOK, 1, 60, 1, 7001, 14),
        (BOOK, 1000, 60, 1, 500, 10),
        (BOOK, 1001, 60, 1, 500, 20),
        (BOOK, 19, 60, 3, 3501, 20),
        (LIQUIDATION, 24, 3600, 1, None, 5),
        (LIQUIDATION, 24, 3600, 1, 1501, 6),
        ("TRADE_SIDE_AGNOSTIC_AGG", 1000, 60, 1, None, 1),
    ],
)
def test_the_documented_examples(
    kind: str, points: int, interval_s: int, venues: int, depth: int | None, weight: int
) -> None:
    assert compute_weight(kind, points * interval_s, interval_s, venues, depth) == weight


def test_a_free_book_with_its_price_line_comes_every_20_minutes() -> None:
    book, price = BookSub(ME), CandleSub(ME)
    paces = compute_paces([book, price], TIERS["free"].limits)
    assert paces == {book: 1200.0, price: 1200.0}
    assert 86_400 / 1200 * (weight_of(book, 2) + weight_of(price, 2)) == 792


def test_a_paid_book_comes_every_minute() -> None:
    book, price = BookSub(ME), CandleSub(ME)
    for tier in ("basic", "standard", "advanced", "enterprise"):
        assert compute_paces([book, price], TIERS[tier].limits)[book] == 60.0


def test_nothing_is_asked_more_often_than_its_buckets_end() -> None:
    five = LiquidationSub(ME)
    quarter = BookSub(ME, interval_ms=900_000)
    paces = compute_paces([five, quarter], TIERS["advanced"].limits)
    assert paces == {five: 300.0, quarter: 900.0}


def test_a_wide_bucket_is_refreshed_while_it_forms() -> None:
    week = BookSub(ME, interval_ms=7 * 86_400_000)
    assert compute_paces([week], TIERS["advanced"].limits)[week] == 3600.0


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("books", [1, 2, 3, 5])
def test_all_together_stay_within_minute_and_day(tier: str, books: int) -> None:
    subs = [BookSub(ME, symbol=f"S{i}") for i in range(books)] + [CandleSub(ME), LiquidationSub(ME)]
    limits = TIERS[tier].limits
    paces = compute_paces(subs, limits)
    minute = sum(weight_of(sub, 2) * 60 / paces[sub] for sub in subs)
    day = sum(weight_of(sub, 2) * 86_400 / paces[sub] for sub in subs)
    assert limits.minute is None or minute <= limits.minute
    assert limits.day is None or day <= limits.day


def test_lists_cost_nothing_and_are_not_paced() -> None:
    assert compute_paces([MarketSub(ME)], Limits(minute=1, day=1)) == {}


def test_the_price_line_of_a_free_book_waits_for_the_next_minute() -> None:
    book, price = BookSub(ME), CandleSub(ME)
    offsets = compute_offsets([price, book], TIERS["free"].limits)
    assert offsets[price] - offsets[book] > 60
    paid = compute_offsets([price, book], TIERS["advanced"].limits)
    assert paid[price] == paid[book]


def test_updates_fall_on_the_grid_of_their_pace() -> None:
    assert next_update_ms(60_000 * 7 + 5_000, 0, 60, 3) == 60_000 * 8 + 3_000
    assert next_update_ms(60_000 * 7 + 1_000, 0, 60, 3) == 60_000 * 7 + 3_000
    # Asked a minute before the boundary: the next but one, not again at once.
    assert next_update_ms(60_000 * 19, 60_000 * 19, 1200, 3) == 60_000 * 40 + 3_000
    assert next_update_ms(60_000 * 2, 60_000 * 2, 1200, 3) == 60_000 * 20 + 3_000


def test_a_very_deep_book_is_cut_into_smaller_requests() -> None:
    assert points_per_request(BookSub(ME, depth=3500)) == 1000
    assert points_per_request(BookSub(ME, depth=7000)) == 500
    assert points_per_request(BookSub(ME, depth=None)) == 1000

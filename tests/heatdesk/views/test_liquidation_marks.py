from __future__ import annotations

from datetime import UTC

import numpy as np
import pytest

from heatdesk.analytics.liquidated import LiquidationGroup
from heatdesk.frames import Quote
from heatdesk.views.liquidation_marks import (
    LEAST_PX,
    MOST_PX,
    Mark,
    lay_out_marks,
    liquidation_rows,
    mark_at,
    mark_px,
    mark_text,
    place_texts,
    text_at,
)
from tests.heatdesk.views.test_trade_slices import START_MS, WINDOW

WIDTH = 120.0


def group(
    after_ms: int, price: float, value_usd: float, long: bool = True, count: int = 1
) -> LiquidationGroup:
    first = START_MS + after_ms
    qty = value_usd / price
    last = first + (300 if count > 1 else 0)
    return LiquidationGroup(first, last, price, value_usd, qty, count, long, value_usd / count)


def crowd(n: int, seed: int = 1) -> list[LiquidationGroup]:
    rng = np.random.default_rng(seed)
    return [
        group(
            int(rng.integers(0, 60_000)),
            float(rng.uniform(991, 1_009)),
            float(rng.lognormal(11, 1)),
            bool(rng.random() < 0.5),
        )
        for _ in range(n)
    ]


def test_a_larger_liquidation_has_a_larger_mark() -> None:
    sizes = [mark_px(value) for value in (10.0, 1e3, 1e4, 1e5, 1e6, 1e9)]
    assert sizes == sorted(sizes)
    assert sizes[0] == LEAST_PX
    assert sizes[-1] == MOST_PX


def test_the_tip_touches_the_price_a_long_falls_on_it_and_a_short_rises_to_it() -> None:
    long, short = lay_out_marks([group(0, 1_000, 2e4), group(30_000, 1_001, 1e4, False)], WINDOW)
    assert long.y == pytest.approx(WINDOW.y_of(1_000))
    assert long.box.y + long.box.height == pytest.approx(long.y)
    assert short.box.y == pytest.approx(short.y)
    assert short.x == pytest.approx(WINDOW.x_of((START_MS + 30_000) / 1000))


def test_texts_say_side_sum_and_count() -> None:
    assert mark_text(group(0, 1_000, 1.2e6)) == "LONG LIQ $1.20M"
    assert mark_text(group(0, 1_000, 48_100.0, False, 3)) == "SHORT LIQ $48.1K \u00d73"


def test_marks_below_the_least_value_and_out_of_view_are_left_out() -> None:
    groups = [group(0, 1_000, 500), group(0, 1_000, 5_000), group(0, 2_000, 9e9)]
    marks = lay_out_marks(groups, WINDOW, least_usd=1_000)
    assert [mark.group.value_usd for mark in marks] == [5_000]


@pytest.mark.parametrize("seed", range(4))
def test_no_text_covers_a_mark_or_another_text(seed: int) -> None:
    marks = lay_out_marks(crowd(60, seed), WINDOW)
    placed = place_texts(marks, [WIDTH] * 24, WINDOW, WINDOW.width_px - 50)
    texts = [mark.text_box for mark in placed if mark.text_box is not None]
    assert texts
    for i, box in enumerate(texts):
        assert not any(box.overlaps(other) for other in texts[i + 1 :])
        assert box.x >= 0
        assert box.x + box.width <= WINDOW.width_px - 50
    for mark in placed:
        for other in placed:
            if other.text_box is not None and other.group is not mark.group:
                assert not other.text_box.overlaps(mark.box)


def test_the_largest_come_first_and_there_are_few_texts_in_a_small_plot() -> None:
    marks = lay_out_marks(crowd(200), WINDOW)
    values = [mark.group.value_usd for mark in marks]
    assert values == sorted(values, reverse=True)
    placed = place_texts(marks, [WIDTH] * 24, WINDOW, WINDOW.width_px)
    count = sum(mark.text_box is not None for mark in placed)
    assert 1 <= count <= 6


def test_a_small_one_beside_a_large_one_has_no_text() -> None:
    groups = [group(0, 1_000, 1e6), group(30_000, 1_000, 5e3), group(45_000, 1_000, 4e5)]
    marks = lay_out_marks(groups, WINDOW)
    placed = place_texts(marks, [WIDTH] * 3, WINDOW, WINDOW.width_px)
    assert [mark.text_box is not None for mark in placed] == [True, True, False]


def test_a_text_moves_off_what_it_should_not_cover_but_is_written_all_the_same() -> None:
    (mark,) = lay_out_marks([group(30_000, 1_000, 1e6)], WINDOW)
    (free,) = place_texts([mark], [WIDTH], WINDOW, WINDOW.width_px)
    assert free.text_box is not None
    first = free.text_box
    there = np.array([[first.x, first.y, first.x + first.width, first.y + first.height]])
    (moved,) = place_texts([mark], [WIDTH], WINDOW, WINDOW.width_px, there)
    assert moved.text_box is not None
    assert not moved.text_box.overlaps(first)
    everywhere = np.array([[0.0, 0.0, WINDOW.width_px, WINDOW.height_px]])
    (kept,) = place_texts([mark], [WIDTH], WINDOW, WINDOW.width_px, everywhere)
    assert kept.text_box == first


def test_no_mark_has_no_text() -> None:
    assert place_texts([], [], WINDOW, 100.0) == []


def test_a_point_finds_the_mark_and_its_text() -> None:
    marks = lay_out_marks([group(30_000, 1_000, 1e6)], WINDOW)
    placed = place_texts(marks, [WIDTH], WINDOW, WINDOW.width_px)
    mark: Mark = placed[0]
    assert mark.text_box is not None
    assert mark_at(placed, mark.x, mark.y - 3) is mark
    assert mark_at(placed, mark.x + 200, mark.y) is None
    middle = (mark.text_box.x + WIDTH / 2, mark.text_box.y + 5)
    assert text_at(placed, *middle) is mark
    assert mark_at(placed, *middle) is None


def test_the_card_says_what_was_liquidated_and_that_the_venue_samples() -> None:
    one = liquidation_rows(group(1_000, 70_000.0, 1.4e6), 0.1, Quote.COIN, "BTC", UTC)
    assert one[0] == ("Longs liquidated", "20.0 BTC  $1.40M")
    assert one[1][1].startswith("70,000.0  ")
    several = liquidation_rows(
        group(0, 70_000.0, 9e5, False, 3), 0.1, Quote.USD, "BTC", UTC, sampled=True
    )
    rows = dict(several)
    assert rows["Shorts liquidated"].startswith("$900K")
    assert rows["Liquidations"] == "3, largest $300K"
    assert several[-1] == ("", "sampled by the venue: an undercount")

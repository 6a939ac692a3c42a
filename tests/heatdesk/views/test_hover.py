from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from heatdesk.frames import Quote
from heatdesk.units import MINUTE_MS, parse_iso_ms
from heatdesk.views.hover import CellReading, HoverStyle, format_qty, hover_lines

STYLE = HoverStyle(MINUTE_MS, 0.1, 5.0, Quote.COIN, "BTC", UTC, 70_000.0)
CELL = CellReading(parse_iso_ms("2026-04-13T12:05"), 70_700.0, "observed")


def text(cell: CellReading, side: str = "", style: HoverStyle = STYLE) -> str:
    return "\n".join(f"{label}: {value}" for label, value in hover_lines(cell, style, side))


def test_time_price_quantity_and_side_are_said() -> None:
    said = text(replace(CELL, bid=12.3456, ask=0.0, exact=True))
    assert "Time: 13 Apr 12:05 UTC" in said
    assert "Price: 70,700.0\n" in said
    assert "From last: +1.00 %  +700.0" in said
    assert "Bid: 12.346 BTC  $873K" in said
    assert "Ask" not in said


def test_a_figure_read_back_from_a_code_is_marked() -> None:
    assert "Ask: ≈ 3.000 BTC" in text(replace(CELL, ask=3.0))
    assert "≈" not in text(replace(CELL, ask=3.0, exact=True))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("gap", "gap: no data"),
        ("outside", "outside the reported range"),
        ("unknown", "no data here yet"),
    ],
)
def test_what_is_not_known_is_said_in_words(state: str, words: str) -> None:
    said = text(replace(CELL, state=state))
    assert words in said
    assert "BTC" not in said


def test_an_empty_level_is_told_from_one_not_observed() -> None:
    assert "0: observed empty" in text(replace(CELL, bid=0.0, ask=0.0, exact=True))


def test_a_pooled_cell_says_how_many_levels_it_stands_for() -> None:
    assert "Cell: max of 25 levels" in text(replace(CELL, ask=3.0, pooled=25))
    pooled = replace(CELL, ask=3.0, pooled=2, pooled_columns=4)
    assert "Cell: max of 2 levels, max of 4 buckets" in text(pooled)
    assert "Cell: sum of 8 levels" in text(replace(CELL, qty=3.0, pooled=8, pooling="sum"))


def test_a_pooled_cell_says_its_largest_level_and_their_sum() -> None:
    pooled = replace(CELL, ask=12.4, pooled=25, pooled_max=12.4, pooled_sum=96.0)
    assert "Cell: max 12.4 of 25 levels, sum 96.0" in text(pooled)
    assert "of 25 levels in 8 buckets, sum" in text(replace(pooled, pooled_columns=8))
    summed = replace(pooled, pooling="sum", qty=96.0, ask=float("nan"))
    assert "Cell: sum 96.0 of 25 levels, max 12.4" in text(summed)


def test_dollars_are_converted_into_coins_at_the_price_of_the_level() -> None:
    usd = replace(STYLE, quote=Quote.USD)
    assert "Ask: $1,414,000  20.0 BTC" in text(
        replace(CELL, ask=1_414_000.0, exact=True), style=usd
    )


def test_the_share_of_the_largest_cell_in_view_is_said() -> None:
    assert "Share: 25 % of the largest in view" in text(replace(CELL, bid=3.0, largest=12.0))
    assert "Share: largest in view" in text(replace(CELL, bid=12.0, largest=12.0))
    assert "under 1 %" in text(replace(CELL, bid=0.01, largest=12.0))
    assert "Share" not in text(replace(CELL, bid=3.0))


def test_a_flawed_column_is_said_to_be_observed_in_part() -> None:
    named = replace(STYLE, venues="2 venues")
    assert "Source: 2 venues, observed in part" in text(
        replace(CELL, bid=3.0, in_part=True), style=named
    )
    assert "in part" not in text(replace(CELL, bid=3.0), style=named)


def test_best_prices_are_marked_unless_they_are_as_served() -> None:
    top = replace(CELL, bid=1.0, best_bid=70_000.0, best_ask=70_000.1)
    ticks = replace(STYLE, block_size=0.1)
    assert "Best: ≈ 70,000.0 / 70,000.1" in text(top, style=ticks)
    assert "Best: 70,000.0 / 70,000.1" in text(replace(top, best_exact=True), style=ticks)
    assert "Best: ≈ - / 70,000.1" in text(replace(top, best_bid=float("nan")), style=ticks)


def test_levels_higher_than_a_tick_are_not_said_to_be_prices() -> None:
    top = replace(CELL, bid=1.0, best_bid=69_995.0, best_ask=70_000.0, best_exact=True)
    assert "Best level: 69,995.0 / 70,000.0" in text(top)
    assert "Best level: 69,995.0 / same" in text(replace(top, best_ask=69_995.0))


def test_best_prices_that_the_book_tells_are_prices_whatever_the_height_of_a_level() -> None:
    told = replace(CELL, bid=1.0, best_bid=69_999.9, best_ask=70_000.0, best_exact=True)
    assert "Best level: 69,999.9 / 70,000.0" in text(told)
    quoted = replace(told, best_quoted=True)
    assert "Best: 69,999.9 / 70,000.0" in text(quoted)
    # of two venues they may meet: both are said
    assert "Best: 69,999.9 / 69,999.9" in text(replace(quoted, best_ask=69_999.9))
    assert "Best" not in text(replace(quoted, best_bid=float("nan"), best_ask=float("nan")))


def test_who_reported_is_said_and_whether_all_of_it_was_observed() -> None:
    style = replace(STYLE, venues="Binance Perp")
    assert "Source: Binance Perp, observed" in text(replace(CELL, bid=1.0), style=style)
    partly = replace(CELL, bid=1.0, pooled_columns=8, missing_columns=3)
    assert "Source: Binance Perp, observed in 5 of 8 buckets" in text(partly, style=style)
    assert text(replace(CELL, state="gap"), style=style).endswith("Source: Binance Perp")


def test_the_rows_keep_their_order() -> None:
    full = replace(
        CELL, bid=1.0, ask=2.0, pooled=2, pooled_max=2.0, pooled_sum=3.0, best_bid=1.0, largest=9.0
    )
    rows = hover_lines(full, replace(STYLE, venues="Binance Perp"))
    labels = ["Time", "Price", "Bid", "Ask", "Share", "Cell", "From last", "Best level", "Source"]
    assert [label for label, _ in rows] == labels


def test_an_inferred_side_is_labelled_as_inferred() -> None:
    usd = replace(STYLE, quote=Quote.USD)
    said = text(replace(CELL, qty=48_200_000.0, exact=True), "short", usd)
    assert "Short (inferred): $48,200,000" in said


def test_quantities_carry_their_unit() -> None:
    assert format_qty(1_234.5, Quote.COIN, "ETH") == "1,234.500 ETH"
    assert format_qty(1_234.6, Quote.USD, "ETH") == "$1,235"
    assert format_qty(float("nan"), Quote.USD, "ETH") == "-"


def test_a_cell_of_several_levels_tells_its_reach() -> None:
    pooled = replace(CELL, ask=3.0, pooled=10, pooled_price=50.0)
    assert "Price: 70,700.0 to 70,750.0" in text(pooled)


def test_small_quantities_end_with_the_digits_they_have() -> None:
    assert format_qty(0.887, Quote.COIN, "BTC") == "0.887 BTC"
    assert format_qty(0.000_12, Quote.COIN, "BTC") == "0.00012 BTC"
    assert format_qty(0.5, Quote.COIN, "BTC") == "0.500 BTC"


def test_of_very_many_cells_only_what_is_drawn_is_said() -> None:
    far = replace(CELL, ask=12.4, pooled=512, pooled_columns=256, pooled_max=12.4)
    assert "Cell: max 12.4 of 512 levels in 256 buckets\n" in text(far)

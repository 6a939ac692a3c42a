"""What is said about a dot."""

from __future__ import annotations

import csv
import io
import math

import pytest

from heatdesk.providers.sharpe import parse_dots
from heatdesk.views.dot_words import (
    CSV_COLUMNS,
    card_rows,
    change_words,
    dots_csv,
    mark_words,
    price_words,
    volume_mark_words,
    volume_words,
)
from heatdesk.views.leaning import lean_rgb
from heatdesk.views.palettes import CHANGE

_PAYLOAD = {
    "data": {
        "updated_at": "2026-04-13T12:00:00Z",
        "dots": [
            {
                "id": "bitcoin",
                "name": "Bitcoin, the first",
                "symbol": "btc",
                "x": 1.1,
                "y": {"24h": 2.34, "7d": None, "1y": 0.1 + 0.2},
                "marketCap": 1.5e12,
                "price": 70825.12,
            }
        ],
    }
}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.34, "+2.34 %"),
        (-0.001, "0.00 %"),
        (303.04, "+303.0 %"),
        (-1204.4, "-1,204 %"),
        (5_120_000.0, "+5.12M %"),
        (math.nan, "-"),
    ],
)
def test_a_change_is_told_with_its_sign_and_unit(value: float, words: str) -> None:
    assert change_words(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (70825.12, "$70,825"),
        (1983.2, "$1,983.20"),
        (3.14159, "$3.142"),
        (0.00001234, "$0.00001234"),
        (0.0, "$0"),
        (math.nan, "-"),
    ],
)
def test_a_price_keeps_its_leading_digits(value: float, words: str) -> None:
    assert price_words(value) == words


def test_marks_and_volumes_are_told_exactly() -> None:
    assert [volume_mark_words(v) for v in (0.5, 1.0, 1.075, 20.0)] == [
        "0.5x",
        "1x",
        "1.075x",
        "20x",
    ]
    assert [volume_words(v) for v in (0.979, 1.3, 12.5, 0.012)] == [
        "0.98x",
        "1.30x",
        "12.5x",
        "0.012x",
    ]
    assert [mark_words(v) for v in (0.0, 0.5, -2.0, 1500.0, 50_000.0)] == [
        "0 %",
        "+0.5 %",
        "-2 %",
        "+1,500 %",
        "+50K %",
    ]


def test_the_card_tells_all_five_timeframes_and_what_is_not_known() -> None:
    rows = {label: words for label, words, _ in card_rows(parse_dots(_PAYLOAD, "coins", ""), 0)}
    assert list(rows) == [
        "Price", "24h", "7d", "30d", "1y", "3y", "Relative volume", "Market cap", "Volume 24h",
    ]  # fmt: skip
    assert (rows["24h"], rows["7d"], rows["Volume 24h"]) == ("+2.34 %", "-", "-")


def test_the_file_keeps_every_digit_and_leaves_the_unknown_empty() -> None:
    text = dots_csv(parse_dots(_PAYLOAD, "coins", "top-100"), [0])
    header, row = list(csv.reader(io.StringIO(text)))
    assert header == list(CSV_COLUMNS)
    told = dict(zip(header, row, strict=True))
    assert told["name"] == "Bitcoin, the first"
    assert told["change_1y_pct"] == repr(0.1 + 0.2)
    assert (told["change_7d_pct"], told["change_3y_pct"], told["volume_24h_usd"]) == ("", "", "")


def test_warm_is_up_and_cool_is_down_on_both_ramps() -> None:
    for ramp in (None, CHANGE):
        colours = [lean_rgb(p) if ramp is None else lean_rgb(p, ramp) for p in (0.0, 0.5, 1.0)]
        (low_r, _, low_b), (mid_r, _, mid_b), (high_r, _, high_b) = colours
        assert low_b > low_r + 60
        assert high_r > high_b + 60
        assert abs(mid_r - mid_b) < 30
    assert lean_rgb(math.nan) == lean_rgb(0.5)
    assert lean_rgb(7.0) == lean_rgb(1.0)

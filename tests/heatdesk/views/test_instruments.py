from __future__ import annotations

import math

import pytest

from heatdesk.analytics.book import BookTop
from heatdesk.frames import MarketList
from heatdesk.views.instruments import coins_called, spread_text, symbol_named

LISTED = MarketList(
    1,
    (
        ("BINANCE_FUTURES", "1000PEPEUSDT", "PEPE", "perp"),
        ("BINANCE_FUTURES", "ETHUSDT", "ETH", "perp"),
        ("BINANCE_FUTURES", "ETHBTC", "ETH", "perp"),
    ),
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ETHUSDT", "ETHUSDT"),
        ("ethusdt", "ETHUSDT"),
        ("eth", "ETHUSDT"),
        ("pepe", "1000PEPEUSDT"),
        ("newusdt", "NEWUSDT"),
        ("oddOne", "oddOne"),
    ],
)
def test_a_typed_name_becomes_the_symbol_of_the_venue(typed: str, meant: str) -> None:
    assert symbol_named("BINANCE_FUTURES", typed, LISTED) == meant


def test_without_a_list_a_well_known_coin_is_still_found() -> None:
    assert symbol_named("BINANCE_FUTURES", "sol") == "SOLUSDT"


def test_coins_that_begin_with_the_text_come_first_and_the_text_itself_last() -> None:
    assert coins_called("e", ("BTC", "HYPE", "ETH")) == ["ETH", "HYPE", "E"]
    assert coins_called("eth", ("ETHFI", "ETH")) == ["ETH", "ETHFI"]
    assert coins_called("new", ("BTC",)) == ["NEW"]


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (BookTop(60_000.0, 60_002.0, 2.0), "spr \u2264 2"),
        (BookTop(60_000.1, 60_000.2, 0.0), "spr 0.1"),
        (BookTop(0.00001234, 0.00001240, 0.0), "spr 0.00000006"),
        (BookTop(60_000.2, 60_000.1, 0.0), "crossed"),
        (BookTop(60_000.1, 60_000.1, 0.0), ""),
        (BookTop(math.nan, 60_000.1, 0.0), ""),
        (BookTop(60_000.0, math.nan, 2.0), ""),
    ],
)
def test_the_spread_is_said_as_well_as_it_is_known(top: BookTop, expected: str) -> None:
    assert spread_text(top) == expected

from __future__ import annotations

import pytest

from heatdesk.frames import MarketList
from heatdesk.views.instruments import coins_called, symbol_named

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

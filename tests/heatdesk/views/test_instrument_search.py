"""A few letters find the instrument a trader means, over every list that has come."""

from __future__ import annotations

import pytest

from heatdesk.frames import MarketList
from heatdesk.views.instrument_search import find_instruments, match_rank, merge_markets

PERP = MarketList(
    2,
    (
        ("BINANCE_FUTURES", "1000PEPEUSDT", "PEPE", "perp"),
        ("BINANCE_FUTURES", "BTCUSDT", "BTC", "perp"),
        ("BINANCE_FUTURES", "BTCUSDT_260327", "BTC", "future"),
        ("BINANCE_FUTURES", "ETHBTC", "ETH", "perp"),
        ("BINANCE_FUTURES", "ETHFIUSDT", "ETHFI", "perp"),
        ("BINANCE_FUTURES", "ETHUSDC", "ETH", "perp"),
        ("BINANCE_FUTURES", "ETHUSDT", "ETH", "perp"),
    ),
)
SPOT = MarketList(5, (("KRAKEN", "BTC/USD", "BTC", "spot"), ("KRAKEN", "MINA/USD", "MINA", "spot")))
BOTH = merge_markets([PERP, None, SPOT])
HERE = ("BINANCE_FUTURES",)


def names(text: str, venues: tuple[str, ...] = HERE) -> list[str]:
    return [one.name for one in find_instruments(text, venues, BOTH, live=True)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("eth", "ETHUSDT"),
        ("btc", "BTCUSDT"),
        ("pepe", "1000PEPEUSDT"),
        ("ethc", "ETHUSDC"),
        ("mina", "MINA/USD"),
    ],
)
def test_the_usual_pair_of_what_was_typed_comes_first(text: str, first: str) -> None:
    assert names(text)[0] == first


def test_what_trades_elsewhere_is_found_after_what_trades_here() -> None:
    found = find_instruments("btc", HERE, BOTH, live=True)
    assert [one.venue for one in found][:2] == ["BINANCE_FUTURES", "BINANCE_FUTURES"]
    assert ("KRAKEN", "BTC/USD") in {(one.venue, one.symbol) for one in found}


def test_what_is_paused_says_so_and_comes_after_what_trades() -> None:
    rows = (*PERP.rows, ("BINANCE_FUTURES", "ETHUSD_PERP", "ETH", "perp"))
    paused = {("BINANCE_FUTURES", "ETHUSDT"), ("KRAKEN", "BTC/USD")}
    some = MarketList(2, tuple(sorted(rows)), frozenset(paused))
    found = find_instruments("eth", HERE, merge_markets([some, SPOT]), live=True)
    titles = [one.name + one.mark for one in found]
    assert titles[0] == "ETHUSDC"
    assert titles.index("ETHUSDT   (paused)") > titles.index("ETHUSD_PERP")
    away = find_instruments("btcusd", HERE, merge_markets([some, SPOT]), live=True)
    assert ("KRAKEN", True) in {(one.venue, one.paused) for one in away}


def test_a_name_nobody_lists_is_the_last_choice_and_never_refused() -> None:
    found = find_instruments("newcoinusdt", HERE, BOTH, live=True)
    assert [(one.venue, one.symbol) for one in found] == [("BINANCE_FUTURES", "NEWCOINUSDT")]


def test_of_several_venues_coins_are_found() -> None:
    found = find_instruments("b", ("BINANCE_FUTURES", "KRAKEN"), BOTH, live=True)
    assert found[0].coin == "BTC"
    assert not any(one.symbol for one in found)


def test_without_a_list_the_well_known_coins_are_there_as_the_venue_writes_them() -> None:
    found = find_instruments("", ("KRAKEN",), None, live=True)
    assert [one.symbol for one in found[:2]] == ["BTC/USD", "ETH/USD"]
    collected = find_instruments("", ("KRAKEN",), None)
    assert collected[0].symbol == "XBT/USD"


def test_lists_join_and_none_at_all_stay_none() -> None:
    assert BOTH is not None
    assert len(BOTH.rows) == len(PERP.rows) + len(SPOT.rows)
    assert list(BOTH.rows) == sorted(BOTH.rows)
    assert merge_markets([None]) is None


def test_letters_may_leave_some_out_but_not_change_their_order() -> None:
    assert match_rank("BTD", "BTCUSDT") == 3
    assert match_rank("DTB", "BTCUSDT") is None

"""Options of the order book panel survive the layout file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heatdesk.frames import Quote, Resolution
from ui.panels.order_book.bar import ladder
from ui.panels.order_book.options import BookOptions


def test_options_come_back_as_they_were_saved() -> None:
    options = BookOptions(
        source="kiyotaka",
        venues=("BYBIT", "A_NEW_VENUE"),
        symbol="ETHUSDT",
        coin="ETH",
        resolution=Resolution.HD,
        depth=None,
        block_size=2.5,
    )
    assert BookOptions.loaded(options.saved()) == options


@pytest.mark.parametrize("height", [0, -1, "5", True, None, float("inf"), float("nan")])
def test_a_height_that_makes_no_sense_leaves_the_resolution_in_charge(height: object) -> None:
    saved = {**BookOptions().saved(), "block_size": height}
    assert BookOptions.loaded(saved).block_size is None


def test_a_named_height_goes_into_the_request_and_not_to_another_symbol() -> None:
    options = replace(BookOptions(), source="kiyotaka", block_size=25.0)
    assert options.book_sub("kiyotaka").block_size == 25.0
    assert "Block" in options.subtitle("kiyotaka", "$25")
    assert options.traded(("BINANCE_FUTURES",), "ETHUSDT", None).block_size is None


def test_a_fresh_panel_is_live_at_the_venue_itself_and_moves_in_half_seconds() -> None:
    options = BookOptions()
    sub = options.book_sub(options.provider)
    assert (sub.provider, sub.venues, sub.symbol) == (
        "binance-usdm",
        ("BINANCE_FUTURES",),
        "BTCUSDT",
    )
    assert (sub.interval_ms, sub.depth, sub.block_size, sub.quote) == (500, None, None, Quote.COIN)
    assert options.candle_sub(options.provider).interval_ms == 60_000
    assert 60 <= options.home_span_s <= 300


def test_the_demo_of_a_live_panel_shows_the_invented_market_in_minutes() -> None:
    sub = BookOptions().book_sub("demo")
    assert (sub.provider, sub.interval_ms, sub.depth) == ("demo", 60_000, 500)


def test_a_layout_from_before_there_were_live_books_stays_with_its_collector() -> None:
    before = {"venues": ["OKEX_SWAP"], "symbol": "ETH-USDT-SWAP", "coin": "ETH", "interval": "5m"}
    options = BookOptions.loaded(before)
    sub = options.book_sub(options.provider)
    assert (sub.provider, sub.venues, sub.interval_ms) == ("kiyotaka", ("OKEX_SWAP",), 300_000)
    assert BookOptions.loaded({}).live


def test_several_live_venues_are_summed_in_dollars_and_one_counts_in_its_coin() -> None:
    several = BookOptions().traded(("BINANCE_FUTURES", "BYBIT", "KRAKEN"), "ETH", None)
    sub = several.book_sub(several.provider)
    assert (sub.provider, sub.symbol, sub.coin, sub.quote) == ("exchanges", "", "ETH", Quote.USD)
    told = {(one.provider, one.symbol) for one in several.trade_subs(several.provider)}
    assert told == {("binance-usdm", "ETHUSDT"), ("bybit", "ETHUSDT"), ("kraken", "ETH/USD")}
    one = several.traded(("KRAKEN",), "ETH", None)
    assert (one.provider, one.symbol, one.quote) == ("kraken", "ETH/USD", Quote.COIN)


def test_the_other_source_shows_the_same_coin_as_it_is_written_there() -> None:
    live = BookOptions().traded(("KRAKEN",), "ETH", None)
    kept = live.from_source("kiyotaka")
    assert (kept.provider, kept.venues, kept.coin) == ("kiyotaka", ("KRAKEN",), "ETH")
    assert kept.symbol == "ETH/USD"
    assert live.traded(("KRAKEN",), "BTC", None).from_source("kiyotaka").symbol == "XBT/USD"
    elsewhere = replace(kept, venues=("UPBIT",)).from_source("live")
    assert (elsewhere.provider, elsewhere.symbol) == ("binance-usdm", "ETHUSDT")


def test_a_live_layout_with_a_venue_that_sends_nothing_opens_at_the_first_one() -> None:
    saved = {**BookOptions().saved(), "venues": ["UPBIT", 7], "least_bubble": -3.0}
    options = BookOptions.loaded(saved)
    assert (options.venues, options.least_bubble) == (("BINANCE_FUTURES",), None)


def test_a_collector_sends_no_trades_and_the_demo_invents_some() -> None:
    options = BookOptions()
    assert options.trade_subs("kiyotaka") == ()
    assert [sub.provider for sub in options.trade_subs("demo")] == ["demo"]
    assert [sub.provider for sub in options.liquidation_subs("binance-usdm")] == ["binance-usdm"]


@pytest.mark.parametrize("block_size", [5.0, 0.0002, 1000.0])
def test_heights_to_name_are_round_and_lie_around_the_present_one(block_size: float) -> None:
    heights = ladder(block_size)
    assert block_size in heights
    assert heights == sorted(heights)
    assert {float(f"{height:e}".split("e")[0]) for height in heights} <= {1.0, 2.0, 5.0}

"""What a list of favourites says of each instrument."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heatdesk.favourites import Favourite
from heatdesk.frames import CandleWindow
from heatdesk.units import DAY_MS
from heatdesk.views.target import Target
from heatdesk.views.watchlist import (
    QUARTER_MS,
    UNQUOTED,
    favourite_of,
    favourite_title,
    quote_sub,
    quoted,
    star_words,
    target_of_favourite,
)

START_MS = 20_000 * DAY_MS
BYBIT = Favourite("ETH", "BYBIT", "ETHUSDT")


def quarters(*closes: float, skip: tuple[int, ...] = ()) -> CandleWindow:
    """Candles of a quarter of an hour that open where the one before closed; some are missing."""
    kept = [n for n in range(len(closes)) if n not in skip]
    times = np.array([START_MS + n * QUARTER_MS for n in kept], np.int64)
    close = np.array([closes[n] for n in kept])
    opened = np.array([closes[max(0, n - 1)] for n in kept])
    end_ms = START_MS + len(closes) * QUARTER_MS
    return CandleWindow(START_MS, end_ms, QUARTER_MS, times, opened, close, close, close, close)


def test_a_favourite_and_an_instrument_of_links_are_the_same_thing() -> None:
    target = Target("ETH", "BYBIT", "ETHUSDT")
    assert favourite_of(target) == BYBIT
    assert target_of_favourite(BYBIT) == target


def test_a_menu_names_instrument_and_venue_or_the_coin_alone() -> None:
    assert favourite_title(BYBIT) == "ETHUSDT \u00b7 Bybit Perp"
    assert favourite_title(Favourite("SOL")) == "SOL"
    assert star_words(Favourite("SOL"), starred=False) == "Add SOL to favourites"
    assert star_words(Favourite("SOL"), starred=True) == "Remove SOL from favourites"


@pytest.mark.parametrize(
    ("favourite", "provider", "venue", "symbol"),
    [
        (BYBIT, "bybit", "BYBIT", "ETHUSDT"),
        (Favourite("SOL"), "binance-usdm", "BINANCE_FUTURES", "SOLUSDT"),
        # as a collector writes it, asked as the venue does
        (Favourite("BTC", "KRAKEN", "XBT/USD"), "kraken", "KRAKEN", "BTC/USD"),
        (Favourite("BTC", "KRAKEN", "BTC/EUR"), "kraken", "KRAKEN", "BTC/EUR"),
    ],
)
def test_a_price_is_asked_of_the_venue_as_it_writes_the_symbol(
    favourite: Favourite, provider: str, venue: str, symbol: str
) -> None:
    sub = quote_sub(favourite, demo=False)
    assert sub is not None
    assert (sub.provider, sub.venue, sub.symbol) == (provider, venue, symbol)


def test_a_venue_without_a_feed_of_its_own_is_not_asked_but_in_a_demo() -> None:
    deribit = Favourite("BTC", "DERIBIT", "BTC-PERPETUAL")
    assert quote_sub(deribit, demo=False) is None
    sub = quote_sub(deribit, demo=True)
    assert sub is not None
    assert sub.provider == "demo"


def test_a_day_is_measured_from_the_price_twenty_four_hours_before() -> None:
    prices = [100.0, *[110.0] * 95, 120.0, 121.0]
    told = quoted(quarters(*prices))
    assert told.last == 121.0
    assert told.change_ratio == pytest.approx(121 / 100 - 1)  # what that candle opened at


def test_a_day_before_that_is_missing_is_taken_from_the_candle_that_ended_then_or_not_known() -> (
    None
):
    prices = [100.0, *[110.0] * 95, 120.0, 121.0]
    assert quoted(quarters(*prices, skip=(1,))).change_ratio == pytest.approx(0.21)
    told = quoted(quarters(*prices, skip=(0, 1)))
    assert told.last == 121.0
    assert math.isnan(told.change_ratio)


def test_without_candles_nothing_is_said() -> None:
    assert quoted(None) is UNQUOTED
    assert quoted(quarters(math.nan, math.nan)) is UNQUOTED

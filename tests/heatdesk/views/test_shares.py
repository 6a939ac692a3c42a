"""A summed cell says whose it is, and never takes a venue that does not know for an empty one."""

from __future__ import annotations

import math

from heatdesk.views.shares import VenueShare, share_rows

NOT_KNOWN = math.nan


def test_the_largest_share_comes_first_and_everybody_who_knows_is_counted() -> None:
    shares = [VenueShare("Kraken Spot", 1.0), VenueShare("Binance Perp", 3.0)]
    assert share_rows(shares) == [
        ("Venues", "Binance Perp 75 %, Kraken Spot 25 %"),
        ("Known by", "all 2 venues"),
    ]


def test_a_venue_that_does_not_know_the_price_is_told_and_has_no_share() -> None:
    shares = [
        VenueShare("Binance Perp", 8.0),
        VenueShare("Bybit Perp", 0.01),
        VenueShare("Gemini Spot", NOT_KNOWN),
    ]
    rows = dict(share_rows(shares))
    assert rows["Venues"] == "Binance Perp 100 %, Bybit Perp under 1 %"
    assert rows["Known by"] == "2 of 3 know this price"


def test_an_empty_level_has_no_shares_but_is_known() -> None:
    rows = share_rows([VenueShare("A", 0.0), VenueShare("B", 0.0)])
    assert rows == [("Known by", "all 2 venues")]


def test_many_small_shares_are_told_together_and_no_row_is_as_wide_as_a_chart() -> None:
    shares = [VenueShare(f"V{n}", 10.0 - n) for n in range(6)]
    assert share_rows(shares) == [
        ("Venues", "V0 22 %, V1 20 %"),
        ("and", "V2 18 %, V3 16 %"),
        ("and", "others 24 %"),
        ("Known by", "all 6 venues"),
    ]

"""Options of the order book panel survive the layout file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heatdesk.frames import Resolution
from ui.panels.order_book.options import BookOptions


def test_options_come_back_as_they_were_saved() -> None:
    options = BookOptions(
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
    options = replace(BookOptions(), block_size=25.0)
    assert options.book_sub("kiyotaka").block_size == 25.0
    assert "Block" in options.subtitle("$25")
    assert options.traded(("BINANCE_FUTURES",), "ETHUSDT", None).block_size is None

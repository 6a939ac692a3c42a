"""Trades of the demo market: they fit its candles, and can be asked in any pieces."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from heatdesk.providers.demo_candles import candle_window
from heatdesk.providers.demo_price import path_of
from heatdesk.providers.demo_trades import TradeMaker
from heatdesk.units import MINUTE_MS

NOW_MS = 1_795_000_000_000 // MINUTE_MS * MINUTE_MS
FROM_MS = NOW_MS - 40 * MINUTE_MS
VENUE = "BINANCE_FUTURES"


def maker(coin: str = "BTC") -> TradeMaker:
    return TradeMaker(path_of(7, coin), 7, VENUE)


@pytest.mark.parametrize("coin", ["BTC", "SOL", "DOGE"])
def test_trades_add_up_to_the_candles_and_stay_inside_them(coin: str) -> None:
    trades = maker(coin).trades(FROM_MS, NOW_MS)
    candles = candle_window(path_of(7, coin), VENUE, MINUTE_MS, FROM_MS, NOW_MS, NOW_MS)
    edges = np.searchsorted(trades.time_ms, np.append(candles.time_ms, NOW_MS))
    for i, (a, b) in enumerate(pairwise(edges.tolist())):
        assert b > a
        assert candles.low[i] <= trades.price[a:b].min()
        assert trades.price[a:b].max() <= candles.high[i]
        assert trades.qty_base[a:b].sum() == pytest.approx(candles.volume_base[i], rel=0.01)


def test_any_cut_of_a_stretch_gives_the_same_trades() -> None:
    whole = maker().trades(FROM_MS, NOW_MS)
    cut_ms = FROM_MS + 7 * MINUTE_MS + 12_345
    parts = [maker().trades(FROM_MS, cut_ms), maker().trades(cut_ms, NOW_MS)]
    for name in ("time_ms", "price", "qty_base", "buy"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(joined, getattr(whole, name)), name
    assert (np.diff(whole.time_ms) >= 0).all()


def test_liquidations_lie_where_the_price_ran_and_name_the_side_of_their_order() -> None:
    found = maker().liquidations(NOW_MS - 600 * MINUTE_MS, NOW_MS)
    assert found.time_ms.size > 20
    assert found.sampled
    assert (np.diff(found.time_ms) >= 0).all()
    assert np.allclose(found.value_usd, found.qty_base * found.price)
    assert [side == "SELL" for side in found.raw_side] == found.long.tolist()


def test_a_stretch_that_is_empty_has_no_trades() -> None:
    assert maker().trades(NOW_MS, NOW_MS).time_ms.size == 0
    assert maker().liquidations(NOW_MS, NOW_MS).time_ms.size == 0

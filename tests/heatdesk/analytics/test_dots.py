"""Which dots are drawn, counted out and named."""

from __future__ import annotations

import numpy as np

from heatdesk.analytics.dots import label_order, matches, select_dots
from heatdesk.frames import DotSet

NAN = float("nan")


def _dots(symbols: list[str], x: list[float], change: list[float], cap: list[float]) -> DotSet:
    n = len(symbols)
    changes = np.full((n, 5), NAN)
    changes[:, 0] = change
    return DotSet(
        time_ms=0,
        mode="coins",
        category="top-100",
        ids=tuple(symbol.lower() for symbol in symbols),
        names=tuple(f"Coin {symbol}" for symbol in symbols),
        symbols=tuple(symbols),
        relative_volume=np.array(x),
        change_pct=changes,
        market_cap_usd=np.array(cap),
        price_usd=np.full(n, NAN),
        volume_24h_usd=np.full(n, NAN),
    )


def test_a_dot_that_cannot_be_placed_is_left_out_and_counted() -> None:
    dots = _dots(
        ["BTC", "USDT", "ETH", "NEW", "OFF", "ZERO"],
        [1.0, 1.0, 2.0, 1.0, NAN, 0.0],
        [1.0, 0.0, 2.0, NAN, 3.0, 4.0],
        [100.0, 50.0, 25.0, 1.0, 1.0, 1.0],
    )
    chosen = select_dots(dots, "24h")
    assert [dots.symbols[i] for i in chosen.rows] == ["BTC", "ETH"]
    assert (chosen.stable, chosen.without_timeframe, chosen.without_volume) == (1, 1, 2)
    assert chosen.left_out("24h") == "1 without 24h, 2 without volume, 1 stablecoin hidden"
    linear = select_dots(dots, "24h", hide_stable=False, log_x=False)
    assert {dots.symbols[i] for i in linear.rows} == {"BTC", "USDT", "ETH", "ZERO"}
    assert select_dots(dots, "3y").rows.size == 0


def test_the_area_goes_with_the_square_root_of_market_cap() -> None:
    chosen = select_dots(_dots(["A", "B"], [1, 1], [1, 1], [400.0, 100.0]), "24h")
    assert chosen.area.tolist() == [1.0, 0.5]


def test_labels_go_to_the_largest_and_the_outliers_in_turn() -> None:
    dots = _dots(
        list("ABCDE"), [1, 1, 1, 1, 1], [0.0, 0.1, -0.1, 0.2, 90.0], [500, 400, 300, 200, 100]
    )
    chosen = select_dots(dots, "24h")
    named = [dots.symbols[chosen.rows[i]] for i in label_order(chosen)]
    assert named[:2] == ["A", "E"]
    assert sorted(named) == list("ABCDE"), "every dot has its turn, none twice"


def test_search_finds_names_and_symbols_in_any_case() -> None:
    dots = _dots(["BTC", "ETH"], [1, 1], [1, 1], [1, 1])
    assert matches(dots, "eth").tolist() == [False, True]
    assert matches(dots, "coin").tolist() == [True, True]
    assert matches(dots, "").all()

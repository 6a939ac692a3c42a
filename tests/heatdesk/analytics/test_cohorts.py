"""Cohort arithmetic against cases worked by hand and the documented example."""

from __future__ import annotations

import json

import numpy as np
import pytest

from heatdesk.analytics.cohorts import (
    compute_matrix,
    disagrees,
    dispersion_ratio,
    order_coins,
    share,
)
from heatdesk.providers.hypertracker import parse_cohorts
from tests.servers.payloads import POSITIONS


def _row(coin: str, total: float, segments: dict[int, tuple[float, float]]) -> dict[str, object]:
    def figures(value: float, bias: float) -> dict[str, object]:
        return {
            "coin": coin,
            "totalValue": value,
            "totalLongValue": value * bias,
            "totalShortValue": value * (1 - bias),
            "count": 20,
            "countLong": 5,
            "countShort": 15,
        }

    return figures(total, 0.5) | {
        "segments": [
            figures(value, bias) | {"segmentId": number, "bias": round(bias, 3)}
            for number, (value, bias) in segments.items()
        ]
    }


def _matrix():
    payload = {
        "heatmap": [
            _row("SOL", 900.0, {1: (450.0, 0.9), 7: (450.0, 0.1), 9: (900.0, 0.5)}),
            _row("ETH", 500.0, {1: (250.0, 0.5), 7: (250.0, 0.5), 9: (500.0, 0.5)}),
            _row("BTC", 700.0, {1: (350.0, 0.7), 7: (350.0, 0.3)}),
            _row("DOGE", 1000.0, {}),
        ]
    }
    return compute_matrix(parse_cohorts(payload, "all", 0))


def test_the_bias_of_nothing_is_no_data() -> None:
    result = share(np.array([0.0, 1.0]), np.array([0.0, 4.0]))
    assert np.isnan(result[0])
    assert result[1] == 0.25


def test_the_matrix_keeps_the_coins_own_total_and_leaves_holes_open() -> None:
    matrix = _matrix()
    assert matrix.coin_total_usd.tolist() == [900.0, 500.0, 700.0, 1000.0]
    btc = matrix.coins.index("BTC")
    assert np.isnan(matrix.value_bias_ratio[btc, 2]), "cohort 9 was not served for BTC"
    assert matrix.count_bias_ratio[btc, 0] == 0.25


def test_bitcoin_and_ether_lead_then_the_largest() -> None:
    matrix = _matrix()
    assert [matrix.coins[i] for i in order_coins(matrix, "value", 10)] == [
        "BTC", "ETH", "DOGE", "SOL",
    ]  # fmt: skip
    assert [matrix.coins[i] for i in order_coins(matrix, "value", 3)] == ["BTC", "ETH", "DOGE"]
    assert [matrix.coins[i] for i in order_coins(matrix, "value", 9, "o")] == ["DOGE", "SOL"]


def test_dispersion_is_the_weighted_spread_of_the_partition_that_disagrees_more() -> None:
    matrix = _matrix()
    by_coin = dict(zip(matrix.coins, matrix.dispersion_ratio, strict=True))
    assert by_coin["SOL"] == pytest.approx(0.4)
    assert by_coin["ETH"] == pytest.approx(0.0)
    assert np.isnan(by_coin["DOGE"])
    order = [matrix.coins[i] for i in order_coins(matrix, "dispersion", 10)]
    assert order == ["SOL", "BTC", "ETH", "DOGE"], "coins without a figure come last"


def test_sorting_by_a_cohort_uses_its_value_bias_and_puts_missing_last_both_ways() -> None:
    matrix = _matrix()
    down = [matrix.coins[i] for i in order_coins(matrix, "1", 10)]
    up = [matrix.coins[i] for i in order_coins(matrix, "1", 10, descending=False)]
    assert down == ["SOL", "BTC", "ETH", "DOGE"]
    assert up == ["ETH", "BTC", "SOL", "DOGE"]


def test_partitions_are_not_mixed_in_the_dispersion() -> None:
    total = np.array([[1.0, 1.0, 1.0, 1.0]])
    bias = np.array([[0.4, 0.4, 0.6, 0.6]])
    assert dispersion_ratio(total, bias, ["size", "size", "pnl", "pnl"])[0] == pytest.approx(0.0)


def test_in_the_documented_example_both_partitions_come_to_the_coin_within_a_thousandth() -> None:
    matrix = compute_matrix(parse_cohorts(json.loads(POSITIONS), "all", 0))
    kinds = np.array([cohort.kind for cohort in matrix.cohorts])
    for kind in ("size", "pnl"):
        whole = matrix.total_usd[0, kinds == kind].sum()
        assert whole == pytest.approx(matrix.coin_total_usd[0], rel=1e-3)


@pytest.mark.parametrize(
    ("value", "heads", "expected"),
    [(0.614, 0.42, True), (0.614, 0.55, False), (0.505, 0.42, False), (np.nan, 0.42, False)],
)
def test_money_and_heads_disagree_only_when_both_lean_clearly(
    value: float, heads: float, expected: bool
) -> None:
    assert disagrees(value, heads) is expected

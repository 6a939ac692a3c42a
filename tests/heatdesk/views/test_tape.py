"""Rows of the tape: whose trades are one order, what is left out, what stands out."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from heatdesk.frames import LiquidationBatch, Quote, TradeBatch
from heatdesk.views.tape import (
    LONG_LIQUIDATED,
    NO_PRINTS,
    SELL,
    at_least,
    liquidation_prints,
    merged,
    prints_of,
    strength,
    tape_csv,
)


def trades(*rows: tuple[int, float, float, bool]) -> TradeBatch:
    time_ms, price, qty, buy = zip(*rows, strict=True)
    return TradeBatch(
        np.array(time_ms, np.int64), np.array(price), np.array(qty), np.array(buy, np.bool_)
    )


def liquidations(*rows: tuple[int, float, float, bool]) -> LiquidationBatch:
    time_ms, price, qty, long = (np.array(column) for column in zip(*rows, strict=True))
    sides = tuple("SELL" if one else "BUY" for one in long)
    return LiquidationBatch(time_ms.astype(np.int64), price, qty, price * qty, long, sides)


SWEEP = trades(
    (1, 100.0, 1.0, True),
    (1, 100.5, 2.0, True),
    (1, 101.0, 3.0, True),
    (1, 100.0, 1.0, False),
    (2, 100.0, 4.0, False),
)


def test_trades_of_one_side_and_moment_are_one_order_at_its_furthest_price() -> None:
    prints = prints_of(SWEEP)
    assert prints.count.tolist() == [3, 1, 1]
    assert prints.price.tolist() == [101.0, 100.0, 100.0]
    assert prints.qty_base.tolist() == [6.0, 1.0, 4.0]
    assert prints.value_usd.tolist() == [100.0 + 201.0 + 303.0, 100.0, 400.0]


def test_unjoined_every_trade_is_a_row() -> None:
    prints = prints_of(SWEEP, joined=False)
    assert len(prints) == 5
    assert prints.kind.tolist()[-1] == SELL


def test_joining_loses_no_quantity() -> None:
    rng = np.random.default_rng(5)
    batch = TradeBatch(
        np.sort(rng.integers(0, 400, 900)),
        100 + rng.normal(size=900),
        rng.random(900),
        rng.random(900) < 0.5,
    )
    prints = prints_of(batch)
    assert prints.qty_base.sum() == pytest.approx(batch.qty_base.sum())
    assert prints.count.sum() == 900


def test_small_trades_are_left_out_and_liquidations_never() -> None:
    rows = merged(prints_of(SWEEP), liquidation_prints(liquidations((1, 99.0, 0.1, True))))
    shown = at_least(rows, 350.0, Quote.USD)
    assert shown.value_usd.tolist() == pytest.approx([604.0, 9.9, 400.0])
    assert shown.kind.tolist()[1] == LONG_LIQUIDATED
    assert at_least(rows, 0.0, Quote.USD) is rows


def test_rows_of_one_moment_keep_their_order() -> None:
    rows = merged(prints_of(SWEEP), liquidation_prints(liquidations((1, 99.0, 0.1, False))))
    assert rows.time_ms.tolist() == [1, 1, 1, 2]
    assert rows.price.tolist() == [101.0, 100.0, 99.0, 100.0]


def test_a_row_stands_out_from_the_usual_size_on() -> None:
    assert strength(10.0, 10.0) == 0.0
    assert strength(100.0, 10.0) == pytest.approx(0.5)
    assert strength(1e9, 10.0) == 1.0
    assert strength(5.0, 0.0) == 0.0


def test_csv_has_every_row_newest_first_and_reads_back_exactly() -> None:
    prints = prints_of(SWEEP)
    rows = list(csv.DictReader(io.StringIO(tape_csv(prints))))
    assert [int(row["time_ms"]) for row in rows] == [2, 1, 1]
    assert [float(row["value"]) for row in rows] == prints.value_usd[::-1].tolist()
    assert rows[-1]["kind"] == "BUY"
    assert tape_csv(NO_PRINTS).count("\n") == 1

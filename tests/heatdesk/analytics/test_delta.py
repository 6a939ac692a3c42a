from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.analytics.delta import BUCKET_MS, DeltaLedger
from heatdesk.frames import TradeBatch
from tests.heatdesk.analytics.test_trades import TRADES, Trade, batch_of


def plain_before(trades: list[Trade], moment_ms: int, *, quote: bool) -> float:
    return sum(
        (1 if b else -1) * q * (p if quote else 1.0) for t, p, q, b in trades if t < moment_ms
    )


MOMENTS = np.arange(0, 3_200, BUCKET_MS, dtype=np.int64)


@given(TRADES, st.booleans())
def test_running_sums_are_those_of_a_plain_loop(trades: list[Trade], quote: bool) -> None:
    ledger = DeltaLedger()
    ledger.add(batch_of(trades))
    found = ledger.before(MOMENTS, quote=quote)
    if not trades:
        assert np.isnan(found).all()
        return
    assert found.tolist() == [plain_before(trades, int(t), quote=quote) for t in MOMENTS]


@given(TRADES, st.lists(st.integers(0, 3_000), max_size=6))
def test_taking_in_the_newest_again_changes_nothing(trades: list[Trade], cuts: list[int]) -> None:
    whole, ledger = DeltaLedger(), DeltaLedger()
    whole.add(batch_of(trades))
    ledger.add(batch_of(trades))
    for cut in cuts:
        start_ms = ledger.cut(cut)
        assert start_ms <= cut < start_ms + BUCKET_MS
        ledger.add(batch_of([trade for trade in trades if trade[0] >= start_ms]))
    assert ledger.before(MOMENTS, quote=False).tolist() == pytest.approx(
        whole.before(MOMENTS, quote=False).tolist(), nan_ok=True
    )
    assert ledger.first_ms == whole.first_ms


def test_only_buckets_with_trades_take_room_and_the_sums_outlive_the_oldest() -> None:
    ledger = DeltaLedger(most=1_000)
    n = 5_000
    times = np.arange(n, dtype=np.int64) * 10 * BUCKET_MS
    ones = np.ones(n)
    for a in range(0, n, 400):
        part = slice(a, a + 400)
        buy = np.ones(n, np.bool_)[part]
        ledger.add(TradeBatch(times[part], 100 * ones[part], ones[part], buy))
        assert len(ledger) <= 1_000
    end = np.array([times[-1] + BUCKET_MS, 0], np.int64)
    newest, oldest = ledger.before(end, quote=False).tolist()
    assert newest == n
    assert np.isnan(oldest)


def test_before_the_first_trade_the_sum_is_zero() -> None:
    ledger = DeltaLedger()
    ledger.add(batch_of([(1_050, 10.0, 2.0, False)]))
    assert ledger.before(np.array([0, 1_000, 1_100], np.int64), quote=False).tolist() == [0, 0, -2]
    assert ledger.before(np.array([1_100], np.int64), quote=True).tolist() == [-20]
    assert (ledger.first_ms, ledger.last_ms) == (1_000, 1_100)


def test_an_earlier_first_trade_moves_where_the_sums_begin() -> None:
    ledger = DeltaLedger()
    ledger.add(batch_of([(1_050, 10.0, 2.0, False)]))
    ledger.cut(500)
    ledger.add(batch_of([(520, 10.0, 1.0, True), (1_050, 10.0, 2.0, False)]))
    assert ledger.first_ms == 500
    assert ledger.before(np.array([1_100], np.int64), quote=False).tolist() == [-1]

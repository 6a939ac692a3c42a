"""Recorded sessions: the fast book equals the plain one, and columns those of another reader."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from heatdesk.books.reference import DictBook
from heatdesk.books.sampling import Sampler
from heatdesk.books.sync import SyncState
from heatdesk.frames import Flaw
from heatdesk.providers.binance_rules import SpotRules, UsdmRules
from heatdesk.providers.live.rules import Market
from tests.heatdesk.books.recordings import frames, replay

if TYPE_CHECKING:
    from pathlib import Path

USDM = (
    "binance-usdm-hft/btcusdt_20240808.gz",
    UsdmRules(),
    Market("BINANCE_FUTURES", "BTCUSDT", "BTC", "USDT", 0.1, perpetual=True),
)
SPOT = (
    "binance-spot-hft/btcusdt_20240808.gz",
    SpotRules(),
    Market("BINANCE", "BTCUSDT", "BTC", "USDT", 0.01),
)


@pytest.mark.parametrize("session", [USDM, SPOT], ids=["usdm", "spot"])
def test_the_dense_book_equals_the_plain_one_over_a_recorded_session(
    market_data: Path, session: tuple
) -> None:
    name, rules, market = session
    plain = DictBook(market.tick_size)
    compared = 0
    for i, (sync, change) in enumerate(replay(market_data / name, rules, market)):
        if sync.state is not SyncState.LIVE:
            continue
        if change.snapshot:
            # what was held back has entered already
            bids, asks = sync.book.top(10**6)
            plain.load(change)
            plain.bids, plain.asks = dict(bids), dict(asks)
            continue
        plain.apply(change.bids, change.asks)
        assert sync.book.best() == plain.best()
        if i % 200 == 0:
            assert sync.book.top(10**6) == plain.top(10**6)
            assert sync.book.reach == pytest.approx(plain.reach)
            for block_size in (market.tick_size, 1.0, 7.3):
                ours, theirs = sync.book.column(block_size), plain.column(block_size)
                assert ours.low == theirs.low
                np.testing.assert_allclose(ours.bids, theirs.bids, rtol=1e-9)
                np.testing.assert_allclose(ours.asks, theirs.asks, rtol=1e-9)
            compared += 1
    assert compared > 10


def read_plainly(path: Path) -> tuple[int, tuple[float, float], dict[int, dict[str, dict]]]:
    """Last state of every 200 ms by whole dollars, straight from the text of the session.

    Returns when the book was first known, what the snapshot spans, and the states by bucket.
    """
    book: dict[str, dict[str, str]] = {"b": {}, "a": {}}
    states: dict[int, dict[str, dict]] = {}
    held, first_ms, span, number = [], 0, (0.0, 0.0), 0
    bucket = 0

    def close(until: int) -> None:
        for k in range(bucket, until):
            states[k] = {}
            for side, levels in book.items():
                blocks: dict[int, float] = {}
                for price, qty in levels.items():
                    if span[0] <= float(price) <= span[1]:
                        block = math.floor(round(float(price) * 10) / 10)
                        blocks[block] = blocks.get(block, 0.0) + float(qty)
                states[k][side] = blocks

    for raw in frames(path):
        message = json.loads(raw)
        if "lastUpdateId" in message:
            number, first_ms = message["lastUpdateId"], message["E"]
            book = {"b": dict(message["bids"]), "a": dict(message["asks"])}
            prices = [float(price) for side in book.values() for price in side]
            span = min(prices), max(prices)
            later = [data for data in held if data["u"] >= number]
        elif message["data"].get("e") == "depthUpdate":
            held.append(message["data"])
            later = [message["data"]] if first_ms else []
        else:
            continue
        for data in later:
            if not bucket:
                first_ms = data["E"]
                bucket = first_ms // 200
            elif data["E"] // 200 > bucket:
                close(data["E"] // 200)
                bucket = data["E"] // 200
            for side in ("b", "a"):
                for price, qty in data[side]:
                    book[side][price] = qty
                    if float(qty) == 0:
                        del book[side][price]
        if len(states) > 600:
            break
    return first_ms, span, states


def test_columns_of_a_recorded_session_equal_those_of_an_independent_reader(
    market_data: Path,
) -> None:
    name, rules, market = USDM
    first_ms, span, states = read_plainly(market_data / name)
    last_start = max(states) * 200
    told: dict[int, tuple] = {}
    sampler: Sampler | None = None
    for sync, change in replay(market_data / name, rules, market):
        if sampler is None:
            sampler = Sampler(sync.book, market, 200, 1.0)
            sync.listen(sampler)
        frame = sampler.frame(change.event_ms)
        for i in range(0 if frame is None else frame.time_ms.size):
            sides = []
            for run in (frame.last_bids, frame.last_asks):
                price, qty = run.at(i)
                sides.append(dict(zip(np.rint(price).astype(int).tolist(), qty, strict=True)))
            told[int(frame.time_ms[i])] = (*sides, frame.last_reach_px[i], frame.flaws[i])
        if change.event_ms > last_start + 400:
            break
    whole = range(math.ceil(span[0]), math.floor(span[1] + 0.1))
    for bucket, state in states.items():
        bids, asks, reach, flaws = told[bucket * 200]
        assert reach == pytest.approx((span[0], span[1] + 0.1))
        assert bool(flaws & Flaw.TOUCHED) == (bucket * 200 < first_ms)
        for ours, theirs in ((bids, state["b"]), (asks, state["a"])):
            theirs = {block: qty for block, qty in theirs.items() if block in whole}
            assert ours.keys() == theirs.keys()
            assert list(ours.values()) == pytest.approx([theirs[block] for block in ours])
    assert len(states) > 500

"""An export holds exactly the numbers served, to the last digit."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.servers import payloads
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.kiyotaka import KiyotakaServer, served_book
from tests.servers.kiyotaka_query import parse_points_query
from tests.servers.seeds import NOW_S, SeedSource
from tests.servers.sharpe import SharpeServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.heatdesk.export.conftest import HurriedClock, Outcome

    Export = Callable[..., Outcome]

BTC = ("--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT")
THREE = ("--venue", "BINANCE_FUTURES", "--venue", "BYBIT", "--venue", "BINANCE", "--coin", "BTC")
FROM = ("--from", "2026-04-13T11:35")
MINUTE = ("--interval", "1m", *FROM, "--period", "1m")
T0_S = payloads.BOOK_TIME_S


def rows_of(text: str) -> list[tuple[float, ...]]:
    return [tuple(map(float, line.split(","))) for line in text.splitlines()[1:]]


def pairs(values: list[float]) -> dict[float, float]:
    return dict(zip(values[0::2], values[1::2], strict=True))


def test_the_documented_book_comes_through(export: Export) -> None:
    with KiyotakaServer(SeedSource(), now_s=lambda: NOW_S) as server:
        outcome = export(server, "order-book", *BTC, *MINUTE)
    assert outcome.code == 0, outcome.said
    point = json.loads(payloads.BOOK_POINTS)["series"][0]["points"][0]["Point"]
    bids, asks = pairs(point["bids"]), pairs(point["asks"])
    assert outcome.text.startswith("time_ms,price,bid_qty,ask_qty\n1776080100000,70750.0,45.816,")
    assert rows_of(outcome.text) == [
        (T0_S * 1000, price, bids.get(price, 0.0), asks.get(price, 0.0))
        for price in sorted({*bids, *asks})
    ]
    query = server.requests[-1]
    assert query.one("blockSize") == "25", "hd is five times the block size of 5"
    assert query.one("maxDepth") is None
    assert query.one("interval") == "MINUTE"
    assert (query.one("from"), query.one("period")) == (str(T0_S), "60")


def test_the_documented_flattened_book_comes_through(export: Export) -> None:
    with KiyotakaServer(SeedSource(), now_s=lambda: NOW_S) as server:
        outcome = export(server, "order-book", *BTC, *MINUTE, "--form", "flat")
    flat = json.loads(payloads.BOOK_FLAT)["series"][0]["flat_points"]
    assert outcome.text.splitlines()[0] == "time_ms,price,qty"
    assert rows_of(outcome.text) == [
        (T0_S * 1000, *pair) for pair in zip(flat[2::2], flat[3::2], strict=True)
    ]
    assert "70925.0,72.50999999999999" in outcome.text


def test_the_documented_liquidations_come_through_in_both_forms(export: Export) -> None:
    levels = json.loads(payloads.LIQUIDATION_POINTS)["series"][0]["points"][0]["Point"]["levels"]
    flags = ("liquidation", "--coin", "BTC")
    with KiyotakaServer(SeedSource(), now_s=lambda: NOW_S) as server:
        hour = ("--interval", "1h", "--from", "2026-03-29T16:00Z", "--period", "1h")
        points = export(server, *flags, *hour)
        both = ("--interval", "1m", "--from", "2026-04-13T11:34", "--period", "2m")
        flat = export(server, *flags, *both, "--form", "flat", out="flat.csv")
    assert rows_of(points.text) == [
        (1774800000000, *pair) for pair in zip(levels[::2], levels[1::2], strict=True)
    ]
    assert rows_of(flat.text) == [
        (1776080040000, 70390, 0.53449),
        (1776080040000, 70400, 0.00057),
        (1776080040000, 70410, 8.36632),
        (1776080040000, 70420, 0.04943),
        (1776080100000, 70300, 0.0077),
        (1776080100000, 70310, 0.00027),
        (1776080100000, 70350, 1.50843),
        (1776080100000, 70370, 0.00486),
    ]


def test_the_documented_dots_come_through(export: Export) -> None:
    with SharpeServer(verbatim=True, key="test-key") as server:
        outcome = export(server, "dots", provider="sharpe")
    assert outcome.code == 0, outcome.said
    rows = list(csv.DictReader(io.StringIO(outcome.text)))
    assert outcome.text.splitlines()[0] == (
        "id,name,symbol,relative_volume,change_24h_pct,change_7d_pct,change_30d_pct,change_1y_pct,"
        "change_3y_pct,market_cap_usd,price_usd,volume_24h_usd"
    )
    for row, dot in zip(rows, json.loads(payloads.DOTS)["data"]["dots"], strict=True):
        assert (row["id"], row["name"], row["symbol"]) == (dot["id"], dot["name"], dot["symbol"])
        for column, value in {
            "relative_volume": dot["x"],
            **{f"change_{key}_pct": change for key, change in dot["y"].items()},
            "market_cap_usd": dot["marketCap"],
            "price_usd": dot["price"],
            "volume_24h_usd": dot["volume24h"],
        }.items():
            assert float(row[column]) == value, column


def test_null_figures_of_a_dot_are_empty(export: Export) -> None:
    dot = {"id": "a", "name": "A, or B", "symbol": "A", "x": 1.5, "y": {"24h": None}}
    with SharpeServer([dot], key="test-key") as server:
        outcome = export(server, "dots", "--category", "layer-1", provider="sharpe")
    assert server.requests[-1].one("category") == "layer-1"
    assert outcome.text.splitlines()[1] == 'a,"A, or B",A,1.5,,,,,,,,'


def test_the_documented_cohorts_come_through(export: Export) -> None:
    with HyperTrackerServer(verbatim=True) as server:
        outcome = export(server, "cohorts", provider="hypertracker")
    assert outcome.code == 0, outcome.said
    rows = list(csv.DictReader(io.StringIO(outcome.text)))
    names = ("totalValue", "totalLongValue", "totalShortValue", "count", "countLong", "countShort")
    served = {row["segmentId"]: row for row in rows}
    for values in payloads.COHORT_ROWS:
        segment = dict(zip(payloads.COHORT_FIELDS, values, strict=True))
        row = served[str(segment["segmentId"])]
        assert all(float(row[name]) == segment[name] for name in (*names, "bias"))
        assert float(row["value_bias_ratio"]) == segment["totalLongValue"] / segment["totalValue"]
        assert float(row["count_bias_ratio"]) == segment["countLong"] / segment["count"]
    assert (served["5"]["cohort"], served["5"]["kind"]) == ("Whale", "size")
    everyone = served[""]
    assert everyone["cohort"] == "ALL"
    assert all(float(everyone[name]) == payloads.COIN_ROW[name] for name in names)
    assert [everyone[name] for name in ("bias", "value_bias_ratio", "count_bias_ratio")] == [""] * 3
    assert len(rows) == 17


def test_an_unknown_segment_has_a_name_and_an_unknown_kind(export: Export) -> None:
    payload: dict[str, Any] = payloads.positions_heatmap()
    payload["heatmap"][0]["segments"][0]["segmentId"] = 77
    with HyperTrackerServer(payload) as server:
        outcome = export(server, "cohorts", "--opened-within", "24h", provider="hypertracker")
    (row,) = [r for r in csv.DictReader(io.StringIO(outcome.text)) if r["segmentId"] == "77"]
    assert (row["cohort"], row["kind"]) == ("Segment 77", "unknown")


CASES = [
    pytest.param(venues, quote, form, id=f"{name}-{quote}-{form}")
    for name, venues in (("one venue", BTC), ("three venues", THREE))
    for quote in ("coin", "usd")
    for form in ("points", "flat")
]


@pytest.mark.parametrize(("venues", "quote", "form"), CASES)
def test_every_form_venue_and_quote_holds_the_numbers_served(
    export: Export, venues: tuple[str, ...], quote: str, form: str
) -> None:
    source = SyntheticSource(3, 120, precision="full", missing={T0_S + 120})
    flags = ("--interval", "1m", *FROM, "--period", "5m", "--depth", "60")
    now_s = T0_S + 3600.0
    with KiyotakaServer(source, now_s=lambda: now_s) as server:
        outcome = export(server, "order-book", *venues, *flags, "--quote", quote, "--form", form)
        request = server.requests[-1]
    assert outcome.code == 0, outcome.said
    query = parse_points_query(request, now_s)
    assert query.usd == (quote == "usd")
    assert query.summed == (venues is THREE)
    if venues is THREE:
        assert query.block_size == 50.0, "five times the largest block size of the venues"
    expected: list[tuple[float, ...]] = []
    for time_s in range(T0_S, T0_S + 300, 60):
        served = served_book(query, source, time_s)
        if served is None:
            continue
        bids = dict(zip(served[0].tolist(), served[1].tolist(), strict=True))
        asks = dict(zip(served[2].tolist(), served[3].tolist(), strict=True))
        if form == "points":
            expected += [
                (time_s * 1000, px, bids.get(px, 0.0), asks.get(px, 0.0))
                for px in sorted({*bids, *asks})
            ]
        else:
            expected += [
                (time_s * 1000, *pair)
                for pair in sorted([*bids.items(), *asks.items()], key=lambda pair: pair[0])
            ]
    assert rows_of(outcome.text) == expected
    assert outcome.told.strip().endswith("4 of 5 buckets were served")


def test_numbers_are_written_as_repr(export: Export) -> None:
    source = SyntheticSource(3, 50, precision="full")
    with KiyotakaServer(source, now_s=lambda: T0_S + 3600.0) as server:
        outcome = export(server, "order-book", *BTC, *MINUTE)
    for line in outcome.text.splitlines()[1:]:
        time_ms, *numbers = line.split(",")
        assert str(int(time_ms)) == time_ms
        assert [repr(float(number)) for number in numbers] == numbers


def test_npz_has_every_bucket_and_tells_empty_from_unknown(export: Export) -> None:
    source = SyntheticSource(3, 40, missing={T0_S + 60})
    flags = ("--interval", "1m", *FROM, "--period", "3m", "--block-size", "4k", "--depth", "30")
    with KiyotakaServer(source, now_s=lambda: T0_S + 3600.0) as server:
        sheet = export(server, "order-book", *BTC, *flags)
        outcome = export(server, "order-book", *BTC, *flags, out="out.npz")
    data = np.load(outcome.out)
    assert data["time_ms"].dtype == np.int64
    assert data["time_ms"].tolist() == [(T0_S + k * 60) * 1000 for k in range(3)]
    price = data["price"]
    assert np.all(np.diff(price) > 0)
    assert data["bid"].shape == data["ask"].shape == (3, price.size)
    assert np.isnan(data["bid"][1]).all()
    assert np.isnan(data["ask"][1]).all()
    rows = rows_of(sheet.text)
    for row, time_s in ((0, T0_S), (2, T0_S + 120)):
        served = {px: (bid, ask) for t, px, bid, ask in rows if t == time_s * 1000}
        low, high = min(served), max(served)
        for k, px in enumerate(price.tolist()):
            bid, ask = data["bid"][row, k], data["ask"][row, k]
            if px in served:
                assert (bid, ask) == served[px]
            elif low <= px <= high:
                assert (bid, ask) == (0.0, 0.0)
            else:
                assert np.isnan(bid)
                assert np.isnan(ask)


def test_one_point_of_one_level_a_side(export: Export) -> None:
    with KiyotakaServer(SyntheticSource(2, 5), now_s=lambda: T0_S + 3600.0) as server:
        outcome = export(server, "order-book", *BTC, *MINUTE, "--depth", "1", out="out.npz")
        data = np.load(outcome.out)
        assert data["bid"].shape[0] == 1
        assert np.nansum(data["bid"] > 0) == np.nansum(data["ask"] > 0) == 1


def test_a_thousand_points_of_3500_levels_a_side(export: Export) -> None:
    source = SyntheticSource(2, 3500)
    flags = ("--interval", "1m", *FROM, "--period", "1000m", "--block-size", "4k")
    with KiyotakaServer(source, now_s=lambda: T0_S + 60_030.0, limits="watch") as server:
        outcome = export(server, "order-book", *BTC, *flags, out="out.npz")
        query = parse_points_query(server.requests[-1], T0_S + 60_030.0)
    assert outcome.code == 0, outcome.said
    assert [request.weight for request in server.requests] == [0, 10]
    data = np.load(outcome.out)
    assert data["time_ms"].size == 1000
    price = data["price"]
    for row in (0, 500, 999):
        served = served_book(query, source, T0_S + 60 * row)
        assert served is not None
        for px, qty, plane in ((served[0], served[1], "bid"), (served[2], served[3], "ask")):
            assert px.size == 3500
            assert np.array_equal(data[plane][row, np.searchsorted(price, px)], qty)
            assert np.nansum(data[plane][row] > 0) == 3500


def test_more_than_a_thousand_buckets_are_asked_in_pieces_newest_first(export: Export) -> None:
    flags = ("--interval", "1m", *FROM, "--period", "1500m", "--block-size", "25")
    with KiyotakaServer(SyntheticSource(2, 3), now_s=lambda: T0_S + 90_030.0) as server:
        outcome = export(server, "order-book", *BTC, *flags)
        windows = [(r.one("from"), r.one("period")) for r in server.requests]
    assert windows == [(str(T0_S + 30_000), "60000"), (str(T0_S), "30000")]
    times = [row[0] for row in rows_of(outcome.text)]
    assert times == sorted(times)
    assert len(set(times)) == 1500


def test_a_span_between_buckets_holds_those_that_start_in_it(export: Export) -> None:
    with KiyotakaServer(SyntheticSource(2, 3), now_s=lambda: T0_S + 3600.0) as server:
        flags = ("--interval", "1m", "--from", "2026-04-13T11:35:30", "--period", "90s")
        outcome = export(server, "order-book", *BTC, *flags, out="out.npz")
    assert np.load(outcome.out)["time_ms"].tolist() == [(T0_S + 60) * 1000]


def test_repeated_and_late_snapshots_are_put_in_order(export: Export) -> None:
    odd = SyntheticSource(2, 3, repeated={T0_S + 60}, late={T0_S})
    flags = ("--interval", "1m", *FROM, "--period", "3m")
    with KiyotakaServer(odd, now_s=lambda: T0_S + 3600.0) as server:
        served = export(server, "order-book", *BTC, *flags).text
    with KiyotakaServer(SyntheticSource(2, 3), now_s=lambda: T0_S + 3600.0) as server:
        assert served == export(server, "order-book", *BTC, *flags).text


@pytest.mark.parametrize("out", ["out.csv", "out.npz"])
def test_no_data_is_a_legal_answer(export: Export, out: str) -> None:
    with KiyotakaServer(SeedSource(), now_s=lambda: NOW_S) as server:
        flags = ("--interval", "1m", "--from", "2026-04-13T10:00", "--period", "3m")
        outcome = export(server, "order-book", *BTC, *flags, out=out)
    assert outcome.code == 0
    assert "0 of 3" in outcome.told
    if out == "out.csv":
        assert outcome.text == "time_ms,price,bid_qty,ask_qty\n"
    else:
        data = np.load(outcome.out)
        assert data["time_ms"].size == 3
        assert data["bid"].shape == (3, 0)


def test_a_free_minute_is_never_overspent_and_waiting_is_no_failure(
    export: Export, clock: HurriedClock
) -> None:
    start_ms = clock.now_ms()
    iso = f"{np.datetime64(start_ms // 60_000 * 60_000 - 7_200_000, 'ms')}"
    flags = ("--interval", "1m", "--from", iso, "--period", "60m", "--timeout", "1")
    with KiyotakaServer(
        SyntheticSource(2, 3),
        tier="free",
        limits="strict",
        clock_s=clock.monotonic_s,
        now_s=lambda: clock.now_ms() / 1000,
    ) as server:
        first = export(server, "order-book", *BTC, *flags, tier="free")
        second = export(server, "order-book", *BTC, *flags, tier="free")
        assert not server.meter.violations
    assert (first.code, second.code) == (0, 0), second.said
    assert "waiting for the minute budget" in second.said.lower()
    assert clock.skipped_s > 50

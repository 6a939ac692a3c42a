"""The loopback servers keep the contracts that the rest of the tests rely on."""

from __future__ import annotations

import http.client
import json
import math
import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.servers import faults, payloads, seeds
from tests.servers.base import LoopbackServer
from tests.servers.books import TableSource, snapshot_of
from tests.servers.client import BEARERS, BTC, get
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.kiyotaka_limits import BOOK, CANDLES, LIQUIDATION, weight_of
from tests.servers.recording import RECORDING, RecordingSource, default_data_dir
from tests.servers.sharpe import SharpeServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW_S = payloads.BOOK_TIME_S


def points(server: LoopbackServer, **query: Any) -> list[dict[str, Any]]:
    answer = get(server, "/v1/points", BTC | query)
    assert answer.status == 200, answer.body
    return [row["Point"] for series in answer.json()["series"] for row in series["points"]]


def times_s(rows: list[dict[str, Any]]) -> list[int]:
    return [row["timestamp"]["s"] for row in rows]


@pytest.fixture
def kiyotaka() -> Iterator[KiyotakaServer]:
    with KiyotakaServer(SyntheticSource(3, 300), now_s=lambda: NOW_S) as server:
        yield server


def test_a_stopped_server_leaves_no_thread_and_frees_its_port() -> None:
    before = threading.active_count()
    with HyperTrackerServer() as server:
        idle = http.client.HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=30)
        idle.request("GET", "/segments", headers=BEARERS[faults.HYPERTRACKER])
        assert len(json.loads(idle.getresponse().read())) == 16
        server.inject(faults.stalled())
        idle.request("GET", "/segments", headers=BEARERS[faults.HYPERTRACKER])
        assert server.stalled.wait(30)
        port = urlsplit(server.url).port
    idle.close()
    assert threading.active_count() == before
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_every_call_needs_the_key_metadata_included(kiyotaka: KiyotakaServer) -> None:
    for path in ("/v1/points", "/v1/block-sizes", "/v1/markets", "/v1/usage"):
        for headers in ({}, {"X-Kiyotaka-Key": "other"}, {"X-OpenMarket-Key": "test-key"}):
            answer = get(kiyotaka, path, headers=headers)
            assert (answer.status, answer.json()["error"]) == (401, "INVALID_API_KEY")


@pytest.mark.parametrize(
    ("arguments", "weight"),
    [
        ((BOOK, 1140, 60), 10),
        ((BOOK, 1140, 60, 3), 16),
        ((BOOK, 4000 * 60, 60), 40),
        ((BOOK, 60, 60, 1, 3500), 10),
        ((BOOK, 60, 60, 1, 3501), 12),
        ((BOOK, 60, 60, 1, 7001), 14),
        ((LIQUIDATION, 24 * 3600, 3600), 5),
        ((CANDLES, 60, 60), 1),
    ],
)
def test_weights_equal_the_worked_examples(arguments: tuple[Any, ...], weight: int) -> None:
    assert weight_of(*arguments) == weight


def test_weight_over_the_burst_is_refused_until_it_has_refilled() -> None:
    clock = [0.0]
    with KiyotakaServer(
        SyntheticSource(), tier="free", clock_s=lambda: clock[0], now_s=lambda: NOW_S
    ) as server:
        statuses = [get(server, "/v1/points", BTC).status for _ in range(2)]
        refused = get(server, "/v1/points", BTC)
        assert statuses == [200, 200]
        assert refused.status == 429
        wait_s = int(refused.headers["Retry-After"])
        assert refused.json()["retry_after"] == wait_s == 60
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        clock[0] += wait_s
        assert get(server, "/v1/points", BTC).status == 200
        assert len(server.meter.violations) == 1
        assert get(server, "/v1/usage").json()["weightUsedToday"] == 30


def test_the_strict_meter_allows_no_burst_and_the_free_day_ends_at_a_thousand() -> None:
    clock = [0.0]
    with KiyotakaServer(
        SyntheticSource(),
        tier="free",
        limits="strict",
        clock_s=lambda: clock[0],
        now_s=lambda: NOW_S,
    ) as server:
        assert get(server, "/v1/points", BTC).status == 200
        assert get(server, "/v1/points", BTC).status == 429
        server.meter.used_day = 991
        clock[0] += 60.0
        last = get(server, "/v1/points", BTC)
        assert last.status == 429
        assert int(last.headers["Retry-After"]) == 86_400 - NOW_S % 86_400


@pytest.mark.parametrize(
    ("tier", "change", "status"),
    [
        ("free", {"from": NOW_S - 8 * 86_400}, 403),
        ("standard", {"type": LIQUIDATION, "coin": "BTC", "rawSymbol": None}, 403),
        (
            "standard",
            {
                "exchange": ["BYBIT", "BINANCE"],
                "coin": "BTC",
                "rawSymbol": None,
                "transform.groupBy.type": "GROUP_BY_TYPE_SUM",
            },
            403,
        ),
        ("advanced", {"period": 4001 * 60}, 403),
        ("advanced", {"exchange": ["BYBIT", "BINANCE"]}, 400),
        ("advanced", {"blockSize": None}, 400),
        ("advanced", {"interval": "minute"}, 400),
        ("advanced", {"exchange": "MTGOX"}, 400),
        ("advanced", {"type": LIQUIDATION}, 400),
    ],
)
def test_what_the_plan_or_the_contract_forbids_is_refused_with_a_message(
    tier: str, change: dict[str, Any], status: int
) -> None:
    query = {name: value for name, value in (BTC | change).items() if value is not None}
    with KiyotakaServer(SyntheticSource(), tier=tier, now_s=lambda: NOW_S) as server:
        answer = get(server, "/v1/points", query)
    assert answer.status == status
    assert answer.json()["message"]


def test_the_window_is_half_open_and_the_last_period_is_the_default(
    kiyotaka: KiyotakaServer,
) -> None:
    start_s = NOW_S - 1140
    expected = list(range(start_s, NOW_S, 60))
    assert times_s(points(kiyotaka)) == expected
    assert times_s(points(kiyotaka, **{"from": start_s, "period": 120})) == expected[:2]
    newest_first = points(kiyotaka, sortDirection="SORT_DIRECTION_DESC")
    assert times_s(newest_first) == expected[::-1]


def test_several_venues_are_summed_per_block_in_base_units_and_in_usd() -> None:
    source = TableSource(
        {
            ("BYBIT", "BTC", NOW_S): snapshot_of(
                [(104.0, 0.1), (99.0, 2.0)], [(111.0, 0.25)], 50.0
            ),
            ("BINANCE", "BTC", NOW_S): snapshot_of(
                [(101.0, 0.2)], [(110.0, 0.5), (190.0, 1.0)], 60.0
            ),
        }
    )
    query = {
        "type": BOOK,
        "exchange": ["BYBIT", "BINANCE"],
        "coin": "BTC",
        "interval": "MINUTE",
        "from": NOW_S,
        "period": 60,
        "blockSize": 10,
        "maxDepth": 1,
        "transform.groupBy.type": "GROUP_BY_TYPE_SUM",
    }
    with KiyotakaServer(source, now_s=lambda: NOW_S) as server:
        series = get(server, "/v1/points", query).json()["series"][0]
        usd = get(server, "/v1/points", query | {"transform.normalize.quote": "USD"}).json()
    assert series["id"] == {"type": BOOK, "interval": "MINUTE"}
    point = series["points"][0]["Point"]
    assert point["bids"] == [100, 0.1 + 0.2]
    assert point["asks"] == [110, 0.25 + 0.5]
    assert usd["series"][0]["points"][0]["Point"]["bids"] == [100, 0.1 * 50.0 + 0.2 * 60.0]


def test_both_forms_hold_the_same_full_precision_levels() -> None:
    source = SyntheticSource(5, 400, precision="full")
    with KiyotakaServer(source, now_s=lambda: NOW_S) as server:
        rows = points(server, blockSize=5, maxDepth=300)
        answer = get(
            server, "/v1/points", BTC | {"blockSize": 5, "maxDepth": 300, "flatten": "true"}
        )
        flat = answer.json()["series"][0]["flat_points"]
    record = 2 + 2 * 600
    assert len(flat) == record * len(rows)
    for index, row in enumerate(rows):
        levels = flat[index * record + 2 : (index + 1) * record]
        assert flat[index * record : index * record + 2] == [600, row["timestamp"]["s"] * 10**6]
        assert levels[:600:2][::-1] == row["bids"][::2]
        assert levels[1:600:2][::-1] == row["bids"][1::2]
        assert levels[600:] == row["asks"]
        book = source.book("BINANCE_FUTURES", "BTCUSDT", row["timestamp"]["s"], 60)
        assert book is not None
        assert row["asks"][1::2] == book.ask_qty_base[:300].tolist()


def test_missing_repeated_and_late_buckets_are_served_as_asked() -> None:
    times = [NOW_S - 300 + 60 * step for step in range(5)]
    source = SyntheticSource(missing=[times[0]], repeated=[times[2]], late=[times[1]])
    with KiyotakaServer(source, now_s=lambda: NOW_S) as server:
        served = times_s(points(server, period=300))
    assert served == [times[2], times[2], times[3], times[4], times[1]]


def test_the_documents_examples_are_served_word_for_word() -> None:
    with KiyotakaServer(seeds.SeedSource(), now_s=lambda: seeds.NOW_S) as server:
        book = BTC | {"from": payloads.BOOK_TIME_S, "period": 60}
        assert get(server, "/v1/points", book).body.decode() == payloads.BOOK_POINTS
        flat = get(server, "/v1/points", book | {"flatten": "true"})
        assert flat.body.decode() == payloads.BOOK_FLAT
        late = {"type": LIQUIDATION, "coin": "BTC", "interval": "MINUTE", "flatten": "true"}
        both = late | {"from": payloads.BOOK_TIME_S - 60, "period": 120}
        assert get(server, "/v1/points", both).body.decode() == payloads.LIQUIDATION_FLAT
        one = get(server, "/v1/points", both | {"period": 60}).json()["series"][0]["flat_points"]
        assert one == json.loads(payloads.LIQUIDATION_FLAT)["series"][0]["flat_points"][:10]


def test_sharpe_takes_either_scheme_but_the_bearer_wins() -> None:
    with SharpeServer(key="test-key", verbatim=True) as server:
        path = "/heatmap/data"
        assert get(server, path, headers={"X-API-Key": "test-key"}).body.decode() == payloads.DOTS
        wrong = {"Authorization": "Bearer other", "X-API-Key": "test-key"}
        refused = get(server, path, headers=wrong)
        assert refused.status == 401
        assert refused.json()["type"].rsplit("/", 1)[1] == "invalid_api_key"
        unknown = get(server, path, {"category": "layer-9"}, BEARERS[faults.SHARPE])
        assert unknown.json()["type"].endswith("/invalid_parameter")
        ignored = get(
            server, path, {"mode": "narratives", "category": "layer-9"}, BEARERS[faults.SHARPE]
        )
        assert ignored.status == 200


def test_sharpe_tells_the_minute_from_the_month() -> None:
    with SharpeServer(key="test-key", per_minute=1, quota=5, clock_s=lambda: 0.0) as server:
        statuses = [get(server, "/heatmap/data", headers=BEARERS[faults.SHARPE]) for _ in range(2)]
        assert [answer.status for answer in statuses] == [200, 429]
        assert statuses[0].headers["X-Quota-Remaining"] == "4"
        server.quota_used = 5
        spent = get(server, "/heatmap/data", headers=BEARERS[faults.SHARPE])
    assert (spent.status, spent.json()["type"].rsplit("/", 1)[1]) == (403, "monthly_quota_exceeded")


def test_hypertracker_cohorts_are_two_partitions_of_nearly_the_coin() -> None:
    with HyperTrackerServer() as server:
        answer = get(server, "/positions/heatmap", headers=BEARERS[faults.HYPERTRACKER])
        rows = answer.json()["heatmap"]
        bad = get(
            server, "/positions/heatmap", {"openedWithin": "1h"}, BEARERS[faults.HYPERTRACKER]
        )
    assert bad.status == 400
    assert {"THIN", "ZERO", "ODD", "NONE"} <= {row["coin"] for row in rows}
    segments = rows[0]["segments"]
    sizes = [row["totalValue"] for row in segments if row["segmentId"] in (16, 1, 2, 3, 4, 5, 6, 7)]
    others = [row["totalValue"] for row in segments if 8 <= row["segmentId"] <= 15]
    assert math.isclose(sum(sizes), sum(others), rel_tol=1e-9)
    assert 0.0 < rows[0]["totalValue"] - sum(sizes) < rows[0]["totalValue"] * 1e-3


def test_a_compressing_server_compresses_only_for_those_who_ask() -> None:
    with HyperTrackerServer(compress=True) as server:
        plain = get(server, "/segments", headers=BEARERS[faults.HYPERTRACKER])
        asked = BEARERS[faults.HYPERTRACKER] | {"Accept-Encoding": "gzip"}
        packed = get(server, "/segments", headers=asked)
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(plain.body)


def test_the_recorded_market_is_whole_never_crossed_and_grows_with_the_clock() -> None:
    path = default_data_dir() / RECORDING
    if not path.exists():
        pytest.skip("the recorded market is not on this machine")
    now = [float(NOW_S)]
    source = RecordingSource(path, lambda: now[0], held_back=5)
    query = {"blockSize": 5, "maxDepth": 500, "period": 400 * 60}
    with KiyotakaServer(source, now_s=lambda: now[0]) as server:
        sizes = get(
            server, "/v1/block-sizes", {"exchange": "BINANCE_FUTURES", "rawSymbol": "BTCUSDT"}
        )
        before = times_s(points(server, **query, **{"from": NOW_S - 390 * 60}))
        now[0] += 60.0
        after = points(server, **query, **{"from": NOW_S - 390 * 60})
    assert sizes.json() == {"blockSizes": [5]}
    assert len(before) == len(source.recording.snapshots) - 5 > 335
    assert times_s(after) == [*before, NOW_S + 60]
    for snapshot in source.recording.snapshots:
        assert snapshot.bid_px.max() < snapshot.ask_px.min()
    for row in after:
        assert row["bids"][0] <= row["asks"][0]
        assert row["bids"][::2] == sorted(row["bids"][::2], reverse=True)

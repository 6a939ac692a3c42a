"""HyperTracker's answers become a cohort table, or an error that names the field."""

from __future__ import annotations

import asyncio
import copy
import json
import math
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatdesk.analytics.cohorts import ALL_ID, value_bias_ratio
from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import BadPayload
from heatdesk.frames import COHORTS, CohortSub, CohortTable, Frame, Notice, Subscription
from heatdesk.net.ledger import Ledger
from heatdesk.providers.hypertracker import HyperTracker, parse_cohorts, parse_segments
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from heatdesk.units import DAY_MS
from tests.heatdesk.clocks import START_MS, JumpingClock
from tests.servers.faults import status_fault
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.payloads import POSITIONS

PAYLOAD: dict[str, Any] = json.loads(POSITIONS)
RECEIVED_MS = 1_774_597_200_000


def _changed(path: list[str | int], value: object) -> dict[str, Any]:
    payload = copy.deepcopy(PAYLOAD)
    target: Any = payload
    for step in path[:-1]:
        target = target[step]
    if value is KeyError:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return payload


def test_the_documented_example_comes_through_to_the_last_digit() -> None:
    table = parse_cohorts(PAYLOAD, "all", RECEIVED_MS)
    row = PAYLOAD["heatmap"][0]
    assert table.coins == ("BTC",) * 17
    assert table.cohort_id.tolist() == [ALL_ID] + [s["segmentId"] for s in row["segments"]]
    assert table.total_usd.tolist() == [row["totalValue"]] + [
        s["totalValue"] for s in row["segments"]
    ]
    assert table.count_short.tolist() == [row["countShort"]] + [
        s["countShort"] for s in row["segments"]
    ]
    assert math.isnan(table.bias_ratio[0]), "a coin's total has no bias"
    assert table.bias_ratio[1:].tolist() == [s["bias"] for s in row["segments"]]
    assert [cohort.id for cohort in table.definitions] == [16, *range(1, 16)]


def test_our_bias_agrees_with_the_served_one_to_its_three_decimals() -> None:
    table = parse_cohorts(PAYLOAD, "all", RECEIVED_MS)
    np.testing.assert_allclose(value_bias_ratio(table)[1:], table.bias_ratio[1:], atol=0.00051)


def test_a_cohort_without_value_has_no_bias() -> None:
    payload = copy.deepcopy(PAYLOAD)
    empty = payload["heatmap"][0]["segments"][0]
    for key in ("totalValue", "totalLongValue", "totalShortValue"):
        empty[key] = 0
    empty["bias"] = None
    table = parse_cohorts(payload, "all", RECEIVED_MS)
    assert math.isnan(value_bias_ratio(table)[1])
    assert math.isnan(table.bias_ratio[1])


def test_an_unknown_segment_keeps_its_number_as_name() -> None:
    table = parse_cohorts(
        _changed(["heatmap", 0, "segments", 3, "segmentId"], 77), "all", RECEIVED_MS
    )
    unknown = table.definitions[-1]
    assert (unknown.id, unknown.name, unknown.kind) == (77, "Segment 77", "unknown")


def test_a_coin_without_segments_keeps_its_total() -> None:
    table = parse_cohorts(_changed(["heatmap", 0, "segments"], KeyError), "7d", RECEIVED_MS)
    assert table.coins == ("BTC",)
    assert table.cohort_id.tolist() == [ALL_ID]
    assert table.definitions == ()


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["heatmap"], KeyError, "heatmap"),
        (["heatmap"], {}, "heatmap"),
        (["heatmap", 0, "coin"], 5, "heatmap[0].coin"),
        (["heatmap", 0, "totalValue"], "1", "heatmap[0].totalValue"),
        (["heatmap", 0, "count"], 1.5, "heatmap[0].count"),
        (["heatmap", 0, "countLong"], -1, "heatmap[0].countLong"),
        (["heatmap", 0, "segments", 2, "segmentId"], KeyError, "heatmap[0].segments[2].segmentId"),
        (["heatmap", 0, "segments", 2, "segmentId"], 1, "heatmap[0].segments[2]"),
        (["heatmap", 0, "segments", 2, "totalLongValue"], -5.0,
         "heatmap[0].segments[2].totalLongValue"),
        (["heatmap", 0, "segments", 2, "bias"], 1.2, "heatmap[0].segments[2].bias"),
        (["heatmap", 0, "segments", 2, "bias"], math.nan, "heatmap[0].segments[2].bias"),
    ],
)  # fmt: skip
def test_a_misfit_names_its_field(path: list[str | int], value: object, field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        parse_cohorts(_changed(path, value), "all", RECEIVED_MS)
    assert caught.value.field == field


def test_segment_names_are_taken_and_ordered_as_shown() -> None:
    fetched = parse_segments(
        [
            {"id": 8, "name": "Money Printer", "category": "pnl"},
            {"id": 16, "name": "Plankton", "category": "size", "emoji": "x"},
            {"id": 99, "name": "New one"},
        ]
    )
    assert [(c.id, c.name, c.kind) for c in fetched] == [
        (16, "Plankton", "size"),
        (8, "Money Printer", "pnl"),
        (99, "New one", "unknown"),
    ]
    table = parse_cohorts(PAYLOAD, "all", RECEIVED_MS, fetched)
    assert table.definitions[0].name == "Plankton", "a fetched name wins over the built-in one"
    assert table.definitions[1].name == "Fish", "the built-in table fills in"


@pytest.mark.parametrize(
    ("payload", "field"),
    [({"segments": [{"id": 1}]}, "segments[0].name"), ({"data": 5}, "data"), ([5], "[0]")],
)
def test_a_misfit_in_the_segments_names_its_field(payload: object, field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        parse_segments(payload)
    assert caught.value.field == field


def _at(
    server: HyperTrackerServer, clock: JumpingClock, running: Sequence[Subscription] = ()
) -> HyperTracker:
    settings, _ = load(Path(), {"HEATDESK_PROVIDERS__HYPERTRACKER__BASE_URL": server.url})
    keys = Keys(MemoryVault(), {"HEATDESK_KEY_HYPERTRACKER": server.key})
    provider = ProviderSet(settings, keys, Ledger(), clock).build("hypertracker", lambda: running)
    assert isinstance(provider, HyperTracker)
    return provider


async def _first(provider: HyperTracker, count: int) -> list[Frame]:
    frames: list[Frame] = []
    stream = provider.stream(CohortSub("hypertracker"), ())
    try:
        async with aclosing(stream):  # type: ignore[type-var]
            async for frame in stream:
                frames.append(frame)
                if len(frames) == count:
                    break
        return frames
    finally:
        await provider.context.http.close()


def test_the_documented_example_comes_over_the_wire_with_the_names_of_the_provider() -> None:
    with HyperTrackerServer(verbatim=True) as server:
        clock = JumpingClock()
        frames = asyncio.run(_first(_at(server, clock), 4))
        asked = [request.path for request in server.requests]
    table = frames[0]
    assert isinstance(table, CohortTable)
    direct = parse_cohorts(PAYLOAD, "all", table.time_ms)
    for name in ("total_usd", "long_usd", "short_usd", "count", "bias_ratio", "cohort_id"):
        np.testing.assert_array_equal(getattr(table, name), getattr(direct, name))
    assert asked == ["/segments", "/positions/heatmap", "/positions/heatmap"], "named once a day"


def test_a_refused_list_of_names_costs_no_data() -> None:
    with HyperTrackerServer(verbatim=True) as server:
        fault = status_fault("trouble", 500, "INTERNAL", "Trouble.", exit_code=5)
        server.inject(fault, path="/segments")
        table = asyncio.run(_first(_at(server, JumpingClock()), 1))[0]
    assert isinstance(table, CohortTable)
    assert {c.name for c in table.definitions} <= {c.name for c in COHORTS}


def test_the_pace_leaves_a_day_its_calls_however_many_ages_run() -> None:
    with HyperTrackerServer() as server:
        for ages in (1, 2, 4):
            running = [CohortSub("hypertracker", age) for age in ("all", "24h", "7d", "30d")[:ages]]
            provider = _at(server, JumpingClock(), running)
            day = provider.limits().day
            assert day is not None
            assert ages * 86_400 / provider.period_s(running[0]) <= day


def test_one_age_on_the_free_plan_comes_every_quarter_of_an_hour() -> None:
    with HyperTrackerServer() as server:
        cost = _at(server, JumpingClock()).cost(CohortSub("hypertracker"))
        another = _at(server, JumpingClock(), [CohortSub("hypertracker")])
    assert cost.period_s == 900
    assert cost.text == "One call every 15 min, 96 a day of 96 a day."
    assert another.cost(CohortSub("hypertracker", "7d")).period_s == 1800, "a second age counts"


def test_a_day_of_the_free_plan_stays_in_its_budget_and_says_what_it_waits_for() -> None:
    midnight_ms = START_MS // DAY_MS * DAY_MS

    async def follow(provider: HyperTracker, clock: JumpingClock) -> list[tuple[int, Frame]]:
        seen = []
        stream = provider.stream(CohortSub("hypertracker"), ())
        async with aclosing(stream):  # type: ignore[type-var]
            async for frame in stream:
                seen.append((clock.now_ms(), frame))
                if clock.now_ms() >= midnight_ms + DAY_MS and isinstance(frame, CohortTable):
                    break
        await provider.context.http.close()
        return seen

    with HyperTrackerServer(per_day=10_000) as server:
        clock = JumpingClock(midnight_ms)
        seen = asyncio.run(follow(_at(server, clock), clock))
        asked = [request.path for request in server.requests]
    tables = [at_ms for at_ms, frame in seen if isinstance(frame, CohortTable)]
    assert len([at_ms for at_ms in tables if at_ms < midnight_ms + DAY_MS]) == 95
    assert asked[:97].count("/segments") == 1, "with the names the day has 96 calls"
    notes = [frame.note for _, frame in seen if isinstance(frame, Notice) and frame.note]
    assert notes == ["today's budget is used up, it renews at 00:00 UTC, 15 min"]
    assert tables[-1] < midnight_ms + DAY_MS + 60_000, "the new day goes on at once"


@pytest.mark.parametrize("wrap", ["segments", "data", "items"])
def test_segment_names_are_found_whatever_they_are_wrapped_in(wrap: str) -> None:
    rows = [{"id": 8, "name": "Money Printer", "category": "pnl"}]
    assert [c.name for c in parse_segments({wrap: rows, "total": 1})] == ["Money Printer"]
    assert [c.name for c in parse_segments({"data": {wrap: rows}})] == ["Money Printer"]

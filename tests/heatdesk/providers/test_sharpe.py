"""Sharpe's answers become dots, or an error that names the field."""

from __future__ import annotations

import asyncio
import copy
import json
import math
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import BadPayload
from heatdesk.frames import DotSet, DotSub, Frame, Notice
from heatdesk.frames.dot_lists import CATEGORIES
from heatdesk.frames.market import TIMEFRAMES, MarketFrame
from heatdesk.net.ledger import Ledger
from heatdesk.providers.sharpe import Sharpe, parse_dots
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from tests.heatdesk.clocks import JumpingClock
from tests.servers.payloads import DOTS
from tests.servers.sharpe import SharpeServer

PAYLOAD: dict[str, Any] = json.loads(DOTS)


def test_the_documented_example_comes_through_to_the_last_digit() -> None:
    dots = parse_dots(PAYLOAD, "coins", "layer-1")
    assert dots.ids == ("bitcoin", "ethereum")
    assert dots.symbols == ("BTC", "ETH")
    assert dots.relative_volume.tolist() == [1.25, 0.98]
    assert dots.change_pct.tolist() == [
        [2.34, 5.12, -1.45, 82.30, 145.60],
        [1.87, 3.45, -2.10, 45.20, 78.90],
    ]
    assert dots.market_cap_usd.tolist() == [1730000000000.0, 390000000000.0]
    assert dots.price_usd.tolist() == [87542.30, 3245.80]
    assert dots.volume_24h_usd.tolist() == [42500000000.0, 18900000000.0]
    assert dots.time_ms == 1_774_597_200_000, "the age is that of updated_at, not of the reply"
    assert dots.request_id == "req_abc123def456ghij"


def test_a_dot_whose_performance_is_null_has_none_in_any_timeframe() -> None:
    payload = copy.deepcopy(PAYLOAD)
    payload["data"]["dots"][0]["y"] = None
    dots = parse_dots(payload, "coins", "top-100")
    assert np.isnan(dots.change_pct[0]).all()
    assert not np.isnan(dots.change_pct[1]).all()


def test_null_and_missing_figures_are_unknown_not_zero() -> None:
    payload = copy.deepcopy(PAYLOAD)
    dot = payload["data"]["dots"][0]
    dot["y"] = {"24h": None, "7d": 1.0}
    del dot["price"], dot["volume24h"]
    dot["marketCap"] = None
    dots = parse_dots(payload, "coins", "top-100")
    assert dots.change_pct[0, TIMEFRAMES.index("7d")] == 1.0
    unknown = [
        dots.change_pct[0, TIMEFRAMES.index("24h")],
        dots.change_pct[0, TIMEFRAMES.index("3y")],
        dots.price_usd[0],
        dots.volume_24h_usd[0],
        dots.market_cap_usd[0],
    ]
    assert all(math.isnan(value) for value in unknown)


def test_an_empty_list_of_dots_is_a_legal_answer() -> None:
    payload = copy.deepcopy(PAYLOAD)
    payload["data"]["dots"] = []
    dots = parse_dots(payload, "narratives", "top-100")
    assert dots.ids == ()
    assert dots.change_pct.shape == (0, len(TIMEFRAMES))
    assert dots.category == "", "narratives have no category"


def _without(path: list[str | int]) -> dict[str, Any]:
    payload = copy.deepcopy(PAYLOAD)
    target: Any = payload
    for step in path[:-1]:
        target = target[step]
    del target[path[-1]]
    return payload


def _with(path: list[str | int], value: object) -> dict[str, Any]:
    payload = copy.deepcopy(PAYLOAD)
    target: Any = payload
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return payload


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        pytest.param([], "", id="a list instead of an object"),
        pytest.param(_without(["data"]), "data", id="no data"),
        pytest.param(_without(["data", "dots"]), "data.dots", id="no dots"),
        pytest.param(_with(["data", "dots"], {}), "data.dots", id="dots not a list"),
        pytest.param(_without(["data", "updated_at"]), "data.updated_at", id="no age"),
        pytest.param(_with(["data", "updated_at"], "soon"), "data.updated_at", id="no time"),
        pytest.param(_with(["data", "dots", 1], 5), "data.dots[1]", id="a number for a dot"),
        pytest.param(_without(["data", "dots", 1, "id"]), "data.dots[1].id", id="no id"),
        pytest.param(_with(["data", "dots", 1, "id"], "bitcoin"), "data.dots[1].id", id="twice"),
        pytest.param(_without(["data", "dots", 0, "y"]), "data.dots[0].y", id="no performance"),
        pytest.param(_with(["data", "dots", 0, "x"], "high"), "data.dots[0].x", id="text for x"),
        pytest.param(_with(["data", "dots", 0, "x"], True), "data.dots[0].x", id="true for x"),
        pytest.param(
            _with(["data", "dots", 0, "y", "7d"], "5%"), "data.dots[0].y.7d", id="text for y"
        ),
        pytest.param(
            _with(["data", "dots", 0, "price"], float("inf")), "data.dots[0].price", id="infinite"
        ),
        pytest.param(_with(["data", "dots", 0, "x"], 10**400), "data.dots[0].x", id="huge"),
    ],
)
def test_a_misfit_names_its_field(payload: object, field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        parse_dots(payload, "coins", "top-100")
    assert caught.value.field == field
    assert "Sharpe" in caught.value.user_message


def test_the_category_called_top_100_is_labelled_by_what_it_serves() -> None:
    assert CATEGORIES["top-100"] == "Top 50"
    assert len(CATEGORIES) == 33


def _at(server: SharpeServer, clock: JumpingClock) -> Sharpe:
    settings, _ = load(Path(), {"HEATDESK_PROVIDERS__SHARPE__BASE_URL": server.url})
    keys = Keys(MemoryVault(), {"HEATDESK_KEY_SHARPE": server.key})
    provider = ProviderSet(settings, keys, Ledger(), clock).build("sharpe")
    assert isinstance(provider, Sharpe)
    return provider


def test_the_documented_example_comes_over_the_wire_to_the_last_digit() -> None:
    async def ask(server: SharpeServer) -> MarketFrame:
        provider = _at(server, JumpingClock())
        try:
            return await provider.fetch(DotSub("sharpe"))
        finally:
            await provider.context.http.close()

    with SharpeServer(verbatim=True) as server:
        frame = asyncio.run(ask(server))
        asked = server.requests[-1]
    assert isinstance(frame, DotSet)
    direct = parse_dots(PAYLOAD, "coins", "top-100")
    np.testing.assert_array_equal(frame.change_pct, direct.change_pct)
    np.testing.assert_array_equal(frame.market_cap_usd, direct.market_cap_usd)
    assert (frame.ids, frame.time_ms) == (direct.ids, direct.time_ms)
    assert frame.request_id == PAYLOAD["meta"]["request_id"]
    assert (asked.path, asked.one("mode"), asked.one("category")) == (
        "/heatmap/data",
        "coins",
        "top-100",
    )


@pytest.mark.parametrize(
    ("tier", "minute", "month"),
    [
        ("free", 30, 10_000),
        ("analyst", 500, 500_000),
        ("pro", 1_000, 3_000_000),
        ("enterprise", 5_000, 50_000_000),
    ],
)
def test_the_budgets_are_those_of_the_plan_in_the_settings(
    tier: str, minute: int, month: int
) -> None:
    settings, _ = load(Path(), {"HEATDESK_PROVIDERS__SHARPE__TIER": tier})
    limits = Sharpe.limits_for(settings)
    assert (limits.minute, limits.month) == (minute, month)
    cost = ProviderSet(settings, Keys(MemoryVault(), {}), Ledger(), JumpingClock()).cost(
        DotSub("sharpe")
    )
    assert cost.text.endswith(f"of {month:,} a month.")


def test_the_stream_keeps_the_pace_that_it_names() -> None:
    async def follow(server: SharpeServer) -> tuple[list[Frame], JumpingClock, float]:
        clock = JumpingClock()
        provider = _at(server, clock)
        frames: list[Frame] = []
        stream = provider.stream(DotSub("sharpe", "narratives", ""), ())
        try:
            async with aclosing(stream):  # type: ignore[type-var]
                async for frame in stream:
                    frames.append(frame)
                    if len(frames) == 4:
                        break
            return frames, clock, provider.period_s
        finally:
            await provider.context.http.close()

    with SharpeServer() as server:
        frames, clock, period_s = asyncio.run(follow(server))
        asked = [(request.one("mode"), request.one("category")) for request in server.requests]
    assert [type(frame) for frame in frames] == [DotSet, Notice, DotSet, Notice]
    notice = frames[1]
    assert isinstance(notice, Notice)
    assert notice.period_s == period_s
    assert notice.next_ms == clock.start_ms + period_s * 1000
    assert clock.passed_s == period_s
    assert asked == [("narratives", None)] * 2, "a category is not sent where it does not count"

"""CoinGecko's lists become dots with a relative volume that is computed, and says so."""

from __future__ import annotations

import asyncio
import copy
import math
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import BadPayload, KeyMissing, KeyRejected, ProviderError, RateLimited
from heatdesk.frames import DotSet, DotSub, Frame, KeyState, Notice
from heatdesk.frames.market import TIMEFRAMES, MarketFrame
from heatdesk.net.ledger import Ledger
from heatdesk.providers.coingecko import CoinGecko
from heatdesk.providers.coingecko_dots import (
    ATTRIBUTION,
    COMPUTED,
    MOST_GROUPS,
    MOST_RELATIVE_VOLUME,
    parse_coins,
    parse_groups,
    relative_volumes,
)
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import load
from tests.heatdesk.clocks import JumpingClock
from tests.servers.coingecko import CoinGeckoServer, generated_categories

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BITCOIN: dict[str, Any] = {
    "id": "bitcoin",
    "symbol": "btc",
    "name": "Bitcoin",
    "image": "https://coin-images.coingecko.com/1.png",
    "current_price": 70187,
    "market_cap": 1381651251183,
    "market_cap_rank": 1,
    "total_volume": 20154184933,
    "price_change_percentage_24h": 3.12502,
    "price_change_percentage_24h_in_currency": 3.125,
    "price_change_percentage_7d_in_currency": -1.5,
    "price_change_percentage_30d_in_currency": 10.25,
    "price_change_percentage_1y_in_currency": 142.75,
    "last_updated": "2024-04-07T16:49:31.736Z",
}
DOGE: dict[str, Any] = {
    **BITCOIN,
    "id": "dogecoin",
    "symbol": "doge",
    "name": "Dogecoin",
    "current_price": 0.19,
    "market_cap": 27_000_000_000,
    "total_volume": 1_500_000_000,
    "last_updated": "2024-04-07T16:49:30.000Z",
}
LAYER_1: dict[str, Any] = {
    "id": "layer-1",
    "name": "Layer 1 (L1)",
    "market_cap": 2061406861196.14,
    "market_cap_change_24h": -0.66091,
    "content": "",
    "volume_24h": 61146432400.1739,
    "updated_at": "2024-04-06T08:25:46.402Z",
}


def group(group_id: str, cap: float | None = 1e9, **more: Any) -> dict[str, Any]:
    return {**LAYER_1, "id": group_id, "name": group_id, "market_cap": cap, **more}


def test_a_coin_comes_through_to_the_last_digit() -> None:
    dots = parse_coins([[BITCOIN, DOGE]], "layer-1")
    assert (dots.mode, dots.category) == ("coins", "layer-1")
    assert dots.ids == ("bitcoin", "dogecoin")
    assert dots.names == ("Bitcoin", "Dogecoin")
    assert dots.symbols == ("BTC", "DOGE")
    assert dots.price_usd.tolist() == [70187.0, 0.19]
    assert dots.market_cap_usd.tolist() == [1381651251183.0, 27e9]
    assert dots.volume_24h_usd.tolist() == [20154184933.0, 1.5e9]
    assert dots.change_pct[0, :4].tolist() == [3.125, -1.5, 10.25, 142.75]
    assert np.isnan(dots.change_pct[:, TIMEFRAMES.index("3y")]).all(), "nobody serves that"
    assert dots.time_ms == 1_712_508_571_736, "the freshest of the figures"


def test_figures_that_are_computed_and_whom_they_come_from_are_labelled() -> None:
    for dots in (parse_coins([[BITCOIN]], "layer-1"), parse_groups([LAYER_1], "narratives")):
        assert dots.computed == COMPUTED
        assert "computed" in dots.computed
        assert dots.attribution == ATTRIBUTION == "Data by CoinGecko"


def test_relative_volume_is_turnover_over_the_median_turnover_of_the_list() -> None:
    cap = np.array([100.0, 200.0, 400.0, math.nan, 50.0])
    volume = np.array([10.0, 10.0, 8.0, 5.0, math.nan])
    # turnovers 0.1, 0.05 and 0.02: the middle one is 0.05
    found = relative_volumes(volume, cap)
    np.testing.assert_allclose(found, [2.0, 1.0, 0.4, math.nan, math.nan])


def test_relative_volume_has_an_end_and_a_coin_at_rest_does_not_shift_the_median() -> None:
    cap = np.array([1.0, 1.0, 1.0, 1.0])
    found = relative_volumes(np.array([1.0, 1.0, 500.0, 0.0]), cap)
    assert found.tolist() == [1.0, 1.0, MOST_RELATIVE_VOLUME, 0.0]
    nothing = relative_volumes(np.array([0.0, math.nan]), np.array([5.0, 5.0]))
    assert np.isnan(nothing).all(), "without any turnover there is no measure"


def test_null_and_missing_figures_are_unknown_not_zero() -> None:
    coin = {**DOGE, "market_cap": 0, "total_volume": None, "current_price": None}
    del coin["price_change_percentage_1y_in_currency"]
    dots = parse_coins([[BITCOIN, coin]], "meme-token")
    unknown = [
        dots.market_cap_usd[1],
        dots.volume_24h_usd[1],
        dots.price_usd[1],
        dots.relative_volume[1],
        dots.change_pct[1, TIMEFRAMES.index("1y")],
    ]
    assert all(math.isnan(value) for value in unknown)
    assert dots.relative_volume[0] == 1.0


def test_the_plain_day_change_stands_in_where_the_other_is_missing() -> None:
    coin = {**BITCOIN, "price_change_percentage_24h_in_currency": None}
    dots = parse_coins([[coin]], "layer-1")
    assert dots.change_pct[0, 0] == 3.12502


def test_a_coin_that_slid_onto_the_next_page_counts_once() -> None:
    dots = parse_coins([[BITCOIN, DOGE], [DOGE, {**DOGE, "id": "pepe"}]], "meme-token")
    assert dots.ids == ("bitcoin", "dogecoin", "pepe")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "[1].id"),
        ({"name": 5}, "[1].name"),
        ({"market_cap": "much"}, "[1].market_cap"),
        ({"market_cap": -1}, "[1].market_cap"),
        ({"total_volume": float("nan")}, "[1].total_volume"),
        ({"current_price": True}, "[1].current_price"),
        ({"last_updated": "soon"}, "[1].last_updated"),
        (
            {"price_change_percentage_7d_in_currency": "5%"},
            "[1].price_change_percentage_7d_in_currency",
        ),
    ],
)
def test_a_misfit_names_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        parse_coins([[BITCOIN, {**copy.deepcopy(DOGE), **change}]], "layer-1")
    assert caught.value.field == field
    assert "CoinGecko" in caught.value.user_message


@pytest.mark.parametrize("payload", [{}, None, "no", [5]])
def test_what_is_no_list_of_coins_is_refused(payload: object) -> None:
    with pytest.raises(BadPayload):
        parse_coins([payload], "layer-1")
    with pytest.raises(BadPayload):
        parse_groups(payload, "narratives")


def test_a_list_that_nobody_dated_is_refused() -> None:
    with pytest.raises(BadPayload) as caught:
        parse_coins([[{**BITCOIN, "last_updated": None}]], "layer-1")
    assert caught.value.field == "[0].last_updated"


def test_narratives_and_ecosystems_are_told_apart_and_portfolios_are_neither() -> None:
    groups = [
        group("solana-ecosystem", 5e9),
        group("layer-1"),
        group("some-fund-portfolio"),
        group("ftx-holdings"),
        group("gmci-30-index"),
        group("meme-token", 7e9),
        group("unknown", None),
    ]
    narratives = parse_groups(groups, "narratives")
    assert narratives.ids == ("meme-token", "layer-1", "unknown"), "the largest first"
    assert narratives.mode == "narratives"
    assert parse_groups(groups, "ecosystems").ids == ("solana-ecosystem",)


def test_a_group_has_a_day_change_and_no_price() -> None:
    dots = parse_groups([LAYER_1], "narratives")
    assert dots.change_pct[0, 0] == -0.66091
    assert np.isnan(dots.change_pct[0, 1:]).all()
    assert np.isnan(dots.price_usd).all()
    assert dots.symbols == ("",)
    assert dots.time_ms == 1_712_391_946_402


def test_only_the_largest_groups_are_on_the_map() -> None:
    groups = [group(f"g{i}", 1e6 + i) for i in range(300)]
    dots = parse_groups(groups, "narratives")
    assert dots.ids == tuple(f"g{i}" for i in range(299, 299 - MOST_GROUPS, -1))


def ask(
    server: CoinGeckoServer,
    work: Callable[[CoinGecko], Awaitable[Any]],
    key: str = "",
    clock: JumpingClock | None = None,
    **settings_of: object,
) -> Any:
    prefix = "HEATDESK_PROVIDERS__COINGECKO__"
    environ = {f"{prefix}{name.upper()}": str(value) for name, value in settings_of.items()}
    environ[f"{prefix}BASE_URL"] = server.url
    settings, _ = load(Path(), environ)
    ledger = Ledger()
    keys = Keys(MemoryVault(), {"HEATDESK_KEY_COINGECKO": key})
    clock = clock if clock is not None else JumpingClock()
    provider = ProviderSet(settings, keys, ledger, clock).build("coingecko")
    assert isinstance(provider, CoinGecko)

    async def whole() -> Any:
        try:
            return await work(provider)
        finally:
            await provider.context.http.close()

    try:
        return asyncio.run(whole())
    finally:
        ledger.close()


def dots_of(frame: MarketFrame) -> DotSet:
    assert isinstance(frame, DotSet)
    return frame


def test_the_top_fifty_take_one_call_without_a_key() -> None:
    with CoinGeckoServer() as server:
        dots = dots_of(ask(server, lambda p: p.fetch(DotSub("coingecko"))))
        (asked,) = server.requests
    assert len(dots.ids) == 50
    assert dots.ids[0] == "bitcoin"
    assert asked.path == "/coins/markets"
    assert dict(asked.query) == {
        "vs_currency": "usd",
        "order": "market_cap_desc",
        "per_page": "50",
        "page": "1",
        "price_change_percentage": "24h,7d,30d,1y",
    }
    assert "x-cg-demo-api-key" not in asked.headers


def test_a_stored_key_stays_at_home_under_the_keyless_plan() -> None:
    with CoinGeckoServer() as server:
        ask(server, lambda p: p.fetch(DotSub("coingecko")), key=server.key)
        assert "x-cg-demo-api-key" not in server.requests[0].headers


def test_a_long_list_comes_in_pages_of_one_length() -> None:
    with CoinGeckoServer() as server:
        sub = DotSub("coingecko", "coins", "layer-1")
        dots = dots_of(ask(server, lambda p: p.fetch(sub), coins=600))
        asked = [(r.one("page"), r.one("per_page"), r.one("category")) for r in server.requests]
    assert asked == [(str(page), "200", "layer-1") for page in (1, 2, 3)]
    assert dots.ids == tuple(coin["id"] for coin in server.coins)


def test_a_short_page_is_the_last() -> None:
    with CoinGeckoServer(coins=230) as server:
        sub = DotSub("coingecko", "coins", "layer-1")
        dots = dots_of(ask(server, lambda p: p.fetch(sub), coins=1000))
        assert len(server.requests) == 1
    assert len(dots.ids) == 230


@pytest.mark.parametrize("mode", ["narratives", "ecosystems"])
def test_groups_take_one_call(mode: str) -> None:
    with CoinGeckoServer() as server:
        dots = dots_of(ask(server, lambda p: p.fetch(DotSub("coingecko", mode, ""))))
        assert [request.path for request in server.requests] == ["/coins/categories"]
    suffix = "-ecosystem"
    assert {dot.endswith(suffix) for dot in dots.ids} == {mode == "ecosystems"}
    caps = np.nan_to_num(dots.market_cap_usd)
    assert (np.diff(caps) <= 0).all()
    assert len(dots.ids) < len(generated_categories())


def test_a_category_without_coins_ends_in_a_sentence() -> None:
    sub = DotSub("coingecko", "coins", "no-such-category")
    with CoinGeckoServer() as server, pytest.raises(ProviderError, match="no-such-category"):
        ask(server, lambda p: p.fetch(sub))


def test_the_demo_plan_sends_its_key_in_the_header_and_says_when_there_is_none() -> None:
    with CoinGeckoServer() as server:
        state, text = ask(server, lambda p: p.check_key(), key=server.key, tier="demo")
        assert state is KeyState.ACCEPTED
        assert server.key not in text
        assert server.requests[-1].path == "/ping"
        assert server.requests[-1].headers["x-cg-demo-api-key"] == server.key
        assert not server.requests[-1].query, "a key in an address ends in logs"
        with pytest.raises(KeyMissing):
            ask(server, lambda p: p.fetch(DotSub("coingecko")), tier="demo")
        assert len(server.requests) == 1, "nothing was sent"


def test_a_refused_key_is_told_in_the_services_own_words() -> None:
    with CoinGeckoServer() as server, pytest.raises(KeyRejected, match="invalid demo key") as told:
        ask(server, lambda p: p.check_key(), key="CG-wrong-wrong-wrong-wrong", tier="demo")
    assert "CG-wrong" not in told.value.user_message + str(told.value)


def test_the_keyless_plan_has_no_key_to_check() -> None:
    with CoinGeckoServer() as server:
        state, text = ask(server, lambda p: p.check_key(), key=server.key)
        assert server.requests == []
    assert state is KeyState.NOT_NEEDED
    assert "demo plan" in text


def test_a_shared_address_that_is_used_up_is_a_matter_of_patience() -> None:
    with CoinGeckoServer(per_minute=0) as server, pytest.raises(RateLimited) as told:
        ask(server, lambda p: p.fetch(DotSub("coingecko")))
    assert told.value.retry_after_s == 60


@pytest.mark.parametrize(("tier", "minute", "month"), [("keyless", 5, None), ("demo", 25, 10_000)])
def test_the_budgets_are_those_of_the_plan(tier: str, minute: int, month: int | None) -> None:
    settings, _ = load(Path(), {"HEATDESK_PROVIDERS__COINGECKO__TIER": tier})
    limits = CoinGecko.limits_for(settings)
    assert (limits.minute, limits.month) == (minute, month)


def test_the_cost_counts_the_pages() -> None:
    settings, _ = load(Path(), {"HEATDESK_PROVIDERS__COINGECKO__COINS": "600"})
    providers = ProviderSet(settings, Keys(MemoryVault(), {}), Ledger(), JumpingClock())
    top = providers.cost(DotSub("coingecko"))
    long = providers.cost(DotSub("coingecko", "coins", "layer-1"))
    assert (top.first, top.text) == (1, "One call every 5 min, without a key.")
    assert (long.first, long.update, long.text) == (3, 3, "3 calls every 5 min, without a key.")


def test_the_stream_keeps_the_pace_that_it_names() -> None:
    clock = JumpingClock()

    async def follow(provider: CoinGecko) -> list[Frame]:
        frames: list[Frame] = []
        stream = provider.stream(DotSub("coingecko", "ecosystems", ""), ())
        async with aclosing(stream):  # type: ignore[type-var]
            async for frame in stream:
                frames.append(frame)
                if len(frames) == 4:
                    break
        return frames

    with CoinGeckoServer() as server:
        frames = ask(server, follow, clock=clock, period_s=120)
    assert [type(frame) for frame in frames] == [DotSet, Notice, DotSet, Notice]
    assert frames[1].period_s == 120
    assert clock.passed_s == 120

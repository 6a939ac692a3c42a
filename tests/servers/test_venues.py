"""The loopback venues keep their contracts: held against small readers written from the card."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import urllib.error
import urllib.request
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers.venues import recorded, recorded_sessions
from tests.servers.venues.catalogue import (
    GEMINI_BTC,
    HYPERLIQUID_BTC,
    KRAKEN_BTC,
    PRICES,
    SPOT_BTC,
    USDM_BTC,
    USDM_OTHERS,
    VENUES,
)
from tests.servers.venues.generated import Generated
from tests.servers.venues.hyperliquid import aggregated
from tests.servers.venues.kraken import checksum
from tests.servers.venues.market import PlainBook, Play, Spec, Step
from tests.servers.venues.mischief import Fault, Kind
from tests.servers.venues.oracle import Oracle, ToldColumn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.venues.market import Trade
    from tests.servers.venues.server import VenueServer

Side = dict[str, str]


# ---------------------------------------------------------------------------------- the markets
@pytest.mark.parametrize("spec", [USDM_BTC, SPOT_BTC, KRAKEN_BTC, GEMINI_BTC, USDM_OTHERS[3]])
def test_a_generated_market_never_crosses_and_trades_at_its_best_prices(spec: Spec) -> None:
    source = Generated(spec, PRICES[spec.coin], seed=3)
    book = source.begin()
    traded: list[Trade] = []
    for step in itertools.islice(source.steps(), 400):
        bid, ask = max(book.bids), min(book.asks)
        assert all(trade.price == (ask if trade.buy else bid) for trade in step.trades)
        traded += step.trades
        book.apply(step.bids, step.asks)
        assert max(book.bids) < min(book.asks)
        assert all(price % spec.tick == 0 for price, _ in (*step.bids, *step.asks))
    assert traded


def test_the_same_seed_makes_the_same_market() -> None:
    first, second = (
        list(itertools.islice(Generated(USDM_BTC, 70_800.0, seed=5).steps(), 50)) for _ in range(2)
    )
    assert first == second
    assert first != list(itertools.islice(Generated(USDM_BTC, 70_800.0, seed=6).steps(), 50))


def test_a_recording_begins_anew_with_the_book_it_began_with(market_data: Path) -> None:
    source = recorded_sessions.gemini(market_data / recorded.GEMINI, "BTCUSD")
    book, steps = source.begin(), source.steps()
    first_ms = source.length_ms - recorded._PAUSE_MS
    for step in steps:
        book.apply(step.bids, step.asks)
        assert max(book.bids) < min(book.asks)
        if step.at_ms >= first_ms:
            break
    assert (book.bids, book.asks) == (source.begin().bids, source.begin().asks)
    assert next(steps).at_ms >= source.length_ms


@pytest.mark.parametrize("spec", [USDM_BTC, SPOT_BTC, GEMINI_BTC])
def test_a_market_trades_away_what_a_flood_left_in_its_way_and_tells_of_it(spec: Spec) -> None:
    play = Play(spec, Generated(spec, PRICES[spec.coin]), 0)
    heard, chance = play.book.copy(), random.Random(3)
    for now_ms in range(0, 240_000, 20):
        if now_ms % 20_000 == 0:
            bid, ask = max(play.book.bids), min(play.book.asks)
        if now_ms % 20_000 < 600:
            # as a flood does: what it began with is old by the time it comes
            away = chance.randint(40, 90) * spec.tick
            play.extra += [Step(0, [(bid - away, 5)], []), Step(0, [], [(ask + away, 5)])]
        play.next_is_promised = now_ms % 500 == 0
        if play.next_is_promised:
            play.clear_way()
        for _, step in play.due(now_ms):
            heard.apply(step.bids, step.asks)
            assert not heard.is_crossed, now_ms
    assert (heard.bids, heard.asks) == (play.book.bids, play.book.asks)


# ----------------------------------------------------------------------------------- the oracle
class _Script:
    """A market whose steps are written down."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps

    def begin(self) -> PlainBook:
        return PlainBook({990: 5, 980: 1}, {1010: 7})

    def steps(self) -> Iterator[Step]:
        yield from self._steps
        yield Step(10**9)


def _played(*steps: Step) -> Play:
    spec = Spec("XYZ", "XYZ", "USD", 1, 0, 10)
    play = Play(spec, _Script(list(steps)), 1_000_000)
    assert len(list(play.due(1_002_000))) == len(steps)
    return play


def test_a_true_column_holds_the_largest_state_at_hundred_millisecond_ends_and_the_last() -> None:
    play = _played(
        Step(50, [(990, 50)], []),
        Step(80, [(990, 9)], []),  # the 50 is gone before the end of its bucket
        Step(150, [(990, 20)], []),
        Step(420, [(990, 0)], [(1010, 8)]),
        Step(500, [(980, 4)], []),  # at the end of the column: belongs to the next
    )
    first, second = Oracle(play, 2.0, 500).columns(1_000_000, 1_001_000)
    assert first.top == ({49: 21}, {50: 8})
    assert first.last == ({49: 1}, {50: 8})
    assert second.last == ({49: 4}, {50: 8})


def test_a_column_that_is_told_wrong_is_found_unless_it_is_marked_or_out_of_reach() -> None:
    play = _played(Step(50, [(990, 6)], []))
    right = ({99.0: 6.0, 98.0: 1.0}, {101.0: 7.0})
    wrong = ({99.0: 5.0, 98.0: 1.0}, {101.0: 7.0})

    def wrongs(levels: Any, reach: tuple[float, float], *, flawed: bool = False) -> list[str]:
        told = ToldColumn(1_000_000, levels, levels, reach, reach, flawed)
        return Oracle(play, 1.0, 100).wrongs({1_000_000: told}, 1_000_000, 1_000_100)

    everywhere = (90.0, 110.0)
    assert wrongs(right, everywhere) == []
    assert len(wrongs(wrong, everywhere)) == 2
    assert wrongs(wrong, everywhere, flawed=True) == []
    assert wrongs(wrong, (99.5, 110.0)) == []
    assert len(wrongs(({99.0: 6.0}, {101.0: 7.0}), everywhere)) == 2  # a level left out


# ---------------------------------------------------------------------------------- the wording
def test_krakens_checksum_is_that_of_its_documentation() -> None:
    asks = (
        "45285.2/0.00100000 45286.4/1.54571953 45286.6/1.54571109 45289.6/1.54560911 "
        "45290.2/0.15890660 45291.8/1.54553491 45294.7/0.04454749 45296.1/0.35380000 "
        "45297.5/0.09945542 45299.5/0.18772827"
    )
    bids = (
        "45283.5/0.10000000 45283.4/1.54582015 45282.1/0.10000000 45281.0/0.10000000 "
        "45280.3/1.54592586 45279.0/0.07990000 45277.6/0.03310103 45277.5/0.30000000 "
        "45277.3/1.54602737 45276.6/0.15445238"
    )
    sides = [
        [tuple(recorded.digits(part) for part in level.split("/")) for level in text.split()]
        for text in (bids, asks)
    ]
    assert checksum(KRAKEN_BTC, *sides) == 3310070434


def test_hyperliquid_rounds_bids_down_and_asks_up_to_whole_steps() -> None:
    book = PlainBook({707_990: 1, 707_910: 2, 706_000: 4}, {708_010: 1, 708_100: 2, 708_110: 4})
    assert aggregated(HYPERLIQUID_BTC, book, 4) == [
        [(707_900, 3), (706_000, 4)],
        [(708_100, 3), (708_200, 4)],
    ]
    assert aggregated(HYPERLIQUID_BTC, book, None)[0][0] == (707_990, 1)


# ------------------------------------------------------------------------- readers from the card
def _apply(side: Side, rows: list[list[str]]) -> None:
    for price, qty in rows:
        if Decimal(qty):
            side[price] = qty
        else:
            side.pop(price, None)


def _get(server: VenueServer, path: str) -> Any:
    with urllib.request.urlopen(server.rest_url + path) as answer:
        return json.loads(answer.read())


def _equals_truth(server: VenueServer, key: str, event_ms: int, bids: Side, asks: Side) -> bool:
    with server.lock:
        play = server.plays[key]
        truth = play.journal.book_at(event_ms)
    spec = play.spec
    for side, levels, best_first in ((bids, truth.bids, True), (asks, truth.asks, False)):
        right = {spec.price_text(price): spec.qty_text(qty) for price, qty in levels.items()}
        near = sorted(right, key=Decimal, reverse=best_first)[:500]
        if any(Decimal(side.get(price, "0")) != Decimal(right[price]) for price in near):
            return False
        best = (max if best_first else min)(side, key=Decimal)
        if Decimal(best) != Decimal(near[0]):
            return False
    return True


async def _binance(server: VenueServer, url: str, root: str, limit: int, *, linked: bool) -> bool:
    """The official procedure of Binance; `linked`: `pu` joins the messages."""
    async with connect(server.ws_url + url) as socket:
        held = [json.loads(await socket.recv())]
        path = f"{root}/depth?symbol=BTCUSDT&limit={limit}"
        while True:
            snapshot = await asyncio.to_thread(_get, server, path)
            while held[-1]["data"]["u"] <= snapshot["lastUpdateId"]:
                held.append(json.loads(await socket.recv()))
            if snapshot["lastUpdateId"] >= held[0]["data"]["U"]:
                break
        last = snapshot["lastUpdateId"]
        bids, asks = (dict(map(tuple, snapshot[side])) for side in ("bids", "asks"))
        events = [one["data"] for one in held if one["data"]["u"] > last]
        first = events[0]
        assert first["U"] <= (last if linked else last + 1) <= first["u"]
        before = None
        while len(events) < 12:
            events.append(json.loads(await socket.recv())["data"])
        for event in events:
            if before is not None:
                assert event["pu"] == before if linked else event["U"] == before + 1
            before = event["u"]
            _apply(bids, event["b"])
            _apply(asks, event["a"])
        return _equals_truth(server, "BTCUSDT", events[-1]["E"], bids, asks)


def test_binance_usdm_is_kept_by_its_official_procedure() -> None:
    with VENUES["binance-usdm"]() as server:
        url = "/public/stream?streams=btcusdt@depth@100ms"
        assert asyncio.run(_binance(server, url, "/fapi/v1", 1000, linked=True))
        assert server.violations == []


def test_binance_spot_is_kept_by_its_official_procedure() -> None:
    with VENUES["binance-spot"]() as server:
        url = "/stream?streams=btcusdt@depth@100ms"
        assert asyncio.run(_binance(server, url, "/api/v3", 5000, linked=False))


def test_on_the_public_route_of_usdm_trades_are_silently_absent() -> None:
    async def heard(server: VenueServer) -> set[str]:
        names = "btcusdt@aggTrade/btcusdt@kline_1m/btcusdt@depth@100ms"
        async with connect(f"{server.ws_url}/public/stream?streams={names}") as socket:
            return {json.loads(await socket.recv())["stream"] for _ in range(6)}

    with VENUES["binance-usdm"]() as server:
        assert asyncio.run(heard(server)) == {"btcusdt@depth@100ms"}


def test_kraken_sends_digits_that_add_up_to_each_checksum_once_both_sides_are_cut() -> None:
    async def read(server: VenueServer) -> None:
        bids: dict[Decimal, str] = {}
        asks: dict[Decimal, str] = {}
        async with connect(server.ws_url + "/v2") as socket:
            params = {"channel": "book", "symbol": ["BTC/USD"], "depth": 25}
            await socket.send(json.dumps({"method": "subscribe", "params": params}))
            checked = 0
            while checked < 12:
                message = json.loads(await socket.recv(), parse_float=_Digits)
                if message.get("channel") != "book":
                    continue
                data = message["data"][0]
                for side, rows in ((bids, data["bids"]), (asks, data["asks"])):
                    for row in rows:
                        side[Decimal(row["price"])] = row["price"] + "/" + row["qty"]
                        if not Decimal(row["qty"]):
                            del side[Decimal(row["price"])]
                for side, best_first in ((bids, True), (asks, False)):
                    for price in sorted(side, reverse=best_first)[25:]:
                        del side[price]
                best = [asks[price] for price in sorted(asks)[:10]]
                best += [bids[price] for price in sorted(bids, reverse=True)[:10]]
                text = "".join(
                    part.replace(".", "").lstrip("0") for one in best for part in one.split("/")
                )
                assert zlib.crc32(text.encode()) == data["checksum"]
                checked += 1

    with VENUES["kraken"]() as server:
        asyncio.run(read(server))


class _Digits(str):
    """A JSON number as it was written."""


def test_bybit_counts_by_one_and_tells_as_many_levels_as_were_asked_for() -> None:
    async def read(server: VenueServer) -> bool:
        async with connect(server.ws_url + "/v5/public/linear") as socket:
            asked = {"op": "subscribe", "args": ["orderbook.50.BTCUSDT"], "req_id": "7"}
            await socket.send(json.dumps(asked))
            ack = json.loads(await socket.recv())
            assert (ack["success"], ack["req_id"], ack["op"]) == (True, "7", "subscribe")
            snapshot = json.loads(await socket.recv())
            assert snapshot["type"] == "snapshot"
            data = snapshot["data"]
            bids, asks = dict(map(tuple, data["b"])), dict(map(tuple, data["a"]))
            for _ in range(8):
                message = json.loads(await socket.recv())
                assert message["data"]["u"] == data["u"] + 1
                data = message["data"]
                _apply(bids, data["b"])
                _apply(asks, data["a"])
                assert len(bids) == len(asks) == 50
            truth = server.plays["linear:BTCUSDT"].journal.book_at(message["cts"])
            spec = server.plays["linear:BTCUSDT"].spec
            right = {spec.price_text(px): spec.qty_text(q) for px, q in truth.best_bids(50)}
            return bids == right

    with VENUES["bybit"]() as server:
        assert asyncio.run(read(server))


@pytest.mark.parametrize("plain", [False, True])
def test_gemini_brings_the_whole_book_first_and_numbers_without_a_gap(plain: bool) -> None:
    async def read(server: VenueServer) -> bool:
        async with connect(server.ws_url + "/?snapshot=-1", max_size=None) as socket:
            asked = {"id": "1", "method": "subscribe", "params": ["btcusd@depth@100ms"]}
            await socket.send(json.dumps(asked))
            assert json.loads(await socket.recv())["status"] == 200
            first = json.loads(await socket.recv())
            last = first["lastUpdateId" if plain else "u"]
            names = ("bids", "asks") if plain else ("b", "a")
            bids, asks = (dict(map(tuple, first[name])) for name in names)
            for _ in range(6):
                event = json.loads(await socket.recv())
                assert event["U"] == last
                last = event["u"]
                _apply(bids, event["b"])
                _apply(asks, event["a"])
            return _equals_truth(server, "BTCUSD", event["E"] // 1_000_000, bids, asks)

    with VENUES["gemini"](plain_snapshot=plain) as server:
        assert asyncio.run(read(server))


# ------------------------------------------------------------------------- limits and mischief
def test_weight_above_the_limit_is_refused_with_a_time_to_wait_and_written_down() -> None:
    with VENUES["binance-usdm"]() as server:
        server.weights.limit = 30  # type: ignore[attr-defined]
        _get(server, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
        with pytest.raises(urllib.error.HTTPError) as caught:
            _get(server, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
        caught.value.close()
        assert caught.value.code == 429
        assert 0 < int(caught.value.headers["Retry-After"]) <= 60
        assert server.violations == ["more than 30 weight in a minute"]


def test_who_sends_too_many_messages_is_hung_up_on() -> None:
    async def chatter(server: VenueServer) -> None:
        async with connect(server.ws_url + "/ws") as socket:
            for number in range(7):
                await socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
            while True:
                await asyncio.wait_for(socket.recv(), 5.0)

    with VENUES["binance-spot"]() as server:
        with pytest.raises(ConnectionClosed):
            asyncio.run(chatter(server))
        assert server.violations == ["more than 5 messages in a second"]


def test_a_lost_message_leaves_a_hole_in_the_numbers_and_a_refusal_meets_the_next_caller() -> None:
    async def read(server: VenueServer) -> None:
        url = server.ws_url + "/public/stream?streams=btcusdt@depth@100ms"
        async with connect(url) as socket:
            before = json.loads(await socket.recv())["data"]["u"]
            fault = server.cause(Fault(Kind.DROP, "BTCUSDT"))
            links = []
            for _ in range(4):
                event = json.loads(await socket.recv())["data"]
                links.append(event["pu"] == before)
                before = event["u"]
            assert fault.done
            assert links.count(False) == 1
        server.cause(Fault(Kind.REFUSE, status=403))
        await asyncio.sleep(0.05)
        with pytest.raises(InvalidStatus, match="403"):
            await connect(url)
        async with connect(url):
            pass

    with VENUES["binance-usdm"]() as server:
        asyncio.run(read(server))

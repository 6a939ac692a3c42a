"""What Binance writes becomes events, or an error that names the field."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatdesk.books.events import (
    Alive,
    BookChange,
    CandleRow,
    Closing,
    Confirmed,
    Liquidated,
    MarketChanged,
    Refused,
    Traded,
    VenueEvent,
)
from heatdesk.books.sequence import Verdict
from heatdesk.errors import BadPayload
from heatdesk.providers.binance_rules import BinanceRules, SpotRules, UsdmRules
from heatdesk.providers.live.rules import Feed, Market, MarketLookup, Topic, Trading
from heatdesk.units import HOUR_MS, MINUTE_MS, SECOND_MS

USDM, SPOT = UsdmRules(), SpotRules()
BOTH = pytest.mark.parametrize("rules", [USDM, SPOT], ids=["usdm", "spot"])
PERP = Market("BINANCE_FUTURES", "BTCUSDT", "BTC", "USDT", 0.1, perpetual=True)
COIN = Market("BINANCE", "BTCUSDT", "BTC", "USDT", 0.01)
COIN_M = Market(
    "BINANCE_DELIVERY", "BTCUSD_PERP", "BTC", "USD", 0.1, 100.0, inverse=True, perpetual=True
)


class Markets(MarketLookup):
    """Knows a few markets."""

    def __init__(self, *markets: Market) -> None:
        self._by_symbol = {market.symbol: market for market in markets}

    def market(self, symbol: str, line: str = "") -> Market | None:
        return self._by_symbol.get(symbol)


KNOWN = Markets(PERP, COIN_M)


def enveloped(data: dict[str, Any], stream: str = "btcusdt@depth@100ms") -> bytes:
    return json.dumps({"stream": stream, "data": data}).encode()


def parsed(raw: bytes, rules: BinanceRules = USDM, line: str = "public") -> VenueEvent:
    (event,) = rules.parse(line, raw, KNOWN)
    return event


DEPTH: dict[str, Any] = {
    "e": "depthUpdate",
    "E": 1_700_000_000_123,
    "T": 1_700_000_000_120,
    "s": "BTCUSDT",
    "U": 101,
    "u": 105,
    "pu": 99,
    "b": [["64000.10", "1.250"], ["63999.90", "0"]],
    "a": [["64000.20", "0.000000000001"]],
}
TRADE: dict[str, Any] = {
    "e": "aggTrade",
    "E": 1_700_000_000_500,
    "s": "BTCUSDT",
    "a": 77,
    "p": "64000.2",
    "q": "0.5",
    "f": 1,
    "l": 2,
    "T": 1_700_000_000_499,
    "m": True,
    "nq": "0.4",
}
ORDER: dict[str, Any] = {
    "s": "BTCUSDT",
    "S": "SELL",
    "o": "LIMIT",
    "f": "IOC",
    "q": "0.014",
    "p": "9910",
    "ap": "9900",
    "X": "FILLED",
    "l": "0.004",
    "z": "0.014",
    "T": 1_568_014_460_893,
}


def test_a_difference_keeps_its_numbers_and_the_order_of_its_levels() -> None:
    change = parsed(enveloped(DEPTH))
    assert isinstance(change, BookChange)
    assert (change.symbol, change.event_ms) == ("BTCUSDT", 1_700_000_000_123)
    assert (change.first_id, change.last_id, change.prev_id) == (101, 105, 99)
    assert not change.snapshot
    assert list(change.bids) == [(64000.1, 1.25), (63999.9, 0.0)]
    assert list(change.asks) == [(64000.2, 1e-12)]


def test_a_message_without_the_name_of_its_stream_is_read_alike() -> None:
    assert parsed(json.dumps(DEPTH).encode()) == parsed(enveloped(DEPTH))


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("b", 0, 1), "-1", "data.b[0][1]"),
        (("b", 0, 1), "nan", "data.b[0][1]"),
        (("a", 0, 1), "inf", "data.a[0][1]"),
        (("a", 0, 1), "1e300", "data.a[0][1]"),
        (("a", 0, 0), "0", "data.a[0][0]"),
        (("a", 0, 0), "-64000", "data.a[0][0]"),
        (("a", 0, 0), "soon", "data.a[0][0]"),
        (("b", 1), ["1"], "data.b[1]"),
        (("u",), -5, "data.u"),
        (("E",), "yesterday", "data.E"),
        (("E",), 1e30, "data.E"),
        (("s",), None, "data.s"),
        (("b",), {}, "data.b"),
    ],
)
def test_what_no_market_can_say_is_refused_by_the_name_of_its_field(
    path: tuple[str | int, ...], value: object, field: str
) -> None:
    data = json.loads(json.dumps(DEPTH))
    target: Any = data
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(BadPayload) as caught:
        USDM.parse("public", enveloped(data), KNOWN)
    assert caught.value.field == field
    assert caught.value.provider == "binance-usdm"
    assert "Binance Perp" in caught.value.user_message


@pytest.mark.parametrize(
    "raw", [b"", b"garbage", b"\xff\xfe", b"[]", b"{}", b'{"stream":"a","data":{', b'{"data":5}']
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPayload):
        USDM.parse("public", raw, KNOWN)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_refused_or_read_and_never_anything_else(data: st.DataObject) -> None:
    whole = [
        enveloped(DEPTH),
        enveloped(TRADE),
        enveloped({"e": "forceOrder", "E": 5, "o": ORDER}),
        b'{"error":{"code":2,"msg":"Invalid request"},"id":7}',
    ]
    raw = bytearray(data.draw(st.sampled_from(whole)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=3))
        raw = raw or bytearray(b"0")
    try:
        events = USDM.parse("market", bytes(raw), KNOWN)
    except BadPayload:
        return
    for event in events:
        if isinstance(event, BookChange):
            assert all(price > 0 and qty >= 0 for price, qty in (*event.bids, *event.asks))


def test_a_list_without_an_end_in_depth_is_refused() -> None:
    with pytest.raises(BadPayload):
        USDM.parse("public", b'{"data":' + b"[" * 100_000, KNOWN)


def test_a_missing_field_is_refused() -> None:
    for name in ("E", "s", "U", "u", "b", "a"):
        data = {key: value for key, value in DEPTH.items() if key != name}
        with pytest.raises(BadPayload, match=f"`{name}`"):
            USDM.parse("public", enveloped(data), KNOWN)


def test_a_kind_of_event_nobody_asked_about_only_says_that_the_line_is_alive() -> None:
    assert parsed(enveloped({"e": "24hrTicker", "E": 5, "P": []})) == Alive()


def test_a_maker_who_buys_means_that_the_aggressor_sold() -> None:
    event = parsed(enveloped(TRADE, "btcusdt@aggTrade"), line="market")
    assert isinstance(event, Traded)
    assert event.symbol == "BTCUSDT"
    assert event.ids == ("77",)
    batch = event.batch
    assert batch.time_ms.tolist() == [1_700_000_000_499], "when it happened, not when it was told"
    assert batch.price.tolist() == [64000.2]
    assert batch.qty_base.tolist() == [0.5]
    assert batch.buy.tolist() == [False]
    bought = parsed(enveloped({**TRADE, "m": False}, "btcusdt@aggTrade"), line="market")
    assert isinstance(bought, Traded)
    assert bought.batch.buy.tolist() == [True]


def test_fills_of_the_insurance_fund_are_no_trades() -> None:
    data = {"e": "trade", "E": 5, "T": 5, "s": "BTCUSDT", "t": 9, "m": True}
    for kind in ("ADL", "INSURANCE_FUND"):
        assert parsed(enveloped({**data, "p": "5", "q": "1", "X": kind})) == Alive()
    assert parsed(enveloped({**data, "p": "0", "q": "0", "X": "NA"})) == Alive()
    with pytest.raises(BadPayload) as caught:
        USDM.parse("market", enveloped({**data, "p": "0", "q": "1", "X": "MARKET"}), KNOWN)
    assert caught.value.field == "data.p"


def test_contracts_of_an_inverse_instrument_become_coins() -> None:
    event = parsed(enveloped({**TRADE, "s": "BTCUSD_PERP", "p": "50000", "q": "4"}))
    assert isinstance(event, Traded)
    assert event.batch.qty_base.tolist() == [4 * 100 / 50_000]


def test_trades_of_a_market_nobody_knows_are_passed_over() -> None:
    assert parsed(enveloped({**TRADE, "s": "NOPEUSDT"})) == Alive()


@pytest.mark.parametrize(("side", "long"), [("SELL", True), ("BUY", False)])
def test_the_side_of_a_liquidation_is_that_of_the_order(side: str, long: bool) -> None:
    event = parsed(enveloped({"e": "forceOrder", "E": 5, "o": {**ORDER, "S": side}}))
    assert isinstance(event, Liquidated)
    batch = event.batch
    assert batch.long.tolist() == [long]
    assert batch.raw_side == (side,)
    assert batch.sampled, "one a second for each symbol: an undercount"
    assert batch.time_ms.tolist() == [1_568_014_460_893]
    assert batch.price.tolist() == [9900.0], "what was paid, not what was asked"
    assert batch.qty_base.tolist() == [0.014]
    assert batch.value_usd.tolist() == [pytest.approx(9900 * 0.014)]


def test_a_liquidation_counts_once_when_its_order_is_done() -> None:
    for state in ("NEW", "PARTIALLY_FILLED"):
        order = {**ORDER, "X": state}
        assert parsed(enveloped({"e": "forceOrder", "E": 5, "o": order})) == Alive()
    expired = parsed(enveloped({"e": "forceOrder", "E": 5, "o": {**ORDER, "X": "EXPIRED"}}))
    assert isinstance(expired, Liquidated), "cut short, but a part of it was filled"
    nothing = {**ORDER, "X": "EXPIRED", "z": "0"}
    assert parsed(enveloped({"e": "forceOrder", "E": 5, "o": nothing})) == Alive()


def test_a_liquidation_without_an_average_has_the_price_of_its_order() -> None:
    event = parsed(enveloped({"e": "forceOrder", "E": 5, "o": {**ORDER, "ap": "0"}}))
    assert isinstance(event, Liquidated)
    assert event.batch.price.tolist() == [9910.0]


def test_a_liquidation_without_a_known_side_is_refused() -> None:
    with pytest.raises(BadPayload) as caught:
        parsed(enveloped({"e": "forceOrder", "E": 5, "o": {**ORDER, "S": "LONG"}}))
    assert caught.value.field == "data.o.S"


def test_news_of_a_candle_names_its_bucket() -> None:
    candle = {"t": 60_000, "T": 119_999, "s": "BTCUSDT", "i": "1m", "x": False}
    prices = {"o": "1.0", "h": "4.0", "l": "0.5", "c": "2.0", "v": "7.5", "n": 3}
    data = {"e": "kline", "E": 61_000, "s": "BTCUSDT", "k": candle | prices}
    assert parsed(enveloped(data)) == CandleRow(
        "BTCUSDT", MINUTE_MS, 60_000, 1.0, 4.0, 0.5, 2.0, 7.5
    )


def test_answers_and_notices() -> None:
    assert parsed(b'{"result":null,"id":7}') == Confirmed("7")
    refused = parsed(b'{"error":{"code":2,"msg":"Invalid request"},"id":7}')
    assert refused == Refused("Invalid request", "7")
    assert parsed(b'{"code":2,"msg":"Invalid JSON"}') == Refused("Invalid JSON")
    assert parsed(b'{"e":"serverShutdown","E":1}') == Closing()
    assert parsed(enveloped({"e": "serverShutdown", "E": 1}, "!serverShutdown")) == Closing()
    changed = parsed(enveloped({"e": "contractInfo", "E": 1, "s": "BTCUSDT", "cs": "SETTLING"}))
    assert changed == MarketChanged("BTCUSDT")


def test_books_and_trades_of_futures_travel_on_different_lines() -> None:
    lines = {feed: USDM.topics(feed, PERP, MINUTE_MS)[0] for feed in Feed}
    assert lines == {
        Feed.BOOK: Topic("public", "btcusdt@depth@100ms"),
        Feed.TRADES: Topic("market", "btcusdt@aggTrade"),
        Feed.LIQUIDATIONS: Topic("market", "btcusdt@forceOrder"),
        Feed.CANDLES: Topic("market", "btcusdt@kline_1m"),
    }
    url = USDM.line_url("wss://fstream.binance.com/", "public", [lines[Feed.BOOK]])
    assert url == "wss://fstream.binance.com/public/stream?streams=btcusdt@depth@100ms"
    assert USDM.line_url("ws://127.0.0.1:9", "market", ()) == "ws://127.0.0.1:9/market/stream"


def test_spot_needs_one_line_and_has_no_liquidations() -> None:
    found = [topic for feed in Feed for topic in SPOT.topics(feed, COIN, SECOND_MS)]
    assert found == [
        Topic("stream", "btcusdt@depth@100ms"),
        Topic("stream", "btcusdt@trade"),
        Topic("stream", "btcusdt@kline_1s"),
    ]
    url = SPOT.line_url("wss://data-stream.binance.vision", "stream", found[:2])
    assert url == (
        "wss://data-stream.binance.vision/stream?streams=btcusdt@depth@100ms/btcusdt@trade"
    )


def test_an_interval_that_is_not_served_has_no_topic_and_no_request() -> None:
    assert USDM.topics(Feed.CANDLES, PERP, SECOND_MS) == ()
    assert USDM.candles_ask(PERP, SECOND_MS, (0, HOUR_MS)) is None
    assert SPOT.topics(Feed.CANDLES, COIN, 100) == ()


def test_a_symbol_in_other_letters_is_written_safely() -> None:
    topic = USDM.topics(Feed.BOOK, replace(PERP, symbol="币USDT"))
    url = USDM.line_url("wss://x", "public", topic)
    assert url == "wss://x/public/stream?streams=%E5%B8%81usdt@depth@100ms"


@BOTH
def test_subscribing_is_split_into_messages_the_venue_takes(rules: BinanceRules) -> None:
    most = rules.limits.topics_per_message
    topics = [Topic("market", f"s{i}@trade") for i in range(2 * most + 1)]
    messages = [json.loads(text) for text in rules.subscribe(topics, 4)]
    assert [len(message["params"]) for message in messages] == [most, most, 1]
    asked = [name for message in messages for name in message["params"]]
    assert asked == [topic.name for topic in topics]
    assert {(message["method"], message["id"]) for message in messages} == {("SUBSCRIBE", 4)}
    (ending,) = rules.unsubscribe(topics[:1], 5)
    assert json.loads(ending) == {"method": "UNSUBSCRIBE", "params": ["s0@trade"], "id": 5}


def test_a_snapshot_is_asked_as_deep_as_it_is_served_and_at_its_weight() -> None:
    perp, coin = USDM.snapshot_ask(PERP), SPOT.snapshot_ask(COIN)
    assert perp is not None
    assert coin is not None
    assert (perp.path, dict(perp.params), perp.weight) == (
        "/fapi/v1/depth",
        {"symbol": "BTCUSDT", "limit": "1000"},
        20,
    )
    assert (coin.path, dict(coin.params), coin.weight) == (
        "/api/v3/depth",
        {"symbol": "BTCUSDT", "limit": "5000"},
        250,
    )


def test_a_snapshot_vouches_for_no_more_than_it_lists() -> None:
    body = b'{"lastUpdateId":9,"E":55,"T":54,"bids":[["1.5","2"]],"asks":[["1.6","0.5"]]}'
    change = USDM.parse_snapshot(PERP, body)
    assert (change.snapshot, change.last_id, change.event_ms) == (True, 9, 55)
    assert change.reach is None
    assert list(change.bids) == [(1.5, 2.0)]
    with pytest.raises(BadPayload) as caught:
        USDM.parse_snapshot(PERP, body.replace(b'"0.5"', b'"-0.5"'))
    assert caught.value.field == "asks[0][1]"


def instrument(symbol: str, status: str, tick: str = "0.10", **more: object) -> dict[str, object]:
    rules = [{"filterType": "LOT_SIZE"}, {"filterType": "PRICE_FILTER", "tickSize": tick}]
    base = {"symbol": symbol, "baseAsset": "BTC", "quoteAsset": "USDT", "filters": rules}
    return {**base, "status": status, **more}


def test_the_list_tells_what_trades_what_pauses_and_what_is_gone() -> None:
    states = {
        "TRADING": Trading.ON,
        "BREAK": Trading.PAUSED,
        "HALT": Trading.PAUSED,
        "PENDING_TRADING": Trading.PAUSED,
        "SETTLING": Trading.DELISTED,
        "CLOSE": Trading.DELISTED,
        "DELIVERED": Trading.DELISTED,
    }
    rows = [instrument(f"S{i}", status) for i, status in enumerate(states)]
    (ask,) = USDM.markets_asks()
    assert ask.path == "/fapi/v1/exchangeInfo"
    markets = USDM.parse_markets([json.dumps({"symbols": rows}).encode()])
    assert [market.trading for market in markets] == list(states.values())
    assert {(market.venue, market.perpetual) for market in markets} == {("BINANCE_FUTURES", True)}
    assert {(market.coin, market.quote, market.tick_size) for market in markets} == {
        ("BTC", "USDT", 0.1)
    }


def test_the_tick_size_may_have_twelve_decimals_or_be_left_to_the_precision() -> None:
    rows = [
        instrument("TINY", "TRADING", "0.000000000001"),
        instrument("OPEN", "TRADING", "0", pricePrecision=3),
    ]
    tiny, free = SPOT.parse_markets([json.dumps({"symbols": rows}).encode()])
    assert tiny.tick_size == 1e-12
    assert math.isclose(free.tick_size, 0.001)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (instrument("A", "TRADING", "-1"), "symbols[0].filters[1].tickSize"),
        (instrument("A", "TRADING", "nan"), "symbols[0].filters[1].tickSize"),
        (instrument("A", ""), "symbols[0].status"),
        ({"symbol": "A"}, "symbols[0]"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(row: dict[str, object], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        USDM.parse_markets([json.dumps({"symbols": [row]}).encode()])
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("candles", "weight"), [(60, 1), (99, 1), (100, 2), (499, 2), (500, 5), (1000, 5), (5000, 5)]
)
def test_candles_of_a_span_cost_by_their_number(candles: int, weight: int) -> None:
    to_ms = 1_700_000_040_000
    from_ms = to_ms - candles * MINUTE_MS
    ask = USDM.candles_ask(PERP, MINUTE_MS, (from_ms, to_ms))
    assert ask is not None
    told = dict(ask.params)
    limit = min(candles, 1000)
    assert ask.weight == weight
    assert (told["symbol"], told["interval"], told["limit"]) == ("BTCUSDT", "1m", str(limit))
    assert int(told["startTime"]) == to_ms - limit * MINUTE_MS, "the newest that fit"
    assert int(told["endTime"]) == to_ms - 1, "a span is half-open"


def test_candles_are_read_in_the_order_of_time() -> None:
    row = [60_000, "1", "3", "0.5", "2", "12.5", 119_999, "25", 3, "6", "12", "0"]
    later = [120_000, *row[1:6], 179_999, *row[7:]]
    rows = USDM.parse_candles(PERP, MINUTE_MS, json.dumps([row, later]).encode())
    assert [candle.time_ms for candle in rows] == [60_000, 120_000]
    assert rows[0] == CandleRow("BTCUSDT", MINUTE_MS, 60_000, 1.0, 3.0, 0.5, 2.0, 12.5)
    with pytest.raises(BadPayload) as caught:
        USDM.parse_candles(PERP, MINUTE_MS, json.dumps([[*row[:5], "-1", *row[6:]]]).encode())
    assert caught.value.field == "[0][5]"


def snapshot(last_id: int) -> BookChange:
    return BookChange("BTCUSDT", (), (), 0, snapshot=True, last_id=last_id)


def difference(first_id: int, last_id: int, prev_id: int = 0) -> BookChange:
    return BookChange("BTCUSDT", (), (), 0, first_id=first_id, last_id=last_id, prev_id=prev_id)


def test_spot_goes_on_from_the_snapshot_without_a_hole() -> None:
    rule = SPOT.sequence(COIN)
    assert not rule.snapshot_in_stream
    assert not rule.takes(snapshot(98), difference(100, 105))
    assert rule.takes(snapshot(99), difference(100, 105)), "the next number follows"
    rule.start(snapshot(103))
    verdicts = [
        rule.judge(difference(*numbers))
        for numbers in [(90, 99), (100, 103), (100, 105), (106, 106), (106, 106), (107, 110)]
    ]
    apply, ignore = Verdict.APPLY, Verdict.IGNORE
    assert verdicts == [ignore, ignore, apply, apply, ignore, apply]
    assert rule.judge(difference(112, 113)) is Verdict.GAP


def test_futures_go_on_from_the_difference_that_spans_the_snapshot() -> None:
    rule = USDM.sequence(PERP)
    assert not rule.takes(snapshot(80), difference(100, 105, 90))
    assert rule.takes(snapshot(95), difference(100, 105, 90)), "no update of this book in between"
    rule.start(snapshot(103))
    assert rule.judge(difference(80, 90, 70)) is Verdict.IGNORE
    assert rule.judge(difference(100, 105, 90)) is Verdict.APPLY
    assert rule.judge(difference(200, 210, 105)) is Verdict.APPLY, (
        "numbers of other symbols between"
    )
    assert rule.judge(difference(200, 210, 105)) is Verdict.IGNORE, "twice the same"
    assert rule.judge(difference(300, 310, 250)) is Verdict.GAP


def test_futures_that_begin_after_the_snapshot_have_a_gap() -> None:
    rule = USDM.sequence(PERP)
    rule.start(snapshot(103))
    assert rule.judge(difference(120, 130, 110)) is Verdict.GAP


def test_a_difference_that_ends_with_the_snapshot_continues_it() -> None:
    rule = USDM.sequence(PERP)
    rule.start(snapshot(105))
    assert rule.judge(difference(100, 105, 90)) is Verdict.APPLY
    assert rule.judge(difference(106, 110, 105)) is Verdict.APPLY

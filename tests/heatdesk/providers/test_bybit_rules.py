"""What Bybit writes becomes events, or an error that names the field."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from heatdesk.books.events import (
    Alive,
    BookChange,
    CandleRow,
    Confirmed,
    Liquidated,
    Refused,
    Traded,
)
from heatdesk.books.sequence import Verdict
from heatdesk.errors import BadPayload, RateLimited, ServerTrouble, UnknownMarket
from heatdesk.providers.bybit_rules import BybitRules, BybitSequence
from heatdesk.providers.live.reading import WHOLE
from heatdesk.providers.live.rules import Feed, Market, Trading
from heatdesk.units import HOUR_MS, MINUTE_MS
from tests.heatdesk.providers.venue_markets import (
    AnyMarket,
    Markets,
    encoded,
    epoch_ms,
    fetched,
    received,
    tardis,
)

if TYPE_CHECKING:
    from pathlib import Path

RULES = BybitRules()
PERP = Market("BYBIT", "BTCUSDT", "BTC", "USDT", 0.1, perpetual=True)
SPOT = Market("BYBIT_SPOT", "BTCUSDT", "BTC", "USDT", 0.01)
T0 = 1_750_000_000_000

BOOK: dict[str, Any] = {
    "topic": "orderbook.1000.BTCUSDT",
    "type": "delta",
    "ts": T0 + 20,
    "data": {
        "s": "BTCUSDT",
        "b": [["65000.10", "1.5"], ["64999.90", "0"]],
        "a": [["65000.20", "0.001"]],
        "u": 77,
        "seq": 1,
    },
    "cts": T0 + 13,
}
TRADES: dict[str, Any] = {
    "topic": "publicTrade.BTCUSDT",
    "type": "snapshot",
    "ts": T0 + 9,
    "data": [
        {"T": T0 + 5, "s": "BTCUSDT", "S": "Sell", "v": "0.5", "p": "65000.1", "i": "b"},
        {"T": T0 + 3, "s": "BTCUSDT", "S": "Buy", "v": "2", "p": "65000.2", "i": "a"},
    ],
}
LIQUIDATIONS: dict[str, Any] = {
    "topic": "allLiquidation.BTCUSDT",
    "type": "snapshot",
    "ts": T0 + 500,
    "data": [
        {"T": T0 + 400, "s": "BTCUSDT", "S": "Buy", "v": "2", "p": "64000"},
        {"T": T0 + 300, "s": "BTCUSDT", "S": "Sell", "v": "1", "p": "66000"},
    ],
}


def book_of(message: dict[str, Any]) -> BookChange:
    (event,) = RULES.parse("linear", encoded(message), Markets(PERP))
    assert isinstance(event, BookChange)
    return event


def changed(message: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return the message with another value at a path; without it where the value is ``...``."""
    result = copy.deepcopy(message)
    *above, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place: Any = result
    for part in above:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return result


def test_a_difference_is_read_with_the_time_of_the_matching_engine() -> None:
    change = book_of(BOOK)
    assert change.symbol == "BTCUSDT"
    assert list(change.bids) == [(65000.1, 1.5), (64999.9, 0.0)]
    assert list(change.asks) == [(65000.2, 0.001)]
    assert (change.event_ms, change.last_id, change.snapshot) == (T0 + 13, 77, False)
    assert book_of(changed(BOOK, "cts", ...)).event_ms == T0 + 20


def test_a_topic_that_stands_late_in_its_message_is_found_too() -> None:
    late = {"type": "delta", "ts": T0, "cts": T0, "data": BOOK["data"], "topic": BOOK["topic"]}
    assert book_of(late).last_id == 77


def test_a_snapshot_vouches_for_all_of_a_side_that_is_not_full() -> None:
    few = book_of(changed(BOOK, "type", "snapshot"))
    assert few.snapshot
    assert few.reach == (0.0, WHOLE)
    full = changed(changed(BOOK, "type", "snapshot"), "topic", "orderbook.2.BTCUSDT")
    assert book_of(full).reach == (64999.9, WHOLE)


def test_a_number_of_one_is_a_whole_book_whatever_it_is_called() -> None:
    assert book_of(changed(BOOK, "data.u", 1)).snapshot


def test_numbers_without_holes_are_applied_and_a_hole_is_a_gap() -> None:
    sequence = BybitSequence()
    sequence.start(book_of(changed(BOOK, "type", "snapshot")))
    following = [book_of(changed(BOOK, "data.u", number)) for number in (77, 78, 79, 81, 80)]
    assert [sequence.judge(change) for change in following] == [
        Verdict.IGNORE,
        Verdict.APPLY,
        Verdict.APPLY,
        Verdict.GAP,
        Verdict.APPLY,
    ]


def test_trades_come_by_time_with_the_aggressors_side() -> None:
    (event,) = RULES.parse("linear", encoded(TRADES), Markets(PERP))
    assert isinstance(event, Traded)
    assert event.symbol == "BTCUSDT"
    assert event.ids == ("a", "b")
    assert event.batch.time_ms.tolist() == [T0 + 3, T0 + 5]
    assert event.batch.price.tolist() == [65000.2, 65000.1]
    assert event.batch.qty_base.tolist() == [2.0, 0.5]
    assert event.batch.buy.tolist() == [True, False]


def test_a_liquidation_names_the_side_of_the_position() -> None:
    (event,) = RULES.parse("linear", encoded(LIQUIDATIONS), Markets(PERP))
    assert isinstance(event, Liquidated)
    batch = event.batch
    assert batch.time_ms.tolist() == [T0 + 300, T0 + 400]
    assert batch.raw_side == ("Sell", "Buy")
    assert batch.long.tolist() == [False, True]
    assert batch.value_usd.tolist() == [66_000.0, 128_000.0]
    assert not batch.sampled


def test_contracts_of_an_inverse_instrument_become_coins() -> None:
    inverse = Market("BYBIT", "BTCUSDT", "BTC", "USD", 0.5, 1.0, inverse=True, perpetual=True)
    (event,) = RULES.parse("inverse", encoded(LIQUIDATIONS), Markets(inverse))
    assert isinstance(event, Liquidated)
    assert event.batch.qty_base.tolist() == [1 / 66_000, 2 / 64_000]
    assert event.batch.value_usd.tolist() == pytest.approx([1.0, 2.0])


def test_a_candle_takes_its_symbol_from_the_topic() -> None:
    row = {
        "start": T0,
        "end": T0 + 59_999,
        "interval": "60",
        "open": "1.5",
        "close": "2",
        "high": "3",
        "low": "1",
        "volume": "10",
        "turnover": "20",
        "confirm": False,
        "timestamp": T0 + 9,
    }
    message = {"topic": "kline.60.BTC-26DEC26", "data": [row], "ts": T0, "type": "snapshot"}
    events = RULES.parse("linear", encoded(message), Markets(PERP))
    assert events == [CandleRow("BTC-26DEC26", HOUR_MS, T0, 1.5, 3.0, 1.0, 2.0, 10.0)]


def test_answers_are_confirmations_refusals_or_signs_of_life() -> None:
    def said(**message: object) -> object:
        (event,) = RULES.parse("spot", encoded(message), Markets())
        return event

    assert said(success=True, ret_msg="", conn_id="x", req_id="4", op="subscribe") == Confirmed("4")
    words = "error:handler not found,topic:publicTrade.NOPEUSDT"
    assert said(success=False, ret_msg=words, req_id="4", op="subscribe") == Refused(
        words, "4", "publicTrade.NOPEUSDT", "NOPEUSDT", unknown_market=True
    )
    refused = said(success=False, ret_msg="too busy", req_id="4", op="subscribe")
    assert isinstance(refused, Refused)
    assert not refused.unknown_market
    assert said(success=True, ret_msg="pong", conn_id="x", op="ping") == Alive()
    assert said(op="pong", args=["1"]) == Alive()
    assert said(topic="tickers.BTCUSDT", type="delta", data={}, ts=T0) == Alive()


@pytest.mark.parametrize(
    ("message", "path", "value", "field"),
    [
        (BOOK, "data.b.0.1", "-1", "data.b[0][1]"),
        (BOOK, "data.b.1.0", "0", "data.b[1][0]"),
        (BOOK, "data.a.0.1", "NaN", "data.a[0][1]"),
        (BOOK, "data.a.0.0", "inf", "data.a[0][0]"),
        (BOOK, "data.a.0", ["65000.2"], "data.a[0]"),
        (BOOK, "data.u", -3, "data.u"),
        (BOOK, "data.u", ..., "data"),
        (BOOK, "type", "patch", "type"),
        (BOOK, "ts", "soon", "ts"),
        (BOOK, "topic", "orderbook.x", "topic"),
        (TRADES, "data.1.S", "Short", "data[1].S"),
        (TRADES, "data.0.v", "-0.5", "data[0].v"),
        (TRADES, "data.0.p", None, "data[0].p"),
        (LIQUIDATIONS, "data.0.p", "0", "data[0].p"),
    ],
)
def test_what_is_not_the_contract_is_refused_by_name(
    message: dict[str, Any], path: str, value: object, field: str
) -> None:
    with pytest.raises(BadPayload) as caught:
        RULES.parse("linear", encoded(changed(message, path, value)), Markets(PERP))
    assert caught.value.field == field
    assert "Bybit" in caught.value.user_message


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'"x"', b'{"topic":7}'])
def test_garbage_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(BadPayload):
        RULES.parse("linear", raw, Markets(PERP))


def test_each_symbol_is_asked_in_a_request_of_its_own() -> None:
    other = Market("BYBIT", "ETHUSDT", "ETH", "USDT", 0.01, perpetual=True)
    topics = [
        *RULES.topics(Feed.BOOK, other),
        *RULES.topics(Feed.BOOK, PERP),
        *RULES.topics(Feed.LIQUIDATIONS, PERP),
    ]
    assert {topic.line for topic in topics} == {"linear"}
    requests = [json.loads(text) for text in RULES.subscribe(topics, 5)]
    assert requests == [
        {
            "req_id": "5",
            "op": "subscribe",
            "args": ["orderbook.1000.BTCUSDT", "allLiquidation.BTCUSDT"],
        },
        {"req_id": "5", "op": "subscribe", "args": ["orderbook.1000.ETHUSDT"]},
    ]
    assert json.loads(RULES.unsubscribe(topics[:1], 6)[0])["op"] == "unsubscribe"


def test_spot_has_its_own_connection_and_no_liquidations() -> None:
    assert RULES.topics(Feed.BOOK, SPOT)[0].line == "spot"
    assert RULES.topics(Feed.LIQUIDATIONS, SPOT) == ()
    assert RULES.topics(Feed.CANDLES, SPOT, 100) == ()
    base = "wss://stream.bybit.com/"
    assert RULES.line_url(base, "spot", ()) == "wss://stream.bybit.com/v5/public/spot"


def answered(result: object, code: int = 0, words: str = "OK") -> bytes:
    return encoded({"retCode": code, "retMsg": words, "result": result, "time": T0})


def test_candles_are_asked_for_a_span_and_come_ascending() -> None:
    ask = RULES.candles_ask(PERP, MINUTE_MS, (T0, T0 + HOUR_MS))
    assert ask is not None
    assert dict(ask.params)["end"] == str(T0 + HOUR_MS - 1)
    assert RULES.candles_ask(PERP, 100, (T0, T0 + 1)) is None
    rows = [
        [str(T0 + MINUTE_MS), "2", "3", "1", "2.5", "10", "25"],
        [str(T0), "1", "2", "1", "2", "5", "9"],
    ]
    body = answered({"category": "linear", "symbol": "BTCUSDT", "list": rows})
    assert RULES.parse_candles(PERP, MINUTE_MS, body) == [
        CandleRow("BTCUSDT", MINUTE_MS, T0, 1.0, 2.0, 1.0, 2.0, 5.0),
        CandleRow("BTCUSDT", MINUTE_MS, T0 + MINUTE_MS, 2.0, 3.0, 1.0, 2.5, 10.0),
    ]


def test_failures_inside_good_answers_are_told_apart() -> None:
    for code, words, kind in [
        (10006, "Too many visits!", RateLimited),
        (10001, "params error: Symbol Invalid", UnknownMarket),
        (10016, "internal", ServerTrouble),
    ]:
        with pytest.raises(kind):
            RULES.parse_candles(PERP, MINUTE_MS, answered({}, code, words))
    with pytest.raises(BadPayload) as caught:
        RULES.parse_candles(PERP, MINUTE_MS, answered({"list": [["x"]]}))
    assert caught.value.field == "result.list[0][0]"


def test_paused_and_delisted_instruments_are_listed_as_such() -> None:
    def entry(symbol: str, status: str) -> dict[str, Any]:
        coins = {"baseCoin": symbol[:-4], "quoteCoin": "USDT"}
        return {"symbol": symbol, "status": status, **coins, "priceFilter": {"tickSize": "1e-12"}}

    states = {"AUSDT": "Trading", "BUSDT": "PreLaunch", "CUSDT": "Closed", "DUSDT": "Delivering"}
    listed = [entry(symbol, status) for symbol, status in states.items()]
    bodies = [
        answered({"category": "linear", "list": listed}),
        answered({"category": "option", "list": listed}),
    ]
    markets = RULES.parse_markets(bodies)
    assert [market.trading for market in markets] == [
        Trading.ON,
        Trading.PAUSED,
        Trading.DELISTED,
        Trading.DELISTED,
    ]
    assert {market.tick_size for market in markets} == {1e-12}


def test_the_recorded_lists_are_read_whole(market_data: Path) -> None:
    bodies = fetched(market_data / "cryptofeed-v3/BYBIT.shared-symbols.jsonl.zst", "instruments")
    markets = RULES.parse_markets(bodies)
    assert len(markets) == sum(len(json.loads(body)["result"]["list"]) for body in bodies) > 1300
    by_venue = {(market.venue, market.symbol): market for market in markets}
    assert by_venue["BYBIT", "BTCUSDT"] == PERP
    spot = by_venue["BYBIT_SPOT", "BTCUSDT"]
    assert (spot.coin, spot.tick_size, spot.perpetual) == ("BTC", 0.1, False)


def test_every_recorded_message_is_understood(market_data: Path) -> None:
    kinds: dict[type, int] = {}
    path = market_data / "cryptofeed-v3/BYBIT.shared-symbols.jsonl.zst"
    for _, raw in received(path):
        for event in RULES.parse("linear", raw, AnyMarket()):
            kinds[type(event)] = kinds.get(type(event), 0) + 1
    assert kinds == {BookChange: 797, Traded: 73, CandleRow: 49, Confirmed: 17, Alive: 378}


def test_trades_equal_those_another_reader_makes_of_the_same_messages(market_data: Path) -> None:
    compared = 0
    for message, expected in tardis(market_data, "bybit", "bybit-spot"):
        if not str(message.get("topic", "")).startswith("publicTrade."):
            continue
        (event,) = RULES.parse("linear", encoded(message), AnyMarket())
        assert isinstance(event, Traded)
        assert [
            {
                "symbol": event.symbol,
                "id": event.ids[i],
                "price": event.batch.price[i],
                "amount": event.batch.qty_base[i],
                "side": "buy" if event.batch.buy[i] else "sell",
                "time": event.batch.time_ms[i],
            }
            for i in range(len(event.ids))
        ] == [
            {
                **{key: row[key] for key in ("symbol", "id", "price", "amount", "side")},
                "time": epoch_ms(row["timestamp"]),
            }
            for row in expected
        ]
        compared += 1
    assert compared == 2


def test_differences_equal_those_another_reader_makes_of_the_same_messages(
    market_data: Path,
) -> None:
    compared = 0
    for message, expected in tardis(market_data, "bybit", "bybit-spot"):
        if not str(message.get("topic", "")).startswith("orderbook.50."):
            continue
        change = book_of(message)
        (row,) = expected
        assert change.symbol == row["symbol"]
        assert change.snapshot == row["isSnapshot"]
        for found, told in ((change.bids, row["bids"]), (change.asks, row["asks"])):
            assert list(found) == [(level["price"], level["amount"]) for level in told]
        assert change.event_ms == epoch_ms(row["timestamp"])
        compared += 1
    assert compared == 2

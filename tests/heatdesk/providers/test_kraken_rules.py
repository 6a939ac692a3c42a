"""What Kraken writes becomes events, or an error that names the field."""

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
    Refused,
    Traded,
)
from heatdesk.errors import BadPayload, RateLimited, ServerTrouble, UnknownMarket
from heatdesk.providers.kraken_checksum import DEPTH
from heatdesk.providers.kraken_rules import KrakenRules
from heatdesk.providers.live.reading import WHOLE
from heatdesk.providers.live.rules import Feed, Market, Topic, Trading
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS, parse_iso_ms
from tests.heatdesk.providers.venue_markets import (
    AnyMarket,
    Markets,
    encoded,
    epoch_ms,
    fetched,
    tardis,
)

if TYPE_CHECKING:
    from pathlib import Path

RULES = KrakenRules()
BTC = Market("KRAKEN", "BTC/USD", "BTC", "USD", 0.1)
KNOWN = Markets(BTC)
STAMP = "2026-07-10T00:00:01.123456Z"
STAMP_MS = parse_iso_ms("2026-07-10T00:00:01.123")

# The venue's own example of a checksum.
ASKS = (
    "45285.2/0.00100000 45286.4/1.54571953 45286.6/1.54571109 45289.6/1.54560911 "
    "45290.2/0.15890660 45291.8/1.54553491 45294.7/0.04454749 45296.1/0.35380000 "
    "45297.5/0.09945542 45299.5/0.18772827"
)
BIDS = (
    "45283.5/0.10000000 45283.4/1.54582015 45282.1/0.10000000 45281.0/0.10000000 "
    "45280.3/1.54592586 45279.0/0.07990000 45277.6/0.03310103 45277.5/0.30000000 "
    "45277.3/1.54602737 45276.6/0.15445238"
)
VENUES_CHECKSUM = 3_310_070_434


def digits(text: str) -> list[tuple[str, str]]:
    pairs = [level.split("/") for level in text.split()]
    return [(price, qty) for price, qty in pairs]


def side(levels: list[tuple[str, str]]) -> str:
    return ",".join(f'{{"price":{price},"qty":{qty}}}' for price, qty in levels)


def book_message(
    bids: list[tuple[str, str]],
    asks: list[tuple[str, str]],
    checksum: int,
    kind: str = "update",
    stamp: str = f',"timestamp":"{STAMP}"',
) -> bytes:
    """Return a message with its digits as given, which no JSON writer would keep."""
    text = (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"BTC/USD","bids":[{side(bids)}],'
        f'"asks":[{side(asks)}],"checksum":{checksum}{stamp}}}]}}'
    )
    return text.encode()


def book_of(raw: bytes) -> BookChange:
    (event,) = RULES.parse("public", raw, KNOWN)
    assert isinstance(event, BookChange)
    return event


def test_a_snapshot_without_a_time_speaks_of_now_and_an_update_must_have_one() -> None:
    raw = book_message(digits(BIDS), digits(ASKS), VENUES_CHECKSUM, "snapshot", "")
    assert book_of(raw).event_ms == 0
    with pytest.raises(BadPayload) as caught:
        RULES.parse("public", book_message([], [("1.5", "2")], 0, "update", ""), KNOWN)
    assert caught.value.field == "data[0].timestamp"


def test_a_full_side_vouches_for_what_lies_above_its_worst_level() -> None:
    bids = [(f"{40000 - i * 0.1:.1f}", "1.00000000") for i in range(DEPTH)]
    change = book_of(book_message(bids, digits(ASKS), 0, "snapshot"))
    assert change.reach == (float(bids[-1][0]), WHOLE)


def test_trades_come_by_symbol_and_time_with_the_aggressors_side() -> None:
    rows = [
        {
            "symbol": "BTC/USD",
            "side": "sell",
            "price": 65000.1,
            "qty": 0.25,
            "ord_type": "limit",
            "trade_id": 8,
            "timestamp": "2026-07-10T00:00:02.000900Z",
        },
        {
            "symbol": "BTC/USD",
            "side": "buy",
            "price": 65000.2,
            "qty": 1,
            "ord_type": "market",
            "trade_id": 7,
            "timestamp": STAMP,
        },
        {
            "symbol": "NOPE/USD",
            "side": "buy",
            "price": 1.0,
            "qty": 1.0,
            "ord_type": "market",
            "trade_id": 1,
            "timestamp": STAMP,
        },
    ]
    message = {"channel": "trade", "type": "update", "data": rows}
    (event,) = RULES.parse("public", encoded(message), KNOWN)
    assert isinstance(event, Traded)
    assert event.ids == ("7", "8")
    assert event.batch.time_ms.tolist() == [STAMP_MS, STAMP_MS + 877]
    assert event.batch.buy.tolist() == [True, False]
    assert event.batch.qty_base.tolist() == [1.0, 0.25]


def test_a_candle_names_the_beginning_of_its_interval() -> None:
    row = {
        "symbol": "BTC/USD",
        "open": 1.5,
        "high": 3.0,
        "low": 1.0,
        "close": 2.0,
        "trades": 4,
        "volume": 10.0,
        "vwap": 2.0,
        "interval_begin": "2026-07-10T00:05:00.000000000Z",
        "interval": 5,
        "timestamp": "2026-07-10T00:10:00.000000Z",
    }
    message = {"channel": "ohlc", "type": "update", "timestamp": STAMP, "data": [row]}
    start_ms = parse_iso_ms("2026-07-10T00:05:00")
    assert RULES.parse("public", encoded(message), KNOWN) == [
        CandleRow("BTC/USD", 5 * MINUTE_MS, start_ms, 1.5, 3.0, 1.0, 2.0, 10.0)
    ]


def test_answers_are_confirmations_refusals_or_signs_of_life() -> None:
    def said(**message: object) -> object:
        (event,) = RULES.parse("public", encoded(message), KNOWN)
        return event

    result = {"channel": "book", "symbol": "BTC/USD", "depth": 1000, "snapshot": True}
    taken = {"method": "subscribe", "success": True, "req_id": 3}
    assert said(result=result, **taken) == Confirmed("3", ("book:BTC/USD",))
    words = "Currency pair not supported NOPE/USD"
    refused = said(method="subscribe", success=False, error=words, symbol="NOPE/USD", req_id=3)
    assert refused == Refused(words, "3", "", "NOPE/USD", unknown_market=True)
    twice = said(
        method="subscribe", success=False, error="Already subscribed", symbol="BTC/USD", req_id=3
    )
    assert twice == Confirmed("3")
    assert said(channel="heartbeat") == Alive()
    assert said(method="pong", req_id=2, time_in=STAMP, time_out=STAMP) == Alive()
    status = {"system": "online", "api_version": "v2", "connection_id": 13834774380200032777}
    assert said(channel="status", type="update", data=[status]) == Alive()


@pytest.mark.parametrize(
    ("bids", "field"),
    [
        ([("45283.5", "-0.1")], "data[0].bids[0].qty"),
        ([("45283.5", "1"), ("0", "1")], "data[0].bids[1].price"),
        ([("-45283.5", "1")], "data[0].bids[0].price"),
        ([('"45283.5"', "1")], "data[0].bids[0].price"),
        ([("45283.5", "1e300")], "data[0].bids[0].qty"),
        ([("45283.5", "null")], "data[0].bids[0].qty"),
        ([("45283.5", '"\u00e9"')], "data[0].bids[0].qty"),
        ([("45283.5", "[1]")], "data[0].bids[0].qty"),
        ([("45283.5", "1e999")], "data[0].bids[0].qty"),
    ],
)
def test_a_level_that_cannot_be_is_refused_by_name(bids: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        RULES.parse("public", book_message(bids, [], 1), KNOWN)
    assert caught.value.field == field


def test_other_misfits_are_refused_by_name() -> None:
    good = json.loads(book_message([("1.5", "2.5")], [], 1))
    for path, value, field in [
        (("checksum",), -1, "data[0].checksum"),
        (("checksum",), ..., "data[0]"),
        (("timestamp",), "yesterday", "data[0].timestamp"),
        (("symbol",), 7, "data[0].symbol"),
        (("bids",), {}, "data[0].bids"),
    ]:
        broken = copy.deepcopy(good)
        if value is ...:
            del broken["data"][0][path[0]]
        else:
            broken["data"][0][path[0]] = value
        with pytest.raises(BadPayload) as caught:
            RULES.parse("public", encoded(broken), KNOWN)
        assert caught.value.field == field
    for raw in (b"", b"{", b"[1]", b"\xff", b'{"channel":"book","type":"update","data":[]}'):
        with pytest.raises(BadPayload):
            RULES.parse("public", raw, KNOWN)


def test_each_topic_is_asked_alone_and_ended_as_it_was_asked() -> None:
    topics = [
        *RULES.topics(Feed.BOOK, BTC),
        *RULES.topics(Feed.TRADES, BTC),
        *RULES.topics(Feed.CANDLES, BTC, 5 * MINUTE_MS),
    ]
    assert RULES.topics(Feed.LIQUIDATIONS, BTC) == ()
    assert RULES.topics(Feed.CANDLES, BTC, 7 * DAY_MS) == ()
    assert topics[0] == Topic("public", "book:BTC/USD")
    asked = [json.loads(text) for text in RULES.subscribe(topics, 9)]
    assert [message["req_id"] for message in asked] == [9, 9, 9]
    assert [message["params"] for message in asked] == [
        {"channel": "book", "symbol": ["BTC/USD"], "depth": 1000, "snapshot": True},
        {"channel": "trade", "symbol": ["BTC/USD"], "snapshot": True},
        {"channel": "ohlc", "symbol": ["BTC/USD"], "interval": 5, "snapshot": True},
    ]
    ended = json.loads(RULES.unsubscribe(topics, 10)[0])
    assert ended["method"] == "unsubscribe"
    assert ended["params"] == {"channel": "book", "symbol": ["BTC/USD"], "depth": 1000}
    assert RULES.line_url("wss://ws.kraken.com", "public", topics) == "wss://ws.kraken.com/v2"
    for base in ("wss://ws.kraken.com/v2", "wss://ws.kraken.com/", "wss://ws.kraken.com"):
        assert RULES.line_url(base, "public", topics) == "wss://ws.kraken.com/v2"


def answered(result: object, *errors: str) -> bytes:
    return encoded({"error": list(errors), "result": result})


def test_pairs_are_listed_under_their_new_names() -> None:
    def pair(altname: str, wsname: str | None, **more: object) -> dict[str, Any]:
        named = {"wsname": wsname} if wsname else {}
        return {"altname": altname, "pair_decimals": 5, **named, **more}

    body = answered(
        {
            "XXBTZUSD": pair("XBTUSD", "XBT/USD", tick_size="0.1", status="online"),
            "XDGUSD": pair("XDGUSD", "XDG/USD", status="limit_only"),
            "WAITEUR": pair("WAITEUR", "WAIT/EUR", status="cancel_only"),
            "XBTUSD.d": pair("XBTUSD.d", None),
            "OLDEUR": pair("OLDEUR", "OLD/EUR", status="maintenance"),
            "ENDEUR": pair("ENDEUR", "END/EUR", status="delisted"),
        }
    )
    markets = RULES.parse_markets([body])
    assert [(market.symbol, market.coin, market.trading) for market in markets] == [
        ("BTC/USD", "BTC", Trading.ON),
        ("DOGE/USD", "DOGE", Trading.ON),
        ("WAIT/EUR", "WAIT", Trading.PAUSED),
        ("OLD/EUR", "OLD", Trading.PAUSED),
        ("END/EUR", "END", Trading.DELISTED),
    ]
    assert markets[0] == BTC
    assert markets[1].tick_size == pytest.approx(1e-5)


def test_candles_are_asked_under_the_old_name() -> None:
    ask = RULES.candles_ask(BTC, MINUTE_MS, (1_000_000, 2_000_000))
    assert ask is not None
    assert dict(ask.params) == {"pair": "XBTUSD", "interval": "1", "since": "999"}
    rows = [[120, "1", "3", "0.5", "2", "1.5", "10", 4], [180, "2", "4", "1", "3", "2", "5", 2]]
    body = answered({"XXBTZUSD": rows, "last": 180})
    assert RULES.parse_candles(BTC, MINUTE_MS, body) == [
        CandleRow("BTC/USD", MINUTE_MS, 120_000, 1.0, 3.0, 0.5, 2.0, 10.0),
        CandleRow("BTC/USD", MINUTE_MS, 180_000, 2.0, 4.0, 1.0, 3.0, 5.0),
    ]


def test_weeks_are_put_together_from_days_and_start_on_a_monday() -> None:
    ask = RULES.candles_ask(BTC, 7 * DAY_MS, (0, DAY_MS))
    assert ask is not None
    assert dict(ask.params)["interval"] == "1440"
    monday_ms = parse_iso_ms("2026-07-06")
    days = [
        [(monday_ms + i * DAY_MS) // 1000, *map(str, (10 + i, 20 + i, 5 + i, 11 + i)), "1", "2", 1]
        for i in (-1, 0, 1, 6)
    ]
    weeks = RULES.parse_candles(BTC, 7 * DAY_MS, answered({"XXBTZUSD": days, "last": 0}))
    assert weeks == [
        CandleRow("BTC/USD", 7 * DAY_MS, monday_ms - 7 * DAY_MS, 9.0, 19.0, 4.0, 10.0, 2.0),
        CandleRow("BTC/USD", 7 * DAY_MS, monday_ms, 10.0, 26.0, 5.0, 17.0, 6.0),
    ]


def test_failures_inside_good_answers_are_told_apart() -> None:
    for words, kind in [
        ("EGeneral:Too many requests", RateLimited),
        ("EAPI:Rate limit exceeded", RateLimited),
        ("EQuery:Unknown asset pair", UnknownMarket),
        ("EService:Unavailable", ServerTrouble),
    ]:
        with pytest.raises(kind):
            RULES.parse_candles(BTC, HOUR_MS, answered({}, words))
        with pytest.raises(kind):
            RULES.parse_markets([answered({}, words)])
    with pytest.raises(BadPayload) as caught:
        RULES.parse_candles(BTC, HOUR_MS, answered({"XXBTZUSD": [[1]], "last": 1}))
    assert caught.value.field == "result.XXBTZUSD[0]"


def test_the_recorded_list_is_read_whole(market_data: Path) -> None:
    path = market_data / "cryptofeed-v3/KRAKEN.shared-symbols.jsonl.zst"
    bodies = fetched(path, "AssetPairs")
    markets = RULES.parse_markets(bodies)
    assert len(markets) == 293
    assert next(market for market in markets if market.symbol == "BTC/USD") == BTC


def test_v2_messages_equal_what_another_reader_makes_of_them(market_data: Path) -> None:
    compared = []
    for message, expected in tardis(market_data, "kraken"):
        if not isinstance(message, dict) or not expected:
            continue
        (event,) = RULES.parse("public", encoded(message), AnyMarket())
        (row,) = expected
        if isinstance(event, Traded):
            assert (event.symbol, event.ids) == (row["symbol"], (row["id"],))
            assert event.batch.price.tolist() == [row["price"]]
            assert event.batch.qty_base.tolist() == [row["amount"]]
            assert event.batch.buy.tolist() == [row["side"] == "buy"]
            assert event.batch.time_ms.tolist() == [epoch_ms(row["timestamp"])]
        else:
            assert isinstance(event, BookChange)
            assert event.snapshot == row["isSnapshot"]
            assert event.event_ms == epoch_ms(row["timestamp"])
            for found, told in ((event.bids, row["bids"]), (event.asks, row["asks"])):
                assert list(found) == [(level["price"], level["amount"]) for level in told]
        compared.append(type(event).__name__)
    assert compared == ["Traded", "BookChange"]

"""What Gemini writes becomes events, or an error that names the field."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import (
    Alive,
    BookChange,
    CandleRow,
    Confirmed,
    MarketChanged,
    Refused,
    Traded,
)
from heatdesk.books.sequence import Verdict
from heatdesk.books.sync import BookSync, SyncState
from heatdesk.errors import BadPayload
from heatdesk.providers.gemini_rules import GeminiRules, GeminiSequence
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

RULES = GeminiRules()
BTC = Market("GEMINI", "BTCUSD", "BTC", "USD", 0.01)
T0 = 1_789_456_740_173
NS = 1_000_000

WHOLE_BOOK: dict[str, Any] = {
    "e": "depthUpdate",
    "E": T0 * NS + 524_809,
    "s": "btcusd",
    "U": 1_764_527_605_192_163,
    "u": 1_764_527_605_192_163,
    "b": [["77401.500", "0.5000"], ["1.000", "1.0000"]],
    "a": [["77402.00", "0.25"]],
}
DIFFERENCE: dict[str, Any] = {
    "e": "depthUpdate",
    "E": (T0 + 100) * NS,
    "s": "btcusd",
    "U": 1_764_527_605_192_163,
    "u": 1_764_527_605_192_900,
    "b": [["77401.500", "0.0000"], ["77401.4", "2"]],
    "a": [],
}
TRADE: dict[str, Any] = {
    "E": (T0 + 7) * NS,
    "s": "btcusd",
    "t": 2_840_141_014_190_422,
    "p": "62145.38000",
    "q": "0.0162522200",
    "m": True,
}


def book_of(message: dict[str, Any]) -> BookChange:
    (event,) = RULES.parse("btcusd", encoded(message), Markets(BTC))
    assert isinstance(event, BookChange)
    return event


def test_the_first_message_of_a_book_is_the_whole_of_it() -> None:
    change = book_of(WHOLE_BOOK)
    assert (change.symbol, change.snapshot, change.reach) == ("BTCUSD", True, (0.0, WHOLE))
    assert (change.event_ms, change.last_id) == (T0, 1_764_527_605_192_163)
    assert list(change.bids) == [(77401.5, 0.5), (1.0, 1.0)]


def test_a_difference_begins_with_the_last_id_of_the_one_before() -> None:
    sync = BookSync(DenseBook(0.01), RULES.sequence(BTC))
    sync.begin(T0)
    sync.take(book_of(WHOLE_BOOK), T0)
    sync.take(book_of(DIFFERENCE), T0)
    assert sync.state is SyncState.LIVE
    assert sync.book.best().bid == pytest.approx(77401.4)
    sync.take(book_of({**DIFFERENCE, "U": DIFFERENCE["u"] + 1, "u": DIFFERENCE["u"] + 9}), T0)
    assert sync.state is SyncState.GAP
    sync.take(book_of({**WHOLE_BOOK, "U": 7, "u": 7}), T0 + 300)
    assert sync.state is SyncState.LIVE


def test_a_difference_that_comes_before_the_book_does_not_become_it() -> None:
    sync = BookSync(DenseBook(0.01), RULES.sequence(BTC))
    sync.begin(T0)
    sync.take(book_of(DIFFERENCE), T0)
    assert sync.state is SyncState.SYNCING


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        (100, 120, Verdict.APPLY),
        (90, 120, Verdict.APPLY),
        (80, 100, Verdict.IGNORE),
        (101, 120, Verdict.GAP),
    ],
)
def test_ids_overlap_by_one(first: int, last: int, verdict: Verdict) -> None:
    sequence = GeminiSequence()
    sequence.start(book_of({**WHOLE_BOOK, "U": 100, "u": 100}))
    assert sequence.judge(book_of({**DIFFERENCE, "U": first, "u": last})) is verdict


@pytest.mark.parametrize("named", [{"symbol": "btcusd"}, {}])
def test_a_book_in_the_other_form_is_taken_too(named: dict[str, str]) -> None:
    message = {"lastUpdateId": 42, **named, "bids": [["5", "1"]], "asks": [["6", "2"]]}
    change = book_of(message)
    assert (change.symbol, change.snapshot, change.last_id) == ("BTCUSD", True, 42)
    assert (change.event_ms, change.reach) == (0, (0.0, WHOLE))


def test_a_buyer_who_was_maker_means_that_the_aggressor_sold() -> None:
    (event,) = RULES.parse("btcusd", encoded(TRADE), Markets(BTC))
    assert isinstance(event, Traded)
    assert (event.symbol, event.ids) == ("BTCUSD", ("2840141014190422",))
    assert event.batch.buy.tolist() == [False]
    assert event.batch.time_ms.tolist() == [T0 + 7]
    assert event.batch.qty_base.tolist() == [0.01625222]


def test_answers_are_confirmations_refusals_or_signs_of_life() -> None:
    def said(**message: object) -> object:
        (event,) = RULES.parse("btcusd", encoded(message), Markets(BTC))
        return event

    assert said(id=1, status=200) == Confirmed("1")
    assert said(id="1", status=200, result=None) == Confirmed("1")
    words = "Invalid stream name: nosuchperp@depth@100ms"
    assert said(id=4, status=400, error={"code": -1013, "msg": words}) == Refused(
        words, "4", "nosuchperp@depth@100ms", "NOSUCHPERP", unknown_market=True
    )
    busy = said(id=4, status=429, error={"code": -1003, "msg": "slow down"})
    assert busy == Refused("slow down", "4")
    assert said(id=4, status=500) == Refused("status 500", "4")
    assert said(e="contractStatus", E=T0, s="btcusd", o="Active", n="Paused") == MarketChanged(
        "BTCUSD"
    )
    assert said(u=4, E=T0, s="btcusd", b="1", B="1", a="2", A="1") == Alive()


def test_a_message_that_removes_a_level_is_not_the_whole_of_a_book() -> None:
    sync = BookSync(DenseBook(0.01), GeminiSequence())
    sync.take(book_of(WHOLE_BOOK), 1)
    last = WHOLE_BOOK["u"]
    sync.take(book_of({**DIFFERENCE, "U": last + 9, "u": last + 9, "b": [["1", "0"]]}), 2)
    assert sync.state is SyncState.GAP


@pytest.mark.parametrize(
    ("message", "changes", "field"),
    [
        (DIFFERENCE, {"b": [["1", "-1"]]}, "b[0][1]"),
        (DIFFERENCE, {"a": [["0", "1"]]}, "a[0][0]"),
        (DIFFERENCE, {"a": [["1"]]}, "a[0]"),
        (DIFFERENCE, {"E": "soon"}, "E"),
        (DIFFERENCE, {"E": 1 << 62}, "E"),
        (DIFFERENCE, {"u": -1}, "u"),
        (DIFFERENCE, {"u": 5}, "u"),
        (DIFFERENCE, {"s": None}, "s"),
        (TRADE, {"E": 10**33}, "E"),
        (TRADE, {"p": "0"}, "p"),
        (TRADE, {"q": "nan"}, "q"),
    ],
)
def test_what_is_not_the_contract_is_refused_by_name(
    message: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    broken = {**copy.deepcopy(message), **changes}
    with pytest.raises(BadPayload) as caught:
        RULES.parse("btcusd", encoded(broken), Markets(BTC))
    assert caught.value.field == field


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"e":7}'])
def test_garbage_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(BadPayload):
        RULES.parse("btcusd", raw, Markets(BTC))


def test_each_market_has_a_connection_and_each_stream_a_request_of_its_own() -> None:
    topics = [*RULES.topics(Feed.BOOK, BTC), *RULES.topics(Feed.TRADES, BTC)]
    assert topics == [Topic("btcusd", "btcusd@depth@100ms"), Topic("btcusd", "btcusd@trade")]
    assert RULES.topics(Feed.LIQUIDATIONS, BTC) == RULES.topics(Feed.CANDLES, BTC, MINUTE_MS) == ()
    assert [json.loads(text) for text in RULES.subscribe(topics, 3)] == [
        {"id": 3, "method": "subscribe", "params": ["btcusd@depth@100ms"]},
        {"id": 3, "method": "subscribe", "params": ["btcusd@trade"]},
    ]
    assert json.loads(RULES.unsubscribe(topics, 4)[0])["method"] == "unsubscribe"
    assert json.loads(RULES.ping(5)) == {"id": 5, "method": "ping"}
    assert RULES.line_url("wss://ws.gemini.com", "btcusd", ()) == "wss://ws.gemini.com?snapshot=-1"


DETAILS = {
    "symbol": "BTCUSD",
    "base_currency": "BTC",
    "quote_currency": "USD",
    "tick_size": 1e-8,
    "quote_increment": 0.01,
    "min_order_size": "0.00001",
    "status": "open",
    "product_type": "spot",
}


def test_the_list_names_markets_and_details_tell_the_step_of_their_prices() -> None:
    names = ["btcusd", "btcgusdperp", "ethbtc", "usdcusd", "paxgusd"]
    markets = RULES.parse_markets([encoded(names)])
    assert [(m.symbol, m.coin, m.quote, m.perpetual) for m in markets] == [
        ("BTCGUSDPERP", "BTC", "GUSD", True),
        ("BTCUSD", "BTC", "USD", False),
        ("ETHBTC", "ETH", "BTC", False),
        ("PAXGUSD", "PAXG", "USD", False),
        ("USDCUSD", "USDC", "USD", False),
    ]
    ask = RULES.details_ask(markets[1])
    assert ask is not None
    assert ask.path == "/v1/symbols/details/btcusd"
    assert RULES.parse_details(markets[1], encoded(DETAILS)) == BTC
    closed = RULES.parse_details(markets[1], encoded({**DETAILS, "status": "closed"}))
    assert closed.trading is Trading.PAUSED
    with pytest.raises(BadPayload) as caught:
        RULES.parse_details(markets[2], encoded(DETAILS))
    assert caught.value.field == "symbol"
    with pytest.raises(BadPayload) as caught:
        RULES.parse_details(markets[1], encoded({**DETAILS, "quote_increment": 0}))
    assert caught.value.field == "quote_increment"


def test_candles_come_newest_first_and_four_hours_are_put_together() -> None:
    assert RULES.candles_ask(BTC, 100, (0, 1)) is None
    ask = RULES.candles_ask(BTC, HOUR_MS, (0, 1))
    assert ask is not None
    assert ask.path == "/v2/candles/btcusd/1hr"
    start_ms = parse_iso_ms("2026-07-06T04:00")
    rows = [[start_ms + i * HOUR_MS, 10 + i, 20 + i, 5 - i, 11 + i, 1.5] for i in (3, 2, 1, 0, -1)]
    hours = RULES.parse_candles(BTC, HOUR_MS, encoded(rows))
    assert [row.time_ms for row in hours] == [start_ms + i * HOUR_MS for i in (-1, 0, 1, 2, 3)]
    ask = RULES.candles_ask(BTC, 4 * HOUR_MS, (0, 1))
    assert ask is not None
    assert ask.path == "/v2/candles/btcusd/1hr"
    assert RULES.parse_candles(BTC, 4 * HOUR_MS, encoded(rows))[1] == CandleRow(
        "BTCUSD", 4 * HOUR_MS, start_ms, 10.0, 23.0, 2.0, 14.0, 6.0
    )
    assert RULES.candles_ask(BTC, 7 * DAY_MS, (0, 1)) is not None
    with pytest.raises(BadPayload) as caught:
        RULES.parse_candles(BTC, HOUR_MS, encoded([[1, 2, 3]]))
    assert caught.value.field == "[0]"


def test_the_recorded_lists_are_read_whole(market_data: Path) -> None:
    path = market_data / "cryptofeed-v3/GEMINI.jsonl.zst"
    markets = {
        market.symbol: market for market in RULES.parse_markets(fetched(path, "/symbols")[:1])
    }
    details = fetched(path, "/symbols/details/")
    assert len(details) == len(markets) == 347
    for body in details:
        told = json.loads(body)
        market = RULES.parse_details(markets[told["symbol"]], body)
        # what was read out of the name is what the venue says of it
        assert market.coin == markets[told["symbol"]].coin
        assert market.quote == markets[told["symbol"]].quote
        assert market.perpetual == markets[told["symbol"]].perpetual
        assert market.tick_size == told["quote_increment"]


def test_messages_equal_what_another_reader_makes_of_them(market_data: Path) -> None:
    compared = []
    for message, expected in tardis(market_data, "gemini"):
        if "type" in message:
            continue  # the feed before the one that is built here
        (event,) = RULES.parse(message["s"], encoded(message), AnyMarket())
        (row,) = expected
        if isinstance(event, Traded):
            assert (event.symbol, event.ids) == (row["symbol"], (row["id"],))
            assert event.batch.price.tolist() == [row["price"]]
            assert event.batch.qty_base.tolist() == [row["amount"]]
            assert event.batch.buy.tolist() == [row["side"] == "buy"]
            assert event.batch.time_ms.tolist() == [epoch_ms(row["timestamp"])]
        else:
            assert isinstance(event, BookChange)
            assert event.symbol == row["symbol"]
            assert event.event_ms == epoch_ms(row["timestamp"])
            for found, told in ((event.bids, row["bids"]), (event.asks, row["asks"])):
                assert list(found) == [(level["price"], level["amount"]) for level in told]
        compared.append(type(event).__name__)
    assert compared == ["BookChange", "Traded"]

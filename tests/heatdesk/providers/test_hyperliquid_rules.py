"""What Hyperliquid writes becomes events, or an error that names the field."""

from __future__ import annotations

import copy
import gzip
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import (
    Alive,
    BookChange,
    CandleRow,
    Confirmed,
    Refused,
    Traded,
    VenueEvent,
)
from heatdesk.books.sync import BookSync, SyncState
from heatdesk.errors import BadPayload
from heatdesk.providers.hyperliquid_rules import HyperliquidRules, price_step
from heatdesk.providers.live.reading import WHOLE
from heatdesk.providers.live.rules import Feed, Market, Topic, Trading
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.heatdesk.providers.venue_markets import (
    AnyMarket,
    Markets,
    encoded,
    epoch_ms,
    tardis,
)

if TYPE_CHECKING:
    from pathlib import Path

BTC = Market("HYPERLIQUID_FUTURES", "BTC", "BTC", "USD", 1.0, perpetual=True)
KNOWN = Markets(BTC)
T0 = 1_750_000_020_000


def level(px: float, sz: float) -> dict[str, Any]:
    return {"px": str(px), "sz": str(sz), "n": 3}


BOOK: dict[str, Any] = {
    "channel": "l2Book",
    "data": {
        "coin": "BTC",
        "time": T0,
        "levels": [
            [level(65000.0, 1.5), level(64999.0, 2.0)],
            [level(65001.0, 0.5), level(65002.0, 1.0)],
        ],
    },
}
TRADES: dict[str, Any] = {
    "channel": "trades",
    "data": [
        {"coin": "BTC", "side": "A", "px": "65000.0", "sz": "0.2", "time": T0 + 5, "tid": 12},
        {"coin": "BTC", "side": "B", "px": "65001.0", "sz": "0.1", "time": T0 + 3, "tid": 11},
        {"coin": "NOPE", "side": "B", "px": "1.0", "sz": "0.1", "time": T0 + 3, "tid": 10},
    ],
}


@pytest.fixture
def rules() -> HyperliquidRules:
    return HyperliquidRules()


def test_an_exact_book_of_few_levels_is_whole(rules: HyperliquidRules) -> None:
    (event,) = rules.parse("public", encoded(BOOK), KNOWN)
    assert event == BookChange(
        "BTC",
        [(65000.0, 1.5), (64999.0, 2.0)],
        [(65001.0, 0.5), (65002.0, 1.0)],
        T0,
        snapshot=True,
        reach=(0.0, WHOLE),
    )


class Heard:
    """Writes down what a book tells its listeners."""

    def __init__(self) -> None:
        self.words: list[tuple[str, int]] = []

    def live(self, at_ms: int) -> None:
        self.words.append(("live", at_ms))

    def before(self, event_ms: int) -> None:
        self.words.append(("before", event_ms))

    def lost(self, at_ms: int) -> None:
        self.words.append(("lost", at_ms))


def test_a_long_time_between_two_books_is_a_gap(rules: HyperliquidRules) -> None:
    sync, heard = BookSync(DenseBook(1.0), rules.sequence(BTC)), Heard()
    sync.listen(heard)
    sync.begin(T0)
    for time_ms in (T0, T0 + 700, T0 + 1_600, T0 + 2_501):
        message = {**BOOK, "data": {**BOOK["data"], "time": time_ms}}
        (event,) = rules.parse("public", encoded(message), KNOWN)
        assert isinstance(event, BookChange)
        sync.take(event, time_ms)
        assert sync.state is SyncState.LIVE
    assert heard.words == [
        ("live", T0),
        ("before", T0 + 700),
        ("before", T0 + 1_600),
        ("lost", T0 + 1_600),
        ("live", T0 + 2_501),
    ]


def test_a_band_alone_is_no_book(rules: HyperliquidRules) -> None:
    assert rules.parse("sig4", encoded(BOOK), KNOWN) == [Alive()]


def test_a_message_that_cannot_be_read_takes_its_band_out(rules: HyperliquidRules) -> None:
    rules.parse("public", encoded(BOOK), KNOWN)
    with pytest.raises(BadPayload):
        rules.parse("public", b"{{", KNOWN)
    assert rules.parse("sig5", encoded(BOOK), KNOWN) == [Alive()]
    (event,) = rules.parse("public", encoded(BOOK), KNOWN)
    assert isinstance(event, BookChange)


def test_trades_come_by_time_with_the_aggressors_side(rules: HyperliquidRules) -> None:
    (event,) = rules.parse("public", encoded(TRADES), KNOWN)
    assert isinstance(event, Traded)
    assert (event.symbol, event.ids) == ("BTC", ("11", "12"))
    assert event.batch.buy.tolist() == [True, False]
    assert event.batch.price.tolist() == [65001.0, 65000.0]
    assert event.batch.time_ms.tolist() == [T0 + 3, T0 + 5]
    none = {"channel": "trades", "data": []}
    assert rules.parse("public", encoded(none), KNOWN) == [Alive()]


def test_a_candle_names_coin_and_interval(rules: HyperliquidRules) -> None:
    data = {
        "t": T0,
        "T": T0 + HOUR_MS - 1,
        "s": "BTC",
        "i": "1h",
        "o": "1.5",
        "c": "2.0",
        "h": "3.0",
        "l": "1.0",
        "v": "10.0",
        "n": 4,
    }
    assert rules.parse("public", encoded({"channel": "candle", "data": data}), KNOWN) == [
        CandleRow("BTC", HOUR_MS, T0, 1.5, 3.0, 1.0, 2.0, 10.0)
    ]
    odd = {"channel": "candle", "data": {**data, "i": "7h"}}
    with pytest.raises(BadPayload) as caught:
        rules.parse("public", encoded(odd), KNOWN)
    assert caught.value.field == "data.i"


def test_answers_are_confirmations_refusals_or_signs_of_life(rules: HyperliquidRules) -> None:
    def said(channel: str, data: object = None) -> VenueEvent:
        message = {"channel": channel} | ({"data": data} if data is not None else {})
        (event,) = rules.parse("public", encoded(message), KNOWN)
        return event

    book = {"type": "l2Book", "coin": "BTC", "nSigFigs": 5, "mantissa": None}
    taken = said("subscriptionResponse", {"method": "subscribe", "subscription": book})
    assert taken == Confirmed(topics=("l2Book,BTC,5",))
    words = 'Invalid subscription {"type":"trades","coin":"NOPE"}'
    assert said("error", words) == Refused(words, symbol="NOPE", unknown_market=True)
    twice = 'Already subscribed: {"type":"trades","coin":"BTC"}'
    assert said("error", twice) == Alive()
    busy = said("error", "Too many requests")
    assert busy == Refused("Too many requests")
    assert said("pong") == Alive()
    assert said("activeAssetCtx", {"coin": "BTC", "ctx": {}}) == Alive()


@pytest.mark.parametrize(
    ("side", "place", "change", "field"),
    [
        (0, 0, {"sz": "-1.5"}, "data.levels[0][0].sz"),
        (1, 1, {"sz": "NaN"}, "data.levels[1][1].sz"),
        (0, 1, {"px": "0"}, "data.levels[0][1].px"),
        (0, 1, {"px": "65000.0"}, "data.levels[0][1].px"),
        (0, 1, {"px": "65003"}, "data.levels[0][1].px"),
        (1, 1, {"px": "65000.5"}, "data.levels[1][1].px"),
    ],
)
def test_a_level_that_cannot_be_is_refused_by_name(
    rules: HyperliquidRules, side: int, place: int, change: dict[str, str], field: str
) -> None:
    broken = copy.deepcopy(BOOK)
    broken["data"]["levels"][side][place] |= change
    with pytest.raises(BadPayload) as caught:
        rules.parse("public", encoded(broken), KNOWN)
    assert caught.value.field == field


def test_other_misfits_are_refused_by_name(rules: HyperliquidRules) -> None:
    for message, field in [
        ({**BOOK, "data": {**BOOK["data"], "time": -1}}, "data.time"),
        ({**BOOK, "data": {**BOOK["data"], "levels": [[]]}}, "data.levels"),
        ({"channel": "trades", "data": [{**TRADES["data"][0], "side": "C"}]}, "data[0].side"),
        ({"channel": "trades", "data": [{**TRADES["data"][0], "px": None}]}, "data[0].px"),
        ({"channel": "error", "data": 7}, "data"),
    ]:
        with pytest.raises(BadPayload) as caught:
            rules.parse("public", encoded(message), KNOWN)
        assert caught.value.field == field
    for raw in (b"", b"{", b"[1]", b"\xff", b"null", b'{"channel":3}'):
        with pytest.raises(BadPayload):
            rules.parse("public", raw, KNOWN)


def test_each_band_has_a_connection_of_its_own(rules: HyperliquidRules) -> None:
    topics = rules.topics(Feed.BOOK, BTC)
    assert topics == (
        Topic("public", "l2Book,BTC"),
        Topic("sig5", "l2Book,BTC,5"),
        Topic("sig4", "l2Book,BTC,4"),
        Topic("sig3", "l2Book,BTC,3"),
        Topic("sig2", "l2Book,BTC,2"),
    )
    asked = [json.loads(text) for text in rules.subscribe(topics, 3)]
    assert [message["subscription"]["nSigFigs"] for message in asked] == [None, 5, 4, 3, 2]
    for base in ("wss://api.hyperliquid.xyz/ws", "wss://api.hyperliquid.xyz"):
        assert rules.line_url(base, "sig4", ()) == "wss://api.hyperliquid.xyz/ws"
    assert "bands" in rules.book_note


def test_trades_and_candles_stand_beside_the_exact_book(rules: HyperliquidRules) -> None:
    topics = [*rules.topics(Feed.TRADES, BTC), *rules.topics(Feed.CANDLES, BTC, HOUR_MS)]
    assert {topic.line for topic in topics} == {"public"}
    assert [json.loads(text)["subscription"] for text in rules.subscribe(topics, 3)] == [
        {"type": "trades", "coin": "BTC"},
        {"type": "candle", "coin": "BTC", "interval": "1h"},
    ]
    assert json.loads(rules.unsubscribe(topics, 4)[0])["method"] == "unsubscribe"
    assert rules.topics(Feed.LIQUIDATIONS, BTC) == rules.topics(Feed.CANDLES, BTC, 100) == ()


@pytest.mark.parametrize(
    ("price", "size_decimals", "step"),
    [
        (105_055.0, 5, 1.0),
        (65_000.0, 5, 1.0),
        (15_000.0, 5, 0.1),
        (3_123.4, 4, 0.1),
        (1_050.2, 4, 0.01),
        (0.0123, 0, 0.000001),
        (None, 5, 0.1),
        (5_000_000.0, 0, 1.0),
    ],
)
def test_the_step_of_prices_holds_down_to_half_the_price(
    price: float | None, size_decimals: int, step: float
) -> None:
    assert price_step(price, size_decimals) == pytest.approx(step)


def test_markets_come_with_their_prices(rules: HyperliquidRules) -> None:
    (ask,) = rules.markets_asks()
    assert (ask.path, json.loads(ask.body or b"")) == ("/info", {"type": "metaAndAssetCtxs"})
    universe = [
        {"name": "BTC", "szDecimals": 5, "maxLeverage": 40},
        {"name": "GONE", "szDecimals": 1, "maxLeverage": 3, "isDelisted": True},
    ]
    contexts: list[dict[str, Any]] = [{"markPx": "65000.0", "midPx": None}, {"markPx": None}]
    markets = rules.parse_markets([encoded([{"universe": universe}, contexts])])
    assert markets[0] == BTC
    assert markets[1].trading is Trading.DELISTED
    with pytest.raises(BadPayload) as caught:
        rules.parse_markets([encoded([{"universe": universe}, contexts[:1]])])
    assert caught.value.field == "[1]"


def test_candles_are_asked_by_post_and_weeks_are_made_of_days(rules: HyperliquidRules) -> None:
    ask = rules.candles_ask(BTC, 7 * DAY_MS, (T0, T0 + DAY_MS))
    assert ask is not None
    assert json.loads(ask.body or b"") == {
        "type": "candleSnapshot",
        "req": {"coin": "BTC", "interval": "1d", "startTime": T0, "endTime": T0 + DAY_MS - 1},
    }
    assert rules.candles_ask(BTC, 100, (0, 1)) is None
    row = {"t": T0, "T": T0 + 1, "s": "BTC", "i": "1m", "o": "1", "c": "2", "h": "3", "l": "1"}
    rows = [{**row, "v": "5", "n": 1}]
    assert rules.parse_candles(BTC, MINUTE_MS, encoded(rows)) == [
        CandleRow("BTC", MINUTE_MS, T0, 1.0, 3.0, 1.0, 2.0, 5.0)
    ]
    with pytest.raises(BadPayload) as caught:
        rules.parse_candles(BTC, MINUTE_MS, encoded([{**rows[0], "h": "-3"}]))
    assert caught.value.field == "[0].h"


def test_messages_equal_what_another_reader_makes_of_them(
    rules: HyperliquidRules, market_data: Path
) -> None:
    compared = []
    for message, expected in tardis(market_data, "hyperliquid"):
        if not expected or message["channel"] not in ("trades", "l2Book"):
            continue
        (event,) = rules.parse("public", encoded(message), AnyMarket())
        (row,) = expected
        if isinstance(event, Traded):
            assert (event.symbol, event.ids) == (row["symbol"], (row["id"],))
            assert event.batch.price.tolist() == [row["price"]]
            assert event.batch.qty_base.tolist() == [row["amount"]]
            assert event.batch.buy.tolist() == [row["side"] == "buy"]
            assert event.batch.time_ms.tolist() == [epoch_ms(row["timestamp"])]
        else:
            assert isinstance(event, BookChange)
            assert (event.symbol, event.snapshot) == (row["symbol"], row["isSnapshot"])
            assert event.event_ms == epoch_ms(row["timestamp"])
            for found, told in ((event.bids, row["bids"]), (event.asks, row["asks"])):
                assert list(found) == [(level["price"], level["amount"]) for level in told]
        compared.append(type(event).__name__)
    assert compared == ["Traded", "BookChange"]


def test_the_recording_is_understood_and_never_crossed(
    rules: HyperliquidRules, market_data: Path
) -> None:
    kinds: dict[str, int] = {}
    with gzip.open(market_data / "hyperliquid-hft/btcusd_20250126.gz", "rb") as file:
        for line in file:
            (event,) = rules.parse("public", line.partition(b" ")[2], KNOWN)
            kinds[type(event).__name__] = kinds.get(type(event).__name__, 0) + 1
            if isinstance(event, BookChange):
                assert len(event.bids) == len(event.asks) == 20
                assert event.reach == (event.bids[-1][0], event.asks[-1][0])
                assert event.bids[0][0] < event.asks[0][0]
    assert kinds == {"BookChange": 46, "Traded": 9}


def answers_of(path: Path) -> list[Any]:
    """Return the answers of a cassette: what stands in quotes after ``string:``."""
    found = []
    for line in path.read_text().splitlines():
        name, _, text = line.strip().partition(": ")
        if name == "string":
            found.append(json.loads(text.strip("'")))
    return found


def test_recorded_answers_are_read(rules: HyperliquidRules, market_data: Path) -> None:
    folder = market_data / "hyperliquid-sdk-cassettes"
    meta, book = answers_of(folder / "test_get_l2_snapshot.yaml")
    nothing: list[dict[str, Any]] = [{} for _ in meta["universe"]]
    markets = rules.parse_markets([encoded([meta, nothing])])
    assert {market.symbol: market.tick_size for market in markets}["BTC"] == pytest.approx(0.1)
    (event,) = rules.parse("public", encoded({"channel": "l2Book", "data": book}), AnyMarket())
    assert isinstance(event, BookChange)
    assert len(event.bids) == len(event.asks) == 20
    candles = answers_of(folder / "test_get_candles_snapshot.yaml")[-1]
    rows = rules.parse_candles(Market("", "kPEPE", "", "", 1e-6), HOUR_MS, encoded(candles))
    assert len(rows) == len(candles) > 20
    assert all(b.time_ms - a.time_ms == HOUR_MS for a, b in pairwise(rows))
    assert all(row.low <= min(row.open, row.close) <= row.high for row in rows)

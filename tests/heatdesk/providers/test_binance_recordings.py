"""Binance's rules on what its markets really sent."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from heatdesk.books.events import BookChange, Liquidated, Traded
from heatdesk.books.sequence import Verdict
from heatdesk.providers.binance_rules import BinanceRules, SpotRules, UsdmRules
from heatdesk.providers.live.rules import Market, MarketLookup, Trading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USDM, SPOT = UsdmRules(), SpotRules()
RULES: dict[str, BinanceRules] = {
    "binance": SPOT,
    "binance-futures": USDM,
    "binance-delivery": USDM,
}


@dataclass
class AnyMarket(MarketLookup):
    """Takes every symbol for a plain instrument: quantities stay as they are written."""

    def market(self, symbol: str, line: str = "") -> Market | None:
        return Market("BINANCE", symbol, symbol, "", 1e-8)


def zstd_lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        for line in text:
            yield json.loads(line)


def csv_rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def epoch_ms(iso: str) -> int:
    return round(datetime.fromisoformat(iso).timestamp() * 1000)


def tardis_rows(market_data: Path) -> list[tuple[BinanceRules, dict[str, Any], list[Any]]]:
    path = market_data / "tardis-fixtures" / "messages.shared.jsonl.zst"
    return [
        (RULES[row["exchange"]], row["message"], row["expected_normalized"])
        for row in zstd_lines(path)
        if row["exchange"] in RULES and row["expected_normalized"] is not None
    ]


def test_trades_equal_those_another_reader_makes_of_the_same_messages(market_data: Path) -> None:
    compared = []
    for rules, message, expected in tardis_rows(market_data):
        trades = [row for row in expected if row["type"] == "trade"]
        if not str(message.get("stream", "")).endswith("@trade"):
            assert not trades
            continue
        events = rules.parse("market", json.dumps(message).encode(), AnyMarket())
        found = [
            {
                "symbol": event.symbol,
                "id": event.ids[0],
                "price": event.batch.price[0],
                "amount": event.batch.qty_base[0],
                "side": "buy" if event.batch.buy[0] else "sell",
                "time_ms": event.batch.time_ms[0],
            }
            for event in events
            if isinstance(event, Traded)
        ]
        kept = ("symbol", "id", "price", "amount", "side")
        assert found == [
            {name: row[name] for name in kept} | {"time_ms": epoch_ms(row["timestamp"])}
            for row in trades
        ]
        compared.append(len(trades))
    assert sorted(compared) == [0, 1, 1, 1], "an auto-deleveraging fill is no trade"


def test_liquidations_equal_another_readers_but_for_the_price_of_the_fill(
    market_data: Path,
) -> None:
    compared = 0
    for rules, message, expected in tardis_rows(market_data):
        wanted = [row for row in expected if row["type"] == "liquidation"]
        if not wanted:
            continue
        (event,) = rules.parse("market", json.dumps(message).encode(), AnyMarket())
        assert isinstance(event, Liquidated)
        (row,), batch, order = wanted, event.batch, message["data"]["o"]
        assert (event.symbol, batch.qty_base[0]) == (row["symbol"], row["amount"])
        assert batch.time_ms[0] == epoch_ms(row["timestamp"])
        assert batch.raw_side[0].lower() == row["side"]
        assert batch.long[0] == (row["side"] == "sell"), "it names the side of the order"
        # The other reader keeps the limit of the order; a value is what was really paid.
        assert row["price"] == float(order["p"])
        assert batch.price[0] == float(order["ap"]) != row["price"]
        compared += 1
    assert compared == 1


def test_book_changes_equal_those_another_reader_makes_of_the_same_messages(
    market_data: Path,
) -> None:
    compared = 0
    for rules, message, expected in tardis_rows(market_data):
        stream = str(message.get("stream", ""))
        if len(expected) != 1 or expected[0]["type"] != "book_change":
            continue
        if stream in ("btcusdt@depthSnapshot", "gntbtc@depthSnapshot"):
            # Merged with a difference held back: more than the one message says.
            continue
        if stream.endswith("@depthSnapshot"):
            market = Market("BINANCE", expected[0]["symbol"], "", "", 1e-8)
            change = rules.parse_snapshot(market, json.dumps(message["data"]).encode())
        else:
            (event,) = rules.parse("public", json.dumps(message).encode(), AnyMarket())
            assert isinstance(event, BookChange)
            change = event
        assert change.symbol == expected[0]["symbol"]
        assert change.snapshot == expected[0]["isSnapshot"]
        for side, levels in (("bids", change.bids), ("asks", change.asks)):
            wanted = [(level["price"], level["amount"]) for level in expected[0][side]]
            assert list(levels) == wanted
        compared += 1
    assert compared == 3


def messages(rows: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Put the rows of a table of differences together again, one message for each number."""
    for _, group in groupby(rows, key=lambda row: row["FinalUpdateId"]):
        levels = list(group)
        first = levels[0]
        sides: dict[str, list[list[str]]] = {"0": [], "1": []}
        for row in levels:
            sides[row["IsAsk"]].append([row["Price"], row["Quantity"]])
        yield {
            "e": first["EventType"],
            "E": int(first["EventTime"]),
            "T": int(first["TransactionTime"]),
            "s": first["Symbol"],
            "U": int(first["FirstUpdateId"]),
            "u": int(first["FinalUpdateId"]),
            "pu": int(first["FinalUpdateIdInLastStream"]),
            "b": sides["0"],
            "a": sides["1"],
        }


def test_no_difference_of_a_recorded_session_is_missing(market_data: Path) -> None:
    name = "test_positive_binance_difference_depth_stream_usd_m_futures_trxusdt_04-03-2025.csv.gz"
    # The last row was given another date by whoever cut the file.
    rows = csv_rows(market_data / "binance-csv-lasota" / name)[:-1]
    rule = USDM.sequence(Market("BINANCE_FUTURES", "TRXUSDT", "TRX", "USDT", 1e-5))
    verdicts, levels = [], 0
    for message in messages(rows):
        (change,) = USDM.parse("public", json.dumps(message).encode(), AnyMarket())
        assert isinstance(change, BookChange)
        if not verdicts:
            base = BookChange("TRXUSDT", (), (), 0, snapshot=True, last_id=change.last_id)
            rule.start(base)
        verdicts.append(rule.judge(change))
        levels += len(change.bids) + len(change.asks)
    assert levels == len(rows)
    assert len(verdicts) == 600
    assert set(verdicts) == {Verdict.APPLY}


def test_a_difference_left_out_of_a_recorded_session_is_a_gap(market_data: Path) -> None:
    name = "test_positive_binance_difference_depth_stream_usd_m_futures_trxusdt_04-03-2025.csv.gz"
    rows = csv_rows(market_data / "binance-csv-lasota" / name)[:-1]
    rule = USDM.sequence(Market("BINANCE_FUTURES", "TRXUSDT", "TRX", "USDT", 1e-5))
    changes = [
        BookChange("TRXUSDT", (), (), 0, first_id=m["U"], last_id=m["u"], prev_id=m["pu"])
        for m in messages(rows)
    ]
    for missing in range(1, 50):
        rule.start(BookChange("TRXUSDT", (), (), 0, snapshot=True, last_id=changes[0].last_id))
        assert rule.judge(changes[0]) is Verdict.APPLY
        verdicts = [rule.judge(change) for i, change in enumerate(changes[:60]) if i != missing]
        assert verdicts[missing] is Verdict.GAP


def test_recorded_trades_come_through_with_side_and_number(market_data: Path) -> None:
    name = "test_positive_binance_trade_stream_usd_m_futures_trxusdt_04-03-2025.csv.gz"
    rows = csv_rows(market_data / "binance-csv-lasota" / name)
    traded = 0
    for row in rows:
        data = {
            "e": "trade",
            "E": int(row["EventTime"]),
            "T": int(row["TransactionTime"]),
            "s": row["Symbol"],
            "t": int(row["TradeId"]),
            "p": row["Price"],
            "q": row["Quantity"],
            "m": row["IsBuyerMarketMaker"] == "1",
            "X": row["XUnknownParameter"],
        }
        raw = json.dumps({"stream": row["Stream"], "data": data}).encode()
        (event,) = USDM.parse("market", raw, AnyMarket())
        if row["XUnknownParameter"] != "MARKET":
            assert not isinstance(event, Traded)
            continue
        assert isinstance(event, Traded)
        assert event.ids == (row["TradeId"],)
        assert event.batch.price[0] == float(row["Price"])
        assert event.batch.qty_base[0] == float(row["Quantity"])
        assert event.batch.buy[0] == (row["IsBuyerMarketMaker"] == "0")
        traded += 1
    assert traded > 9_900


@pytest.mark.parametrize(("venue", "rules"), [("BINANCE_FUTURES", USDM), ("BINANCE", SPOT)])
def test_a_recorded_session_is_read_without_a_complaint(
    market_data: Path, venue: str, rules: BinanceRules
) -> None:
    """List of instruments, snapshots and every message of four symbols at a time."""
    counts: dict[str, int] = {}
    markets: dict[str, Market] = {}
    for row in zstd_lines(market_data / "cryptofeed-v3" / f"{venue}.jsonl.zst"):
        if row["t"] == "http" and "exchangeInfo" in row["url"]:
            markets = {m.symbol: m for m in rules.parse_markets([row["data"].encode()])}
        elif row["t"] == "http" and "/depth" in row["url"]:
            symbol = row["url"].split("symbol=")[1].split("&")[0]
            change = rules.parse_snapshot(markets[symbol], row["data"].encode())
            steps = [price / markets[symbol].tick_size for price, _ in (*change.bids, *change.asks)]
            on_grid = sum(abs(step - round(step)) < 1e-6 for step in steps)
            # Orders from before the tick size grew still rest between the ticks.
            assert on_grid / len(steps) > 0.8
        elif row["t"] == "recv":
            for event in rules.parse("market", row["data"].encode(), AnyMarket()):
                kind = type(event).__name__
                counts[kind] = counts.get(kind, 0) + 1
    assert len(markets) > 100
    assert {Trading.ON, Trading.PAUSED} <= {market.trading for market in markets.values()}
    assert counts["BookChange"] > 100
    assert counts["CandleRow"] > 0

"""Recorded sessions of Bybit, Kraken, Gemini and Hyperliquid, through the rules to the book."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange, Traded
from heatdesk.books.reference import DictBook
from heatdesk.books.sync import BookSync, SyncState
from heatdesk.providers.bybit_rules import BybitRules, BybitSequence
from heatdesk.providers.hyperliquid_rules import HyperliquidRules
from heatdesk.providers.kraken_checksum import KrakenSequence
from heatdesk.providers.kraken_rules import KrakenRules
from heatdesk.providers.live.reading import WHOLE
from tests.heatdesk.providers.venue_markets import AnyMarket, fetched, received

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from heatdesk.books.sequence import Sequence

FOLDER = "cryptofeed-v3"


class Followed:
    """A book kept by the machine, beside a plain one that only sets levels."""

    def __init__(self, tick_size: float, sequence: Sequence) -> None:
        self.sync = BookSync(DenseBook(tick_size), sequence)
        self.plain = DictBook(tick_size)
        self.sync.begin(0)
        self.messages = 0

    def take(self, change: BookChange) -> None:
        self.sync.take(change, change.event_ms)
        assert self.sync.state is SyncState.LIVE, self.sync.reason
        assert not self.sync.book.crossed
        if change.snapshot:
            self.plain.load(change)
        else:
            self.plain.apply(change.bids, change.asks)
        assert self.sync.book.best() == self.plain.best()
        self.messages += 1


def test_bybits_books_have_no_hole_and_never_cross(market_data: Path) -> None:
    path = market_data / FOLDER / "BYBIT.shared-symbols.jsonl.zst"
    rules = BybitRules()
    markets = {
        market.symbol: market for market in rules.parse_markets(fetched(path, "category=linear"))
    }
    books: dict[str, Followed] = {}
    beyond = 0
    for _, raw in received(path):
        for event in rules.parse("linear", raw, AnyMarket()):
            if isinstance(event, BookChange):
                tick_size = markets[event.symbol].tick_size
                # recorded with 200 levels a side
                book = books.setdefault(event.symbol, Followed(tick_size, BybitSequence(200)))
                book.take(event)
                # the venue tells what leaves its depth: nothing is left for us to cut
                assert [len(side) for side in book.sync.book.top(500)] == [200, 200]
            elif isinstance(event, Traded) and event.symbol in books:
                best = books[event.symbol].sync.book.best()
                slack = 5e-4 * best.bid
                off = event.batch.price < best.bid - slack
                off |= event.batch.price > best.ask + slack
                beyond += int(off.sum())
    assert {symbol: book.messages for symbol, book in books.items()} == {
        "BTCUSDT": 414,
        "SOLUSDT": 383,
    }
    assert beyond == 0


def test_a_message_that_is_left_out_of_bybits_recording_is_a_gap(market_data: Path) -> None:
    path = market_data / FOLDER / "BYBIT.shared-symbols.jsonl.zst"
    rules = BybitRules()
    changes = [
        event
        for _, raw in received(path)
        for event in rules.parse("linear", raw, AnyMarket())
        if isinstance(event, BookChange) and event.symbol == "BTCUSDT"
    ]
    for left_out in (1, 7, 300):
        sync = BookSync(DenseBook(0.1), BybitSequence(200))
        sync.begin(0)
        for change in changes[:left_out]:
            sync.take(change, 0)
        assert sync.state is SyncState.LIVE
        sync.take(changes[left_out + 1], 0)
        assert sync.state is SyncState.GAP


def kraken_v1(raw: bytes) -> BookChange | None:
    """Put a book message of Kraken's first WebSocket version into the form of the second."""
    message = json.loads(raw)
    if not isinstance(message, list) or not str(message[-2]).startswith("book-"):
        return None
    parts: dict[str, Any] = {}
    for part in message[1:-2]:
        parts |= part
    snapshot = "as" in parts
    sides = [parts.get(name, []) for name in (("bs", "as") if snapshot else ("b", "a"))]
    bids, asks = ([(float(row[0]), float(row[1])) for row in rows] for rows in sides)
    times = [float(row[2]) for rows in sides for row in rows]
    return BookChange(
        message[-1],
        bids,
        asks,
        round(max(times) * 1000),
        snapshot=snapshot,
        reach=(0.0, WHOLE) if snapshot else None,
        checksum=int(parts["c"]) if "c" in parts else None,
        digits=tuple([(row[0], row[1]) for row in rows] for rows in sides),
    )


def kraken_changes(market_data: Path) -> Iterator[tuple[BookChange, float]]:
    path = market_data / FOLDER / "KRAKEN.shared-symbols.jsonl.zst"
    pairs = json.loads(fetched(path, "AssetPairs")[0])["result"].values()
    ticks = {pair.get("wsname"): 10.0 ** -pair["pair_decimals"] for pair in pairs}
    for _, raw in received(path):
        change = kraken_v1(raw)
        if change is not None:
            yield change, ticks[change.symbol]


def test_krakens_books_add_up_after_every_message(market_data: Path) -> None:
    books: dict[str, Followed] = {}
    checked = 0
    for change, tick_size in kraken_changes(market_data):
        book = books.setdefault(change.symbol, Followed(tick_size, KrakenSequence(1000)))
        book.take(change)
        checked += change.checksum is not None
    assert checked == 2_663
    assert len(books) == 5
    # and the checksums were looked at: the machine loses a book that does not add up
    for change, _ in kraken_changes(market_data):
        if change.checksum is not None:
            sync = books[change.symbol].sync
            sync.take(change, 0)
            if sync.state is SyncState.GAP:
                assert "checksum" in sync.reason
                return
    pytest.fail("old messages went through as new ones")


def test_kraken_lists_the_recorded_pairs(market_data: Path) -> None:
    path = market_data / FOLDER / "KRAKEN.shared-symbols.jsonl.zst"
    listed = {market.symbol for market in KrakenRules().parse_markets(fetched(path, "AssetPairs"))}
    for change, _ in kraken_changes(market_data):
        assert change.symbol.replace("XBT", "BTC") in listed


def gemini_l2(raw: bytes, known: set[str]) -> BookChange | None:
    """Put a message of Gemini's old feed into our form: the first of a symbol is its book."""
    message = json.loads(raw)
    if message.get("type") != "l2_updates":
        return None
    symbol = message["symbol"]
    sides = [
        [(float(price), float(qty)) for side, price, qty in message["changes"] if side == name]
        for name in ("buy", "sell")
    ]
    snapshot = symbol not in known
    known.add(symbol)
    return BookChange(
        symbol, *sides, 0, snapshot=snapshot, reach=(0.0, WHOLE) if snapshot else None
    )


def test_geminis_old_feed_never_crosses(market_data: Path) -> None:
    """The feed that is built here was never recorded; this one checks the book alone."""
    path = market_data / FOLDER / "GEMINI.jsonl.zst"
    details = [json.loads(body) for body in fetched(path, "/symbols/details/")]
    ticks = {told["symbol"]: told["quote_increment"] for told in details}
    known: set[str] = set()
    books: dict[str, tuple[DenseBook, DictBook]] = {}
    messages = 0
    for _, raw in received(path):
        change = gemini_l2(raw, known)
        if change is None:
            continue
        tick_size = ticks[change.symbol]
        pair = books.setdefault(change.symbol, (DenseBook(tick_size), DictBook(tick_size)))
        for book in pair:
            if change.snapshot:
                book.load(change)
            else:
                book.apply(change.bids, change.asks)
        dense, plain = pair
        assert not dense.crossed
        assert dense.best() == plain.best()
        assert dense.top(20) == plain.top(20)
        messages += 1
    assert messages == 559
    assert len(books) == 10


def test_hyperliquids_books_replace_each_other_and_never_cross(market_data: Path) -> None:
    rules = HyperliquidRules()
    book = Followed(1.0, rules.sequence(None))  # type: ignore[arg-type]
    trades = 0
    with gzip.open(market_data / "hyperliquid-hft/btcusd_20250126.gz", "rb") as file:
        for line in file:
            for event in rules.parse("public", line.partition(b" ")[2], AnyMarket()):
                if isinstance(event, BookChange):
                    book.take(event)
                    assert [len(side) for side in book.sync.book.top(30)] == [20, 20]
                elif isinstance(event, Traded):
                    trades += len(event.ids)
    assert book.messages == 46
    assert trades > 9

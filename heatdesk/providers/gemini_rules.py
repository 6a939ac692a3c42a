"""Gemini, the market data API of 2026: what is subscribed to, and what comes back.

Each market has a connection of its own: the whole book comes first after a subscription, a form
of it that is accepted too does not name its symbol, and a hole is mended by subscribing again.
A whole book carries one id (first equals last); a difference begins with the last id of the one
before. The stream is silent while a book does not change, so pings tell that it lives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from heatdesk.books.events import (
    Alive,
    BookChange,
    CandleRow,
    Confirmed,
    MarketChanged,
    Refused,
    Traded,
    VenueEvent,
)
from heatdesk.books.sequence import Sequence as BookSequence
from heatdesk.books.sequence import Verdict
from heatdesk.providers import gemini_wire as wire
from heatdesk.providers.live.reading import WHOLE, Fill, Source, batch_of, widen_candles
from heatdesk.providers.live.rules import (
    Ask,
    Feed,
    LineLimits,
    Market,
    MarketLookup,
    Topic,
    Trading,
    VenueRules,
)
from heatdesk.units import DAY_MS, HOUR_MS

CANDLE_LIMIT: Final = 1440
_AUDIT_LEVELS = 100
_NS_PER_MS = 1_000_000
_QUOTES = ("GUSD", "RLUSD", "USDC", "USDT", "USD", "EUR", "GBP", "SGD", "BTC", "ETH", "SOL", "FIL")
_SYMBOL = re.compile(r"([\w-]+)@[\w@]+")
_BAD_STREAM = -1013
_TRADES = ("open", "limit_only")
_PARTS = {4 * HOUR_MS: HOUR_MS, 7 * DAY_MS: DAY_MS}


class GeminiSequence(BookSequence):
    """Differences that overlap by one id: each begins with the last id of the one before.

    Ids are shared by all markets, so the next higher one is no proof that nothing is missing.
    """

    def __init__(self) -> None:
        self._last = 0

    def start(self, snapshot: BookChange) -> None:
        """Count on from a whole book."""
        self._last = snapshot.last_id

    def judge(self, change: BookChange) -> Verdict:
        """Take what begins with the last id."""
        if change.last_id <= self._last:
            return Verdict.IGNORE
        if change.first_id > self._last:
            return Verdict.GAP
        self._last = change.last_id
        return Verdict.APPLY


class GeminiRules(VenueRules):
    """Spot pairs and perpetuals, quantities in coins."""

    provider = "gemini"
    title = "Gemini"
    limits = LineLimits(
        messages_per_s=10.0,
        topics_per_connection=20,
        topics_per_message=1,
        connects_per_5min=150,
        ping_s=4.0,
        silence_s=9.0,
        # quiet books have been seen unchanged for half a minute
        book_silence_s=60.0,
    )
    _source = Source(provider, title)

    def line_url(self, base: str, line: str, topics: Sequence[Topic]) -> str:
        """One address for everything; a subscription brings the whole book."""
        return f"{base.rstrip('/')}?snapshot=-1"

    def topics(self, feed: Feed, market: Market, interval_ms: int = 0) -> tuple[Topic, ...]:
        """Book and trades; candles come from REST alone, liquidations not at all."""
        name = market.symbol.lower()
        if feed is Feed.BOOK:
            return (Topic(name, f"{name}@depth@100ms"),)
        if feed is Feed.TRADES:
            return (Topic(name, f"{name}@trade"),)
        return ()

    def subscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write one request for each stream: a bad one has its whole request refused."""
        return [_request("subscribe", request_id, topic) for topic in topics]

    def unsubscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write requests that end streams."""
        return [_request("unsubscribe", request_id, topic) for topic in topics]

    def ping(self, request_id: int) -> str:
        """Write the venue's own ping."""
        return f'{{"id":{request_id},"method":"ping"}}'

    def sequence(self, market: Market) -> BookSequence:
        """Ids that overlap."""
        return GeminiSequence()

    def parse(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        """Read one message; what nobody asked about only says that the line is alive."""
        if raw.startswith(b'{"e":"depthUpdate"'):
            return [self._depth(raw)]
        word = self._source.decode(wire.WORD, raw)
        if word.e == "depthUpdate":
            return [self._depth(raw)]
        if word.lastUpdateId is not None:
            return [self._snapshot(raw, line)]
        if word.e in ("", "trade") and word.t is not None and word.m is not None:
            return self._trade(raw, line, markets)
        if word.e == "contractStatus" and word.s:
            return [MarketChanged(word.s.upper())]
        return [_answer(word)]

    def _depth(self, raw: bytes) -> BookChange:
        change = self._source.decode(wire.DEPTH, raw)
        if change.u < change.U:
            raise self._source.bad("u", "is below the first id")
        # a whole book has nothing to remove
        snapshot = change.u == change.U and all(qty for _, qty in (*change.b, *change.a))
        return BookChange(
            change.s.upper(),
            change.b,
            change.a,
            change.E // _NS_PER_MS,
            snapshot=snapshot,
            first_id=change.U,
            last_id=change.u,
            reach=(0.0, WHOLE) if snapshot else None,
        )

    def _snapshot(self, raw: bytes, line: str) -> BookChange:
        """Read the other form of a whole book; without a time it speaks of now."""
        book = self._source.decode(wire.SNAPSHOT, raw)
        return BookChange(
            (book.symbol or line).upper(),
            book.bids,
            book.asks,
            book.E // _NS_PER_MS,
            snapshot=True,
            first_id=book.lastUpdateId,
            last_id=book.lastUpdateId,
            reach=(0.0, WHOLE),
        )

    def _trade(self, raw: bytes, line: str, markets: MarketLookup) -> list[VenueEvent]:
        row = self._source.decode(wire.TRADE, raw)
        market = markets.market(row.s.upper(), line)
        if market is None:
            return [Alive()]
        qty_base = market.qty_base(row.q, row.p)
        fill = Fill(row.E // _NS_PER_MS, row.p, qty_base, not row.m, str(row.t))
        return [Traded(market.symbol, *batch_of([fill]))]

    def audit_ask(self, market: Market) -> Ask | None:
        """The best levels of a side."""
        most = str(_AUDIT_LEVELS)
        params = (("limit_bids", most), ("limit_asks", most))
        return Ask(f"/v1/book/{market.symbol.lower()}", params)

    def parse_audit(self, market: Market, body: bytes) -> BookChange:
        """Read them."""
        book = self._source.decode(wire.LEVELS, body)
        bids, asks = ([(row.price, row.amount) for row in side] for side in (book.bids, book.asks))
        return BookChange(market.symbol, bids, asks, 0, snapshot=True)

    def markets_asks(self) -> tuple[Ask, ...]:
        """The names alone; there is no list of all that is known about them."""
        return (Ask("/v1/symbols"),)

    def parse_markets(self, bodies: Sequence[bytes]) -> list[Market]:
        """Read the names, and coin and quote out of them; the step of prices is asked later.

        Until then it is as fine as any that the venue has.
        """
        symbols = {name.upper() for name in self._source.decode(wire.SYMBOLS, bodies[0])}
        markets: list[Market] = []
        for symbol in sorted(symbols):
            pair = symbol.removesuffix("PERP")
            coin, quote = _parted(pair, symbols)
            perpetual = pair != symbol
            markets.append(Market("GEMINI", symbol, coin, quote, 1e-9, perpetual=perpetual))
        return markets

    def details_ask(self, market: Market) -> Ask | None:
        """Ask for the step of its prices, and whether it trades."""
        return Ask(f"/v1/symbols/details/{market.symbol.lower()}")

    def parse_details(self, market: Market, body: bytes) -> Market:
        """Read it."""
        details = self._source.decode(wire.DETAILS, body)
        if details.symbol.upper() != market.symbol:
            raise self._source.bad("symbol", f"is not {market.symbol}")
        return replace(
            market,
            coin=details.base_currency.upper(),
            quote=details.quote_currency.upper(),
            tick_size=details.quote_increment,
            perpetual=details.product_type == "swap",
            trading=Trading.ON if details.status in _TRADES else Trading.PAUSED,
        )

    def candles_ask(self, market: Market, interval_ms: int, span: tuple[int, int]) -> Ask | None:
        """All the venue keeps of an interval: it lets nobody choose a span."""
        text = wire.INTERVALS.get(_PARTS.get(interval_ms, interval_ms))
        return Ask(f"/v2/candles/{market.symbol.lower()}/{text}") if text else None

    def parse_candles(self, market: Market, interval_ms: int, body: bytes) -> list[CandleRow]:
        """Read candles, newest first; four hours and weeks are put together."""
        listed = self._source.decode(wire.CANDLES, body)
        narrow_ms = _PARTS.get(interval_ms, interval_ms)
        rows = (CandleRow(market.symbol, narrow_ms, *row) for row in listed)
        return widen_candles(rows, interval_ms)

    @property
    def candle_limit(self) -> int:
        """All that one answer brings."""
        return CANDLE_LIMIT


def _parted(pair: str, symbols: set[str]) -> tuple[str, str]:
    """Coin and quote of a pair: what trades against GUSD trades against USD too (PAXG does not)."""
    for quote in _QUOTES:
        coin = pair.removesuffix(quote)
        if coin not in ("", pair) and (quote != "GUSD" or f"{coin}USD" in symbols):
            return coin, quote
    return pair, ""


def _request(method: str, request_id: int, topic: Topic) -> str:
    text = {"id": request_id, "method": method, "params": [topic.name]}
    return msgspec.json.encode(text).decode()


def _answer(word: wire.Word) -> VenueEvent:
    """Read the answer to a request; a pong looks like a confirmation and says no more."""
    if word.id is None:
        return Alive()
    if word.error is None and word.status < 400:
        return Confirmed(str(word.id))
    fault = word.error or wire.Fault(word.status, f"status {word.status}")
    found = _SYMBOL.search(fault.msg)
    return Refused(
        fault.msg,
        str(word.id),
        found[0] if found else "",
        found[1].upper() if found else "",
        unknown_market=fault.code == _BAD_STREAM,
    )

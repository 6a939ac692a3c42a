"""Bybit v5, linear perpetuals and spot: what is subscribed to, and what comes back.

The subscription itself brings the whole book, and a later snapshot replaces it. Messages of a
book are numbered without holes; one that is missing means a new start, although the venue only
documents so for its full book. Levels beyond the thousandth of a side are not sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import msgspec
import numpy as np

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import (
    Alive,
    BookChange,
    CandleRow,
    Confirmed,
    Liquidated,
    Reach,
    Refused,
    Traded,
    VenueEvent,
)
from heatdesk.books.sequence import Sequence as BookSequence
from heatdesk.books.sequence import Verdict
from heatdesk.errors import ProviderError, RateLimited, ServerTrouble, UnknownMarket
from heatdesk.frames import LiquidationBatch
from heatdesk.providers import bybit_wire as wire
from heatdesk.providers.live.reading import WHOLE, Fill, Source, batch_of
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

DEPTH: Final = 1000
"""Levels a side that are subscribed to, the most there are."""
CANDLE_LIMIT: Final = 1000

_AUDIT_LEVELS = 100
_VENUES = {"linear": "BYBIT", "spot": "BYBIT_SPOT"}
_TRADING = {"Trading": Trading.ON, "Delivering": Trading.DELISTED, "Closed": Trading.DELISTED}
_INTERVAL_OF = {text: width_ms for width_ms, text in wire.INTERVALS.items()}
_TOPIC = re.compile(r"(?:orderbook|publicTrade|allLiquidation|kline)\.[\w.-]+")
_TOO_MANY, _NO_SUCH = 10006, 10001


class BybitSequence(BookSequence):
    """Numbers that go up by one; a snapshot may start them anew.

    Parameters
    ----------
    depth : int
        Levels a side the subscription keeps; what falls below is no longer told.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self._last = 0

    def start(self, snapshot: BookChange) -> None:
        """Count on from a snapshot."""
        self._last = snapshot.last_id

    def judge(self, change: BookChange) -> Verdict:
        """Take the next number only."""
        if change.last_id <= self._last:
            return Verdict.IGNORE
        if change.last_id > self._last + 1:
            return Verdict.GAP
        self._last = change.last_id
        return Verdict.APPLY

    def after(self, book: DenseBook, change: BookChange) -> str:
        """Cut what has left the scope of the subscription."""
        book.keep_best(self._depth)
        return ""


class BybitRules(VenueRules):
    """Two categories on two kinds of connection; a symbol may exist in both."""

    provider = "bybit"
    title = "Bybit"
    limits = LineLimits(
        messages_per_s=10.0,
        topics_per_connection=200,
        topics_per_message=10,
        connects_per_5min=100,
        ping_s=4.0,
        silence_s=9.0,
    )
    _source = Source(provider, title)

    def line_url(self, base: str, line: str, topics: Sequence[Topic]) -> str:
        """One address for each category."""
        return f"{base.rstrip('/')}/v5/public/{line}"

    def topics(self, feed: Feed, market: Market, interval_ms: int = 0) -> tuple[Topic, ...]:
        """One topic for each feed of a symbol; spot has no liquidations."""
        line = "linear" if market.perpetual else "spot"
        if feed is Feed.BOOK:
            return (Topic(line, f"orderbook.{DEPTH}.{market.symbol}"),)
        if feed is Feed.TRADES:
            return (Topic(line, f"publicTrade.{market.symbol}"),)
        if feed is Feed.LIQUIDATIONS:
            return (Topic(line, f"allLiquidation.{market.symbol}"),) if market.perpetual else ()
        text = wire.INTERVALS.get(interval_ms)
        return (Topic(line, f"kline.{text}.{market.symbol}"),) if text else ()

    def subscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write one request for each symbol: a symbol that is refused takes no other with it."""
        return self._requests("subscribe", topics, request_id)

    def unsubscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write requests that end topics."""
        return self._requests("unsubscribe", topics, request_id)

    def _requests(self, op: str, topics: Sequence[Topic], request_id: int) -> list[str]:
        most = self.limits.topics_per_message
        names = sorted((topic.name for topic in topics), key=_symbol_of)
        runs = [list(run) for _, run in groupby(names, key=_symbol_of)]
        return [
            msgspec.json.encode(
                {"req_id": str(request_id), "op": op, "args": run[i : i + most]}
            ).decode()
            for run in runs
            for i in range(0, len(run), most)
        ]

    def ping(self, request_id: int) -> str:
        """Write the venue's own ping."""
        return f'{{"req_id":"{request_id}","op":"ping"}}'

    def sequence(self, market: Market) -> BookSequence:
        """Numbers without holes, and the depth of the subscription."""
        return BybitSequence()

    def parse(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        """Read one message; what nobody asked about only says that the line is alive."""
        if raw.startswith(b'{"topic":"orderbook.'):
            return [self._book(raw)]
        word = self._source.decode(wire.WORD, raw)
        kind = word.topic.partition(".")[0]
        if kind == "orderbook":
            return [self._book(raw)]
        if kind == "publicTrade":
            return self._trades(raw, line, markets)
        if kind == "allLiquidation":
            return self._liquidations(raw, line, markets)
        if kind == "kline":
            return self._candles(raw)
        return [_answer(word)]

    def _book(self, raw: bytes) -> BookChange:
        message = self._source.decode(wire.BOOK, raw)
        data = message.data
        if message.topic.count(".") < 2:
            raise self._source.bad("topic", "names no depth")
        # A number of 1 tells that the service was restarted: its message is a whole book.
        snapshot = message.type == "snapshot" or data.u == 1
        reach = self._reach(data, message.topic) if snapshot else None
        return BookChange(
            data.s,
            data.b,
            data.a,
            message.cts or message.ts,
            snapshot=snapshot,
            last_id=data.u,
            reach=reach,
        )

    def _reach(self, book: wire.Book, topic: str) -> Reach:
        """Of a side that is full its worst level, else everything."""
        text = topic.split(".")[1]
        if not text.isdecimal() or not text.strip("0"):
            raise self._source.bad("topic", "names no depth")
        depth = int(text)
        low = min(price for price, _ in book.b) if len(book.b) >= depth else 0.0
        high = max(price for price, _ in book.a) if len(book.a) >= depth else WHOLE
        return low, high

    def _trades(self, raw: bytes, line: str, markets: MarketLookup) -> list[VenueEvent]:
        message = self._source.decode(wire.TRADES, raw)
        market = markets.market(_symbol_of(message.topic), line)
        if market is None or not message.data:
            return [Alive()]
        batch, ids = batch_of(
            [
                Fill(row.T, row.p, market.qty_base(row.v, row.p), row.S == "Buy", row.i)
                for row in message.data
            ]
        )
        return [Traded(market.symbol, batch, ids)]

    def _liquidations(self, raw: bytes, line: str, markets: MarketLookup) -> list[VenueEvent]:
        message = self._source.decode(wire.LIQUIDATIONS, raw)
        market = markets.market(_symbol_of(message.topic), line)
        if market is None or not message.data:
            return [Alive()]
        rows = sorted(message.data, key=lambda row: row.T)
        price = np.array([row.p for row in rows])
        qty_base = np.array([market.qty_base(row.v, row.p) for row in rows])
        batch = LiquidationBatch(
            np.array([row.T for row in rows], dtype=np.int64),
            price,
            qty_base,
            price * qty_base,
            # The side is that of the position, not of the order that closes it.
            np.array([row.S == "Buy" for row in rows]),
            tuple(row.S for row in rows),
        )
        return [Liquidated(market.symbol, batch)]

    def _candles(self, raw: bytes) -> list[VenueEvent]:
        message = self._source.decode(wire.CANDLE_NEWS, raw)
        symbol = _symbol_of(message.topic)
        rows: list[VenueEvent] = []
        for i, row in enumerate(message.data):
            width_ms = _INTERVAL_OF.get(row.interval)
            if width_ms is None:
                raise self._source.bad(f"data[{i}].interval", "is not known")
            prices = (row.open, row.high, row.low, row.close)
            rows.append(CandleRow(symbol, width_ms, row.start, *prices, row.volume))
        return rows

    def audit_ask(self, market: Market) -> Ask | None:
        """The best levels of a side."""
        params = (
            ("category", "linear" if market.perpetual else "spot"),
            ("symbol", market.symbol),
            ("limit", str(_AUDIT_LEVELS)),
        )
        return Ask("/v5/market/orderbook", params)

    def parse_audit(self, market: Market, body: bytes) -> BookChange:
        """Read them; what they are numbered with need not be what the stream counts."""
        book = self._result(body, wire.LEVELS)
        return BookChange(market.symbol, book.b, book.a, 0, snapshot=True)

    def markets_asks(self) -> tuple[Ask, ...]:
        """One list for each category."""
        return tuple(
            Ask("/v5/market/instruments-info", (("category", category), ("limit", "1000")))
            for category in _VENUES
        )

    def parse_markets(self, bodies: Sequence[bytes]) -> list[Market]:
        """Read the lists; one of another category (inverse, options) is passed over."""
        markets: list[Market] = []
        for body in bodies:
            listed = self._result(body, wire.INSTRUMENTS)
            venue = _VENUES.get(listed.category)
            if venue is None:
                continue
            markets += [
                Market(
                    venue,
                    row.symbol,
                    row.baseCoin,
                    row.quoteCoin,
                    row.priceFilter.tickSize,
                    perpetual=listed.category == "linear",
                    trading=_TRADING.get(row.status, Trading.PAUSED),
                )
                for row in listed.rows
            ]
        return markets

    def candles_ask(self, market: Market, interval_ms: int, span: tuple[int, int]) -> Ask | None:
        """Candles that start in a half-open span."""
        text = wire.INTERVALS.get(interval_ms)
        if text is None:
            return None
        params = {
            "category": "linear" if market.perpetual else "spot",
            "symbol": market.symbol,
            "interval": text,
            "start": str(span[0]),
            "end": str(span[1] - 1),
            "limit": str(CANDLE_LIMIT),
        }
        return Ask("/v5/market/kline", tuple(params.items()))

    def parse_candles(self, market: Market, interval_ms: int, body: bytes) -> list[CandleRow]:
        """Read candles; the venue sends the newest first."""
        rows = self._result(body, wire.CANDLES).rows
        return sorted(
            (CandleRow(market.symbol, interval_ms, *row[:6]) for row in rows),
            key=lambda row: row.time_ms,
        )

    def _result(self, body: bytes, decoder: msgspec.json.Decoder[wire.T]) -> wire.T:
        """Unwrap an answer; the venue tells failures inside of good ones."""
        answer = self._source.decode(wire.ANSWER, body)
        if answer.retCode:
            raise self._failure(answer.retCode, answer.retMsg)
        return self._source.decode(decoder, bytes(answer.result), "result")

    def _failure(self, code: int, words: str) -> ProviderError:
        detail = f"{code}: {words}"
        if code == _TOO_MANY:
            return RateLimited(self.provider, f"{self.title} asks for patience.", detail)
        if code == _NO_SUCH and "symbol" in words.lower():
            return UnknownMarket(self.provider, f"{self.title} has no such symbol.", detail)
        return ServerTrouble(self.provider, f"{self.title} refused a request ({words}).", detail)


def _symbol_of(topic: str) -> str:
    """Return the symbol at the end of a topic; it may hold dashes, never a dot."""
    return topic.rpartition(".")[2]


def _answer(word: wire.Word) -> VenueEvent:
    """Read the answer to a request: a pong, a confirmation, a refusal in the venue's words."""
    if word.op not in ("subscribe", "unsubscribe") or word.success is None:
        return Alive()
    if word.success:
        return Confirmed(word.req_id)
    found = _TOPIC.search(word.ret_msg)
    topic = found[0] if found else ""
    words = word.ret_msg.lower()
    unknown = "symbol" in words or "handler not found" in words
    return Refused(word.ret_msg, word.req_id, topic, _symbol_of(topic), unknown_market=unknown)

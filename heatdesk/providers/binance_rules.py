"""Binance's contract, spot and USD-M futures: what is subscribed to, and what comes back.

Differences of a book count on from a REST snapshot; the venue's procedures are in
`binance_sequence`. Futures are served on two kinds of connection since 2026: books on
``public``, everything about trades on ``market``; elsewhere a stream stays silent.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar
from urllib.parse import quote

import msgspec
import numpy as np

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
from heatdesk.books.sequence import Sequence as BookSequence
from heatdesk.frames import LiquidationBatch, TradeBatch
from heatdesk.providers import binance_wire as wire
from heatdesk.providers.binance_sequence import FuturesSequence, SpotSequence
from heatdesk.providers.live.reading import Source
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
from heatdesk.units import SECOND_MS

_ENDED = frozenset(["CLOSE", "DELIVERING", "DELIVERED", "SETTLING", "END_OF_DAY"])
_AUDIT_LEVELS, _AUDIT_WEIGHT = 100, 5
_INTERVAL_OF = {text: width_ms for width_ms, text in wire.INTERVALS.items()} | {"1s": SECOND_MS}


class BinanceRules(VenueRules):
    """What spot and futures have in common."""

    venue: ClassVar[str]
    api: ClassVar[str]
    """Beginning of every REST path."""
    snapshot_levels: ClassVar[int]
    """Most levels a side that a snapshot brings."""
    snapshot_weight: ClassVar[int]
    markets_weight: ClassVar[int]
    markets_params: ClassVar[tuple[tuple[str, str], ...]] = ()
    perpetual: ClassVar[bool]
    feed_names: ClassVar[dict[Feed, tuple[str, str]]]
    """Line and stream name of each feed; ``{i}`` stands for a candle interval."""

    def line_url(self, base: str, line: str, topics: Sequence[Topic]) -> str:
        """Combined streams, so that every message names its own; topics may be there at once."""
        streams = "/".join(quote(topic.name, safe="@!") for topic in topics)
        where = f"{base.rstrip('/')}{self.line_path(line)}/stream"
        return f"{where}?streams={streams}" if streams else where

    def line_path(self, line: str) -> str:
        """Path of a kind of connection."""
        return ""

    def interval_text(self, interval_ms: int) -> str | None:
        """How a candle interval is written, None where there is none such."""
        return wire.INTERVALS.get(interval_ms)

    def topics(self, feed: Feed, market: Market, interval_ms: int = 0) -> tuple[Topic, ...]:
        """One stream for each feed of a symbol."""
        if feed not in self.feed_names:
            return ()
        line, name = self.feed_names[feed]
        if feed is Feed.CANDLES:
            text = self.interval_text(interval_ms)
            if text is None:
                return ()
            name = name.format(i=text)
        return (Topic(line, f"{market.symbol.lower()}@{name}"),)

    def subscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write requests, each with as many streams as one message holds."""
        return self._requests("SUBSCRIBE", topics, request_id)

    def unsubscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write requests that end streams."""
        return self._requests("UNSUBSCRIBE", topics, request_id)

    def _requests(self, method: str, topics: Sequence[Topic], request_id: int) -> list[str]:
        most = self.limits.topics_per_message
        names = [topic.name for topic in topics]
        return [
            msgspec.json.encode(
                {"method": method, "params": names[i : i + most], "id": request_id}
            ).decode()
            for i in range(0, len(names), most)
        ]

    def parse(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        """Read one message; what nobody asked about only says that the line is alive."""
        message = wire.read_message(raw, self._source)
        if message is None:
            return [Alive()]
        data = message.data
        if isinstance(data, wire.DepthUpdate):
            change = BookChange(
                data.s, data.b, data.a, data.E, first_id=data.U, last_id=data.u, prev_id=data.pu
            )
            return [change]
        if data is None:
            return [_answer(message)]
        if isinstance(data, wire.Trade | wire.AggTrade):
            return self._traded(data, markets.market(data.s, line))
        if isinstance(data, wire.ForceOrder):
            return self._liquidated(data.o, markets.market(data.o.s, line))
        if isinstance(data, wire.Kline):
            return self._candle(data)
        if isinstance(data, wire.Shutdown):
            return [Closing()]
        if isinstance(data, wire.ContractInfo):
            return [MarketChanged(data.s)]
        return [Alive()]

    def _traded(self, trade: wire.Trade | wire.AggTrade, market: Market | None) -> list[VenueEvent]:
        # Insurance fund and auto-deleveraging fills are no trades of the market.
        if market is None or (isinstance(trade, wire.Trade) and trade.X != "MARKET"):
            return [Alive()]
        if trade.p <= 0:
            raise self._source.bad("data.p", "is not above zero")
        batch = TradeBatch(
            np.array([trade.T], dtype=np.int64),
            np.array([trade.p]),
            np.array([market.qty_base(trade.q, trade.p)]),
            np.array([not trade.m]),
        )
        number = trade.t if isinstance(trade, wire.Trade) else trade.a
        return [Traded(trade.s, batch, (str(number),) if number else ())]

    def _liquidated(self, order: wire.Order, market: Market | None) -> list[VenueEvent]:
        """An order counts once, when it is done: until then its filled quantity only grows."""
        if order.S not in ("BUY", "SELL"):
            raise self._source.bad("data.o.S", "is neither BUY nor SELL")
        if market is None or order.z <= 0 or order.X in ("NEW", "PARTIALLY_FILLED"):
            return [Alive()]
        price = order.ap or order.p
        if price <= 0:
            raise self._source.bad("data.o.ap", "is not above zero")
        qty_base = market.qty_base(order.z, price)
        batch = LiquidationBatch(
            np.array([order.T], dtype=np.int64),
            np.array([price]),
            np.array([qty_base]),
            np.array([qty_base * price]),
            # The order closes the position: who is sold out was long.
            np.array([order.S == "SELL"]),
            (order.S,),
            sampled=True,
        )
        return [Liquidated(order.s, batch)]

    def _candle(self, news: wire.Kline) -> list[VenueEvent]:
        candle = news.k
        width_ms = _INTERVAL_OF.get(candle.i)
        if width_ms is None:
            return [Alive()]
        prices = (candle.o, candle.h, candle.l, candle.c)
        return [CandleRow(news.s, width_ms, candle.t, *prices, candle.v)]

    def snapshot_ask(self, market: Market) -> Ask | None:
        """As deep as the venue serves."""
        params = (("symbol", market.symbol), ("limit", str(self.snapshot_levels)))
        return Ask(f"{self.api}/depth", params, self.snapshot_weight)

    def parse_snapshot(self, market: Market, body: bytes) -> BookChange:
        """Read a whole book; beyond its outermost levels nothing is known."""
        book = self._source.decode(wire.SNAPSHOT, body)
        return BookChange(
            market.symbol, book.bids, book.asks, book.E, snapshot=True, last_id=book.lastUpdateId
        )

    def audit_ask(self, market: Market) -> Ask | None:
        """The best levels cost little."""
        params = (("symbol", market.symbol), ("limit", str(_AUDIT_LEVELS)))
        return Ask(f"{self.api}/depth", params, _AUDIT_WEIGHT)

    def parse_audit(self, market: Market, body: bytes) -> BookChange:
        """Read them: a snapshot like any other."""
        return self.parse_snapshot(market, body)

    def markets_asks(self) -> tuple[Ask, ...]:
        """One list holds them all."""
        return (Ask(f"{self.api}/exchangeInfo", self.markets_params, self.markets_weight),)

    def parse_markets(self, bodies: Sequence[bytes]) -> list[Market]:
        """Read the list; what does not trade is told apart, not left out."""
        info = self._source.decode(wire.EXCHANGE_INFO, bodies[0])
        return [self._market(row, f"symbols[{i}]") for i, row in enumerate(info.symbols)]

    def _market(self, row: wire.Instrument, where: str) -> Market:
        status = row.status or row.contractStatus
        if not status:
            raise self._source.bad(f"{where}.status", "is missing")
        tick_size = 10.0**-row.pricePrecision
        for i, rule in enumerate(row.filters):
            if rule.filterType == "PRICE_FILTER":
                # Zero switches the rule off; then the written precision is the step.
                tick_size = rule.tickSize or tick_size
                if not tick_size < float("inf"):
                    raise self._source.bad(f"{where}.filters[{i}].tickSize", "is not finite")
        return Market(
            self.venue,
            row.symbol,
            row.baseAsset,
            row.quoteAsset,
            tick_size,
            contract_size=row.contractSize,
            perpetual=self.perpetual,
            trading=_trading(status),
        )

    def candles_ask(self, market: Market, interval_ms: int, span: tuple[int, int]) -> Ask | None:
        """Ask for the candles of a span, the last ones where one answer cannot hold them all."""
        text = self.interval_text(interval_ms)
        if text is None:
            return None
        from_ms, to_ms = span
        wanted = -(-(to_ms - from_ms) // interval_ms)
        limit = min(max(wanted, 1), self.candle_limit)
        params = (
            ("symbol", market.symbol),
            ("interval", text),
            ("startTime", str(max(from_ms, to_ms - limit * interval_ms))),
            ("endTime", str(to_ms - 1)),
            ("limit", str(limit)),
        )
        return Ask(f"{self.api}/klines", params, self.candles_weight(limit))

    @abstractmethod
    def candles_weight(self, limit: int) -> int:
        """Weight of a request for so many candles."""

    def parse_candles(self, market: Market, interval_ms: int, body: bytes) -> list[CandleRow]:
        """Read candles; the venue sends them oldest first."""
        rows = self._source.decode(wire.CANDLES, body)
        return [
            CandleRow(market.symbol, interval_ms, time_ms, first, high, low, last, volume)
            for time_ms, first, high, low, last, volume, *_ in rows
        ]

    @cached_property
    def _source(self) -> Source:
        return Source(self.provider, self.title)


class UsdmRules(BinanceRules):
    """USD-M futures."""

    provider = "binance-usdm"
    title = "Binance Perp"
    venue = "BINANCE_FUTURES"
    api = "/fapi/v1"
    snapshot_levels = 1000
    snapshot_weight = 20
    markets_weight = 1
    perpetual = True
    limits = LineLimits(
        messages_per_s=10.0,
        topics_per_connection=200,
        connects_per_5min=300,
        silence_s=60.0,
        book_silence_s=30.0,
    )
    feed_names: ClassVar[dict[Feed, tuple[str, str]]] = {
        Feed.BOOK: ("public", "depth@100ms"),
        Feed.TRADES: ("market", "aggTrade"),
        Feed.LIQUIDATIONS: ("market", "forceOrder"),
        Feed.CANDLES: ("market", "kline_{i}"),
    }

    def line_path(self, line: str) -> str:
        """Since 2026 the line is a part of the path."""
        return f"/{line}"

    def sequence(self, market: Market) -> BookSequence:
        """Differences name their predecessor."""
        return FuturesSequence()

    def candles_weight(self, limit: int) -> int:
        """Rises in steps."""
        return 1 if limit < 100 else 2 if limit < 500 else 5


class SpotRules(BinanceRules):
    """Spot."""

    provider = "binance-spot"
    title = "Binance Spot"
    venue = "BINANCE"
    api = "/api/v3"
    snapshot_levels = 5000
    snapshot_weight = 250
    markets_weight = 20
    # What accounts may trade makes up most of the list, and nobody here asks for it.
    markets_params = (("showPermissionSets", "false"),)
    perpetual = False
    limits = LineLimits(
        messages_per_s=5.0,
        topics_per_connection=1024,
        connects_per_5min=300,
        silence_s=60.0,
        book_silence_s=30.0,
    )
    feed_names: ClassVar[dict[Feed, tuple[str, str]]] = {
        Feed.BOOK: ("stream", "depth@100ms"),
        Feed.TRADES: ("stream", "trade"),
        Feed.CANDLES: ("stream", "kline_{i}"),
    }

    def interval_text(self, interval_ms: int) -> str | None:
        """Spot has candles of a second, too."""
        return "1s" if interval_ms == SECOND_MS else wire.INTERVALS.get(interval_ms)

    def sequence(self, market: Market) -> BookSequence:
        """Differences are numbered without a hole."""
        return SpotSequence()

    def candles_weight(self, limit: int) -> int:
        """The same for any number."""
        return 2


def _trading(status: str) -> Trading:
    if status == "TRADING":
        return Trading.ON
    return Trading.DELISTED if status in _ENDED else Trading.PAUSED


def _answer(message: wire.Envelope) -> VenueEvent:
    """What the answer to a request says."""
    fault = message.error or (wire.Fault(message.code, message.msg) if message.code else None)
    request_id = "" if message.id is None else str(message.id)
    if fault is None:
        return Confirmed(request_id)
    return Refused(fault.msg or f"code {fault.code}", request_id)

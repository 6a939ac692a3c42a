"""Kraken spot, WebSocket v2: what is subscribed to, and what comes back.

The subscription brings the whole book to its depth; what keeps it right is the checksum
(`kraken_checksum`). Lists and candles come from REST, which calls bitcoin XBT.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from heatdesk.books.events import (
    Alive,
    BookChange,
    CandleRow,
    Confirmed,
    Level,
    Refused,
    Traded,
    VenueEvent,
)
from heatdesk.books.sequence import Sequence as BookSequence
from heatdesk.errors import ProviderError, RateLimited, ServerTrouble, UnknownMarket
from heatdesk.providers import kraken_wire as wire
from heatdesk.providers.kraken_checksum import DEPTH, Digits, KrakenSequence
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
from heatdesk.units import DAY_MS, MINUTE_MS

CANDLE_LIMIT: Final = 720
_LINE = "public"
_AUDIT_LEVELS = 100
_LARGEST_PX, _LARGEST_QTY = 1e15, 1e18
_NEW_NAMES = {"XBT": "BTC", "XDG": "DOGE"}
_OLD_NAMES = {new: old for old, new in _NEW_NAMES.items()}


class KrakenRules(VenueRules):
    """Spot markets on one kind of connection."""

    provider = "kraken"
    title = "Kraken"
    limits = LineLimits(
        messages_per_s=10.0,
        topics_per_connection=200,
        topics_per_message=1,
        connects_per_5min=60,
        # a heartbeat comes every second in which nothing else does
        silence_s=3.5,
    )
    _source = Source(provider, title)

    def line_url(self, base: str, line: str, topics: Sequence[Topic]) -> str:
        """One address for everything."""
        return f"{base.rstrip('/').removesuffix('/v2')}/v2"

    def topics(self, feed: Feed, market: Market, interval_ms: int = 0) -> tuple[Topic, ...]:
        """One channel for each feed; spot has no liquidations."""
        if feed is Feed.BOOK:
            return (_topic("book", market.symbol),)
        if feed is Feed.TRADES:
            return (_topic("trade", market.symbol),)
        if feed is Feed.CANDLES and interval_ms in wire.INTERVALS:
            return (_topic("ohlc", market.symbol, wire.INTERVALS[interval_ms]),)
        return ()

    def subscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write one request for each topic: a symbol that is refused takes no other with it."""
        return [_request("subscribe", topic, request_id) for topic in topics]

    def unsubscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write requests that end topics; they must repeat what was subscribed to."""
        return [_request("unsubscribe", topic, request_id) for topic in topics]

    def ping(self, request_id: int) -> str:
        """Write the venue's own ping; heartbeats make it needless."""
        return f'{{"method":"ping","req_id":{request_id}}}'

    def sequence(self, market: Market) -> BookSequence:
        """The checksum, on the depth of the subscription."""
        return KrakenSequence()

    def parse(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        """Read one message; what nobody asked about only says that the line is alive."""
        if raw.startswith(b'{"channel":"book"'):
            return self._books(raw)
        word = self._source.decode(wire.WORD, raw)
        if word.channel == "book":
            return self._books(raw)
        if word.channel == "trade":
            return self._trades(raw, markets, line)
        if word.channel == "ohlc":
            return self._candles(raw)
        return [_answer(word)]

    def _books(self, raw: bytes) -> list[VenueEvent]:
        message = self._source.decode(wire.BOOK, raw)
        snapshot = message.type == "snapshot"
        return [self._book(book, f"data[{i}]", snapshot) for i, book in enumerate(message.data)]

    def _book(self, book: wire.Book, path: str, snapshot: bool) -> BookChange:
        bids, bid_digits = self._side(book.bids, f"{path}.bids")
        asks, ask_digits = self._side(book.asks, f"{path}.asks")
        reach = None
        if snapshot:
            low = min(price for price, _ in bids) if len(bids) >= DEPTH else 0.0
            high = max(price for price, _ in asks) if len(asks) >= DEPTH else WHOLE
            reach = (low, high)
        # A snapshot without a time speaks of now.
        stamp = book.timestamp
        event_ms = self._source.iso_ms(stamp, f"{path}.timestamp") if stamp else 0
        if not stamp and not snapshot:
            raise self._source.bad(f"{path}.timestamp", "is missing")
        return BookChange(
            book.symbol,
            bids,
            asks,
            event_ms,
            snapshot=snapshot,
            reach=reach,
            checksum=book.checksum,
            digits=(bid_digits, ask_digits),
        )

    def _side(self, levels: list[wire.Level], path: str) -> tuple[list[Level], list[Digits]]:
        """Levels as numbers, and as they were written."""
        digits = [(str(level.price, "latin-1"), str(level.qty, "latin-1")) for level in levels]
        try:
            read = [(float(price), float(qty)) for price, qty in digits]
        except ValueError:
            read = [(_number(price), _number(qty)) for price, qty in digits]
        for i, (price, qty) in enumerate(read):
            if not 0 < price < _LARGEST_PX:
                raise self._source.bad(f"{path}[{i}].price", "is no price")
            if not 0 <= qty < _LARGEST_QTY:
                raise self._source.bad(f"{path}[{i}].qty", "is no quantity")
        return read, digits

    def _trades(self, raw: bytes, markets: MarketLookup, line: str) -> list[VenueEvent]:
        rows = self._source.decode(wire.TRADES, raw).data
        events: list[VenueEvent] = []
        times = {
            row.timestamp: self._source.iso_ms(row.timestamp, f"data[{i}].timestamp")
            for i, row in enumerate(rows)
        }
        for symbol, run in groupby(
            sorted(rows, key=lambda row: row.symbol), key=lambda row: row.symbol
        ):
            market = markets.market(symbol, line)
            if market is None:
                continue
            fills = [
                Fill(
                    times[row.timestamp],
                    row.price,
                    market.qty_base(row.qty, row.price),
                    row.side == "buy",
                    str(row.trade_id or ""),
                )
                for row in run
            ]
            events.append(Traded(symbol, *batch_of(fills)))
        return events or [Alive()]

    def _candles(self, raw: bytes) -> list[VenueEvent]:
        rows = self._source.decode(wire.CANDLE_NEWS, raw).data
        return [
            CandleRow(
                row.symbol,
                row.interval * MINUTE_MS,
                self._source.iso_ms(row.interval_begin, f"data[{i}].interval_begin"),
                row.open,
                row.high,
                row.low,
                row.close,
                row.volume,
            )
            for i, row in enumerate(rows)
        ]

    def audit_ask(self, market: Market) -> Ask | None:
        """The best levels of a side."""
        params = (("pair", _rest_name(market.symbol)), ("count", str(_AUDIT_LEVELS)))
        return Ask("/0/public/Depth", params)

    def parse_audit(self, market: Market, body: bytes) -> BookChange:
        """Read them."""
        answer = self._source.decode(wire.ANSWER, body)
        self._check(answer.error)
        if not answer.result:
            raise self._source.bad("result", "holds no book")
        name, raw = next(iter(answer.result.items()))
        levels = self._source.decode(wire.LEVELS, bytes(raw), f"result.{name}")
        bids, asks = ([row[:2] for row in side] for side in (levels.bids, levels.asks))
        return BookChange(market.symbol, bids, asks, 0, snapshot=True)

    def markets_asks(self) -> tuple[Ask, ...]:
        """One list of all pairs."""
        return (Ask("/0/public/AssetPairs"),)

    def parse_markets(self, bodies: Sequence[bytes]) -> list[Market]:
        """Read the list; dark pools have no feed and are left out."""
        answer = self._source.decode(wire.PAIRS, bodies[0])
        self._check(answer.error)
        markets: list[Market] = []
        for pair in answer.result.values():
            coin, _, quote = pair.wsname.partition("/")
            if not quote:
                continue
            coin, quote = _NEW_NAMES.get(coin, coin), _NEW_NAMES.get(quote, quote)
            markets.append(
                Market(
                    "KRAKEN",
                    f"{coin}/{quote}",
                    coin,
                    quote,
                    pair.tick_size or 10.0**-pair.pair_decimals,
                    trading=_trading(pair.status),
                )
            )
        return markets

    def candles_ask(self, market: Market, interval_ms: int, span: tuple[int, int]) -> Ask | None:
        """Candles from a moment on; the venue keeps the newest 720."""
        narrow_ms = _narrow(interval_ms)
        if narrow_ms not in wire.INTERVALS:
            return None
        params = (
            ("pair", _rest_name(market.symbol)),
            ("interval", str(wire.INTERVALS[narrow_ms])),
            # what starts at that very second is left out by the venue
            ("since", str(max(0, span[0] // 1000 - 1))),
        )
        return Ask("/0/public/OHLC", params)

    def parse_candles(self, market: Market, interval_ms: int, body: bytes) -> list[CandleRow]:
        """Read candles; weeks are put together from days."""
        answer = self._source.decode(wire.ANSWER, body)
        self._check(answer.error)
        name = next((key for key in answer.result if key != "last"), None)
        if name is None:
            raise self._source.bad("result", "holds no candles")
        listed = self._source.decode(wire.CANDLES, bytes(answer.result[name]), f"result.{name}")
        narrow_ms = _narrow(interval_ms)
        rows = [
            CandleRow(market.symbol, narrow_ms, row[0] * 1000, *row[1:5], row[6]) for row in listed
        ]
        return widen_candles(rows, interval_ms)

    @property
    def candle_limit(self) -> int:
        """All that the venue keeps of an interval."""
        return CANDLE_LIMIT

    def _check(self, errors: list[str]) -> None:
        """Raise what a list of errors inside a good answer means."""
        if not errors:
            return
        detail = "; ".join(errors)
        words = detail.lower()
        kind: type[ProviderError] = ServerTrouble
        said = f"{self.title} refused a request ({detail})."
        if "rate limit" in words or "too many requests" in words:
            kind, said = RateLimited, f"{self.title} asks for patience."
        elif "unknown asset pair" in words or "invalid asset pair" in words:
            kind, said = UnknownMarket, f"{self.title} has no such symbol."
        raise kind(self.provider, said, detail)


def _topic(channel: str, symbol: str, minutes: int = 0) -> Topic:
    return Topic(_LINE, f"{channel}:{symbol}:{minutes}" if minutes else f"{channel}:{symbol}")


def _request(method: str, topic: Topic, request_id: int) -> str:
    channel, symbol, *minutes = topic.name.split(":")
    params: dict[str, Any] = {"channel": channel, "symbol": [symbol]}
    if channel == "book":
        params["depth"] = DEPTH
    if minutes:
        params["interval"] = int(minutes[0])
    if method == "subscribe":
        # of trades the last fifty come first: they close the hole a lost connection left
        params["snapshot"] = True
    return msgspec.json.encode({"method": method, "params": params, "req_id": request_id}).decode()


def _answer(word: wire.Word) -> VenueEvent:
    """Read a heartbeat, a confirmation, or a refusal in the venue's words."""
    if word.method not in ("subscribe", "unsubscribe") or word.success is None:
        return Alive()
    result = word.result or wire.Result()
    symbol = result.symbol or word.symbol
    named = (_topic(result.channel, symbol, result.interval).name,) if result.channel else ()
    words = word.error.lower()
    if word.success or "already subscribed" in words:
        return Confirmed(str(word.req_id), named)
    unknown = "pair" in words or "symbol" in words
    return Refused(word.error, str(word.req_id), "", symbol, unknown_market=unknown)


def _trading(status: str) -> Trading:
    if status == "delisted":
        return Trading.DELISTED
    # where orders can only be cancelled or only rest, nothing trades
    return Trading.ON if status in ("online", "limit_only", "reduce_only") else Trading.PAUSED


def _rest_name(symbol: str) -> str:
    """A pair as REST calls it."""
    return "".join(_OLD_NAMES.get(name, name) for name in symbol.split("/"))


def _narrow(interval_ms: int) -> int:
    return DAY_MS if interval_ms == 7 * DAY_MS else interval_ms


def _number(text: str) -> float:
    """Return the number, or one that no check lets pass."""
    try:
        return float(text)
    except ValueError:
        return float("nan")

"""Hyperliquid perpetuals: what is subscribed to, and what comes back.

A message of a book does not say how it is aggregated, so each aggregation has a kind of
connection of its own; they are put together in `hyperliquid_bands`. Every message is whole, so
nothing can be missed but time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, ClassVar, Final

import msgspec

from heatdesk.books.events import (
    Alive,
    CandleRow,
    Confirmed,
    Level,
    Refused,
    Traded,
    VenueEvent,
)
from heatdesk.books.events import BookChange as Change
from heatdesk.books.sequence import Sequence as BookSequence
from heatdesk.books.sequence import Verdict
from heatdesk.errors import BadPayload
from heatdesk.providers import hyperliquid_wire as wire
from heatdesk.providers.hyperliquid_bands import BANDS, EXACT, Band, Bands
from heatdesk.providers.live.reading import Fill, Source, batch_of, widen_candles
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
from heatdesk.units import DAY_MS

_PUBLIC = "public"
_LINES: Final = {figures: f"sig{figures}" if figures else _PUBLIC for figures in BANDS}
_FIGURES: Final = {line: figures for figures, line in _LINES.items()}
_COIN = re.compile(r'"coin"\s*:\s*"([^"]+)"')
_MOST_DECIMALS = 6
_SIGNIFICANT = 5
_INTERVAL_OF = {text: width_ms for width_ms, text in wire.INTERVALS.items()}


class HyperliquidSequence(BookSequence):
    """Every message is a whole book: there is nothing to count, but a pace to watch.

    One comes with each block that is half a second after the last (0.5 to 0.7 s apart in the
    recordings).
    """

    most_apart_ms: ClassVar[int] = 900

    def start(self, snapshot: Change) -> None:
        """Nothing to remember."""

    def judge(self, change: Change) -> Verdict:
        """Refuse a difference, which the venue does not send."""
        return Verdict.GAP


class HyperliquidRules(VenueRules):
    """Perpetuals of the main exchange, quantities in coins.

    It holds the newest message of every band of every coin, so each user has one of its own.
    """

    provider = "hyperliquid"
    title = "Hyperliquid"
    book_note = "20 exact levels a side, beyond them bands of growing height"
    limits = LineLimits(
        messages_per_s=20.0,
        topics_per_connection=200,
        topics_per_message=1,
        connects_per_5min=100,
        ping_s=4.0,
        silence_s=9.0,
        # a whole book comes with every block that is half a second after the last
        book_silence_s=10.0,
    )

    def __init__(self) -> None:
        self._source = Source(self.provider, self.title)
        self._bands: dict[str, Bands] = {}

    def line_url(self, base: str, line: str, topics: Sequence[Topic]) -> str:
        """One address for everything."""
        return f"{base.rstrip('/').removesuffix('/ws')}/ws"

    def topics(self, feed: Feed, market: Market, interval_ms: int = 0) -> tuple[Topic, ...]:
        """All bands of a book; trades and candles beside the exact one."""
        coin = market.symbol
        if feed is Feed.BOOK:
            return tuple(
                Topic(_LINES[figures], _name("l2Book", coin, str(figures) if figures else ""))
                for figures in BANDS
            )
        if feed is Feed.TRADES:
            return (Topic(_PUBLIC, _name("trades", coin)),)
        text = wire.INTERVALS.get(interval_ms)
        if feed is Feed.CANDLES and text:
            return (Topic(_PUBLIC, _name("candle", coin, text)),)
        return ()

    def subscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write one message for each subscription; the venue numbers none."""
        return [_request("subscribe", topic) for topic in topics]

    def unsubscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        """Write messages that end subscriptions."""
        return [_request("unsubscribe", topic) for topic in topics]

    def ping(self, request_id: int) -> str:
        """Write the venue's own ping."""
        return '{"method":"ping"}'

    def sequence(self, market: Market) -> BookSequence:
        """Nothing to count."""
        return HyperliquidSequence()

    def parse(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        """Read one message; what nobody asked about only says that the line is alive."""
        try:
            return self._read(line, raw, markets)
        except BadPayload:
            # It may have been about any book: its band is known again with the next message.
            for bands in self._bands.values():
                bands.forget(_FIGURES.get(line, EXACT))
            raise

    def _read(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        channel = self._source.decode(wire.WORD, raw).channel
        if channel == "l2Book":
            return self._book(line, raw)
        if channel == "trades":
            return self._trades(line, raw, markets)
        if channel == "candle":
            return self._candle(raw)
        if channel == "subscriptionResponse":
            asked = self._source.decode(wire.RESPONSE, raw).data.subscription
            return [Confirmed(topics=(_name_of(asked),)) if asked else Alive()]
        if channel == "error":
            return [_refusal(self._source.decode(wire.ERROR, raw).data)]
        return [Alive()]

    def _book(self, line: str, raw: bytes) -> list[VenueEvent]:
        book = self._source.decode(wire.BOOK, raw).data
        bids, asks = (self._side(levels, i, falling=i == 0) for i, levels in enumerate(book.levels))
        bands = self._bands.setdefault(book.coin, Bands())
        change = bands.take(book.coin, _FIGURES.get(line, EXACT), Band(book.time, bids, asks))
        return [Alive() if change is None else change]

    def _side(self, levels: Sequence[wire.Level], side: int, *, falling: bool) -> list[Level]:
        """Levels in the order sent, which must be best first."""
        read = [(level.px, level.sz) for level in levels]
        for i in range(1, len(read)):
            if (read[i][0] >= read[i - 1][0]) == falling or read[i][0] == read[i - 1][0]:
                raise self._source.bad(f"data.levels[{side}][{i}].px", "is out of order")
        return read

    def _trades(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        rows = sorted(self._source.decode(wire.TRADES, raw).data, key=lambda row: row.coin)
        events: list[VenueEvent] = []
        for coin, run in groupby(rows, key=lambda row: row.coin):
            market = markets.market(coin, line)
            if market is None:
                continue
            fills = [
                Fill(
                    row.time,
                    row.px,
                    market.qty_base(row.sz, row.px),
                    row.side == "B",
                    str(row.tid or ""),
                )
                for row in run
            ]
            events.append(Traded(coin, *batch_of(fills)))
        return events or [Alive()]

    def _candle(self, raw: bytes) -> list[VenueEvent]:
        row = self._source.decode(wire.CANDLE_NEWS, raw).data
        width_ms = _INTERVAL_OF.get(row.i)
        if width_ms is None:
            raise self._source.bad("data.i", "is not known")
        return [CandleRow(row.s, width_ms, row.t, row.o, row.h, row.l, row.c, row.v)]

    def markets_asks(self) -> tuple[Ask, ...]:
        """All perpetuals with their prices, for the step of a price depends on it."""
        return (_ask({"type": "metaAndAssetCtxs"}),)

    def parse_markets(self, bodies: Sequence[bytes]) -> list[Market]:
        """Read the list."""
        meta, contexts = self._source.decode(wire.MARKETS, bodies[0])
        if len(contexts) != len(meta.universe):
            raise self._source.bad("[1]", "is of another length than the list")
        return [
            Market(
                "HYPERLIQUID_FUTURES",
                asset.name,
                asset.name,
                "USD",
                price_step(context.markPx or context.midPx, asset.szDecimals),
                perpetual=True,
                trading=Trading.DELISTED if asset.isDelisted else Trading.ON,
            )
            for asset, context in zip(meta.universe, contexts, strict=True)
        ]

    def candles_ask(self, market: Market, interval_ms: int, span: tuple[int, int]) -> Ask | None:
        """Candles that start in a half-open span; the venue keeps the newest 5,000."""
        text = wire.INTERVALS.get(_narrow(interval_ms))
        if text is None:
            return None
        asked = {
            "coin": market.symbol,
            "interval": text,
            "startTime": span[0],
            "endTime": span[1] - 1,
        }
        return _ask({"type": "candleSnapshot", "req": asked}, weight=40)

    def parse_candles(self, market: Market, interval_ms: int, body: bytes) -> list[CandleRow]:
        """Read candles; weeks are put together from days."""
        narrow_ms = _narrow(interval_ms)
        rows = (
            CandleRow(market.symbol, narrow_ms, row.t, row.o, row.h, row.l, row.c, row.v)
            for row in self._source.decode(wire.CANDLES, body)
        )
        return widen_candles(rows, interval_ms)


def price_step(price: float | None, size_decimals: int) -> float:
    """Step of prices: five significant figures, whole numbers always, and a limit of decimals.

    Taken for half the price, so that it still holds when a market falls through a power of ten.
    Without a price it is the finest.

    Source: Hyperliquid documentation, tick and lot size.
    """
    finest = 10.0 ** (size_decimals - _MOST_DECIMALS)
    if price is None:
        return finest
    decade = math.floor(math.log10(price / 2))
    return min(1.0, max(finest, 10.0 ** (decade + 1 - _SIGNIFICANT)))


def _name(kind: str, coin: str, detail: str = "") -> str:
    return ",".join(part for part in (kind, coin, detail) if part)


def _name_of(asked: wire.Asked) -> str:
    detail = str(asked.nSigFigs) if asked.nSigFigs else asked.interval
    return _name(asked.type, asked.coin, detail)


def _request(method: str, topic: Topic) -> str:
    kind, coin, *detail = topic.name.split(",")
    asked: dict[str, Any] = {"type": kind, "coin": coin}
    if kind == "l2Book":
        asked["nSigFigs"] = int(detail[0]) if detail else None
    elif detail:
        asked["interval"] = detail[0]
    return msgspec.json.encode({"method": method, "subscription": asked}).decode()


def _ask(question: dict[str, Any], weight: int = 20) -> Ask:
    return Ask("/info", weight=weight, body=msgspec.json.encode(question))


def _refusal(words: str) -> VenueEvent:
    """Read why a request was refused; asking twice is no failure."""
    if words.lower().startswith("already subscribed"):
        return Alive()
    found = _COIN.search(words)
    unknown = words.lower().startswith("invalid subscription")
    return Refused(words, symbol=found[1] if found else "", unknown_market=unknown)


def _narrow(interval_ms: int) -> int:
    return DAY_MS if interval_ms == 7 * DAY_MS else interval_ms

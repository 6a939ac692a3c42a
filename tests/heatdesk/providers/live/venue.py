"""A small venue for the tests of the live feeds: its rules, its sockets, its answers.

Everything runs on the loop of the test. Messages are JSON: ``{"t": "diff", "s": ..}``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

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
from heatdesk.books.sequence import Verdict
from heatdesk.errors import BadPayload
from heatdesk.frames import (
    BookSub,
    CandleSub,
    LiquidationBatch,
    LiquidationEventSub,
    MarketSub,
    TradeBatch,
    TradeSub,
)
from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.client import JsonClient
from heatdesk.net.ledger import Ledger
from heatdesk.providers.base import ProviderContext, ProviderSpec
from heatdesk.providers.live.provider import LiveProvider
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
from heatdesk.settings import Settings, override
from heatdesk.units import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

VENUE = "TESTVENUE"
ID = "testvenue"


class Numbered(BookSequence):
    """Differences that name their predecessor; the snapshot is fetched or in the stream."""

    def __init__(self, in_stream: bool) -> None:
        self.snapshot_in_stream = in_stream  # type: ignore[misc]
        self._last_id = 0

    def takes(self, snapshot: BookChange, first: BookChange | None) -> bool:
        return first is None or snapshot.last_id >= first.first_id - 1

    def start(self, snapshot: BookChange) -> None:
        self._last_id = snapshot.last_id

    def judge(self, change: BookChange) -> Verdict:
        if change.last_id <= self._last_id:
            return Verdict.IGNORE
        if change.first_id > self._last_id + 1:
            return Verdict.GAP
        self._last_id = change.last_id
        return Verdict.APPLY

    def after(self, book: Any, change: BookChange) -> str:
        return "the checksum differs" if change.checksum == -1 else ""


class Rules(VenueRules):
    """The contract of the small venue."""

    provider = ID
    title = "Testvenue"

    def __init__(self, limits: LineLimits, in_stream: bool) -> None:
        self.limits = limits
        self.in_stream = in_stream

    def line_url(self, base: str, line: str, topics: Sequence[Topic]) -> str:
        return f"{base}/{line}"

    def topics(self, feed: Feed, market: Market, interval_ms: int = 0) -> tuple[Topic, ...]:
        line = "books" if feed is Feed.BOOK else "tape"
        if market.symbol == "QUIET" and feed is Feed.LIQUIDATIONS:
            return ()
        tail = f":{interval_ms}" if feed is Feed.CANDLES else ""
        return (Topic(line, f"{feed.value}:{market.symbol}{tail}"),)

    def subscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        return [_text(op="sub", id=request_id, topics=[topic.name for topic in topics])]

    def unsubscribe(self, topics: Sequence[Topic], request_id: int) -> list[str]:
        return [_text(op="unsub", id=request_id, topics=[topic.name for topic in topics])]

    def ping(self, request_id: int) -> str:
        return _text(op="ping", id=request_id)

    def parse(self, line: str, raw: bytes, markets: MarketLookup) -> list[VenueEvent]:
        try:
            said = json.loads(raw)
        except ValueError:
            raise BadPayload(ID, "Testvenue sent garbage.", field="message") from None
        match said.get("t"):
            case "snap" | "diff":
                return [book_change(said)]
            case "trade":
                batch = trades(said["at"], said.get("price", 100.0))
                return [Traded(said["s"], batch, tuple(said.get("ids", ())))]
            case "liq":
                one = np.array([1.0])
                batch = LiquidationBatch(
                    np.array([said["at"]]), one * 100, one, one * 100, one > 0, ("SELL",)
                )
                return [Liquidated(said["s"], batch)]
            case "candle":
                return [CandleRow(said["s"], said["i"], said["at"], 1.0, 2.0, 0.5, said["c"], 3.0)]
            case "ok":
                return [Confirmed(str(said["id"]))]
            case "no":
                unknown = said["why"] == "unknown"
                return [Refused(said["why"], str(said["id"]), unknown_market=unknown)]
            case "bye":
                return [Closing()]
            case "changed":
                return [MarketChanged(said["s"])]
        return [Alive()]

    def sequence(self, market: Market) -> BookSequence:
        return Numbered(self.in_stream)

    def snapshot_ask(self, market: Market) -> Ask | None:
        return None if self.in_stream else Ask("/book", (("symbol", market.symbol),), 1)

    def parse_snapshot(self, market: Market, body: bytes) -> BookChange:
        try:
            return book_change(json.loads(body))
        except (ValueError, KeyError):
            raise BadPayload(ID, "Testvenue sent no book.", field="book") from None

    def audit_ask(self, market: Market) -> Ask | None:
        return Ask("/best", (("symbol", market.symbol),), 1)

    def parse_audit(self, market: Market, body: bytes) -> BookChange:
        return self.parse_snapshot(market, body)

    def markets_asks(self) -> tuple[Ask, ...]:
        return (Ask("/markets"),)

    def parse_markets(self, bodies: Sequence[bytes]) -> list[Market]:
        return [
            Market(
                VENUE,
                row["symbol"],
                row["symbol"][:3],
                "USD",
                row.get("tick", 1.0),
                trading=Trading(row.get("trading", "on")),
            )
            for row in json.loads(bodies[0])
        ]

    def candles_ask(self, market: Market, interval_ms: int, span: tuple[int, int]) -> Ask | None:
        if interval_ms < 60_000:
            return None
        params = (("from", str(span[0])), ("to", str(span[1])), ("i", str(interval_ms)))
        return Ask("/candles", params)

    def parse_candles(self, market: Market, interval_ms: int, body: bytes) -> list[CandleRow]:
        return [
            CandleRow(market.symbol, interval_ms, time_ms, 1.0, 2.0, 0.5, close, 3.0)
            for time_ms, close in json.loads(body)
        ]

    @property
    def candle_limit(self) -> int:
        return 10


def _text(**fields: object) -> str:
    return json.dumps(fields)


def book_change(said: dict[str, Any]) -> BookChange:
    for _, qty in (*said["b"], *said["a"]):
        if qty < 0:
            raise BadPayload(ID, "Testvenue sent a quantity below zero.", field="qty")
    return BookChange(
        said["s"],
        tuple(map(tuple, said["b"])),
        tuple(map(tuple, said["a"])),
        said["E"],
        snapshot=said["t"] == "snap",
        first_id=said.get("U", 0),
        last_id=said["u"],
        checksum=said.get("check"),
    )


def trades(times_ms: Sequence[int], price: float = 100.0) -> TradeBatch:
    n = len(times_ms)
    return TradeBatch(
        np.array(times_ms, dtype=np.int64), np.full(n, price), np.ones(n), np.ones(n, dtype=bool)
    )


class Venue:
    """The other end: sockets that tell what the test says, and answers to requests.

    Attributes
    ----------
    sockets : list
        Open connections, oldest first, with what each is subscribed to.
    asked : list
        Paths of requests, in order.
    refuse : (status, body) or None
        How handshakes are refused.
    """

    def __init__(self, *, in_stream: bool = False) -> None:
        self.in_stream = in_stream
        self.sockets: dict[ServerConnection, set[str]] = {}
        self.opened = 0
        self.tries = 0
        self.said: list[tuple[float, dict[str, Any]]] = []
        self.asked: list[str] = []
        self.refuse: tuple[int, str] | None = None
        self.refused_topics: dict[str, str] = {}
        self.markets: list[dict[str, Any]] = [{"symbol": "BTCUSD"}, {"symbol": "ETHUSD"}]
        self.answers: dict[str, Callable[[httpx.Request], Awaitable[httpx.Response]]] = {}
        self.last_id: dict[str, int] = {}
        self.books: dict[str, tuple[dict[float, float], dict[float, float]]] = {}
        self.mute = False
        self.port = 0
        self.clock: Clock = SystemClock()
        self.ahead_ms = 0
        self.muted_pongs = False
        for row in self.markets:
            self.books[row["symbol"]] = ({100.0 - i: 5.0 for i in range(1, 51)}, {})
            self.books[row["symbol"]][1].update({100.0 + i: 5.0 for i in range(1, 51)})
            self.last_id[row["symbol"]] = 10

    @property
    def now_ms(self) -> int:
        """What the venue's clock shows."""
        return self.clock.now_ms() + self.ahead_ms

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Venue]:
        """Serve while the block runs."""
        async with serve(
            self._serve,
            "127.0.0.1",
            self.port,
            process_request=self._request,
            ping_interval=None,
            close_timeout=0.1,
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            yield self

    def _request(self, connection: ServerConnection, request: Any) -> Any:
        self.tries += 1
        if self.refuse is None:
            return None
        status, body = self.refuse
        return connection.respond(status, body)

    async def _serve(self, connection: ServerConnection) -> None:
        self.sockets[connection] = set()
        self.opened += 1
        try:
            async for message in connection:
                said = json.loads(message)
                self.said.append((self.clock.monotonic_s(), said))
                await self._obey(connection, said)
        except ConnectionClosed:
            pass
        finally:
            self.sockets.pop(connection, None)

    async def _obey(self, connection: ServerConnection, said: dict[str, Any]) -> None:
        topics = self.sockets[connection]
        if said["op"] == "unsub":
            topics.difference_update(said["topics"])
        if said["op"] != "sub":
            return
        for topic in said["topics"]:
            if why := self.refused_topics.get(topic):
                await connection.send(_text(t="no", id=said["id"], why=why))
                continue
            topics.add(topic)
            if self.in_stream and topic.startswith("book:") and not self.mute:
                await connection.send(json.dumps(self.snapshot(topic.removeprefix("book:"))))
        await connection.send(_text(t="ok", id=said["id"]))

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request as a healthy venue does, unless the test says otherwise."""
        path = request.url.path
        self.asked.append(path)
        if path in self.answers:
            return await self.answers[path](request)
        if path == "/markets":
            return httpx.Response(200, json=self.markets)
        if path in ("/book", "/best"):
            return httpx.Response(200, json=self.snapshot(request.url.params["symbol"]))
        if path == "/candles":
            query = request.url.params
            step_ms = int(query["i"])
            times = range(int(query["from"]), int(query["to"]), step_ms)
            return httpx.Response(200, json=[[time_ms, 1.5] for time_ms in times])
        return httpx.Response(404)

    def snapshot(self, symbol: str) -> dict[str, Any]:
        """The whole book as the venue has it."""
        bids, asks = self.books[symbol]
        return {
            "t": "snap",
            "s": symbol,
            "b": sorted(bids.items(), reverse=True),
            "a": sorted(asks.items()),
            "E": self.now_ms,
            "u": self.last_id[symbol],
        }

    def moved(self, symbol: str, bids: Any = (), asks: Any = (), **other: Any) -> dict[str, Any]:
        """Change the book; the message that tells of it."""
        for side, levels in zip(self.books[symbol], (bids, asks), strict=True):
            for price, qty in levels:
                side[price] = qty
                if not qty:
                    del side[price]
        self.last_id[symbol] += 1
        number = self.last_id[symbol]
        message = {"t": "diff", "s": symbol, "b": list(bids), "a": list(asks)}
        return {**message, "E": self.now_ms, "U": number, "u": number, **other}

    async def tell(self, message: dict[str, Any], topic: str = "") -> None:
        """Send a message to every connection subscribed to its topic."""
        if self.mute:
            return
        topic = topic or f"book:{message['s']}"
        for connection, topics in list(self.sockets.items()):
            if topic in topics:
                with suppress(ConnectionClosed):
                    await connection.send(json.dumps(message))

    async def change(self, symbol: str = "BTCUSD", price: float = 99.0, qty: float = 7.0) -> None:
        """Change a bid and tell of it."""
        await self.tell(self.moved(symbol, [(price, qty)]))

    async def ready(self, *topics: str) -> None:
        """Wait until somebody is subscribed to these, the book of BTCUSD unless told."""
        wanted = set(topics or ("book:BTCUSD",))
        await until(lambda: wanted <= set().union(*self.sockets.values()))

    async def shout(self, raw: str) -> None:
        """Send a text to every connection that is still open."""
        for connection in list(self.sockets):
            with suppress(ConnectionClosed):
                await connection.send(raw)

    async def hang_up(self) -> None:
        """Cut every connection."""
        cut = list(self.sockets)
        for connection in cut:
            connection.transport.abort()
        await until(lambda: not any(connection in self.sockets for connection in cut))


class LeapClock(SystemClock):
    """The computer's clock, which can be made to leap as when the machine sleeps."""

    def __init__(self) -> None:
        self.leapt_s = 0.0
        self.set_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + int(self.leapt_s * 1000) + self.set_ms

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.leapt_s


async def until(condition: Callable[[], bool], patience_s: float = 10.0) -> None:
    """Wait until something holds; a test whose condition never does, fails."""
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.005)


def provider_of(
    venue: Venue,
    limits: LineLimits | None = None,
    clock: Clock | None = None,
    *,
    allowed: Limits | None = None,
) -> LiveProvider:
    """Build a provider whose venue is the given one."""
    clock = clock or venue.clock

    class Testvenue(LiveProvider):
        """The provider under test."""

        spec = ProviderSpec(
            ID,
            "Testvenue",
            False,
            (BookSub, TradeSub, LiquidationEventSub, CandleSub, MarketSub),
        )
        rules = Rules(limits or LineLimits(messages_per_s=500.0), venue.in_stream)

        @classmethod
        def ws_url(cls, settings: Settings) -> str:
            return f"ws://127.0.0.1:{venue.port}"

        @classmethod
        def base_url(cls, settings: Settings) -> str:
            return "http://127.0.0.1:9"

    settings = override(Settings(), {})
    budget = RateBudget(ID, allowed or Limits(), Ledger(), clock)
    http = JsonClient(
        ID,
        "Testvenue",
        Testvenue.base_url(settings),
        dict,
        clock,
        budget,
        httpx.MockTransport(venue.answer),
        keyless=True,
    )
    return Testvenue(ProviderContext(clock, http, budget, settings))

"""Which markets a venue has: asked once a day, and when it says that one changed."""

from __future__ import annotations

import asyncio

from heatdesk.errors import MarketPaused, UnknownMarket
from heatdesk.frames import MarketList
from heatdesk.providers.live.feed import Desk
from heatdesk.providers.live.rules import Feed, Market, MarketLookup, Trading
from heatdesk.providers.live.snapshots import ask_venue

FRESH_S = 86_400.0
LOOK_AGAIN_S = 60.0
"""A symbol that is not in the list, or does not trade, makes the list asked anew, but no more often
than this."""
QUIET_LOOK_S = 120.0
"""A market that has gone quiet makes it asked anew, but no more often than this."""
PERP, SPOT = "PERP", "SPOT"


class Markets(MarketLookup):
    """The markets of one venue or, where they share a provider, of several."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._by_symbol: dict[str, list[Market]] = {}
        self._found: dict[tuple[str, str], Market | None] = {}
        self._detailed: set[tuple[str, str]] = set()
        self._asked_s = float("-inf")
        self._asking = asyncio.Lock()

    def market(self, symbol: str, line: str = "") -> Market | None:
        """The market of a symbol; where spot and perpetual share one, the line tells."""
        key = (symbol, line)
        if key not in self._found:
            self._found[key] = self._look_up(symbol, line)
        return self._found[key]

    async def want(self, venue: str, symbol: str) -> Market:
        """Find a market to subscribe to.

        Raises
        ------
        ProviderError
            `UnknownMarket`, `MarketPaused`, and as `JsonClient.get`.
        """
        await self.load()
        market = self._of(venue, symbol)
        stands_still = market is None or market.trading is not Trading.ON
        if stands_still and self._age_s() > LOOK_AGAIN_S:
            await self.load(LOOK_AGAIN_S)
            market = self._of(venue, symbol)
        title, provider = self._desk.rules.title, self._desk.rules.provider
        if market is None:
            raise UnknownMarket(provider, f"{title} has no market {symbol}. Choose another.")
        market = await self._detail(market)
        if market.trading is Trading.DELISTED:
            text = f"{title} no longer trades {symbol}. Choose another market."
            raise UnknownMarket(provider, text)
        if market.trading is Trading.PAUSED:
            raise MarketPaused(provider, f"Trading of {symbol} is paused at {title}.")
        return market

    async def look(self, venue: str, symbol: str) -> Market:
        """What a market is now that it has gone quiet: no older than a few minutes.

        Raises
        ------
        ProviderError
            As `want`.
        """
        await self.load(QUIET_LOOK_S)
        return await self.want(venue, symbol)

    async def load(self, older_than_s: float = FRESH_S) -> None:
        """Ask for the list unless it is younger than that.

        Raises
        ------
        ProviderError
            As `JsonClient.get`, and `BadPayload`.
        """
        async with self._asking:
            if self._age_s() <= older_than_s:
                return
            rules = self._desk.rules
            asks = rules.markets_asks()
            replies = await asyncio.gather(*(ask_venue(self._desk, ask) for ask in asks))
            bodies = [reply.body for reply in replies]
            found = await asyncio.to_thread(rules.parse_markets, bodies)
            by_symbol: dict[str, list[Market]] = {}
            for market in found:
                by_symbol.setdefault(market.symbol, []).append(market)
            self._by_symbol, self._found = by_symbol, {}
            self._detailed.clear()
            self._asked_s = self._desk.clock.monotonic_s()

    def stale(self) -> None:
        """Something about a market changed: ask anew the next time."""
        self._asked_s = float("-inf")

    def listed(self) -> MarketList:
        """Every market that is not gone."""
        rows = [
            (market.venue, market.symbol, market.coin, PERP if market.perpetual else SPOT)
            for markets in self._by_symbol.values()
            for market in markets
            if market.trading is not Trading.DELISTED
        ]
        paused = frozenset(
            (market.venue, market.symbol)
            for markets in self._by_symbol.values()
            for market in markets
            if market.trading is Trading.PAUSED
        )
        return MarketList(self._desk.clock.now_ms(), tuple(sorted(rows)), paused)

    def _of(self, venue: str, symbol: str) -> Market | None:
        return next((m for m in self._by_symbol.get(symbol, ()) if m.venue == venue), None)

    def _look_up(self, symbol: str, line: str) -> Market | None:
        markets = self._by_symbol.get(symbol, [])
        if len(markets) <= 1 or not line:
            return markets[0] if markets else None
        return next((m for m in markets if line in self._lines_of(m)), None)

    def _lines_of(self, market: Market) -> set[str]:
        feeds = (Feed.BOOK, Feed.TRADES, Feed.LIQUIDATIONS)
        return {topic.line for feed in feeds for topic in self._desk.rules.topics(feed, market)}

    async def _detail(self, market: Market) -> Market:
        """Complete what the list leaves out."""
        ask = self._desk.rules.details_ask(market)
        key = (market.venue, market.symbol)
        if ask is None or key in self._detailed:
            return market
        reply = await ask_venue(self._desk, ask)
        detailed = self._desk.rules.parse_details(market, reply.body)
        known = self._by_symbol.get(market.symbol, [])
        self._by_symbol[market.symbol] = [detailed if m == market else m for m in known]
        self._found = {}
        self._detailed.add(key)
        return detailed

    def _age_s(self) -> float:
        return self._desk.clock.monotonic_s() - self._asked_s

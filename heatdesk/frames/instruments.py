"""Where things trade: venues and the one name each has on screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Venue:
    """A trading place.

    Attributes
    ----------
    id : str
        The id providers use (``BINANCE_FUTURES``).
    title : str
        The one name on screen (``Binance Perp``).
    example_symbol : str
        How BTC is written there.
    live : str
        Provider of its own live feeds, which need no key; empty: none.
    live_example : str
        How that provider writes BTC; empty: as ``example_symbol``.
    liquidations : bool
        Whether those feeds tell of liquidations that happened.
    """

    id: str
    title: str
    example_symbol: str = "BTCUSDT"
    live: str = ""
    live_example: str = ""
    liquidations: bool = False

    @property
    def live_symbol(self) -> str:
        """How the venue's own feeds write BTC."""
        return self.live_example or self.example_symbol

    def live_symbol_of(self, coin: str) -> str:
        """How they write a coin against the dollar it trades most in."""
        return self.live_symbol.replace("BTC", coin.upper() if coin.islower() else coin)


_ALL = (
    Venue("BINANCE_FUTURES", "Binance Perp", live="binance-usdm", liquidations=True),
    Venue("BYBIT", "Bybit Perp", live="bybit", liquidations=True),
    Venue("OKEX_SWAP", "OKX Perp", "BTC-USDT-SWAP"),
    Venue("HYPERLIQUID_FUTURES", "Hyperliquid Perp", "BTC", "hyperliquid"),
    Venue("BITGET", "Bitget Perp"),
    Venue("GATE_IO_FUTURES", "Gate Perp", "BTC_USDT"),
    Venue("DERIBIT", "Deribit Perp", "BTC-PERPETUAL"),
    Venue("BITMEX", "BitMEX Perp", "XBTUSD"),
    Venue("BINANCE_DELIVERY", "Binance Coin-M", "BTCUSD_PERP"),
    Venue("OKEX_FUTURES", "OKX Futures", "BTC-USDT-SWAP"),
    Venue("BITFINEX_DERIVATIVES", "Bitfinex Perp", "BTCF0:USTF0"),
    Venue("HYPERLIQUID_HIP3", "Hyperliquid HIP-3", "xyz:MSTR"),
    Venue("HUOBI_DM", "HTX Futures", "BTC"),
    Venue("HUOBI_DM_SWAP", "HTX Coin-M", "BTC-USD"),
    Venue("HUOBI_DM_LINEAR_SWAP", "HTX Perp", "BTC-USDT"),
    Venue("CME", "CME", "BTC"),
    Venue("BINANCE", "Binance Spot", live="binance-spot"),
    Venue("BYBIT_SPOT", "Bybit Spot", live="bybit"),
    Venue("COINBASE", "Coinbase Spot", "BTC-USD"),
    Venue("OKEX", "OKX Spot", "BTC-USDT"),
    Venue("KRAKEN", "Kraken Spot", "XBT/USD", "kraken", "BTC/USD"),
    Venue("BITSTAMP", "Bitstamp Spot", "btcusd"),
    Venue("BITFINEX", "Bitfinex Spot", "BTCUSD"),
    Venue("GATE_IO", "Gate Spot", "BTC_USDT"),
    Venue("GEMINI", "Gemini Spot", "BTCUSD", "gemini"),
    Venue("HUOBI", "HTX Spot", "btcusdt"),
    Venue("HYPERLIQUID", "Hyperliquid Spot", "UBTC/USDC"),
    Venue("UPBIT", "Upbit Spot", "KRW-BTC"),
    Venue("DEMO", "Demo Market", "BTCUSDT"),
)

VENUES: dict[str, Venue] = {venue.id: venue for venue in _ALL}
"""Every venue HeatDesk has a name for, by id."""

LIVE_VENUES: dict[str, Venue] = {venue.id: venue for venue in _ALL if venue.live}
"""Venues whose own feeds HeatDesk reads, by id."""

LIQUIDATION_VENUES: dict[str, Venue] = {
    venue.id: venue for venue in LIVE_VENUES.values() if venue.liquidations
}
"""Those of them that publish liquidations, by id."""


def venue_title(venue_id: str) -> str:
    """Name of a venue on screen; an unknown id is shown as it is."""
    venue = VENUES.get(venue_id)
    return venue.title if venue else venue_id

"""The assets of the demo market: their scale, how they move, and how venues write them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from heatdesk.providers.demo_listing import LISTING, WORD_GROUPS
from heatdesk.providers.demo_noise import chance_of

_STABLE = {"USDT", "USDC", "USDE", "DAI", "FDUSD", "USD1", "HONEY", "FEUSD"}
_GOLD = {"PAXG", "XAUT"}
_PEGGED = {
    **{"WBTC": "BTC", "UBTC": "BTC", "UETH": "ETH", "WSTETH": "ETH"},
    **{"COOKX": "ETH", "KHYPE": "HYPE"},
}
_ALIASES = {"XBT": "BTC", "UBTC": "BTC", "UETH": "ETH", "WETH": "ETH"}
_SHOWN = {"COOKX": "METH", "AI16Z": "AI16Z", "NFTAPE": "NFT", "BIT": "BP", "MERGE": "BOB"}
_QUOTED = re.compile(r"^(?P<coin>.+?)(USDT|USDC|FDUSD|USD|BUSD|EUR|KRW)(_?PERP|M)?$")


@dataclass(frozen=True, slots=True)
class Coin:
    """An asset of the demo market.

    Attributes
    ----------
    price_usd : float
        Its usual scale; the path moves around it.
    beta, own_sigma : float
        How much it follows the market path, and how much it moves by itself, in units of the
        market's own moves.
    minute_usd : float
        Usual turnover of a minute at the largest venue.
    decimals : int
        Of its price.
    member_of : tuple of str
        Short words of the groups in `demo_listing`.
    """

    symbol: str
    id: str
    name: str
    price_usd: float
    market_cap_usd: float
    beta: float
    own_sigma: float
    minute_usd: float
    decimals: int
    member_of: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The ticker on screen."""
        return _SHOWN.get(self.symbol, self.symbol)

    @property
    def stable(self) -> bool:
        """Worth a dollar, always."""
        return not self.beta and not self.own_sigma

    @property
    def lot_decimals(self) -> int:
        """Decimals of its quantities."""
        return min(8, max(0, math.floor(math.log10(self.price_usd)) - 1))

    @property
    def block_size(self) -> float:
        """Recommended height of a book level: about 0.01 % of the price, a round figure."""
        wanted = self.price_usd * 9e-5
        unit = 10.0 ** math.floor(math.log10(wanted))
        steps = (1.0, 2.5, 5.0, 10.0)
        nearest = min(steps, key=lambda step: abs(math.log(step * unit / wanted)))
        return float(f"{nearest * unit:.6g}")


def _moves_of(symbol: str, market_cap_usd: float) -> tuple[float, float]:
    """Beta to the market path and own volatility of a coin."""
    if symbol == "BTC":
        return 1.0, 0.0
    if symbol in _STABLE:
        return 0.0, 0.0
    if symbol in _GOLD:
        return 0.06, 0.28
    if symbol in ("LEO", "WBT", "NEXO", "GT", "KCS"):
        return 0.45, 0.4
    chance = chance_of("moves", symbol)
    small = min(1.0, max(0.0, math.log10(3e11 / market_cap_usd) / 5))
    return 1.05 + 0.45 * small + 0.2 * (chance - 0.5), 0.35 + 1.15 * small * (0.4 + chance)


def _build(symbol: str, id_: str, name: str, price: float, cap: float, words: str) -> Coin:
    beta, own_sigma = _moves_of(symbol, cap)
    groups = (WORD_GROUPS.get(word, (word,)) for word in words.split())
    member_of = tuple(dict.fromkeys(word for group in groups for word in group))
    turnover = 0.02 + 0.05 * (chance_of("turnover", symbol))
    # about five figures, as venues quote: 70,825.1 and 0.09781
    decimals = max(0, 5 - math.floor(math.log10(price))) if price < 1e4 else 1
    daily_usd = min(cap * turnover, 12e9 * (cap / 1.42e12) ** 0.45)
    return Coin(
        symbol, id_, name, price, cap, beta, own_sigma, daily_usd / 1440, decimals, member_of
    )


def _read_table() -> dict[str, Coin]:
    coins = {}
    for line in LISTING.strip().splitlines():
        symbol, id_, name, price, millions, words = line.split("|")
        coins[symbol] = _build(symbol, id_, name, float(price), float(millions) * 1e6, words)
    return coins


COINS: dict[str, Coin] = _read_table()
"""Every listed asset by symbol, roughly by market value."""


def pegged_to(coin: Coin) -> str:
    """Symbol whose price path the coin follows (its own unless it wraps another)."""
    return _PEGGED.get(coin.symbol, coin.symbol)


@lru_cache(maxsize=512)
def coin_of(symbol: str) -> Coin:
    """Return the coin of a ticker; an unknown one gets a scale derived from its letters."""
    known = COINS.get(symbol)
    if known is not None:
        return known
    chance = chance_of("scale", symbol)
    price = float(f"{10 ** (4 * chance - 2):.3g}")
    return _build(symbol, symbol.lower(), symbol.title(), price, 2e8, "")


def coin_in(symbol: str, coin: str = "") -> str:
    """Base asset of a venue's symbol (``BTC-USDT-SWAP``, ``XBTUSD``, ``BTC``) or of a coin."""
    text = (coin or symbol).upper().strip()
    text = text.rpartition(":")[2] if not text.startswith("BTCF0") else "BTC"
    first = re.split(r"[-_/]", text)
    base = first[1] if first[0] == "KRW" and len(first) > 1 else first[0]
    found = _QUOTED.match(base) if len(first) == 1 or first[-1] == "PERP" else None
    if found and not coin and base not in COINS:
        base = found["coin"]
    return _ALIASES.get(base, base) or "BTC"

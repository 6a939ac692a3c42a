"""A market computed from a seed: any venue, coin and bucket, the same numbers every time."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Literal

import numpy as np

from tests.servers.books import BookSnapshot, Candle, Floats, LevelSnapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Coin: price in USD, 4K block size, spacing of the liquidation levels.
COINS: dict[str, tuple[float, float, float]] = {
    "BTC": (70_800.0, 5.0, 10.0),
    "ETH": (2480.0, 0.5, 0.5),
    "SOL": (171.0, 0.05, 0.05),
    "XRP": (1.31, 0.0005, 0.0005),
    "HYPE": (38.5, 0.01, 0.01),
}
VENUES: dict[str, tuple[str, str]] = {
    "BINANCE_FUTURES": ("{}USDT", "PERPETUAL"),
    "BYBIT": ("{}USDT", "PERPETUAL"),
    "OKEX_SWAP": ("{}-USDT-SWAP", "PERPETUAL"),
    "HYPERLIQUID_FUTURES": ("{}", "PERPETUAL"),
    "BINANCE": ("{}USDT", "SPOT"),
    "COINBASE": ("{}-USD", "SPOT"),
}
# One venue with coarser blocks, so that the largest of several is not always the first.
BLOCK_FACTORS = {"BYBIT": 2.0}


def coin_of(symbol: str) -> str:
    """Return the base coin of a venue symbol."""
    for tail in ("-USDT-SWAP", "-USDT", "-USD", "USDT", "USD"):
        if symbol.endswith(tail) and len(symbol) > len(tail):
            return symbol[: -len(tail)]
    return symbol


class SyntheticSource:
    """A deterministic `BookSource` with `levels` levels a side.

    Parameters
    ----------
    seed
        Same seed, same market.
    levels
        Base levels a side before the server's depth cut.
    precision
        `milli` gives quantities of three decimals as venues do; `full` gives arbitrary doubles.
    missing, repeated, late
        Bucket starts without data, served twice, and served after all others.
    prices
        Prices to start from in place of the built-in ones.
    """

    def __init__(
        self,
        seed: int = 1,
        levels: int = 500,
        *,
        precision: Literal["milli", "full"] = "milli",
        missing: Collection[int] = (),
        repeated: Collection[int] = (),
        late: Collection[int] = (),
        prices: Mapping[str, float] | None = None,
    ) -> None:
        self.seed = seed
        self.levels = levels
        self.precision = precision
        self.missing = frozenset(missing)
        self.repeated = frozenset(repeated)
        self.late = frozenset(late)
        self._prices = {coin: row[0] for coin, row in COINS.items()} | dict(prices or {})

    def _rng(self, *names: object) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(repr(names).encode())])

    def price_px(self, coin: str, time_s: float) -> float:
        """Return the price at any time: slow and fast waves, their phases from the seed."""
        phases = self._rng("price", coin).uniform(0.0, 2.0 * math.pi, 5)
        waves = (
            (0.012, 86_400.0),
            (0.006, 17_300.0),
            (0.0019, 4100.0),
            (7e-4, 930.0),
            (2e-4, 171.0),
        )
        drift = sum(
            size * math.sin(2.0 * math.pi * time_s / length_s + phase)
            for (size, length_s), phase in zip(waves, phases.tolist(), strict=True)
        )
        return self._prices[coin] * (1.0 + drift)

    def book(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> BookSnapshot | None:
        coin = coin_of(symbol)
        block = self.block_size(exchange, symbol)
        if not block or time_s in self.missing:
            return None
        price = self.price_px(coin, time_s)
        best = math.floor(price / block)
        steps = np.arange(self.levels)
        bids, asks = best - steps, best + 1 + steps
        bids = bids[bids > 0]
        rng = self._rng("book", exchange, coin, time_s)
        scale = 90_000.0 / self._prices[coin] * (1.0 + (zlib.crc32(exchange.encode()) % 5))
        return BookSnapshot(
            np.round(bids * block, 9),
            self._quantities(rng, bids, scale, time_s),
            np.round(asks * block, 9),
            self._quantities(rng, asks, scale, time_s),
            price,
        )

    def _quantities(
        self, rng: np.random.Generator, level: np.ndarray, scale: float, time_s: int
    ) -> Floats:
        """Return noise over a slope away from the price, with walls that stand for half an hour."""
        distance = np.arange(level.size)
        slope = 0.3 + np.minimum(distance / 60.0, 2.5)
        qty = scale * slope * (0.2 + rng.standard_exponential(level.size))
        epoch = time_s // 1800
        walls = ((level.astype(np.uint64) * np.uint64(2_654_435_761)) >> np.uint64(7)) + np.uint64(
            epoch * 31 + self.seed
        )
        qty = np.where(walls % np.uint64(97) == 0, qty * 14.0, qty)
        if self.precision == "full":
            return qty
        return np.maximum(np.round(qty, 3), 0.001)

    def liquidation(self, coin: str, time_s: int, interval_s: int) -> LevelSnapshot | None:
        if coin not in COINS or time_s in self.missing:
            return None
        price, step = self.price_px(coin, time_s), COINS[coin][2]
        index = np.arange(math.ceil(price * 0.85 / step), math.floor(price * 1.15 / step))
        level = index * step
        rng = self._rng("liquidation", coin, time_s // 3600)
        density = np.full(level.size, 0.02)
        for leverage in (8.0, 10.0, 20.0, 25.0, 40.0, 50.0, 100.0):
            for side in (-1.0, 1.0):
                entry = self.price_px(coin, time_s // 14_400 * 14_400)
                centre = entry * (1.0 + side / leverage)
                width = entry * 0.0012
                density += rng.uniform(0.5, 3.0) * np.exp(-(((level - centre) / width) ** 2))
        qty = density * rng.standard_exponential(level.size) * 60_000.0 / self._prices[coin]
        # Levels at the price have been swept; others simply hold nobody.
        kept = (rng.random(level.size) > 0.3) & (np.abs(level / price - 1.0) > 0.001)
        qty = qty if self.precision == "full" else np.maximum(np.round(qty, 5), 0.00001)
        return LevelSnapshot(np.round(level[kept], 9), qty[kept], price)

    def candle(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> Candle | None:
        coin = coin_of(symbol)
        if not self.block_size(exchange, symbol) or time_s in self.missing:
            return None
        path = [round(self.price_px(coin, time_s + interval_s * part / 8), 6) for part in range(9)]
        rng = self._rng("candle", exchange, coin, time_s)
        volume = round(float(rng.standard_exponential()) * interval_s * 5.0 + 0.001, 3)
        return Candle(path[0], max(path), min(path), path[-1], volume)

    def block_size(self, exchange: str, symbol: str) -> float:
        coin = coin_of(symbol)
        if exchange not in VENUES or symbol not in (VENUES[exchange][0].format(coin), coin):
            return 0.0
        return COINS[coin][1] * BLOCK_FACTORS.get(exchange, 1.0) if coin in COINS else 0.0

    def markets(self) -> list[dict[str, object]]:
        return [
            {
                "exchange": exchange,
                "rawSymbol": form.format(coin),
                "coin": coin,
                "category": category,
                "normalizedSymbol": f"{coin}-{'USD' if exchange == 'COINBASE' else 'USDT'}",
                "availableSince": "2024-01-01T00:00:00Z",
            }
            for exchange, (form, category) in VENUES.items()
            for coin in COINS
        ]

    def arrange(self, times_s: list[int]) -> list[int]:
        on_time = [time_s for time_s in times_s if time_s not in self.late]
        served: list[int] = []
        for time_s in on_time + [time_s for time_s in times_s if time_s in self.late]:
            served.extend([time_s] * (2 if time_s in self.repeated else 1))
        return served

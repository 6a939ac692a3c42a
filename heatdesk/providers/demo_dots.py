"""The market map of the demo: what every asset did, and how busily it trades.

Changes up to 30 days are those of the very paths the candles show; a year and three years are
drawn once and drift with the price.
"""

from __future__ import annotations

import math

import numpy as np

from heatdesk.frames import DotSet
from heatdesk.frames.market import TIMEFRAMES
from heatdesk.providers.demo_coins import (
    COINS,
    Coin,
    coin_of,
    pegged_to,
)
from heatdesk.providers.demo_listing import ECOSYSTEMS, NARRATIVES
from heatdesk.providers.demo_noise import NORMAL, Floats, at, chance_of, key_of
from heatdesk.providers.demo_points import logs_at
from heatdesk.units import DAY_MS, MINUTE_MS

REFRESH_MS = 5 * MINUTE_MS
_TOP = 50
_CATEGORY_TOP = 40
_WORDS = {slug: word for word, (slug, _) in (*NARRATIVES.items(), *ECOSYSTEMS.items())}
_YOUNG_DAYS = {"1y": 365, "3y": 1095}
_DAYS_BACK = (1, 7, 30)
_Figures = tuple[float, list[float], float]


class DotMaker:
    """Builds the demo's market map.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def dots(self, mode: str, category: str, now_ms: int) -> DotSet:
        """Return the map as refreshed at the last full five minutes."""
        time_ms = now_ms // REFRESH_MS * REFRESH_MS
        if mode == "narratives":
            return self._groups(mode, category, NARRATIVES, time_ms)
        if mode == "ecosystems":
            return self._groups(mode, category, ECOSYSTEMS, time_ms)
        coins = members(category)
        rows = self._figures(coins, time_ms)
        price = np.array([row[0] for row in rows])
        change = np.array([row[1] for row in rows]).reshape(len(coins), len(TIMEFRAMES))
        cap = np.array([c.market_cap_usd / c.price_usd for c in coins]) * price
        busy = np.array([row[2] for row in rows])
        volume = np.array([coin.minute_usd for coin in coins]) * 1440 * 2.4 * busy
        return DotSet(
            time_ms,
            mode,
            category,
            tuple(coin.id for coin in coins),
            tuple(coin.name for coin in coins),
            tuple(coin.shown for coin in coins),
            relative_volume=np.round(busy, 3),
            change_pct=np.round(change, 2),
            market_cap_usd=np.round(cap),
            price_usd=price,
            volume_24h_usd=np.round(volume),
        )

    def _figures(self, coins: list[Coin], time_ms: int) -> list[_Figures]:
        """Price, changes in percent points by timeframe, and relative volume of each coin."""
        symbols = tuple(pegged_to(coin) for coin in coins)
        minute, day = time_ms // MINUTE_MS, DAY_MS // MINUTE_MS
        now = logs_at(self._seed, symbols, minute)
        moves = [now - logs_at(self._seed, symbols, minute - days * day) for days in _DAYS_BACK]
        figures = []
        for i, coin in enumerate(coins):
            price = float(f"{coin.price_usd * math.exp(now[i]):.6g}")
            change = [100 * math.expm1(move[i]) for move in moves]
            change += self._years(coin, float(now[i]))
            figures.append((price, change, self._busy(coin, minute, change[0])))
        return figures

    def _busy(self, coin: Coin, minute: int, change_pct: float) -> float:
        """Relative volume: around 1, more on a day with a move, far more in the news."""
        key = key_of(self._seed, "busy", coin.symbol)
        slow = 0.16 * at(key, minute, 2880) + 0.10 * at(key + 1, minute, 240)
        if coin.stable:
            return math.exp(0.5 * slow - 0.04)
        # a few assets are in the news: a long tail to the right
        news = max(0.0, at(key + 2, minute, 900) - 0.9) * 1.2
        excited = 0.018 * min(12.0, abs(change_pct) / (1 + 1.5 * coin.own_sigma))
        return math.exp(slow + news + excited - 0.04)

    def _years(self, coin: Coin, log_now: float) -> list[float]:
        """One- and three-year changes; NaN where the asset is younger."""
        if coin.stable:
            drift = 2 * chance_of(self._seed, coin.symbol, "peg") - 1
            return [0.04 * drift, 0.07 * drift]
        root = pegged_to(coin)
        follows = coin_of(root)
        small = min(1.0, max(0.0, math.log10(3e11 / follows.market_cap_usd) / 4))
        year = -0.22 - 0.75 * small + (0.22 + 0.62 * small) * _normal(self._seed, root, "1y")
        more = 0.95 - 1.2 * small + (0.35 + 0.8 * small) * _normal(self._seed, root, "3y")
        own = {"BTC": (-0.23, 1.45), "XAUT": (0.46, 0.95), "PAXG": (0.46, 0.95)}
        year, more = own.get(root, (year, max(year - 2.2, min(more, 3.1))))
        age_days = 365 * (0.4 + 9 * chance_of(self._seed, coin.symbol, "age") ** 0.8)
        if coin.market_cap_usd > 2.5e9 and coin.symbol not in ("HYPE", "MNT"):
            age_days = 3650
        return [
            100 * math.expm1(total + log_now) if age_days >= _YOUNG_DAYS[label] else math.nan
            for label, total in (("1y", year), ("3y", more))
        ]

    def _groups(
        self, mode: str, category: str, groups: dict[str, tuple[str, str]], time_ms: int
    ) -> DotSet:
        """Narratives or ecosystems: their members weighted by market value."""
        busy, caps, volumes = [], [], []
        changes = np.empty((len(groups), len(TIMEFRAMES)))
        for row, (slug, _) in enumerate(groups.values()):
            coins = [coin for coin in members(slug) if not coin.stable]
            rows = self._figures(coins, time_ms)
            cap = np.array([c.market_cap_usd for c in coins])
            # the largest member must not be the whole story
            weight = np.sqrt(cap)
            moves = np.array([figures[1] for figures in rows])
            changes[row] = _weighted(moves, weight)
            busy.append(float(np.average([figures[2] for figures in rows], weights=weight)))
            caps.append(float(cap.sum()))
            volumes.append(float(sum(c.minute_usd for c in coins)) * 1440 * 2.4)
        names = tuple(name for _, name in groups.values())
        slugs = tuple(slug for slug, _ in groups.values())
        absent = np.full(len(names), np.nan)
        return DotSet(
            time_ms,
            mode,
            category,
            slugs,
            names,
            names,
            relative_volume=np.round(np.array(busy), 3),
            change_pct=np.round(changes, 2),
            market_cap_usd=np.round(np.array(caps)),
            price_usd=absent,
            volume_24h_usd=np.round(np.array(volumes) * np.array(busy)),
        )


def _weighted(moves: Floats, weight: Floats) -> Floats:
    """Weighted mean of each column over the rows that have a figure."""
    has = np.isfinite(moves)
    share = weight[:, None] * has
    total: Floats = np.where(has, moves, 0.0) * share
    return np.asarray(total.sum(axis=0) / np.maximum(share.sum(axis=0), 1e-9), dtype=np.float64)


def members(category: str) -> list[Coin]:
    """Assets of a category by market value, largest first; an unknown one is empty."""
    ranked = sorted(COINS.values(), key=lambda coin: -coin.market_cap_usd)
    if category == "top-100":
        # as the provider's own top list: wrapped assets are not counted twice
        return [coin for coin in ranked if pegged_to(coin) == coin.symbol][:_TOP]
    word = _WORDS.get(category)
    if word is None:
        return []
    return [coin for coin in ranked if word in coin.member_of][:_CATEGORY_TOP]


def _normal(seed: int, *parts: str) -> float:
    return float(NORMAL[key_of(seed, *parts) >> 51])

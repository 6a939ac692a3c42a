"""CoinGecko's lists as market dots, with a relative volume that is computed here.

Relative volume: the turnover of a coin (24-hour volume / market cap) divided by the median
turnover of the list it is in, never above `MOST_RELATIVE_VOLUME`. 1 is as busy as the middle
coin of that list; a coin without volume or market cap has none, and does not count for the median.
Against its own past, as Sharpe serves it, a coin cannot be measured: no answer holds that past.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import DotSet
from heatdesk.frames.market import TIMEFRAMES
from heatdesk.net.fields import Node, number_or_nan

PROVIDER: Final = "coingecko"
TITLE: Final = "CoinGecko"
MOST_RELATIVE_VOLUME: Final = 20.0
COMPUTED: Final = "computed: 24h volume / market cap, over the list's median"
"""Label of a relative volume that was computed here."""
ATTRIBUTION: Final = "Data by CoinGecko"
"""What the terms of CoinGecko ask to be shown beside its figures."""
MOST_GROUPS: Final = 60
"""Most narratives or ecosystems on a map: there are hundreds, and they overlap."""

_SERVED = ("24h", "7d", "30d", "1y")
_ECOSYSTEM = "-ecosystem"
_NO_NARRATIVE = (_ECOSYSTEM, "-portfolio", "-holdings", "-index")

Float64Array = NDArray[np.float64]


def relative_volumes(volume_usd: Float64Array, market_cap_usd: Float64Array) -> Float64Array:
    """Turnover of each coin over the median turnover of all.

    Parameters
    ----------
    volume_usd, market_cap_usd : (n,) float64
        NaN where unknown.

    Returns
    -------
    (n,) float64
        At most `MOST_RELATIVE_VOLUME`; NaN where it cannot be told.
    """
    turnover = np.full(volume_usd.shape, math.nan)
    known = (market_cap_usd > 0) & (volume_usd >= 0)
    turnover[known] = volume_usd[known] / market_cap_usd[known]
    traded = turnover[turnover > 0]
    if traded.size == 0:
        return np.full(volume_usd.shape, math.nan)
    relative: Float64Array = np.minimum(turnover / np.median(traded), MOST_RELATIVE_VOLUME)
    return relative


def parse_coins(pages: Sequence[object], category: str) -> DotSet:
    """Pages of ``/coins/markets`` to a frame.

    Parameters
    ----------
    pages : sequence of object
        Decoded JSON, largest market cap first. A coin that changed its rank between two pages
        may be in both; it counts once.

    Raises
    ------
    BadPayload
        Naming the field that does not fit. Null or missing figures become NaN.
    """
    coins: dict[str, Node] = {}
    for page in pages:
        for coin in Node(page, PROVIDER, TITLE).items():
            coins.setdefault(coin.child("id").text(), coin)
    rows = list(coins.values())
    change_pct = np.array([_changes(coin) for coin in rows], dtype=np.float64)
    return _dots(rows, "coins", category, change_pct, "last_updated", "total_volume")


def parse_groups(payload: object, mode: str) -> DotSet:
    """Payload of ``/coins/categories`` to a frame of narratives or ecosystems.

    The largest by market cap; what is no narrative (holdings, portfolios, indices) is left out.
    """
    groups = [
        group
        for group in Node(payload, PROVIDER, TITLE).items()
        if _is_of(mode, group.child("id").text())
    ]
    groups.sort(key=lambda group: -np.nan_to_num(_amount(group, "market_cap")))
    groups = groups[:MOST_GROUPS]
    nan = [math.nan] * (len(TIMEFRAMES) - 1)
    changes = [[number_or_nan(group, "market_cap_change_24h"), *nan] for group in groups]
    change_pct = np.array(changes, dtype=np.float64)
    return _dots(groups, mode, "", change_pct, "updated_at", "volume_24h")


def _dots(
    rows: Sequence[Node],
    mode: str,
    category: str,
    change_pct: Float64Array,
    dated: str,
    volume: str,
) -> DotSet:
    cap_usd = _column(rows, "market_cap")
    # The service writes 0 for a market cap it does not know.
    cap_usd[cap_usd == 0] = math.nan
    volume_usd = _column(rows, volume)
    symbols = (row.get("symbol") for row in rows)
    return DotSet(
        time_ms=_newest_ms(rows, dated),
        mode=mode,
        category=category,
        ids=tuple(row.child("id").text() for row in rows),
        names=tuple(row.child("name").text() for row in rows),
        symbols=tuple(symbol.text().upper() if symbol is not None else "" for symbol in symbols),
        relative_volume=relative_volumes(volume_usd, cap_usd),
        change_pct=change_pct.reshape(len(rows), len(TIMEFRAMES)),
        market_cap_usd=cap_usd,
        price_usd=_column(rows, "current_price"),
        volume_24h_usd=volume_usd,
        computed=COMPUTED,
        attribution=ATTRIBUTION,
    )


def _changes(coin: Node) -> list[float]:
    found = {
        timeframe: number_or_nan(coin, f"price_change_percentage_{timeframe}_in_currency")
        for timeframe in _SERVED
    }
    if math.isnan(found["24h"]):
        found["24h"] = number_or_nan(coin, "price_change_percentage_24h")
    return [found.get(timeframe, math.nan) for timeframe in TIMEFRAMES]


def _is_of(mode: str, group_id: str) -> bool:
    if mode == "ecosystems":
        return group_id.endswith(_ECOSYSTEM)
    return not group_id.endswith(_NO_NARRATIVE)


def _newest_ms(rows: Sequence[Node], key: str) -> int:
    """When the freshest of the figures was made; a list nobody dated is no answer."""
    moments = [node.iso_ms() for row in rows if (node := row.get(key)) is not None]
    if not moments:
        raise Node(None, PROVIDER, TITLE, f"[0].{key}").bad("is missing")
    return max(moments)


def _column(rows: Sequence[Node], key: str) -> Float64Array:
    return np.array([_amount(row, key) for row in rows], dtype=np.float64)


def _amount(row: Node, key: str) -> float:
    node = row.get(key)
    return node.amount() if node is not None else math.nan

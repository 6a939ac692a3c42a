"""What one snapshot of a book says: best prices, spread, and the profile of resting liquidity."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import BookWindow, LevelRuns

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BookTop:
    """Best prices of a book made of levels.

    A level reaches from its price to ``price + block_size``, so both edges that face each
    other belong to the best levels: the true best bid lies somewhere in its level. Of a book that
    tells its best prices ``block_size`` is 0: they are the prices themselves. Those of several
    venues may cross.

    Attributes
    ----------
    bid, ask : float
        Lower edge of the best level of each side, quote units; NaN when the side is empty.
    block_size : float
    """

    bid: float
    ask: float
    block_size: float

    @property
    def mid(self) -> float:
        """Middle between the two best levels, NaN when a side is empty."""
        return (self.bid + self.block_size + self.ask) / 2

    @property
    def spread(self) -> float:
        """Distance from the best bid level to the best ask level, at least 0."""
        return max(0.0, self.ask - self.bid - self.block_size)

    @property
    def exact(self) -> bool:
        """Whether these are prices as quoted, not levels."""
        return self.block_size == 0

    @property
    def spread_bound(self) -> float:
        """Largest spread the two best levels allow: known only to the height of a level."""
        return max(self.block_size, self.ask - self.bid)


@dataclass(frozen=True, slots=True)
class BookProfile:
    """Resting liquidity by price, best price first on each side.

    Attributes
    ----------
    bid_price, ask_price : (n,) float64
        Lower edge of each level; bids descend, asks ascend.
    bid_qty, ask_qty : (n,) float64
        Quantity at each level.
    bid_sum, ask_sum : (n,) float64
        Quantity from the best price to this level.
    best_px : tuple of two floats or None
        Best bid and ask as quoted, where the book tells them.
    """

    block_size: float
    time_ms: int
    bid_price: Float64Array = field(repr=False)
    bid_qty: Float64Array = field(repr=False)
    bid_sum: Float64Array = field(repr=False)
    ask_price: Float64Array = field(repr=False)
    ask_qty: Float64Array = field(repr=False)
    ask_sum: Float64Array = field(repr=False)
    best_px: tuple[float, float] | None = None

    @property
    def top(self) -> BookTop:
        """Best prices."""
        if self.best_px is not None:
            return BookTop(*self.best_px, 0.0)
        bid, ask = _best(self.bid_price, self.bid_qty), _best(self.ask_price, self.ask_qty)
        return BookTop(bid, ask, self.block_size)

    def reach(self) -> tuple[float, float]:
        """Lowest and highest price reported (NaN, NaN for an empty book)."""
        prices = np.concatenate([self.bid_price, self.ask_price])
        if prices.size == 0:
            return float("nan"), float("nan")
        return float(prices.min()), float(prices.max()) + self.block_size

    def cumulative_at(self, price: float) -> float:
        """Quantity between the best price and a price, the level under it included.

        0 between the sides, NaN outside the range reported.
        """
        low, high = self.reach()
        if not low <= price <= high:
            return float("nan")
        bids = self.bid_price + self.block_size > price
        asks = self.ask_price <= price
        return float(self.bid_qty[bids].sum() + self.ask_qty[asks].sum())


def compute_profile(window: BookWindow, mid: float = float("nan")) -> BookProfile | None:
    """Profile of the newest snapshot of a window, None when it has none.

    Parameters
    ----------
    mid : float
        Divides the levels of a source that does not mark the sides; without it they are
        divided at their widest empty stretch.
    """
    if window.time_ms.size == 0:
        return None
    last = window.time_ms.size - 1
    if window.bids is not None and window.asks is not None:
        bid_price, bid_qty = _sorted(window.bids, last, descending=True)
        ask_price, ask_qty = _sorted(window.asks, last, descending=False)
    else:
        runs = window.unsided
        if runs is None:
            return None
        price, qty = _sorted(runs, last, descending=False)
        cut = _boundary(price, mid)
        bid_price, bid_qty = price[:cut][::-1], qty[:cut][::-1]
        ask_price, ask_qty = price[cut:], qty[cut:]
    return BookProfile(
        block_size=window.block_size,
        time_ms=int(window.time_ms[last]),
        bid_price=bid_price,
        bid_qty=bid_qty,
        bid_sum=np.cumsum(bid_qty),
        ask_price=ask_price,
        ask_qty=ask_qty,
        ask_sum=np.cumsum(ask_qty),
        best_px=best_of_snapshot(window, last) if window.best_px is not None else None,
    )


def best_of_snapshot(window: BookWindow, i: int) -> tuple[float, float]:
    """Best bid and ask price of a snapshot as served; NaN where a side is empty or not marked.

    As the venue quotes them where that is told, else the lower edges of the best levels.
    """
    if window.best_px is not None:
        bid, ask = window.best_px[i].tolist()
        return bid, ask
    if window.bids is None or window.asks is None:
        return float("nan"), float("nan")
    bid_price, bid_qty = window.bids.at(i)
    ask_price, ask_qty = window.asks.at(i)
    bids, asks = bid_price[bid_qty > 0], ask_price[ask_qty > 0]
    return (
        float(bids.max()) if bids.size else float("nan"),
        float(asks.min()) if asks.size else float("nan"),
    )


def profile_csv(profile: BookProfile) -> str:
    """Return the book as text: one row per level, highest price first."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["time_ms", "price", "bid_qty", "ask_qty", "cumulative_qty"])
    for i in range(profile.ask_price.size - 1, -1, -1):
        rows.writerow(
            _row(profile, profile.ask_price[i], 0.0, profile.ask_qty[i], profile.ask_sum[i])
        )
    for i in range(profile.bid_price.size):
        rows.writerow(
            _row(profile, profile.bid_price[i], profile.bid_qty[i], 0.0, profile.bid_sum[i])
        )
    return out.getvalue()


def _row(profile: BookProfile, price: float, bid: float, ask: float, total: float) -> list[str]:
    figures = (float(price), float(bid), float(ask), float(total))
    return [str(profile.time_ms), *(repr(figure) for figure in figures)]


def _sorted(runs: LevelRuns, i: int, *, descending: bool) -> tuple[Float64Array, Float64Array]:
    price, qty = runs.at(i)
    order = np.argsort(price, kind="stable")
    if descending:
        order = order[::-1]
    return price[order], qty[order]


def _best(price: Float64Array, qty: Float64Array) -> float:
    """First price that holds something."""
    held = np.flatnonzero(qty > 0)
    return float(price[held[0]]) if held.size else float("nan")


def _boundary(price: Float64Array, mid: float) -> int:
    if np.isfinite(mid):
        return int(np.searchsorted(price, mid, side="left"))
    if price.size < 2:
        return int(price.size)
    return int(np.argmax(np.diff(price))) + 1

"""Resting liquidity or cumulative sums at the right edge, by pixel row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.views.viewport import ChartWindow

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars: rows ``top`` to ``top + height`` pixels, ``length`` 0 to 1."""

    top: Float64Array = field(repr=False)
    height: float
    length: Float64Array = field(repr=False)


def lay_out_bars(
    price: Float64Array, qty: Float64Array, block_size: float, window: ChartWindow, full: float
) -> Bars:
    """Bars of the levels in view; levels that share a pixel row show their largest.

    Parameters
    ----------
    price : (n,) float64
        Lower edges of the levels.
    full : float
        Quantity of a bar of length 1.
    """
    seen = (price + block_size > window.p0) & (price < window.p1) & (qty > 0)
    price, qty = price[seen], qty[seen]
    level_px = block_size / window.price_per_px
    top = (window.p1 - price - block_size) / window.price_per_px
    length = np.minimum(qty / full, 1.0) if full > 0 else np.zeros_like(qty)
    if level_px >= 1.0 or top.size == 0:
        return Bars(top, level_px, length)
    row = np.floor(top).astype(np.int64)
    rows, slot = np.unique(row, return_inverse=True)
    longest = np.zeros(rows.size)
    np.maximum.at(longest, slot, length)
    return Bars(rows.astype(np.float64), 1.0, longest)


def full_scale(
    sides: list[tuple[Float64Array, Float64Array]],
    block_size: float,
    window: ChartWindow,
    share: float = 0.985,
) -> float:
    """Quantity that fills the profile, 0 when nothing is in view.

    One giant level must not turn all the others into dots: bars longer than nearly all of
    those in view are cut at the edge.
    """
    seen = [
        qty[(price + block_size > window.p0) & (price < window.p1) & (qty > 0)]
        for price, qty in sides
    ]
    held = np.concatenate(seen) if seen else np.empty(0)
    if held.size == 0:
        return 0.0
    return float(np.quantile(held, share, method="higher"))


def lay_out_curve(
    price: Float64Array, total: Float64Array, window: ChartWindow, full: float
) -> tuple[Float64Array, Float64Array]:
    """Corners of a stepped cumulative curve: rows in pixels and lengths 0 to 1.

    Points in the same pixel row are thinned to the last one; the order is kept.
    """
    y = (window.p1 - price) / window.price_per_px
    seen = (y >= -window.height_px) & (y <= 2 * window.height_px)
    y, total = y[seen], total[seen]
    if y.size == 0 or full <= 0:
        return np.empty(0), np.empty(0)
    last = np.concatenate([np.floor(y)[1:] != np.floor(y)[:-1], [True]])
    y, length = y[last], np.minimum(total[last] / full, 1.0)
    # a step: first to the new row at the old length, then out to the new one
    rows, lengths = np.repeat(y, 2)[1:], np.repeat(length, 2)[:-1]
    return rows, lengths

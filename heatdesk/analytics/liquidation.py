"""Would-be liquidations: bands, clusters, and how much lies between the price and a level.

The provider serves no side. A position that would be liquidated below the price is a long, one
above it a short: that is inferred here, and every text that shows it says so.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

BAND_RATIO = 0.0005
"""Height of a band as a share of the price."""
CLUSTER_EDGE_RATIO = 0.5
"""A band belongs to a cluster while it holds this share of the cluster's largest band."""
CLUSTER_HEIGHT_RATIO = 0.008
"""A cluster is at most this share of the price high."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Quantities summed into bands of one height.

    Attributes
    ----------
    height : float
        Height of a band, quote units.
    index : (n,) int64
        Ascending; band ``k`` reaches from ``k * height`` to ``(k + 1) * height``.
    qty : (n,) float64
        Sum of the levels whose price lies in it; only bands that hold a level appear.
    """

    height: float
    index: Int64Array = field(repr=False)
    qty: Float64Array = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Neighbouring bands that stand out.

    Attributes
    ----------
    low, high : float
        Lower edge of the lowest band and upper edge of the highest, quote units.
    qty : float
        Sum over the bands.
    peak : float
        Middle of the band that holds most.
    distance_pct : float
        From the price to ``peak``, percent points.
    inferred_side : str
        ``long`` below the price, ``short`` above it.
    """

    low: float
    high: float
    qty: float
    peak: float
    distance_pct: float
    inferred_side: str


@dataclass(frozen=True, slots=True)
class LiquidationCurves:
    """How much would be liquidated before the price reaches a level.

    Both curves start with 0 at the price and grow outwards.

    Attributes
    ----------
    below_price, above_price : (n,) float64
        First the price itself, then the levels in the order they would be reached.
    below_sum, above_sum : (n,) float64
        Everything between the price and there.
    """

    below_price: Float64Array = field(repr=False)
    below_sum: Float64Array = field(repr=False)
    above_price: Float64Array = field(repr=False)
    above_sum: Float64Array = field(repr=False)

    def at(self, price: float) -> float:
        """Sum between the price and a level, 0 at the price."""
        if price >= self.above_price[0]:
            i = int(np.searchsorted(self.above_price, price, side="right")) - 1
            return float(self.above_sum[i])
        i = int(np.searchsorted(-self.below_price, -price, side="right")) - 1
        return float(self.below_sum[i])


def band_levels(price: float, block_size: float, ratio: float = BAND_RATIO) -> int:
    """How many native levels make a band of a round height near a share of the price.

    Only heights that are whole levels are taken; where no round figure is one, the nearest
    number of levels. Near means by ratio: half the wish is as far from it as twice the wish.
    """
    wished = price * ratio
    if not (math.isfinite(wished) and block_size > 0 and wished > block_size):
        return 1
    power = 10.0 ** math.floor(math.log10(wished))
    counts = [f * p / block_size for p in (power / 10, power) for f in (1.0, 2.0, 2.5, 5.0, 10.0)]
    whole = [round(n) for n in counts if n > 0.5 and abs(n - round(n)) < 1e-6 * max(1.0, n)]
    if not whole:
        return max(1, round(wished / block_size))
    return min(whole, key=lambda n: abs(math.log(n * block_size / wished)))


def sum_bands(price: Float64Array, qty: Float64Array, height: float) -> Bands:
    """Sum levels into bands; nothing is dropped, so the total stays the total.

    Parameters
    ----------
    price, qty : (n,) float64
        Levels in any order; those with a NaN are left out.
    height : float
        Height of a band, quote units.
    """
    known = np.isfinite(price) & np.isfinite(qty)
    price, qty = price[known], qty[known]
    # A price on an edge must land above it although 0.3 / 0.1 is a little less than 3.
    place = np.floor(price / height + 1e-9).astype(np.int64)
    if place.size == 0:
        return Bands(height, place, qty.astype(np.float64))
    index, slot = np.unique(place, return_inverse=True)
    total = np.bincount(slot, weights=qty, minlength=index.size).astype(np.float64)
    return Bands(height, index, total)


def inferred_side(level_price: float, price: float) -> str:
    """``long`` for a level below the price, ``short`` for one above."""
    return "long" if level_price < price else "short"


def find_clusters(bands: Bands, price: float, count: int = 5) -> list[Cluster]:
    """Largest clusters, largest first.

    A cluster grows from its largest band to the larger neighbour while that holds at least half
    as much, to at most 0.8 % of the price and never across the price. Ten neighbours of $5M are
    one cluster of $50M.
    """
    if bands.index.size == 0 or not (math.isfinite(price) and price > 0):
        return []
    most = max(3, round(CLUSTER_HEIGHT_RATIO * price / bands.height))
    free = bands.qty > 0
    above = (bands.index + 0.5) * bands.height >= price
    found: list[Cluster] = []
    # The sum can outweigh a taller single band, so more peaks are looked at than are wanted.
    for i in np.argsort(-bands.qty, kind="stable")[: 40 * count]:
        if not free[i]:
            continue
        first, last = _grow(bands, free, above, int(i), most)
        free[first : last + 1] = False
        found.append(_cluster(bands, first, last, int(i), price))
    found.sort(key=lambda cluster: -cluster.qty)
    return found[:count]


def compute_curves(price: Float64Array, qty: Float64Array, last_price: float) -> LiquidationCurves:
    """Cumulative sums outwards from the price.

    Parameters
    ----------
    price, qty : (n,) float64
        Levels in any order; a level exactly at the price counts as above.
    """
    known = np.isfinite(price) & np.isfinite(qty)
    price, qty = price[known], qty[known]
    order = np.argsort(price, kind="stable")
    price, qty = price[order], qty[order]
    cut = int(np.searchsorted(price, last_price, side="left"))
    start, zero = np.array([last_price]), np.zeros(1)
    return LiquidationCurves(
        below_price=np.concatenate([start, price[:cut][::-1]]),
        below_sum=np.concatenate([zero, np.cumsum(qty[:cut][::-1])]),
        above_price=np.concatenate([start, price[cut:]]),
        above_sum=np.concatenate([zero, np.cumsum(qty[cut:])]),
    )


def clusters_csv(clusters: Sequence[Cluster], unit: str) -> str:
    """Clusters as text, one row each; ``unit`` names what the quantities count."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["low", "high", "peak", f"qty_{unit}", "distance_pct", "inferred_side"])
    for cluster in clusters:
        figures = (cluster.low, cluster.high, cluster.peak, cluster.qty, cluster.distance_pct)
        rows.writerow([*(repr(float(figure)) for figure in figures), cluster.inferred_side])
    return out.getvalue()


def _grow(
    bands: Bands, free: NDArray[np.bool_], above: NDArray[np.bool_], peak: int, most: int
) -> tuple[int, int]:
    """First and last place of the cluster around a peak."""
    least = CLUSTER_EDGE_RATIO * float(bands.qty[peak])

    def held(k: int, beside: int) -> float:
        """Quantity of a place that may join, -1 for one that may not."""
        if not 0 <= k < bands.index.size or not free[k] or above[k] != above[peak]:
            return -1.0
        touching = abs(int(bands.index[k]) - int(bands.index[beside])) == 1
        return float(bands.qty[k]) if touching and bands.qty[k] >= least else -1.0

    first = last = peak
    while last - first + 1 < most:
        lower, upper = held(first - 1, first), held(last + 1, last)
        if max(lower, upper) < 0:
            break
        if lower > upper:
            first -= 1
        else:
            last += 1
    return first, last


def _cluster(bands: Bands, first: int, last: int, top: int, price: float) -> Cluster:
    peak = (int(bands.index[top]) + 0.5) * bands.height
    return Cluster(
        low=float(int(bands.index[first]) * bands.height),
        high=float((int(bands.index[last]) + 1) * bands.height),
        qty=float(bands.qty[first : last + 1].sum()),
        peak=peak,
        distance_pct=(peak / price - 1) * 100,
        inferred_side=inferred_side(peak, price),
    )

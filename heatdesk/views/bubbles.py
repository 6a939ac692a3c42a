"""Bubbles of trades over a heatmap: how large, where, which are shown, and what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.trades import SliceGrid, TradeSums
from heatdesk.frames import Quote
from heatdesk.units import format_compact, format_price, format_usd, grouped
from heatdesk.views.viewport import ChartWindow

Float64Array = NDArray[np.float64]

MOST_PX, LEAST_PX = 28.0, 4.0
"""Diameters of the largest and of the smallest bubble."""
_SHOWN_QUANTILE, _FULL_QUANTILE = 0.90, 0.995
"""By default bubbles from the first on are shown; those from the second on are full size."""
_ALWAYS_SHOWN = 6
"""Of few bubbles at least so many are shown, whatever the quantile."""
_ENOUGH = 400
"""A scale fitted to this many bubbles is not fitted again until it is asked for."""
_REACH_PX = 3.0
"""A cursor this near to a bubble points at it."""


@dataclass(frozen=True, slots=True)
class BubbleScale:
    """What a bubble's area means.

    Attributes
    ----------
    full : float
        Volume of a bubble of the largest size; what is larger looks the same.
    usual_least : float
        Volume from which bubbles are shown by default.
    count : int
        How many bubbles it was fitted to.
    """

    full: float
    usual_least: float
    count: int

    def diameters_px(self, volume: Float64Array) -> Float64Array:
        """Diameter of each bubble: areas are as volumes."""
        px: Float64Array = MOST_PX * np.sqrt(np.minimum(volume / self.full, 1.0))
        return np.maximum(px, LEAST_PX)


def fit_scale(volume: Float64Array) -> BubbleScale | None:
    """Scale for volumes in view; None where there are none."""
    if volume.size == 0:
        return None
    shown = min(_SHOWN_QUANTILE, max(0.0, 1.0 - _ALWAYS_SHOWN / volume.size))
    least, full = np.quantile(volume, (shown, _FULL_QUANTILE)).tolist()
    return BubbleScale(full, least, int(volume.size))


class ScaleKeeper:
    """Fits the scale when the view's slices change or it is asked to, and holds it otherwise.

    What trades do never changes the size of bubbles that are there, with one exception: a
    scale that had few bubbles to go by is fitted again as they double, up to `_ENOUGH`.
    """

    def __init__(self) -> None:
        self.scale: BubbleScale | None = None
        self._key: object = None

    def offer(self, volume: Float64Array, key: object) -> BubbleScale | None:
        """Return the scale for a view.

        Parameters
        ----------
        volume : (n,) float64
            All volumes in view.
        key : object
            What the scale is of; another one fits it anew.
        """
        few = self.scale is None or self.scale.count < _ENOUGH
        grown = self.scale is None or volume.size >= 2 * self.scale.count
        if key != self._key or (few and grown):
            self._key = key
            self.scale = fit_scale(volume)
        return self.scale

    def refit(self) -> None:
        """Fit anew the next time."""
        self.scale = None


@dataclass(frozen=True, slots=True)
class BubbleShapes:
    """Bubbles that are drawn, the smallest first, in logical pixels of the plot.

    Attributes
    ----------
    x, y, diameter : (n,) float64
    buy_ratio : (n,) float64
    sums : TradeSums
        What each stands for.
    """

    x: Float64Array = field(repr=False)
    y: Float64Array = field(repr=False)
    diameter: Float64Array = field(repr=False)
    buy_ratio: Float64Array = field(repr=False)
    sums: TradeSums = field(repr=False)

    def at(self, x_px: float, y_px: float) -> int | None:
        """The bubble under a point: of several the one whose middle is nearest for its size."""
        if self.x.size == 0:
            return None
        radius = self.diameter / 2 + _REACH_PX
        away = np.hypot(self.x - x_px, self.y - y_px) / radius
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= 1.0 else None


def volumes(sums: TradeSums, quote: Quote) -> Float64Array:
    """Volume of each group in coins, or in quote units."""
    return sums.value_quote if quote is Quote.USD else sums.qty_base


def lay_out_bubbles(
    sums: TradeSums,
    grid: SliceGrid,
    window: ChartWindow,
    volume: Float64Array,
    scale: BubbleScale,
    least: float,
) -> BubbleShapes:
    """Where the bubbles of at least a volume lie, the largest last and so on top."""
    kept = np.flatnonzero(volume >= least)
    kept = kept[np.argsort(volume[kept], kind="stable")]
    some = sums.picked(kept)
    x = (some.time_ms(grid) / 1000 - window.t0_s) / window.s_per_px
    y = (window.p1 - some.price) / window.price_per_px
    shapes = BubbleShapes(x, y, scale.diameters_px(volume[kept]), some.buy_ratio, some)
    half = shapes.diameter / 2
    seen = (x > -half) & (x < window.width_px + half) & (y > -half) & (y < window.height_px + half)
    if seen.all():
        return shapes
    inside = np.flatnonzero(seen)
    return BubbleShapes(
        x[inside],
        y[inside],
        shapes.diameter[inside],
        shapes.buy_ratio[inside],
        some.picked(inside),
    )


def amount_text(base: float, quote_value: float, quote: Quote, coin: str) -> str:
    """A volume in the unit chosen and, after it, in the other (``12.4 BTC  $868K``)."""
    coins, dollars = f"{format_compact(base)} {coin}".rstrip(), format_usd(quote_value)
    return f"{dollars}  {coins}" if quote is Quote.USD else f"{coins}  {dollars}"


def bubble_rows(
    sums: TradeSums, i: int, grid: SliceGrid, tick_size: float, quote: Quote, coin: str
) -> list[tuple[str, str]]:
    """Rows of the hover card for one bubble."""
    buy, sell = float(sums.buy_base[i]), float(sums.sell_base[i])
    base, value, count = buy + sell, float(sums.value_quote[i]), int(sums.count[i])
    price = value / base
    unit = price if quote is Quote.USD else 1.0
    sign = "$" if quote is Quote.USD else ""
    split = " / ".join(sign + format_compact(part * unit) for part in (buy, sell))
    trades = f"{grouped(count)} in {span_text(grid.slice_ms)}" if count > 1 else "1"
    rows = [
        ("Traded", amount_text(base, value, quote, coin)),
        ("Buy / sell", f"{split}  {_share_text(buy / base)}"),
        ("VWAP", format_price(price, tick_size)),
        ("Trades", trades),
    ]
    if count > 1:
        largest = float(sums.largest_base[i])
        rows.append(("Largest", amount_text(largest, largest * price, quote, coin)))
    return rows


def _share_text(buy_ratio: float) -> str:
    if buy_ratio in {0.0, 1.0}:
        return "all buys" if buy_ratio else "all sells"
    share_pct = min(max(round(buy_ratio * 100), 1), 99)
    return f"{share_pct} % buys"


def span_text(span_ms: int) -> str:
    """A stretch of time in its largest whole unit (``200 ms``, ``5 s``, ``15 min``, ``4 h``)."""
    for unit_ms, name in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")):
        if span_ms % unit_ms == 0:
            return f"{span_ms // unit_ms} {name}"
    return f"{span_ms} ms"


def least_text(least: float, quote: Quote, coin: str) -> str:
    """What a slider of the least volume says (``from 2.5 BTC``, ``from $180K``)."""
    if not (math.isfinite(least) and least > 0):
        return "all"
    amount = format_usd(least) if quote is Quote.USD else f"{format_compact(least)} {coin}"
    return f"from {amount.rstrip()}"

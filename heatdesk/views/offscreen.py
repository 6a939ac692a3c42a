"""What rests above and below the prices in view."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import Quote
from heatdesk.units import format_compact, format_usd, grouped

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RestingTotals:
    """Quantities by price with their running sums: what lies beyond any price is two look-ups.

    Attributes
    ----------
    price : (n,) float64
        Lower edges of the levels, ascending.
    running : (n + 1,) float64
        Sum of the first ``k`` levels.
    height : float
        Height of a level, quote units.
    """

    price: Float64Array = field(repr=False)
    running: Float64Array = field(repr=False)
    height: float

    @classmethod
    def of(cls, price: Float64Array, qty: Float64Array, height: float) -> RestingTotals:
        """Totals of levels in any order; what is not a positive quantity counts for nothing."""
        order = np.argsort(price, kind="stable")
        sound = np.where(np.isfinite(qty) & (qty > 0), qty, 0.0)[order]
        return cls(price[order], np.concatenate([[0.0], np.cumsum(sound)]), height)

    def above(self, price: float) -> float:
        """Sum of the levels that lie wholly above a price."""
        start = int(np.searchsorted(self.price, price - 1e-9 * self.height, side="left"))
        return float(self.running[-1] - self.running[start])

    def below(self, price: float) -> float:
        """Sum of the levels that lie wholly below a price."""
        edge = price - self.height * (1 - 1e-9)
        return float(self.running[int(np.searchsorted(self.price, edge, side="right"))])


def total_text(qty: float, quote: Quote, unit: str, where: str) -> str:
    """What a chip says (``1,234 BTC above``); empty where nothing is left of the figure."""
    if not qty > 0:
        return ""
    if quote is Quote.USD:
        return f"{format_usd(qty)} {where}"
    decimals = 0 if qty >= 100 else 1 if qty >= 10 else 2
    if float(f"{qty:.{decimals}f}") == 0:
        return ""
    figure = grouped(qty, decimals) if qty < 1e6 else format_compact(qty)
    return f"{figure} {unit} {where}"

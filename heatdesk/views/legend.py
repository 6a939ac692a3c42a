"""The colour legend as a scale: quantity to pixel row, histogram bars, labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from heatdesk.units import plain_number, shown_number

Float64Array = NDArray[np.float64]

_SUFFIXES = {"k": 1e3, "m": 1e6, "b": 1e9}


@dataclass(frozen=True, slots=True)
class QuantityHistogram:
    """Counts of non-zero native cells by quantity.

    Parameters
    ----------
    value : (n,) float64
        Quantities, ascending and positive.
    count : (n,) int64
        Cells with each.
    """

    value: Float64Array = field(repr=False)
    count: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of_codes(cls, counts: NDArray[np.int64], values: Float64Array) -> QuantityHistogram:
        """Histogram of a store: counts per code and what each code is worth."""
        used = np.flatnonzero((counts > 0) & (values > 0))
        return cls(values[used], counts[used])

    @property
    def total(self) -> int:
        """Cells counted."""
        return int(self.count.sum())

    def quantity_at(self, percentile: float) -> float:
        """Quantity that this share of the cells, 0 to 100, does not exceed."""
        if self.value.size == 0:
            return math.nan
        upto = np.cumsum(self.count)
        place = int(np.searchsorted(upto, percentile / 100 * upto[-1], side="left"))
        return float(self.value[min(place, self.value.size - 1)])

    def percentile_of(self, quantity: float) -> float:
        """Share of the cells, 0 to 100, that do not exceed a quantity."""
        if self.value.size == 0:
            return math.nan
        upto = int(np.searchsorted(self.value, quantity, side="right"))
        return float(self.count[:upto].sum() / max(1, self.total) * 100)


@dataclass(frozen=True, slots=True)
class LegendScale:
    """Logarithmic scale of the legend's bar, from ``low`` at the bottom to ``high`` on top."""

    low: float
    high: float
    height_px: float

    @classmethod
    def over(
        cls, histogram: QuantityHistogram, cut: tuple[float, float], height_px: float
    ) -> LegendScale:
        """Scale that shows the bulk of the cells and both cut-offs with some room.

        The scale itself is always logarithmic, like the quantities; how colours run between
        the cut-offs is the contrast's matter.
        """
        low, high = cut
        if histogram.value.size:
            low = min(low, histogram.quantity_at(1.0))
            high = max(high, float(histogram.value[-1]))
        high = max(high, 1e-12)
        low = min(max(low, high * 1e-7), high / 2)
        return cls(low * 0.8, high * 1.25, max(1.0, height_px))

    def y_of(self, quantity: float) -> float:
        """Row of a quantity, 0 on top; held inside the bar."""
        if not quantity > 0:
            return self.height_px
        share = math.log(quantity / self.low) / math.log(self.high / self.low)
        return (1 - min(max(share, 0.0), 1.0)) * self.height_px

    def quantity_at(self, y_px: float) -> float:
        """Quantity of a row."""
        share = 1 - min(max(y_px / self.height_px, 0.0), 1.0)
        return float(self.low * (self.high / self.low) ** share)

    def bars(self, histogram: QuantityHistogram, step_px: int = 2) -> Float64Array:
        """Length 0 to 1 of the histogram's bars, one per ``step_px`` rows from the top.

        Lengths go by the square root of the count: few large cells stay visible beside many
        small ones.
        """
        slots = max(1, int(self.height_px // step_px))
        lengths = np.zeros(slots)
        inside = (histogram.value >= self.low) & (histogram.value <= self.high)
        if inside.any():
            share = np.log(histogram.value[inside] / self.low) / math.log(self.high / self.low)
            slot = np.minimum(((1 - share) * slots).astype(np.int64), slots - 1)
            lengths = np.sqrt(np.bincount(slot, weights=histogram.count[inside], minlength=slots))
            lengths /= lengths.max()
        return lengths

    def marks(self, least_px: float = 22.0) -> list[float]:
        """Quantities to label: powers of ten, thinned; 1-2-5 where there is room."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for factors in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
            found = [f * 10.0**k for k in range(first, last + 1) for f in factors]
            found = [q for q in found if self.low <= q <= self.high]
            rows = [self.y_of(q) for q in found]
            gaps = [a - b for a, b in pairwise(rows)]
            if not gaps or min(gaps) >= least_px:
                return found
        stride = math.ceil(least_px / max(1e-6, min(gaps)))
        return found[::stride]


def percentile_text(percent: float) -> str:
    """A percentile in few digits (``p75``, ``p92.8``, ``p99.95``); none but 100 reads p100."""
    text = f"{percent:.{1 if percent < 99 else 2}f}"
    if percent < 100 and float(text) >= 100:
        text = "99.99"
    return shown_number("p" + (text.rstrip("0").rstrip(".") if "." in text else text))


def parse_cut(text: str, mode: str) -> tuple[str, float]:
    """Read a typed cut-off: ``p80`` and ``80%`` are percentiles, ``1.5M`` and ``$67`` sizes.

    A bare number is read in the given mode.

    Returns
    -------
    (str, float)
        ``percentile`` or ``absolute``, and the figure; NaN when it is not understood.
    """
    word = plain_number(text.strip()).replace(",", "").replace(" ", "").lower()
    kind = mode
    if word.startswith("p") or word.endswith("%"):
        kind, word = "percentile", word.removeprefix("p").removesuffix("%")
    elif word.startswith("$") or word[-1:] in _SUFFIXES:
        kind, word = "absolute", word.removeprefix("$")
    factor = 1.0
    if kind == "absolute" and word[-1:] in _SUFFIXES:
        factor, word = _SUFFIXES[word[-1]], word[:-1]
    try:
        figure = float(word) * factor
    except ValueError:
        return kind, math.nan
    if not math.isfinite(figure) or (kind == "percentile" and not 0 <= figure <= 100):
        return kind, math.nan
    return kind, figure

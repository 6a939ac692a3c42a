"""The two cut-offs of a colour scale: where they are, and what moves them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import N_CODES
from heatdesk.views.contrast import (
    LEAST_QTY,
    MOST_QTY,
    SLIP_RATIO,
    Contrast,
    quantile,
    resolve_contrast,
)
from heatdesk.views.legend import QuantityHistogram, parse_cut, percentile_text
from heatdesk.views.ticks import quantity_label

LEAST_PCT = 0.01
"""Percentiles of the two stay this far apart."""
LEAST_RATIO = 1.05
"""And so do their sizes."""


class CutOffs:
    """A contrast, and the quantities that it comes to in the cells counted last.

    Attributes
    ----------
    contrast : Contrast
        What is asked for. While it is by size its percentiles say what the sizes are here.
    cut : (float, float)
        Quantities at which the ramp starts and ends; frozen until something here is called.
    histogram : QuantityHistogram
        The cells counted last.
    """

    def __init__(self) -> None:
        self.contrast = Contrast()
        self.cut = (1.0, 10.0)
        self.histogram = QuantityHistogram(np.empty(0), np.empty(0, np.int64))
        self._counted: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None

    def forget(self) -> None:
        """Let go of the cells counted; the cut-offs stay until others are."""
        self.histogram = QuantityHistogram(np.empty(0), np.empty(0, np.int64))
        self._counted = None

    def count(self, counts: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Take in cells per code and what each code is worth."""
        self._counted = (counts, values)
        self.histogram = QuantityHistogram.of_codes(counts, values)

    def take(self, contrast: Contrast) -> None:
        """Work the cut-offs out for a contrast."""
        self.contrast = contrast
        if self._counted is not None:
            self.cut = resolve_contrast(*self._counted, contrast)
        elif contrast.mode == "absolute":
            self.cut = resolve_contrast(np.zeros(N_CODES, np.int64), np.empty(0), contrast)

    def move(self, which: str, quantity: float) -> None:
        """Move the ``low`` or ``high`` cut-off to a quantity; it never passes the other."""
        low, high = self.cut
        quantity = min(max(quantity, LEAST_QTY), MOST_QTY)
        if which == "low":
            low = min(quantity, high / LEAST_RATIO)
        else:
            high = max(quantity, low * LEAST_RATIO)
        self.cut = (low, high)
        if self.contrast.mode != "percentile":
            self.contrast = self.by_size()
            return
        percent = self.histogram.percentile_of(low if which == "low" else high)
        if math.isfinite(percent):
            self.contrast = _with_percentile(self.contrast, which, percent)

    def by_size(self) -> Contrast:
        """Return the present cut-offs as exact sizes, with the percentiles that they are here."""
        low, high = self.cut
        found = self.contrast
        low_pct = self._percentile(low, found.low_pct)
        high_pct = self._percentile(high, found.high_pct)
        if math.isfinite(low_pct) and low_pct + LEAST_PCT <= high_pct:
            found = replace(found, low_pct=low_pct, high_pct=high_pct)
        # a size that follows the data would be no exact size
        return replace(found, mode="absolute", low=low, high=high, auto=False)

    def _percentile(self, quantity: float, known: float) -> float:
        """Percentile of a quantity: the one already known where it comes to just that."""
        if self._counted is not None and quantile(*self._counted, known / 100) == quantity:
            return known
        return self.histogram.percentile_of(quantity)

    def in_mode(self, mode: str) -> Contrast:
        """Return the same cut-offs as ``percentile`` or ``absolute``."""
        return self.contrast if mode == self.contrast.mode else replace(self.by_size(), mode=mode)

    def type(self, which: str, text: str) -> bool:
        """Set a cut-off by what was typed; returns whether it was understood."""
        kind, figure = parse_cut(text, self.contrast.mode)
        if not math.isfinite(figure):
            return False
        if kind == "percentile":
            if not self.histogram.value.size:
                return False
            # what was typed is kept to the digit, not what the histogram makes of it
            self._take_one(which, _with_percentile(self.in_mode("percentile"), which, figure))
            return True
        return self.put(which, figure)

    def put(self, which: str, quantity: float) -> bool:
        """Set a cut-off to an exact size; the other makes way if it must.

        Returns whether such a size can be meant.
        """
        if not self._is_size(quantity):
            return False
        self.contrast = self.by_size()
        low, high = self.cut
        held = self.histogram.value
        if which == "low" and quantity * LEAST_RATIO > high:
            largest = float(held[-1]) if held.size else 0.0
            self.cut = (low, max(largest, quantity * LEAST_RATIO))
        elif which == "high" and quantity < low * LEAST_RATIO:
            self.cut = (max(quantity * low / high, LEAST_QTY), high)
        self.move(which, quantity)
        return True

    def _take_one(self, which: str, contrast: Contrast) -> None:
        """Work one cut-off out for a contrast; the other does not stir if it need not."""
        low, high = self.cut
        self.take(contrast)
        kept = (self.cut[0], high) if which == "low" else (low, self.cut[1])
        if kept[0] * LEAST_RATIO <= kept[1]:
            self.cut = kept

    def _is_size(self, figure: float) -> bool:
        """Whether a typed size can be meant."""
        if not LEAST_QTY <= figure <= MOST_QTY:
            return False
        held = self.histogram.value
        return not held.size or bool(held[0] / SLIP_RATIO <= figure <= held[-1] * SLIP_RATIO)

    def texts(self, which: str, *, usd: bool) -> tuple[str, str]:
        """Return what a cut-off is set to, and its size where that is something else."""
        low, high = self.cut
        size = quantity_label(low if which == "low" else high, usd)
        if self.contrast.mode != "percentile":
            return size, ""
        percent = self.contrast.low_pct if which == "low" else self.contrast.high_pct
        return percentile_text(percent), size


def _with_percentile(contrast: Contrast, which: str, percent: float) -> Contrast:
    """Set one percentile; it stays on its side of the other."""
    if which == "low":
        return replace(contrast, low_pct=max(min(percent, contrast.high_pct - LEAST_PCT), 0.0))
    return replace(contrast, high_pct=min(max(percent, contrast.low_pct + LEAST_PCT), 100.0))

"""Contrast by instrument: worked out once, then frozen, and remembered."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from heatdesk.views.contrast import Contrast

if TYPE_CHECKING:
    from ui.heatmap.legend import ContrastLegend

MOST = 60
"""Instruments remembered."""

Histogram = Callable[[], tuple[NDArray[np.int64], NDArray[np.float64]]]
"""Counts per code and what each code is worth; asked only when a fit is due."""


class ContrastMemory:
    """Decides when a legend is fitted, and keeps each instrument's contrast.

    A fit happens for a new instrument or block, again when its first history is complete, and
    on request; fresh data never causes one.
    """

    def __init__(self, legend: ContrastLegend, usual: Contrast) -> None:
        self.legend = legend
        self._usual = usual
        self._kept: dict[str, Contrast] = {}
        self._key = ""
        self._due = True
        self._filling = False
        legend.set_initial(usual)
        legend.contrast = usual
        legend.changed.connect(self._keep)

    def turn_to(self, key: str) -> None:
        """Another instrument, or another height of its levels."""
        if key != self._key:
            self._key, self._due, self._filling = key, True, False

    def refit(self) -> None:
        """Fit at the next offer."""
        self._due = True

    def offer(self, histogram: Histogram, *, filling: bool) -> None:
        """Fit if it is time to.

        Parameters
        ----------
        filling : bool
            The first history is still arriving.
        """
        if not (self._due or (self._filling and not filling)):
            return
        counts, values = histogram()
        if not counts[2:].any():
            return
        self._due, self._filling = False, filling
        self.legend.fit(counts, values, self._kept.get(self._key, self._usual))

    def _keep(self) -> None:
        if self._key:
            self._kept.pop(self._key, None)
            self._kept[self._key] = self.legend.contrast
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    def save(self) -> list[str]:
        """One line per instrument whose contrast is not the usual one."""
        return [
            f"{key}|{c.mode}|{c.low_pct!r}|{c.high_pct!r}|{c.low!r}|{c.high!r}|{c.scale}"
            for key, c in self._kept.items()
            if c != self._usual
        ]

    def load(self, lines: object) -> None:
        """Take lines over; one that makes no sense is left out."""
        if not isinstance(lines, Sequence) or isinstance(lines, str):
            return
        for line in lines:
            key, contrast = _parse(str(line))
            if contrast is not None:
                self._kept[key] = contrast


def _parse(line: str) -> tuple[str, Contrast | None]:
    parts = line.rsplit("|", 6)
    if len(parts) != 7 or parts[1] not in {"percentile", "absolute"}:
        return "", None
    try:
        low_pct, high_pct, low, high = (float(part) for part in parts[2:6])
    except ValueError:
        return "", None
    sound = all(math.isfinite(x) and x >= 0 for x in (low_pct, high_pct, low, high))
    if not (sound and low_pct < high_pct <= 100 and parts[6] in {"log", "linear"}):
        return "", None
    return parts[0], Contrast(parts[1], low_pct, high_pct, low, high, parts[6])

"""Contrast: which quantities the ramp spans, and the table from code to colour."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import FIRST, N_CODES, NOT_OBSERVED
from heatdesk.views.palettes import DARK, Palette, Shades, ramp32

Table = NDArray[np.uint32]
"""Opaque colour (0xffRRGGBB) of every code, (65536,)."""

_RAMP = 1024
_FALLBACK = (1.0, 10.0)
LEAST_QTY, MOST_QTY = 1e-44, 3.4e38
"""No cell holds a quantity beyond these, so neither does a cut-off."""
SLIP_RATIO = 1e4
"""A size so many times beyond every cell held cannot be meant."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """How a user asks for contrast.

    Attributes
    ----------
    mode : str
        ``percentile`` of the cells that hold a quantity, or ``absolute``.
    low_pct, high_pct : float
        Cuts in percent of those cells, for ``percentile``.
    low, high : float
        Cuts as quantities, for ``absolute``.
    scale : str
        ``log`` or ``linear``.
    auto : bool
        Whether the cuts are worked out again as data comes; only percentiles can be.
    """

    mode: str = "percentile"
    low_pct: float = 75.0
    high_pct: float = 99.5
    low: float = 0.0
    high: float = 0.0
    scale: str = "log"
    auto: bool = False


def resolve_contrast(
    histogram: NDArray[np.int64], values: NDArray[np.float64], contrast: Contrast
) -> tuple[float, float]:
    """Quantities at which the ramp starts and ends, low below high.

    Parameters
    ----------
    histogram : (65536,) int64
        Cells of each code (`HeatmapStore.histogram`).
    values : (65536,) float64
        Quantity of each code.
    """
    if contrast.mode == "absolute":
        return _apart(contrast.low, contrast.high, contrast.scale)
    low = quantile(histogram, values, contrast.low_pct / 100)
    high = quantile(histogram, values, contrast.high_pct / 100)
    return _apart(low, high, contrast.scale)


def carry_over(
    histogram: NDArray[np.int64], values: NDArray[np.float64], contrast: Contrast
) -> Contrast:
    """Return the contrast for another instrument, whose sizes are others.

    Percentiles mean the same everywhere. Exact sizes become those below which the same shares
    of this instrument's cells lie.
    """
    if contrast.mode != "absolute":
        return contrast
    low, high = resolve_contrast(histogram, values, replace(contrast, mode="percentile"))
    return replace(contrast, low=low, high=high)


def makes_sense(
    histogram: NDArray[np.int64], values: NDArray[np.float64], contrast: Contrast
) -> bool:
    """Whether exact sizes are anywhere near the sizes there are; percentiles always are."""
    held = values[FIRST:][histogram[FIRST:] > 0]
    if contrast.mode != "absolute" or not held.size:
        return True
    return bool(
        contrast.low <= held[-1] * SLIP_RATIO
        and held[0] / SLIP_RATIO <= contrast.high <= held[-1] * SLIP_RATIO
    )


def quantile(histogram: NDArray[np.int64], values: NDArray[np.float64], share: float) -> float:
    """Quantity below or at which that share of the cells with a quantity lies; NaN for none."""
    running = np.cumsum(histogram[FIRST:])
    total = int(running[-1])
    if total == 0:
        return math.nan
    wanted = min(max(math.ceil(share * total), 1), total)
    return float(values[FIRST + int(np.searchsorted(running, wanted))])


def position_of(
    qty: NDArray[np.float64], low: float, high: float, scale: str
) -> NDArray[np.float64]:
    """Place of quantities on the ramp: 0 at ``low``, 1 at ``high``, below 0 under the cut."""
    if scale == "log":
        floor = max(low, np.finfo(np.float64).tiny)
        with np.errstate(divide="ignore", invalid="ignore"):
            place: NDArray[np.float64] = np.log(qty / floor) / math.log(high / floor)
        return place
    return (qty - low) / (high - low)


def quantity_at(position: float, low: float, high: float, scale: str) -> float:
    """Quantity at a place on the ramp, the inverse of `position_of`; for the legend."""
    if scale == "log":
        floor = max(low, float(np.finfo(np.float64).tiny))
        return float(floor * (high / floor) ** position)
    return low + (high - low) * position


def transfer_table(
    values: NDArray[np.float64],
    low: float,
    high: float,
    scale: str,
    palette: Palette,
    shades: Shades = DARK,
) -> Table:
    """Colour of every code.

    The ramp takes the form that belongs to the shades. Below ``low`` is ground, from ``high`` up
    the end of the ramp; *observed empty* is ground and *not observed* a shade off it.
    """
    low, high = _apart(low, high, scale)
    # each colour begins half a step before its place; quantities ascend with the codes, so a
    # search finds where, and no code needs a logarithm
    place = (np.arange(_RAMP) - 0.5) / (_RAMP - 1)
    if scale == "log":
        floor = max(low, float(np.finfo(np.float64).tiny))
        starts_at = np.exp(np.log(floor) + (np.log(high) - np.log(floor)) * place)
    else:
        starts_at = low + (high - low) * place
    starts_at[0] = low
    starts = np.append(np.searchsorted(values[FIRST:], starts_at), N_CODES - FIRST)
    below = np.full(FIRST + starts[0], shades.ground, np.uint32)
    below[NOT_OBSERVED] = shades.not_observed
    above = np.repeat(ramp32(palette.on(shades.light), _RAMP), np.diff(starts))
    return np.concatenate((below, above))


def _apart(low: float, high: float, scale: str) -> tuple[float, float]:
    """Make cuts usable: finite, positive for a logarithm, and low below high."""
    if not (math.isfinite(high) and high > 0):
        return _FALLBACK
    high = min(max(high, 1e4 * LEAST_QTY), MOST_QTY)
    if not math.isfinite(low) or low < LEAST_QTY:
        low = 0.0
    if low >= high:
        # one size everywhere: show it, do not hide it under its own cut
        low = high / 2
    if scale == "log" and low <= 0:
        low = high / 1e4
    return low, high

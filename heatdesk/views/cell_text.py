"""Figures written into cells: which fit, what they say, and in which ink they can be read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatdesk.units import format_compact, shown_number

LEAST_WIDTH_PX, LEAST_HEIGHT_PX = 46.0, 13.0
"""A smaller cell has no room for a figure."""

_CROSSOVER = 0.25
"""Relative luminance from which black is used. By WCAG 2 black wins from 0.18 on, but on the
saturated blues between the two white is easier to read; its contrast there is 3.5 at least."""
_STEPS = np.arange(256) / 255
_LINEAR = np.where(_STEPS <= 0.04045, _STEPS / 12.92, ((_STEPS + 0.055) / 1.055) ** 2.4)


def luminance(rgb: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Relative luminance, 0 to 1, of colours 0xffRRGGBB, any shape."""
    red, green, blue = (_LINEAR[(rgb >> shift) & 0xFF] for shift in (16, 8, 0))
    found: NDArray[np.float64] = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return found


def wants_dark_ink(rgb: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether black is easier to read than white on colours 0xffRRGGBB, any shape."""
    return luminance(rgb) > _CROSSOVER


def cell_figure(qty: float) -> str:
    """A quantity in about five characters (``1.23K``, ``400``, ``0.05``); empty for none.

    Figures of one size have the same decimals, so that neighbours can be compared at a glance.
    """
    if not qty > 0:
        return ""
    if qty < 0.001:
        return shown_number("<.001")
    if qty < 1:
        return shown_number(f"{qty:.2f}" if qty >= 0.0095 else f"{qty:.3f}")
    return format_compact(qty, 3)


def has_room(width_px: float, height_px: float) -> bool:
    """Whether a figure can be written into a cell of a size."""
    return width_px >= LEAST_WIDTH_PX and height_px >= LEAST_HEIGHT_PX

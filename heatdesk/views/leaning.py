"""Colours of what leans one way or the other: warm is long or up, cool is short or down.

Orange against blue is told apart by every kind of colour-blind eye; green and red stay with
trades and candles.
"""

from __future__ import annotations

import math

from heatdesk.views.palettes import DIVERGING, Palette, ramp

RGB = tuple[int, int, int]

CHANGE = Palette(
    "change",
    "Change",
    (
        (0.0, "#f5a04a"),
        (0.25, "#c98e5c"),
        (0.5, "#858d9c"),
        (0.75, "#6d9dcb"),
        (1.0, "#66b5f5"),
    ),
    diverging=True,
)
"""The bias ramp with a middle light enough for a small dot on the ground colour."""

_STEPS = 256


def lean_rgb(position: float, palette: Palette = DIVERGING) -> RGB:
    """Colour of a lean.

    Parameters
    ----------
    position : float
        0 fully short or down (cool), 0.5 neutral, 1 fully long or up (warm); clipped, and
        neutral where it is not a number.
    """
    if not math.isfinite(position):
        position = 0.5
    # the ramps run from warm to cool
    step = round((1.0 - min(1.0, max(0.0, position))) * (_STEPS - 1))
    red, green, blue = ramp(palette, _STEPS)[step]
    return int(red), int(green), int(blue)

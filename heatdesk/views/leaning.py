"""Colours of what leans one way or the other: warm is long or up, cool is short or down.

Orange against blue is told apart by every kind of colour-blind eye; green and red stay with
trades and candles.
"""

from __future__ import annotations

import math

from heatdesk.views.palettes import DIVERGING, Palette, ramp

RGB = tuple[int, int, int]

_STEPS = 256


def lean_rgb(position: float, palette: Palette = DIVERGING, *, light: bool = False) -> RGB:
    """Colour of a lean.

    Parameters
    ----------
    position : float
        0 fully short or down (cool), 0.5 neutral, 1 fully long or up (warm); clipped, and
        neutral where it is not a number.
    light : bool
        Whether it is shown on a light ground.
    """
    if not math.isfinite(position):
        position = 0.5
    # the ramps run from warm to cool
    step = round((1.0 - min(1.0, max(0.0, position))) * (_STEPS - 1))
    red, green, blue = ramp(palette.on(light), _STEPS)[step]
    return int(red), int(green), int(blue)

"""Heights of a level: what is on offer, and in which words."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias

from heatdesk.frames import Resolution
from heatdesk.views.instruments import price_text
from ui.panels.order_book.options import BookOptions

Height: TypeAlias = "Resolution | float"
"""A height that follows the price, or one that was named, quote units."""
_STEPS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)
"""Heights on offer beside the automatic one, in steps of 1, 2, 5."""


def with_height(options: BookOptions, height: Height) -> BookOptions:
    """The options with another height of a level."""
    if isinstance(height, Resolution):
        return replace(options, resolution=height, block_size=None)
    return replace(options, block_size=height)


def height_choices(
    options: BookOptions, block_size: float | None, *, live: bool
) -> list[tuple[Height, str]]:
    """Heights to choose from and their words; a live book may be shown in named ones."""
    choices: list[tuple[Height, str]] = []
    automatic = None
    if block_size is not None and options.block_size is None:
        automatic = block_size / options.resolution.multiple
    for resolution in Resolution:
        text = _title(resolution, live=live)
        if automatic is not None:
            text += f"  {_written(automatic * resolution.multiple)} levels"
        choices.append((resolution, text))
    if live and block_size is not None:
        choices += [(height, f"{_written(height)} levels") for height in ladder(block_size)]
    return choices


def height_text(options: BookOptions, block_size: float | None, *, live: bool) -> str:
    """The present height on its button."""
    if live:
        return f"{_written(block_size)} levels" if block_size is not None else "Levels"
    return options.resolution_text("")


def ladder(block_size: float) -> list[float]:
    """Heights of 1, 2 or 5 times a power of ten, four below and above one of them."""
    place = round(3 * math.log10(block_size))
    heights = [rung(place + step) for step in _STEPS]
    return [height for height in heights if height > 0]


def rung(place: int) -> float:
    """A round figure: 1, 2, 5, 10, ... by its place on that ladder."""
    power, within = divmod(place, 3)
    return float(f"{(1.0, 2.0, 5.0)[within]}e{power}")


def _title(resolution: Resolution, *, live: bool) -> str:
    if not live:
        return resolution.value.upper()
    return "Automatic" if resolution is Resolution.UHD else f"{resolution.multiple} x automatic"


def _written(height: float) -> str:
    return price_text(float(f"{height:.8g}"))

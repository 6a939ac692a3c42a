"""Colour ramps as control points, mixed in CIE Lab so that lightness runs evenly.

Every sequential ramp starts at the ground colour and only gets lighter: a bigger quantity is
never darker. The diverging one is blue against orange, which colour-blind eyes tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shades:
    """Opaque colours, 0xffRRGGBB, of what holds no quantity.

    Attributes
    ----------
    ground : int
        A cell below the lower cut, an observed empty one, and a column nobody asked for.
    not_observed : int
        A shade off the ground: nobody reported on this price.
    gap_tint, gap_line : int
        Ground of a gap, all there is of one too narrow to be hatched, and the lines in it.
    """

    ground: int
    not_observed: int
    gap_tint: int
    gap_line: int


DARK = Shades(0xFF0B0E14, 0xFF11141B, 0xFF171B23, 0xFF333A47)

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27


@dataclass(frozen=True, slots=True)
class Palette:
    """A named ramp.

    Attributes
    ----------
    name, title : str
        Id for settings, and what a menu says.
    points : tuple of (float, str)
        Position from 0 to 1 and ``#rrggbb``, ascending from 0 to 1.
    diverging : bool
        Whether the middle, not the start, is neutral.
    """

    name: str
    title: str
    points: tuple[tuple[float, str], ...]
    diverging: bool = False


LIQUIDITY = Palette(
    "liquidity",
    "Liquidity",
    (
        (0.0, "#0b0e14"),
        (0.16, "#10214f"),
        (0.40, "#1f57c3"),
        (0.64, "#35b4dc"),
        (0.74, "#b9d8c4"),
        (0.84, "#ffdf4f"),
        (1.0, "#ffffff"),
    ),
)
LIQUIDATION = Palette(
    "liquidation",
    "Liquidation",
    (
        (0.0, "#0b0e14"),
        (0.18, "#2f1257"),
        (0.40, "#752384"),
        (0.68, "#ee7420"),
        (1.0, "#fff08a"),
    ),
)
DIVERGING = Palette(
    "diverging",
    "Bias",
    (
        (0.0, "#f5a04a"),
        (0.25, "#a2602a"),
        (0.5, "#222731"),
        (0.75, "#2b6cab"),
        (1.0, "#66b5f5"),
    ),
    diverging=True,
)
BID = Palette(
    "bid",
    "Bid",
    ((0.0, "#0b0e14"), (0.2, "#0d2c4d"), (0.6, "#2390dc"), (1.0, "#e2f4ff")),
)
ASK = Palette(
    "ask",
    "Ask",
    ((0.0, "#0b0e14"), (0.2, "#40200c"), (0.6, "#dc7a22"), (1.0, "#fff0de")),
)
GREY = Palette("grey", "Grey", ((0.0, "#0b0e14"), (1.0, "#ffffff")))

PALETTES: dict[str, Palette] = {
    palette.name: palette for palette in (LIQUIDITY, LIQUIDATION, DIVERGING, BID, ASK, GREY)
}
"""Every palette by name."""


@lru_cache(maxsize=32)
def ramp(palette: Palette, count: int = 1024) -> NDArray[np.uint8]:
    """Colours of a palette at equal steps, (count, 3) RGB, read-only."""
    at = np.array([position for position, _ in palette.points])
    points = lab_of_rgb(np.array([_rgb(colour) for _, colour in palette.points], np.float64))
    steps = np.linspace(0.0, 1.0, count)
    mixed = np.stack([np.interp(steps, at, points[:, i]) for i in range(3)], axis=1)
    colours = rgb_of_lab(mixed)
    colours.setflags(write=False)
    return colours


def sample(palette: Palette, position: float) -> tuple[int, int, int]:
    """One colour of a palette, RGB 0 to 255; positions outside 0 to 1 take the nearest end."""
    colours = ramp(palette)
    red, green, blue = colours[round(min(max(position, 0.0), 1.0) * (len(colours) - 1))].tolist()
    return red, green, blue


def ramp32(palette: Palette, count: int = 1024) -> NDArray[np.uint32]:
    """Colours of a palette as opaque 0xffRRGGBB, (count,)."""
    rgb = ramp(palette, count).astype(np.uint32)
    packed = 0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
    return packed.astype(np.uint32)


def lab_of_rgb(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of sRGB colours 0 to 255, (n, 3)."""
    part = rgb / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > _EPSILON, np.cbrt(xyz), (_KAPPA * xyz + 16) / 116)
    lab: NDArray[np.float64] = np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )
    return lab


def rgb_of_lab(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Nearest sRGB colours 0 to 255 of CIE L*a*b* colours, (n, 3)."""
    fy = (lab[:, 0] + 16) / 116
    f = np.stack([fy + lab[:, 1] / 500, fy, fy - lab[:, 2] / 200], axis=1)
    xyz = np.where(f**3 > _EPSILON, f**3, (116 * f - 16) / _KAPPA) * _WHITE
    linear = np.clip(xyz @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    part = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: NDArray[np.uint8] = np.rint(part * 255).astype(np.uint8)
    return rgb


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

"""Colour ramps as control points, mixed in CIE Lab so that lightness runs evenly.

Every ramp has a form for a dark ground and one for a light ground. A sequential one starts at
the ground and only gets lighter on dark, only darker on light: a bigger quantity always stands
out more. The diverging ones are blue against orange, which colour-blind eyes tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    light : bool
        Whether the ground is a light one; chooses the form of a ramp.
    """

    ground: int
    not_observed: int
    gap_tint: int
    gap_line: int
    light: bool = False


DARK = Shades(0xFF0B0E14, 0xFF11141B, 0xFF171B23, 0xFF333A47)
LIGHT = Shades(0xFFFBFCFD, 0xFFF3F5F8, 0xFFE9EDF2, 0xFFB9C2CF, light=True)

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27


Points = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Palette:
    """A named ramp.

    Attributes
    ----------
    name, title : str
        Id for settings, which never changes, and what a menu says.
    points : tuple of (float, str)
        Position from 0 to 1 and ``#rrggbb``, ascending from 0 to 1, on a dark ground.
    light_points : tuple of (float, str)
        The same for a light ground.
    diverging : bool
        Whether the middle, not the start, is neutral.
    """

    name: str
    title: str
    points: Points
    light_points: Points
    diverging: bool = False

    def on(self, light: bool) -> Palette:
        """Return the form for a light ground or a dark one; its points are then ``points``."""
        return replace(self, points=self.light_points) if light else self


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ramps, bids and asks.

    Attributes
    ----------
    colour_blind_safe : bool
        Red-green blind eyes tell the sides apart by hue, not by place alone.
    """

    name: str
    title: str
    bid: Palette
    ask: Palette
    colour_blind_safe: bool


LIQUIDITY = Palette(
    "liquidity",
    "Blue",
    (
        (0.0, "#0b0e14"),
        (0.16, "#10214f"),
        (0.40, "#1f57c3"),
        (0.64, "#35b4dc"),
        (0.74, "#b9d8c4"),
        (0.84, "#ffdf4f"),
        (1.0, "#ffffff"),
    ),
    (
        (0.0, "#fbfcfd"),
        (0.16, "#dbe9f8"),
        (0.40, "#8fbdec"),
        (0.64, "#2f7fd6"),
        (0.76, "#5a4fb8"),
        (0.86, "#931240"),
        (1.0, "#3a0512"),
    ),
)
LIQUIDATION = Palette(
    "liquidation",
    "Ember",
    (
        (0.0, "#0b0e14"),
        (0.18, "#2f1257"),
        (0.40, "#752384"),
        (0.68, "#ee7420"),
        (1.0, "#fff08a"),
    ),
    (
        (0.0, "#fbfcfd"),
        (0.18, "#f8efe6"),
        (0.44, "#eccdb6"),
        (0.68, "#d9653e"),
        (0.84, "#7d1f74"),
        (1.0, "#24093f"),
    ),
)
AMBER = Palette(
    "amber",
    "Amber",
    (
        (0.0, "#0b0e14"),
        (0.18, "#2e1a0a"),
        (0.44, "#6f3a0c"),
        (0.70, "#d98912"),
        (0.86, "#ffd257"),
        (1.0, "#fffbea"),
    ),
    (
        (0.0, "#fbfcfd"),
        (0.18, "#fdf1da"),
        (0.44, "#f7cf8b"),
        (0.68, "#d98a1f"),
        (0.84, "#8d470a"),
        (1.0, "#261003"),
    ),
)
TEAL = Palette(
    "teal",
    "Teal",
    (
        (0.0, "#0b0e14"),
        (0.18, "#0a2a30"),
        (0.44, "#0e6a68"),
        (0.72, "#2fc39a"),
        (0.88, "#b5f0a8"),
        (1.0, "#fcfff0"),
    ),
    (
        (0.0, "#fbfcfd"),
        (0.18, "#dcf2ec"),
        (0.44, "#86cfbc"),
        (0.70, "#1c8f83"),
        (0.86, "#0d535c"),
        (1.0, "#04191f"),
    ),
)
BLUE_YELLOW = Palette(
    "blue_yellow",
    "Blue and yellow (colour-blind safe)",
    (
        (0.0, "#0b0e14"),
        (0.16, "#0a2350"),
        (0.40, "#39517f"),
        (0.62, "#83867f"),
        (0.84, "#dcc34a"),
        (1.0, "#fff1a0"),
    ),
    (
        (0.0, "#fbfcfd"),
        (0.16, "#f8f2d2"),
        (0.40, "#e6d68f"),
        (0.62, "#97958a"),
        (0.82, "#3b568f"),
        (1.0, "#071a4a"),
    ),
)
"""Blue, grey and yellow only: red-green blind eyes see almost the same as everybody."""
GREY = Palette(
    "grey",
    "Grey",
    ((0.0, "#0b0e14"), (0.5, "#50555e"), (1.0, "#ffffff")),
    ((0.0, "#fbfcfd"), (0.5, "#bdc3cc"), (1.0, "#0b0e14")),
)
SEQUENTIAL = (LIQUIDITY, AMBER, TEAL, BLUE_YELLOW, LIQUIDATION, GREY)
"""Ramps for a quantity, in the order in which a key goes through them."""

BID = Palette(
    "bid",
    "Bid",
    ((0.0, "#0b0e14"), (0.2, "#0d2c4d"), (0.6, "#2390dc"), (1.0, "#d3efff")),
    ((0.0, "#fbfcfd"), (0.2, "#d6e8f8"), (0.6, "#3e92dc"), (1.0, "#04264a")),
)
ASK = Palette(
    "ask",
    "Ask",
    ((0.0, "#0b0e14"), (0.2, "#40200c"), (0.6, "#dc7a22"), (1.0, "#ffe9c9")),
    ((0.0, "#fbfcfd"), (0.2, "#fbe5d2"), (0.6, "#dc7a22"), (1.0, "#471a00")),
)
BID_GREEN = Palette(
    "bid_green",
    "Bid",
    ((0.0, "#0b0e14"), (0.2, "#0a2e22"), (0.6, "#22a873"), (1.0, "#d2ffe4")),
    ((0.0, "#fbfcfd"), (0.2, "#d5f0e2"), (0.6, "#2ba374"), (1.0, "#012c1b")),
)
ASK_RED = Palette(
    "ask_red",
    "Ask",
    ((0.0, "#0b0e14"), (0.2, "#40131c"), (0.6, "#e4495c"), (1.0, "#ffe0df")),
    ((0.0, "#fbfcfd"), (0.2, "#fbdfe0"), (0.6, "#e0505f"), (1.0, "#480812")),
)
PAIRS = (
    Pair("pair", "Sides blue and orange (colour-blind safe)", BID, ASK, colour_blind_safe=True),
    Pair("pair_green_red", "Sides green and red", BID_GREEN, ASK_RED, colour_blind_safe=False),
)
"""Ramps that tell the sides apart, in the order in which a key goes through them."""

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
    (
        (0.0, "#dd7417"),
        (0.25, "#f1b67e"),
        (0.5, "#eef1f5"),
        (0.75, "#98c2ea"),
        (1.0, "#4992dc"),
    ),
    diverging=True,
)
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
    (
        (0.0, "#b4560b"),
        (0.25, "#a06c42"),
        (0.5, "#737d8e"),
        (0.75, "#4878a8"),
        (1.0, "#1c66ad"),
    ),
    diverging=True,
)
"""The bias ramp with a middle that a small dot on the ground can have."""

PALETTES: dict[str, Palette] = {
    palette.name: palette
    for palette in (*SEQUENTIAL, BID, ASK, BID_GREEN, ASK_RED, DIVERGING, CHANGE)
}
"""Every palette by name."""


@lru_cache(maxsize=64)
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


def rgb_of(shade: int) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a packed colour."""
    return shade >> 16 & 255, shade >> 8 & 255, shade & 255


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

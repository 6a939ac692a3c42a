"""Geometry of the market map: its two scales, the range in view, marks and dot sizes.

Changes and relative volumes have heavy tails. The change axis is linear near zero and
compressed beyond a turn that belongs to the timeframe (inverse hyperbolic sine), so that three
percent and three thousand percent are both legible; the marks tell true values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.views.ticks import nice_step

Float64Array = NDArray[np.float64]

TURN_PCT = {"24h": 5.0, "7d": 10.0, "30d": 20.0, "1y": 50.0, "3y": 100.0}
"""Where the change axis turns from linear to compressed, percent points by timeframe."""

_FULL_COLOUR_TURNS = 0.8
_MAX_ZOOM = 400.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale from values to even steps on screen.

    Attributes
    ----------
    kind : str
        ``linear``, ``log`` or ``turned`` (linear within ``turn`` of zero, compressed beyond).
    turn : float
        Unit of the values; counts for ``turned`` only.
    """

    kind: str
    turn: float = 1.0

    def place(self, values: Float64Array) -> Float64Array:
        """Values to places; what a log scale cannot show becomes NaN."""
        values = np.asarray(values, dtype=np.float64)
        if self.kind == "log":
            out = np.full(values.shape, np.nan)
            np.log10(values, out=out, where=values > 0)
            return out
        return np.arcsinh(values / self.turn) if self.kind == "turned" else values

    def place_one(self, value: float) -> float:
        """Place of one value."""
        return float(self.place(np.array([value]))[0])

    def value(self, place: float) -> float:
        """Value at a place; far beyond any figure it stays finite."""
        if self.kind == "log":
            return float(10.0 ** min(max(place, -300.0), 300.0))
        if self.kind == "turned":
            return self.turn * math.sinh(min(max(place, -300.0), 300.0))
        return place


def x_scale(log: bool) -> Scale:
    """Scale of relative volume."""
    return Scale("log" if log else "linear")


def y_scale(timeframe: str) -> Scale:
    """Scale of the change over a timeframe."""
    return Scale("turned", TURN_PCT[timeframe])


def change_position(change_pct: float, timeframe: str) -> float:
    """Place of a change on a diverging ramp, 0 to 1, 0.5 at no change."""
    turn = TURN_PCT[timeframe]
    full = math.asinh(_FULL_COLOUR_TURNS)
    return 0.5 + 0.5 * min(1.0, max(-1.0, math.asinh(change_pct / turn) / full))


@dataclass(frozen=True, slots=True)
class DotView:
    """The rectangle in view, in places of the two scales."""

    x0: float
    x1: float
    y0: float
    y1: float

    def moved(self, dx: float, dy: float) -> DotView:
        """Return the view moved."""
        return DotView(self.x0 + dx, self.x1 + dx, self.y0 + dy, self.y1 + dy)

    def zoomed(self, x: float, y: float, x_factor: float, y_factor: float) -> DotView:
        """Return the view zoomed about a place; a factor below 1 comes closer."""
        return DotView(
            x + (self.x0 - x) * x_factor,
            x + (self.x1 - x) * x_factor,
            y + (self.y0 - y) * y_factor,
            y + (self.y1 - y) * y_factor,
        )

    def toward(self, other: DotView, share: float) -> DotView:
        """Return the view a share of the way to another."""
        return DotView(
            self.x0 + (other.x0 - self.x0) * share,
            self.x1 + (other.x1 - self.x1) * share,
            self.y0 + (other.y0 - self.y0) * share,
            self.y1 + (other.y1 - self.y1) * share,
        )

    def limited(self, fitted: DotView) -> DotView:
        """Return the view neither absurdly close nor lost from what there is to see."""
        x0, x1 = _limited(self.x0, self.x1, fitted.x0, fitted.x1)
        y0, y1 = _limited(self.y0, self.y1, fitted.y0, fitted.y1)
        return DotView(x0, x1, y0, y1)

    def serves(self, fitted: DotView) -> bool:
        """Tell whether this view still shows what a fresh fit would, nearly as large."""
        pairs = ((self.x0, self.x1, fitted.x0, fitted.x1), (self.y0, self.y1, fitted.y0, fitted.y1))
        for low, high, wanted_low, wanted_high in pairs:
            span, slack = high - low, 0.03 * (wanted_high - wanted_low)
            if wanted_low < low - slack or wanted_high > high + slack:
                return False
            if span > 1.35 * (wanted_high - wanted_low):
                return False
        return True


def fit_view(x: Float64Array, y: Float64Array, x_reference: float, y_reference: float) -> DotView:
    """Fit the view to the bulk of the dots.

    Parameters
    ----------
    x, y : (n,) float64
        Places. A few that lie absurdly far out do not squeeze the others: the range ends
        before them, and the chart marks them at its edge.
    x_reference, y_reference : float
        Places of the reference lines, kept in view.
    """
    x0, x1 = _fit_range(x, x_reference)
    y0, y1 = _fit_range(y, y_reference)
    return DotView(x0, x1, y0, y1)


def dot_radii_px(area: Float64Array, width_px: float, height_px: float) -> Float64Array:
    """Radius of each dot: area goes with ``area``, down to a size that can still be seen."""
    largest = min(110.0, max(11.0, 0.075 * min(width_px * 0.6, height_px)))
    smallest = max(2.5, 0.13 * largest)
    return np.asarray(np.maximum(smallest, largest * np.sqrt(area)), dtype=np.float64)


def marks(scale: Scale, low: float, high: float, length_px: float, gap_px: float) -> list[float]:
    """Round values to mark on an axis, ascending.

    Parameters
    ----------
    low, high : float
        Range in view, places.
    gap_px : float
        Least distance between two marks.
    """
    if not (high > low and length_px > 0):
        return []
    px = length_px / (high - low)
    kept: dict[float, float] = {}

    def offer(values: Iterator[float]) -> None:
        for value in values:
            place = scale.place_one(value)
            if low <= place <= high and all(abs(place - at) * px >= gap_px for at in kept):
                kept[place] = value

    first, last = scale.value(low), scale.value(high)
    if scale.kind != "linear":
        offer(_round_values(scale, first, last))
    if len(kept) < 3:
        # close up, every scale is nearly linear
        offer(_even_values(first, last, gap_px / length_px))
    return sorted(kept.values())


def _round_values(scale: Scale, low: float, high: float) -> Iterator[float]:
    """Values of a compressed scale worth a mark, the roundest first."""
    if low <= 0 <= high:
        yield 0.0
    top = max(abs(low), abs(high))
    bottom = low if scale.kind == "log" else scale.turn * 0.02
    powers = range(math.floor(math.log10(bottom)), math.ceil(math.log10(top)) + 1)
    for factor in (1, 5, 2, 3):
        for power in sorted(powers, reverse=True):
            yield float(f"{factor}e{power}")
            yield float(f"-{factor}e{power}")


def _even_values(low: float, high: float, least_share: float) -> Iterator[float]:
    step = nice_step((high - low) * least_share)
    for k in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield float(f"{k * step:.12g}")


def _fit_range(places: Float64Array, reference: float) -> tuple[float, float]:
    known = places[np.isfinite(places)]
    if known.size == 0:
        return reference - 1.0, reference + 1.0
    q10, q90 = np.percentile(known, [10, 90])
    reach = 2.2 * max(q90 - q10, 1e-3)
    near = known[(known >= q10 - reach) & (known <= q90 + reach)]
    low = min(near.min(initial=q10), reference)
    high = max(near.max(initial=q90), reference)
    span = max(high - low, 0.2)
    # the reference line keeps a little room on both sides
    return float(low - 0.09 * span), float(high + 0.09 * span)


def _limited(low: float, high: float, fitted_low: float, fitted_high: float) -> tuple[float, float]:
    whole = fitted_high - fitted_low
    span = min(max(high - low, whole / _MAX_ZOOM), 3.0 * whole)
    middle = min(max((low + high) / 2, fitted_low), fitted_high)
    return middle - span / 2, middle + span / 2


def edge_place(
    x: float, y: float, left: float, top: float, right: float, bottom: float, inset: float
) -> tuple[float, float, float] | None:
    """Where a dot outside a rectangle is marked at its edge.

    Returns
    -------
    (x, y, angle) or None
        Pixels, and the direction outward in degrees (0 right, 90 down); None inside.
    """
    if left <= x <= right and top <= y <= bottom:
        return None
    at_x = min(max(x, left + inset), right - inset)
    at_y = min(max(y, top + inset), bottom - inset)
    return at_x, at_y, math.degrees(math.atan2(_sign(y, top, bottom), _sign(x, left, right)))


def _sign(value: float, low: float, high: float) -> float:
    return float(value > high) - float(value < low)


def card_corner(
    dot: tuple[float, float, float],
    area: tuple[float, float, float, float],
    size: tuple[float, float],
    margin: float,
) -> tuple[float, float]:
    """Top left of a card in the first corner of an area where it leaves a dot uncovered.

    Parameters
    ----------
    dot : (x, y, radius)
    area : (left, top, right, bottom)
    size : (width, height)
        Of the card.
    """
    left, top, right, bottom = area
    columns = (right - size[0] - margin, left + margin)
    rows = (top + margin, bottom - size[1] - margin)
    corners: Sequence[tuple[float, float]] = [(x, y) for y in rows for x in columns]

    def distance(corner: tuple[float, float]) -> float:
        dx = max(corner[0] - dot[0], 0.0, dot[0] - corner[0] - size[0])
        dy = max(corner[1] - dot[1], 0.0, dot[1] - corner[1] - size[1])
        return math.hypot(dx, dy) - dot[2]

    for corner in corners:
        if distance(corner) >= 8.0:
            return corner
    return max(corners, key=distance)

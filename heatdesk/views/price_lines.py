"""Lines of prices by column, laid out so that they are right at every zoom."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.views.viewport import ChartWindow

Float64Array = NDArray[np.float64]

STEPS_FROM_PX = 2.0
"""Columns at least this wide are drawn as steps; narrower ones as what a pixel's columns span."""


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """A price by column.

    Attributes
    ----------
    start_s : float
        Start of column 0, UTC epoch seconds.
    step_s : float
        Width of a column.
    price : (n,) float64
        Quote units; NaN breaks the line.
    """

    start_s: float
    step_s: float
    price: Float64Array = field(repr=False)


def lay_out_line(
    series: PriceSeries, window: ChartWindow, device_ratio: float = 1.0
) -> list[NDArray[np.float64]]:
    """Stretches of the line in logical pixels, each (points, 2) float64, ascending in x.

    Where a column is wide enough it is a step. Zoomed out, each column of device pixels gets
    its lowest and highest price, so that no excursion falls between two pixels. A pixel none of
    whose columns is known breaks the line.
    """
    if series.price.size == 0 or window.width_px < 1:
        return []
    # one column more on each side, so that the line runs on to the edge of the plot
    first = max(0, int(np.floor((window.t0_s - series.start_s) / series.step_s)) - 1)
    stop = int(np.ceil((window.t1_s - series.start_s) / series.step_s)) + 1
    stop = min(series.price.size, stop)
    if stop <= first:
        return []
    price = series.price[first:stop]
    left = (series.start_s + first * series.step_s - window.t0_s) / window.s_per_px
    width = series.step_s / window.s_per_px
    y = (window.p1 - price) / window.price_per_px
    if width * device_ratio >= STEPS_FROM_PX:
        return _steps(left, width, y)
    return _spans(left, width, y, device_ratio)


def _steps(left: float, width: float, y: Float64Array) -> list[NDArray[np.float64]]:
    x = left + width * np.arange(y.size + 1)
    points = np.empty((2 * y.size, 2))
    points[0::2, 0], points[1::2, 0] = x[:-1], x[1:]
    points[:, 1] = np.repeat(y, 2)
    return [points[2 * a : 2 * b] for a, b in _known_runs(y)]


def _spans(
    left: float, width: float, y: Float64Array, device_ratio: float
) -> list[NDArray[np.float64]]:
    """Lowest and highest price of each column of device pixels."""
    known = np.isfinite(y)
    if not known.any():
        return []
    pixel = np.floor((left + width * (np.arange(y.size) + 0.5)) * device_ratio).astype(np.int64)
    pixel, y = pixel[known], y[known]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(pixel) != 0]))
    ends = np.concatenate([starts[1:], [pixel.size]]) - 1
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    # as the price went: what was reached first comes first, so that the line runs on
    fell = y[ends] > y[starts]
    columns = np.stack([np.where(fell, low, high), np.where(fell, high, low)], axis=1)
    x = (pixel[starts] + 0.5) / device_ratio
    # columns nearly as wide as a pixel leave single pixels without one of their own: no gap
    breaks = np.flatnonzero(np.diff(pixel[starts]) > np.ceil(width * device_ratio)) + 1
    edges = np.concatenate([[0], breaks, [starts.size]])
    runs = []
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        points = np.empty((2 * (b - a), 2))
        points[:, 0] = np.repeat(x[a:b], 2)
        points[:, 1] = columns[a:b].ravel()
        runs.append(_without_flats(points))
    return runs


def _without_flats(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out the points inside level stretches: a price that stands still is one line."""
    y = points[:, 1]
    inside = np.zeros(y.size, np.bool_)
    inside[1:-1] = (y[1:-1] == y[:-2]) & (y[1:-1] == y[2:])
    kept: NDArray[np.float64] = points[~inside]
    return kept


def _known_runs(y: Float64Array) -> list[tuple[int, int]]:
    """Stretches without a missing column, half-open."""
    known = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]])))
    return list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))

"""Where candles lie on the screen, and what they become where there is no room for them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import CandleWindow
from heatdesk.views.viewport import ChartWindow

Float64Array = NDArray[np.float64]

MIN_CANDLE_PX = 3.0
"""Narrower candles are drawn as high-low bars, several to a pixel column if need be."""


@dataclass(frozen=True, slots=True)
class CandleShapes:
    """Candles in view, in logical pixels.

    Attributes
    ----------
    x : (n,) float64
        Centres.
    open, high, low, close : (n,) float64
        Rows; y grows downwards, so ``high`` is the smaller number.
    up : (n,) bool
        The close is not below the open.
    body_px : float
        Width of a body; 0 where only high-low bars fit.
    """

    x: Float64Array = field(repr=False)
    open: Float64Array = field(repr=False)
    high: Float64Array = field(repr=False)
    low: Float64Array = field(repr=False)
    close: Float64Array = field(repr=False)
    up: NDArray[np.bool_] = field(repr=False)
    body_px: float


def lay_out_candles(candles: CandleWindow, window: ChartWindow) -> CandleShapes:
    """Shapes of the candles that can be seen; those without prices are left out."""
    pitch_px = candles.interval_ms / 1000 / window.s_per_px
    start = np.searchsorted(candles.time_ms, window.t0_s * 1000 - candles.interval_ms)
    stop = np.searchsorted(candles.time_ms, window.t1_s * 1000, side="right")
    view = slice(int(start), int(stop))
    columns = [column[view] for column in (candles.open, candles.high, candles.low, candles.close)]
    known = np.isfinite(np.asarray(columns)).all(axis=0)
    if known.size and not known.all():
        columns = [column[known] for column in columns]
    middle_s = (candles.time_ms[view][known] + candles.interval_ms / 2) / 1000
    x = (middle_s - window.t0_s) / window.span_s * window.width_px
    if pitch_px < 1.0 and x.size:
        x, columns = _by_pixel(x, columns)
    first, high, low, last = columns
    scale = window.height_px / window.span_price
    rows = [(window.p1 - column) * scale for column in (first, high, low, last)]
    body_px = max(MIN_CANDLE_PX, pitch_px * 0.7) if pitch_px >= MIN_CANDLE_PX + 1 else 0.0
    return CandleShapes(x, rows[0], rows[1], rows[2], rows[3], last >= first, body_px)


def last_close(candles: CandleWindow | None) -> tuple[float, bool | None]:
    """Newest close and whether its candle rose; NaN and None without one."""
    if candles is None:
        return math.nan, None
    known = np.flatnonzero(np.isfinite(candles.close))
    if known.size == 0:
        return math.nan, None
    return float(candles.close[known[-1]]), bool(candles.close[-1] >= candles.open[-1])


def close_at(candles: CandleWindow | None, time_ms: int, otherwise: float) -> float:
    """Close of the candle of a moment; NaN before the first, ``otherwise`` without candles."""
    if candles is None or candles.time_ms.size == 0:
        return otherwise
    i = int(np.searchsorted(candles.time_ms, time_ms, side="right")) - 1
    return float(candles.close[i]) if i >= 0 else math.nan


def _by_pixel(
    x: Float64Array, columns: list[Float64Array]
) -> tuple[Float64Array, list[Float64Array]]:
    """Join the candles that share a pixel column: first open, extremes, last close."""
    pixel = np.floor(x)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(pixel) != 0]))
    ends = np.concatenate([starts[1:], [x.size]]) - 1
    joined = [
        columns[0][starts],
        np.maximum.reduceat(columns[1], starts),
        np.minimum.reduceat(columns[2], starts),
        columns[3][ends],
    ]
    return pixel[starts] + 0.5, joined

"""Cumulative delta under a heatmap: the line, the bars below it, their scales and figures."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.delta import BUCKET_MS, DeltaLedger
from heatdesk.frames import Quote
from heatdesk.units import format_compact, format_usd, moment_of, shown_number
from heatdesk.views.ticks import TIME_STEPS_MS, Tick, nice_step
from heatdesk.views.viewport import ChartWindow

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

_BAR_PX, _POINT_PX = 5.0, 1.0
_LINE_RATIO = 0.62
"""Share of the height that the line has; the bars have the rest."""
_TOP_PX, _BETWEEN_PX, _BOTTOM_PX = 5.0, 5.0, 3.0
_MARGIN_RATIO = 0.10
_BAR_QUANTILE = 0.985
"""The few bars above it end at the edge: one block trade must not flatten all others."""
_SHRINK_RATIO = 0.45
"""What uses less of its scale than this gets a new one."""
_GAP_PX = 16.0
_SECONDS_TOLD_S = 900.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range that holds figures, kept while it suits them."""

    low: float
    high: float

    def holds(self, low: float, high: float) -> bool:
        """Whether figures from ``low`` to ``high`` are well shown in it."""
        enough = high - low >= _SHRINK_RATIO * (self.high - self.low) * (1 - 2 * _MARGIN_RATIO)
        return self.low <= low and high <= self.high and enough


def fit_bounds(kept: Bounds | None, low: float, high: float) -> Bounds:
    """The range kept where it still suits, else a new one with room on both sides."""
    if kept is not None and kept.holds(low, high):
        return kept
    size = high - low
    if size <= 0:
        size = max(abs(high), 1e-9) * 1e-3
    room = size * 2 * _MARGIN_RATIO
    return Bounds(low - room, high + room)


@dataclass(frozen=True, slots=True)
class DeltaScales:
    """Ranges of line and bars, and the view they were made for."""

    line: Bounds
    bar: float
    key: object


@dataclass(frozen=True, slots=True)
class DeltaShapes:
    """The strip in logical pixels of its own rectangle.

    Attributes
    ----------
    x, y : (n,) float64
        Points of the line; y is NaN where nothing is known.
    bar_x : (m,) float64
        Left edges.
    bar_px : float
        Width of a bar.
    bar : (m,) float64
        Delta of each slice.
    bar_top, bar_height : (m,) float64
    zero_y : float
        Where the line is zero; NaN when that is out of range.
    bar_zero_y : float
    scales : DeltaScales
    ticks : list of Tick
        Marks of the axis; their values are deltas.
    last : float
        Newest value of the line.
    """

    x: Float64Array = field(repr=False)
    y: Float64Array = field(repr=False)
    bar_x: Float64Array = field(repr=False)
    bar_px: float
    bar: Float64Array = field(repr=False)
    bar_top: Float64Array = field(repr=False)
    bar_height: Float64Array = field(repr=False)
    zero_y: float
    bar_zero_y: float
    scales: DeltaScales
    ticks: list[Tick] = field(repr=False)
    last: float
    line_px: tuple[float, float]

    def y_of(self, value: float) -> float:
        """Row of a value of the line."""
        top, bottom = self.line_px
        low, high = self.scales.line.low, self.scales.line.high
        return bottom - (value - low) / (high - low) * (bottom - top)

    def value_at(self, y_px: float) -> float:
        """Value of the line's axis at a row."""
        top, bottom = self.line_px
        low, high = self.scales.line.low, self.scales.line.high
        return low + (bottom - y_px) / (bottom - top) * (high - low)


def step_ms(window: ChartWindow, least_px: float) -> int:
    """Round step of time that is at least so wide, and whole buckets."""
    least = max(window.s_per_px * 1000 * least_px, BUCKET_MS)
    return next((step for step in TIME_STEPS_MS if step >= least), TIME_STEPS_MS[-1])


def lay_out_delta(
    ledger: DeltaLedger,
    window: ChartWindow,
    height_px: float,
    quote: Quote,
    kept: DeltaScales | None = None,
) -> DeltaShapes | None:
    """Line, bars and marks for a view; None where nothing is known of it.

    Parameters
    ----------
    window : ChartWindow
        Of the heatmap above; only its times are used.
    kept : DeltaScales or None
        Scales of the last layout; they stay while they suit.
    """
    usd = quote is Quote.USD
    last_ms = ledger.last_ms
    if last_ms is None or ledger.first_ms is None or height_px < 1:
        return None
    wide_ms, fine_ms = step_ms(window, _BAR_PX), step_ms(window, _POINT_PX)
    edges = _edges(window, wide_ms, ledger.first_ms, last_ms)
    points = np.minimum(_edges(window, fine_ms, ledger.first_ms, last_ms), last_ms)
    if edges.size < 2 or points.size < 2:
        return None
    delta = np.diff(ledger.before(edges, quote=usd))
    value = ledger.before(points, quote=usd)
    known = value[np.isfinite(value)]
    if known.size == 0:
        return None
    delta = np.nan_to_num(delta)
    key = (wide_ms, quote)
    held = kept if kept is not None and kept.key == key else None
    line = fit_bounds(held.line if held else None, float(known.min()), float(known.max()))
    peak = float(np.quantile(np.abs(delta), _BAR_QUANTILE))
    bar = held.bar if held and _SHRINK_RATIO * held.bar <= peak <= held.bar else 1.15 * peak
    scales = DeltaScales(line, bar or 1.0, key)
    return _placed(window, height_px, edges, delta, points, value, scales, usd)


def _edges(window: ChartWindow, width_ms: int, first_ms: int, last_ms: int) -> Int64Array:
    """Edges of the slices in view, one more on each side."""
    low_ms = max(window.t0_s * 1000 - width_ms, first_ms)
    high_ms = min(window.t1_s * 1000 + width_ms, last_ms)
    first, stop = int(low_ms // width_ms), math.ceil(high_ms / width_ms)
    return np.arange(first, stop + 1, dtype=np.int64) * width_ms


def _placed(
    window: ChartWindow,
    height_px: float,
    edges: Int64Array,
    delta: Float64Array,
    points: Int64Array,
    value: Float64Array,
    scales: DeltaScales,
    usd: bool,
) -> DeltaShapes:
    def x_of(moments: Int64Array) -> Float64Array:
        return (moments / 1000 - window.t0_s) / window.s_per_px

    line_px = (_TOP_PX, max(_TOP_PX + 1, height_px * _LINE_RATIO - _BETWEEN_PX))
    bar_x = x_of(edges)
    half = max(2.0, (height_px * (1 - _LINE_RATIO) - _BOTTOM_PX) / 2)
    bar_zero = height_px - _BOTTOM_PX - half
    tall = np.clip(delta / scales.bar, -1, 1) * half
    shapes = DeltaShapes(
        x_of(points),
        np.empty(0),
        bar_x[:-1],
        float(bar_x[1] - bar_x[0]),
        delta,
        np.where(tall > 0, bar_zero - tall, bar_zero),
        np.abs(tall),
        math.nan,
        bar_zero,
        scales,
        [],
        float(value[np.isfinite(value)][-1]),
        line_px,
    )
    top, bottom = line_px
    low, high = scales.line.low, scales.line.high
    y = bottom - (value - low) / (high - low) * (bottom - top)
    zero = shapes.y_of(0.0) if low <= 0 <= high else math.nan
    return replace(shapes, y=y, zero_y=zero, ticks=_ticks(scales.line, bottom - top, usd))


def _ticks(bounds: Bounds, height_px: float, usd: bool) -> list[Tick]:
    size = bounds.high - bounds.low
    step = nice_step(size / max(1.0, height_px) * _GAP_PX)
    first, last = math.ceil(bounds.low / step), math.floor(bounds.high / step)
    return [Tick(k * step, axis_text(k * step, step, usd), k == 0) for k in range(first, last + 1)]


def fine_step(size: float) -> float:
    """Power of ten to which figures are written on an axis of a size: about a hundredth."""
    return float(10.0 ** math.floor(math.log10(size / 50))) if size > 0 else 1.0


def axis_text(value: float, step: float, usd: bool) -> str:
    """A delta as finely as the steps of its axis need (``+1.25K``, ``-$340M``, ``0``)."""
    if value == 0 or not math.isfinite(value):
        return "0"
    size = abs(value)
    unit, suffix = next(
        ((u, s) for u, s in ((1e9, "B"), (1e6, "M"), (1e3, "K")) if size >= u), (1.0, "")
    )
    # 2.5 is the one nice step with a second digit
    decimals = max(0, -math.floor(math.log10(step / unit) + 1e-9))
    if abs(step / unit * 10**decimals - round(step / unit * 10**decimals)) > 1e-6:
        decimals += 1
    sign = "+" if value > 0 else "-"
    figure = shown_number(f"{size / unit:.{min(decimals, 6)}f}")
    return f"{sign}{'$' if usd else ''}{figure}{suffix}"


def delta_text(value: float, quote: Quote, coin: str) -> str:
    """A delta with sign and unit (``+1.24K BTC``, ``-$3.10M``)."""
    if not math.isfinite(value):
        return "-"
    if quote is Quote.USD:
        return ("+" if value > 0 else "") + format_usd(value)
    return f"{'+' if value > 0 else ''}{format_compact(value)} {coin}".rstrip()


@dataclass(frozen=True, slots=True)
class DeltaReading:
    """What the strip says of a moment.

    Attributes
    ----------
    from_ms, to_ms : int
        The slice that holds it.
    delta, total : float
        Delta of the slice, and cumulative delta at its end.
    """

    from_ms: int
    to_ms: int
    delta: float
    total: float


def read_delta(
    ledger: DeltaLedger, window: ChartWindow, time_s: float, quote: Quote
) -> DeltaReading | None:
    """Delta at a moment; None outside of what is known."""
    last_ms, first_ms = ledger.last_ms, ledger.first_ms
    if last_ms is None or first_ms is None or not math.isfinite(time_s):
        return None
    width_ms = step_ms(window, _BAR_PX)
    from_ms = int(time_s * 1000 // width_ms) * width_ms
    to_ms = from_ms + width_ms
    if to_ms <= first_ms or from_ms >= last_ms:
        return None
    edges = np.array([from_ms, to_ms], np.int64)
    start, end = ledger.before(edges, quote=quote is Quote.USD).tolist()
    if not math.isfinite(start):
        return None
    return DeltaReading(from_ms, to_ms, end - start, end)


def since_text(first_ms: int | None, zone: tzinfo | None, span_s: float = 3_600.0) -> str:
    """Where the sums begin (``since 12:03``), to the second in a view of few minutes."""
    if first_ms is None:
        return ""
    moment = moment_of(first_ms, zone)
    return f"since {moment:%H:%M:%S}" if span_s < _SECONDS_TOLD_S else f"since {moment:%H:%M}"

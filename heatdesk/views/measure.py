"""What a ruler says of a stretch of time and price, and how finely a hand can point at a price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heatdesk.units import format_pct, format_price, grouped, shown_number

if TYPE_CHECKING:
    from heatdesk.views.viewport import ChartWindow

_FINE_PX = 1.5
"""A price that a hand points at is rounded to a step of at most so many pixels."""


@dataclass(frozen=True, slots=True)
class Measured:
    """From one point to another.

    Attributes
    ----------
    t0_s, t1_s : float
        Epoch seconds.
    p0, p1 : float
        Quote units.
    """

    t0_s: float
    p0: float
    t1_s: float
    p1: float


def measure_lines(measured: Measured, tick_size: float, interval_ms: int) -> tuple[str, str]:
    """What a ruler says of price, and of time.

    ``+1,250.0  (+1.79 %)  12,500 ticks`` and ``34 min 20 s  41 columns``.
    """
    change = measured.p1 - measured.p0
    sign = "+" if change > 0 else "-" if change < 0 else ""
    points = sign + format_price(abs(change), tick_size)
    share = format_pct(change / measured.p0 * 100, 2) if measured.p0 > 0 else ""
    ticks = round(abs(change) / tick_size) if tick_size > 0 else 0
    price = f"{points}  ({share})  {grouped(ticks)} {'tick' if ticks == 1 else 'ticks'}"
    past_s = measured.t1_s - measured.t0_s
    back = "-" if past_s < 0 else ""
    columns = round(abs(past_s) * 1000 / interval_ms) if interval_ms > 0 else 0
    time = f"{back}{span_text(abs(past_s))}"
    return price, f"{time}  {grouped(columns)} {'column' if columns == 1 else 'columns'}"


def span_text(span_s: float) -> str:
    """A length of time in its two largest units (``850 ms``, ``34 min 20 s``, ``3 d 4 h``)."""
    if span_s < 1:
        return f"{span_s * 1000:.0f} ms"
    if span_s < 60:
        return shown_number(f"{span_s:.1f} s")
    whole = round(span_s)
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(span_s / 60)
    if minutes < 1_440:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(span_s / 3_600)
    return f"{hours // 24} d {hours % 24} h"


def pointed_price(window: ChartWindow, price: float, tick_size: float) -> float:
    """The roundest price within a pixel or so of where a hand points, a multiple of the tick."""
    tick = tick_size if math.isfinite(tick_size) and tick_size > 0 else 0.01
    fine = (window.p1 - window.p0) / max(1.0, window.height_px) * _FINE_PX
    ticks = max(1.0, fine / tick)
    power = 10.0 ** math.floor(math.log10(ticks))
    step = tick * power * next(one for one in (5, 2, 1) if one * power <= ticks * (1 + 1e-9))
    # not 70000.200000000012
    return float(f"{round(price / step) * step:.12g}")


def rounded_size(size: float) -> float:
    """A size in two digits, to begin with (``118.7 -> 120``); 0 for what is none."""
    return float(f"{size:.2g}") if math.isfinite(size) and size > 0 else 0.0

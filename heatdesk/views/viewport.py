"""The window of a price-time chart: what is in view, and the only pixel arithmetic of the chart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MIN_SPAN_S = 0.5
MAX_SPAN_S = 20 * 365 * 86_400.0
MIN_PRICE_SHARE = 2e-5
"""Smallest price span, as a share of the price itself."""
MAX_PRICE_SHARE = 4.0


@dataclass(frozen=True, slots=True)
class ChartWindow:
    """A stretch of time and price laid over a rectangle of pixels.

    Parameters
    ----------
    t0_s, t1_s : float
        Left and right edge, UTC epoch seconds.
    p0, p1 : float
        Lower and upper edge, quote units.
    width_px, height_px : float
        Size of the plot, logical pixels; y grows downwards.
    """

    t0_s: float
    t1_s: float
    p0: float
    p1: float
    width_px: float = 1.0
    height_px: float = 1.0

    @property
    def span_s(self) -> float:
        """Seconds in view."""
        return self.t1_s - self.t0_s

    @property
    def span_price(self) -> float:
        """Price range in view, quote units."""
        return self.p1 - self.p0

    @property
    def s_per_px(self) -> float:
        """Seconds that one pixel is wide."""
        return self.span_s / max(1.0, self.width_px)

    @property
    def price_per_px(self) -> float:
        """Quote units that one pixel is high."""
        return self.span_price / max(1.0, self.height_px)

    def x_of(self, time_s: float) -> float:
        """Pixel column of a time."""
        return (time_s - self.t0_s) / self.span_s * self.width_px

    def y_of(self, price: float) -> float:
        """Pixel row of a price."""
        return (self.p1 - price) / self.span_price * self.height_px

    def time_at(self, x_px: float) -> float:
        """Time under a pixel column, epoch seconds."""
        return self.t0_s + x_px * self.s_per_px

    def price_at(self, y_px: float) -> float:
        """Price under a pixel row."""
        return self.p1 - y_px * self.price_per_px

    def resized(self, width_px: float, height_px: float) -> ChartWindow:
        """Return the same range over another rectangle."""
        return replace(self, width_px=max(1.0, width_px), height_px=max(1.0, height_px))

    def zoomed_time(self, factor: float, at_s: float) -> ChartWindow:
        """Multiply the time span; what lies at ``at_s`` keeps its pixel."""
        span_s = min(max(self.span_s * factor, MIN_SPAN_S), MAX_SPAN_S)
        share = (at_s - self.t0_s) / self.span_s
        t0_s = at_s - share * span_s
        return replace(self, t0_s=t0_s, t1_s=t0_s + span_s)

    def zoomed_price(self, factor: float, at_price: float) -> ChartWindow:
        """Multiply the price span; what lies at ``at_price`` keeps its pixel.

        Zooming out ends where the lower edge reaches a price of 0.
        """
        scale = max(abs(self.p0 + self.p1) / 2, 1e-9)
        low, high = MIN_PRICE_SHARE * scale, MAX_PRICE_SHARE * scale
        span = min(max(self.span_price * factor, low), high)
        share = (at_price - self.p0) / self.span_price
        if share > 0 and at_price > 0 and factor > 1:
            span = min(span, max(at_price / share, self.span_price))
        p0 = at_price - share * span
        return replace(self, p0=p0, p1=p0 + span)

    def panned(self, dx_px: float, dy_px: float) -> ChartWindow:
        """Move the content by pixels, right and down being positive."""
        dt_s, dp = dx_px * self.s_per_px, dy_px * self.price_per_px
        return replace(
            self,
            t0_s=self.t0_s - dt_s,
            t1_s=self.t1_s - dt_s,
            p0=self.p0 + dp,
            p1=self.p1 + dp,
        )

    def ending_at(self, t1_s: float) -> ChartWindow:
        """Return the same span with another right edge."""
        return replace(self, t0_s=t1_s - self.span_s, t1_s=t1_s)

    def stepped_to(self, t1_s: float, device_ratio: float) -> ChartWindow:
        """Return the same span with its right edge near a time, whole device pixels away.

        A picture of the old window then shows the new one when it is moved.
        """
        step_s = self.s_per_px / max(device_ratio, 1e-3)
        shift_s = round((t1_s - self.t1_s) / step_s) * step_s
        return replace(self, t0_s=self.t0_s + shift_s, t1_s=self.t1_s + shift_s)

    def centred_on(self, price: float) -> ChartWindow:
        """Return the same price span around another price."""
        half = self.span_price / 2
        return replace(self, p0=price - half, p1=price + half)


def following(
    window: ChartWindow, newest_s: float, gap_ratio: float, previous_s: float | None = None
) -> ChartWindow:
    """Window whose right edge keeps its distance to the newest column.

    Parameters
    ----------
    newest_s : float
        End of the newest column, epoch seconds.
    gap_ratio : float
        Share of the time span that stays free right of it.
    previous_s : float or None
        The newest column of the window as it is; when given and unchanged, nothing moves.
    """
    if previous_s is not None and previous_s == newest_s:
        return window
    return window.ending_at(newest_s + gap_ratio * window.span_s)


def needs_centring(window: ChartWindow, price: float, inner_ratio: float = 0.8) -> bool:
    """Tell whether a price has left the inner part of the price range."""
    if not math.isfinite(price):
        return False
    margin = (1 - inner_ratio) / 2 * window.span_price
    return not window.p0 + margin <= price <= window.p1 - margin

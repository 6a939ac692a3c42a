"""What a price-time chart looks at, and how wheel, drag and fresh data move it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from heatdesk.frames import CandleWindow
from heatdesk.views.viewport import ChartWindow, following, needs_centring

WHEEL_NOTCH = 120
ZOOM_PER_NOTCH = 0.84
"""Share of the span that stays after one notch of the wheel towards the chart."""
DRAG_FOR_DOUBLE_PX = 160.0
"""A drag of this length on an axis doubles or halves its span."""
DEFAULT_GAP_RATIO = 0.13
"""Share of the width kept free right of the newest column: room for the book profile."""


class Camera:
    """The window in view and the rules that move it.

    While it follows, the right edge keeps its distance to the newest column. Moving into the
    past, or zooming until the newest column is out of view, stops that. While a hand holds the
    chart nothing else moves it.

    Attributes
    ----------
    window : ChartWindow
    follows : bool
        Whether fresh columns move the window.
    price_auto : bool
        Whether the window recentres when the price leaves its middle.
    held : bool
        A drag is under way.
    newest_s : float or None
        End of the newest column, epoch seconds.
    last_price : float
        NaN before one is known.
    """

    def __init__(self, span_s: float = 3 * 3600.0) -> None:
        self.window = ChartWindow(0.0, span_s, 0.0, 1.0)
        self.follows = True
        self.price_auto = True
        self.held = False
        self.newest_s: float | None = None
        self.last_price = math.nan
        self.home_span_s = span_s
        self.home_span_price = math.nan
        self.home_gap_ratio = DEFAULT_GAP_RATIO
        self._gap_ratio = DEFAULT_GAP_RATIO
        self._device_ratio = 1.0
        self._price_placed = False
        self._placed_span = math.inf

    @property
    def placed(self) -> bool:
        """Whether data has told where to look."""
        return self.newest_s is not None and self._price_placed

    def forget(self, span_s: float) -> None:
        """Start anew for another instrument; the size in pixels stays."""
        fresh = Camera(span_s)
        size = (self.window.width_px, self.window.height_px)
        fresh.resize(*size, self.home_gap_ratio, self._device_ratio)
        self.__dict__.update(fresh.__dict__)

    def resize(
        self,
        width_px: float,
        height_px: float,
        gap_ratio: float = DEFAULT_GAP_RATIO,
        device_ratio: float = 1.0,
    ) -> None:
        """Lay the window over another rectangle.

        Parameters
        ----------
        gap_ratio : float
            Share of the width to keep free right of the newest column there.
        device_ratio : float
            Device pixels of a logical one; fresh columns move the window by whole ones.
        """
        self._device_ratio = device_ratio
        usual = self._gap_ratio == self.home_gap_ratio
        self.window = self.window.resized(width_px, height_px)
        self.home_gap_ratio = gap_ratio
        if usual:
            self._gap_ratio = gap_ratio
            if self.follows and self.newest_s is not None and not self.held:
                self.window = following(self.window, self.newest_s, gap_ratio)

    def observe(
        self, newest_s: float, last_price: float, span_price: float, *, settling: bool = False
    ) -> None:
        """Take in where the data ends.

        Parameters
        ----------
        newest_s : float
            End of the newest column, epoch seconds.
        last_price : float
            NaN when it is not known; the window then waits with its place on the price axis.
        span_price : float
            Price range a reset shows, quote units.
        settling : bool
            The first history is still arriving: a price range nobody touched grows with it.
        """
        first = self.newest_s is None
        moved = self.newest_s != newest_s
        self.newest_s, self.home_span_price = newest_s, span_price
        if math.isfinite(last_price):
            self.last_price = last_price
        if self.held:
            return
        if self.follows and (first or moved):
            goal = following(self.window, newest_s, self._gap_ratio)
            # a picture that moves by whole pixels need not be painted again
            stepped = self.window.stepped_to(goal.t1_s, self._device_ratio)
            self.window = goal if first else stepped
        grown = settling and span_price > 1.05 * self._placed_span
        if not self._price_placed or (grown and self.price_auto and self.follows):
            self._place_price()
        elif self.price_auto and self.follows and needs_centring(self.window, self.last_price):
            self.window = self.window.centred_on(self.last_price)

    # -- what a hand does

    def zoom_time(self, factor: float, x_px: float) -> None:
        """Change the time span; the moment under ``x_px`` stays there."""
        self.window = self.window.zoomed_time(factor, self.window.time_at(x_px))
        self._after_zoom()

    def zoom_price(self, factor: float, y_px: float) -> None:
        """Change the price span; the price under ``y_px`` stays there."""
        self.window = self.window.zoomed_price(factor, self.window.price_at(y_px))
        self.price_auto = False

    def pan(self, dx_px: float, dy_px: float) -> None:
        """Move the content; pulling the past into view stops following."""
        self.window = self.window.panned(dx_px, dy_px)
        if dx_px > 0:
            self.follows = False
        elif dx_px < 0 and self.follows:
            self._keep_gap()
        if dy_px:
            self.price_auto = False

    def stretch_time(self, dx_px: float) -> None:
        """Scale the time axis by a drag on it; the right edge of the data stays."""
        anchor_s = self.window.t1_s
        if self.newest_s is not None and self.window.t0_s < self.newest_s < self.window.t1_s:
            anchor_s = self.newest_s
        self.window = self.window.zoomed_time(2.0 ** (dx_px / DRAG_FOR_DOUBLE_PX), anchor_s)
        self._after_zoom()

    def stretch_price(self, dy_px: float) -> None:
        """Scale the price axis by a drag on it; the middle stays."""
        middle = (self.window.p0 + self.window.p1) / 2
        self.window = self.window.zoomed_price(2.0 ** (dy_px / DRAG_FOR_DOUBLE_PX), middle)
        self.price_auto = False

    def show_time(self, t0_s: float, t1_s: float) -> None:
        """Look at a stretch of time, epoch seconds; with the newest column in it that follows."""
        self.window = replace(self.window, t0_s=t0_s, t1_s=t1_s)
        if self.newest_s is not None:
            self.follows = t0_s < self.newest_s <= t1_s
            if self.follows:
                self._keep_gap()

    # -- back to what is usual

    def go_live(self) -> None:
        """Follow again: the newest column returns to its place, the zoom stays."""
        self.follows = True
        self._gap_ratio = self.home_gap_ratio
        if self.newest_s is not None:
            self.window = following(self.window, self.newest_s, self._gap_ratio)
        if needs_centring(self.window, self.last_price, 1.0):
            self.window = self.window.centred_on(self.last_price)

    def reset_time(self) -> None:
        """Show the usual time span, newest column in its place."""
        self.window = replace(self.window, t0_s=self.window.t1_s - self.home_span_s)
        self.go_live()

    def reset_price(self) -> None:
        """Show the usual price range around the last price."""
        self.price_auto = True
        self._place_price()

    def reset(self) -> None:
        """Show what a fresh chart shows."""
        self.reset_time()
        self.reset_price()

    # -- inside

    def _place_price(self) -> None:
        if math.isfinite(self.last_price) and self.home_span_price > 0:
            half = self.home_span_price / 2
            self.window = replace(self.window, p0=self.last_price - half, p1=self.last_price + half)
            self._price_placed = True
            self._placed_span = self.home_span_price

    def _after_zoom(self) -> None:
        if self.newest_s is None or not self.follows:
            return
        if self.window.t0_s < self.newest_s <= self.window.t1_s:
            self._keep_gap()
        else:
            self.follows = False

    def _keep_gap(self) -> None:
        """Remember how far the newest column now is from the edge, so that nothing jumps."""
        if self.newest_s is not None:
            share = (self.window.t1_s - self.newest_s) / self.window.span_s
            self._gap_ratio = min(max(share, 0.0), 0.9)


def wheel_factor(delta: float) -> float:
    """Zoom factor of a wheel movement in eighths of a degree; smooth wheels send small ones."""
    return float(ZOOM_PER_NOTCH ** (delta / WHEEL_NOTCH))


def traded_reach(candles: CandleWindow | None, price: float, columns: int) -> float:
    """How far the last candles went from a price, quote units; 0 when there are none."""
    if candles is None or candles.time_ms.size == 0 or not math.isfinite(price):
        return 0.0
    ends = np.concatenate([candles.high[-columns:], candles.low[-columns:]])
    ends = ends[np.isfinite(ends)]
    return float(np.abs(ends - price).max()) if ends.size else 0.0


def home_price_span(
    price: float, low: float, high: float, ratio: float = 0.02, traded: float = 0.0
) -> float:
    """Price range of a fresh view: a share of the price, or what the data reaches if less.

    Parameters
    ----------
    low, high : float
        Lowest and highest price reported; NaN when unknown.
    traded : float
        How far candles in view went from the price; the view holds them all.
    """
    if not (math.isfinite(price) and price > 0):
        return math.nan
    span = price * ratio
    if math.isfinite(low) and math.isfinite(high):
        # around the price, so that neither side shows ground nobody reported on
        reach = 2 * min(price - low, high - price)
        if reach > price * 1e-4:
            span = min(span, reach)
    return max(span, 2.1 * traded)

"""Bubbles of trades over a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from heatdesk.frames import Quote
from heatdesk.views.bubbles import (
    BubbleShapes,
    ScaleKeeper,
    bubble_rows,
    lay_out_bubbles,
    volumes,
)
from heatdesk.views.trade_slices import TradeSlices
from ui import theme
from ui.heatmap.layer import Layer
from ui.heatmap.shapes import pixel_ratio
from ui.heatmap.stamps import PieSheet, draw_stamps, pie_sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.analytics.delta import TradeFeed
    from heatdesk.views.viewport import ChartWindow


_LARGE_PX = 9.0
"""A smaller bubble may lie under a text."""


class BubbleLayer(Layer):
    """Trades pooled by pixels of time and clusters of prices.

    Attributes
    ----------
    slices : TradeSlices
    laid_out : int
        How often bubbles were laid out so far.
    """

    def __init__(self, parent: QGraphicsItem | None = None, z: float = 22.0) -> None:
        super().__init__(parent, z)
        self.slices = TradeSlices()
        self.laid_out = 0
        self._keeper = ScaleKeeper()
        self._quote, self._least = Quote.COIN, -1.0
        self._key: tuple[object, ...] = ()
        self._shapes: BubbleShapes | None = None
        self._stamps: tuple[PieSheet, NDArray[np.float64]] | None = None
        self._boxes: NDArray[np.float64] | None = None

    # -- what is chosen

    def set_quote(self, quote: Quote) -> None:
        """Measure volume in coins or USD."""
        if quote is not self._quote:
            self._quote = quote
            self.update()

    def set_least(self, least: float | None) -> None:
        """Show bubbles of at least a volume; None leaves it to the volumes in view."""
        least = -1.0 if least is None else least
        if least != self._least:
            self._least = least
            self.update()

    def refit(self) -> None:
        """Measure the bubbles by what is in view now."""
        self._keeper.refit()
        self.update()

    @property
    def usual_least(self) -> float:
        """Volume from which bubbles are shown without a choice; 0 while none is known."""
        scale = self._keeper.scale
        return scale.usual_least if scale is not None else 0.0

    @property
    def full(self) -> float:
        """Volume of a bubble of the largest size; 0 while none is known."""
        scale = self._keeper.scale
        return scale.full if scale is not None else 0.0

    # -- what is shown

    def forget(self) -> None:
        """Hold nothing."""
        self.slices.forget()
        self._keeper = ScaleKeeper()
        self._key, self._shapes, self._stamps = (), None, None
        self.update()

    def follow(self, feed: TradeFeed, window: ChartWindow, *, live: bool) -> bool:
        """Do a piece of the work; returns whether it is all done."""
        version, before = self.slices.version, self._shapes
        done = self.slices.follow(feed, window, live=live)
        # most trades only add to bubbles too small to be shown
        if self.slices.version != version and not _look_alike(before, self.shapes(window)):
            self.update()
        return done

    def shapes(self, window: ChartWindow) -> BubbleShapes | None:
        """Bubbles as they are drawn in a view; laid out again only when something changed."""
        key = (window, self.slices.version, self.version)
        if key != self._key:
            self._key, self._stamps, self._boxes = key, None, None
            self._shapes = self._lay_out(window)
            self.laid_out += 1
        return self._shapes

    def _lay_out(self, window: ChartWindow) -> BubbleShapes | None:
        grid = self.slices.grid
        if grid is None:
            return None
        sums = self.slices.shown(window)
        volume = volumes(sums, self._quote)
        scale = self._keeper.offer(volume, (grid, self._quote))
        if scale is None:
            return None
        least = self._least if self._least >= 0 else scale.usual_least
        return lay_out_bubbles(sums, grid, window, volume, scale, least)

    def boxes(self, window: ChartWindow) -> NDArray[np.float64] | None:
        """Left, top, right and bottom of the larger bubbles; the same array while unchanged."""
        shapes = self.shapes(window) if self.isVisible() else None
        if shapes is None:
            return None
        if self._boxes is None:
            large = shapes.diameter >= _LARGE_PX
            x, y, half = shapes.x[large], shapes.y[large], shapes.diameter[large] * 0.4
            self._boxes = np.column_stack([x - half, y - half, x + half, y + half])
        return self._boxes

    def rows_at(
        self, x_px: float, y_px: float, tick_size: float, coin: str
    ) -> list[tuple[str, str]]:
        """Rows of the hover card for the bubble under a point; none where there is none."""
        grid, window = self.slices.grid, self._window
        shapes = self.shapes(window) if window is not None else None
        if grid is None or shapes is None:
            return []
        found = shapes.at(x_px, y_px)
        if found is None:
            return []
        return bubble_rows(shapes.sums, found, grid, tick_size, self._quote, coin)

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Stamp the bubbles in view."""
        shapes = self.shapes(window)
        if shapes is None or shapes.x.size == 0:
            return
        colours = theme.Palette
        sheet = pie_sheet(pixel_ratio(painter), colours.BUY, colours.SELL, colours.GROUND)
        if self._stamps is None or self._stamps[0] is not sheet:
            rows = sheet.stamps(shapes.x, shapes.y, shapes.diameter, shapes.buy_ratio)
            self._stamps = (sheet, rows)
        draw_stamps(painter, *self._stamps)


def _look_alike(one: BubbleShapes | None, other: BubbleShapes | None) -> bool:
    if one is None or other is None:
        return one is other
    columns = ((one.x, other.x), (one.y, other.y), (one.diameter, other.diameter))
    return all(np.array_equal(a, b) for a, b in (*columns, (one.buy_ratio, other.buy_ratio)))

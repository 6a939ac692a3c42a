"""Lines of the best bid and ask and of the price between them, over a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QPainter, QPen

from heatdesk.views.best_prices import BestPrices
from heatdesk.views.price_lines import PriceSeries, lay_out_line
from ui import theme
from ui.heatmap.layer import Layer
from ui.heatmap.shapes import draw_polyline, pixel_ratio

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.store.grid import GridSpec
    from heatdesk.views.heatmap import HeatmapSource
    from heatdesk.views.viewport import ChartWindow

_HALO_ALPHA = 0.62
"""Keeps a thin line readable over bright cells."""


class PriceLineLayer(Layer):
    """Best bid, best ask and mid by column, of the book that is drawn.

    Attributes
    ----------
    prices : BestPrices
        Kept up to date by `follow`, whether the lines are shown or not.
    """

    def __init__(self, parent: QGraphicsItem | None = None, z: float = 21.0) -> None:
        super().__init__(parent, z)
        self.prices = BestPrices()
        self._grid: GridSpec | None = None
        self._exact = False
        self._best = False
        self._mid = False
        self._colours = (theme.Palette.UP, theme.Palette.DOWN)

    def set_colours(self, bid: str, ask: str) -> None:
        """Draw the lines of bids and asks in colours of their own."""
        if (bid, ask) != self._colours:
            self._colours = bid, ask
            self.update()

    def show_lines(self, *, best: bool, mid: bool) -> None:
        """Choose which lines are drawn."""
        if (best, mid) != (self._best, self._mid):
            self._best, self._mid = best, mid
            self.update()

    def follow(self, source: HeatmapSource | None, *, exact: bool = False) -> bool:
        """Take in what changed in a book, or with None forget it; returns whether that was all.

        Parameters
        ----------
        exact : bool
            A level is one tick high: its edge is the price itself. Otherwise, unless the book
            tells its best prices, they lie somewhere in their levels: the edges that face each
            other are drawn, or those round a level that holds both.
        """
        if source is None:
            self.prices.clear()
            self._grid = None
            changed = True
        else:
            changed = self.prices.follow(source) or exact != self._exact
            self._grid, self._exact = source.grid, exact
        if changed and (self._best or self._mid):
            self.update()
        return not self.prices.catching_up

    @property
    def shown(self) -> bool:
        """Whether there are lines to draw."""
        return (self._best or self._mid) and self._grid is not None and self.prices.bid.size > 0

    def lines(self) -> dict[str, PriceSeries]:
        """The lines shown: ``bid``, ``ask``, ``mid``."""
        grid, prices = self._grid, self.prices
        if grid is None:
            return {}
        start_s = grid.time.time_of(prices.first_column) / 1000
        bid, ask = prices.bid, prices.ask
        if not (self._exact or prices.quoted):
            # in a level that holds both sides the bid is still below the ask
            apart = ~(bid >= ask)
            bid, ask = bid + apart * grid.block_size, ask + ~apart * grid.block_size
        found: dict[str, NDArray[np.float64]] = {}
        if self._best:
            found |= {"bid": bid, "ask": ask}
        if self._mid:
            found["mid"] = (bid + ask) / 2
        step_s = grid.interval_ms / 1000
        return {name: PriceSeries(start_s, step_s, price) for name, price in found.items()}

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw each line over a shade of the ground."""
        if not self.shown:
            return
        ratio = pixel_ratio(painter)
        colours = {
            "bid": self._colours[0],
            "ask": self._colours[1],
            "mid": theme.Palette.TEXT,
        }
        pixel = 1 / ratio
        thick_px = max(1, round(ratio))
        # each to its own side: where one level follows the other all are seen
        away = (thick_px if self._mid else (thick_px + 1) // 2) * pixel
        aside = {"bid": away, "ask": -away, "mid": 0.0}
        lines = [
            (points[:, 0], points[:, 1] + aside[name], colours[name])
            for name, series in self.lines().items()
            for points in lay_out_line(series, window, ratio)
        ]
        painter.setPen(_thin(theme.colour(theme.Palette.GROUND, _HALO_ALPHA), ratio))
        for x, y, _ in lines:
            # two thin lines beside it: a wide pen would be far slower to draw
            for offset in (-pixel, pixel):
                draw_polyline(painter, x + offset, y + offset)
        for x, y, colour in lines:
            painter.setPen(_thin(QColor(colour), ratio))
            draw_polyline(painter, x, y)


def _thin(colour: QColor, ratio: float) -> QPen:
    """A pen about one logical pixel wide that stays crisp at any scale."""
    pen = QPen(colour, max(1, round(ratio)))
    pen.setCosmetic(True)
    return pen

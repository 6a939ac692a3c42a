"""Pictures of bubbles and triangles of every size, made once and stamped from arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF
from shiboken6 import Shiboken

from heatdesk.views.bubbles import LEAST_PX, MOST_PX
from ui import theme

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

OPACITY = 0.40
_RING_ALPHA, _HALO_ALPHA = 0.95, 0.55
_SPLIT_FROM_PX = 9.0
"""A smaller bubble has one colour: that of the side that traded more."""
_SHARES = 16
_PAD_PX = 2
TRIANGLE_RATIO = 0.62
"""Half the width of a triangle by its height."""


class PieSheet:
    """One picture with room for a bubble of every size and split, at one scale of the screen.

    Each is drawn when it is asked for first: a chart shows few of them. Bubbles are round pies
    whose part above is what was bought; fills are see-through, so that the heatmap and other
    bubbles stay visible, and a thin ring keeps them apart.

    Parameters
    ----------
    ratio : float
        Device pixels of a logical one.
    buy, sell, ground : str
        Colours; a halo of the ground keeps bubbles apart.
    """

    def __init__(self, ratio: float, buy: str, sell: str, ground: str) -> None:
        self.ratio, self.colours, self._ground = ratio, (buy, sell), ground
        sizes = np.arange(round(LEAST_PX), round(MOST_PX) + 1)
        self._device = np.maximum(2, np.rint(sizes * ratio)).astype(np.int64)
        cells = self._device + 2 * _PAD_PX
        self._tops = np.concatenate([[0], np.cumsum(cells)])
        self._cells = cells.astype(np.float64)
        wide = int(cells[-1]) * (_SHARES + 1)
        self.picture = QPixmap(wide, int(self._tops[-1]))
        self.picture.fill(Qt.GlobalColor.transparent)
        self._drawn = np.zeros((sizes.size, _SHARES + 1), np.bool_)

    def _draw_new(self, row: Int64Array, share: Int64Array) -> None:
        """Draw those that are asked for first."""
        asked = np.zeros_like(self._drawn)
        asked[row, share] = True
        new = np.argwhere(asked & ~self._drawn).tolist()
        if not new:
            return
        self._drawn |= asked
        painter = QPainter(self.picture)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            for one in new:
                self._draw(painter, *one)
        finally:
            painter.end()

    def _draw(self, painter: QPainter, row: int, share: int) -> None:
        cell, across = int(self._cells[row]), float(self._device[row])
        box = QRectF(share * cell + _PAD_PX, int(self._tops[row]) + _PAD_PX, across, across)
        ring_px = max(1.0, min(1.25, across / 14)) * max(1.0, self.ratio * 0.9)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour(self._ground, _HALO_ALPHA), ring_px + 1.5))
        inner = box.adjusted(ring_px / 2, ring_px / 2, -ring_px / 2, -ring_px / 2)
        painter.drawEllipse(inner)
        full = 360 * 16
        bought = round(full * share / _SHARES)
        start = round(90 * 16 - bought / 2)
        arcs = ((start, bought, self.colours[0]), (start + bought, full - bought, self.colours[1]))
        # what the halo left inside goes: the fill alone lies over the heatmap
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for begin, long, colour in arcs:
            if long:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour(colour, OPACITY))
                _pie(painter, inner, begin, long)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for begin, long, colour in arcs:
            if long:
                pen = QPen(theme.colour(colour, _RING_ALPHA), ring_px)
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                painter.setPen(pen)
                painter.drawArc(inner, begin, long)

    def stamps(
        self, x: Float64Array, y: Float64Array, diameter: Float64Array, buy_ratio: Float64Array
    ) -> Float64Array:
        """Which part of the sheet goes where, as `draw_stamps` takes it.

        Parameters
        ----------
        x, y, diameter : (n,) float64
            Logical pixels.
        buy_ratio : (n,) float64

        Returns
        -------
        (n, 10) float64
            Device pixels.
        """
        row = np.rint(diameter - round(LEAST_PX)).astype(np.int64)
        row = np.clip(row, 0, self._device.size - 1)
        share = np.rint(buy_ratio * _SHARES)
        # what is not all of one side shows a sliver of the other
        share = np.where((buy_ratio > 0) & (buy_ratio < 1), np.clip(share, 1, _SHARES - 1), share)
        whole = diameter < _SPLIT_FROM_PX + 0.5
        share = np.where(whole, np.where(buy_ratio >= 0.5, _SHARES, 0), share)
        self._draw_new(row, share.astype(np.int64))
        cell = self._cells[row]
        rows = np.ones((x.size, 10))
        rows[:, 0] = np.rint(x * self.ratio - cell / 2) + cell / 2
        rows[:, 1] = np.rint(y * self.ratio - cell / 2) + cell / 2
        rows[:, 2] = share * cell
        rows[:, 3] = self._tops[row]
        rows[:, 4] = rows[:, 5] = cell
        rows[:, 8] = 0.0
        return rows


@lru_cache(maxsize=4)
def pie_sheet(ratio: float, buy: str, sell: str, ground: str) -> PieSheet:
    """Return the sheet that all charts share."""
    return PieSheet(ratio, buy, sell, ground)


class TriangleSheet:
    """One picture with triangles of every size, pointing down and up, at one scale of the screen.

    Parameters
    ----------
    ratio : float
        Device pixels of a logical one.
    down, up : str
        Colours.
    least_px, most_px : float
        Heights of the smallest and the largest.
    """

    def __init__(self, ratio: float, down: str, up: str, least_px: float, most_px: float) -> None:
        self.ratio, self.colours = ratio, (down, up)
        self._least = round(least_px)
        self._heights = np.arange(self._least, round(most_px) + 1) * ratio
        self._cell = float(np.ceil(2 * TRIANGLE_RATIO * self._heights[-1]) + 2 * _PAD_PX + 2)
        self.picture = QPixmap(int(self._cell) * self._heights.size, 2 * int(self._cell))
        self.picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self.picture)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            pen = QPen(theme.colour(theme.Palette.GROUND, 0.9), 1.5 * max(1.0, ratio * 0.9))
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            for size, height in enumerate(self._heights.tolist()):
                for row, colour in enumerate(self.colours):
                    painter.setBrush(QColor(colour))
                    middle = QPointF((size + 0.5) * self._cell, (row + 0.5) * self._cell)
                    painter.drawPolygon(_triangle(middle, height, up=row == 1))
        finally:
            painter.end()

    def fits(self, ratio: float, down: str, up: str) -> bool:
        """Whether this sheet shows triangles as they are wanted."""
        return (self.ratio, self.colours) == (ratio, (down, up))

    def stamps(
        self, x: Float64Array, y: Float64Array, height: Float64Array, up: NDArray[np.bool_]
    ) -> Float64Array:
        """Which part of the sheet goes where, as `draw_stamps` takes it; x and y are the tips."""
        size = np.clip(np.rint(height) - self._least, 0, self._heights.size - 1).astype(np.int64)
        half = self._heights[size] / 2
        rows = np.ones((x.size, 10))
        corner = self._cell / 2
        rows[:, 0] = np.rint(x * self.ratio - corner) + corner
        rows[:, 1] = np.rint(y * self.ratio + np.where(up, half, -half) - corner) + corner
        rows[:, 2] = size * self._cell
        rows[:, 3] = np.where(up, self._cell, 0.0)
        rows[:, 4] = rows[:, 5] = self._cell
        rows[:, 8] = 0.0
        return rows


def _triangle(middle: QPointF, height: float, *, up: bool) -> QPolygonF:
    tip, half = (-height / 2 if up else height / 2), TRIANGLE_RATIO * height
    return QPolygonF(
        [middle + QPointF(0, tip), middle + QPointF(-half, -tip), middle + QPointF(half, -tip)]
    )


def draw_stamps(painter: QPainter, sheet: PieSheet | TriangleSheet, rows: Float64Array) -> None:
    """Stamp parts of a sheet, in the order given."""
    if rows.shape[0] == 0:
        return
    rows = np.ascontiguousarray(rows, np.float64)
    painter.save()
    painter.scale(1 / sheet.ratio, 1 / sheet.ratio)
    # the painter reads n fragments from the address of the first; one is ten doubles
    first = cast(
        "QPainter.PixmapFragment",
        Shiboken.wrapInstance(rows.ctypes.data, QPainter.PixmapFragment),
    )
    painter.drawPixmapFragments(first, rows.shape[0], sheet.picture)
    painter.restore()


def _pie(painter: QPainter, box: QRectF, begin: int, long: int) -> None:
    if long >= 360 * 16:
        painter.drawEllipse(box)
    else:
        painter.drawPie(box, begin, long)

"""The software path of the heatmap: exact pixels, and only what changed is computed again.

*Cells* (`cell_colours`) are read and coloured, *pixels* (`pixel_ring`) take the cell under
their centre, so that edges are crisp at any zoom and device ratio. A repaint of an unchanged
view is one blit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QBrush, QImage, QPainter
from PySide6.QtWidgets import QWidget

from heatdesk.store.grid import GridSpec
from heatdesk.views.heatmap import HeatmapSource, HeatmapWindow, fit_window
from heatdesk.views.palettes import Shades
from ui.heatmap.cell_colours import CellCache, CellColours
from ui.heatmap.painting import (
    DASH_PERIOD_PX,
    DASHED,
    FOOTED,
    HATCH_PERIOD_PX,
    HATCHED,
    LIGHT_PERIOD_PX,
    LINED,
    MAX_PIXELS,
    TINTED,
    UNKNOWN_MARK,
    DeviceView,
    Style,
    column_marks,
    pixel_cells,
)
from ui.heatmap.pixel_ring import Line, PixelRing

_GROUND_NUMBER, _TINT_NUMBER = -(1 << 62), -(1 << 62) + 1
_TILE_PX = 64 * HATCH_PERIOD_PX


class CpuPainter:
    """Turns a source into a picture of device pixels, keeping what it can.

    Attributes
    ----------
    window : HeatmapWindow or None
        Detail and cells of the last paint; None when it showed no column.
    cells : CellCache
    pixels : PixelRing
    """

    def __init__(self) -> None:
        self.window: HeatmapWindow | None = None
        self.cells = CellCache()
        self.pixels = PixelRing()
        self._view: DeviceView | None = None
        self._shown: tuple[object, ...] = ()
        self._made_of: tuple[object, ...] = ()
        self._placed_for: tuple[object, ...] = ()
        self._placed = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._marks: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._hatched = False
        self._image = QImage()
        self._hatches: dict[tuple[Shades, int, bool], QBrush] = {}

    def forget(self) -> None:
        """Drop every cached picture."""
        self.window = self._view = None
        self._shown = self._made_of = ()
        self._image = QImage()
        self.cells.forget()
        self.pixels.forget()

    def draw(
        self,
        painter: QPainter,
        widget: QWidget | None,
        source: HeatmapSource,
        view: DeviceView,
        style: Style,
        band: int,
    ) -> None:
        """Fill the view's device pixels."""
        del widget
        try:
            if not self._prepare(source, view, style, band):
                return
        except Exception:
            # what was half done must not be taken for a picture
            self.forget()
            raise
        painter.save()
        try:
            # pixels were chosen for this device: draw them one to one
            painter.resetTransform()
            scale = painter.deviceTransform()
            painter.translate(-scale.dx() / scale.m11(), -scale.dy() / scale.m22())
            painter.scale(1 / scale.m11(), 1 / scale.m22())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            for piece in self.pixels.pieces():
                painter.drawImage(
                    QPoint(piece.x_px, piece.y_px),
                    self._image,
                    QRect(piece.column, piece.row, piece.width, piece.height),
                )
            if self._hatched:
                self._draw_hatches(painter, view, style.shades)
        finally:
            painter.restore()

    def _prepare(self, source: HeatmapSource, view: DeviceView, style: Style, band: int) -> bool:
        """Bring the pixels up to date; whether there is anything to show."""
        if (view.right - view.left) * (view.bottom - view.top) > MAX_PIXELS:
            raise ValueError("the view has more pixels than can be painted")
        with source.lock:
            shown = (source.generation, source.revision, view, style.version, band)
            if shown == self._shown:
                return self.window is not None
            self.window = window = fit_window(source, view.rect(), band)
            if window is None:
                self._shown = shown
                return False
            grid = source.grid
            cells, changed = self.cells.fetch(source, window, style)
        made_of = (source.generation, grid, style.version, window.time_lod, window.step)
        if made_of != self._made_of:
            self.pixels.forget()
            self._made_of = made_of
        columns, rows = self._pixel_cells(view, window, grid)
        self._show(cells, changed, view, columns, rows)
        self._view, self._shown = view, shown
        return True

    def _pixel_cells(
        self, view: DeviceView, window: HeatmapWindow, grid: GridSpec
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Absolute cells of pixel columns and rows; what stands is not worked out again."""
        if (view, window, grid) != self._placed_for:
            columns, rows = pixel_cells(view, window, grid)
            self._placed_for = (view, window, grid)
            self._placed = (columns + window.c0, rows + window.l0)
        return self._placed

    def _show(
        self,
        cells: CellColours,
        changed: tuple[int, int],
        view: DeviceView,
        columns: NDArray[np.int64],
        rows: NDArray[np.int64],
    ) -> None:
        held = cells.held
        place = columns - held.c0
        self._marks = marks = column_marks(cells.states, place)
        self._hatched = bool((marks >= HATCHED).any())
        stale = None
        if changed[1] > changed[0]:
            stale = (columns >= changed[0]) & (columns < changed[1])
        numbers = columns.copy()
        if marks.any():
            plain, gap = marks == UNKNOWN_MARK, (marks == TINTED) | (marks == HATCHED)
            place[plain], numbers[plain] = cells.ground, _GROUND_NUMBER
            place[gap], numbers[gap] = cells.tint, _TINT_NUMBER
        dx, dy = self._scrolled(view)
        x = Line(view.left, dx, numbers, place, stale)
        y = Line(view.top, dy, rows, rows - held.l0)
        if self.pixels.show(cells, x, y):
            height, width = self.pixels.pixels.shape
            # a new QImage over the same memory: engines that cache by image see that it changed
            self._image = QImage(
                self.pixels.pixels.data, width, height, width * 4, QImage.Format.Format_RGB32
            )

    def _scrolled(self, view: DeviceView) -> tuple[int, int]:
        """How many device pixels the content has moved since it was shown last."""
        old = self._view
        if old is None:
            return 0, 0
        x, y = (old.left + old.right) / 2, (old.top + old.bottom) / 2
        moved = (
            view.dx + (x - old.dx) / old.m11 * view.m11 - x,
            view.dy + (y - old.dy) / old.m22 * view.m22 - y,
        )
        # from one end of all prices to the other there is no number of pixels
        x_px, y_px = (round(px) if math.isfinite(px) else 0 for px in moved)
        return x_px, y_px

    def _draw_hatches(self, painter: QPainter, view: DeviceView, shades: Shades) -> None:
        """Draw what stays on the screen while the data moves: lines over gaps, and over cells."""
        gap = self._brush(shades, HATCH_PERIOD_PX, over_cells=False)
        for mark, top, brush in (
            (HATCHED, view.top, gap),
            (FOOTED, view.foot_top, gap),
            (LINED, view.top, self._brush(shades, LIGHT_PERIOD_PX, over_cells=True)),
            (DASHED, view.top, self._brush(shades, DASH_PERIOD_PX, over_cells=True)),
        ):
            marked = np.concatenate(([False], self._marks == mark, [False]))
            edges = (np.flatnonzero(np.diff(marked)) + view.left).tolist()
            for a, b in zip(edges[0::2], edges[1::2], strict=True):
                painter.fillRect(QRect(a, top, b - a, view.bottom - top), brush)

    def _brush(self, shades: Shades, period_px: int, *, over_cells: bool) -> QBrush:
        """Lines where the sum of both device pixels is a multiple, on the tint of a gap or on cells."""
        key = (shades, period_px, over_cells)
        brush = self._hatches.get(key)
        if brush is None:
            y, x = np.ogrid[:period_px, :_TILE_PX]
            ground = 0 if over_cells else shades.gap_tint
            tile = np.full((period_px, _TILE_PX), ground, np.uint32)
            tile[(x + y) % period_px == 0] = shades.gap_line
            form = QImage.Format.Format_ARGB32_Premultiplied
            image = QImage(
                tile.data,
                _TILE_PX,
                period_px,
                _TILE_PX * 4,
                form if over_cells else QImage.Format.Format_RGB32,
            )
            brush = self._hatches[key] = QBrush(image.copy())
        return brush

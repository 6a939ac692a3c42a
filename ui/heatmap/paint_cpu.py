"""The software path of the heatmap: exact pixels, and only what changed is computed again.

Two cached stages: *cells* (colours of a window of pooled cells, patched by column when the
store grows) and *pixels* (each device pixel takes the cell under its centre, so edges are crisp
at any zoom and device ratio). A repaint of an unchanged view is one blit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from heatdesk.store.grid import GridSpec
from heatdesk.store.ring import UNKNOWN
from heatdesk.views.heatmap import (
    HeatmapSource,
    HeatmapWindow,
    fit_window,
    read_image,
    read_states,
)
from ui.heatmap.painting import (
    HATCH_PERIOD_PX,
    HATCHED,
    MAX_PIXELS,
    TINTED,
    DeviceView,
    Style,
    column_marks,
    pixel_cells,
)

Pixels = NDArray[np.uint32]


@dataclass(slots=True)
class _Cells:
    key: tuple[int, int, HeatmapWindow]
    revision: int
    colours: Pixels
    states: NDArray[np.uint8]


class CpuPainter:
    """Turns a source into a picture of device pixels, keeping what it can.

    Attributes
    ----------
    windows_read, cells_patched, pixels_built, pixels_patched : int
        How often each kind of work was done; an unchanged repaint does none of it.
    """

    def __init__(self) -> None:
        self.windows_read = 0
        self.cells_patched = 0
        self.pixels_built = 0
        self.pixels_patched = 0
        self.window: HeatmapWindow | None = None
        self._cells: _Cells | None = None
        self._pixels: Pixels | None = None
        self._pixels_key: tuple[object, ...] = ()
        self._columns: NDArray[np.int64] = np.zeros(0, np.int64)
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._image: QImage | None = None

    def forget(self) -> None:
        """Drop every cached picture."""
        self._cells = self._pixels = self._image = self.window = None

    def draw(
        self,
        painter: QPainter,
        widget: QWidget | None,
        source: HeatmapSource,
        view: DeviceView,
        style: Style,
        band: int,
    ) -> None:
        """Fill the view's device pixels with one blit."""
        del widget
        image = self.picture(source, view, style, band)
        if image is None:
            return
        painter.save()
        try:
            # pixels were chosen for this device: draw them one to one
            painter.resetTransform()
            scale = painter.deviceTransform()
            painter.translate(-scale.dx() / scale.m11(), -scale.dy() / scale.m22())
            painter.scale(1 / scale.m11(), 1 / scale.m22())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(QPointF(view.left, view.top), image)
        finally:
            painter.restore()

    def picture(
        self, source: HeatmapSource, view: DeviceView, style: Style, band: int
    ) -> QImage | None:
        """RGB32 picture for the view's device pixels; None when it shows no cell."""
        if (view.right - view.left) * (view.bottom - view.top) > MAX_PIXELS:
            raise ValueError("the view has more pixels than can be painted")
        with source.lock:
            window = fit_window(source, view.rect(), band)
            self.window = window
            if window is None:
                return None
            cells, changed = self._synced_cells(source, window, style)
            grid = source.grid
        key = (self.windows_read, cells.key, grid, view)
        if self._pixels is None or key != self._pixels_key:
            self._build(cells, view, grid, style)
            self._pixels_key = key
        elif changed is not None:
            self._patch(cells, view, changed, style)
        return self._image

    # -- cells

    def _synced_cells(
        self, source: HeatmapSource, window: HeatmapWindow, style: Style
    ) -> tuple[_Cells, tuple[int, int] | None]:
        """Colours of a window, and which of its columns were patched (half-open, relative)."""
        key = (source.generation, style.version, window)
        cells = self._cells
        if cells is None or cells.key != key:
            self.windows_read += 1
            image = read_image(source, window, "both" if style.plane == "bid_ask" else style.plane)
            states = image.states
            colours = self._colours(source, window, style)
            colours[:, states == UNKNOWN] = style.shades.ground
            self._cells = cells = _Cells(key, source.revision, colours, states)
            return cells, None
        if cells.revision == source.revision:
            return cells, None
        c0, c1 = source.changed_since(cells.revision)
        cells.revision = source.revision
        a = max(window.c0, c0 >> window.time_lod)
        b = min(window.c1, ((c1 - 1) >> window.time_lod) + 1)
        if b <= a:
            return cells, None
        self.cells_patched += 1
        part = HeatmapWindow(window.time_lod, window.step, a, b, window.l0, window.l1)
        where = slice(a - window.c0, b - window.c0)
        states = read_states(source, a, b, window.time_lod)
        colours = self._colours(source, part, style)
        colours[:, states == UNKNOWN] = style.shades.ground
        cells.colours[:, where] = colours
        cells.states[where] = states
        return cells, (where.start, where.stop)

    def _colours(self, source: HeatmapSource, window: HeatmapWindow, style: Style) -> Pixels:
        if style.plane != "bid_ask" or len(source.planes) < 2:
            plane = "both" if style.plane == "bid_ask" else style.plane
            return np.take(style.table, read_image(source, window, plane).codes)
        bid, ask = (read_image(source, window, plane).codes for plane in source.planes[:2])
        return np.where(ask > bid, style.ask_table[ask], style.table[bid])

    # -- pixels

    def _build(self, cells: _Cells, view: DeviceView, grid: GridSpec, style: Style) -> None:
        self.pixels_built += 1
        self._columns, self._rows = pixel_cells(view, cells.key[2], grid)
        low, high = int(self._rows.min()), int(self._rows.max()) + 1
        wide = np.take(cells.colours[low:high], self._columns, axis=1, mode="clip")
        self._pixels = np.take(wide, self._rows - low, axis=0, mode="clip")
        self._hatch(cells, view, style, 0, self._columns.size)
        self._wrap()

    def _patch(
        self, cells: _Cells, view: DeviceView, changed: tuple[int, int], style: Style
    ) -> None:
        """Fill again the pixels of some columns."""
        assert self._pixels is not None
        hit = np.flatnonzero((self._columns >= changed[0]) & (self._columns < changed[1]))
        if hit.size == 0:
            return
        self.pixels_patched += 1
        a, b = int(hit[0]), int(hit[-1]) + 1
        low, high = int(self._rows.min()), int(self._rows.max()) + 1
        wide = np.take(cells.colours[low:high], self._columns[a:b], axis=1, mode="clip")
        self._pixels[:, a:b] = np.take(wide, self._rows - low, axis=0, mode="clip")
        self._hatch(cells, view, style, a, b)
        self._wrap()

    def _hatch(self, cells: _Cells, view: DeviceView, style: Style, start: int, stop: int) -> None:
        """Draw gaps in pixel columns ``start`` to ``stop``, lines fixed to the screen."""
        assert self._pixels is not None
        marks = column_marks(cells.states, self._columns)
        gap = np.concatenate(([False], marks >= TINTED, [False]))
        edges = np.flatnonzero(np.diff(gap))
        for a, b in zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True):
            # a run that reaches or touches the changed columns is drawn whole: it may have
            # become too narrow to be hatched, or wide enough
            if b < start or a > stop:
                continue
            self._pixels[:, a:b] = style.shades.gap_tint
            if marks[a] == HATCHED:
                diagonal = (
                    np.arange(view.top, view.bottom)[:, None]
                    + np.arange(view.left + a, view.left + b)[None, :]
                )
                self._pixels[:, a:b][diagonal % HATCH_PERIOD_PX == 0] = style.shades.gap_line

    def _wrap(self) -> None:
        assert self._pixels is not None
        height, width = self._pixels.shape
        # a new QImage over the same memory: engines that cache by image see that it changed
        self._image = QImage(
            self._pixels.data, width, height, width * 4, QImage.Format.Format_RGB32
        )

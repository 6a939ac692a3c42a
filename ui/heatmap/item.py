"""The heatmap in a price-time chart: x in epoch seconds, y in price."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QOpenGLContext, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from heatdesk.views.contrast import Table
from heatdesk.views.heatmap import HeatmapSource, HeatmapWindow, extent_of
from heatdesk.views.palettes import DARK, Shades
from ui.heatmap import gl_probe
from ui.heatmap.device import device_view
from ui.heatmap.gl_program import GlError
from ui.heatmap.paint_cpu import CpuPainter
from ui.heatmap.paint_gl import GlPainter, live_context
from ui.heatmap.painting import PaintPath, Style

log = logging.getLogger(__name__)

TableBuilder = Callable[[NDArray[np.float64]], Table]
"""Makes a table from the quantities of the codes; asked again when codes change meaning."""


class HeatmapItem(pg.ImageItem):  # type: ignore[misc]
    """Draws a heatmap store; nothing is copied or coloured that did not change.

    Nothing is drawn until both a source and a table are set. After a change in the store call
    `refresh`.

    Attributes
    ----------
    problem : str
        Why the last paint drew nothing, empty when it worked.
    painter_cpu : CpuPainter
        The software path: paints pictures, and every view without OpenGL.
    painter_gl : GlPainter
        The GPU path: paints on an OpenGL widget until the first failure in its context.
    """

    def __init__(self) -> None:
        # set first: ImageItem's constructor asks for the size
        self.source: HeatmapSource | None = None
        self.problem = ""
        self._gl_note = ""
        self.painter_cpu = CpuPainter()
        self.painter_gl = GlPainter()
        self._painted_by: PaintPath = self.painter_cpu
        self._failed_in: QOpenGLContext | None = None
        self._plane = "both"
        self._shades = DARK
        self._band = 1
        self._builders: tuple[Table | TableBuilder, Table | TableBuilder] | None = None
        self._style: Style | None = None
        self._style_generation = -1
        self._version = 0
        self._extent: tuple[float, float, float, float] | None = None
        self._rect = QRectF()
        self._updates = 0
        super().__init__(axisOrder="row-major")

    # -- what is drawn

    @property
    def updates(self) -> int:
        """How often something was said to look different."""
        return self._updates

    def update(self, *area: Any) -> None:
        """Draw anew what looks different now."""
        self._updates += 1
        super().update(*area)

    def set_source(self, source: HeatmapSource | None) -> None:
        """Draw another store, or nothing."""
        if source is not self.source:
            self.source = source
            self.painter_cpu.forget()
            self.painter_gl.forget()
            self._style = None
        self.refresh()

    def set_table(
        self, table: Table | TableBuilder, ask_table: Table | TableBuilder | None = None
    ) -> None:
        """Colour by a table, (65536,) 0xffRRGGBB, or by what a builder makes of the quantities.

        A builder stays right when the store moves its codes. ``ask_table`` counts in the plane
        mode ``bid_ask``, where ``table`` colours the bids.
        """
        self._builders = (table, table if ask_table is None else ask_table)
        self._restyle()

    def set_shades(self, shades: Shades) -> None:
        """Colours of what holds no quantity; a table is to be made for the same ones."""
        if shades != self._shades:
            self._shades = shades
            self._restyle()

    def set_plane(self, plane: str) -> None:
        """Show ``both`` (the larger side), ``bid_ask`` (two tables) or one plane of the store."""
        if plane != self._plane:
            self._plane = plane
            self._restyle()

    def set_band(self, levels: int) -> None:
        """Pool at least this many native levels into one drawn band."""
        if levels < 1:
            raise ValueError(f"a band cannot hold {levels} levels")
        if levels != self._band:
            self._band = levels
            self.update()

    @property
    def band(self) -> int:
        """Native levels of the finest band."""
        return self._band

    @property
    def window(self) -> HeatmapWindow | None:
        """Detail and cells of the last paint; None when it showed no column."""
        return self._painted_by.window

    @property
    def detail(self) -> tuple[int, int] | None:
        """How columns (a power of two) and levels were pooled at the last paint."""
        window = self.window
        return (window.time_lod, window.step) if window else None

    @property
    def path_note(self) -> str:
        """One sentence for the user when OpenGL had to be left; empty otherwise."""
        return self._gl_note

    def refresh(self) -> None:
        """Take note of a change in the store and repaint."""
        extent = extent_of(self.source) if self.source is not None else None
        if extent != self._extent:
            self._extent = extent
            self._cover_view()
            self.informViewBoundsChanged()
        self.update()

    @property
    def style(self) -> Style | None:
        """How the source's codes become colours; None before there is a source and a table."""
        return self._current_style(self.source) if self.source is not None else None

    def _restyle(self) -> None:
        self._style = None
        self.update()

    def _current_style(self, source: HeatmapSource) -> Style | None:
        if self._builders is None:
            return None
        if self._style is None or self._style_generation != source.generation:
            self._version += 1
            with source.lock:
                values, generation = source.values, source.generation
            made, ask_made = self._builders
            table = made(values) if callable(made) else made
            ask_table = table
            if ask_made is not made:
                ask_table = ask_made(values) if callable(ask_made) else ask_made
            self._style = Style(self._plane, table, ask_table, self._version, self._shades)
            self._style_generation = generation
        return self._style

    # -- reading back

    def value_at(self, time_s: float, price: float) -> float:
        """Quantity of the native cell there (the larger side); NaN when not observed."""
        source = self.source
        if source is None or not (math.isfinite(time_s) and math.isfinite(price)):
            return math.nan
        with source.lock:
            column = source.grid.time.column_of(time_s * 1000)
            level = source.grid.price.level_of(price)
            code = source.codes(self._read_plane(), column, column + 1, level, level + 1)[0, 0]
            return float(source.values[code])

    def _read_plane(self) -> str:
        return "both" if self._plane == "bid_ask" else self._plane

    # -- geometry, as ImageItem has it

    def width(self) -> int | None:
        """Columns held; None while there is none, as an `ImageItem` without an image says."""
        if self.source is None or self._extent is None:
            return None
        return self.source.last_column + 1 - self.source.first_column

    def height(self) -> int | None:
        """Levels held; None while there is none."""
        if self.source is None or self._extent is None:
            return None
        return self.source.last_level + 1 - self.source.first_level

    def channels(self) -> int | None:
        """One: a quantity."""
        return 1 if self._extent else None

    def boundingRect(self) -> QRectF:
        """Where it paints, epoch seconds by price: all cells, and the other prices in view.

        What data there is `dataBounds` says.
        """
        return self._rect

    def viewRangeChanged(self, *_: object) -> None:
        """Cover what the view shows now."""
        self._cover_view()

    def _cover_view(self) -> None:
        rect = QRectF()
        if self._extent is not None:
            t0, t1, p0, p1 = self._extent
            view = self.getViewBox()
            if isinstance(view, pg.ViewBox):
                low, high = view.viewRange()[1]
                if math.isfinite(high - low):
                    p0, p1 = min(p0, low), max(p1, high)
            rect = QRectF(t0 / 1000, p0, (t1 - t0) / 1000, p1 - p0)
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect

    def dataBounds(
        self, ax: int, frac: float = 1.0, orthoRange: object = None
    ) -> tuple[float, float] | tuple[None, None]:
        """Extent along one axis, whatever the view shows."""
        if self._extent is None:
            return None, None
        t0, t1, p0, p1 = self._extent
        return (t0 / 1000, t1 / 1000) if ax == 0 else (p0, p1)

    def pixelPadding(self) -> float:
        """Nothing is drawn outside the bounding rectangle."""
        return 0.0

    # -- painting

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem | None = None,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the visible cells; an exception here would end the process, so none leaves."""
        try:
            self._paint(painter, widget)
            self.problem = ""
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            if problem != self.problem:
                log.exception("The heatmap could not be painted")
            self.problem = problem

    def _paint(self, painter: QPainter, widget: QWidget | None) -> None:
        source = self.source
        if source is None or self._extent is None:
            return
        style = self._current_style(source)
        view = device_view(self, painter, source.grid)
        if style is None or view is None:
            return
        context = live_context(painter, widget)
        if context is not None and context != self._failed_in:
            try:
                self.painter_gl.draw(painter, widget, source, view, style, self._band)
            except Exception as error:  # noqa: BLE001 - a driver may fail in any way
                self._leave_gl(context, error)
            else:
                self._painted_by, self._gl_note = self.painter_gl, ""
                return
        self.painter_cpu.draw(painter, widget, source, view, style, self._band)
        self._painted_by = self.painter_cpu

    def _leave_gl(self, context: QOpenGLContext, error: Exception) -> None:
        """Paint by the processor from now on, as long as this context lives."""
        self._failed_in = context
        reason, detail = "the OpenGL painter failed", f"{type(error).__name__}: {error}"
        if isinstance(error, GlError):
            reason, detail = error.reason, error.detail
        self._gl_note = f"Drawn by the processor: {reason}."
        gl_probe.tell_once(reason, detail)
        self.painter_gl.release()

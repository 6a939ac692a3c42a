"""The GPU path of the heatmap: cells lie on the card, each frame only says where they go.

A change of contrast sends the colour table, a pan two index arrays and the tiles that come into
view, a new column that column. Which cell a pixel shows is decided by the same functions as on
the software path, so both paint the same picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QOpenGLContext, QPaintEngine, QPainter
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from heatdesk.views.heatmap import HeatmapSource, HeatmapWindow, fit_window, read_states
from ui.heatmap import gl_names as gl
from ui.heatmap.gl_context import GlResources, current_context
from ui.heatmap.gl_program import MARK_SHIFT, GlError
from ui.heatmap.gl_state import borrowed, check, drop_old_errors
from ui.heatmap.gl_tiles import TileKey
from ui.heatmap.painting import DeviceView, Style, column_marks, pixel_cells


def live_context(painter: QPainter, widget: QWidget | None) -> QOpenGLContext | None:
    """Return the context that a painter draws a widget in; None where it draws elsewhere.

    Painting a picture of an OpenGL widget is such an elsewhere.
    """
    if not isinstance(widget, QOpenGLWidget) or not widget.isValid():
        return None
    if painter.paintEngine().type() != QPaintEngine.Type.OpenGL2:
        return None
    context = current_context()
    return context if context is not None and context == widget.context() else None


class GlPainter:
    """Draws a source by one quad whose pixels look their cells up.

    Attributes
    ----------
    window : HeatmapWindow or None
        Detail and cells of the last paint; None when it showed no column.
    resources : GlResources or None
        What is held in the context painted in last.
    frames : int
        Pictures painted so far.
    """

    def __init__(self) -> None:
        self.window: HeatmapWindow | None = None
        self.resources: GlResources | None = None
        self.frames = 0

    def forget(self) -> None:
        """Drop every tile."""
        self.window = None
        if self.resources is not None:
            self.resources.tiles.forget()

    def release(self) -> None:
        """Give everything on the graphics card back."""
        resources, self.resources = self.resources, None
        if resources is not None:
            resources.release()

    def draw(
        self,
        painter: QPainter,
        widget: QWidget | None,
        source: HeatmapSource,
        view: DeviceView,
        style: Style,
        band: int,
    ) -> None:
        """Fill the view's device pixels.

        Raises
        ------
        GlError
            When the driver cannot do it.
        """
        context = live_context(painter, widget)
        if context is None or widget is None:
            raise GlError("there is no OpenGL context to paint in")
        device = widget.size() * widget.devicePixelRatioF()
        painter.beginNativePainting()
        try:
            functions = context.extraFunctions()
            drop_old_errors(functions)
            with borrowed(functions):
                resources = self._resources_in(context)
                sides = self._place(resources, source, view, style, band)
                if sides:
                    self._fill(resources, view, style, sides, device.height())
                check(functions)
            self.frames += 1
        finally:
            painter.endNativePainting()

    def _resources_in(self, context: QOpenGLContext) -> GlResources:
        held = self.resources
        if held is None or held.context is None or held.context != context:
            self.release()
            held = self.resources = GlResources(context)
        return held

    def _place(
        self,
        resources: GlResources,
        source: HeatmapSource,
        view: DeviceView,
        style: Style,
        band: int,
    ) -> int:
        """Bring the cells in view to the card; return how many planes of them, 0 for no column."""
        with source.lock:
            self.window = window = fit_window(source, view.rect(), band)
            if window is None:
                return 0
            columns, rows = pixel_cells(view, window, source.grid)
            states = read_states(source, window.c0, window.c1, window.time_lod)
            marks = column_marks(states, columns)
            columns, rows = columns + window.c0, rows + window.l0
            planes = _planes(source, style)
            across = (int(columns.min()), int(columns.max()) + 1)
            upward = (int(rows.min()), int(rows.max()) + 1)
            tiles = resources.tiles
            tiles.fit(across, upward, len(planes))
            edge = tiles.edge
            spans = [range(a // edge, (b - 1) // edge + 1) for a, b in (upward, across)]
            wanted = [
                TileKey(plane, window.time_lod, window.step, column, row)
                for row in spans[0]
                for column in spans[1]
                for plane in planes
            ]
            resources.functions.glActiveTexture(gl.TEXTURE0)
            found = tiles.take(source, wanted)
        layers = np.zeros((len(spans[0]), len(spans[1]), 2), np.uint16)
        layers[:, :, : len(planes)] = np.array(found, np.uint16).reshape(
            len(spans[0]), len(spans[1]), len(planes)
        )
        resources.send_layers(layers)
        resources.send_places(
            _places(columns - spans[1][0] * edge, rows - spans[0][0] * edge, marks)
        )
        resources.send_tables(style, len(planes))
        return len(planes)

    def _fill(
        self,
        resources: GlResources,
        view: DeviceView,
        style: Style,
        sides: int,
        device_height: int,
    ) -> None:
        resources.program.use(
            view,
            device_height,
            resources.tiles.edge.bit_length() - 1,
            sides == 2,
            style.shades,
        )
        resources.bind(device_height, (view.left, view.top, view.right, view.bottom))
        resources.functions.glDrawArrays(gl.TRIANGLE_STRIP, 0, 4)


def _planes(source: HeatmapSource, style: Style) -> tuple[str, ...]:
    """Planes whose cells are needed for a style: one, or bid and ask.

    One palette for both sides takes both planes as well (the larger code of the two is that of
    both), so that another colouring finds its tiles on the card.
    """
    if style.plane not in ("both", "bid_ask"):
        return (style.plane,)
    return source.planes[:2] if len(source.planes) > 1 else ("both",)


def _places(
    columns: NDArray[np.int64], rows: NDArray[np.int64], marks: NDArray[np.uint8]
) -> NDArray[np.uint32]:
    """Pack the cells of pixel columns, under their marks, and of pixel rows, (2, n)."""
    places = np.zeros((2, max(columns.size, rows.size)), np.uint32)
    places[0, : columns.size] = columns | marks.astype(np.int64) << MARK_SHIFT
    places[1, : rows.size] = rows
    return places

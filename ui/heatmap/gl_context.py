"""Everything one item holds in one OpenGL context, and how it is given back."""

from __future__ import annotations

from typing import Any

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtGui import QOffscreenSurface, QOpenGLContext
from PySide6.QtOpenGL import QOpenGLBuffer

from ui.heatmap import gl_names as gl
from ui.heatmap.gl_program import CORNER_PLACE, CORNERS, GlError, HeatmapProgram
from ui.heatmap.gl_tiles import Limits, TileCache, use_whole_texels
from ui.heatmap.painting import Style

_TABLE_EDGE = 256


def current_context() -> QOpenGLContext | None:
    """Return what is current on this thread; None where nothing is, which Qt's stubs leave out."""
    found: Any = QOpenGLContext.currentContext()
    return found  # type: ignore[no-any-return]


class GlResources:
    """Shader, textures and vertex array of one item; made while its context is current.

    They are given back when the context is about to go, whatever makes it go.

    Attributes
    ----------
    live : int
        Of the whole program: how many are held now.
    """

    live = 0

    def __init__(self, context: QOpenGLContext) -> None:
        functions: Any = context.extraFunctions()
        self.functions = functions
        self.context: QOpenGLContext | None = context
        # The widget may be half gone when the context goes: this surface is its stand-in.
        self._surface = QOffscreenSurface()
        self._surface.setFormat(context.format())
        self._surface.create()
        self.program = HeatmapProgram(functions, context)
        names = np.zeros(3, np.uint32)
        functions.glGenTextures(3, names)
        self._names = names
        self._places, self._layers, self._table = names.tolist()
        self._shapes: dict[int, tuple[int, int]] = {}
        self._sent: dict[int, NDArray[Any]] = {}
        self._table_key: tuple[int, int] | None = None
        self._arrays = np.zeros(1, np.uint32)
        self._quad = QOpenGLBuffer(QOpenGLBuffer.Type.VertexBuffer)
        self._make_quad()
        limits = Limits(
            int(functions.glGetIntegerv(gl.MAX_TEXTURE_SIZE)),
            int(functions.glGetIntegerv(gl.MAX_ARRAY_TEXTURE_LAYERS)),
        )
        self.tiles = TileCache(functions, limits)
        self.tables_sent = 0
        context.aboutToBeDestroyed.connect(self.release)
        GlResources.live += 1

    def _make_quad(self) -> None:
        functions = self.functions
        functions.glGenVertexArrays(1, self._arrays)
        functions.glBindVertexArray(int(self._arrays[0]))
        if not (self._quad.create() and self._quad.bind()):
            raise GlError("the graphics card has too little memory left")
        self._quad.allocate(CORNERS.tobytes(), CORNERS.nbytes)
        functions.glEnableVertexAttribArray(CORNER_PLACE)
        functions.glVertexAttribPointer(CORNER_PLACE, 2, gl.FLOAT, False, 0, shiboken6.VoidPtr(0))

    # -- what a draw needs

    def bind(self, device_height: int, box: tuple[int, int, int, int]) -> None:
        """Bind the textures and limit drawing to a box of device pixels from the top left."""
        functions = self.functions
        left, top, right, bottom = box
        functions.glBindVertexArray(int(self._arrays[0]))
        names = (self._places, self._layers, self._table)
        functions.glActiveTexture(gl.TEXTURE0)
        functions.glBindTexture(gl.TEXTURE_2D_ARRAY, self.tiles.texture)
        for unit, name in enumerate(names, 1):
            functions.glActiveTexture(gl.TEXTURE0 + unit)
            functions.glBindTexture(gl.TEXTURE_2D, name)
        functions.glEnable(gl.SCISSOR_TEST)
        functions.glScissor(left, device_height - bottom, right - left, bottom - top)

    def send_places(self, places: NDArray[np.uint32]) -> None:
        """Tell the cell of each pixel column (row 0, with its mark) and pixel row (row 1)."""
        self._send(self._places, places, (gl.R32UI, gl.RED_INTEGER, gl.UNSIGNED_INT))

    def send_layers(self, layers: NDArray[np.uint16]) -> None:
        """Tell the layer of each tile in view, (tile rows, tile columns, 2): per side."""
        self._send(self._layers, layers, (gl.RG16UI, gl.RG_INTEGER, gl.UNSIGNED_SHORT))

    def send_tables(self, style: Style, sides: int) -> None:
        """Send the colours of one side or two where they changed."""
        if self._table_key == (style.version, sides):
            return
        asks = style.ask_table if style.plane == "bid_ask" else style.table
        tables = (style.table, asks)[:sides]
        colours = np.ascontiguousarray(np.concatenate(tables), np.uint32)
        kind = (gl.RGBA8, gl.BGRA, gl.UNSIGNED_INT_8_8_8_8_REV)
        self._send(self._table, colours.reshape(-1, _TABLE_EDGE), kind)
        self._table_key = (style.version, sides)
        self.tables_sent += 1

    def _send(self, name: int, texels: NDArray[Any], kind: tuple[int, int, int]) -> None:
        """Bring a texture to these texels; unchanged ones are not sent again."""
        sent = self._sent.get(name)
        if sent is not None and np.array_equal(sent, texels):
            return
        functions = self.functions
        internal, layout, number = kind
        height, width = texels.shape[:2]
        functions.glActiveTexture(gl.TEXTURE0 + 1)
        functions.glBindTexture(gl.TEXTURE_2D, name)
        held = self._shapes.get(name, (0, 0))
        if held[0] < height or held[1] < width:
            # grows only, so that a window being resized does not allocate at every step
            held = (max(held[0], height), max(held[1], width))
            use_whole_texels(functions, gl.TEXTURE_2D)
            functions.glTexImage2D(
                gl.TEXTURE_2D,
                *(0, internal, held[1], held[0], 0),
                *(layout, number, shiboken6.VoidPtr(0)),
            )
            self._shapes[name] = held
        functions.glTexSubImage2D(
            gl.TEXTURE_2D, *(0, 0, 0, width, height), *(layout, number, texels)
        )
        self._sent[name] = texels

    # -- the end

    def release(self) -> None:
        """Give everything back; what is current before is current after."""
        context, self.context = self.context, None
        if context is None:
            return
        GlResources.live -= 1
        if not shiboken6.isValid(context):
            return
        context.aboutToBeDestroyed.disconnect(self.release)
        before = current_context()
        surface: Any = before.surface() if before is not None else None
        if not context.makeCurrent(self._surface):
            # a lost context takes its objects along
            return
        self.program.delete()
        self.tiles.delete()
        self.functions.glDeleteTextures(3, self._names)
        self.functions.glDeleteVertexArrays(1, self._arrays)
        self._quad.destroy()
        if before is not None and surface is not None:
            before.makeCurrent(surface)
        else:
            context.doneCurrent()

"""What the GPU path changes in a context, and how it puts it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ui.heatmap import gl_names as gl
from ui.heatmap.gl_program import GlError

UNITS = (gl.TEXTURE_2D_ARRAY, gl.TEXTURE_2D, gl.TEXTURE_2D, gl.TEXTURE_2D)
"""Kind of texture on each unit: cells, places, layers, table."""

_MAX_OLD_ERRORS = 16
_BINDINGS = {
    gl.TEXTURE_2D: gl.TEXTURE_BINDING_2D,
    gl.TEXTURE_2D_ARRAY: gl.TEXTURE_BINDING_2D_ARRAY,
}
_SWITCHES = (gl.BLEND, gl.DEPTH_TEST, gl.STENCIL_TEST, gl.SCISSOR_TEST)
_UNPACKING = {
    gl.UNPACK_ALIGNMENT: 1,
    gl.UNPACK_ROW_LENGTH: 0,
    gl.UNPACK_SKIP_ROWS: 0,
    gl.UNPACK_SKIP_PIXELS: 0,
    gl.UNPACK_IMAGE_HEIGHT: 0,
}


@contextmanager
def borrowed(functions: Any) -> Iterator[None]:
    """Set what a draw of ours needs, and put everything back behind it."""

    def number(name: int) -> int:
        return int(functions.glGetIntegerv(name))

    active, program = number(gl.ACTIVE_TEXTURE), number(gl.CURRENT_PROGRAM)
    vertex_array, buffer = number(gl.VERTEX_ARRAY_BINDING), number(gl.PIXEL_UNPACK_BUFFER_BINDING)
    corners = number(gl.ARRAY_BUFFER_BINDING)
    switches = [bool(functions.glIsEnabled(name)) for name in _SWITCHES]
    unpacking = {name: number(name) for name in _UNPACKING}
    box = np.zeros(4, np.int32)
    functions.glGetIntegerv(gl.SCISSOR_BOX, box)
    textures = []
    for unit, target in enumerate(UNITS):
        functions.glActiveTexture(gl.TEXTURE0 + unit)
        textures.append(number(_BINDINGS[target]))
    functions.glBindBuffer(gl.PIXEL_UNPACK_BUFFER, 0)
    for name, value in _UNPACKING.items():
        functions.glPixelStorei(name, value)
    for name in _SWITCHES:
        functions.glDisable(name)
    try:
        yield
    finally:
        for unit, target in enumerate(UNITS):
            functions.glActiveTexture(gl.TEXTURE0 + unit)
            functions.glBindTexture(target, textures[unit])
        functions.glActiveTexture(active)
        functions.glUseProgram(program)
        functions.glBindVertexArray(vertex_array)
        functions.glBindBuffer(gl.ARRAY_BUFFER, corners)
        functions.glBindBuffer(gl.PIXEL_UNPACK_BUFFER, buffer)
        functions.glScissor(*box.tolist())
        for name, on in zip(_SWITCHES, switches, strict=True):
            (functions.glEnable if on else functions.glDisable)(name)
        for name, value in unpacking.items():
            functions.glPixelStorei(name, value)


def drop_old_errors(functions: Any) -> None:
    """Take errors that somebody else left out of the way, so that none is taken for ours."""
    for _ in range(_MAX_OLD_ERRORS):
        error = functions.glGetError()
        if error == gl.NO_ERROR:
            return
        if error == gl.CONTEXT_LOST:
            break
    raise GlError("the graphics driver lost its context")


def check(functions: Any) -> None:
    """Raise what the driver objects to."""
    error = functions.glGetError()
    if error == gl.CONTEXT_LOST:
        raise GlError("the graphics driver lost its context")
    if error != gl.NO_ERROR:
        raise GlError("the graphics driver reported an error", f"0x{error:04x}")

"""The one shader of the heatmap: each pixel looks its cell up, each cell its colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtGui import QOpenGLContext
from PySide6.QtOpenGL import QOpenGLShader

from heatdesk.views.palettes import Shades
from ui.heatmap import gl_names as gl
from ui.heatmap.painting import (
    DASH_PERIOD_PX,
    DASHED,
    FOOTED,
    HATCH_PERIOD_PX,
    HATCHED,
    LIGHT_PERIOD_PX,
    LINED,
    TINTED,
    UNKNOWN_MARK,
    DeviceView,
)

MARK_SHIFT = 28
"""Bits of a column's cell that leave room for its mark above."""

CORNERS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
"""Of the quad. They are given as an array although the shader could number them itself: in a
compatibility profile a driver may draw nothing where the first attribute has no array."""
CORNER_PLACE = 0

VERTEX = """
in vec2 place;
void main() {
    gl_Position = vec4(place, 0.0, 1.0);
}
"""
FRAGMENT = f"""
uniform usampler2DArray cells;
uniform usampler2D places;
uniform usampler2D layers;
uniform sampler2D table;
uniform ivec2 corner;
uniform int foot_top;
uniform int device_height;
uniform int tile_bits;
uniform bool two_sides;
uniform vec4 ground;
uniform vec4 gap_tint;
uniform vec4 gap_line;
out vec4 colour;

vec4 colour_of(uint code, int side) {{
    return texelFetch(table, ivec2(int(code & 255u), int(code >> 8) + 256 * side), 0);
}}

void main() {{
    ivec2 pixel = ivec2(int(gl_FragCoord.x), device_height - 1 - int(gl_FragCoord.y));
    uint across = texelFetch(places, ivec2(pixel.x - corner.x, 0), 0).r;
    uint mark = across >> {MARK_SHIFT};
    if (mark == {UNKNOWN_MARK}u) {{
        colour = ground;
    }} else if (mark == {TINTED}u || mark == {HATCHED}u || (mark == {FOOTED}u && pixel.y >= foot_top)) {{
        bool line = mark != {TINTED}u && (pixel.x + pixel.y) % {HATCH_PERIOD_PX} == 0;
        colour = line ? gap_line : gap_tint;
    }} else if ((mark == {LINED}u && (pixel.x + pixel.y) % {LIGHT_PERIOD_PX} == 0)
               || (mark == {DASHED}u && (pixel.x + pixel.y) % {DASH_PERIOD_PX} == 0)) {{
        colour = gap_line;
    }} else {{
        ivec2 cell = ivec2(int(across & {(1 << MARK_SHIFT) - 1}u),
                           int(texelFetch(places, ivec2(pixel.y - corner.y, 1), 0).r));
        ivec2 tile = cell >> tile_bits;
        ivec2 inside = cell - (tile << tile_bits);
        uvec2 layer = texelFetch(layers, tile, 0).rg;
        uint code = texelFetch(cells, ivec3(inside, int(layer.r)), 0).r;
        if (two_sides) {{
            uint ask = texelFetch(cells, ivec3(inside, int(layer.g)), 0).r;
            colour = ask > code ? colour_of(ask, 1) : colour_of(code, 0);
        }} else {{
            colour = colour_of(code, 0);
        }}
    }}
}}
"""


class GlError(Exception):
    """The GPU path cannot be used.

    Parameters
    ----------
    reason : str
        Half a sentence for the user, the same for the same kind of failure.
    detail : str
        What the driver said, for the log.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class HeatmapProgram:
    """The shader, compiled for one context.

    Parameters
    ----------
    functions : QOpenGLExtraFunctions
        Of the current context.

    Raises
    ------
    GlError
        When the driver refuses the shader.
    """

    def __init__(self, functions: Any, context: QOpenGLContext) -> None:
        self._functions = functions
        version = tuple(context.format().version())
        head = "#version 150\n" if version >= (3, 2) else "#version 140\n"
        shaders = [
            self._compile(gl.VERTEX_SHADER, head + VERTEX),
            self._compile(gl.FRAGMENT_SHADER, head + FRAGMENT),
        ]
        self.id = int(functions.glCreateProgram())
        for shader in shaders:
            functions.glAttachShader(self.id, shader)
        functions.glBindAttribLocation(self.id, CORNER_PLACE, "place")
        functions.glLinkProgram(self.id)
        for shader in shaders:
            functions.glDeleteShader(shader)
        linked = np.zeros(1, np.int32)
        functions.glGetProgramiv(self.id, gl.LINK_STATUS, linked)
        if not linked[0]:
            self.delete()
            raise GlError("the graphics driver refused a shader", "it could not be linked")
        self._places: dict[str, int] = {}
        functions.glUseProgram(self.id)
        for unit, name in enumerate(("cells", "places", "layers", "table")):
            functions.glUniform1i(self._at(name), unit)

    def delete(self) -> None:
        """Give the shader back; the context is current."""
        self._functions.glDeleteProgram(self.id)

    def use(
        self,
        view: DeviceView,
        device_height: int,
        tile_bits: int,
        two_sides: bool,
        shades: Shades,
    ) -> None:
        """Bind the shader with everything but its textures."""
        functions = self._functions
        functions.glUseProgram(self.id)
        functions.glUniform2i(self._at("corner"), view.left, view.top)
        functions.glUniform1i(self._at("foot_top"), view.foot_top)
        functions.glUniform1i(self._at("device_height"), device_height)
        functions.glUniform1i(self._at("tile_bits"), tile_bits)
        functions.glUniform1i(self._at("two_sides"), int(two_sides))
        for name in ("ground", "gap_tint", "gap_line"):
            shade = getattr(shades, name)
            rgb = ((shade >> shift & 255) / 255 for shift in (16, 8, 0))
            functions.glUniform4f(self._at(name), *rgb, 1.0)

    def _at(self, name: str) -> int:
        if name not in self._places:
            self._places[name] = int(self._functions.glGetUniformLocation(self.id, name))
        return self._places[name]

    def _compile(self, kind: int, source: str) -> int:
        functions = self._functions
        shader = int(functions.glCreateShader(kind))
        functions.glShaderSource(shader, source)
        functions.glCompileShader(shader)
        compiled = np.zeros(1, np.int32)
        functions.glGetShaderiv(shader, gl.COMPILE_STATUS, compiled)
        if not compiled[0]:
            functions.glDeleteShader(shader)
            raise GlError("the graphics driver refused a shader", _complaint(kind, source))
        return shader


def _complaint(kind: int, source: str) -> str:
    """What the driver says of a shader; Qt would print it with the whole source around it."""
    bit = QOpenGLShader.ShaderTypeBit
    shader = QOpenGLShader(bit.Vertex if kind == gl.VERTEX_SHADER else bit.Fragment)
    previous = qInstallMessageHandler(lambda *_: None)
    try:
        shader.compileSourceCode(source)
    finally:
        qInstallMessageHandler(previous)
    return " ".join(shader.log().split())

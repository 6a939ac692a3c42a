"""Cells on the graphics card: square tiles of pooled codes, each uploaded once and then patched.

Tiles lie on a fixed raster of absolute pooled columns and levels. So the wrap of the store's
ring never shows here, a pan needs only the tiles that come into view, and no picture is larger
than a card's largest texture.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import shiboken6
from numpy.typing import NDArray

from heatdesk.views.heatmap import HeatmapSource
from ui.heatmap import gl_names as gl
from ui.heatmap.gl_program import GlError

EDGE = 512
"""Cells along an edge of a tile; a power of two."""
SPARE_BYTES = 48 << 20
"""Tiles beyond those in view are kept up to this much, for the way back."""
_MIN_TILES = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """How large one texture array may be."""

    size: int
    layers: int


class TileKey(NamedTuple):
    """One tile: which cells, at which detail."""

    plane: str
    time_lod: int
    step: int
    column: int
    row: int


@dataclass(slots=True)
class _Tile:
    layer: int
    revision: int


class TileCache:
    """The texture array and which tile each of its layers holds.

    Parameters
    ----------
    functions : QOpenGLExtraFunctions
        Of the context that is current at each call.
    limits : Limits

    Attributes
    ----------
    texture : int
        Name of the array; 0 before the first tile.
    edge : int
        Cells along an edge of a tile at present.
    uploads, patches : int
        Whole tiles and parts of tiles sent so far.
    """

    def __init__(self, functions: Any, limits: Limits) -> None:
        self.texture = 0
        self.edge = min(EDGE, limits.size)
        self.uploads = 0
        self.patches = 0
        self._functions = functions
        self._limits = limits
        self._capacity = 0
        self._tiles: OrderedDict[TileKey, _Tile] = OrderedDict()
        self._free: list[int] = []
        self._of: tuple[int, int] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the texture array."""
        return self._capacity * self.edge * self.edge * 2

    def forget(self) -> None:
        """Every tile is void; the memory stays."""
        self._tiles.clear()
        self._free = list(range(self._capacity))
        self._of = None

    def delete(self) -> None:
        """Give the memory back; the context is current."""
        if self.texture:
            self._functions.glDeleteTextures(1, np.array([self.texture], np.uint32))
        self.texture = self._capacity = 0
        self.forget()

    def fit(self, columns: tuple[int, int], rows: tuple[int, int], sides: int) -> None:
        """Choose the edge of the tiles so that a view of pooled cells (half-open) has its room."""
        edge = self.edge
        while self._count(columns, rows, edge) * sides > self._limits.layers:
            edge *= 2
            if edge > self._limits.size:
                raise GlError("the view shows more cells than the graphics card takes")
        if edge != self.edge:
            self.delete()
            self.edge = edge

    @staticmethod
    def _count(columns: tuple[int, int], rows: tuple[int, int], edge: int) -> int:
        wide = (columns[1] - 1) // edge - columns[0] // edge + 1
        high = (rows[1] - 1) // edge - rows[0] // edge + 1
        return wide * high

    def take(self, source: HeatmapSource, wanted: list[TileKey]) -> list[int]:
        """Bring tiles up to date and return their layers; hold the source's lock.

        The texture array is bound afterwards.
        """
        if len(wanted) > self._capacity:
            self._allocate(len(wanted))
        if self._of != (id(source), source.generation):
            self.forget()
            self._of = (id(source), source.generation)
        self._functions.glBindTexture(gl.TEXTURE_2D_ARRAY, self.texture)
        for key in wanted:
            if key in self._tiles:
                # what is in view is the last to go
                self._tiles.move_to_end(key)
        changed: dict[int, tuple[int, int]] = {}
        return [self._current(source, key, changed).layer for key in wanted]

    def _current(
        self, source: HeatmapSource, key: TileKey, changed: dict[int, tuple[int, int]]
    ) -> _Tile:
        tile = self._tiles.get(key)
        if tile is None:
            layer = self._free.pop() if self._free else self._tiles.popitem(last=False)[1].layer
            tile = self._tiles[key] = _Tile(layer, source.revision)
            self.uploads += 1
            self._upload(source, key, tile.layer, 0, self.edge)
        elif tile.revision != source.revision:
            if tile.revision not in changed:
                changed[tile.revision] = source.changed_since(tile.revision)
            c0, c1 = changed[tile.revision]
            start = key.column * self.edge
            a = max(c0 >> key.time_lod, start)
            b = min(((c1 - 1) >> key.time_lod) + 1, start + self.edge)
            tile.revision = source.revision
            if b > a:
                self.patches += 1
                self._upload(source, key, tile.layer, a - start, b - start)
        return tile

    def _upload(self, source: HeatmapSource, key: TileKey, layer: int, a: int, b: int) -> None:
        """Send columns ``a`` to ``b`` of a tile."""
        left, low = key.column * self.edge, key.row * self.edge
        codes: NDArray[np.uint16] = np.ascontiguousarray(
            source.codes(
                key.plane,
                left + a,
                left + b,
                low,
                low + self.edge,
                key.time_lod,
                0,
                key.step,
            )
        )
        self._functions.glTexSubImage3D(
            gl.TEXTURE_2D_ARRAY,
            *(0, a, 0, layer, b - a, self.edge, 1),
            *(gl.RED_INTEGER, gl.UNSIGNED_SHORT, codes),
        )

    def _allocate(self, needed: int) -> None:
        """Make room for tiles in view and some more; what was held is void."""
        self.delete()
        spare = min(needed, SPARE_BYTES // (self.edge * self.edge * 2))
        layers = min(self._limits.layers, max(needed + spare, _MIN_TILES))
        names = np.zeros(1, np.uint32)
        functions = self._functions
        functions.glGenTextures(1, names)
        self.texture, self._capacity = int(names[0]), layers
        functions.glBindTexture(gl.TEXTURE_2D_ARRAY, self.texture)
        use_whole_texels(functions, gl.TEXTURE_2D_ARRAY)
        functions.glTexImage3D(
            gl.TEXTURE_2D_ARRAY,
            *(0, gl.R16UI, self.edge, self.edge, layers, 0),
            *(gl.RED_INTEGER, gl.UNSIGNED_SHORT, shiboken6.VoidPtr(0)),
        )
        if functions.glGetError() != gl.NO_ERROR:
            self.delete()
            raise GlError("the graphics card has too little memory left")
        self._free = list(range(layers))


def use_whole_texels(functions: Any, target: int) -> None:
    """Make the bound texture complete without filters or smaller copies of itself."""
    functions.glTexParameteri(target, gl.TEXTURE_MIN_FILTER, gl.NEAREST)
    functions.glTexParameteri(target, gl.TEXTURE_MAG_FILTER, gl.NEAREST)
    functions.glTexParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE)
    functions.glTexParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
    functions.glTexParameteri(target, gl.TEXTURE_MAX_LEVEL, 0)

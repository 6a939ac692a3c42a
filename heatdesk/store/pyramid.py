"""Levels of detail: pooled copies of blocks, built where asked, refreshed where they changed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.block import BLOCK, CellBlock, Cells, Span
from heatdesk.store.codes import Codes, CodeScale
from heatdesk.store.pooling import halve_columns, max_levels, sum_levels
from heatdesk.store.ring import CellRing

_SHARE = 10
_LEAST_BYTES = 2 << 20

_Detail = tuple[str, int, int]
"""Plane, levels pooled, and the detail in time."""


@dataclass(slots=True)
class _Tile:
    """Pooled copy of one block at one detail.

    ``place`` are the native levels and columns it is made of: the cells themselves would stay
    in memory with it when the block gets others. ``synced`` is the revision each pooled column
    was built at, ``fresh`` the least of them.
    """

    place: tuple[Span, Span]
    codes: Codes
    base: int
    left: int
    synced: NDArray[np.int64]
    fresh: int = -1


class Pyramid:
    """Pooled planes of one ring.

    A pooled level is ``level // step``, a pooled column ``column >> time_lod``. Over time the
    largest quantity stays; over price the largest too, or with ``summed`` the sum.

    Tiles are held to a tenth of the cells' bytes, the least recently used go first; those of
    the last window of each plane stay however large they are, or every pan would build them
    anew.
    """

    def __init__(self, summed: bool, planes: int) -> None:
        self._summed = summed
        self._n_planes = planes
        self._tiles: OrderedDict[tuple[_Detail, int], _Tile] = OrderedDict()
        self._windows: OrderedDict[_Detail, Span] = OrderedDict()
        self._evicted_at = 0
        self.nbytes = 0
        self._trimmed_bytes = 0

    def clear(self) -> None:
        """Forget every tile."""
        self._tiles.clear()
        self._windows.clear()
        self.nbytes = 0

    def window(
        self,
        ring: CellRing,
        scale: CodeScale,
        plane: str,
        columns: Span,
        levels: Span,
        time_lod: int,
        step: int,
    ) -> Codes:
        """Copy a window in pooled units, half-open; (levels, columns), 0 where nothing is held."""
        c0, c1 = columns
        l0, l1 = levels
        out = np.zeros((max(0, l1 - l0), max(0, c1 - c0)), np.uint16)
        if out.size == 0:
            return out
        detail = (plane, step, time_lod)
        native = step == 1 and time_lod == 0
        for block in ring.between(c0 << time_lod, c1 << time_lod):
            cells = block.cells
            if cells is None:
                continue
            if native:
                codes, base = cells.read(plane, columns, scale), cells.base_level
                left = max(c0, cells.left)
            else:
                tile = self._tile(block, cells, scale, detail, columns)
                codes, base, left = tile.codes, tile.base, tile.left
            a, b = max(c0, left), min(c1, left + codes.shape[1])
            r0, r1 = max(l0, base), min(l1, base + codes.shape[0])
            if b > a and r1 > r0:
                out[r0 - l0 : r1 - l0, a - c0 : b - c0] = codes[
                    r0 - base : r1 - base, a - left : b - left
                ]
        if not native:
            self._note(detail, columns)
            self._trim(ring)
        return out

    def _tile(
        self, block: CellBlock, cells: Cells, scale: CodeScale, detail: _Detail, columns: Span
    ) -> _Tile:
        """Tile of a block in which some pooled columns are up to date."""
        plane, step, time_lod = detail
        key = (detail, block.start // BLOCK)
        tile = self._tiles.get(key)
        if tile is None or tile.place != (cells.levels, cells.columns):
            if tile is not None:
                self.nbytes -= tile.codes.nbytes
            tile = _blank(cells, step, time_lod)
            self._tiles[key] = tile
            self.nbytes += tile.codes.nbytes
        self._tiles.move_to_end(key)
        if tile.fresh >= block.revision:
            return tile
        start = (tile.left << time_lod) - block.start
        width = tile.codes.shape[1]
        newest = block.changed_at[start : start + (width << time_lod)]
        newest = newest.reshape(width, 1 << time_lod).max(axis=1)
        stale = newest > tile.synced
        stale[: max(0, columns[0] - tile.left)] = False
        stale[max(0, columns[1] - tile.left) :] = False
        for a, b in _runs(np.flatnonzero(stale)):
            first, stop = (tile.left + a) << time_lod, (tile.left + b) << time_lod
            first = max(first, cells.left)
            codes = cells.read(plane, (first, stop), scale)
            if step > 1:
                codes = (
                    sum_levels(codes, cells.base_level, step, scale)
                    if self._summed
                    else max_levels(codes, cells.base_level, step)
                )
            halve_columns(codes, first, time_lod, tile.codes[:, a:b])
            tile.synced[a:b] = block.revision
        tile.fresh = int(tile.synced.min())
        return tile

    def _note(self, detail: _Detail, columns: Span) -> None:
        held = self._windows.get(detail)
        if held is not None and held[0] <= columns[0] and columns[1] <= held[1]:
            # a part of the window, read again because it changed
            return
        self._windows[detail] = columns
        self._windows.move_to_end(detail)
        while len(self._windows) > self._n_planes:
            self._windows.popitem(last=False)

    def _trim(self, ring: CellRing) -> None:
        if ring.evicted_at != self._evicted_at:
            self._evicted_at = ring.evicted_at
            for key in [key for key in self._tiles if key[1] not in ring.blocks]:
                self._drop(key)
        if self.nbytes <= _LEAST_BYTES or self.nbytes == self._trimmed_bytes:
            # only a new tile can be one too many: what a column costs is counted no more often
            return
        budget = max(_LEAST_BYTES, ring.nbytes // _SHARE)
        for key in list(self._tiles):
            if self.nbytes <= budget:
                break
            if not self._needed(*key):
                self._drop(key)
        self._trimmed_bytes = self.nbytes

    def _needed(self, detail: _Detail, index: int) -> bool:
        window = self._windows.get(detail)
        first, stop = index * BLOCK >> detail[2], (index + 1) * BLOCK >> detail[2]
        return window is not None and window[0] < stop and first < window[1]

    def _drop(self, key: tuple[_Detail, int]) -> None:
        self.nbytes -= self._tiles.pop(key).codes.nbytes


def _blank(cells: Cells, step: int, time_lod: int) -> _Tile:
    base = cells.base_level // step
    rows = (cells.levels[1] - 1) // step - base + 1
    left = cells.left >> time_lod
    width = -(-cells.columns[1] >> time_lod) - left
    codes = np.zeros((rows, width), np.uint16)
    return _Tile((cells.levels, cells.columns), codes, base, left, np.full(width, -1, np.int64))


def _runs(index: NDArray[np.intp]) -> list[Span]:
    """Contiguous stretches of ascending indices, half-open."""
    if index.size == 0:
        return []
    parts = np.split(index, np.flatnonzero(np.diff(index) > 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]

"""Levels of detail: pooled copies of a ring, built when first asked, refreshed where it changed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import EMPTY, FIRST, NOT_OBSERVED, Codes, CodeScale
from heatdesk.store.ring import CellRing, ring_slices

_KEPT = 10
_SLICE = 512


@dataclass(slots=True)
class _Pooled:
    codes: Codes
    base: int
    synced: int


class Pyramid:
    """Pooled planes of one ring.

    A pooled level is ``level // step``, a pooled column ``column >> time_lod``. Over time the
    largest quantity stays; over price the largest too, or with ``summed`` the sum.
    """

    def __init__(self, summed: bool) -> None:
        self._summed = summed
        self._layout = -1
        self._planes: OrderedDict[tuple[str, int, int], _Pooled] = OrderedDict()

    def clear(self) -> None:
        """Forget every pooled plane."""
        self._planes.clear()

    def window(
        self,
        ring: CellRing,
        scale: CodeScale,
        revision: int,
        plane: str,
        columns: tuple[int, int],
        levels: tuple[int, int],
        time_lod: int,
        step: int,
    ) -> Codes:
        """Copy a window in pooled units, half-open; (levels, columns), 0 where nothing is held."""
        c0, c1 = columns
        l0, l1 = levels
        out = np.zeros((max(0, l1 - l0), max(0, c1 - c0)), np.uint16)
        if ring.last < ring.first or out.size == 0:
            return out
        if step == 1 and time_lod == 0:
            codes, base = ring.codes[plane], ring.base_level
        else:
            pooled = self._synced(ring, scale, revision, (plane, step, time_lod))
            codes, base = pooled.codes, pooled.base
        a = max(c0, ring.first >> time_lod)
        b = min(c1, (ring.last >> time_lod) + 1)
        r0, r1 = max(l0, base), min(l1, base + codes.shape[0])
        if r1 <= r0:
            return out
        for slots, place in ring_slices(a, b, codes.shape[1]):
            target = slice(a - c0 + place.start, a - c0 + place.stop)
            out[r0 - l0 : r1 - l0, target] = codes[r0 - base : r1 - base, slots]
        return out

    def _synced(
        self, ring: CellRing, scale: CodeScale, revision: int, key: tuple[str, int, int]
    ) -> _Pooled:
        if ring.layout != self._layout:
            self._planes.clear()
            self._layout = ring.layout
        plane, step, time_lod = key
        pooled = self._planes.get(key)
        if pooled is None:
            base = ring.base_level // step
            rows = (ring.base_level + ring.rows - 1) // step - base + 1
            pooled = _Pooled(np.zeros((rows, ring.capacity >> time_lod), np.uint16), base, -1)
            self._planes[key] = pooled
            while len(self._planes) > _KEPT:
                self._planes.popitem(last=False)
        self._planes.move_to_end(key)
        if pooled.synced < revision:
            newest = ring.touched.reshape(-1, 1 << time_lod).max(axis=1)
            for start, stop in _runs(np.flatnonzero(newest > pooled.synced)):
                native = ring.codes[plane][:, start << time_lod : stop << time_lod]
                pooled.codes[:, start:stop] = self._pool(
                    native, ring.base_level, scale, step, time_lod
                )
            pooled.synced = revision
        return pooled

    def _pool(
        self, native: Codes, base_level: int, scale: CodeScale, step: int, time_lod: int
    ) -> Codes:
        if step > 1:
            native = (
                sum_levels(native, base_level, step, scale)
                if self._summed
                else max_levels(native, base_level, step)
            )
        for _ in range(time_lod):
            native = np.maximum(native[:, 0::2], native[:, 1::2])
        return native


def max_levels(codes: Codes, base_level: int, step: int) -> Codes:
    """Keep the largest code of every ``step`` levels, (levels, columns)."""
    pooled: Codes = _by_step(codes, base_level, step).max(axis=1)
    return pooled


def sum_levels(codes: Codes, base_level: int, step: int, scale: CodeScale) -> Codes:
    """Sum the quantities of every ``step`` levels and encode the sums, (levels, columns)."""
    values = scale.values().copy()
    values[NOT_OBSERVED] = 0.0
    grouped = _by_step(codes, base_level, step)
    total = np.zeros((grouped.shape[0], grouped.shape[2]))
    seen = np.zeros(total.shape, np.uint16)
    for i in range(step):
        total += values[grouped[:, i]]
        np.maximum(seen, grouped[:, i], out=seen)
    summed = scale.encode(total)
    # nothing but empty and unobserved levels: no sum to tell, only whether anyone looked
    return np.where(seen >= FIRST, summed, np.minimum(seen, EMPTY))


def _by_step(codes: Codes, base_level: int, step: int) -> Codes:
    """Group rows by ``level // step``: (groups, step, columns), ends filled with *not observed*."""
    front = base_level % step
    back = -(front + codes.shape[0]) % step
    if front or back:
        codes = np.pad(codes, ((front, back), (0, 0)))
    return codes.reshape(-1, step, codes.shape[1])


def _runs(index: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Contiguous stretches of ascending indices, half-open, none longer than a slice."""
    if index.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(index) > 1) + 1
    runs = []
    for part in np.split(index, breaks):
        start, stop = int(part[0]), int(part[-1]) + 1
        runs += [(a, min(a + _SLICE, stop)) for a in range(start, stop, _SLICE)]
    return runs

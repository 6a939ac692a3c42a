"""Windows of pooled cells: read once, moved, patched, and coloured where pixels need them.

Codes are kept, not colours: another contrast is a lookup and no reading, and cells that are
looked up in passing need not be written back to memory.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.codes import N_CODES
from heatdesk.views.contrast import Table
from heatdesk.views.heatmap import HeatmapSource, HeatmapWindow, read_states
from ui.heatmap.painting import Style

Pixels = NDArray[np.uint32]
AnyCodes = NDArray[np.uint16] | NDArray[np.uint32]

KEPT_BYTES = 24 << 20
"""What windows of cells may take together; the one in view is always kept."""


class Span(NamedTuple):
    """A rectangle of pooled cells, half-open."""

    c0: int
    c1: int
    l0: int
    l1: int

    @property
    def empty(self) -> bool:
        """Whether it holds no cell."""
        return self.c1 <= self.c0 or self.l1 <= self.l0

    def common(self, other: Span) -> Span:
        """What both hold."""
        return Span(
            max(self.c0, other.c0),
            min(self.c1, other.c1),
            max(self.l0, other.l0),
            min(self.l1, other.l1),
        )

    def within(self, outer: Span) -> tuple[slice, slice]:
        """Where it lies in an array of ``outer``: rows and columns."""
        return (
            slice(self.l0 - outer.l0, self.l1 - outer.l0),
            slice(self.c0 - outer.c0, self.c1 - outer.c0),
        )

    def without(self, inner: Span) -> list[Span]:
        """Rectangles that hold everything but ``inner``, which lies within or is empty."""
        if inner.empty:
            return [self]
        parts = [
            Span(self.c0, self.c1, self.l0, inner.l0),
            Span(self.c0, self.c1, inner.l1, self.l1),
            Span(self.c0, inner.c0, inner.l0, inner.l1),
            Span(inner.c1, self.c1, inner.l0, inner.l1),
        ]
        return [part for part in parts if not part.empty]


@dataclass(slots=True)
class Work:
    """How often each kind of work on cells was done.

    Attributes
    ----------
    windows_read : int
        A window was read whole.
    windows_moved : int
        A window was moved or grown, and read where it was new.
    columns_patched : int
        Pooled columns read again because they changed.
    cells_coloured : int
        Cells looked up in a table.
    """

    windows_read: int = 0
    windows_moved: int = 0
    columns_patched: int = 0
    cells_coloured: int = 0


class Scratch:
    """Memory that is used again and again, and so stays in the processor's cache."""

    def __init__(self) -> None:
        self._held: dict[str, Pixels] = {}

    def array(self, name: str, rows: int, columns: int) -> Pixels:
        """Array of a shape, of use until the next one of that name; its content is anything."""
        flat = self._held.get(name)
        if flat is None or flat.size < rows * columns:
            flat = self._held[name] = np.empty(rows * columns, np.uint32)
        return flat[: rows * columns].reshape(rows, columns)


class CellColours:
    """Cells of one detail.

    Attributes
    ----------
    held : Span
        What was read.
    states : (columns,) uint8
        State of each pooled column.
    """

    def __init__(
        self,
        source: HeatmapSource,
        window: HeatmapWindow,
        style: Style,
        work: Work,
        scratch: Scratch,
    ) -> None:
        self.held = Span(0, 0, 0, 0)
        self.states: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._window = window
        self._planes = _planes(source, style.plane)
        self._style, self._table = style, _table(style, self._planes)
        # two columns more than there are cells, for what is plain: no pixel is a case of its own
        self._codes: AnyCodes = (
            np.zeros((0, 2), np.uint16) if len(self._planes) == 1 else np.zeros((0, 2), np.uint32)
        )
        self._revision = source.revision
        self._work, self._scratch = work, scratch
        self._hold(source, _span(window))
        work.windows_read += 1

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._codes.nbytes

    @property
    def ground(self) -> int:
        """Column that is plain ground."""
        return self.states.size

    @property
    def tint(self) -> int:
        """Column in the colour of a gap."""
        return self.states.size + 1

    def catch_up(self, source: HeatmapSource) -> tuple[int, int]:
        """Read again the columns that changed; returns them, half-open, in pooled columns."""
        if self._revision == source.revision:
            return 0, 0
        c0, c1 = source.changed_since(self._revision)
        self._revision = source.revision
        lod, held = self._window.time_lod, self.held
        part = held._replace(c0=max(held.c0, c0 >> lod), c1=min(held.c1, ((c1 - 1) >> lod) + 1))
        if c1 <= c0 or part.empty:
            return 0, 0
        self._work.columns_patched += part.c1 - part.c0
        self._read(source, part)
        return part.c0, part.c1

    def cover(self, source: HeatmapSource, window: HeatmapWindow, style: Style) -> None:
        """Hold a window of the same detail in a style, reading only what is new."""
        wanted = _span(window)
        if wanted.common(self.held) != wanted:
            self._work.windows_moved += 1
            self._hold(source, wanted)
        if self._style.version != style.version:
            self._style, self._table = style, _table(style, self._planes)
            if wanted != self.held:
                # what lies around would be looked up in vain
                self._hold(source, wanted)

    def gather(self, l0: int, l1: int, columns: NDArray[np.int64]) -> Pixels:
        """Colours of some levels in some columns, (l1 - l0, n); of use until the next call.

        Levels and columns count from the first held; a column may be `ground` or `tint`.
        """
        first, stop = int(columns.min()), int(columns.max()) + 1
        codes = self._codes[l0:l1, first:stop]
        columns = columns - first
        plain = (
            (self.ground - first, self._style.shades.ground),
            (
                self.tint - first,
                self._style.shades.gap_tint,
            ),
        )
        # no index is out of range: of numpy's modes this is the one that costs least
        if columns.size < codes.shape[1]:
            self._work.cells_coloured += codes.shape[0] * columns.size
            few = self._table.take(codes.take(columns, axis=1, mode="wrap"), mode="wrap")
            for column, colour in plain:
                few[:, columns == column] = colour
            return few
        self._work.cells_coloured += codes.size
        colours = self._scratch.array("cells", *codes.shape)
        np.take(self._table, codes, out=colours, mode="wrap")
        for column, colour in plain:
            colours[:, column : column + 1] = colour
        pixels = self._scratch.array("pixels", codes.shape[0], columns.size)
        return np.take(colours, columns, axis=1, out=pixels, mode="wrap")

    def _hold(self, source: HeatmapSource, wanted: Span) -> None:
        """Hold other cells; those held already are not read again."""
        held, codes, states = self.held, self._codes, self.states
        shape = wanted.l1 - wanted.l0, wanted.c1 - wanted.c0 + 2
        self.held = wanted
        self._codes = np.zeros(shape, codes.dtype)
        self.states = np.empty(wanted.c1 - wanted.c0, np.uint8)
        kept = wanted.common(held)
        if not kept.empty:
            was, now = kept.within(held), kept.within(wanted)
            self._codes[now], self.states[now[1]] = codes[was], states[was[1]]
        for part in wanted.without(kept):
            self._read(source, part)

    def _read(self, source: HeatmapSource, part: Span) -> None:
        lod, step = self._window.time_lod, self._window.step
        codes: list[AnyCodes] = [
            source.codes(plane, part.c0, part.c1, part.l0, part.l1, lod, 0, step)
            for plane in self._planes
        ]
        if len(codes) > 1:
            # one number for two tables: asks look up behind the bids
            bid, ask = codes
            codes = [np.where(ask > bid, ask + np.uint32(N_CODES), bid)]
        rows, columns = part.within(self.held)
        self._codes[rows, columns] = codes[0]
        self.states[columns] = read_states(source, part.c0, part.c1, lod)


class CellCache:
    """Cells of the details seen last, so that zooming back finds them again.

    Attributes
    ----------
    work : Work
    """

    def __init__(self) -> None:
        self.work = Work()
        self._scratch = Scratch()
        self._kept: OrderedDict[tuple[str, int, int], CellColours] = OrderedDict()
        self._meaning: tuple[object, ...] = ()
        self._levels = (0, -1)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(cells.nbytes for cells in self._kept.values())

    def forget(self) -> None:
        """Drop every cell."""
        self._kept.clear()

    def fetch(
        self, source: HeatmapSource, window: HeatmapWindow, style: Style
    ) -> tuple[CellColours, tuple[int, int]]:
        """Cells that hold a window, and which of their columns changed since they were asked last.

        The caller holds the lock of the source.
        """
        meaning = (source.generation, source.grid, source.planes)
        low, high = source.first_level, source.last_level
        # a store that moved on with the price has let go of levels in columns that are held here
        if meaning != self._meaning or low > self._levels[0] or high < self._levels[1]:
            self._kept.clear()
        self._meaning, self._levels = meaning, (low, high)
        key = (style.plane, window.time_lod, window.step)
        cells = self._kept.get(key)
        if cells is None:
            cells = self._kept[key] = CellColours(source, window, style, self.work, self._scratch)
            changed = cells.held.c0, cells.held.c1
        else:
            changed = cells.catch_up(source)
            cells.cover(source, window, style)
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self.nbytes > KEPT_BYTES:
            self._kept.popitem(last=False)
        return cells, changed


def _span(window: HeatmapWindow) -> Span:
    return Span(window.c0, window.c1, window.l0, window.l1)


def _planes(source: HeatmapSource, plane: str) -> tuple[str, ...]:
    """What to read for a plane of a style."""
    if plane != "bid_ask":
        return (plane,)
    return source.planes[:2] if len(source.planes) > 1 else ("both",)


def _table(style: Style, planes: tuple[str, ...]) -> Table:
    if len(planes) == 1:
        return style.table
    return np.concatenate((style.table, style.ask_table))

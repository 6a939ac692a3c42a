"""What a change of a heatmap costs until it is on the screen, beside a stock `ImageItem`.

Process CPU time of the change and a synchronous repaint, medians of interleaved rounds.
"""

from __future__ import annotations

import gc
import time
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.contrast import transfer_table
from heatdesk.views.palettes import PALETTES, ramp
from tests.bench.market import Market
from tests.bench.rows import COL_MAJOR, ROW_MAJOR, Row, median
from ui.heatmap.item import HeatmapItem
from ui.heatmap.view import ChartView

OPERATIONS = {
    "append_column": "a column arrives, the view moves on with it",
    "append_column_standing": "a column arrives in the room right of the newest",
    "change_levels": "",
    "change_palette": "",
    "pan": "by 7 to 49 columns and 1 to 7 levels",
    "pan_zoomed": "500 x 400 cells in view",
    "zoom": "to another level of detail",
    "unchanged": "a repaint of what stands",
}
_PALETTES = ("liquidity", "grey")
_ROOM = 64
"""Columns of free room at the right of the standing view."""


class Contender:
    """One item in a bare view of its own.

    Coordinates are columns and levels; ``to_x`` and ``to_y`` bring them to the item's own.
    """

    def __init__(
        self, name: str, market: Market, item: pg.ImageItem, size: tuple[int, int]
    ) -> None:
        self.name, self.market, self.item = name, market, item
        self.view = self.make_view()
        self.box = pg.ViewBox(enableMenu=False)
        self.view.setCentralItem(self.box)
        self.box.setDefaultPadding(0)
        self.box.disableAutoRange()
        self.box.addItem(item, ignoreBounds=True)
        self.view.resize(*size)
        self.view.show()
        # a window that the platform has not shown yet does not paint
        QCoreApplication.processEvents()
        self.newest = market.columns
        self.home()
        self.repaint()

    def make_view(self) -> pg.GraphicsView:
        """What it is shown in: the view of the product's charts, for the stock item as well."""
        return ChartView()

    def repaint(self) -> None:
        """Paint now."""
        self.view.viewport().repaint()

    def look(self, c0: float, c1: float, l0: float, l1: float) -> None:
        """Show these columns and levels."""
        self.box.setRange(
            xRange=(self.to_x(c0), self.to_x(c1)), yRange=(self.to_y(l0), self.to_y(l1)), padding=0
        )

    def home(self, room: int = 0) -> None:
        """Show every level of the newest columns."""
        end = self.newest + room
        self.look(end - self.market.columns, end, 0, self.market.levels)

    def prepare(self, operation: str) -> None:
        """Show where an operation starts; not timed."""
        self.home(_ROOM if operation == "append_column_standing" else 0)
        if operation == "pan_zoomed":
            self._pan_zoomed(0)
        self.repaint()

    def run(self, operation: str, k: int) -> None:
        """Do one operation; ``k`` from 1 to 7 varies it."""
        columns, levels = self.market.columns, self.market.levels
        if operation in {"append_column", "append_column_standing"}:
            self.append()
            if operation == "append_column":
                self.home()
        elif operation == "change_levels":
            low, high = self.market.cuts
            self.set_levels(low, high * (1 + k / 10))
        elif operation == "change_palette":
            self.set_palette(_PALETTES[k % 2])
        elif operation == "pan":
            end = self.newest + 7 * k
            self.look(end - columns, end, k, levels + k)
        elif operation == "pan_zoomed":
            self._pan_zoomed(k)
        elif operation == "zoom":
            share = min(k, 6) / 16
            start = self.newest - columns
            self.look(
                start + share * columns,
                start + (1 - share) * columns,
                share * levels,
                (1 - share) * levels,
            )

    def _pan_zoomed(self, k: int) -> None:
        start = self.newest - self.market.columns // 2 + 5 * k
        middle = self.market.levels // 2 + k
        self.look(start, start + 500, middle - 200, middle + 200)

    def to_x(self, column: float) -> float:
        raise NotImplementedError

    def to_y(self, level: float) -> float:
        raise NotImplementedError

    def append(self) -> None:
        raise NotImplementedError

    def set_levels(self, low: float, high: float) -> None:
        raise NotImplementedError

    def set_palette(self, name: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the view."""
        self.view.close()


class Ours(Contender):
    """`HeatmapItem` on a store, fed by frames as a provider yields them."""

    def __init__(
        self, market: Market, store: HeatmapStore, size: tuple[int, int], name: str = "ours"
    ) -> None:
        self.store = store
        self._palette = _PALETTES[0]
        self._cuts = market.cuts
        item = HeatmapItem()
        super().__init__(name, market, item, size)
        item.set_source(store)
        self._colour()
        self._next = market.column(self.newest)

    def to_x(self, column: float) -> float:
        return self.market.time_s(column)

    def to_y(self, level: float) -> float:
        return self.market.price(level)

    def prepare(self, operation: str) -> None:
        self._next = self.market.column(self.newest)
        super().prepare(operation)

    def append(self) -> None:
        self.store.apply(self._next)
        self.item.refresh()
        self.newest += 1

    def set_levels(self, low: float, high: float) -> None:
        self._cuts = low, high
        self._colour()

    def set_palette(self, name: str) -> None:
        self._palette = name
        self._colour()

    def _colour(self) -> None:
        low, high = self._cuts
        palette = PALETTES[self._palette]
        self.item.set_table(
            partial(transfer_table, low=low, high=high, scale="log", palette=palette)
        )


class Stock(Contender):
    """`pyqtgraph.ImageItem`; a column is appended by moving the picture left in place."""

    def __init__(
        self, market: Market, cells: NDArray[np.float32], size: tuple[int, int], name: str
    ) -> None:
        self._row_major = name == ROW_MAJOR
        self.cells = np.ascontiguousarray(cells.T) if self._row_major else cells.copy()
        item = pg.ImageItem(axisOrder="row-major" if self._row_major else "col-major")
        item.setImage(self.cells, autoLevels=False, levels=market.cuts)
        item.setLookupTable(ramp(PALETTES[_PALETTES[0]], 256))
        item.setRect(QRectF(0, 0, market.columns, market.levels))
        self._column = cells[0].copy()
        super().__init__(name, market, item, size)

    def to_x(self, column: float) -> float:
        return column

    def to_y(self, level: float) -> float:
        return level

    def append(self) -> None:
        # the picture moves under a view that stands: the same pixels as a view that moves on
        if self._row_major:
            self.cells[:, :-1] = self.cells[:, 1:]
            self.cells[:, -1] = self._column
        else:
            self.cells[:-1] = self.cells[1:]
            self.cells[-1] = self._column
        self.item.setImage(self.cells, autoLevels=False)

    def set_levels(self, low: float, high: float) -> None:
        self.item.setLevels((low, high))

    def set_palette(self, name: str) -> None:
        self.item.setLookupTable(ramp(PALETTES[name], 256))


def measure_painting(
    size: tuple[int, int], rounds: int = 9, columns: int = 4000, levels: int = 3500
) -> list[Row]:
    """Rows of the processor's paint path against both ways of the stock item."""
    market = Market(columns, levels)
    store, cells = market.fill()
    contenders: list[Contender] = [
        Ours(market, store, size),
        Stock(market, cells, size, COL_MAJOR),
        Stock(market, cells, size, ROW_MAJOR),
    ]
    del cells
    times = interleave(contenders, rounds)
    for one in contenders:
        one.close()
    suffix = "" if size == (1920, 1080) else f"@{size[0]}x{size[1]}"
    return rows_of(times, "ours", suffix)


def interleave(contenders: list[Contender], rounds: int) -> dict[str, dict[str, list[float]]]:
    """CPU milliseconds of each operation by contender; the first round only warms up."""
    times: dict[str, dict[str, list[float]]] = {
        name: {one.name: [] for one in contenders} for name in OPERATIONS
    }
    QCoreApplication.processEvents()
    gc.collect()
    for number in range(rounds + 1):
        for one in contenders:
            QCoreApplication.processEvents()
            for operation in OPERATIONS:
                one.prepare(operation)
                started = time.process_time()
                one.run(operation, number % 7 + 1)
                one.repaint()
                if number:
                    times[operation][one.name].append((time.process_time() - started) * 1000)
    return times


def rows_of(times: dict[str, dict[str, list[float]]], ours: str, suffix: str) -> list[Row]:
    """One row for each operation and stock contender."""
    return [
        Row(
            f"{operation}{suffix}", median(found[ours]), "ms CPU", other, median(found[other]), note
        )
        for operation, note in OPERATIONS.items()
        for found in [times[operation]]
        for other in (COL_MAJOR, ROW_MAJOR)
        if other in found
    ]

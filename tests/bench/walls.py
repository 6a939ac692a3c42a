"""Thin walls in a deep book: of 48 planted walls of one cell, how many can be seen at every zoom.

A wall is kept where its full colour stands on a pixel of its cell, or on the pixel next to it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QRectF
from PySide6.QtGui import QImage, QPainter, QPaintEvent

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.contrast import transfer_table
from heatdesk.views.palettes import LIQUIDITY
from tests.bench.market import Market
from tests.bench.rows import Row
from ui.heatmap import gl_probe
from ui.heatmap.item import HeatmapItem
from ui.heatmap.view import ChartView

WALLS = 48
WALL_QTY = 5_000.0
ZOOMS = (2.0, 1.0, 0.7, 0.5, 0.25, 0.1, 1 / 64)
"""Share of all columns and levels in view."""
SIZE = (960, 540)
NAME = "walls_kept"
UNIT = f"of {WALLS} walls"
Pixels = NDArray[np.uint32]


class WalledBook:
    """A quiet book with walls of one cell each, no two in one column or level."""

    def __init__(self, columns: int = 4000, levels: int = 3500, walls: int = WALLS) -> None:
        self.market = Market(columns, levels, seed=11)
        numbers = np.random.default_rng(12)
        self.columns = np.sort(numbers.choice(np.arange(2, columns - 2), walls, replace=False))
        self.levels = numbers.choice(np.arange(2, levels - 2), walls, replace=False)

    def fill(self) -> HeatmapStore:
        """Return a store that holds it."""
        store: HeatmapStore | None = None
        for first in range(0, self.market.columns, 250):
            count = min(250, self.market.columns - first)
            qty = self.market.quantities(first, count)
            here = (self.columns >= first) & (self.columns < first + count)
            qty[self.columns[here] - first, self.levels[here]] = WALL_QTY
            frame = self.market.frame(first, qty)
            store = HeatmapStore.for_frame(frame) if store is None else store
            store.apply(frame)
        assert store is not None
        return store


class SeenView(ChartView):
    """A view that counts how often it was painted."""

    def __init__(self) -> None:
        self.paints = 0
        super().__init__()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.paints += 1


class Eye:
    """A view of the book and the pixels it shows."""

    def __init__(self, book: WalledBook, store: HeatmapStore) -> None:
        self.book = book
        self.item = HeatmapItem()
        self.view = SeenView()
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.view.setCentralItem(self.box)
        self.box.addItem(self.item, ignoreBounds=True)
        self.item.set_table(
            partial(transfer_table, low=1.0, high=WALL_QTY / 2, scale="log", palette=LIQUIDITY)
        )
        self.item.set_source(store)
        table = transfer_table(store.values, 1.0, WALL_QTY / 2, "log", LIQUIDITY)
        self.colour = int(table[-1]) | 0xFF000000
        self.view.resize(*SIZE)
        self.view.show()
        self._wait_for_paint()

    def kept(self, zoom: float) -> int:
        """How many walls can be seen at a zoom."""
        market, walls = self.book.market, range(len(self.book.columns))
        wide, high = zoom * market.columns, zoom * market.levels
        if zoom >= 1:
            picture = self.look(-(wide - market.columns) / 2, -(high - market.levels) / 2, zoom)
            return sum(self._stands(picture, wall) for wall in walls)
        found = 0
        for wall in walls:
            # each wall somewhere else in the view
            left = self.book.columns[wall] - wide * (0.1 + 0.8 * (wall * 0.37 % 1))
            low = self.book.levels[wall] - high * (0.1 + 0.8 * (wall * 0.73 % 1))
            found += self._stands(self.look(left, low, zoom), wall)
        return found

    def look(self, column: float, level: float, zoom: float) -> Pixels:
        """Show what lies right of a column and above a level; return the pixels, (rows, columns)."""
        market = self.book.market
        time_s = market.time_s(column), market.time_s(column + zoom * market.columns)
        price = market.price(level), market.price(level + zoom * market.levels)
        self.box.setRange(xRange=time_s, yRange=price, padding=0)
        self.box.prepareForPaint()
        viewport = self.view.viewport()
        viewport.update()
        self._wait_for_paint()
        if hasattr(viewport, "makeCurrent"):
            return read_back(viewport)
        image = QImage(self.view.size(), QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self.view.render(painter, QRectF(image.rect()), self.view.rect())
        painter.end()
        rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
        return rows.copy() | np.uint32(0xFF000000)

    def _wait_for_paint(self) -> None:
        """Let the window system ask for a picture; an OpenGL widget paints at no other time."""
        before, deadline = self.view.paints, QDeadlineTimer(5000)
        while self.view.paints == before and not deadline.hasExpired():
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def _stands(self, picture: Pixels, wall: int) -> bool:
        (x0, x1), (y0, y1) = self.box.viewRange()
        height, width = picture.shape
        market = self.book.market
        column, level = int(self.book.columns[wall]), int(self.book.levels[wall])
        times = [(market.time_s(column + n) - x0) / (x1 - x0) * width for n in (0, 1)]
        rows = [(y1 - market.price(level + n)) / (y1 - y0) * height for n in (1, 0)]
        place = np.s_[
            max(0, int(rows[0]) - 1) : int(rows[1]) + 2,
            max(0, int(times[0]) - 1) : int(times[1]) + 2,
        ]
        return bool((picture[place] == self.colour).any())


def read_back(viewport: Any) -> Pixels:
    """Pixels of an OpenGL viewport as its renderer holds them."""
    size = viewport.size() * viewport.devicePixelRatioF()
    pixels = np.zeros((size.height(), size.width()), np.uint32)
    viewport.makeCurrent()
    functions = viewport.context().extraFunctions()
    functions.glPixelStorei(0x0D05, 4)  # GL_PACK_ALIGNMENT
    functions.glReadPixels(0, 0, size.width(), size.height(), 0x80E1, 0x8367, pixels)  # BGRA, 8888
    viewport.doneCurrent()
    return pixels[::-1] | np.uint32(0xFF000000)


def measure_walls(*, gl: bool, book: WalledBook | None = None) -> list[Row]:
    """The worst zoom of one paint path; the OpenGL path is made to paint, whoever renders."""
    name = NAME + ("[gl]" if gl else "")
    if gl:
        machine = gl_probe.ask_machine()
        if machine.problem:
            return [Row(name, None, UNIT, note=f"not measured: {machine.problem}")]
        gl_probe.settle(gl_probe.PathDecision(True, "Asked for by the bench."))
    book = WalledBook() if book is None else book
    eye = Eye(book, book.fill())
    if gl and not hasattr(eye.view.viewport(), "makeCurrent"):
        return [Row(name, None, UNIT, note="not measured: the view shows itself without OpenGL")]
    kept = {zoom: eye.kept(zoom) for zoom in ZOOMS}
    problem = eye.item.problem or eye.item.path_note
    eye.view.close()
    if problem:
        return [Row(name, None, UNIT, note=f"not measured: {problem}")]
    note = f"the worst of {len(ZOOMS)} zooms"
    if gl:
        note += f", by {machine.renderer}"
    return [Row(name, float(min(kept.values())), UNIT, note=note)]

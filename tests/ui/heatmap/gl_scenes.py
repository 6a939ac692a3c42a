"""Scenes that need a real window and OpenGL: run as a program, which prints what it saw as JSON.

``python -m tests.ui.heatmap.gl_scenes NAME`` on an X screen of 24 bits.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import (
    QCoreApplication,
    QElapsedTimer,
    QEventLoop,
    QRectF,
    Qt,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QTransform
from PySide6.QtWidgets import QApplication, QWidget

from heatdesk.frames import BookWindow, LevelRuns, LiquidationWindow, Quote
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.contrast import transfer_table
from heatdesk.views.palettes import ASK, BID, LIQUIDITY
from tests.heatdesk.store.books import MINUTE, minute
from tests.heatdesk.store.books import book as some_book
from tests.ui.heatmap.reference import expected_picture
from ui.heatmap import gl_probe, gl_tiles
from ui.heatmap.gl_context import GlResources
from ui.heatmap.gl_viewport import GlViewport
from ui.heatmap.item import HeatmapItem
from ui.heatmap.view import ChartView

PAPER = 0xFF00FF00
BLOCK = 5.0
MID = 50_000.0
DEPTH = 320
COLUMNS = 1400
Facts = dict[str, Any]

said: list[str] = []
"""What Qt or a logger had to say at warning or above."""


# ---------------------------------------------------------------------------------------- stores
def book(first: int, stop: int, seed: int, skip: int = 0) -> BookWindow:
    """A noisy book around a price that walks; every ``skip``-th minute is missing."""
    rng = np.random.default_rng(seed)
    minutes = np.array([n for n in range(first, stop) if not skip or n % skip], np.int64)
    mid = MID + BLOCK * np.round(20 * np.sin(minutes / 90))
    away = BLOCK * np.arange(1, DEPTH + 1)
    size = (minutes.size, DEPTH)
    offsets = np.arange(minutes.size + 1, dtype=np.int64) * DEPTH

    def side(sign: int) -> LevelRuns:
        price = (mid[:, None] + sign * away - (BLOCK if sign > 0 else 0)).ravel()
        return LevelRuns(offsets, price, np.exp(rng.normal(2, 2, size)).ravel())

    return BookWindow(
        minute(first), minute(stop), MINUTE, minute(0) + minutes * MINUTE, BLOCK, Quote.COIN,
        side(-1), side(1), complete_ms=minute(stop),
    )  # fmt: skip


def plain_store() -> HeatmapStore:
    frame = book(0, COLUMNS, 1, skip=17)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store


def wrapped_store() -> HeatmapStore:
    """One whose ring has come round: the oldest columns gave their place to newer ones."""
    store = HeatmapStore.for_frame(book(0, 2, 2), budget_bytes=4 << 20)
    for start in range(0, COLUMNS, 100):
        store.apply(book(start, start + 100, start, skip=23))
    return store


def summed_store() -> HeatmapStore:
    """Liquidation levels: pooled by their sum."""
    rng = np.random.default_rng(3)
    count, levels = 200, 150
    price = np.tile(70_000.0 + 5 * np.arange(levels), count)
    levels_of = LevelRuns(
        np.arange(count + 1, dtype=np.int64) * levels, price, np.exp(rng.normal(12, 2, price.size))
    )
    frame = LiquidationWindow(
        minute(0), minute(count), MINUTE, minute(0) + MINUTE * np.arange(count, dtype=np.int64),
        levels_of, Quote.USD, 5.0, complete_ms=minute(count),
    )  # fmt: skip
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store


# ----------------------------------------------------------------------------------------- views
def item_of(store: HeatmapStore, plane: str = "both") -> HeatmapItem:
    item = HeatmapItem()
    first = BID if plane == "bid_ask" else LIQUIDITY
    item.set_table(
        lambda values: transfer_table(values, 2.0, 400.0, "log", first),
        lambda values: transfer_table(values, 2.0, 400.0, "log", ASK),
    )
    item.set_plane(plane)
    item.set_source(store)
    return item


class SeenView(ChartView):
    """A view that counts how often it was painted on screen."""

    def __init__(self) -> None:
        self.paints = 0
        super().__init__()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.paints += 1


def view_of(item: HeatmapItem) -> tuple[SeenView, pg.ViewBox]:
    view, box = SeenView(), pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0)
    view.setBackground("#00ff00")
    box.disableAutoRange()
    view.setCentralItem(box)
    box.addItem(item, ignoreBounds=True)
    return view, box


def look_at(box: pg.ViewBox, extent: QRectF) -> None:
    box.setRange(
        xRange=(extent.left(), extent.right()), yRange=(extent.top(), extent.bottom()), padding=0
    )


def extent(c0: float, c1: float, p0: float, p1: float) -> QRectF:
    """Columns from minute 0, prices in blocks off the middle."""
    return QRectF(minute(0) / 1000 + 60 * c0, MID + BLOCK * p0, 60 * (c1 - c0), BLOCK * (p1 - p0))


def wait_for(app: QApplication, answer: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    """Run events until the answer is true; tell whether it became so."""
    timer = QElapsedTimer()
    timer.start()
    while not (found := answer()) and timer.elapsed() < timeout_s * 1000:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
    return found


def show(app: QApplication, view: QWidget) -> None:
    view.show()
    handle = view.windowHandle()
    assert wait_for(app, handle.isExposed), "the window was never exposed"
    app.processEvents()


def pixels_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return raw[:, : image.width()].copy() | np.uint32(0xFF000000)


def on_card(app: QApplication, view: SeenView) -> np.ndarray:
    """Paint and read back from the graphics card what was painted."""
    viewport = view.viewport()
    assert isinstance(viewport, GlViewport)
    app.processEvents()
    before = view.paints
    viewport.update()
    assert wait_for(app, lambda: view.paints > before), "the view was not painted"
    size = viewport.size() * viewport.devicePixelRatioF()
    viewport.makeCurrent()
    read = np.zeros((size.height(), size.width()), np.uint32)
    functions: Any = viewport.context().extraFunctions()
    functions.glPixelStorei(0x0D05, 4)
    functions.glReadPixels(0, 0, size.width(), size.height(), 0x80E1, 0x8367, read)
    viewport.doneCurrent()
    return read[::-1] | np.uint32(0xFF000000)


def by_processor(view: ChartView) -> np.ndarray:
    """The same view as a picture."""
    ratio = view.devicePixelRatioF()
    image = QImage(view.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(PAPER)
    painter = QPainter(image)
    view.render(painter, QRectF(0, 0, view.width(), view.height()), view.rect())
    painter.end()
    return pixels_of(image)


def differing(one: np.ndarray, other: np.ndarray) -> int:
    return int((one != other).sum()) if one.shape == other.shape else -1


# ---------------------------------------------------------------------------------------- scenes
ZOOMS = {
    "close": extent(1000.3, 1009.9, -3.2, 6.1),
    "one to one": extent(900.2, 1057.5, -60.3, 58.1),
    "everything": extent(0, COLUMNS, -345, 345),
    "margins": extent(-700, 2100, -700, 650),
    "flat": extent(0, COLUMNS, -7.5, 12.25),
}


def compared(
    app: QApplication, view: SeenView, box: pg.ViewBox, item: HeatmapItem, where: QRectF
) -> Facts:
    """Pixels by which the OpenGL picture, the processor's and the reference differ."""
    look_at(box, where)
    card = on_card(app, view)
    painted_by = type(item._painted_by).__name__
    processor = by_processor(view)
    ratio = view.devicePixelRatioF()
    transform = item.sceneTransform() * QTransform.fromScale(ratio, ratio)
    assert item.source is not None
    style = item._current_style(item.source)
    assert style is not None
    expected = expected_picture(
        item.source, style, transform, card.shape[1], card.shape[0],
        band=item.band, ratio=ratio, paper=PAPER,
    )  # fmt: skip
    return {
        "by": painted_by,
        "note": item.path_note,
        "size": list(card.shape),
        "colours": int(np.unique(card).size),
        "card_to_processor": differing(card, processor),
        "card_to_reference": expected.wrong(card),
        "processor_to_reference": expected.wrong(processor),
        "sure": float(expected.sure.mean()),
    }


def pictures(app: QApplication) -> Facts:
    """Every store at every zoom, through whole and through small tiles."""
    found: dict[str, Facts] = {}
    wrapped = wrapped_store()
    assert wrapped.first_column > wrapped.grid.time.column_of(minute(0))
    stores = [
        ("plain", plain_store(), "both", ZOOMS),
        ("sides", wrapped, "bid_ask", ZOOMS),
        ("summed", summed_store(), "both", {
            "all": QRectF(minute(-3) / 1000, 69_990, 206 * 60, 790),
            "part": QRectF(minute(20) / 1000, 70_100, 50 * 60, 100),
        }),
    ]  # fmt: skip
    for edge in (512, 64):
        gl_tiles.EDGE = edge
        for name, store, plane, zooms in stores:
            item = item_of(store, plane)
            view, box = view_of(item)
            view.resize(160, 120)
            show(app, view)
            for zoom, where in zooms.items():
                found[f"{name}, {zoom}, tiles of {edge}"] = compared(app, view, box, item, where)
            view.close()
    return found


def work(app: QApplication) -> Facts:
    """How much is sent for an append, a change of contrast and a pan."""
    gl_tiles.EDGE = 64
    store = HeatmapStore.for_frame(first := book(0, 300, 5))
    store.apply(first)
    item = item_of(store)
    view, box = view_of(item)
    view.resize(300, 200)
    show(app, view)
    look_at(box, extent(190, 310, -100, 100))
    on_card(app, view)
    resources = item.painter_gl.resources
    assert resources is not None
    tiles = resources.tiles
    facts: Facts = {}

    def measure(name: str, act: Any) -> None:
        before = (tiles.uploads, tiles.patches, resources.tables_sent)
        act()
        card = on_card(app, view)
        after = (tiles.uploads, tiles.patches, resources.tables_sent)
        facts[name] = {
            **dict(
                zip(
                    ("uploads", "patches", "tables"),
                    np.subtract(after, before).tolist(),
                    strict=True,
                )
            ),
            "differs": differing(card, by_processor(view)),
        }

    def append() -> None:
        store.apply(book(300, 301, 6))
        item.refresh()

    def correct() -> None:
        store.apply(book(210, 211, 7))
        item.refresh()

    measure("nothing", lambda: None)
    measure("append", append)
    measure("late correction", correct)
    measure("contrast", lambda: item.set_table(
        lambda values: transfer_table(values, 20.0, 90.0, "linear", BID)))  # fmt: skip
    measure("small pan", lambda: look_at(box, extent(193, 313, -98, 102)))
    measure("far pan", lambda: look_at(box, extent(-10, 110, -98, 102)))
    measure("the way back", lambda: look_at(box, extent(193, 313, -98, 102)))
    facts["bytes"] = tiles.nbytes
    view.close()
    return facts


def walls_store(count: int, levels: int) -> tuple[HeatmapStore, list[tuple[int, int]]]:
    """A quiet book and the columns and levels of 48 walls of one cell each."""
    rng = np.random.default_rng(11)
    rows = rng.choice(np.arange(20, levels - 20, 30), 48, replace=False)
    columns = rng.choice(np.arange(20, count - 20, 30), 48, replace=False)
    wall = list(zip(columns.tolist(), rows.tolist(), strict=True))
    quantity = rng.uniform(0.5, 1.5, (count, levels))
    for column, row in wall:
        quantity[column, row] = 900.0
    ladder = MID + BLOCK * np.arange(levels)
    bids = LevelRuns(
        np.arange(count + 1, dtype=np.int64) * levels, np.tile(ladder, count), quantity.ravel()
    )
    asks = LevelRuns(np.zeros(count + 1, np.int64), np.zeros(0), np.zeros(0))
    minutes = minute(0) + MINUTE * np.arange(count, dtype=np.int64)
    frame = BookWindow(
        minute(0), minute(count), MINUTE, minutes, BLOCK, Quote.COIN, bids, asks,
        complete_ms=minute(count),
    )  # fmt: skip
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store, wall


def walls(app: QApplication) -> Facts:
    """How many of 48 planted walls are seen at each zoom, from everything to cells of some pixels."""
    count, levels, width, height = 2000, 1700, 700, 440
    store, wall = walls_store(count, levels)
    item = item_of(store)
    view, box = view_of(item)
    view.resize(width, height)
    show(app, view)
    facts: Facts = {}
    for tiles in (1, 2, 4, 8):
        wide, high = count / tiles, levels / tiles
        bright: dict[tuple[int, int], np.ndarray] = {}
        seen = 0
        for column, row in wall:
            a, b = place = int(column // wide), int(row // high)
            if place not in bright:
                look_at(box, extent(a * wide, (a + 1) * wide, b * high, (b + 1) * high))
                bright[place] = bright_of(on_card(app, view))
            left = (column - a * wide) / wide * width
            top = height - (row + 1 - b * high) / high * height
            # a pooled cell reaches up to its own width beside the native one
            across, down = 2 + 2 * max(1.0, width / wide), 2 + 2 * max(1.0, height / high)
            part = bright[place][
                max(0, int(top - down)) : int(top + down) + 1,
                max(0, int(left - across)) : int(left + across) + 1,
            ]
            seen += bool(part.any())
        facts[f"1/{tiles}"] = seen
    facts["by"] = type(item._painted_by).__name__
    view.close()
    return facts


def extremes(app: QApplication) -> Facts:
    """Views and stores at the end of what there is: the card shows what the processor shows."""
    one = HeatmapStore.for_frame(frame := small_book({0: 3.0}))
    one.apply(frame)
    far = HeatmapStore.for_frame(frame := small_book({0: 3.0, 1_000_000: 300.0}))
    far.apply(frame)
    wild = HeatmapStore.for_frame(frame := small_book({0: 5e-324, 1: 1e-300, 2: 1e300, 3: 7.0}))
    wild.apply(frame)
    cell = QRectF(minute(0) / 1000, MID, 60, BLOCK)
    looks = {
        "a cell": (one, cell),
        "beside it": (one, cell.translated(3600, 500)),
        "in it": (one, QRectF(cell.left() + 20.00001, MID + 1, 1e-3, 1e-4)),
        "from afar": (one, QRectF(cell.left() - 1e9, MID - 1e9, 2e9, 2e9)),
        "a million levels": (far, QRectF(cell.left() - 30, MID - 10, 120, 5_000_100)),
        "one of a million": (far, QRectF(cell.left(), MID + 5_000_000 - 20, 60, 40)),
        "wild quantities": (wild, QRectF(cell.left(), MID - 10, 60, 50)),
    }
    facts: Facts = {}
    for name, (store, where) in looks.items():
        item = item_of(store)
        view, box = view_of(item)
        view.resize(97, 61)
        show(app, view)
        look_at(box, where)
        card = on_card(app, view)
        facts[name] = {
            "differs": differing(card, by_processor(view)),
            "colours": int(np.unique(card).size),
            "note": item.path_note + item.problem,
        }
        for size in ((1, 1), (0, 0), (97, 61)):
            view.resize(*size)
            app.processEvents()
        facts[name]["after"] = differing(on_card(app, view), card)
        view.close()
    return facts


def small_book(levels: dict[int, float]) -> BookWindow:
    """One snapshot: the quantity of some blocks above the middle."""
    bids = {MID + BLOCK * level: quantity for level, quantity in levels.items()}
    return some_book({0: bids}, {0: {}})


def bright_of(pixels: np.ndarray) -> np.ndarray:
    """Pixels at the upper end of the ramp."""
    light = (pixels >> 16 & 255) + (pixels >> 8 & 255) + (pixels & 255)
    return (light > 600) & (pixels != PAPER)


SCENES = {"pictures": pictures, "work": work, "walls": walls, "extremes": extremes}


class _Ear(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        said.append(record.getMessage())


def hear() -> None:
    """Keep what Qt and the loggers say at warning or above."""

    def message(kind: QtMsgType, context: object, text: str) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg):
            said.append(f"Qt: {text}")

    qInstallMessageHandler(message)
    logging.getLogger().addHandler(_Ear(logging.WARNING))


def run(scenes: dict[str, Callable[[QApplication], Facts]], *, share: bool = True) -> int:
    """Play the scene named on the command line and print its facts."""
    name = sys.argv[1]
    if share:
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    gl_probe.prepare_format(core="CORE" in os.environ)
    app = QApplication(["scene"])
    hear()
    decision = gl_probe.decide(gl_probe.GPU)
    facts = scenes[name](app)
    app.closeAllWindows()
    app.processEvents()
    qInstallMessageHandler(None)
    print(
        json.dumps({**facts, "said": said, "live": GlResources.live, "version": decision.version})
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(SCENES))

"""What scenes of the OpenGL path are made of: stores, views, and a program that plays one."""

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
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from heatdesk.frames import BookWindow, LevelRuns, LiquidationWindow, Quote
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.contrast import transfer_table
from heatdesk.views.palettes import ASK, BID, LIQUIDITY
from tests.bench.walls import SeenView
from tests.heatdesk.store.books import MINUTE, minute
from tests.heatdesk.store.books import book as some_book
from ui.heatmap import gl_probe
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
    """A noisy book around a price that walks; every ``skip``-th minute is missing.

    Some minutes, alone and in rows, are not the whole truth.
    """
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
        flaws=((minutes % 31 == 5) | (minutes % 250 < 12)).astype(np.uint8),
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


def small_book(levels: dict[int, float]) -> BookWindow:
    """One snapshot: the quantity of some blocks above the middle."""
    bids = {MID + BLOCK * level: quantity for level, quantity in levels.items()}
    return some_book({0: bids}, {0: {}})


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

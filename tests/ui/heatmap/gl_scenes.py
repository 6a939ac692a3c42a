"""Scenes that need a real window and OpenGL: run as a program, which prints what it saw as JSON.

``python -m tests.ui.heatmap.gl_scenes NAME`` on an X screen of 24 bits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QApplication

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.contrast import transfer_table
from heatdesk.views.palettes import ASK, BID, LIQUIDITY
from tests.heatdesk.store.books import minute
from tests.ui.heatmap.gl_stage import (
    BLOCK,
    COLUMNS,
    MID,
    PAPER,
    Facts,
    SeenView,
    book,
    by_processor,
    differing,
    extent,
    item_of,
    look_at,
    on_card,
    plain_store,
    run,
    show,
    small_book,
    summed_store,
    view_of,
    walls_store,
    wrapped_store,
)
from tests.ui.heatmap.reference import expected_picture
from ui.heatmap import gl_tiles
from ui.heatmap.item import HeatmapItem, TableBuilder

ZOOMS = {
    "close": extent(1000.3, 1009.9, -3.2, 6.1),
    "one to one": extent(900.2, 1057.5, -60.3, 58.1),
    "everything": extent(0, COLUMNS, -345, 345),
    "margins": extent(-700, 2100, -700, 650),
    "flat": extent(0, COLUMNS, -7.5, 12.25),
    "the top": extent(900.2, 1057.5, 290.3, 408.1),
    "only above": extent(900.2, 1057.5, 700, 818.5),
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


Measure = Callable[[str, Callable[[], object]], None]
"""Acts under a name, paints, and notes what was sent."""


def colour(measure: Measure, item: HeatmapItem) -> None:
    """Change each part of the colours alone."""
    for name, low, high, scale, palette in (
        ("contrast", 20.0, 90.0, "log", BID),
        ("scale", 20.0, 90.0, "linear", BID),
        ("palette", 20.0, 90.0, "linear", LIQUIDITY),
    ):
        table = partial(transfer_table, low=low, high=high, scale=scale, palette=palette)
        measure(name, partial(item.set_table, table))


def tell_sides(measure: Measure, item: HeatmapItem) -> None:
    """Colour bids and asks apart, the other way round, alike, and apart again."""
    bids, asks = (
        partial(transfer_table, low=20.0, high=90.0, scale="log", palette=palette)
        for palette in (BID, ASK)
    )

    def show_sides(plane: str, *tables: TableBuilder) -> None:
        item.set_plane(plane)
        item.set_table(*tables)

    measure("sides apart", partial(show_sides, "bid_ask", bids, asks))
    measure("sides swapped", partial(show_sides, "bid_ask", asks, bids))
    measure("sides together again", partial(show_sides, "both", bids))
    measure("sides apart again", partial(show_sides, "bid_ask", bids, asks))


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
    colour(measure, item)
    measure("small pan", lambda: look_at(box, extent(193, 313, -98, 102)))
    measure("far pan", lambda: look_at(box, extent(-10, 110, -98, 102)))
    measure("the way back", lambda: look_at(box, extent(193, 313, -98, 102)))
    facts["bytes"] = tiles.nbytes
    look_at(box, extent(190, 310, -100, 100))
    tell_sides(measure, item)
    view.close()
    return facts


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


def bright_of(pixels: np.ndarray) -> np.ndarray:
    """Pixels at the upper end of the ramp."""
    light = (pixels >> 16 & 255) + (pixels >> 8 & 255) + (pixels & 255)
    return (light > 600) & (pixels != PAPER)


SCENES = {"pictures": pictures, "work": work, "walls": walls, "extremes": extremes}


if __name__ == "__main__":
    sys.exit(run(SCENES))

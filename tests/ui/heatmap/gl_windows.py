"""Scenes of charts in moving windows and of drivers that fail; run like `gl_scenes`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.palettes import LIQUIDITY
from tests.heatdesk.store.books import minute
from tests.ui.heatmap.gl_stage import (
    Facts,
    SeenView,
    book,
    by_processor,
    differing,
    extent,
    item_of,
    look_at,
    on_card,
    pixels_of,
    plain_store,
    run,
    show,
    view_of,
    wait_for,
)
from ui import theme
from ui.heatmap import gl_program, paint_gl
from ui.heatmap.chart import PriceTimeChart
from ui.heatmap.gl_context import GlResources
from ui.heatmap.gl_viewport import GlViewport, expect_charts

ROUNDS = int(os.environ.get("ROUNDS", "10"))
WARM_UP = 3


def on_screen(app: QApplication, widget: QWidget) -> np.ndarray:
    """What the X server shows where a widget is."""
    place = QRectF(widget.mapToGlobal(QPoint(0, 0)), widget.size()).toRect()
    shot = app.primaryScreen().grabWindow(0, place.x(), place.y(), place.width(), place.height())
    return pixels_of(shot.toImage())


class Panel:
    """A heatmap in a dock."""

    def __init__(self, name: str, window: QMainWindow) -> None:
        first = book(0, 120, len(name))
        self.store = HeatmapStore.for_frame(first)
        self.store.apply(first)
        self.item = item_of(self.store)
        self.view, self.box = view_of(self.item)
        self.columns = 120
        self.dock = QDockWidget(name, window)
        self.dock.setWidget(self.view)
        self.dock.setMinimumSize(200, 160)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.dock)

    def grow(self) -> None:
        """A new column, so that an old picture cannot pass for the present one."""
        self.store.apply(book(self.columns, self.columns + 1, self.columns))
        self.columns += 1
        self.item.refresh()
        look_at(self.box, extent(self.columns - 60.3, self.columns + 3.1, -40, 40))

    def is_right(self, app: QApplication) -> bool:
        """Whether the screen shows what the processor would paint."""
        shown = wait_for(app, self.view.viewport().isVisible)
        return shown and wait_for(
            app, lambda: differing(on_screen(app, self.view), by_processor(self.view)) == 0
        )


def held_in_gl(view: SeenView) -> int:
    """Textures and shaders that exist in the share group of a view."""
    viewport = view.viewport()
    assert isinstance(viewport, GlViewport)
    viewport.makeCurrent()
    functions: Any = viewport.context().extraFunctions()
    names = range(1, 3000)
    count = sum(map(bool, map(functions.glIsTexture, names)))
    count += sum(map(bool, map(functions.glIsProgram, names)))
    viewport.doneCurrent()
    return count


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def windows(app: QApplication) -> Facts:
    """Float, redock, tab, hide and a second window, again and again."""
    first, second = QMainWindow(), QMainWindow()
    one, two = Panel("one", first), Panel("other", first)
    three = Panel("third", second)
    first.setGeometry(40, 40, 700, 420)
    second.setGeometry(800, 40, 420, 320)
    show(app, first)
    show(app, second)
    wrong: list[str] = []
    contexts: set[int] = set()
    grown: list[tuple[int, int, int]] = []

    def check(what: str) -> None:
        before = one.item.painter_gl.frames
        one.grow()
        if not one.is_right(app) or one.item.painter_gl.frames == before:
            wrong.append(what)
        contexts.add(id(one.item.painter_gl.resources))

    two.grow()
    three.grow()
    check("at first")
    for turn in range(ROUNDS):
        one.dock.setFloating(True)
        one.dock.setGeometry(1300, 60, 340, 260)
        check(f"float {turn}")
        one.dock.setFloating(False)
        # a bare dock that is put back keeps its old place until its window is laid out anew
        first.resize(first.width() + (-1 if turn % 2 else 1), first.height())
        check(f"redock {turn}")
        first.tabifyDockWidget(two.dock, one.dock)
        two.dock.raise_()
        wait_for(app, two.view.isVisible)
        one.dock.raise_()
        check(f"tab {turn}")
        one.dock.hide()
        wait_for(app, lambda: not one.view.isVisible())
        one.dock.show()
        one.dock.raise_()
        check(f"hide {turn}")
        second.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, one.dock)
        one.dock.show()
        check(f"second window {turn}")
        if not three.is_right(app):
            wrong.append(f"neighbour {turn}")
        first.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, one.dock)
        one.dock.show()
        check(f"first window {turn}")
        grown.append((held_in_gl(one.view), GlResources.live, resident_bytes()))
    facts: Facts = {
        "wrong": wrong,
        "rebuilt": len(contexts) - 1,
        "notes": [panel.item.path_note for panel in (one, two, three)],
        "gl_names": [names for names, _, _ in grown],
        "contexts_held": [held for _, held, _ in grown],
        "resident": [size for _, _, size in grown],
    }
    for window in (first, second):
        window.close()
        window.deleteLater()
    return facts


def broken_shader(app: QApplication) -> Facts:
    """A driver that reports OpenGL and refuses the shader."""
    gl_program.FRAGMENT = "out vec4 colour;\nvoid main() { colour = no_such_thing(); }\n"
    return _failing(app)


def driver_error(app: QApplication) -> Facts:
    """A driver that reports an error from the third picture on."""
    draw, calls = paint_gl.GlPainter._fill, [0]

    def fill(self: paint_gl.GlPainter, resources: GlResources, *rest: Any) -> None:
        draw(self, resources, *rest)
        calls[0] += 1
        if calls[0] >= 3:
            resources.functions.glEnable(0xFFFF)

    paint_gl.GlPainter._fill = fill  # type: ignore[method-assign]
    return _failing(app)


def lost_context(app: QApplication) -> Facts:
    """A driver that was reset."""

    def lost(_: Any) -> None:
        raise gl_program.GlError("the graphics driver lost its context")

    paint_gl.check = lost
    return _failing(app)


def _failing(app: QApplication) -> Facts:
    """Two charts on a driver that fails, over several paints."""
    store = plain_store()
    facts: Facts = {"pictures": [], "notes": [], "problems": [], "by": []}
    views = []
    for _ in range(2):
        item = item_of(store)
        view, box = view_of(item)
        view.resize(200, 150)
        look_at(box, extent(1340, 1420, -30, 30))
        show(app, view)
        views.append(view)
        for turn in range(4):
            look_at(box, extent(1340 + turn // 2, 1420 + turn // 2, -30, 30))
            newest = store.last_column - store.grid.time.column_of(minute(0)) + 1
            store.apply(book(newest, newest + 1, newest))
            item.refresh()
            card = on_card(app, view)
            facts["pictures"].append(differing(card, by_processor(view)))
        facts["notes"].append(item.path_note)
        facts["problems"].append(item.problem)
        facts["by"].append(type(item._painted_by).__name__)
    for view in views:
        view.close()
    return facts


def taking_pictures(app: QApplication) -> Facts:
    """`grab` of the view and of the window around it."""
    window = QMainWindow()
    panel = Panel("one", window)
    window.setGeometry(40, 40, 500, 400)
    panel.grow()
    show(app, window)
    on_card(app, panel.view)
    expected = by_processor(panel.view)
    view = pixels_of(panel.view.grab().toImage())
    whole = pixels_of(window.grab().toImage())
    corner = panel.view.mapTo(window, QPoint(0, 0))
    part = whole[corner.y() :, corner.x() :][: panel.view.height(), : panel.view.width()]
    facts: Facts = {
        "colours": int(np.unique(expected).size),
        "view": differing(view, expected),
        "window": differing(part, expected),
        "still_right": panel.is_right(app),
        "by": type(panel.item._painted_by).__name__,
    }
    on_card(app, panel.view)
    facts["after"] = type(panel.item._painted_by).__name__
    window.close()
    window.deleteLater()
    return facts


class Watch(QObject):
    """Notes when a window is closed and opened by Qt."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Hide, QEvent.Type.WinIdChange):
            self.seen.append(event.type().name)
        return False


def late_chart(app: QApplication) -> Facts:
    """The first chart comes into a window that is open already."""
    window, watch = QMainWindow(), Watch()
    expect_charts(window)
    window.setGeometry(40, 40, 500, 400)
    show(app, window)
    window.installEventFilter(watch)
    panel = Panel("one", window)
    panel.grow()
    right = panel.is_right(app)
    window.removeEventFilter(watch)
    window.close()
    window.deleteLater()
    return {"right": right, "seen": watch.seen, "frames": panel.item.painter_gl.frames}


def overlays(app: QApplication) -> Facts:
    """Crosshair, card and pill above the chart's picture."""
    theme.apply(app)
    store = plain_store()
    chart = PriceTimeChart()
    chart.resize(700, 420)
    chart.set_grid(60_000, 5.0, 50_000.0)
    chart.set_palettes(LIQUIDITY)
    chart.item.set_source(store)
    chart.observe(store.grid.time.time_of(store.last_column + 1) / 1000, 50_000.0, 800.0)
    chart.reader = lambda time_s, price: [("Price", f"{price:.0f}"), ("Bid", "12.5")]
    show(app, chart)
    chart.camera.follows = False
    chart.apply()
    assert isinstance(chart.view.viewport(), GlViewport)

    def settled() -> np.ndarray:
        app.processEvents()
        chart.view.viewport().update()
        wait_for(app, lambda: False, 0.3)
        return on_screen(app, chart.view)

    settled()
    chart.point_at(None)  # the mouse of this screen may be over it
    plain = settled()
    at = QPointF(240, 230)
    chart.point_at(at)
    marked = settled()
    changed = plain != marked
    card = chart.card.geometry()
    pill = chart.pill.geometry()
    accent = QColor(theme.Palette.ACCENT_DIM).rgb()
    facts: Facts = {
        "by": type(chart.item._painted_by).__name__,
        "on_row": int(changed[230, :].sum()),
        "on_column": int(changed[:, 240].sum()),
        "card": float(changed[card.top() : card.bottom(), card.left() : card.right()].mean()),
        "pill_shown": chart.pill.isVisible(),
        "pill": int(
            (marked[pill.top() : pill.bottom(), pill.left() : pill.right()] == accent).sum()
        ),
        "elsewhere": int(changed[300:340, 400:500].sum()),
    }
    chart.close()
    chart.deleteLater()
    return facts


SCENES = {
    "windows": windows,
    "broken_shader": broken_shader,
    "driver_error": driver_error,
    "lost_context": lost_context,
    "taking_pictures": taking_pictures,
    "late_chart": late_chart,
    "overlays": overlays,
}

if __name__ == "__main__":
    sys.exit(run(SCENES, share="UNSHARED" not in os.environ))

"""Where docks go: the default arrangement, and the name of a set of screens."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from ui.main_window.dock import PanelDock, fit_into_screens

BOOK_WIDTH_SHARE = 0.60
BOOK_HEIGHT_SHARE = 0.64
DOTS_WIDTH_SHARE = 0.40
GRID = (("order-book", "liquidation"), ("dots", "cohorts"))
"""Kinds of panel by row of the default desk."""


def place_default(window: QMainWindow, docks: dict[str, PanelDock]) -> None:
    """Put the docks into two rows; what has no place there waits closed below them."""
    for dock in docks.values():
        dock.setFloating(False)
        window.removeDockWidget(dock)
    rows = [[docks[name] for name in row if name in docks] for row in GRID]
    rows = [row for row in rows if row]
    placed: set[str] = set()
    for index, row in enumerate(rows):
        if index == 0:
            window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, row[0])
        else:
            window.splitDockWidget(rows[index - 1][0], row[0], Qt.Orientation.Vertical)
    for row in rows:
        for left, right in pairwise(row):
            window.splitDockWidget(left, right, Qt.Orientation.Horizontal)
        for dock in row:
            dock.show()
            placed.add(dock.objectName())
    for name, dock in docks.items():
        if name not in placed:
            window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
            dock.hide()


def size_default(window: QMainWindow, docks: dict[str, PanelDock]) -> None:
    """Give the rows and columns of the default desk their shares; the window must be shown."""
    across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    width, height = window.width(), window.height()
    firsts = [docks[row[0]] for row in GRID if row[0] in docks]
    if len(firsts) == 2:
        total = firsts[1].geometry().bottom() - firsts[0].geometry().top()
        total = total if total > 0 else height
        book = round(total * BOOK_HEIGHT_SHARE)
        window.resizeDocks(firsts, [book, total - book], down)
    for row, share in zip(GRID, (BOOK_WIDTH_SHARE, DOTS_WIDTH_SHARE), strict=True):
        pair = [docks[name] for name in row if name in docks]
        if len(pair) == 2:
            left = round(width * share)
            window.resizeDocks(pair, [left, width - left], across)


def bring_home(window: QMainWindow, docks: Iterable[PanelDock]) -> None:
    """Move window and floating panels whose screen is gone onto one that is there."""
    place = fit_into_screens(window.geometry())
    if place != window.geometry():
        window.setGeometry(place)
    for dock in docks:
        dock.bring_onto_screens()


def screen_set() -> str:
    """Name of the screens there are: places and sizes, left to right."""
    areas = sorted(
        (area.x(), area.y(), area.width(), area.height())
        for area in (screen.geometry() for screen in QGuiApplication.screens())
    )
    return " ".join(f"{width}x{height}+{x}+{y}" for x, y, width, height in areas)

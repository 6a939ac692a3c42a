"""Docks in a window: laid out by a plan, described by Qt, put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QMainWindow

from heatdesk.workspaces.model import Cell, Plan
from ui.main_window.dock import PanelDock
from ui.main_window.screens import takes_all

STATE_VERSION = 1
"""Version of what Qt keeps of docks; another one is refused by `QMainWindow.restoreState`."""
_TOP, _NO_SIDE = Qt.DockWidgetArea.TopDockWidgetArea, Qt.DockWidgetArea.NoDockWidgetArea
_ACROSS, _DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


def place_plan(window: QMainWindow, docks: Mapping[str, PanelDock], plan: Plan) -> None:
    """Put docks into the rows of a plan; those it does not name wait closed below them."""
    for dock in docks.values():
        dock.leave()
    rows = [cells for cells in ([*_filled(row.cells, docks)] for row in plan.rows) if cells]
    above: PanelDock | None = None
    for cells in rows:
        first = docks[cells[0][0]]
        if above is None:
            window.addDockWidget(_TOP, first)
        else:
            window.splitDockWidget(above, first, _DOWN)
        above = first
    for cells in rows:
        for left, right in pairwise(cells):
            window.splitDockWidget(docks[left[0]], docks[right[0]], _ACROSS)
        for names in cells:
            for name in names[1:]:
                window.tabifyDockWidget(docks[names[0]], docks[name])
            for name in names:
                docks[name].show()
            if len(names) > 1:
                docks[names[0]].raise_()
    for name, dock in docks.items():
        if name not in plan.names:
            wait_closed(window, dock)


def size_plan(window: QMainWindow, docks: Mapping[str, PanelDock], plan: Plan) -> None:
    """Give rows and columns their shares; the window must be shown."""
    layout = window.layout()
    if layout is not None:
        layout.activate()  # what is not laid out yet has no size to share
    heads: list[PanelDock] = []
    heights: list[float] = []
    for row in plan.rows:
        cells = [(docks[one[0]], cell.share) for cell in row.cells if (one := _there(cell, docks))]
        if not cells:
            continue
        heads.append(cells[0][0])
        heights.append(row.share)
        if len(cells) > 1:
            _resize(window, [one for one, _ in cells], [share for _, share in cells], _ACROSS)
    if len(heads) > 1:
        _resize(window, heads, heights, _DOWN)


def wait_closed(window: QMainWindow, dock: PanelDock) -> None:
    """Give a dock a place in a window without showing it."""
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    dock.hide()
    dock.waits = True


def docks_text(window: QMainWindow) -> str:
    """Return where the docks of a window are, as Qt tells it."""
    return bytes(window.saveState(STATE_VERSION).toBase64().data()).decode()


def put_docks(window: QMainWindow, text: str) -> bool:
    """Put the docks of a window where they were; return whether Qt took it.

    What a window is told that will take all of its screen once it is shown, Qt remembers, and lays
    it out again while the window grows: also over docks that have been put anew since, which ends
    the program. Such a window is told as if it took less; the docks are put again when it is seen.
    Panels that float already stay where they are: Qt would move them onto the window's monitor.
    """
    docks = window.findChildren(PanelDock)
    floating = [(dock, dock.window().geometry()) for dock in docks if dock.floats and dock.open]
    state = window.windowState()
    remembers = not window.isVisible() and takes_all(window)
    if remembers:
        window.setWindowState(Qt.WindowState.WindowNoState)
    taken = bool(window.restoreState(QByteArray.fromBase64(text.encode()), STATE_VERSION))
    if remembers:
        window.setWindowState(state)
    for dock, place in floating:
        if dock.floats:
            dock.window().setGeometry(place)
    return taken


def dock_beside(
    window: QMainWindow, dock: PanelDock, side: Qt.DockWidgetArea, peer: PanelDock | None
) -> None:
    """Dock a panel at a side of another, or of the window; in the middle of a peer it is a tab.

    Parameters
    ----------
    side : Qt.DockWidgetArea
        ``NoDockWidgetArea`` stands for the middle.
    """
    if peer is None:
        area = side if side is not _NO_SIDE else _TOP
        window.addDockWidget(area, dock)
        return
    if side is _NO_SIDE:
        window.addDockWidget(window.dockWidgetArea(peer), dock)
        window.tabifyDockWidget(peer, dock)
        return
    upright = side in (_TOP, Qt.DockWidgetArea.BottomDockWidgetArea)
    orientation = _DOWN if upright else _ACROSS
    window.addDockWidget(window.dockWidgetArea(peer), dock)
    window.splitDockWidget(peer, dock, orientation)
    if side in (_TOP, Qt.DockWidgetArea.LeftDockWidgetArea):
        # Qt only splits behind: the peer goes there
        window.splitDockWidget(dock, peer, orientation)


def _filled(cells: Sequence[Cell], docks: Mapping[str, PanelDock]) -> list[list[str]]:
    return [names for cell in cells if (names := _there(cell, docks))]


def _there(cell: Cell, docks: Mapping[str, PanelDock]) -> list[str]:
    return [name for name in cell.panels if name in docks]


def _resize(
    window: QMainWindow,
    docks: list[PanelDock],
    shares: list[float],
    orientation: Qt.Orientation,
) -> None:
    """Share the room that docks have; whole pixels, nothing lost to rounding."""
    if orientation is _ACROSS:
        room = window.width()
    else:
        room = docks[-1].geometry().bottom() - docks[0].geometry().top()
        room = room if room > 0 else window.height()
    total = sum(shares)
    sizes = [round(room * share / total) for share in shares[:-1]]
    window.resizeDocks(docks, [*sizes, room - sum(sizes)], orientation)

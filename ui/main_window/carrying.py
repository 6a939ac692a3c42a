"""`Carrying`: a floating panel dragged over another window of the desk docks there.

Qt lets a floating dock go back only into the window it came from; over the others it is led here:
a hint shows where it would go, and letting go of the mouse puts it there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QCursor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from ui import theme
from ui.main_window.desk_window import DeskWindow
from ui.main_window.dock import PanelDock

LOOK_MS = 30
"""Pace at which the hand is looked at while it drags."""
EDGE_SHARE = 0.3
"""So near to an edge of a panel the dock goes beside it, else behind its tab."""
HINT_OPACITY = 90
_NONE = Qt.DockWidgetArea.NoDockWidgetArea


class DropHint(QWidget):
    """A tinted rectangle over the place where a panel would go."""

    def __init__(self) -> None:
        super().__init__(
            None,
            Qt.WindowType.ToolTip
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowTransparentForInput,
        )
        self.setObjectName("dropHint")
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tint it."""
        del event
        painter = QPainter(self)
        colour = QColor(theme.Palette.ACCENT)
        painter.setPen(colour)
        colour.setAlpha(HINT_OPACITY)
        painter.setBrush(colour)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class Carrying(QObject):
    """Watches floating panels while a hand drags them.

    Parameters
    ----------
    windows : callable
        Every window of the desk.
    docks_of : callable
        The panels of a window.
    move : callable
        Docks a panel in a window, at a side of it or of a panel there.
    """

    def __init__(
        self,
        windows: Callable[[], Sequence[DeskWindow]],
        docks_of: Callable[[DeskWindow], Sequence[PanelDock]],
        move: Callable[[PanelDock, DeskWindow, Qt.DockWidgetArea, PanelDock | None], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._windows, self._docks_of, self._move = windows, docks_of, move
        self._carried: list[PanelDock] = []
        self._goal: tuple[DeskWindow, Qt.DockWidgetArea, PanelDock | None] | None = None
        self._hint: DropHint | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    def watch(self, dock: PanelDock) -> None:
        """Follow a dock, and the group it floats in, whenever a hand moves it."""
        dock.carried.connect(lambda: self._begin([dock]))
        dock.installEventFilter(self)

    def stop(self) -> None:
        """Let go."""
        self._timer.stop()
        self._carried = []
        if self._hint is not None:
            self._hint.deleteLater()
            self._hint = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice groups of floating tabs: Qt moves their window, not the docks in it."""
        if event.type() is QEvent.Type.ParentChange and isinstance(watched, PanelDock):
            group = watched.parentWidget()
            if group is not None and not isinstance(group, DeskWindow):
                group.installEventFilter(self)
        elif event.type() is QEvent.Type.Move and not isinstance(watched, PanelDock):
            self._begin(watched.findChildren(PanelDock))
        return False

    def _begin(self, docks: list[PanelDock]) -> None:
        pressed = QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton
        if pressed and docks and len(self._windows()) > 1:
            self._carried = docks
            if not self._timer.isActive():
                self._timer.start()

    def _look(self) -> None:
        """Show where it would go; dock it there once the hand lets go."""
        # a key may have removed it, or opened another workspace, while the hand held it
        there = [dock for dock in self._carried if isValid(dock)]
        carried = [dock for dock in there if dock.floats and dock.open]
        if not carried:
            self._end()
        elif QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._goal = self._goal_at(QCursor.pos(), carried[0])
            self._show_goal()
        else:
            goal = self._goal
            self._end()
            if goal is not None and all(isValid(one) for one in goal if isinstance(one, QWidget)):
                self._drop(carried, *goal)

    def _drop(
        self,
        docks: list[PanelDock],
        window: DeskWindow,
        side: Qt.DockWidgetArea,
        peer: PanelDock | None,
    ) -> None:
        for dock in docks:
            self._move(dock, window, side, peer)
            side, peer = _NONE, dock  # the rest of a group goes behind the tab of its first

    def _goal_at(
        self, at: QPoint, dock: PanelDock
    ) -> tuple[DeskWindow, Qt.DockWidgetArea, PanelDock | None] | None:
        owner = dock.owner
        if owner is not None and owner.isVisible() and owner.frameGeometry().contains(at):
            return None  # there Qt does it
        for window in reversed(self._windows()):
            if window is owner or not window.seen or not window.frameGeometry().contains(at):
                continue
            peers = [one for one in self._docks_of(window) if one.on_screen and not one.floats]
            for peer in peers:
                place = QRect(peer.mapToGlobal(QPoint(0, 0)), peer.size())
                if place.contains(at):
                    return window, side_of(place, at), peer
            return window, Qt.DockWidgetArea.RightDockWidgetArea, None
        return None

    def _show_goal(self) -> None:
        if self._goal is None:
            if self._hint is not None:
                self._hint.hide()
            return
        window, side, peer = self._goal
        target: QWidget = peer or window
        part = part_of(QRect(target.mapToGlobal(QPoint(0, 0)), target.size()), side)
        if peer is None and not any(one.open for one in self._docks_of(window)):
            part = QRect(window.mapToGlobal(QPoint(0, 0)), window.size())
        if self._hint is None:
            self._hint = DropHint()
        self._hint.setGeometry(part)
        self._hint.show()
        self._hint.raise_()

    def _end(self) -> None:
        self._timer.stop()
        self._carried, self._goal = [], None
        if self._hint is not None:
            self._hint.hide()


def side_of(place: QRect, at: QPoint) -> Qt.DockWidgetArea:
    """Return the edge of a rectangle that a point is near to; none in its middle."""
    x = (at.x() - place.left()) / max(1, place.width())
    y = (at.y() - place.top()) / max(1, place.height())
    near = {
        Qt.DockWidgetArea.LeftDockWidgetArea: x,
        Qt.DockWidgetArea.RightDockWidgetArea: 1 - x,
        Qt.DockWidgetArea.TopDockWidgetArea: y,
        Qt.DockWidgetArea.BottomDockWidgetArea: 1 - y,
    }
    side = min(near, key=lambda one: near[one])
    return side if near[side] < EDGE_SHARE else _NONE


def part_of(place: QRect, side: Qt.DockWidgetArea) -> QRect:
    """Return the half of a rectangle at one of its sides; all of it for none."""
    width, height = place.width(), place.height()
    if side is Qt.DockWidgetArea.LeftDockWidgetArea:
        return QRect(place.left(), place.top(), width // 2, height)
    if side is Qt.DockWidgetArea.RightDockWidgetArea:
        return QRect(place.left() + width // 2, place.top(), width - width // 2, height)
    if side is Qt.DockWidgetArea.TopDockWidgetArea:
        return QRect(place.left(), place.top(), width, height // 2)
    if side is Qt.DockWidgetArea.BottomDockWidgetArea:
        return QRect(place.left(), place.top() + height // 2, width, height - height // 2)
    return place

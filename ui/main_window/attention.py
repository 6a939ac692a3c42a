"""`Attention`: the panel and the window that a command without a name means."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

from ui.main_window.desk_window import DeskWindow
from ui.main_window.dock import PanelDock


class Attention(QObject):
    """Remembers which panel was used last.

    Parameters
    ----------
    docks : callable
        Every dock of the desk.
    """

    def __init__(self, docks: Callable[[], Iterable[PanelDock]], parent: QObject) -> None:
        super().__init__(parent)
        self._docks = docks
        self._used: PanelDock | None = None
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focused)

    def dock(self) -> PanelDock | None:
        """The panel that has the focus, else the one under the mouse, else the last one used."""
        there = list(self._docks())
        focused = dock_around(QApplication.focusWidget())
        pointed = dock_around(QApplication.widgetAt(QCursor.pos()))
        for dock in (focused, pointed, self._used):
            if dock is not None and any(dock is one for one in there) and dock.open:
                return dock
        return next((dock for dock in there if dock.on_screen), None)

    def window(self) -> DeskWindow | None:
        """The window of the desk that has the keyboard, itself or by a panel that floats."""
        active = QApplication.activeWindow()
        dock = dock_around(active)
        found = dock.owner if dock is not None else active
        return found if isinstance(found, DeskWindow) else None

    def forget(self, dock: PanelDock) -> None:
        """A panel is about to go."""
        if self._used is dock:
            self._used = None

    def _focused(self, before: QWidget | None, now: QWidget | None) -> None:
        del before
        dock = dock_around(now)
        if dock is not None:
            self._used = dock


def dock_around(widget: QWidget | None) -> PanelDock | None:
    """The dock that a widget is in."""
    while widget is not None and not isinstance(widget, PanelDock):
        widget = widget.parentWidget()
    return widget

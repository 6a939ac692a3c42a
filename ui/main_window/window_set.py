"""`WindowSet`: the windows of a desk: made, filled, closed, opened again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication, QScreen

from heatdesk.workspaces.model import MAIN, Place
from ui.main_window import screens
from ui.main_window.desk_window import DeskWindow
from ui.main_window.fitting import Fitting
from ui.main_window.places import docks_text, wait_closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from ui.main_window.dock import PanelDock

BESIDE_SHARE = 0.7
"""Part of a screen that a window takes beside another one."""
REMEMBERED = 10
"""Closed windows that can be opened again."""


@dataclass(frozen=True, slots=True)
class _Closed:
    """A window that was closed, and the panels it showed."""

    place: Place
    docks: str
    names: tuple[str, ...]
    window_id: str


class WindowSet:
    """Every window; the first one stays as long as the desk.

    Parameters
    ----------
    top : callable
        Makes what stands above the docks of a window, by window id.
    bar : QWidget
        The status bar of the first window.
    docks : dict
        Every panel of the desk by name.
    made : callable
        Told of each new window.
    may_close : callable
        Asked when someone closes a window.
    """

    def __init__(
        self,
        top: Callable[[str], QWidget],
        bar: QWidget,
        docks: dict[str, PanelDock],
        made: Callable[[DeskWindow], None],
        may_close: Callable[[DeskWindow], bool],
    ) -> None:
        self.all: list[DeskWindow] = []
        self.fitting = Fitting()
        self._top, self._bar, self._docks = top, bar, docks
        self._made, self._may_close = made, may_close
        self._closed: list[_Closed] = []
        self.make(MAIN)

    @property
    def first(self) -> DeskWindow:
        """The one with the bands."""
        return self.all[0]

    @property
    def can_reopen(self) -> bool:
        """Whether a window was closed that can be opened again."""
        return bool(self._closed)

    def named(self, window_id: str) -> DeskWindow | None:
        """The window of an id."""
        return next((one for one in self.all if one.window_id == window_id), None)

    def make(self, window_id: str = "") -> DeskWindow:
        """Make a window; it is not shown yet."""
        window_id = window_id or self._free_id()
        bar = None if self.all else self._bar
        window = DeskWindow(window_id, self._top(window_id), bar, self._may_close)
        self.all.append(window)
        self._made(window)
        return window

    def open_on(self, screen: QScreen | None) -> DeskWindow:
        """Show a new window on a monitor: all of it where no other window of the desk is.

        None takes a monitor that has none, else the one of the first window.
        """
        taken = [one.screen() for one in self.all]
        free = [one for one in QGuiApplication.screens() if one not in taken]
        screen = screen or (free[0] if free else self.first.screen())
        window = self.make()
        area = screen.availableGeometry()
        width, height = round(area.width() * BESIDE_SHARE), round(area.height() * BESIDE_SHARE)
        shift = screens.CASCADE_PX * len([one for one in taken if one is screen])
        rect = QRect(area.x() + shift, area.y() + shift, width, height)
        window.setGeometry(screens.into(rect, area))
        if screen in free:
            window.showMaximized()
        else:
            window.show()
        return window

    def drop(self, window: DeskWindow) -> None:
        """Take a window off the desk; its panels wait closed in the first one."""
        for dock in self.docks_of(window):
            dock.leave()
            wait_closed(self.first, dock)
        self.all.remove(window)
        self.fitting.forget(window)
        window.hide()
        window.deleteLater()

    def put_away(self, window: DeskWindow) -> None:
        """Close a window so that it can be opened again as it is."""
        names = tuple(dock.objectName() for dock in self.docks_of(window))
        kept = _Closed(screens.place_of(window), docks_text(window), names, window.window_id)
        self._closed = [*self._closed, kept][-REMEMBERED:]
        self.drop(window)

    def reopen(self) -> DeskWindow | None:
        """Open the window that was closed last, with those of its panels that are still closed."""
        if not self._closed:
            return None
        kept = self._closed.pop()
        window = self.make("" if self.named(kept.window_id) else kept.window_id)
        screens.put(window, kept.place, len(self.all) - 1)
        for name in kept.names:
            dock = self._docks.get(name)
            if dock is not None and not dock.open:
                dock.leave()
                wait_closed(window, dock)
        self.fitting.put(window, kept.docks)
        window.show()
        return window

    def forget_closed(self) -> None:
        """Another workspace is open: what was closed belongs to the former one."""
        self._closed.clear()

    def docks_of(self, window: DeskWindow) -> list[PanelDock]:
        """Every panel of a window, open or not, floating or not."""
        return [dock for dock in self._docks.values() if dock.owner is window]

    def _free_id(self) -> str:
        number = 2
        while self.named(f"window-{number}"):
            number += 1
        return f"window-{number}"

"""`DeskWindow`: one main window of the desk, with its menus and docks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QMoveEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QStatusBar, QTabWidget, QWidget

from heatdesk.workspaces.model import MAIN
from ui import theme
from ui.heatmap.gl_viewport import expect_charts

DEFAULT_SIZE = (1600, 960)
INVITATION = "Drag a panel here, or choose Panels > Move to."


class DeskWindow(QMainWindow):
    """A window of the desk; the first one carries the bands and the status bar.

    Parameters
    ----------
    window_id : str
        ``main``, ``window-2`` and so on.
    top : QWidget
        Menus, with the bands below them in the first window.
    bar : QWidget or None
        What stands in the status bar.
    may_close : callable
        Asked when someone closes it; false keeps it.

    Signals
    -------
    reshaped : it was moved, resized, or takes another part of its screen.
    seen_changed : it was shown, hidden or minimised.
    """

    reshaped = Signal()
    seen_changed = Signal()

    def __init__(
        self,
        window_id: str,
        top: QWidget,
        bar: QWidget | None,
        may_close: Callable[[DeskWindow], bool],
    ) -> None:
        super().__init__()
        self.window_id = window_id
        self._may_close = may_close
        self.setObjectName(window_id)
        expect_charts(self)
        self.setWindowTitle(self.plain_title)
        self.setWindowIcon(theme.icon("heatdesk"))
        self.setDockNestingEnabled(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setMenuWidget(top)
        if bar is not None:
            status = QStatusBar()
            status.setSizeGripEnabled(False)
            status.setContentsMargins(0, 0, 0, 0)
            status.addWidget(bar, 1)
            self.setStatusBar(status)
        else:
            self._invite()
        self.resize(*DEFAULT_SIZE)

    @property
    def first(self) -> bool:
        """Whether it carries the bands; the desk ends with it."""
        return self.window_id == MAIN

    @property
    def plain_title(self) -> str:
        """Its title while nothing more has to be said."""
        return "HeatDesk" if self.first else f"HeatDesk {self.window_id.rpartition('-')[2]}"

    @property
    def menu_title(self) -> str:
        """What a menu calls it."""
        return f"Window {1 if self.first else self.window_id.rpartition('-')[2]}"

    @property
    def seen(self) -> bool:
        """Whether anything of it can be seen."""
        return self.isVisible() and not self.isMinimized()

    def show_empty(self, empty: bool) -> None:
        """Say what to do with a window that has no panel."""
        words = self.centralWidget()
        if words is not None and words.isHidden() == empty:
            words.setVisible(empty)

    def come_up(self) -> None:
        """Stand in front of the others, with the keyboard."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def toggle_full_screen(self) -> None:
        """Take the whole screen, or give it back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that it can be seen."""
        super().showEvent(event)
        self.seen_changed.emit()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Tell that it moved."""
        super().moveEvent(event)
        self.reshaped.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that it has another size."""
        super().resizeEvent(event)
        self.reshaped.emit()

    def changeEvent(self, event: QEvent) -> None:
        """A minimised window costs nothing."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            self.seen_changed.emit()
            self.reshaped.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave it to the desk."""
        if self._may_close(self):
            super().closeEvent(event)
        else:
            event.ignore()

    def _invite(self) -> None:
        words = QLabel(INVITATION)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words.setProperty("quiet", True)
        words.hide()
        self.setCentralWidget(words)

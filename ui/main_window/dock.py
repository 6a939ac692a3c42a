"""A dock around a panel: the panel's own header is its title bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from ui import theme
from ui.main_window.screens import bring_home
from ui.panel import Panel

_ACROSS, _DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


class PanelDock(QDockWidget):
    """One panel that can be docked, floated, tabbed and closed.

    Attributes
    ----------
    waits : bool
        It is closed at a place that nobody chose for it.

    Signals
    -------
    moved : something about its place changed.
    reshaped : its size changed, or it moved while floating; comes often while a hand drags.
    carried : it floats and was moved.
    """

    moved = Signal()
    reshaped = Signal()
    carried = Signal()

    def __init__(self, panel_name: str, panel: Panel, parent: QWidget) -> None:
        super().__init__(panel.title, parent)
        self.panel = panel
        self.setObjectName(panel_name)
        self.seen = self.waits = False
        self.setTitleBarWidget(panel.header)
        self.setWidget(panel)
        header = panel.header
        header.float_button.show()
        header.close_button.show()
        header.float_button.clicked.connect(self.toggle_float)
        header.close_button.clicked.connect(self.close)
        self.topLevelChanged.connect(self._floated)
        self.dockLocationChanged.connect(self.moved)
        self.visibilityChanged.connect(self._visible)
        self.toggleViewAction().triggered.connect(self._toggled)
        panel.extra_actions.append(self._action("Float or dock", self.toggle_float))
        panel.extra_actions.append(self._action("Close", self.close))

    @property
    def open(self) -> bool:
        """Whether it is part of the desk: shown, or behind another tab."""
        return not self.isHidden()

    @property
    def on_screen(self) -> bool:
        """Whether it can be seen: not closed, not behind a tab, not in a minimised window."""
        return self.seen and self.isVisible() and not self.window().isMinimized()

    @property
    def owner(self) -> QMainWindow | None:
        """The window it belongs to, whether it is docked, floats or floats in a group."""
        widget = self.parentWidget()
        while widget is not None and not isinstance(widget, QMainWindow):
            widget = widget.parentWidget()
        return widget

    @property
    def floats(self) -> bool:
        """Whether it is in a window of its own or of a group."""
        return self.window() is not self.owner

    def leave(self) -> None:
        """Leave the window it is in, docked or floating; it is hidden until it has a new place."""
        if self.isFloating():
            self.setFloating(False)  # a dock that was taken out can no longer be told to
        owner = self.owner
        if owner is not None:
            owner.removeDockWidget(self)

    def bring_onto_screens(self) -> None:
        """Move a floating panel whose screen is gone onto one that is there."""
        if self.floats and self.open:
            bring_home(self.window())

    def come_forward(self) -> None:
        """Open it, in front and with the keyboard, with room for what it shows."""
        if not self.open:
            self._take_place()
        self.show()
        self.raise_()
        self.activateWindow()
        self.panel.setFocus()

    def _toggled(self, on: bool) -> None:
        if on:
            self._take_place()  # Qt has shown it already
            self.come_forward()

    def _take_place(self) -> None:
        """Go from where closed panels wait to the side where a hand expects this one."""
        waited, self.waits = self.waits, False
        owner = self.owner
        if not waited or owner is None or self.floats:
            return
        if self.panel.opens_beside:
            # the whole height beside the rows, which are all at the top
            owner.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, self, _ACROSS)
        QTimer.singleShot(0, self, self._take_room)

    def _take_room(self) -> None:
        """Be as large as a panel that asks for it needs to be."""
        owner, wanted_px = self.owner, self.panel.room_px
        if owner is None or self.floats:
            return
        beside = self.panel.opens_beside
        if (self.width() if beside else self.height()) < wanted_px:
            owner.resizeDocks([self], [wanted_px], _ACROSS if beside else _DOWN)

    def toggle_float(self) -> None:
        """Float where it is docked, dock where it floats."""
        self.setFloating(not self.isFloating())

    def show_title(self) -> None:
        """Keep the tab's words up to date."""
        subtitle = self.panel.subtitle()
        title = f"{self.panel.title} · {subtitle}" if subtitle else self.panel.title
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide; the Panels menu brings it back."""
        super().closeEvent(event)
        self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell of a splitter that is dragged, and of a floating panel."""
        super().resizeEvent(event)
        self.reshaped.emit()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Tell where a floating panel is dragged."""
        super().moveEvent(event)
        if self.isFloating():
            self.reshaped.emit()
            self.carried.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew on a screen of another scale."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self.panel.invalidate()

    def _action(self, text: str, slot: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(slot)
        return action

    def _floated(self, floating: bool) -> None:
        self.panel.header.float_button.setIcon(theme.icon("dock" if floating else "float"))
        if floating:
            self.bring_onto_screens()
        elif self.isVisible():
            # What a hand just put back lies on top, not behind the tab of its neighbour.
            self.raise_()
        self.moved.emit()

    def _visible(self, visible: bool) -> None:
        self.seen = visible
        if visible:
            self.panel.invalidate()
        self.moved.emit()

"""A dock around a panel: the panel's own header is its title bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QDockWidget, QWidget

from ui import theme
from ui.panel import Panel


class PanelDock(QDockWidget):
    """One panel that can be docked, floated, tabbed and closed.

    Signals
    -------
    moved : something about its place changed.
    """

    moved = Signal()

    def __init__(self, panel_name: str, panel: Panel, parent: QWidget) -> None:
        super().__init__(panel.title, parent)
        self.setObjectName(panel_name)
        self.panel = panel
        self.seen = False
        self.setTitleBarWidget(panel.header)
        self.setWidget(panel)
        header = panel.header
        header.float_button.show()
        header.close_button.show()
        header.float_button.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        header.close_button.clicked.connect(self.close)
        self.topLevelChanged.connect(self._floated)
        self.dockLocationChanged.connect(self.moved)
        self.visibilityChanged.connect(self._visible)
        panel.extra_actions.append(self._action("Float or dock", self._toggle_float))
        panel.extra_actions.append(self._action("Close", self.close))

    @property
    def open(self) -> bool:
        """Whether it is part of the desk: shown, or behind another tab."""
        return not self.isHidden()

    @property
    def on_screen(self) -> bool:
        """Whether it can be seen: not closed, not behind a tab, not in a minimised window."""
        return self.seen and self.isVisible() and not self.window().isMinimized()

    def bring_onto_screens(self) -> None:
        """Move a floating panel whose screen is gone onto one that is there."""
        if self.isFloating() and self.open:
            place = fit_into_screens(self.geometry())
            if place != self.geometry():
                self.setGeometry(place)

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

    def _toggle_float(self) -> None:
        self.setFloating(not self.isFloating())

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


def menu_name(name: str, panel: Panel) -> str:
    """What a menu calls a panel by its name on the desk (``order-book-2``: Order book 2)."""
    number = name.removeprefix(panel.panel_id).removeprefix("-")
    return f"{panel.title} {number}".strip()


def fit_into_screens(place: QRect) -> QRect:
    """Return a rectangle that lies on a screen: as it is where its title row can be reached."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if not screens:
        return place
    title = QRect(place.left(), place.top(), place.width(), 24)
    for area in screens:
        reach = area.intersected(title)
        if reach.width() >= min(120, place.width()) and reach.height() >= 12:
            return place
    area = max(
        screens,
        key=lambda one: (
            one.intersected(place).width() * one.intersected(place).height(),
            -(one.center() - place.center()).manhattanLength(),
        ),
    )
    width, height = min(place.width(), area.width()), min(place.height(), area.height())
    left = min(max(place.left(), area.left()), area.right() + 1 - width)
    top = min(max(place.top(), area.top()), area.bottom() + 1 - height)
    return QRect(left, top, width, height)

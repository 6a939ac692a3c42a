"""The graphics view of a chart: hands every event to the chart's gestures, none to the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTableView,
)

from ui import theme
from ui.heatmap import gl_probe
from ui.heatmap.frame_times import PAINTS
from ui.heatmap.gl_viewport import GlViewport
from ui.heatmap.still import StillPicture

if TYPE_CHECKING:
    from ui.heatmap.gestures import Gestures

_KEEP_KEYS = (QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTableView)
"""What is being typed into or walked through keeps the keys when the mouse crosses a chart."""


class ChartView(pg.GraphicsView):  # type: ignore[misc]
    """A `pyqtgraph.GraphicsView` whose scene only draws.

    It shows itself in an OpenGL widget where `gl_probe` decided so, and never changes that while
    it lives.

    Signals
    -------
    painted : the end of a paint was reached.
    """

    painted = Signal()

    def __init__(self) -> None:
        super().__init__(background=theme.Palette.GROUND)
        self.setCentralWidget(None)
        self.gestures: Gestures | None = None
        self.still = StillPicture(self)
        if gl_probe.current().opengl:
            self.setViewport(GlViewport())
            # an OpenGL picture is always made whole
            self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        # the ground is one colour: a copy of it costs more than to fill
        self.setCacheMode(self.CacheModeFlag.CacheNone)
        # the scene's ground covers everything: nothing needs to be erased under it
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the scene, unless there is no context to paint it in."""
        viewport = self.viewport()
        if isinstance(viewport, GlViewport) and not viewport.isValid():
            return
        began_s = PAINTS.begin()
        chart = self.gestures.chart if self.gestures is not None else None
        copied = (
            chart is not None
            # a card paints sooner than a copy is made, but it would not hold still
            and (chart.paused or not isinstance(viewport, GlViewport))
            and self.still.paint(chart.scene_key(), wanted=chart.wants_still, at_once=chart.paused)
        )
        if not copied:
            super().paintEvent(event)
        if chart is not None:
            chart.pointer.painted()
        PAINTS.end(began_s)
        self.painted.emit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Lay the chart out anew."""
        super().resizeEvent(event)
        # the base class resizes itself before our own attributes exist
        gestures = getattr(self, "gestures", None)
        if gestures is not None:
            gestures.chart.relayout()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag."""
        if self.gestures is not None:
            self.gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or move the crosshair."""
        if self.gestures is not None:
            self.gestures.move(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        if self.gestures is not None:
            self.gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Reset what is under the cursor."""
        if self.gestures is not None:
            self.gestures.double_click(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor."""
        if self.gestures is not None:
            self.gestures.wheel(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take the keys while nothing else needs them: they act on the chart pointed at."""
        super().enterEvent(event)
        self._take_keys()

    def _take_keys(self) -> None:
        if self.isActiveWindow() and not isinstance(QApplication.focusWidget(), _KEEP_KEYS):
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the crosshair."""
        del event
        if self.gestures is not None:
            self.gestures.leave()
            if not self.gestures.chart.wants_still:
                self.still.drop()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Leave the menu to whoever holds the chart."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Use the chart's keys, pass the others on."""
        if self.gestures is None or not self.gestures.key(event):
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Claim the chart's Alt keys before a menu bar takes them for its own."""
        gestures = getattr(self, "gestures", None)
        override = event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and gestures is not None and gestures.claims(event):
            event.accept()
            return True
        if event.type() is QEvent.Type.WindowActivate and self.underMouse():
            # the mouse was here before the window had the keys to give
            self._take_keys()
        return bool(super().event(event))

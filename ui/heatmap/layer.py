"""A sheet over the plot: draws in the plot's own pixels and never lets an error out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QStyleOptionGraphicsItem, QWidget

if TYPE_CHECKING:
    from heatdesk.views.viewport import ChartWindow

log = logging.getLogger(__name__)


class Layer(QGraphicsObject):
    """One drawing over the heatmap, in logical pixels of the plot.

    A subclass overrides `draw`. An exception in a Qt paint call would end the process, so
    `paint` logs it once and leaves the sheet empty.
    """

    def __init__(self, parent: QGraphicsItem | None = None, z: float = 10.0) -> None:
        super().__init__(parent)
        self.setZValue(z)
        self._rect = QRectF(0, 0, 1, 1)
        self._window: ChartWindow | None = None
        self._told = ""
        self._version = 0

    @property
    def version(self) -> int:
        """Rises with everything that makes the drawing look different."""
        return self._version

    def update(self, *area: Any) -> None:
        """Draw anew what looks different now."""
        self._version += 1
        super().update(*area)

    def look_at(self, window: ChartWindow) -> None:
        """Draw for another window."""
        if window == self._window:
            return
        self._window = window
        rect = QRectF(0, 0, window.width_px, window.height_px)
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect
        self.update()

    def boundingRect(self) -> QRectF:
        """All of the plot."""
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw; an error is logged once and goes no further."""
        del option, widget
        if self._window is None:
            return
        painter.save()
        try:
            self.draw(painter, self._window)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            if told != self._told:
                self._told = told
                log.exception("%s could not be drawn", type(self).__name__)
        finally:
            painter.restore()

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw for a window."""
        raise NotImplementedError


def snapped(value_px: float, painter: QPainter) -> float:
    """Nearest edge of a device pixel, so that thin lines stay crisp at any scale."""
    ratio = painter.device().devicePixelRatio() if painter.device() is not None else 1.0
    return round(value_px * ratio) / ratio

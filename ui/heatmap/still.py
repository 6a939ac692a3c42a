"""The last picture of a chart's scene, kept while a mouse moves over it."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QPainter, QPixmap

if TYPE_CHECKING:
    import pyqtgraph as pg


class StillPicture:
    """Shows a scene that did not change from a copy, instead of drawing every layer again.

    The sheets over a chart are see-through: each move of the crosshair makes Qt paint what lies
    under its strips. The copy is made when the same scene is asked for a second time, so that a
    scene that changes with every paint is never drawn twice.

    Parameters
    ----------
    view : GraphicsView

    Attributes
    ----------
    made : int
        How many copies were made so far.
    """

    def __init__(self, view: pg.GraphicsView) -> None:
        self.made = 0
        self._view = view
        self._key: tuple[Hashable, ...] = ()
        self._picture: QPixmap | None = None

    @property
    def held(self) -> bool:
        """Whether a copy is kept."""
        return self._picture is not None

    def drop(self) -> None:
        """Keep no memory."""
        self._picture = None

    def paint(self, scene_key: Hashable, *, wanted: bool, at_once: bool = False) -> bool:
        """Paint the scene from the copy, inside the view's paint event.

        Parameters
        ----------
        scene_key : hashable
            Equal only while the scene looks the same.
        wanted : bool
            Whether a copy is worth its memory now.
        at_once : bool
            Copy the scene when it is first asked for: what it shows may change unannounced.

        Returns
        -------
        bool
            False when the scene is to be painted as usual.
        """
        painter = QPainter(self._view.viewport())
        try:
            # a view may begin on a part of a device pixel: so does the copy
            transform = painter.deviceTransform()
            part = (transform.dx() % 1.0, transform.dy() % 1.0)
            ratio = painter.device().devicePixelRatioF()
            size = self._view.viewport().size()
            key = (scene_key, size.width(), size.height(), ratio, *part)
            if key != self._key:
                self._key, self._picture = key, None
                if not at_once:
                    return False
            corner = QPointF(part[0] / ratio, part[1] / ratio)
            if self._picture is None:
                if not wanted:
                    return False
                self._picture = self._copy(ratio, corner)
            if self._picture is None:
                return False
            painter.drawPixmap(-corner, self._picture)
        finally:
            painter.end()
        return True

    def _copy(self, ratio: float, corner: QPointF) -> QPixmap | None:
        """Draw the scene into a picture; None where there is no memory for one."""
        room = QRect(self._view.viewport().rect())
        picture = QPixmap(math.ceil(room.width() * ratio + 1), math.ceil(room.height() * ratio + 1))
        if picture.isNull():
            return None
        picture.setDevicePixelRatio(ratio)
        picture.fill(self._view.backgroundBrush().color())
        painter = QPainter(picture)
        try:
            painter.setRenderHints(self._view.renderHints())
            self._view.render(painter, QRectF(room).translated(corner), room)
        finally:
            painter.end()
        self.made += 1
        return picture

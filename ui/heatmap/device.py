"""Which pixels of a paint device show an item's columns."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPixmap, QTransform

from heatdesk.store.grid import GridSpec
from ui.heatmap.painting import DeviceView, on_whole_pixels

_HAIR_PX = 1e-3
"""Less than this is the rounding of large times and prices, not a part of a pixel."""

_Edges = tuple[int, int, int, int]


def device_view(item: pg.GraphicsObject, painter: QPainter, grid: GridSpec) -> DeviceView | None:
    """Device pixels that show columns; None when there is none or the view is no plain one.

    A column reaches over all prices in view: where nobody reported, that is told.

    Parameters
    ----------
    item : GraphicsObject
        Its coordinates are epoch seconds and prices; its bounding rectangle holds all columns.
    """
    transform = painter.deviceTransform()
    numbers = (transform.m11(), transform.m22(), transform.dx(), transform.dy())
    if not all(math.isfinite(number) for number in numbers):
        return None
    plain = transform.m12() == 0 and transform.m21() == 0 and transform.isAffine()
    if not plain or transform.m11() == 0 or transform.m22() == 0:
        return None
    room = _room(item, painter, transform)
    if room is None:
        return None
    cells = on_whole_pixels(transform, grid)
    extent = _on_device(cells, item.boundingRect())
    # a pixel shows the cell under its centre
    left, right = math.ceil(extent.left() - 0.5), math.ceil(extent.right() - 0.5)
    left, right = max(left, room[0]), min(right, room[2])
    top, bottom = room[1], room[3]
    if right <= left or bottom <= top:
        return None
    ratio = painter.device().devicePixelRatioF()
    return DeviceView(
        left, top, right, bottom, cells.m11(), cells.dx(), cells.m22(), cells.dy(), ratio
    )


def _room(item: pg.GraphicsObject, painter: QPainter, transform: QTransform) -> _Edges | None:
    """Left, top, right and bottom of the pixels that may be painted; None where none may."""
    view_box = item.getViewBox()
    if view_box is None:
        # the whole device; inside a chart it is not, since a grabbed window paints views off-origin
        device = painter.device()
        # of a picture the size counts device pixels already
        ratio = 1.0 if isinstance(device, QImage | QPixmap) else device.devicePixelRatioF()
        return 0, 0, math.ceil(device.width() * ratio), math.ceil(device.height() * ratio)
    # its bounding rectangle would be half a pixel larger than what it shows
    shown = item.mapRectFromScene(view_box.mapRectToScene(view_box.rect()))
    clip = _on_device(transform, shown)
    edges = (clip.left(), clip.top(), clip.right(), clip.bottom())
    if not all(math.isfinite(edge) for edge in edges):
        return None
    # at the view's edge a part of a pixel counts
    return (
        math.floor(edges[0] + _HAIR_PX),
        math.floor(edges[1] + _HAIR_PX),
        math.ceil(edges[2] - _HAIR_PX),
        math.ceil(edges[3] - _HAIR_PX),
    )


def _on_device(transform: QTransform, rect: QRectF) -> QRectF:
    """Map without Qt's own rounding of rectangles: corners in double precision."""
    x0 = transform.dx() + rect.left() * transform.m11()
    x1 = transform.dx() + rect.right() * transform.m11()
    y0 = transform.dy() + rect.top() * transform.m22()
    y1 = transform.dy() + rect.bottom() * transform.m22()
    return QRectF(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))

"""Many rectangles and long lines from arrays: one call of the painter, no object for each."""

from __future__ import annotations

import math
from ctypes import c_double
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF
from shiboken6 import Shiboken

Float64Array = NDArray[np.float64]


def pixel_ratio(painter: QPainter) -> float:
    """Device pixels of a logical one."""
    return float(painter.device().devicePixelRatio())


def snapped_all(values_px: Float64Array, ratio: float) -> Float64Array:
    """Nearest edges of device pixels, so that thin lines stay crisp at any scale."""
    snapped: Float64Array = np.rint(values_px * ratio) / ratio
    return snapped


def thin_px(ratio: float) -> float:
    """Logical width of a thin line: about one pixel, and a whole number of device pixels."""
    return max(1.0, math.floor(ratio + 0.49)) / ratio


def rect_rows(left: ArrayLike, top: ArrayLike, width: ArrayLike, height: ArrayLike) -> Float64Array:
    """Rectangles as (n, 4) float64 from arrays or single numbers, logical pixels."""
    columns = np.broadcast_arrays(
        *(np.asarray(one, np.float64) for one in (left, top, width, height))
    )
    return np.column_stack([column.reshape(-1) for column in columns])


def draw_rects(painter: QPainter, rows: Float64Array) -> None:
    """Draw rectangles with the painter's pen and brush.

    Parameters
    ----------
    rows : (n, 4) float64
        Left, top, width and height.
    """
    if rows.shape[0] == 0:
        return
    rows = np.ascontiguousarray(rows, np.float64)
    # the painter reads n rectangles from the address of the first; a QRectF is four doubles
    first = cast("QRectF", Shiboken.wrapInstance(rows.ctypes.data, QRectF))
    painter.drawRects(first, rows.shape[0])


def draw_polyline(painter: QPainter, x: Float64Array, y: Float64Array) -> None:
    """Draw a line through points, logical pixels."""
    if x.size == 0:
        return
    line = QPolygonF()
    line.resize(x.size)
    # its points lie in one piece, two doubles each
    address = Shiboken.getCppPointer(cast("Shiboken.Object", line.data()))[0]
    points = np.ctypeslib.as_array((c_double * (2 * x.size)).from_address(address)).reshape(-1, 2)
    points[:, 0], points[:, 1] = x, y
    painter.drawPolyline(line)


def draw_dashes(
    painter: QPainter,
    start: tuple[float, float],
    length_px: float,
    colour: QColor,
    pattern: tuple[float, float],
    *,
    upright: bool = False,
) -> None:
    """Draw a thin dashed line, crisp at any scale; many times faster than a pen with dashes.

    Parameters
    ----------
    start : (x, y)
        Left or upper end, logical pixels.
    pattern : (float, float)
        Length of a dash and of the space after it.
    """
    dash, space = pattern
    ratio = pixel_ratio(painter)
    thin = thin_px(ratio)
    at = np.arange(0.0, length_px, dash + space)
    ends = snapped_all(np.minimum(at + dash, length_px), ratio)
    at = snapped_all(at, ratio)
    x, y = (round(value * ratio) / ratio for value in start)
    long = ends - at
    rows = rect_rows(x, y + at, thin, long) if upright else rect_rows(x + at, y, long, thin)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    draw_rects(painter, rows)

"""A widget drawn into a picture at any scale, its charts included."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QGraphicsView, QWidget

LARGEST_SIDE_PX = 16_384
"""Longer pictures are not made: other programs could not open them."""
_WITH_GROUND = QWidget.RenderFlag.DrawWindowBackground
_AS_IT_IS = QWidget.RenderFlag(0)


def blank(size: QSize, scale: float) -> QImage:
    """Return an empty picture of a size in pixels of the screen; what fits is kept of the scale."""
    longest = max(size.width(), size.height(), 1)
    scale = min(scale, LARGEST_SIDE_PX / longest)
    image = QImage(
        max(1, round(size.width() * scale)),
        max(1, round(size.height() * scale)),
        QImage.Format.Format_RGB32,
    )
    image.setDevicePixelRatio(scale)
    image.fill(0)
    return image


def paint_widget(
    painter: QPainter,
    widget: QWidget,
    at: QPoint,
    flags: QWidget.RenderFlag = _WITH_GROUND,
) -> None:
    """Draw a widget and what is in it.

    Charts are drawn from their scenes, as sharp as the picture is: a grab of an OpenGL view is
    blank in a hidden window, and one of the screen has the screen's pixels.

    Parameters
    ----------
    at : QPoint
        Where its upper left corner comes to lie.
    flags : RenderFlag
        Whether it has a ground of its own; what lies in another widget has that one's.
    """
    painter.save()
    painter.translate(at)
    painter.setClipRect(widget.rect(), Qt.ClipOperation.IntersectClip)
    if isinstance(widget, QGraphicsView):
        viewport = widget.viewport()
        target = QRectF(viewport.geometry())
        widget.render(painter, target, viewport.rect(), Qt.AspectRatioMode.IgnoreAspectRatio)
        _paint_children(painter, viewport, viewport.pos())
        _paint_children(painter, widget, QPoint(0, 0), but=viewport)
    else:
        widget.render(painter, QPoint(0, 0), QRegion(), flags)
        _paint_children(painter, widget, QPoint(0, 0))
    painter.restore()


def _paint_children(
    painter: QPainter, parent: QWidget, shift: QPoint, but: QWidget | None = None
) -> None:
    """Draw what lies in a widget, the lowest first."""
    for child in parent.children():
        if not isinstance(child, QWidget) or child is but or child.isWindow():
            continue
        if child.isVisibleTo(parent) and not child.size().isEmpty():
            paint_widget(painter, child, child.pos() + shift, _AS_IT_IS)

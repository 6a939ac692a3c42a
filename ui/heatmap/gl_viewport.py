"""The OpenGL widget that a chart shows itself in, and pictures of it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QGraphicsView


class GlViewport(QOpenGLWidget):
    """Viewport of a graphics view.

    On screen the view paints it like any viewport. A picture (`QWidget.grab` of this widget or of
    any window around it) takes the widget's own painting instead, which Qt leaves blank for a
    viewport: here the view is painted then, with its items told that it is no live screen.
    """

    def paintGL(self) -> None:
        """Paint the view for a picture."""
        view = self.parent()
        if not isinstance(view, QGraphicsView):
            return
        painter = QPainter(self)
        view.render(painter, QRectF(self.rect()), self.rect())
        painter.end()

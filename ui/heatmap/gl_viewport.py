"""The OpenGL widget that a chart shows itself in, and pictures of it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QGraphicsView, QWidget

from ui.heatmap import gl_probe


class GlViewport(QOpenGLWidget):
    """Viewport of a graphics view.

    On screen the view paints it like any viewport. A picture (`QWidget.grab` of this widget or of
    any window around it) takes the widget's own painting instead, which Qt leaves blank for a
    viewport: here the view is painted then, with its items told that it is no live screen.
    """

    def __init__(self) -> None:
        super().__init__()
        # without a pixel Qt complains that it can make no texture
        self.setMinimumSize(1, 1)

    def paintGL(self) -> None:
        """Paint the view for a picture."""
        view = self.parent()
        if not isinstance(view, QGraphicsView):
            return
        painter = QPainter(self)
        view.render(painter, QRectF(self.rect()), self.rect())
        painter.end()

    def finish(self) -> None:
        """Wait until everything sent to the graphics card is drawn: for who measures."""
        self.makeCurrent()
        self.context().functions().glFinish()
        self.doneCurrent()


def expect_charts(window: QWidget) -> None:
    """Make a window ready for OpenGL before it is shown.

    Qt closes and opens a shown window again when it gets its first OpenGL widget, which flickers;
    one that is there from the start, hidden, keeps it from that.
    """
    if gl_probe.current().opengl:
        seed = QOpenGLWidget(window)
        seed.resize(1, 1)
        seed.hide()

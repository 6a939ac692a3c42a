"""The market map: a scatter of dots that is zoomed, panned, searched and read by hovering."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QVariantAnimation,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from heatdesk.views.dot_axes import DotView, fit_view
from ui.dots.paint import DotPainter
from ui.dots.picture import DotPicture, Fixture
from ui.theme import Palette, colour

log = logging.getLogger(__name__)

_ZOOM_STEP = 0.85
_DRAG_FROM_PX = 3
_SOFT_MS = 260


@dataclass(slots=True)
class _Drag:
    """A hand on the chart: where it took hold, of what, and of which view."""

    start: QPointF
    zone: str
    view: DotView
    moved: bool = False


class DotChart(QWidget):
    """Draws a `DotPicture`; the panel decides what is in it.

    The wheel zooms at the cursor (over an axis, or with Ctrl, one direction only), dragging
    pans (on an axis: scales), a double click fits again. While the user has not zoomed, the
    view follows new data softly; it never moves under a dragging hand.

    Signals
    -------
    hovered : id of the dot under the mouse, empty outside.
    picked : id of a dot that was clicked.
    """

    hovered = Signal(str)
    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: DotPicture | None = None
        self._fitted = DotView(-1.0, 1.0, -1.0, 1.0)
        self._view = self._fitted
        self._zoomed = False
        self._drag: _Drag | None = None
        self._hover_id = ""
        self._marked_id = ""
        self._broken = False
        self._painter = DotPainter()
        self._soft = QVariantAnimation(self)
        self._soft.setStartValue(0.0)
        self._soft.setEndValue(1.0)
        self._soft.setDuration(_SOFT_MS)
        self._soft.valueChanged.connect(self._step)
        self._soft_from = self._soft_to = self._view
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # -- what is shown

    @property
    def view(self) -> DotView:
        """The rectangle in view, in places of the two scales."""
        return self._view

    @property
    def zoomed(self) -> bool:
        """Whether the user chose the view."""
        return self._zoomed

    @property
    def picture(self) -> DotPicture | None:
        """What is shown."""
        return self._picture

    @property
    def ids(self) -> tuple[str, ...]:
        """Dots drawn, largest first."""
        return self._picture.ids if self._picture is not None else ()

    @property
    def plot(self) -> QRectF:
        """Where dots are; the axes lie beside it."""
        return self._frame().plot if self._picture is not None else QRectF(self.rect())

    @property
    def fit_button(self) -> QRectF:
        """Where the button is that fits again; it counts only while zoomed."""
        return self._frame().fit_button if self._picture is not None else QRectF()

    @property
    def hover_id(self) -> str:
        """Dot under the mouse; empty when none is."""
        return self._hover_id

    @property
    def marked_id(self) -> str:
        """Dot that is ringed and told about without a mouse; empty when none is."""
        return self._marked_id

    def set_picture(self, picture: DotPicture | None, *, refit: bool = False) -> None:
        """Show other dots.

        ``refit`` drops the user's zoom: the axes mean something else now.
        """
        first = self._picture is None or refit
        self._picture = picture
        if picture is None:
            self._hover_id = self._marked_id = ""
            self._zoomed = False
            self.update()
            return
        known = set(picture.ids)
        self._hover_id = self._hover_id if self._hover_id in known else ""
        self._marked_id = self._marked_id if self._marked_id in known else ""
        x_line, y_line = picture.x_scale.place_one(1.0), picture.y_scale.place_one(0.0)
        self._fitted = fit_view(picture.x, picture.y, x_line, y_line)
        if first:
            self._zoomed = False
            self._go(self._fitted, soft=False)
        elif not self._zoomed and self._drag is None and not self._view.serves(self._fitted):
            self._go(self._fitted, soft=True)
        self.update()

    def mark(self, dot_id: str) -> None:
        """Ring a dot and show its card; bring it into view. Empty: none."""
        self._marked_id = dot_id
        place = self.dot_place(dot_id)
        if place is not None and self._zoomed and not self._frame().plot.contains(place):
            self.reset_view()
        self.update()

    def reset_view(self) -> None:
        """Fit everything again."""
        self._zoomed = False
        self._go(self._fitted, soft=True)

    def dot_at(self, place: QPoint | QPointF) -> str:
        """Id of the dot at a point: of those that lie there the topmost, else a near one."""
        if self._picture is None:
            return ""
        return self._frame().hit(QPointF(place))

    def dot_place(self, dot_id: str) -> QPointF | None:
        """Where a dot is, pixels; at the edge when it is marked there, None when unknown."""
        if self._picture is None:
            return None
        frame = self._frame()
        index = frame.index_of(dot_id)
        return None if index is None else QPointF(frame.px[index], frame.py[index])

    def found_ids(self) -> list[str]:
        """Dots that the search names, largest first."""
        if self._picture is None or self._picture.found is None:
            return []
        pairs = zip(self._picture.ids, self._picture.found, strict=True)
        return [dot_id for dot_id, named in pairs if named]

    def dot_visible(self, dot_id: str) -> bool:
        """Tell whether any of a dot is in view."""
        if self._picture is None:
            return False
        frame = self._frame()
        index = frame.index_of(dot_id)
        return index is not None and bool(frame.shown[index])

    def label_words(self) -> dict[str, str]:
        """Names written beside dots, by id."""
        return self._painter.label_words(self._frame()) if self._picture is not None else {}

    def zoom_about(self, place: QPointF, factor: float) -> None:
        """Come closer to a point (a factor below 1) or step back."""
        if self._picture is not None:
            x, y = self._frame().at(place)
            self._take(self._view.zoomed(x, y, factor, factor))

    def label_rects(self) -> dict[str, QRectF]:
        """Rectangles of the names written beside dots, by id."""
        return self._painter.label_rects(self._frame()) if self._picture is not None else {}

    def card_rect(self) -> QRectF | None:
        """Rectangle of the card, None while none is shown."""
        told = self._hover_id or self._marked_id
        if self._picture is None or not told:
            return None
        return self._painter.card_rect(self._frame(), told)

    # -- Qt

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(640, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint; an error is logged once and never escapes."""
        del event
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), colour(Palette.GROUND))
            if self._picture is not None and self.width() > 60 and self.height() > 50:
                self._painter.paint(painter, self._frame())
        except Exception:
            if not self._broken:
                log.exception("the market map could not be painted")
            self._broken = True
        finally:
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Nothing moves in places; pixels follow."""
        super().resizeEvent(event)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor; over an axis, or with Ctrl, in one direction."""
        if self._picture is None or self._drag is not None:
            event.ignore()
            return
        turns = event.angleDelta().y() / 120 or event.pixelDelta().y() / 60
        frame, at = self._frame(), event.position()
        zone = frame.zone(at)
        only_y = zone == "y" or bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        factor = _ZOOM_STEP**turns
        x, y = frame.at(at)
        view = self._view.zoomed(x, y, 1.0 if only_y else factor, 1.0 if zone == "x" else factor)
        self._take(view)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the chart or of an axis."""
        if event.button() == Qt.MouseButton.LeftButton and self._picture is not None:
            frame = self._frame()
            if self._zoomed and frame.fit_button.contains(event.position()):
                self.reset_view()
            else:
                self._soft.stop()
                self._drag = _Drag(event.position(), frame.zone(event.position()), self._view)
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, scale, or tell what is under the mouse."""
        if self._drag is None:
            self._hover(self.dot_at(event.position()))
            self._show_cursor(event.position())
            return
        offset = event.position() - self._drag.start
        if not self._drag.moved and offset.manhattanLength() < _DRAG_FROM_PX:
            return
        if not self._drag.moved:
            self._drag.moved = True
            self._hover("")
            if self._drag.zone == "plot":
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._take(self._dragged(self._drag, offset))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if event.button() == Qt.MouseButton.LeftButton and self._drag is not None:
            if not self._drag.moved:
                picked = self.dot_at(event.position().toPoint())
                self.mark(picked)
                if picked:
                    self.picked.emit(picked)
            self._drag = None
            self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit again."""
        if event.button() == Qt.MouseButton.LeftButton and self._picture is not None:
            self._drag = None
            self.reset_view()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse any more."""
        super().leaveEvent(event)
        self._hover("")

    # -- inside

    def _frame(self) -> Fixture:
        assert self._picture is not None
        return Fixture.of(
            self._picture,
            self._view,
            (float(self.width()), float(self.height())),
            hover_id=self._hover_id,
            marked_id=self._marked_id,
            zoomed=self._zoomed,
        )

    def _hover(self, dot_id: str) -> None:
        if dot_id != self._hover_id:
            self._hover_id = dot_id
            self.hovered.emit(dot_id)
            self.update()

    def _show_cursor(self, place: QPointF) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._picture is not None:
            frame = self._frame()
            zone = frame.zone(place)
            if zone == "x":
                shape = Qt.CursorShape.SizeHorCursor
            elif zone == "y":
                shape = Qt.CursorShape.SizeVerCursor
            elif self._zoomed and frame.fit_button.contains(place):
                shape = Qt.CursorShape.PointingHandCursor
        self.setCursor(shape)

    def _dragged(self, drag: _Drag, offset: QPointF) -> DotView:
        view, plot = drag.view, self._frame().plot
        across, up = (view.x1 - view.x0) / plot.width(), (view.y1 - view.y0) / plot.height()
        if drag.zone == "plot":
            return view.moved(-offset.x() * across, offset.y() * up)
        middle_x, middle_y = (view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2
        if drag.zone == "x":
            return view.zoomed(middle_x, middle_y, math.exp(-offset.x() / 180), 1.0)
        return view.zoomed(middle_x, middle_y, 1.0, math.exp(offset.y() / 180))

    def _take(self, view: DotView) -> None:
        """Show a view the user chose."""
        self._soft.stop()
        self._zoomed = True
        self._view = view.limited(self._fitted)
        self.update()

    def _go(self, view: DotView, *, soft: bool) -> None:
        self._soft.stop()
        if not soft or not self.isVisible():
            self._view = view
            self.update()
            return
        self._soft_from, self._soft_to = self._view, view
        self._soft.start()

    def _step(self, share: object) -> None:
        if isinstance(share, float):
            # easing out: fast at first, then calm
            self._view = self._soft_from.toward(self._soft_to, 1.0 - (1.0 - share) ** 3)
            self.update()

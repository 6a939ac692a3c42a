"""Where the columns of a live picture begin: what lies before it is not empty, nobody listened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF

from heatdesk.views.delta import since_text
from ui import theme
from ui.heatmap.layer import Layer, snapped
from ui.heatmap.marks import CAPTION_PX, EdgeLayer
from ui.heatmap.shapes import draw_dashes

if TYPE_CHECKING:
    from datetime import tzinfo

    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.views.camera import Camera
    from heatdesk.views.viewport import ChartWindow


class BeginningLayer(Layer):
    """A line at the first column and, left of it, since when there are columns.

    Attributes
    ----------
    text : str
        What was drawn last; empty while all of the view is later.
    """

    def __init__(self, parent: QGraphicsItem | None = None, z: float = 6.0) -> None:
        super().__init__(parent, z)
        self.text = ""
        self._what = ""
        self._first_s: float | None = None
        self._zone: tzinfo | None = None
        self._view_kept = False

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write the moment in a zone."""
        if zone != self._zone:
            self._zone = zone
            self.update()

    def forget(self, *, view_kept: bool) -> None:
        """Other columns come, seen through the view that was or through a fresh one."""
        self._view_kept = view_kept
        self.set_first(None)

    def set_first(self, first_s: float | None, what: str = "") -> None:
        """Tell where the first column begins, epoch seconds; None where that means nothing."""
        if (first_s, what) != (self._first_s, self._what):
            self._first_s, self._what = first_s, what
            self.update()

    def begins(self, first_s: float, what: str, camera: Camera) -> None:
        """Tell where live columns begin, and let a view that shows hardly any of them follow.

        A view of earlier minutes is kept when the height of a level changes. What is live then
        begins anew, and such a view would stay empty for as long as nobody touches it.
        """
        self.set_first(first_s, what)
        kept, self._view_kept = self._view_kept, False
        window = camera.window
        if kept and not camera.follows and first_s > (window.t0_s + window.t1_s) / 2:
            camera.go_live()

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the line, and the words where there is room for them."""
        self.text = ""
        if self._first_s is None or self._first_s <= window.t0_s:
            return
        x = window.x_of(self._first_s)
        faint = theme.colour(theme.Palette.CROSSHAIR, 0.45)
        if x < window.width_px:
            line = (snapped(x, painter), 0.0)
            draw_dashes(painter, line, window.height_px, faint, (2.0, 3.0), upright=True)
        since = since_text(round(self._first_s * 1000), self._zone, window.span_s)
        words = f"{self._what} {since}"
        font = theme.font(theme.SMALL_PX)
        painter.setFont(font)
        width = QFontMetricsF(font).horizontalAdvance(words) + 10
        right = min(x - 3, window.width_px - EdgeLayer.room_px(window.width_px) - 8)
        if right < width + 4:
            return
        self.text = words
        # a row below the chips in the corners
        box = QRectF(right - width, CAPTION_PX + 4, width, 16)
        painter.fillRect(box, theme.colour(theme.Palette.GROUND, 0.75))
        painter.setPen(QColor(theme.Palette.TEXT_DIM))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

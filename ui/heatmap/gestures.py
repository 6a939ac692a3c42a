"""What wheel, drag, double-click and keys do to a price-time chart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QWheelEvent

from heatdesk.views.camera import ZOOM_PER_NOTCH, wheel_factor
from ui.heatmap.tools import ON_LINE

if TYPE_CHECKING:
    from heatdesk.views.viewport import ChartWindow
    from ui.heatmap.chart import PriceTimeChart

_START_PX = 3.0
"""A press that moves less than this is a click."""
_STEP_RATIO, _BIG_STEP_RATIO = 0.08, 0.5
_KEY = Qt.Key
_WAYS = {"left": (1, 0), "right": (-1, 0), "up": (0, 1), "down": (0, -1)}
"""Where the picture goes to show what lies to a side."""
_CURSORS = {
    "plot": Qt.CursorShape.CrossCursor,
    "time": Qt.CursorShape.SizeHorCursor,
    "price": Qt.CursorShape.SizeVerCursor,
    "corner": Qt.CursorShape.PointingHandCursor,
    "strip": Qt.CursorShape.CrossCursor,
    "splitter": Qt.CursorShape.SplitVCursor,
}


class Gestures:
    """The hand on a chart; all geometry is the camera's.

    Parameters
    ----------
    chart : PriceTimeChart
    """

    def __init__(self, chart: PriceTimeChart) -> None:
        self.chart = chart
        self._area: str | None = None
        self._last = QPointF()
        self._start = QPointF()
        self._before: tuple[ChartWindow, bool, bool, float] | None = None
        self._alt_seen = False

    @property
    def dragging(self) -> bool:
        """Whether a drag is under way."""
        return self.chart.camera.held

    def area_of(self, at: QPointF) -> str:
        """Part of the chart under a point.

        ``plot``, ``time``, ``price``, ``corner``, and where there is one ``strip``, the small
        plot below, with the ``splitter`` at its upper edge.
        """
        plot, flow = self.chart.plot_rect, self.chart.flow
        if flow.on_splitter(at):
            return "splitter"
        bottom = plot.bottom() + flow.strip_rect.height()
        right, below = at.x() >= plot.right(), at.y() >= bottom
        if right and below:
            return "corner"
        if not below and at.y() >= plot.bottom():
            return "strip"
        return "price" if right else "time" if below else "plot"

    # -- mouse

    def press(self, event: QMouseEvent) -> None:
        """Take hold of the plot or of an axis."""
        if event.button() not in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            return
        area = self.area_of(event.position())
        if self.chart.tools.press(event, area):
            return
        self._area = area
        self._start = self._last = event.position()
        camera = self.chart.camera
        strip_px = self.chart.flow.strip_px
        self._before = (camera.window, camera.follows, camera.price_auto, strip_px)

    def move(self, at: QPointF) -> None:
        """Drag what is held, else move the crosshair."""
        if self.chart.tools.move(at):
            self.chart.point_at(at)
            return
        area = self._area or self.area_of(at)
        camera = self.chart.camera
        if self._area is not None and not camera.held:
            far = (at - self._start).manhattanLength() >= _START_PX
            camera.held = far and self._area != "corner"
        if camera.held:
            dx, dy = at.x() - self._last.x(), at.y() - self._last.y()
            self._last = at
            drags: dict[str, Callable[[], None]] = {
                "plot": lambda: camera.pan(dx, dy),
                "strip": lambda: camera.pan(dx, 0),
                "time": lambda: camera.stretch_time(dx),
                "splitter": lambda: self.chart.flow.drag_splitter(at),
                "price": lambda: camera.stretch_price(dy),
            }
            drags[area]()
            self.chart.apply_by_hand()
        else:
            on_line = area in {"plot", "price"} and self.chart.tools.line_at(at) is not None
            self.chart.view.viewport().setCursor(ON_LINE if on_line else _CURSORS[area])
        self.chart.point_at(at)
        self._magnify_while_alt()

    def _magnify_while_alt(self) -> None:
        """Show the magnifier where the keys go elsewhere, a text field perhaps."""
        alt = QGuiApplication.keyboardModifiers() == Qt.KeyboardModifier.AltModifier
        if alt and not self._alt_seen and not self.chart.camera.held:
            self.chart.pointer.magnify()
        # once ended by Esc it comes back only when Alt is pressed anew
        self._alt_seen = alt

    def release(self, event: QMouseEvent) -> None:
        """Let go; a click on the zone's tag switches it."""
        if self.chart.tools.release():
            return
        was_drag, area = self.dragging, self._area
        self._let_go()
        if not was_drag and area == "corner" and self.area_of(event.position()) == "corner":
            self.chart.zone_clicked.emit()

    def double_click(self, at: QPointF) -> None:
        """Reset both axes, or the one under the cursor."""
        self._let_go()
        camera = self.chart.camera
        resets: dict[str, Callable[[], None]] = {
            "plot": camera.reset,
            "time": camera.reset_time,
            "price": camera.reset_price,
            "strip": camera.reset_time,
            "splitter": self.chart.flow.reset_strip,
        }
        reset = resets.get(self.area_of(at))
        if reset is not None:
            reset()
        self.chart.apply_by_hand()

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom time at the cursor; with Ctrl, or over the price axis, the price."""
        delta = event.angleDelta().y() or event.angleDelta().x()
        event.accept()
        if not delta:
            return
        at = event.position()
        factor = wheel_factor(delta)
        by_price = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if by_price or self.area_of(at) == "price":
            self.chart.camera.zoom_price(factor, at.y() - self.chart.plot_rect.top())
        else:
            x = min(at.x(), self.chart.plot_rect.right()) - self.chart.plot_rect.left()
            self.chart.camera.zoom_time(factor, x)
        self.chart.apply_by_hand()
        self.chart.point_at(at)

    def leave(self) -> None:
        """Hide the crosshair; a drag goes on outside."""
        if not self.dragging:
            self.chart.point_at(None)

    def cancel(self) -> bool:
        """Undo the drag under way, or end the ruler; returns whether there was either."""
        if self.chart.tools.cancel():
            return True
        if not self.dragging or self._before is None:
            return False
        camera = self.chart.camera
        before, camera.follows, camera.price_auto, strip_px = self._before
        self.chart.flow.set_strip_px(strip_px, by_hand=True)
        camera.window = replace(
            before, width_px=camera.window.width_px, height_px=camera.window.height_px
        )
        self._let_go()
        self.chart.apply_by_hand()
        return True

    def _let_go(self) -> None:
        self._area, self._before = None, None
        self.chart.camera.held = False
        self.chart.catch_up()

    # -- keys

    def claims(self, event: QKeyEvent) -> bool:
        """Whether a key is the chart's own although a menu bar would like it."""
        if event.key() == _KEY.Key_Alt:
            others = event.modifiers() & ~Qt.KeyboardModifier.AltModifier
            return not others and self.chart.pointer.over_plot
        return bool(self.chart.meaning(event))

    def key(self, event: QKeyEvent) -> bool:
        """Act on a key; returns whether it meant anything here."""
        chart, key = self.chart, event.key()
        if key == _KEY.Key_Escape:
            plain = not event.modifiers()
            return chart.pointer.end_magnifying() or (
                plain and (self.cancel() or chart.point_at(None))
            )
        if key == _KEY.Key_Alt:
            self._alt_seen = True
            return self.claims(event) and (event.isAutoRepeat() or chart.pointer.magnify())
        return self.perform(chart.meaning(event))

    def perform(self, command: str) -> bool:
        """Do what a command of the catalogue says; returns whether it is one of the chart's."""
        act = self._acts().get(command)
        if act is None:
            return False
        act()
        self.chart.apply_by_hand()
        return True

    def _acts(self) -> dict[str, Callable[[], object]]:
        chart, camera = self.chart, self.chart.camera
        window = camera.window
        top = window.height_px / 2
        middle = window.width_px / 2
        if camera.follows and camera.newest_s is not None:
            middle = window.x_of(camera.newest_s)
        acts: dict[str, Callable[[], object]] = {
            "chart.follow": chart.toggle_follow,
            "chart.pause": chart.toggle_pause,
            "chart.reset": camera.reset,
            "chart.zoom_in": lambda: camera.zoom_time(ZOOM_PER_NOTCH, middle),
            "chart.zoom_out": lambda: camera.zoom_time(1 / ZOOM_PER_NOTCH, middle),
            "chart.zoom_in_price": lambda: camera.zoom_price(ZOOM_PER_NOTCH, top),
            "chart.zoom_out_price": lambda: camera.zoom_price(1 / ZOOM_PER_NOTCH, top),
            "chart.add_line": chart.tools.wish_line,
            "chart.add_alert": chart.tools.wish_alert,
            "chart.delete_line": chart.tools.delete_marked,
            "chart.refit": chart.legend.refit_wanted.emit,
            "chart.next_colours": partial(chart.palette_wanted.emit, 1),
            "chart.previous_colours": partial(chart.palette_wanted.emit, -1),
        }
        for far, share in (("", _STEP_RATIO), ("_far", _BIG_STEP_RATIO)):
            dx, dy = window.width_px * share, window.height_px * share
            for way, by in _WAYS.items():
                acts[f"chart.{way}{far}"] = partial(camera.pan, by[0] * dx, by[1] * dy)
        return acts

"""The price-time chart: heatmap, overlays, axes, legend, crosshair, and the view they share."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from datetime import tzinfo
from functools import partial

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from heatdesk.frames import Quote
from heatdesk.units import format_price
from heatdesk.views.camera import Camera
from heatdesk.views.colourings import Colouring
from heatdesk.views.contrast import transfer_table
from heatdesk.views.palettes import LIQUIDITY, Palette
from ui import theme
from ui.commands.catalogue import usual_meaning
from ui.heatmap.axes import TIME_AXIS_PX, AxisTag, PriceAxis, TimeAxis
from ui.heatmap.beginning import BeginningLayer
from ui.heatmap.candles import CandleLayer
from ui.heatmap.cell_numbers import CellNumberLayer
from ui.heatmap.flow import TradeFlow
from ui.heatmap.gestures import Gestures
from ui.heatmap.item import HeatmapItem
from ui.heatmap.layer import Layer
from ui.heatmap.legend import ContrastLegend
from ui.heatmap.linked_cross import LinkedCross
from ui.heatmap.marks import CAPTION_PX, EdgeLayer, GuideLayer, PriceLabelLayer
from ui.heatmap.offscreen import OffscreenLayer
from ui.heatmap.pointer import Pointer
from ui.heatmap.price_lines import PriceLineLayer
from ui.heatmap.tools import ChartTools
from ui.heatmap.view import ChartView

EDGE_GAP_PX = 22.0
"""Between the newest column and the profile at the right edge."""


def _pill_style() -> str:
    """Style sheet of the pill; amber while paused: what is shown is then older than known."""
    colours = theme.Palette
    return (
        f"QPushButton {{ background: {colours.ACCENT_DIM}; color: {colours.TEXT};"
        f" border: 1px solid {colours.ACCENT}; border-radius: 10px; padding: 1px 12px; }}"
        f"QPushButton:hover {{ background: {colours.ACCENT}; color: {colours.GROUND}; }}"
        f'QPushButton[paused="true"] {{ background: {colours.DEMO_GROUND};'
        f" color: {colours.WARN}; border-color: {colours.WARN}; }}"
    )


HoverRows = list[tuple[str, str]]
HoverReader = Callable[[float, float], HoverRows]
"""Rows of the hover card for a time (epoch seconds) and a price."""


class PriceTimeChart(QWidget):
    """A heatmap over time and price with everything a trader expects around it.

    The owner hands over data with the ``set_`` methods and `observe`, and tells by ``reader``
    what the hover card says. The chart itself asks nobody for data.

    Signals
    -------
    zone_clicked : the tag of the time zone was clicked.
    palette_wanted : the next palette is wanted (1, Alt+P) or the one before (-1, Alt+Shift+P).
    pause_changed : the picture is held still now, or runs again and is to be drawn anew.
    pointed : the mouse is at a time (epoch seconds) and a price; NaN, NaN where it left.
    looked : a hand brought another stretch of time into view, epoch seconds.
    """

    zone_clicked = Signal()
    palette_wanted = Signal(int)
    pause_changed = Signal()
    pointed = Signal(float, float)
    looked = Signal(float, float)

    def __init__(self, parent: QWidget | None = None, span_s: float = 3 * 3600.0) -> None:
        super().__init__(parent)
        self.camera = Camera(span_s)
        self.reader: HoverReader | None = None
        self.paused = False
        self.plot_rect = QRectF(0, 0, 1, 1)
        self.zone: tzinfo | None = None
        self.interval_ms = 60_000
        self.tick_size = 1.0
        self._settled = False
        self._palettes: tuple[Palette, ...] = (LIQUIDITY,)
        self._build_scene()
        self._build_overlays()
        self.legend = ContrastLegend()
        self.legend.changed.connect(self._recolour)
        self.legend.refit_wanted.connect(self.flow.refit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.view, 1)
        row.addWidget(self.legend)
        self.setFocusProxy(self.view)

    def _build_scene(self) -> None:
        self.view = ChartView()
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.box.setDefaultPadding(0)
        self.view.addItem(self.box)
        self.item = HeatmapItem()
        self.box.addItem(self.item, ignoreBounds=True)
        self.guides, self.edge = GuideLayer(self.box), EdgeLayer(self.box)
        self.numbers = CellNumberLayer(self.item, self.box)
        self.beginning = BeginningLayer(self.box)
        self.candles, self.best = CandleLayer(self.box), PriceLineLayer(self.box)
        self.labels = PriceLabelLayer(self.box)
        self.flow = TradeFlow(self, self.box)
        self.flow.room_changed.connect(self.relayout)
        self.offscreen = OffscreenLayer(self.edge, self.box)
        self.tools = ChartTools(self, self.box)
        self.time_axis, self.price_axis = TimeAxis(), PriceAxis()
        for part in (self.flow.strip, self.time_axis, self.price_axis):
            self.view.addItem(part)
        self.layers: tuple[Layer, ...] = (
            self.numbers,
            self.guides,
            self.beginning,
            self.edge,
            self.candles,
            self.best,
            self.flow.bubbles,
            self.flow.liquidations,
            self.tools.lines,
            self.labels,
            self.offscreen,
            self.tools.ruler,
            self.flow.strip,
            self.time_axis,
            self.price_axis,
        )
        self.meaning: Callable[[QKeyEvent], str] = usual_meaning
        self.gestures = Gestures(self)
        self.view.gestures = self.gestures

    def _build_overlays(self) -> None:
        self.pointer = Pointer(self)
        self.linked = LinkedCross(self)
        self.crosshair, self.card = self.pointer.crosshair, self.pointer.card
        self.pill = QPushButton("Live", self.view)
        self.pill.setObjectName("livePill")
        self.pill.setFont(theme.font(theme.SMALL_PX, bold=True))
        self.pill.setCursor(Qt.CursorShape.PointingHandCursor)
        self.pill.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.pill.setToolTip("Back to the newest column (Alt+F)")
        self.pill.setStyleSheet(_pill_style())
        self.pill.clicked.connect(self.go_live)
        self.pill.hide()

    # -- what the owner hands over

    def forget(self, span_s: float, *, keep_view: bool = False) -> None:
        """Start anew: nothing drawn, no pause, the usual view unless it is to be kept."""
        if not keep_view:
            self.camera.forget(span_s)
            self._settled = False
        if self.paused:
            self.paused = False
            self.pause_changed.emit()
        self.item.set_source(None)
        self.beginning.forget(view_kept=keep_view)
        self.candles.set_candles(None)
        self.best.follow(None)
        self.flow.forget()
        self.edge.set_profile((), 1.0)
        self.offscreen.set_totals(None, Quote.COIN, "")
        self.labels.set_labels(())
        self.tools.end_ruler()
        self.set_last_price(math.nan)
        self.apply()

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in a zone."""
        if zone == self.zone:
            return
        self.zone = zone
        self.time_axis.set_zone(zone)
        self.guides.set_zone(zone)
        self.beginning.set_zone(zone)
        self.flow.set_zone(zone)
        self.pointer.refresh()

    def set_grid(self, interval_ms: int, tick_size: float, example_price: float) -> None:
        """Fix the precision of times and prices."""
        finer = tick_size != self.tick_size
        self.interval_ms, self.tick_size = interval_ms, tick_size
        if finer:
            self.tools.show_tags()
        if self.price_axis.set_tick_size(tick_size, example_price):
            self.relayout()

    def set_last_price(self, price: float, detail: str = "", *, up: bool | None = None) -> None:
        """Mark the last price on the plot and, with a detail such as the spread, on its axis."""
        self.guides.set_last_price(price)
        if not math.isfinite(price):
            self.price_axis.set_tags(())
            return
        ground = theme.Palette.TEXT
        if up is not None:
            ground = theme.Palette.UP if up else theme.Palette.DOWN
        text = format_price(price, self.tick_size)
        self.price_axis.set_tags([AxisTag(price, text, ground, detail=detail)])

    def set_palettes(self, *palettes: Palette) -> None:
        """Colour by one ramp, or bids and asks by two."""
        self._palettes = palettes
        self.item.set_plane("bid_ask" if len(palettes) == 2 else "both")
        self.legend.set_palettes(*palettes)
        self.best.set_colours(*self.side_colours((theme.Palette.UP, theme.Palette.DOWN)))
        self._recolour()

    def side_colours(self, usual: tuple[str, str]) -> tuple[str, str]:
        """Colours of bids and asks: those of their cells, or the usual where one ramp has both."""
        shown = Colouring("", "", self._palettes)
        return shown.of_sides(theme.shades().light) or usual

    def observe(
        self, newest_s: float, last_price: float, span_price: float, *, filling: bool = False
    ) -> None:
        """Take in where the data ends; the view follows if it may.

        Parameters
        ----------
        filling : bool
            The first history is still arriving; a fresh view grows until it has all come.
        """
        self.camera.observe(newest_s, last_price, span_price, settling=not self._settled)
        self._settled = self._settled or not filling
        self._latest = (newest_s, last_price, span_price)
        self.apply()

    # -- the view

    def apply(self) -> None:
        """Draw what the camera looks at."""
        window = self.camera.window
        self.box.setRange(
            xRange=(window.t0_s, window.t1_s),
            yRange=(window.p0, window.p1),
            padding=0,
            disableAutoRange=True,
        )
        # else the view box moves its items while it is being painted, and all is painted twice
        self.box.prepareForPaint()
        self.flow.look_at(window)
        for layer in self.layers:
            layer.look_at(window)
        for axis in (self.time_axis, self.price_axis):
            # Before the first data an axis could only name prices and times that nobody quoted.
            axis.setVisible(self.camera.placed)
        self._show_pill()
        self.pointer.refresh()
        self.linked.refresh()

    def apply_by_hand(self) -> None:
        """Draw what a hand made the camera look at, and tell of it."""
        self.apply()
        window = self.camera.window
        self.looked.emit(window.t0_s, window.t1_s)

    def show_time(self, t0_s: float, t1_s: float) -> None:
        """Look at a stretch of time, epoch seconds; a hand on the chart keeps it."""
        if not self.camera.held:
            self.camera.show_time(t0_s, t1_s)
            self.apply()

    def catch_up(self) -> None:
        """Take in what came while a hand held the chart."""
        latest = getattr(self, "_latest", None)
        if latest is not None and self.camera.follows:
            self.camera.newest_s = None
            self.camera.observe(*latest)
            self.apply()
        else:
            self._show_pill()

    def relayout(self) -> None:
        """Place plot, axes and overlays in the room there is."""
        size = self.view.size()
        axis_px = self.price_axis.width_px
        room = (float(size.width()), float(size.height()))
        below = TIME_AXIS_PX + self.flow.place(room, axis_px, TIME_AXIS_PX)
        plot = QRectF(0, 0, max(40, size.width() - axis_px), max(30, size.height() - below))
        self.plot_rect = plot
        self.box.setGeometry(plot)
        self.time_axis.setPos(0, plot.bottom() + self.flow.strip_rect.height())
        self.time_axis.set_corner(axis_px)
        self.price_axis.setPos(plot.topRight())
        for sheet in (self.crosshair, self.linked.sheet):
            sheet.setGeometry(0, 0, size.width(), size.height())
            sheet.set_plot(plot, self.flow.strip_rect)
        room_px = EdgeLayer.room_px(plot.width())
        gap_ratio = (room_px + EDGE_GAP_PX) / plot.width()
        ratio = self.view.devicePixelRatioF()
        self.flow.liquidations.right_px = room_px
        self.camera.resize(plot.width(), plot.height(), min(gap_ratio, 0.3), ratio)
        self.apply()

    def event(self, event: QEvent) -> bool:
        """Step in the pixels of another screen once the chart is moved there."""
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self.relayout()
        return bool(super().event(event))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the legend where there is no room for both."""
        super().resizeEvent(event)
        self.legend.setVisible(self.width() >= 300)

    def go_live(self) -> None:
        """Follow the newest column again, and end a pause."""
        was_paused, self.paused = self.paused, False
        self.camera.go_live()
        self.apply()
        if was_paused:
            self.pause_changed.emit()

    def toggle_follow(self) -> None:
        """Stop or start following."""
        if self.camera.follows:
            self.camera.follows = False
            self.apply()
        else:
            self.go_live()

    def toggle_pause(self) -> None:
        """Hold the picture still, or let it run."""
        self.paused = not self.paused
        # what is shown is copied before anything new arrives: a pause holds it to the pixel
        self.view.viewport().update()
        self._show_pill()
        self.pause_changed.emit()

    def _show_pill(self) -> None:
        shown = self.camera.placed and (self.paused or not self.camera.follows)
        self.pill.setText("Paused \u00b7 Live \u203a" if self.paused else "Live \u203a")
        if self.pill.property("paused") is not self.paused:
            self.pill.setProperty("paused", self.paused)
            self.pill.setStyleSheet(_pill_style())
        if shown:
            self.pill.adjustSize()
            x = self.plot_rect.right() - self.pill.width() - 12
            y = self.plot_rect.bottom() - CAPTION_PX - self.pill.height() - 4
            self.pill.move(round(x), round(y))
        if self.pill.isHidden() == shown:
            self.pill.setVisible(shown)

    # -- what a move of the mouse need not draw again

    def scene_key(self) -> Hashable:
        """Equal only while heatmap, layers and axes look the same."""
        layers = tuple((layer.version, layer.isVisible()) for layer in self.layers)
        return self.camera.window, self.item.updates, layers

    @property
    def wants_still(self) -> bool:
        """Whether the scene is likely to be painted again without a change."""
        return self.paused or self.crosshair.mark is not None

    # -- the crosshair

    def at(self, pos: QPointF) -> tuple[float, float] | None:
        """Time (epoch seconds) and price under a point of the view, None outside the plot."""
        if not (self.camera.placed and self.plot_rect.contains(pos)):
            return None
        window = self.camera.window
        return window.time_at(pos.x()), window.price_at(pos.y())

    def point_at(self, pos: QPointF | None) -> bool:
        """Move the crosshair, None hides it; returns whether it was shown before."""
        shown = self.pointer.point_at(pos)
        found = self.at(pos) if pos is not None else None
        self.pointed.emit(*(found or (math.nan, math.nan)))
        self.linked.refresh()
        return shown

    # -- colours

    def _recolour(self) -> None:
        low, high = self.legend.cut
        scale, shades = self.legend.contrast.scale, theme.shades()
        tables = [
            partial(transfer_table, low=low, high=high, scale=scale, palette=palette, shades=shades)
            for palette in self._palettes
        ]
        self.item.set_shades(shades)
        self.item.set_table(*tables)

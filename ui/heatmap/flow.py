"""What trades draw on a price-time chart: bubbles, liquidations, and the delta strip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, QTimer, Signal

from heatdesk.frames import Quote
from ui.heatmap.bubbles import BubbleLayer
from ui.heatmap.delta_strip import DeltaStrip
from ui.heatmap.liquidation_marks import LiquidationLayer

if TYPE_CHECKING:
    from datetime import tzinfo

    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.analytics.delta import TradeFeed
    from heatdesk.views.viewport import ChartWindow
    from ui.heatmap.liquidation_marks import LiquidationFeed

STRIP_PX = 128.0
"""Height of the delta strip unless another was chosen."""
LEAST_STRIP_PX = 56.0
_MOST_STRIP_RATIO = 0.5
_LEAST_VIEW_PX = 240.0
"""A lower chart has no room for a strip."""
SPLITTER_PX = 4.0
"""So near to the upper edge of the strip it is taken hold of."""


class TradeFlow(QObject):
    """Three drawings fed by two feeds; what is switched off costs nothing.

    The owner calls `follow` whenever something may have come. Older trades that a view needs
    are pooled piece by piece by a timer that runs only until they are all there.

    Signals
    -------
    strip_changed : the strip was shown, hidden, or given another height by hand.
    room_changed : the plot above has other room now.
    """

    strip_changed = Signal()
    room_changed = Signal()

    def __init__(self, parent: QObject, box: QGraphicsItem) -> None:
        super().__init__(parent)
        self.bubbles = BubbleLayer(box)
        self.liquidations = LiquidationLayer(box)
        self.liquidations.obstacles = self.bubbles.boxes
        self.strip = DeltaStrip()
        self.strip_rect = QRectF()
        self._trades: TradeFeed | None = None
        self._events: LiquidationFeed | None = None
        self._window: ChartWindow | None = None
        self._quote, self._coin = Quote.COIN, ""
        self._zone: tzinfo | None = None
        self._strip_px = STRIP_PX
        self._wanted = {"bubbles": False, "liquidations": False, "delta": False}
        for layer in (self.bubbles, self.liquidations, self.strip):
            layer.setVisible(False)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(0)
        self._again.timeout.connect(self._go_on)

    # -- what is chosen

    def show(self, *, bubbles: bool, liquidations: bool, delta: bool) -> None:
        """Switch the drawings on and off."""
        before = dict(self._wanted)
        self._wanted = {"bubbles": bubbles, "liquidations": liquidations, "delta": delta}
        if self._wanted == before:
            return
        self.bubbles.setVisible(bubbles)
        self.liquidations.setVisible(liquidations)
        if delta != before["delta"]:
            self.room_changed.emit()
        self._work(live=True)

    @property
    def wanted(self) -> dict[str, bool]:
        """Which drawings are switched on: ``bubbles``, ``liquidations``, ``delta``."""
        return dict(self._wanted)

    def set_unit(self, quote: Quote, coin: str) -> None:
        """Measure bubbles and delta in coins or USD."""
        self._quote, self._coin = quote, coin
        self.bubbles.set_quote(quote)
        self.strip.set_unit(quote, coin)

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in a zone."""
        self._zone = zone
        self.strip.set_zone(zone)

    @property
    def strip_px(self) -> float:
        """Height chosen for the strip, whether it is shown or not."""
        return self._strip_px

    def set_strip_px(self, height_px: float, *, by_hand: bool = False) -> None:
        """Choose the height of the strip."""
        height_px = max(LEAST_STRIP_PX, float(height_px))
        if height_px != self._strip_px:
            self._strip_px = height_px
            self.room_changed.emit()
            if by_hand:
                self.strip_changed.emit()

    # -- what is fed

    def follow(self, trades: TradeFeed | None, liquidations: LiquidationFeed | None) -> None:
        """Take in what came of two feeds; None where there is none (yet)."""
        if trades is not self._trades:
            self._trades = trades
            self.bubbles.forget()
            self.strip.forget()
        if liquidations is not self._events:
            self._events = liquidations
            self.liquidations.forget()
        self._work(live=True)

    def forget(self) -> None:
        """Start anew: another instrument comes."""
        self._trades = self._events = None
        self._again.stop()
        for layer in (self.bubbles, self.liquidations, self.strip):
            layer.forget()

    def refit(self) -> None:
        """Measure the bubbles by what is in view now."""
        self.bubbles.refit()

    def look_at(self, window: ChartWindow) -> None:
        """Prepare for another window; what came since the last `follow` stays out."""
        if window != self._window:
            self._window = window
            self._work(live=False)

    def _work(self, *, live: bool) -> None:
        window = self._window
        if window is None:
            return
        done = True
        if self._trades is not None:
            if self._wanted["bubbles"]:
                done = self.bubbles.follow(self._trades, window, live=live)
            if self._wanted["delta"] and live:
                done = self.strip.follow(self._trades) and done
        if self._events is not None and self._wanted["liquidations"]:
            self.liquidations.follow(self._events, window, live=live)
        if not done:
            self._again.start()

    def _go_on(self) -> None:
        window = self._window
        if window is None or self._trades is None:
            return
        done = True
        if self._wanted["bubbles"]:
            done = self.bubbles.follow(self._trades, window, live=False)
        if self._wanted["delta"]:
            done = self.strip.go_on(self._trades) and done
        if not done:
            self._again.start()

    # -- where the strip lies

    def place(self, view_px: tuple[float, float], axis_px: float, below_px: float) -> float:
        """Give the strip its room above the time axis; returns its height, 0 when hidden.

        Parameters
        ----------
        view_px : (float, float)
            Width and height of the view.
        axis_px, below_px : float
            Width of the axis at the right, and height of the one below.
        """
        width, height = view_px
        shown = self._wanted["delta"] and height >= _LEAST_VIEW_PX
        most = (height - below_px) * _MOST_STRIP_RATIO
        strip_px = float(round(min(self._strip_px, most))) if shown else 0.0
        top = height - below_px - strip_px
        self.strip_rect = QRectF(0, top, max(40.0, width - axis_px), strip_px)
        self.strip.setPos(self.strip_rect.topLeft())
        self.strip.set_room(strip_px, axis_px)
        self.strip.setVisible(shown)
        return strip_px

    def on_splitter(self, at: QPointF) -> bool:
        """Whether a point is where the strip is made higher or lower."""
        shown = self.strip_rect.height() > 0
        return shown and abs(at.y() - self.strip_rect.top()) <= SPLITTER_PX

    def in_strip(self, at: QPointF) -> bool:
        """Whether a point lies over the plot of the strip."""
        return self.strip_rect.height() > 0 and self.strip_rect.contains(at)

    def drag_splitter(self, at: QPointF) -> None:
        """Move the upper edge of the strip to a point."""
        self.set_strip_px(self.strip_rect.bottom() - at.y(), by_hand=True)

    def reset_strip(self) -> None:
        """Give the strip its usual height."""
        self.set_strip_px(STRIP_PX, by_hand=True)

    # -- what is said

    def rows_at(self, x_px: float, y_px: float, tick_size: float) -> list[tuple[str, str]]:
        """Rows of the hover card for what lies under a point of the plot: a mark, else a bubble."""
        unit = (tick_size, self._quote, self._coin, self._zone)
        marks = self.liquidations if self._wanted["liquidations"] else None
        mark = marks.mark_at(x_px, y_px) if marks is not None else None
        rows: list[tuple[str, str]] = []
        if mark is None and self._wanted["bubbles"]:
            rows = self.bubbles.rows_at(x_px, y_px, tick_size, self._coin)
        if mark is None and not rows and marks is not None:
            # a text covers what is not its own: that comes first
            mark = marks.mark_at(x_px, y_px, text=True)
        return marks.rows(mark, *unit) if marks is not None and mark is not None else rows

"""Marks of liquidations that happened, over a heatmap."""

from __future__ import annotations

from bisect import bisect_left
from datetime import tzinfo
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from heatdesk.analytics.liquidated import LiquidationGroup, join_liquidations
from heatdesk.frames import LiquidationBatch, Quote
from heatdesk.views.liquidation_marks import (
    MOST_TEXTS,
    Mark,
    lay_out_marks,
    liquidation_rows,
    mark_at,
    place_texts,
)
from ui import theme
from ui.heatmap.layer import Layer

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.views.viewport import ChartWindow

_NEAR_PX = (16.0, 14.0)
"""Marks nearer to one another than this are one."""
_TEXT_PAD_PX = 12.0


class LiquidationFeed(Protocol):
    """What is read of liquidations that are held elsewhere."""

    @property
    def revision(self) -> int:
        """One more with each batch that came."""
        ...

    @property
    def sampled(self) -> bool:
        """Whether the venue publishes some of them only."""
        ...

    def window(self, from_ms: int, to_ms: int) -> LiquidationBatch:
        """Liquidations in a half-open stretch of time."""
        ...


class LiquidationLayer(Layer):
    """Triangles whose tips touch the price: LONG falls on it, SHORT rises to it.

    Attributes
    ----------
    right_px : float
        Room at the right edge that texts leave free.
    joined : int
        How often liquidations were read and joined so far.
    """

    def __init__(self, parent: QGraphicsItem | None = None, z: float = 24.0) -> None:
        super().__init__(parent, z)
        self.right_px = 0.0
        self.joined = 0
        self._least_usd = 0.0
        self._sampled = False
        self._revision = 0
        self._read: tuple[object, ...] = ()
        self._groups: list[LiquidationGroup] = []
        self._starts: list[int] = []
        self._key: tuple[object, ...] = ()
        self._marks: list[Mark] = []

    def set_least_usd(self, least_usd: float) -> None:
        """Show what is worth at least so much."""
        if least_usd != self._least_usd:
            self._least_usd = least_usd
            self.update()

    def forget(self) -> None:
        """Hold nothing."""
        self._read, self._revision = (), 0
        self._groups, self._starts = [], []
        self._key, self._marks = (), []
        self.update()

    def follow(self, feed: LiquidationFeed, window: ChartWindow, *, live: bool) -> None:
        """Read what a view needs, when it or the feed is another one."""
        if live:
            self._revision, self._sampled = feed.revision, feed.sampled
        span_ms = max(1, round(window.span_s * 1000))
        # read in whole spans: a view that pans joins the same liquidations
        first = int(window.t0_s * 1000 // span_ms) - 1
        key = (self._revision, first, window.s_per_px, window.price_per_px)
        if key == self._read:
            return
        self._read = key
        batch = feed.window(first * span_ms, (first + 4) * span_ms)
        near_ms = _NEAR_PX[0] * window.s_per_px * 1000
        groups = join_liquidations(batch, near_ms, _NEAR_PX[1] * window.price_per_px)
        self.joined += 1
        if groups != self._groups:
            self._groups = groups
            self._starts = [group.first_ms for group in groups]
            self.update()

    def marks(self, window: ChartWindow) -> list[Mark]:
        """Marks as they are drawn in a view; laid out again only when something changed."""
        key = (window, self.version, self.right_px)
        if key == self._key:
            return self._marks
        self._key = key
        reach_ms = 2 * _NEAR_PX[0] * window.s_per_px * 1000
        first = bisect_left(self._starts, window.t0_s * 1000 - reach_ms)
        stop = bisect_left(self._starts, window.t1_s * 1000 + reach_ms)
        marks = lay_out_marks(self._groups[first:stop], window, self._least_usd)
        metrics = QFontMetricsF(_font())
        widths = [
            metrics.horizontalAdvance(mark.text) + _TEXT_PAD_PX for mark in marks[: 2 * MOST_TEXTS]
        ]
        right = window.width_px - self.right_px - 2
        self._marks = place_texts(marks, widths, window, right)
        return self._marks

    def rows_at(
        self,
        x_px: float,
        y_px: float,
        tick_size: float,
        quote: Quote,
        coin: str,
        zone: tzinfo | None,
    ) -> list[tuple[str, str]]:
        """Rows of the hover card for the mark under a point; none where there is none."""
        if self._window is None:
            return []
        mark = mark_at(self.marks(self._window), x_px, y_px)
        if mark is None:
            return []
        return liquidation_rows(mark.group, tick_size, quote, coin, zone, sampled=self._sampled)

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the marks in view, the largest on top, then their texts."""
        marks = self.marks(window)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for mark in reversed(marks):
            _draw_triangle(painter, mark)
        painter.setFont(_font())
        for mark in marks:
            if mark.text_box is not None:
                _draw_text(painter, mark)


def _font() -> QFont:
    return theme.font(theme.SMALL_PX - 1, tabular=True, bold=True)


def _colour(mark: Mark) -> str:
    return theme.Palette.LONGS if mark.group.long else theme.Palette.SHORTS


def _draw_triangle(painter: QPainter, mark: Mark) -> None:
    half, away = mark.size * 0.62, -mark.size if mark.group.long else mark.size
    shape = QPolygonF(
        [
            QPointF(mark.x, mark.y),
            QPointF(mark.x - half, mark.y + away),
            QPointF(mark.x + half, mark.y + away),
        ]
    )
    pen = QPen(theme.colour(theme.Palette.GROUND, 0.9), 1.5)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(QColor(_colour(mark)))
    painter.drawPolygon(shape)


def _draw_text(painter: QPainter, mark: Mark) -> None:
    place = mark.text_box
    assert place is not None
    box = QRectF(place.x, place.y, place.width, place.height)
    painter.setPen(QPen(theme.colour(_colour(mark), 0.7), 1))
    painter.setBrush(theme.colour(theme.Palette.GROUND, 0.88))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setPen(QColor(_colour(mark)))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark.text)

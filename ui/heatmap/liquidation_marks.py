"""Marks of liquidations that happened, over a heatmap."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from heatdesk.analytics.liquidated import LiquidationGroup, join_liquidations
from heatdesk.frames import LiquidationBatch, Quote
from heatdesk.views.liquidation_marks import (
    LEAST_PX,
    MOST_PX,
    MOST_TEXTS,
    Mark,
    lay_out_marks,
    liquidation_rows,
    mark_at,
    place_texts,
    text_at,
)
from ui import theme
from ui.heatmap.layer import Layer
from ui.heatmap.shapes import pixel_ratio
from ui.heatmap.stamps import TriangleSheet, draw_stamps

if TYPE_CHECKING:
    from numpy.typing import NDArray
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
    obstacles : callable or None
        Says for a view what texts must not cover, (n, 4) float64; the same array while that
        is the same.
    joined : int
        How often liquidations were read and joined so far.
    """

    def __init__(self, parent: QGraphicsItem | None = None, z: float = 24.0) -> None:
        super().__init__(parent, z)
        self.right_px = 0.0
        self.joined = 0
        self.obstacles: Callable[[ChartWindow], NDArray[np.float64] | None] | None = None
        self._kept: NDArray[np.float64] | None = None
        self._least_usd = 0.0
        self._sampled = False
        self._revision = 0
        self._read: tuple[object, ...] = ()
        self._groups: list[LiquidationGroup] = []
        self._starts: list[int] = []
        self._key: tuple[object, ...] = ()
        self._marks: list[Mark] = []
        self._sheet: TriangleSheet | None = None

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
        obstacles = self.obstacles(window) if self.obstacles is not None else None
        key = (window, self.version, self.right_px, id(obstacles))
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
        self._marks = place_texts(marks, widths, window, right, obstacles)
        self._kept = obstacles
        return self._marks

    def mark_at(self, x_px: float, y_px: float, *, text: bool = False) -> Mark | None:
        """The mark, or with ``text`` the one whose text is, under a point of the plot."""
        if self._window is None:
            return None
        marks = self.marks(self._window)
        return text_at(marks, x_px, y_px) if text else mark_at(marks, x_px, y_px)

    def rows(
        self, mark: Mark, tick_size: float, quote: Quote, coin: str, zone: tzinfo | None
    ) -> list[tuple[str, str]]:
        """Rows of the hover card for a mark."""
        return liquidation_rows(mark.group, tick_size, quote, coin, zone, sampled=self._sampled)

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the marks in view, the largest on top, then their texts."""
        marks = self.marks(window)
        if not marks:
            return
        self._draw_triangles(painter, marks[::-1])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(_font())
        for mark in marks:
            if mark.text_box is not None:
                _draw_text(painter, mark)

    def _draw_triangles(self, painter: QPainter, marks: list[Mark]) -> None:
        ratio = pixel_ratio(painter)
        colours = theme.Palette.LONGS, theme.Palette.SHORTS
        if self._sheet is None or not self._sheet.fits(ratio, *colours):
            self._sheet = TriangleSheet(ratio, *colours, LEAST_PX, MOST_PX)
        x, y, size = np.array([(mark.x, mark.y, mark.size) for mark in marks]).T
        up = np.array([not mark.group.long for mark in marks])
        draw_stamps(painter, self._sheet, self._sheet.stamps(x, y, size, up))


def _font() -> QFont:
    return theme.font(theme.SMALL_PX - 1, tabular=True, bold=True)


def _colour(mark: Mark) -> str:
    return theme.Palette.LONGS if mark.group.long else theme.Palette.SHORTS


def _draw_text(painter: QPainter, mark: Mark) -> None:
    place = mark.text_box
    assert place is not None
    box = QRectF(place.x, place.y, place.width, place.height)
    painter.setPen(QPen(theme.colour(_colour(mark), 0.7), 1))
    painter.setBrush(theme.colour(theme.Palette.GROUND, 0.88))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setPen(QColor(_colour(mark)))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark.text)

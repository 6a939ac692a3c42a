"""The strip under a heatmap: cumulative delta as a line, the delta of each slice as bars."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from heatdesk.analytics.delta import DeltaLedger
from heatdesk.frames import Quote
from heatdesk.views.delta import (
    DeltaShapes,
    axis_text,
    delta_text,
    fine_step,
    lay_out_delta,
    read_delta,
    since_text,
)
from heatdesk.views.ticks import clock_label
from ui import theme
from ui.heatmap.layer import Layer, snapped
from ui.heatmap.shapes import (
    draw_dashes,
    draw_polyline,
    draw_rects,
    pixel_ratio,
    rect_rows,
    snapped_all,
)

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.analytics.delta import TradeFeed
    from heatdesk.views.viewport import ChartWindow

PIECE_TRADES = 60_000
"""Trades taken in in one go; more would be felt by a hand on the mouse."""
_FIRST_PIECE_MS = 16_000
_CAPTION_PX = 16.0
_LEAST_GAP_PX = 3.0
_TAG_PX = 16.0
TITLE = "Cumulative delta"
UNKNOWN = "trades unknown: a gap"
IN_PART = "a venue's trades unknown: a gap"


class DeltaStrip(Layer):
    """A small plot with the times of the heatmap above it and an axis of its own.

    Attributes
    ----------
    ledger : DeltaLedger
    laid_out : int
        How often line and bars were laid out so far.
    caption_px : float
        Width of what is written at the left of the strip.
    """

    def __init__(self, parent: QGraphicsItem | None = None, z: float = 39.0) -> None:
        super().__init__(parent, z)
        self.ledger = DeltaLedger()
        self.laid_out = 0
        self.caption_px = 0.0
        self._height_px = self._axis_px = 0.0
        self._quote, self._coin = Quote.COIN, ""
        self._zone: tzinfo | None = None
        self._revision = 0
        self._next_ms: int | None = None
        self._last_ms: int | None = None
        self._gaps: tuple[tuple[int, int | None], ...] = ()
        self._blind: tuple[tuple[int, int | None], ...] = ()
        self._newest_ms = 0
        self._piece_ms = _FIRST_PIECE_MS
        self._key: tuple[object, ...] = ()
        self._shapes: DeltaShapes | None = None

    # -- what is chosen

    def set_room(self, height_px: float, axis_px: float) -> None:
        """Height of the strip, and width of its axis right of the plot."""
        if (height_px, axis_px) != (self._height_px, self._axis_px):
            self.prepareGeometryChange()
            self._height_px, self._axis_px = height_px, axis_px
            self.update()

    def set_unit(self, quote: Quote, coin: str) -> None:
        """Count in coins or USD."""
        if (quote, coin) != (self._quote, self._coin):
            self._quote, self._coin = quote, coin
            self.update()

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in a zone."""
        if zone != self._zone:
            self._zone = zone
            self.update()

    def set_newest(self, newest_ms: int) -> None:
        """Tell where the data of the chart ends: so far reaches a gap that has no end yet."""
        if newest_ms != self._newest_ms:
            self._newest_ms = newest_ms
            if any(end_ms is None for _, end_ms in self._gaps):
                self.update()

    def gaps_s(self) -> list[tuple[float, float]]:
        """Stretches of which trades are unknown, epoch seconds."""
        return self._seconds(self._gaps)

    def blind_s(self) -> list[tuple[float, float]]:
        """Stretches of which no venue's trades are known, epoch seconds."""
        return self._seconds(self._blind)

    def _seconds(self, gaps: tuple[tuple[int, int | None], ...]) -> list[tuple[float, float]]:
        ends = [(a, self._newest_ms if b is None else b) for a, b in gaps]
        return [(a / 1000, b / 1000) for a, b in ends if b > a]

    def boundingRect(self) -> QRectF:
        """The strip and its axis."""
        return QRectF(0, 0, super().boundingRect().width() + self._axis_px, self._height_px)

    # -- what is shown

    def forget(self) -> None:
        """Hold nothing."""
        self.ledger = DeltaLedger()
        self._revision, self._next_ms, self._last_ms = 0, None, None
        self._gaps = self._blind = ()
        self._piece_ms = _FIRST_PIECE_MS
        self._key, self._shapes = (), None
        self.update()

    def follow(self, feed: TradeFeed) -> bool:
        """Take in what came, a piece at a time; returns whether that was all."""
        # read first: what comes meanwhile is told the next time
        revision = feed.revision
        changed_ms = feed.changed_from_ms(self._revision)
        self._revision = revision
        self._last_ms = feed.last_ms
        gaps, blind = feed.gaps, feed.blind
        if (gaps, blind) != (self._gaps, self._blind):
            self._gaps, self._blind = gaps, blind
            self.update()
        if changed_ms is not None and self._next_ms is not None:
            self._next_ms = min(self._next_ms, changed_ms)
        return self.go_on(feed)

    def go_on(self, feed: TradeFeed) -> bool:
        """Take in more of what had come at the last `follow`; returns whether that was all."""
        first_ms, last_ms = feed.first_ms, self._last_ms
        if last_ms is None or first_ms is None:
            return True
        from_ms = self._next_ms if self._next_ms is not None else first_ms
        left = PIECE_TRADES
        while from_ms <= last_ms and left > 0:
            start_ms = self.ledger.cut(from_ms)
            from_ms = min(start_ms + self._piece_ms, last_ms + 1)
            batch = feed.window(start_ms, from_ms)
            self.ledger.add(batch)
            self.update()
            n = batch.time_ms.size
            left -= max(n, PIECE_TRADES // 64)
            if n < PIECE_TRADES // 4:
                self._piece_ms *= 2
            elif n > PIECE_TRADES // 2:
                self._piece_ms = max(1_000, self._piece_ms // 2)
        self._next_ms = from_ms
        return from_ms > last_ms

    def shapes(self, window: ChartWindow) -> DeltaShapes | None:
        """Line and bars for a view; laid out again only when something changed."""
        key = (window.t0_s, window.t1_s, window.width_px, self.version)
        if key != self._key:
            self._key = key
            kept = self._shapes.scales if self._shapes is not None else None
            self._shapes = lay_out_delta(self.ledger, window, self._height_px, self._quote, kept)
            self.laid_out += 1
        return self._shapes

    def reading_text(self, time_s: float) -> str:
        """What the strip says of a moment; empty where nothing is known."""
        window = self._window
        found = None
        if window is not None:
            found = read_delta(self.ledger, window, time_s, self._quote)
        if any(a <= time_s < b for a, b in self.blind_s()):
            return UNKNOWN
        if found is None:
            return ""
        at = clock_label(found.from_ms, found.to_ms - found.from_ms, self._zone)
        delta = delta_text(found.delta, self._quote, self._coin)
        total = delta_text(found.total, self._quote, self._coin)
        text = f"{at}   \u0394 {delta}   \u03a3 {total}"
        in_part = any(a <= time_s < b for a, b in self.gaps_s())
        return f"{text}   {IN_PART}" if in_part else text

    def value_text(self, y_px: float) -> str:
        """Value of the axis at a row; empty while there is none."""
        shapes = self.shapes(self._window) if self._window is not None else None
        if shapes is None:
            return ""
        low, high = shapes.scales.line.low, shapes.scales.line.high
        top, bottom = shapes.line_px
        if not top <= y_px <= bottom:
            return ""
        return axis_text(shapes.value_at(y_px), fine_step(high - low), self._quote is Quote.USD)

    # -- drawing

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw ground, bars, line, axis and caption."""
        width, height = window.width_px, self._height_px
        painter.fillRect(self.boundingRect(), QColor(theme.Palette.GROUND))
        painter.fillRect(QRectF(0, 0, width + self._axis_px, 1), QColor(theme.Palette.LINE_STRONG))
        painter.fillRect(QRectF(width, 0, 1, height), QColor(theme.Palette.LINE))
        shapes = self.shapes(window)
        if shapes is not None:
            painter.save()
            painter.setClipRect(QRectF(0, 1, width, height - 1))
            self._draw_grid(painter, shapes, width)
            self._draw_gaps(painter, window)
            self._draw_bars(painter, shapes)
            self._draw_line(painter, shapes, window)
            painter.restore()
            self._draw_axis(painter, shapes, width)
        self._draw_caption(painter)

    def _draw_grid(self, painter: QPainter, shapes: DeltaShapes, width: float) -> None:
        for tick in shapes.ticks:
            y = snapped(shapes.y_of(tick.value), painter)
            painter.fillRect(QRectF(0, y, width, 1), QColor(theme.Palette.GRID))
        if np.isfinite(shapes.zero_y):
            faint = theme.colour(theme.Palette.CROSSHAIR, 0.55)
            draw_dashes(painter, (0.0, shapes.zero_y), width, faint, (4.0, 3.0))
        y = snapped(shapes.bar_zero_y, painter)
        painter.fillRect(QRectF(0, y, width, 1), QColor(theme.Palette.LINE))

    def _draw_bars(self, painter: QPainter, shapes: DeltaShapes) -> None:
        ratio = pixel_ratio(painter)
        left = snapped_all(shapes.bar_x, ratio)
        right = snapped_all(shapes.bar_x + shapes.bar_px, ratio) - max(1.0, round(ratio)) / ratio
        top = snapped_all(shapes.bar_top, ratio)
        end = snapped_all(shapes.bar_top + shapes.bar_height, ratio)
        painter.setPen(Qt.PenStyle.NoPen)
        for bought, colour in ((True, theme.Palette.BUY), (False, theme.Palette.SELL)):
            some = (shapes.bar > 0 if bought else shapes.bar < 0) & (end > top)
            painter.setBrush(theme.colour(colour, 0.85))
            rows = rect_rows(left[some], top[some], (right - left)[some], (end - top)[some])
            draw_rects(painter, rows)

    def _gaps_px(
        self, window: ChartWindow, gaps_s: list[tuple[float, float]]
    ) -> list[tuple[float, float]]:
        """Left and right edges of the gaps in view; a short one is still seen."""
        edges = [(window.x_of(a), window.x_of(b)) for a, b in gaps_s]
        wide = [(a, max(b, a + _LEAST_GAP_PX)) for a, b in edges]
        return [(a, b) for a, b in wide if b > 0 and a < window.width_px]

    def _draw_gaps(self, painter: QPainter, window: ChartWindow) -> None:
        hatch = QBrush(theme.colour(theme.Palette.TEXT_FAINT, 0.7), Qt.BrushStyle.BDiagPattern)
        for left, right in self._gaps_px(window, self.gaps_s()):
            painter.fillRect(QRectF(left, 0, right - left, self._height_px), hatch)

    def _draw_line(self, painter: QPainter, shapes: DeltaShapes, window: ChartWindow) -> None:
        known = np.isfinite(shapes.y)
        # where a venue of several is heard the sum goes on; the hatching tells that it is in part
        for left, right in self._gaps_px(window, self.blind_s()):
            known &= ~((shapes.x > left) & (shapes.x < right))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        # lines a device pixel wide are drawn many times faster than wider ones
        painter.setPen(QPen(QColor(theme.Palette.TEXT), 0))
        ratio = pixel_ratio(painter)
        at = np.flatnonzero(known)
        for part in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
            for k in range(max(1, round(ratio)) + 1):
                draw_polyline(painter, shapes.x[part], shapes.y[part] + 0.5 * k / ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_axis(self, painter: QPainter, shapes: DeltaShapes, width: float) -> None:
        painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
        usd = self._quote is Quote.USD
        low, high = shapes.scales.line.low, shapes.scales.line.high
        tag_y = min(max(shapes.y_of(shapes.last), _TAG_PX / 2 + 1), shapes.line_px[1])
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for tick in shapes.ticks:
            y = shapes.y_of(tick.value)
            if y < 7 or abs(y - tag_y) < _TAG_PX / 2 + 6:
                continue
            line = QRectF(width + 1, snapped(y, painter), 4, 1)
            painter.fillRect(line, QColor(theme.Palette.LINE_STRONG))
            painter.setPen(QColor(theme.Palette.TEXT_DIM))
            painter.drawText(QRectF(width + 6, y - 9, self._axis_px - 12, 18), right, tick.label)
        peak = axis_text(shapes.scales.bar, fine_step(5 * shapes.scales.bar), usd)
        painter.setPen(QColor(theme.Palette.TEXT_FAINT))
        box = QRectF(width + 2, shapes.bar_zero_y - 9, self._axis_px - 8, 18)
        painter.drawText(box, right, f"\u00b1{peak.lstrip('+')}")
        bold = theme.font(theme.SMALL_PX, tabular=True, bold=True)
        text = axis_text(shapes.last, fine_step(high - low), usd)
        room = max(self._axis_px - 2, QFontMetricsF(bold).horizontalAdvance(text) + 10)
        tag = QRectF(width + self._axis_px - 1 - room, tag_y - _TAG_PX / 2, room, _TAG_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.Palette.TEXT))
        painter.drawRoundedRect(tag, 2, 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QColor(theme.Palette.GROUND))
        painter.setFont(bold)
        painter.drawText(tag.adjusted(0, 0, -5, 0), right, text)

    def caption(self) -> str:
        """What is written at the left of the strip."""
        unit = "USD" if self._quote is Quote.USD else self._coin
        title = f"{TITLE} ({unit})" if unit else TITLE
        span_s = self._window.span_s if self._window is not None else 0.0
        since = since_text(self.ledger.first_ms, self._zone, span_s)
        gaps = len(self._gaps)
        lost = f", {gaps} {'gap' if gaps == 1 else 'gaps'} not counted" if gaps else ""
        return f"{title} {since}{lost}" if since else f"{title}: no trades yet"

    def _draw_caption(self, painter: QPainter) -> None:
        font = theme.font(theme.SMALL_PX)
        painter.setFont(font)
        text = self.caption()
        self.caption_px = QFontMetricsF(font).horizontalAdvance(text) + 12
        box = QRectF(2, 2, self.caption_px, _CAPTION_PX)
        painter.fillRect(box, theme.colour(theme.Palette.GROUND, 0.75))
        painter.setPen(QColor(theme.Palette.TEXT_DIM))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

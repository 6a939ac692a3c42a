"""The tape: trades as they come, newest on top, the large ones standing out."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from heatdesk.frames import Quote
from heatdesk.units import format_compact, format_price, format_usd, moment_of
from heatdesk.views.tape import (
    BUY,
    LONG_LIQUIDATED,
    NO_PRINTS,
    SHORT_LIQUIDATED,
    Prints,
    strength,
)
from ui import theme

log = logging.getLogger(__name__)

ROW_PX = 20
HEAD_PX = 20
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter
_WIDE_PX = 300.0
# narrower than this the second figure of a row is left out
_WIDEST_PX = 620.0
# spread wider than this a row is no longer read as one


@dataclass(frozen=True, slots=True)
class TapeStyle:
    """How rows are written.

    Attributes
    ----------
    usual : float
        Size at which a row begins to stand out, in ``quote``.
    """

    tick_size: float
    quote: Quote
    coin: str
    zone: tzinfo | None
    usual: float


class TapeView(QWidget):
    """Rows of the tape; only those that can be seen are painted.

    Signals
    -------
    pointed : the mouse is at a print's time (epoch seconds) and price; NaN, NaN where it left.
    held_changed : the newest row left the top, or came back to it.
    """

    held_changed = Signal()
    pointed = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Time and sales")
        self._prints: Prints = NO_PRINTS
        self._style = TapeStyle(1.0, Quote.USD, "", None, 0.0)
        self._held: int | None = None
        self._wheel = 0
        self._marked_s = math.nan
        self._gaps: tuple[tuple[int, int | None], ...] = ()
        self.setMouseTracking(True)
        self._failed = False

    @property
    def held(self) -> bool:
        """Whether older rows are looked at, so that new ones do not move them."""
        return self._held is not None

    @property
    def rows(self) -> int:
        """Rows that fit."""
        return max(1, (self.height() - HEAD_PX) // ROW_PX)

    def set_prints(self, prints: Prints, style: TapeStyle) -> None:
        """Show other rows; those that are being looked at stay where they are."""
        if self._held is not None and len(prints):
            newest_ms = int(self._prints.time_ms[self._held]) if len(self._prints) else 0
            at = int(np.searchsorted(prints.time_ms, newest_ms, side="right")) - 1
            self._held = min(max(at, 0), len(prints) - 1)
        elif len(prints) == 0 and self._held is not None:
            self.release()
        self._prints, self._style = prints, style
        self.update()

    def release(self) -> None:
        """Go back to the newest row."""
        if self._held is not None:
            self._held = None
            self.update()
            self.held_changed.emit()

    def row_at(self, place: QPoint) -> int | None:
        """Number of the print under a point, counted from the oldest; None where there is none."""
        down = (place.y() - HEAD_PX) // ROW_PX
        at = self._top() - down
        return at if place.y() >= HEAD_PX and 0 <= at < len(self._prints) else None

    def row_text(self, at: int) -> str:
        """A print as one line of text."""
        cells = [self._time(at), self._kind(at), self._price(at), *self._sizes(at)]
        return "\t".join(cells)

    def sizeHint(self) -> QSize:
        """Room for a dozen rows."""
        return QSize(280, HEAD_PX + 12 * ROW_PX)

    # -- the hand

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; reaching the top follows again."""
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / 40)
        self._wheel -= steps * 40
        if steps:
            self.scroll_rows(-steps)
        event.accept()

    def scroll_rows(self, rows: int) -> None:
        """Look so many rows further back; negative: towards the newest."""
        newest = len(self._prints) - 1
        at = min(max(self._top() - rows, min(self.rows, newest + 1) - 1), newest)
        held = None if at >= newest or newest < 0 else at
        changed = (held is None) != (self._held is None)
        self._held = held
        self.update()
        if changed:
            self.held_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and pages scroll, Home and Esc go to the newest row."""
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: self.rows,
            Qt.Key.Key_PageUp: -self.rows,
            Qt.Key.Key_End: len(self._prints),
        }
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Home, Qt.Key.Key_Escape) and self.held:
            self.release()
        elif key in steps:
            self.scroll_rows(steps[key])
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell of the print under the mouse."""
        at = self.row_at(event.position().toPoint())
        if at is None:
            self.pointed.emit(math.nan, math.nan)
        else:
            prints = self._prints
            self.pointed.emit(float(prints.time_ms[at]) / 1000, float(prints.price[at]))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """No print is under the mouse any more."""
        self.pointed.emit(math.nan, math.nan)
        super().leaveEvent(event)

    def mark_time(self, time_s: float) -> None:
        """Mark where a moment (epoch seconds) lies between the rows; NaN: nowhere."""
        if not (time_s == self._marked_s or (math.isnan(time_s) and math.isnan(self._marked_s))):
            self._marked_s = time_s
            self.update()

    def set_gaps(self, gaps: tuple[tuple[int, int | None], ...]) -> None:
        """Mark between the rows where prints are not known; milliseconds, None: to this day."""
        if gaps != self._gaps:
            self._gaps = gaps
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to the newest row."""
        self.release()
        event.accept()

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the heading and the rows that fit."""
        painter = QPainter(self)
        try:
            self._paint(painter)
        except Exception:
            if not self._failed:
                log.exception("the tape could not be painted")
            self._failed = True
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        palette = theme.Palette
        painter.fillRect(self.rect(), theme.colour(palette.GROUND))
        places = self._places()
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(theme.colour(palette.TEXT_FAINT))
        unit = "USD" if self._style.quote is Quote.USD else self._style.coin
        other = self._style.coin if self._style.quote is Quote.USD else "USD"
        for (place, align), word in zip(places, ("Time", "Price", unit, other), strict=False):
            painter.drawText(place, align, word)
        painter.fillRect(0, HEAD_PX - 1, self.width(), 1, theme.colour(palette.LINE))
        top = self._top()
        for down in range(min(self.rows + 1, top + 1)):
            painter.save()
            painter.translate(0.0, HEAD_PX + down * ROW_PX)
            self._paint_row(painter, top - down, places)
            painter.restore()
        self._paint_gaps(painter, top)
        self._paint_mark(painter, top)

    def _paint_gaps(self, painter: QPainter, top: int) -> None:
        """A line where prints are missing: what lies on both sides of it did not follow on."""
        for from_ms, _ in self._gaps:
            after = int(np.searchsorted(self._prints.time_ms, from_ms, side="left"))
            down = top - after + 1
            if top >= 0 and 0 <= down <= self.rows:
                y = HEAD_PX + down * ROW_PX
                painter.fillRect(0, y - 1, self.width(), 2, theme.colour(theme.Palette.WARN))

    def _paint_mark(self, painter: QPainter, top: int) -> None:
        """A line between the prints before and after the moment a linked crosshair points at."""
        if math.isnan(self._marked_s) or top < 0:
            return
        after = int(np.searchsorted(self._prints.time_ms, self._marked_s * 1000, side="right"))
        down = top - after + 1
        if 0 <= down <= self.rows:
            y = HEAD_PX + down * ROW_PX
            painter.fillRect(0, y - 1, self.width(), 2, theme.colour(theme.Palette.CROSSHAIR))

    def _places(self) -> list[tuple[QRectF, Qt.AlignmentFlag]]:
        """Where time, price and sizes stand in a row, and how they are aligned."""
        width = float(self.width())
        inner = min(width, _WIDEST_PX) - 16.0
        shares = (0.27, 0.29, 0.22, 0.22) if width >= _WIDE_PX else (0.38, 0.32, 0.30)
        found, left = [], 8.0
        for i, share in enumerate(shares):
            place = QRectF(left, 0.0, share * inner, float(ROW_PX))
            found.append((place, _LEFT if i == 0 else _RIGHT))
            left += share * inner
        return found

    def _paint_row(
        self, painter: QPainter, at: int, places: list[tuple[QRectF, Qt.AlignmentFlag]]
    ) -> None:
        palette, prints = theme.Palette, self._prints
        kind = int(prints.kind[at])
        up = kind in (BUY, SHORT_LIQUIDATED)
        tint = palette.UP if up else palette.DOWN
        size = float(prints.size(self._style.quote)[at])
        strong = strength(size, self._style.usual)
        row = QRectF(0.0, 0.0, float(self.width()), float(ROW_PX))
        liquidated = kind >= LONG_LIQUIDATED
        if liquidated:
            own = palette.LONGS if kind == LONG_LIQUIDATED else palette.SHORTS
            painter.fillRect(row, theme.colour(own, 0.30))
            painter.fillRect(QRectF(0.0, 0.0, 3.0, float(ROW_PX)), theme.colour(own))
        elif strong > 0:
            painter.fillRect(row, theme.colour(tint, 0.06 + 0.34 * strong))
            painter.fillRect(QRectF(0.0, 0.0, 3.0, float(ROW_PX)), theme.colour(tint, strong))
        bold = liquidated or strong >= 0.5
        painter.setFont(theme.font(tabular=True, bold=bold))
        texts = [self._time(at), self._price(at), *self._sizes(at)]
        ink = theme.colour(palette.TEXT)
        inks = [theme.colour(palette.TEXT_DIM), theme.colour(tint), ink, ink]
        if strong >= 0.5 or liquidated:
            inks[1] = ink
        if liquidated:
            texts[0] = self._kind(at)
            inks[0] = ink
        for (place, align), text, pen in zip(places, texts, inks, strict=False):
            painter.setPen(pen)
            painter.drawText(place, align, text)
        # a shape beside the colour: green and red are not told apart by everybody
        mark = "\u25b2" if up else "\u25bc"
        painter.setFont(theme.font(theme.SMALL_PX - 4))
        painter.setPen(theme.colour(tint))
        price = places[1][0]
        painter.drawText(QRectF(price.left() + 4, 0.0, 12.0, float(ROW_PX)), _CENTRE, mark)

    def _top(self) -> int:
        return len(self._prints) - 1 if self._held is None else self._held

    def _time(self, at: int) -> str:
        moment = moment_of(int(self._prints.time_ms[at]), self._style.zone)
        return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"

    def _price(self, at: int) -> str:
        return format_price(float(self._prints.price[at]), self._style.tick_size)

    def _kind(self, at: int) -> str:
        return ("BUY", "SELL", "LONG LIQ", "SHORT LIQ")[int(self._prints.kind[at])]

    def _sizes(self, at: int) -> list[str]:
        coins = format_compact(float(self._prints.qty_base[at]), 4)
        usd = format_usd(float(self._prints.value_usd[at]))
        return [usd, coins] if self._style.quote is Quote.USD else [coins, usd]

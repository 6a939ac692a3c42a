"""The colour legend that is also the contrast control."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QLineEdit, QToolButton, QVBoxLayout, QWidget

from heatdesk.views.contrast import Contrast, position_of, resolve_contrast
from heatdesk.views.legend import (
    LegendScale,
    QuantityHistogram,
    parse_cut,
    percentile_text,
)
from heatdesk.views.palettes import LIQUIDITY, Palette, ramp, rgb_of
from heatdesk.views.ticks import quantity_label
from ui import theme

WIDTH_PX = 94
_BAR_X, _BAR_PX, _HISTOGRAM_PX = 26, 13, 22
_HEAD_PX, _FOOT_PX = 40, 74
_GRAB_PX = 9
_NUMBER_PX = 15


class ContrastLegend(QWidget):
    """Ramp with unit, histogram of the native cells, and two handles for the cut-offs.

    The cut-offs are quantities that were worked out once; new data never moves them. Dragging
    a handle, typing a number, a toggle or *Refit* does.

    Signals
    -------
    changed : the contrast changed; read `contrast` and `cut`.
    refit_wanted : the histogram is to be taken anew.
    """

    changed = Signal()
    refit_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        self.setMouseTracking(True)
        self.contrast = Contrast()
        self.cut = (1.0, 10.0)
        self.usd = False
        self._initial = Contrast()
        self._counts: NDArray[np.int64] | None = None
        self._values: NDArray[np.float64] | None = None
        self._histogram = QuantityHistogram(np.empty(0), np.empty(0, np.int64))
        self._palettes: tuple[Palette, ...] = (LIQUIDITY,)
        self._unit = ("", "")
        self._dragged: str | None = None
        self._held_scale = LegendScale(0.1, 10.0, 1.0)
        self._build_buttons()
        self.editor = QLineEdit(self)
        self.editor.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.editor.hide()
        self.editor.editingFinished.connect(self._take_typed)
        self._edited = "high"
        self._show_toggles()

    def _build_buttons(self) -> None:
        self.mode_button = _button("Percentile cut-offs, or exact sizes")
        self.scale_button = _button("Colours by the logarithm of the size, or linear")
        self.refit_button = _button("Fit the cut-offs to what is held now (Alt+R)")
        self.refit_button.setText("Refit")
        self.mode_button.clicked.connect(self._toggle_mode)
        self.scale_button.clicked.connect(self._toggle_scale)
        self.refit_button.clicked.connect(self.refit_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 0, 6, 4)
        column.setSpacing(2)
        column.addStretch(1)
        for button in (self.mode_button, self.scale_button, self.refit_button):
            column.addWidget(button)

    # -- what the chart tells

    def set_unit(self, first: str, second: str, *, usd: bool) -> None:
        """Name what the colours count, in two short lines (``BTC per``, ``$5 level``)."""
        if (first, second) != self._unit or usd != self.usd:
            self._unit, self.usd = (first, second), usd
            self.setToolTip(f"{first} {second}. Drag a handle, click a number, or double-click")
            self.update()

    @property
    def unit_text(self) -> str:
        """What the colours count (``BTC per $5 level``)."""
        return " ".join(self._unit)

    def set_palettes(self, *palettes: Palette) -> None:
        """Show one ramp, or two beside each other for bids and asks."""
        self._palettes = palettes
        self.update()

    def set_initial(self, contrast: Contrast) -> None:
        """Fix what a double-click returns to."""
        self._initial = contrast

    def fit(
        self, counts: NDArray[np.int64], values: NDArray[np.float64], contrast: Contrast
    ) -> None:
        """Take a histogram and work the cut-offs out anew."""
        self._counts, self._values = counts, values
        self._histogram = QuantityHistogram.of_codes(counts, values)
        self._settle(contrast)

    # -- inside: changes

    def _settle(self, contrast: Contrast) -> None:
        self.contrast = contrast
        if self._counts is not None and self._values is not None:
            self.cut = resolve_contrast(self._counts, self._values, contrast)
        elif contrast.mode == "absolute":
            self.cut = (contrast.low, contrast.high)
        self._show_toggles()
        self.update()
        self.changed.emit()

    def move_cut(self, which: str, quantity: float) -> None:
        """Move the ``low`` or ``high`` cut-off to a quantity; it never passes the other."""
        low, high = self.cut
        if which == "low":
            low = min(quantity, high / 1.05)
        else:
            high = max(quantity, low * 1.05)
        if self.contrast.mode == "percentile":
            percent = self._histogram.percentile_of(low if which == "low" else high)
            if math.isfinite(percent):
                self.contrast = _with_percentile(self.contrast, which, percent)
        else:
            self.contrast = replace(self.contrast, low=low, high=high)
        self.cut = (low, high)
        self.update()
        self.changed.emit()

    def hide_below(self, quantity: float) -> None:
        """Put the lower cut-off at an exact size."""
        self.contrast = replace(self.contrast, mode="absolute", low=self.cut[0], high=self.cut[1])
        self.move_cut("low", quantity)
        self._show_toggles()

    def reset(self) -> None:
        """Return to the cut-offs a fresh chart has."""
        self._settle(self._initial)

    def _toggle_mode(self) -> None:
        low, high = self.cut
        if self.contrast.mode == "percentile":
            self._settle(replace(self.contrast, mode="absolute", low=low, high=high))
            return
        low_pct, high_pct = (self._histogram.percentile_of(q) for q in (low, high))
        if math.isfinite(low_pct) and low_pct < high_pct:
            self.contrast = replace(self.contrast, low_pct=low_pct, high_pct=high_pct)
        self._settle(replace(self.contrast, mode="percentile"))

    def _toggle_scale(self) -> None:
        scale = "linear" if self.contrast.scale == "log" else "log"
        self.contrast = replace(self.contrast, scale=scale)
        self._show_toggles()
        self.update()
        self.changed.emit()

    def _show_toggles(self) -> None:
        self.mode_button.setText("Percentile" if self.contrast.mode == "percentile" else "Size")
        self.scale_button.setText("Log" if self.contrast.scale == "log" else "Linear")

    # -- inside: typing

    def edit(self, which: str) -> None:
        """Open the editor on a cut-off's number."""
        self._edited = which
        self.editor.setGeometry(self.number_rect(which).toRect().adjusted(-3, -2, 1, 3))
        self.editor.setText(self._number(which)[0].removeprefix("p"))
        self.editor.show()
        self.editor.setFocus()
        self.editor.selectAll()

    def _take_typed(self) -> None:
        if self.editor.isHidden():
            return
        text = self.editor.text()
        self.editor.hide()
        kind, figure = parse_cut(text, self.contrast.mode)
        if not math.isfinite(figure):
            return
        if kind == "percentile":
            quantity = self._histogram.quantity_at(figure)
            if math.isfinite(quantity):
                self.contrast = replace(self.contrast, mode="percentile")
                self.move_cut(self._edited, quantity)
                # what was typed is kept to the digit, not what the histogram makes of it
                self._settle(_with_percentile(self.contrast, self._edited, figure))
        elif figure > 0:
            low, high = self.cut
            self.contrast = replace(self.contrast, mode="absolute", low=low, high=high)
            self.move_cut(self._edited, figure)
        self._show_toggles()

    # -- inside: geometry

    def scale(self) -> LegendScale:
        """Scale of the bar as it is now."""
        return LegendScale.over(self._histogram, self.cut, self.bar_rect().height())

    def bar_rect(self) -> QRectF:
        """Where the ramp is drawn."""
        return QRectF(_BAR_X, _HEAD_PX, _BAR_PX, max(20, self.height() - _HEAD_PX - _FOOT_PX))

    def handle_y(self, which: str) -> float:
        """Row of a handle."""
        quantity = self.cut[0] if which == "low" else self.cut[1]
        return self.bar_rect().top() + self.scale().y_of(quantity)

    def number_rect(self, which: str) -> QRectF:
        """Where a cut-off's number is written."""
        left = _BAR_X + _BAR_PX + 7
        y = self.handle_y(which)
        y += 1 if which == "low" else -2 * _NUMBER_PX + 3
        y = min(max(y, _HEAD_PX - 8.0), self.height() - _FOOT_PX - _NUMBER_PX)
        return QRectF(left, y, self.width() - left - 2, _NUMBER_PX)

    def _number(self, which: str) -> tuple[str, str]:
        """Number of a handle and the same in the other unit."""
        quantity = self.cut[0] if which == "low" else self.cut[1]
        size = quantity_label(quantity, self.usd)
        if self.contrast.mode != "percentile":
            return size, ""
        percent = self.contrast.low_pct if which == "low" else self.contrast.high_pct
        return percentile_text(percent), size

    def _under(self, at: QPointF) -> tuple[str, str] | None:
        """Kind of thing at a point (``handle``, ``number``) and which cut-off it belongs to."""
        bar = self.bar_rect()
        near = [(abs(at.y() - self.handle_y(which)), which) for which in ("high", "low")]
        if bar.left() - 6 <= at.x() <= bar.right() + 6 and min(near)[0] <= _GRAB_PX:
            return "handle", min(near)[1]
        for which in ("high", "low"):
            if self.number_rect(which).adjusted(0, -1, 0, _NUMBER_PX).contains(at):
                return "number", which
        return None

    # -- Qt

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a handle, or edit a number."""
        found = self._under(event.position())
        if event.button() is not Qt.MouseButton.LeftButton or found is None:
            event.ignore()
            return
        if found[0] == "handle":
            # the dragged cut-off must not stretch the scale under the hand
            self._held_scale = self.scale()
            self._dragged = found[1]
        else:
            self.edit(found[1])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the handle that was taken."""
        if self._dragged is not None:
            y = event.position().y() - self.bar_rect().top()
            self.move_cut(self._dragged, self._held_scale.quantity_at(y))
            return
        found = self._under(event.position())
        shapes = {"handle": Qt.CursorShape.SizeVerCursor, "number": Qt.CursorShape.IBeamCursor}
        self.setCursor(shapes[found[0]] if found else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the handle."""
        del event
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Return to the usual cut-offs."""
        del event
        self._dragged = None
        self.editor.hide()
        self.reset()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Close the editor: its place moved."""
        super().resizeEvent(event)
        self.editor.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw unit, histogram, ramp, marks and handles."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.Palette.GROUND))
        painter.fillRect(QRectF(0, 0, 1, self.height()), QColor(theme.Palette.LINE))
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(QColor(theme.Palette.TEXT))
        room = self.width() - 10
        for row, text in enumerate(self._unit):
            box = QRectF(7, 4 + 14 * row, room, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
        if self._histogram.value.size:
            scale = self.scale()
            self._draw_histogram(painter, scale)
            self._draw_ramp(painter, scale)
            self._draw_handles(painter, scale)
        painter.end()

    def _draw_histogram(self, painter: QPainter, scale: LegendScale) -> None:
        top = self.bar_rect().top()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.Palette.LINE_STRONG))
        lengths = scale.bars(self._histogram)
        rects = [
            QRectF(_BAR_X - 2 - length * _HISTOGRAM_PX, top + 2 * i, length * _HISTOGRAM_PX, 2)
            for i, length in enumerate(lengths.tolist())
            if length > 0
        ]
        painter.drawRects(rects)

    def _draw_ramp(self, painter: QPainter, scale: LegendScale) -> None:
        bar = self.bar_rect()
        rows = np.arange(int(bar.height()), dtype=np.float64)
        share = 1 - (rows + 0.5) / bar.height()
        quantity = scale.low * (scale.high / scale.low) ** share
        place = position_of(quantity, *self.cut, self.contrast.scale)
        shades = theme.shades()
        for i, palette in enumerate(self._palettes):
            colours = ramp(palette.on(shades.light), 256)
            rgb = colours[np.clip(place * 255 + 0.5, 0, 255).astype(np.intp)].copy()
            rgb[place < 0] = rgb_of(shades.ground)
            pixels = np.ascontiguousarray(rgb.reshape(-1, 1, 3))
            image = QImage(pixels.data, 1, len(rgb), 3, QImage.Format.Format_RGB888)
            part = bar.width() / len(self._palettes)
            painter.drawImage(QRectF(bar.left() + i * part, bar.top(), part, bar.height()), image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(theme.Palette.LINE_STRONG))
        painter.drawRect(bar.adjusted(-0.5, -0.5, 0, 0))

    def _draw_handles(self, painter: QPainter, scale: LegendScale) -> None:
        bar = self.bar_rect()
        numbers = [self.number_rect(which) for which in ("high", "low")]
        small = theme.font(theme.SMALL_PX - 1, tabular=True)
        painter.setFont(small)
        left = bar.right() + 7
        for quantity in scale.marks():
            y = bar.top() + scale.y_of(quantity)
            if any(box.top() - 8 <= y <= box.bottom() + _NUMBER_PX + 6 for box in numbers):
                continue
            painter.setPen(QColor(theme.Palette.TEXT_FAINT))
            painter.drawLine(QPointF(bar.right() + 2, y), QPointF(bar.right() + 4, y))
            box = QRectF(left, y - 7, self.width() - left, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, quantity_label(quantity, self.usd))
        for which, box in zip(("high", "low"), numbers, strict=True):
            y = round(self.handle_y(which))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.Palette.TEXT))
            painter.drawRect(QRectF(bar.left() - 2, y - 1, bar.width() + 4, 2))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            tip = bar.right() + 1
            painter.drawPolygon(
                QPolygonF([QPointF(tip, y), QPointF(tip + 6, y - 4.5), QPointF(tip + 6, y + 4.5)])
            )
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            number, other = self._number(which)
            painter.setFont(theme.font(theme.SMALL_PX, tabular=True, bold=True))
            painter.setPen(QColor(theme.Palette.TEXT))
            painter.drawText(box.translated(1, 0), Qt.AlignmentFlag.AlignVCenter, number)
            painter.setFont(small)
            painter.setPen(QColor(theme.Palette.TEXT_DIM))
            below = box.translated(1, _NUMBER_PX - 2)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, other)


def _with_percentile(contrast: Contrast, which: str, percent: float) -> Contrast:
    if which == "low":
        return replace(contrast, low_pct=percent)
    return replace(contrast, high_pct=percent)


def _button(tip: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(tip)
    button.setFont(theme.font(theme.SMALL_PX))
    button.setFixedSize(WIDTH_PX - 14, 20)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button

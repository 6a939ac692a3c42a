"""The colour legend that is also the contrast control."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from heatdesk.views.contrast import Contrast
from heatdesk.views.cut_offs import CutOffs
from heatdesk.views.legend import LegendScale
from heatdesk.views.palettes import LIQUIDITY, Palette
from ui.heatmap.legend_paint import (
    NUMBER_PX,
    CutText,
    draw_cut,
    draw_ground,
    draw_histogram,
    draw_marks,
    draw_ramp,
    draw_unit,
)
from ui.heatmap.legend_parts import CutHandle, NumberEditor, legend_button

WIDTH_PX = 94
_BAR_X, _BAR_PX = 26, 13
_HEAD_PX = 40
_GRAB_PX = 9
_BUTTON_PX = (40, 20)
_TWO_ROWS_PX, _ONE_ROW_PX = 150, 110
"""Heights from which there is room for all buttons, and for those that fit the cut-offs."""
_TWO_LINES_PX = 66
"""Height of the bar from which a number is told in both units."""
_CUTS = ("high", "low")


class ContrastLegend(QWidget):
    """Ramp with unit, histogram of the native cells, and two handles for the cut-offs.

    The cut-offs are quantities that were worked out once; new data never moves them. Dragging
    a handle, moving it by keys, typing a number, a toggle or *Refit* does, and so does *Auto*
    while it is on. Contrast is a matter of the colour table alone: no cell is read again.

    Signals
    -------
    changed : the cut-offs or how colours run between them changed; read `contrast` and `cut`.
    chosen : it was the user who changed them.
    refit_wanted : the histogram is to be taken anew.
    left : the keyboard goes back to the chart.
    """

    changed = Signal()
    chosen = Signal()
    refit_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        self.setMouseTracking(True)
        self.setAccessibleName("Contrast")
        self.usd = False
        self._cuts = CutOffs()
        self._initial = Contrast()
        self._palettes: tuple[Palette, ...] = (LIQUIDITY,)
        self._unit = ("", "")
        self._dragged: str | None = None
        self._held_scale = LegendScale(0.1, 10.0, 1.0)
        self._edited: str | None = None
        self._build()
        self._show_state()

    def _build(self) -> None:
        self.handles = {
            which: CutHandle(f"{name} cut-off", self)
            for which, name in zip(_CUTS, ("Upper", "Lower"), strict=True)
        }
        for which, handle in self.handles.items():
            handle.stepped.connect(lambda rows, which=which: self._step(which, rows))
            handle.edit_wanted.connect(lambda text, which=which: self.edit(which, text))
            handle.reset_wanted.connect(self.reset)
            handle.left.connect(self.left)
        self.mode_button = legend_button(
            "Cut-offs by percentile or size", "Percentile cut-offs, or exact sizes", self
        )
        self.scale_button = legend_button(
            "Logarithmic or linear", "Colours by the logarithm of the size, or linear", self
        )
        self.refit_button = legend_button(
            "Refit", "Fit the cut-offs to what is held now (Alt+R)", self
        )
        self.auto_button = legend_button(
            "Auto", "Fit by itself every few seconds while data comes", self
        )
        self.refit_button.setText("Refit")
        self.auto_button.setText("Auto")
        self.auto_button.setCheckable(True)
        self.mode_button.clicked.connect(self._toggle_mode)
        self.scale_button.clicked.connect(self._toggle_scale)
        self.refit_button.clicked.connect(self.refit_wanted)
        self.auto_button.clicked.connect(self.set_auto)
        self.editor = NumberEditor(self)
        self.editor.typed.connect(self._take_typed)
        self.editor.given_up.connect(self._close_editor)

    @property
    def contrast(self) -> Contrast:
        """How the cut-offs are asked for."""
        return self._cuts.contrast

    @property
    def cut(self) -> tuple[float, float]:
        """Quantities at which the ramp starts and ends."""
        return self._cuts.cut

    # -- what the chart tells

    def set_unit(self, first: str, second: str, *, usd: bool) -> None:
        """Name what the colours count, in two short lines (``BTC per``, ``$5 level``)."""
        if (first, second) != self._unit or usd != self.usd:
            self._unit, self.usd = (first, second), usd
            about = "Drag a cut-off, click its number to type, double-click for the usual"
            self.setToolTip(f"{first} {second}. {about}")
            self._show_state()

    @property
    def unit_text(self) -> str:
        """What the colours count (``BTC per $5 level``)."""
        return " ".join(self._unit)

    def set_palettes(self, *palettes: Palette) -> None:
        """Show one ramp, or two beside each other for bids and asks."""
        self._palettes = palettes
        self.update()

    def set_initial(self, contrast: Contrast) -> None:
        """Fix what a double-click returns to, and what there is before the first fit."""
        self._initial = contrast
        self._cuts.take(contrast)
        self._show_state()

    def fit(
        self, counts: NDArray[np.int64], values: NDArray[np.float64], contrast: Contrast
    ) -> None:
        """Take a histogram and work the cut-offs out anew."""
        self._cuts.count(counts, values)
        self._cuts.take(contrast)
        self._tell(chosen=False)

    def recount(self, counts: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Take a histogram and leave the cut-offs where they are."""
        self._cuts.count(counts, values)
        self._show_state()

    def forget(self) -> None:
        """Let go of the histogram and the unit; nothing is drawn until others come."""
        self._dragged = None
        self._close_editor()
        self._cuts.forget()
        self._unit = ("", "")
        self._show_state()

    @property
    def _filled(self) -> bool:
        """Whether there is anything to set cut-offs over."""
        return self._cuts.histogram.value.size > 0

    @property
    def held(self) -> bool:
        """Whether a hand is on a cut-off, or its number is being typed."""
        return self._dragged is not None or self._edited is not None

    # -- changes

    def choose(self, contrast: Contrast) -> None:
        """Take a contrast over because the user wants it."""
        self._cuts.take(contrast)
        self._tell()

    def move_cut(self, which: str, quantity: float) -> None:
        """Move the ``low`` or ``high`` cut-off to a quantity; it never passes the other."""
        self._cuts.move(which, quantity)
        self._tell()

    def hide_below(self, quantity: float) -> None:
        """Put the lower cut-off at an exact size."""
        if self._cuts.put("low", quantity):
            self._tell()

    def reset(self) -> None:
        """Return to the cut-offs a fresh chart has."""
        self.choose(self._initial)

    def set_mode(self, mode: str) -> None:
        """Say the same cut-offs as ``percentile`` or as exact sizes (``absolute``)."""
        if mode != self.contrast.mode:
            self.choose(self._cuts.in_mode(mode))

    def set_scale(self, scale: str) -> None:
        """Run colours by the logarithm of the size (``log``), or ``linear``."""
        if scale != self.contrast.scale:
            self.choose(replace(self.contrast, scale=scale))

    def set_auto(self, auto: bool) -> None:
        """Let the cut-offs follow the data, or freeze them; exact sizes become percentiles."""
        contrast = self._cuts.in_mode("percentile") if auto else self.contrast
        self.choose(replace(contrast, auto=auto))
        if auto:
            self.refit_wanted.emit()

    def _toggle_mode(self) -> None:
        self.set_mode("absolute" if self.contrast.mode == "percentile" else "percentile")

    def _toggle_scale(self) -> None:
        self.set_scale("linear" if self.contrast.scale == "log" else "log")

    def _step(self, which: str, rows: float) -> None:
        scale = self.scale()
        y = scale.y_of(self.cut[0] if which == "low" else self.cut[1])
        self.move_cut(which, scale.quantity_at(y + rows))

    def _tell(self, *, chosen: bool = True) -> None:
        self._show_state()
        self.changed.emit()
        if chosen:
            self.chosen.emit()

    def _show_state(self) -> None:
        by_share, log = self.contrast.mode == "percentile", self.contrast.scale == "log"
        self.mode_button.setText("Pct" if by_share else "Size")
        self.scale_button.setText("Log" if log else "Linear")
        self.auto_button.setChecked(self.contrast.auto)
        for which, handle in self.handles.items():
            told = ", ".join(filter(None, self._cuts.texts(which, usd=self.usd)))
            handle.setAccessibleDescription(f"{told} {self.unit_text}")
        self._place_handles()
        self.update()

    # -- typing

    def edit(self, which: str, text: str = "") -> None:
        """Open the editor on a cut-off's number, over it or with a text already typed."""
        if not self._filled:
            return
        self._edited = which
        number, _ = self._cuts.texts(which, usd=self.usd)
        place = self.number_rect(which).toRect().adjusted(-3, -2, 1, 3)
        self.editor.setAccessibleName(self.handles[which].accessibleName())
        self.editor.open_over(place, number.removeprefix("p"), text)
        self.update()

    def _close_editor(self) -> None:
        self._edited = None
        self.editor.leave()
        self.update()

    def _take_typed(self, text: str) -> None:
        taken = self._edited is not None and self._cuts.type(self._edited, text)
        if not taken and self.editor.refuse():
            return  # it stays open: what is wrong can be mended
        self._close_editor()
        if taken:
            self._tell()

    # -- geometry

    def scale(self) -> LegendScale:
        """Scale of the bar as it is now."""
        return LegendScale.over(self._cuts.histogram, self.cut, self.bar_rect().height())

    def bar_rect(self) -> QRectF:
        """Where the ramp is drawn."""
        rows = self._button_rows()
        foot = 10 + rows * (_BUTTON_PX[1] + 2)
        return QRectF(_BAR_X, _HEAD_PX, _BAR_PX, max(20, self.height() - _HEAD_PX - foot))

    def _button_rows(self) -> int:
        return 2 if self.height() >= _TWO_ROWS_PX else 1 if self.height() >= _ONE_ROW_PX else 0

    def handle_y(self, which: str) -> float:
        """Row of a handle."""
        quantity = self.cut[0] if which == "low" else self.cut[1]
        return self.bar_rect().top() + self.scale().y_of(quantity)

    def _tall_numbers(self) -> bool:
        """Whether numbers have a second line."""
        return self.contrast.mode == "percentile" and self.bar_rect().height() >= _TWO_LINES_PX

    def _number_px(self) -> int:
        """Height of a cut-off's number, with its second line if it has one."""
        return 2 * NUMBER_PX - 2 if self._tall_numbers() else NUMBER_PX

    def number_rect(self, which: str) -> QRectF:
        """Where the first line of a cut-off's number is written; the two never overlap."""
        bar, height = self.bar_rect(), self._number_px()
        top, bottom = bar.top() - 8, min(bar.bottom() + 6, self.height())
        high = max(self.handle_y("high") - height + 1, top)
        high = round(min(high, bottom - 2 * height))
        low = round(max(min(self.handle_y("low") + 1, bottom - height), high + height))
        left = _BAR_X + _BAR_PX + 9
        return QRectF(left, low if which == "low" else high, self.width() - left - 2, NUMBER_PX)

    def _place_handles(self) -> None:
        for which, handle in self.handles.items():
            box = self.number_rect(which)
            box.setHeight(self._number_px())
            handle.setGeometry(box.adjusted(-3, 0, 0, 0).toRect())
            handle.setVisible(self._filled)

    def _under(self, at: QPointF) -> tuple[str, str] | None:
        """Kind of thing at a point (``handle``, ``number``) and which cut-off it belongs to."""
        if not self._filled:
            return None
        bar = self.bar_rect()
        near = [(abs(at.y() - self.handle_y(which)), which) for which in _CUTS]
        if bar.left() - 6 <= at.x() <= bar.right() + 6 and min(near)[0] <= _GRAB_PX:
            return "handle", min(near)[1]
        below = NUMBER_PX if self._tall_numbers() else 0
        for which in _CUTS:
            if self.number_rect(which).adjusted(0, -1, 0, below).contains(at):
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
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Return to the usual cut-offs."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragged = None
            self._close_editor()
            self.reset()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the buttons there is room for, and close the editor: its place moved."""
        super().resizeEvent(event)
        self._close_editor()
        width, height = _BUTTON_PX
        rows: list[tuple[QToolButton, QToolButton]] = [
            (self.refit_button, self.auto_button),
            (self.mode_button, self.scale_button),
        ]
        for place, row in enumerate(rows):
            y = self.height() - 4 - (place + 1) * (height + 2) + 2
            for column, button in enumerate(row):
                button.setGeometry(6 + column * (width + 2), y, width, height)
                button.setVisible(place < self._button_rows())
        self._place_handles()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw unit, histogram, ramp, marks and handles."""
        del event
        painter = QPainter(self)
        draw_ground(painter, QRectF(self.rect()))
        draw_unit(painter, self._unit, self.width(), auto=self.contrast.auto)
        if self._filled:
            bar, scale = self.bar_rect(), self.scale()
            cuts = [self._cut_text(which) for which in _CUTS]
            draw_histogram(painter, bar, scale, self._cuts.histogram)
            draw_ramp(painter, bar, scale, self._palettes, self.cut, self.contrast.scale)
            draw_marks(painter, bar, scale, cuts, self.width(), usd=self.usd)
            for cut in cuts:
                draw_cut(painter, bar, cut)
        painter.end()

    def _cut_text(self, which: str) -> CutText:
        number, other = self._cuts.texts(which, usd=self.usd)
        shown = other if self._tall_numbers() and which != self._edited else ""
        return CutText(self.handle_y(which), self.number_rect(which), number, shown)

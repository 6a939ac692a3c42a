"""What follows the mouse over a chart: crosshair, hover card, and the magnifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QTimer

from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS, format_price
from heatdesk.views.neighbourhood import read_neighbourhood
from heatdesk.views.ticks import SECOND_MS, moment_label
from heatdesk.views.visible_max import VisibleMax
from ui import theme
from ui.heatmap.crosshair import Crosshair, CrosshairMark, HoverCard
from ui.heatmap.magnifier import Magnifier

if TYPE_CHECKING:
    from ui.heatmap.chart import HoverRows, PriceTimeChart

_SAID_BY_LENS = {"Time", "Price", "Share", "Cell", "Best", "Best level", "Source"}
_MOST_HEAD_ROWS = 2
_LONG_S = 200 * 86_400.0
"""Of a longer stretch of time the year is said, not the hour."""
_TELLING_PX = 60.0
"""Where a minute is wider than this the axis tells seconds, and so does the crosshair."""


class Pointer:
    """Keeps crosshair, card and magnifier where the mouse is and true to the data.

    Parameters
    ----------
    chart : PriceTimeChart
    """

    def __init__(self, chart: PriceTimeChart) -> None:
        self.chart = chart
        self.crosshair = Crosshair(chart.view)
        self.card = HoverCard(chart.view)
        self.lens = Magnifier(chart.view, self.end_magnifying)
        self._largest = VisibleMax()
        self._at: QPointF | None = None
        self._magnifies = False
        self._detail: object = None
        self._again = QTimer(chart.view)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self.refresh)

    @property
    def over_plot(self) -> bool:
        """Whether the mouse is over the plot of a chart that shows something."""
        return self._at is not None and self.chart.at(self._at) is not None

    def point_at(self, pos: QPointF | None) -> bool:
        """Move to a point of the view, None hides all; returns whether anything was shown."""
        before = self.crosshair.mark is not None
        self._at = QPointF(pos) if pos is not None else None
        self.refresh()
        return before

    def magnify(self) -> bool:
        """Show the magnifier; returns whether the mouse is where there is something to see."""
        self._magnifies = self.over_plot and not self.chart.camera.held
        self.lens.watch(self._magnifies)
        self.refresh()
        return self._magnifies

    def end_magnifying(self) -> bool:
        """Hide the magnifier; returns whether it was wanted."""
        before, self._magnifies = self._magnifies, False
        self.lens.watch(False)
        if before:
            self.refresh()
        return before

    def largest_in_view(self) -> float:
        """Largest quantity drawn in the window; NaN when there is none."""
        item = self.chart.item
        if item.source is None:
            return float("nan")
        return self._largest.quantity(item.source, item.window, self.chart.camera.window)

    def painted(self) -> None:
        """Say it again after a paint in which cells became others than those spoken of."""
        if self._at is not None and self.chart.item.detail != self._detail:
            self._again.start()

    def refresh(self) -> None:
        """Say again what is under the mouse."""
        chart, pos = self.chart, self._at
        self._detail = chart.item.detail
        found = chart.at(pos) if pos is not None else None
        if pos is None or found is None:
            self.crosshair.set_mark(self._mark_in_strip(pos))
            self.card.hide()
            self.lens.dismiss()
            return
        time_s, price = found
        self.crosshair.set_mark(
            self._mark(pos, time_s, format_price(price, chart.tick_size)),
        )
        rows = chart.reader(time_s, price) if chart.reader is not None else []
        if self._magnifies and self._show_lens(time_s, price, rows):
            self.card.hide()
            return
        self.lens.dismiss()
        at = pos - chart.plot_rect.topLeft()
        rows = _after_first(rows, chart.flow.rows_at(at.x(), at.y(), chart.tick_size))
        if rows:
            self.card.show_rows(rows, chart.plot_rect, pos)
        else:
            self.card.hide()

    def _mark(self, pos: QPointF, time_s: float, price_text: str) -> CrosshairMark:
        flow = self.chart.flow
        said = flow.strip.reading_text(time_s) if flow.strip_rect.height() else ""
        left = flow.strip.caption_px + 6
        return CrosshairMark(pos, self.time_text(time_s), price_text, said, left)

    def _mark_in_strip(self, pos: QPointF | None) -> CrosshairMark | None:
        """The crosshair over the strip below the plot: a moment, and a value of its axis."""
        flow = self.chart.flow
        if pos is None or not (self.chart.camera.placed and flow.in_strip(pos)):
            return None
        time_s = self.chart.camera.window.time_at(pos.x())
        return self._mark(pos, time_s, flow.strip.value_text(pos.y() - flow.strip_rect.top()))

    def time_text(self, time_s: float) -> str:
        """The moment, as precisely as buckets and pixels tell it apart."""
        window = self.chart.camera.window
        if window.span_s >= _LONG_S:
            return moment_label(round(time_s * 1000), DAY_MS, self.chart.zone)
        step_ms = min(self.chart.interval_ms, HOUR_MS)
        if window.s_per_px * 1000 <= MINUTE_MS / _TELLING_PX:
            step_ms = min(step_ms, SECOND_MS)
        whole_ms = min(step_ms, MINUTE_MS)
        return moment_label(round(time_s * 1000) // whole_ms * whole_ms, step_ms, self.chart.zone)

    def _show_lens(self, time_s: float, price: float, rows: HoverRows) -> bool:
        chart = self.chart
        source, style = chart.item.source, chart.item.style
        if source is None or style is None or chart.camera.held or self._at is None:
            return False
        sides = chart.side_colours((theme.Palette.BID, theme.Palette.ASK))
        self.lens.set_scale(chart.tick_size, chart.zone, sides)
        place = self.lens.place(chart.plot_rect, self._at, price)
        if place is None:
            return False
        cells = read_neighbourhood(
            source, time_s, price, place.columns, place.levels, chart.item.band
        )
        if cells is None:
            return False
        self.lens.show_cells(cells, style, _lens_head(rows), chart.plot_rect, place)
        return True


def _after_first(rows: HoverRows, more: HoverRows) -> HoverRows:
    """Rows of what lies over a cell go between its time and its price."""
    return [*rows[:1], *more, *rows[1:]] if more else rows


def _lens_head(rows: HoverRows) -> str:
    """What is written over the lens: of a pooled cell what it stands for, not a figure of its own.

    The lens shows native cells, and the framed one holds less than the cell that was pooled;
    time and price of the middle stand at its edges.
    """
    pooled = [("Drawn", text) for label, text in rows if label == "Cell"]
    if pooled:
        told = pooled + [row for row in rows if row[0] == "From last"]
    else:
        told = [row for row in rows if row[0] not in _SAID_BY_LENS][:_MOST_HEAD_ROWS]
    return "  \u00b7  ".join(" ".join(part for part in row if part) for row in told)

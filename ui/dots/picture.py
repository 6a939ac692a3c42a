"""What the market map shows, and where it lands on the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from heatdesk.analytics.dots import DotSelection, label_order
from heatdesk.frames import DotSet
from heatdesk.views.dot_axes import (
    DotView,
    Float64Array,
    Scale,
    dot_radii_px,
    edge_place,
    x_scale,
    y_scale,
)
from ui.theme import SMALL_PX

HEAD_LINES, AXIS_LINES, FOOT_LINES = 1.6, 1.8, 1.6
"""Room over the plot for a title, under it for figures, then title and note: heights of text."""
_HIT_PX = 5.0


@dataclass(frozen=True, slots=True)
class DotPicture:
    """Dots ready to be drawn; build it with `of`.

    Attributes
    ----------
    ids : tuple of str
        Of the dots drawn, largest first: those that come later lie on top.
    x, y : (k,) float64
        Places on the two scales.
    order : (k,) int64
        Who deserves a name, most deserving first.
    found : (k,) bool or None
        What a search text names; None while nothing is searched.
    note : str
        What was left out, said under the plot.
    """

    dots: DotSet
    selection: DotSelection
    timeframe: str
    x_scale: Scale
    y_scale: Scale
    ids: tuple[str, ...] = field(repr=False)
    x: Float64Array = field(repr=False)
    y: Float64Array = field(repr=False)
    order: NDArray[np.int64] = field(repr=False)
    found: NDArray[np.bool_] | None = field(repr=False)
    note: str = ""

    @classmethod
    def of(
        cls,
        dots: DotSet,
        selection: DotSelection,
        timeframe: str,
        *,
        log_x: bool,
        found: NDArray[np.bool_] | None = None,
        note: str = "",
    ) -> DotPicture:
        """Build a picture; ``found`` covers the whole dot set."""
        across, up = x_scale(log_x), y_scale(timeframe)
        return cls(
            dots=dots,
            selection=selection,
            timeframe=timeframe,
            x_scale=across,
            y_scale=up,
            ids=tuple(dots.ids[row] for row in selection.rows),
            x=across.place(selection.x),
            y=up.place(selection.y_pct),
            order=label_order(selection, log_x),
            found=None if found is None else found[selection.rows],
            note=note,
        )


@dataclass(frozen=True, slots=True)
class Fixture:
    """A picture fixed to pixels: the view, the size, and every dot's place.

    Attributes
    ----------
    text_px : int
        Size of text; grows slowly with the chart.
    plot : QRectF
        Where dots are; the axes lie right of it and below.
    px, py, radius : (k,) float64
        Pixels. A dot beyond the fitted view is placed at the edge.
    angle : (k,) float64
        Direction outward of a dot marked at the edge, degrees; NaN for all others.
    shown : (k,) bool
        Whether any of the dot is in the plot.
    """

    picture: DotPicture
    view: DotView
    text_px: int
    plot: QRectF
    px: Float64Array
    py: Float64Array
    radius: Float64Array
    angle: Float64Array
    shown: NDArray[np.bool_]
    hover_id: str
    marked_id: str
    zoomed: bool

    @classmethod
    def of(
        cls,
        picture: DotPicture,
        view: DotView,
        size: tuple[float, float],
        *,
        hover_id: str = "",
        marked_id: str = "",
        zoomed: bool = False,
    ) -> Fixture:
        """Fix a picture to a widget of ``size`` pixels."""
        text_px = text_size_px(*size)
        beside_px = (HEAD_LINES + AXIS_LINES + FOOT_LINES) * text_px
        plot = QRectF(
            0.0, HEAD_LINES * text_px, size[0] - 5.4 * text_px, max(1.0, size[1] - beside_px)
        )
        px = plot.left() + (picture.x - view.x0) / (view.x1 - view.x0) * plot.width()
        py = plot.bottom() - (picture.y - view.y0) / (view.y1 - view.y0) * plot.height()
        radius = dot_radii_px(picture.selection.area, plot.width(), plot.height())
        angle = np.full(px.size, np.nan)
        if not zoomed:
            _hold_at_edge(plot, px, py, radius, angle, 0.8 * text_px)
        shown = (
            (px > plot.left() - radius)
            & (px < plot.right() + radius)
            & (py > plot.top() - radius)
            & (py < plot.bottom() + radius)
        )
        return cls(
            picture, view, text_px, plot, px, py, radius, angle, shown,
            hover_id, marked_id, zoomed,
        )  # fmt: skip

    @property
    def head(self) -> QRectF:
        """Room of the title of the upright axis; no dot is ever there."""
        plot = self.plot
        return QRectF(plot.left() + 7, 0.0, plot.width() - 14, plot.top())

    @property
    def foot(self) -> QRectF:
        """Room of the title of the lower axis and of the note; no dot is ever there."""
        top = self.plot.bottom() + AXIS_LINES * self.text_px
        return QRectF(self.plot.left() + 7, top, self.plot.width() - 14, FOOT_LINES * self.text_px)

    @property
    def fit_button(self) -> QRectF:
        """The button that fits again, shown while the user has zoomed."""
        return QRectF(self.plot.center().x() - 2.2 * self.text_px, 5.0, 4.4 * self.text_px,
                      1.7 * self.text_px)  # fmt: skip

    def zone(self, place: QPointF) -> str:
        """``plot``, ``x`` or ``y``: what lies under a point."""
        if place.y() > self.plot.bottom():
            return "x"
        return "y" if place.x() > self.plot.right() else "plot"

    def at(self, place: QPointF) -> tuple[float, float]:
        """Places of the scales at a point."""
        view, plot = self.view, self.plot
        across = (place.x() - plot.left()) / plot.width()
        up = (plot.bottom() - place.y()) / plot.height()
        return view.x0 + across * (view.x1 - view.x0), view.y0 + up * (view.y1 - view.y0)

    def index_of(self, dot_id: str) -> int | None:
        """Position of a dot in the picture."""
        ids = self.picture.ids
        return ids.index(dot_id) if dot_id in ids else None

    def hit(self, place: QPointF) -> str:
        """Id of the topmost dot under a point, else of one very near; empty when none is."""
        if not self.plot.contains(place):
            return ""
        away = np.hypot(self.px - place.x(), self.py - place.y()) - self.radius
        away = np.where(self.shown, away, np.inf)
        inside = np.flatnonzero(away <= 0)
        if inside.size:
            return self.picture.ids[int(inside[-1])]
        if away.size and float(away.min()) <= _HIT_PX:
            return self.picture.ids[int(away.argmin())]
        return ""


def text_size_px(width_px: float, height_px: float) -> int:
    """Height of a chart's text: ordinary in a docked panel, larger on a big one."""
    roomy = math.sqrt(max(0.0, min(width_px / 900, height_px / 400)))
    return round(SMALL_PX * min(2.2, max(1.0, roomy)))


def _hold_at_edge(
    plot: QRectF,
    px: Float64Array,
    py: Float64Array,
    radius: Float64Array,
    angle: Float64Array,
    inset: float,
) -> None:
    edges = (plot.left(), plot.top(), plot.right(), plot.bottom())
    for i in range(px.size):
        held = edge_place(float(px[i]), float(py[i]), *edges, inset)
        if held is not None:
            px[i], py[i], angle[i] = held
            radius[i] = inset * 0.8

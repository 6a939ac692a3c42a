"""The menu of the thing under the cursor of a chart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QAction, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QMenu

from heatdesk.units import format_price, iso_of, plain_number
from heatdesk.views.colourings import colouring_after, offered
from heatdesk.views.palettes import Palette, ramp
from heatdesk.views.ticks import quantity_label
from ui import theme

if TYPE_CHECKING:
    from heatdesk.views.hover import CellReading
    from ui.heatmap.chart import PriceTimeChart
    from ui.heatmap.legend import ContrastLegend


def fill_chart_menu(
    menu: QMenu,
    chart: PriceTimeChart,
    reading: CellReading | None,
    tick_size: float,
    copy: Callable[[str], None],
) -> None:
    """Add what can be done with a cell, and with the view.

    Parameters
    ----------
    reading : CellReading or None
        The cell under the cursor.
    copy : callable
        Puts a text on the clipboard.
    """
    if reading is not None:
        price = format_price(reading.price, tick_size)
        menu.addAction(f"Copy price {price}").triggered.connect(lambda: copy(plain_number(price)))
        value = reading.value
        if math.isfinite(value) and value > 0:
            shown = quantity_label(value, chart.legend.usd)
            menu.addAction(f"Copy value {shown}").triggered.connect(lambda: copy(repr(value)))
        moment = iso_of(reading.time_ms)
        menu.addAction(f"Copy time {moment}").triggered.connect(lambda: copy(moment))
        if math.isfinite(value) and value > 0:
            hide = menu.addAction(f"Hide below {quantity_label(value, chart.legend.usd)}")
            hide.triggered.connect(lambda: chart.legend.hide_below(value))
        menu.addSeparator()
    _fill_contrast(menu, chart.legend)
    follow = menu.addAction("Follow the newest column\tAlt+F")
    follow.setCheckable(True)
    follow.setChecked(chart.camera.follows)
    follow.triggered.connect(chart.toggle_follow)
    pause = menu.addAction("Pause\tSpace")
    pause.setCheckable(True)
    pause.setChecked(chart.paused)
    pause.triggered.connect(chart.toggle_pause)

    def reset() -> None:
        chart.camera.reset()
        chart.apply()

    _action(menu, "Reset view\tHome", reset)


def _fill_contrast(menu: QMenu, legend: ContrastLegend) -> None:
    """Everything the legend's buttons do; a low legend has no room for them."""
    _action(menu, "Refit contrast\tAlt+R", legend.refit_wanted.emit)
    contrast = menu.addMenu("Contrast")
    present = legend.contrast
    for mode, text in (("percentile", "Cut-offs by percentile"), ("absolute", "Exact sizes")):
        _choice(contrast, text, mode == present.mode, partial(legend.set_mode, mode))
    contrast.addSeparator()
    for scale, text in (("log", "Logarithmic"), ("linear", "Linear")):
        _choice(contrast, text, scale == present.scale, partial(legend.set_scale, scale))
    contrast.addSeparator()
    auto = partial(legend.set_auto, not present.auto)
    _choice(contrast, "Refit by itself every few seconds", present.auto, auto)
    contrast.addSeparator()
    _action(contrast, "Usual contrast", legend.reset)


def fill_colour_menu(
    menu: QMenu, present: str, choose: Callable[[str], None], *, sides: bool
) -> None:
    """Add the ways to colour, each with a picture of its ramp.

    Parameters
    ----------
    present : str
        Name of the colouring shown now.
    choose : callable
        Takes the name of another one.
    sides : bool
        Whether bids and asks can be told apart.
    """
    colours = menu.addMenu("Colours")
    colours.setObjectName("colours")
    for colouring in offered(sides=sides):
        chosen = colouring.name == present
        action = _choice(colours, colouring.title, chosen, partial(choose, colouring.name))
        action.setIcon(ramp_icon(colouring.ramps))
        if chosen:  # the frame that a style draws around its picture is easily missed
            font = action.font()
            font.setBold(True)
            action.setFont(font)
    colours.addSeparator()
    for text, step in (("Next\tAlt+P", 1), ("Previous\tAlt+Shift+P", -1)):
        name = colouring_after(present, step, sides=sides)
        _action(colours, text, partial(choose, name))


def ramp_icon(ramps: Sequence[Palette], width_px: int = 26, height_px: int = 12) -> QIcon:
    """Picture of one ramp, or of two above each other, low on the left; sharp at scale 2."""
    width, height = 2 * width_px, 2 * height_px // len(ramps)
    light = theme.shades().light
    rows = np.stack([ramp(palette.on(light), width) for palette in ramps])
    pixels = np.ascontiguousarray(np.repeat(rows, height, axis=0))
    image = QImage(pixels.data, width, len(pixels), 3 * width, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)


def _choice(menu: QMenu, text: str, chosen: bool, act: Callable[[], None]) -> QAction:
    action = menu.addAction(text)
    action.setCheckable(True)
    action.setChecked(chosen)
    action.triggered.connect(lambda: act())
    return action


def _action(menu: QMenu, text: str, act: Callable[[], None]) -> None:
    menu.addAction(text).triggered.connect(lambda: act())

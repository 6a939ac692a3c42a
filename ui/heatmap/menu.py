"""The menu of the thing under the cursor of a chart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QMenu

from heatdesk.units import format_price, iso_of
from heatdesk.views.colourings import offered
from heatdesk.views.palettes import Palette, ramp
from heatdesk.views.ticks import quantity_label

if TYPE_CHECKING:
    from heatdesk.views.hover import CellReading
    from ui.heatmap.chart import PriceTimeChart


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
        menu.addAction(f"Copy price {price}").triggered.connect(
            lambda: copy(price.replace(",", ""))
        )
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
    _action(menu, "Refit contrast\tAlt+R", chart.legend.refit_wanted.emit)
    _action(menu, "Usual contrast", chart.legend.reset)
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
    for colouring in offered(sides=sides):
        action = colours.addAction(ramp_icon(colouring.ramps), colouring.title)
        action.setCheckable(True)
        action.setChecked(colouring.name == present)
        action.triggered.connect(lambda _=False, name=colouring.name: choose(name))
    colours.addSeparator()
    hint = colours.addAction("Next\tAlt+P")
    hint.setEnabled(False)


def ramp_icon(ramps: Sequence[Palette], size_px: int = 32) -> QIcon:
    """Picture of one ramp, or of two above each other, from low on the left."""
    rows = [ramp(palette, size_px) for palette in ramps]
    height = size_px // len(rows)
    pixels = np.repeat(np.stack(rows), height, axis=0)
    data = np.ascontiguousarray(pixels)
    image = QImage(data.data, size_px, len(data), 3 * size_px, QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.copy()))


def _action(menu: QMenu, text: str, act: Callable[[], None]) -> None:
    menu.addAction(text).triggered.connect(lambda: act())

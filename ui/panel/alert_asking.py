"""Alerts made at a right-click on a figure: the editor opens on it before it is watched."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QCursor

from heatdesk.alerts.figures import Figure
from heatdesk.alerts.rules import FIGURE_SLACK_RATIO, Kind, Rule
from heatdesk.units import format_price
from ui.panel.alert_desk import usual_sound
from ui.panel.alert_editor import AlertEditor

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QMenu

    from heatdesk.alerts.rules import Watched
    from heatdesk.frames import CohortSub, DotSub
    from ui.panel import Panel

TOO_MANY = "There are too many alerts: delete some first."


def add_figure_alert(
    menu: QMenu, panel: Panel, sub: DotSub | CohortSub, figure: Figure, value: float, coin: str
) -> None:
    """Put an alert on a figure of a table onto a menu; one that is not told has none.

    Parameters
    ----------
    value : float
        What it is now, in its unit.
    coin : str
        What a click on the alert shows; empty: nothing.
    """
    if not math.isfinite(value):
        return
    level = float(f"{value:.4g}")
    rule = Rule(
        "",
        Kind.FIGURE,
        sub,
        level,
        coin=coin,
        slack_ratio=FIGURE_SLACK_RATIO,
        sound=usual_sound(Kind.FIGURE),
        figure=figure,
    )
    title = figure.title[0].lower() + figure.title[1:] if not figure.part else figure.title
    words = f"Alert when {figure.name} {title} crosses {figure.words(level)}..."
    menu.addAction(words).triggered.connect(partial(ask, panel, rule))


def add_price_alert(
    menu: QMenu, panel: Panel, sub: Watched, price: float, tick_size: float, coin: str
) -> None:
    """Put an alert on a price of an instrument onto a menu; one that is not told has none."""
    if not (math.isfinite(price) and price > 0):
        return
    rule = Rule(
        "",
        Kind.CROSSES,
        sub,
        price,
        coin=coin,
        tick_size=tick_size,
        sound=usual_sound(Kind.CROSSES),
    )
    words = f"Alert when price crosses {format_price(price, tick_size)}..."
    menu.addAction(words).triggered.connect(partial(ask, panel, rule))


def ask(panel: Panel, rule: Rule, *_: object) -> AlertEditor:
    """Open the editor on an alert that is not there yet; applied, it is added."""
    alerts = panel.context.alerts

    def add(wanted: Rule) -> None:
        if alerts.add(wanted) is None:
            panel.set_note(TOO_MANY)

    editor = AlertEditor(rule, panel, new=True)
    editor.applied.connect(add)
    return _opened(editor, panel, QCursor.pos())


def change(panel: Panel, rule: Rule, at: QPoint | None = None) -> AlertEditor:
    """Open the editor on an alert that is there, at a point of the screen or at the mouse."""
    editor = AlertEditor(rule, panel)
    editor.applied.connect(panel.context.alerts.change)
    return _opened(editor, panel, QCursor.pos() if at is None else at)


def _opened(editor: AlertEditor, panel: Panel, at: QPoint) -> AlertEditor:
    editor.trial.connect(panel.context.alerts.trial)
    editor.open_at(at)
    return editor

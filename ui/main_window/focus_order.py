"""The way that Tab goes through a panel: its chip, its options from left to right, what it shows."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.panel import Panel


def order_focus(panel: Panel) -> None:
    """Let Tab lead from the header over the options into the panel, as they lie on the screen.

    By itself Qt goes in the order in which widgets were made.
    """
    before: QWidget = panel.header.chip
    row = panel.options_bar
    for at in range(row.count()):
        item = row.itemAt(at)
        control = None if item is None else item.widget()
        if control is not None:
            QWidget.setTabOrder(before, control)
            before = control

"""Help > About: what HeatDesk is, and what it never does."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from heatdesk import __version__


def show_about(parent: QWidget) -> None:
    """Show it beside the desk; nothing is blocked."""
    box = QMessageBox(parent)
    box.setWindowTitle("About HeatDesk")
    box.setText(
        f"HeatDesk {__version__}\n\nShows where liquidity rests, where positions would be"
        " liquidated, what the market does and who leans which way.\n\n"
        "HeatDesk places no orders. Read-only keys are enough."
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setModal(False)
    box.show()

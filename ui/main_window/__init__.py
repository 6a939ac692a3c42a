"""The desk: its windows, docks, menus, bands and status bar, and the workspace they are."""

from ui.main_window.desk import Desk

__all__ = ["Desk"]

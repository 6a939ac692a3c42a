"""The desk's window: docks, menus, bands, status bar, and the layout it is found again by."""

from ui.main_window.window import MainWindow

__all__ = ["MainWindow"]

"""`Help`: the palette, the cheat sheet and what HeatDesk is, over the window in use."""

from __future__ import annotations

from collections.abc import Callable

from ui.commands.cheat_sheet import CheatSheet
from ui.commands.palette import CommandPalette
from ui.commands.table import CommandTable
from ui.main_window.about import show_about
from ui.main_window.desk_window import DeskWindow


class Help:
    """Shows what can be done.

    Parameters
    ----------
    window : callable
        The window in use.
    """

    def __init__(self, table: CommandTable, window: Callable[[], DeskWindow]) -> None:
        self._table, self._window = table, window
        self._palette: CommandPalette | None = None

    def show_palette(self) -> None:
        """Let a command be found and run."""
        if self._palette is None:
            self._palette = CommandPalette(self._table)
        self._palette.open_over(self._window())

    def show_keys(self) -> None:
        """Show every key."""
        window = self._window()
        CheatSheet(self._table, window).open_over(window)  # nobody else would hold it

    def show_about(self) -> None:
        """Show what HeatDesk is."""
        show_about(self._window())

    def close(self) -> None:
        """Let go of the palette."""
        if self._palette is not None:
            self._palette.deleteLater()
            self._palette = None

"""`Fitting`: docks put into windows that are not yet as large as they will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from ui.main_window.places import put_docks
from ui.main_window.screens import takes_all

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

GROWTH_MS, GROWTH_LOOKS = 25, 16
"""How often, and how many times in vain, a window that takes its screen is looked at for growth."""


class Fitting(QObject):
    """Puts docks into windows, and once more when these have their size.

    A window that was never shown has no bars yet, and one that takes all of its screen comes
    smaller at first: what the docks lose or win afterwards would not be shared by all alike.

    Signals
    -------
    ended : every dock has its size.
    """

    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._due: dict[QMainWindow, str] = {}
        self._fitted_to: dict[QMainWindow, QSize] = {}
        self._looks = 0
        self._timer = QTimer(self, interval=GROWTH_MS)
        self._timer.timeout.connect(self.look)

    @property
    def done(self) -> bool:
        """Whether every dock has its size."""
        return not self._due

    def put(self, window: QMainWindow, text: str) -> bool:
        """Put the docks of a window where they were; return whether Qt took it."""
        taken = put_docks(window, text)
        if taken and (takes_all(window) or not window.isVisible()):
            self._due[window] = text
            self._fitted_to.pop(window, None)
            self._looks = 0
            self._timer.start()
        return taken

    def forget(self, window: QMainWindow | None = None) -> None:
        """Fit a window no more; None: none of them."""
        for one in [window] if window is not None else [*self._due]:
            self._due.pop(one, None)
            self._fitted_to.pop(one, None)

    def look(self) -> None:
        """Fit the windows that were shown or have grown since the last look."""
        shown = {window: text for window, text in self._due.items() if window.isVisible()}
        for window, text in shown.items():
            if self._fitted_to.get(window) != window.size():
                self._fitted_to[window] = window.size()
                self._looks = 0
                put_docks(window, text)
        self._looks += 1
        for window in shown:
            if self._looks > GROWTH_LOOKS or not takes_all(window):
                self.forget(window)
        if self.done and self._timer.isActive():
            self._timer.stop()
            self.ended.emit()

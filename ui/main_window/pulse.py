"""The one refresh timer: asks each visible panel whether what it shows has moved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, QTimer

from ui.main_window.dock import PanelDock

log = logging.getLogger(__name__)

FRAME_MS = 33
MOVING_MS, MOVING_BEATS = 16, 30
"""Pace while data moves, and for so many beats after its last move."""
EAGER_MS, EAGER_BEATS = 8, 100
"""Pace right after the start, until every visible panel has painted something."""
SLOW_MS = 250
"""Pace of ages and of the status bar, and of everything while no panel can be seen."""


class Pulse(QObject):
    """Pulls visible panels about thirty times a second, twice as often while live data moves.

    It costs nothing while no panel can be seen.

    Parameters
    ----------
    docks : callable
        Every dock of the desk.
    window_seen : callable
        Whether the window itself can be seen.
    slowly : callable
        What else to bring up to date four times a second.
    """

    def __init__(
        self,
        docks: Callable[[], Iterable[PanelDock]],
        window_seen: Callable[[], bool],
        slowly: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._docks = docks
        self._window_seen = window_seen
        self._slowly = slowly
        self._fastest_ms = 0
        self._since_slow_ms = SLOW_MS
        self._eager_beats = EAGER_BEATS
        self._moving_beats = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.beat)

    @property
    def pace_ms(self) -> int:
        """Present interval; 0 while it stands still."""
        return self._timer.interval() if self._timer.isActive() else 0

    def set_cap(self, per_second: int) -> None:
        """Draw no more often than so many times a second."""
        self._fastest_ms = round(1000 / per_second)
        if self._timer.isActive():
            self.wake()

    def wake(self) -> None:
        """Look again at what can be seen: something was shown, hidden, floated or closed."""
        self._keep_pace(any(dock.on_screen for dock in self._docks()))

    def stop(self) -> None:
        """Stand still for good measure before the window goes."""
        self._timer.stop()

    def beat(self) -> None:
        """Pull what can be seen; now and then bring the ages up to date."""
        visible = [dock for dock in self._docks() if dock.on_screen]
        moved = False
        self._since_slow_ms += self._timer.interval()
        slow = self._since_slow_ms >= SLOW_MS
        for dock in visible:
            try:
                moved |= dock.panel.pull() and dock.panel.moves
                if slow:
                    dock.panel.show_header()
                    dock.show_title()
            except Exception:
                log.exception("panel %s could not be asked", dock.objectName())
        if slow:
            self._since_slow_ms = 0
            self._slowly()
        if visible and self._eager_beats:
            waiting = any(not dock.panel.ready for dock in visible)
            self._eager_beats = self._eager_beats - 1 if waiting else 0
        self._moving_beats = MOVING_BEATS if moved else max(0, self._moving_beats - 1)
        self._keep_pace(bool(visible))

    def _keep_pace(self, seen: bool) -> None:
        pace_ms = SLOW_MS if self._window_seen() else 0
        if seen:
            pace_ms = MOVING_MS if self._moving_beats else FRAME_MS
            pace_ms = EAGER_MS if self._eager_beats else max(pace_ms, self._fastest_ms)
        if pace_ms == 0:
            self._timer.stop()
        elif not self._timer.isActive() or self._timer.interval() != pace_ms:
            self._timer.start(pace_ms)

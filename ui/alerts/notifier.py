"""`Notifier`: tells of an alert on the desktop, or inside the desk where that cannot be.

The tray shows messages through Qt. A desktop without a tray may still show what is handed to its
service; only where neither is there the desk says it itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from ui.alerts.messenger import Messenger

log = logging.getLogger(__name__)

SHOWN_MS = 15_000
NO_MESSAGES = "No desktop notifications: this desktop shows none. Alerts are told above the panels."


class Notifier(QObject):
    """Shows notifications through the tray; its icon is there while an alert is watched.

    Parameters
    ----------
    say : callable
        Takes the sentence where the desktop has no tray or shows no messages.
    available : callable
        Whether the desktop has a tray that shows messages.
    messenger : Messenger, optional
        Hands messages over where there is no tray.

    Signals
    -------
    opened : a notification or the icon was clicked.
    told : why the desktop shows no messages, or empty once it can.
    """

    opened = Signal()
    told = Signal(str)

    def __init__(
        self,
        say: Callable[[str], object],
        parent: QObject | None = None,
        available: Callable[[], bool] | None = None,
        messenger: Messenger | None = None,
    ) -> None:
        super().__init__(parent)
        self._messenger = messenger or Messenger(SHOWN_MS, self)
        self._messenger.failed.connect(self._say_inside)
        self._messenger.arrived.connect(lambda: self._note(""))
        self._say = say
        self._available = available or _has_tray
        self._tray: QSystemTrayIcon | None = None
        self._noted = ""

    def be_there(self, *, wanted: bool) -> None:
        """Put the icon into the tray, or take it away."""
        if not wanted:
            if self._tray is not None:
                self._tray.hide()
            return
        if not self._available():
            if not self._messenger.there:
                self._note(NO_MESSAGES)
            return
        self._note("")
        if self._tray is None:
            icon = QApplication.windowIcon()
            self._tray = QSystemTrayIcon(icon, self)
            self._tray.setToolTip("HeatDesk watches alerts")
            self._tray.messageClicked.connect(self.opened)
            self._tray.activated.connect(self.opened)
        self._tray.show()

    def tell(self, title: str, text: str) -> None:
        """Tell of something."""
        if self._tray is None:
            self.be_there(wanted=True)  # a tray may have come since
        if self._tray is not None and self._tray.isVisible() and self._available():
            self._tray.showMessage(title, text, QApplication.windowIcon(), SHOWN_MS)
        elif self._messenger.there:
            self._messenger.hand_over(title, text)
        else:
            self._say_inside(title, text)

    def _say_inside(self, title: str, text: str) -> None:
        self._note(NO_MESSAGES)
        self._say(f"{title}: {text}")

    def _note(self, note: str) -> None:
        if note != self._noted:
            self._noted = note
            if note:
                log.info("%s", note)
            self.told.emit(note)

    def stop(self) -> None:
        """Take the icon away for good."""
        self._messenger.stop()
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = None


def _has_tray() -> bool:
    return QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()

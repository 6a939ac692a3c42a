"""One QApplication, dressed: what the desk and a snapshot share."""

from __future__ import annotations

import locale
import sys

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.app.submenus import keep_keys_inside
from ui.heatmap.gl_probe import prepare_format

DESKTOP_FILE = "org.heatdesk.HeatDesk"
"""The menu entry of an installed program: Wayland finds the icon of its windows by this name."""
SWITCH_INTERVAL_S = 0.0005
"""Short turns of the interpreter keep the GUI smooth while the feed thread parses."""


class DeskApplication(QApplication):
    """The application, told to end as a whole: by the session, or by a menu of the system.

    Otherwise Qt closes window by window, and one that a desk only puts away says no to all.

    Signals
    -------
    end_wanted : the program is to end.
    """

    end_wanted = Signal()

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        keep_keys_inside(self)

    def event(self, event: QEvent) -> bool:
        """Pass the wish on before the windows are asked one by one."""
        if event.type() is QEvent.Type.Quit:
            self.end_wanted.emit()
        return super().event(event)


def open_application(theme_name: str = "dark") -> QApplication:
    """Return the application in a theme; its attributes must be set before it exists."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # Without sharing, a GL context is lost each time a dock floats.
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    prepare_format()
    QCoreApplication.setApplicationName("HeatDesk")
    if getattr(sys, "frozen", False):
        QGuiApplication.setDesktopFileName(DESKTOP_FILE)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else DeskApplication(["HeatDesk"])
    _speak_plainly(app)
    theme.use(theme_name)
    theme.apply(app)
    pg.setConfigOptions(
        antialias=False,
        imageAxisOrder="row-major",
        background=theme.Palette.GROUND,
        foreground=theme.Palette.TEXT_DIM,
    )
    return app


def _speak_plainly(app: QApplication) -> None:
    """Let words, figures and sides be those of the desk in every locale of the system.

    How figures and times are written is a setting; a chart runs from left to right everywhere.
    """
    QLocale.setDefault(QLocale.c())
    app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    for part in (locale.LC_NUMERIC, locale.LC_TIME):  # Qt has taken over the system's
        locale.setlocale(part, "C")

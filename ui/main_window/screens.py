"""Monitors: who they are, where a window goes that stood on one, and when they come and go."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from heatdesk.workspaces.model import Mode, Place, Screen, find_screen

SETTLE_MS = 300
"""The window system moves windows by itself for a moment after a monitor came or went."""
CASCADE_PX = 48
GUEST_SHARE = 0.75
"""At most so much of a screen is taken by a window whose own one is missing."""
TITLE_PX, REACH_PX = 24, 120
"""A window is where it can be reached while so much of its title row is on a screen."""

_MODES = {
    Qt.WindowState.WindowFullScreen: Mode.FULL_SCREEN,
    Qt.WindowState.WindowMaximized: Mode.MAXIMISED,
}
_TAKES_ALL = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen


class ScreenWatch(QObject):
    """Tells once that monitors came, went or changed, when the window system has settled.

    Signals
    -------
    settled : look at the screens again.
    """

    settled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.settled)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenAdded.connect(self._added)
            application.screenRemoved.connect(self._changed)
            for screen in application.screens():
                self._listen(screen)

    @property
    def settling(self) -> bool:
        """Whether places seen now are not where a hand has put things."""
        return self._timer.isActive()

    def stop(self) -> None:
        """Tell nothing any more."""
        self._timer.stop()

    def _added(self, screen: QScreen) -> None:
        self._listen(screen)
        self._changed()

    def _listen(self, screen: QScreen) -> None:
        screen.geometryChanged.connect(self._changed)
        screen.logicalDotsPerInchChanged.connect(self._changed)

    def _changed(self, *_: object) -> None:
        self._timer.start()


def described(screen: QScreen) -> Screen:
    """Return what a monitor is known by."""
    area = screen.geometry()
    return Screen(
        screen.name(),
        screen.serialNumber(),
        screen.manufacturer(),
        screen.model(),
        (area.x(), area.y(), area.width(), area.height()),
    )


def present() -> tuple[Screen, ...]:
    """Every monitor there is, left to right."""
    return tuple(sorted(map(described, QGuiApplication.screens()), key=lambda one: one.area))


def by_place() -> list[QScreen]:
    """Every monitor, left to right."""

    def corner(screen: QScreen) -> tuple[int, int]:
        return screen.geometry().x(), screen.geometry().y()

    return sorted(QGuiApplication.screens(), key=corner)


def screen_title(screen: QScreen) -> str:
    """What a menu calls a monitor (``DP-1, 2560 x 1440``)."""
    size = screen.geometry().size()
    return f"{screen.name()}, {size.width()} x {size.height()}"


def place_of(window: QWidget) -> Place:
    """Where a top-level widget is."""
    screen = window.screen()
    home = described(screen)
    rect = window.geometry()
    state = window.windowState()
    mode = next((mode for flag, mode in _MODES.items() if state & flag), Mode.NORMAL)
    if mode is not Mode.NORMAL and window.normalGeometry().isValid():
        rect = window.normalGeometry()
    corner = home.area
    return Place(
        home, (rect.x() - corner[0], rect.y() - corner[1], rect.width(), rect.height()), mode
    )


def rect_for(place: Place, number: int = 0) -> QRect:
    """Return where a window goes: to its own monitor, else to a sane place on another.

    Parameters
    ----------
    number : int
        How many windows came before it; guests on a screen are set off against each other.
    """
    found = find_screen(place.screen, present())
    left, top, width, height = place.rect
    if found is not None:
        rect = QRect(found.area[0] + left, found.area[1] + top, width, height)
        if found.area[2:] == place.screen.area[2:]:
            return fit_into_screens(rect)
        return into(rect, _available(found))
    area = QGuiApplication.primaryScreen().availableGeometry()
    if number:
        width = min(width, round(area.width() * GUEST_SHARE))
        height = min(height, round(area.height() * GUEST_SHARE))
    shift = number * CASCADE_PX
    return into(QRect(area.x() + left + shift, area.y() + top + shift, width, height), area)


def takes_all(window: QWidget) -> bool:
    """Whether a window takes all of its screen, or will once it is shown."""
    return bool(window.windowState() & _TAKES_ALL)


def put(window: QWidget, place: Place, number: int = 0) -> None:
    """Move a window to its place, and let it take as much of the screen as it did."""
    rect = rect_for(place, number)
    wanted = next(
        (flag for flag, mode in _MODES.items() if mode is place.mode), Qt.WindowState.WindowNoState
    )
    taken = window.windowState() & _TAKES_ALL
    normal = window.normalGeometry() if taken else window.geometry()
    elsewhere = window.screen() is not QGuiApplication.screenAt(rect.center())
    if normal == rect and taken == wanted and not elsewhere:
        return
    if taken:
        window.setWindowState(window.windowState() & ~_TAKES_ALL)
    window.setGeometry(rect)
    if wanted is not Qt.WindowState.WindowNoState:
        window.setWindowState(wanted)


def bring_home(window: QWidget) -> None:
    """Move a window that cannot be reached onto a screen that is there."""
    rect = fit_into_screens(window.geometry())
    if rect != window.geometry():
        window.setGeometry(rect)


def fit_into_screens(place: QRect) -> QRect:
    """Return a rectangle that lies on a screen: as it is where its title row can be reached."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if not screens:
        return place
    title = QRect(place.left(), place.top(), place.width(), TITLE_PX)
    for area in screens:
        reach = area.intersected(title)
        if reach.width() >= min(REACH_PX, place.width()) and reach.height() >= TITLE_PX // 2:
            return place
    area = max(
        screens,
        key=lambda one: (
            one.intersected(place).width() * one.intersected(place).height(),
            -(one.center() - place.center()).manhattanLength(),
        ),
    )
    return into(place, area)


def into(place: QRect, area: QRect) -> QRect:
    """Return a rectangle moved, and cut where it must be, to lie inside an area."""
    width, height = min(place.width(), area.width()), min(place.height(), area.height())
    left = min(max(place.left(), area.left()), area.right() + 1 - width)
    top = min(max(place.top(), area.top()), area.bottom() + 1 - height)
    return QRect(left, top, width, height)


def _available(screen: Screen) -> QRect:
    for one in QGuiApplication.screens():
        if described(one) == screen:
            return one.availableGeometry()
    return QRect(*screen.area)

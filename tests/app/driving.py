"""Driving the real program by hand: where things are on the screen, and what they say.

A test asks by the words a user reads (a button's text or tooltip, a menu entry, a tab) and gets the
place on the screen; every press, turn and drag is then made by the X server. To answer, the program
is started by this module: ``main.py`` and, beside it in the same process, a responder on a socket.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.app.no_venues import NO_VENUES
from tests.processes import wait_until
from tests.x_windows import Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QWidget

    from tests.desktop import Desktop

ROOT = Path(__file__).resolve().parents[2]
TITLE = "^HeatDesk( - DEMO)?$"
DEMO_GROUND = "#2b2313"
DEMO_LINE = "#e0a336"


@dataclass(frozen=True)
class Spot:
    """Something that can be seen: its place on the screen and its words."""

    rect: Rect
    text: str
    enabled: bool
    checked: bool
    window: str

    @property
    def middle(self) -> tuple[int, int]:
        return self.rect.x + self.rect.width // 2, self.rect.y + self.rect.height // 2


class Desk:
    """A running desk, its main window, and the hand on it."""

    def __init__(self, desktop: Desktop, home: Path, *flags: str, **env: str) -> None:
        self.desktop = desktop
        self.home = home
        self._path = home.parent / f"where-{time.monotonic_ns()}"
        line = [sys.executable, "-m", "tests.app.driving", str(self._path), *flags]
        # a desk under test finds no exchange but those it is given
        self.program = desktop.start(line, {**NO_VENUES, **env})
        wait_until(lambda: self.runs() and self._path.exists(), "the responder", 30.0)
        self.window = wait_until(self._main_windows, "the main window", 30.0)[-1]
        desktop.activate(self.window)

    def _main_windows(self) -> list[int]:
        return self.desktop.windows(TITLE, self.program.pid) if self.runs() else []

    def runs(self) -> bool:
        """Fail the test at once, and not after a long wait, where the program has ended."""
        status = self.program.process.poll()
        assert status is None, f"ended with {status}; it printed:\n{self.program.output()}"
        return True

    # ------------------------------------------------------------------------------ what is seen
    def spots(self, called: str, within: str = "") -> list[Spot]:
        """Return what is called so and can be seen, top left first.

        ``called`` is a text, a tooltip, an accessible name, an object name or a kind of widget;
        ``within`` the object name of a panel's dock, the title of a window or a kind of widget.
        """
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._path))
            line.sendall(json.dumps([called, within]).encode() + b"\n")
            answer = json.loads(line.makefile("rb").read())
        found = [Spot(Rect(*one["rect"]), *one["words"]) for one in answer]
        return sorted(found, key=lambda spot: (spot.rect.y, spot.rect.x))

    def spot(self, called: str, within: str = "", *, timeout_s: float = 15.0) -> Spot:
        """Wait until something called so can be seen, and return it."""
        what = f"{called!r} in {within or 'any window'}"
        return wait_until(lambda: self.spots(called, within), what, timeout_s)[0]

    def seen(self, called: str, within: str = "") -> bool:
        return bool(self.spots(called, within))

    def wait_for(self, called: str, within: str = "") -> None:
        self.spot(called, within)

    def wait_gone(self, called: str, within: str = "") -> None:
        what = f"{called!r} to go from {within or 'every window'}"
        wait_until(lambda: not self.seen(called, within), what)

    def beside(self, called: str, other: str, within: str = "") -> Spot | None:
        """Return the one of several things of a name that stands in the row of another."""
        middle = self.spot(other, within).middle[1]
        row = [
            spot
            for spot in self.spots(called, within)
            if spot.rect.y <= middle < spot.rect.y + spot.rect.height
        ]
        return row[0] if row else None

    def pixels(self, place: Rect) -> bytes:
        """Return what the screen shows at a place."""
        image = self.desktop.picture().copy(*place)
        return bytes(image.constBits())

    def colours(self, spot: Spot, step: int = 3) -> set[str]:
        """Return the colours seen in a place."""
        image = self.desktop.picture().copy(*spot.rect)
        return {
            image.pixelColor(x, y).name()
            for y in range(0, image.height(), step)
            for x in range(0, image.width(), step)
        }

    # --------------------------------------------------------------------------------- the hand
    def press(self, called: str, within: str = "") -> Spot:
        """Click the middle of something that can be pressed."""
        what = f"{called!r} to be pressed in {within or 'any window'}"

        def usable() -> list[Spot]:
            return [spot for spot in self.spots(called, within) if spot.enabled]

        spot = wait_until(usable, what)[0]
        self.desktop.click(*spot.middle)
        return spot

    def press_menu(self, *names: str) -> None:
        """Go through the menu bar, or the open menu where a name is not in the bar, by mouse."""
        for name in names:
            self.press(name, "DeskMenus" if self.seen(name, "DeskMenus") else "QMenu")

    def press_beside(self, called: str, other: str, within: str = "") -> None:
        """Click what stands in the row of another, wherever that row is by now."""

        def usable() -> Spot | None:
            found = self.beside(called, other, within)
            return found if found is not None and found.enabled else None

        spot = wait_until(usable, f"{called!r} beside {other!r} to be usable")
        assert spot is not None
        self.desktop.click(*spot.middle)

    # ---------------------------------------------------------------------------------- outside
    def layout(self, *, demo: bool = False) -> dict[str, Any]:
        """Return what is kept of the open workspace, without panels where there is none yet."""
        return kept_state(self.home, demo=demo)

    def panel(self, panel_id: str, *, demo: bool = False) -> dict[str, Any]:
        """Return what the workspace file says of a panel, nothing where it is not there."""
        rows = self.layout(demo=demo)["panels"]
        return next((row for row in rows if row["id"] == panel_id), {})

    def leaves(self) -> None:
        """Wait for a clean end."""
        assert self.program.wait() == 0, self.program.output()
        assert "Traceback" not in self.program.output()
        log = (self.home / "logs" / "heatdesk.log").read_text(encoding="utf-8")
        assert " ERROR " not in log, log

    def quit(self) -> None:
        """Leave by Ctrl+Q."""
        self.desktop.activate(self.window)
        self.desktop.key("ctrl+q")
        self.leaves()


def kept_state(home: Path, *, demo: bool = False) -> dict[str, Any]:
    """Return the present state in the file of the open workspace."""
    folder = home / "demo" if demo else home
    empty: dict[str, Any] = {"panels": [], "arrangements": []}
    index = folder / "desk.json"
    if not index.exists():
        return empty
    path = folder / "workspaces" / f"{json.loads(index.read_text())['open']}.json"
    return (json.loads(path.read_text())["present"] if path.exists() else None) or empty


# --------------------------------------------------------------------- inside the driven program
def _roots(within: str) -> list[QWidget]:
    from PySide6.QtWidgets import QApplication, QWidget

    tops = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
    if not within:
        return tops
    named = []
    for top in tops:
        for one in (top, *top.findChildren(QWidget)):
            names = (one.objectName(), one.windowTitle(), type(one).__name__)
            if within in names and one.isVisible():
                named.append(one)
    return named


def _words(widget: QWidget) -> set[str]:
    from PySide6.QtWidgets import QAbstractButton, QLabel

    words = {widget.objectName(), widget.accessibleName(), widget.toolTip(), type(widget).__name__}
    if isinstance(widget, QAbstractButton | QLabel):
        words.add(widget.text().replace("&", ""))
    return words


def _parts(widget: QWidget) -> Iterator[tuple[Any, str, bool, bool]]:
    """Yield rectangle, words, enabled and checked of what a widget shows beside itself."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QListWidget, QMenu, QMenuBar, QTabBar

    if isinstance(widget, QMenu | QMenuBar):
        for action in widget.actions():
            if action.isVisible() and not action.isSeparator():
                words = action.text().replace("&", "").split("\t")[0]  # its keys stand behind
                rect = widget.actionGeometry(action)
                yield rect, words, action.isEnabled(), action.isChecked()
    elif isinstance(widget, QTabBar):
        for index in range(widget.count()):
            yield widget.tabRect(index), widget.tabText(index), True, index == widget.currentIndex()
    elif isinstance(widget, QListWidget):
        for row in range(widget.count()):
            item = widget.item(row)
            ticked = item.checkState() is Qt.CheckState.Checked
            yield widget.visualItemRect(item), item.text(), True, ticked


def _is_inside(widget: QWidget) -> bool:
    """Tell a widget from one that its parents clip away, such as a panel behind another tab."""
    part = widget.rect()
    here: QWidget = widget
    while not here.isWindow() and not part.isEmpty():
        part = part.translated(here.pos())
        here = here.parentWidget()
        part = part.intersected(here.rect())
    return not part.isEmpty()


def _spot(widget: QWidget, rect: Any, *words: Any) -> dict[str, Any]:
    from PySide6.QtCore import QPoint

    ratio = widget.devicePixelRatioF()
    corner = widget.mapToGlobal(QPoint(rect.x(), rect.y()))
    place = (corner.x(), corner.y(), rect.width(), rect.height())
    return {
        "rect": [round(value * ratio) for value in place],
        "words": [*words, widget.window().windowTitle()],
    }


def find(called: str, within: str) -> list[dict[str, Any]]:
    """Return every visible thing of that name, in pixels of the screen."""
    from PySide6.QtWidgets import QWidget

    found: list[dict[str, Any]] = []
    roots = _roots(within)
    widgets = [one for root in roots for one in (root, *root.findChildren(QWidget))]
    for widget in dict.fromkeys(widgets):
        if not widget.isVisible() or not _is_inside(widget):
            continue
        if called in _words(widget):
            text = getattr(widget, "text", lambda: "")
            words = text if isinstance(text, str) else text()
            checked = getattr(widget, "isChecked", lambda: False)()
            found.append(_spot(widget, widget.rect(), words, widget.isEnabled(), checked))
        for rect, words, enabled, checked in _parts(widget):
            is_tab = widget.inherits("QTabBar")
            if words == called or (is_tab and words.startswith(f"{called} \u00b7")):
                found.append(_spot(widget, rect, words, enabled, checked))
    return found


def _answer_at(path: str) -> object:
    """Listen on a socket; returns what must be kept alive."""
    from PySide6.QtCore import QSocketNotifier

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{path}.new")
    listening.listen()
    os.rename(f"{path}.new", path)

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb") as file:
            file.write(json.dumps(find(*json.loads(file.readline()))).encode())

    notifier = QSocketNotifier(listening.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(serve)
    return listening, notifier


def main(argv: list[str]) -> int:
    """Run the desk with a responder beside it."""
    import ui.app
    from ui.app import program

    kept: list[object] = []
    opened = program.open_application

    def open_application(theme_name: str) -> Any:
        app = opened(theme_name)
        kept.append(_answer_at(argv[0]))
        app.aboutToQuit.connect(kept.clear)
        return app

    program.open_application = open_application
    return ui.app.main(argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

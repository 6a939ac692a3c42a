"""The driven program: ``main.py`` and, beside it in the same process, a responder on a socket.

It is asked with one line of JSON: ``[called, within]`` for what is called so and can be seen, ``[]``
for the state of the desk.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QWidget

FIRST_START_PATIENCE_S = 60.0


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


def state(running: Any) -> dict[str, Any]:
    """Tell whether every panel has its place, whether the desk as it is was kept, and what has the
    keyboard, up to its window.
    """
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication

    holders: list[str] = []
    here = QApplication.focusWidget() or QApplication.activeWindow()
    while QGuiApplication.focusWindow() is not None and here is not None:
        holders += [*_words(here), here.windowTitle()]
        here = None if here.isWindow() else here.parentWidget()
    desk = running and running.desk
    placed = desk is not None and desk.placed and not desk.watch.settling
    return {
        "placed": placed,
        "kept": placed
        and not (desk._later.isActive() or desk._saving.isActive())
        and running.files.idle,
        "keyboard": [one for one in holders if one],
    }


def _answer_at(path: str, answer: Callable[..., object]) -> object:
    """Listen on a socket; returns what must be kept alive."""
    from PySide6.QtCore import QSocketNotifier

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{path}.new")
    listening.listen()
    os.rename(f"{path}.new", path)

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb") as file:
            file.write(json.dumps(answer(*json.loads(file.readline()))).encode())

    notifier = QSocketNotifier(listening.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(serve)
    return listening, notifier


def main(argv: list[str]) -> int:
    """Run the desk with a responder beside it."""
    import ui.app
    from ui.app import first_start, program

    # the machine may be busy with other tests: that is no reason to take an exchange for slow
    first_start.VENUE_PATIENCE_S = first_start.PATIENCE_S = FIRST_START_PATIENCE_S
    kept: list[object] = []
    programs: list[Any] = []
    opened = program.open_application

    class Seen(program.Program):
        """The program, which can be asked how far it is."""

        def start(self) -> None:
            super().start()
            programs.append(self)

    def answer(*question: str) -> object:
        return find(*question) if question else state(programs[-1] if programs else None)

    def open_application(theme_name: str) -> Any:
        app = opened(theme_name)
        kept.append(_answer_at(argv[0], answer))
        app.aboutToQuit.connect(kept.clear)
        app.aboutToQuit.connect(programs.clear)
        return app

    program.open_application = open_application
    program.Program = Seen
    return ui.app.main(argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

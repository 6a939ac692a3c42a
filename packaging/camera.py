"""A desk under a camera: opened, driven by hand, waited for, pictured."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEventLoop, QPoint, QRect, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from ui.app.program import Program
    from ui.main_window.dock import PanelDock

AWAY = (1915, 1075)
"""Where the mouse shows nothing."""
PATIENCE_S = 90.0


class Scene:
    """A running desk, the hand on it, and the camera.

    Parameters
    ----------
    folder : Path
        Where pictures go.
    """

    def __init__(self, folder: Path, program: Program) -> None:
        self.folder, self.program, self.desk = folder, program, program.desk
        self._drawn: list[str] = []

    # -- time

    def wait(self, seconds: float) -> None:
        """Let the desk run."""
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def until(self, true: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
        """Let the desk run until something is so.

        Raises
        ------
        TimeoutError
            When it does not come to be.
        """
        spent = QElapsedTimer()
        spent.start()
        while not true():
            if spent.elapsed() > patience_s * 1000:
                raise TimeoutError(f"waited in vain for {what}")
            self.wait(0.1)

    # -- the desk

    def begin(self, workspace: str, *, width: int = 1600, height: int = 900) -> None:
        """Open a workspace as it came, without what a hand drew over it."""
        desk, watching = self.desk, self.program.watching
        watching.alerts.remove(*(rule.id for rule in watching.alerts.rules()))
        for panel in desk.panels():
            if tools := getattr(panel, "tools", None):
                watching.lines.remove(tools.key)
        desk.switch(workspace)
        desk.revert()
        desk.dismiss()
        self.size(width, height)

    def panel(self, name: str) -> PanelDock:
        """A dock by its name."""
        return self.desk.docks[name]

    def size(self, width: int, height: int) -> None:
        """Give the first window a size, at a place where all of it is on the first monitor."""
        self.desk.first.showNormal()
        self.desk.first.setGeometry(20, 40, width, height)
        self.wait(0.5)

    def settle(self) -> None:
        """Wait until every panel in sight has drawn all there is, the mouse away."""
        self.hand("mousemove", *AWAY)
        shown = [dock.panel for dock in self.desk.docks.values() if dock.on_screen]
        store = self.desk.context.store
        self.until(
            lambda: all(
                panel.ready and all(store.revision(sub) > 0 for sub in panel.needs())
                for panel in shown
                if panel.provider_id
            ),
            "every panel",
        )
        self.wait(3.0)

    def only(self, *names: str) -> None:
        """Close every panel but these."""
        for name, dock in self.desk.docks.items():
            dock.setVisible(name in names)
        self.wait(0.5)

    # -- the hand

    def hand(self, *words: object) -> None:
        """Let xdotool do something while the desk runs."""
        line = ["xdotool", *(str(word) for word in words)]
        done = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.until(lambda: done.poll() is not None, " ".join(line), 20)
        self.wait(0.25)

    def take_hold(self) -> None:
        """Give the first window the keyboard."""
        self.desk.first.come_up()
        self.until(lambda: QApplication.activeWindow() is self.desk.first, "the keyboard", 15)

    def point(self, widget: QWidget, x_share: float, y_share: float) -> QPoint:
        """Move the mouse to a place of a widget; returns it."""
        at = widget.mapToGlobal(
            QPoint(round(widget.width() * x_share), round(widget.height() * y_share))
        )
        self.hand("mousemove", at.x() - 1, at.y())
        self.hand("mousemove", at.x(), at.y())
        return at

    # -- the camera

    def shoot(self, name: str, place: QRect | None = None) -> None:
        """Take a picture of a place of the screen; None: of the first window."""
        self._keep(self.seen(place or self.desk.first.geometry()).toImage(), name)

    def seen(self, place: QRect) -> QPixmap:
        """What a place of the screen shows."""
        screen = QGuiApplication.primaryScreen()
        return screen.grabWindow(0, place.x(), place.y(), place.width(), place.height())

    def shoot_panel(self, name: str, dock_name: str) -> None:
        """Take the picture of a panel that *Copy or save* makes."""
        self._keep(self.program.care.sharing.picture(self.panel(dock_name).panel), name)

    def _keep(self, image: QImage, name: str) -> None:
        path = self.folder / f"{name}.png"
        writer = QImageWriter(str(path), b"png")
        writer.setCompression(100)
        if not writer.write(_eased(image)):
            raise OSError(f"{path}: {writer.errorString()}")
        print(f"{path.name}: {image.width()} x {image.height()}, {path.stat().st_size >> 10} KiB")
        self._drawn.append(name)


@dataclass(frozen=True)
class Group:
    """Pictures of one desk.

    Attributes
    ----------
    scenes : mapping
        What makes each picture, by its name, in order.
    opened : callable
        The environment that the desk is opened with; what it holds lasts as long as the desk.
    """

    scenes: Mapping[str, Callable[[Scene], None]]
    demo: bool = True
    theme: str = "dark"
    monitors: tuple[tuple[int, int], ...] = ((1920, 1080),)
    opened: Callable[[], contextlib.AbstractContextManager[dict[str, str]]] = field(
        default=contextlib.nullcontext  # type: ignore[assignment]
    )

    @property
    def names(self) -> list[str]:
        """Names of the pictures."""
        return list(self.scenes)

    def draw(self, folder: Path, names: list[str]) -> int:
        """Open the desk and make its pictures; returns how many failed."""
        from heatdesk import settings as settings_file
        from ui.app.dressing import prepare
        from ui.app.program import Program
        from ui.app.stage import open_application

        with self.opened() as more:
            environ = {**os.environ, **(more or {})}
            home = Path(environ["HEATDESK_HOME"])
            home.joinpath(settings_file.FILE_NAME).write_text(
                f'[view]\nutc = true\ntheme = "{self.theme}"\n', encoding="utf-8"
            )
            loaded = settings_file.load(home, environ)
            prepare(loaded[0].view)
            open_application(loaded[0].view.theme)
            program = Program(home, environ, demo=self.demo, loaded=loaded)
            scene = Scene(folder, program)
            program.desk.first.setGeometry(20, 40, 1600, 900)
            program.start()
            failed = 0
            for name in names:
                try:
                    self.scenes[name](scene)
                except Exception as error:  # noqa: BLE001 - the other pictures are still wanted
                    print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
                    failed += 1
            program.desk.close()
            program.stop()
        return failed


def _eased(image: QImage) -> QImage:
    """The picture without the finest step of each colour: no eye sees it, an eighth of the file."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    np.frombuffer(image.bits(), np.uint8)[:] &= 0xFE  # type: ignore[call-overload]
    return image

"""A desk of several windows is ended as a whole by the session it runs in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.app.no_venues import NO_VENUES

ENDS = """
import os
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication
from ui.app import program
from ui.main_window.desk_window import DeskWindow


def asked_first():
    # the window that Qt would ask to close before the others
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, DeskWindow))


class Ended(program.Program):
    def start(self):
        super().start()
        self.desk.new_window()
        while asked_first().first:
            self.desk.new_window()
        self.watch = QTimer(self)
        self.watch.setInterval(20)
        self.watch.timeout.connect(self.end)
        self.watch.start()

    def end(self):
        if self.desk.placed and all(one.isVisible() for one in self.desk.windows):
            self.watch.stop()
            print(*[one.window_id for one in self.desk.windows])
            QApplication.sendEvent(QApplication.instance(), QEvent(QEvent.Type.Quit))
            QTimer.singleShot(0, lambda: os._exit(9))  # not reached where it ended


program.Program = Ended
raise SystemExit(program.run_desk(os.environ, demo=True))
"""


def test_a_session_that_ends_closes_the_desk_and_keeps_all_its_windows(tmp_path: Path) -> None:
    environ = {**os.environ, **NO_VENUES, "HEATDESK_HOME": str(tmp_path)}
    environ["QT_QPA_PLATFORM"] = "offscreen"
    ended = subprocess.run(
        [sys.executable, "-c", ENDS], env=environ, timeout=90, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()[-2_000:]
    kept = json.loads((tmp_path / "demo" / "workspaces" / "all-four.json").read_text())
    (arrangement,) = kept["present"]["arrangements"]
    assert list(arrangement["windows"]) == ended.stdout.decode().split()
    assert not (tmp_path / "crashes" / "running.json").exists()

"""`Messenger`: hands a notification to the desktop where it has no tray to show one from."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

GIVE_UP_MS = 3_000
"""A service that takes longer to answer is taken for gone."""
_APP, _ICON = "HeatDesk", "heatdesk"
Wording = Callable[[str, str], list[str]]


def _plain_words(shown_ms: int) -> Wording:
    def words(title: str, text: str) -> list[str]:
        how = [f"--app-name={_APP}", f"--icon={_ICON}", f"--expire-time={shown_ms}"]
        return [*how, "--", title, text]

    return words


def _bus_words(shown_ms: int) -> Wording:
    service = ["--dest=org.freedesktop.Notifications"]
    service += ["--object-path=/org/freedesktop/Notifications"]
    service += ["--method=org.freedesktop.Notifications.Notify"]

    def words(title: str, text: str) -> list[str]:
        said = [_APP, "0", _ICON, _quoted(title), _quoted(text), "[]", "{}", str(shown_ms)]
        return ["call", "--session", *service, "--", *said]

    return words


def _quoted(words: str) -> str:
    """Words as the text of a string, whatever is in them."""
    escaped = words.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def messengers_of(
    platform: str, shown_ms: int, find: Callable[[str], str | None] = shutil.which
) -> list[tuple[str, Wording]]:
    """Programs that hand a message to the desktop's service, the first choice first."""
    if platform in {"win32", "darwin"}:
        return []  # their trays show messages
    known = (("notify-send", _plain_words(shown_ms)), ("gdbus", _bus_words(shown_ms)))
    return [(path, words) for name, words in known if (path := find(name)) is not None]


class Messenger(QObject):
    """Hands messages over one by one, each by the first program that can.

    Signals
    -------
    failed : a message reached nobody; carries its title and text.
    arrived : one was taken.
    """

    failed = Signal(str, str)
    arrived = Signal()

    def __init__(
        self,
        shown_ms: int,
        parent: QObject | None = None,
        programs: list[tuple[str, Wording]] | None = None,
    ) -> None:
        super().__init__(parent)
        found = messengers_of(sys.platform, shown_ms) if programs is None else programs
        self._programs = found
        self._running: set[QProcess] = set()

    @property
    def there(self) -> bool:
        """Whether there is any program to try."""
        return bool(self._programs)

    def hand_over(self, title: str, text: str) -> None:
        """Give a message to the desktop."""
        self._try_next(iter(self._programs), title, text)

    def stop(self) -> None:
        """Wait for nobody."""
        for process in list(self._running):
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(1_000)
        self._running.clear()

    def _try_next(self, left: Iterator[tuple[str, Wording]], title: str, text: str) -> None:
        program = next(left, None)
        if program is None:
            self.failed.emit(title, text)
            return
        path, words = program
        process = QProcess(self)
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(QProcess.nullDevice())
        self._running.add(process)

        def end(code: int) -> None:
            if process not in self._running:
                return
            self._running.discard(process)
            process.deleteLater()
            if code == 0:
                self.arrived.emit()
            else:
                self._try_next(left, title, text)

        def broke(error: QProcess.ProcessError) -> None:
            if error is QProcess.ProcessError.FailedToStart:
                end(-1)

        def ended(code: int, status: QProcess.ExitStatus) -> None:
            end(code if status is QProcess.ExitStatus.NormalExit else -1)

        process.finished.connect(ended)
        process.errorOccurred.connect(broke)
        patience = QTimer(process, interval=GIVE_UP_MS, singleShot=True)  # it ends with the process
        patience.timeout.connect(process.kill)
        patience.start()
        process.start(path, words(title, text))

"""`SoundPlayer`: plays a tone by what the system has for it; without any it is quiet."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from heatdesk.alerts.tones import tone_file

log = logging.getLogger(__name__)

NO_PLAYER = "No sound: this system has no program that plays one."
NO_DEVICE = "No sound: nothing here plays it (no audio device?)."
NO_FILE = "No sound: its file cannot be written into the data folder."
GIVE_UP_MS = 10_000
"""A player that takes longer waits for a device that is not coming."""
_LINUX = (("pw-play",), ("paplay",), ("aplay", "-q"))
_MAC = (("afplay",),)


def players_of(platform: str, find: Callable[[str], str | None] = shutil.which) -> list[list[str]]:
    """Programs that play a file here, the first choice first."""
    offered = _MAC if platform == "darwin" else _LINUX
    found = ((find(name), rest) for name, *rest in offered)
    return [[path, *rest] for path, rest in found if path is not None]


class SoundPlayer(QObject):
    """Plays tones one at a time; one that comes while another plays is dropped.

    What is missing costs one line in the log and a note, never an error.

    Parameters
    ----------
    folder : Path
        Where the files of tones are kept.

    Signals
    -------
    told : why nothing can be heard, or empty once something was.
    """

    told = Signal(str)

    def __init__(
        self,
        folder: Path,
        parent: QObject | None = None,
        players: list[list[str]] | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._players = players_of(sys.platform) if players is None else players
        self._left: Iterator[list[str]] = iter(())
        self._file: Path | None = None
        self._note = ""
        self._process: QProcess | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._give_up)

    @property
    def playing(self) -> bool:
        """Whether a tone is being played."""
        return self._process is not None

    def play(self, name: str) -> None:
        """Play a tone by its name; an empty one is silence."""
        if not name or self.playing:
            return
        self._file = tone_file(self._folder, name)
        if self._file is None:
            self._tell(NO_FILE)
        elif sys.platform == "win32":
            self._play_on_windows(self._file)
        elif not self._players:
            self._tell(NO_PLAYER)
        else:
            self._left = iter(self._players)
            self._try_next()

    def stop(self) -> None:
        """Be quiet."""
        self._patience.stop()
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect()
            process.errorOccurred.disconnect()
            process.kill()
            process.waitForFinished(1_000)
            process.deleteLater()

    def _try_next(self) -> None:
        command = next(self._left, None)
        if command is None:
            self._tell(NO_DEVICE)
            return
        process = QProcess(self)
        self._process = process
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        self._patience.start(GIVE_UP_MS)
        process.start(command[0], [*command[1:], str(self._file)])

    def _finished(self, code: int) -> None:
        self._let_go()
        if code == 0:
            self._tell("")
        else:
            self._try_next()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._let_go()
            self._try_next()

    def _give_up(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _let_go(self) -> None:
        self._patience.stop()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None

    def _play_on_windows(self, path: Path) -> None:
        import winsound

        try:
            winsound.PlaySound(  # type: ignore[attr-defined,unused-ignore]
                str(path),
                winsound.SND_FILENAME | winsound.SND_ASYNC,  # type: ignore[attr-defined,unused-ignore]
            )
        except RuntimeError:
            self._tell(NO_DEVICE)
        else:
            self._tell("")

    def _tell(self, note: str) -> None:
        if note and note != self._note:
            log.info("%s", note)
        if note != self._note:
            self._note = note
            self.told.emit(note)

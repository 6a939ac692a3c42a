"""Writing what a desk keeps without holding up the windows: a disk may take its time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from heatdesk.errors import HeatDeskError, WriteError
from heatdesk.files import Told, put, put_at_once
from ui.worker import Worker

WAIT_S = 20.0


class FileWork(Worker):
    """The one worker that writes files, in the order they were given to it.

    Signals
    -------
    settled : a file was written, or could not be; who wanted it was told.
    """

    settled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("files", _unforeseen, parent)
        self._stopped = False

    def put(self, path: Path, content: bytes | None, told: Told) -> None:
        """Write a file soon, or remove it; as `heatdesk.files.put_at_once`."""

        def over(why: str) -> None:
            told(why)
            self.settled.emit()

        def failed(error: HeatDeskError) -> None:
            over(error.user_message)

        if self._stopped:
            put_at_once(path, content, over)
        else:
            self.ask(self, partial(put, path, content), lambda _: over(""), failed)

    def stop(self) -> None:
        """Write everything that is still to be written; what comes later is written at once."""
        self._stopped = True
        self.close(WAIT_S, drop=False)


def _unforeseen(kind: str) -> WriteError:
    return WriteError(f"A file of the desk could not be written ({kind}).")

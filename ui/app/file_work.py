"""Writing what a desk keeps without holding up the windows: a disk may take its time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from heatdesk.errors import HeatDeskError, WriteError
from heatdesk.files import Told, at_once, put
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
        self.do(partial(put, path, content), told)

    def do(self, work: Callable[[], None], told: Told) -> None:
        """Do soon what writes files and may raise a `HeatDeskError`, and tell what came of it."""

        def over(why: str) -> None:
            told(why)
            self.settled.emit()

        def failed(error: HeatDeskError) -> None:
            over(error.user_message)

        if self._stopped:
            at_once(work, over)
        else:
            self.ask(self, work, lambda _: over(""), failed)

    def stop(self) -> None:
        """Write everything that is still to be written; what comes later is written at once."""
        self._stopped = True
        self.close(WAIT_S, drop=False)


def _unforeseen(kind: str) -> WriteError:
    return WriteError(f"A file of the desk could not be written ({kind}).")

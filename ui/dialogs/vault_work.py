"""Asking the keyring without holding up the windows: it may wait for a person to unlock it."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from heatdesk.errors import HeatDeskError, VaultError

log = logging.getLogger(__name__)

T = TypeVar("T")
WAIT_S = 2.0


class VaultWork(QObject):
    """One worker that asks the keyring; answers come back on the GUI thread.

    Work and answer stay Python objects: nothing of them travels in a signal.
    """

    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # A daemon: a keyring that waits for its owner must not hold up the end of the program.
        self._thread = threading.Thread(target=self._serve, name="keyring", daemon=True)
        self._asked: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._answers: deque[tuple[QObject, Callable[[], None]]] = deque()
        self._closed = False
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def ask(
        self,
        owner: QObject,
        work: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[HeatDeskError], None],
    ) -> None:
        """Do ``work`` beside the GUI, then call one of the others on the GUI thread.

        An answer whose owner is gone by then is dropped.
        """
        self._asked.put(lambda: self._work(owner, work, then, failed))
        if not self._thread.is_alive() and not self._closed:
            self._thread.start()

    def close(self) -> None:
        """Drop what was not answered and wait a moment for the worker."""
        self._closed = True
        self._asked.put(None)
        if self._thread.is_alive():
            self._thread.join(WAIT_S)

    def _serve(self) -> None:
        while (asked := self._asked.get()) is not None and not self._closed:
            asked()

    def _work(
        self,
        owner: QObject,
        work: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[HeatDeskError], None],
    ) -> None:
        try:
            result = work()
        except HeatDeskError as error:
            problem = error
            self._answer(owner, lambda: failed(problem))
        except Exception as error:  # noqa: BLE001 - a backend's own exception may hold the key
            kind = type(error).__name__
            log.warning("the keyring failed: %s", kind)
            unknown = VaultError("The keyring failed. Use the key for this run only.", kind)
            self._answer(owner, lambda: failed(unknown))
        else:
            self._answer(owner, lambda: then(result))

    def _answer(self, owner: QObject, answer: Callable[[], None]) -> None:
        self._answers.append((owner, answer))
        if not self._closed:
            self._woken.emit()

    def _deliver(self) -> None:
        while self._answers and not self._closed:
            owner, answer = self._answers.popleft()
            if isValid(owner):
                answer()

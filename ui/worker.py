"""`Worker`: what may take a while is done beside the windows, its answer comes back to them."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from heatdesk.errors import HeatDeskError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Worker(QObject):
    """One thread that does one thing after the other; answers come back on the GUI thread.

    Work and answer stay Python objects: nothing of them travels in a signal.

    Parameters
    ----------
    name : str
        Of the thread.
    unforeseen : callable
        Makes an error for users of the name of one that nobody foresaw, whose own words may hold
        what is nobody's business.
    """

    _woken = Signal()

    def __init__(
        self,
        name: str,
        unforeseen: Callable[[str], HeatDeskError],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        # A daemon: what never ends must not hold up the end of the program.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._unforeseen = unforeseen
        self._asked: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._answers: deque[tuple[QObject, Callable[[], None]]] = deque()
        self._unanswered = 0
        self._dropping = self._closed = False
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Whether all that was asked is done and answered."""
        return self._unanswered == 0

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
        self._unanswered += 1
        self._asked.put(lambda: self._work(owner, work, then, failed))
        if not self._thread.is_alive() and not self._closed:
            self._thread.start()

    def close(self, patience_s: float, *, drop: bool) -> None:
        """End, waiting so long at most.

        Parameters
        ----------
        drop : bool
            Leave what was not begun, and what was not answered; otherwise all of it is done first.
        """
        self._dropping, self._closed = drop, True
        self._asked.put(None)
        if self._thread.is_alive():
            self._thread.join(patience_s)
            if self._thread.is_alive():
                log.warning("the work of %r did not end in time", self._thread.name)
        self._deliver()

    def _serve(self) -> None:
        while (asked := self._asked.get()) is not None and not self._dropping:
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
        except Exception as error:  # noqa: BLE001 - its own words may hold a key
            kind = type(error).__name__
            log.warning("the work of %r failed: %s", self._thread.name, kind)
            unknown = self._unforeseen(kind)
            self._answer(owner, lambda: failed(unknown))
        else:
            self._answer(owner, lambda: then(result))

    def _answer(self, owner: QObject, answer: Callable[[], None]) -> None:
        self._answers.append((owner, answer))
        if not self._closed:
            self._woken.emit()

    def _deliver(self) -> None:
        while self._answers and not self._dropping:
            owner, answer = self._answers.popleft()
            self._unanswered -= 1
            if isValid(owner):
                answer()

"""One desk for each data folder: a second start raises the first one and ends."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QLockFile, QObject, QThread

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

LOCK_NAME = "desk.lock"
STARTING_MS = 10_000
"""A desk that holds the folder and does not listen yet is starting; so long that may take."""
ANSWER_MS = 2_000
"""A desk that listens and does not answer by then is ill: the second one opens, without saving."""
AGAIN_MS = 50
GREETING, ANSWER = b"raise", b"raised\n"
TOKEN_NAME = "XDG_ACTIVATION_TOKEN"
"""What lets a Wayland desktop give the keyboard away; it was given to the second start."""
LONGEST_BYTES = 512


def server_name(home: Path) -> str:
    """Name under which the desk of a data folder listens; two ways to write a folder give one."""
    told = os.path.normcase(os.path.realpath(home))
    return f"heatdesk-{hashlib.sha256(os.fsencode(told)).hexdigest()[:20]}"


class SingleDesk(QObject):
    """Decides whether this start is the first desk of a data folder.

    Parameters
    ----------
    home : Path

    Attributes
    ----------
    first : bool
        It may save; a second one may not.
    other : bool
        Another desk holds the folder, as far as can be told.
    """

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = server_name(home)
        self._raise: Callable[[], None] = lambda: None
        self._server: QLocalServer | None = None
        self._talks: list[QLocalSocket] = []
        self._lock = QLockFile(str(home / LOCK_NAME))
        self._lock.setStaleLockTime(0)
        self._take()

    def call_first(self, starting_ms: int = STARTING_MS, answer_ms: int = ANSWER_MS) -> bool:
        """Ask the first desk to come up; return whether it answered in time.

        One that was about to end leaves its place to this one.

        Parameters
        ----------
        starting_ms : int
            How long it may take to listen.
        answer_ms : int
            How long it may take to answer then.
        """
        try:
            from PySide6.QtNetwork import QLocalSocket
        except ImportError:  # a library of the system is missing
            return False
        talk, spent = QLocalSocket(), QElapsedTimer()
        spent.start()
        token = os.environ.get(TOKEN_NAME, "").encode("ascii", "ignore")
        try:
            talk.connectToServer(self._name)
            while not talk.waitForConnected(max(1, starting_ms - spent.elapsed())):
                if spent.elapsed() >= starting_ms or self._take():
                    return False
                QThread.msleep(AGAIN_MS)  # it holds the folder and does not listen yet
                talk.abort()
                talk.connectToServer(self._name)
            talk.write(GREETING + b" " + token[: LONGEST_BYTES - 16] + b"\n")
            talk.flush()
            spent.restart()
            talk.waitForReadyRead(answer_ms)
            if bytes(talk.readAll().data()) == ANSWER:
                return True
            while not self._take() and spent.elapsed() < answer_ms:
                QThread.msleep(AGAIN_MS)  # it has hung up, and holds the folder for a moment more
            return False
        finally:
            talk.abort()

    def listen(self, come_up: Callable[[], None]) -> None:
        """Let a second start bring this desk up; costs a moment, so call it once the desk is open.

        Parameters
        ----------
        come_up : callable
            Shows the desk.
        """
        if not self.first or self._server is not None:
            return
        try:
            from PySide6.QtNetwork import QLocalServer
        except ImportError as error:  # a library of the system is missing
            log.warning("a second start cannot be heard: %s", error)
            return
        self._raise = come_up
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        # the lock is ours, so whoever listened under this name is gone
        QLocalServer.removeServer(self._name)
        if not server.listen(self._name):
            log.warning("a second start cannot be heard: %s", server.errorString())
            return
        server.newConnection.connect(self._greeted)
        self._server = server

    def close(self) -> None:
        """Let the folder go."""
        for talk in tuple(self._talks):
            talk.abort()
        if self._server is not None:
            self._server.close()
            self._server.deleteLater()
            self._server = None
        self._lock.unlock()

    # -- inside

    def _take(self) -> bool:
        """Take the folder where nobody holds it; return whether it is this desk's."""
        self.first = self._lock.tryLock(0)
        # a folder that takes no lock file has no other desk that saves there
        failed = self._lock.error() is QLockFile.LockError.LockFailedError
        self.other = not self.first and failed
        return self.first

    def _greeted(self) -> None:
        while self._server is not None and self._server.hasPendingConnections():
            talk = self._server.nextPendingConnection()
            self._talks.append(talk)
            talk.readyRead.connect(lambda one=talk: self._heard(one))
            talk.disconnected.connect(lambda one=talk: self._ended(one))

    def _heard(self, talk: QLocalSocket) -> None:
        if not talk.canReadLine():
            if talk.bytesAvailable() > LONGEST_BYTES:
                talk.abort()
            return
        words = bytes(talk.readLine(LONGEST_BYTES).data()).split()
        if words[:1] != [GREETING]:
            talk.abort()
            return
        if len(words) > 1:
            os.environ[TOKEN_NAME] = words[1].decode("ascii", "ignore")
        talk.write(ANSWER)
        talk.flush()
        log.info("a second start brought the desk up")
        self._raise()

    def _ended(self, talk: QLocalSocket) -> None:
        if talk in self._talks:
            self._talks.remove(talk)
            talk.deleteLater()

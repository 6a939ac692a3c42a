"""The log file, and what happens to an error nobody expected: one message, no key, no crash."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

from heatdesk.log_file import LogFile
from heatdesk.secrets import Keys, RedactKeys
from ui.panel import LogTail

log = logging.getLogger(__name__)

FILE_NAME = "heatdesk.log"
CRASH_NAME = "crash.txt"
LARGEST_BYTES = 1 << 20
KEPT_FILES = 3
UNEXPECTED = "Something unexpected happened; the desk runs on and the log says what it was."


class Journal:
    """Log handlers and error hooks for as long as the program runs.

    Parameters
    ----------
    home : Path
        ``logs/`` below it takes the files; a folder that cannot be written costs only the log.
    """

    def __init__(self, home: Path, keys: Keys, tail: LogTail) -> None:
        self._tell: Callable[[], None] = lambda: None
        self._telling = False
        self._handlers: list[logging.Handler] = [tail]
        self._crash: TextIO | None = None
        folder = home / "logs"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handlers.append(LogFile(folder / FILE_NAME, LARGEST_BYTES, KEPT_FILES))
            # Stacks only: faulthandler writes no values of variables.
            self._crash = (folder / CRASH_NAME).open("a", encoding="utf-8")
            faulthandler.enable(self._crash)
        except OSError:
            self._crash = None
        root = logging.getLogger()
        for handler in self._handlers:
            handler.addFilter(RedactKeys(keys))
            root.addHandler(handler)
        root.setLevel(logging.INFO)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        sys.excepthook = self._unexpected
        threading.excepthook = self._unexpected_in_thread

    def tell_by(self, tell: Callable[[], None]) -> None:
        """Show the one message this way; called on the thread that failed."""
        self._tell = tell

    def close(self) -> None:
        """Give the hooks back and close the files."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        root = logging.getLogger()
        for handler in self._handlers:
            root.removeHandler(handler)
            handler.close()
        if self._crash is not None:
            faulthandler.disable()
            self._crash.close()

    def _unexpected(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.error("unexpected", exc_info=(kind, error, trace))
        if self._telling:
            return  # what shows the message failed itself: telling of that would never end
        self._telling = True
        try:
            self._tell()
        finally:
            self._telling = False

    def _unexpected_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._unexpected(args.exc_type, args.exc_value, args.exc_traceback)

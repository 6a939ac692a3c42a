"""The log file, and what happens to an error nobody expected: one message, no key, no crash."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from heatdesk.log_file import LogFile
from heatdesk.secrets import Keys, RedactKeys
from heatdesk.units import SystemClock
from ui.app.crash import CrashReports, ReportOfLog
from ui.panel import LogTail

log = logging.getLogger(__name__)

FILE_NAME = "heatdesk.log"
LARGEST_BYTES = 1 << 20
KEPT_FILES = 3
UNEXPECTED = "Something unexpected happened; the desk runs on and the log says what it was."


class Journal:
    """Log handlers and error hooks for as long as the program runs.

    Parameters
    ----------
    home : Path or None
        ``logs/`` below it takes the files, ``crashes/`` the reports; a folder that cannot be
        written costs only these. None: nothing is written.
    second : bool
        Another desk runs with the same folder: the reports there are its own.

    Attributes
    ----------
    reports : CrashReports
    last_run : LastRun or None
        What the run before this one left; None where it ended well.
    """

    def __init__(
        self, home: Path | None, keys: Keys, tail: LogTail, *, second: bool = False
    ) -> None:
        self._tell: Callable[[], None] = lambda: None
        self._telling = False
        self.reports = CrashReports(None if second else home, SystemClock(), keys.redact)
        path = None if home is None else home / "logs" / FILE_NAME
        # before this run's log is opened: its first lines are not the former run's last
        self.last_run = self.reports.begin(path, tail.lines)
        self._handlers: list[logging.Handler] = [tail, ReportOfLog(self.reports)]
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._handlers.append(LogFile(path, LARGEST_BYTES, KEPT_FILES))
            except OSError as error:
                log.info("there is no log file: %s", error.strerror)
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
        self.reports.end()

    def _unexpected(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.error("unexpected", exc_info=(kind, error, trace))
        self.reports.write(error.with_traceback(trace))
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

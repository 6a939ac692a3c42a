"""The log as a file: whatever happens to the disk, the log alone suffers."""

from __future__ import annotations

import contextlib
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path


class LogFile(RotatingFileHandler):
    """Appends to a file that starts anew when it is long; a full disk costs lines, nothing else.

    Parameters
    ----------
    path : Path
    longest_bytes : int
        Where the file starts anew.
    kept : int
        Earlier files that are kept.

    Raises
    ------
    OSError
        When the file cannot be opened.
    """

    def __init__(self, path: Path, longest_bytes: int, kept: int) -> None:
        super().__init__(path, "a", longest_bytes, kept, encoding="utf-8")
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing of a disk that takes no more: a terminal is no place for its traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        """Close the file, also when its last lines cannot be written."""
        with contextlib.suppress(OSError):
            super().close()

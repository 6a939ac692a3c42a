"""The newest log lines, kept for the status panel."""

from __future__ import annotations

import logging
from collections import deque

KEPT_LINES = 200


class LogTail(logging.Handler):
    """A log handler that remembers the newest lines; any thread may log.

    Attributes
    ----------
    count : int
        Lines ever seen; a reader compares it to know whether something is new.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.setFormatter(
            logging.Formatter("%(asctime)s  %(levelname)-7s  %(message)s", "%H:%M:%S")
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a line: its first only, a traceback is for the file."""
        self._lines.append(self.format(record).split("\n", 1)[0])
        self.count += 1

    def lines(self) -> list[str]:
        """Return the newest lines, oldest first."""
        return list(self._lines)

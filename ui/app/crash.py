"""What is left behind when a run ends badly, and how the next start learns of it."""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from heatdesk import __version__
from heatdesk.files import write_whole
from heatdesk.units import Clock, iso_of, moment_of

log = logging.getLogger(__name__)

FOLDER, RUNNING, UNREAD, STACKS = "crashes", "running.json", "unread", "stacks.txt"
REPORTS = "report-*.txt"
KEPT = 10
"""Reports in the folder; an older one goes when a new one comes."""
MOST_OF_A_RUN = 5
"""A fault that comes with every frame fills no disk."""
TAIL_LINES = 200
LONGEST_TAIL_BYTES = 64 << 10
ENDED_BADLY = "HeatDesk did not end properly last time; this is the desk as it was kept."
WENT_WRONG = "Something unexpected happened last time; what is known of it was kept."


@dataclass(frozen=True, slots=True)
class LastRun:
    """What a start is told of the run before it.

    Attributes
    ----------
    sentence : str
        For a person.
    report : str
        The whole report, without keys.
    path : Path or None
        Where it lies; None where it could not be written.
    """

    sentence: str
    report: str
    path: Path | None


class CrashReports:
    """The folder of crash reports of one home.

    Nothing here raises: whatever hinders a report costs that report.

    Parameters
    ----------
    home : Path or None
        ``crashes/`` below it takes the reports; None: nothing is written.
    redact : callable
        Takes keys out of a text.

    Attributes
    ----------
    about : str
        What every report says of this run; set once it is known. Reports come from any thread:
        it is a text, not a question.
    """

    def __init__(self, home: Path | None, clock: Clock, redact: Callable[[str], str]) -> None:
        self.about = ""
        self._folder = None if home is None else home / FOLDER
        self._clock, self._redact = clock, redact
        self._tail: Callable[[], Iterable[str]] = tuple
        self._stacks: TextIO | None = None
        self._written = 0
        self._writing = False

    @property
    def folder(self) -> Path | None:
        """Where the reports lie."""
        return self._folder

    # -- from start to end

    def begin(self, log_path: Path | None, tail: Callable[[], Iterable[str]]) -> LastRun | None:
        """Mark this run as running; return what the one before it left, None where it ended well.

        Parameters
        ----------
        log_path : Path or None
            Log of the former run.
        tail : callable
            The newest lines of this run's log.
        """
        self._tail = tail
        if self._folder is None:
            return None
        last: LastRun | None = None
        try:
            last = self._last_run(log_path)
        except Exception:
            log.exception("what the last run left cannot be read")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._mark()
            # Stacks only: faulthandler writes no values of variables.
            self._stacks = (self._folder / STACKS).open("w", encoding="utf-8")
            faulthandler.enable(self._stacks)
        except OSError as error:
            log.warning("no crash report can be kept: %s", error.strerror)
        return last

    def end(self) -> None:
        """This run ends well."""
        if self._stacks is not None:
            faulthandler.disable()
            self._stacks.close()
            self._stacks = None
        if self._folder is not None:
            for name in (RUNNING, STACKS):
                _remove(self._folder / name)

    def write(
        self, error: BaseException, where: str = "", *, trace: Iterable[str] | None = None
    ) -> Path | None:
        """Keep a report of a failure that the desk survives; from any thread.

        Returns
        -------
        Path or None
            The report; None where none was written.
        """
        if self._folder is None or self._writing or self._written >= MOST_OF_A_RUN:
            return None
        self._writing = True  # what fails in here is not reported in turn
        try:
            lines = traceback.format_exception(error) if trace is None else trace
            text = self._text(f"Unexpected failure{f' {where}' if where else ''}", "".join(lines))
            path = self._keep(text)
            self._written += 1
        except Exception:  # noqa: BLE001 - a report must not make anything worse
            log.warning("a crash report could not be written")
            return None
        finally:
            self._writing = False
        return path

    # -- reading

    def newest(self) -> str:
        """The newest report; empty where there is none."""
        found = self._reports()
        try:
            return found[-1].read_text(encoding="utf-8", errors="replace") if found else ""
        except OSError:
            return ""

    # -- inside

    def _last_run(self, log_path: Path | None) -> LastRun | None:
        assert self._folder is not None
        running, unread = self._folder / RUNNING, self._folder / UNREAD
        if running.exists():
            _remove(unread)
            report = self._bad_end(running, log_path)
            try:
                path: Path | None = self._keep(report, unread=False)
            except Exception as error:  # noqa: BLE001 - it can still be shown
                log.warning("the report of the last run cannot be kept: %s", error)
                path = None
            return LastRun(ENDED_BADLY, report, path)
        if not unread.exists():
            return None
        path = self._folder / unread.read_text(encoding="utf-8").strip()
        _remove(unread)
        if path.parent != self._folder or not path.is_file():
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
        return LastRun(WENT_WRONG, text, path)

    def _bad_end(self, running: Path, log_path: Path | None) -> str:
        assert self._folder is not None
        try:
            began = json.loads(running.read_text(encoding="utf-8"))
            run = f"HeatDesk {began['version']}, started {began['started']}"
        except (OSError, ValueError, KeyError, TypeError):
            run = "HeatDesk, start unknown"
        stacks = _read_tail(self._folder / STACKS).strip()
        seen = stacks or "No stack was left: it was ended from outside, or the computer went off."
        tail = "\n".join(_read_tail(log_path).splitlines()[-TAIL_LINES:]) if log_path else ""
        parts = [f"A run did not end properly.\n{run}", seen, f"Log\n{tail}"]
        return self._redact("\n\n".join(parts) + "\n")

    def _text(self, title: str, trace: str) -> str:
        time = iso_of(self._clock.now_ms())
        tail = "\n".join(list(self._tail())[-TAIL_LINES:])
        parts = [f"{title}\nHeatDesk {__version__}, {time}", trace, self.about, f"Log\n{tail}"]
        return self._redact("\n\n".join(part for part in parts if part) + "\n")

    def _keep(self, text: str, *, unread: bool = True) -> Path:
        """Write a report and forget the oldest ones."""
        assert self._folder is not None
        stamp = moment_of(self._clock.now_ms()).strftime("%Y%m%d-%H%M%S")
        path, number = self._folder / f"report-{stamp}.txt", 2
        while path.exists():
            path, number = self._folder / f"report-{stamp}-{number}.txt", number + 1
        write_whole(path, text.encode("utf-8", "replace"))
        if unread:
            write_whole(self._folder / UNREAD, path.name.encode())
        for old in self._reports()[:-KEPT]:
            _remove(old)
        return path

    def _reports(self) -> list[Path]:
        """Reports, the oldest first."""
        if self._folder is None:
            return []
        try:
            return sorted(self._folder.glob(REPORTS), key=lambda one: one.stat().st_mtime_ns)
        except OSError:
            return []

    def _mark(self) -> None:
        assert self._folder is not None
        began = {
            "version": __version__,
            "started": iso_of(self._clock.now_ms()),
            "pid": os.getpid(),
        }
        (self._folder / RUNNING).write_text(json.dumps(began) + "\n", encoding="utf-8")


class ReportOfLog(logging.Handler):
    """Turns what asyncio and the feed thread could only log into a report."""

    SOURCES = ("asyncio", "ui.feed_thread")

    def __init__(self, reports: CrashReports) -> None:
        super().__init__(logging.ERROR)
        self._reports = reports

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a report where the record tells of an exception of theirs."""
        if record.name in self.SOURCES and record.exc_info and record.exc_info[1] is not None:
            self._reports.write(record.exc_info[1], "beside the windows")


def _read_tail(path: Path) -> str:
    """The end of a text file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LONGEST_TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.info("%s cannot be removed: %s", path.name, error.strerror)

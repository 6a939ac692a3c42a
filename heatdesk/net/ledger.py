"""The one file in which budgets survive: what was spent, when, and what providers told us.

A running desk and an export share it: looking and spending happen in one ``BEGIN IMMEDIATE``
transaction, so two processes cannot both take the last weight of a minute. Counters belong
to a provider, not to a key: two keys of one provider share them, which can only be too careful.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from heatdesk.units import DAY_MS, MINUTE_MS, day_start_ms, month_start_ms

log = logging.getLogger(__name__)

FILE_NAME = "budgets.sqlite"
KEEP_MS = 40 * DAY_MS
"""Spends older than this no longer matter to any budget."""
_BUSY_TIMEOUT_S = 3.0
_AHEAD_MS = 10 * MINUTE_MS
# Spends stamped further ahead than a request can last come from a clock that was set back.

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spend (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL, time_ms INTEGER NOT NULL, weight INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS spend_by_time ON spend (provider, time_ms);
CREATE TABLE IF NOT EXISTS bucket (
    provider TEXT PRIMARY KEY, time_ms INTEGER NOT NULL, deficit REAL NOT NULL);
CREATE TABLE IF NOT EXISTS hold (
    provider TEXT NOT NULL, name TEXT NOT NULL, until_ms INTEGER NOT NULL,
    remaining INTEGER NOT NULL, after_id INTEGER NOT NULL, PRIMARY KEY (provider, name));
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hold:
    """A word of the provider: until ``until_ms`` at most ``remaining`` more weight."""

    name: str
    until_ms: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What has been spent with one provider, seen from one moment.

    Attributes
    ----------
    recent : tuple of (time_ms, weight)
        Spends of the last minute, oldest first; a request still under way is stamped ahead.
    day, month : int
        Sums since 00:00 UTC of the day and of the first of the month.
    deficit : float
        Weight missing from the token bucket at ``deficit_ms``.
    holds : tuple of Hold
        Only those still in force.
    """

    recent: tuple[tuple[int, int], ...]
    day: int
    month: int
    deficit: float
    deficit_ms: int
    holds: tuple[Hold, ...]

    @property
    def minute(self) -> int:
        """Sum over the last minute."""
        return sum(weight for _, weight in self.recent)


class Ledger:
    """Spends of all providers, in one SQLite file.

    Parameters
    ----------
    path : Path or None
        The file; None counts in memory only. A file that cannot be used costs one line in
        the log and counting goes on in memory; a damaged one is set aside as ``.damaged``.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.persistent = False
        self._connection = self._open()

    def atomically(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in one transaction that nobody else can cut into."""
        try:
            return self._run(work)
        except sqlite3.Error as error:
            if not self.persistent:
                raise
            self._leave_file(error)
            return self._run(work)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Look without a transaction; allowed from any thread."""
        try:
            return work(self._connection)
        except sqlite3.Error:
            return self.atomically(work)

    def close(self) -> None:
        """Close the file; nothing may be asked afterwards."""
        self._connection.close()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            return _connect(":memory:")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return self._open_file(self._path)
        except (OSError, sqlite3.Error) as error:
            log.warning(
                "budgets are counted in memory only: %s cannot be used: %s", self._path, error
            )
            return _connect(":memory:")

    def _open_file(self, path: Path) -> sqlite3.Connection:
        try:
            connection = _connect(str(path))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            aside = _set_aside(path)
            log.warning("%s was damaged (%s); kept as %s, counting anew", path, error, aside.name)
            connection = _connect(str(path))
        self.persistent = True
        return connection

    def _leave_file(self, error: sqlite3.Error) -> None:
        """Go on without the file, or with a fresh one where it was damaged."""
        old = self._connection
        self.persistent = False
        if _is_damage(error) and self._path is not None:
            old.close()
            aside = _set_aside(self._path)
            log.warning(
                "%s was damaged (%s); kept as %s, counting anew", self._path, error, aside.name
            )
            self._connection = self._open()
            return
        log.warning("budgets are counted in memory from now on: %s: %s", self._path, error)
        self._connection = _connect(":memory:")
        try:
            old.backup(self._connection)
        except sqlite3.Error as lost:
            log.warning("what was spent so far could not be carried over: %s", lost)
            self._connection.close()
            self._connection = _connect(":memory:")
        old.close()


def read_tally(connection: sqlite3.Connection, provider: str, now_ms: int) -> Tally:
    """Add up what a provider was charged, as of ``now_ms``."""
    ahead_ms = now_ms + _AHEAD_MS
    recent = connection.execute(
        "SELECT time_ms, weight FROM spend WHERE provider = ? AND time_ms >= ? AND time_ms < ?"
        " ORDER BY time_ms",
        (provider, now_ms - MINUTE_MS, ahead_ms),
    ).fetchall()
    bucket = connection.execute(
        "SELECT time_ms, deficit FROM bucket WHERE provider = ?", (provider,)
    ).fetchone() or (now_ms, 0.0)
    holds = connection.execute(
        "SELECT name, until_ms, remaining - (SELECT coalesce(sum(weight), 0) FROM spend"
        "  WHERE spend.provider = hold.provider AND spend.id > hold.after_id)"
        " FROM hold WHERE provider = ? AND until_ms > ? ORDER BY name",
        (provider, now_ms),
    ).fetchall()
    return Tally(
        recent=tuple((int(time_ms), int(weight)) for time_ms, weight in recent),
        day=_sum_since(connection, provider, day_start_ms(now_ms), ahead_ms),
        month=_sum_since(connection, provider, month_start_ms(now_ms), ahead_ms),
        deficit=float(bucket[1]),
        deficit_ms=int(bucket[0]),
        holds=tuple(Hold(str(n), int(until_ms), max(0, int(left))) for n, until_ms, left in holds),
    )


def add_spend(connection: sqlite3.Connection, provider: str, time_ms: int, weight: int) -> int:
    """Record a spend; its row id. Rows too old to matter go."""
    connection.execute(
        "DELETE FROM spend WHERE provider = ? AND time_ms < ?", (provider, time_ms - KEEP_MS)
    )
    cursor = connection.execute(
        "INSERT INTO spend (provider, time_ms, weight) VALUES (?, ?, ?)",
        (provider, time_ms, weight),
    )
    return int(cursor.lastrowid or 0)


def restamp_spend(connection: sqlite3.Connection, row_id: int, time_ms: int) -> None:
    """Move a spend to the latest moment at which the provider can have counted it."""
    connection.execute("UPDATE spend SET time_ms = ? WHERE id = ?", (time_ms, row_id))


def write_deficit(
    connection: sqlite3.Connection, provider: str, time_ms: int, deficit: float
) -> None:
    """Keep how empty the token bucket is."""
    connection.execute(
        "INSERT OR REPLACE INTO bucket (provider, time_ms, deficit) VALUES (?, ?, ?)",
        (provider, time_ms, deficit),
    )


def write_hold(connection: sqlite3.Connection, provider: str, hold: Hold, now_ms: int) -> None:
    """Keep a word of the provider; requests still under way count against it."""
    under_way, last_id = connection.execute(
        "SELECT coalesce(sum(CASE WHEN time_ms > ? THEN weight END), 0), coalesce(max(id), 0)"
        " FROM spend WHERE provider = ?",
        (now_ms, provider),
    ).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO hold (provider, name, until_ms, remaining, after_id)"
        " VALUES (?, ?, ?, ?, ?)",
        (provider, hold.name, hold.until_ms, max(0, hold.remaining - int(under_way)), int(last_id)),
    )


def _sum_since(connection: sqlite3.Connection, provider: str, from_ms: int, ahead_ms: int) -> int:
    row = connection.execute(
        "SELECT coalesce(sum(weight), 0) FROM spend"
        " WHERE provider = ? AND time_ms >= ? AND time_ms < ?",
        (provider, from_ms, ahead_ms),
    ).fetchone()
    return int(row[0])


def _connect(target: str) -> sqlite3.Connection:
    # Opened where the program is put together, used on the feed thread.
    connection = sqlite3.connect(
        target, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        # one commit for all of it: a fresh file is written and flushed once
        connection.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        connection.execute("SELECT count(*) FROM spend").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_damage(error: sqlite3.Error) -> bool:
    # Locked, full and read-only are OperationalErrors; a torn file is the plain parent.
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError | sqlite3.IntegrityError | sqlite3.ProgrammingError
    )


def _set_aside(path: Path) -> Path:
    aside = path.with_name(path.name + ".damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    path.rename(aside)
    return aside

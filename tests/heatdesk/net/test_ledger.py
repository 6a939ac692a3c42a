from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import TYPE_CHECKING

import pytest

from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.ledger import KEEP_MS, Ledger, add_spend, read_tally
from tests.heatdesk.clocks import START_MS, JumpingClock

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(minute=10, burst=20, day=1000)


def spend(ledger: Ledger, weight: int) -> int:
    budget = RateBudget("kiyotaka", LIMITS, ledger, JumpingClock())
    asyncio.run(budget.acquire(weight))
    return budget.used_today()


def test_a_damaged_file_is_set_aside_and_counting_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "budgets.sqlite"
    path.write_bytes(b"this is no database at all" * 300)
    with caplog.at_level(logging.WARNING):
        ledger = Ledger(path)
    assert len(caplog.records) == 1
    assert ledger.persistent
    assert (tmp_path / "budgets.sqlite.damaged").read_bytes().startswith(b"this is no")
    assert spend(ledger, 7) == 7
    assert spend(Ledger(path), 1) == 8


def test_a_second_damaged_file_does_not_replace_the_first(tmp_path: Path) -> None:
    path = tmp_path / "budgets.sqlite"
    for text in (b"first " * 1000, b"second " * 1000):
        path.write_bytes(text)
        Ledger(path).close()
    assert (tmp_path / "budgets.sqlite.damaged").read_bytes().startswith(b"first")
    assert (tmp_path / "budgets.sqlite.damaged-2").read_bytes().startswith(b"second")


def test_a_file_torn_while_running_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "budgets.sqlite"
    ledger = Ledger(path)
    spend(ledger, 3)
    path.write_bytes(b"garbage " * 2000)
    with caplog.at_level(logging.WARNING):
        assert spend(ledger, 2) >= 2
    assert len(caplog.records) == 1
    assert [p.name for p in tmp_path.glob("*.damaged")] == ["budgets.sqlite.damaged"]


def test_a_folder_that_cannot_be_used_costs_one_line_and_counting_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING):
        ledger = Ledger(tmp_path / "home" / "budgets.sqlite")
        assert spend(ledger, 3) == 3
        assert spend(ledger, 4) == 7
    assert len(caplog.records) == 1
    assert not ledger.persistent


def test_a_disk_that_fills_up_keeps_what_was_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path / "budgets.sqlite")
    assert spend(ledger, 3) == 3
    ledger._connection.execute("PRAGMA query_only = ON")  # writing fails as on a full disk
    with caplog.at_level(logging.WARNING):
        assert spend(ledger, 4) == 7
        assert spend(ledger, 2) == 9
    assert len(caplog.records) == 1
    assert not ledger.persistent


def test_a_full_file_is_reported_by_sqlite_and_survived(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "budgets.sqlite")
    ledger._connection.execute("PRAGMA max_page_count = 1")

    def fill(connection: sqlite3.Connection) -> None:
        for index in range(2000):
            add_spend(connection, "kiyotaka", START_MS + index, 1)

    ledger.atomically(fill)
    assert not ledger.persistent
    assert ledger.read(lambda c: read_tally(c, "kiyotaka", START_MS)).minute == 2000


def test_a_transaction_that_fails_leaves_nothing_behind() -> None:
    ledger = Ledger()

    def half(connection: sqlite3.Connection) -> None:
        add_spend(connection, "kiyotaka", START_MS, 5)
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        ledger.atomically(half)
    assert ledger.read(lambda c: read_tally(c, "kiyotaka", START_MS)).day == 0


def test_spends_too_old_to_matter_are_pruned() -> None:
    ledger = Ledger()
    ledger.atomically(lambda c: add_spend(c, "kiyotaka", START_MS - KEEP_MS - 1, 5))
    ledger.atomically(lambda c: add_spend(c, "kiyotaka", START_MS - KEEP_MS + 1, 5))
    ledger.atomically(lambda c: add_spend(c, "kiyotaka", START_MS, 5))
    count = ledger.read(lambda c: c.execute("SELECT count(*) FROM spend").fetchone()[0])
    assert count == 2

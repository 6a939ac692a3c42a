"""A run that ends badly leaves a report, and the next start learns of it."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from heatdesk.secrets import Keys, MemoryVault
from heatdesk.units import FixedClock
from ui.app import crash
from ui.app.crash import ENDED_BADLY, WENT_WRONG, CrashReports
from ui.app.journal import Journal
from ui.panel import LogTail

KEY = "mark-kiyotaka-0b5d7e1f99"
NOON_MS = 1_774_612_800_000
DIES = """
import logging, sys
from pathlib import Path
from heatdesk.secrets import Keys, MemoryVault
from ui.app.journal import Journal
from ui.panel import LogTail
keys, tail = Keys(MemoryVault(), {"HEATDESK_KEY_KIYOTAKA": sys.argv[2]}), LogTail()
Journal(Path(sys.argv[1]), keys, tail)
logging.getLogger("net").warning("the last thing before the end, %s", sys.argv[2])
exec(sys.argv[3])
"""


def opened(home: Path) -> Journal:
    return Journal(home, Keys(MemoryVault(), {"HEATDESK_KEY_KIYOTAKA": KEY}), LogTail())


def die(home: Path, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(home), KEY, how],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0, done.stderr


def reports_of(home: Path) -> list[Path]:
    return sorted((home / crash.FOLDER).glob(crash.REPORTS))


def fail(text: str) -> None:
    raise RuntimeError(text)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1, logger="ui.app.journal")


def test_a_run_that_ends_well_leaves_nothing_to_tell(tmp_path: Path) -> None:
    opened(tmp_path).close()
    again = opened(tmp_path)
    assert again.last_run is None
    again.close()
    assert reports_of(tmp_path) == []


def test_a_segmentation_fault_is_told_at_the_next_start_with_its_stack(tmp_path: Path) -> None:
    die(tmp_path, "import faulthandler; faulthandler._sigsegv()")
    journal = opened(tmp_path)
    journal.close()
    last = journal.last_run
    assert last is not None
    assert last.sentence == ENDED_BADLY
    assert "Segmentation fault" in last.report
    assert "the last thing before the end" in last.report
    assert KEY not in last.report
    assert last.path is not None
    assert last.path.read_text() == last.report
    again = opened(tmp_path)
    again.close()
    assert again.last_run is None, "it is told once"


def test_a_kill_is_told_at_the_next_start_though_it_left_no_stack(tmp_path: Path) -> None:
    die(tmp_path, "import os; os.kill(os.getpid(), 9)")
    journal = opened(tmp_path)
    journal.close()
    assert journal.last_run is not None
    assert "ended from outside" in journal.last_run.report
    assert "the last thing before the end" in journal.last_run.report


def test_failures_of_every_thread_and_of_asyncio_leave_reports(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    try:
        fail("in the main thread")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    thread = threading.Thread(target=fail, args=("in a thread",))
    thread.start()
    thread.join()

    async def lose() -> None:
        task = asyncio.get_running_loop().create_task(_lost())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task

    async def _lost() -> None:
        fail("in a task")

    asyncio.run(lose())
    journal.close()
    told = "".join(path.read_text() for path in reports_of(tmp_path))
    for where in ("in the main thread", "in a thread", "in a task"):
        assert f"RuntimeError: {where}" in told
    again = opened(tmp_path)
    again.close()
    assert again.last_run is not None
    assert again.last_run.sentence == WENT_WRONG
    assert "in a task" in again.last_run.report, "the newest one is offered"


def test_a_key_in_the_text_of_a_failure_is_not_in_its_report(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.reports.about = f"About: {KEY}"
    path = journal.reports.write(ValueError(f"refused {KEY}"))
    journal.close()
    assert path is not None
    assert KEY not in path.read_text()
    assert path.read_text().count("***") == 2


def test_reports_are_bounded_in_a_run_and_in_the_folder(tmp_path: Path) -> None:
    for run in range(4):
        reports = CrashReports(tmp_path, FixedClock(NOON_MS + run), str)
        reports.begin(None, tuple)
        for number in range(20):
            reports.write(ValueError(f"{run} {number}"))
        reports.end()
    left = reports_of(tmp_path)
    assert len(left) == crash.KEPT
    assert "3 4" in reports.newest(), "the newest ones stay"
    assert not any("ValueError: 0 0" in path.read_text() for path in left)


def test_a_failure_while_a_report_is_written_stays_inside(tmp_path: Path) -> None:
    def refuses(text: str) -> str:
        raise OSError("the redaction fails")

    reports = CrashReports(tmp_path, FixedClock(NOON_MS), refuses)
    reports.begin(None, tuple)
    assert reports.write(ValueError("first")) is None
    reports.end()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_costs_only_the_reports(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    journal = opened(tmp_path)
    assert journal.reports.write(ValueError("first")) is None
    journal.close()
    tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_the_folder_costs_only_the_reports(tmp_path: Path) -> None:
    (tmp_path / crash.FOLDER).write_text("in the way")
    (tmp_path / "logs").write_text("in the way")
    journal = opened(tmp_path)
    assert journal.last_run is None
    assert journal.reports.write(ValueError("first")) is None
    journal.close()


def test_what_names_another_file_than_a_report_is_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "settings.toml"
    secret.write_text("private")
    folder = tmp_path / crash.FOLDER
    folder.mkdir()
    (folder / crash.UNREAD).write_text("../settings.toml")
    journal = opened(tmp_path)
    journal.close()
    assert journal.last_run is None


def test_a_second_desk_leaves_the_mark_of_the_first_alone(tmp_path: Path) -> None:
    first = opened(tmp_path)
    second = Journal(tmp_path, Keys(MemoryVault(), {}), LogTail(), second=True)
    assert second.last_run is None
    second.close()
    assert (tmp_path / crash.FOLDER / crash.RUNNING).exists()
    first.close()

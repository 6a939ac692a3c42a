"""One desk for each data folder: a second start brings the first one up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from ui.app.single import SingleDesk, server_name

CALLS = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from ui.app.single import SingleDesk
app = QCoreApplication([])
single = SingleDesk(Path(sys.argv[1]))
print(single.other, flush=True)
answered = single.other and single.call_first(int(sys.argv[2]), int(sys.argv[3]))
single.close()
sys.exit(7 if answered else 8 if single.other else 9)
"""
ANSWERED, SILENT, FIRST = 7, 8, 9


def start(
    home: Path, starting_ms: int = 20_000, answer_ms: int = 20_000
) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-c", CALLS, str(home), str(starting_ms), str(answer_ms)]
    return subprocess.Popen(line)


def end_of(process: subprocess.Popen[bytes], qtbot: QtBot) -> int:
    qtbot.waitUntil(lambda: process.poll() is not None, timeout=60_000)
    return int(process.returncode)


def test_a_second_start_brings_the_first_up_and_is_told_so(qtbot: QtBot, tmp_path: Path) -> None:
    raised: list[int] = []
    first = SingleDesk(tmp_path)
    first.listen(lambda: raised.append(1))
    assert first.first
    assert end_of(start(tmp_path), qtbot) == ANSWERED
    assert end_of(start(tmp_path), qtbot) == ANSWERED, "it can be done again"
    assert raised == [1, 1]
    first.close()


def test_two_starts_at_once_are_both_answered(qtbot: QtBot, tmp_path: Path) -> None:
    raised: list[int] = []
    first = SingleDesk(tmp_path)
    first.listen(lambda: raised.append(1))
    both = [start(tmp_path), start(tmp_path)]
    assert [end_of(one, qtbot) for one in both] == [ANSWERED, ANSWERED]
    assert len(raised) == 2
    first.close()


def test_a_first_desk_that_does_not_answer_is_not_waited_for_longer_than_that(
    qtbot: QtBot, tmp_path: Path
) -> None:
    first = SingleDesk(tmp_path)  # it holds the folder, and nobody listens
    assert end_of(start(tmp_path, starting_ms=300), qtbot) == SILENT
    first.listen(lambda: None)  # and now it does, but is too busy to answer
    assert start(tmp_path, answer_ms=300).wait(60) == SILENT
    first.close()


def test_a_first_desk_that_listens_a_little_later_is_found(qtbot: QtBot, tmp_path: Path) -> None:
    first = SingleDesk(tmp_path)
    second = start(tmp_path)
    assert second.poll() is None
    first.listen(lambda: None)
    assert end_of(second, qtbot) == ANSWERED
    first.close()


@pytest.mark.parametrize("listens", [True, False])
def test_a_start_while_the_first_desk_is_about_to_end_takes_its_place(
    qtbot: QtBot, tmp_path: Path, listens: bool
) -> None:
    first = SingleDesk(tmp_path)
    if listens:
        first.listen(lambda: None)
    line = [sys.executable, "-c", CALLS, str(tmp_path), "60000", "60000"]
    second = subprocess.Popen(line, stdout=subprocess.PIPE)
    assert second.stdout is not None
    assert second.stdout.readline() == b"True\n"  # it was refused, and asks one that is busy ending
    second.stdout.close()
    first.close()
    assert end_of(second, qtbot) == FIRST


def test_another_data_folder_is_another_desk(qtbot: QtBot, tmp_path: Path) -> None:
    first = SingleDesk(tmp_path)
    first.listen(lambda: None)
    other = tmp_path / "other"
    other.mkdir()
    assert end_of(start(other), qtbot) == FIRST
    first.close()


def test_two_ways_to_write_a_folder_are_one_desk(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert server_name(tmp_path / "home") == server_name(tmp_path / "link")
    assert server_name(tmp_path / "home") == server_name(tmp_path / "link" / ".." / "home")
    assert server_name(tmp_path / "home") != server_name(tmp_path)


def test_the_place_of_a_desk_that_was_killed_is_free(qtbot: QtBot, tmp_path: Path) -> None:
    script = CALLS.replace(
        "sys.exit(",
        "single = SingleDesk(Path(sys.argv[1]))\n"
        "single.listen(lambda: None)\nimport os\nos.kill(os.getpid(), 9)\nsys.exit(",
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), "10", "10"])
    assert end_of(killed, qtbot) == -9
    next_one = SingleDesk(tmp_path)
    assert next_one.first
    next_one.listen(lambda: None)
    assert end_of(start(tmp_path), qtbot) == ANSWERED
    next_one.close()


def test_what_is_no_greeting_is_not_answered(qtbot: QtBot, tmp_path: Path) -> None:
    from PySide6.QtNetwork import QLocalSocket

    raised: list[int] = []
    first = SingleDesk(tmp_path)
    first.listen(lambda: raised.append(1))
    talk = QLocalSocket()
    talk.connectToServer(server_name(tmp_path))
    qtbot.waitUntil(lambda: talk.state() is QLocalSocket.LocalSocketState.ConnectedState)
    talk.write(b"x" * 4_000)
    qtbot.waitUntil(lambda: talk.state() is QLocalSocket.LocalSocketState.UnconnectedState)
    assert raised == []
    talk.deleteLater()
    first.close()


def test_a_folder_that_takes_no_lock_is_no_other_desk(tmp_path: Path) -> None:
    alone = SingleDesk(tmp_path / "missing")
    assert not alone.first
    assert not alone.other
    alone.close()

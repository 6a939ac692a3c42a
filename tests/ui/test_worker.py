"""What is done beside the windows: in order, answered on the GUI thread, ended as was asked for."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from heatdesk import settings as settings_file
from heatdesk.errors import HeatDeskError, VaultError, WriteError
from heatdesk.settings import Settings, ViewSettings
from heatdesk.workspaces.library import INDEX_NAME, Library
from heatdesk.workspaces.model import State
from ui.app.file_work import FileWork
from ui.commands import Command, CommandTable
from ui.worker import Worker


def unforeseen(kind: str) -> HeatDeskError:
    return VaultError("It failed.", kind)


@pytest.fixture
def worker(qtbot: QtBot):
    made = Worker("test", unforeseen)
    yield made
    made.close(10.0, drop=True)


@pytest.fixture
def files(qtbot: QtBot):
    made = FileWork()
    yield made
    made.stop()


class Disk:
    """Holds up every write until it is let go, and may be full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = threading.Event()
        self.full = False
        self.threads: set[str] = set()
        monkeypatch.setattr("heatdesk.files.os.fsync", self._sync)

    def _sync(self, _: int) -> None:
        self.threads.add(threading.current_thread().name)
        assert self.free.wait(20)
        if self.full:
            raise OSError(28, "No space left on device")


def test_answers_come_in_order_on_the_thread_of_the_windows(worker: Worker, qtbot: QtBot) -> None:
    heard: list[tuple[object, bool]] = []

    def answer(result: object) -> None:
        heard.append((result, threading.current_thread() is threading.main_thread()))

    def broken() -> None:
        raise ValueError("the key is 1234")

    worker.ask(worker, lambda: threading.current_thread().name, answer, answer)
    worker.ask(worker, broken, answer, lambda error: answer(str(error)))
    worker.ask(worker, lambda: 3, answer, answer)
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert [one for one in heard if one[1]] == heard
    assert [heard[0][0], heard[2][0]] == ["test", 3]
    assert "ValueError" in str(heard[1][0])
    assert "1234" not in str(heard[1][0])


def test_an_answer_whose_owner_is_gone_is_dropped(worker: Worker, qtbot: QtBot) -> None:
    owner, heard = QObject(), []
    go = threading.Event()
    worker.ask(owner, go.wait, heard.append, heard.append)
    worker.ask(worker, lambda: "after it", heard.append, heard.append)
    owner.deleteLater()
    qtbot.wait(20)
    go.set()
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["after it"]


@pytest.mark.parametrize("drop", [True, False])
def test_an_end_drops_what_is_left_or_does_all_of_it(qtbot: QtBot, drop: bool) -> None:
    worker, heard, done = Worker("test", unforeseen), [], []
    began, go = threading.Event(), threading.Event()

    def first() -> None:
        began.set()
        go.wait(20)

    worker.ask(worker, first, heard.append, heard.append)
    worker.ask(worker, lambda: done.append("second"), heard.append, heard.append)
    assert began.wait(20)
    threading.Timer(0.1, go.set).start()
    worker.close(20.0, drop=drop)
    assert done == ([] if drop else ["second"])
    assert len(heard) == (0 if drop else 2)


def test_a_slow_disk_does_not_hold_up_the_windows(
    files: FileWork, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, told = Disk(monkeypatch), []
    path = tmp_path / "folder" / "a.json"
    files.put(path, b"1", told.append)
    files.put(path, b"2", told.append)
    assert not told
    assert not files.idle
    assert not path.exists()
    with qtbot.waitSignals([files.settled, files.settled]):
        disk.free.set()
    assert told == ["", ""]
    assert files.idle
    assert path.read_bytes() == b"2"
    assert disk.threads == {"files"}
    with qtbot.waitSignal(files.settled):
        files.put(path, None, told.append)
    assert not path.exists()


def test_settings_and_shortcuts_do_not_hold_up_the_windows_either(
    files: FileWork, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, told = Disk(monkeypatch), []
    table = CommandTable(tmp_path / "shortcuts.json", files.put)
    table.said.connect(told.append)
    table.add(Command("view.full", "Full screen", "View", lambda: None, ("F11",)))
    table.bind("view.full", ("Ctrl+J",))
    utc = replace(Settings(), view=ViewSettings(utc=True))
    files.do(partial(settings_file.save, utc, tmp_path), told.append)
    assert not told
    assert not list(tmp_path.glob("*.json")) + list(tmp_path.glob("*.toml"))
    with qtbot.waitSignals([files.settled, files.settled]):
        disk.free.set()
    assert told == [""]
    assert settings_file.load(tmp_path, {})[0].view.utc
    again = CommandTable(tmp_path / "shortcuts.json")
    again.add(Command("view.full", "Full screen", "View", lambda: None, ("F11",)))
    assert again.keys("view.full") == ("Ctrl+J",)
    disk.full = True
    with qtbot.waitSignals([files.settled, files.settled]):
        table.reset("view.full")
        files.do(partial(settings_file.save, Settings(), tmp_path), told.append)
    assert len(told) == 3
    assert all("the disk is full" in sentence for sentence in told[1:])
    assert disk.threads == {"files"}


def test_everything_is_written_before_the_end(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, told, files = Disk(monkeypatch), [], FileWork()
    for number in range(5):
        files.put(tmp_path / str(number), b"x", told.append)
    threading.Timer(0.1, disk.free.set).start()
    files.stop()
    assert told == [""] * 5
    files.put(tmp_path / "after", b"x", told.append)
    assert len(told) == 6
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {*"01234", "after"}


def test_a_workspace_that_could_not_be_written_is_told_of_once_and_written_later(
    files: FileWork, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    disk.free.set()
    library = Library(tmp_path, put=files.put)
    library.keep(State())

    def written() -> list[str]:
        with qtbot.waitSignals([files.settled, files.settled]):
            library.write()
        return library.take_sentences()

    disk.full = True
    first = written()
    assert len(first) == 1
    assert "the disk is full" in first[0]
    assert written() == []
    assert not list(tmp_path.rglob("*.json"))
    disk.full = False
    assert written() == []
    names = {path.name for path in tmp_path.rglob("*.json")}
    assert names == {INDEX_NAME, f"{library.open.slug}.json"}
    library.write()  # nothing new
    files.stop()
    assert {path.name for path in tmp_path.rglob("*")} >= names


def test_what_nobody_foresaw_while_writing_is_told_in_a_sentence(
    files: FileWork, qtbot: QtBot, tmp_path: Path
) -> None:
    told: list[str] = []
    with qtbot.waitSignal(files.settled):
        files.put(tmp_path / "a\0b", b"1", told.append)
    assert told[0].endswith(".")
    assert isinstance(WriteError(told[0]), HeatDeskError)

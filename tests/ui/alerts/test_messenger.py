"""Notifications on a desktop without a tray: by its service, else inside the desk."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ui.alerts.messenger import Messenger, messengers_of
from ui.alerts.notifier import NO_MESSAGES, Notifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.alerts.messenger import Wording

    Make = Callable[..., Notifier]

TITLE, TEXT = "Price crosses 70,000", "it's BTC \\ 'perp'\nnow 70,001"


def program(code: int, kept: Path | None = None) -> tuple[str, Wording]:
    """A program that keeps what it was told and ends with a code."""
    script = "import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:])); sys.exit({})"
    quiet = f"import sys; sys.exit({code})"

    def words(title: str, text: str) -> list[str]:
        if kept is None:
            return ["-c", quiet]
        return ["-c", script.format(code), str(kept), title, text]

    return sys.executable, words


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def made(said: list[str], qapp: object) -> Iterator[Make]:
    """Make notifiers of programs to try, ended with the test."""
    del qapp
    running: list[Notifier] = []

    def make(*programs: tuple[str, Wording]) -> Notifier:
        messenger = Messenger(1_000, programs=list(programs))
        running.append(Notifier(said.append, available=lambda: False, messenger=messenger))
        return running[-1]

    yield make
    for notifier in running:
        notifier.stop()


def test_without_a_tray_the_service_of_the_desktop_is_told(
    tmp_path: Path, said: list[str], made: Make, qtbot: QtBot
) -> None:
    kept = tmp_path / "message"
    notifier = made(program(0, kept))
    notes: list[str] = []
    notifier.told.connect(notes.append)
    notifier.be_there(wanted=True)
    with qtbot.waitSignal(notifier._messenger.arrived, timeout=20_000):
        notifier.tell(TITLE, TEXT)
    assert kept.read_text(encoding="utf-8") == f"{TITLE}|{TEXT}"
    assert said == []
    assert notes == []


def test_a_program_that_fails_gives_way_to_the_next(
    tmp_path: Path, said: list[str], made: Make, qtbot: QtBot
) -> None:
    kept = tmp_path / "message"
    nowhere = (str(tmp_path / "no-such-program"), lambda title, text: [title, text])
    notifier = made(nowhere, program(1), program(0, kept))
    with qtbot.waitSignal(notifier._messenger.arrived, timeout=20_000):
        notifier.tell(TITLE, TEXT)
    assert kept.exists()
    assert said == []


def test_where_nobody_takes_it_the_desk_says_it_and_why(
    said: list[str], made: Make, qtbot: QtBot
) -> None:
    notifier = made(program(1), program(2))
    notes: list[str] = []
    notifier.told.connect(notes.append)
    with qtbot.waitSignal(notifier._messenger.failed, timeout=20_000):
        notifier.tell(TITLE, "BTC")
    assert said == [f"{TITLE}: BTC"]
    assert notes == [NO_MESSAGES]


def test_a_service_that_hangs_is_not_waited_for_at_the_end(
    said: list[str], made: Make, qtbot: QtBot
) -> None:
    sleeps = (sys.executable, lambda *_: ["-c", "import time; time.sleep(600)"])
    notifier = made(sleeps)
    notifier.tell(TITLE, "BTC")
    [process] = notifier._messenger._running
    qtbot.waitUntil(lambda: process.processId() > 0, timeout=20_000)
    notifier.stop()
    assert process.processId() == 0


def test_programs_are_chosen_by_what_the_system_has() -> None:
    assert messengers_of("win32", 1_000, lambda name: name) == []
    both = messengers_of("linux", 1_000, lambda name: f"/usr/bin/{name}")
    assert [path for path, _ in both] == ["/usr/bin/notify-send", "/usr/bin/gdbus"]
    for _, wording in both:
        line = wording("--help", "-5 %")
        assert line.index("--") < line.index(next(one for one in line if "--help" in one))
    only = messengers_of("linux", 1_000, {"gdbus": "/usr/bin/gdbus"}.get)
    [(_, words)] = only
    assert words("a", TEXT)[-4] == "'it\\'s BTC \\\\ \\'perp\\'\\nnow 70,001'"

"""What nobody foresaw is logged and told once; telling cannot run in circles."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal

from heatdesk.secrets import Keys, MemoryVault
from ui.app.journal import Journal
from ui.panel import LogTail


class Teller(QObject):
    """Tells by a signal, as the desk does."""

    unexpected = Signal()


@pytest.fixture
def journal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Journal]:
    caplog.set_level(logging.CRITICAL + 1, logger="ui.app.journal")
    opened = Journal(tmp_path, Keys(MemoryVault(), {}), LogTail())
    yield opened
    opened.close()


def raise_to_the_hook(text: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)


def test_each_unforeseen_failure_is_told(journal: Journal) -> None:
    told: list[int] = []
    journal.tell_by(lambda: told.append(1))
    raise_to_the_hook("first")
    raise_to_the_hook("second")
    assert len(told) == 2


@pytest.mark.qt_no_exception_capture
def test_a_message_that_cannot_be_shown_is_not_told_of_again(journal: Journal) -> None:
    teller, shown = Teller(), []

    def show() -> None:
        shown.append(1)
        raise RuntimeError("the window is gone")

    teller.unexpected.connect(show)
    journal.tell_by(teller.unexpected.emit)
    raise_to_the_hook("first")
    assert len(shown) == 1
    raise_to_the_hook("second")
    assert len(shown) == 2

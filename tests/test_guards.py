"""The guards every test runs under bite."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget

from tests.conftest import Belongings, NetworkForbiddenError

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def test_a_connection_or_lookup_that_leaves_this_computer_is_refused(
    only_loopback: list[str],
) -> None:
    with socket.socket() as sock, pytest.raises(NetworkForbiddenError):
        sock.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkForbiddenError):
        socket.getaddrinfo("example.com", 443)
    assert only_loopback == ["192.0.2.1", "example.com"]
    only_loopback.clear()


def test_a_connection_to_this_computer_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port)):
            server.accept()[0].close()


def test_the_home_is_private_and_empty(heatdesk_home: Path) -> None:
    assert os.environ["HEATDESK_HOME"] == str(heatdesk_home)
    assert not list(heatdesk_home.iterdir())
    assert not [name for name in os.environ if name.startswith("HEATDESK_KEY")]


@pytest.mark.usefixtures("qapp")
def test_a_thread_a_timer_and_a_window_left_behind_are_seen(qtbot: QtBot) -> None:
    before = Belongings(qt=True)
    release = threading.Event()
    thread = threading.Thread(target=release.wait, name="stray")
    qt_thread, timer, window = QThread(), QTimer(), QWidget()
    qtbot.addWidget(window)
    thread.start()
    qt_thread.start()
    timer.start(60_000)
    left = "; ".join(Belongings(qt=True).missing_from(before))
    release.set()
    qt_thread.quit()
    assert qt_thread.wait(5_000)
    timer.stop()
    thread.join()
    assert "thread stray" in left
    assert "running QThread" in left
    assert "active QTimer" in left
    assert "window <PySide6.QtWidgets.QWidget" in left
    assert [words[:6] for words in Belongings(qt=True).missing_from(before)] == ["window"]

"""The desktop that other tests rely on really has a window, a hand, a camera and a key ring."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QColor

from tests.processes import wait_until

if TYPE_CHECKING:
    from tests.desktop import Desktop

WINDOW = """
import sys
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
app = QApplication([])
window = QWidget()
window.setWindowTitle("Probe 42")
window.setStyleSheet("QWidget { background: #123456 } QPushButton { background: #aa5500; border: none }")
line, button = QLineEdit(), QPushButton("Press")
layout = QVBoxLayout(window)
layout.addWidget(line)
layout.addWidget(button)
button.setFixedHeight(100)
line.textChanged.connect(lambda text: print("text", text, flush=True))
button.clicked.connect(lambda: print("clicked", flush=True))
window.resize(400, 300)
window.show()
sys.exit(app.exec())
"""
KEYRING = """
import keyring
print(type(keyring.get_keyring()).__module__)
keyring.set_password("heatdesk-test", "provider", "secret-1")
print(keyring.get_password("heatdesk-test", "provider"))
"""
READ = "import keyring; print(keyring.get_password('heatdesk-test', 'provider'))"


def python(desktop: Desktop, source: str) -> tuple[int, str]:
    program = desktop.start([sys.executable, "-c", source])
    return program.wait(), program.output()


def test_a_window_is_clicked_typed_into_seen_and_closed(desktop: Desktop) -> None:
    program = desktop.start([sys.executable, "-c", WINDOW])
    window = desktop.window("Probe 4.", pid=program.pid)
    desktop.activate(window)
    rect = desktop.rect(window)
    assert rect[2:] == (400, 300)

    def colour(x: int, y: int) -> str:
        return QColor(desktop.picture(window).pixel(x, y)).name()

    wait_until(lambda: colour(20, 150) == "#aa5500", "the button to be painted")
    assert {colour(x, y) for x in (0, 399) for y in (0, 299)} == {"#123456"}  # to the very corners
    desktop.click(200, 170, window)
    wait_until(lambda: "clicked" in program.output(), "the click to arrive")
    desktop.click(200, 72, window)
    desktop.type("Key-7_x")
    wait_until(lambda: "text Key-7_x\n" in program.output(), "the text to arrive")
    desktop.close_window(window)
    assert program.wait() == 0
    assert desktop.windows("Probe 42") == []


def test_a_key_survives_a_restart_of_the_key_ring(desktop: Desktop) -> None:
    status, printed = python(desktop, KEYRING)
    assert (status, printed.split()) == (0, ["keyring.backends.SecretService", "secret-1"])
    desktop.key_ring.unlock()
    assert python(desktop, READ) == (0, "secret-1\n")


def test_a_key_ring_is_not_shared_with_the_next_test(desktop: Desktop) -> None:
    assert python(desktop, READ) == (0, "None\n")


def test_a_locked_key_ring_refuses(locked_keyring: Desktop) -> None:
    status, printed = python(locked_keyring, KEYRING)
    assert status != 0
    assert "KeyringLocked" in printed or "locked" in printed.lower()


def test_an_absent_key_ring_is_noticed(desktop: Desktop) -> None:
    desktop.key_ring.take_away()
    status, printed = python(desktop, KEYRING)
    assert status != 0
    assert "NoKeyringError" in printed


@pytest.mark.parametrize("start", [(3000, 1500), (10, 10)])
def test_the_pointer_goes_where_it_is_sent(desktop: Desktop, start: tuple[int, int]) -> None:
    desktop.move(*start)
    desktop.drag(start, (start[0] + 40, start[1] + 25), steps=3)
    assert desktop.pointer() == (start[0] + 40, start[1] + 25)

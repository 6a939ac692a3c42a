"""The Qt binding keeps its references: some releases lose one on every call and then abort.

Run in a process of its own, because the fault ends the process and with it all other tests.
"""

from __future__ import annotations

import subprocess
import sys

CALLS = 20_000
SCRIPT = """
import sys
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

class Sender(QObject):
    moved = Signal(int, str, object)

app = QApplication([])
sender, label, seen, thing = Sender(), QLabel(), [], object()
sender.moved.connect(lambda number, text, what: seen.append(number))
references = sys.getrefcount(thing)
for number in range({calls}):
    sender.moved.emit(number, "same text", thing)
for number in range({calls}):
    label.setText(f"{{number:,}}")
assert seen == list(range({calls}))
print(label.text(), sys.getrefcount(thing) - references)
"""


def test_twenty_thousand_signals_and_texts_survive() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SCRIPT.format(calls=CALLS)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "19,999 0\n"), done.stderr

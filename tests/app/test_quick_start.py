"""A start leaves work out, and nothing of that stays so."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from ui.app import quick_start

ROOT = Path(__file__).resolve().parents[2]

COUNTING = """
import inspect, sys
from ui.app import quick_start
quick_start.begin()
read = []
getsource = inspect.getsource
inspect.getsource = lambda thing: read.append(thing) or getsource(thing)
import ui.main_window
import ui.panels
print(len(read), len([name for name in sys.modules if name.startswith("ui.")]))
"""


def test_no_source_is_read_while_the_windows_are_imported():
    done = subprocess.run(
        [sys.executable, "-c", COUNTING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sources, modules = map(int, done.stdout.split())
    assert sources == 0
    assert modules > 40


def test_garbage_is_looked_for_again_after_the_start():
    assert gc.isenabled()
    try:
        quick_start.begin()
        assert not gc.isenabled()
        quick_start.end()
        assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_qt_names_keep_their_case_after_the_start():
    from PySide6.QtCore import QObject

    quick_start.begin()
    quick_start.end()
    gc.unfreeze()
    assert hasattr(QObject(), "objectName")
    assert not hasattr(QObject(), "object_name")


NAMES = """
from ui.app import quick_start
quick_start.begin()
import PySide6.QtWidgets
import pyqtgraph as pg
taken = len(vars(pg.Qt.QtWidgets))
print(taken, len(dir(PySide6.QtWidgets)), len(dir(pg.Qt.QtWidgets)))
print(pg.Qt.QtWidgets.QDial is PySide6.QtWidgets.QDial, hasattr(pg.Qt.QtWidgets, "QNothing"))
from pyqtgraph.Qt import QtGui
print(QtGui is pg.QtGui, QtGui.QTransform is PySide6.QtGui.QTransform)
"""


def test_pyqtgraph_takes_the_names_of_qt_as_it_uses_them():
    done = subprocess.run(
        [sys.executable, "-c", NAMES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    counts, dial, gui = done.stdout.splitlines()
    taken, there, seen = map(int, counts.split())
    assert taken < there / 3
    assert there > 200
    assert seen >= there
    assert dial == "True False"
    assert gui == "True True"


THREADS = """
import os
from ui.app import quick_start
quick_start.begin()
import numpy
print(len(os.listdir("/proc/self/task")), "OPENBLAS_NUM_THREADS" in os.environ)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are not listed here")
def test_numpy_makes_no_threads_and_leaves_the_environment_as_it_was():
    done = subprocess.run(
        [sys.executable, "-c", THREADS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False"]

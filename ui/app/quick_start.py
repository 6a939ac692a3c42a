"""What makes a start shorter and is put right again once the desk is open."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from types import ModuleType
from typing import Any

STARTED_MS = 3000
"""By then what a start makes has been made."""
_THREADS = "OPENBLAS_NUM_THREADS"


def begin() -> None:
    """Leave out work that a start does not need; call before the windows' modules are imported."""
    # A start only adds: looking for garbage meanwhile would take a tenth of it.
    gc.disable()
    _leave_threads_unmade()
    _leave_sources_unread()
    _leave_classes_unmade()


def end() -> None:
    """Look for garbage from now on, but not among what the start has made: that stays."""
    gc.freeze()
    gc.enable()


def _leave_threads_unmade() -> None:
    """Have numpy load its linear algebra for one core.

    For more it makes threads and room for each while it is imported, which takes half of that
    import; the largest matrix of a desk is a table of colours.
    """
    if "numpy" in sys.modules or _THREADS in os.environ:
        return
    os.environ[_THREADS] = "1"
    try:
        importlib.import_module("numpy")
    finally:
        del os.environ[_THREADS]  # what is started from here decides for itself


def _leave_sources_unread() -> None:
    """Spare PySide6 a look into the source of every module that is imported after it.

    It searches them for its own name, to learn where its optional snake_case names may be switched
    on, and nobody does that here. "Yes" is its answer for a module that uses Qt and did not ask.
    """
    import PySide6.QtCore  # noqa: F401

    feature = sys.modules.get("shibokensupport.feature")
    name = "_mod_uses_pyside"
    if feature is not None and hasattr(feature, name):
        vars(feature)[name] = lambda module: True


def _leave_classes_unmade() -> None:
    """Let pyqtgraph take the names of Qt one by one, as it uses them.

    It copies all of them when it is imported, and so has PySide6 make every class and flag there
    is: a tenth of a start, for a few dozen that are ever used.
    """
    if "pyqtgraph" in sys.modules:
        return
    tellers = []
    for name in ("QtCore", "QtGui", "QtWidgets"):
        source = importlib.import_module(f"PySide6.{name}")
        sys.modules[f"pyqtgraph.Qt.{name}"] = _Mirror(f"pyqtgraph.Qt.{name}", source)
        tellers.append((source, vars(source).get("__dir__")))
        vars(source)["__dir__"] = list  # no names to copy
    try:
        importlib.import_module("pyqtgraph")
    finally:
        for source, teller in tellers:
            del vars(source)["__dir__"]
            if teller is not None:
                vars(source)["__dir__"] = teller


def takes_names(pyqtgraph: ModuleType) -> bool:
    """Whether pyqtgraph was imported so that it takes the names of Qt as it uses them."""
    parts = (pyqtgraph.QtCore, pyqtgraph.QtGui, pyqtgraph.QtWidgets)
    return all(isinstance(part, _Mirror) for part in parts)


class _Mirror(ModuleType):
    """A module that has what another one has, and takes it over when it is asked for."""

    def __init__(self, name: str, source: ModuleType) -> None:
        super().__init__(name)
        self._source = source

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._source, name)
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._source)})

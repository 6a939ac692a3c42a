"""What makes a start shorter and is put right again once the desk is open."""

from __future__ import annotations

import gc
import sys

STARTED_MS = 3000
"""By then what a start makes has been made."""


def begin() -> None:
    """Leave out work that a start does not need; call before the windows' modules are imported."""
    # A start only adds: looking for garbage meanwhile would take a tenth of it.
    gc.disable()
    _leave_sources_unread()


def end() -> None:
    """Look for garbage from now on, but not among what the start has made: that stays."""
    gc.freeze()
    gc.enable()


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

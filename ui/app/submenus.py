"""A menu inside a menu keeps the keyboard, however late the system tells of the outer one's focus."""

from __future__ import annotations

from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QMenu


def keep_keys_inside(app: QApplication) -> None:
    """Let keys go to the innermost menu that is open.

    Under X11 a menu hears some time after it has opened that it has the keyboard. Where keys were
    typed ahead of a busy desk, a menu inside it may be open by then; Qt takes the outer one for the
    newer of the two and gives it every key: the marked entry of the inner one is dead.
    """
    app.focusWindowChanged.connect(_open_inner_anew)


def _open_inner_anew(_window: QWindow | None = None) -> None:
    """Open a menu inside the one that has the keys once more, which makes it the newest."""
    outer = QApplication.activePopupWidget()
    entry = outer.activeAction() if isinstance(outer, QMenu) else None
    if not isinstance(outer, QMenu) or entry is None:
        return
    inner = entry.menu()
    if not isinstance(inner, QMenu) or not inner.isVisible():
        return
    marked = [one is inner.activeAction() for one in inner.actions()]
    inner.hide()
    outer.setActiveAction(entry)
    # by its place: a menu may be filled anew as it opens
    for one, was_marked in zip(inner.actions(), marked, strict=False):
        if was_marked:
            inner.setActiveAction(one)

"""Keeping a desk: what the layout file is told of a window, and a window put back from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow

from heatdesk.errors import WriteError
from ui.main_window import layout_file
from ui.main_window.dock import PanelDock
from ui.main_window.layout_file import Arrangement, Layout, PanelRecord
from ui.main_window.places import bring_home, screen_set

log = logging.getLogger(__name__)


class LayoutKeeper:
    """Reads and writes the layout of one window.

    Parameters
    ----------
    path : Path or None
        Where the layout is kept; None: nowhere.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._arrangements: dict[str, Arrangement] = {}

    @property
    def keeps(self) -> bool:
        """Whether there is a file to write."""
        return self._path is not None

    def close(self) -> None:
        """Write nothing any more."""
        self._path = None

    def read(self) -> tuple[Layout | None, str]:
        """Return the layout, None with a sentence where there is none that can be used."""
        if self._path is None:
            return None, ""
        layout, sentence = layout_file.load(self._path)
        self._arrangements = {} if layout is None else dict(layout.arrangements)
        return layout, sentence

    def restore(self, window: QMainWindow, docks: Mapping[str, PanelDock], layout: Layout) -> bool:
        """Put window and docks where they were; return whether the arrangement was taken.

        True as well where none was kept for any set of screens: there was nothing to refuse.
        """
        arrangement = layout.arrangement(screen_set())
        if arrangement is None:
            return True
        window.restoreGeometry(QByteArray.fromBase64(arrangement.geometry.encode()))
        state = QByteArray.fromBase64(arrangement.state.encode())
        taken = bool(window.restoreState(state, layout_file.VERSION))
        bring_home(window, docks.values())
        return taken

    def save(self, window: QMainWindow, docks: Mapping[str, PanelDock]) -> str:
        """Write the layout file; return a sentence when it could not be written."""
        if self._path is None:
            return ""
        screens = screen_set()
        self._arrangements.pop(screens, None)
        self._arrangements[screens] = Arrangement(
            bytes(window.saveGeometry().toBase64().data()).decode(),
            bytes(window.saveState(layout_file.VERSION).toBase64().data()).decode(),
        )
        records = tuple(
            PanelRecord(name, dock.panel.panel_id, dock.panel.demo, dock.panel.save_options())
            for name, dock in docks.items()
        )
        try:
            layout_file.save(Layout(records, self._arrangements), self._path)
        except WriteError as error:
            log.warning("%s", error)
            return error.user_message
        return ""

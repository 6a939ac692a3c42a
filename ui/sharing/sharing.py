"""`Sharing`: what a person takes out of the desk by hand: pictures, values, tables."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from heatdesk.errors import WriteError
from heatdesk.files import write_atomically
from heatdesk.frames import DataState
from heatdesk.units import moment_of
from ui.panel import Panel, PanelContext
from ui.sharing.picture import Caption, picture_of, png_of
from ui.sharing.tables import tsv_of

log = logging.getLogger(__name__)

PNG, CSV = "PNG picture (*.png)", "Table, comma-separated (*.csv)"
TWICE = 2.0
NOTHING_SHOWN = "This panel shows nothing yet that could be copied."
NO_TABLE = "This panel has no table; take a picture of it."
MOST_SOURCES = 3

AskPath = Callable[[QWidget | None, str, str, str], str]
"""Parent, title, proposed path and kind of file; the path chosen, empty where none was."""


def ask_by_dialog(parent: QWidget | None, title: str, proposed: str, kind: str) -> str:
    """Let a person choose where a file goes, by the system's own dialog."""
    return QFileDialog.getSaveFileName(parent, title, proposed, kind)[0]


class Sharing:
    """Copies and saves.

    Parameters
    ----------
    context : PanelContext
        Whose clock and zone the margins show.
    titles : callable
        Names of the providers on screen, by id.
    say : callable
        Shows one sentence.
    ask_path : callable
        Asks where a file goes.
    """

    def __init__(
        self,
        context: PanelContext,
        titles: Callable[[], Mapping[str, str]],
        say: Callable[[str], None],
        ask_path: AskPath = ask_by_dialog,
    ) -> None:
        self._context, self._titles, self._say, self._ask = context, titles, say, ask_path
        self._folder = ""

    # -- one panel

    def menu_of(self, panel: Panel) -> QAction:
        """Return the entry for a panel's menu; what it opens is made when it is opened."""
        menu = QMenu("Copy or save", panel)
        menu.aboutToShow.connect(partial(self._fill, menu, panel))
        return menu.menuAction()

    def copy_picture(self, panel: Panel, factor: float = 1.0) -> None:
        """Put a picture of a panel on the clipboard."""
        _to_clipboard(self.picture(panel, factor))

    def save_picture(self, panel: Panel, factor: float = 1.0) -> None:
        """Save a picture of a panel where a person wants it."""
        name = f"{panel.title} {panel.subtitle().split('·')[0]}"
        self._save_picture(partial(self.picture, panel, factor), name, panel)

    def picture(self, panel: Panel, factor: float = 1.0) -> QImage:
        """A panel as it is at this moment."""
        return picture_of([panel], self.caption(panel), factor * panel.devicePixelRatioF())

    def copy_table(self, panel: Panel) -> None:
        """Put what a panel shows on the clipboard, tab-separated: spreadsheets paste it so."""
        table = self._table(panel)
        if table:
            QGuiApplication.clipboard().setText(tsv_of(table))

    def copy_csv(self, panel: Panel) -> None:
        """Put what a panel shows on the clipboard, comma-separated."""
        table = self._table(panel)
        if table:
            QGuiApplication.clipboard().setText(table)

    def save_csv(self, panel: Panel) -> None:
        """Save what a panel shows as a CSV file."""
        table = self._table(panel)
        if table:
            name = f"{panel.title} {panel.subtitle().split('·')[0]}"
            self._save(lambda: table.encode(), name, ".csv", CSV, panel)

    def caption(self, panel: Panel) -> Caption:
        """What the margin says of a panel."""
        parts = [panel.title, panel.subtitle()]
        if panel.header.pill.state in {DataState.STALE, DataState.PROBLEM}:
            parts.append(panel.header.pill.text)  # old data does not pass for fresh elsewhere
        what = " · ".join(part for part in parts if part)
        return Caption(what, self._now(), self._sources([panel]), panel.demo)

    # -- the desk

    def copy_desk(self, name: str, panels: Sequence[Panel], factor: float = 1.0) -> None:
        """Put a picture of all that can be seen on the clipboard."""
        picture = self.desk_picture(name, panels, factor)
        if picture is not None:
            _to_clipboard(picture)

    def save_desk(self, name: str, panels: Sequence[Panel], factor: float = 1.0) -> None:
        """Save a picture of all that can be seen."""
        picture = self.desk_picture(name, panels, factor)
        if picture is not None:
            parent = panels[0] if panels else None
            self._save_picture(lambda: picture, f"HeatDesk {name}", parent)

    def desk_picture(
        self, name: str, panels: Sequence[Panel], factor: float = 1.0
    ) -> QImage | None:
        """Every window with a panel that can be seen, from left to right; None where there is none.

        Parameters
        ----------
        name : str
            Of the workspace.
        panels : sequence of Panel
            Every panel of the desk.
        """
        seen = [panel for panel in panels if panel.isVisible()]
        windows = list(dict.fromkeys(panel.window() for panel in seen))
        if not windows:
            self._say("There is nothing on the desk to take a picture of.")
            return None
        windows.sort(key=lambda one: (one.x(), one.y()))
        symbols = dict.fromkeys(
            target.name for panel in seen if (target := panel.target()) is not None
        )
        what = " · ".join([name, ", ".join(symbols)]) if symbols else name
        demo = any(panel.demo for panel in seen)
        caption = Caption(what, self._now(), self._sources(seen), demo)
        return picture_of(windows, caption, factor * windows[0].devicePixelRatioF())

    # -- inside

    def _fill(self, menu: QMenu, panel: Panel) -> None:
        menu.clear()
        for text, run in (
            ("Copy picture", partial(self.copy_picture, panel)),
            ("Copy picture, twice the size", partial(self.copy_picture, panel, TWICE)),
            ("Save picture...", partial(self.save_picture, panel)),
            ("Save picture, twice the size...", partial(self.save_picture, panel, TWICE)),
            ("", None),
            ("Copy table for a spreadsheet", partial(self.copy_table, panel)),
            ("Save table as CSV...", partial(self.save_csv, panel)),
        ):
            if run is None:
                menu.addSeparator()
            else:
                menu.addAction(text).triggered.connect(partial(_ignoring_state, run))

    def _table(self, panel: Panel) -> str:
        """What a panel shows as CSV; says why where there is none."""
        table = panel.csv()
        if not table:
            has_table = type(panel).csv is not Panel.csv
            self._say(NOTHING_SHOWN if has_table else NO_TABLE)
        return table or ""

    def _now(self) -> str:
        now_ms, workspace = self._context.clock.now_ms(), self._context.workspace
        moment = moment_of(now_ms, workspace.zone).strftime("%Y-%m-%d %H:%M:%S")
        return f"{moment} {workspace.zone_tag(now_ms)}"

    def _sources(self, panels: Sequence[Panel]) -> str:
        """Who told what panels show."""
        titles = self._titles()
        asked = [
            "invented" if panel.demo else titles.get(panel.real_source, panel.real_source)
            for panel in panels
            if panel.provider_id
        ]
        names = list(dict.fromkeys(one for one in asked if one))
        more = len(names) - MOST_SOURCES
        words = ", ".join(names[:MOST_SOURCES]) + (f" and {more} more" if more > 0 else "")
        return f"Source: {words}" if names else ""

    def _save_picture(self, take: Callable[[], QImage], name: str, parent: QWidget | None) -> None:
        image = take()  # as it was when it was asked for, not when the dialog is closed
        self._save(lambda: png_of(image), name, ".png", PNG, parent)

    def _save(
        self, made: Callable[[], bytes], name: str, suffix: str, kind: str, parent: QWidget | None
    ) -> None:
        """Ask for a place and write there; whatever hinders it is one sentence."""
        proposed = str(Path(self._usual_folder()) / f"{self._file_name(name)}{suffix}")
        window = None if parent is None else parent.window()
        chosen = self._ask(window, "Save", proposed, kind)
        if not chosen:
            return
        path = Path(chosen)
        if not path.suffix:
            path = path.with_suffix(suffix)
        try:
            content = made()
            write_atomically(path, lambda file: _fill_file(file, content))
        except WriteError as error:
            log.info("nothing was saved: %s", error)
            self._say(error.user_message)
        except OSError as error:
            log.info("nothing was saved: %s", error)
            self._say(f"{path} cannot be written: {error}.")
        else:
            self._folder = str(path.parent)

    def _usual_folder(self) -> str:
        place = QStandardPaths.StandardLocation.PicturesLocation
        return self._folder or QStandardPaths.writableLocation(place)

    def _file_name(self, name: str) -> str:
        """A name that every file system takes, with the moment."""
        now_ms = self._context.clock.now_ms()
        moment = moment_of(now_ms, self._context.workspace.zone).strftime("%Y-%m-%d %H-%M-%S")
        plain = re.sub(r"[^\w.+-]+", " ", name).strip(" .")
        return f"{plain} {moment}"


def _fill_file(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _ignoring_state(run: Callable[[], object], *_: object) -> None:
    """Run an entry of a menu; whether it is checked is nobody's business."""
    run()


def _to_clipboard(image: QImage) -> None:
    image.setDevicePixelRatio(1.0)  # other programs count its pixels
    QGuiApplication.clipboard().setImage(image)

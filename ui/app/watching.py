"""`Watching`: a user's alerts, lines and favourites, their files, and who watches the alerts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from heatdesk import drawings, favourites
from heatdesk.alerts import alert_list
from ui.alerts.alert_commands import alert_commands
from ui.alerts.notifier import Notifier
from ui.alerts.player import SoundPlayer
from ui.alerts.watcher import AlertWatcher
from ui.panel.alert_desk import AlertDesk
from ui.panel.shared_lists import SharedFavourites, SharedLines
from ui.panels.favourites.commands import GO, favourite_commands, listed_commands

if TYPE_CHECKING:
    from heatdesk.frames import Subscription
    from ui.app.file_work import FileWork
    from ui.main_window import Desk
    from ui.panel import PanelContext

ALERTS, FAVOURITES = "alerts", "favourites"
"""Names of the panels that list them."""
SOUNDS = "sounds"


class Watching(QObject):
    """What a desk keeps of a user's own marks on the market.

    Parameters
    ----------
    folder : Path or None
        Where their files are; None: in memory only.
    sounds : Path
        Where the files of tones are kept.
    work : FileWork
        Writes the files.
    """

    def __init__(
        self, folder: Path | None, sounds: Path, work: FileWork, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._work = work

        def of(name: str) -> Path | None:
            return None if folder is None else folder / name

        self.alerts = AlertDesk(of(alert_list.FILE_NAME), self, work.put)
        self.lines = SharedLines(of(drawings.FILE_NAME), self, work.put)
        self.favourites = SharedFavourites(of(favourites.FILE_NAME), self, work.put)
        self._player = SoundPlayer(sounds, self)
        self._watcher: AlertWatcher | None = None

    def in_context(self, context: PanelContext) -> PanelContext:
        """The context of panels with these lists in it."""
        return replace(context, alerts=self.alerts, lines=self.lines, favourites=self.favourites)

    def needs(self) -> frozenset[Subscription]:
        """What alerts want beside the panels."""
        return frozenset() if self._watcher is None else self._watcher.needs()

    def begin(self, desk: Desk, ask: Callable[[], object]) -> None:
        """Watch for a desk.

        Parameters
        ----------
        ask : callable
            Called when `needs` is another.
        """

        def show(name: str) -> None:
            dock = desk.docks.get(name)
            if dock is not None:
                dock.come_forward()

        notifier = Notifier(desk.say, self)
        show_alerts = partial(show, ALERTS)
        notifier.opened.connect(show_alerts)
        context = desk.context
        self._watcher = AlertWatcher(
            self.alerts, context.store, context.clock, self._player, notifier, self
        )
        self._watcher.needs_changed.connect(ask)
        desk.commands.add(
            *alert_commands(self.alerts, show_alerts),
            *favourite_commands(
                self.favourites, desk.active_panel, partial(show, FAVOURITES), desk.say
            ),
        )
        self.favourites.changed.connect(partial(self._list_favourites, desk))
        self._list_favourites(desk)
        told: set[str] = set()

        def tell(*_: object) -> None:
            """Say what is wrong with a file, each thing once."""
            kept = (self.alerts.list, self.lines, self.favourites)
            for sentence in {one.sentence for one in kept} - told:
                told.add(sentence)
                desk.say(sentence)

        self._work.settled.connect(tell)
        tell()
        ask()

    def _list_favourites(self, desk: Desk) -> None:
        """Let the palette find each favourite by its name."""
        table = desk.commands
        listed = listed_commands(self.favourites, desk.active_panel)
        ids = {one.id for one in listed}
        gone = [one.id for one in table.all() if one.id.startswith(GO) and one.id not in ids]
        if gone:
            table.remove(*gone)
        if listed:
            table.add(*listed)

    def stop(self) -> None:
        """Watch nothing any more."""
        if self._watcher is not None:
            self._watcher.stop()

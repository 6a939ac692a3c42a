"""What all panels of a desk share of a user's lists: drawn lines and favourite instruments."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from heatdesk.drawings import Drawings, Line
from heatdesk.favourites import Favourite, Favourites
from heatdesk.files import PutFile, put_at_once


class SharedLines(QObject):
    """Drawn lines; a change shows in every chart of the instrument at once.

    Signals
    -------
    changed : lines of an instrument are others; carries its key.
    """

    changed = Signal(str)

    def __init__(
        self,
        path: Path | None = None,
        parent: QObject | None = None,
        put: PutFile = put_at_once,
    ) -> None:
        super().__init__(parent)
        self._drawings = Drawings(path, put)

    @property
    def sentence(self) -> str:
        """What a user should know of the file; empty when nothing is wrong."""
        return self._drawings.sentence

    def lines(self, key: str) -> tuple[Line, ...]:
        """Lines of an instrument."""
        return self._drawings.lines(key)

    def add(self, key: str, price: float) -> Line | None:
        """Draw a line."""
        line = self._drawings.add(key, price)
        self.changed.emit(key)
        return line

    def move(self, key: str, line_id: str, price: float) -> None:
        """Put a line at another price."""
        self._drawings.move(key, line_id, price)
        self.changed.emit(key)

    def remove(self, key: str, *line_ids: str) -> None:
        """Remove lines; without ids all of the instrument."""
        self._drawings.remove(key, *line_ids)
        self.changed.emit(key)


class SharedFavourites(QObject):
    """Favourite instruments.

    Signals
    -------
    changed : the list is another.
    """

    changed = Signal()

    def __init__(
        self,
        path: Path | None = None,
        parent: QObject | None = None,
        put: PutFile = put_at_once,
    ) -> None:
        super().__init__(parent)
        self._favourites = Favourites(path, put)

    @property
    def sentence(self) -> str:
        """What a user should know of the file; empty when nothing is wrong."""
        return self._favourites.sentence

    def all(self) -> tuple[Favourite, ...]:
        """Every favourite, in order."""
        return self._favourites.all()

    def __contains__(self, favourite: Favourite) -> bool:
        return favourite in self._favourites

    def toggle(self, favourite: Favourite) -> bool:
        """Star an instrument, or take its star away; returns whether it has one now.

        A full list has no room for another.
        """
        if favourite in self._favourites:
            self._favourites.unstar(favourite)
        else:
            self._favourites.star(favourite)
        self.changed.emit()
        return favourite in self._favourites

    def shift(self, favourite: Favourite, by: int) -> None:
        """Move an instrument up (-1) or down (1)."""
        self._favourites.shift(favourite, by)
        self.changed.emit()

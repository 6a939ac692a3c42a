"""The instruments a user wants at hand, in the order they were starred."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from heatdesk.files import NO_SUCH_FILE, PutFile, put_at_once
from heatdesk.kept_table import KeptTable

FILE_NAME = "favourites.json"
VERSION = 1
MOST = 200
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Favourite:
    """One instrument.

    Attributes
    ----------
    venue, symbol : str
        Where it trades and how it is written there; empty where the coin itself is meant.
    """

    coin: str
    venue: str = ""
    symbol: str = ""

    @property
    def name(self) -> str:
        """What a user calls it."""
        return self.symbol or self.coin


class Favourites:
    """The list and its file.

    Parameters
    ----------
    path : Path or None
        None: in memory only.
    put : callable
        Writes the file.
    """

    def __init__(self, path: Path | None = None, put: PutFile = put_at_once) -> None:
        self._file = KeptTable(path, VERSION, put)
        self._all: list[Favourite] = []
        self._read()

    @property
    def sentence(self) -> str:
        """What a user should know of the file; empty when nothing is wrong."""
        return self._file.sentence

    def all(self) -> tuple[Favourite, ...]:
        """Every favourite, in order."""
        return tuple(self._all)

    def __contains__(self, favourite: Favourite) -> bool:
        return favourite in self._all

    def star(self, favourite: Favourite) -> None:
        """Put an instrument at the end of the list."""
        names = (favourite.coin, favourite.venue, favourite.symbol)
        if not favourite.coin or not all(map(_can_be_kept, names)):
            return
        if favourite not in self._all and len(self._all) < MOST:
            self._all.append(favourite)
            self._save()

    def unstar(self, favourite: Favourite) -> None:
        """Take an instrument off the list."""
        if favourite in self._all:
            self._all.remove(favourite)
            self._save()

    def shift(self, favourite: Favourite, by: int) -> None:
        """Move an instrument up (-1) or down (1) in the list."""
        at = self._all.index(favourite)
        to = max(0, min(len(self._all) - 1, at + by))
        self._all.insert(to, self._all.pop(at))
        self._save()

    def _save(self) -> None:
        self._file.write({"favourites": [asdict(one) for one in self._all]})

    def _read(self) -> None:
        table = self._file.read()
        rows: Any = table.get("favourites", [])
        whole = isinstance(rows, list)
        for row in rows if whole else ():
            try:
                one = Favourite(*(_word(row[name]) for name in ("coin", "venue", "symbol")))
            except NO_SUCH_FILE:
                whole = False
                continue
            if one.coin and one not in self._all:
                self._all.append(one)
        if table and not whole:
            self._file.doubt()
            self._save()


def _can_be_kept(name: str) -> bool:
    return len(name) <= LONGEST_NAME and name.isprintable()


def _word(value: Any) -> str:
    if not isinstance(value, str) or not _can_be_kept(value):
        raise TypeError("a name is missing")
    return value

"""A small JSON file that a desk keeps: versioned, written whole, never silently replaced."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heatdesk.files import NO_SUCH_FILE, PutFile, is_there, put_at_once, set_aside

log = logging.getLogger(__name__)


class KeptTable:
    """One file of the desk.

    What cannot be read or written costs one sentence; the desk goes on with what is in memory.
    A file that cannot be read, or not be moved out of the way, is left alone for this run.

    Parameters
    ----------
    path : Path or None
        None: in memory only.
    version : int
        Of what is written; a file of a later one is kept beside under another name.
    put : callable
        Writes the file.

    Attributes
    ----------
    sentence : str
        What a user should know; empty when nothing is wrong.
    """

    def __init__(self, path: Path | None, version: int, put: PutFile = put_at_once) -> None:
        self._path = path
        self._put = put
        self._version = version
        self._text = ""
        self._failing = ""
        self.sentence = ""

    def read(self) -> dict[str, Any]:
        """Return what the file holds, nothing where there is none that can be used."""
        path = self._path
        if path is None:
            return {}
        try:
            self._text = path.read_text(encoding="utf-8")
            table = dict(json.loads(self._text))
            version = int(table["version"])
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._tell(f"{path.name} cannot be read ({error.strerror}).")
            self._leave(path)
            return {}
        except NO_SUCH_FILE:
            self.doubt()
            return {}
        if not 1 <= version <= self._version:
            self._put_away(path, f"v{version}", "comes from another version of HeatDesk;")
            return {}
        return table

    def doubt(self) -> None:
        """What was read makes no sense, in whole or in part: keep the file under another name."""
        if self._path is not None:
            self._text = ""
            self._put_away(self._path, "damaged", "was damaged and is")

    def write(self, table: Mapping[str, Any]) -> None:
        """Write where it says something new."""
        if self._path is None:
            return
        text = json.dumps({"version": self._version, **table}, indent=1) + "\n"
        if text == self._text:
            return
        self._text = text
        self._put(self._path, text.encode(), self._written)

    def _written(self, why: str) -> None:
        """A file was written, or could not be: then the next change writes it anew."""
        if not why:
            if self._failing == self.sentence:
                self.sentence = ""
            self._failing = ""
            return
        self._text = ""
        if why != self._failing:
            self._failing = why
            self._tell(why)

    def _put_away(self, path: Path, word: str, why: str) -> None:
        """Give the file another name; where it keeps its own, nothing is written over it."""
        self._tell(f"{path.name} {why} kept as {set_aside(path, word)}.")
        self._leave(path)

    def _leave(self, path: Path) -> None:
        if is_there(path):
            self._path = None

    def _tell(self, sentence: str) -> None:
        log.warning("%s", sentence)
        self.sentence = sentence

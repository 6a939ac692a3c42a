"""`Library`: the named workspaces of a home folder, which one is open, and their order."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from heatdesk.files import NO_SUCH_FILE, PutFile, is_there, put_at_once, set_aside
from heatdesk.workspaces import files, version_1
from heatdesk.workspaces.model import State, Workspace
from heatdesk.workspaces.shipped import FIRST, SHIPPED, shipped

log = logging.getLogger(__name__)

INDEX_NAME = "desk.json"
FOLDER_NAME = "workspaces"
LONGEST_NAME = 60


class Library:
    """Every workspace there is.

    Changes by name are written at once, what an open desk does on `write`. What cannot be written
    costs one sentence, which `take_sentences` hands out; the desk goes on with what is in memory.

    Parameters
    ----------
    home : Path or None
        Folder of ``desk.json`` and ``workspaces/``; None: in memory only.
    earlier : Path or None
        The layout of version 1 that becomes *My desk* where there is nothing newer; it is kept.
    put : callable
        Writes and removes files.

    Attributes
    ----------
    new : bool
        Nothing was found: this is the first start.
    """

    def __init__(
        self,
        home: Path | None = None,
        earlier: Path | None = None,
        put: PutFile = put_at_once,
    ) -> None:
        self._home = home
        self._put_file = put
        self._sentences: list[str] = []
        self._hindered: set[Path] = set()
        self._texts: dict[str, str] = {}
        self._unwritten: set[str] = set()
        self._untouched: set[Path] = set()
        self._index = ""
        self._kept: dict[str, Workspace] = {}
        self._order: list[str] = []
        self._hidden: list[str] = []
        self._open = FIRST.slug
        self._read(earlier)

    # -- what there is

    @property
    def open(self) -> Workspace:
        """The workspace that is on the desk."""
        return self._kept[self._open]

    @property
    def lacks_shipped(self) -> bool:
        """Whether a shipped workspace was deleted."""
        return bool(self._hidden)

    def all(self) -> tuple[Workspace, ...]:
        """Every workspace, in the order of the menu."""
        return tuple(self._kept[slug] for slug in self._order)

    def named(self, name: str) -> Workspace:
        """The workspace of a name or a slug; KeyError where there is none."""
        for one in self.all():
            if name in (one.slug, one.name):
                return one
        raise KeyError(name)

    def take_sentences(self) -> list[str]:
        """What a user should know, said once."""
        sentences, self._sentences = self._sentences, []
        return sentences

    def close(self) -> None:
        """Write nothing any more."""
        self._home = None

    # -- changes

    def keep(self, state: State) -> None:
        """Remember how the open workspace is at present; `write` is still to come."""
        self._put(replace(self.open, present=state))

    def go_to(self, slug: str) -> Workspace:
        """Let another workspace be the open one; `write` is still to come."""
        self._open = self._kept[slug].slug
        return self.open

    def write(self) -> None:
        """Write every file that has something new to say."""
        if self._home is None:
            return
        unwritten, self._unwritten = sorted(self._unwritten), set()
        for slug in unwritten:
            text = files.text_of(self._kept[slug])
            if text != self._texts.get(slug):
                self._texts[slug] = text
                self._write(self._path(slug), text, partial(self._missed, slug))
        table = {
            "version": files.VERSION,
            "open": self._open,
            "order": self._order,
            "hidden": self._hidden,
        }
        text = json.dumps(table, indent=1) + "\n"
        if text != self._index:
            self._index = text
            self._write(self._home / INDEX_NAME, text, self._missed_index)

    def save(self, state: State) -> None:
        """Take the present state as the one to go back to."""
        self._put(replace(self.open, present=state, saved=state))
        self._hindered.clear()  # who asks for it by hand is told each time
        self.write()

    def add(self, name: str, state: State) -> Workspace:
        """Keep a state under a new name; it stands behind the others and is not open yet."""
        name = self.free_name(name)
        slug = self._free_slug(name)
        workspace = Workspace(slug, name, present=state, saved=state)
        self._order.append(slug)
        self._put(workspace)
        self.write()
        return workspace

    def rename(self, slug: str, name: str) -> Workspace:
        """Give a workspace another name; its file keeps the one it has."""
        if name.strip() != self._kept[slug].name:
            self._put(replace(self._kept[slug], name=self.free_name(name)))
            self.write()
        return self._kept[slug]

    def delete(self, slug: str) -> None:
        """Remove a workspace and its file; the open one and the last one stay."""
        if slug == self._open or len(self._order) < 2:
            return
        gone = self._kept.pop(slug)
        self._order.remove(slug)
        self._texts.pop(slug, None)
        self._unwritten.discard(slug)
        if gone.shipped:
            self._hidden.append(slug)
        if self._home is not None:
            path = self._path(slug)

            def told(why: str) -> None:
                self._hindered.discard(path)  # whatever became of an earlier write
                self._tell(why)

            self._put_file(path, None, told)
        self.write()

    def revert(self) -> State | None:
        """Go back to the state at the last *Save*; None: to the plan it came with."""
        workspace = self.open
        self._put(replace(workspace, present=workspace.saved))
        self.write()
        return workspace.saved

    def bring_back_shipped(self) -> None:
        """Put the shipped workspaces that were deleted into the list again."""
        for one in SHIPPED:
            if one.slug in self._hidden:
                self._kept[one.slug] = one.workspace
                self._order.append(one.slug)
        self._hidden = []
        self.write()

    def free_name(self, name: str) -> str:
        """Return a name that no workspace has yet, as near to the wanted one as can be."""
        wanted = " ".join("".join(c if c.isprintable() else " " for c in name).split())
        wanted = wanted[:LONGEST_NAME].strip() or "Workspace"
        taken = {one.name.casefold() for one in self._kept.values()}
        found, number = wanted, 2
        while found.casefold() in taken:
            found, number = f"{wanted} {number}", number + 1
        return found

    # -- inside

    def _read(self, earlier: Path | None) -> None:
        index = self._read_index()
        self._hidden = [slug for slug in _words(index, "hidden") if shipped(slug) is not None]
        for one in SHIPPED:
            if one.slug not in self._hidden:
                self._kept[one.slug] = one.workspace
        found = self._read_files()
        if not self._kept:  # the only one there was cannot be used
            self._hidden.remove(FIRST.slug)
            self._kept[FIRST.slug] = FIRST.workspace
        came_before = self._read_earlier(earlier) if not (index or found) else None
        self.new = not (index or found or came_before)
        wanted = [slug for slug in _words(index, "order") if slug in self._kept]
        rest = [slug for slug in self._kept if slug not in wanted]
        self._order = list(dict.fromkeys((*wanted, *rest)))
        opened = came_before or str(index.get("open", ""))
        self._open = next(
            slug for slug in (opened, FIRST.slug, self._order[0]) if slug in self._kept
        )

    def _read_files(self) -> bool:
        """Read every workspace file; tell of those that cannot be used."""
        if self._home is None:
            return False
        paths = sorted((self._home / FOLDER_NAME).glob("*.json"))
        for path in paths:
            slug = path.stem
            workspace, sentence = files.read(path, slug, shipped=shipped(slug) is not None)
            self._tell(sentence)
            if workspace is not None:
                self._kept[slug] = workspace
                self._texts[slug] = files.text_of(workspace)
            else:
                self._leave(path)
        return bool(paths)

    def _read_earlier(self, path: Path | None) -> str | None:
        """Let the one desk of version 1 become a named workspace; return its slug."""
        if path is None:
            return None
        slug = self._free_slug(version_1.NAME)
        workspace, sentence = files.read(path, slug)
        self._tell(sentence)
        if workspace is None:
            return None
        self._put(workspace)
        return slug

    def _read_index(self) -> dict[str, Any]:
        if self._home is None:
            return {}
        path = self._home / INDEX_NAME
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            if int(table["version"]) > files.VERSION:
                aside = set_aside(path, f"v{int(table['version'])}")
                self._tell(f"{INDEX_NAME} comes from another version; it is kept as {aside}.")
                self._leave(path)
                return {}
            return dict(table)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            self._tell(f"{INDEX_NAME} cannot be read ({error.strerror}).")
        except NO_SUCH_FILE:
            aside = set_aside(path, "damaged")
            self._tell(f"{INDEX_NAME} was damaged and is kept as {aside}.")
        self._leave(path)
        return {}

    def _leave(self, path: Path) -> None:
        """What could not be read and is still there is not written over."""
        if is_there(path):
            self._untouched.add(path)

    def _put(self, workspace: Workspace) -> None:
        self._kept[workspace.slug] = workspace
        self._unwritten.add(workspace.slug)

    def _write(self, path: Path, text: str, missed: Callable[[], None]) -> None:
        """Write a file; `missed` is called where it could not be."""

        def told(why: str) -> None:
            if not why:
                self._hindered.discard(path)
                return
            missed()
            if not self._hindered:
                self._tell(why)
            self._hindered.add(path)

        if path in self._untouched:
            told(f"{path} could not be read, so it is not replaced until HeatDesk starts again.")
        else:
            self._put_file(path, text.encode(), told)

    def _missed(self, slug: str) -> None:
        """The file of a workspace is not what it should be: it is written with the next change."""
        self._texts.pop(slug, None)
        if slug in self._kept:
            self._unwritten.add(slug)

    def _missed_index(self) -> None:
        self._index = ""

    def _tell(self, sentence: str) -> None:
        if sentence and sentence not in self._sentences:
            log.warning("%s", sentence)
            self._sentences.append(sentence)

    def _path(self, slug: str) -> Path:
        assert self._home is not None
        return self._home / FOLDER_NAME / f"{slug}.json"

    def _free_slug(self, name: str) -> str:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "workspace"
        taken = {*self._kept, *(one.slug for one in SHIPPED)}
        found, number = wanted, 2
        while found in taken or self._is_taken(found):
            found, number = f"{wanted}-{number}", number + 1
        return found

    def _is_taken(self, slug: str) -> bool:
        return self._home is not None and self._path(slug).exists()


def _words(table: dict[str, Any], name: str) -> Iterable[str]:
    found = table.get(name, [])
    return [str(one) for one in found] if isinstance(found, list) else []

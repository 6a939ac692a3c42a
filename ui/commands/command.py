"""`Command`: one thing the desk can do, with a name that never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Scope(Enum):
    """Where a command's keys count."""

    DESK = "desk"
    """In every window of the desk."""
    PANEL = "panel"
    """In the panel that has the focus or the mouse; plain keys such as Space are free elsewhere."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the desk can do.

    Attributes
    ----------
    id : str
        Name in the file of shortcuts (``workspace.save``); it never changes.
    title : str
        What menus and the palette call it.
    group : str
        Heading on the cheat sheet and in the palette.
    run : callable
        Does it.
    keys : tuple of str
        Usual shortcuts in Qt's portable text (``Ctrl+Shift+S``); the first one is shown.
    enabled : callable or None
        Whether it can be done now; None: always.
    checked : callable or None
        Whether what it switches is on; None: it switches nothing.
    listed : bool
        Whether palette and cheat sheet show it.
    """

    id: str
    title: str
    group: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    enabled: Callable[[], bool] | None = None
    checked: Callable[[], bool] | None = None
    scope: Scope = Scope.DESK
    listed: bool = True

    @property
    def can_run(self) -> bool:
        """Whether it can be done now."""
        return self.enabled is None or self.enabled()


def done_to(find: Callable[[], T | None], act: Callable[[T], object]) -> Callable[[], None]:
    """Return what a command runs that is about the thing in use: nothing while there is none."""

    def run() -> None:
        found = find()
        if found is not None:
            act(found)

    return run

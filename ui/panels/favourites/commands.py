"""What can be done with favourites from anywhere, as commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from heatdesk.views.watchlist import favourite_of, favourite_title, target_of_favourite
from ui.commands import Command, done_to

if TYPE_CHECKING:
    from heatdesk.favourites import Favourite
    from ui.panel import Panel
    from ui.panel.shared_lists import SharedFavourites

FAVOURITES = "Favourites"
GO = "favourites.go."
"""Beginning of the ids of commands that come and go with the favourites."""


def favourite_commands(
    favourites: SharedFavourites,
    active: Callable[[], Panel | None],
    show: Callable[[], object],
    say: Callable[[str], object],
) -> list[Command]:
    """Return the commands that are always there.

    Parameters
    ----------
    active : callable
        The panel that a command means.
    show : callable
        Shows the panel that lists them.
    say : callable
        Takes one sentence for the user.
    """

    def present() -> Favourite | None:
        panel = active()
        target = None if panel is None else panel.target()
        return None if target is None else favourite_of(target)

    def star() -> None:
        one = present()
        if one is None:
            return
        title = favourite_title(one)
        known = one in favourites
        if favourites.toggle(one):
            say(f"{title} is a favourite now.")
        elif known:
            say(f"{title} is no favourite any more.")
        else:
            say("The list of favourites is full: remove one first.")

    def step(way: int) -> None:
        listed, panel = favourites.all(), active()
        if panel is None or not listed:
            return
        one = present()
        at = listed.index(one) if one in listed else -1 if way > 0 else 0
        go(panel, listed[(at + way) % len(listed)])

    return [
        Command("favourites.show", "Show favourites", FAVOURITES, show, ("Ctrl+Shift+B",)),
        Command(
            "favourites.star",
            "Make the panel's instrument a favourite, or no favourite",
            FAVOURITES,
            star,
            ("Ctrl+D",),
            lambda: present() is not None,
            lambda: present() in favourites.all(),
        ),
        Command(
            "favourites.next",
            "Next favourite in the panel",
            FAVOURITES,
            partial(step, 1),
            ("Ctrl+Shift+Down",),
            lambda: present() is not None and bool(favourites.all()),
        ),
        Command(
            "favourites.previous",
            "Previous favourite in the panel",
            FAVOURITES,
            partial(step, -1),
            ("Ctrl+Shift+Up",),
            lambda: present() is not None and bool(favourites.all()),
        ),
    ]


def listed_commands(
    favourites: SharedFavourites, active: Callable[[], Panel | None]
) -> list[Command]:
    """Return a command for each favourite, for the palette."""
    return [
        Command(
            f"{GO}{number}",
            f"Favourite: {favourite_title(one)}",
            FAVOURITES,
            done_to(active, partial(go, favourite=one)),
        )
        for number, one in enumerate(favourites.all(), 1)
    ]


def go(panel: Panel, favourite: Favourite) -> None:
    """Show a favourite in a panel and what is linked to it, or from a panel of many in those."""
    target = target_of_favourite(favourite)
    if panel.target() is None:
        panel.link.lead(target)
    else:
        panel.show_target(target, whole=True)

"""What the colour chip of a panel offers, as commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ui.commands import Command
from ui.panel.links import COLOURS, LinkState, Role

if TYPE_CHECKING:
    from ui.panel.base import Panel

LINK = "Link"
_ROLES = {
    Role.FOLLOW: ("Follow the colour", "F"),
    Role.LEAD: ("Lead: take nothing over", "L"),
    Role.LOCKED: ("Locked: keep the instrument", "K"),
}


def link_commands(active: Callable[[], Panel | None]) -> list[Command]:
    """Return the commands of the panel in use: its colour, its role, whether it shares the time.

    Parameters
    ----------
    active : callable
        The panel that a command means.
    """

    def state() -> LinkState | None:
        panel = active()
        return panel.link.state if panel is not None and panel.linkable else None

    def choose(change: Callable[[LinkState], LinkState]) -> None:
        panel, now = active(), state()
        if panel is not None and now is not None:
            panel.link.choose(change(now))

    def can() -> bool:
        return state() is not None

    def linked() -> bool:
        now = state()
        return now is not None and bool(now.colour)

    def has(colour: str) -> bool:
        now = state()
        return now is not None and now.colour == colour

    def is_in(role: Role) -> bool:
        now = state()
        return now is not None and bool(now.colour) and now.role is role

    def shares_time() -> bool:
        now = state()
        return now is not None and now.time

    def colour_command(colour: str) -> Command:
        return Command(
            f"link.{colour or 'none'}",
            colour.capitalize() or "Not linked",
            LINK,
            partial(choose, lambda now: replace(now, colour=colour)),
            (f"Ctrl+L, {(colour or 'none')[0].upper()}",),
            can,
            partial(has, colour),
        )

    def role_command(role: Role) -> Command:
        title, letter = _ROLES[role]
        return Command(
            f"link.{role.value}",
            title,
            LINK,
            partial(choose, lambda now: replace(now, role=role)),
            (f"Ctrl+L, {letter}",),
            linked,
            partial(is_in, role),
        )

    return [
        *(colour_command(one) for one in (*COLOURS, "")),
        *(role_command(one) for one in Role),
        Command(
            "link.time",
            "Share the time in view",
            LINK,
            partial(choose, lambda now: replace(now, time=not now.time)),
            ("Ctrl+L, T",),
            linked,
            shares_time,
        ),
    ]

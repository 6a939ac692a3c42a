"""Commands that come and go with workspaces, monitors, windows and panels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ui.commands import Command
from ui.main_window.screens import by_place, screen_title

if TYPE_CHECKING:
    from ui.main_window.desk import Desk
    from ui.main_window.desk_window import DeskWindow
    from ui.main_window.dock import PanelDock

PANELS, WINDOWS, WORKSPACES = "Panels", "Windows", "Workspaces"
BY_NUMBER = 9
"""So many of a list have a usual key with their number (workspaces Ctrl+1 to Ctrl+9)."""
LISTED = ("workspace.go.", "window.on.", "window.go.", "panel.to.", "panel.show.")
"""Beginnings of the ids of commands that come and go: workspaces, monitors, windows, panels."""


def list_commands(desk: Desk) -> None:
    """Bring the commands up to date that name a workspace, a window or a monitor."""
    wanted = [*_switches(desk), *_windows(desk), *_moves(desk), *_views(desk)]
    ids = {one.id for one in wanted}
    table = desk.commands
    before = {one.id: one for one in table.all() if one.id.startswith(LISTED)}
    gone = [id_ for id_ in before if id_ not in ids]
    # what they are about is looked up when they run
    new = [one for one in wanted if _says(one) != _says(before.get(one.id))]
    if gone:
        table.remove(*gone)
    if new:
        table.add(*new)


def numbered(keys: str, number: int) -> tuple[str, ...]:
    """Usual keys with a digit, for the first of a list only."""
    return (keys.format(number),) if number <= BY_NUMBER else ()


# -- inside
def _says(command: Command | None) -> tuple[str, tuple[str, ...]] | None:
    return None if command is None else (command.title, command.keys)


def _switches(desk: Desk) -> list[Command]:
    def go(number: int) -> None:
        desk.switch(desk.workspaces()[number - 1].slug)

    def is_open(number: int) -> bool:
        return desk.workspace.slug == desk.workspaces()[number - 1].slug

    return [
        Command(
            f"workspace.go.{number}",
            f"Workspace {number}: {one.name}",
            WORKSPACES,
            partial(go, number),
            numbered("Ctrl+{}", number),
            checked=partial(is_open, number),
        )
        for number, one in enumerate(desk.workspaces(), 1)
    ]


def _windows(desk: Desk) -> list[Command]:
    def come_up(window_id: str) -> None:
        window = desk.window_set.named(window_id)
        if window is not None:
            window.come_up()

    new = [
        Command(
            f"window.on.{number}",
            f"New window on {screen_title(screen)}",
            WINDOWS,
            partial(_open_on, desk, number),
            numbered("Ctrl+N, {}", number),
        )
        for number, screen in enumerate(by_place(), 1)
    ]
    present = [
        Command(
            f"window.go.{one.window_id}",
            f"Go to {one.menu_title}",
            WINDOWS,
            partial(come_up, one.window_id),
            numbered("Ctrl+N, Alt+{}", number),
        )
        for number, one in enumerate(desk.windows, 1)
    ]
    return [*new, *present]


def _views(desk: Desk) -> list[Command]:
    """Every panel by name, to be shown or hidden."""

    def is_open(name: str) -> bool:
        return name in desk.docks and desk.docks[name].open

    def switch(name: str) -> None:
        dock = desk.docks.get(name)
        if dock is None:
            return
        if dock.on_screen:
            dock.close()
        else:
            dock.come_forward()

    def title(name: str, dock: PanelDock) -> str:
        number = name.removeprefix(dock.panel.panel_id).lstrip("-")
        return f"Show or hide: {dock.panel.title} {number}".rstrip()

    return [
        Command(
            f"panel.show.{name}",
            title(name, dock),
            PANELS,
            partial(switch, name),
            numbered("Ctrl+O, {}", number),
            checked=partial(is_open, name),
        )
        for number, (name, dock) in enumerate(desk.docks.items(), 1)
    ]


def _moves(desk: Desk) -> list[Command]:
    def to_window(window_id: str) -> None:
        dock, window = desk.active_dock(), desk.window_set.named(window_id)
        if dock is not None and window is not None:
            desk.move_panel(dock, window)

    def to_screen(number: int) -> None:
        dock = desk.active_dock()
        window = None if dock is None else _open_on(desk, number)
        if dock is not None and window is not None:
            desk.move_panel(dock, window)

    def elsewhere(window_id: str) -> bool:
        dock = desk.active_dock()
        return dock is not None and dock.owner is not desk.window_set.named(window_id)

    present = [
        Command(
            f"panel.to.{one.window_id}",
            f"Move the panel to {one.menu_title}",
            PANELS,
            partial(to_window, one.window_id),
            numbered("Ctrl+M, {}", number),
            partial(elsewhere, one.window_id),
        )
        for number, one in enumerate(desk.windows, 1)
    ]
    new = [
        Command(
            f"panel.to.screen-{number}",
            f"Move the panel to a new window on {screen_title(screen)}",
            PANELS,
            partial(to_screen, number),
            numbered("Ctrl+M, Alt+{}", number),
        )
        for number, screen in enumerate(by_place(), 1)
    ]
    return [*present, *new]


def _open_on(desk: Desk, number: int) -> DeskWindow | None:
    """Open a window on a monitor, counted from the left; None where it is gone."""
    screens = by_place()
    return desk.new_window(screens[number - 1]) if number <= len(screens) else None

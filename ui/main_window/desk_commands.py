"""What can be done with panels, windows and workspaces, as commands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QScreen

from ui.commands import Command, Scope
from ui.main_window import naming
from ui.main_window.screens import by_place, screen_title
from ui.panel.peers import peer_commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.main_window.desk import Desk
    from ui.main_window.dock import PanelDock

DESK, PANELS, WINDOWS, WORKSPACES = "Desk", "Panels", "Windows", "Workspaces"
VIEW, HELP, CHART = "View", "Help", "Chart"
BY_NUMBER = 9
"""Workspaces that have a key of their own, Ctrl+1 to Ctrl+9."""
LISTED = ("workspace.go.", "window.on.", "panel.to.")
"""Beginnings of the ids of commands that come and go with workspaces, monitors and windows."""


def desk_commands(desk: Desk) -> list[Command]:
    """Return every command that is always there."""
    return [
        *_of_desk(desk),
        *_of_panels(desk),
        *peer_commands(desk.active_panel, desk.panels, desk.say),
        *_of_windows(desk),
        *_of_workspaces(desk),
        *_of_view(desk),
        *_of_help(desk),
        *_in_panels(desk),
    ]


def list_commands(desk: Desk) -> None:
    """Bring the commands up to date that name a workspace, a window or a monitor."""
    wanted = [*_switches(desk), *_monitors(desk), *_moves(desk)]
    ids = {one.id for one in wanted}
    table = desk.commands
    gone = [one.id for one in table.all() if one.id.startswith(LISTED) and one.id not in ids]
    if gone:
        table.remove(*gone)
    table.add(*wanted)


def _of_desk(desk: Desk) -> list[Command]:
    return [
        Command("desk.settings", "Settings...", DESK, desk.settings_wanted.emit, ("Ctrl+,",)),
        Command(
            "desk.keys",
            "Enter API keys...",
            DESK,
            lambda: desk.keys_wanted.emit(""),
            ("Ctrl+Shift+K",),
        ),
        Command("desk.status", "Show or hide the Status panel", DESK, desk.show_status),
        Command("desk.quit", "Quit", DESK, desk.close, ("Ctrl+Q",)),
    ]


def _of_help(desk: Desk) -> list[Command]:
    return [
        Command("help.palette", "Find a command...", HELP, desk.help.show_palette, ("Ctrl+K",)),
        Command("help.keys", "Keys", HELP, desk.help.show_keys, ("?", "F1")),
        Command("help.about", "About HeatDesk", HELP, desk.help.show_about),
    ]


def _of_panels(desk: Desk) -> list[Command]:
    def doing(act: Callable[[PanelDock], object]) -> Callable[[], None]:
        def run() -> None:
            dock = desk.active_dock()
            if dock is not None:
                act(dock)

        return run

    def can_remove() -> bool:
        dock = desk.active_dock()
        return dock is not None and dock.objectName() != dock.panel.panel_id

    added = [
        Command(
            f"panel.add.{kind.panel_id}",
            f"Add panel: {kind.title}",
            PANELS,
            partial(desk.open_panel, kind.panel_id),
        )
        for kind in desk.maker.kinds.values()
        if kind.provider_id
    ]
    there = lambda: desk.active_dock() is not None  # noqa: E731
    return [
        *added,
        Command(
            "panel.float",
            "Float or dock the panel",
            PANELS,
            doing(lambda dock: dock.toggle_float()),
            ("Ctrl+Shift+F",),
            there,
        ),
        Command(
            "panel.duplicate",
            "Duplicate the panel",
            PANELS,
            doing(desk.duplicate),
            ("Ctrl+Shift+D",),
            there,
        ),
        Command(
            "panel.close",
            "Close the panel",
            PANELS,
            doing(lambda dock: dock.close()),
            ("Ctrl+W",),
            there,
        ),
        Command("panel.remove", "Remove the panel", PANELS, doing(desk.remove), (), can_remove),
        Command("panel.next", "Next panel", PANELS, partial(desk.focus_panel, 1), ("F6",)),
        Command(
            "panel.previous",
            "Previous panel",
            PANELS,
            partial(desk.focus_panel, -1),
            ("Shift+F6",),
        ),
        Command("panel.reset", "Reset layout", PANELS, desk.reset_layout),
    ]


def _in_panels(desk: Desk) -> list[Command]:
    """What panels do by key, done to the one in use."""

    def perform(id_: str) -> None:
        panel = desk.active_panel()
        if panel is not None:
            panel.perform(id_)

    def can(id_: str) -> bool:
        panel = desk.active_panel()
        return panel is not None and any(one.id == id_ for one in panel.commands)

    known = {one.id: one for kind in desk.maker.kinds.values() for one in kind.commands}
    return [
        Command(
            one.id,
            one.title,
            CHART,
            partial(perform, one.id),
            one.keys,
            partial(can, one.id),
            scope=Scope.PANEL,
        )
        for one in known.values()
    ]


def _of_windows(desk: Desk) -> list[Command]:
    def close() -> None:
        desk.active_window().close()

    return [
        Command("window.new", "New window", WINDOWS, desk.new_window, ("Ctrl+Shift+N",)),
        Command(
            "window.close",
            "Close window",
            WINDOWS,
            close,
            ("Ctrl+Shift+W",),
            lambda: not desk.active_window().first,
        ),
        Command(
            "window.reopen",
            "Reopen closed window",
            WINDOWS,
            desk.reopen_window,
            ("Ctrl+Shift+T",),
            lambda: desk.window_set.can_reopen,
        ),
        Command(
            "window.full",
            "Full screen",
            WINDOWS,
            lambda: desk.active_window().toggle_full_screen(),
            ("F11",),
        ),
    ]


def _of_workspaces(desk: Desk) -> list[Command]:
    def step(way: int) -> None:
        slugs = [one.slug for one in desk.workspaces()]
        desk.switch(slugs[(slugs.index(desk.workspace.slug) + way) % len(slugs)])

    return [
        Command("workspace.save", "Save workspace", WORKSPACES, desk.save, ("Ctrl+S",)),
        Command(
            "workspace.save_as",
            "Save workspace as...",
            WORKSPACES,
            lambda: naming.ask_new(desk),
            ("Ctrl+Shift+S",),
        ),
        Command("workspace.duplicate", "Duplicate workspace", WORKSPACES, desk.duplicate_workspace),
        Command(
            "workspace.rename", "Rename workspace...", WORKSPACES, lambda: naming.ask_other(desk)
        ),
        Command(
            "workspace.delete",
            "Delete workspace...",
            WORKSPACES,
            lambda: naming.ask_delete(desk),
            (),
            lambda: len(desk.workspaces()) > 1,
        ),
        Command(
            "workspace.revert",
            "Revert workspace to saved",
            WORKSPACES,
            desk.revert,
            (),
            lambda: desk.workspace.shipped or desk.workspace.saved is not None,
        ),
        Command(
            "workspace.shipped",
            "Restore deleted shipped workspaces",
            WORKSPACES,
            desk.spaces.restore_shipped,
            (),
            lambda: desk.spaces.library.lacks_shipped,
        ),
        Command("workspace.next", "Next workspace", WORKSPACES, partial(step, 1), ("Ctrl+PgDown",)),
        Command(
            "workspace.previous",
            "Previous workspace",
            WORKSPACES,
            partial(step, -1),
            ("Ctrl+PgUp",),
        ),
    ]


def _of_view(desk: Desk) -> list[Command]:
    workspace = desk.context.workspace

    def switch_zone() -> None:
        workspace.utc = not workspace.utc

    return [
        Command(
            "view.utc",
            "Time in UTC",
            VIEW,
            switch_zone,
            ("Ctrl+U",),
            checked=lambda: workspace.utc,
        ),
        Command("view.real", "Real data in all panels", VIEW, desk.choose_real),
        Command("view.demo", "Demo in all panels", VIEW, desk.choose_demo),
    ]


# --------------------------------------------------------------------- what comes and goes by name
def _switches(desk: Desk) -> list[Command]:
    def is_open(slug: str) -> bool:
        return desk.workspace.slug == slug

    return [
        Command(
            f"workspace.go.{number}",
            f"Workspace {number}: {one.name}",
            WORKSPACES,
            partial(desk.switch, one.slug),
            (f"Ctrl+{number}",) if number <= BY_NUMBER else (),
            checked=partial(is_open, one.slug),
        )
        for number, one in enumerate(desk.workspaces(), 1)
    ]


def _monitors(desk: Desk) -> list[Command]:
    return [
        Command(
            f"window.on.{number}",
            f"New window on {screen_title(screen)}",
            WINDOWS,
            partial(desk.new_window, screen),
        )
        for number, screen in enumerate(by_place(), 1)
    ]


def _moves(desk: Desk) -> list[Command]:
    def to_window(window_id: str) -> None:
        dock, window = desk.active_dock(), desk.window_set.named(window_id)
        if dock is not None and window is not None:
            desk.move_panel(dock, window)

    def to_screen(screen: QScreen) -> None:
        dock = desk.active_dock()
        if dock is not None:
            desk.move_panel(dock, desk.new_window(screen))

    def elsewhere(window_id: str) -> bool:
        dock = desk.active_dock()
        return dock is not None and dock.owner is not desk.window_set.named(window_id)

    present = [
        Command(
            f"panel.to.{one.window_id}",
            f"Move the panel to {one.menu_title}",
            PANELS,
            partial(to_window, one.window_id),
            (),
            partial(elsewhere, one.window_id),
        )
        for one in desk.windows
    ]
    new = [
        Command(
            f"panel.to.screen-{number}",
            f"Move the panel to a new window on {screen_title(screen)}",
            PANELS,
            partial(to_screen, screen),
        )
        for number, screen in enumerate(by_place(), 1)
    ]
    return [*present, *new]

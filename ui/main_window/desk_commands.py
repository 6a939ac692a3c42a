"""What can be done with panels, windows and workspaces, as commands."""

from __future__ import annotations

from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING

from ui.commands import Command, Scope, done_to
from ui.main_window import naming
from ui.main_window.listed_commands import PANELS, WINDOWS, WORKSPACES, numbered
from ui.main_window.panel_keys import panel_key_commands
from ui.panel.link_commands import link_commands
from ui.panel.peers import peer_commands

if TYPE_CHECKING:
    from ui.main_window.desk import Desk
    from ui.panel import Panel

DESK, VIEW, HELP, CHART = "Desk", "View", "Help", "Chart"


def desk_commands(desk: Desk) -> list[Command]:
    """Return every command that is always there."""
    return [
        *_of_desk(desk),
        *_of_panels(desk),
        *panel_key_commands(desk),
        *link_commands(desk.active_panel),
        *peer_commands(desk.active_panel, desk.panels, desk.say),
        *_of_windows(desk),
        *_of_workspaces(desk),
        *_of_view(desk),
        *_of_help(desk),
        *_in_panels(desk),
    ]


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
        Command(
            "desk.status",
            "Show or hide the Status panel",
            DESK,
            desk.show_status,
            ("Ctrl+Shift+U",),
        ),
        Command(
            "desk.dismiss",
            "Close the messages above the panels",
            DESK,
            desk.dismiss,
            ("Ctrl+Shift+X",),
            lambda: desk.has_messages,
        ),
        Command("desk.quit", "Quit", DESK, desk.close, ("Ctrl+Q",)),
    ]


def _of_help(desk: Desk) -> list[Command]:
    return [
        Command("help.palette", "Find a command...", HELP, desk.help.show_palette, ("Ctrl+K",)),
        Command("help.keys", "Keys", HELP, desk.help.show_keys, ("?", "F1")),
        Command("help.about", "About HeatDesk", HELP, desk.help.show_about, ("Ctrl+I, A",)),
    ]


def _of_panels(desk: Desk) -> list[Command]:
    doing = partial(done_to, desk.active_dock)

    def there() -> bool:
        return desk.active_dock() is not None

    def can_remove() -> bool:
        dock = desk.active_dock()
        return dock is not None and dock.objectName() != dock.panel.panel_id

    added = [
        Command(
            f"panel.add.{kind.panel_id}",
            f"Add panel: {kind.title}",
            PANELS,
            partial(desk.open_panel, kind.panel_id),
            numbered("Ctrl+P, {}", number),
        )
        for number, kind in enumerate(_addable(desk), 1)
    ]
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
        Command(
            "panel.remove",
            "Remove the panel",
            PANELS,
            doing(desk.remove),
            ("Ctrl+P, X",),
            can_remove,
        ),
        Command("panel.next", "Next panel", PANELS, partial(desk.focus_panel, 1), ("F6",)),
        Command(
            "panel.previous",
            "Previous panel",
            PANELS,
            partial(desk.focus_panel, -1),
            ("Shift+F6",),
        ),
        Command("panel.reset", "Reset layout", PANELS, desk.reset_layout, ("Ctrl+P, Z",)),
    ]


def _in_panels(desk: Desk) -> list[Command]:
    """What panels do by key, done to the one in use."""

    def can(id_: str) -> bool:
        panel = desk.active_panel()
        return panel is not None and any(one.id == id_ for one in panel.commands)

    known = {one.id: one for kind in desk.maker.kinds.values() for one in kind.commands}
    return [
        Command(
            one.id,
            one.title,
            CHART,
            done_to(desk.active_panel, methodcaller("perform", one.id)),
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
        Command(
            "workspace.duplicate",
            "Duplicate workspace",
            WORKSPACES,
            desk.duplicate_workspace,
            ("Ctrl+J, D",),
        ),
        Command(
            "workspace.rename",
            "Rename workspace...",
            WORKSPACES,
            lambda: naming.ask_other(desk),
            ("Ctrl+J, R",),
        ),
        Command(
            "workspace.delete",
            "Delete workspace...",
            WORKSPACES,
            lambda: naming.ask_delete(desk),
            ("Ctrl+J, X",),
            lambda: len(desk.workspaces()) > 1,
        ),
        Command(
            "workspace.revert",
            "Revert workspace to saved",
            WORKSPACES,
            desk.revert,
            ("Ctrl+J, V",),
            lambda: desk.workspace.shipped or desk.workspace.saved is not None,
        ),
        Command(
            "workspace.shipped",
            "Restore deleted shipped workspaces",
            WORKSPACES,
            desk.spaces.restore_shipped,
            ("Ctrl+J, S",),
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
        Command(
            "view.live",
            "Live markets in all panels",
            VIEW,
            desk.choose_live,
            ("Ctrl+Shift+L",),
            lambda: not desk.maker.demo_only,
        ),
        Command(
            "view.real",
            "Real data in all panels",
            VIEW,
            desk.choose_real,
            ("Ctrl+Shift+R",),
            lambda: not desk.maker.demo_only,
        ),
        Command("view.demo", "Demo in all panels", VIEW, desk.choose_demo, ("Ctrl+Shift+E",)),
    ]


def _addable(desk: Desk) -> list[type[Panel]]:
    """Kinds of panels of which there may be several."""
    return [kind for kind in desk.maker.kinds.values() if kind.provider_id]

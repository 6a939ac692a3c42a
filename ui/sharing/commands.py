"""What can be copied and saved, as commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from ui.commands import Command, done_to
from ui.panel import Panel
from ui.sharing.sharing import TWICE, Sharing

SHARING = "Copy and save"


class SharedDesk(Protocol):
    """What of a desk is used here."""

    @property
    def panels(self) -> Callable[[], Iterable[Panel]]:
        """Every panel."""
        ...

    def active_panel(self) -> Panel | None:
        """The panel that a command means."""
        ...


def sharing_commands(
    desk: SharedDesk, sharing: Sharing, workspace_name: Callable[[], str]
) -> list[Command]:
    """Return the commands.

    Parameters
    ----------
    workspace_name : callable
        What the open workspace is called.
    """

    def of_desk(act: Callable[..., None], factor: float = 1.0) -> Callable[[], None]:
        return lambda: act(workspace_name(), list(desk.panels()), factor)

    def there() -> bool:
        return desk.active_panel() is not None

    def panel_command(id_: str, title: str, act: Callable[[Panel], object], *keys: str) -> Command:
        return Command(f"share.{id_}", title, SHARING, done_to(desk.active_panel, act), keys, there)

    def desk_command(
        id_: str, title: str, act: Callable[..., None], key: str, factor: float = 1.0
    ) -> Command:
        return Command(f"share.{id_}", title, SHARING, of_desk(act, factor), (key,))

    return [
        panel_command(
            "panel.copy", "Copy a picture of the panel", sharing.copy_picture, "Ctrl+Shift+C"
        ),
        panel_command(
            "panel.copy_twice",
            "Copy a picture of the panel, twice the size",
            partial(sharing.copy_picture, factor=TWICE),
            "Ctrl+G, Shift+C",
        ),
        panel_command(
            "panel.save", "Save a picture of the panel...", sharing.save_picture, "Ctrl+Shift+P"
        ),
        panel_command(
            "panel.save_twice",
            "Save a picture of the panel, twice the size...",
            partial(sharing.save_picture, factor=TWICE),
            "Ctrl+G, Shift+P",
        ),
        desk_command("desk.copy", "Copy a picture of the desk", sharing.copy_desk, "Ctrl+G, D"),
        desk_command(
            "desk.copy_twice",
            "Copy a picture of the desk, twice the size",
            sharing.copy_desk,
            "Ctrl+G, Shift+D",
            TWICE,
        ),
        desk_command("desk.save", "Save a picture of the desk...", sharing.save_desk, "Ctrl+G, S"),
        desk_command(
            "desk.save_twice",
            "Save a picture of the desk, twice the size...",
            sharing.save_desk,
            "Ctrl+G, Shift+S",
            TWICE,
        ),
        panel_command(
            "table.copy",
            "Copy the panel's table for a spreadsheet",
            sharing.copy_table,
            "Ctrl+G, T",
        ),
        panel_command("table.csv", "Copy the panel's table as CSV", sharing.copy_csv, "Ctrl+G, V"),
        panel_command(
            "table.save", "Save the panel's table as CSV...", sharing.save_csv, "Ctrl+G, F"
        ),
    ]

"""Commands that bring the keyboard to what a hand would press in a panel, or do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from ui.commands import Command, done_to
from ui.panel.heatmap import HeatmapPanel

if TYPE_CHECKING:
    from ui.main_window.desk import Desk
    from ui.panel import Panel

PANELS = "Panels"


def panel_key_commands(desk: Desk) -> list[Command]:
    """Return the commands: the panel's menu, its options, its search, real or invented data."""
    doing = partial(done_to, desk.active_panel)

    def there() -> bool:
        return desk.active_panel() is not None

    def can_switch() -> bool:
        panel = desk.active_panel()
        return panel is not None and bool(panel.provider_id) and not desk.maker.demo_only

    def is_demo() -> bool:
        panel = desk.active_panel()
        return panel is not None and panel.demo

    def has_options() -> bool:
        panel = desk.active_panel()
        return panel is not None and first_option(panel) is not None

    def can_search() -> bool:
        return isinstance(desk.active_panel(), Searching | HeatmapPanel)

    return [
        Command("panel.menu", "Menu of the panel", PANELS, doing(open_menu), ("Ctrl+P, M",), there),
        Command(
            "panel.options",
            "Go to the options of the panel",
            PANELS,
            doing(focus_options),
            ("F4",),
            has_options,
        ),
        Command(
            "panel.search",
            "Search a symbol or coin",
            PANELS,
            doing(open_search),
            ("F3",),
            can_search,
        ),
        Command(
            "panel.demo",
            "Demo in this panel",
            PANELS,
            doing(lambda panel: setattr(panel, "demo", not panel.demo)),
            ("Ctrl+P, E",),
            can_switch,
            is_demo,
        ),
    ]


@runtime_checkable
class Searching(Protocol):
    """A panel in which a symbol or a coin can be searched by name."""

    def open_search(self) -> None:
        """Open the search."""


def open_search(panel: Panel) -> None:
    """Let a symbol or a coin be searched, as a letter typed over the panel does."""
    if isinstance(panel, HeatmapPanel):
        panel.search_name("")
    elif isinstance(panel, Searching):
        panel.open_search()


def open_menu(panel: Panel) -> None:
    """Open the panel's menu where the keyboard is: below its header."""
    header = panel.header
    panel.open_menu(header.mapToGlobal(QPoint(header.width() // 2, header.height())))


def first_option(panel: Panel) -> QWidget | None:
    """The first control of the options row that takes the keyboard."""
    row = panel.options_bar
    for at in range(row.count()):
        item = row.itemAt(at)
        widget = None if item is None else item.widget()
        if (
            widget is not None
            and widget.isVisibleTo(panel)
            and widget.isEnabled()
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        ):
            return widget
    return None


def focus_options(panel: Panel) -> None:
    """Give the keyboard to the first control of the options row; Tab leads on from there."""
    widget = first_option(panel)
    if widget is not None:
        widget.window().activateWindow()
        widget.setFocus(Qt.FocusReason.TabFocusReason)

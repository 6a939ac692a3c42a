"""The menu bar of a window of the desk, built from the table of commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QToolButton

from ui.main_window.screens import by_place, screen_title

if TYPE_CHECKING:
    from ui.main_window.desk import Desk

SEPARATOR = ""
DESK_MENU = ("desk.settings", "desk.keys", SEPARATOR, "desk.quit")
VIEW_MENU = ("view.utc", SEPARATOR, "view.real", "view.demo", SEPARATOR, "window.full")
WORKSPACE_MENU = (
    *("workspace.save", "workspace.save_as", "workspace.duplicate", "workspace.rename"),
    *("workspace.delete", SEPARATOR, "workspace.revert", "workspace.shipped"),
)
HELP_MENU = (
    *("help.palette", "help.keys", SEPARATOR, "help.diagnostics", "help.copy_report"),
    *("help.crash", SEPARATOR, "help.about"),
)
SHARE_MENU = (
    *("share.desk.copy", "share.desk.copy_twice", "share.desk.save", "share.desk.save_twice"),
    *(SEPARATOR, "share.panel.copy", "share.panel.copy_twice", "share.panel.save"),
    *("share.panel.save_twice", SEPARATOR, "share.table.copy", "share.table.save"),
)


class DeskMenus(QMenuBar):
    """Desk, Workspaces, Panels, Windows, View, Help, and the zone of all times at the right."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._workspace = desk.context.workspace
        self._listed("&Desk", self._fill_desk)
        self._listed("&Workspaces", self._fill_workspaces)
        self.panels = self._listed("Pa&nels", self._fill_panels)
        self._listed("W&indows", self._fill_windows)
        self._fill(self.addMenu("&View"), VIEW_MENU)
        self._listed("He&lp", lambda menu: self._put(menu, HELP_MENU))
        self.utc = desk.commands.action("view.utc")
        self.zone = QToolButton()
        self.zone.setToolTip("Zone of every time shown; press to switch between your zone and UTC")
        self.zone.clicked.connect(partial(desk.commands.run, "view.utc"))
        self.setCornerWidget(self.zone)
        self._workspace.zone_changed.connect(self._show_zone)
        self._show_zone()

    # -- inside

    def _fill(self, menu: QMenu, ids: tuple[str, ...]) -> None:
        self._put(menu, ids)
        refresh = self._desk.commands.refresh
        menu.aboutToShow.connect(partial(refresh, [id_ for id_ in ids if id_]))
        menu.aboutToHide.connect(self._desk.commands.release)

    def _put(self, menu: QMenu, ids: tuple[str, ...]) -> None:
        """Add the commands there are."""
        table = self._desk.commands
        for id_ in ids:
            if id_ == SEPARATOR:
                menu.addSeparator()
            elif id_ in table:
                menu.addAction(table.action(id_))

    def _listed(self, title: str, fill: Callable[[QMenu], None]) -> QMenu:
        """A menu that is filled anew each time it opens."""
        menu = self.addMenu(title)
        menu.aboutToShow.connect(partial(self._fill_anew, menu, fill))
        menu.aboutToHide.connect(self._desk.commands.release)
        return menu

    def _fill_anew(self, menu: QMenu, fill: Callable[[QMenu], None]) -> None:
        for old in menu.findChildren(QMenu):
            old.deleteLater()
        menu.clear()
        self._desk.commands.refresh()
        fill(menu)

    def _fill_desk(self, menu: QMenu) -> None:
        self._put(menu, DESK_MENU)
        share = QMenu("Copy or save", menu)
        self._put(share, SHARE_MENU)
        menu.insertMenu(menu.actions()[-1], share)
        menu.insertSeparator(menu.actions()[-1])

    def _fill_workspaces(self, menu: QMenu) -> None:
        desk = self._desk
        for number, one in enumerate(desk.workspaces(), 1):
            entry = self._run(menu, f"workspace.go.{number}", one.name)
            entry.setCheckable(True)
            entry.setChecked(one.slug == desk.workspace.slug)
        menu.addSeparator()
        self._put(menu, WORKSPACE_MENU)

    def _fill_panels(self, menu: QMenu) -> None:
        desk = self._desk
        menu.addActions([dock.toggleViewAction() for dock in desk.docks.values()])
        menu.addSeparator()
        move = menu.addMenu("Move to")
        for one in desk.windows:
            self._run(move, f"panel.to.{one.window_id}", one.menu_title)
        move.addSeparator()
        for number, screen in enumerate(by_place(), 1):
            self._run(move, f"panel.to.screen-{number}", f"New window on {screen_title(screen)}")
        menu.addSeparator()
        add = menu.addMenu("Add panel")
        for kind in desk.maker.kinds.values():
            if kind.provider_id:
                self._run(add, f"panel.add.{kind.panel_id}", kind.title)
        menu.addSeparator()
        for id_ in ("panel.apply_to_peers", "panel.reset"):
            menu.addAction(desk.commands.action(id_))

    def _fill_windows(self, menu: QMenu) -> None:
        desk = self._desk
        menu.addAction(desk.commands.action("window.new"))
        for number, screen in enumerate(by_place(), 1):
            self._run(menu, f"window.on.{number}", f"New window on {screen_title(screen)}")
        menu.addSeparator()
        for id_ in ("window.close", "window.reopen"):
            menu.addAction(desk.commands.action(id_))
        menu.addSeparator()
        for window in desk.windows:
            menu.addAction(window.menu_title).triggered.connect(window.come_up)

    def _run(self, menu: QMenu, id_: str, text: str) -> QAction:
        """Add a command under a shorter name than it has by itself."""
        table = self._desk.commands
        entry = menu.addAction(text)
        entry.triggered.connect(partial(table.run, id_))
        if id_ in table:
            entry.setEnabled(table.command(id_).can_run)
            keys = table.key_text(id_)
            entry.setText(f"{text}\t{keys}" if keys else text)
        return entry

    def _show_zone(self) -> None:
        self.zone.setText(self._workspace.zone_title(self._desk.context.clock.now_ms()))
        self.setCornerWidget(self.zone)  # the corner is as wide as what it held when it was given
        self._desk.commands.refresh(["view.utc"])

"""The menu bar of the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolButton, QWidget

from heatdesk.units import Clock
from ui.panel import Panel, Workspace


@dataclass(frozen=True, slots=True)
class Commands:
    """What the menus can ask for."""

    show_settings: Callable[[], None]
    show_keys: Callable[[], None]
    quit: Callable[[], None]
    add_panel: Callable[[str], None]
    reset_layout: Callable[[], None]
    all_demo: Callable[[], None]
    all_real: Callable[[], None]
    full_screen: Callable[[], None]
    show_about: Callable[[], None]


class DeskMenus(QMenuBar):
    """Desk, Panels, View, Help, and the zone of all times at the right edge."""

    def __init__(
        self,
        commands: Commands,
        kinds: tuple[type[Panel], ...],
        workspace: Workspace,
        clock: Clock,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._clock = clock
        self._kinds = kinds
        self._commands = commands
        self._build_desk()
        self.panels: QMenu = self.addMenu("P&anels")
        self._build_view()
        about = self.addMenu("&Help").addAction("About HeatDesk")
        about.triggered.connect(commands.show_about)
        self.zone = QToolButton()
        self.zone.setToolTip("Zone of every time shown; press to switch between local and UTC")
        self.zone.clicked.connect(self._switch_zone)
        self.setCornerWidget(self.zone)
        workspace.zone_changed.connect(self._show_zone)
        self._show_zone()

    def fill_panels(self, shown: list[QAction]) -> None:
        """List every panel of the desk, and what can be added."""
        menu = self.panels
        menu.clear()
        menu.addActions(shown)
        menu.addSeparator()
        add = menu.addMenu("Add panel")
        for kind in self._kinds:
            if kind.provider_id:
                action = add.addAction(kind.title)
                action.triggered.connect(self._adder(kind.panel_id))
        menu.addSeparator()
        menu.addAction("Reset layout").triggered.connect(self._commands.reset_layout)

    def _build_desk(self) -> None:
        menu = self.addMenu("&Desk")
        settings = menu.addAction("Settings...")
        settings.setShortcut(QKeySequence("Ctrl+,"))
        settings.triggered.connect(self._commands.show_settings)
        keys = menu.addAction("Enter API keys...")
        keys.setShortcut(QKeySequence("Ctrl+K"))
        keys.triggered.connect(self._commands.show_keys)
        menu.addSeparator()
        leave = menu.addAction("Quit")
        leave.setShortcut(QKeySequence("Ctrl+Q"))
        leave.triggered.connect(self._commands.quit)

    def _build_view(self) -> None:
        menu = self.addMenu("&View")
        self.utc = menu.addAction("Time in UTC")
        self.utc.setCheckable(True)
        self.utc.setShortcut(QKeySequence("Ctrl+U"))
        self.utc.triggered.connect(self._switch_zone)
        menu.addSeparator()
        menu.addAction("Real data in all panels").triggered.connect(self._commands.all_real)
        menu.addAction("Demo in all panels").triggered.connect(self._commands.all_demo)
        menu.addSeparator()
        full = menu.addAction("Full screen")
        full.setShortcut(QKeySequence("F11"))
        full.triggered.connect(self._commands.full_screen)

    def _adder(self, panel_id: str) -> Callable[[], None]:
        return lambda: self._commands.add_panel(panel_id)

    def _switch_zone(self) -> None:
        self._workspace.utc = not self._workspace.utc
        self._show_zone()

    def _show_zone(self) -> None:
        tag = self._workspace.zone_tag(self._clock.now_ms())
        self.zone.setText(tag if self._workspace.utc else f"Local, {tag}")
        self.utc.setChecked(self._workspace.utc)

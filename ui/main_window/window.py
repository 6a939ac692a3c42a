"""`MainWindow`: panels in docks, the bands above them, the bar below, and the saved layout."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStatusBar, QTabWidget, QVBoxLayout, QWidget

from heatdesk.errors import WriteError
from heatdesk.frames import Subscription
from ui import theme
from ui.heatmap.gl_viewport import expect_charts
from ui.main_window import layout_file
from ui.main_window.about import show_about
from ui.main_window.bands import DemoBand, SentenceBand
from ui.main_window.dock import PanelDock, fit_into_screens
from ui.main_window.layout_file import Arrangement, Layout, PanelRecord
from ui.main_window.menus import Commands, DeskMenus
from ui.main_window.places import place_default, screen_set, size_default
from ui.main_window.pulse import Pulse
from ui.main_window.status_bar import StatusBar
from ui.panel import Options, Panel, PanelContext

log = logging.getLogger(__name__)

SAVE_AFTER_MS = 500
DEFAULT_SIZE = (1600, 960)


class MainWindow(QMainWindow):
    """The desk.

    Parameters
    ----------
    context : PanelContext
    kinds : tuple of Panel subclasses
    want : callable
        Takes the union of what the open panels need.
    layout_path : Path or None
        Where the layout is kept; None: nowhere.
    demo_only : bool
        Every panel stays a demo.
    starts_live : callable
        Whether a provider's key is known at the start, by id: its panels start live.

    Signals
    -------
    settings_wanted : show the settings.
    keys_wanted : show Settings > Keys at a provider (empty: any).
    closed : the window was closed; the program ends.
    """

    settings_wanted = Signal()
    keys_wanted = Signal(str)
    closed = Signal()

    def __init__(
        self,
        context: PanelContext,
        kinds: tuple[type[Panel], ...],
        want: Callable[[frozenset[Subscription]], None],
        *,
        layout_path: Path | None = None,
        demo_only: bool = False,
        starts_live: Callable[[str], bool] = lambda provider: False,
    ) -> None:
        super().__init__()
        self.docks: dict[str, PanelDock] = {}
        self.first_start = True
        self._context = context
        self._kinds = {kind.panel_id: kind for kind in kinds}
        self._want = want
        self._path = layout_path
        self._demo_only = demo_only
        self._starts_live = starts_live
        self._arrangements: dict[str, Arrangement] = {}
        self._unplaced = True
        self._wanted: frozenset[Subscription] | None = None
        self._provider_revision = -1
        self._later = self._timer(self._settle, 0)
        self._saving = self._timer(self.save_layout, SAVE_AFTER_MS)
        self._build(kinds)
        self.pulse = Pulse(self.docks.values, self._seen, self._show_providers, self)
        self._open_desk()
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenRemoved.connect(self._screen_gone)

    # -- panels

    def add_panel(
        self,
        kind: str,
        *,
        name: str = "",
        demo: bool | None = None,
        options: Options | None = None,
    ) -> PanelDock:
        """Create a panel in a dock of its own; it has no place yet."""
        name = name or self._free_name(kind)
        panel = self._kinds[kind](self._context)
        panel.setMinimumSize(150, 90)
        if options:
            panel.load_options(options)
        if demo is None:
            demo = self._demo_only or not self._starts_live(panel.provider_id)
        panel.demo = demo and bool(panel.provider_id)
        dock = PanelDock(name, panel, self)
        dock.toggleViewAction().setText(self._menu_name(name, panel))
        if panel.provider_id:
            again = QAction("Duplicate", dock)
            again.triggered.connect(lambda: self.duplicate(dock))
            panel.extra_actions.insert(0, again)
        if name != kind:
            remove = QAction("Remove", dock)
            remove.triggered.connect(lambda: self.remove(dock))
            panel.extra_actions.append(remove)
        panel.needs_changed.connect(self._changed)
        panel.state_changed.connect(self._changed)
        dock.moved.connect(self._changed)
        dock.show_title()
        self.docks[name] = dock
        return dock

    def open_panel(self, kind: str, options: Options | None = None) -> PanelDock:
        """Add a panel beside the first of its kind, and show it."""
        peers = [dock for dock in self.docks.values() if dock.panel.panel_id == kind and dock.open]
        demo = peers[0].panel.demo if peers else None
        if options is None and peers:
            options = peers[0].panel.options_for_new()
        dock = self.add_panel(kind, demo=demo, options=options)
        anchors = [peer for peer in peers if not peer.isFloating()]
        if not anchors:
            anchors = [one for one in self.docks.values() if one.open and not one.isFloating()]
            anchors = [one for one in anchors if one is not dock]
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
        if anchors:
            self.tabifyDockWidget(anchors[0], dock)
        dock.show()
        dock.raise_()
        self._menus.fill_panels(self._toggles())
        self._changed()
        return dock

    def duplicate(self, dock: PanelDock) -> PanelDock:
        """Open a second panel with the same options."""
        return self.open_panel(dock.panel.panel_id, dock.panel.save_options())

    def remove(self, dock: PanelDock) -> None:
        """Take an added panel off the desk for good."""
        self.docks.pop(dock.objectName(), None)
        self.removeDockWidget(dock)
        dock.deleteLater()
        self._menus.fill_panels(self._toggles())
        self._changed()

    def panels(self) -> Iterable[Panel]:
        """Every panel of the desk, open or not."""
        return [dock.panel for dock in self.docks.values()]

    def go_live(self, provider: str) -> None:
        """A provider's key works: its panels leave the demo."""
        if self._demo_only:
            self.say("The key works. Start HeatDesk without --demo to see real data.")
            return
        for panel in self.panels():
            if panel.provider_id == provider:
                panel.demo = False

    def set_demo(self, demo: bool) -> None:
        """Switch every panel."""
        for panel in self.panels():
            if panel.provider_id:
                panel.demo = demo or self._demo_only

    # -- the desk

    def say(self, sentence: str) -> None:
        """Show one sentence above the panels until it is closed."""
        self._sentence.say(sentence)

    def reset_layout(self) -> None:
        """Put every panel back where it was on the first day."""
        place_default(self, self.docks)
        self._unplaced = True
        self._later.start()

    def show_status(self) -> None:
        """Show or hide the Status panel."""
        dock = self.docks.get("status")
        if dock is not None:
            dock.setVisible(not dock.on_screen)
            dock.raise_()

    def save_layout(self) -> None:
        """Write the layout file now."""
        self._saving.stop()
        if self._path is None or self._unplaced:
            return
        screens = screen_set()
        self._arrangements.pop(screens, None)
        self._arrangements[screens] = Arrangement(
            bytes(self.saveGeometry().toBase64().data()).decode(),
            bytes(self.saveState(layout_file.VERSION).toBase64().data()).decode(),
        )
        records = tuple(
            PanelRecord(name, dock.panel.panel_id, dock.panel.demo, dock.panel.save_options())
            for name, dock in self.docks.items()
        )
        try:
            layout_file.save(Layout(records, self._arrangements), self._path)
        except WriteError as error:
            log.warning("%s", error)
            self.say(error.user_message)

    def showEvent(self, event: QShowEvent) -> None:
        """Give the docks their sizes once the window has its own."""
        super().showEvent(event)
        self._later.start()
        self.pulse.wake()

    def changeEvent(self, event: QEvent) -> None:
        """A minimised window costs nothing."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            self.pulse.wake()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the layout as it is at this moment, then end."""
        self.save_layout()
        self._path = None
        self.pulse.stop()
        self._later.stop()
        super().closeEvent(event)
        self.closed.emit()

    # -- inside

    def _build(self, kinds: tuple[type[Panel], ...]) -> None:
        expect_charts(self)
        self.setWindowTitle("HeatDesk")
        self.setWindowIcon(theme.icon("heatdesk"))
        self.setDockNestingEnabled(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        commands = Commands(
            show_settings=self.settings_wanted.emit,
            show_keys=lambda: self.keys_wanted.emit(""),
            quit=self._quit,
            add_panel=self._open,
            reset_layout=self.reset_layout,
            all_demo=lambda: self.set_demo(True),
            all_real=lambda: self.set_demo(False),
            full_screen=lambda: self.setWindowState(
                self.windowState() ^ Qt.WindowState.WindowFullScreen
            ),
            show_about=lambda: show_about(self),
        )
        context = self._context
        self._menus = DeskMenus(commands, kinds, context.workspace, context.clock)
        self._menus.setNativeMenuBar(False)
        self.demo_band = DemoBand()
        self.demo_band.keys_wanted.connect(lambda: self.keys_wanted.emit(""))
        self._sentence = SentenceBand()
        self.bar = StatusBar()
        self.bar.clicked.connect(self.show_status)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._menus, self.demo_band, self._sentence):
            column.addWidget(widget)
        self.setMenuWidget(above)
        status = QStatusBar()
        status.setSizeGripEnabled(False)
        status.setContentsMargins(0, 0, 0, 0)
        status.addWidget(self.bar, 1)
        self.setStatusBar(status)
        self.resize(*DEFAULT_SIZE)

    def _open_desk(self) -> None:
        layout, sentence = (None, "") if self._path is None else layout_file.load(self._path)
        self.first_start = layout is None
        self.say(sentence)
        for record in () if layout is None else layout.panels:
            if record.kind in self._kinds:
                live = self._starts_live(self._kinds[record.kind].provider_id)
                self.add_panel(
                    record.kind,
                    name=record.id,
                    demo=self._demo_only or (record.demo and not live),
                    options=record.options,
                )
        for kind in self._kinds:
            if kind not in self.docks:
                self.add_panel(kind, name=kind)
        place_default(self, self.docks)
        if layout is not None:
            self._arrangements = dict(layout.arrangements)
            self._restore(layout.arrangement(screen_set()))
        self._menus.fill_panels(self._toggles())
        self._changed()
        self._settle_wishes()

    def _restore(self, arrangement: Arrangement | None) -> None:
        if arrangement is None:
            return
        self.restoreGeometry(QByteArray.fromBase64(arrangement.geometry.encode()))
        state = QByteArray.fromBase64(arrangement.state.encode())
        if self.restoreState(state, layout_file.VERSION):
            self._unplaced = False
        else:
            self.say("The saved arrangement could not be restored; this is the default one.")
        place = fit_into_screens(self.geometry())
        if place != self.geometry():
            self.setGeometry(place)
        for dock in self.docks.values():
            dock.bring_onto_screens()

    def _changed(self) -> None:
        self._later.start()
        self._saving.start()

    def _settle(self) -> None:
        """Once the events of a change are through: sizes, wishes, bands, pace."""
        if self._unplaced and self.isVisible():
            size_default(self, self.docks)
            self._unplaced = False
        self._settle_wishes()
        self.pulse.wake()

    def _settle_wishes(self) -> None:
        needs: set[Subscription] = set()
        demo = real = False
        for dock in self.docks.values():
            if dock.open:
                needs |= dock.panel.needs()
                demo |= dock.panel.demo
                real |= bool(dock.panel.provider_id) and not dock.panel.demo
        wanted = frozenset(needs)
        if wanted != self._wanted:
            self._wanted = wanted
            self._want(wanted)
        self.demo_band.tell(demo=demo, real=real)
        self.setWindowTitle("HeatDesk - DEMO" if demo and not real else "HeatDesk")

    def _show_providers(self) -> None:
        store = self._context.store
        if store.provider_revision != self._provider_revision:
            self._provider_revision = store.provider_revision
            self.bar.show_providers(store.providers())

    def _seen(self) -> bool:
        return self.isVisible() and not self.isMinimized()

    def _screen_gone(self) -> None:
        """Bring home what was on a screen that went, once the window system has settled."""
        QTimer.singleShot(300, self, self._come_home)

    def _come_home(self) -> None:
        place = fit_into_screens(self.geometry())
        if place != self.geometry():
            self.setGeometry(place)
        for dock in self.docks.values():
            dock.bring_onto_screens()

    def _quit(self) -> None:
        self.close()

    def _open(self, kind: str) -> None:
        self.open_panel(kind)

    def _toggles(self) -> list[QAction]:
        return [dock.toggleViewAction() for dock in self.docks.values()]

    def _free_name(self, kind: str) -> str:
        number = 2
        while f"{kind}-{number}" in self.docks:
            number += 1
        return f"{kind}-{number}"

    def _menu_name(self, name: str, panel: Panel) -> str:
        number = name.removeprefix(panel.panel_id).removeprefix("-")
        return f"{panel.title} {number}".strip()

    def _timer(self, slot: Callable[[], None], after_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(slot)
        return timer

"""`MainWindow`: panels in docks, the bands above them, the bar below, and the saved layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStatusBar, QTabWidget

from heatdesk.frames import Subscription
from ui import theme
from ui.heatmap.gl_viewport import expect_charts
from ui.main_window.about import show_about
from ui.main_window.above import Above
from ui.main_window.dock import PanelDock, menu_name
from ui.main_window.keeper import LayoutKeeper
from ui.main_window.menus import Commands, DeskMenus
from ui.main_window.places import bring_home, place_default, size_default
from ui.main_window.pulse import Pulse
from ui.main_window.status_bar import StatusBar
from ui.panel import Options, Panel, PanelContext

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
    opens_live : bool
        Panels that are new start with what is real without a key.

    Signals
    -------
    settings_wanted : show the settings.
    keys_wanted : show Settings > Keys at a provider (empty: any).
    live_chosen : live markets (true) or the demo (false) were chosen by hand for the whole desk.
    closed : the window was closed; the program ends.
    """

    settings_wanted = Signal()
    keys_wanted = Signal(str)
    live_chosen = Signal(bool)
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
        opens_live: bool = False,
    ) -> None:
        super().__init__()
        self.docks: dict[str, PanelDock] = {}
        self.first_start = True
        self._context = context
        self._kinds = {kind.panel_id: kind for kind in kinds}
        self._want = want
        self._keeper = LayoutKeeper(layout_path)
        self._demo_only = demo_only
        self._starts_live = starts_live
        self._opens_live = opens_live
        self._keyed: set[str] = set()
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
        self._open_source(panel, demo)
        dock = PanelDock(name, panel, self)
        dock.toggleViewAction().setText(menu_name(name, panel))
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
        self._keyed.add(provider)
        self.live_band.dismiss()
        if self._demo_only:
            self.say("The key works. Start HeatDesk without --demo to see real data.")
            return
        for panel in self.panels():
            panel.key_works(provider)

    def open_live(self, venue: str = "") -> None:
        """Show what is real without a key; live books of a venue where one is named."""
        for panel in self.panels():
            if panel.provider_id and not self._demo_only:
                panel.open_live(venue)

    def set_demo(self, demo: bool) -> None:
        """Switch every panel."""
        for panel in self.panels():
            if panel.provider_id:
                panel.demo = demo or self._demo_only

    def fall_back(self, why: str) -> None:
        """Show the demo wherever no key opens something real, and say why in one sentence."""
        for panel in self.panels():
            if panel.provider_id:
                panel.demo = True
                if panel.provider_id in self._keyed or self._starts_live(panel.provider_id):
                    panel.key_works(panel.provider_id)
        self.demo_band.explain(why)

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
        if self._keeper.keeps and not self._unplaced:
            self.say(self._keeper.save(self, self.docks))

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
        self._keeper.close()
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
            all_demo=self._choose_demo,
            all_real=self._choose_real,
            full_screen=lambda: self.setWindowState(
                self.windowState() ^ Qt.WindowState.WindowFullScreen
            ),
            show_about=lambda: show_about(self),
        )
        context = self._context
        self._menus = DeskMenus(commands, kinds, context.workspace, context.clock)
        self._menus.setNativeMenuBar(False)
        self._above = Above(self._menus)
        self._above.keys_wanted.connect(lambda: self.keys_wanted.emit(""))
        self._above.live_wanted.connect(self._choose_live)
        self._above.demo_wanted.connect(self._choose_demo)
        self.demo_band, self.live_band = self._above.demo_band, self._above.live_band
        self.demo_band.offer_live(offered=not self._demo_only)
        self._sentence = self._above.sentence
        self.setMenuWidget(self._above)
        self.bar = StatusBar()
        self.bar.clicked.connect(self.show_status)
        status = QStatusBar()
        status.setSizeGripEnabled(False)
        status.setContentsMargins(0, 0, 0, 0)
        status.addWidget(self.bar, 1)
        self.setStatusBar(status)
        self.resize(*DEFAULT_SIZE)

    def _open_desk(self) -> None:
        layout, sentence = self._keeper.read()
        self.first_start = layout is None
        self.say(sentence)
        records = () if layout is None else layout.panels
        for record in records:
            if record.kind in self._kinds:
                self.add_panel(
                    record.kind, name=record.id, demo=record.demo, options=record.options
                )
        # a kind this layout does not know yet is as real as what it stands beside
        self._opens_live &= layout is None or any(not record.demo for record in records)
        for kind in self._kinds:
            if kind not in self.docks:
                self.add_panel(kind, name=kind)
        place_default(self, self.docks)
        if layout is not None:
            taken = self._keeper.restore(self, self.docks, layout)
            self._unplaced = not (taken and layout.arrangements)
            if not taken:
                self.say("The saved arrangement could not be restored; this is the default one.")
        self._menus.fill_panels(self._toggles())
        self._changed()
        self._settle_wishes()

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
        demo = real = keyless = False
        for dock in self.docks.values():
            if dock.open:
                needs |= dock.panel.needs()
                demo |= dock.panel.demo
                keyless |= dock.panel.keyless
                real |= bool(dock.panel.provider_id) and not dock.panel.demo
        wanted = frozenset(needs)
        if wanted != self._wanted:
            self._wanted = wanted
            self._want(wanted)
        news = keyless and self.first_start and self._opens_live
        self._above.tell(demo=demo, real=real, live_news=news)
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
        QTimer.singleShot(300, self, lambda: bring_home(self, self.docks.values()))

    def _quit(self) -> None:
        self.close()

    def _choose_live(self) -> None:
        self.demo_band.explain("")
        self.open_live()
        self.live_chosen.emit(True)

    def _choose_real(self) -> None:
        self.set_demo(False)
        self.live_chosen.emit(False)

    def _choose_demo(self) -> None:
        self.demo_band.explain("")
        self.set_demo(True)
        self.live_chosen.emit(False)

    def _open(self, kind: str) -> None:
        self.open_panel(kind)

    def _open_source(self, panel: Panel, demo: bool | None) -> None:
        """Open a panel as it was (None: it is new), or better where a key is known by now."""
        if not panel.provider_id:
            return
        panel.demo = self._demo_only or demo is None or demo
        if not panel.demo or self._demo_only:
            return
        if self._starts_live(panel.provider_id):
            panel.key_works(panel.provider_id)
        elif demo is None and self._opens_live:
            panel.open_live()

    def _toggles(self) -> list[QAction]:
        return [dock.toggleViewAction() for dock in self.docks.values()]

    def _free_name(self, kind: str) -> str:
        number = 2
        while f"{kind}-{number}" in self.docks:
            number += 1
        return f"{kind}-{number}"

    def _timer(self, slot: Callable[[], None], after_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(slot)
        return timer

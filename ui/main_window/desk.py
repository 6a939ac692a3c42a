"""`Desk`: the windows and panels of HeatDesk, and the workspace they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QWidget

from heatdesk.frames import Subscription
from heatdesk.workspaces.library import Library
from heatdesk.workspaces.model import MAIN, Workspace
from ui.commands import CommandTable
from ui.main_window.above import Above
from ui.main_window.carrying import Carrying
from ui.main_window.desk_commands import desk_commands
from ui.main_window.desk_window import DeskWindow
from ui.main_window.help import Help
from ui.main_window.listed_commands import list_commands
from ui.main_window.making import PanelMaker
from ui.main_window.menus import DeskMenus
from ui.main_window.panel_set import PanelSet
from ui.main_window.places import size_plan
from ui.main_window.pulse import Pulse
from ui.main_window.screens import ScreenWatch
from ui.main_window.spaces import Spaces
from ui.main_window.status_bar import StatusBar
from ui.main_window.window_set import WindowSet
from ui.main_window.wishes import Wishes
from ui.panel import Panel, PanelContext

SAVE_AFTER_MS = 500
"""A change is in the file by then, also while a hand goes on changing."""


class Desk(QObject):
    """The desk: one window or several, and every panel in them.

    Parameters
    ----------
    context : PanelContext
    kinds : tuple of Panel subclasses
    want : callable
        Takes the union of what the open panels need.
    library : Library or None
        The named workspaces; None: in memory only.
    commands : CommandTable or None
        Everything that can be done by name; None: one of its own.
    demo_only, starts_live, opens_live
        As `PanelMaker` takes them.

    Signals
    -------
    settings_wanted : show the settings.
    keys_wanted : show Settings > Keys at a provider (empty: any).
    live_chosen : live markets (true) or the demo (false) were chosen by hand for the whole desk.
    workspaces_changed : another one is open, or the list of them changed.
    closed : the desk was closed; the program ends.
    """

    settings_wanted = Signal()
    keys_wanted = Signal(str)
    live_chosen = Signal(bool)
    workspaces_changed = Signal()
    closed = Signal()

    def __init__(
        self,
        context: PanelContext,
        kinds: tuple[type[Panel], ...],
        want: Callable[[frozenset[Subscription]], None],
        *,
        library: Library | None = None,
        commands: CommandTable | None = None,
        demo_only: bool = False,
        starts_live: Callable[[str], bool] = lambda provider: False,
        opens_live: bool = False,
    ) -> None:
        super().__init__()
        self.commands = commands or CommandTable(parent=self)
        self.context = context = replace(context, meaning=self.commands.panel_command)
        self.maker = PanelMaker(
            context, kinds, demo_only=demo_only, starts_live=starts_live, opens_live=opens_live
        )
        self.panel_set = panels = PanelSet(self.maker, lambda: self.first, self)
        self.docks, self.panels = panels.docks, panels.all
        self.add_panel, self.open_panel = panels.add, panels.open
        self.duplicate, self.remove, self.move_panel = panels.duplicate, panels.remove, panels.move
        self.active_dock, self.focus_panel = panels.attention.dock, panels.focus
        self.spaces = spaces = Spaces(self, library or Library())
        self.switch, self.save, self.save_as = spaces.switch, spaces.save, spaces.save_as
        self.duplicate_workspace, self.rename = spaces.duplicate, spaces.rename
        self.delete, self.revert = spaces.delete, spaces.revert
        self.first_start = spaces.library.new
        self._first_day_live = opens_live and self.first_start
        self._wishes = Wishes(want)
        self._provider_revision = -1
        self._ended = False
        self._later = self._timer(self._settle, 0)
        self._saving = self._timer(self.keep, SAVE_AFTER_MS)
        self.bar = StatusBar()
        self.bar.clicked.connect(self.show_status)
        self.help = Help(self.commands, self.active_window)
        self.commands.add(*desk_commands(self))
        self.window_set = WindowSet(
            self._top, self.bar, self.docks, self._window_made, self._may_close
        )
        self.window_set.fitting.ended.connect(self._note)
        self.pulse = Pulse(self.docks.values, self._seen, self._show_providers, self)
        self.watch = ScreenWatch(self)
        self.watch.settled.connect(self._follow_screens)
        panels.changed.connect(self.changed)
        panels.reshaped.connect(self._note)
        self._carrying = Carrying(
            lambda: self.windows, self.window_set.docks_of, self.move_panel, self
        )
        panels.added.connect(self._carrying.watch)
        spaces.put_on(self.workspace)

    # -- real or invented

    def go_live(self, provider: str) -> None:
        """A provider's key works: its panels leave the demo."""
        self.maker.keyed.add(provider)
        self.live_band.dismiss()
        if self.maker.demo_only:
            self.say("The key works. Start HeatDesk without --demo to see real data.")
            return
        for panel in self.panels():
            panel.key_works(provider)

    def open_live(self, venue: str = "") -> None:
        """Show what is real without a key; live books of a venue where one is named."""
        for panel in self.panels():
            if panel.provider_id and not self.maker.demo_only:
                panel.open_live(venue)

    def set_demo(self, demo: bool) -> None:
        """Switch every panel."""
        for panel in self.panels():
            if panel.provider_id:
                panel.demo = demo or self.maker.demo_only

    def fall_back(self, why: str) -> None:
        """Show the demo wherever no key opens something real, and say why in one sentence."""
        for panel in self.panels():
            if panel.provider_id:
                panel.demo = True
                if self.maker.is_keyed(panel.provider_id):
                    panel.key_works(panel.provider_id)
        self.demo_band.explain(why)

    # -- windows

    @property
    def windows(self) -> list[DeskWindow]:
        """Every window, the first one first."""
        return self.window_set.all

    @property
    def first(self) -> DeskWindow:
        """The window with the bands; the desk ends with it."""
        return self.window_set.first

    def active_window(self) -> DeskWindow:
        """The window that has the keyboard, else the first."""
        return self.panel_set.attention.window() or self.first

    def active_panel(self) -> Panel | None:
        """The panel that a command means: by focus, else by mouse, else the last one used."""
        dock = self.active_dock()
        return None if dock is None else dock.panel

    def new_window(self, screen: QScreen | None = None) -> DeskWindow:
        """Open a window on a monitor."""
        window = self.window_set.open_on(screen)
        self.changed()
        return window

    def reopen_window(self) -> None:
        """Open the window that was closed last."""
        self.window_set.reopen()
        self.changed()

    def show(self) -> None:
        """Show every window."""
        for window in reversed(self.windows):
            window.show()

    def close(self) -> None:
        """Save, close every window, and end."""
        self.first.close()

    def discard(self) -> None:
        """Let go of everything, once it is closed."""
        self.help.close()
        for window in self.windows:
            window.deleteLater()
        self.deleteLater()

    # -- the desk

    @property
    def workspace(self) -> Workspace:
        """The workspace that is open."""
        return self.spaces.library.open

    def workspaces(self) -> tuple[Workspace, ...]:
        """Every workspace, in the order of the menu."""
        return self.spaces.library.all()

    @property
    def placed(self) -> bool:
        """Whether every panel has its place."""
        return self.spaces.due is None and self.window_set.fitting.done

    def say(self, sentence: str) -> None:
        """Show one sentence above the panels until it is closed."""
        self._above.sentence.say(sentence)

    def reset_layout(self) -> None:
        """Put every panel back where it was on the first day."""
        self.window_set.forget_closed()
        self.spaces.lay_out()
        self.changed()

    @property
    def has_messages(self) -> bool:
        """Whether a message stands above the panels that can be closed."""
        return self._above.has_messages

    def dismiss(self) -> None:
        """Close the messages above the panels."""
        self._above.dismiss()

    def show_status(self) -> None:
        """Show or hide the Status panel."""
        dock = self.docks.get("status")
        if dock is not None:
            dock.setVisible(not dock.on_screen)
            dock.raise_()

    def choose_live(self) -> None:
        """Someone wants live markets in all panels."""
        self.demo_band.explain("")
        self.open_live()
        self.live_chosen.emit(True)

    def choose_real(self) -> None:
        """Someone wants real data in all panels, whatever keys it takes."""
        self.set_demo(False)
        self.live_chosen.emit(False)

    def choose_demo(self) -> None:
        """Someone wants the demo in all panels."""
        self.demo_band.explain("")
        self.set_demo(True)
        self.live_chosen.emit(False)

    def changed(self) -> None:
        """Something about the desk changed: settle it, and keep it soon."""
        self._later.start()
        self._note()

    def keep(self) -> None:
        """Write now which workspace is open, and the desk where it is in its place."""
        self._saving.stop()
        if not self.spaces.busy:
            self.spaces.keep()
            self.spaces.library.write()
        self.tell()

    def tell(self) -> None:
        """Say what hinders the library from keeping the desk."""
        for sentence in self.spaces.library.take_sentences():
            self.say(sentence)

    def settle_now(self) -> None:
        """A workspace was put on: show its windows, and what it is."""
        if self.first.isVisible():
            self.show()
            self._settle()
            self.pulse.beat()  # what is there is drawn before the first paint, not after
        self.list_changed()

    def list_changed(self) -> None:
        """Another workspace is open, or there are others."""
        list_commands(self)
        self.bar.show_workspace(self.workspace.name)
        self.workspaces_changed.emit()
        self.changed()
        self.tell()

    # -- inside

    def _top(self, window_id: str) -> QWidget:
        """What stands above the docks of a window: its menus, in the first the bands as well."""
        menus = DeskMenus(self)
        menus.setNativeMenuBar(False)
        if window_id != MAIN:
            return menus
        self.menus = menus
        self._above = above = Above(menus)
        above.keys_wanted.connect(lambda: self.keys_wanted.emit(""))
        above.live_wanted.connect(self.choose_live)
        above.demo_wanted.connect(self.choose_demo)
        self.demo_band, self.live_band = above.demo_band, above.live_band
        self.demo_band.offer_live(offered=not self.maker.demo_only)
        return above

    def _window_made(self, window: DeskWindow) -> None:
        self.commands.attach(window)
        window.reshaped.connect(self._note)
        window.seen_changed.connect(self._seen_changed)

    def _may_close(self, window: DeskWindow) -> bool:
        """Close a window for good; with the first one the desk ends, saved as it is."""
        if self._ended:
            return True
        if not window.first:
            # not from within its own event
            QTimer.singleShot(0, self, lambda: self._put_away(window))
            return False
        self.keep()
        self._ended = True
        self.spaces.library.close()
        for one in (self._later, self._saving, self.pulse, self.watch, self._carrying):
            one.stop()
        self.window_set.fitting.forget()
        for other in self.windows[1:]:
            other.close()
        self.closed.emit()
        return True

    def _put_away(self, window: DeskWindow) -> None:
        if window in self.windows and not self._ended:
            self.window_set.put_away(window)
            self.changed()

    def _note(self) -> None:
        """Keep the desk soon; a change that follows does not put it off."""
        if not (self._saving.isActive() or self.spaces.busy or self._ended):
            self._saving.start()

    def _settle(self) -> None:
        """Once the events of a change are through: sizes, names, wishes, bands, pace."""
        list_commands(self)
        if self.spaces.due is not None and self.first.isVisible():
            size_plan(self.first, self.docks, self.spaces.due)
            self.spaces.due = None
        self.window_set.fitting.look()
        resting = all(window.isMinimized() for window in self.windows)
        shown = self._wishes.settle(self.docks.values(), resting=resting)
        news = shown.keyless and self._first_day_live
        self._above.tell(demo=shown.demo, real=shown.real, live_news=news)
        for window in self.windows:
            window.show_empty(not any(one.open for one in self.window_set.docks_of(window)))
        only_demo = shown.demo and not shown.real
        self.first.setWindowTitle("HeatDesk - DEMO" if only_demo else "HeatDesk")
        self.pulse.wake()

    def _seen_changed(self) -> None:
        self._later.start()
        self.pulse.wake()

    def _follow_screens(self) -> None:
        self.spaces.follow_screens()
        self.changed()

    def _show_providers(self) -> None:
        store = self.context.store
        if store.provider_revision != self._provider_revision:
            self._provider_revision = store.provider_revision
            self.bar.show_providers(store.providers())

    def _seen(self) -> bool:
        return any(window.seen for window in self.windows)

    def _timer(self, slot: Callable[[], None], after_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(slot)
        return timer

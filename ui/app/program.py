"""The running desk: windows over services, from the first frame to the last save."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from heatdesk import settings as settings_file
from heatdesk.errors import HeatDeskError, WriteError
from heatdesk.files import PutFile, Told
from heatdesk.frames import KeyState, Subscription
from heatdesk.settings import Settings, ViewSettings
from heatdesk.units import SystemClock
from heatdesk.workspaces.library import Library
from ui.app import quick_start
from ui.app.care import Care
from ui.app.dressing import Dressing, prepare
from ui.app.file_work import FileWork
from ui.app.journal import UNEXPECTED, Journal
from ui.app.opening import Opening
from ui.app.services import Services
from ui.app.single import SingleDesk
from ui.app.stage import DeskApplication, open_application
from ui.app.watching import SOUNDS, Watching
from ui.commands import CommandTable
from ui.commands.bindings import FILE_NAME as SHORTCUTS_NAME
from ui.dialogs.vault_work import VaultWork
from ui.feed_thread import FeedThread
from ui.heatmap import gl_probe
from ui.main_window import Desk
from ui.panel import Workspace
from ui.panels import PANELS

if TYPE_CHECKING:
    from ui.dialogs.settings_window import SettingsWindow

log = logging.getLogger(__name__)

LAYOUT_NAME, DEMO_LAYOUT_NAME = "layout.json", "layout-demo.json"
"""Files of a desk before it had named workspaces."""
DEMO_FOLDER = "demo"
"""Where a desk started with --demo keeps its own workspaces."""
LISTEN_MS = 500
"""After the first frame: until then the desk is opened."""
SECOND_DESK = "Another HeatDesk is open with the same folder: this one does not save its layout."


def library_of(home: Path, put: PutFile, *, demo: bool) -> Library:
    """Return the workspaces of a home folder; a demo desk has its own."""
    if demo:
        return Library(home / DEMO_FOLDER, home / DEMO_LAYOUT_NAME, put)
    return Library(home, home / LAYOUT_NAME, put)


class Program(QObject):
    """The desk and what it runs on.

    Parameters
    ----------
    loaded : tuple of Settings and list of str, optional
        What `heatdesk.settings.load` returned, where it was read already.
    single : SingleDesk, optional
        Whether another desk runs with the folder, where that was found out already.
    safe : bool
        Nothing kept is read, and nothing is kept.

    Signals
    -------
    unexpected : something failed that nobody foresaw, on any thread.
    """

    unexpected = Signal()

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str],
        *,
        demo: bool,
        loaded: tuple[Settings, list[str]] | None = None,
        single: SingleDesk | None = None,
        safe: bool = False,
    ) -> None:
        super().__init__()
        self.home = home
        self._demo, self._safe = demo, safe
        self._settings, warnings = loaded or settings_file.load(home, environ)
        self.single = single if single is not None or safe else SingleDesk(home)
        second = self.single is not None and self.single.other
        kept = None if safe else home
        self.services = Services(self._settings, kept, environ, SystemClock())
        self.journal = Journal(kept, self.services.keys, self.services.log, second=second)
        self.path = gl_probe.decide(self._settings.view.render_path)
        self.workspace = Workspace(utc=self._settings.view.utc, zone=self._settings.view.zone)
        self.feed = FeedThread(self.services.engine)
        self.work = VaultWork(self)
        self._dialog: SettingsWindow | None = None
        self._trying = False
        self._opening: Opening | None = None
        self._needed: frozenset[Subscription] = frozenset()
        self._beside: frozenset[Subscription] = frozenset()
        saves = not (second or safe)
        marks = home / DEMO_FOLDER if demo else home
        self.files = FileWork(self)
        self.watching = Watching(marks if saves else None, home / SOUNDS, self.files, self)
        self.desk = Desk(
            self.watching.in_context(self.services.context(self.workspace, self.show_keys)),
            PANELS,
            self._want,
            library=library_of(home, self.files.put, demo=demo) if saves else Library(),
            commands=CommandTable(home / SHORTCUTS_NAME if saves else None, self.files.put, self),
            demo_only=demo,
            starts_live=lambda one: not demo and self.services.has_environment_key(one),
            opens_live=not demo,
        )
        self._dressing = Dressing(self.desk, self._settings)
        self._dressing.limit_memory(self._settings)
        keeps = "all" if saves else "nothing" if safe else "settings only: a second desk"
        self.care = Care(
            self.desk, self.services, self.journal, home, keeps, lambda: self._settings
        )
        for sentence in [*warnings, *([SECOND_DESK] if second else [])]:
            self.desk.say(sentence)
        self.desk.say(self.desk.commands.sentence)
        self._connect()

    def start(self) -> None:
        """Show the desk, then let data come."""
        self.desk.show()
        self.feed.start()
        if self.desk.first_start and not self._demo:
            services = self.services
            self._opening = Opening(
                self.desk, services.store, services.failures, services.clock, self._want_beside
            )
            QTimer.singleShot(0, self, self._ask_vault)
        if self._safe:
            self.care.show_safe()
        if self.journal.last_run is not None:
            self.care.offer(self.journal.last_run)
        if self.single is not None:
            QTimer.singleShot(LISTEN_MS, self, self._listen)
        log.info("the desk is open")

    def stop(self) -> None:
        """End the feeds and close what holds files."""
        if self._opening is not None:
            self._opening.end()
        self.watching.stop()
        self.work.stop()
        self.files.stop()
        if not self.feed.stop():
            log.error("the feed thread did not end in time")
        if self._dialog is not None:
            self._dialog.close()
            self._dialog.deleteLater()
        self.care.stop()
        self.desk.discard()
        self.services.close()
        self.journal.close()
        if self.single is not None:  # from here on another start may use the folder
            self.single.close()

    def show_settings(self) -> None:
        """Show the settings."""
        self._settings_window().come_up()

    def show_keys(self, provider: str = "") -> None:
        """Show Settings > Keys at a provider."""
        self._settings_window().show_keys(provider)

    def apply_settings(self, settings: Settings, told: Told) -> None:
        """Take settings over and save them soon; tell a sentence when that cannot be done."""
        before, self._settings = self._settings, settings
        self.services.providers.replace_settings(settings)
        for name in settings.providers.__dataclass_fields__:
            if getattr(settings.providers, name) != getattr(before.providers, name):
                self.feed.restart_provider(name.replace("_", "-"))
        self._dressing.show(settings)
        self._dressing.limit_memory(settings)

        def over(why: str) -> None:
            if why:
                log.warning("%s", why)
            told(why)

        if not self._safe:
            self.files.do(partial(settings_file.save, settings, self.home), over)

    def come_up(self) -> None:
        """Stand in front of everything: another start asked for it."""
        for window in reversed(self.desk.windows):
            window.come_up()

    def _listen(self) -> None:
        if self.single is not None:
            self.single.listen(self.come_up)

    def _want(self, needed: frozenset[Subscription]) -> None:
        self._needed = needed
        self._ask()

    def _want_beside(self, beside: frozenset[Subscription]) -> None:
        """Ask for something beside what the panels need."""
        if beside != self._beside:
            self._beside = beside
            self._ask()

    def _ask(self) -> None:
        """Ask for what panels and alerts need, and what is wanted beside them."""
        self.feed.want(self._needed | self._beside | self.watching.needs())

    def _connect(self) -> None:
        self.watching.begin(self.desk, self._ask)
        self.desk.settings_wanted.connect(self.show_settings)
        self.desk.keys_wanted.connect(self.show_keys)
        self.desk.commands.said.connect(self.desk.say)
        self.workspace.zone_changed.connect(self._keep_zone)
        self.feed.failed.connect(self.desk.say)
        self.files.settled.connect(self.desk.tell)
        self.feed.key_checked.connect(self._key_checked)
        self.unexpected.connect(lambda: self.desk.say(UNEXPECTED))
        self.journal.tell_by(self.unexpected.emit)

    def _settings_window(self) -> SettingsWindow:
        if self._dialog is None:
            from ui.commands.shortcuts_page import ShortcutsPage
            from ui.dialogs.data_page import DataPage
            from ui.dialogs.settings_window import SettingsWindow

            services = self.services
            told = bool(services.environ.get("HEATDESK_HOME", "").strip())
            self._dialog = SettingsWindow(
                self._settings,
                services.providers.specs(),
                services.keys,
                self.work,
                self.apply_settings,
                self.desk.first,
                preview=self._try_on,
                limits=services.providers.limits,
                extra_pages=[
                    ("Shortcuts", ShortcutsPage(self.desk.commands)),
                    ("Data folder", DataPage(self.home, told=told)),
                ],
            )
            self._dialog.key_changed.connect(self.feed.restart_provider)
            self._dialog.test_wanted.connect(self.feed.check_key)
        return self._dialog

    def _key_checked(self, provider: str, state: str, sentence: str) -> None:
        if self._dialog is not None:
            self._dialog.keys_page.show_result(provider, sentence or f"The key is {state}.")
        if state == KeyState.ACCEPTED.value:
            self.desk.go_live(provider)

    def _try_on(self, settings: Settings) -> None:
        """Show settings that are not to be kept yet."""
        self._trying = True
        self._dressing.show(settings)
        self._trying = False

    def _keep_zone(self) -> None:
        if self.workspace.utc != self._settings.view.utc and not self._trying:
            view = replace(self._settings.view, utc=self.workspace.utc)
            self.apply_settings(replace(self._settings, view=view), self.desk.say)
            if self._dialog is not None:
                self._dialog.take(self._settings)

    def _ask_vault(self) -> None:
        """On the first start, keys that an earlier desk left in the keyring count."""
        keys, needing = self.services.keys, self.services.providers.specs()

        def known() -> list[str]:
            return [spec.id for spec in needing if spec.needs_key and keys.get(spec.id)]

        def live(found: list[str]) -> None:
            for provider in found:
                self.desk.go_live(provider)

        self.work.ask(self, known, live, self._no_vault)

    def _no_vault(self, error: HeatDeskError) -> None:
        log.info("the keyring was not used: %s", error)


class Interrupts(QObject):
    """Turns Ctrl-C and SIGTERM into a clean end, also while no timer runs."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.setblocking(False)
        self._earlier_fd = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._wake)
        self._earlier = {
            number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)
        }

    def close(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._earlier_fd)
        self._reading.close()
        self._writing.close()

    def _wake(self) -> None:
        # Python runs its handler as soon as it has control: here.
        self._reading.recv(64)

    def _end(self, *_: object) -> None:
        QTimer.singleShot(0, self._program.desk, self._program.desk.close)


def run_desk(environ: Mapping[str, str], *, demo: bool, safe: bool = False) -> int:
    """Open the desk and run until it is closed; return the exit code.

    Where a desk runs with the same folder, that one is brought up in place of a second one.
    """
    home = settings_file.home_dir(environ)
    single = None
    if safe:
        loaded = safe_settings()
    else:
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"{home} cannot be used: {error.strerror}.") from error
        loaded = settings_file.load(home, environ)
        single = SingleDesk(home)
    prepare(loaded[0].view)
    app = open_application(loaded[0].view.theme)
    if single is not None and single.other and single.call_first():
        return 0
    program = Program(home, environ, demo=demo, loaded=loaded, single=single, safe=safe)
    interrupts = Interrupts(program)
    program.desk.closed.connect(app.quit)
    if isinstance(app, DeskApplication):
        app.end_wanted.connect(program.desk.close)
    program.start()
    QTimer.singleShot(quick_start.STARTED_MS, program, quick_start.end)
    code = app.exec()
    interrupts.close()
    program.stop()
    return code


def safe_settings() -> tuple[Settings, list[str]]:
    """Return the settings of the safe mode: the usual ones, drawn by the processor."""
    return Settings(view=ViewSettings(render_path=gl_probe.CPU)), []

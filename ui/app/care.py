"""`Care`: what a desk offers when something is wrong, and to take something out of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from heatdesk.settings import Settings
from ui.app.crash import LastRun
from ui.app.quick_start import STARTED_MS
from ui.app.report import (
    Report,
    provider_section,
    run_section,
    screen_section,
    settings_section,
    vital_section,
)
from ui.commands import Command
from ui.main_window.notice import NoticeBand
from ui.main_window.vitals import EVERY_MS, VitalSigns
from ui.sharing.commands import sharing_commands
from ui.sharing.sharing import Sharing

if TYPE_CHECKING:
    from ui.app.journal import Journal
    from ui.app.services import Services
    from ui.dialogs.diagnostics import DiagnosticsWindow
    from ui.main_window import Desk
    from ui.main_window.dock import PanelDock
    from ui.panel import Panel

log = logging.getLogger(__name__)

HELP = "Help"
SAFE = (
    "SAFE MODE: the usual desk and settings, drawn by the processor. Nothing is saved; start"
    " without --safe to have your own desk back."
)
LAST_RUN = "What is known of the last run"


class Care(QObject):
    """Puts diagnostics, the report of the last run, sharing and the figures of the bar on a desk.

    Parameters
    ----------
    home : Path
        The data folder.
    keeps : str
        What of this run is saved, in words.
    settings : callable
        The settings in force.
    """

    def __init__(
        self,
        desk: Desk,
        services: Services,
        journal: Journal,
        home: Path,
        keeps: str,
        settings: Callable[[], Settings],
    ) -> None:
        super().__init__(desk)
        self._desk, self._services, self._journal = desk, services, journal
        self._signs = VitalSigns(services.store, services.clock)
        self._windows: list[DiagnosticsWindow] = []
        self.report = Report(
            (
                lambda: run_section(services.clock, home, keeps),
                screen_section,
                lambda: provider_section(services.store.providers()),
                lambda: vital_section(self._signs.take(self._seen_panels())),
                lambda: settings_section(settings()),
            ),
            services.log.lines,
            services.keys.redact,
        )
        self.sharing = Sharing(desk.context, self._titles, desk.say)
        for dock in desk.docks.values():
            self._adopt(dock)
        desk.panel_set.added.connect(self._adopt)
        desk.commands.add(
            *sharing_commands(desk, self.sharing, lambda: desk.workspace.name),
            *care_commands(self),
        )
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._take)
        desk.first.seen_changed.connect(self._keep_pace)
        self._keep_pace()
        QTimer.singleShot(STARTED_MS, self, self._learn)

    def show_safe(self) -> None:
        """Say that this is the safe mode, for as long as it is."""
        self._show(NoticeBand(SAFE, stays=True))

    def offer(self, last: LastRun) -> None:
        """Offer what the last run left, in one sentence."""
        band = NoticeBand(
            last.sentence,
            (
                ("Show report", lambda: self.show_last(last.report)),
                ("Copy", lambda: QGuiApplication.clipboard().setText(last.report)),
            ),
        )
        self._show(band)

    def show_diagnostics(self) -> None:
        """Show every fact of this run."""
        window = self._window()
        window.show()
        window.raise_()
        window.activateWindow()

    def show_last(self, report: str) -> None:
        """Show the report of another run."""
        self._window().show_text(LAST_RUN, report)

    def show_newest_crash(self) -> None:
        """Show the newest crash report there is."""
        found = self._journal.reports.newest()
        if found:
            self.show_last(self._services.keys.redact(found))
        else:
            self._desk.say("There is no crash report.")

    def copy_report(self) -> None:
        """Put every fact of this run on the clipboard."""
        QGuiApplication.clipboard().setText(self.report.text())

    def stop(self) -> None:
        """Measure and show nothing any more."""
        self._timer.stop()
        for window in self._windows:
            window.close()
            window.deleteLater()
        self._windows = []

    # -- inside

    def _window(self) -> DiagnosticsWindow:
        from ui.dialogs.diagnostics import DiagnosticsWindow

        for old in self._windows:
            old.close()
            old.deleteLater()
        window = DiagnosticsWindow(self.report.text, self._desk.active_window())
        self._windows = [window]
        return window

    def _show(self, band: NoticeBand) -> None:
        above = self._desk.first.menuWidget()
        column = None if above is None else above.layout()
        if column is not None:
            column.addWidget(band)

    def _adopt(self, dock: PanelDock) -> None:
        """Give a panel's menu what can be taken out of it."""
        dock.panel.extra_actions.insert(0, self.sharing.menu_of(dock.panel))

    def _titles(self) -> dict[str, str]:
        return {spec.id: spec.title for spec in self._services.providers.specs()}

    def _seen_panels(self) -> list[Panel]:
        return [dock.panel for dock in self._desk.docks.values() if dock.on_screen]

    def _take(self) -> None:
        self._desk.bar.show_vitals(self._signs.take(self._seen_panels()))

    def _keep_pace(self) -> None:
        """Measure while the bar can be seen; hidden it costs nothing."""
        if self._desk.first.seen != self._timer.isActive():
            if self._timer.isActive():
                self._timer.stop()
            else:
                self._timer.start()

    def _learn(self) -> None:
        """What a crash report says of this run is gathered while all is well."""
        self._journal.reports.about = self.report.text(log_too=False)


def care_commands(care: Care) -> list[Command]:
    """Return what can be done when something is wrong, as commands."""
    return [
        Command("help.diagnostics", "Diagnostics", HELP, care.show_diagnostics, ("Ctrl+I, D",)),
        Command("help.copy_report", "Copy report", HELP, care.copy_report, ("Ctrl+I, C",)),
        Command(
            "help.crash",
            "Show the newest crash report",
            HELP,
            care.show_newest_crash,
            ("Ctrl+I, R",),
        ),
    ]

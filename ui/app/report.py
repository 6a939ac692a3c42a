"""What the diagnostics page and the crash reports say of a run; never a key."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from PySide6.QtCore import QLocale, qVersion
from PySide6.QtGui import QGuiApplication

from heatdesk import __version__
from heatdesk.frames import ProviderStatus
from heatdesk.settings import Settings, walk
from heatdesk.units import Clock, iso_of
from ui.dialogs.diagnostics import Section, report_text
from ui.heatmap import gl_probe
from ui.heatmap.frame_times import PAINTS, FrameTimes
from ui.main_window.vitals import Vitals, figures_of
from ui.panels.status import budget_text, state_of
from ui.process_memory import resident_bytes

PARTS = (
    *("PySide6-Essentials", "pyqtgraph", "numpy", "httpx", "websockets", "msgspec", "keyring"),
    *("orjson", "pysimdjson"),
)
LOG_LINES = 120


def run_section(clock: Clock, home: Path, keeps: str) -> Section:
    """Versions, system, data folder.

    Parameters
    ----------
    keeps : str
        What of this run is saved, in words.
    """
    from importlib import metadata  # brings a mail parser along: not while the desk starts

    rows = [
        ("HeatDesk", f"{__version__}{' (bundle)' if getattr(sys, 'frozen', False) else ''}"),
        ("time", iso_of(clock.now_ms())),
        ("system", platform.platform()),
        ("Python", platform.python_version()),
        ("Qt", qVersion()),
        ("data folder", str(home)),
        ("saved", keeps),
        ("locale", QLocale.system().name()),
    ]
    for name in PARTS:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return Section("This run", rows)


def screen_section() -> Section:
    """Platform, paint path, monitors."""
    path = gl_probe.current()
    rows = [
        ("platform", QGuiApplication.platformName()),
        ("heatmaps", path.reason),
        ("renderer", path.renderer or "not asked"),
        ("OpenGL", path.version or "not asked"),
    ]
    for number, screen in enumerate(QGuiApplication.screens(), 1):
        area = screen.geometry()
        rows.append(
            (
                f"monitor {number}",
                f"{screen.name()} {screen.model()}  {area.width()} x {area.height()}"
                f" at {area.x()},{area.y()}  scale {screen.devicePixelRatio():g}"
                f"  {screen.refreshRate():.0f} Hz",
            )
        )
    return Section("Screens", rows)


def provider_section(rows: Iterable[ProviderStatus]) -> Section:
    """State, budget and last error of each provider; of keys only whether there is one."""
    told = []
    for row in rows:
        parts = [state_of(row)[0], f"key {row.key.value}", budget_text(row)]
        parts += [f"{row.streams} streams" if row.streams else ""]
        parts += [f"last error: {row.last_error}" if row.last_error else ""]
        told.append((row.title, ", ".join(part for part in parts if part)))
    return Section("Providers", told)


def vital_section(vitals: Vitals, paints: FrameTimes = PAINTS) -> Section:
    """What the status bar shows, and the slow paints."""
    held = resident_bytes()
    rows = [("shown", ", ".join(one.words for one in figures_of(vitals)) or "nothing yet")]
    if held is not None:
        rows.append(("memory", f"{held / (1 << 20):,.0f} MiB"))
    if paints.typical_ms is not None and paints.slow_ms is not None:
        told = f"median {paints.typical_ms:.1f} ms, one in twenty over {paints.slow_ms:.1f} ms"
        rows.append(("chart paints", f"{told}, {paints.count:,} so far"))
    return Section("How it runs", rows)


def settings_section(settings: Settings) -> Section:
    """Settings that are not the usual ones; keys are no settings."""
    usual = {path: value for path, value, _ in walk(Settings())}
    told = dict(settings.overridden)
    rows = [
        (".".join(path), f"{_harmless(value)}{' (environment)' if path in told else ''}")
        for path, value, _ in walk(settings)
        if value != usual[path]
    ]
    return Section("Settings that differ", rows or [("", "none")])


def _harmless(value: object) -> object:
    """A setting as it may be sent; of an address not what may name a person or hold a secret."""
    if not isinstance(value, str) or "://" not in value:
        return value
    parts = urlsplit(value)
    host = parts.netloc.rpartition("@")[2]
    known = urlunsplit((parts.scheme, host, parts.path, "", ""))
    return value if known == value else f"{known} (shortened)"


class Report:
    """Gathers the sections of a report.

    Parameters
    ----------
    sections : callable
        What is known at the moment; a failure of one costs that one.
    log_lines : callable
        The newest lines of the log.
    redact : callable
        Takes keys out; everything passes it.
    """

    def __init__(
        self,
        sections: Iterable[Callable[[], Section]],
        log_lines: Callable[[], Iterable[str]],
        redact: Callable[[str], str],
    ) -> None:
        self._sections, self._log_lines, self._redact = tuple(sections), log_lines, redact

    def text(self, *, log_too: bool = True) -> str:
        """Return the whole report as plain text, without keys."""
        gathered = []
        for ask in self._sections:
            try:
                gathered.append(ask())
            except Exception as error:  # noqa: BLE001 - a report is wanted when things are broken
                gathered.append(Section("Not known", [("", f"{type(error).__name__}: {error}")]))
        if log_too:
            lines = list(self._log_lines())[-LOG_LINES:]
            gathered.append(Section("Log", [("", line) for line in lines]))
        return self._redact(report_text(gathered))

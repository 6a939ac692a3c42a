"""The floors of docs/architecture.md: an import may only go down."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Top first. Names on one line are neighbours and do not know each other.
FLOORS = """
main
ui.app
ui.main_window | ui.dialogs | ui.sharing
ui.panels | ui.alerts
ui.panel
ui.heatmap | ui.dots | ui.bias | ui.table | ui.tape | ui.feed_thread
ui.commands
ui.theme | ui.process_memory | ui.worker
heatdesk.export | heatdesk.alerts
heatdesk.engine | heatdesk.views
heatdesk.providers | heatdesk.store | heatdesk.analytics
heatdesk.net | heatdesk.books | heatdesk.settings | heatdesk.secrets | heatdesk.log_file | heatdesk.workspaces | heatdesk.drawings | heatdesk.favourites
heatdesk.frames | heatdesk.kept_table
heatdesk.files
heatdesk.units
heatdesk.errors
"""
UNITS = {
    unit.strip(): floor
    for floor, line in enumerate(FLOORS.split("\n"))
    for unit in line.split("|")
    if unit.strip()
}
ROOTS = {"heatdesk", "ui"}
QT = {"PySide6", "shiboken6", "pyqtgraph"}
ONLY_IN = {"httpx": "heatdesk.net", "websockets": "heatdesk.net", "keyring": "heatdesk.secrets"}
CLOCK = {
    *("time." + name for name in ("time", "monotonic", "perf_counter", "sleep")),
    *("time." + name + "_ns" for name in ("time", "monotonic", "perf_counter")),
    *("datetime.datetime." + name for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    "asyncio.sleep",
}
QT_CLOCK = {"currentDateTime", "currentDateTimeUtc", "currentMSecsSinceEpoch"}


def within(module: str, unit: str) -> bool:
    return module == unit or module.startswith(unit + ".")


def unit_of(module: str) -> str | None:
    return next((unit for unit in UNITS if within(module, unit)), None)


def dotted(node: ast.AST, aliases: dict[str, str]) -> str:
    """Return the full name of ``a.b.c`` with the first word resolved, or "" for anything else."""
    if isinstance(node, ast.Attribute):
        front = dotted(node.value, aliases)
        return f"{front}.{node.attr}" if front else ""
    return aliases.get(node.id, node.id) if isinstance(node, ast.Name) else ""


class Reading:
    """What one module imports and which clocks it touches."""

    def __init__(self, source: str, known: set[str]) -> None:
        self.imports: set[str] = set()
        self.clocks: set[str] = set()
        self.relative = False
        self._known = known
        self._aliases: dict[str, str] = {}
        nodes = list(ast.walk(ast.parse(source)))
        for node in nodes:
            self._read_import(node)
        for node in nodes:
            self._read_use(node)

    def _read_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imports.add(alias.name)
                if alias.asname:
                    self._aliases[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom):
            self.relative |= node.level > 0
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                # What is imported is the submodule where there is one, else the module it is from.
                self.imports.add(full if full in self._known | set(UNITS) else str(node.module))
                self._aliases[alias.asname or alias.name] = full
                if full in CLOCK:
                    self.clocks.add(full)

    def _read_use(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute):
            if node.attr in QT_CLOCK:
                self.clocks.add(node.attr)
            elif dotted(node, self._aliases) in CLOCK:
                self.clocks.add(dotted(node, self._aliases))
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = dotted(node.func, self._aliases)
            if called in {"importlib.import_module", "__import__"}:
                self.imports.add(str(node.args[0].value))


def room(module: str, unit: str) -> str:
    """Return the first name below a unit: ``heatdesk.providers.demo.book`` -> ``demo``."""
    return module.removeprefix(unit).removeprefix(".").split(".")[0]


def forbidden_sideways(module: str, imported: str) -> str | None:
    """Return why two modules of one unit must not know each other, or None."""
    panels, providers = "ui.panels", "heatdesk.providers"
    if panels != module and within(module, panels) and within(imported, panels):
        known = room(module, panels) == room(imported, panels)
        return None if known else f"panel {module} knows {imported}"
    if providers != module and within(module, providers) and within(imported, providers):
        mine, other = room(module, providers), room(imported, providers)
        known = other in {"base", "live"} or mine.split("_")[0] == other.split("_")[0]
        return None if known else f"provider {module} knows {imported}"
    return None


def import_faults(module: str, imported: str) -> list[str]:
    faults = []
    top = imported.split(".")[0]
    if within(module, "heatdesk") and top in QT | {"ui", "main"}:
        faults.append(f"{module} is below the Qt line and imports {imported}")
    if top in ONLY_IN and not within(module, ONLY_IN[top]):
        faults.append(f"{module} imports {top}, which only {ONLY_IN[top]} may")
    if top not in ROOTS | {"main"}:
        return faults
    here, there = unit_of(module), unit_of(imported)
    if there is None:
        if imported not in ROOTS:
            faults.append(f"{module} imports {imported}, which has no floor")
    elif here is None:
        faults.append(f"{module} has no floor and imports {imported}")
    elif here == there:
        faults += filter(None, [forbidden_sideways(module, imported)])
    elif UNITS[here] >= UNITS[there]:
        way = "sideways" if UNITS[here] == UNITS[there] else "up"
        faults.append(f"{module} imports {way}: {imported}")
    return faults


def faults_of(module: str, source: str, known: set[str]) -> list[str]:
    """Return every rule that a module breaks, in words."""
    reading = Reading(source, known)
    faults = [f"{module} imports relatively"] if reading.relative else []
    if unit_of(module) is None and module not in ROOTS:
        faults.append(f"{module} has no floor")
    if not within(module, "heatdesk.units"):
        faults += [f"{module} reads the clock: {clock}" for clock in sorted(reading.clocks)]
    for imported in sorted(reading.imports):
        faults += import_faults(module, imported)
    return faults


def product_modules() -> dict[str, Path]:
    """Return every module of the product by its dotted name."""
    paths = [
        ROOT / "main.py",
        *(path for top in sorted(ROOTS) for path in (ROOT / top).rglob("*.py")),
    ]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(paths)
        if path.exists()
    }


MODULES = product_modules()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_to_its_floor(module: str) -> None:
    faults = faults_of(module, MODULES[module].read_text(encoding="utf-8"), set(MODULES))
    assert not faults, "\n".join(faults)


def test_the_plan_in_the_documentation_has_the_same_floors() -> None:
    plan = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = plan.split("## Floors", 1)[1].split("```")[1].strip().splitlines()
    written = [line.strip() for line in lines if not line.startswith("---")]
    assert written == FLOORS.strip().splitlines()


@pytest.mark.parametrize("unit", UNITS)
def test_every_floor_has_a_room_and_every_room_its_line(unit: str) -> None:
    assert any(within(module, unit) for module in MODULES), f"{unit} does not exist"
    rooms = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Rooms", 1)[1]
    named = {
        name.rstrip("/").removesuffix(".py").rpartition("/")[2]
        for row in rooms.split("\n## ", 1)[0].splitlines()
        for name in row.partition("|")[2]
        .partition("|")[0]
        .replace("`", "")
        .replace(",", " ")
        .split()
    }
    assert unit.rpartition(".")[2] in named, f"{unit} has no line among the rooms"


def test_a_data_export_never_loads_qt() -> None:
    script = (
        "import runpy, sys\n"
        "sys.argv = ['main.py', 'export', '--help']\n"
        "try:\n"
        "    runpy.run_path('main.py', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(', '.join(sorted(loaded & {'PySide6', 'shiboken6', 'pyqtgraph', 'ui'})) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "export" in done.stdout


KNOWN = {
    "heatdesk.frames.market",
    "heatdesk.providers.base",
    "heatdesk.providers.kiyotaka",
    "heatdesk.providers.kiyotaka_wire",
    "heatdesk.providers.sharpe",
    "ui.panels.dots",
    "ui.panels.cohorts",
}


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("heatdesk.store.grid", "import heatdesk.engine", "imports up"),
        ("heatdesk.store.grid", "from heatdesk.providers.base import Provider", "sideways"),
        ("heatdesk.engine.loop", "from heatdesk import views", "imports sideways"),
        ("heatdesk.frames", "def f():\n    from heatdesk.store import grid", "imports up"),
        ("heatdesk.views.lod", "import numpy, PySide6.QtCore", "below the Qt line"),
        ("heatdesk.export.csv", "from ui import theme", "below the Qt line"),
        ("heatdesk.views.lod", "import importlib\nimportlib.import_module('ui.app')", "Qt line"),
        ("heatdesk.store.grid", "from . import codes", "relatively"),
        ("heatdesk.gadgets", "", "has no floor"),
        ("ui.app", "import heatdesk.gadgets", "has no floor"),
        ("heatdesk", "import heatdesk.store", "has no floor"),
        ("heatdesk.providers.sharpe", "import httpx", "only heatdesk.net"),
        ("ui.dialogs.keys", "from keyring import get_password", "only heatdesk.secrets"),
        ("heatdesk.engine.live", "from websockets.asyncio import client", "only heatdesk.net"),
        ("ui.panels.dots", "from ui.panels import cohorts", "knows"),
        ("ui.panels.dots", "from ui.panels import PANELS", "knows"),
        ("heatdesk.providers.sharpe", "from heatdesk.providers import kiyotaka", "knows"),
        ("heatdesk.providers.sharpe", "from heatdesk.providers import PROVIDERS", "knows"),
        ("heatdesk.engine.loop", "import time\ntime.sleep(1)", "clock: time.sleep"),
        ("heatdesk.engine.loop", "import time as t\nnow = t.monotonic", "clock: time.monotonic"),
        ("heatdesk.engine.loop", "from time import perf_counter as p", "clock: time.perf_counter"),
        ("ui.app", "from datetime import UTC, datetime\ndatetime.now(UTC)", "datetime.now"),
        ("ui.app", "import datetime\ndatetime.datetime.utcnow()", "datetime.utcnow"),
        ("heatdesk.net", "import asyncio\nasync def f():\n    await asyncio.sleep(1)", "asyncio"),
        ("ui.panel", "QDateTime.currentMSecsSinceEpoch()", "currentMSecsSinceEpoch"),
    ],
)
def test_a_planted_violation_is_found(module: str, source: str, complaint: str) -> None:
    faults = faults_of(module, source, KNOWN)
    assert any(complaint in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("main", "from heatdesk.export.command_line import main\nimport ui.app"),
        ("ui.panels", "from ui.panels import cohorts, dots"),
        ("ui.panels.dots", "from ui.heatmap.item import HeatmapItem\nimport pyqtgraph as pg"),
        ("ui.app", "from heatdesk import __version__\nfrom PySide6.QtCore import QTimer"),
        ("heatdesk.engine.loop", "from heatdesk.frames import market\nimport heatdesk.errors"),
        ("heatdesk.providers.kiyotaka", "from heatdesk.providers import base, kiyotaka_wire"),
        ("heatdesk.providers", "from heatdesk.providers import kiyotaka, sharpe"),
        ("heatdesk.units", "import time\nnow_s = time.time"),
        ("heatdesk.net.client", "import httpx, asyncio\nasyncio.timeout(1)"),
        ("heatdesk.secrets", "import keyring"),
        ("heatdesk.views.lod", "from datetime import datetime\ndatetime.fromtimestamp(0)"),
    ],
)
def test_what_the_plan_allows_passes(module: str, source: str) -> None:
    assert faults_of(module, source, KNOWN) == []

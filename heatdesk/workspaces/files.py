"""Files of workspaces: version, migrations, written whole, never silently replaced."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from heatdesk.files import NO_SUCH_FILE, set_aside
from heatdesk.workspaces import version_1
from heatdesk.workspaces.model import (
    MAIN,
    Arrangement,
    Mode,
    PanelRecord,
    Place,
    Rect,
    Screen,
    State,
    WindowPlace,
    Workspace,
)

MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (version_1.migrated,)
"""Step ``i`` turns a file of version ``i + 1`` into the next one."""
VERSION = len(MIGRATIONS) + 1


def read(path: Path, slug: str, *, shipped: bool = False) -> tuple[Workspace | None, str]:
    """Read a workspace; None with a sentence when there is a file that cannot be used.

    A file that cannot be used is kept beside under another name, never overwritten.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        version = int(table["version"])
        if version > VERSION or version < 1:
            aside = set_aside(path, f"v{version}")
            return None, (
                f"The workspace file {path.name} comes from another version of HeatDesk;"
                f" it is kept as {aside}."
            )
        for step in MIGRATIONS[version - 1 :]:
            table = step(table)
        return _workspace(table, slug, shipped=shipped), ""
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"The workspace file {path.name} cannot be read ({error.strerror})."
    except NO_SUCH_FILE:
        aside = set_aside(path, "damaged")
        return None, f"The workspace file {path.name} was damaged and is kept as {aside}."


def text_of(workspace: Workspace) -> str:
    """Return the text of a workspace's file."""
    table = {
        "version": VERSION,
        "name": workspace.name,
        "present": _state_table(workspace.present),
        "saved": _state_table(workspace.saved),
    }
    return json.dumps(table, indent=1) + "\n"


# ----------------------------------------------------------------------------------- to a table
def _state_table(state: State | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "panels": [asdict(one) for one in state.panels],
        "arrangements": [_arrangement_table(one) for one in state.arrangements],
    }


def _arrangement_table(one: Arrangement) -> dict[str, Any]:
    return {
        "screens": [asdict(screen) for screen in one.screens],
        "windows": {
            name: {**_place_table(window.place), "docks": window.docks}
            for name, window in one.windows.items()
        },
        "floats": {name: _place_table(place) for name, place in one.floats.items()},
    }


def _place_table(place: Place) -> dict[str, Any]:
    return {"screen": asdict(place.screen), "rect": place.rect, "mode": place.mode.value}


# --------------------------------------------------------------------------------- from a table
def _workspace(table: dict[str, Any], slug: str, *, shipped: bool) -> Workspace:
    name = table["name"]
    if not isinstance(name, str) or not name.strip():
        raise ValueError("a workspace has no name")
    return Workspace(slug, name, _state(table["present"]), _state(table.get("saved")), shipped)


def _state(table: dict[str, Any] | None) -> State | None:
    if table is None:
        return None
    panels = tuple(_panel(row) for row in table["panels"])
    if len({one.id for one in panels}) != len(panels):
        raise ValueError("two panels share an id")
    return State(panels, tuple(_arrangement(one) for one in table.get("arrangements", [])))


def _panel(row: dict[str, Any]) -> PanelRecord:
    options, link, demo = row.get("options", {}), row.get("link", {}), row.get("demo", False)
    if not isinstance(row["id"], str) or not isinstance(options, dict):
        raise TypeError("a panel is not described")
    return PanelRecord(
        row["id"],
        str(row["kind"]),
        None if demo is None else bool(demo),
        options,
        str(row.get("window", MAIN)),
        link if isinstance(link, dict) else {},
    )


def _arrangement(table: Mapping[str, Any]) -> Arrangement:
    return Arrangement(
        tuple(_screen(one) for one in table["screens"]),
        {
            str(name): WindowPlace(_place(one), _docks(one["docks"]))
            for name, one in table["windows"].items()
        },
        {str(name): _place(one) for name, one in table.get("floats", {}).items()},
    )


def _docks(text: Any) -> str:
    if not (isinstance(text, str) and text.isascii()):
        raise ValueError("no docks are told")
    return text


def _place(table: Mapping[str, Any]) -> Place:
    return Place(_screen(table["screen"]), _rect(table["rect"]), Mode(table.get("mode", "normal")))


def _screen(table: Mapping[str, Any]) -> Screen:
    name, serial, maker, model = (
        str(table.get(one, "")) for one in ("name", "serial", "maker", "model")
    )
    return Screen(name, serial, maker, model, _rect(table["area"]))


def _rect(numbers: Any) -> Rect:
    left, top, width, height = (int(number) for number in numbers)
    if any(abs(number) > 1_000_000 for number in (left, top, width, height)):
        raise ValueError("a place is off every desktop")
    return (left, top, width, height)

"""The layout file: which panels a desk has, their options, and where its windows are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heatdesk.files import write_whole
from ui.panel import Options

VERSION = 1
KEPT_SCREEN_SETS = 6
"""Arrangements remembered for different sets of screens."""


@dataclass(frozen=True, slots=True)
class PanelRecord:
    """One panel of a desk.

    Attributes
    ----------
    id : str
        Name of this panel in the arrangement (``order-book``, ``order-book-2``).
    kind : str
        ``panel_id`` of its class.
    """

    id: str
    kind: str
    demo: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where windows are on one set of screens; both texts are Qt's own, base64."""

    geometry: str
    state: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole desk; ``arrangements`` by set of screens, the latest used last."""

    panels: tuple[PanelRecord, ...] = ()
    arrangements: dict[str, Arrangement] = field(default_factory=dict)

    def arrangement(self, screens: str) -> Arrangement | None:
        """Return the arrangement of a set of screens, else the latest of any."""
        found = self.arrangements.get(screens)
        if found is None and self.arrangements:
            found = list(self.arrangements.values())[-1]
        return found


def load(path: Path) -> tuple[Layout | None, str]:
    """Read a layout; None with a sentence when there is a file that cannot be used.

    A file that cannot be used is kept beside under another name, never overwritten.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        version = table["version"]
        if version == VERSION:
            return _read(table), ""
        aside = _set_aside(path, f"v{int(version)}")
        return None, (
            "The saved layout comes from another version of HeatDesk;"
            f" it is kept as {aside} and the desk starts in its default arrangement."
        )
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"The saved layout cannot be read ({error.strerror})."
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = _set_aside(path, "damaged")
        return None, (
            f"The saved layout was damaged and is kept as {aside};"
            " the desk starts in its default arrangement."
        )


def save(layout: Layout, path: Path) -> None:
    """Write a layout atomically.

    Raises
    ------
    WriteError
        When the folder cannot be written.
    """
    arrangements = list(layout.arrangements.items())[-KEPT_SCREEN_SETS:]
    table = {
        "version": VERSION,
        "panels": [
            {"id": one.id, "kind": one.kind, "demo": one.demo, "options": one.options}
            for one in layout.panels
        ],
        "arrangements": {
            screens: {"geometry": one.geometry, "state": one.state} for screens, one in arrangements
        },
    }
    write_whole(path, (json.dumps(table, indent=1) + "\n").encode())


def _read(table: dict[str, Any]) -> Layout:
    panels = tuple(_read_panel(row) for row in table["panels"])
    if len({one.id for one in panels}) != len(panels):
        raise ValueError("two panels share an id")
    arrangements = {
        str(screens): Arrangement(str(one["geometry"]), str(one["state"]))
        for screens, one in table.get("arrangements", {}).items()
    }
    return Layout(panels, arrangements)


def _read_panel(row: dict[str, Any]) -> PanelRecord:
    options = row.get("options", {})
    if not isinstance(row["id"], str) or not isinstance(options, dict):
        raise TypeError("a panel is not described")
    return PanelRecord(row["id"], str(row["kind"]), bool(row.get("demo", False)), options)


def _set_aside(path: Path, word: str) -> str:
    aside = path.with_name(f"{path.name}.{word}")
    number = 2
    while aside.exists():
        aside = path.with_name(f"{path.name}.{word}-{number}")
        number += 1
    try:
        path.rename(aside)
    except OSError:
        return path.name
    return aside.name

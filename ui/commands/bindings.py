"""The file of shortcuts: what a user bound otherwise than usual, and nothing else."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from heatdesk.files import NO_SUCH_FILE, set_aside

log = logging.getLogger(__name__)

FILE_NAME = "shortcuts.json"
VERSION = 1

Bound = dict[str, tuple[str, ...]]
"""Keys of commands by command id; no keys: the command has none on purpose."""


def load(path: Path | None) -> tuple[Bound, str]:
    """Read the file; what cannot be used is set aside and told in one sentence.

    An entry that makes no sense costs that entry only.
    """
    if path is None:
        return {}, ""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if table["version"] != VERSION:
            aside = set_aside(path, f"v{int(table['version'])}")
            return {}, (
                "The saved shortcuts come from another version of HeatDesk;"
                f" they are kept as {aside} and the usual ones count."
            )
        return _read(table["shortcuts"]), ""
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"The saved shortcuts cannot be read ({error.strerror}); the usual ones count."
    except NO_SUCH_FILE:
        aside = set_aside(path, "damaged")
        return {}, (
            f"The saved shortcuts were damaged and are kept as {aside}; the usual ones count."
        )


def text_of(bound: Mapping[str, tuple[str, ...]]) -> str:
    """What the file holds of such shortcuts."""
    table = {"version": VERSION, "shortcuts": {id_: list(keys) for id_, keys in bound.items()}}
    return json.dumps(table, indent=1) + "\n"


def _read(rows: Mapping[str, object]) -> Bound:
    bound: Bound = {}
    for id_, keys in rows.items():
        if isinstance(keys, list) and all(isinstance(key, str) for key in keys):
            bound[id_] = tuple(keys)
        else:
            log.warning("the shortcut of %s makes no sense and is left out", id_)
    return bound

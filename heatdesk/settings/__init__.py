"""Settings: one frozen tree whose field metadata feeds the form, the validation and the docs.

The file is TOML in the home folder, read field by field: what does not fit costs that field
alone. ``HEATDESK_`` plus a field's path in capitals joined by ``__`` overrides it for one run.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from heatdesk.errors import UsageError, WriteError
from heatdesk.files import set_aside, write_whole
from heatdesk.settings.descriptions import Value, fault_of, setting, walk
from heatdesk.settings.sections import (
    KIYOTAKA_PRESETS,
    HyperTrackerSettings,
    KiyotakaSettings,
    PerformanceSettings,
    ProvidersSettings,
    Settings,
    SharpeSettings,
    ViewSettings,
)

__all__ = [
    "ENV_PREFIX",
    "FILE_NAME",
    "KIYOTAKA_PRESETS",
    "MIGRATIONS",
    "SCHEMA_VERSION",
    "HyperTrackerSettings",
    "KiyotakaSettings",
    "PerformanceSettings",
    "ProvidersSettings",
    "Settings",
    "SharpeSettings",
    "Value",
    "ViewSettings",
    "fault_of",
    "home_dir",
    "load",
    "override",
    "save",
    "setting",
    "walk",
]

FILE_NAME = "settings.toml"
ENV_PREFIX = "HEATDESK_"
MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()
"""Step ``i`` turns a file of schema version ``i + 1`` into the next one."""
SCHEMA_VERSION = len(MIGRATIONS) + 1

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def home_dir(environ: Mapping[str, str]) -> Path:
    """Folder of settings, layout, logs and data: ``HEATDESK_HOME``, else the system's place."""
    told = environ.get("HEATDESK_HOME", "").strip()
    if told:
        return Path(told).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("HeatDesk", appauthor=False))


def load(home: Path, environ: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Read the settings, and sentences about what could not be used.

    Raises
    ------
    UsageError
        When an environment override names no setting or a value it cannot have.
    """
    try:
        table, warnings = _read_table(home / FILE_NAME)
    except OSError as error:
        table = {}
        warnings = [f"{home / FILE_NAME} cannot be read ({error.strerror}); defaults are used."]
    settings = cast("Settings", _fill(Settings(), table, (), warnings))
    settings = override(settings, environ)
    for path, value, _ in walk(settings):
        if path[-1] == "base_url" and isinstance(value, str) and _is_open_line(value):
            warnings.append(
                f"{'.'.join(path)} is not encrypted (http): the key travels readable by others."
            )
    return settings, warnings


def save(settings: Settings, home: Path) -> None:
    """Write the settings atomically; keys this version does not know are kept.

    Only what differs from its default, or is in the file already, is written; what the
    environment overrides keeps its value in the file.

    Raises
    ------
    WriteError
        When the folder cannot be written, or the file there not be read: it stays as it is.
    """
    import tomli_w

    path = home / FILE_NAME
    try:
        table, _ = _read_table(path)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise WriteError(f"{path} cannot be read, so it is not replaced: {why}.") from error
    overridden = dict(settings.overridden)
    defaults = {path: value for path, value, _ in walk(Settings())}
    for where, value, _ in walk(settings):
        if where in overridden and overridden[where] == value:
            continue
        section = table
        for name in where[:-1]:
            inner = section.get(name)
            section[name] = inner if isinstance(inner, dict) else {}
            section = section[name]
        if value != defaults[where] or where[-1] in section:
            section[where[-1]] = value
    version = table.get("schema_version")
    newer = isinstance(version, int) and version > SCHEMA_VERSION
    table = {**table, "schema_version": version if newer else SCHEMA_VERSION}
    write_whole(path, tomli_w.dumps(_without_empty(table)).encode())


def _fill(branch: object, table: object, above: tuple[str, ...], warnings: list[str]) -> object:
    """Put the values of a table into a branch, field by field."""
    if not isinstance(table, dict):
        if table is not None:
            warnings.append(f"{FILE_NAME}: {'.'.join(above)} is no section; defaults are used.")
        return branch
    changes: dict[str, object] = {}
    for item in fields(cast("Any", branch)):
        default = getattr(branch, item.name)
        if item.name not in table or item.name == "overridden":
            continue
        value, where = table[item.name], (*above, item.name)
        if is_dataclass(default):
            changes[item.name] = _fill(default, value, where, warnings)
        elif fault := fault_of(item, value):
            warnings.append(
                f"{FILE_NAME}: {'.'.join(where)} cannot be used ({fault});"
                f" it is {default!r} instead."
            )
        else:
            changes[item.name] = type(default)(value)
    return replace(cast("Any", branch), **changes)


def override(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return the settings with what the environment says.

    Raises
    ------
    UsageError
        When a variable names no setting or a value it cannot have.
    """
    known = {path: item for path, _, item in walk(settings)}
    overridden: list[tuple[tuple[str, ...], Value]] = []
    for name in sorted(environ):
        if not name.startswith(ENV_PREFIX) or "__" not in name:
            continue
        path = tuple(name[len(ENV_PREFIX) :].lower().split("__"))
        if path not in known:
            raise UsageError(
                f"{name} names no setting; the sections are joined by two underscores."
            )
        text = environ[name].strip()
        value = _read_text(text, type(known[path].default))
        if fault := fault_of(known[path], value):
            raise UsageError(f"{name}={text!r} cannot be used: {fault}.")
        overridden.append((path, cast("Value", value)))
        settings = cast("Settings", _with(settings, path, value))
    return replace(settings, overridden=tuple(overridden))


def _with(branch: object, path: tuple[str, ...], value: object) -> object:
    inner = value if len(path) == 1 else _with(getattr(branch, path[0]), path[1:], value)
    return replace(cast("Any", branch), **{path[0]: inner})


def _read_text(text: str, kind: type) -> object:
    """Read a value from an environment variable; the text itself when it is no such value."""
    if kind is bool:
        words = {"true": True, "1": True, "yes": True, "on": True}
        words |= {"false": False, "0": False, "no": False, "off": False}
        return words.get(text.lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _read_table(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Read and migrate the raw file; a damaged one is set aside, never overwritten.

    Raises
    ------
    OSError
        When there is a file that cannot be read.
    """
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return {}, []
    except (ValueError, RecursionError):
        kept = set_aside(path, "damaged")
        return {}, [f"{path.name} was damaged and is kept as {kept}; defaults are used."]
    version = table.get("schema_version", 1)
    if not isinstance(version, int) or version < 1:
        version = 1
    for migrate in MIGRATIONS[version - 1 :]:
        table = migrate(table)
    if version > SCHEMA_VERSION:
        return table, [f"{path.name} comes from a newer HeatDesk; what fits is used."]
    return table, []


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    pruned = {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in table.items()
    }
    return {key: value for key, value in pruned.items() if value != {}}


def _is_open_line(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOCAL_HOSTS

"""What a settings field is: its description, what may stand in it, and how a tree is walked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import Field, field, fields, is_dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from heatdesk.errors import UsageError
from heatdesk.units import zone_named

Value = bool | int | float | str
T = TypeVar("T")

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in schemes and bool(parts.hostname)
        return usable and parts.port != 0 and not any(c.isspace() for c in text)
    except ValueError:
        return False


def check_url(text: str) -> str:
    """Tell what keeps a text from being an address of the web, or empty."""
    usable = not text or _is_address(text, ("http", "https"))
    return "" if usable else "write an address such as https://api.example.com"


def check_needed_url(text: str) -> str:
    """Tell what keeps a text from being an address that must be there."""
    return check_url(text) if text else "an address is needed"


def check_needed_ws_url(text: str) -> str:
    """Tell what keeps a text from being the address of a live feed."""
    usable = _is_address(text, ("ws", "wss"))
    return "" if usable else "write an address such as wss://stream.example.com"


def check_header(text: str) -> str:
    """Tell what keeps a text from being the name of a header."""
    fits = not text or _HEADER_NAME.fullmatch(text)
    return "" if fits else "write a header name such as X-Api-Key"


def check_zone(text: str) -> str:
    """Tell what keeps a text from being the name of a time zone."""
    try:
        zone_named(text)
    except UsageError:
        return "write local, UTC or a zone such as Europe/Berlin"
    return ""


def setting(
    default: T,
    label: str,
    help_text: str = "",
    *,
    unit: str = "",
    choices: tuple[str, ...] = (),
    limits: tuple[float, float] | None = None,
    check: Callable[[str], str] | None = None,
    titles: tuple[str, ...] = (),
    offers: Callable[[], Sequence[str]] | None = None,
    live: bool = False,
) -> T:
    """Declare a settings field.

    Its metadata: ``label``, ``help``, ``unit``, ``choices``, ``range`` (inclusive) and
    ``check``, which returns what is wrong with a text, empty when nothing is. ``titles`` says
    the choices in words; ``offers`` returns texts worth choosing where others fit as well;
    ``live`` tells that a change can be shown at once, and taken back, without any harm.
    """
    described = {"label": label, "help": help_text, "unit": unit, "choices": choices}
    shown = {"titles": titles or choices, "offers": offers, "live": live}
    return field(default=default, metadata={**described, **shown, "range": limits, "check": check})


def walk(
    branch: object, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Value, Field[Any]]]:
    """Yield path, value and field of every setting below a branch of the tree."""
    for item in fields(cast("Any", branch)):
        value = getattr(branch, item.name)
        if is_dataclass(value):
            yield from walk(value, (*above, item.name))
        elif "label" in item.metadata:
            yield (*above, item.name), value, item


def fault_of(item: Field[Any], value: object) -> str:
    """Say what is wrong with a value for a field, in words; empty when it fits."""
    kind = type(item.default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        return f"{_KINDS[kind]} is needed"
    choices, limits = item.metadata["choices"], item.metadata["range"]
    if choices and value not in choices:
        return "use one of " + ", ".join(choices)
    if limits and not limits[0] <= cast("float", value) <= limits[1]:
        return f"it must lie between {limits[0]} and {limits[1]}"
    check = item.metadata["check"]
    return check(value) if check else ""

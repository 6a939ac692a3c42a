"""Version 1: one desk without a name, its only window described by Qt's own blob."""

from __future__ import annotations

import base64
import re
import struct
from typing import Any

NAME = "My desk"
"""What a desk without a name is called from now on."""
_GEOMETRY_MAGIC = 0x1D9D0CB
_HEAD = struct.Struct(">IHH4i4iiBB")
_AREA = re.compile(r"(\d+)x(\d+)\+(-?\d+)\+(-?\d+)")
_DEFAULT_RECT = (0, 0, 1600, 960)


def migrated(table: dict[str, Any]) -> dict[str, Any]:
    """Return a layout of version 1 as a workspace of version 2."""
    arrangements = [
        _arrangement(str(screens), one) for screens, one in table.get("arrangements", {}).items()
    ]
    panels = [{**row, "demo": bool(row.get("demo", False))} for row in table["panels"]]
    present = {"panels": panels, "arrangements": arrangements}
    return {"version": 2, "name": NAME, "present": present, "saved": present}


def _arrangement(screens: str, one: dict[str, Any]) -> dict[str, Any]:
    areas = [
        (int(left), int(top), int(width), int(height))
        for width, height, left, top in _AREA.findall(screens)
    ]
    rect, mode = _geometry(str(one["geometry"]))
    home = next((area for area in areas if _holds(area, rect)), areas[0] if areas else (0, 0, 0, 0))
    at_home = (rect[0] - home[0], rect[1] - home[1], rect[2], rect[3])
    return {
        "screens": [{"area": area} for area in areas],
        "windows": {
            "main": {
                "screen": {"area": home},
                "rect": at_home,
                "mode": mode,
                "docks": str(one["state"]),
            }
        },
    }


def _geometry(text: str) -> tuple[tuple[int, int, int, int], str]:
    """Read the normal place and the mode out of what `QWidget.saveGeometry` wrote."""
    blob = base64.b64decode(text, validate=True) if text else b""
    if len(blob) < _HEAD.size:
        return _DEFAULT_RECT, "normal"
    magic, _, _, *rest = _HEAD.unpack_from(blob)
    if magic != _GEOMETRY_MAGIC:
        return _DEFAULT_RECT, "normal"
    left, top, right, bottom = rest[4:8]
    maximised, full = rest[9:11]
    mode = "full" if full else "maximised" if maximised else "normal"
    if right <= left or bottom <= top:
        return _DEFAULT_RECT, mode
    return (left, top, right - left + 1, bottom - top + 1), mode


def _holds(area: tuple[int, int, int, int], rect: tuple[int, int, int, int]) -> bool:
    x, y = rect[0] + rect[2] // 2, rect[1] + rect[3] // 2
    return area[0] <= x < area[0] + area[2] and area[1] <= y < area[1] + area[3]

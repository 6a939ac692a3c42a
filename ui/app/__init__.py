"""The composition root: puts store, engine, feed thread, panels and windows together."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from heatdesk.errors import HeatDeskError
from heatdesk.export.command_line import parse_arguments, say

NO_DISPLAY = (
    "There is no display to open the desk on; main.py snapshot --demo --out desk.png"
    " draws it to a picture instead."
)


def main(argv: Sequence[str]) -> int:
    """Open the desk or draw a snapshot; return the exit code."""
    try:
        args = parse_arguments(list(argv))
        if args.command == "snapshot":
            from ui.app.snapshot import run_snapshot

            return run_snapshot(args, os.environ)
        if not has_display():
            say(NO_DISPLAY)
            return 1
        from ui.app import quick_start

        quick_start.begin()  # `run_desk` ends it
        from ui.app.program import run_desk

        return run_desk(os.environ, demo=args.demo)
    except HeatDeskError as error:
        say(error.user_message)
        return error.exit_code


def has_display() -> bool:
    """Tell whether a window can be opened at all."""
    if not sys.platform.startswith("linux"):
        return True
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if chosen and chosen not in {"xcb", "wayland"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

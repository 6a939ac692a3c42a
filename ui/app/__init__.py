"""The composition root: puts store, engine, feed thread, panels and windows together."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from heatdesk.errors import HeatDeskError

NO_DISPLAY = (
    "There is no display to open the desk on; main.py snapshot --demo --out desk.png"
    " draws it to a picture instead."
)


def main(argv: Sequence[str]) -> int:
    """Open the desk or draw a snapshot; return the exit code."""
    try:
        demo, safe = list(argv) == ["--demo"], False
        if argv and not demo:  # a plain start needs no parser
            from heatdesk.export.command_line import parse_arguments

            args = parse_arguments(list(argv))
            demo, safe = args.demo, args.safe
            if args.home is not None:
                os.environ["HEATDESK_HOME"] = str(args.home)
            if args.command == "export":  # behind another option
                from heatdesk.export.command_line import main as without_a_window

                return without_a_window(argv)
            if args.selftest:
                from ui.app.selftest import run_selftest

                return run_selftest()
            if args.command == "snapshot":
                from ui.app.snapshot import run_snapshot

                return run_snapshot(args, os.environ)
        if not has_display():
            return _fail(NO_DISPLAY, 1)
        from ui.app import quick_start

        quick_start.begin()  # `run_desk` ends it
        from ui.app.program import run_desk

        return run_desk(os.environ, demo=demo, safe=safe)
    except HeatDeskError as error:
        return _fail(error.user_message, error.exit_code)


def _fail(sentence: str, code: int) -> int:
    from heatdesk.export.command_line import say

    say(sentence)
    return code


def has_display() -> bool:
    """Tell whether a window can be opened at all."""
    if not sys.platform.startswith("linux"):
        return True
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if chosen and chosen not in {"xcb", "wayland"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

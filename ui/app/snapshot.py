"""``snapshot``: draw the desk or one panel to a picture without opening a window."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping

from heatdesk import settings as settings_file
from heatdesk.export.arguments import subscription_from
from heatdesk.export.command_line import say
from heatdesk.files import check_target, write_atomically
from heatdesk.settings import Settings
from heatdesk.units import Clock, FixedClock, SystemClock, parse_iso_ms

DEMO_MOMENT = "2026-03-27T14:00Z"
DEMO_WAIT_S = 120.0
"""A demo ends when everything has painted; this only bounds a fault."""
STEP_MS = 30


def run_snapshot(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Draw and write the picture; return the exit code."""
    check_target(args.out, (".png",))
    if logging.lastResort is not None:
        # what fails is told in one sentence at the end
        logging.lastResort.setLevel(logging.ERROR)
    _force_plain_pixels()
    clock: Clock = FixedClock(parse_iso_ms(DEMO_MOMENT)) if args.demo else SystemClock()
    home = None
    if args.demo:
        # the same picture on every computer: what is saved does not count, what is said does
        loaded = settings_file.override(Settings(), environ)
    else:
        home = settings_file.home_dir(environ)
        loaded, warnings = settings_file.load(home, environ)
        for warning in warnings:
            say(warning)
    from ui.app.dressing import prepare
    from ui.app.services import Services
    from ui.app.stage import open_application

    prepare(loaded.view)
    app = open_application(loaded.view.theme)
    services = Services(loaded, home, {} if args.demo else environ, clock)
    from ui.app.picture import Picture

    picture = None
    try:
        picture = Picture(args, services, subscription_from(args) if args.panel else None)
        failure = picture.draw(app, DEMO_WAIT_S if args.demo else args.wait)
        if picture.drawn:
            write_atomically(args.out, picture.write)
            say(f"{args.out}: {args.size[0]} x {args.size[1]} pixels")
            if picture.lacking:
                names = ", ".join(panel.title for panel in picture.lacking)
                say(f"Without a key, and therefore empty: {names} (Settings > Keys).")
    finally:
        if picture is not None:
            picture.close()
        services.close()
    if failure is not None:
        say(failure.user_message)
        return failure.exit_code
    return 0


def _force_plain_pixels() -> None:
    """One picture pixel is one pixel, whatever the machine's screens are set to."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = "1"
    os.environ["QT_FONT_DPI"] = "96"
    os.environ["QT_ENABLE_HIGHDPI_SCALING"] = "0"
    for name in ("QT_SCREEN_SCALE_FACTORS", "QT_AUTO_SCREEN_SCALE_FACTOR", "QT_STYLE_OVERRIDE"):
        os.environ.pop(name, None)

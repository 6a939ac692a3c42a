"""The command ``export``: one line on stderr when it fails, never a traceback."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from heatdesk.errors import HeatDeskError, KeyMissing, UsageError
from heatdesk.export.arguments import build_parser, parse_arguments, subscription_from
from heatdesk.frames.market import MarketFrame
from heatdesk.units import Clock, SystemClock

if TYPE_CHECKING:
    from heatdesk.secrets import Keys
    from heatdesk.settings import Settings

__all__ = ["build_parser", "main", "parse_arguments", "subscription_from"]

log = logging.getLogger(__name__)

INTERRUPTED = 130
LOG_FILE = "export.log"
ENV_PREFIX = "HEATDESK_KEY_"
_LONGEST_LOG_BYTES = 1 << 20
_handlers: list[logging.Handler] = []


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``export``, or print help, and return the exit code.

    Raises
    ------
    SystemExit
        After printing help.
    """
    try:
        args = parse_arguments(sys.argv[1:] if argv is None else argv)
        if args.command != "export":
            raise UsageError("This is no export; see main.py --help.")
        if args.home is not None:
            os.environ["HEATDESK_HOME"] = str(args.home)
        return run_export(args, os.environ)
    except HeatDeskError as error:
        log.info("stopped: %s", error)
        return _fail(_sentence(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("Stopped; no file was written.", INTERRUPTED)
    except MemoryError:
        return _fail("The data does not fit into memory; ask for a shorter period.", 1)
    except Exception:
        log.exception("export failed")
        return _fail(f"An internal error stopped the export; {LOG_FILE} in the logs tells more.", 1)
    finally:
        _end_log()


def run_export(
    args: argparse.Namespace, environ: Mapping[str, str], clock: Clock | None = None
) -> int:
    """Ask, then write; returns 0.

    Raises
    ------
    HeatDeskError
        Whose ``exit_code`` is the command's.
    """
    from heatdesk import settings
    from heatdesk.export.job import SUFFIXES, write_frames
    from heatdesk.files import check_target
    from heatdesk.secrets import KeyringVault, Keys

    home = settings.home_dir(environ)
    loaded, warnings = settings.load(home, environ)
    check_target(args.out, SUFFIXES[args.kind])
    keys = Keys(KeyringVault(), environ)
    _start_log(home, keys)
    for warning in warnings:
        say(warning)
    frames = asyncio.run(_fetch(args, loaded, keys, home, clock or SystemClock()))
    # Outside the loop: Ctrl-C stops the writing at once.
    print(write_frames(args.out, args, frames))  # noqa: T201 - the answer of the command
    return 0


def say(line: str) -> None:
    """Write one line for the user to stderr."""
    print(f"heatdesk: {' '.join(line.split())}", file=sys.stderr, flush=True)  # noqa: T201


async def _fetch(
    args: argparse.Namespace, loaded: Settings, keys: Keys, home: Path, clock: Clock
) -> list[MarketFrame]:
    from heatdesk.engine.wiring import ProviderSet
    from heatdesk.export.job import fetch_frames
    from heatdesk.net import ledger

    spent = ledger.Ledger(home / ledger.FILE_NAME)
    try:
        return await fetch_frames(args, ProviderSet(loaded, keys, spent, clock), clock, say)
    finally:
        spent.close()


def _start_log(home: Path, keys: Keys) -> None:
    """Write what happens to a file too; a folder that cannot be used costs only the log."""
    from heatdesk.log_file import LogFile
    from heatdesk.secrets import RedactKeys

    path = home / "logs" / LOG_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = LogFile(path, _LONGEST_LOG_BYTES, 1)
    except OSError:
        return
    handler.addFilter(RedactKeys(keys))
    root = logging.getLogger("heatdesk")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    _handlers.append(handler)


def _end_log() -> None:
    while _handlers:
        handler = _handlers.pop()
        logging.getLogger("heatdesk").removeHandler(handler)
        handler.close()


def _sentence(error: HeatDeskError) -> str:
    if not isinstance(error, KeyMissing):
        return error.user_message
    variable = f"{ENV_PREFIX}{error.provider.upper()}"
    return f"{error.user_message} A command can also take it from {variable}."


def _fail(sentence: str, exit_code: int) -> int:
    say(sentence)
    return exit_code

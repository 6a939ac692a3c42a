"""HeatDesk's entry point: ``export`` runs without Qt, everything else is the desk."""

from __future__ import annotations

import sys


def main(argv: list[str]) -> int:
    """Run the command and return its exit code."""
    if argv[:1] == ["export"] or set(argv) & {"-h", "--help", "--version"}:
        from heatdesk.export.command_line import main as without_a_window

        return without_a_window(argv)
    from ui.app import main as desk

    return desk(argv)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # while the modules load
        sys.exit(130)

"""Serve loopback venues until Ctrl+C: `python -m tests.servers.venues --venue binance-usdm`."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from pathlib import Path

from tests.servers.venues.catalogue import VENUES, default_data_dir
from tests.servers.venues.mischief import Fault, Kind

_REFUSALS = (Kind.REFUSE, Kind.REFUSE_REST)


def main() -> None:
    """Print the environment that leads a desk here; then read mischief from standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venue", action="append", choices=list(VENUES), help="again for more")
    parser.add_argument("--all", action="store_true", help="every venue")
    parser.add_argument("--recording", action="store_true", help="play recordings where there are")
    parser.add_argument("--rate", type=float, default=1.0, help="times the recorded pace")
    parser.add_argument("--levels", type=int, default=1200, help="a side of a generated book")
    parser.add_argument("--skew-ms", type=int, default=0, help="how far the venue's clock is ahead")
    parser.add_argument("--data", type=Path, default=default_data_dir())
    parser.add_argument("--port", type=int, default=0, help="of REST; WebSocket has the next one")
    args = parser.parse_args()
    chosen = list(VENUES) if args.all else args.venue or ["binance-usdm"]
    with contextlib.ExitStack() as stack:
        servers = []
        for number, name in enumerate(chosen):
            make = VENUES[name]
            port = args.port + 2 * number if args.port else 0
            server = make(
                args.recording, args.data, rate=args.rate, skew_ms=args.skew_ms,
                keep_ms=10_000, port=port, levels=args.levels,
            )  # fmt: skip
            servers.append(stack.enter_context(server))
            for name_of, value in server.environment().items():
                print(f"export {name_of}={value}", flush=True)
        names = ", ".join(kind.name.lower() for kind in Kind)
        print(f"# mischief, one a line: [VENUE] KIND [seconds [status]]; {names}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            for line in sys.stdin:
                _command(servers, line.split())
            threading.Event().wait()


def _command(servers: list, words: list[str]) -> None:
    some = [server for server in servers if words and server.provider == words[0]]
    if some:
        words = words[1:]
    if not words:
        return
    try:
        kind = Kind[words[0].upper()]
        seconds = float(words[1]) if len(words) > 1 else 1.0
        status = int(words[2]) if len(words) > 2 else 503
    except (KeyError, ValueError):
        print(f"# not understood: {' '.join(words)}", flush=True)
        return
    for server in some or servers:
        if kind in server.faults:
            # refusals last as long as is said, whatever number of attempts that is
            times = 1_000_000 if kind in _REFUSALS else 1
            fault = server.cause(Fault(kind, seconds=seconds, times=times, status=status))
            if kind in _REFUSALS:
                threading.Timer(seconds, server.mischief.end, [fault]).start()
    for server in servers:
        for violation in server.violations:
            print(f"# {server.provider}: {violation}", flush=True)


if __name__ == "__main__":
    main()

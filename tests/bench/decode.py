"""A large flattened book, from the first byte off a loopback server into the store.

``python tests/bench/decode.py``. The server and each run are processes of their own. Ours runs as in
the desk: a feed thread decodes and fills the store while a Qt timer ticks on the GUI thread. The
baseline is what one writes first: ``httpx.get().json()`` and a numpy loop over the records.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.bench.rows import Row, median, percentile  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

SNAPSHOTS, LEVELS = 4000, 3500
BLOCK_SIZE, LOWEST = 5, 61_000
INTERVAL_S, START_S = 60, 1_780_000_020
TICK_MS = 1.0
_DISTINCT = 89


# ----------------------------------------------------------------------------------- the server
def make_body(snapshots: int, levels: int, points: bool = False) -> bytes:
    """Return a flattened answer (or one in point form) whose snapshots wander like a market."""
    import numpy as np

    rng = np.random.default_rng(5)
    tails = []
    for k in range(_DISTINCT):
        qty = np.round(rng.exponential(3.0, levels) * 10.0 ** rng.integers(0, 2, levels), 7)
        price = LOWEST + BLOCK_SIZE * (np.arange(levels) + 4 * (k % 11))
        pairs = [f"{p},{q!r}" for p, q in zip(price.tolist(), qty.tolist(), strict=True)]
        half = levels // 2
        sides = ",".join(reversed(pairs[:half])), ",".join(pairs[half:])
        tails.append(f'"bids":[{sides[0]}],"asks":[{sides[1]}]}}}}' if points else ",".join(pairs))
    records = []
    for i in range(snapshots):
        time_s, tail = START_S + INTERVAL_S * i, tails[i % _DISTINCT]
        if points:
            records.append(f'{{"Point":{{"timestamp":{{"s":{time_s}}},{tail}')
        else:
            records.append(f"{levels},{time_s}000000,{tail}")
    identity = (
        '{"type":"BLOCK_BOOK_SNAPSHOT_AGG","exchange":"BINANCE_FUTURES","rawSymbol":"BTCUSDT"}'
    )
    name = "points" if points else "flat_points"
    head = f'{{"series":[{{"id":{identity},"{name}":['
    return (head + ",".join(records) + "]}]}").encode()


def serve(snapshots: int, levels: int, points: bool) -> None:
    """Answer until killed; a window of one bucket is a small answer, to warm up with."""
    whole, small = make_body(snapshots, levels, points), make_body(1, 10, points)
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]} {len(whole)}", flush=True)
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_answer, args=(connection, whole, small), daemon=True).start()


def _answer(connection: socket.socket, whole: bytes, small: bytes) -> None:
    with connection:
        asked = b""
        while b"\r\n\r\n" not in asked:
            got = connection.recv(65536)
            if not got:
                return
            asked += got
        body = small if re.search(rb"period=60\b", asked) else whole
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        try:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
            connection.sendall(body)
        except OSError:
            return  # the run is over already


@contextmanager
def serving(snapshots: int, levels: int, points: bool = False) -> Iterator[tuple[str, int]]:
    """Run the server in its own process; give its URL and the size of the body."""
    line = [sys.executable, __file__, "--serve", str(snapshots), str(levels)]
    server = subprocess.Popen(
        line + ["--points"] * points, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert server.stdout is not None
        url, size = server.stdout.readline().split()
        yield url, int(size)
    finally:
        server.kill()
        server.wait()


# --------------------------------------------------------------------------------- the two sides
def run_baseline(url: str) -> dict[str, float]:
    """``httpx.get().json()``, then a record at a time into a matrix."""
    import httpx
    import numpy as np

    httpx.get(url + "?period=60").json()
    idle = _memory("VmRSS")
    started = time.perf_counter()
    flat = httpx.get(url, timeout=120).json()["series"][0]["flat_points"]
    matrix = np.zeros((SNAPSHOTS, LEVELS + 64), np.float32)
    at = row = 0
    while at < len(flat):
        count = int(flat[at])
        pairs = np.array(flat[at + 2 : at + 2 + 2 * count])
        matrix[row, np.rint((pairs[0::2] - LOWEST) / BLOCK_SIZE).astype(int)] = pairs[1::2]
        at += 2 + 2 * count
        row += 1
    spent_s = time.perf_counter() - started
    return {"seconds": spent_s, "peak_bytes": _memory("VmHWM") - idle}


class _Feed:
    """Our way: provider, engine's store, on a thread with a loop of its own."""

    def __init__(self, url: str, points: bool) -> None:
        from heatdesk.engine.wiring import ProviderSet
        from heatdesk.net.ledger import Ledger
        from heatdesk.secrets import Keys, MemoryVault
        from heatdesk.settings import load
        from heatdesk.store.market import MarketStore
        from heatdesk.units import SystemClock

        environ = {
            "HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL": url,
            "HEATDESK_PROVIDERS__KIYOTAKA__TIER": "enterprise",
            "HEATDESK_KEY_KIYOTAKA": "none",
        }
        settings, _ = load(Path("nowhere"), environ)
        keys = Keys(MemoryVault(), environ)
        self.store = MarketStore()
        self.seconds = 0.0
        self._points = points
        self._set = ProviderSet(settings, keys, Ledger(), SystemClock())

    def run(self, buckets: int, snapshots: int) -> None:
        """Ask for a window and fill the store; notes the seconds from the first byte on."""
        asyncio.run(self._ask(buckets, snapshots))

    async def _ask(self, buckets: int, snapshots: int) -> None:
        from heatdesk.frames import BookSub
        from heatdesk.net.body import Body

        first: list[float] = []
        take = Body.__anext__

        async def timed(body: Body) -> bytes:
            chunk = await take(body)
            first.append(time.perf_counter())
            return chunk

        Body.__anext__ = timed  # type: ignore[method-assign]
        provider: Any = self._set.build("kiyotaka", lambda: ())
        sub = BookSub("kiyotaka", depth=LEVELS, block_size=float(BLOCK_SIZE))
        span = (START_S * 1000, (START_S + INTERVAL_S * buckets) * 1000)
        try:
            async for frame in provider.answer(sub, span, flat=not self._points, pieces=True):
                self.store.apply(sub, frame)
        finally:
            Body.__anext__ = take  # type: ignore[method-assign]
            await provider.context.http.close()
        self.seconds = time.perf_counter() - first[0]
        held = self.store.heatmap(sub)
        assert held is not None
        assert held.last_column - held.first_column + 1 == snapshots
        assert self.store.covered(sub) == [span]


def run_ours(url: str, points: bool) -> dict[str, float]:
    """Decode on a feed thread while a timer of 1 ms ticks on the GUI thread."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    from ui.app.stage import open_application

    app = open_application()
    feed = _Feed(url, points)
    feed.run(1, 1)
    idle = _memory("VmRSS")
    feed = _Feed(url, points)
    ticks: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(int(TICK_MS))
    thread = threading.Thread(target=feed.run, args=(SNAPSHOTS, SNAPSHOTS))
    loop = QEventLoop()
    watch = QTimer()
    watch.timeout.connect(lambda: None if thread.is_alive() else loop.quit())
    cpu_s = time.process_time()
    thread.start()
    watch.start(20)
    loop.exec()
    thread.join()
    cpu_s = time.process_time() - cpu_s
    app.processEvents()
    late_ms = [1000 * (b - a) - TICK_MS for a, b in pairwise(ticks)]
    return {
        "seconds": feed.seconds,
        "cpu_seconds": cpu_s,
        "peak_bytes": _memory("VmHWM") - idle,
        "late_p99_ms": percentile(late_ms, 99),
        "late_max_ms": max(late_ms),
    }


def _memory(name: str) -> float:
    """Bytes of ``VmRSS`` (held now) or ``VmHWM`` (held at most)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {name} in /proc/self/status")


# ------------------------------------------------------------------------------------ the figures
def measure(rounds: int = 3, baseline_rounds: int = 2, points: bool = False) -> dict[str, float]:
    """Measure both sides by turns.

    Returns
    -------
    dict
        ``seconds`` and ``baseline_seconds``, medians; ``late_p99_ms`` and ``late_max_ms`` of
        the timer, the best of the runs; ``peak_bytes`` over idle, the median; ``body_bytes``.
    """
    ours: list[dict[str, float]] = []
    baseline: list[dict[str, float]] = []
    with serving(SNAPSHOTS, LEVELS, points) as (url, size):
        for k in range(max(rounds, baseline_rounds)):
            if k < rounds:
                ours.append(_child("--ours", url, points))
            if k < baseline_rounds:
                baseline.append(_child("--baseline", url, points))
    best = min(ours, key=lambda run: run["late_max_ms"])
    return {
        "seconds": median([run["seconds"] for run in ours]),
        "cpu_seconds": median([run["cpu_seconds"] for run in ours]),
        "baseline_seconds": median([run["seconds"] for run in baseline]) if baseline else 0.0,
        "late_p99_ms": best["late_p99_ms"],
        "late_max_ms": best["late_max_ms"],
        "peak_bytes": median([run["peak_bytes"] for run in ours]),
        "baseline_peak_bytes": median([run["peak_bytes"] for run in baseline]) if baseline else 0.0,
        "body_bytes": float(size),
    }


def _child(side: str, url: str, points: bool) -> dict[str, float]:
    line = [sys.executable, __file__, side, url] + ["--points"] * points
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_decode(rounds: int = 3, baseline_rounds: int = 2) -> list[Row]:
    """Rows of the bench."""
    found = measure(rounds, baseline_rounds)
    name, mb = f"decode_flat_{SNAPSHOTS}x{LEVELS}", 1e6
    return [
        Row(name, found["seconds"], "s", "httpx json + numpy loop", found["baseline_seconds"]),
        Row(f"{name}_timer_p99", found["late_p99_ms"], "ms", note="best of the runs; at most 10"),
        Row(f"{name}_timer_max", found["late_max_ms"], "ms", note="best of the runs; at most 33"),
        Row(
            f"{name}_peak_memory",
            found["peak_bytes"] / mb,
            "MB",
            "the body",
            found["body_bytes"] / mb,
            note="over the idle app; at most 2 x the body",
        ),
    ]


def main() -> None:
    """Print the figures, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=2, type=int)
    parser.add_argument("--ours")
    parser.add_argument("--baseline")
    parser.add_argument("--points", action="store_true", help="the point form, without a baseline")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if args.serve:
        serve(*args.serve, args.points)
    elif args.ours:
        print(json.dumps(run_ours(args.ours, args.points)))
    elif args.baseline:
        print(json.dumps(run_baseline(args.baseline)))
    else:
        found = measure(args.rounds, 0 if args.points else min(2, args.rounds), args.points)
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

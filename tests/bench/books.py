"""Live books: updates from raw JSON into the book, and columns out of it.

``python tests/bench/books.py``. The baseline is ccxt's own handler of its order book, fed the same
messages in a process and an environment of its own. On both sides counts the processor time from
the text of a message to its levels in the book: the decoding, the check of the numbering, the
levels, the news to listeners; neither the socket nor the event loop. `ccxt_book` tells its part.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.rows import Row, median  # noqa: E402

if TYPE_CHECKING:
    from heatdesk.books.sync import BookSync

BASELINE = "ccxt 4.5.90"
LOCK = ROOT / "packaging" / "bench.lock"
LEVELS, MESSAGES, LEVELS_A_MESSAGE = 5_000, 1_200, 118
MIDDLE, TICK_SIZE = 600_000, 0.1
"""Ticks at which the generated market trades, and what one is worth."""
TURNS = 3
"""Times each book takes the messages before it is the other's turn."""
PASSES = 10
"""Of ours in one turn: both sides' turns take about as long, so that both meet as much else."""


# --------------------------------------------------------------------------------- the messages
def make_messages(levels: int, messages: int, levels_a_message: int) -> list[bytes]:
    """A snapshot and the differences to it, as Binance USD-M writes them; each run the same."""
    import numpy as np

    rng = np.random.default_rng(11)

    def rows(ticks: np.ndarray, empty_share: float) -> list[list[str]]:
        qty = np.round(rng.exponential(2.0, ticks.size) + 0.001, 3)
        qty[rng.random(ticks.size) < empty_share] = 0.0
        return [
            [f"{t / 10:.2f}", f"{q:.3f}"] for t, q in zip(ticks.tolist(), qty.tolist(), strict=True)
        ]

    away = 1 + np.arange(levels)
    snapshot = {"lastUpdateId": 1_000, "E": 1, "T": 1}
    snapshot |= {"bids": rows(MIDDLE - away, 0.0), "asks": rows(MIDDLE + away, 0.0)}
    found = [json.dumps(snapshot, separators=(",", ":")).encode()]
    half = levels_a_message // 2
    for number in range(1_001, 1_001 + messages):
        # most of what changes lies near the price
        away = 1 + np.minimum(rng.exponential(levels / 8, (2, half)).astype(int), levels - 1)
        data = {"e": "depthUpdate", "E": 100 * number, "T": 100 * number}
        data |= {"s": "BTCUSDT", "U": number, "u": number, "pu": number - 1}
        data |= {"b": rows(MIDDLE - away[0], 0.3), "a": rows(MIDDLE + away[1], 0.3)}
        message = {"stream": "btcusdt@depth@100ms", "data": data}
        found.append(json.dumps(message, separators=(",", ":")).encode())
    return found


# --------------------------------------------------------------------------------- both sides
def run_ours(raws: list[bytes]) -> tuple[float, BookSync]:
    """Updates a second from raw messages to the book as the desk does it, and the book."""
    from heatdesk.books.dense import DenseBook
    from heatdesk.books.events import BookChange
    from heatdesk.books.sync import BookSync, SyncState
    from heatdesk.providers.binance_rules import UsdmRules
    from heatdesk.providers.live.rules import Market, MarketLookup

    market = Market("BINANCE_FUTURES", "BTCUSDT", "BTC", "USDT", TICK_SIZE, perpetual=True)

    class One(MarketLookup):
        def market(self, symbol: str, line: str = "") -> Market | None:
            return market

    rules, one = UsdmRules(), One()
    sync = BookSync(DenseBook(TICK_SIZE), rules.sequence(market))
    sync.begin(0)
    sync.snapshot(rules.parse_snapshot(market, raws[0]), 0)
    updates = 0
    started = time.process_time()
    for raw in raws[1:]:
        for event in rules.parse("public", raw, one):
            if isinstance(event, BookChange):
                sync.take(event, 0)
                updates += len(event.bids) + len(event.asks)
    spent_s = time.process_time() - started
    if sync.state is not SyncState.LIVE:
        raise RuntimeError(sync.reason)
    return updates / spent_s, sync


def baseline_python() -> Path:
    """Interpreter of an environment that holds exactly what the lock names; made when it is not there.

    Raises
    ------
    RuntimeError
        When it cannot be made, with the last word of what failed.
    """
    home = Path(sys.prefix) / "ccxt"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = home / ".stamp"
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return python
    install = [
        "-I",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--quiet",
        "--no-deps",
    ]
    install += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(LOCK)]
    for line in (
        [sys.executable, "-I", "-m", "venv", "--clear", str(home)],
        [str(python), *install],
    ):
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=100)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
            raise RuntimeError(said[-1])
    stamp.write_bytes(LOCK.read_bytes())
    return python


def run_baseline(python: Path, messages: Path) -> dict[str, list[Any]]:
    """What the other book does with the messages."""
    program = Path(__file__).with_name("ccxt_book.py")
    line = [str(python), "-I", str(program), str(messages), str(TURNS)]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=100)
    return dict(json.loads(done.stdout))


# --------------------------------------------------------------------------------- the rows
def updates_row(raws: list[bytes], rounds: int, baseline: bool = True) -> Row:
    """Level updates a second from raw JSON to the book, on one core."""
    ours: list[float] = []
    theirs: list[float] = []
    bare: list[float] = []
    python, why = None, "" if baseline else "left out"
    if baseline:
        try:
            python = baseline_python()
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            why = str(error)
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-") as folder:
        file = Path(folder) / "messages"
        file.write_bytes(b"\n".join(raws))
        for _ in range(rounds):
            for _ in range(TURNS):
                passes = [run_ours(raws) for _ in range(PASSES)]
                # the mean of rates by time: as if all had been one long pass
                ours.append(PASSES / sum(1 / per_s for per_s, _ in passes))
                sync = passes[-1][1]
            if python is not None:
                other = run_baseline(python, file)
                bids, asks = ([list(level) for level in side] for side in sync.book.top(20))
                if [bids, asks] != [other["bids"], other["asks"]]:
                    raise RuntimeError("the two books differ")
                theirs += other["per_s"]
                bare += other["bare_per_s"]
    note = f"baseline skipped: {why}"
    if bare:
        note = f"both books equal in the end; its book without its handler: {median(bare):,.0f}"
    value = median(theirs) if theirs else None
    return Row("book_updates", median(ours), "updates/s", BASELINE, value, note)


def columns_rows(raws: list[bytes], rounds: int) -> list[Row]:
    """A column of 2,000 cells out of 5,000 levels a side, and a whole frame of the forming column."""
    from heatdesk.books.sampling import Sampler
    from heatdesk.frames import Quote
    from heatdesk.providers.live.rules import Market

    _, sync = run_ours(raws[:50])
    reach = sync.book.reach
    assert reach is not None
    # both sides together fill 2,000 cells
    block_size = TICK_SIZE * max(1, round((reach[1] - reach[0]) / TICK_SIZE / 2_000))
    cells = sync.book.column(block_size).bids.size
    market = Market("BINANCE_FUTURES", "BTCUSDT", "BTC", "USDT", TICK_SIZE)
    sampler = Sampler(sync.book, market, 60_000, block_size, Quote.USD)
    sync.listen(sampler)
    column, frame = [], []
    price = sync.book.best().bid
    for i in range(rounds):
        started = time.perf_counter()
        sync.book.column(block_size)
        column.append((time.perf_counter() - started) * 1e3)
        sampler.before(sync.event_ms)
        sync.book.apply([(price, 1.0 + i)], [])
        started = time.perf_counter()
        sampler.frame(sync.event_ms)
        frame.append((time.perf_counter() - started) * 1e3)
    note = f"{cells} cells out of {LEVELS} levels a side; to reach: 0.7 ms"
    return [
        Row("column_2000", median(column), "ms", note=note),
        Row("column_2000[frame]", median(frame), "ms", note="the forming column in USD, sent out"),
    ]


def measure_books(
    rounds: int = 5,
    levels: int = LEVELS,
    messages: int = MESSAGES,
    columns: int = 200,
    baseline: bool = True,
) -> list[Row]:
    """Both rows of live books."""
    raws = make_messages(levels, messages, LEVELS_A_MESSAGE)
    return [updates_row(raws, rounds, baseline), *columns_rows(raws, columns)]


if __name__ == "__main__":
    from tests.bench.rows import table

    print(table(measure_books()))

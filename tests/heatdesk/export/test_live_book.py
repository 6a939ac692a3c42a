"""A recorded live book against a reader that shares nothing with the product, cell by cell."""

from __future__ import annotations

import csv
import math
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from heatdesk.export import command_line
from tests.heatdesk.export.plain_book import PlainBinanceUsdm, PlainGemini, PlainReader, Seen
from tests.servers.venues.catalogue import gemini, usdm
from tests.servers.venues.mischief import Fault, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.venues.server import VenueServer

INTERVAL_MS, BLOCK = 200, 1
Told = dict[int, dict[int, tuple[float, float]]]
"""Bid and ask by block, by bucket; a bucket that is NaN throughout is missing."""


def export(
    server: VenueServer, symbol: str, path: Path, seconds: int, patch: pytest.MonkeyPatch
) -> None:
    """Run the command in this process."""
    for name, value in server.environment().items():
        patch.setenv(name, value)
    patch.setenv("HEATDESK_HOME", str(path.parent))
    what = ["export", "order-book", "--provider", server.provider, "--symbol", symbol]
    how = ["--for", f"{seconds}s", "--interval", "200ms", "--block-size", str(BLOCK)]
    assert command_line.main([*what, *how, "--out", str(path)]) == 0


def of_npz(path: Path) -> tuple[list[int], Told]:
    with np.load(path) as arrays:
        times, bid, ask = arrays["time_ms"].tolist(), arrays["bid"], arrays["ask"]
        blocks = [round(price / BLOCK) for price in arrays["price"].tolist()]
    told: Told = {}
    for time_ms, *sides in zip(times, bid.tolist(), ask.tolist(), strict=True):
        cells = dict(zip(blocks, zip(*sides, strict=True), strict=True))
        cells = {block: cell for block, cell in cells.items() if not math.isnan(cell[0])}
        if cells:
            told[time_ms] = cells
    return times, told


def compare(told: Told, times: list[int], seen: list[Seen | None]) -> int:
    """Hold what was told against what was seen; how many cells both knew."""
    compared = 0
    for time_ms, known in zip(times, seen, strict=True):
        cells = told.get(time_ms)
        if cells is None or known is None:
            continue
        within = range(math.ceil(known.low / BLOCK), math.floor(known.high / BLOCK))
        span = range(max(within.start, min(cells)), min(within.stop, max(cells) + 1))
        for block in span:
            true = float(known.bids.get(block, 0)), float(known.asks.get(block, 0))
            assert cells.get(block, (0.0, 0.0)) == pytest.approx(true, rel=1e-12), (time_ms, block)
        compared += len(span)
        # beyond a thousand levels nothing is known, though the stream tells of it
        assert len(cells.keys() - set(within)) < 0.1 * len(cells)
    return compared


def heard(reader: PlainReader) -> PlainReader:
    reader.start()
    assert reader.ready.wait(10.0)
    return reader


def stopped(reader: PlainReader) -> None:
    time.sleep(0.3)  # what was sent by now has come
    reader.ending.set()
    reader.join(10.0)


def test_each_bucket_holds_what_an_independent_reader_saw_and_faults_cost_only_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met_ms: list[int] = []

    def disturb(server: VenueServer, after_s: tuple[float, ...]) -> None:
        for wait_s, kind in zip(after_s, (Kind.DROP, Kind.CLOSE), strict=True):
            time.sleep(wait_s)
            fault = server.cause(Fault(kind))
            while not fault.done:
                time.sleep(0.005)
            met_ms.append(server.now_ms())

    with usdm() as server:
        # the reader has a stream of its own: the message that is dropped reaches it
        reader = heard(PlainBinanceUsdm(server.rest_url, server.ws_url, "BTCUSDT"))
        work = threading.Thread(target=disturb, args=(server, (2.5, 1.6)))
        work.start()
        export(server, "BTCUSDT", tmp_path / "book.npz", 6, monkeypatch)
        work.join()
        stopped(reader)
    times, told = of_npz(tmp_path / "book.npz")
    assert np.all(np.diff(times) == INTERVAL_MS)
    assert times[0] % INTERVAL_MS == 0
    seen = reader.columns(times, INTERVAL_MS, BLOCK, "0.10")
    assert compare(told, times, seen) > 8_000
    missing = [time_ms for time_ms in times if time_ms not in told]
    for time_ms in met_ms:
        # the bucket of the last message before it may be the one before
        assert {time_ms // 200 * 200, (time_ms - 150) // 200 * 200} & set(missing)
    # each costs the time until the book is back, and nothing else is lost
    far = [time_ms for time_ms in missing if not any(-400 < time_ms - at < 3_000 for at in met_ms)]
    assert far == []
    assert len(missing) < len(times) // 2


def test_the_text_form_of_a_whole_book_is_what_an_independent_reader_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.csv"
    with gemini(levels=150) as server:
        reader = heard(PlainGemini(server.ws_url, "BTCUSD"))
        export(server, "BTCUSD", path, 2, monkeypatch)
        stopped(reader)
    told: Told = {}
    with open(path, newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            cells = told.setdefault(int(row["time_ms"]), {})
            block = round(float(row["price"]) / BLOCK)
            cells[block] = float(row["bid_qty"]), float(row["ask_qty"])
    times = sorted(told)
    assert len(times) >= 5
    assert np.all(np.diff(times) == INTERVAL_MS)
    seen = reader.columns(times, INTERVAL_MS, BLOCK, "0.01")
    for time_ms, known in zip(times, seen, strict=True):
        assert known is not None
        levels = {
            block: (float(known.bids.get(block, 0)), float(known.asks.get(block, 0)))
            for block in known.bids.keys() | known.asks.keys()
        }
        levels = {block: pair for block, pair in levels.items() if any(pair)}
        assert told[time_ms].keys() == levels.keys()
        for block, pair in levels.items():
            assert told[time_ms][block] == pytest.approx(pair, rel=1e-12)

"""A recorded book through server, provider, store and panel: what was served is what is drawn."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QImage

from heatdesk.frames import BookSub, BookWindow, CandleSub
from tests.app.fault_desk import FaultDesk
from tests.servers import books
from tests.servers.faults import KIYOTAKA
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.recording import BLOCK_SIZE_USD, RECORDING, RecordingSource

if TYPE_CHECKING:
    from tests.servers.books import BookSnapshot

ROOT = Path(__file__).resolve().parents[2]
NOW_S = 1_776_079_800.0
KEY = "test-key"
BOOK, PRICE = BookSub(KIYOTAKA), CandleSub(KIYOTAKA)
# Rows of the picture that the chart takes, and columns that certainly show the past.
CHART, PAST = slice(110, 640), slice(20, 820)


@pytest.fixture(scope="module")
def recording(market_data: Path) -> Path:
    path = market_data / RECORDING
    if not path.is_file():
        pytest.skip(f"no recording at {path}")
    return path


def levels_of(snapshot: BookSnapshot) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Bucket a recorded book as the venue's aggregate would, at most 500 levels a side."""
    return books.book_levels([snapshot], BLOCK_SIZE_USD, 500, usd=False)


def test_every_recorded_second_is_in_the_store_as_it_was_served(recording: Path) -> None:
    async def scenario() -> None:
        desk = FaultDesk()
        source = RecordingSource(recording, desk.clock.now_s)
        desk.servers[KIYOTAKA] = KiyotakaServer(
            source, key=desk.key, now_s=desk.clock.now_s, clock_s=desk.clock.monotonic_s
        )
        async with desk.running(BOOK, PRICE):
            heatmap, candles = desk.store.heatmap(BOOK), desk.store.candles(PRICE)
            newest = desk.store.last_book(BOOK)
            assert heatmap is not None
            assert candles is not None
            assert isinstance(newest, BookWindow)
            snapshots = source.recording.snapshots
            assert len(snapshots) > 300
            assert candles.time_ms.size == len(snapshots)
            first = source.first_s // 60
            assert (heatmap.column_state(first, first + len(snapshots)) == 1).all()
            assert (heatmap.column_state(first - 5, first) == 2).all()
            for at in (0, 100, len(snapshots) - 1):
                bid_px, bid_qty, ask_px, ask_qty = levels_of(snapshots[at])
                for plane, px, qty in (("bid", bid_px, bid_qty), ("ask", ask_px, ask_qty)):
                    rows = np.round(px / BLOCK_SIZE_USD).astype(int)
                    shown = [heatmap.value_at(plane, first + at, int(row)) for row in rows]
                    assert np.allclose(shown, qty, rtol=5e-4, atol=0)
            assert newest.bids is not None
            assert newest.asks is not None
            bid_px, bid_qty, ask_px, ask_qty = levels_of(snapshots[-1])
            assert sorted(zip(*newest.bids.at(0), strict=True)) == sorted(
                zip(bid_px, bid_qty, strict=True)
            )
            assert sorted(zip(*newest.asks.at(0), strict=True)) == sorted(
                zip(ask_px, ask_qty, strict=True)
            )

    asyncio.run(scenario())


def test_the_tail_of_a_recording_grows_minute_by_minute(recording: Path) -> None:
    async def scenario() -> None:
        desk = FaultDesk()
        source = RecordingSource(recording, desk.clock.now_s, held_back=5)
        desk.servers[KIYOTAKA] = KiyotakaServer(
            source, key=desk.key, now_s=desk.clock.now_s, clock_s=desk.clock.monotonic_s
        )
        async with desk.running(BOOK, PRICE):
            heatmap = desk.store.heatmap(BOOK)
            assert heatmap is not None
            last = heatmap.last_column
            for minute in range(1, 6):
                await desk.advance(60)
                assert heatmap.last_column == last + minute
                assert (heatmap.column_state(last, last + minute + 1) == 1).all()
                bid_px, bid_qty, _, _ = levels_of(source.recording.snapshots[-6 + minute])
                best = round(bid_px[0] / BLOCK_SIZE_USD)
                shown = heatmap.value_at("bid", last + minute, best)
                assert shown == pytest.approx(bid_qty[0], rel=5e-4)
            await desk.advance(180)
            assert (heatmap.column_state(last + 6, last + 8) == 2).all()

    asyncio.run(scenario())


def run_program(server: KiyotakaServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    env |= {
        "HEATDESK_KEY_KIYOTAKA": KEY,
        "HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL": server.url,
        "HEATDESK_PROVIDERS__KIYOTAKA__TIER": "advanced",
    }
    return subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def pixels(path: Path) -> np.ndarray:
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8)
    return rows.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), :3].copy()


def test_the_program_draws_the_recorded_book_with_its_walls(
    recording: Path, tmp_path: Path
) -> None:
    out = tmp_path / "book.png"
    with KiyotakaServer(RecordingSource(recording), key=KEY) as server:
        flags = ("--panel", "order-book", "--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT")
        done = run_program(server, "snapshot", "--out", str(out), "--size", "1280x720", *flags)
    assert done.returncode == 0, done.stderr
    picture = pixels(out)
    assert picture.shape == (720, 1280, 3)
    chart = picture[CHART, PAST].astype(int)
    light, dark = chart.min(axis=2) > 180, chart.max(axis=2) < 40
    walls = np.flatnonzero(light.mean(axis=1) > 0.9)
    # The recorded book has seven asks of some 500 BTC within the view, the closest 70 USD away.
    assert 4 <= np.count_nonzero(np.diff(walls, prepend=-2) > 1) <= 9
    assert 0.2 < dark.mean() < 0.9  # most of the book is quiet, some of it is not
    blue = (chart[:, :, 0] > 90) & (chart[:, :, 0] > chart[:, :, 2] + 40)
    assert blue.mean() > 0.03
    green = (chart[:, :, 1] > 120) & (chart[:, :, 1] > chart[:, :, 2] + 60)
    green &= chart[:, :, 1] > chart[:, :, 0] + 30
    red = (chart[:, :, 2] > 150) & (chart[:, :, 2] > chart[:, :, 1] + 60)
    assert green.any(axis=0).sum() > 20
    assert red.any(axis=0).sum() > 20


def test_an_export_of_the_recording_equals_the_recorded_book(
    recording: Path, tmp_path: Path
) -> None:
    out = tmp_path / "book.npz"
    source = RecordingSource(recording)
    with KiyotakaServer(source, key=KEY) as server:
        flags = ("--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT", "--interval", "1m")
        start = np.datetime_as_string(np.datetime64(source.first_s, "s"))
        span = ("--from", f"{start}", "--period", f"{len(source.recording.snapshots)}m")
        size = ("--block-size", "4k", "--depth", "500", "--out", str(out))
        done = run_program(server, "export", "order-book", *flags, *span, *size)
    assert done.returncode == 0, done.stderr
    with np.load(out) as file:
        time_ms, price, bid, ask = (file[name] for name in ("time_ms", "price", "bid", "ask"))
    assert time_ms.tolist() == [
        (source.first_s + 60 * k) * 1000 for k in range(len(source.recording.snapshots))
    ]
    for row, snapshot in enumerate(source.recording.snapshots):
        bid_px, bid_qty, ask_px, ask_qty = levels_of(snapshot)
        assert np.array_equal(bid[row, np.searchsorted(price, np.sort(bid_px))], bid_qty[::-1])
        assert np.array_equal(ask[row, np.searchsorted(price, ask_px)], ask_qty)
        assert np.nansum(bid[row]) == pytest.approx(bid_qty.sum(), rel=1e-12)
        assert np.nansum(ask[row]) == pytest.approx(ask_qty.sum(), rel=1e-12)

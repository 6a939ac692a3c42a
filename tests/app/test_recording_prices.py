"""Best prices under the crosshair of a replayed book are those of the recording's own ticker.

The recording holds the exchange's best bid and ask as a stream of its own (``bookTicker``). A book
rebuilt from depth events, served, decoded, stored and pointed at must say the same.
"""

from __future__ import annotations

import asyncio
import gzip
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson
import pytest
from PySide6.QtCore import QPointF

from heatdesk.frames import KeyState
from heatdesk.providers.base import Cost
from heatdesk.units import FixedClock
from tests.app.fault_desk import FaultDesk
from tests.servers.faults import KIYOTAKA
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.recording import RECORDING, RecordingSource
from ui.panel import PanelContext, Workspace
from ui.panels.order_book.options import BookOptions
from ui.panels.order_book.panel import OrderBookPanel

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

TICK = 0.1
OPTIONS = BookOptions(source="kiyotaka", block_size=TICK, depth=500)


@dataclass(frozen=True)
class Quoted:
    """The exchange's own word: best prices and the quantities there."""

    bid: float
    bid_qty: float
    ask: float
    ask_qty: float


@lru_cache(maxsize=1)
def quoted_at_whole_seconds(path: Path) -> list[Quoted]:
    """Best prices by the ticker at the state of the book that ends each recorded second.

    Both streams number the same changes (``u``), but arrive by ways of their own: the ticker's
    last word up to the number that the book has reached is what it said of that very book.
    """
    said: list[tuple[int, Quoted]] = []
    reached: list[int] = []
    book_number, first_id, at_s = 0, 0, 0
    with gzip.open(path, "rb") as lines:
        for line in lines:
            stamp, frame = line.split(b" ", 1)
            second = int(stamp) // 1_000_000_000
            reached += [book_number] * (second - at_s if at_s and book_number else 0)
            at_s = second
            data = orjson.loads(frame)
            data = data.get("data", data)
            if "lastUpdateId" in data:
                first_id = data["lastUpdateId"]
            elif data.get("e") == "depthUpdate" and first_id and data["u"] >= first_id:
                book_number = data["u"]
            elif data.get("e") == "bookTicker":
                figures = (float(data[name]) for name in ("b", "B", "a", "A"))
                said.append((data["u"], Quoted(*figures)))
    reached.append(book_number)
    said.sort(key=lambda one: one[0])
    numbers = [number for number, _ in said]
    return [said[bisect_right(numbers, number) - 1][1] for number in reached]


@pytest.fixture(scope="module")
def recording(market_data: Path) -> Path:
    path = market_data / RECORDING
    if not path.is_file():
        pytest.skip(f"no recording at {path}")
    return path


@dataclass(frozen=True)
class Replay:
    """What a desk holds after the whole recording was served to it, a second as a minute."""

    desk: FaultDesk
    first_s: int
    seconds: int


@pytest.fixture(scope="module")
def replay(recording: Path) -> Replay:
    async def fill() -> Replay:
        desk = FaultDesk()
        source = RecordingSource(recording, desk.clock.now_s)
        desk.servers[KIYOTAKA] = KiyotakaServer(
            source, key=desk.key, now_s=desk.clock.now_s, clock_s=desk.clock.monotonic_s
        )
        async with desk.running(OPTIONS.book_sub(KIYOTAKA), OPTIONS.candle_sub(KIYOTAKA)):
            return Replay(desk, source.first_s, len(source.recording.snapshots))

    return asyncio.run(fill())


@pytest.fixture
def panel(replay: Replay, qtbot: QtBot) -> OrderBookPanel:
    """A panel that shows every recorded second in a column of its own."""
    context = PanelContext(
        store=replay.desk.store,
        clock=FixedClock(replay.desk.clock.now_ms()),
        workspace=Workspace(utc=True),
        cost=lambda _: Cost(),
        key_state=lambda _: KeyState.ACCEPTED,
        open_keys=lambda _: None,
    )
    made = OrderBookPanel(context)
    made.choose(OPTIONS)
    qtbot.addWidget(made)
    made.resize(1500, 700)
    with qtbot.waitExposed(made):
        made.show()
    made.pull()
    camera = made.chart.camera
    end_s = replay.first_s + 60 * replay.seconds
    camera.window = replace(camera.window, t0_s=float(replay.first_s), t1_s=float(end_s))
    made.chart.apply()
    made.chart.view.viewport().repaint()
    assert made.chart.item.window is not None
    assert made.chart.item.window.time_lod == 0
    return made


def point_at(panel: OrderBookPanel, time_s: float, price: float) -> dict[str, str]:
    """Move the mouse over the middle of a cell; return what the card says."""
    window = panel.chart.camera.window
    at = QPointF(window.x_of(time_s + 30), window.y_of(price + TICK / 2))
    panel.chart.point_at(at)
    return dict(panel.chart.pointer.card.rows)


def figure(text: str) -> float:
    """A figure of the card; one marked as approximate is none."""
    return float(text.split()[0].replace(",", ""))


def test_the_ticker_tells_every_recorded_second(recording: Path, replay: Replay) -> None:
    quoted = quoted_at_whole_seconds(recording)
    assert len(quoted) == replay.seconds > 300
    assert all(one.bid < one.ask for one in quoted)
    assert len({one.bid for one in quoted}) > 50  # the market moved


def test_best_prices_under_the_crosshair_are_the_tickers(
    recording: Path, replay: Replay, panel: OrderBookPanel
) -> None:
    told = []
    for second in range(replay.seconds):
        rows = point_at(panel, replay.first_s + 60 * second, panel.chart.camera.last_price)
        bid, ask = rows["Best"].split(" / ")
        told.append((figure(bid), figure(ask)))
    assert told == [(one.bid, one.ask) for one in quoted_at_whole_seconds(recording)]


def test_quantities_at_the_best_prices_are_the_tickers(
    recording: Path, replay: Replay, panel: OrderBookPanel
) -> None:
    quoted = quoted_at_whole_seconds(recording)
    camera = panel.chart.camera
    for second in range(0, replay.seconds, 7):
        one = quoted[second]
        # a level of one tick has pixels of its own only when zoomed in
        camera.window = replace(camera.window, p0=one.bid - 10, p1=one.ask + 10)
        panel.chart.apply()
        panel.chart.view.viewport().repaint()
        time_s = replay.first_s + 60 * second
        bid, ask = point_at(panel, time_s, one.bid), point_at(panel, time_s, one.ask)
        assert figure(bid["Price"]) == one.bid
        assert figure(bid["Bid"]) == pytest.approx(one.bid_qty, abs=5e-4)
        assert figure(ask["Price"]) == one.ask
        assert figure(ask["Ask"]) == pytest.approx(one.ask_qty, abs=5e-4)


def test_the_lines_of_the_best_prices_are_the_tickers(
    recording: Path, replay: Replay, panel: OrderBookPanel
) -> None:
    panel.choose(replace(panel.options, best=True, mid=True))
    panel.pull()
    lines = panel.chart.best.lines()
    quoted = quoted_at_whole_seconds(recording)
    for name, expected in (
        ("bid", [one.bid for one in quoted]),
        ("ask", [one.ask for one in quoted]),
        ("mid", [(one.bid + one.ask) / 2 for one in quoted]),
    ):
        series = lines[name]
        skipped = round((replay.first_s - series.start_s) / series.step_s)
        drawn = series.price[skipped : skipped + replay.seconds]
        assert drawn.tolist() == pytest.approx(expected, abs=1e-6)

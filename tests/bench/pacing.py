"""Eight live order book panels in one window: how evenly frames come while one is dragged.

Every panel is the product's own, with axes, legend, candles and profile, fed ten columns a second by
a thread of its own as the feed does, and pulled at the pace of the desk.
"""

from __future__ import annotations

import gc
import threading
import time
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from heatdesk.frames import CandleWindow, KeyState, StreamStatus
from heatdesk.providers.base import Cost
from heatdesk.store.market import MarketStore
from heatdesk.units import MINUTE_MS, SystemClock
from tests.bench.market import START_MS, Market
from tests.bench.rows import Row, median, percentile
from ui.heatmap import gl_probe
from ui.main_window.pulse import FRAME_MS
from ui.panel import PanelContext, Workspace
from ui.panels.order_book.panel import OrderBookPanel

PANELS = 8
COLUMNS, LEVELS = 2000, 1000
COLUMNS_PER_S = 10
MOUSE_MS = 16
PRICE_TICK = 0.1


class Desk(QWidget):
    """The panels and their feed."""

    def __init__(self, columns: int = COLUMNS, levels: int = LEVELS, panels: int = PANELS) -> None:
        super().__init__()
        self.market = Market(columns, levels)
        self.store = MarketStore()
        context = PanelContext(
            store=self.store,
            clock=SystemClock(),
            workspace=Workspace(utc=True),
            cost=lambda sub: Cost(),
            key_state=lambda provider: KeyState.ACCEPTED,
            open_keys=lambda provider: None,
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self.panels: list[OrderBookPanel] = []
        for number in range(panels):
            panel = OrderBookPanel(context)
            symbol = f"COIN{number}USDT"
            panel.choose(
                replace(panel.options, source="kiyotaka", symbol=symbol, coin=f"COIN{number}")
            )
            grid.addWidget(panel, number // 4, number % 4)
            self.panels.append(panel)
        self._newest = columns
        self._last = self.market.price(float(self.market.middle[-1]))
        self._fill()
        self._ending = threading.Event()
        self._feed = threading.Thread(target=self._feed_on, name="bench feed")
        self.pulse = QTimer(self)
        self.pulse.setTimerType(Qt.TimerType.PreciseTimer)
        self.pulse.timeout.connect(self._pull)
        self.resize(1920, 1080)

    def begin(self) -> None:
        """Show the panels and let data come."""
        self.show()
        self._feed.start()
        self.pulse.start(FRAME_MS)

    def end(self) -> None:
        """Stop the feed."""
        self._ending.set()
        self._feed.join()
        self.pulse.stop()
        self.close()

    def _pull(self) -> None:
        for panel in self.panels:
            panel.pull()

    def _fill(self) -> None:
        market = self.market
        for first in range(0, market.columns, 250):
            qty = market.quantities(first, min(250, market.columns - first))
            frame = market.frame(first, qty)
            for panel in self.panels:
                self.store.apply(panel.primary(), frame)
        for panel in self.panels:
            self._apply_candles(panel, 0, market.columns)
            self._tell(panel)

    def _apply_candles(self, panel: OrderBookPanel, first: int, stop: int) -> None:
        columns = np.arange(first, stop)
        middle = self.market.middle[np.minimum(columns, self.market.columns - 1)]
        close = np.round(self.market.price(0) + middle * 5.0 + columns % 7, 1)
        times = START_MS + columns.astype(np.int64) * MINUTE_MS
        ends = int(times[0]), int(times[-1]) + MINUTE_MS
        frame = CandleWindow(
            *ends, MINUTE_MS, times, close - 3.1, close + 9.3, close - 11.2, close,
            np.ones(columns.size), ends[1],
        )  # fmt: skip
        self.store.apply(panel.options.candle_sub(panel.source), frame)

    def _tell(self, panel: OrderBookPanel) -> None:
        now_ms = SystemClock().now_ms()
        status = StreamStatus(data_time_ms=now_ms, received_ms=now_ms, period_s=60.0)
        self.store.set_status(panel.primary(), status)

    def _feed_on(self) -> None:
        """Bring one column to one panel after the other, evenly over each tenth of a second."""
        step_s = 1 / COLUMNS_PER_S / len(self.panels)
        due = time.monotonic()
        while not self._ending.is_set():
            frame = self.market.column(self._newest)
            for panel in self.panels:
                self.store.apply(panel.primary(), frame)
                self._apply_candles(panel, self._newest, self._newest + 1)
                due += step_s
                if self._ending.wait(max(0.0, due - time.monotonic())):
                    return
            self._newest += 1


class Hand:
    """Drags a chart to and fro with the pace of a mouse and notes when its frames were painted."""

    def __init__(self, panel: OrderBookPanel) -> None:
        self.chart = panel.chart
        self.painted_ms: list[float] = []
        self._clock = QElapsedTimer()
        self._view = self.chart.view
        self._at = QPointF(self._view.width() / 2, self._view.height() / 2)
        self._moves = 0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._move)
        item, paint = self.chart.item, self.chart.item.paint

        def look(*args: object) -> None:
            paint(*args)
            self.painted_ms.append(self._clock.nsecsElapsed() / 1e6)

        item.paint = look

    def begin(self) -> None:
        """Take hold."""
        self._clock.start()
        self._send(QEvent.Type.MouseButtonPress)
        self._timer.start(MOUSE_MS)

    def end(self) -> list[float]:
        """Let go; milliseconds between the frames painted meanwhile."""
        self._timer.stop()
        self._send(QEvent.Type.MouseButtonRelease)
        return np.diff(self.painted_ms).tolist()

    def _move(self) -> None:
        self._moves += 1
        direction = 1 if self._moves // 40 % 2 == 0 else -1
        self._at += QPointF(4 * direction, direction)
        self._send(QEvent.Type.MouseMove)

    def _send(self, kind: QEvent.Type) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        buttons = none if kind is QEvent.Type.MouseButtonRelease else left
        button = none if kind is QEvent.Type.MouseMove else left
        viewport = self._view.viewport()
        at_screen = QPointF(viewport.mapToGlobal(self._at.toPoint()))
        event = QMouseEvent(
            kind, self._at, at_screen, button, buttons, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(viewport, event)


def measure_pacing(
    runs: int = 3, run_s: float = 5.0, *, gl: bool = False, desk: Desk | None = None
) -> list[Row]:
    """Frame intervals under a drag, best of some runs; share of a core without the drag."""
    if gl:
        gl_probe.decide(gl_probe.AUTO)
    suffix = "[gl]" if gl else ""
    desk = Desk() if desk is None else desk
    desk.begin()
    wait(run_s / 2)
    gc.collect()
    cpu_pct = min(share_of_core(run_s) for _ in range(2))
    found: list[tuple[float, float, int]] = []
    for _ in range(runs):
        hand = Hand(desk.panels[0])
        hand.begin()
        wait(run_s)
        intervals = hand.end()
        found.append((median(intervals), percentile(intervals, 95), len(intervals)))
    desk.end()
    middle, late, frames = min(found)
    note = f"best of {runs} runs of {run_s:.0f} s, {frames} frames"
    return [
        Row(f"eight_panels{suffix}", middle, "ms median frame interval", note=note),
        Row(
            f"eight_panels_p95{suffix}",
            min(late, min(one[1] for one in found)),
            "ms p95 frame interval",
        ),
        Row(f"eight_panels_cpu{suffix}", cpu_pct, "% of one core without the drag"),
    ]


def wait(seconds: float) -> None:
    """Let the desk run."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def share_of_core(seconds: float) -> float:
    """Let the desk run; share of one core it used, in percent."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    wait(seconds)
    return 100 * (time.process_time() - cpu_s) / (time.perf_counter() - wall_s)

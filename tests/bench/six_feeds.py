"""Six live feeds of two symbols each at ten times their pace; and from the socket to the picture."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer

from heatdesk import settings as settings_file
from heatdesk.frames import BookSub
from heatdesk.units import SystemClock
from tests.bench.feeds import Stamps, has_recordings, venues_beside
from tests.bench.pacing import share_of_core, wait
from tests.bench.rows import Row, percentile
from tests.servers.venues.driving import SYMBOLS, book, trades
from ui.app.program import Program
from ui.app.services import Services
from ui.feed_thread import FeedThread
from ui.panels.order_book.panel import OrderBookPanel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RATE = 10.0
WARM_UP_S, RUN_S = 5.0, 12.0
TICK_MS = 5


class Beat:
    """A timer of the GUI thread that notes how late it came."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self._due_s = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._beat)

    def begin(self) -> None:
        """Start."""
        self._again()

    def end(self) -> None:
        """Stop."""
        self._timer.stop()

    def _beat(self) -> None:
        self.late_ms.append(max(0.0, (time.perf_counter() - self._due_s) * 1000))
        self._again()

    def _again(self) -> None:
        self._due_s = time.perf_counter() + TICK_MS / 1000
        self._timer.start(TICK_MS)


@contextlib.contextmanager
def _feeding(environ: Mapping[str, str]) -> Iterator[Services]:
    """Twelve books and their trades on the product's feed thread."""
    settings, _ = settings_file.load(Path("nowhere"), dict(environ))
    services = Services(settings, None, dict(environ), SystemClock())
    feed = FeedThread(services.engine)
    subs = [make(name, number) for name in SYMBOLS for number in (0, 1) for make in (book, trades)]
    feed.start()
    feed.want(frozenset(subs))
    try:
        yield services
    finally:
        feed.stop()
        services.close()


def measure_six_feeds() -> list[Row]:
    """Lag of the books, lateness of a timer of the GUI thread, share of a core."""
    stamps, beat = Stamps(), Beat()
    with venues_beside(rate=RATE) as venues, stamps.taken(), _feeding(venues.environ) as services:
        wait(WARM_UP_S)
        stamps.entered.clear()
        beat.begin()
        busy_pct = share_of_core(RUN_S)
        beat.end()
        entered = list(stamps.entered)
        books = [book(name, number) for name in SYMBOLS for number in (0, 1)]
        live = sum(services.store.status(sub).gap_since_ms is None for sub in books)
    pace = f"{len(entered) / RUN_S:.0f} book messages/s, {live} of {len(books)} books live"
    what = "recorded" if has_recordings() else "generated"
    behind = [ms for _, _, ms in entered]
    slow = f"promised <= 100; from the venue's own time {percentile(behind, 50):.0f} ms p50"
    inside = [(done_s - read_s) * 1000 for read_s, done_s, _ in entered]
    return [
        Row("six_feeds_timer", percentile(beat.late_ms, 99), "ms p99 late", note="promised <= 16"),
        Row("six_feeds_lag", percentile(inside, 99), "ms p99 socket to book", note=slow),
        Row("six_feeds_cpu", busy_pct, "% of one core", note=f"{pace}; {what} x {RATE:.0f}"),
    ]


class Pictures:
    """Follows book messages from the read of the socket to the end of the paint that shows them."""

    def __init__(self, program: Program, panel: OrderBookPanel, stamps: Stamps) -> None:
        self.waits_ms: list[float] = []
        self._panel, self._stamps = panel, stamps
        self._stored: deque[float] = deque()
        self._drawn: list[float] = []
        store, latency = program.services.store, panel.latency
        apply, drew = store.apply, latency.drew

        def applied(sub: Any, frame: Any) -> None:
            if not isinstance(sub, BookSub):
                apply(sub, frame)
                return
            # Everything that entered the book before is in this frame.
            entered = [stamps.entered.popleft()[0] for _ in range(len(stamps.entered))]
            apply(sub, frame)
            self._stored.extend(entered)

        def handed(arrived_ms: int | None) -> None:
            drew(arrived_ms)
            while self._stored:
                self._drawn.append(self._stored.popleft())

        store.apply = applied  # type: ignore[method-assign]
        latency.drew = handed  # type: ignore[method-assign]
        panel.chart.view.painted.connect(self._painted)

    def _painted(self) -> None:
        now_s = time.perf_counter()
        self.waits_ms += [(now_s - read_s) * 1000 for read_s in self._drawn]
        self._drawn.clear()


def measure_socket_to_pixel() -> list[Row]:
    """One desk with one order book, a loopback venue at the recorded pace."""
    stamps = Stamps()
    home = Path(tempfile.mkdtemp(prefix="heatdesk-bench-"))
    with venues_beside("binance-usdm") as venues, stamps.taken():
        environ = {"HEATDESK_HOME": str(home), **venues.environ}
        program = Program(home, environ, demo=False)
        program.desk.first.resize(1920, 1080)
        program.start()
        try:
            panel = next(
                dock.panel
                for dock in program.desk.docks.values()
                if isinstance(dock.panel, OrderBookPanel)
            )
            for dock in list(program.desk.docks.values()):
                if dock.panel is not panel:
                    dock.close()
            wait(WARM_UP_S)
            pictures = Pictures(program, panel, stamps)
            wait(2.0)
            pictures.waits_ms.clear()
            busy_pct = share_of_core(RUN_S)
            waits_ms, options = list(pictures.waits_ms), panel.options
        finally:
            program.desk.close()
            program.stop()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if not waits_ms:
        return [Row("socket_to_pixel", None, "ms", note=f"not measured: {options} shows no book")]
    note = f"{len(waits_ms) / RUN_S:.0f} book messages/s, 1920 x 1080"
    return [
        Row("socket_to_pixel", percentile(waits_ms, 50), "ms p50", note=f"promised <= 40; {note}"),
        Row("socket_to_pixel_p99", percentile(waits_ms, 99), "ms p99", note="promised <= 80"),
        Row("socket_to_pixel_cpu", busy_pct, "% of one core"),
    ]

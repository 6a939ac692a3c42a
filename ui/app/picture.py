"""The picture of a snapshot: panels off screen, drawn when their data is there."""

from __future__ import annotations

import argparse
from typing import BinaryIO

from PySide6.QtCore import QBuffer, QByteArray, QEventLoop, QIODevice, QTimer
from PySide6.QtGui import QImageWriter
from PySide6.QtWidgets import QApplication, QWidget

from heatdesk.errors import HeatDeskError, KeyMissing, Unreachable
from heatdesk.export.live_book import LIVE_PROVIDERS
from heatdesk.frames import BookSub, CohortSub, DotSub, LiquidationSub, StreamStatus, Subscription
from heatdesk.units import interval_label
from heatdesk.views.instruments import coin_of, symbol_for
from ui.app.services import Services
from ui.feed_thread import FeedThread
from ui.main_window import Desk
from ui.panel import Panel, Workspace
from ui.panel.heatmap import HeatmapPanel
from ui.panels import PANELS
from ui.panels.order_book.options import KIYOTAKA, LIVE

STEP_MS = 30
SHORTEST_SPAN_S, FULL_RATIO = 10.0, 1.25
"""A picture of a live book shows little more time than was waited for."""
FEWEST_COLUMNS = 12
"""Where columns are wider than what was waited for, it shows some that were before."""
SETTLE_STEPS = 3
"""Rounds in which nothing moved before the picture is taken."""


def options_of(sub: Subscription, *, fast: bool = False) -> dict[str, object]:
    """Return a subscription in the words in which panels keep their options.

    Parameters
    ----------
    fast : bool
        The width of a column was not named: a live book keeps the panel's own.
    """
    options: dict[str, object] = {}
    if isinstance(sub, BookSub | LiquidationSub):
        options = {"interval": interval_label(sub.interval_ms), "quote": sub.quote.value}
        options["depth"] = 0 if sub.depth is None else sub.depth
    if isinstance(sub, BookSub):
        options |= {"venues": list(sub.venues), "resolution": sub.resolution.value}
        options["block_size"] = sub.block_size or 0.0
        options["symbol"] = sub.symbol or symbol_for(sub.venues[0], sub.coin)
        options["coin"] = sub.coin or coin_of(sub.venues[0], sub.symbol, None)
        if sub.provider in LIVE_PROVIDERS:
            options |= _live_options(sub)
            if fast:
                del options["live_interval"]
        else:
            options["source"] = KIYOTAKA
    elif isinstance(sub, LiquidationSub):
        options["coin"] = sub.coin
    elif isinstance(sub, DotSub):
        options = {"mode": sub.mode, "category": sub.category}
    elif isinstance(sub, CohortSub):
        options = {"opened_within": sub.opened_within}
    return options


def _live_options(sub: BookSub) -> dict[str, object]:
    """What differs where the venue's own feed is asked: names, and columns of any width."""
    first = sub.venues[0]
    return {
        "source": LIVE,
        "live_interval": interval_label(sub.interval_ms),
        "symbol": sub.symbol or symbol_for(first, sub.coin, live=True),
        "coin": sub.coin or coin_of(first, sub.symbol, None, live=True),
    }


class Picture:
    """A desk or one panel without a window on any screen.

    Parameters
    ----------
    args : Namespace
        ``size``, ``demo`` and ``panel``.
    sub : Subscription or None
        What the one panel shows.

    Attributes
    ----------
    drawn : bool
        Whether anything was painted.
    lacking : list of Panel
        Panels of a desk that have no key to ask with; the others are in the picture.
    """

    def __init__(
        self, args: argparse.Namespace, services: Services, sub: Subscription | None
    ) -> None:
        self._services = services
        self._feed = FeedThread(services.engine)
        context = services.context(Workspace(utc=True), lambda provider: None)
        if args.panel is None:
            desk = Desk(
                context,
                PANELS,
                self._feed.want,
                demo_only=args.demo,
                starts_live=lambda provider: not args.demo and services.has_key(provider),
                opens_live=not args.demo,
            )
            self._panels = [panel for panel in desk.panels() if panel.provider_id]
            self._root: QWidget = desk.first
            self._desk: Desk | None = desk
        else:
            kind = next(one for one in PANELS if one.panel_id == args.panel)
            panel = kind(context)
            panel.demo = args.demo
            keyed = kind.provider_id if sub is None or sub.provider == kind.provider_id else ""
            if not args.demo and services.has_key(keyed):
                panel.key_works(keyed)
            if sub is not None:
                fast = args.interval is None
                panel.load_options({**panel.save_options(), **options_of(sub, fast=fast)})
            self._panels = [panel]
            self._root, self._desk = panel, None
            self._feed.want(panel.needs())
        self._root.setFixedSize(*args.size)
        self.drawn = False
        self.lacking: list[Panel] = []

    def draw(self, app: QApplication, wait_s: float) -> HeatDeskError | None:
        """Wait for the data at most so long; return the first failure, None when all drew.

        A panel of a whole desk that only lacks a key is no failure while another one drew:
        `lacking` names it.

        What is live is waited for all the time there is: the picture is to show it move.
        """
        live = [panel for panel in self._panels if panel.moves]
        for panel in live:
            if isinstance(panel, HeatmapPanel):
                columns_s = FEWEST_COLUMNS * panel.interval_ms / 1000
                panel.show_span(max(SHORTEST_SPAN_S, wait_s * FULL_RATIO, columns_s))
        self._root.show()
        self._feed.start()
        loop = QEventLoop()
        clock = self._services.clock
        end_s = clock.monotonic_s() + wait_s
        left = {"steps": max(1, round(wait_s * 1000 / STEP_MS)), "still": 0}

        def step() -> None:
            moved = [panel.pull() for panel in self._panels]
            done = all(self._is_done(panel) for panel in self._panels)
            left["steps"] -= 1
            left["still"] = left["still"] + 1 if done and not any(moved) else 0
            settled = not live and left["still"] >= SETTLE_STEPS
            # a demo's clock stands still: there the steps count
            over = clock.monotonic_s() >= end_s if live else left["steps"] <= 0
            over = over or all(self._is_hopeless(panel) for panel in self._panels)
            if settled or over:
                loop.quit()

        timer = QTimer()
        timer.timeout.connect(step)
        timer.start(STEP_MS)
        loop.exec()
        timer.stop()
        app.processEvents()
        self.drawn = any(panel.ready for panel in self._panels)
        if self.drawn and len(self._panels) > 1:
            self.lacking = [one for one in self._panels if self._lacks_key(one)]
        self._image = self._root.grab().toImage()
        return self._failure(wait_s)

    def write(self, file: BinaryIO) -> None:
        """Write the picture as PNG."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QImageWriter(buffer, QByteArray(b"PNG"))
        if not writer.write(self._image):
            raise OSError(writer.errorString())
        file.write(bytes(buffer.data().data()))

    def close(self) -> None:
        """End the feeds and let go of the widgets."""
        self._feed.stop()
        self._root.close()
        if self._desk is not None:
            self._desk.discard()
        else:
            self._root.deleteLater()

    def _status(self, panel: Panel) -> StreamStatus:
        primary = panel.primary()
        return StreamStatus() if primary is None else self._services.store.status(primary)

    def _is_hopeless(self, panel: Panel) -> bool:
        """Whether it failed and will not be asked again."""
        status = self._status(panel)
        return bool(status.problem) and status.next_ms is None

    def _is_done(self, panel: Panel) -> bool:
        if self._is_hopeless(panel):
            return True
        status = self._status(panel)
        filling = status.progress is not None and status.progress < 1.0
        # an invented market answers everything: what is drawn over a book belongs to its picture
        store = self._services.store
        whole = not panel.demo or all(store.revision(sub) > 0 for sub in panel.needs())
        return panel.ready and whole and not filling

    def _lacks_key(self, panel: Panel) -> bool:
        primary = panel.primary()
        found = None if primary is None else self._services.failures.get(primary)
        return not panel.ready and isinstance(found, KeyMissing)

    def _failure(self, wait_s: float) -> HeatDeskError | None:
        for panel in self._panels:
            if panel in self.lacking:
                continue
            status, primary = self._status(panel), panel.primary()
            found = self._services.failures.get(primary) if primary is not None else None
            if status.problem and found is not None:
                return found
            if status.needs_key:
                return KeyMissing(panel.provider_id, status.problem)
            if status.problem:
                return Unreachable(panel.provider_id, status.problem)
            if not panel.ready:
                sentence = f"{panel.title}: no data came within {wait_s:g} s."
                return Unreachable(panel.provider_id, sentence)
        return None

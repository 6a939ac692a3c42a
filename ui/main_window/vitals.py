"""How the desk itself is doing: how late its data is, how long it paints, what memory it holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from heatdesk.frames import DataState
from heatdesk.store.market import MarketStore
from heatdesk.units import Clock, grouped, shown_number
from ui.heatmap.frame_times import PAINTS, FrameTimes
from ui.panel import Panel
from ui.panel.heatmap import HeatmapPanel
from ui.process_memory import resident_bytes

EVERY_MS = 1_000
"""Pace at which they are taken; nothing is taken while the desk cannot be seen."""
KEPT = 120
"""Newest samples of a latency that its median is of."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What was measured; None where there is nothing to measure.

    Attributes
    ----------
    feed_ms : float or None
        Median of how late live data is on screen, from the venue's own time on.
    frame_ms, slow_frame_ms : float or None
        Median of a chart's paint, and what one in twenty exceeds.
    memory_bytes : int or None
        Memory of the process.
    skew_ms : float
        The largest difference between this computer's clock and a venue's; 0 where none is known.
    """

    feed_ms: float | None = None
    frame_ms: float | None = None
    slow_frame_ms: float | None = None
    memory_bytes: int | None = None
    skew_ms: float = 0.0


class VitalSigns:
    """Takes them once a second, from what panels know anyway.

    Parameters
    ----------
    paints : FrameTimes
        Paints of the charts.
    """

    def __init__(self, store: MarketStore, clock: Clock, paints: FrameTimes = PAINTS) -> None:
        self._store, self._clock, self._paints = store, clock, paints
        self._latencies_ms: deque[float] = deque(maxlen=KEPT)
        self._seen_paints = 0
        self._taken_ms = -EVERY_MS
        self._vitals = Vitals()

    def take(self, panels: Iterable[Panel]) -> Vitals:
        """Return the vitals of panels that can be seen; those of a moment ago where they are new.

        Parameters
        ----------
        panels : iterable of Panel
            The panels that can be seen.
        """
        now_ms = round(self._clock.monotonic_s() * 1000)
        if now_ms - self._taken_ms >= EVERY_MS:
            self._taken_ms = now_ms
            self._vitals = self._take(panels)
        return self._vitals

    def _take(self, panels: Iterable[Panel]) -> Vitals:
        skew_ms, live = 0.0, False
        now_ms = self._clock.now_ms()
        for panel in panels:
            primary = panel.primary()
            if primary is None:
                continue
            status = self._store.status(primary)
            if status.state(now_ms) is not DataState.LIVE:
                continue
            if abs(status.skew_ms) > abs(skew_ms):
                skew_ms = status.skew_ms
            if status.latency_ms is not None:
                live = True
                screen_ms = panel.latency.typical_ms if isinstance(panel, HeatmapPanel) else None
                self._latencies_ms.append(max(0.0, status.latency_ms) + (screen_ms or 0.0))
        if not live:
            self._latencies_ms.clear()  # what is shown is of now
        painted = self._paints.count != self._seen_paints
        self._seen_paints = self._paints.count
        return Vitals(
            median(self._latencies_ms) if self._latencies_ms else None,
            self._paints.typical_ms if painted else self._vitals.frame_ms,
            self._paints.slow_ms if painted else self._vitals.slow_frame_ms,
            resident_bytes(),
            skew_ms,
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the status bar.

    Attributes
    ----------
    words : str
        As it is written.
    explained : str
        Its tooltip.
    odd : bool
        Someone should look at it.
    """

    words: str
    explained: str
    odd: bool = False


def figures_of(vitals: Vitals) -> tuple[Figure, ...]:
    """Return what is known in words, the most important first."""
    found = []
    if vitals.skew_ms:
        way = "ahead of" if vitals.skew_ms > 0 else "behind"
        seconds = f"{grouped(abs(vitals.skew_ms) / 1000, 1)} s"
        told = f"This computer's clock is {seconds} {way} a venue's. Set it by a time server."
        found.append(Figure(shown_number(f"clock {vitals.skew_ms / 1000:+,.1f} s"), told, odd=True))
    if vitals.feed_ms is not None:
        told = (
            "Feed: how late live data is on screen, from the venue's own time on; the median of"
            " what the live panels tell."
        )
        found.append(Figure(f"feed {_ms(vitals.feed_ms)}", told))
    if vitals.frame_ms is not None:
        slow = (
            "" if vitals.slow_frame_ms is None else f" One in twenty: {_ms(vitals.slow_frame_ms)}."
        )
        told = f"Frame: how long a chart takes to paint, the median of the last paints.{slow}"
        found.append(Figure(f"frame {_ms(vitals.frame_ms)}", told))
    if vitals.memory_bytes is not None:
        found.append(Figure(f"{_mib(vitals.memory_bytes)} MiB", "Memory this process holds."))
    return tuple(found)


def _ms(value: float) -> str:
    if value >= 10_000:
        return f"{grouped(value / 1000)} s"
    return f"{grouped(value, 0 if value >= 10 else 1)} ms"


def _mib(size: int) -> str:
    """Mebibytes; large ones by tens, so that the figure holds still."""
    mib = size / (1 << 20)
    return grouped(round(mib, -1) if mib >= 1000 else mib)

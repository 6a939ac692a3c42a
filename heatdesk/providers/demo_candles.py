"""Candles of the demo market: minutes gathered into any interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatdesk.frames import CandleWindow
from heatdesk.providers.demo_noise import Floats, Ints
from heatdesk.providers.demo_price import Minutes, PricePath
from heatdesk.units import MINUTE_MS, floor_ms


@dataclass(frozen=True, slots=True)
class Bars:
    """Candles of one interval as plain columns, all (n,).

    The last one may still be forming: it holds what had happened by the moment asked.
    """

    time_ms: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume_base: Floats


def _gather(minutes: Minutes, starts: Ints, first: int) -> Bars:
    """Candles of runs of minutes that begin at ``starts``, counted from minute ``first``."""
    last = np.append(starts[1:], minutes.open.size) - 1
    volume: Floats = np.add.reduceat(minutes.volume_base, starts)
    return Bars(
        (starts + first) * MINUTE_MS,
        minutes.open[starts],
        np.maximum.reduceat(minutes.high, starts),
        np.minimum.reduceat(minutes.low, starts),
        minutes.close[last],
        np.round(volume, 3),
    )


def _joined(a: Minutes, b: Minutes) -> Minutes:
    return Minutes(
        a.first,
        np.concatenate([a.open, b.open]),
        np.concatenate([a.high, b.high]),
        np.concatenate([a.low, b.low]),
        np.concatenate([a.close, b.close]),
        np.concatenate([a.volume_base, b.volume_base]),
    )


def bars_of(
    path: PricePath, venue: str, interval_ms: int, from_ms: int, to_ms: int, now_ms: int
) -> Bars:
    """Candles of the buckets that start in ``[from_ms, to_ms)``, as known at ``now_ms``."""
    first_ms = floor_ms(from_ms + interval_ms - 1, interval_ms)
    stop_ms = min(floor_ms(to_ms - 1, interval_ms) + interval_ms, now_ms)
    if stop_ms <= first_ms:
        empty = np.empty(0)
        return Bars(np.empty(0, dtype=np.int64), empty, empty, empty, empty, empty)
    start, stop = first_ms // MINUTE_MS, stop_ms // MINUTE_MS
    parts = [path.minutes(start, stop, venue)] if stop > start else []
    if stop_ms % MINUTE_MS:
        parts.append(path.within(stop_ms, venue))
    minutes = parts[0] if len(parts) == 1 else _joined(*parts)
    width = interval_ms // MINUTE_MS
    starts = np.arange(0, minutes.open.size, width, dtype=np.int64)
    return _gather(minutes, starts, start)


def candle_window(
    path: PricePath, venue: str, interval_ms: int, from_ms: int, to_ms: int, now_ms: int
) -> CandleWindow:
    """Build the frame of `bars_of`."""
    bars = bars_of(path, venue, interval_ms, from_ms, to_ms, now_ms)
    return CandleWindow(
        from_ms,
        to_ms,
        interval_ms,
        bars.time_ms,
        bars.open.copy(),
        bars.high.copy(),
        bars.low.copy(),
        bars.close.copy(),
        bars.volume_base.copy(),
        min(now_ms, to_ms),
    )

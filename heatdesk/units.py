"""Time and numbers: the clock, intervals, durations, and how figures are written.

Inside HeatDesk the only time is ``time_ms``: UTC epoch milliseconds. This module is the
only one that reads the clock or sleeps.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

from heatdesk.errors import UsageError

SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000

INTERVALS_MS: dict[str, int] = {
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "1h": HOUR_MS,
    "4h": 4 * HOUR_MS,
    "1d": DAY_MS,
    "1w": 7 * DAY_MS,
}
"""Interval labels a user chooses from, with their width in milliseconds."""

FAST_INTERVALS_MS: dict[str, int] = {
    "100ms": 100,
    "200ms": 200,
    "500ms": 500,
    "1s": 1_000,
    "5s": 5_000,
    "15s": 15_000,
    "30s": 30_000,
}
"""Intervals that only live feeds can be shown in."""

_LARGEST_PLAIN, _SMALLEST_PLAIN = 1e16, 1e-12
_DURATION = re.compile(r"(\d+)(s|m|h|d|w)")
_DURATION_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

LOCAL_ZONE, UTC_ZONE = "local", "UTC"
NUMBER_FORMATS = ("1,234.5", "1.234,5", "1 234.5", "1 234,5", "1'234.5", "1234.5", "1234,5")
"""Ways to write figures on screen, by example."""
_IN_THREES = re.compile(r"\D*\d{1,3}(\.\d{3})+\D*")

MOMENT_S = 0.04
"""In which a desk draws what has just arrived."""


class Clock(Protocol):
    """Where time comes from; tests and the demo bring their own."""

    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        ...

    async def make_way(self) -> None:
        """Let other threads work for a moment; a clock that stands still only takes a turn."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(max(0.0, seconds))

    async def make_way(self) -> None:
        """Let other threads work for a moment."""
        await asyncio.sleep(MOMENT_S)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still: pictures drawn with it are always the same.

    Parameters
    ----------
    time_ms : int
        The moment it shows, UTC epoch milliseconds.
    """

    time_ms: int

    def now_ms(self) -> int:
        """Return the fixed moment."""
        return self.time_ms

    def monotonic_s(self) -> float:
        """Return the fixed moment in seconds."""
        return self.time_ms / 1_000

    async def sleep(self, seconds: float) -> None:
        """Never return for a positive wait: on this clock no time passes."""
        if seconds > 0:
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    async def make_way(self) -> None:
        """Take one turn of the loop."""
        await asyncio.sleep(0)


def interval_label(interval_ms: int) -> str:
    """Label of an interval (``60000 -> "1m"``)."""
    for label, width_ms in (*FAST_INTERVALS_MS.items(), *INTERVALS_MS.items()):
        if width_ms == interval_ms:
            return label
    return f"{interval_ms // 1000}s"


def parse_interval_ms(text: str) -> int:
    """Milliseconds of an interval label.

    Raises
    ------
    UsageError
        For anything but the labels of `FAST_INTERVALS_MS` and `INTERVALS_MS`.
    """
    known = {**FAST_INTERVALS_MS, **INTERVALS_MS}
    try:
        return known[text]
    except KeyError:
        choices = " ".join(known)
        raise UsageError(f"The interval {text!r} is unknown; use one of {choices}.") from None


def parse_duration_s(text: str) -> int:
    """Seconds of a duration such as ``90s``, ``60m``, ``24h``, ``7d``.

    Raises
    ------
    UsageError
        When the text is no such duration, or zero.
    """
    found = _DURATION.fullmatch(text.strip())
    seconds = int(found[1]) * _DURATION_S[found[2]] if found else 0
    if seconds <= 0:
        raise UsageError(f"The duration {text!r} is not understood; write 90s, 60m, 24h or 7d.")
    return seconds


def parse_iso_ms(text: str) -> int:
    """UTC epoch milliseconds of an ISO 8601 time; without a zone it is UTC.

    Raises
    ------
    UsageError
        When the text is no ISO time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"The time {text!r} is not understood; write it like 2026-04-13T12:00."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (moment - epoch) // timedelta(milliseconds=1)


def moment_of(time_ms: int, zone: tzinfo | None = UTC) -> datetime:
    """Datetime of a time for labels; ``zone=None`` means the computer's local zone."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    return moment.astimezone(zone)


def zone_named(name: str) -> tzinfo | None:
    """Zone for `moment_of` of ``local`` (None), ``UTC`` or an IANA name.

    Raises
    ------
    UsageError
        When no such zone is known on this computer.
    """
    if name == LOCAL_ZONE:
        return None
    if name == UTC_ZONE:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder, an absolute path, an unknown name
        raise UsageError(f"The time zone {name!r} is not known on this computer.") from None


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Every zone that can be named here; a computer without a list of zones has two."""
    places = sorted(name for name in available_timezones() if "/" in name)
    return (LOCAL_ZONE, UTC_ZONE, *(name for name in places if not name.startswith("Etc/")))


def iso_of(time_ms: int) -> str:
    """ISO text in UTC, to the second (``2026-04-13T12:00:00Z``)."""
    return moment_of(time_ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def floor_ms(time_ms: int, interval_ms: int) -> int:
    """Start of the bucket that holds a time (weeks start on Monday, 00:00 UTC)."""
    offset_ms = 4 * DAY_MS if interval_ms == INTERVALS_MS["1w"] else 0
    return (time_ms - offset_ms) // interval_ms * interval_ms + offset_ms


def day_start_ms(time_ms: int) -> int:
    """00:00 UTC of the day."""
    return time_ms // DAY_MS * DAY_MS


def month_start_ms(time_ms: int) -> int:
    """00:00 UTC of the first day of the month."""
    moment = moment_of(time_ms)
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(first.timestamp()) * 1000


_marks: dict[int, str] = {}
"""What a comma and a point of a plain figure become on screen."""


def use_number_format(name: str) -> None:
    """Choose how figures are written on screen, one of `NUMBER_FORMATS`."""
    body = name.removeprefix("1").removesuffix("5")
    group, point = body[:-4], body[-1]
    # a blank between digits must not break a line
    _marks.clear()
    if (group, point) != (",", "."):
        _marks.update({ord(","): group.replace(" ", "\u00a0"), ord("."): point})


@contextmanager
def plain_figures() -> Iterator[None]:
    """Write figures plainly (``1,234.5``) meanwhile: for what leaves the screen."""
    kept = dict(_marks)
    _marks.clear()
    try:
        yield
    finally:
        _marks.update(kept)


def shown_number(plain: str) -> str:
    """Write a plain figure (``1,234.5``) the way figures are written on screen."""
    return plain.translate(_marks) if _marks else plain


def grouped(value: float, decimals: int = 0) -> str:
    """A figure with its thousands set apart, as on screen."""
    return shown_number(f"{value:,.{decimals}f}")


def plain_number(typed: str) -> str:
    """Turn a figure typed the way they are on screen into one that `float` reads.

    Where points set thousands apart, one that does not is still a decimal point.
    """
    group, point = _marks.get(ord(","), ","), _marks.get(ord("."), ".")
    if group == "." and "," not in typed and not _IN_THREES.fullmatch(typed.strip()):
        return typed
    plain = typed.replace(group, "").replace(" " if group == "\u00a0" else group, "")
    return plain.replace(",", ".") if point == "," else plain


def format_compact(value: float, digits: int = 3) -> str:
    """A figure with K, M, B or T and about ``digits`` significant digits (``48.2M``).

    What would take more than a dozen zeros is written as ``1.00e-15``.
    """
    if not math.isfinite(value):
        return "-"
    size = abs(value)
    if size >= _LARGEST_PLAIN or 0 < size < _SMALLEST_PLAIN:
        return shown_number(f"{value:.{digits - 1}e}")
    for limit, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        # 999,960 must read 1.00M, not 1000K
        if size >= limit * (1 - 0.5 * 10.0**-digits):
            return _significant(value / limit, digits) + suffix
    return _significant(value, digits)


def format_usd(value: float, digits: int = 3) -> str:
    """Dollars, compact (``$48.2M``, ``-$1.20K``)."""
    if not math.isfinite(value):
        return "-"
    return ("-" if value < 0 else "") + "$" + format_compact(abs(value), digits)


def format_pct(value: float, digits: int = 1) -> str:
    """Percent points with a sign (``+1.8 %``), without one where nothing is left of them."""
    if not math.isfinite(value):
        return "-"
    sign = "+" if round(value, digits) else ""
    return shown_number(f"{round(value, digits) or 0.0:{sign}.{digits}f} %")


def price_decimals(tick_size: float) -> int:
    """Decimals that show every multiple of a tick size (``0.25 -> 2``, ``5 -> 0``)."""
    if not (math.isfinite(tick_size) and tick_size > 0):
        return 2
    for decimals in range(12):
        scaled = tick_size * 10**decimals
        if abs(scaled - round(scaled)) < 1e-6 * max(1.0, scaled) and round(scaled) >= 1:
            return decimals
    return 12


def format_price(value: float, tick_size: float) -> str:
    """A price at the precision of its tick size, thousands separated (``70,825``)."""
    return grouped(value, price_decimals(tick_size)) if math.isfinite(value) else "-"


def format_age(seconds: float) -> str:
    """An age in the shortest honest words (``8 s``, ``3 min``, ``2 h 05 min``, ``4 d``)."""
    total = max(0, int(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3_600:
        return f"{total // 60} min"
    if total < 86_400:
        return f"{total // 3_600} h {total % 3_600 // 60:02d} min"
    return f"{total // 86_400} d"


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    # rounding can carry into a new digit: 9.996 -> 10.0
    if rounded:
        decimals = digits - 1 - math.floor(math.log10(abs(rounded)))
    return shown_number(f"{rounded:.{max(decimals, 0)}f}")

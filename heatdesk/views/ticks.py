"""Where an axis is marked and what the marks say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS, format_compact, format_price, moment_of

_PRICE_DIGITS = 7
SECOND_MS = 1_000
TIME_STEPS_MS = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(1_000 * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE_MS * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR_MS * n for n in (1, 2, 3, 4, 6, 12)),
    *(DAY_MS * n for n in (1, 2, 4, 7, 14)),
)
"""Steps between labels of a time axis; all read well on a clock or a calendar."""
_MONTH_STEPS = ((1, 31), (2, 62), (3, 92), (6, 184), (12, 366), (24, 731), (60, 1_827))
"""Months of a longer step, and the most days they have."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark of an axis.

    Attributes
    ----------
    value : float
        Price, or UTC epoch milliseconds.
    label : str
    major : bool
        A new day on a time axis, a round price on a price axis: written brighter.
    """

    value: float
    label: str
    major: bool = False


def nice_step(smallest: float) -> float:
    """Smallest of 1, 2, 2.5, 5 times a power of ten that is not below a figure."""
    if not (math.isfinite(smallest) and smallest > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(smallest))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if factor * power >= smallest * (1 - 1e-9):
            return float(f"{factor * power:.12g}")
    return 10.0 * power


def price_ticks(
    p0: float, p1: float, height_px: float, tick_size: float, gap_px: float = 52.0
) -> list[Tick]:
    """Marks of a price axis.

    Parameters
    ----------
    p0, p1 : float
        Range in view, quote units.
    tick_size : float
        Price step of the instrument; no label shows a finer one.
    gap_px : float
        Least distance between two labels.
    """
    if not (p1 > p0 and height_px > 0):
        return []
    step = _price_step((p1 - p0) / height_px * gap_px, tick_size)
    first, last = math.ceil(p0 / step - 1e-9), math.floor(p1 / step + 1e-9)
    shown = tick_size if tick_size > 0 else step
    return [
        Tick(k * step, format_price(k * step, min(shown, step)), k % 5 == 0)
        for k in range(first, last + 1)
    ]


def _price_step(least: float, tick_size: float) -> float:
    """Nice step of whole ticks: 2.5 would be no price of an instrument that trades in units."""
    if not tick_size > 0:
        return nice_step(least)
    step = nice_step(max(least, tick_size))
    for _ in range(8):
        ticks = step / tick_size
        if abs(ticks - round(ticks)) <= 1e-6 * ticks:
            return step
        step = nice_step(step * (1 + 1e-6))
    return math.ceil(max(least, tick_size) / tick_size) * tick_size


def time_ticks(
    t0_ms: int, t1_ms: int, width_px: float, zone: tzinfo | None, gap_px: float = 84.0
) -> list[Tick]:
    """Marks of a time axis, on round times of the zone shown.

    A mark that starts a day there says the date, the first of a year the year.
    """
    if t1_ms <= t0_ms or width_px <= 0:
        return []
    least_ms = (t1_ms - t0_ms) / width_px * gap_px
    step_ms = next((step for step in TIME_STEPS_MS if step >= least_ms), 0)
    if not step_ms:
        long = (months for months, days in _MONTH_STEPS if days * DAY_MS >= least_ms)
        return _month_ticks(t0_ms, t1_ms, next(long, _MONTH_STEPS[-1][0]), zone)
    if step_ms >= DAY_MS:
        return _day_ticks(t0_ms, t1_ms, step_ms // DAY_MS, zone)
    ticks = []
    # a zone's offset may be 5:45 and may change within view: walk in steps of the local clock
    time_ms = t0_ms - _past_round(t0_ms, step_ms, zone)
    while time_ms <= t1_ms:
        if time_ms >= t0_ms:
            moment = moment_of(time_ms, zone)
            midnight = not (moment.hour or moment.minute or moment.second or moment.microsecond)
            label = _day_label(moment) if midnight else _clock(moment, step_ms)
            ticks.append(Tick(time_ms, label, midnight))
        time_ms = _next_round(time_ms, step_ms, zone)
    return ticks


def day_in_corner(ticks: list[Tick], t0_ms: int, zone: tzinfo | None) -> str:
    """Day to write at the left end of an axis whose labels name none; empty where one does."""
    named = any(tick.major or ":" not in tick.label for tick in ticks)
    return "" if named else _day_label(moment_of(t0_ms, zone))


def choose_labels(
    centres: list[float],
    widths: list[float],
    majors: list[bool],
    room: tuple[float, float],
    gap_px: float = 10.0,
) -> list[int]:
    """Which labels are written, ascending: those of days first, then what fits between.

    Parameters
    ----------
    centres, widths : list of float
        Where each label would be and how wide it is.
    room : (float, float)
        No label reaches beyond these.
    """
    chosen: list[int] = []
    for wanted in (True, False):
        for i, major in enumerate(majors):
            half = widths[i] / 2
            inside = room[0] <= centres[i] - half and centres[i] + half <= room[1]
            free = all(
                abs(centres[i] - centres[k]) >= half + widths[k] / 2 + gap_px for k in chosen
            )
            if major is wanted and inside and free:
                chosen.append(i)
    return sorted(chosen)


def day_lines_ms(t0_ms: int, t1_ms: int, most: int = 60) -> list[int]:
    """Every 00:00 UTC in a stretch of time; none when there would be more than ``most``."""
    first, last = -(-t0_ms // DAY_MS), t1_ms // DAY_MS
    return [] if last - first + 1 > most else [day * DAY_MS for day in range(first, last + 1)]


def zone_tag(time_ms: int, zone: tzinfo | None) -> str:
    """Name of a zone on the axis (``UTC``, ``UTC+2``, ``UTC+5:45``)."""
    offset = moment_of(time_ms, zone).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")


def moment_label(time_ms: int, interval_ms: int, zone: tzinfo | None) -> str:
    """Write a moment as precisely as its buckets are (``13 Apr 12:05``)."""
    moment = moment_of(time_ms, zone)
    if interval_ms >= DAY_MS:
        return f"{moment.day} {moment:%b %Y}"
    return f"{_day_label(moment)} {_clock(moment, interval_ms)}"


def clock_label(time_ms: int, interval_ms: int, zone: tzinfo | None) -> str:
    """Write the time of day of a moment, or its day where buckets are days."""
    moment = moment_of(time_ms, zone)
    return _day_label(moment) if interval_ms >= DAY_MS else _clock(moment, interval_ms)


def quantity_label(value: float, usd: bool = False) -> str:
    """Short figure for a legend (``0.5``, ``67``, ``$1.2M``)."""
    text = format_compact(value, 2 if value >= 1_000 else 3)
    if "." in text and text[-1].isdigit():
        text = text.rstrip("0").rstrip(".")
    return ("$" if usd else "") + text


def tick_of_prices(prices: NDArray[np.float64], finest: int = 8) -> float:
    """Coarsest power of ten, at most 1, that every price is a multiple of.

    No market quotes more than seven significant digits: prices that are averages or products
    do not make a label longer.

    Parameters
    ----------
    prices : (n,) float64
        Quote units; NaN is left out.
    finest : int
        Most decimals tried.
    """
    known = prices[np.isfinite(prices)]
    largest = float(np.abs(known).max(initial=0.0))
    if largest > 0:
        finest = min(max(_PRICE_DIGITS - 1 - math.floor(math.log10(largest)), 0), finest)
    for decimals in range(finest):
        scaled = known * 10**decimals
        if np.all(
            np.abs(scaled - np.rint(scaled)) <= 1e-6 * np.maximum(1.0, np.abs(scaled) * 1e-6)
        ):
            return float(10.0**-decimals)
    return float(10.0**-finest)


def is_one_tick(block_size: float, closes: NDArray[np.float64] | None) -> bool:
    """Whether levels of a height are single ticks, as far as closes or the height itself tell.

    Parameters
    ----------
    closes : (n,) float64 or None
        Traded prices, quote units; none known leaves it to whether the height is a power of ten.
    """
    known = closes[np.isfinite(closes)] if closes is not None else np.empty(0)
    prices = known[-200:] if known.size else np.array([block_size])
    return block_size <= tick_of_prices(prices) * (1 + 1e-9)


def _next_round(time_ms: int, step_ms: int, zone: tzinfo | None) -> int:
    """Next round time of the local clock, also where that is put forward or back on the way."""
    found_ms = time_ms + step_ms
    found_ms -= _past_round(found_ms, step_ms, zone)
    for _ in range(2):
        past_ms = _past_round(found_ms, step_ms, zone)
        if past_ms or found_ms <= time_ms:
            back = past_ms <= step_ms / 2 and found_ms - past_ms > time_ms
            found_ms += -past_ms if back else step_ms - past_ms
    return found_ms


def _past_round(time_ms: int, step_ms: int, zone: tzinfo | None) -> int:
    offset = moment_of(time_ms, zone).utcoffset() or timedelta()
    return (time_ms + round(offset.total_seconds() * 1000)) % step_ms


def _day_ticks(t0_ms: int, t1_ms: int, step_days: int, zone: tzinfo | None) -> list[Tick]:
    first = moment_of(t0_ms, zone).date()
    # from a Monday: whole weeks then begin as calendars have them
    number = (first.toordinal() - 1) // step_days * step_days + 1
    ticks: list[Tick] = []
    previous_year = 0
    while True:
        day = datetime.fromordinal(max(1, number))
        time_ms = _midnight_ms(day, zone)
        if time_ms > t1_ms:
            return ticks
        if time_ms >= t0_ms:
            new_year = bool(previous_year) and day.year != previous_year
            label = f"{day.day} {day:%b %Y}" if new_year else _day_label(day)
            ticks.append(Tick(time_ms, label, new_year or step_days == 1))
            previous_year = day.year
        number += step_days


def _month_ticks(t0_ms: int, t1_ms: int, step: int, zone: tzinfo | None) -> list[Tick]:
    """First days of months; January says its year."""
    first = moment_of(t0_ms, zone).date()
    number = (first.year * 12 + first.month - 1) // step * step
    ticks: list[Tick] = []
    while True:
        year, month = divmod(number, 12)
        if not 1 <= year <= 9_999:
            return ticks
        day = datetime(year, month + 1, 1)
        time_ms = _midnight_ms(day, zone)
        if time_ms > t1_ms:
            return ticks
        if time_ms >= t0_ms:
            label = _day_label(day) if month else f"{_day_label(day)} {year}"
            ticks.append(Tick(time_ms, label, not month))
        number += step


def _midnight_ms(day: datetime, zone: tzinfo | None) -> int:
    local = day.replace(tzinfo=zone) if zone is not None else day.astimezone()
    return round(local.astimezone(UTC).timestamp() * 1000)


def _clock(moment: datetime, step_ms: int) -> str:
    """Time of day, with as many digits as a step needs."""
    if step_ms >= MINUTE_MS:
        return f"{moment:%H:%M}"
    if step_ms >= SECOND_MS:
        return f"{moment:%H:%M:%S}"
    decimals = 1 if step_ms % 100 == 0 else 2 if step_ms % 10 == 0 else 3
    fraction = f"{moment.microsecond // 1000:03d}"[:decimals]
    return f"{moment:%H:%M:%S}.{fraction}"


def _day_label(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"

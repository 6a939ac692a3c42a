from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import numpy as np
import pytest

from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_of, parse_iso_ms
from heatdesk.views.stacking import spread_labels
from heatdesk.views.ticks import (
    choose_labels,
    clock_label,
    day_in_corner,
    day_lines_ms,
    is_one_tick,
    moment_label,
    nice_step,
    price_ticks,
    tick_of_prices,
    time_ticks,
    zone_tag,
)

NOON = parse_iso_ms("2026-04-13T12:00")
KATHMANDU = timezone(timedelta(hours=5, minutes=45))


@pytest.mark.parametrize(
    ("least", "step"), [(0.9, 1.0), (1.1, 2.0), (2.2, 2.5), (26, 50.0), (0.0003, 0.0005)]
)
def test_a_step_is_one_two_two_and_a_half_or_five(least: float, step: float) -> None:
    assert nice_step(least) == pytest.approx(step)


def test_price_labels_have_the_precision_of_the_instrument() -> None:
    ticks = price_ticks(70_000, 70_400, 400, 0.1)
    assert [tick.label for tick in ticks] == [f"{p:,.1f}" for p in range(70_000, 70_401, 100)]


def test_price_labels_keep_their_distance() -> None:
    for height in (80, 300, 2000):
        values = [tick.value for tick in price_ticks(1.0, 1.5, height, 0.0001)]
        gaps = np.diff(values) / 0.5 * height
        assert gaps.min() >= 51.9


def test_no_price_label_is_finer_than_a_tick() -> None:
    values = [tick.value for tick in price_ticks(100, 103, 4000, 1.0)]
    assert values == [100.0, 101.0, 102.0, 103.0]


@pytest.mark.parametrize("span_ms", [60_000, 3 * HOUR_MS, DAY_MS, 30 * DAY_MS, 900 * DAY_MS])
def test_time_labels_never_overlap_and_are_never_too_few(span_ms: int) -> None:
    ticks = time_ticks(NOON - span_ms, NOON, 900, UTC)
    assert 3 <= len(ticks) <= 11
    gaps = np.diff([tick.value for tick in ticks]) / span_ms * 900
    assert gaps.min() > 60


def test_times_are_round_in_the_zone_that_is_shown() -> None:
    labels = [t.label for t in time_ticks(NOON, NOON + 3 * HOUR_MS, 900, KATHMANDU)]
    assert "18:00" in labels
    assert all(label.endswith(("00", "20", "30", "40", "15", "45")) for label in labels)


def test_midnight_in_the_zone_says_the_date() -> None:
    ticks = time_ticks(NOON, NOON + DAY_MS, 900, UTC)
    assert [tick.label for tick in ticks if tick.major] == ["14 Apr"]


def test_a_new_year_says_the_year() -> None:
    start = parse_iso_ms("2025-12-01")
    labels = [t.label for t in time_ticks(start, start + 60 * DAY_MS, 900, UTC)]
    assert any(label.endswith("2026") for label in labels)


def test_day_lines_stand_at_midnight_utc() -> None:
    lines = day_lines_ms(NOON, NOON + 2 * DAY_MS)
    assert [line % DAY_MS for line in lines] == [0, 0]
    assert day_lines_ms(0, 365 * DAY_MS) == []


def test_the_zone_has_a_tag() -> None:
    assert zone_tag(NOON, UTC) == "UTC"
    assert zone_tag(NOON, timezone(timedelta(hours=2))) == "UTC+2"
    assert zone_tag(NOON, timezone(timedelta(hours=-3, minutes=-30))) == "UTC-3:30"
    assert zone_tag(NOON, KATHMANDU) == "UTC+5:45"


def test_the_tick_is_read_from_prices() -> None:
    assert tick_of_prices(np.array([70_825.1, 70_830.0])) == pytest.approx(0.1)
    assert tick_of_prices(np.array([3.0, 4.0, np.nan])) == 1.0
    assert tick_of_prices(np.array([0.12345])) == pytest.approx(1e-5)
    assert tick_of_prices(np.array([60_971.167191, 60_940.3])) == pytest.approx(0.01)
    assert tick_of_prices(np.array([9_876_543.21])) == 1.0


def test_labels_are_moved_apart_and_stay_in_order() -> None:
    placed = spread_labels([100.0, 104.0, 98.0, 300.0], 20, 0, 400)
    assert placed[3] == 300.0
    pile = sorted(placed[:3])
    assert np.diff(pile).tolist() == [20.0, 20.0]
    assert placed[2] < placed[0] < placed[1]
    assert np.mean(pile) == pytest.approx(np.mean([100, 104, 98]))


def test_labels_stay_in_the_room_there_is() -> None:
    placed = spread_labels([-50.0, -40.0, 500.0], 20, 0, 200)
    assert min(placed) == 10.0
    assert max(placed) == 190.0


def test_a_minute_axis_labels_whole_minutes() -> None:
    ticks = time_ticks(NOON, NOON + 5 * MINUTE_MS, 900, UTC)
    assert {tick.value % (30 * 1000) for tick in ticks} == {0}


class SummerTime(tzinfo):
    """Berlin around the night of 29 March 2026, when its clocks go from 2 to 3."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        late = when is None or when.replace(tzinfo=None) >= datetime(2026, 3, 29, 3)
        return timedelta(hours=2 if late else 1)

    def fromutc(self, when: datetime) -> datetime:
        late = when.replace(tzinfo=None) >= datetime(2026, 3, 29, 1)
        return when + timedelta(hours=2 if late else 1)

    def dst(self, when: datetime | None) -> timedelta:
        return timedelta(0)


BERLIN = SummerTime()
CLOCK_CHANGE = parse_iso_ms("2026-03-29T01:00")
SPANS_S = [0.5 * 1.19**k for k in range(120) if 0.5 * 1.19**k < 400 * 86_400]
CHARACTER_PX = 7.0


@pytest.mark.parametrize("zone", [UTC, KATHMANDU, BERLIN], ids=["utc", "kathmandu", "berlin"])
@pytest.mark.parametrize("width", [240.0, 900.0, 1_800.0, 3_700.0])
def test_at_every_zoom_labels_are_enough_in_order_apart_and_true(
    width: float, zone: tzinfo
) -> None:
    for span_s in SPANS_S:
        for end_ms in (NOON + 12_345, CLOCK_CHANGE + round(span_s * 400), NOON + 12 * HOUR_MS):
            start_ms = end_ms - round(span_s * 1000)
            ticks = time_ticks(start_ms, end_ms, width, zone)
            centres = [(tick.value - start_ms) / (end_ms - start_ms) * width for tick in ticks]
            widths = [len(tick.label) * CHARACTER_PX for tick in ticks]
            shown = choose_labels(
                centres, widths, [tick.major for tick in ticks], (0.0, width), 8.0
            )
            assert len(shown) >= (2 if width > 800 else 1), (span_s, width)
            assert len(shown) <= width / 60
            assert [tick.value for tick in ticks] == sorted({tick.value for tick in ticks})
            for i, k in itertools.pairwise(shown):
                assert centres[k] - centres[i] >= (widths[i] + widths[k]) / 2 + 8.0
            for tick in ticks:
                moment = moment_of(round(tick.value), zone)
                day = f"{moment.day} {moment:%b}"
                clock = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
                assert tick.label.startswith(day) or clock.startswith(tick.label)


def test_a_new_day_is_written_even_where_times_crowd_it_out() -> None:
    centres, widths = [0.0, 30.0, 60.0, 90.0], [40.0, 40.0, 40.0, 40.0]
    assert choose_labels(centres, widths, [False, True, False, False], (-30, 200)) == [1, 3]
    assert choose_labels(centres, widths, [False] * 4, (-30, 200)) == [0, 2]
    assert choose_labels(centres, widths, [False] * 4, (25, 200)) == [2]


def test_a_day_stands_in_the_corner_unless_a_label_names_one() -> None:
    hour = time_ticks(NOON, NOON + HOUR_MS, 900, UTC)
    assert day_in_corner(hour, NOON, UTC) == "13 Apr"
    day = time_ticks(NOON, NOON + DAY_MS, 900, UTC)
    assert day_in_corner(day, NOON, UTC) == ""
    month = time_ticks(NOON, NOON + 60 * DAY_MS, 900, UTC)
    assert day_in_corner(month, NOON, UTC) == ""


def test_moments_are_as_precise_as_their_buckets() -> None:
    assert moment_label(NOON + 1_250, 100, UTC) == "13 Apr 12:00:01.2"
    assert moment_label(NOON + 1_250, 250, UTC) == "13 Apr 12:00:01.25"
    assert moment_label(NOON + 1_250, 1_000, UTC) == "13 Apr 12:00:01"
    assert clock_label(NOON + 1_200, 100, UTC) == "12:00:01.2"
    assert clock_label(NOON, MINUTE_MS, UTC) == "12:00"
    assert clock_label(NOON, DAY_MS, UTC) == "13 Apr"


def test_tenths_of_a_second_have_labels_of_their_own() -> None:
    labels = [tick.label for tick in time_ticks(NOON, NOON + 1_000, 900, UTC)]
    assert "12:00:00.5" in labels
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("tick", [0.1, 0.25, 0.5, 1.0, 5.0, 0.00001])
def test_every_price_label_is_a_price_of_the_instrument(tick: float) -> None:
    for span in (8, 20, 33, 90, 1_000, 12_345):
        p0 = 20_000 * tick
        ticks = price_ticks(p0, p0 + span * tick, 600, tick)
        for mark in ticks:
            assert mark.value / tick == pytest.approx(round(mark.value / tick), abs=1e-4)
            assert float(mark.label.replace(",", "")) == pytest.approx(mark.value, abs=tick / 100)


def test_a_level_is_one_tick_high_as_far_as_prices_tell() -> None:
    closes = np.array([60_000.1, 60_000.2, np.nan])
    assert is_one_tick(0.1, closes)
    assert not is_one_tick(5.0, closes)
    assert is_one_tick(0.1, None)
    assert not is_one_tick(5.0, None)


class WinterTime(tzinfo):
    """Berlin around the night of 25 October 2026, when its clocks go from 3 back to 2."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        plain = datetime(2027, 1, 1) if when is None else when.replace(tzinfo=None)
        early = plain < datetime(2026, 10, 25, 3 if when is None or when.fold == 0 else 2)
        return timedelta(hours=2 if early else 1)

    def fromutc(self, when: datetime) -> datetime:
        plain = when.replace(tzinfo=None)
        late = plain >= datetime(2026, 10, 25, 1)
        again = late and plain < datetime(2026, 10, 25, 2)
        return (when + timedelta(hours=1 if late else 2)).replace(fold=int(again))

    def dst(self, when: datetime | None) -> timedelta:
        return timedelta(0)


def test_labels_stay_round_where_the_clocks_go_back() -> None:
    change_ms = parse_iso_ms("2026-10-25T01:00")
    day = time_ticks(change_ms - 12 * HOUR_MS, change_ms + 12 * HOUR_MS, 900, WinterTime())
    assert [tick.label for tick in day] == (
        ["15:00", "18:00", "21:00", "25 Oct", "03:00", "06:00", "09:00", "12:00"]
    )
    hours = time_ticks(change_ms - 2 * HOUR_MS, change_ms + 2 * HOUR_MS, 600, WinterTime())
    labels = [tick.label for tick in hours]
    assert labels == ["01:00", "02:00", "02:00", "03:00", "04:00"], "that hour comes twice"


@pytest.mark.parametrize("zone", [UTC, KATHMANDU])
@pytest.mark.parametrize("years", [0.6, 1, 3, 9, 40])
def test_long_stretches_are_marked_at_the_first_of_months_and_at_new_year(
    zone: tzinfo, years: float
) -> None:
    ticks = time_ticks(NOON - round(years * 365 * DAY_MS), NOON, 900, zone)
    moments = [moment_of(int(tick.value), zone) for tick in ticks]
    assert 3 <= len(ticks) <= 900 / 84 + 1
    assert all((m.day, m.hour, m.minute) == (1, 0, 0) for m in moments)
    for tick, moment in zip(ticks, moments, strict=True):
        assert tick.major == (moment.month == 1)
        assert tick.label == (f"1 Jan {moment.year}" if moment.month == 1 else f"1 {moment:%b}")


def test_weeks_begin_on_a_monday() -> None:
    ticks = time_ticks(NOON - 60 * DAY_MS, NOON, 900, UTC)
    moments = [moment_of(int(tick.value), UTC) for tick in ticks]
    assert {b - a for a, b in itertools.pairwise(moments)} == {timedelta(days=7)}
    assert all(m.weekday() == 0 for m in moments)

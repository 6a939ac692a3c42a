from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from heatdesk import units
from heatdesk.errors import UsageError
from heatdesk.units import (
    DAY_MS,
    HOUR_MS,
    INTERVALS_MS,
    FixedClock,
    SystemClock,
    day_start_ms,
    floor_ms,
    format_age,
    format_compact,
    format_pct,
    format_price,
    format_usd,
    interval_label,
    iso_of,
    moment_of,
    month_start_ms,
    parse_duration_s,
    parse_interval_ms,
    parse_iso_ms,
    price_decimals,
)

NOON_MS = int(datetime(2026, 4, 13, 12, 30, 15, tzinfo=UTC).timestamp()) * 1000


def test_every_interval_label_reads_back_as_itself() -> None:
    for label, interval_ms in INTERVALS_MS.items():
        assert parse_interval_ms(label) == interval_ms
        assert interval_label(interval_ms) == label


@pytest.mark.parametrize("text", ["", "2m", "1M", "60", "1 m", "minute"])
def test_an_unknown_interval_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="1m 5m 15m 1h 4h 1d 1w"):
        parse_interval_ms(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("60m", 3600), ("24h", 86400), ("7d", 604800), ("1w", 604800)],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "-5m", "1.5h", "h", "10", "5 m", "1h30m"])
def test_what_is_no_duration_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration_s(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-13T12:30:15",
        "2026-04-13T12:30:15Z",
        "2026-04-13T14:30:15+02:00",
        " 2026-04-13 12:30:15 ",
    ],
)
def test_a_time_without_zone_is_utc(text: str) -> None:
    assert parse_iso_ms(text) == NOON_MS


def test_times_read_back_as_written() -> None:
    assert iso_of(NOON_MS) == "2026-04-13T12:30:15Z"
    assert parse_iso_ms(iso_of(NOON_MS)) == NOON_MS
    assert moment_of(NOON_MS, timezone(timedelta(hours=2))).hour == 14


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1780000000"])
def test_what_is_no_time_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_iso_ms(text)


def test_weeks_begin_on_monday_and_days_and_months_at_midnight_utc() -> None:
    week_ms = floor_ms(NOON_MS, INTERVALS_MS["1w"])
    assert moment_of(week_ms).weekday() == 0
    assert 0 <= NOON_MS - week_ms < 7 * DAY_MS
    assert floor_ms(week_ms, INTERVALS_MS["1w"]) == week_ms
    assert floor_ms(week_ms - 1, INTERVALS_MS["1w"]) == week_ms - 7 * DAY_MS
    assert floor_ms(NOON_MS, HOUR_MS) == parse_iso_ms("2026-04-13T12:00")
    assert day_start_ms(NOON_MS) == parse_iso_ms("2026-04-13")
    assert month_start_ms(NOON_MS) == parse_iso_ms("2026-04-01")
    assert month_start_ms(parse_iso_ms("2026-12-31T23:59:59")) == parse_iso_ms("2026-12-01")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (48_210_000, "48.2M"),
        (999.96, "1.00K"),
        (999_960, "1.00M"),
        (0, "0"),
        (9.996, "10.0"),
        (-1234, "-1.23K"),
        (3.2e12, "3.20T"),
        (4.9e-7, "0.000000490"),
        (1.234e-15, "1.23e-15"),
        (-2e300, "-2.00e+300"),
        (math.nan, "-"),
        (math.inf, "-"),
    ],
)
def test_figures_keep_three_digits_and_carry_into_the_next_unit(value: float, text: str) -> None:
    assert format_compact(value) == text


def test_dollars_and_percent_carry_their_sign() -> None:
    assert format_usd(-1200) == "-$1.20K"
    assert format_pct(1.84) == "+1.8 %"
    assert format_pct(-0.06) == "-0.1 %"
    assert format_pct(-0.04) == format_pct(0.04) == format_pct(0.0) == "0.0 %"
    assert format_usd(math.nan) == format_pct(math.nan) == "-"


@pytest.mark.parametrize(
    ("tick_size", "decimals"), [(5, 0), (1, 0), (0.5, 1), (0.25, 2), (1e-5, 5), (0, 2), (-1, 2)]
)
def test_prices_show_every_multiple_of_the_tick(tick_size: float, decimals: int) -> None:
    assert price_decimals(tick_size) == decimals


def test_prices_are_written_with_thousands_separated() -> None:
    assert format_price(70825, 5) == "70,825"
    assert format_price(0.12345, 1e-5) == "0.12345"
    assert format_price(math.nan, 1) == "-"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (59.9, "59 s"), (61, "1 min"), (7500, "2 h 05 min"), (4 * 86400, "4 d")],
)
def test_ages_use_the_shortest_honest_words(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


def test_on_a_fixed_clock_no_time_passes() -> None:
    clock = FixedClock(NOON_MS)

    async def work() -> None:
        await clock.sleep(0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(clock.sleep(0.001), 0.01)

    asyncio.run(work())
    assert (clock.now_ms(), clock.monotonic_s()) == (NOON_MS, NOON_MS / 1000)


def test_the_system_clock_moves_forward_and_a_negative_wait_is_none() -> None:
    clock = SystemClock()
    before_ms, before_s = clock.now_ms(), clock.monotonic_s()
    asyncio.run(clock.sleep(-5))
    assert clock.now_ms() >= before_ms > NOON_MS - 365 * DAY_MS
    assert clock.monotonic_s() >= before_s


@pytest.fixture
def numbers() -> Iterator[Callable[[str], None]]:
    """Choose a way to write figures; the plain one afterwards."""
    yield units.use_number_format
    units.use_number_format(units.NUMBER_FORMATS[0])


@pytest.mark.parametrize(
    ("name", "price", "size", "change"),
    [
        ("1,234.5", "70,825.50", "$1.25M", "+1.8 %"),
        ("1.234,5", "70.825,50", "$1,25M", "+1,8 %"),
        ("1 234.5", "70\u00a0825.50", "$1.25M", "+1.8 %"),
        ("1 234,5", "70\u00a0825,50", "$1,25M", "+1,8 %"),
        ("1'234.5", "70'825.50", "$1.25M", "+1.8 %"),
        ("1234.5", "70825.50", "$1.25M", "+1.8 %"),
        ("1234,5", "70825,50", "$1,25M", "+1,8 %"),
    ],
)
def test_every_figure_follows_the_chosen_number_format(
    numbers: Callable[[str], None], name: str, price: str, size: str, change: str
) -> None:
    numbers(name)
    assert units.format_price(70825.5, 0.25) == price == units.grouped(70825.5, 2)
    assert units.format_usd(1_250_000) == size
    assert units.format_pct(1.8) == change


@pytest.mark.parametrize("name", units.NUMBER_FORMATS)
@pytest.mark.parametrize("value", [0.5, 12.25, 999.0, 1234.5, 70825.25, 1234567.0])
def test_a_figure_typed_as_it_is_shown_is_read_back(
    numbers: Callable[[str], None], name: str, value: float
) -> None:
    numbers(name)
    decimals = 0 if value == int(value) else 2
    assert float(units.plain_number(units.grouped(value, decimals))) == value


def test_a_decimal_point_typed_out_of_habit_stays_one(numbers: Callable[[str], None]) -> None:
    numbers("1.234,5")
    assert units.plain_number("$1.5M") == "$1.5M"
    assert units.plain_number("$1,5M") == "$1.5M"
    assert units.plain_number("1.500") == "1500"


def test_zones_are_local_utc_and_every_named_place() -> None:
    assert units.zone_named("local") is None
    assert units.zone_named("UTC") is UTC
    tokyo = units.zone_named("Asia/Tokyo")
    assert units.moment_of(0, tokyo).hour == 9
    assert {"local", "UTC", "Asia/Tokyo", "Europe/Berlin"} <= set(units.zone_names())


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../etc", "/etc/passwd", "Europe"])
def test_a_zone_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        units.zone_named(name)

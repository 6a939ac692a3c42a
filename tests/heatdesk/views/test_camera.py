from __future__ import annotations

import math

import pytest

from heatdesk.views.camera import Camera, home_price_span
from heatdesk.views.viewport import ChartWindow

NEWEST = 1_776_000_000.0


def camera() -> Camera:
    made = Camera(3 * 3600.0)
    made.resize(1000, 500)
    made.observe(NEWEST, 70_000.0, 1_400.0)
    return made


def test_a_fresh_chart_shows_the_last_three_hours_around_the_price() -> None:
    window = camera().window
    assert window.span_s == 3 * 3600
    assert window.x_of(NEWEST) == pytest.approx(870)
    assert (window.p0, window.p1) == (69_300.0, 70_700.0)


@pytest.mark.parametrize("x", [0.0, 333.0, 999.0])
def test_zooming_time_keeps_the_moment_under_the_cursor(x: float) -> None:
    view = camera()
    before = view.window.time_at(x)
    view.zoom_time(0.84, x)
    assert view.window.time_at(x) == pytest.approx(before, abs=1e-5)
    assert view.window.span_s == pytest.approx(0.84 * 3 * 3600)


def test_zooming_price_keeps_the_price_under_the_cursor() -> None:
    view = camera()
    before = view.window.price_at(120)
    view.zoom_price(2.0, 120)
    assert view.window.price_at(120) == pytest.approx(before)


def test_fresh_columns_move_a_following_view_and_no_other() -> None:
    view = camera()
    view.observe(NEWEST + 60, 70_000.0, 1_400.0)
    assert view.window.x_of(NEWEST + 60) == pytest.approx(870, abs=0.5)
    view.pan(200, 0)
    held = view.window
    view.observe(NEWEST + 120, 70_000.0, 1_400.0)
    assert not view.follows
    assert view.window == held


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_fresh_columns_move_the_picture_by_whole_device_pixels(ratio: float) -> None:
    view = Camera(977.0)
    view.resize(1013, 500, 0.13, ratio)
    view.observe(NEWEST, 70_000.0, 1_400.0)
    fresh = view.window
    for k in range(1, 400):
        before = view.window
        newest_s = NEWEST + 0.7 * k
        view.observe(newest_s, 70_000.0, 1_400.0)
        moved = (view.window.t0_s - before.t0_s) / fresh.s_per_px * ratio
        assert moved == pytest.approx(round(moved), abs=1e-3)
        # and what is rounded off never adds up
        home = fresh.x_of(NEWEST)
        assert view.window.x_of(newest_s) == pytest.approx(home, abs=0.51 / ratio)
        assert view.window.span_s == pytest.approx(fresh.span_s, abs=1e-5)


def test_going_live_brings_the_newest_column_back() -> None:
    view = camera()
    view.pan(5_000, 0)
    view.go_live()
    assert view.follows
    assert view.window.x_of(NEWEST) == pytest.approx(870)


def test_nothing_moves_under_a_dragging_hand() -> None:
    view = camera()
    view.held = True
    before = view.window
    view.observe(NEWEST + 600, 75_000.0, 1_400.0)
    assert view.window == before


def test_zooming_until_the_newest_column_is_out_of_view_stops_following() -> None:
    view = camera()
    for _ in range(3):
        view.zoom_time(0.84, 100)
    assert not view.follows


def test_zooming_at_the_newest_column_goes_on_following_without_a_jump() -> None:
    view = camera()
    view.zoom_time(0.5, 870)
    before = view.window.x_of(NEWEST)
    view.observe(NEWEST + 60, 70_000.0, 1_400.0)
    assert view.follows
    assert view.window.x_of(NEWEST + 60) == pytest.approx(before, abs=0.5)


def test_the_view_recentres_when_the_price_leaves_its_middle() -> None:
    view = camera()
    view.observe(NEWEST + 60, 70_300.0, 1_400.0)
    assert view.window.p0 == 69_300.0
    view.observe(NEWEST + 120, 70_650.0, 1_400.0)
    assert (view.window.p0 + view.window.p1) / 2 == 70_650.0


def test_a_price_range_set_by_hand_stays() -> None:
    view = camera()
    view.pan(0, 50)
    before = (view.window.p0, view.window.p1)
    view.observe(NEWEST + 60, 75_000.0, 1_400.0)
    assert (view.window.p0, view.window.p1) == before


def test_a_reset_shows_what_a_fresh_chart_shows() -> None:
    view = camera()
    fresh = view.window
    view.pan(700, 90)
    view.zoom_time(3.0, 200)
    view.zoom_price(0.2, 30)
    view.reset()
    assert view.follows
    assert view.window.t0_s == pytest.approx(fresh.t0_s)
    assert (view.window.p0, view.window.p1) == (fresh.p0, fresh.p1)


def test_without_a_price_the_view_waits_for_one() -> None:
    view = Camera()
    view.observe(NEWEST, math.nan, math.nan)
    assert not view.placed
    view.observe(NEWEST, 100.0, 2.0)
    assert view.placed
    assert (view.window.p0, view.window.p1) == (99.0, 101.0)


def test_the_first_view_shows_no_more_than_the_book_holds() -> None:
    assert home_price_span(70_000, 60_000, 80_000) == 1_400
    assert home_price_span(70_000, 69_900, 70_300) == 200
    assert math.isnan(home_price_span(math.nan, 1, 2))
    assert home_price_span(70_000, 69_900, 70_300, traded=1_000) == 2_100


def test_a_fresh_price_range_grows_while_the_history_comes_and_then_stays() -> None:
    view = Camera(3 * 3600.0)
    view.resize(1000, 600)
    view.observe(NEWEST, 70_000.0, 1_400.0, settling=True)
    view.observe(NEWEST, 70_000.0, 30_000.0, settling=True)
    assert (view.window.p0, view.window.p1) == (55_000.0, 85_000.0)
    view.observe(NEWEST + 60, 70_000.0, 60_000.0)
    assert (view.window.p0, view.window.p1) == (55_000.0, 85_000.0)


def test_a_price_range_set_by_hand_stays_while_the_history_comes() -> None:
    view = Camera(3 * 3600.0)
    view.resize(1000, 600)
    view.observe(NEWEST, 70_000.0, 1_400.0, settling=True)
    view.zoom_price(0.5, 300)
    before = view.window
    view.observe(NEWEST, 70_000.0, 30_000.0, settling=True)
    assert view.window == before


def test_zooming_out_ends_at_a_price_of_nothing() -> None:
    window = ChartWindow(0.0, 100.0, 90.0, 110.0, 100.0, 100.0)
    for _ in range(60):
        window = window.zoomed_price(1.3, 104.0)
    assert window.p0 == pytest.approx(0.0, abs=1e-6)
    assert window.y_of(104.0) == pytest.approx(30.0)

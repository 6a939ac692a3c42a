"""Scales, range and marks of the market map."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from heatdesk.frames.market import TIMEFRAMES
from heatdesk.views.dot_axes import (
    DotView,
    Scale,
    card_corner,
    change_position,
    dot_radii_px,
    edge_place,
    fit_view,
    marks,
    x_scale,
    y_scale,
)


@pytest.mark.parametrize("scale", [x_scale(True), x_scale(False), *map(y_scale, TIMEFRAMES)])
def test_a_scale_and_its_inverse_agree(scale: Scale) -> None:
    for value in (0.001, 0.5, 1.0, 7.0, 4200.0):
        assert scale.value(scale.place_one(value)) == pytest.approx(value)
    if scale.kind != "log":
        assert scale.value(scale.place_one(-42.0)) == pytest.approx(-42.0)


def test_the_change_axis_is_even_near_zero_and_compressed_far_out() -> None:
    scale = y_scale("24h")
    near = scale.place_one(1.0) - scale.place_one(0.0)
    next_to_it = scale.place_one(2.0) - scale.place_one(1.0)
    assert next_to_it == pytest.approx(near, rel=0.1)
    assert scale.place_one(1000.0) < 10 * scale.place_one(5.0)
    assert scale.place_one(-3.0) == -scale.place_one(3.0)


def test_what_a_log_axis_cannot_show_has_no_place() -> None:
    assert np.isnan(x_scale(True).place(np.array([0.0, -1.0]))).all()


@pytest.mark.parametrize(
    ("scale", "low", "high"),
    [
        (x_scale(True), 0.3, 12.0),
        (x_scale(True), 0.97, 1.04),
        (x_scale(False), 0.0, 8.0),
        (y_scale("24h"), -12.0, 30.0),
        (y_scale("24h"), 1.2, 1.9),
        (y_scale("3y"), -99.0, 50_000.0),
        (y_scale("3y"), -99.0, -97.0),
    ],
)
def test_marks_are_round_ascending_apart_and_in_view(scale: Scale, low: float, high: float) -> None:
    places = scale.place_one(low), scale.place_one(high)
    found = marks(scale, *places, 300.0, 30.0)
    assert 3 <= len(found) <= 11
    assert all(low <= value <= high for value in found)
    px = [scale.place_one(value) * 300.0 / (places[1] - places[0]) for value in found]
    assert all(b - a >= 30.0 - 1e-6 for a, b in itertools.pairwise(px))
    assert all(value == float(f"{value:.3g}") for value in found), "three digits at most"
    if low < 0 < high:
        assert 0.0 in found


def test_nothing_is_marked_where_there_is_no_room() -> None:
    assert marks(x_scale(True), 0.0, 0.0, 300.0, 30.0) == []
    assert marks(x_scale(True), 0.0, 1.0, 0.0, 30.0) == []


def test_the_fit_keeps_the_reference_lines_and_lets_one_absurd_dot_go() -> None:
    x = np.linspace(0.2, 0.4, 40)
    y = np.append(np.linspace(1.0, 2.0, 39), 90.0)
    view = fit_view(x, y, 0.0, 0.0)
    assert view.x0 < 0.0 < 0.4 < view.x1
    assert view.y0 < 0.0
    assert 2.0 < view.y1 < 3.0
    nothing = fit_view(np.array([]), np.array([]), 0.0, 0.0)
    assert nothing.x0 < 0.0 < nothing.x1


def test_a_view_serves_until_dots_leave_it_or_shrink_into_a_corner() -> None:
    view = DotView(0, 10, 0, 10)
    assert view.serves(view)
    assert view.serves(DotView(0.5, 9.5, 0.5, 9.5))
    assert not view.serves(DotView(0, 12, 0, 10))
    assert not view.serves(DotView(4, 6, 4, 6))


def test_the_area_of_a_dot_goes_with_its_share_down_to_a_visible_one() -> None:
    radii = dot_radii_px(np.array([1.0, 0.25, 1e-9]), 700.0, 300.0)
    assert radii[0] ** 2 == pytest.approx(4 * radii[1] ** 2)
    assert radii[2] >= 2.5


def test_colour_is_neutral_at_no_change_and_even_both_ways() -> None:
    for timeframe in TIMEFRAMES:
        assert change_position(0.0, timeframe) == 0.5
        up, down = change_position(3.0, timeframe), change_position(-3.0, timeframe)
        assert up > 0.5
        assert up - 0.5 == pytest.approx(0.5 - down)
        assert change_position(1e9, timeframe) == 1.0
        assert change_position(-100.0, timeframe) >= 0.0


def test_a_dot_outside_is_marked_at_the_edge_it_left_by() -> None:
    assert edge_place(50, 50, 0, 0, 100, 100, 8) is None
    assert edge_place(500, 50, 0, 0, 100, 100, 8) == (92, 50, 0.0)
    assert edge_place(50, -9, 0, 0, 100, 100, 8) == (50, 8, -90.0)
    assert edge_place(-5, 300, 0, 0, 100, 100, 8) == (8, 92, 135.0)


def test_the_card_leaves_its_dot_uncovered() -> None:
    area, size = (0.0, 0.0, 700.0, 300.0), (170.0, 180.0)
    for x in range(0, 701, 50):
        for y in range(0, 301, 50):
            left, top = card_corner((float(x), float(y), 20.0), area, size, 6.0)
            inside = left <= x <= left + size[0] and top <= y <= top + size[1]
            assert not inside
            assert 0 <= left <= 700 - size[0]
            assert 0 <= top <= 300 - size[1]

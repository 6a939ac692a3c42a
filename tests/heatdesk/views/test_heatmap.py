from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from heatdesk.frames import Flaw
from heatdesk.store.codes import Codes
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.heatmap import (
    PARTIAL,
    SNAP,
    HeatmapWindow,
    ViewRect,
    cells_of_pixels,
    extent_of,
    fit_window,
    lod_for,
    pooling_text,
    read_states,
)
from tests.heatdesk.store.books import MINUTE, book, liquidations, minute


def store_of(minutes: int, levels: int) -> HeatmapStore:
    bids = {(1000 + k) * 5.0: 1.0 + k for k in range(levels)}
    frame = book(dict.fromkeys(range(minutes), bids), {key: {} for key in range(minutes)})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store


def codes_of(store: HeatmapStore, window: HeatmapWindow, plane: str = "both") -> Codes:
    w = window
    return store.codes(plane, w.c0, w.c1, w.l0, w.l1, w.time_lod, 0, w.step)


def whole(width_px: float, height_px: float, minutes: int = 300, levels: int = 200) -> ViewRect:
    return ViewRect(minute(0), minute(minutes), 5000.0, 5000.0 + 5 * levels, width_px, height_px)


@pytest.mark.parametrize(
    ("cells_per_px", "lod"),
    [(0.01, 0), (1.0, 0), (1.0000001, 1), (2.0, 1), (2.1, 2), (5.0, 3), (1e9, 8), (math.nan, 0)],
)
def test_detail_is_the_finest_whose_cells_are_at_least_a_pixel(
    cells_per_px: float, lod: int
) -> None:
    assert lod_for(cells_per_px, 8) == lod


def test_the_extent_is_the_outer_edge_of_the_cells() -> None:
    assert extent_of(store_of(300, 200)) == (minute(0), minute(300), 5000.0, 6000.0)


def test_each_axis_chooses_its_own_detail() -> None:
    window = fit_window(store_of(300, 200), whole(100, 800))
    assert window is not None
    assert (window.time_lod, window.step) == (2, 1)
    window = fit_window(store_of(300, 200), whole(600, 90))
    assert window is not None
    assert (window.time_lod, window.step) == (0, 4)


def test_a_small_pan_finds_the_same_window() -> None:
    store = store_of(300, 200)
    windows = {
        fit_window(store, ViewRect(minute(70) + d, minute(110) + d, 5100, 5200, 400, 300))
        for d in range(0, 5 * MINUTE, MINUTE)
    }
    assert len(windows) == 1
    window = windows.pop()
    assert window is not None
    assert [edge % SNAP for edge in (window.c0, window.c1, window.l0, window.l1)] == [0] * 4


def test_a_window_covers_every_cell_the_view_shows() -> None:
    rng = np.random.default_rng(3)
    store = store_of(300, 200)
    for _ in range(200):
        t0, t1 = np.sort(rng.uniform(minute(-50), minute(350), 2))
        p0, p1 = np.sort(rng.uniform(4800, 6200, 2))
        window = fit_window(store, ViewRect(t0, t1, p0, p1, 200, 150), band=3)
        if t1 <= minute(0) or t0 >= minute(300):
            assert window is None
            continue
        assert window is not None
        grid = store.grid
        for time_ms in (max(t0, minute(0)), min(t1, minute(300)) - 1):
            column = grid.time.column_of(time_ms) >> window.time_lod
            assert window.c0 <= column < window.c1
        for price in (p0, p1):
            # of the levels that hold nothing the nearest on either side serves for all
            nearest = min(max(price, 5000 - 5 * window.step), 6000 + 5 * (window.step - 1))
            assert window.l0 <= grid.price.level_of(nearest) // window.step < window.l1


@pytest.mark.parametrize("band", [1, 3])
@pytest.mark.parametrize(("p0", "p1"), [(5900, 6000.1), (6300, 6400), (1e290, 1e300)])
def test_a_view_beyond_the_levels_held_ends_on_one_that_nobody_reported(
    p0: float, p1: float, band: int
) -> None:
    store = store_of(300, 200)
    for low, high, upward in ((p0, p1, True), (11_000 - p1, 11_000 - p0, False)):
        window = fit_window(store, ViewRect(minute(0), minute(9), low, high, 9, 400), band)
        assert window is not None
        assert window.l1 - window.l0 <= 2 * SNAP
        codes = codes_of(store, window)
        assert not codes[-1 if upward else 0].any()


@pytest.mark.parametrize(
    "view",
    [
        ViewRect(math.nan, math.nan, 0, 1, 100, 100),
        ViewRect(minute(0), math.inf, 5000, 6000, 100, 100),
        ViewRect(minute(5), minute(5), 5000, 6000, 100, 100),
        ViewRect(minute(0), minute(9), 6000, 5000, 100, 100),
        ViewRect(minute(0), minute(9), 5000, 6000, 0, 100),
    ],
)
def test_a_degenerate_view_shows_no_cell(view: ViewRect) -> None:
    assert fit_window(store_of(10, 10), view) is None


def test_the_cells_of_a_window_lie_where_they_belong() -> None:
    store = store_of(300, 200)
    window = fit_window(store, whole(300, 200))
    assert window is not None
    codes = codes_of(store, window)
    grid = store.grid
    row = grid.price.level_of(5300.0) - window.l0
    column = grid.time.column_of(minute(100)) - window.c0
    assert store.values[codes[row, column]] == pytest.approx(61.0, rel=5e-4)


@pytest.mark.parametrize("height_px", [10, 37, 100, 400])
def test_a_zoomed_out_liquidation_view_keeps_the_total(height_px: int) -> None:
    served = {60_000.0 + 10 * k: 1000.0 + k for k in range(400)}
    frame = liquidations({0: served}, 10.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    view = ViewRect(minute(0), minute(1), 60_000.0, 64_000.0, 50, height_px)
    window = fit_window(store, view, band=3)
    assert window is not None
    assert window.step % 3 == 0
    codes = codes_of(store, window, "qty")
    assert np.nansum(store.values[codes]) == pytest.approx(sum(served.values()), rel=5e-4)


def test_a_pooled_column_is_a_gap_only_where_nothing_was_observed_and_else_partial() -> None:
    level = {100.0: 1.0}
    minutes = [0, 3, 8]
    frame = book(dict.fromkeys(minutes, level), {key: {} for key in minutes})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = store.first_column
    start = (c + 1) // 2
    expected = []
    for pooled in range(start, start + 4):
        native = store.column_state(pooled * 2, pooled * 2 + 2)
        held = set(native.tolist()) - {0}
        expected.append(PARTIAL if held == {1, 2} else held.pop() if held else 0)
    assert read_states(store, start, start + 4, 1).tolist() == expected
    assert {2, PARTIAL} <= set(expected)


def test_a_pooled_column_is_flawed_by_any_of_its_own_and_partial_where_one_is_missing() -> None:
    level = {100.0: 1.0}
    minutes = [0, 1, 2, 3, 5]
    frame = book(dict.fromkeys(minutes, level), {key: {} for key in minutes})
    flaws = np.array([0, 0, Flaw.PARTIAL, 0, Flaw.TOUCHED], np.uint8)
    store = HeatmapStore.for_frame(frame)
    store.apply(replace(frame, flaws=flaws))
    c = store.first_column
    assert read_states(store, c, c + 6, 0).tolist() == [1, 1, 3, 1, 2, 3]
    # by fours: all of them in one or two pooled columns, one of which misses a minute
    first, stop = c >> 2, (c + 5 >> 2) + 1
    states = read_states(store, first, stop, 2).tolist()
    for pooled, state in zip(range(first, stop), states, strict=True):
        native = set(store.column_state(pooled * 4, pooled * 4 + 4).tolist()) - {0}
        assert state == (PARTIAL if 2 in native else 3 if 3 in native else 1)
    assert PARTIAL in states


def test_a_pixel_takes_the_cell_under_its_centre() -> None:
    assert cells_of_pixels(0, 6, 0.0, 2.0, 0.0, 1.0).tolist() == [0, 0, 1, 1, 2, 2]
    assert cells_of_pixels(0, 4, 4.0, -1.0, 0.0, 1.0).tolist() == [3, 2, 1, 0]
    assert cells_of_pixels(0, 3, 0.0, 2 / 3, 0.0, 1.0).tolist() == [0, 2, 3]


def test_a_pixel_farther_away_than_any_cell_takes_one_at_the_same_end() -> None:
    cells = cells_of_pixels(-2, 2, 0.0, 1e-300, 0.0, 5.0)
    assert (cells[:2] < -(2**50)).all()
    assert (cells[2:] > 2**50).all()


def test_words_say_how_a_cell_was_pooled() -> None:
    assert pooling_text("max", 25, 1) == "max of 25 levels"
    assert pooling_text("sum", 8, 2) == "sum of 8 levels, max of 2 buckets"
    assert pooling_text("max", 1, 1) == ""

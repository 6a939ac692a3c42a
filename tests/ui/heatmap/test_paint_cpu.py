from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTransform

from heatdesk.frames import BookWindow, Flaw
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.palettes import DARK, LIGHT
from tests.heatdesk.store.books import Snapshot, book, liquidations, minute
from tests.ui.heatmap.reference import Expected, expected_picture
from ui.heatmap import pixel_ring
from ui.heatmap.item import HeatmapItem
from ui.heatmap.painting import FOOT_PX

PAPER = 0xFF00FF00
DISTINCT = np.arange(65_536, dtype=np.uint32) | np.uint32(0xFF000000)
"""A colour of its own for every code: no error hides behind a ramp."""
OTHER = DISTINCT[::-1] | np.uint32(0xFF7F0000)


@pytest.fixture(autouse=True)
def _application(qapp: object) -> None:
    """Every item needs one."""


def random_book(
    rng: np.random.Generator, minutes: list[int], low: int = 1000, levels: int = 30, **options: int
) -> object:
    def side(first: int, count: int) -> Snapshot:
        return {5.0 * (first + k): float(np.exp(rng.normal(0, 2))) for k in range(count)}

    half = levels // 2
    return book(
        {n: side(low, half) for n in minutes},
        {n: side(low + half - 2, levels - half + 2) for n in minutes},
        **options,
    )


def store_of(minutes: list[int], seed: int = 0, **options: int) -> HeatmapStore:
    frame = random_book(np.random.default_rng(seed), minutes, **options)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store


def wrapped_store() -> HeatmapStore:
    """More columns than the budget holds: the oldest have gone, the newest lie around the end."""
    rng = np.random.default_rng(5)
    store: HeatmapStore | None = None
    for first in range(0, 1300, 130):
        frame = random_book(rng, [n for n in range(first, first + 130) if n % 37 and n % 100 > 4])
        store = store or HeatmapStore.for_frame(frame, budget_bytes=700 * 64 * 4)
        store.apply(frame)
    assert store is not None
    assert store.first_column > store.grid.time.column_of(minute(0))
    return store


def item_of(store: HeatmapStore, plane: str = "both") -> HeatmapItem:
    item = HeatmapItem()
    item.set_table(DISTINCT, OTHER)
    item.set_plane(plane)
    item.set_source(store)
    return item


class Screen:
    """A device of pixels and what it shows."""

    def __init__(self, width: int, height: int, ratio: float = 1.0) -> None:
        self.width, self.height, self.ratio = width, height, ratio
        self.extent = QRectF(0, 0, 1, 1)

    @property
    def transform(self) -> QTransform:
        """From seconds and price to device pixels, price up."""
        extent = self.extent
        sx, sy = self.width / extent.width(), -self.height / extent.height()
        return QTransform(sx, 0, 0, sy, -extent.left() * sx, -extent.bottom() * sy)

    def look(self, item: HeatmapItem, *shares: float) -> None:
        """Show a part of an item's extent: left, bottom, width and height as shares of it."""
        whole, (left, bottom, width, height) = item.boundingRect(), shares
        self.extent = QRectF(
            whole.left() + left * whole.width(),
            whole.top() + bottom * whole.height(),
            whole.width() * width,
            whole.height() * height,
        )

    def scroll(self, dx_px: float, dy_px: float) -> None:
        """Move the content by device pixels."""
        self.extent.translate(
            -dx_px * self.extent.width() / self.width, dy_px * self.extent.height() / self.height
        )

    def painted(self, item: HeatmapItem) -> np.ndarray:
        image = QImage(self.width, self.height, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self.ratio)
        image.fill(PAPER)
        painter = QPainter(image)
        scale = QTransform.fromScale(1 / self.ratio, 1 / self.ratio)
        painter.setTransform(self.transform * scale)
        item.paint(painter)
        painter.end()
        assert item.problem == ""
        raw = np.frombuffer(image.constBits(), np.uint32).reshape(self.height, -1)
        return raw[:, : self.width].copy() | np.uint32(0xFF000000)

    def expected(self, item: HeatmapItem) -> Expected:
        source = item.source
        assert source is not None
        style = item._current_style(source)
        assert style is not None
        return expected_picture(
            source,
            style,
            self.transform,
            self.width,
            self.height,
            band=item.band,
            ratio=self.ratio,
            paper=PAPER,
        )

    def check(self, item: HeatmapItem) -> None:
        """Paint, and hold every pixel to the reference."""
        expected = self.expected(item)
        assert expected.wrong(self.painted(item)) == 0
        assert expected.sure.mean() > 0.9


def work_of(item: HeatmapItem) -> tuple[object, ...]:
    """Everything computed so far."""
    painter = item.painter_cpu
    return replace(painter.cells.work), painter.pixels.built, painter.pixels.patched


ZOOMS = {
    "a few cells": (0.311, 0.42, 0.0077, 0.093),
    "cells of some pixels": (0.2, 0.1, 0.053, 0.71),
    "a pixel each": (0.31, -0.2, 0.207, 3.4),
    "all": (0.0, 0.0, 1.0, 1.0),
    "with margins": (-0.43, -0.8, 1.9, 2.7),
    "only below": (0.2, -1.3, 0.4, 0.9),
    "only above": (0.93, 7.0, 0.2, 0.05),
}


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("plane", ["both", "bid_ask"])
def test_every_zoom_at_every_ratio_is_the_reference(zoom: str, ratio: float, plane: str) -> None:
    item = item_of(wrapped_store(), plane)
    screen = Screen(141, 67, ratio)
    screen.look(item, *ZOOMS[zoom])
    screen.check(item)


@pytest.mark.parametrize("zoom", ZOOMS)
def test_what_scrolls_by_whole_and_broken_pixels_is_the_reference(zoom: str) -> None:
    item = item_of(wrapped_store())
    screen = Screen(141, 67)
    screen.look(item, *ZOOMS[zoom])
    for step in [
        (3, 0),
        (-1, 4),
        (0.37, 0),
        (0, -0.71),
        (17.5, 9.25),
        (-160, 0),
        (2, 80),
        (-0.5, 1),
    ]:
        screen.scroll(*step)
        screen.check(item)


@pytest.mark.parametrize("shades", [DARK, LIGHT])
def test_gaps_feet_and_plain_ground_are_the_reference(shades: object) -> None:
    minutes = [n for n in range(200) if n % 7 and not 50 < n < 90 and n not in (120, 121, 140)]
    store = store_of(minutes)
    store.apply(random_book(np.random.default_rng(1), [230, 231], asked=(229, 240)))
    item = item_of(store)
    item.set_shades(shades)
    for width in (400, 173, 90, 47, 21):
        screen = Screen(width, 40, 1.5)
        screen.look(item, -0.05, -0.1, 1.1, 1.3)
        screen.check(item)


def flawed_store(minutes: list[int], flawed: set[int]) -> HeatmapStore:
    frame = random_book(np.random.default_rng(9), minutes)
    assert isinstance(frame, BookWindow)
    flaws = np.array([n in flawed for n in minutes]) * np.uint8(Flaw.TOUCHED)
    store = HeatmapStore.for_frame(frame)
    store.apply(replace(frame, flaws=flaws.astype(np.uint8)))
    return store


@pytest.mark.parametrize("shades", [DARK, LIGHT])
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_columns_that_are_not_the_whole_truth_are_the_reference(
    shades: object, ratio: float
) -> None:
    minutes = [n for n in range(200) if n % 41]
    item = item_of(flawed_store(minutes, {3, 40, 42, 120, 199} | set(range(60, 90))))
    item.set_shades(shades)
    for width in (1700, 400, 173, 90, 47, 21):
        screen = Screen(width, 60, ratio)
        screen.look(item, -0.05, -0.1, 1.1, 1.3)
        screen.check(item)


def test_lines_over_cells_are_thin_and_leave_the_cells_to_be_seen() -> None:
    item = item_of(flawed_store(list(range(10)), {4}))
    screen = Screen(320, 64)
    screen.look(item, 0, 0, 1, 1)
    lines = screen.painted(item) == DARK.gap_line
    assert lines[:, 128:160].mean() == pytest.approx(1 / 16)
    assert not lines[:, :128].any()
    assert not lines[:, 160:].any()


def test_a_column_that_turns_out_whole_loses_its_lines() -> None:
    item = item_of(flawed_store(list(range(10)), {4}))
    screen = Screen(320, 64)
    screen.look(item, 0, 0, 1, 1)
    screen.check(item)
    store = item.source
    assert isinstance(store, HeatmapStore)
    store.apply(random_book(np.random.default_rng(2), [4]))
    item.refresh()
    screen.check(item)
    assert not (screen.painted(item) == DARK.gap_line).any()


def test_a_pooled_column_that_misses_a_snapshot_stands_on_a_hatched_foot() -> None:
    item = item_of(store_of([n for n in range(64) if n != 21]))
    for ratio in (1.0, 2.0):
        screen = Screen(32, 40, ratio)
        screen.look(item, 0, 0, 1, 1)
        marks = np.isin(screen.painted(item), [DARK.gap_tint, DARK.gap_line])
        foot = round(FOOT_PX * ratio)
        assert np.argwhere(marks).tolist() == [[y, 10] for y in range(40 - foot, 40)]


@pytest.mark.parametrize("band", [1, 2, 3, 7])
def test_bands_of_summed_levels_are_the_reference(band: int) -> None:
    rng = np.random.default_rng(band)
    # whole quantities far from the edges of codes: their sums have one code, however added
    frame = liquidations(
        {n: {70_000.0 + 5 * int(k): float(rng.integers(1, 40)) for k in rng.integers(0, 90, 25)}
         for n in range(70) if n % 11}, 5.0)  # fmt: skip
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    item = item_of(store)
    item.set_band(band)
    for zoom in ZOOMS.values():
        screen = Screen(60, 31)
        screen.look(item, *zoom)
        screen.check(item)


def test_a_matrix_of_one_cell_and_a_view_of_one_pixel_are_drawn() -> None:
    frame = book({0: {5000.0: 3.0}}, {0: {}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    item = item_of(store)
    for width, height in ((1, 1), (1, 50), (50, 1), (33, 20)):
        screen = Screen(width, height)
        screen.look(item, 0, 0, 1, 1)
        screen.check(item)
        assert (screen.painted(item) != PAPER).all()
    wide = item_of(wrapped_store())
    screen = Screen(1, 1)
    screen.look(wide, 0, 0, 1, 1)
    screen.check(wide)


def test_a_view_without_a_pixel_or_a_cell_draws_nothing_and_recovers() -> None:
    item = item_of(store_of(list(range(40))))
    screen = Screen(67, 31)
    screen.look(item, 3.0, 0, 1, 1)
    assert (screen.painted(item) == PAPER).all()
    assert item.window is None
    screen.look(item, 0, 0, 1e-9, 1e-9)
    screen.painted(item)
    screen.look(item, 0, 0, 1, 1)
    screen.check(item)


def test_a_picture_that_failed_half_way_is_not_taken_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = store_of(list(range(80)))
    item = item_of(store)
    screen = Screen(97, 41)
    screen.look(item, 0, 0, 1.2, 1)
    screen.check(item)
    real, fails = pixel_ring.spread, [True]

    def failing(*given: Any) -> Any:
        if fails.pop():
            raise MemoryError("no room")
        return real(*given)

    store.apply(random_book(np.random.default_rng(2), [20]))
    item.refresh()
    with monkeypatch.context() as patch:
        patch.setattr(pixel_ring, "spread", failing)
        with pytest.raises(AssertionError):
            screen.painted(item)
        assert item.problem == "MemoryError: no room"
    screen.check(item)


# ------------------------------------------------------------------ prices beyond the levels held


def test_beyond_the_levels_held_gaps_are_hatched_and_unknown_columns_plain() -> None:
    store = store_of([0, 1, 4, 5])
    store.apply(random_book(np.random.default_rng(1), [8], asked=(8, 9)))
    item = item_of(store)
    item.set_table(DISTINCT | np.uint32(0xFF800000))
    nobody = 0xFF800000
    for above in (False, True):
        screen = Screen(110, 30)
        # nine minutes of ten pixels, and as much paper on both sides
        screen.look(item, -1 / 9, 1.5 if above else -2.5, 11 / 9, 1)
        screen.check(item)
        pixels = screen.painted(item)
        assert (pixels[:, [0, 9, 100, 109]] == PAPER).all()
        assert (pixels[:, 10:30] == nobody).all()
        assert set(np.unique(pixels[:, 30:50]).tolist()) == {DARK.gap_tint, DARK.gap_line}
        assert (pixels[:, 50:70] == nobody).all()
        assert (pixels[:, 70:90] == DARK.ground).all()
        assert (pixels[:, 90:100] == nobody).all()


@pytest.mark.parametrize("band", [1, 7])
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_a_way_up_past_all_levels_and_back_is_the_reference(band: int, ratio: float) -> None:
    item = item_of(wrapped_store())
    item.set_band(band)
    screen = Screen(97, 41, ratio)
    screen.look(item, 0.3, 0.4, 0.3, 0.6)
    for step in (7, 11.4, 23, 0.6, 40, 300, 3, -290, -51.5, -20, -60, -400, -5, 380):
        screen.scroll(1, step)
        screen.check(item)


def test_a_pan_beyond_the_levels_gathers_only_what_comes_into_view() -> None:
    item = item_of(store_of(list(range(900))))
    screen = Screen(200, 90)
    screen.look(item, 0.3, 0.8, 0.4, 0.5)
    screen.check(item)
    before = work_of(item)
    for dx, dy in ((3, 2), (-2, 5), (0.4, 0.3), (0, -4)):
        screen.scroll(dx, dy)
        screen.check(item)
    assert item.painter_cpu.pixels.built == before[1]
    assert item.painter_cpu.cells.work.windows_read == 1


def test_levels_that_come_and_go_while_prices_beyond_are_in_view_are_the_reference() -> None:
    rng = np.random.default_rng(2)
    store = store_of(list(range(30)), asked=(0, 60))
    item = item_of(store)
    screen = Screen(120, 80)
    screen.look(item, 0, -1, 2, 6)
    screen.check(item)
    store.apply(random_book(rng, [30, 31], low=1080))
    item.refresh()
    screen.check(item)
    # the far levels go again, and a column changes with them
    store.apply(random_book(rng, [12, 30, 31]))
    levels = (store.grid.price.level_of(5000.0), store.grid.price.level_of(5150.0))
    with store.lock:
        store.revision += 1
        store._ring.replace(store._ring.cropped(levels), store.revision)
    item.refresh()
    assert store.last_level < 1080
    screen.check(item)


# ---------------------------------------------------------------- what is computed, and what not


def test_a_whole_or_broken_scroll_gathers_only_what_comes_into_view() -> None:
    item = item_of(store_of(list(range(900))))
    screen = Screen(200, 90)
    screen.look(item, 0.3, 0.2, 0.4, 0.5)
    screen.painted(item)
    before = work_of(item)
    for dx, dy in ((3, 0), (-2, 1), (0.4, 0.3), (5.5, -0.25), (0, 2)):
        screen.scroll(dx, dy)
        screen.check(item)
    painter = item.painter_cpu
    assert painter.pixels.built == before[1]
    assert painter.pixels.patched > before[2]
    assert painter.cells.work.windows_read == 1
    assert painter.cells.work.columns_patched == 0


def test_another_table_reads_no_cell() -> None:
    item = item_of(wrapped_store())
    screen = Screen(200, 90)
    screen.look(item, 0, 0, 1, 1)
    screen.painted(item)
    before = replace(item.painter_cpu.cells.work)
    item.set_table(OTHER)
    screen.check(item)
    work = item.painter_cpu.cells.work
    assert (work.windows_read, work.windows_moved) == (before.windows_read, before.windows_moved)
    assert work.cells_coloured > before.cells_coloured


def test_zooming_back_and_in_within_one_detail_read_no_cell() -> None:
    item = item_of(store_of(list(range(900)), levels=300))
    screen = Screen(193, 91)
    for share in (1.0, 0.2, 0.5):
        screen.look(item, 0.1, 0.1, share, share)
        screen.check(item)
    before = item.painter_cpu.cells.work.windows_read
    for share in (0.95, 1.0, 0.18, 0.2, 0.46, 0.5, 1.0):
        screen.look(item, 0.1, 0.1, share, share)
        screen.check(item)
    assert item.painter_cpu.cells.work.windows_read == before


def test_columns_that_arrive_are_patched_also_where_the_window_grows() -> None:
    rng = np.random.default_rng(9)
    store = store_of(list(range(100)), asked=(0, 101))
    item = item_of(store)
    screen = Screen(300, 60)
    screen.look(item, 0, 0, 3.0, 1.1)
    screen.painted(item)
    for n in range(100, 240):
        store.apply(random_book(rng, [n]))
        item.refresh()
        if n % 12 == 0:
            screen.check(item)
        else:
            screen.painted(item)
    work, built, patched = work_of(item)
    assert work.windows_read == 1
    assert 1 <= work.windows_moved <= 4
    assert work.columns_patched <= 3 * 140
    assert built <= 10
    assert patched >= 130


def test_a_view_that_follows_gathers_only_the_new_columns() -> None:
    rng = np.random.default_rng(4)
    store = store_of(list(range(600)))
    item = item_of(store)
    screen = Screen(211, 60)
    screen.look(item, 0.5, 0, 0.51, 1)
    screen.painted(item)
    built = item.painter_cpu.pixels.built
    for n in range(600, 640):
        store.apply(random_book(rng, [n]))
        item.refresh()
        screen.extent.translate(60.0, 0)
        if n % 8 == 0:
            screen.check(item)
        else:
            screen.painted(item)
    assert item.painter_cpu.pixels.built == built
    assert item.painter_cpu.cells.work.windows_read == 1


def test_cells_of_many_details_stay_within_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.heatmap.cell_colours.KEPT_BYTES", 200_000)
    item = item_of(store_of(list(range(900)), levels=300))
    screen = Screen(150, 70)
    for share in (1.0, 0.6, 0.3, 0.12, 0.05, 0.9):
        screen.look(item, 0.1, 0.1, share, share)
        screen.check(item)
        kept = item.painter_cpu.cells
        assert kept.nbytes <= 200_000 or len(kept._kept) == 1


# ------------------------------------------------------------------------- whatever comes, in turn

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.just("correct"), st.integers(0, 90)),
        st.tuples(st.just("late"), st.integers(-40, -1)),
        st.tuples(st.just("skip"), st.integers(1, 9)),
        st.tuples(st.just("wander"), st.integers(-60, 60)),
        st.tuples(st.just("scroll"), st.floats(-30, 30), st.floats(-9, 9)),
        st.tuples(st.just("scroll"), st.integers(-9, 9), st.integers(-3, 3)),
        st.tuples(st.just("zoom"), st.sampled_from(sorted(ZOOMS))),
        st.tuples(st.just("resize"), st.integers(1, 90), st.integers(1, 50)),
        st.tuples(st.just("table"), st.booleans()),
        st.tuples(st.just("plane"), st.sampled_from(["both", "bid", "ask", "bid_ask"])),
        st.tuples(st.just("band"), st.integers(1, 4)),
        st.tuples(st.just("shades"), st.booleans()),
    ),
    max_size=12,
)


class Play:
    """A store, an item and a screen to which things happen."""

    def __init__(self, ratio: float) -> None:
        self.rng = np.random.default_rng(8)
        self.store = store_of([n for n in range(90) if n % 13 > 1])
        self.item = item_of(self.store)
        self.screen = Screen(83, 41, ratio)
        self.screen.look(self.item, *ZOOMS["all"])
        self.newest, self.middle = 89, 1000

    def arrive(self, minutes: list[int], **options: tuple[int, int]) -> None:
        self.store.apply(random_book(self.rng, minutes, self.middle, **options))
        self.item.refresh()

    def step(self, name: str, *values: object) -> None:
        getattr(self, "do_" + name)(*values)

    def do_append(self, count: int) -> None:
        self.arrive(list(range(self.newest + 1, self.newest + 1 + count)))
        self.newest += count

    def do_skip(self, count: int) -> None:
        first = self.newest + 1
        self.newest += count + 1
        self.arrive([self.newest], asked=(first, self.newest + 1))

    def do_correct(self, back: int) -> None:
        self.arrive([max(0, self.newest - back)])

    def do_late(self, number: int) -> None:
        self.arrive([number])

    def do_wander(self, levels: int) -> None:
        self.middle += levels
        self.do_append(1)

    def do_scroll(self, dx_px: float, dy_px: float) -> None:
        self.screen.scroll(dx_px, dy_px)

    def do_zoom(self, zoom: str) -> None:
        self.screen.look(self.item, *ZOOMS[zoom])

    def do_resize(self, width: int, height: int) -> None:
        self.screen.width, self.screen.height = width, height

    def do_table(self, other: bool) -> None:
        self.item.set_table(*((OTHER, DISTINCT) if other else (DISTINCT, OTHER)))

    def do_plane(self, plane: str) -> None:
        self.item.set_plane(plane)

    def do_band(self, levels: int) -> None:
        self.item.set_band(levels)

    def do_shades(self, light: bool) -> None:
        self.item.set_shades(LIGHT if light else DARK)


@settings(
    deadline=None,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, ratio=st.sampled_from([1.0, 1.25, 1.5, 2.0]))
@example(steps=[("append", 5), ("scroll", -5, 0), ("resize", 20, 1)], ratio=1.0)
def test_whatever_happens_the_picture_is_the_reference(
    steps: list[tuple[object, ...]], ratio: float
) -> None:
    play = Play(ratio)
    for step in steps:
        play.step(*step)
        expected = play.screen.expected(play.item)
        assert expected.wrong(play.screen.painted(play.item)) == 0

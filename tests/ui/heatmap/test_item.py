from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QWidget

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views.contrast import transfer_table
from heatdesk.views.palettes import (
    ASK,
    BID,
    DARK,
    LIGHT,
    LIQUIDITY,
)
from tests.heatdesk.store.books import book, liquidations, minute
from ui.heatmap import gl_probe
from ui.heatmap import item as item_module
from ui.heatmap.gl_program import GlError
from ui.heatmap.item import HeatmapItem

PAPER = 0xFF00FF00
WALL_PRICE = 5060.0


def wall_book(minutes: list[int], asked: tuple[int, int] | None = None) -> HeatmapStore:
    """Levels from 5000 to 5100, a wall of 500 at 5060 and small sizes elsewhere."""
    bids = {5000.0 + 5 * k: 500.0 if k == 12 else 1.0 + k / 10 for k in range(20)}
    frame = book(dict.fromkeys(minutes, bids), {key: {} for key in minutes}, asked=asked)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store


def item_of(store: HeatmapStore, **options: str) -> HeatmapItem:
    item = HeatmapItem()
    item.set_table(
        lambda values: transfer_table(values, 2.0, 400.0, "log", BID if options else LIQUIDITY),
        lambda values: transfer_table(values, 2.0, 400.0, "log", ASK),
    )
    item.set_plane(options.get("plane", "both"))
    item.set_source(store)
    return item


def transform_for(extent: QRectF, width: float, height: float) -> QTransform:
    """Fit an extent (price up) onto an image."""
    sx, sy = width / extent.width(), -height / extent.height()
    return QTransform(sx, 0, 0, sy, -extent.left() * sx, -extent.bottom() * sy)


def painted(
    item: HeatmapItem, width: int, height: int, extent: QRectF | None = None, ratio: float = 1.0
) -> np.ndarray:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(PAPER)
    painter = QPainter(image)
    painter.setTransform(
        transform_for(extent or item.boundingRect(), width / ratio, height / ratio)
    )
    item.paint(painter)
    painter.end()
    assert item.problem == ""
    return pixels_of(image)


def work_of(item: HeatmapItem) -> tuple[object, ...]:
    """Everything the software path has computed so far."""
    painter = item.painter_cpu
    return replace(painter.cells.work), painter.pixels.built, painter.pixels.patched


def pixels_of(image: QImage) -> np.ndarray:
    raw = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return raw[:, : image.width()].copy() | np.uint32(0xFF000000)


def brightness(pixels: np.ndarray) -> np.ndarray:
    return (pixels >> 16 & 255) + (pixels >> 8 & 255) + (pixels & 255)


@pytest.fixture(autouse=True)
def _application(qapp: object) -> None:
    """Every item needs one."""


def test_a_wall_is_the_brightest_row_and_lies_at_its_price() -> None:
    pixels = painted(item_of(wall_book(list(range(10)))), 100, 200)
    light = brightness(pixels).sum(axis=1)
    # 20 levels on 200 rows, the wall in the 13th from below
    assert np.flatnonzero(light == light.max()).tolist() == list(range(70, 80))
    assert (pixels[70:80] == pixels[70, 0]).all()


def test_the_extent_is_that_of_the_cells() -> None:
    item = item_of(wall_book(list(range(10))))
    assert item.boundingRect() == QRectF(minute(0) / 1000, 5000.0, 600.0, 100.0)
    assert item.dataBounds(0) == (minute(0) / 1000, minute(10) / 1000)
    assert item.dataBounds(1) == (5000.0, 5100.0)
    wider = QRectF(minute(-10) / 1000, 4900.0, 1800.0, 300.0)
    pixels = painted(item, 180, 300, wider)
    assert (pixels[:, 60:120] != PAPER).all()
    assert (pixels == PAPER).sum() == pixels.size - pixels[:, 60:120].size


def test_prices_beyond_those_held_are_not_observed_and_not_empty() -> None:
    item = item_of(wall_book(list(range(10))))
    extent = QRectF(minute(0) / 1000, 4900.0, 600.0, 300.0)
    for shades in (DARK, LIGHT):
        item.set_shades(shades)
        colour = partial(transfer_table, low=1.0, high=400.0, scale="log", palette=LIQUIDITY)
        item.set_table(partial(colour, shades=shades))
        pixels = painted(item, 60, 300, extent)
        assert (pixels[:100] == shades.not_observed).all()
        assert (pixels[200:] == shades.not_observed).all()
        assert not (pixels[100:200] == shades.not_observed).any()
    assert math.isnan(item.value_at(minute(0) / 1000, 4950.0))


def test_in_a_view_box_it_covers_the_prices_in_view_but_calls_only_its_cells_data() -> None:
    item = item_of(wall_book(list(range(10))))
    box = pg.ViewBox(enableMenu=False, defaultPadding=0)
    box.disableAutoRange()
    box.addItem(item)
    box.setRange(xRange=(0, 1), yRange=(5040, 5060), padding=0)
    held = QRectF(minute(0) / 1000, 5000.0, 600.0, 100.0)
    assert item.boundingRect() == held
    box.setYRange(5080, 5200, padding=0)
    assert item.boundingRect() == QRectF(held.left(), 5000.0, 600.0, 200.0)
    box.setYRange(4000, 4100, padding=0)
    assert item.boundingRect() == QRectF(held.left(), 4000.0, 600.0, 1100.0)
    assert item.dataBounds(1) == (5000.0, 5100.0)
    assert item.height() == 20
    assert box.childrenBounds()[1] == [5000.0, 5100.0]


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_every_pixel_is_the_cell_under_its_centre_give_or_take_half_a_pixel(
    seed: int, ratio: float
) -> None:
    rng = np.random.default_rng(seed)
    snapshots = {
        n: {5000.0 + 5 * k: float(np.exp(rng.normal(2, 2))) for k in range(20)} for n in range(12)
    }
    frame = book(snapshots, {key: {} for key in snapshots})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    table = transfer_table(store.values, 2.0, 400.0, "log", LIQUIDITY)
    left, top = minute(0) / 1000 + rng.uniform(0, 200), 5000 + rng.uniform(0, 40)
    extent = QRectF(left, top, rng.uniform(60, 300), rng.uniform(10, 50))
    width, height = 151, 97
    pixels = painted(item_of(store), width, height, extent, ratio)
    for _ in range(400):
        x, y = int(rng.integers(1, width - 1)), int(rng.integers(1, height - 1))
        columns, levels = (
            sorted({cell(place + off) for off in (-0.02, 0.5, 1.02)})
            for cell, place in (
                (lambda px: column_at(store, extent, px / width), x),
                (lambda px: level_at(store, extent, px / height), y),
            )
        )
        near = [
            table[store.codes("both", column, column + 1, level, level + 1)[0, 0]]
            for column in columns
            for level in levels
        ]
        assert pixels[y, x] in near


def column_at(store: HeatmapStore, extent: QRectF, share: float) -> int:
    return store.grid.time.column_of((extent.left() + share * extent.width()) * 1000)


def level_at(store: HeatmapStore, extent: QRectF, share: float) -> int:
    return store.grid.price.level_of(extent.bottom() - share * extent.height())


def test_a_scrolled_picture_moves_by_whole_pixels_and_keeps_every_width() -> None:
    rng = np.random.default_rng(3)
    snapshots = {n: {5000.0: float(np.exp(rng.normal(2, 2)))} for n in range(200)}
    frame = book(snapshots, {key: {5100.0: 1.0} for key in snapshots})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    item = item_of(store)
    extent = QRectF(minute(20) / 1000, 5000.0, 60 * 61.3, 5.0)
    first = painted(item, 150, 10, extent)[5]
    for part_s in np.linspace(0, 600, 23).tolist():
        moved = painted(item, 150, 10, extent.translated(part_s, 0))[5]
        shift = part_s / extent.width() * 150
        assert any(
            np.array_equal(moved[: 150 - px], first[px:])
            for px in {math.floor(shift), math.ceil(shift)}
        )


def test_a_gap_is_hatched_and_what_nobody_asked_is_plain() -> None:
    store = wall_book([0, 1, 6, 7])
    item = item_of(store)
    pixels = painted(item, 160, 200)
    gap = pixels[:, 40:120]
    assert set(np.unique(gap).tolist()) == {DARK.gap_tint, DARK.gap_line}
    assert not np.isin(pixels[:, :40], [DARK.gap_tint, DARK.gap_line]).any()
    unasked = wall_book([0])
    later = book({7: {5000.0: 1.0}}, {7: {5095.0: 1.0}})
    unasked.apply(later)
    assert (painted(item_of(unasked), 160, 200)[:, 20:140] == DARK.ground).all()


def test_hatching_stays_on_the_screen_while_the_data_moves() -> None:
    item = item_of(wall_book([0, 9]))
    extent = item.boundingRect()
    first = painted(item, 200, 100, extent)
    second = painted(item, 200, 100, extent.translated(12.0, 0))
    assert np.array_equal(first[:, 40:160], second[:, 40:160])


def test_a_gap_too_narrow_for_lines_is_a_flat_tint() -> None:
    minutes = [n for n in range(60) if n != 30]
    pixels = painted(item_of(wall_book(minutes)), 120, 100)
    assert (pixels[:, 60:62] == DARK.gap_tint).all()
    assert not (pixels == DARK.gap_line).any()


def test_what_is_left_of_a_gap_loses_its_lines_when_it_becomes_too_narrow() -> None:
    store = wall_book([0, 1, 5, 6, 9])
    item = item_of(store)
    assert (painted(item, 20, 100)[:, 4:10] == DARK.gap_line).any()
    store.apply(book({3: {5000.0: 1.0}}, {3: {5095.0: 1.0}}))
    item.refresh()
    left = painted(item, 20, 100)
    assert (left[:, [4, 5, 8, 9]] == DARK.gap_tint).all()


def test_a_gap_that_is_healed_is_drawn_as_data() -> None:
    store = wall_book([0, 1, 3, 4])
    item = item_of(store)
    assert (painted(item, 100, 100)[:, 40:60] == DARK.gap_tint).any()
    snapshot = {5000.0 + 5 * k: 30.0 for k in range(20)}
    store.apply(book({2: snapshot}, {2: {}}))
    item.refresh()
    healed = painted(item, 100, 100)[:, 40:60]
    assert np.unique(healed).size == 1
    assert not np.isin(healed, [DARK.gap_tint, DARK.gap_line, DARK.ground]).any()


def test_what_was_not_observed_is_a_shade_off_the_ground() -> None:
    store = wall_book([0])
    store.apply(book({1: {5050.0: 1.0, 5040.0: 1.0}}, {1: {}}))
    pixels = painted(item_of(store), 20, 20)
    assert (pixels[:8, 10:] == DARK.not_observed).all()
    assert (pixels[10, 10:] == DARK.ground).all()


def test_bid_and_ask_have_their_own_colours() -> None:
    frame = book({0: {5000.0: 400.0}}, {0: {5005.0: 400.0}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    pixels = painted(item_of(store, plane="bid_ask"), 10, 20)
    values = store.values
    assert (pixels[:10] == transfer_table(values, 2.0, 400.0, "log", ASK)[-1]).all()
    assert (pixels[10:] == transfer_table(values, 2.0, 400.0, "log", BID)[-1]).all()


def test_a_repaint_of_an_unchanged_view_computes_nothing() -> None:
    item = item_of(wall_book(list(range(100))))
    painted(item, 200, 100)
    before = work_of(item)
    painted(item, 200, 100)
    assert work_of(item) == before


def test_a_pan_reads_no_cell_again() -> None:
    item = item_of(wall_book(list(range(300))))
    extent = QRectF(minute(70) / 1000, 5000.0, 1800.0, 100.0)
    painted(item, 200, 100, extent)
    read = item.painter_cpu.cells.work.windows_read
    for step in range(1, 10):
        painted(item, 200, 100, extent.translated(6.0 * step, 0))
    assert item.painter_cpu.cells.work.windows_read == read


@pytest.mark.parametrize("seed", range(4))
def test_a_patched_picture_equals_one_painted_from_scratch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    store = wall_book(list(range(50)), asked=(0, 80))
    item = item_of(store)
    extent = QRectF(minute(20) / 1000, 4990.0, 60 * 60.0, 130.0)
    for _ in range(12):
        n = int(rng.integers(20, 90))
        snapshot = {5000.0 + 5 * k: float(np.exp(rng.normal(2, 2))) for k in range(20)}
        store.apply(book({n: snapshot}, {n: {}}))
        item.refresh()
        size = (47, 130) if seed % 2 else (300, 130)
        assert np.array_equal(painted(item, *size, extent), painted(item_of(store), *size, extent))
    assert item.painter_cpu.cells.work.columns_patched > 0
    assert item.painter_cpu.pixels.patched > 0


def test_zooming_out_keeps_every_thin_wall() -> None:
    thin = {5000.0 + 5 * k: 500.0 if k % 40 == 7 else 1.0 for k in range(400)}
    frame = book({0: thin}, {0: {}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    item = item_of(store)
    rows = painted(item, 10, 70)[:, 5]
    bright = brightness(rows) > 600
    starts = np.flatnonzero(np.diff(np.concatenate(([False], bright)).astype(int)) == 1)
    assert starts.size == 10
    assert item.window is not None
    assert item.window.step == 8


def test_a_band_sums_liquidations() -> None:
    frame = liquidations({0: {70_000.0 + 5 * k: 5e6 for k in range(20)}}, 5.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    item = HeatmapItem()
    item.set_table(lambda values: transfer_table(values, 1e5, 1e8, "log", LIQUIDITY))
    item.set_band(10)
    item.set_source(store)
    painted(item, 20, 200)
    assert item.window is not None
    assert item.window.step == 10
    column, band = store.first_column, store.grid.price.level_of(70_012.0) // 10
    code = store.codes("qty", column, column + 1, band, band + 1, band=10)[0, 0]
    assert store.values[code] == pytest.approx(50e6, rel=5e-4)
    assert item.value_at(minute(0) / 1000, 70_012.0) == pytest.approx(5e6, rel=5e-4)


def test_a_table_builder_follows_codes_that_move() -> None:
    store = wall_book([0, 1])
    item = item_of(store)
    before = painted(item, 20, 100)
    generation = store.generation
    store.apply(book({2: {5000.0: 1e9}}, {2: {5099.0: 1.0}}))
    assert store.generation > generation
    item.refresh()
    assert np.array_equal(painted(item, 30, 100)[:, :20], before)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: QRectF(math.nan, 5000, 100, 100),
        lambda e: QRectF(e.left(), e.top(), 1e-9, 1e-9),
        lambda e: QRectF(e.left() - 1e12, e.top() - 1e9, 2e12, 2e9),
        lambda e: QRectF(e.left() + 1e9, e.top(), 100, 100),
        lambda e: QRectF(e.left(), -1e300, 1e300, 1e300),
    ],
)
def test_no_view_makes_painting_fail(spoil: Callable[[QRectF], QRectF]) -> None:
    item = item_of(wall_book(list(range(5))))
    painted(item, 64, 64, spoil(item.boundingRect()))


def test_without_source_table_or_cells_nothing_is_drawn() -> None:
    bare = HeatmapItem()
    extent = QRectF(0, 0, 1, 1)
    assert (painted(bare, 8, 8, extent) == PAPER).all()
    assert bare.boundingRect().isEmpty()
    assert math.isnan(bare.value_at(0.0, 1.0))
    bare.set_source(wall_book([0]))
    assert (painted(bare, 8, 8) == PAPER).all()
    emptied = item_of(wall_book([0]))
    emptied.set_source(None)
    assert (painted(emptied, 8, 8, extent) == PAPER).all()


def test_a_failing_paint_draws_nothing_and_tells_once(caplog: pytest.LogCaptureFixture) -> None:
    item = item_of(wall_book([0]))

    def broken(values: np.ndarray) -> np.ndarray:
        raise RuntimeError("no colours")

    item.set_table(broken)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(PAPER)
    painter = QPainter(image)
    painter.setTransform(transform_for(item.boundingRect(), 8, 8))
    for _ in range(5):
        item.paint(painter)
    painter.end()
    assert item.problem == "RuntimeError: no colours"
    assert len(caplog.records) == 1
    assert (pixels_of(image) == PAPER).all()


class Refusing:
    """A GPU path whose driver fails at every frame."""

    window = None

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def draw(self, *_: object) -> None:
        self.asked += 1
        raise self.error

    def release(self) -> None:
        """Nothing is held."""

    forget = release


def on_a_card(item: HeatmapItem, path: object, context: object) -> np.ndarray:
    """Paint an item as if in an OpenGL context."""
    item.painter_gl = path  # type: ignore[assignment]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(item_module, "live_context", lambda painter, widget: context)
        return painted(item, 60, 40)


def test_a_failed_frame_is_painted_by_the_processor_and_its_context_not_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gl_probe, "_told", set())
    store = wall_book([0, 1, 2])
    right = painted(item_of(store), 60, 40)
    context, path = object(), Refusing(GlError("the driver slept", "zzz"))
    item = item_of(store)
    for _ in range(3):
        assert np.array_equal(on_a_card(item, path, context), right)
    assert path.asked == 1
    assert item.path_note == "Drawn by the processor: the driver slept."
    other = item_of(store)
    on_a_card(other, Refusing(GlError("the driver slept", "deeper")), context)
    assert other.path_note == item.path_note
    assert [record.getMessage() for record in caplog.records] == [
        "Heatmaps are drawn by the processor: the driver slept (zzz)."
    ]
    on_a_card(item, path, object())
    assert path.asked == 2, "a new context is a new chance"


def test_any_error_of_the_gpu_path_is_survived(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gl_probe, "_told", set())
    item = item_of(wall_book([0]))
    on_a_card(item, Refusing(TypeError("no such function")), object())
    assert item.path_note == "Drawn by the processor: the OpenGL painter failed."
    assert "TypeError: no such function" in caplog.text
    assert item.window is not None


def test_a_widget_without_opengl_is_painted_by_the_processor() -> None:
    item = item_of(wall_book([0]))
    path = Refusing(RuntimeError("asked"))
    item.painter_gl = path  # type: ignore[assignment]
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    widget = QWidget()
    painter = QPainter(image)
    painter.setTransform(transform_for(item.boundingRect(), 8, 8))
    item.paint(painter, None, widget)
    painter.end()
    assert (path.asked, item.problem, item.path_note) == (0, "", "")


def test_a_grabbed_window_shows_the_chart_where_it_lies() -> None:
    item = item_of(wall_book(list(range(10))))
    window = QWidget()
    window.resize(600, 400)
    view = pg.GraphicsView(window)
    view.setGeometry(280, 190, 300, 200)
    box = pg.ViewBox(enableMenu=False)
    view.setCentralItem(box)
    box.addItem(item)
    box.disableAutoRange()
    window.show()
    box.setRange(xRange=(minute(0) / 1000, minute(10) / 1000), yRange=(5000, 5100), padding=0)
    picture = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    light = brightness(pixels_of(picture))
    wall = np.argwhere(light == 3 * 255)
    assert item.problem == ""
    # 5 of 100 in 200 pixels, over nearly the whole width of the view
    assert abs(wall[:, 0].mean() - (190 + (5100 - WALL_PRICE - 2.5) * 2)) < 3
    assert wall[:, 1].min() < 285
    assert wall[:, 1].max() > 570
    window.close()


def test_a_live_view_follows_the_growing_extent() -> None:
    store = wall_book(list(range(10)))
    item = item_of(store)
    box = pg.ViewBox()
    box.addItem(item)
    store.apply(book({10: {5000.0: 1.0}}, {10: {5150.0: 1.0}}))
    assert item.boundingRect().right() == minute(10) / 1000
    item.refresh()
    assert item.boundingRect().right() == minute(11) / 1000
    assert item.boundingRect().bottom() == 5155.0

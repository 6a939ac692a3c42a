from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QMenu

from heatdesk.frames import BookWindow, LevelRuns, LiquidationWindow, Quote
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.units import format_usd
from heatdesk.views.camera import Camera
from heatdesk.views.colourings import COLOURINGS
from heatdesk.views.palettes import LIQUIDITY
from heatdesk.views.viewport import ChartWindow
from tests.heatdesk.store.books import book, minute
from tests.ui.market_panels import (
    GAP_MINUTES,
    MIDDLE,
    MINUTES,
    WALL_PRICE,
    Market,
    history_panel,
    snapshot,
)
from ui import theme
from ui.heatmap.chart import PriceTimeChart
from ui.heatmap.layer import Layer
from ui.heatmap.price_lines import PriceLineLayer
from ui.panels.liquidation import LiquidationPanel
from ui.panels.order_book import OrderBookPanel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

RATIOS = [1.0, 1.25, 1.5, 2.0]


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> OrderBookPanel:
    return market.book_panel(qtbot)


def look_closely(chart: PriceTimeChart) -> None:
    """Zoom in until cells have room for figures."""
    window = chart.camera.window
    chart.camera.zoom_time(900 / window.span_s, window.x_of(minute(MINUTES) / 1000))
    chart.camera.zoom_price(150 / window.span_price, window.height_px / 2)
    chart.apply()
    chart.view.grab()


def picture_of(layer: Layer, window: ChartWindow, ratio: float = 1.0) -> np.ndarray:
    """What a layer draws on nothing, (rows, columns) 0xAARRGGBB in device pixels."""
    width, height = round(window.width_px * ratio), round(window.height_px * ratio)
    image = QImage(width, height, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    layer.look_at(window)
    painter = QPainter(image)
    layer.paint(painter, None)  # type: ignore[arg-type]
    painter.end()
    return np.frombuffer(image.constBits(), np.uint32).reshape(height, width).copy()


def has_colour(picture: np.ndarray, colour: str) -> np.ndarray:
    return (picture & 0xFFFFFF) == (QColor(colour).rgb() & 0xFFFFFF)


# ------------------------------------------------------------------------- numbers in cells
def test_large_cells_say_what_they_hold_and_small_ones_nothing(panel: OrderBookPanel) -> None:
    numbers = panel.chart.numbers
    panel.chart.view.grab()
    assert numbers.texts_laid == 0
    look_closely(panel.chart)
    assert numbers.texts_laid > 50


def test_cells_under_the_lower_cut_stay_quiet(panel: OrderBookPanel) -> None:
    panel.chart.legend.move_cut("high", 300.0)
    panel.chart.legend.hide_below(200.0)
    look_closely(panel.chart)
    assert panel.chart.numbers.texts_laid == 0


def test_an_unchanged_repaint_and_a_small_move_lay_out_no_figure_again(
    panel: OrderBookPanel,
) -> None:
    look_closely(panel.chart)
    laid = panel.chart.numbers.texts_laid
    panel.chart.view.grab()
    assert panel.chart.numbers.texts_laid == laid
    panel.chart.camera.pan(-3, 0)
    panel.chart.apply()
    panel.chart.view.grab()
    assert panel.chart.numbers.texts_laid == laid


def test_an_append_lays_out_the_figures_of_its_own_column_only(
    panel: OrderBookPanel, market: Market
) -> None:
    look_closely(panel.chart)
    laid = panel.chart.numbers.texts_laid
    columns = panel.chart.camera.window.span_s / 60
    market.add_minute(panel.primary(), MINUTES)
    panel.pull()
    panel.chart.view.grab()
    added = panel.chart.numbers.texts_laid - laid
    assert 0 < added <= 4 * laid / columns


def test_other_colours_lay_the_figures_out_in_another_ink(panel: OrderBookPanel) -> None:
    look_closely(panel.chart)
    laid = panel.chart.numbers.texts_laid
    panel.next_palette()
    panel.chart.view.grab()
    assert panel.chart.numbers.texts_laid > laid


def test_a_figure_stands_in_the_middle_of_its_cell(panel: OrderBookPanel) -> None:
    look_closely(panel.chart)
    window = panel.chart.camera.window
    for ratio in RATIOS:
        drawn = picture_of(panel.chart.numbers, window, ratio) >> 24 > 0
        cell = window.width_px / window.span_s * 60 * ratio
        starts = (minute(MINUTES - 3) / 1000 - window.t0_s) / window.s_per_px * ratio
        columns = np.flatnonzero(drawn.any(axis=0))
        inside = columns[(columns >= starts) & (columns < starts + cell)]
        middle = (inside.min() + inside.max()) / 2
        assert middle == pytest.approx(starts + cell / 2, abs=3 * ratio)


def test_numbers_are_switched_off_by_the_menu_and_stay_so(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    menu = QMenu()
    panel.context_menu(menu, QPoint(-1, -1))
    entries = {action.text(): action for action in menu.actions()}
    assert entries["Numbers in cells"].isChecked()
    entries["Numbers in cells"].trigger()
    look_closely(panel.chart)
    assert panel.chart.numbers.texts_laid == 0
    again = history_panel(market.context)
    qtbot.addWidget(again)
    again.load_options(panel.save_options())
    assert not again.options.numbers
    menu.deleteLater()


# --------------------------------------------------------------------------- lines of prices
def test_lines_break_at_gaps_and_lie_between_the_best_levels(panel: OrderBookPanel) -> None:
    panel.choose(replace(panel.options, best=True, mid=True))
    panel.pull()
    lines = panel.chart.best.lines()
    first = panel.chart.best.prices.first_column
    assert panel.block_size == 5.0
    gap = [GAP_MINUTES[0] + k for k in range(len(GAP_MINUTES))]
    for name, price in (("bid", MIDDLE), ("ask", MIDDLE), ("mid", MIDDLE)):
        assert np.isnan(lines[name].price[gap]).all()
        assert np.nanmin(lines[name].price) == np.nanmax(lines[name].price) == price
        assert lines[name].start_s == panel._heat.grid.time.time_of(first) / 1000


def ticking(n: int, seed: int = 5) -> tuple[HeatmapStore, np.ndarray, np.ndarray]:
    """A book recorded by the tick of 0.1, and its best prices."""
    rng = np.random.default_rng(seed)
    bid = 600_000 + np.cumsum(rng.integers(-30, 31, n))
    ask = bid + rng.integers(1, 4, n)
    depth = np.arange(20)
    runs = [
        LevelRuns(np.arange(n + 1) * 20, (levels * 0.1).ravel(), np.ones(20 * n))
        for levels in (bid[:, None] - depth, ask[:, None] + depth)
    ]
    times = 1_700_000_000_000 + 100 * np.arange(n, dtype=np.int64)
    end = int(times[-1]) + 100
    frame = BookWindow(
        int(times[0]), end, 100, times, 0.1, Quote.COIN, runs[0], runs[1], complete_ms=end
    )
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store, bid * 0.1, ask * 0.1


def test_a_book_of_single_ticks_has_exact_lines() -> None:
    store, bid, ask = ticking(700)
    layer = PriceLineLayer()
    layer.show_lines(best=True, mid=True)
    while not layer.follow(store, exact=True):
        continue
    lines = layer.lines()
    assert lines["bid"].price == pytest.approx(bid, abs=1e-6)
    assert lines["ask"].price == pytest.approx(ask, abs=1e-6)
    assert lines["mid"].price == pytest.approx((bid + ask) / 2, abs=1e-6)


def test_lines_lie_round_a_level_that_holds_both_sides() -> None:
    times = 1_700_000_000_000 + 60_000 * np.arange(2, dtype=np.int64)
    sides = [
        LevelRuns(np.array([0, 2, 4]), np.array(prices), np.ones(4))
        for prices in ([95.0, 100.0, 95.0, 100.0], [100.0, 105.0, 105.0, 110.0])
    ]
    end = int(times[-1]) + 60_000
    frame = BookWindow(int(times[0]), end, 60_000, times, 5.0, Quote.COIN, *sides, complete_ms=end)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    layer = PriceLineLayer()
    layer.show_lines(best=True, mid=True)
    while not layer.follow(store):
        continue
    lines = {name: series.price.tolist() for name, series in layer.lines().items()}
    assert lines == {"bid": [100.0, 105.0], "ask": [105.0, 105.0], "mid": [102.5, 105.0]}


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("columns", [40, 300, 700, 6_000])
def test_lines_are_seen_in_every_pixel_column_at_every_zoom(columns: int, ratio: float) -> None:
    store, bid, ask = ticking(columns)
    layer = PriceLineLayer()
    layer.show_lines(best=True, mid=False)
    while not layer.follow(store, exact=True):
        continue
    start_s = store.grid.time.time_of(store.first_column) / 1000
    low, high = float(bid.min()) - 5, float(ask.max()) + 5
    window = ChartWindow(start_s, start_s + columns / 10, low, high, 300, 200)
    drawn = picture_of(layer, window, ratio)
    for colour in (theme.Palette.UP, theme.Palette.DOWN):
        seen = has_colour(drawn, colour)
        # where one line lies on the other's pixel, the one drawn later is seen
        missing = np.flatnonzero(~seen.any(axis=0))
        assert missing.size <= 0.1 * seen.shape[1]
    both = has_colour(drawn, theme.Palette.UP) | has_colour(drawn, theme.Palette.DOWN)
    assert both.any(axis=0)[2:-2].all()
    # the highest ask is not lost between two pixels
    peak = round((float(ask.argmax()) + 0.5) / columns * 300 * ratio)
    row = round(window.y_of(float(ask.max())) * ratio)
    near = both[max(0, row - 3) : row + 4, max(0, peak - 2) : peak + 3]
    assert near.any()


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_mid_hides_neither_side_where_all_three_lie_on_one_pixel(ratio: float) -> None:
    store, bid, _ = ticking(40, seed=7)
    layer = PriceLineLayer()
    layer.show_lines(best=True, mid=True)
    while not layer.follow(store, exact=True):
        continue
    start_s = store.grid.time.time_of(store.first_column) / 1000
    # a pixel is a hundred times the spread
    window = ChartWindow(start_s, start_s + 4, bid[0] - 3_000, bid[0] + 3_000, 300, 200)
    drawn = picture_of(layer, window, ratio)
    colours = (theme.Palette.UP, theme.Palette.DOWN, theme.Palette.TEXT)
    seen = [has_colour(drawn, colour) for colour in colours]
    assert all(one.any(axis=0)[4:-4].mean() > 0.95 for one in seen)
    thick = [one.sum() for one in seen]
    assert min(thick) > 0.8 * max(thick)


def test_lines_are_chosen_in_the_menu_and_the_choice_is_kept(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    assert not panel.chart.best.shown, "candles tell the price already"
    menu = QMenu()
    panel.context_menu(menu, QPoint(-1, -1))
    entries = {action.text(): action for action in menu.actions()}
    assert not entries["Best bid and ask"].isChecked()
    entries["Best bid and ask"].trigger()
    entries["Mid price"].trigger()
    panel.pull()
    assert panel.chart.best.shown
    again = history_panel(market.context)
    qtbot.addWidget(again)
    again.load_options(panel.save_options())
    assert (again.options.best, again.options.mid) == (True, True)
    menu.deleteLater()


def test_an_append_reads_the_best_prices_of_its_own_column_only(
    panel: OrderBookPanel, market: Market
) -> None:
    read = panel.chart.best.prices.columns_read
    market.add_minute(panel.primary(), MINUTES)
    panel.pull()
    assert panel.chart.best.prices.columns_read == read + 1


# ------------------------------------------------------------------------ beyond the edges
def test_what_rests_beyond_the_view_is_said_at_its_edges(panel: OrderBookPanel) -> None:
    chart = panel.chart
    chart.camera.reset()
    chart.camera.zoom_price(0.25, chart.camera.window.height_px / 2)
    chart.apply()
    chart.view.grab()
    bids, asks = snapshot(MINUTES - 1)
    window = chart.camera.window
    both = [*bids.items(), *asks.items()]
    above = sum(qty for price, qty in both if price >= window.p1)
    below = sum(qty for price, qty in both if price + 5 <= window.p0)
    assert chart.offscreen.texts == (f"{above:,.0f} BTC above", f"{below:,.0f} BTC below")
    chart.camera.zoom_price(40, chart.camera.window.height_px / 2)
    chart.apply()
    chart.view.grab()
    assert chart.offscreen.texts == ("", "")


def test_a_pan_changes_the_sums(panel: OrderBookPanel) -> None:
    chart = panel.chart
    chart.camera.zoom_price(0.25, 200)
    chart.apply()
    chart.view.grab()
    before = chart.offscreen.texts
    chart.camera.pan(0, -80)
    chart.apply()
    chart.view.grab()
    assert chart.offscreen.texts[0] != before[0]
    assert chart.offscreen.texts[1] != before[1]


def test_liquidations_beyond_the_view_are_summed_in_their_unit(
    qtbot: QtBot, market: Market
) -> None:
    made = LiquidationPanel(market.context)
    market.fill_liquidations(made.primary(), made.options.candle_sub(made.source))
    market.show(qtbot, made)
    made.chart.camera.zoom_price(0.1, made.chart.camera.window.height_px / 2)
    made.chart.apply()
    made.chart.view.grab()
    levels = market.store.last_book(made.primary())
    assert isinstance(levels, LiquidationWindow)
    price, qty = levels.levels.at(0)
    window = made.chart.camera.window
    above = qty[price >= window.p1].sum()
    below = qty[price + 5 <= window.p0].sum()
    expected = (f"{format_usd(above)} above", f"{format_usd(below)} below")
    assert made.chart.offscreen.texts == expected


# ------------------------------------------------------------------------------- the card
def test_the_card_says_share_source_best_prices_and_distance(panel: OrderBookPanel) -> None:
    panel.chart.view.grab()
    window = panel.chart.camera.window
    at = QPointF(window.x_of(minute(150) / 1000 + 30), window.y_of(WALL_PRICE + 2))
    panel.chart.point_at(at)
    said = panel.chart.card.text()
    assert "Bid 400.000 BTC $27.9M" in said.replace("  ", " ")
    assert "Share largest in view" in said
    assert "Best level 69,995.0 / 70,000.0" in said
    assert "From last -0.29 %" in said
    assert "Source Binance Perp, observed" in said
    panel.chart.point_at(QPointF(at.x(), window.y_of(WALL_PRICE + 32)))
    assert "% of the largest in view" in panel.chart.card.text()


def test_the_best_prices_outlive_the_snapshots_as_approximate_ones(
    qtbot: QtBot, market: Market
) -> None:
    market.store._budget = replace(market.store._budget, exact=20_000)
    made = history_panel(market.context)
    market.fill_book(made.primary(), made.options.candle_sub(made.source))
    market.show(qtbot, made)
    made.chart.view.grab()
    window = made.chart.camera.window
    at = QPointF(window.x_of(minute(120) / 1000 + 30), window.y_of(WALL_PRICE + 2))
    made.chart.point_at(at)
    said = made.chart.card.text()
    assert "Best level ≈ 69,995.0 / 70,000.0" in said
    assert "Bid ≈ 400" in said


def test_reading_far_zoomed_out_touches_no_more_than_a_blink_allows(
    panel: OrderBookPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = panel.chart
    chart.camera.zoom_time(60, 500)
    chart.camera.zoom_price(40, 250)
    chart.apply()
    chart.view.grab()
    window = chart.camera.window
    x, y = window.x_of(minute(150) / 1000), window.y_of(WALL_PRICE)
    chart.point_at(QPointF(x, y))
    read: list[int] = []
    codes = HeatmapStore.codes

    def counted(self: HeatmapStore, *args: object, **kwargs: object) -> np.ndarray:
        found = codes(self, *args, **kwargs)  # type: ignore[arg-type]
        read.append(found.size)
        return found

    monkeypatch.setattr(HeatmapStore, "codes", counted)
    chart.point_at(QPointF(x + 1, y + 1))
    assert "Cell" in chart.card.text()
    assert sum(read) <= 2 * 65_536


# ------------------------------------------------------------------------------ bad input
@pytest.mark.parametrize("ratio", RATIOS)
def test_the_layers_of_a_chart_paint_at_every_scale(panel: OrderBookPanel, ratio: float) -> None:
    look_closely(panel.chart)
    panel.choose(replace(panel.options, best=True, mid=True))
    panel.pull()
    for layer in panel.chart.layers:
        picture_of(layer, panel.chart.camera.window, ratio)
        assert not layer._told


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (60, 40), (200, 3), (3, 400)])
def test_a_chart_without_room_reads_and_paints_nothing_wrong(
    panel: OrderBookPanel, size: tuple[int, int]
) -> None:
    panel.choose(replace(panel.options, best=True, mid=True))
    panel.resize(*size)
    panel.chart.resize(*size)
    panel.chart.view.resize(*size)
    panel.pull()
    for at in (QPointF(0, 0), QPointF(1, 1), QPointF(30, 20)):
        panel.chart.point_at(at)
        panel.chart.pointer.magnify()
        panel.chart.view.grab()
        panel.chart.pointer.end_magnifying()
    assert not any(layer._told for layer in panel.chart.layers)


@pytest.mark.parametrize(
    ("bids", "asks"),
    [({0: {100.0: 1.0}}, {0: {}}), ({0: {}}, {0: {}}), ({0: {100.0: 0.0}}, {0: {105.0: 0.0}})],
    ids=["one cell", "nothing", "zeros"],
)
def test_the_smallest_matrices_can_be_read(
    qtbot: QtBot, market: Market, bids: dict[int, dict[float, float]], asks: dict
) -> None:
    made = history_panel(market.context)
    made.choose(replace(made.options, best=True, mid=True))
    market.store.apply(made.primary(), book(bids, asks))
    market.show(qtbot, made)
    chart = made.chart
    chart.camera.newest_s = minute(1) / 1000
    chart.camera.window = ChartWindow(minute(0) / 1000 - 60, minute(0) / 1000 + 120, 90, 110)
    chart.camera._price_placed = True
    chart.relayout()
    chart.view.grab()
    for x in range(0, int(chart.plot_rect.width()), 97):
        chart.point_at(QPointF(x, 100))
        chart.pointer.magnify()
        chart.pointer.lens.grab()
        chart.pointer.end_magnifying()
    assert not any(layer._told for layer in chart.layers)
    assert not chart.item.problem


def test_a_panel_whose_data_went_reads_nothing(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    look_closely(panel.chart)
    panel.chart.point_at(QPointF(300, 200))
    panel.chart.pointer.magnify()
    market.store.drop(panel.primary())
    panel.chart.point_at(QPointF(310, 205))
    panel.invalidate()
    panel.pull()
    panel.chart.view.grab()
    panel.chart.forget(3600.0)
    panel.chart.point_at(QPointF(310, 205))
    assert panel.chart.card.isHidden()
    assert panel.chart.pointer.lens.isHidden()
    assert not any(layer._told for layer in panel.chart.layers)


def test_a_view_on_another_screen_steps_in_its_pixels(panel: OrderBookPanel) -> None:
    camera = panel.chart.camera
    assert isinstance(camera, Camera)
    assert camera._device_ratio == panel.chart.view.devicePixelRatioF()


def test_days_are_named_at_their_lines_where_the_axis_names_those_of_another_zone(
    panel: OrderBookPanel,
) -> None:
    guides = panel.chart.guides
    noon_s = 1_776_081_600.0
    window = ChartWindow(noon_s, noon_s + 86_400, 0, 10, 600, 200)
    guides.set_last_price(float("nan"))
    guides.set_zone(UTC)
    plain = picture_of(guides, window) >> 24 > 0
    assert plain.any(axis=0).sum() == 1, "one line at 00:00 UTC"
    guides.set_zone(timezone(timedelta(hours=2)))
    named = picture_of(guides, window) >> 24 > 0
    assert named[-20:].any(axis=0).sum() > 20
    assert (named[:-25] == plain[:-25]).all()


def test_lines_of_a_pair_wear_the_colours_of_their_sides(panel: OrderBookPanel) -> None:
    usual = (theme.Palette.UP, theme.Palette.DOWN)
    assert panel.chart.side_colours(usual) == usual
    pair = next(each for each in COLOURINGS.values() if len(each.ramps) == 2)
    panel.choose(replace(panel.options, palette=pair.name, best=True))
    panel.pull()
    window = panel.chart.camera.window
    drawn = picture_of(panel.chart.best, window)
    for colour in pair.of_sides(theme.shades().light) or ():
        assert has_colour(drawn, colour).any()
    assert not any(has_colour(drawn, colour).any() for colour in usual)


def test_columns_of_a_tenth_of_a_second_can_be_read(qtbot: QtBot) -> None:
    store, bid, ask = ticking(300)
    chart = PriceTimeChart(span_s=10.0)
    qtbot.addWidget(chart)
    chart.resize(900, 500)
    chart.show()
    qtbot.waitExposed(chart)
    chart.reader = lambda time_s, price: [("Price", f"{price:.1f}")]
    chart.set_zone(UTC)
    chart.set_grid(100, 0.1, float(bid[-1]))
    chart.item.set_source(store)
    chart.set_palettes(LIQUIDITY)
    newest_s = store.grid.time.time_of(store.last_column + 1) / 1000
    middle = float(bid[-5] + ask[-5]) / 2
    chart.observe(newest_s, middle, 4.0)
    chart.view.grab()
    for span_s in (10.0, 1.0, 0.5):
        chart.camera.zoom_time(span_s / chart.camera.window.span_s, 500)
        chart.apply()
        chart.view.grab()
        chart.point_at(QPointF(400, 200))
        chart.pointer.magnify()
        assert chart.pointer.lens.isVisible()
        chart.pointer.lens.grab()
        mark = chart.crosshair.mark
        assert mark is not None
        assert "." in mark.time_text
        chart.pointer.end_magnifying()
    assert not any(layer._told for layer in chart.layers)

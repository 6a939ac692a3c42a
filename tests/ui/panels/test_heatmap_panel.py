"""What both panels around a price-time chart do alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMainWindow, QMenu

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views import cell_count
from heatdesk.views.colourings import offered
from heatdesk.views.contrast import Contrast
from tests.heatdesk.clocks import JumpingClock
from tests.heatdesk.store.books import Snapshot
from tests.heatdesk.store.books import book as book_of
from tests.ui.market_panels import (
    GAP_MINUTES,
    MINUTES,
    WALL_PRICE,
    WALL_QTY,
    Market,
    history_panel,
    minute,
    snapshot,
)
from ui.heatmap.item import HeatmapItem
from ui.heatmap.memory import AUTO_MS
from ui.panels.liquidation import LiquidationPanel
from ui.panels.order_book import OrderBookPanel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    HeatmapPanels = OrderBookPanel | LiquidationPanel

ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
MADE: dict[str, Callable[[Market], HeatmapPanels]] = {
    "book": lambda market: history_panel(market.context),
    "liquidation": lambda market: LiquidationPanel(market.context),
}


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock(minute(MINUTES))


@pytest.fixture
def market(clock: JumpingClock) -> Market:
    made = Market()
    made.context = replace(made.context, clock=clock)
    return made


def filled(market: Market, kind: str) -> HeatmapPanels:
    panel = MADE[kind](market)
    panel.load_options({"source": "kiyotaka", "interval": "1m"})
    fill = market.fill_book if kind == "book" else market.fill_liquidations
    fill(panel.primary(), panel.options.candle_sub(panel.source))
    return panel


@pytest.fixture(params=list(MADE))
def panel(request: pytest.FixtureRequest, qtbot: QtBot, market: Market) -> HeatmapPanels:
    made = filled(market, request.param)
    market.show(qtbot, made)
    made.chart.view.grab()
    return made


@pytest.fixture
def book(qtbot: QtBot, market: Market) -> OrderBookPanel:
    made = filled(market, "book")
    assert isinstance(made, OrderBookPanel)
    market.show(qtbot, made)
    made.chart.view.grab()
    return made


def test_alt_p_goes_through_every_colouring_and_alt_shift_p_back(
    qtbot: QtBot, panel: HeatmapPanels
) -> None:
    names = [each.name for each in offered(sides=panel.sides)]
    assert len(names) >= 4
    first = panel.options.palette
    seen = []
    for _ in names:
        seen.append(panel.options.palette)
        qtbot.keyClick(panel.chart.view, Qt.Key.Key_P, ALT)
    assert panel.options.palette == first
    assert sorted(seen) == sorted(names)
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_P, ALT | SHIFT)
    assert panel.options.palette == seen[-1]


def test_the_way_back_is_not_taken_for_the_panels_menu(qtbot: QtBot, market: Market) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    menu = window.menuBar().addMenu("&Panels")
    opened: list[bool] = []
    menu.aboutToShow.connect(lambda: opened.append(True))
    panel = filled(market, "book")
    window.setCentralWidget(panel)
    window.show()
    qtbot.waitExposed(window)
    before = panel.options.palette
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_P, ALT | SHIFT)
    assert panel.options.palette != before
    assert opened == []


def test_the_two_sides_swap_their_colours(book: OrderBookPanel) -> None:
    book.choose(book.with_options(palette="pair"))
    pair = book.chart.item.style
    book.choose(book.with_options(palette="pair_swapped"))
    swapped = book.chart.item.style
    assert pair is not None
    assert swapped is not None
    assert (pair.table != pair.ask_table).any()
    assert (swapped.table == pair.ask_table).all()
    assert (swapped.ask_table == pair.table).all()


def test_the_menu_offers_each_colouring_with_a_picture(panel: HeatmapPanels) -> None:
    menu = QMenu()
    panel.context_menu(menu, panel.rect().topLeft() - panel.rect().bottomRight())
    colours = next(a.menu() for a in menu.actions() if a.text() == "Colours")
    actions = [a for a in colours.actions() if a.isCheckable()]
    choices = offered(sides=panel.sides)
    assert [a.text() for a in actions] == [each.title for each in choices]
    assert all(not a.icon().isNull() for a in actions)
    marked = [each.name for a, each in zip(actions, choices, strict=True) if a.isChecked()]
    assert marked == [panel.options.palette]
    actions[-1].trigger()
    assert panel.options.palette == choices[-1].name
    menu.deleteLater()


@pytest.mark.parametrize("saved", ["rainbow", "", 3, None, ["grey"], "diverging"])
def test_a_colouring_nobody_knows_keeps_the_usual_one(
    qtbot: QtBot, market: Market, saved: object
) -> None:
    for made in MADE.values():
        panel = made(market)
        qtbot.addWidget(panel)
        usual = panel.options.palette
        panel.load_options({**panel.save_options(), "palette": saved})
        assert panel.options.palette == usual
        panel.load_options({**panel.save_options(), "palette": "grey"})
        assert panel.options.palette == "grey"


def test_a_panel_without_sides_takes_no_pair(qtbot: QtBot, market: Market) -> None:
    panel = LiquidationPanel(market.context)
    qtbot.addWidget(panel)
    panel.load_options({"palette": "pair"})
    assert panel.options.palette == "liquidation"
    panel.load_options({"grey": True})
    assert panel.options.palette == "grey"


def test_changing_the_contrast_reads_no_cell(
    panel: HeatmapPanels, monkeypatch: pytest.MonkeyPatch
) -> None:
    legend, item = panel.chart.legend, panel.chart.item
    before = asdict(item.painter_cpu.cells.work)
    shown = panel.chart.view.grab().toImage()
    read: list[str] = []
    codes = HeatmapStore.codes
    monkeypatch.setattr(
        HeatmapStore, "codes", lambda *a, **k: read.append("codes") or codes(*a, **k)
    )
    low, high = legend.cut
    wide = Contrast("absolute", low=low / 20, high=high * 20)
    set_sources: list[object] = []
    monkeypatch.setattr(item, "set_source", set_sources.append)
    changes: list[Callable[[], object]] = [
        lambda: legend.choose(wide),
        lambda: legend.set_scale("linear"),
        lambda: legend.choose(wide),
        lambda: legend.hide_below(legend.cut[1]),
        lambda: legend.choose(wide),
        lambda: panel.choose(panel.with_options(palette="grey")),
        lambda: panel.next_palette(-1),
    ]
    for change in changes:
        change()
        panel.pull()
        picture = panel.chart.view.grab().toImage()
        assert picture != shown
        shown = picture
    work = asdict(item.painter_cpu.cells.work)
    for kind in ("windows_read", "windows_moved", "columns_patched"):
        assert work[kind] == before[kind]
    assert read == []
    assert set_sources == []


def test_zoom_does_not_shift_the_colours(panel: HeatmapPanels) -> None:
    before = panel.chart.legend.cut
    for factor in (0.2, 0.2, 30.0):
        panel.chart.camera.zoom_time(factor, 300)
        panel.chart.camera.zoom_price(factor, 200)
        panel.chart.apply()
        panel.invalidate()
        panel.pull()
        assert panel.chart.legend.cut == before


def test_auto_fits_again_without_being_asked(
    book: OrderBookPanel, market: Market, clock: JumpingClock
) -> None:
    legend = book.chart.legend
    legend.auto_button.click()
    before = legend.cut
    market.add_minute(book.primary(), MINUTES, scale=5_000.0)
    book.pull()
    assert legend.cut == before
    clock.advance(AUTO_MS / 1000)
    book.pull()
    assert legend.cut[1] > 10 * before[1]
    assert book.save_options()["contrast_default"].endswith("|auto")  # type: ignore[union-attr]


def test_auto_stands_still_under_a_dragging_hand(
    qtbot: QtBot, book: OrderBookPanel, market: Market, clock: JumpingClock
) -> None:
    legend = book.chart.legend
    legend.auto_button.click()
    bar = legend.bar_rect().center().toPoint()
    bar.setY(round(legend.handle_y("low")))
    qtbot.mousePress(legend, Qt.MouseButton.LeftButton, pos=bar)
    before = legend.cut
    market.add_minute(book.primary(), MINUTES, scale=5_000.0)
    clock.advance(AUTO_MS / 1000)
    book.pull()
    assert legend.cut == before
    qtbot.mouseRelease(legend, Qt.MouseButton.LeftButton, pos=bar)
    clock.advance(AUTO_MS / 1000)
    book.pull()
    assert legend.cut[1] > 10 * before[1]


def test_a_refit_is_not_held_up_by_a_pause(
    qtbot: QtBot, book: OrderBookPanel, market: Market
) -> None:
    before = book.chart.legend.cut
    qtbot.keyClick(book.chart.view, Qt.Key.Key_Space)
    market.add_minute(book.primary(), MINUTES, scale=5_000.0)
    book.pull()
    assert book.chart.legend.cut == before
    qtbot.keyClick(book.chart.view, Qt.Key.Key_R, ALT)
    assert book.chart.legend.cut[1] > 10 * before[1]


def test_a_large_store_is_counted_tick_by_tick(
    book: OrderBookPanel, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = book.chart.legend.cut
    market.add_minute(book.primary(), MINUTES, scale=5_000.0)
    book.pull()
    monkeypatch.setattr(cell_count, "STEP_CELLS", 20_000)
    book.chart.legend.refit_button.click()
    assert book.chart.legend.cut == before
    ticks = 0
    while book.pull():
        ticks += 1
    assert ticks > 3
    assert book.chart.legend.cut[1] > 10 * before[1]


def test_a_new_instrument_takes_the_last_contrast(book: OrderBookPanel, market: Market) -> None:
    book.chart.legend.set_scale("linear")
    book.choose(book.options.traded(("BYBIT",), "ETHUSDT", None))
    market.fill_book(book.primary(), book.options.candle_sub(book.source))
    book.pull()
    assert book.chart.legend.contrast.scale == "linear"


def test_a_new_panel_begins_with_the_contrast_of_the_one_there(
    qtbot: QtBot, market: Market, book: OrderBookPanel
) -> None:
    book.chart.legend.choose(Contrast(low_pct=40.0, high_pct=90.0, scale="linear"))
    book.choose(book.with_options(palette="grey"))
    new = history_panel(market.context)
    usual = new.options
    new.load_options(book.options_for_new())
    assert new.options == usual, "the contrast alone is handed on"
    for options in (new.options, new.options.traded(("BYBIT",), "ETHUSDT", None)):
        new.choose(options)
        market.fill_book(new.primary(), new.options.candle_sub(new.source))
        if not new.isVisible():
            market.show(qtbot, new)
        new.pull()
        contrast = new.chart.legend.contrast
        assert (contrast.low_pct, contrast.high_pct, contrast.scale) == (40.0, 90.0, "linear")


def test_the_keyboard_goes_from_the_chart_to_the_legend_and_back(
    qtbot: QtBot, book: OrderBookPanel
) -> None:
    book.chart.view.setFocus()
    legend = book.chart.legend
    for _ in range(3):
        if book.focusWidget() is not legend.handles["high"]:
            qtbot.keyClick(book.focusWidget(), Qt.Key.Key_Tab)
    assert book.focusWidget() is legend.handles["high"]
    before = legend.cut
    qtbot.keyClick(legend.handles["high"], Qt.Key.Key_Up)
    assert legend.cut[1] > before[1]
    qtbot.keyClick(legend.handles["high"], Qt.Key.Key_Escape)
    assert book.focusWidget() is book.chart.view


def test_the_panel_says_how_it_is_drawn_until_it_is_not(
    panel: HeatmapPanels, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["Drawn by the processor: the graphics driver refused a shader."]
    monkeypatch.setattr(HeatmapItem, "path_note", property(lambda _: said[0]))
    panel.pull()
    assert panel.note.isVisible()
    assert panel.note.text().count(said[0]) == 1
    panel.pull()
    assert panel.note.text().count(said[0]) == 1
    said[0] = ""
    panel.pull()
    assert not panel.note.isVisible()


def cells_shown(panel: HeatmapPanels) -> np.ndarray:
    """Colours of the plot's pixels without what is drawn over the cells, (rows, columns)."""
    for layer in panel.chart.layers:
        layer.setOpacity(0.0)
    picture = panel.chart.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), -1)
    plot = panel.chart.plot_rect
    return rows[: int(plot.height()), : int(plot.width())].copy()


def merged(side: Snapshot, block_size: float) -> Snapshot:
    """The same quantities in higher levels."""
    levels: Snapshot = {}
    for price, qty in side.items():
        level = price // block_size * block_size
        levels[level] = levels.get(level, 0.0) + qty
    return levels


def test_levels_of_another_height_move_nothing_on_screen(
    book: OrderBookPanel, market: Market
) -> None:
    chart = book.chart
    before = chart.camera.window
    wall_y = before.y_of(WALL_PRICE + 2.5)
    for n in range(MINUTES, MINUTES + 3):
        bids, asks = (merged(side, 10.0) for side in snapshot(n))
        market.store.apply(book.primary(), book_of({n: bids}, {n: asks}, block_size=10.0))
        assert book.pull()
    after = chart.camera.window
    assert book.block_size == 10.0
    assert (after.p0, after.p1, after.span_s) == (before.p0, before.p1, before.span_s)
    pixel_s = after.span_s / after.width_px
    assert after.t0_s - before.t0_s == pytest.approx(3 * 60, abs=pixel_s)
    cells = cells_shown(book)
    row = cells[round(wall_y)]
    for n in (150, MINUTES + 1):
        x = round(after.x_of(minute(n) / 1000 + 30))
        assert row[x] == chart.item.style.table[-1]  # type: ignore[union-attr]
        said = dict(book.hover_rows(minute(n) / 1000 + 30, WALL_PRICE + 1))
        assert float(said["Bid"].split()[0]) == pytest.approx(WALL_QTY + 1 + (39 * 7 + n) % 8)
    assert chart.item.problem == ""


def test_what_comes_late_is_drawn_in_its_place_and_moves_nothing_else(
    book: OrderBookPanel, market: Market
) -> None:
    chart = book.chart
    chart.camera.pan(200, 0)
    chart.apply()
    before, window, cut = cells_shown(book), chart.camera.window, chart.legend.cut
    late = {GAP_MINUTES[1]: {WALL_PRICE: WALL_QTY}, 200: {WALL_PRICE - 100: WALL_QTY}}
    for n, bids in late.items():
        market.store.apply(book.primary(), book_of({n: bids}, {n: {WALL_PRICE + 900: 1.0}}))
    assert book.pull()
    after = cells_shown(book)
    assert (chart.camera.window, chart.legend.cut) == (window, cut)
    differ = np.flatnonzero((before != after).any(axis=0))
    for n in late:
        x0, x1 = (window.x_of(minute(m) / 1000) for m in (n, n + 1))
        own = (differ >= x0 - 1) & (differ <= x1)
        assert own.any(), n
        differ = differ[~own]
    assert differ.size == 0


def test_columns_from_the_future_move_no_view(book: OrderBookPanel, market: Market) -> None:
    before, cells = book.chart.camera.window, cells_shown(book)
    bids, asks = snapshot(MINUTES)
    far = MINUTES + 5_000
    frame = book_of({far: bids}, {far: asks}, asked=(MINUTES, MINUTES), complete=MINUTES)
    market.store.apply(book.primary(), frame)
    book.pull()
    assert book.chart.camera.follows
    assert book.chart.camera.window == before
    assert (cells_shown(book) == cells).all()


def test_panels_of_one_subscription_share_its_cells_and_nothing_else(
    qtbot: QtBot, market: Market, panel: HeatmapPanels
) -> None:
    other = MADE["book" if panel.sides else "liquidation"](market)
    other.load_options(panel.save_options())
    market.show(qtbot, other)
    assert other.primary() == panel.primary()
    assert other.chart.item.source is panel.chart.item.source is not None
    assert (cells_shown(other) == cells_shown(panel)).all()
    still, cut = cells_shown(other), other.chart.legend.cut
    panel.chart.camera.zoom_time(0.3, 200)
    panel.chart.apply()
    panel.chart.legend.set_scale("linear")
    panel.next_palette()
    panel.pull()
    other.pull()
    assert (cells_shown(panel) != still).any()
    assert (cells_shown(other) == still).all()
    assert other.chart.legend.cut == cut

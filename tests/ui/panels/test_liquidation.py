from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from heatdesk.frames import CandleSub, KeyState, LiquidationBatch, LiquidationSub, Quote
from heatdesk.providers.happened_cells import Happened
from tests.ui.market_panels import MIDDLE, MINUTE, Market, candles, minute
from ui.heatmap.typed import NameSearch
from ui.panels.liquidation import LiquidationPanel
from ui.panels.liquidation.drawing import happened_profiles

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OPENS_A_POPUP = pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
"""The offscreen platform says so whenever a menu or a pop-over opens."""


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> LiquidationPanel:
    made = LiquidationPanel(market.context)
    made.load_options({"interval": "1m"})
    market.fill_liquidations(made.primary(), made.options.candle_sub(made.source))
    market.show(qtbot, made)
    made.chart.view.grab()
    return made


def hover(panel: LiquidationPanel, price: float) -> str:
    window = panel.chart.camera.window
    time_s = minute(30) / 1000 + 30
    panel.chart.point_at(QPointF(window.x_of(time_s), window.y_of(price)))
    return panel.chart.card.text()


def test_a_fresh_panel_asks_for_a_day_of_bitcoin_in_dollars(qtbot: QtBot, market: Market) -> None:
    fresh = LiquidationPanel(market.context)
    qtbot.addWidget(fresh)
    sub = fresh.primary()
    assert sub == LiquidationSub("kiyotaka", "BTC", 300_000, None, Quote.USD, 288)
    assert CandleSub("kiyotaka", "HYPERLIQUID_FUTURES", "BTC", "", 300_000, 288) in fresh.needs()
    assert fresh.subtitle().startswith("Hyperliquid only")


def test_ten_levels_of_five_million_are_one_label_of_fifty(panel: LiquidationPanel) -> None:
    largest = panel.clusters[0]
    assert largest.qty == pytest.approx(50e6, rel=0.05)
    texts = [text for _, text in panel.chart.labels.placed]
    assert any(text.startswith("$50.") and text.endswith("-2.8 %") for text in texts)


def test_labels_never_overlap(panel: LiquidationPanel) -> None:
    boxes = [box for box, _ in panel.chart.labels.placed]
    assert len(boxes) >= 2
    for i, one in enumerate(boxes):
        assert not any(one.intersects(other) for other in boxes[i + 1 :])


def test_a_band_sums_its_levels(panel: LiquidationPanel) -> None:
    assert panel.chart.legend.unit_text.startswith("USD per $")
    assert panel.chart.item.band > 1
    said = hover(panel, 68_010.0)
    assert "sum 25.0M of 5 levels" in said
    assert "Long (inferred)" in said
    low = 68_010.0 // panel._band * panel._band
    inside = sum(5e6 for k in range(10) if low <= 68_000 + 5 * k < low + panel._band)
    assert f"${inside:,.0f}" in said.replace("On the way", "\n")


def test_the_side_above_the_price_is_inferred_as_short(panel: LiquidationPanel) -> None:
    level = round(MIDDLE * 1.01 / 5) * 5.0
    assert "Short (inferred)" in hover(panel, level)


def test_the_way_to_the_price_starts_at_nothing(panel: LiquidationPanel) -> None:
    assert hover(panel, MIDDLE + 2.5).endswith("On the way there now 0")


def test_the_threshold_hides_small_bands(qtbot: QtBot, panel: LiquidationPanel) -> None:
    panel.threshold.setFocus()
    panel.threshold.selectAll()
    qtbot.keyClicks(panel.threshold, "2.5M")
    panel.threshold.editingFinished.emit()
    assert panel.chart.legend.cut[0] == 2.5e6
    assert panel.threshold.text() == "\u2265 $2.5M"


def test_another_band_changes_labels_and_cells_together(panel: LiquidationPanel) -> None:
    before = panel._band
    panel.load_options({**panel.save_options(), "band_ratio": 0.005})
    panel.pull()
    assert panel._band > before
    assert panel.chart.item.band * panel.block_size == panel._band
    assert panel.chart.legend.unit_text == f"USD per ${panel._band:,.0f} band"


def test_the_clusters_can_be_copied(panel: LiquidationPanel) -> None:
    text = panel.csv()
    assert text is not None
    assert len(text.splitlines()) == 1 + len(panel.clusters)
    assert len(panel.clusters) == 5


def test_bad_options_cost_only_themselves(qtbot: QtBot, market: Market) -> None:
    panel = LiquidationPanel(market.context)
    qtbot.addWidget(panel)
    panel.load_options({"coin": 7, "interval": "1h", "quote": "gold", "band_ratio": 3.0})
    assert panel.options.coin == "BTC"
    assert panel.options.interval_ms == 3_600_000
    assert panel.options.quote is Quote.USD


def test_both_sides_say_that_they_are_inferred(panel: LiquidationPanel) -> None:
    captions = [side.caption for side in panel.chart.edge.sides]
    assert captions == ["longs below, inferred", "shorts above, inferred"]


@OPENS_A_POPUP
def test_typed_letters_find_a_coin(qtbot: QtBot, panel: LiquidationPanel) -> None:
    qtbot.keyClick(panel.chart.view, "s")
    search = panel.findChild(NameSearch)
    assert search.marked == "SOL"
    qtbot.keyClick(search.line, Qt.Key.Key_Down)
    assert search.marked == "SUI"
    qtbot.keyClicks(search.line, "ol")
    assert search.marked == "SOL"
    qtbot.keyClick(search.line, Qt.Key.Key_Return)
    assert panel.options.coin == "SOL"


@OPENS_A_POPUP
def test_a_coin_no_list_knows_can_still_be_asked_for(qtbot: QtBot, panel: LiquidationPanel) -> None:
    panel.search_name("f")
    search = panel.findChild(NameSearch)
    qtbot.keyClicks(search.line, "artcoin")
    qtbot.keyClick(search.line, Qt.Key.Key_Return)
    assert panel.options.coin == "FARTCOIN"


def test_the_next_palette_is_kept_with_the_options(
    qtbot: QtBot, panel: LiquidationPanel, market: Market
) -> None:
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_P, Qt.KeyboardModifier.AltModifier)
    again = LiquidationPanel(market.context)
    qtbot.addWidget(again)
    again.load_options(panel.save_options())
    assert again.options.palette == panel.options.palette != "liquidation"


def test_labels_keep_off_the_captions(panel: LiquidationPanel) -> None:
    low = min(cluster.peak for cluster in panel.clusters)
    panel.chart.camera.pan(
        0, panel.chart.camera.window.y_of(low) * -1 + panel.chart.plot_rect.height() - 4
    )
    panel.chart.apply()
    panel.chart.view.grab()
    boxes = [box for box, _ in panel.chart.labels.placed]
    assert boxes
    assert max(box.bottom() for box in boxes) <= panel.chart.plot_rect.height() - 20


@pytest.mark.parametrize("text", ["lots", "-1", "0", "1e30", "nan", "inf", "p80"])
def test_a_threshold_that_makes_no_sense_changes_nothing(
    qtbot: QtBot, panel: LiquidationPanel, text: str
) -> None:
    shown, before = panel.threshold.text(), panel.chart.legend.cut
    panel.threshold.setFocus()
    panel.threshold.selectAll()
    qtbot.keyClicks(panel.threshold, text)
    panel.threshold.editingFinished.emit()
    assert panel.threshold.text() == shown
    assert panel.chart.legend.cut == before


def test_the_threshold_of_a_coin_left_is_not_shown_for_the_next(panel: LiquidationPanel) -> None:
    assert panel.threshold.text()
    panel.choose(replace(panel.options, coin="ETH"))
    assert panel.threshold.text() == ""
    assert panel.chart.legend.unit_text.strip() == ""


def test_bands_are_the_same_whether_levels_or_the_price_come_first(
    qtbot: QtBot, market: Market
) -> None:
    made = LiquidationPanel(market.context)
    made.load_options({"interval": "1m"})
    price = made.options.candle_sub(made.source)
    # the levels lie about 70,000, where a band would be $25 high; the price is far above
    market.fill_liquidations(made.primary(), replace(price, venue="ELSEWHERE"))
    market.show(qtbot, made)
    assert made.chart.legend.unit_text == "USD per $25 band"
    market.store.apply(price, candles(0, 60, 90_000.0))
    made.pull()
    assert made.chart.legend.unit_text == "USD per $50 band"
    assert [key.split("|")[0] for key in made.save_options()["contrast"]][-1] == "BTC:usd:50"


@pytest.fixture
def keyless(qtbot: QtBot, market: Market) -> LiquidationPanel:
    context = replace(market.context, key_state=lambda _: KeyState.UNTESTED)
    panel = LiquidationPanel(context)
    panel.resize(1000, 620)
    panel.show()
    qtbot.addWidget(panel)
    return panel


def happen(panel: LiquidationPanel, market: Market) -> None:
    """A price, one liquidation of each side at each venue, and the cells they make."""
    options = panel.options
    price = np.array([70_000.0, 70_500.0])
    start_ms = minute(0)
    times = start_ms + np.array([1_000, 70_000], np.int64)
    usd = np.array([1.2e6, 4e5])
    for sub in options.event_subs():
        sides = np.array([True, False])
        batch = LiquidationBatch(
            times, price, usd / price, usd, sides, ("a", "b"), sub.provider != "bybit"
        )
        market.store.apply(sub, batch)
    cells = Happened(MINUTE, 240, Quote.USD, 70_000.0, start_ms)
    cells.add(LiquidationBatch(times, price, usd / price, usd, sides, ("a", "b")))
    market.store.apply(panel.primary(), cells.frame(minute(2)))
    market.store.apply(options.candle_sub(panel.source), candles(0, 2))
    panel.pull()


def test_without_a_key_what_happened_is_shown_and_said_to_be_an_undercount(
    keyless: LiquidationPanel, market: Market
) -> None:
    assert keyless.primary().provider == "happened"
    assert {sub.venue for sub in keyless.options.event_subs()} == {"BINANCE_FUTURES", "BYBIT"}
    assert set(keyless.options.event_subs()) <= keyless.needs()
    happen(keyless, market)
    assert "undercount" in keyless.subtitle()
    assert keyless.chart.flow.wanted["liquidations"]
    window = keyless.chart.camera.window
    assert keyless.chart.flow.liquidations.marks(window)
    assert keyless.clusters == []


def test_bars_at_the_edge_keep_longs_and_shorts_apart(
    keyless: LiquidationPanel, market: Market
) -> None:
    happen(keyless, market)
    tape = keyless._tape
    assert tape is not None
    longs, shorts = happened_profiles(tape.window(0, 2**62), 50.0, keyless.options)
    assert longs.qty.tolist() == [2.4e6]
    assert shorts.qty.tolist() == [8e5]
    assert longs.caption == "longs liquidated"


def test_a_key_brings_the_levels_back_unless_the_other_was_chosen(
    keyless: LiquidationPanel,
) -> None:
    keyless.key_works("kiyotaka")
    assert keyless.primary().provider == "kiyotaka"
    keyless.choose(replace(keyless.options, happened=True))
    assert keyless.primary().provider == "happened"
    assert not keyless.depth_button.isVisible()
    again = LiquidationPanel(keyless.context)
    again.load_options(keyless.save_options())
    assert again.primary() == keyless.primary()
    again.deleteLater()


def test_intervals_of_what_happened_are_its_own(keyless: LiquidationPanel) -> None:
    assert keyless.interval_ms == MINUTE
    keyless.choose(keyless.with_interval(5_000))
    assert keyless.primary().interval_ms == 5_000
    assert keyless.options.interval_ms == 5 * MINUTE


def test_what_happened_needs_no_key_and_is_shown_as_it_happens(
    keyless: LiquidationPanel,
) -> None:
    assert keyless.keyless
    assert keyless.moves
    keyless.key_works("kiyotaka")
    assert not keyless.keyless
    assert not keyless.moves

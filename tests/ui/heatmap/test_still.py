from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from heatdesk.views.palettes import ASK, BID
from tests.ui.market_panels import MIDDLE, MINUTES, WALL_PRICE, Market
from ui.heatmap.marks import PriceLabel
from ui.heatmap.still import StillPicture
from ui.panels.order_book import OrderBookPanel


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def panel(qtbot: QtBot, market: Market) -> OrderBookPanel:
    made = market.book_panel(qtbot)
    point(qtbot, made, 0)
    return made


def point(qtbot: QtBot, panel: OrderBookPanel, n: int) -> None:
    qtbot.mouseMove(panel.chart.view.viewport(), QPoint(300 + 3 * n, 200 + 2 * n))


def pixels(panel: OrderBookPanel) -> np.ndarray:
    """What the plot and its axes show, without the sheets over them."""
    image = panel.chart.view.viewport().grab().toImage()
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint32)
    return flat.reshape(image.height(), image.width()).copy()


def anew(panel: OrderBookPanel, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """The same with every layer drawn."""
    with monkeypatch.context() as patch:
        patch.setattr(StillPicture, "paint", lambda *_, **__: False)
        return pixels(panel)


def count_draws(panel: OrderBookPanel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    drawn: list[str] = []
    for layer in panel.chart.layers:
        name, draw = type(layer).__name__, layer.draw

        def counted(*args: object, name: str = name, draw: Callable[..., None] = draw) -> None:
            drawn.append(name)
            draw(*args)

        monkeypatch.setattr(layer, "draw", counted)
    return drawn


def test_a_move_of_the_mouse_draws_no_layer_again(
    qtbot: QtBot, panel: OrderBookPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        pixels(panel)
    drawn = count_draws(panel, monkeypatch)
    for n in range(1, 20):
        point(qtbot, panel, n)
        pixels(panel)
    assert drawn == []
    assert panel.chart.crosshair.mark is not None
    assert panel.chart.view.still.made == 1


def test_the_copy_is_the_picture_to_the_pixel(
    qtbot: QtBot, panel: OrderBookPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = anew(panel, monkeypatch)
    for _ in range(3):
        shown = pixels(panel)
    assert panel.chart.view.still.held
    assert np.array_equal(shown, expected)


CHANGES: dict[str, Callable[[OrderBookPanel, Market], object]] = {
    "data": lambda p, m: (m.add_minute(p.primary(), MINUTES), p.pull()),
    "correction": lambda p, m: (m.add_minute(p.primary(), MINUTES - 9, 40.0), p.pull()),
    "pan": lambda p, _: (p.chart.camera.pan(31, 17), p.chart.apply()),
    "zoom": lambda p, _: (p.chart.camera.zoom_price(1.7, 90), p.chart.apply()),
    "last price": lambda p, _: p.chart.set_last_price(MIDDLE + 60.0, "spr 5"),
    "zone": lambda p, _: p.chart.set_zone(ZoneInfo("Asia/Tokyo")),
    "palette": lambda p, _: p.chart.set_palettes(BID, ASK),
    "labels": lambda p, _: p.chart.labels.set_labels(
        [PriceLabel(WALL_PRICE, WALL_PRICE, WALL_PRICE + 5, "wall", "#ffffff")]
    ),
    "profile": lambda p, _: p.chart.edge.set_profile((), 1.0),
    "candles": lambda p, _: p.chart.candles.set_candles(None),
    "lines": lambda p, _: p.chart.best.show_lines(best=True, mid=True),
    "precision": lambda p, _: p.chart.set_grid(60_000, 0.001, 70_000.0),
    "size": lambda p, _: p.resize(900, 600),
    "band": lambda p, _: p.chart.item.set_band(8),
    "cut-offs": lambda p, _: p.chart.legend.move_cut("high", 60.0),
    "nothing left": lambda p, _: p.chart.forget(3_600.0),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_is_seen_at_once(
    panel: OrderBookPanel, market: Market, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    for _ in range(2):
        before = pixels(panel)
    CHANGES[what](panel, market)
    shown = pixels(panel)
    assert np.array_equal(shown, anew(panel, monkeypatch))
    assert shown.shape != before.shape or not np.array_equal(shown, before)


def test_a_pause_holds_the_picture_to_the_pixel(
    qtbot: QtBot, panel: OrderBookPanel, market: Market
) -> None:
    panel.chart.view.setFocus()
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_Space)
    before = pixels(panel)
    market.add_minute(panel.primary(), MINUTES - 3, 40.0)
    panel.pull()
    point(qtbot, panel, 4)
    assert np.array_equal(pixels(panel), before)
    qtbot.keyClick(panel.chart.view, Qt.Key.Key_Space)
    panel.invalidate()
    panel.pull()
    assert not np.array_equal(pixels(panel), before)


def test_a_mouse_that_left_keeps_no_copy(qtbot: QtBot, panel: OrderBookPanel) -> None:
    for _ in range(2):
        pixels(panel)
    assert panel.chart.view.still.held
    panel.chart.point_at(None)
    panel.chart.view.leaveEvent(None)
    assert not panel.chart.view.still.held

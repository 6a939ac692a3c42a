"""Candles on the screen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from heatdesk.frames import CandleWindow
from heatdesk.views.viewport import ChartWindow
from ui import theme
from ui.heatmap.candles import CandleLayer

MINUTE = 60_000


def drawn(ratio: float, count: int, span_s: float) -> np.ndarray:
    """Pixels in the colour of a rising candle: rising ones only, all alike."""
    ones = np.ones(count)
    times = np.arange(count, dtype=np.int64) * MINUTE
    candles = CandleWindow(
        0, count * MINUTE, MINUTE, times, 40 * ones, 70 * ones, 20 * ones, 60 * ones, ones
    )
    layer = CandleLayer()
    layer.set_candles(candles)
    image = QImage(round(300 * ratio), round(100 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("black"))
    painter = QPainter(image)
    layer.draw(painter, ChartWindow(0.0, span_s, 0.0, 100.0, 300.0, 100.0))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32)
    return pixels.reshape(image.height(), image.width()) == QColor(theme.Palette.UP).rgb()


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 1.75, 2.0, 3.0])
def test_candles_that_are_alike_look_alike_at_any_scale(qtbot: QtBot, ratio: float) -> None:
    lit = drawn(ratio, 9, 610.0)
    columns = np.flatnonzero(lit.any(axis=0))
    groups = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    assert len(groups) == 9
    shapes = {lit[:, group[0] : group[-1] + 1].tobytes() for group in groups}
    assert len(shapes) == 1
    first = lit[:, groups[0][0] : groups[0][-1] + 1]
    assert np.array_equal(first, first[:, ::-1]), "the wick stands in the middle of the body"


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_body_is_an_outline_that_shows_what_rests_behind(qtbot: QtBot, ratio: float) -> None:
    lit = drawn(ratio, 3, 200.0)
    body = lit[round(42 * ratio) : round(58 * ratio)]
    columns = np.flatnonzero(body.all(axis=0))
    assert columns.size == 3 * 2 * max(1, int(ratio + 0.49))
    assert not body[:, columns[0] + 2 : columns[1] - 2].any()


def test_candles_without_room_for_bodies_become_ranges(qtbot: QtBot) -> None:
    lit = drawn(1.0, 100, 6_000.0)
    assert set(lit.sum(axis=0).tolist()) <= {0, 50}
    assert lit.any(axis=0).sum() == 100

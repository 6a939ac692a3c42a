"""Rectangles and lines from arrays are the ones that single objects would draw."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

from ui.heatmap.layer import snapped
from ui.heatmap.shapes import (
    draw_dashes,
    draw_polyline,
    draw_rects,
    pixel_ratio,
    rect_rows,
    snapped_all,
    thin_px,
)


class Sheet:
    """A picture to draw on, and what is on it."""

    def __init__(self, ratio: float = 1.0) -> None:
        self.image = QImage(120, 80, QImage.Format.Format_RGB32)
        self.image.setDevicePixelRatio(ratio)
        self.image.fill(QColor("black"))

    def draw(self, act) -> np.ndarray:
        painter = QPainter(self.image)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("white"))
        act(painter)
        painter.end()
        rows = np.frombuffer(self.image.constBits(), np.uint32)
        return rows.reshape(80, 120).copy()


def some_rects() -> np.ndarray:
    numbers = np.random.default_rng(4)
    return np.column_stack((numbers.uniform(0, 100, (30, 2)), numbers.uniform(0, 20, (30, 2))))


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_rectangles_of_an_array_are_drawn_like_single_ones(qtbot, ratio):
    rows = some_rects()
    single = [QRectF(*row) for row in rows.tolist()]
    expected = Sheet(ratio).draw(lambda painter: painter.drawRects(single))
    assert np.array_equal(Sheet(ratio).draw(lambda painter: draw_rects(painter, rows)), expected)
    assert (expected != expected[-1, -1]).any()


def test_a_line_of_arrays_is_drawn_like_a_polygon(qtbot):
    x, y = some_rects()[:, 0], some_rects()[:, 1] * 0.7

    def by_polygon(painter):
        painter.setPen(QColor("red"))
        painter.drawPolyline(
            QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])
        )

    def by_arrays(painter):
        painter.setPen(QColor("red"))
        draw_polyline(painter, x, y)

    expected = Sheet().draw(by_polygon)
    assert np.array_equal(Sheet().draw(by_arrays), expected)
    assert (expected != expected[-1, -1]).any()


def test_nothing_is_drawn_of_nothing(qtbot):
    def nothing(painter):
        draw_rects(painter, np.zeros((0, 4)))
        draw_polyline(painter, np.zeros(0), np.zeros(0))

    assert len(np.unique(Sheet().draw(nothing))) == 1


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_edges_snap_like_single_ones(qtbot, ratio):
    sheet = Sheet(ratio)
    painter = QPainter(sheet.image)
    values = np.linspace(-3, 9, 41)
    assert pixel_ratio(painter) == ratio
    expected = [snapped(value, painter) for value in values.tolist()]
    painter.end()
    assert snapped_all(values, ratio).tolist() == pytest.approx(expected)


def test_single_numbers_and_arrays_mix_in_rows():
    rows = rect_rows(np.array([1.0, 2.0]), 5, np.array([3.0, 4.0]), 1)
    assert rows.tolist() == [[1.0, 5.0, 3.0, 1.0], [2.0, 5.0, 4.0, 1.0]]


@pytest.mark.parametrize(("ratio", "device_px"), [(1.0, 1), (1.25, 1), (1.5, 1), (2.0, 2)])
def test_a_dashed_line_is_as_thick_wherever_it_lies(qtbot, ratio, device_px):
    assert thin_px(ratio) * ratio == device_px
    for place in range(3, 12):

        def upright(painter, x=float(place)):
            draw_dashes(painter, (x, 0.0), 40.0, QColor("white"), (3.0, 3.0), upright=True)

        def level(painter, y=float(place)):
            draw_dashes(painter, (0.0, y), 40.0, QColor("white"), (3.0, 3.0))

        lit = QColor("white").rgb()
        assert (Sheet(ratio).draw(upright) == lit).any(axis=0).sum() == device_px
        assert (Sheet(ratio).draw(level) == lit).any(axis=1).sum() == device_px

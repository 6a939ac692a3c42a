from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from heatdesk.store.codes import N_CODES, CodeScale
from heatdesk.views.contrast import Contrast
from ui.heatmap.legend import ContrastLegend

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SCALE = CodeScale.fit(0.1, 1000.0)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def legend(qtbot: QtBot) -> ContrastLegend:
    made = ContrastLegend()
    qtbot.addWidget(made)
    made.set_unit("BTC per", "$5 level", usd=False)
    made.resize(made.width(), 500)
    made.show()
    counts = np.zeros(N_CODES, np.int64)
    quantities = np.geomspace(0.1, 1000.0, 400)
    counts += np.bincount(SCALE.encode(quantities), minlength=N_CODES)
    made.fit(counts, SCALE.values(), Contrast())
    return made


def handle(legend: ContrastLegend, which: str) -> QPoint:
    return QPoint(round(legend.bar_rect().center().x()), round(legend.handle_y(which)))


def drag(qtbot: QtBot, legend: ContrastLegend, which: str, dy: int) -> None:
    start = handle(legend, which)
    qtbot.mousePress(legend, LEFT, pos=start)
    qtbot.mouseMove(legend, start + QPoint(0, dy // 2))
    qtbot.mouseMove(legend, start + QPoint(0, dy))
    qtbot.mouseRelease(legend, LEFT, pos=start + QPoint(0, dy))


def test_the_cut_offs_are_percentiles_of_the_cells(legend: ContrastLegend) -> None:
    assert legend.cut[0] == pytest.approx(100.0, rel=0.05)
    assert legend.cut[1] == pytest.approx(955.0, rel=0.05)


def test_dragging_a_handle_moves_its_cut_off_alone(qtbot: QtBot, legend: ContrastLegend) -> None:
    low, high = legend.cut
    with qtbot.waitSignal(legend.changed):
        drag(qtbot, legend, "low", 60)
    assert legend.cut[0] < low / 2
    assert legend.cut[1] == high
    assert legend.contrast.low_pct < 70


def test_a_handle_never_passes_the_other(qtbot: QtBot, legend: ContrastLegend) -> None:
    drag(qtbot, legend, "low", -400)
    assert legend.cut[0] < legend.cut[1]


def test_a_double_click_returns_to_the_usual(qtbot: QtBot, legend: ContrastLegend) -> None:
    usual = legend.cut
    drag(qtbot, legend, "high", 90)
    assert legend.cut != usual
    qtbot.mouseDClick(legend, LEFT, pos=QPoint(30, 200))
    assert legend.cut == usual
    assert legend.contrast == Contrast()


def test_a_number_can_be_typed(qtbot: QtBot, legend: ContrastLegend) -> None:
    box = legend.number_rect("high").center().toPoint()
    qtbot.mouseClick(legend, LEFT, pos=box)
    assert legend.editor.isVisible()
    legend.editor.selectAll()
    qtbot.keyClicks(legend.editor, "90")
    qtbot.keyClick(legend.editor, Qt.Key.Key_Return)
    assert legend.editor.isHidden()
    assert legend.contrast.high_pct == 90.0
    assert legend.cut[1] == pytest.approx(400.0, rel=0.06)


def test_a_typed_size_switches_to_sizes(legend: ContrastLegend) -> None:
    legend.edit("low")
    legend.editor.setText("$12")
    legend.editor.editingFinished.emit()
    assert legend.contrast.mode == "absolute"
    assert legend.cut[0] == 12.0


def test_nonsense_changes_nothing(legend: ContrastLegend) -> None:
    before = (legend.contrast, legend.cut)
    legend.edit("low")
    legend.editor.setText("lots")
    legend.editor.editingFinished.emit()
    assert (legend.contrast, legend.cut) == before


def test_percentile_and_size_are_two_ways_to_say_the_same(legend: ContrastLegend) -> None:
    cut = legend.cut
    legend.mode_button.click()
    assert legend.mode_button.text() == "Size"
    assert legend.cut == cut
    legend.mode_button.click()
    assert legend.contrast.mode == "percentile"
    assert legend.cut == pytest.approx(cut, rel=0.02)


def test_log_and_linear_change_the_ramp_not_the_cut_offs(legend: ContrastLegend) -> None:
    cut = legend.cut
    legend.scale_button.click()
    assert legend.contrast.scale == "linear"
    assert legend.cut == cut


def test_the_ramp_is_dark_below_and_bright_above(legend: ContrastLegend) -> None:
    picture = legend.grab().toImage()
    x = round(legend.bar_rect().center().x())
    top = picture.pixelColor(x, round(legend.handle_y("high")) - 6)
    below = picture.pixelColor(x, round(legend.handle_y("low")) + 40)
    assert top.lightness() > 240
    assert below.lightness() < 20

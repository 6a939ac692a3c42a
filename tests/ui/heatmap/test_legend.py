from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QToolButton, QWidget

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


def test_the_tab_key_reaches_the_cut_offs_and_every_button(
    qtbot: QtBot, legend: ContrastLegend
) -> None:
    legend.handles["high"].setFocus()
    seen = []
    for _ in range(6):
        seen.append(legend.focusWidget())
        qtbot.keyClick(legend.focusWidget(), Qt.Key.Key_Tab)
    assert seen[:2] == [legend.handles["high"], legend.handles["low"]]
    assert set(seen[2:]) == {
        legend.mode_button,
        legend.scale_button,
        legend.refit_button,
        legend.auto_button,
    }


def test_everything_the_keyboard_reaches_has_a_name(legend: ContrastLegend) -> None:
    names = [each.accessibleName() for each in legend.findChildren(QWidget)]
    assert all(names)
    assert legend.handles["high"].accessibleDescription() == "p99.5, 955 BTC per $5 level"
    legend.edit("low")
    assert legend.editor.accessibleName() == "Lower cut-off"


def test_arrows_move_a_cut_off_and_shift_moves_it_further(
    qtbot: QtBot, legend: ContrastLegend
) -> None:
    low, high = legend.cut
    handle = legend.handles["low"]
    qtbot.keyClick(handle, Qt.Key.Key_Down)
    small = low / legend.cut[0]
    qtbot.keyClick(handle, Qt.Key.Key_Up)
    assert legend.cut == pytest.approx((low, high), rel=0.01)
    qtbot.keyClick(handle, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert low / legend.cut[0] > small**3 > 1
    assert legend.cut[1] == high
    qtbot.keyClick(handle, Qt.Key.Key_Home)
    assert legend.cut == (low, high)


def test_a_number_is_typed_without_the_mouse(qtbot: QtBot, legend: ContrastLegend) -> None:
    handle = legend.handles["low"]
    handle.setFocus()
    qtbot.keyClick(handle, "5")
    qtbot.keyClicks(legend.editor, "0")
    qtbot.keyClick(legend.editor, Qt.Key.Key_Return)
    assert legend.contrast.low_pct == 50.0
    assert legend.focusWidget() is handle


def test_escape_gives_up_typing(qtbot: QtBot, legend: ContrastLegend) -> None:
    before = (legend.contrast, legend.cut)
    qtbot.keyClick(legend.handles["low"], Qt.Key.Key_Return)
    assert legend.held
    qtbot.keyClicks(legend.editor, "12")
    qtbot.keyClick(legend.editor, Qt.Key.Key_Escape)
    assert legend.editor.isHidden()
    assert not legend.held
    assert (legend.contrast, legend.cut) == before
    with qtbot.waitSignal(legend.left):
        qtbot.keyClick(legend.handles["low"], Qt.Key.Key_Escape)


def test_auto_says_so_and_sizes_end_it(qtbot: QtBot, legend: ContrastLegend) -> None:
    def says_auto() -> bool:
        picture = legend.grab(QRect(0, 32, 24, 12)).toImage()
        dots = [
            picture.pixelColor(x, y)
            for x in range(picture.width())
            for y in range(picture.height())
        ]
        return sum(dot.blue() > dot.red() + 60 for dot in dots) > 15

    assert not says_auto()
    legend.mode_button.click()
    with qtbot.waitSignal(legend.refit_wanted):
        legend.auto_button.click()
    assert legend.contrast.auto
    assert legend.contrast.mode == "percentile"
    assert legend.auto_button.isChecked()
    assert says_auto()
    legend.mode_button.click()
    assert not legend.contrast.auto
    assert not legend.auto_button.isChecked()


def test_a_fit_is_told_apart_from_what_the_user_chose(qtbot: QtBot, legend: ContrastLegend) -> None:
    with qtbot.assertNotEmitted(legend.chosen), qtbot.waitSignal(legend.changed):
        legend.fit(np.ones(N_CODES, np.int64), SCALE.values(), Contrast())
    with qtbot.waitSignal(legend.chosen):
        legend.scale_button.click()


@pytest.mark.parametrize("height", [600, 230, 150, 149, 120, 110, 109, 80, 64])
@pytest.mark.parametrize("cut", [(0.2, 0.3), (100.0, 955.0), (900.0, 990.0), (0.11, 990.0)])
def test_nothing_overlaps_at_any_height(
    legend: ContrastLegend, height: int, cut: tuple[float, float]
) -> None:
    legend.resize(legend.width(), height)
    legend.choose(Contrast(mode="absolute", low=cut[0], high=cut[1]))
    for mode in ("absolute", "percentile"):
        legend.set_mode(mode)
        boxes = [legend.handles[which].geometry() for which in ("high", "low")]
        boxes += [
            button.geometry() for button in legend.findChildren(QToolButton) if button.isVisible()
        ]
        for i, one in enumerate(boxes):
            assert not any(one.intersects(other) for other in boxes[i + 1 :])
            assert legend.rect().contains(one)


def test_a_low_legend_keeps_its_bar_and_drops_buttons(legend: ContrastLegend) -> None:
    legend.resize(legend.width(), 120)
    assert legend.refit_button.isVisible()
    assert not legend.mode_button.isVisible()
    legend.resize(legend.width(), 90)
    assert not legend.refit_button.isVisible()
    assert legend.bar_rect().height() >= 40
    legend.resize(legend.width(), 300)
    assert legend.mode_button.isVisible()


def test_only_the_left_button_resets(qtbot: QtBot, legend: ContrastLegend) -> None:
    legend.move_cut("low", 3.0)
    before = legend.cut
    qtbot.mouseDClick(legend, Qt.MouseButton.RightButton, pos=QPoint(30, 200))
    assert legend.cut == before


def test_nonsense_is_shown_as_wrong_and_can_be_mended(qtbot: QtBot, legend: ContrastLegend) -> None:
    before = legend.cut
    plain = legend.editor.styleSheet()
    legend.edit("low")
    qtbot.keyClicks(legend.editor, "lots")
    qtbot.keyClick(legend.editor, Qt.Key.Key_Return)
    assert legend.editor.isVisible()
    assert legend.editor.styleSheet() != plain
    assert legend.cut == before
    qtbot.keyClicks(legend.editor, "90")
    assert legend.editor.styleSheet() == plain
    qtbot.keyClick(legend.editor, Qt.Key.Key_Return)
    assert legend.editor.isHidden()
    assert legend.contrast.low_pct == 90.0


def test_a_number_left_as_it_was_is_no_choice(qtbot: QtBot, legend: ContrastLegend) -> None:
    legend.move_cut("high", 123.456)
    before = legend.contrast, legend.cut
    with qtbot.assertNotEmitted(legend.chosen):
        legend.edit("high")
        qtbot.keyClick(legend.editor, Qt.Key.Key_Return)
        legend.edit("low")
        legend.editor.clear()
        qtbot.keyClick(legend.editor, Qt.Key.Key_Return)
    assert legend.editor.isHidden()
    assert (legend.contrast, legend.cut) == before


def test_a_legend_of_nothing_shows_nothing_and_takes_nothing(
    qtbot: QtBot, legend: ContrastLegend
) -> None:
    at = handle(legend, "low")
    before = legend.cut
    legend.forget()
    bar = legend.bar_rect().adjusted(-20, 0, 40, 0).toRect()
    seen = legend.grab(bar).toImage()
    colours = {seen.pixel(x, y) for x in range(seen.width()) for y in range(seen.height())}
    assert len(colours) == 1
    assert legend.unit_text.strip() == ""
    with qtbot.assertNotEmitted(legend.chosen):
        qtbot.mousePress(legend, LEFT, pos=at)
        qtbot.mouseMove(legend, at + QPoint(0, 60))
        qtbot.mouseRelease(legend, LEFT, pos=at + QPoint(0, 60))
    legend.edit("low")
    assert legend.editor.isHidden()
    assert not any(each.isVisible() for each in legend.handles.values())
    assert legend.cut == before


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize(("low", "high"), [(1e-300, 1e300), (5e-324, 1e-323), (0.0, 1.7e308)])
def test_sizes_no_cell_can_have_are_painted_all_the_same(
    legend: ContrastLegend, low: float, high: float, scale: str
) -> None:
    for counts in (np.zeros(N_CODES, np.int64), np.ones(N_CODES, np.int64)):
        contrast = Contrast(mode="absolute", low=low, high=high, scale=scale)
        legend.fit(counts, SCALE.values(), contrast)
        for height in (1, 60, 400):
            legend.resize(legend.width(), height)
            assert not legend.grab().isNull()
            ends = [legend.handle_y(which) for which in ("high", "low")]
            assert legend.bar_rect().top() <= ends[0] <= ends[1] <= legend.bar_rect().bottom()


def test_another_button_does_not_let_go_of_a_handle(qtbot: QtBot, legend: ContrastLegend) -> None:
    at = handle(legend, "low")
    qtbot.mousePress(legend, LEFT, pos=at)
    qtbot.mouseRelease(legend, Qt.MouseButton.RightButton, pos=at)
    assert legend.held
    qtbot.mouseRelease(legend, LEFT, pos=at)
    assert not legend.held

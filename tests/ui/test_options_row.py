"""The options of a panel stay within reach however narrow it is."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton

from tests.ui.desk import Desk, Plain
from ui.panel.options_row import OPTIONS_PX

COUNT = 8


@pytest.fixture
def panel(qtbot):
    made = Plain(Desk().context)
    qtbot.addWidget(made)
    for number in range(COUNT - 2):
        made.options_bar.addWidget(QPushButton(f"Option {number}"))
    made.options_bar.addStretch(1)
    for number in (COUNT - 2, COUNT - 1):
        made.options_bar.addWidget(QPushButton(f"Option {number}"))
    made.resize(1200, 400)
    made.show_header()
    made.show()
    return made


def buttons(panel) -> list[QPushButton]:
    strip = panel.options_bar.parentWidget()
    return [one for one in strip.findChildren(QPushButton) if one.isVisible()]


def settled(panel, qtbot, width: int) -> None:
    panel.resize(width, 400)
    qtbot.waitUntil(lambda: panel.options_bar.geometry().width() == width)


def test_in_a_wide_panel_they_stand_in_one_line_with_the_last_at_the_right_edge(panel, qtbot):
    settled(panel, qtbot, 1200)
    tops = {one.geometry().center().y() for one in buttons(panel)}
    assert len(tops) == 1
    assert panel.options_bar.parentWidget().height() == OPTIONS_PX
    assert max(one.geometry().right() for one in buttons(panel)) > 1180


@pytest.mark.parametrize("width", [600, 420, 260])
def test_in_a_narrow_panel_every_one_of_them_is_whole_and_none_covers_another(panel, qtbot, width):
    settled(panel, qtbot, width)
    strip = panel.options_bar.parentWidget()
    qtbot.waitUntil(lambda: strip.height() > OPTIONS_PX)
    shown = buttons(panel)
    assert len(shown) == COUNT
    for one in shown:
        assert strip.rect().contains(one.geometry())
        assert one.width() >= one.sizeHint().width()
        assert not any(one.geometry().intersects(o.geometry()) for o in shown if o is not one)


def test_a_hidden_one_takes_no_room(panel, qtbot):
    settled(panel, qtbot, 1200)
    first, second = buttons(panel)[:2]
    place = first.geometry().left()
    first.hide()
    qtbot.waitUntil(lambda: second.geometry().left() == place)

"""Everything can be reached without a mouse, and a screen reader has a name for it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QWidget,
)

from heatdesk.alerts.rules import Kind
from tests.app.no_venues import NO_VENUES
from tests.heatdesk.alerts.made import resting
from ui.app.program import Program
from ui.commands import Scope
from ui.commands.cheat_sheet import CheatSheet
from ui.commands.table import strokes
from ui.dialogs.settings_window import SettingsWindow
from ui.main_window.panel_keys import open_search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

# The offscreen plugin shows a pop-up without grabbing the keyboard, and says so.
pytestmark = pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)

NO_FOCUS = Qt.FocusPolicy.NoFocus


@pytest.fixture
def program(qtbot: QtBot, heatdesk_home: Path) -> Iterator[Program]:
    """A desk with every panel there is, over two windows."""
    opened = Program(heatdesk_home, NO_VENUES, demo=True)
    opened.start()
    desk = opened.desk
    for dock in desk.docks.values():
        dock.show()
    qtbot.waitUntil(lambda: desk.placed)
    desk.move_panel(desk.docks["dots"], desk.new_window())
    qtbot.waitUntil(lambda: len(desk.windows) == 2)
    yield opened
    for widget in QApplication.topLevelWidgets():
        if widget.isWindow() and widget not in desk.windows:
            widget.close()
    desk.close()
    opened.stop()


def name_of(widget: QWidget) -> str:
    """What a screen reader calls a widget."""
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(QAccessible.Text.Name) if found is not None else ""


def path_of(widget: QWidget) -> str:
    names = []
    here: QWidget | None = widget
    while here is not None:
        names.append(type(here).__name__ + (f"#{here.objectName()}" if here.objectName() else ""))
        here = here.parentWidget()
    return " < ".join(names)


def takes_keys(widget: QWidget) -> bool:
    """Whether a hand or a key does something with it: parts that Qt makes inside do not count."""
    if isinstance(widget, QLabel):
        return False  # it is read, and can be marked by mouse
    inside = widget.objectName().startswith("qt_") or isinstance(
        widget.parent(), QComboBox | QLineEdit
    )
    held = widget.focusProxy() is not None or widget.parent() is None
    part = type(widget).__name__ in {"QHeaderView", "QComboBoxPrivateContainer", "QWidget"}
    within = any(isinstance(one, QComboBox) for one in _above(widget))
    if inside or part or within or held:
        return False
    return widget.focusPolicy() is not NO_FOCUS or isinstance(widget, QAbstractButton)


def _above(widget: QWidget) -> list[QWidget]:
    found, here = [], widget.parentWidget()
    while here is not None:
        found.append(here)
        here = here.parentWidget()
    return found


def nameless(root: QWidget) -> str:
    widgets = [one for one in (root, *root.findChildren(QWidget)) if takes_keys(one)]
    assert widgets, "nothing takes keys here"
    return "\n".join(path_of(one) for one in widgets if not name_of(one).strip())


def test_a_screen_reader_has_a_name_for_all_of_the_desk(program: Program) -> None:
    for window in program.desk.windows:
        assert not nameless(window)


def test_a_screen_reader_has_a_name_for_all_of_every_dialog(program: Program, qtbot: QtBot) -> None:
    desk, table = program.desk, program.desk.commands
    desk.windows[0].activateWindow()
    opened = {
        "desk.settings": "SettingsWindow",
        "help.palette": "CommandPalette",
        "help.keys": "CheatSheet",
        "help.about": "QMessageBox",
        "help.diagnostics": "DiagnosticsWindow",
        "workspace.save_as": "QInputDialog",
        "workspace.rename": "QInputDialog",
        "workspace.delete": "QMessageBox",
    }
    for id_, kind in opened.items():
        table.run(id_)
        found = [
            one
            for one in QApplication.topLevelWidgets()
            if type(one).__name__ == kind and one.isVisible()
        ]
        assert found, f"{id_} opens nothing"
        for dialog in found:
            assert not nameless(dialog), id_
            dialog.close()


def test_a_screen_reader_has_a_name_for_what_panels_open(program: Program) -> None:
    from ui.panel.alert_editor import AlertEditor

    desk = program.desk
    for name in ("order-book", "liquidation", "tape"):
        panel = desk.docks[name].panel
        open_search(panel)
        found = [one for one in panel.findChildren(QWidget) if one.isWindow() and one.isVisible()]
        assert found, name
        for pop_up in found:
            assert not nameless(pop_up)
            pop_up.close()
    for kind in Kind:
        editor = AlertEditor(resting(kind, price=1.0))
        assert not nameless(editor)
        editor.deleteLater()


def test_every_command_has_a_usual_key_and_no_two_clash(program: Program) -> None:
    table = program.desk.commands
    without = [one.id for one in table.all() if not one.keys and numbered_low(one.id)]
    assert without == []
    assert [(key, [one.id for one in held]) for key, held in table.all_conflicts()] == []
    for command in table.all():
        for key in command.keys:
            assert table.refusal(key, command.id) == "", command.id
            assert command.scope is Scope.DESK or len(strokes(key)) == 1, command.id


def numbered_low(id_: str) -> bool:
    """Whether a command is none of those beyond the ninth of a list."""
    number = id_.rpartition(".")[2].rpartition("-")[2]
    return not number.isdigit() or int(number) <= 9


def test_every_entry_of_every_menu_is_a_command(program: Program) -> None:
    """An entry runs a command, or is the one of another name that a command names too."""
    desk = program.desk
    table = desk.commands
    titles = {one.title for one in table.all()}
    for menu in desk.menus.findChildren(QMenu):
        menu.aboutToShow.emit()
    strangers = []
    for menu in desk.menus.findChildren(QMenu):
        for action in menu.actions():
            if action.isSeparator() or action.menu() is not None or not action.isVisible():
                continue
            words = action.text().split("\t")[0].replace("&", "")
            known = any(words in title or title.endswith(words) for title in titles)
            shown = any(words == dock.windowTitle() for dock in desk.docks.values())
            if not (known or shown or action.objectName() in table):
                strangers.append(words)
    assert strangers == []


def test_tab_goes_through_a_panel_from_its_chip_over_its_options_to_its_chart(
    program: Program, qtbot: QtBot
) -> None:
    desk = program.desk
    window = desk.first
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    panel = desk.docks["order-book"].panel
    desk.docks["order-book"].raise_()
    panel.header.chip.setFocus(Qt.FocusReason.TabFocusReason)
    passed: list[QWidget] = []
    while (now := QApplication.focusWidget()) is not None and len(passed) < 60:
        if now in passed:
            break
        passed.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    options = [
        at for at, one in enumerate(passed) if panel.options_bar.parentWidget() in _above(one)
    ]
    own = [at for at, one in enumerate(passed) if panel in _above(one)]
    chart = passed.index(panel.chart.view)  # type: ignore[attr-defined]
    assert options == list(range(options[0], options[-1] + 1)), "options follow each other"
    assert 0 < options[0] < options[-1] < chart
    assert own == list(range(own[0], own[-1] + 1)), "no other panel lies between"
    lefts = [passed[at].mapTo(panel, QPoint(0, 0)).x() for at in options]
    assert lefts == sorted(lefts), "from left to right"


def test_tab_goes_through_the_settings_from_search_over_a_page_to_the_buttons_below(
    program: Program, qtbot: QtBot
) -> None:
    program.desk.commands.run("desk.settings")
    window = next(one for one in QApplication.topLevelWidgets() if isinstance(one, SettingsWindow))
    for page in range(window.pages.count()):
        window.pages.setCurrentRow(page)
        here: QWidget = window.finder.search
        passed = [here]
        while (here := here.nextInFocusChain()) is not window.finder.search:
            by_tab = here.focusPolicy() & Qt.FocusPolicy.TabFocus
            if by_tab and here.isVisibleTo(window) and here.isEnabled():
                passed.append(here)
        title = window.pages.item(page).text()
        assert passed[1] is window.pages, title
        assert passed[-1] is window.close_button, title
        # what an environment variable sets cannot be changed here
        assert len(passed) > 3 or title not in {"Keys", "View", "Performance", "Shortcuts"}


def test_the_cheat_sheet_cuts_nothing_and_stays_until_it_is_closed(
    program: Program,
) -> None:
    desk = program.desk
    for width in (1600, 1100, 800):
        desk.first.resize(width, 900)
        desk.commands.run("help.keys")
        gc.collect()
        tops = [one for one in QApplication.topLevelWidgets() if isinstance(one, CheatSheet)]
        [sheet] = [one for one in tops if one.isVisible()]
        assert not sheet.findChild(QScrollArea).horizontalScrollBar().isVisible()
        for label in sheet.findChildren(QLabel):
            assert label.width() >= label.sizeHint().width(), (width, label.text())
        sheet.close()

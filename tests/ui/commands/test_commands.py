"""Commands, their keys and the file they are kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from ui.commands import Command, CommandTable, Scope
from ui.commands.catalogue import CHART_COMMANDS, PanelCommand, usual_meaning
from ui.commands.cheat_sheet import GESTURES, CheatSheet, groups_of
from ui.commands.palette import CommandPalette
from ui.commands.shortcuts_page import ShortcutsPage

# The offscreen plugin shows a pop-up without grabbing the keyboard, and says so.
pytestmark = pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)


class Desk:
    """What was run, and commands that run it."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.can_save = True
        self.full = False

    def commands(self) -> list[Command]:
        return [
            Command("desk.settings", "Settings", "Desk", self._run("settings"), ("Ctrl+,",)),
            Command(
                "workspace.save",
                "Save workspace",
                "Workspaces",
                self._run("save"),
                ("Ctrl+S",),
                enabled=lambda: self.can_save,
            ),
            Command(
                "view.full",
                "Full screen",
                "View",
                self._switch,
                ("F11",),
                checked=lambda: self.full,
            ),
            Command(
                "chart.pause", "Pause", "Chart", self._run("pause"), ("Space",), scope=Scope.PANEL
            ),
            Command("desk.hidden", "Hidden", "Desk", self._run("hidden"), listed=False),
        ]

    def _run(self, name: str):  # type: ignore[no-untyped-def]
        return lambda: self.ran.append(name)

    def _switch(self) -> None:
        self.full = not self.full


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def table(desk: Desk, qapp: object, tmp_path: Path) -> CommandTable:
    del qapp
    table = CommandTable(tmp_path / "shortcuts.json")
    table.add(*desk.commands())
    return table


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier) -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, modifiers)


def test_a_key_runs_its_command_in_every_window(
    qtbot: QtBot, table: CommandTable, desk: Desk
) -> None:
    first, second = QMainWindow(), QMainWindow()
    for window in (first, second):
        qtbot.addWidget(window)
        table.attach(window)
        window.show()
    for window in (second, first):
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert desk.ran == ["save", "save"]


def test_a_command_that_came_after_the_window_has_its_key_there(
    qtbot: QtBot, table: CommandTable
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    table.attach(window)
    ran: list[int] = []
    table.add(Command("late", "Late", "Desk", lambda: ran.append(1), ("Ctrl+L",)))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert ran == [1]


def test_what_cannot_be_done_now_is_not_done(table: CommandTable, desk: Desk) -> None:
    desk.can_save = False
    table.run("workspace.save")
    table.refresh()
    assert desk.ran == []
    assert not table.action("workspace.save").isEnabled()


def test_a_switch_shows_whether_it_is_on(table: CommandTable, desk: Desk) -> None:
    table.run("view.full")
    assert desk.full
    assert table.action("view.full").isChecked()


def test_plain_keys_of_panels_are_no_shortcuts_of_windows(table: CommandTable) -> None:
    context = table.action("chart.pause").shortcutContext()
    assert context is Qt.ShortcutContext.WidgetShortcut
    event = press(Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    assert table.panel_command(event) == "chart.pause"
    assert table.panel_command(press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)) == ""


def test_bound_keys_are_kept_and_only_they(table: CommandTable, tmp_path: Path) -> None:
    table.bind("workspace.save", ("Ctrl+Shift+W",))
    table.bind("desk.settings", ())
    stored = json.loads((tmp_path / "shortcuts.json").read_text())
    assert stored == {
        "version": 1,
        "shortcuts": {"workspace.save": ["Ctrl+Shift+W"], "desk.settings": []},
    }
    again = CommandTable(tmp_path / "shortcuts.json")
    again.add(*Desk().commands())
    assert again.keys("workspace.save") == ("Ctrl+Shift+W",)
    assert again.keys("desk.settings") == ()
    assert again.keys("view.full") == ("F11",)
    assert again.action("workspace.save").shortcut() == QKeySequence("Ctrl+Shift+W")


def test_binding_the_usual_key_again_leaves_nothing_in_the_file(
    table: CommandTable, tmp_path: Path
) -> None:
    table.bind("workspace.save", ("Ctrl+Shift+W",))
    table.bind("workspace.save", ("Ctrl+S",))
    assert json.loads((tmp_path / "shortcuts.json").read_text())["shortcuts"] == {}
    assert table.is_usual("workspace.save")


def test_keys_of_a_command_that_is_away_are_remembered(
    table: CommandTable, desk: Desk, tmp_path: Path
) -> None:
    table.bind("view.full", ("Ctrl+F",))
    table.remove("view.full")
    table.bind("workspace.save", ("Ctrl+W",))
    table.add(*desk.commands())
    assert table.keys("view.full") == ("Ctrl+F",)
    assert "view.full" in json.loads((tmp_path / "shortcuts.json").read_text())["shortcuts"]


def test_two_commands_with_one_key_are_reported(table: CommandTable) -> None:
    table.bind("desk.settings", ("Ctrl+S",))
    assert [one.id for one in table.conflicts("Ctrl+S", but="desk.settings")] == ["workspace.save"]
    [(key, held)] = table.all_conflicts()
    assert (key, [one.id for one in held]) == ("Ctrl+S", ["desk.settings", "workspace.save"])


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"version": 1}', '{"version":1,"shortcuts":3}', '{"version": Infinity}']
)
def test_a_damaged_file_is_set_aside_and_named(tmp_path: Path, qapp: object, content: str) -> None:
    del qapp
    path = tmp_path / "shortcuts.json"
    path.write_text(content)
    table = CommandTable(path)
    assert "shortcuts.json.damaged" in table.sentence
    assert (tmp_path / "shortcuts.json.damaged").read_text() == content
    assert not path.exists()


def test_a_file_of_a_newer_version_is_kept_beside(tmp_path: Path, qapp: object) -> None:
    del qapp
    path = tmp_path / "shortcuts.json"
    path.write_text('{"version": 7, "shortcuts": {}}')
    assert "shortcuts.json.v7" in CommandTable(path).sentence
    assert (tmp_path / "shortcuts.json.v7").exists()


def test_shortcuts_that_could_not_be_read_are_not_written_over(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shortcuts.json"
    path.write_text('{"version": 1, "shortcuts": {"view.full": ["Ctrl+F"]}}')
    before = path.read_bytes()

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refuse)
        table = CommandTable(path)
    assert "Permission denied" in table.sentence
    table.add(*desk.commands())
    table.bind("workspace.save", ("Ctrl+W",))
    assert path.read_bytes() == before


def test_an_entry_that_makes_no_sense_costs_only_itself(tmp_path: Path, desk: Desk) -> None:
    path = tmp_path / "shortcuts.json"
    rows = {"workspace.save": 5, "desk.settings": ["Ctrl+J"]}
    path.write_text(json.dumps({"version": 1, "shortcuts": rows}))
    table = CommandTable(path)
    table.add(*desk.commands())
    assert table.keys("workspace.save") == ("Ctrl+S",)
    assert table.keys("desk.settings") == ("Ctrl+J",)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, desk: Desk, qtbot: QtBot) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    table = CommandTable(blocked / "shortcuts.json")
    table.add(*desk.commands())
    with qtbot.waitSignal(table.said) as told:
        table.bind("workspace.save", ("Ctrl+J",))
    assert "cannot be written" in told.args[0]
    assert table.keys("workspace.save") == ("Ctrl+J",)


# -- the palette


@pytest.fixture
def palette(qtbot: QtBot, table: CommandTable) -> Iterator[CommandPalette]:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    palette = CommandPalette(table, window)
    palette.open_over(window)
    qtbot.waitUntil(palette.isVisible)
    yield palette
    palette.close()


def test_typed_letters_and_enter_run_a_command(
    qtbot: QtBot, palette: CommandPalette, desk: Desk
) -> None:
    qtbot.keyClicks(palette.line, "sav")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert desk.ran == ["save"]
    assert not palette.isVisible()


def test_arrows_move_through_the_commands(
    qtbot: QtBot, palette: CommandPalette, desk: Desk
) -> None:
    first = palette.marked
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.marked is not first
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    assert palette.marked is first


def test_what_cannot_be_done_comes_last_and_does_not_run(
    qtbot: QtBot, palette: CommandPalette, desk: Desk
) -> None:
    desk.can_save = False
    palette.line.setText("s")
    assert palette.model.commands()[-1].id == "workspace.save"
    palette.line.setText("save workspace")
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert desk.ran == []


def test_hidden_commands_are_not_offered(palette: CommandPalette) -> None:
    assert "desk.hidden" not in [one.id for one in palette.model.commands()]


def test_what_ran_last_is_offered_first(table: CommandTable, palette: CommandPalette) -> None:
    palette.close()
    table.run("view.full")
    palette.open_over(palette.parentWidget())
    assert palette.model.commands()[0].id == "view.full"


def test_a_text_that_fits_nothing_says_so(palette: CommandPalette) -> None:
    palette.line.setText("zzzz")
    assert palette.nothing.isVisible()
    assert palette.marked is None


def test_a_screen_reader_hears_title_group_and_key(palette: CommandPalette) -> None:
    palette.line.setText("save")
    index = palette.model.index(0)
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f"Save workspace, Workspaces, {palette._table.key_text('workspace.save')}"


# -- the cheat sheet and the page of shortcuts


def test_the_cheat_sheet_tells_every_key_and_gesture(table: CommandTable) -> None:
    groups = dict(groups_of(table))
    assert ("F11", "Full screen") in groups["View"]
    assert groups["Mouse and typing"] == list(GESTURES)
    assert all(title != "Hidden" for rows in groups.values() for _, title in rows)


def test_the_cheat_sheet_closes_at_any_key(qtbot: QtBot, table: CommandTable) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    sheet = CheatSheet(table, window)
    sheet.open_over(window)
    qtbot.waitUntil(sheet.isVisible)
    with qtbot.waitSignal(sheet.destroyed):
        qtbot.keyClick(sheet, Qt.Key.Key_A)


@pytest.fixture
def page(qtbot: QtBot, table: CommandTable) -> ShortcutsPage:
    page = ShortcutsPage(table)
    qtbot.addWidget(page)
    page.show()
    return page


def choose(page: ShortcutsPage, id_: str) -> None:
    for row in range(page.list.rowCount()):
        item = page.list.item(row, 0)
        if item is not None and item.data(Qt.ItemDataRole.UserRole) == id_:
            page.list.setCurrentCell(row, 0)
            return
    raise AssertionError(f"{id_} is not listed")


def test_pressed_keys_are_bound_to_the_chosen_command(
    page: ShortcutsPage, table: CommandTable
) -> None:
    choose(page, "view.full")
    page.keys.setKeySequence(QKeySequence("Ctrl+F"))
    page.keys.editingFinished.emit()
    assert table.keys("view.full") == ("Ctrl+F",)
    page.usual.click()
    assert table.keys("view.full") == ("F11",)


def test_a_key_of_another_command_is_taken_only_when_told(
    page: ShortcutsPage, table: CommandTable
) -> None:
    choose(page, "view.full")
    page.keys.setKeySequence(QKeySequence("Ctrl+S"))
    page.keys.editingFinished.emit()
    assert table.keys("view.full") == ("F11",)
    assert "Save workspace" in page.words.text()
    page.take.click()
    assert table.keys("view.full") == ("Ctrl+S",)
    assert table.keys("workspace.save") == ()
    assert table.all_conflicts() == []


def test_the_page_finds_commands_by_name_and_by_key(page: ShortcutsPage) -> None:
    page.search.setText("f11")
    assert page.chosen is not None
    assert page.chosen.id == "view.full"
    page.search.setText("no such thing")
    assert page.chosen is None
    assert not page.keys.isEnabled()


# -- keys of panels


def key_of(text: str, typed: str = "") -> QKeyEvent:
    combination = QKeySequence(text)[0]
    modifiers = combination.keyboardModifiers()
    return QKeyEvent(QEvent.Type.KeyPress, combination.key(), modifiers, typed)


@pytest.mark.parametrize("command", CHART_COMMANDS, ids=lambda one: one.id)
def test_every_usual_key_of_a_chart_means_its_command(command: PanelCommand) -> None:
    for key in command.keys:
        assert usual_meaning(key_of(key)) == command.id


def test_shift_that_a_keyboard_needs_to_write_a_key_does_not_hide_it() -> None:
    assert usual_meaning(key_of("Shift++", "+")) == "chart.zoom_in"
    assert usual_meaning(key_of("Shift+Left")) == "chart.left_far"
    assert usual_meaning(key_of("Ctrl+Shift+Left")) == ""


def test_bare_letters_and_digits_cannot_be_bound(page: ShortcutsPage, table: CommandTable) -> None:
    choose(page, "view.full")
    for key in ("F", "7"):
        page.keys.setKeySequence(QKeySequence(key))
        page.keys.editingFinished.emit()
        assert table.keys("view.full") == ("F11",)
        assert "Letters and digits alone" in page.words.text()

"""Workspaces on a desk: switched, saved, reverted; and the windows they are spread over."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from heatdesk.workspaces import version_1
from heatdesk.workspaces.library import Library
from heatdesk.workspaces.model import Place, Screen
from tests.ui.desk import Desk, kind
from ui.main_window import Desk as MainDesk
from ui.main_window import screens
from ui.main_window.carrying import part_of, side_of
from ui.panels import PANELS
from ui.panels.status import StatusPanel

KINDS = (
    kind("order-book", "Order book", "kiyotaka"),
    kind("liquidation", "Liquidations", "kiyotaka"),
    kind("dots", "Market dots", "sharpe"),
    kind("cohorts", "Cohort bias", "hypertracker"),
    kind("tape", "Tape", "binance-usdm"),
    StatusPanel,
)
RIGHT_SIDE = Qt.DockWidgetArea.RightDockWidgetArea


@pytest.fixture
def shell(qapp):
    return Desk()


@pytest.fixture
def opened(shell, qtbot, tmp_path):
    """Return a function that opens a desk over the same store and home folder."""
    desks = []

    def open_one(**options):
        wishes = []
        desk = MainDesk(shell.context, KINDS, wishes.append, library=Library(tmp_path), **options)
        desk.wishes = wishes
        desk.first.resize(1600, 960)
        desk.show()
        qtbot.waitUntil(lambda: desk.placed)
        desks.append(desk)
        return desk

    yield open_one
    for desk in desks:
        desk.close()
        desk.discard()


def shown(desk):
    return {name for name, dock in desk.docks.items() if dock.open}


def kept(tmp_path, slug):
    return json.loads((tmp_path / "workspaces" / f"{slug}.json").read_text())


def test_each_shipped_workspace_shows_its_panels_in_their_shares(opened):
    desk = opened()
    for name, wanted in {
        "Order flow": {"order-book", "order-book-2", "order-book-3", "tape"},
        "Liquidations": {"liquidation", "order-book", "tape"},
        "Market": {"dots", "dots-2", "order-book"},
        "Positioning": {"cohorts", "liquidation", "dots"},
        "All four": {"order-book", "liquidation", "dots", "cohorts"},
    }.items():
        desk.switch(name)
        assert shown(desk) == wanted, name
        assert desk.placed
        assert {sub.provider for sub in desk.wishes[-1]} == {"demo"}, "as invented as before"
    book, liquidation = desk.docks["order-book"], desk.docks["liquidation"]
    assert book.width() / 1600 == pytest.approx(0.60, abs=0.01)
    assert liquidation.x() > book.x() + book.width()


def test_a_switch_keeps_what_was_left_and_finds_it_again(opened, qtbot):
    desk = opened()
    desk.docks["order-book"].panel.load_options({"symbol": "ETHUSDT"})
    desk.docks["dots"].close()
    desk.docks["cohorts"].setFloating(True)
    width = desk.docks["order-book"].width()
    desk.switch("Market")
    assert desk.docks["order-book"].panel.symbol == "BTCUSDT", "each workspace has its own options"
    assert not desk.docks["cohorts"].open
    desk.switch("All four")
    assert desk.docks["order-book"].panel.symbol == "ETHUSDT"
    assert desk.docks["cohorts"].isFloating()
    assert not desk.docks["dots"].open
    qtbot.waitUntil(lambda: abs(desk.docks["order-book"].width() - width) <= 4)


def test_a_panel_that_two_workspaces_show_alike_is_taken_along(opened):
    desk = opened()
    desk.save_as("One")
    desk.save_as("Two")
    mine = desk.docks["order-book"].panel
    desk.switch("One")
    assert desk.docks["order-book"].panel is mine
    mine.load_options({"symbol": "ETHUSDT"})
    desk.switch("Two")
    assert desk.docks["order-book"].panel is not mine


def test_a_switch_asks_for_everything_at_once(opened):
    desk = opened()
    before = len(desk.wishes)
    desk.switch("Order flow")
    QTest.qWait(20)
    assert len(desk.wishes) == before + 1


def test_panels_that_a_switch_leaves_behind_are_gone(opened, qtbot):
    desk = opened()
    desk.switch("Order flow")
    for name in ("Market", "All four", "Order flow", "All four"):
        desk.switch(name)
    QTest.qWait(20)
    docks = [one for one in desk.first.findChildren(QWidget) if type(one).__name__ == "PanelDock"]
    assert len(docks) == len(desk.docks) == len(KINDS)


def test_workspaces_are_saved_reverted_renamed_doubled_and_deleted(opened, tmp_path):
    desk = opened()
    desk.save_as("Mine")
    desk.docks["dots"].close()
    desk.revert()
    assert desk.docks["dots"].open
    desk.docks["dots"].close()
    desk.save()
    desk.docks["tape"].show()
    desk.revert()
    assert not desk.docks["dots"].open
    assert not desk.docks["tape"].open
    desk.rename("Yours")
    desk.duplicate_workspace()
    assert [one.name for one in desk.workspaces()][-2:] == ["Yours", "Yours 2"]
    assert desk.workspace.name == "Yours"
    desk.delete()
    assert "Yours" not in [one.name for one in desk.workspaces()]
    assert kept(tmp_path, "yours-2")["name"] == "Yours 2"
    assert not (tmp_path / "workspaces" / "mine.json").exists()
    desk.switch("Market")
    desk.revert()
    assert shown(desk) == {"dots", "dots-2", "order-book"}


def test_workspaces_have_keys_by_number_and_the_commands_follow_the_list(opened):
    desk = opened()
    assert desk.commands.keys("workspace.go.1") == ("Ctrl+1",)
    desk.commands.run("workspace.go.2")
    assert desk.workspace.name == "Liquidations"
    assert desk.commands.command("workspace.go.2").checked()
    desk.save_as("Mine")
    assert desk.commands.command("workspace.go.6").title.endswith("Mine")
    desk.delete()
    assert "workspace.go.6" not in desk.commands


def test_no_two_commands_share_a_usual_key(opened):
    assert opened().commands.all_conflicts() == []


def test_every_change_is_in_the_file_soon_although_changes_go_on(opened, qtbot, tmp_path):
    desk = opened()
    desk.keep()
    path = tmp_path / "workspaces" / "all-four.json"
    before = path.read_bytes()

    def changed():
        desk.first.resize(desk.first.width() - 1, desk.first.height())
        return path.read_bytes() != before

    qtbot.waitUntil(changed, timeout=5000)


def test_a_panel_of_a_kind_that_this_version_lacks_stays_in_the_file(opened, tmp_path):
    desk = opened()
    desk.switch("Market")
    desk.close()
    path = tmp_path / "workspaces" / "market.json"
    table = json.loads(path.read_text())
    later = {"id": "smc", "kind": "smc", "demo": False, "options": {"swing": 5}}
    table["present"]["panels"].append(later)
    path.write_text(json.dumps(table))
    again = opened()
    assert "smc" not in again.docks
    again.docks["dots"].close()
    again.close()
    panels = kept(tmp_path, "market")["present"]["panels"]
    assert [one.items() >= later.items() for one in panels if one["id"] == "smc"] == [True]
    assert [one["id"] for one in panels].count("dots") == 1


def test_a_panel_moves_to_a_new_window_and_all_of_it_is_found_again(opened, qtbot):
    desk = opened()
    second = desk.new_window()
    second.setGeometry(40, 60, 700, 500)
    desk.move_panel(desk.docks["dots"], second)
    desk.move_panel(desk.docks["cohorts"], second, Qt.DockWidgetArea.BottomDockWidgetArea)
    assert desk.docks["dots"].owner is second
    qtbot.waitUntil(lambda: desk.docks["dots"].on_screen)
    place, size = second.geometry(), desk.docks["dots"].size()
    desk.close()
    again = opened()
    assert [one.window_id for one in again.windows] == ["main", "window-2"]
    assert again.windows[1].geometry() == place
    assert again.docks["dots"].owner is again.windows[1]
    qtbot.waitUntil(lambda: again.docks["dots"].size() == size)
    assert again.docks["order-book"].owner is again.first


def test_a_closed_window_leaves_its_panels_closed_and_can_be_opened_again(opened, qtbot):
    desk = opened()
    second = desk.new_window()
    desk.move_panel(desk.docks["dots"], second)
    second.close()
    qtbot.waitUntil(lambda: len(desk.windows) == 1)
    assert not desk.docks["dots"].open
    assert desk.docks["dots"].owner is desk.first
    assert desk.first.isVisible()
    assert desk.commands.command("window.reopen").can_run
    desk.reopen_window()
    assert desk.docks["dots"].owner is desk.windows[1]
    qtbot.waitUntil(lambda: desk.docks["dots"].on_screen)


def test_the_first_window_ends_the_desk_with_all_others_kept(opened, qtbot):
    desk = opened()
    desk.new_window()
    ended = []
    desk.closed.connect(lambda: ended.append(True))
    desk.first.close()
    assert ended == [True]
    assert not any(one.isVisible() for one in desk.windows)
    assert len(opened().windows) == 2


def test_a_window_without_a_panel_says_what_to_do(opened, qtbot):
    desk = opened()
    second = desk.new_window()
    qtbot.waitUntil(lambda: second.centralWidget().isVisible())
    desk.move_panel(desk.docks["dots"], second)
    qtbot.waitUntil(lambda: not second.centralWidget().isVisible())


def test_the_menus_of_every_window_list_workspaces_windows_and_where_a_panel_can_go(opened):
    desk = opened()
    second = desk.new_window()
    menus = second.menuWidget()
    texts = {}
    for action in menus.actions():
        menu = action.menu()
        menu.aboutToShow.emit()
        texts[action.text().replace("&", "")] = [
            one.text().split("\t")[0] for one in menu.actions() if one.text()
        ]
        for inner in menu.findChildren(QMenu):
            entries = [one.text() for one in inner.actions() if one.text()]
            texts[inner.title()] = [one.split("\t")[0] for one in entries]
    assert texts["Workspaces"][:5] == [
        *("Order flow", "Liquidations", "Market", "Positioning", "All four")
    ]
    assert {"Window 1", "Window 2"} <= set(texts["Windows"])
    assert {"Window 1", "Window 2"} <= set(texts["Move to"])
    assert "Order book · BTCUSDT" in texts["Panels"]
    assert "Order book" in texts["Add panel"]


def test_a_workspace_with_a_window_less_puts_the_window_away(opened):
    desk = opened()
    desk.save_as("Two windows")
    desk.move_panel(desk.docks["dots"], desk.new_window())
    desk.switch("All four")
    assert len(desk.windows) == 1
    assert desk.docks["dots"].owner is desk.first
    desk.switch("Two windows")
    assert len(desk.windows) == 2
    assert desk.docks["dots"].owner is desk.windows[1]


def test_keys_of_charts_are_commands_of_the_panel_in_use(opened):
    desk = opened()
    event = QKeyEvent(
        QKeyEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " "
    )
    assert desk.context.meaning(event) == ""


# ------------------------------------------------------------------------------------- screens
def place(area, rect, name="DP-9"):
    return Place(Screen(name, "S1", "Dell", "U27", area), rect)


def test_a_window_of_a_missing_monitor_gets_a_sane_place(qapp):
    area = QGuiApplication.primaryScreen().availableGeometry()
    lost = place((5000, 0, 3000, 2000), (100, 50, 2900, 1900))
    found = [screens.rect_for(lost, number) for number in range(3)]
    assert all(area.contains(one) for one in found)
    assert found[1] != found[2], "guests are set off against each other"
    assert found[1].width() < area.width()


def test_a_window_on_a_monitor_that_shrank_by_a_pixel_is_cut_to_it(qapp):
    screen = QGuiApplication.primaryScreen()
    now = screens.described(screen)
    before = Screen(*now.identity, area=(0, 0, now.area[2] + 1, now.area[3] + 1))
    whole = Place(before, (0, 0, now.area[2] + 1, now.area[3] + 1))
    assert screen.availableGeometry().contains(screens.rect_for(whole))
    inner = Place(before, (10, 10, 300, 200))
    assert screens.rect_for(inner) == QRect(10, 10, 300, 200).translated(
        screen.geometry().topLeft()
    )


def test_what_qt_wrote_of_a_window_of_version_1_is_understood(qapp):
    window = QWidget()
    window.setGeometry(30, 40, 500, 400)
    text = bytes(window.saveGeometry().toBase64().data()).decode()
    table = version_1.migrated(
        {"panels": [], "arrangements": {"800x800+0+0": {"geometry": text, "state": ""}}}
    )
    (found,) = table["present"]["arrangements"]
    assert found["windows"]["main"]["rect"] == (30, 40, 500, 400)
    window.deleteLater()


# ------------------------------------------------------------------------------------ carrying
@pytest.mark.parametrize(
    ("at", "side", "part"),
    [
        ((5, 50), Qt.DockWidgetArea.LeftDockWidgetArea, QRect(0, 0, 50, 100)),
        ((95, 50), RIGHT_SIDE, QRect(50, 0, 50, 100)),
        ((50, 5), Qt.DockWidgetArea.TopDockWidgetArea, QRect(0, 0, 100, 50)),
        ((50, 95), Qt.DockWidgetArea.BottomDockWidgetArea, QRect(0, 50, 100, 50)),
        ((50, 50), Qt.DockWidgetArea.NoDockWidgetArea, QRect(0, 0, 100, 100)),
    ],
)
def test_where_a_panel_would_go_follows_the_nearest_edge(at, side, part):
    area = QRect(0, 0, 100, 100)
    assert side_of(area, QPoint(*at)) is side
    assert part_of(area, side) == part


@pytest.mark.parametrize(
    ("side", "place_of_new"),
    [
        (Qt.DockWidgetArea.LeftDockWidgetArea, lambda new, old: new.right() < old.left()),
        (RIGHT_SIDE, lambda new, old: new.left() > old.right()),
        (Qt.DockWidgetArea.TopDockWidgetArea, lambda new, old: new.bottom() < old.top()),
        (Qt.DockWidgetArea.BottomDockWidgetArea, lambda new, old: new.top() > old.bottom()),
    ],
)
def test_a_panel_dropped_at_a_side_of_another_lies_there(opened, qtbot, side, place_of_new):
    desk = opened()
    second = desk.new_window()
    second.resize(900, 700)
    desk.move_panel(desk.docks["dots"], second)
    desk.move_panel(desk.docks["cohorts"], second, side, desk.docks["dots"])
    qtbot.waitUntil(
        lambda: place_of_new(desk.docks["cohorts"].geometry(), desk.docks["dots"].geometry())
    )


def test_a_panel_dropped_in_the_middle_of_another_is_a_tab_on_top(opened, qtbot):
    desk = opened()
    second = desk.new_window()
    desk.move_panel(desk.docks["dots"], second)
    middle = Qt.DockWidgetArea.NoDockWidgetArea
    desk.move_panel(desk.docks["cohorts"], second, middle, desk.docks["dots"])
    assert second.tabifiedDockWidgets(desk.docks["dots"]) == [desk.docks["cohorts"]]
    qtbot.waitUntil(lambda: desk.docks["cohorts"].on_screen and not desk.docks["dots"].on_screen)


def test_a_panel_that_is_removed_while_a_hand_carries_it_is_let_go(opened, qtbot, monkeypatch):
    desk = opened()
    desk.new_window()
    carried = desk.open_panel("dots")
    carried.setFloating(True)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    carried.carried.emit()
    assert desk._carrying._timer.isActive()
    desk.remove(carried)
    qtbot.waitUntil(lambda: not desk._carrying._timer.isActive())


ODD = (None, True, -1, 10**400, float("nan"), float("inf"), "", "x" * 5_000, [], {}, [[]], [None])


@pytest.mark.parametrize("panel_kind", PANELS, ids=lambda one: one.panel_id)
def test_options_that_make_no_sense_keep_no_panel_from_opening(shell, qtbot, panel_kind):
    usual = panel_kind(shell.context)
    qtbot.addWidget(usual)
    options = usual.save_options()
    for odd in ODD:
        usual.load_options(dict.fromkeys(options, odd))
        usual.pull()
        assert json.loads(json.dumps(usual.save_options())).keys() == options.keys()


def test_a_panel_that_refuses_its_options_opens_with_the_usual_ones(opened, monkeypatch, caplog):
    def refuse(panel, options):
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setattr(KINDS[2], "load_options", refuse)
    dock = opened().open_panel("dots", {"symbol": []})
    assert dock.panel.symbol == "BTCUSDT"
    assert "make no sense" in caplog.text

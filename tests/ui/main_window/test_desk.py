"""The desk: default places, docks, workspace file, demo band, and what costs nothing."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from heatdesk.frames import KeyState, ProviderStatus
from heatdesk.workspaces import files
from heatdesk.workspaces.library import Library
from tests.ui.desk import Desk, Plain, kind
from ui.commands import Command
from ui.main_window import Desk as MainDesk
from ui.main_window import fitting
from ui.main_window.places import docks_text, put_docks
from ui.main_window.pulse import FRAME_MS, MOVING_MS, SLOW_MS
from ui.main_window.screens import fit_into_screens
from ui.panels.status import StatusPanel

KINDS = (
    kind("order-book", "Order book", "kiyotaka"),
    kind("liquidation", "Liquidations", "kiyotaka"),
    kind("dots", "Market dots", "sharpe"),
    kind("cohorts", "Cohort bias", "hypertracker"),
    StatusPanel,
)


class Live(Plain):
    """A panel that moves, and shows something real without a key."""

    @property
    def moves(self):
        return not self.demo

    @property
    def keyless(self):
        return not self.demo


@pytest.fixture
def desk(qapp):
    return Desk()


@pytest.fixture
def opened(desk, qtbot, tmp_path):
    """Return a function that opens a desk over the same store and home folder."""
    desks = []
    wishes = []

    def open_one(**options):
        if "library" not in options:
            options["library"] = Library(tmp_path, tmp_path / "layout.json")
        kinds = options.pop("kinds", KINDS)
        one = MainDesk(desk.context, kinds, wishes.append, **options)
        one.wishes = wishes
        one.first.resize(1920, 1080)
        one.show()
        qtbot.waitUntil(lambda: one.placed)
        desks.append(one)
        return one

    yield open_one
    for one in desks:
        one.close()
        one.discard()


def test_the_demo_rests_while_every_window_is_minimised_and_real_data_goes_on(opened, qtbot):
    window = opened()
    demo = window.wishes[-1]
    real = window.docks["dots"].panel
    real.demo = False
    real.needs_changed.emit()
    qtbot.waitUntil(lambda: window.wishes[-1] != demo)
    seen = window.wishes[-1]
    window.first.showMinimized()
    qtbot.waitUntil(lambda: window.wishes[-1] != seen)
    assert window.wishes[-1] == real.needs() != frozenset()
    window.first.showNormal()
    qtbot.waitUntil(lambda: window.wishes[-1] == seen)


def kept(tmp_path, name="all-four"):
    return json.loads((tmp_path / "workspaces" / f"{name}.json").read_text())


def providers(window):
    return {sub.provider for sub in window.wishes[-1]}


def test_the_default_desk_gives_the_book_60_by_64_percent(opened, qtbot):
    window = opened()
    book = window.docks["order-book"].geometry()
    dots = window.docks["dots"].geometry()
    assert book.width() / 1920 == pytest.approx(0.60, abs=0.01)
    rows = dots.bottom() - book.top()
    assert book.height() / rows == pytest.approx(0.64, abs=0.01)
    liquidation = window.docks["liquidation"].geometry()
    assert liquidation.left() > book.right()
    assert liquidation.top() == book.top()
    assert dots.top() > book.bottom()
    cohorts = window.docks["cohorts"].geometry()
    assert cohorts.left() > dots.right()
    assert cohorts.top() == dots.top()


def test_the_first_start_is_all_demo_under_a_band(opened):
    window = opened()
    assert window.first_start
    assert providers(window) == {"demo"}
    assert window.demo_band.isVisible()
    assert "DEMO" in window.first.windowTitle()
    assert all(panel.band.isVisible() for panel in window.panels() if panel.demo)


def test_a_desk_that_opens_live_shows_what_is_real_and_says_so_until_it_is_closed(opened, qtbot):
    Live.panel_id, Live.provider_id = "order-book", "kiyotaka"
    window = opened(kinds=(Live, *KINDS[1:]), opens_live=True)
    assert not any(panel.demo for panel in window.panels())
    assert not window.demo_band.isVisible()
    assert window.live_band.isVisible()
    window.live_band.demo_button.click()
    qtbot.waitUntil(window.demo_band.isVisible)
    assert all(panel.demo for panel in window.panels() if panel.provider_id)
    assert not window.live_band.isVisible()
    window.demo_band.live_button.click()
    qtbot.waitUntil(window.live_band.isVisible)
    window.live_band.dismiss()
    window.set_demo(True)
    window.open_live()
    qtbot.waitUntil(lambda: not window.demo_band.isVisible())
    assert not window.live_band.isVisible()


def test_what_a_demo_is_for_is_said_in_the_band_and_the_way_out_stands_there(opened, qtbot):
    window = opened(opens_live=True)
    chosen = []
    window.live_chosen.connect(chosen.append)
    window.fall_back("No exchange could be reached.")
    qtbot.waitUntil(window.demo_band.isVisible)
    assert window.demo_band.label.text().endswith("No exchange could be reached.")
    window.demo_band.explain("They can be reached now.", inviting=True)
    assert window.demo_band.live_button.property("primary")
    window.demo_band.live_button.click()
    assert chosen == [True]
    qtbot.waitUntil(lambda: not window.demo_band.isVisible())


def test_falling_back_to_the_demo_spares_what_a_key_has_opened(opened):
    window = opened(opens_live=True)
    window.go_live("sharpe")
    window.fall_back("No exchange could be reached.")
    assert not window.docks["dots"].panel.demo
    assert window.docks["order-book"].panel.demo


def test_a_saved_demo_stays_a_demo_and_a_saved_live_panel_stays_live(opened):
    first = opened(opens_live=True)
    first.docks["dots"].panel.demo = True
    first.close()
    again = opened(opens_live=True)
    assert again.docks["dots"].panel.demo
    assert not again.docks["order-book"].panel.demo
    assert not again.live_band.isVisible(), "this is not the first day any more"


def test_frames_come_faster_while_live_data_moves_and_slow_down_again(opened, desk, qtbot):
    Live.panel_id, Live.provider_id = "order-book", "kiyotaka"
    window = opened(kinds=(Live, *KINDS[1:]), opens_live=True)
    panel = window.docks["order-book"].panel
    qtbot.waitUntil(lambda: window.pulse.pace_ms == FRAME_MS)
    desk.data(panel.primary())
    window.pulse.beat()
    assert window.pulse.pace_ms == MOVING_MS
    qtbot.waitUntil(lambda: window.pulse.pace_ms == FRAME_MS)
    desk.data(window.docks["dots"].panel.primary())
    window.pulse.beat()
    assert window.pulse.pace_ms == FRAME_MS


def test_a_key_known_at_the_start_opens_its_panels_live(opened):
    window = opened(starts_live=lambda provider: provider == "kiyotaka")
    assert providers(window) == {"kiyotaka", "demo"}
    assert not window.docks["order-book"].panel.demo
    assert window.docks["dots"].panel.demo


def test_panels_go_live_one_provider_at_a_time_and_the_band_goes_with_the_last(opened, qtbot):
    window = opened()
    for provider in ("kiyotaka", "sharpe"):
        window.go_live(provider)
    qtbot.waitUntil(lambda: providers(window) == {"kiyotaka", "sharpe", "demo"})
    assert window.demo_band.isVisible()
    words = window.demo_band.label.text()
    assert "some panels" in words, "beside real panels the band must not call everything invented"
    assert window.first.windowTitle() == "HeatDesk"
    window.go_live("hypertracker")
    qtbot.waitUntil(lambda: not window.demo_band.isVisible())
    assert window.first.windowTitle() == "HeatDesk"


def test_a_demo_desk_stays_a_demo_whatever_keys_there_are(opened):
    window = opened(demo_only=True, starts_live=lambda provider: False)
    window.go_live("kiyotaka")
    window.set_demo(False)
    assert all(panel.demo for panel in window.panels() if panel.provider_id)


def test_a_closed_panel_drops_its_needs_and_comes_back(opened, qtbot):
    window = opened()
    dock = window.docks["dots"]
    mine = dock.panel.primary()
    assert mine in window.wishes[-1]
    dock.panel.header.close_button.click()
    qtbot.waitUntil(lambda: mine not in window.wishes[-1])
    dock.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: mine in window.wishes[-1])
    assert dock.isVisible()


def test_a_panel_behind_a_tab_keeps_its_data_but_is_not_drawn(opened, desk, qtbot):
    window = opened()
    front, behind = window.docks["order-book"], window.docks["liquidation"]
    window.first.tabifyDockWidget(behind, front)
    front.raise_()
    qtbot.waitUntil(lambda: front.on_screen and not behind.on_screen)
    assert behind.open
    drawn = behind.panel.drawn
    desk.data(behind.panel.primary())
    desk.data(front.panel.primary())
    window.pulse.beat()
    assert behind.panel.drawn == drawn
    assert behind.panel.primary() in window.wishes[-1]
    behind.raise_()
    qtbot.waitUntil(lambda: behind.panel.drawn > drawn)


def test_the_timer_stands_still_while_nothing_can_be_seen(opened, qtbot):
    window = opened()
    qtbot.waitUntil(lambda: window.pulse.pace_ms == FRAME_MS)
    for dock in window.docks.values():
        dock.close()
    qtbot.waitUntil(lambda: window.pulse.pace_ms == SLOW_MS)
    window.first.hide()
    qtbot.waitUntil(lambda: window.pulse.pace_ms == 0)
    window.show()
    window.docks["dots"].show()
    qtbot.waitUntil(lambda: window.pulse.pace_ms == FRAME_MS)


def test_a_panel_that_fails_leaves_the_others_alone(opened, desk, qtbot):
    window = opened()
    broken, sound = window.docks["order-book"].panel, window.docks["dots"].panel
    broken.failure = RuntimeError("broken")
    drawn = sound.drawn
    desk.data(broken.primary())
    desk.data(sound.primary())
    window.pulse.beat()
    assert sound.drawn == drawn + 1
    assert "could not be drawn" in broken.stage.card.sentence.text()


def test_a_second_book_has_its_own_options_and_comes_back_after_a_restart(opened, qtbot):
    window = opened()
    first = window.docks["order-book"]
    second = window.duplicate(first)
    second.panel.load_options({"symbol": "ETHUSDT"})
    window.docks["cohorts"].setFloating(True)
    window.docks["dots"].close()
    assert second.objectName() == "order-book-2"
    qtbot.waitUntil(lambda: second.panel.primary() in window.wishes[-1])
    window.close()

    again = opened()
    assert not again.first_start
    assert again.docks["order-book"].panel.symbol == "BTCUSDT"
    assert again.docks["order-book-2"].panel.symbol == "ETHUSDT"
    assert again.docks["cohorts"].isFloating()
    assert not again.docks["dots"].open
    assert not again.docks["status"].open


def test_a_desk_is_as_high_and_wide_in_every_part_after_each_restart(opened, qtbot):
    window = opened()
    status = window.docks["status"]
    status.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: status.height() > 0 and status.open)
    window.first.resizeDocks([status], [300], Qt.Orientation.Vertical)
    QApplication.processEvents()
    sizes = {name: dock.size() for name, dock in window.docks.items() if dock.open}
    assert len(sizes) == 5
    for _ in range(3):
        window.close()
        window = opened()
        QApplication.processEvents()
        assert {n: d.size() for n, d in window.docks.items() if d.open} == sizes


@pytest.mark.parametrize("mode", [Qt.WindowState.WindowMaximized, Qt.WindowState.WindowFullScreen])
def test_docks_put_again_in_a_window_that_takes_its_screen_stand_every_change_of_size(
    opened, qtbot, mode
):
    desk = opened()
    window, text = desk.first, docks_text(desk.first)
    window.hide()
    window.setWindowState(mode)
    assert put_docks(window, text)
    assert window.windowState() == mode, "it will take its screen none the less"
    window.show()
    for width in (900, 1700, 1300):  # as while the system makes it large
        assert put_docks(window, text)
        window.resize(width, 700)
        QApplication.processEvents()
    shown = [dock for dock in desk.docks.values() if dock.open]
    assert len(shown) == 4
    assert all(window.rect().contains(dock.geometry()) for dock in shown)


def test_a_desk_on_all_of_its_screen_is_as_high_and_wide_in_every_part_after_each_restart(
    opened, qtbot
):
    desk = opened()
    desk.first.showFullScreen()
    qtbot.waitUntil(lambda: desk.first.size() == desk.first.screen().size())
    QApplication.processEvents()
    sizes = {name: dock.size() for name, dock in desk.docks.items() if dock.open}
    for _ in range(2):
        desk.close()
        desk = opened()
        qtbot.waitUntil(lambda: desk.first.size() == desk.first.screen().size())  # noqa: B023
        QApplication.processEvents()
        assert {name: dock.size() for name, dock in desk.docks.items() if dock.open} == sizes


def test_a_window_on_all_of_its_screen_that_is_opened_again_has_its_panels_as_wide_as_before(
    opened, qtbot
):
    desk = opened()
    other = desk.new_window()
    for name in ("order-book", "dots"):
        desk.move_panel(desk.docks[name], other)
    other.showFullScreen()
    qtbot.waitUntil(lambda: other.size() == other.screen().size())
    QApplication.processEvents()
    sizes = {name: desk.docks[name].size() for name in ("order-book", "dots")}
    other.close()
    desk.reopen_window()
    again = desk.windows[1]
    qtbot.waitUntil(lambda: desk.placed and again.size() == again.screen().size())
    assert {name: desk.docks[name].size() for name in sizes} == sizes


def test_the_workspace_that_is_open_is_kept_though_its_docks_are_still_being_fitted(
    opened, qtbot, tmp_path
):
    desk = opened()
    desk.first.showFullScreen()
    for name in ("Market", "All four", "Market"):
        desk.switch(name)
        was_placed = desk.placed
        desk.keep()
        assert json.loads((tmp_path / "desk.json").read_text())["open"] == desk.workspace.slug
        qtbot.waitUntil(lambda: desk.placed)
    assert not was_placed


def test_docks_are_put_once_more_when_their_window_has_its_bars(opened, monkeypatch):
    opened().close()
    seen = []
    put = fitting.put_docks

    def watched(window, text):
        seen.append(window.isVisible())
        return put(window, text)

    monkeypatch.setattr(fitting, "put_docks", watched)
    again = opened()
    assert again.placed
    assert seen == [False, True]


def test_a_new_panel_takes_over_what_its_kind_hands_on(opened):
    window = opened()
    first = window.docks["order-book"].panel
    first.load_options({"symbol": "ETHUSDT", "mood": "bright"})
    new = window.open_panel("order-book").panel
    assert (new.symbol, new.mood) == ("BTCUSDT", "bright")
    assert window.open_panel("dots").panel.mood == "usual"


def test_an_added_panel_can_be_removed_for_good(opened, qtbot):
    window = opened()
    second = window.open_panel("order-book")
    window.remove(second)
    window.close()
    assert "order-book-2" not in opened().docks


def test_reset_layout_puts_every_panel_back(opened, qtbot):
    window = opened()
    before = window.docks["order-book"].geometry()
    window.docks["order-book"].setFloating(True)
    window.docks["dots"].close()
    window.reset_layout()
    qtbot.waitUntil(lambda: window.placed)
    assert not window.docks["order-book"].isFloating()
    assert window.docks["dots"].open

    def as_before() -> bool:
        after = window.docks["order-book"].geometry()
        return (
            abs(after.width() - before.width()) <= 4 and abs(after.height() - before.height()) <= 4
        )

    qtbot.waitUntil(as_before)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}', '{"version": 1, "panels": [3]}', ""])
def test_a_damaged_layout_is_kept_aside_and_told(opened, tmp_path, text):
    path = tmp_path / "layout.json"
    path.write_text(text)
    window = opened()
    assert set(window.docks) == {one.panel_id for one in KINDS}
    assert "damaged" in window._above.sentence.label.text()
    assert (tmp_path / "layout.json.damaged").read_text() == text


def test_a_layout_of_another_version_is_kept_untouched(opened, tmp_path):
    text = json.dumps({"version": 99, "panels": [{"new": True}]})
    (tmp_path / "layout.json").write_text(text)
    window = opened()
    assert "another version" in window._above.sentence.label.text()
    window.close()
    assert (tmp_path / "layout.json.v99").read_text() == text
    assert kept(tmp_path)["version"] == files.VERSION


def test_a_folder_that_cannot_be_written_costs_one_sentence(opened, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    window = opened(library=Library(blocked / "home"))
    window.keep()
    window.docks["dots"].close()
    window.keep()
    assert window._above.sentence.label.text().count("cannot be written") == 1


def test_a_window_on_a_screen_that_is_gone_comes_home(qapp):
    area = QGuiApplication.primaryScreen().availableGeometry()
    lost = QRect(area.right() + 500, area.top() + 40, 300, 200)
    home = fit_into_screens(lost)
    assert area.contains(home)
    assert home.size() == lost.size()
    inside = QRect(area.left() + 10, area.top() + 10, 200, 100)
    assert fit_into_screens(inside) == inside
    hanging_out = QRect(area.right() - 30, area.top() + 10, 300, 200)
    assert area.contains(fit_into_screens(hanging_out))


def test_the_status_bar_names_the_workspace_and_for_a_while_what_was_done_with_it(opened, qtbot):
    window = opened()
    bar = window.bar
    assert bar.workspace_text == "All four"
    window.save()
    assert bar.workspace_text == "All four: saved"
    assert bar.workspace_text in bar.accessibleDescription()
    bar._news_over.timeout.emit()
    assert bar.workspace_text == "All four"
    window.save_as("Scalping")
    assert bar.workspace_text == "Scalping"
    window.spaces.duplicate()
    assert bar.workspace_text == "Scalping: copied to Scalping 2"
    window.rename("Slow")
    bar._news_over.timeout.emit()
    assert bar.workspace_text == "Slow"


def test_the_status_bar_tells_each_provider_and_opens_the_panel(opened, desk, qtbot):
    window = opened()
    now_ms = desk.clock.now_ms()
    desk.store.set_provider(
        ProviderStatus(
            "kiyotaka", "Kiyotaka", KeyState.ACCEPTED, now_ms, used=312, limit=1000, budget="day"
        )
    )
    qtbot.waitUntil(lambda: window.bar.words() == ["Kiyotaka: ok  day 312/1,000"])
    qtbot.mouseClick(window.bar, Qt.MouseButton.LeftButton)
    status = window.docks["status"]
    qtbot.waitUntil(lambda: status.on_screen and status.panel.table.rowCount() == 1)
    shown = [status.panel.table.item(0, column).text() for column in range(7)]
    assert shown == ["Kiyotaka", "ok", "accepted", "12:00", "0 s", "day 312/1,000", "688"]
    qtbot.mouseClick(window.bar, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not status.open)


def test_one_click_switches_every_panel_to_utc(opened, desk):
    window = opened()
    desk.workspace.utc = False
    window.menus.zone.click()
    assert desk.workspace.utc
    assert window.menus.zone.text() == "UTC"
    assert window.menus.utc.isChecked()


def test_the_desk_fits_a_small_screen(opened, qtbot):
    window = opened()
    window.first.resize(1280, 720)
    qtbot.waitUntil(lambda: window.first.width() == 1280)
    assert window.first.minimumSizeHint().width() <= 1280
    assert window.first.minimumSizeHint().height() <= 720


def test_workspace_files_hold_no_machine_state_beyond_their_fields(opened, tmp_path):
    window = opened()
    window.keep()
    table = kept(tmp_path)
    assert set(table) == {"version", "name", "present", "saved"}
    assert set(table["present"]) == {"panels", "arrangements"}
    assert {one["kind"] for one in table["present"]["panels"]} == {one.panel_id for one in KINDS}


def test_a_key_counts_again_once_its_command_can_be_done_whatever_a_menu_showed(opened, qtbot):
    window = opened()
    possible, done = [False], []
    command = Command(
        "test.run", "Run", "Test", lambda: done.append(True), ("Ctrl+F12",), lambda: possible[0]
    )
    window.commands.add(command)
    menu = window.menus.panels
    menu.aboutToShow.emit()
    assert not window.commands.action("test.run").isEnabled()
    menu.aboutToHide.emit()
    window.first.activateWindow()
    qtbot.keyClick(window.first, Qt.Key.Key_F12, Qt.KeyboardModifier.ControlModifier)
    assert not done
    possible[0] = True
    qtbot.keyClick(window.first, Qt.Key.Key_F12, Qt.KeyboardModifier.ControlModifier)
    assert done

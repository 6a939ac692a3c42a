"""Alerts from a right-click to the notification."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, QProcess, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from heatdesk.alerts.judging import ABOVE, Event, Happened, Phase, State, phase_of
from heatdesk.alerts.rules import Kind, Rule
from heatdesk.alerts.tones import TONES
from heatdesk.frames import CandleSub, StreamStatus
from tests.heatdesk.alerts.made import crossing
from tests.heatdesk.store.books import minute
from tests.ui.market_panels import MIDDLE, MINUTES, WALL_PRICE, WALL_QTY, Market, candles
from ui.alerts import player as player_module
from ui.alerts.alert_commands import alert_commands
from ui.alerts.messenger import Messenger
from ui.alerts.notifier import NO_MESSAGES, Notifier
from ui.alerts.player import NO_DEVICE, NO_FILE, NO_PLAYER, SoundPlayer, players_of
from ui.alerts.watcher import AlertWatcher
from ui.panel.alert_desk import AlertDesk
from ui.panel.alert_editor import AlertEditor
from ui.panels.alerts import AlertPanel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.panels.order_book import OrderBookPanel


class Silent(QObject):
    """A player that notes what it would play."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.player = SoundPlayer(folder, self, players=[])
        self.played: list[str] = []
        self.player.play = self.played.append  # type: ignore[method-assign]


class Watched(Market):
    """A market whose alerts are watched."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.alerts = self.context.alerts
        self.said: list[str] = []
        self.sound = Silent(folder)
        self.notifier = Notifier(
            self.said.append,
            available=lambda: False,
            messenger=Messenger(1_000, programs=[]),
        )
        self.watcher = AlertWatcher(
            self.alerts, self.store, self.clock, self.sound.player, self.notifier
        )

    def price(self, panel: OrderBookPanel, close: float, n: int = MINUTES - 1) -> None:
        """A candle came, and the panel shows it."""
        sub = panel.options.candle_sub(panel.source)
        self.store.apply(sub, candles(n, n + 1, close))
        now_ms = self.clock.now_ms()
        for one in (sub, panel.primary()):
            self.store.set_status(
                one, StreamStatus(data_time_ms=now_ms, received_ms=now_ms, period_s=60)
            )
        self.watcher.look()
        panel.pull()


OPENS_A_POPUP = pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)


@pytest.fixture
def market(tmp_path: Path, qapp: object) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.watcher.stop()


def choose(panel: OrderBookPanel, price: float, words: str) -> None:
    """Right-click at a price and take an entry."""
    chart = panel.chart
    at = QPointF(chart.plot_rect.width() / 2, chart.camera.window.y_of(price))
    menu = panel.build_menu(chart.view.mapTo(panel, at.toPoint()))
    found = [action for action in menu.actions() if words in action.text()]
    assert found, [action.text() for action in menu.actions()]
    found[0].trigger()
    menu.deleteLater()


def test_an_alert_made_by_right_click_fires_sounds_and_is_told(
    market: Watched, qtbot: QtBot
) -> None:
    panel = market.book_panel(qtbot)
    choose(panel, MIDDLE + 100, "Alert when price crosses")
    rule = market.alerts.rules()[0]
    assert isinstance(rule.sub, CandleSub)
    assert rule.price == pytest.approx(MIDDLE + 100, abs=3)
    assert market.watcher.needs() == {rule.sub}
    assert market.watcher.watching
    market.price(panel, MIDDLE)
    assert market.said == []
    market.price(panel, MIDDLE + 120)
    assert len(market.said) == 1
    assert market.said[0].startswith(rule.title)
    assert market.sound.played == ["bell"]
    assert not market.watcher.watching  # it was for once
    market.price(panel, MIDDLE)
    market.price(panel, MIDDLE + 120)
    assert len(market.said) == 1


def test_sizes_of_the_cell_under_the_cursor_are_offered(market: Watched, qtbot: QtBot) -> None:
    panel = market.book_panel(qtbot)
    choose(panel, WALL_PRICE + 1, f"Alert when \u2265 {WALL_QTY:.0f} BTC rests here")
    choose(panel, WALL_PRICE + 1, f"Alert when it shrinks below {WALL_QTY / 2:.0f} BTC")
    appears, shrinks = market.alerts.rules()
    assert (appears.kind, shrinks.kind) == (Kind.APPEARS, Kind.SHRINKS)
    assert appears.sub == panel.primary()
    assert appears.price <= WALL_PRICE < appears.price + max(5.0, appears.height)
    assert (appears.size, shrinks.size) == (WALL_QTY, WALL_QTY / 2)


def test_a_wall_that_is_pulled_is_told(market: Watched, qtbot: QtBot) -> None:
    panel = market.book_panel(qtbot)
    choose(panel, WALL_PRICE + 1, "Alert when it shrinks below")
    market.price(panel, MIDDLE)
    assert phase_of(market.alerts.rules()[0], market.alerts.state(market.alerts.rules()[0]), 0) in {
        Phase.ARMED
    }
    market.add_minute(panel.primary(), MINUTES, scale=0.1)
    market.watcher.look()
    assert len(market.said) == 1
    assert "40 BTC" in market.said[0]


def test_stale_data_is_waited_out_in_words(market: Watched, qtbot: QtBot) -> None:
    panel = market.book_panel(qtbot)
    choose(panel, MIDDLE + 100, "Alert when price crosses")
    market.price(panel, MIDDLE)
    market.clock.time_ms += 600_000
    market.watcher.look()
    listed = AlertPanel(market.context)
    market.show(qtbot, listed)
    words = listed.table.figures.value(0, 1)
    assert str(words).startswith("waiting for live data since")
    assert "10 min old" in str(words)
    assert market.said == []


def test_its_level_is_drawn_on_charts_of_its_market_only(market: Watched, qtbot: QtBot) -> None:
    panel = market.book_panel(qtbot)
    choose(panel, MIDDLE + 100, "Alert when price crosses")
    assert [line.alert for line in panel.chart.tools.lines.lines] == [True]
    panel.demo = True
    assert panel.chart.tools.lines.lines == ()
    panel.demo = False
    assert len(panel.chart.tools.lines.lines) == 1
    panel.choose(panel.options.traded(("BINANCE_FUTURES",), "ETHUSDT", None))
    assert panel.chart.tools.lines.lines == ()


def test_dragging_its_level_changes_the_alert_and_delete_removes_it(
    market: Watched, qtbot: QtBot
) -> None:
    panel = market.book_panel(qtbot)
    panel.tools.add_price_alert(MIDDLE + 100)
    chart, view = panel.chart, panel.chart.view.viewport()
    window = chart.camera.window
    start = QPoint(300, round(window.y_of(MIDDLE + 100)))
    end = QPoint(300, round(window.y_of(MIDDLE + 200)))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, (start + end) / 2)
    QTest.mouseMove(view, end)
    assert market.alerts.rules()[0].price == MIDDLE + 100  # not before the hand lets go
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    assert market.alerts.rules()[0].price == pytest.approx(MIDDLE + 200, abs=4)
    assert chart.camera.window == window
    QTest.keyClick(chart.view, Qt.Key.Key_Delete)
    assert market.alerts.rules() == ()


@OPENS_A_POPUP
def test_a_level_on_a_chart_is_changed_by_its_menu(market: Watched, qtbot: QtBot) -> None:
    panel = market.book_panel(qtbot)
    panel.tools.add_price_alert(MIDDLE + 100)
    choose(panel, MIDDLE + 100, "Change the alert...")
    editor = panel.findChild(AlertEditor)
    assert editor is not None
    editor.name.setText("mine")
    editor.apply_button.click()
    assert [rule.name for rule in market.alerts.rules()] == ["mine"]


def test_without_alerts_nothing_is_looked_at(market: Watched, qtbot: QtBot) -> None:
    assert not market.watcher.watching
    rule = market.alerts.add(crossing())
    assert rule is not None
    assert market.watcher.watching
    market.alerts.enable(rule.id, enabled=False)
    assert not market.watcher.watching
    assert market.watcher.needs() == frozenset()


def test_needs_are_told_once_for_each_change(market: Watched, qtbot: QtBot) -> None:
    told: list[int] = []
    market.watcher.needs_changed.connect(lambda: told.append(1))
    market.alerts.add(crossing())
    market.alerts.add(crossing(price=71_000.0))
    assert len(told) == 1


def test_a_failure_in_judging_is_logged_once_and_the_desk_lives_on(
    market: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(market.alerts.list, "look", fail)
    market.watcher.look()
    market.watcher.look()
    assert len(caplog.records) == 1


def test_a_muted_alert_is_told_without_a_sound(market: Watched, qtbot: QtBot) -> None:
    panel = market.book_panel(qtbot)
    panel.tools.add_price_alert(MIDDLE + 100)
    market.alerts.mute(muted=True)
    market.price(panel, MIDDLE)
    market.price(panel, MIDDLE + 120)
    assert len(market.said) == 1
    assert market.sound.played == []


# ------------------------------------------------------------------------------------- the list
def test_what_was_muted_is_so_after_a_start(tmp_path: Path, qapp: object) -> None:
    del qapp
    path = tmp_path / "alerts.json"
    AlertDesk(path).mute(muted=True)
    again = AlertDesk(path)
    assert again.muted
    again.mute(muted=False)
    assert not AlertDesk(path).muted


def listed(market: Watched, qtbot: QtBot, *rules: Rule) -> AlertPanel:
    for rule in rules:
        market.alerts.add(rule)
    panel = AlertPanel(market.context)
    market.show(qtbot, panel)
    return panel


def test_the_list_is_looked_at_each_second_only_while_an_alert_cools_down(
    market: Watched, qtbot: QtBot
) -> None:
    panel = listed(market, qtbot, crossing(cool_down_s=60.0))
    rule = market.alerts.rules()[0]
    market.alerts.list._states[rule.id] = State(
        known=True, side=ABOVE, fired_ms=market.clock.now_ms()
    )
    seen = []
    for after_s in (1, 2, 50, 40, 1):
        market.clock.time_ms += after_s * 1_000
        seen.append(panel.revision())
    assert len(set(seen[:4])) == 4, "its end is shown as well"
    assert seen[4] == seen[3]


def test_the_list_acts_on_the_row_that_is_marked_by_key(market: Watched, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, crossing(), crossing(price=71_000.0))
    panel.table.selectRow(1)
    QTest.keyClick(panel.table, Qt.Key.Key_Space)
    assert [rule.enabled for rule in market.alerts.rules()] == [True, False]
    panel.pull()
    panel.perform("alert.hear")
    assert market.sound.played == ["bell"]
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    assert [rule.price for rule in market.alerts.rules()] == [70_000.0]


def test_a_list_without_alerts_says_how_to_make_one(market: Watched, qtbot: QtBot) -> None:
    panel = listed(market, qtbot)
    assert panel.empty.isVisible()
    market.alerts.add(crossing())
    panel.pull()
    assert not panel.empty.isVisible()
    assert panel.csv() is not None


def test_the_history_tells_what_was_missed_apart_from_what_fired(
    market: Watched, qtbot: QtBot
) -> None:
    for n, happened in enumerate(Happened):
        event = Event("a", happened, minute(n), "Level", "BTC", "70,000", demo=False)
        market.alerts.list.history.appendleft(event)
    panel = listed(market, qtbot)
    assert panel.past.figures.rowCount() == 2
    assert "missed" in str(panel.past.figures.value(0, 1))
    assert panel.past.figures.value(1, 1) == "fired"


def test_a_desktop_without_notifications_and_sound_is_named_in_the_list(
    market: Watched, qtbot: QtBot
) -> None:
    panel = AlertPanel(market.context)
    market.show(qtbot, panel)
    assert panel.note.isHidden()
    market.alerts.add(crossing())
    panel.pull()
    assert panel.note.text() == NO_MESSAGES
    market.sound.player.told.emit(NO_PLAYER)
    panel.pull()
    assert panel.note.text() == f"{NO_PLAYER} {NO_MESSAGES}"


@pytest.mark.qt_log_ignore("No Icon set", "systemTrayWindowChanged", extend=True)
def test_a_tray_that_comes_later_is_used_and_takes_the_note_back(qtbot: QtBot) -> None:
    there, said, told = [False], [], []
    notifier = Notifier(
        said.append, available=lambda: there[0], messenger=Messenger(1_000, programs=[])
    )
    notifier.told.connect(told.append)
    notifier.be_there(wanted=True)
    notifier.tell("Price crosses 5", "BTC")
    assert said == ["Price crosses 5: BTC"]
    there[0] = True
    notifier.be_there(wanted=True)
    assert told == [NO_MESSAGES, ""]
    notifier.stop()


def test_an_alert_that_was_armed_anew_still_says_when_it_fired_last(
    market: Watched, qtbot: QtBot
) -> None:
    panel = listed(market, qtbot, crossing(name="level"))
    rule = market.alerts.rules()[0]
    fired_ms = market.clock.now_ms() - 5_000
    market.alerts.list.history.appendleft(
        Event(rule.id, Happened.FIRED, fired_ms, "level", "market", "5", demo=False)
    )
    market.alerts.rearm(rule.id)
    panel.pull()
    columns = [str(panel.table.figures.headerData(i, Qt.Orientation.Horizontal)) for i in range(8)]
    at = columns.index("Last fired")
    assert panel.table.figures.value(0, at) == panel._clock_text(fired_ms)


@OPENS_A_POPUP
def test_the_editor_changes_everything_of_an_alert(market: Watched, qtbot: QtBot) -> None:
    panel = listed(market, qtbot, crossing(again=False))
    panel.perform("alert.edit")
    editor = panel.findChild(AlertEditor)
    assert editor is not None
    editor.name.setText("Range high")
    editor.price.setText("70,500.5")
    editor.slack.setText("0.1")
    editor.cool_down.setText("5")
    editor.again.setChecked(True)
    editor.sound.setCurrentIndex(editor.sound.findData("wood"))
    qtbot.keyClick(editor.price, Qt.Key.Key_Return)
    rule = market.alerts.rules()[0]
    assert (rule.title, rule.price, rule.slack_ratio) == ("Range high", 70_500.5, 0.001)
    assert (rule.cool_down_s, rule.again, rule.sound) == (5.0, True, "wood")


@pytest.mark.parametrize(
    ("field", "text"),
    [("price", "x"), ("price", "-1"), ("slack", "200"), ("cool_down", ""), ("price", "nan")],
)
def test_the_editor_refuses_what_is_no_figure_in_words(
    market: Watched, qtbot: QtBot, field: str, text: str
) -> None:
    editor = AlertEditor(crossing())
    qtbot.addWidget(editor)
    getattr(editor, field).setText(text)
    assert isinstance(editor.wanted(), str)


@OPENS_A_POPUP
@pytest.mark.parametrize("corner", ["topLeft", "topRight", "bottomLeft", "bottomRight"])
def test_the_editor_opens_within_the_screen(qtbot: QtBot, corner: str) -> None:
    room = QGuiApplication.primaryScreen().availableGeometry()
    editor = AlertEditor(crossing())
    qtbot.addWidget(editor)
    editor.open_at(getattr(room, corner)())
    assert room.contains(editor.geometry())


def test_commands_of_all_alerts_are_offered_where_they_would_do_something() -> None:
    alerts = AlertDesk()
    shown: list[int] = []
    by_id = {one.id: one for one in alert_commands(alerts, lambda: shown.append(1))}
    assert not by_id["alerts.off"].can_run
    alerts.add(crossing())
    by_id["alerts.off"].run()
    assert not alerts.rules()[0].enabled
    assert by_id["alerts.on"].can_run
    by_id["alerts.show"].run()
    assert shown == [1]


# ------------------------------------------------------------------------------------ the sounds
def heard(qtbot: QtBot, player: SoundPlayer) -> list[str]:
    told: list[str] = []
    player.told.connect(told.append)
    player.play("bell")
    qtbot.waitUntil(lambda: not player.playing)
    return told


def test_a_system_without_a_player_is_quiet_and_says_so_once(tmp_path: Path, qtbot: QtBot) -> None:
    player = SoundPlayer(tmp_path, players=[])
    assert heard(qtbot, player) == [NO_PLAYER]
    assert heard(qtbot, player) == []


def test_a_player_that_fails_gives_way_to_the_next(tmp_path: Path, qtbot: QtBot) -> None:
    good = [sys.executable, "-c", "pass"]
    bad = [sys.executable, "-c", "raise SystemExit(1)"]
    nowhere = [str(tmp_path / "no-such-program")]
    assert heard(qtbot, SoundPlayer(tmp_path, players=[nowhere, bad, good])) == []
    assert heard(qtbot, SoundPlayer(tmp_path, players=[nowhere, bad])) == [NO_DEVICE]


def test_a_sound_that_can_be_heard_again_takes_the_note_back(tmp_path: Path, qtbot: QtBot) -> None:
    code = f"import pathlib, sys; sys.exit(pathlib.Path({str(tmp_path / 'gone')!r}).exists())"
    player = SoundPlayer(tmp_path, players=[[sys.executable, "-c", code]])
    (tmp_path / "gone").touch()
    assert heard(qtbot, player) == [NO_DEVICE]
    (tmp_path / "gone").unlink()
    assert heard(qtbot, player) == [""]


def test_the_file_that_is_played_is_the_tone(tmp_path: Path, qtbot: QtBot) -> None:
    code = f"import shutil, sys; shutil.copy(sys.argv[1], {str(tmp_path / 'copy.wav')!r})"
    heard(qtbot, SoundPlayer(tmp_path / "tones", players=[[sys.executable, "-c", code]]))
    made = (tmp_path / "tones" / "bell.wav").read_bytes()
    assert (tmp_path / "copy.wav").read_bytes() == made
    assert made[:4] == b"RIFF"


def test_a_folder_that_cannot_be_written_is_a_note(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "file").touch()
    assert heard(qtbot, SoundPlayer(tmp_path / "file", players=[["x"]])) == [NO_FILE]


def test_a_player_that_hangs_is_given_up_so_that_the_next_alert_is_heard(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player_module, "GIVE_UP_MS", 300)
    hangs = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert heard(qtbot, SoundPlayer(tmp_path, players=[hangs])) == [NO_DEVICE]


def test_stopping_ends_a_sound_that_hangs(tmp_path: Path, qtbot: QtBot) -> None:
    code = "import time; time.sleep(60)"
    player = SoundPlayer(tmp_path, players=[[sys.executable, "-c", code]])
    player.play("bell")
    assert player.playing
    player.stop()
    assert not player.playing
    assert player.findChildren(QProcess) == [] or not any(
        one.state() is QProcess.ProcessState.Running for one in player.findChildren(QProcess)
    )


def test_players_are_chosen_by_what_the_system_has() -> None:
    have = {"paplay": "/usr/bin/paplay", "aplay": "/usr/bin/aplay", "afplay": "/usr/bin/afplay"}
    assert players_of("linux", have.get) == [["/usr/bin/paplay"], ["/usr/bin/aplay", "-q"]]
    assert players_of("darwin", have.get) == [["/usr/bin/afplay"]]
    assert players_of("linux", lambda _: None) == []


def test_every_kind_of_alert_has_a_tone_that_there_is() -> None:
    from ui.panel.alert_desk import usual_sound

    assert {usual_sound(kind) for kind in Kind} <= TONES.keys()


def test_the_side_a_value_ended_on_is_kept_for_what_is_missed_meanwhile(
    market: Watched, tmp_path: Path, qapp: object
) -> None:
    path = tmp_path / "alerts.json"
    alerts = AlertDesk(path)
    watcher = AlertWatcher(alerts, market.store, market.clock, market.sound.player, market.notifier)
    rule = alerts.add(crossing())
    assert rule is not None
    alerts.list._states[rule.id] = State(known=True, side=ABOVE)
    watcher.stop()
    assert AlertDesk(path).list.state(rule.id).side == ABOVE

"""What every panel gets from its base: state, age, note, card, and being left alone."""

from __future__ import annotations

import logging

import pytest
from PySide6.QtGui import QGuiApplication

from heatdesk.frames import DataState, KeyState, StreamStatus
from tests.ui.desk import NOON_MS, Desk, Plain
from ui import theme
from ui.panel import LogTail, Workspace
from ui.panel.header import latency_text, state_colour, state_text
from ui.panel.latency import PaintLatency


@pytest.fixture
def desk(qapp):
    return Desk()


@pytest.fixture
def panel(desk, qtbot):
    made = Plain(desk.context)
    qtbot.addWidget(made)
    made.resize(500, 300)
    return made


def test_a_panel_draws_once_for_any_number_of_frames_between_two_ticks(desk, panel):
    for _ in range(10):
        desk.data(panel.primary())
    assert panel.pull()
    assert not panel.pull()
    assert panel.drawn == 1


def test_a_panel_draws_again_when_asked_although_nothing_moved(desk, panel):
    panel.pull()
    desk.workspace.utc = False
    assert panel.pull()
    assert panel.drawn == 2


def test_a_panel_is_ready_only_when_data_was_painted(desk, panel):
    panel.pull()
    assert not panel.ready
    desk.data(panel.primary())
    panel.pull()
    assert panel.ready
    panel.load_options({"symbol": "ETHUSDT"})
    assert not panel.ready


@pytest.mark.parametrize(
    ("age_s", "words", "state"),
    [
        (12, "live, 12 s", DataState.LIVE),
        (120, "live, 2 min", DataState.LIVE),
        (121, "stale, 2 min", DataState.STALE),
        (41 * 60, "stale, 41 min", DataState.STALE),
    ],
)
def test_the_pill_tells_state_and_age(desk, panel, age_s, words, state):
    desk.data(panel.primary(), data_time_ms=NOON_MS - age_s * 1000)
    panel.pull()
    assert (panel.header.pill.text, panel.header.pill.state) == (words, state)


def test_the_age_grows_without_new_data(desk, panel):
    desk.data(panel.primary())
    panel.pull()
    desk.clock.time_ms += 5 * 60_000
    panel.show_header()
    assert panel.header.pill.text == "stale, 5 min"


def test_a_filling_history_shows_its_share_and_then_nothing(desk, panel):
    desk.data(panel.primary(), progress=0.4)
    panel.pull()
    assert panel.progress.progress == 0.4
    desk.data(panel.primary(), progress=1.0)
    panel.pull()
    assert panel.progress.progress is None
    assert state_text(StreamStatus(progress=0.4), NOON_MS) == "waiting, 40 %"


def test_the_next_update_is_told_in_the_shown_zone_when_the_pace_is_slow(desk, panel):
    next_ms = NOON_MS + 20 * 60_000
    desk.data(panel.primary(), period_s=1200.0, next_ms=next_ms)
    panel.pull()
    assert panel.header.next.text() == "next update 12:20"
    desk.data(panel.primary(), period_s=60.0, next_ms=next_ms)
    panel.pull()
    assert panel.header.next.text() == ""


def test_a_missing_key_shows_a_card_that_leads_to_the_key_or_the_demo(desk, panel, qtbot):
    sentence = "Kiyotaka needs a key: enter it in Settings > Keys."
    desk.store.set_status(panel.primary(), StreamStatus(problem=sentence, needs_key=True))
    panel.show()
    panel.pull()
    card = panel.stage.card
    assert card.isVisible()
    assert card.sentence.text() == sentence
    card.key_button.click()
    assert desk.keys_asked == ["kiyotaka"]
    card.demo_button.click()
    assert panel.demo
    panel.pull()
    assert not card.isVisible()
    assert panel.stage.waiting.isVisible()


@pytest.mark.parametrize(
    ("key", "state", "words"),
    [
        (KeyState.MISSING, DataState.KEY_NEEDED, "key needed"),
        (KeyState.REJECTED, DataState.PROBLEM, "problem"),
    ],
)
def test_a_key_that_was_never_entered_is_no_fault_but_a_refused_one_is(
    desk, panel, key, state, words
):
    desk.key = key
    desk.store.set_status(panel.primary(), StreamStatus(problem="It needs a key.", needs_key=True))
    panel.pull()
    assert (panel.header.pill.state, panel.header.pill.text) == (state, words)
    told = {KeyState.MISSING: theme.Palette.WARN, KeyState.REJECTED: theme.Palette.PROBLEM}
    assert state_colour(panel.header.pill.state) == told[key]


def test_a_problem_over_fresh_data_is_a_note_and_hides_nothing(desk, panel):
    desk.data(panel.primary(), problem="The server is busy.")
    panel.show()
    panel.pull()
    assert panel.header.pill.state is DataState.LIVE
    assert panel.note.text() == "The server is busy."
    assert panel.note.isVisible()
    assert not panel.stage.card.isVisible()


def test_a_demo_panel_wears_its_band_and_asks_the_demo(panel):
    panel.show()
    assert panel.source == "kiyotaka"
    assert not panel.band.isVisible()
    panel.demo = True
    assert {sub.provider for sub in panel.needs()} == {"demo"}
    assert panel.band.isVisible()


def test_a_panel_that_cannot_draw_says_so_and_is_logged_once(desk, panel, caplog):
    panel.failure = ValueError("broken")
    panel.show()
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            desk.data(panel.primary())
            panel.pull()
    assert len([r for r in caplog.records if r.exc_info]) == 1
    assert panel.header.pill.state is DataState.PROBLEM
    assert "could not be drawn" in panel.stage.card.sentence.text()
    panel.failure = None
    desk.data(panel.primary())
    panel.pull()
    assert panel.header.pill.state is DataState.LIVE
    assert not panel.stage.card.isVisible()


def test_the_menu_switches_between_demo_and_real_data(panel):
    words = {action.text(): action for action in panel.build_menu().actions()}
    words["Show demo"].trigger()
    assert panel.demo
    assert "Show real data" in [action.text() for action in panel.build_menu().actions()]


def test_copy_as_csv_puts_what_is_shown_on_the_clipboard(panel, monkeypatch):
    monkeypatch.setattr(panel, "csv", lambda: "a,b\n1,2\n")
    words = {action.text(): action for action in panel.build_menu().actions()}
    words["Copy as CSV"].trigger()
    assert QGuiApplication.clipboard().text() == "a,b\n1,2\n"


def test_a_long_subtitle_gives_way_and_a_panel_may_be_narrow(panel, desk):
    panel.symbol = "A" * 400
    desk.data(panel.primary())
    panel.show()
    panel.pull()
    assert panel.header.minimumSizeHint().width() <= 170
    assert panel.header.subtitle.minimumSizeHint().width() == 0
    assert panel.header.subtitle.toolTip() == "A" * 400


@pytest.mark.parametrize(
    ("zone", "tag"),
    [("Europe/Berlin", "UTC+1"), ("Asia/Kolkata", "UTC+5:30"), ("America/New_York", "UTC-4")],
)
def test_the_zone_has_a_tag(monkeypatch, zone, tag):
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert Workspace(utc=False).zone_tag(NOON_MS) == tag
        assert Workspace(utc=True).zone_tag(NOON_MS) == "UTC"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_the_log_tail_keeps_the_newest_lines_only():
    tail = LogTail()
    for number in range(250):
        tail.handle(logging.LogRecord("x", logging.INFO, "", 0, f"line {number}", None, None))
    assert len(tail.lines()) == 200
    assert tail.lines()[-1].endswith("line 249")
    assert tail.count == 250


def test_the_style_sheet_knows_every_colour_it_names():
    assert "@" not in theme.style_sheet()
    assert (theme.RESOURCES / "icons" / "chevron-dark.svg").is_file()


def test_a_picture_waits_for_the_newest_data_and_its_median_is_told():
    latency = PaintLatency()
    assert latency.typical_ms is None
    latency.painted(100)
    assert latency.typical_ms is None, "a paint without news is no wait"
    for arrived_ms, painted_ms in ((1_000, 1_010), (2_000, 2_030), (3_000, 3_020)):
        latency.drew(arrived_ms)
        latency.painted(painted_ms)
    assert latency.typical_ms == 20
    latency.drew(4_000)
    latency.painted(4_000 + 60_000)
    assert latency.typical_ms == 20, "a panel that was covered did not paint late"
    latency.forget()
    assert latency.typical_ms is None


@pytest.mark.parametrize(
    ("venue_ms", "screen_ms", "words"),
    [
        (None, 12.0, ""),
        (84.4, None, "84 ms"),
        (84.4, 21.0, "84 + 21 ms"),
        (-3.0, 9.0, "0 + 9 ms"),
        (61_000.0, 20.0, "61 s late"),
    ],
)
def test_how_late_a_picture_is_in_few_words(venue_ms, screen_ms, words):
    assert latency_text(venue_ms, screen_ms) == words


def test_a_gap_is_told_with_its_time_in_the_shown_zone():
    status = StreamStatus(
        data_time_ms=NOON_MS, received_ms=NOON_MS, gap_since_ms=NOON_MS - 61_000, latency_ms=5.0
    )
    assert state_text(status, NOON_MS) == "gap since 11:58:59"


def test_a_live_feed_that_falls_silent_says_its_age(desk, panel):
    desk.data(panel.primary(), latency_ms=5.0, period_s=5.0)
    panel.pull()
    assert panel.header.pill.text == "live"
    desk.clock.time_ms += 4_000
    panel.show_header()
    assert panel.header.pill.text == "live, 4 s"

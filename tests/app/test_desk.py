"""The whole program in a real window: real mouse, real keys, real key ring, loopback servers."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.driving import Desk, at_rest, kept_state
from tests.app.no_venues import NO_VENUES
from tests.processes import wait_until
from tests.servers.sharpe import SharpeServer
from tests.x_windows import Rect
from ui.panels import PANELS

if TYPE_CHECKING:
    from tests.desktop import Desktop, Program

COVER = """
import sys
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication(["Cover"])
widget = QWidget(windowTitle="Cover", styleSheet="background: #ff00ff")
widget.setGeometry(*map(int, sys.argv[1:]))
widget.show()
app.exec()
"""
KEY = "sk_live_" + "c0ffee5eed" * 4
DEMO_FILE = "demo/workspaces/all-four.json"
SETTINGS = "HeatDesk settings"
FLOAT = "Float or dock this panel"
SHOTS = os.environ.get("HEATDESK_TEST_SHOTS", "")


def open_desk(desktop: Desktop, *flags: str, **env: str) -> tuple[Program, int]:
    program = desktop.launch(*flags, env={**NO_VENUES, **env})
    return program, desktop.window("^HeatDesk( - DEMO)?$", pid=program.pid)


def demos(home: Path) -> dict[str, bool]:
    return {one["id"]: one["demo"] for one in kept_state(home)["panels"]}


def panels(home: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = kept_state(home, demo=True)["panels"]
    return rows


def stands(desktop: Desktop, window: int) -> Rect:
    """Return the place of a window once it has one and keeps it."""
    return at_rest(lambda: desktop.rect(window), "a window")


def kept_key(desktop: Desktop) -> str:
    line = "import keyring; print(keyring.get_password('HeatDesk', 'sharpe'), end='')"
    program = desktop.start([sys.executable, "-c", line])
    program.wait()
    return program.output()


def look(desktop: Desktop, name: str, window: int | None = None) -> None:
    if SHOTS:
        desktop.screenshot(Path(SHOTS) / f"{name}.png", window)


def quit_desk(desktop: Desktop, program: Program, window: int) -> None:
    desktop.activate(window)
    desktop.key("ctrl+q")
    assert program.wait() == 0, program.output()
    assert "Traceback" not in program.output()


def test_a_key_is_entered_and_tested_and_the_desk_is_found_again(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    with SharpeServer(key=KEY) as server:
        env = {"HEATDESK_PROVIDERS__SHARPE__BASE_URL": server.url}
        desk = Desk(desktop, heatdesk_home, **env)
        wait_until(lambda: demos(heatdesk_home).get("dots") is True, "the first workspace")
        assert all(demos(heatdesk_home)[one] for one in ("order-book", "liquidation", "cohorts"))
        wait_until(lambda: desktop.title(desk.window) == "HeatDesk - DEMO", "the title")
        look(desktop, "1-first-start", desk.window)
        desktop.key("ctrl+shift+k")
        dialog = desktop.window(SETTINGS, pid=desk.program.pid)
        desktop.activate(dialog)
        desk.wait_for("KeysPage", SETTINGS)
        desk.wait_gone("asking the keyring", SETTINGS)  # what it answers moves the rows
        desk.wait_keyboard(SETTINGS)
        desktop.key("Tab", "Tab")
        desk.wait_keyboard("Key of Sharpe")
        desktop.type(KEY)
        desktop.key("Return")
        wait_until(lambda: kept_key(desktop) == KEY, "the key in the key ring")
        look(desktop, "2-key-saved", dialog)
        desktop.key("Tab", "Tab")
        desk.wait_keyboard("Test")
        desktop.key("space")
        wait_until(lambda: demos(heatdesk_home).get("dots") is False, "the dots to go live")
        assert demos(heatdesk_home)["order-book"]
        look(desktop, "3-tested", dialog)
        assert server.requests
        desktop.close_window(dialog)
        desk.wait_gone("KeysPage")
        look(desktop, "4-dots-live", desk.window)
        desk.quit()

        before = len(server.requests)
        again = Desk(desktop, heatdesk_home, **env)
        wait_until(lambda: len(server.requests) > before, "the live panel to ask again")
        assert demos(heatdesk_home)["dots"] is False
        again.quit()
    for path in heatdesk_home.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), f"the key is in {path.name}"


def test_panels_are_added_floated_and_closed_and_come_back(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    wait_until(lambda: len(panels(heatdesk_home)) == len(PANELS), "the first workspace")
    # Panels > Add panel > Order book
    desktop.key("alt+n", "Up", "Up", "Right", "Return")
    wait_until(
        lambda: "order-book-2" in [one["id"] for one in panels(heatdesk_home)],
        "the second order book",
    )
    look(desktop, "5-second-book", desk.window)
    desk.press(FLOAT, "cohorts")
    floating = desktop.window("^Cohort bias", pid=desk.program.pid)
    start = stands(desktop, floating)
    # onto free ground: over the desk a drop docks it there
    desktop.drag((start.x + 60, start.y + 12), (160, 112))
    wait_until(lambda: max(desktop.rect(floating)[:2]) <= 104, "the panel to follow the hand")
    look(desktop, "5-floating")
    left = stands(desktop, floating)
    desk.quit()
    again = Desk(desktop, heatdesk_home, "--demo")
    kinds = [one["kind"] for one in panels(heatdesk_home)]
    assert kinds.count("order-book") == 2
    floating = desktop.window("^Cohort bias", pid=again.program.pid)
    look(desktop, "6-again")
    place = stands(desktop, floating)
    assert abs(place.x - left.x) <= 4
    assert abs(place.y - left.y) <= 4
    again.press(FLOAT, "cohorts")
    desktop.wait_gone("^Cohort bias", again.program.pid)
    look(desktop, "7-docked", again.window)
    assert not (heatdesk_home / "workspaces").exists()
    again.quit()


def test_a_second_start_brings_the_first_window_up_and_ends(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    first, window = open_desk(desktop, "--demo")
    path = heatdesk_home / DEMO_FILE
    wait_until(path.exists, "the first workspace")
    place = stands(desktop, window)
    cover = desktop.start([sys.executable, "-c", COVER, *map(str, place)])
    desktop.activate(desktop.window("^Cover$", pid=cover.pid))
    middle = Rect(place.x + place.width // 2, place.y + 4, 1, 1)

    def covered() -> bool:
        return desktop.picture_at(middle).pixelColor(0, 0).name() == "#ff00ff"

    wait_until(covered, "another program over the desk")
    second = desktop.launch("--demo", env=NO_VENUES)
    assert second.wait() == 0, second.output()
    wait_until(lambda: not covered(), "the first window to come up")
    assert desktop.windows("HeatDesk", first.pid) == [window]
    assert "Traceback" not in first.output() + second.output()
    cover.process.kill()
    quit_desk(desktop, first, window)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_desk_cleanly_and_keeps_the_layout(
    desktop: Desktop, heatdesk_home: Path, number: signal.Signals
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    wait_until(lambda: len(panels(heatdesk_home)) == len(PANELS), "the first workspace")
    desktop.key("alt+n", "Up", "Up", "Right", "Return")
    desk.wait_for("Panel menu", "order-book-2")
    desk.program.process.send_signal(number)
    desk.leaves()
    assert "order-book-2" in [one["id"] for one in panels(heatdesk_home)]


def test_a_locked_key_ring_does_not_hold_up_the_desk(
    locked_keyring: Desktop, heatdesk_home: Path
) -> None:
    program, window = open_desk(locked_keyring)
    wait_until(lambda: demos(heatdesk_home).get("dots") is True, "the demo desk")
    quit_desk(locked_keyring, program, window)

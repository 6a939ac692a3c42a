"""The whole program in a real window: real mouse, real keys, real key ring, loopback servers."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.driving import kept_state
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
SHOTS = os.environ.get("HEATDESK_TEST_SHOTS", "")


def open_desk(desktop: Desktop, *flags: str, **env: str) -> tuple[Program, int]:
    program = desktop.launch(*flags, env={**NO_VENUES, **env})
    return program, desktop.window("^HeatDesk( - DEMO)?$", pid=program.pid)


def demos(home: Path) -> dict[str, bool]:
    return {one["id"]: one["demo"] for one in kept_state(home)["panels"]}


def panels(home: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = kept_state(home, demo=True)["panels"]
    return rows


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
        program, window = open_desk(desktop, **env)
        wait_until(lambda: demos(heatdesk_home).get("dots") is True, "the first workspace")
        assert all(demos(heatdesk_home)[one] for one in ("order-book", "liquidation", "cohorts"))
        assert desktop.title(window) == "HeatDesk - DEMO"
        desktop.activate(window)
        look(desktop, "1-first-start", window)
        desktop.key("ctrl+shift+k")
        dialog = desktop.window("HeatDesk settings", pid=program.pid)
        desktop.activate(dialog)
        desktop.key("Tab", "Tab")
        desktop.type(KEY)
        desktop.key("Return")
        wait_until(lambda: kept_key(desktop) == KEY, "the key in the key ring")
        look(desktop, "2-key-saved", dialog)
        desktop.key("Tab", "Tab", "space")
        wait_until(lambda: demos(heatdesk_home).get("dots") is False, "the dots to go live")
        assert demos(heatdesk_home)["order-book"]
        look(desktop, "3-tested", dialog)
        assert server.requests
        desktop.close_window(dialog)
        look(desktop, "4-dots-live", window)
        quit_desk(desktop, program, window)

        again, window = open_desk(desktop, **env)
        before = len(server.requests)
        wait_until(lambda: len(server.requests) > before or None, "the live panel to ask again")
        assert demos(heatdesk_home)["dots"] is False
        quit_desk(desktop, again, window)
    for path in heatdesk_home.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), f"the key is in {path.name}"


def test_panels_are_added_floated_and_closed_and_come_back(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    program, window = open_desk(desktop, "--demo")
    wait_until(lambda: len(panels(heatdesk_home)) == len(PANELS), "the first workspace")
    desktop.activate(window)
    # Panels > Add panel > Order book
    desktop.key("alt+n")
    desktop.key("Up", "Up", "Right", "Return")
    wait_until(
        lambda: "order-book-2" in [one["id"] for one in panels(heatdesk_home)],
        "the second order book",
    )
    look(desktop, "5-second-book", window)
    # The cohorts' header ends at the right edge: menu, float, close.
    rect = desktop.rect(window)
    float_button = (rect.width - 39, round(rect.height * 0.658))
    desktop.click(*float_button, window)
    floating = desktop.window("^Cohort bias", pid=program.pid)
    wait_until(lambda: desktop.rect(floating).width > 300, "the floating panel")
    start = desktop.rect(floating)
    # onto free ground: over the desk a drop docks it there
    desktop.drag((start.x + 60, start.y + 12), (160, 112))
    wait_until(lambda: max(desktop.rect(floating)[:2]) < 400, "the panel to follow the hand")
    look(desktop, "5-floating")
    left = desktop.rect(floating)
    quit_desk(desktop, program, window)
    again, window = open_desk(desktop, "--demo")
    kinds = [one["kind"] for one in panels(heatdesk_home)]
    assert kinds.count("order-book") == 2
    floating = desktop.window("^Cohort bias", pid=again.pid)
    look(desktop, "6-again")
    place = desktop.rect(floating)
    assert abs(place.x - left.x) <= 4
    assert abs(place.y - left.y) <= 4
    desktop.click(place.width - 39, 12, floating)
    wait_until(lambda: not desktop.windows("^Cohort bias", again.pid), "the panel to dock again")
    look(desktop, "7-docked", window)
    assert not (heatdesk_home / "workspaces").exists()
    quit_desk(desktop, again, window)


def test_a_second_start_brings_the_first_window_up_and_ends(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    first, window = open_desk(desktop, "--demo")
    path = heatdesk_home / DEMO_FILE
    wait_until(path.exists, "the first workspace")
    place = desktop.rect(window)
    cover = desktop.start([sys.executable, "-c", COVER, *map(str, place)])
    desktop.activate(desktop.window("^Cover$", pid=cover.pid))
    middle = Rect(place.x + place.width // 2, place.y + 4, 1, 1)

    def covered() -> bool:
        return desktop.picture().copy(*middle).pixelColor(0, 0).name() == "#ff00ff"

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
    program, _ = open_desk(desktop, "--demo")
    program.process.send_signal(number)
    assert program.wait(10) == 0, program.output()
    assert (heatdesk_home / DEMO_FILE).exists()
    assert "Traceback" not in program.output()


def test_a_locked_key_ring_does_not_hold_up_the_desk(
    locked_keyring: Desktop, heatdesk_home: Path
) -> None:
    program, window = open_desk(locked_keyring)
    wait_until(lambda: demos(heatdesk_home).get("dots") is True, "the demo desk")
    quit_desk(locked_keyring, program, window)

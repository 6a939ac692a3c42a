"""A desk over two monitors, by real mouse: carried over, saved, unplugged, killed in mid-drag."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.app import driving
from tests.app.driving import Desk, workspace_file
from tests.desktop import LEFT, RIGHT
from tests.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.desktop import Desktop, Monitors
    from tests.x_windows import Rect

PANELS = ("order-book", "liquidation", "dots", "cohorts")
SECOND = "^HeatDesk 2$"
GRIP_PX = 200
"""From the left end of a panel's title to a point that is no button."""
NEAR_PX = 6


def grip(desk: Desk, panel: str) -> tuple[int, int]:
    title = desk.spot("PanelHeader", panel).rect
    return title.x + GRIP_PX, title.y + title.height // 2


def places(desk: Desk) -> dict[str, Rect]:
    """Where the windows and the panels in sight are."""
    found = {"main": desk.desktop.rect(desk.window)}
    others = desk.desktop.windows(SECOND, desk.program.pid)
    if others:
        found["second"] = desk.desktop.rect(others[-1])
    for panel in PANELS:
        stages = desk.spots("panelStage", panel)
        if stages:
            found[panel] = stages[0].rect
    return found


def near(one: dict[str, Rect], other: dict[str, Rect]) -> bool:
    return set(one) == set(other) and all(
        abs(a - b) <= NEAR_PX for name in one for a, b in zip(one[name], other[name], strict=True)
    )


def inside(place: Rect, monitor: Rect) -> bool:
    return (
        place.x >= monitor.x
        and place.y >= monitor.y
        and place.x + place.width <= monitor.x + monitor.width
        and place.y + place.height <= monitor.y + monitor.height
    )


def open_on_both(
    desktop: Desktop, home: Path, panel: str = "dots", title: str = "Market dots"
) -> Desk:
    """Open a desk with a second window on the right monitor, and carry a panel over by mouse."""
    desk = Desk(desktop, home, "--demo")
    assert inside(desktop.rect(desk.window), LEFT)
    desk.press_menu("Windows", "New window on RIGHT, 1920 x 1080")
    second = desktop.window(SECOND, pid=desk.program.pid)
    wait_until(lambda: desktop.rect(second).x >= RIGHT.x, "the second window on its monitor")
    desktop.drag(grip(desk, panel), (RIGHT.x + 900, 500), steps=30)
    wait_until(
        lambda: (
            desk.spot("panelStage", panel).rect.x >= RIGHT.x
            and not desktop.windows(f"^{title}", desk.program.pid)
        ),
        f"{panel} to dock in the second window",
    )
    return desk


def at_rest(desk: Desk) -> dict[str, Rect]:
    """Return where everything is once nothing moves any more."""

    def look() -> dict[str, Rect]:
        assert desk.runs()
        return places(desk)

    found = driving.at_rest(look, "everything")
    assert set(found) >= {"main", *PANELS}
    return found


def told_of_the_end(desk: Desk) -> None:
    """Close the line above the panels that says how the last run ended: they move up."""
    desk.wait_for("Show report")
    desk.desktop.key("ctrl+shift+x")
    desk.wait_gone("Show report")


def settled(desk: Desk, wanted: dict[str, Rect]) -> None:
    wait_until(lambda: near(places(desk), wanted), f"{wanted} (now {places(desk)})")


def test_a_desk_over_two_monitors_is_found_again_and_survives_one_that_is_unplugged(
    desktop: Desktop, monitors: Monitors, heatdesk_home: Path
) -> None:
    desk = open_on_both(desktop, heatdesk_home)
    desktop.key("ctrl+s")
    before = at_rest(desk)
    assert inside(before["second"], RIGHT)
    desk.quit()

    again = Desk(desktop, heatdesk_home, "--demo")
    settled(again, before)

    monitors.unplug("RIGHT")
    wait_until(
        lambda: (
            all(inside(place, LEFT) for place in places(again).values())
            and set(places(again)) == set(before)
        ),
        "everything on the monitor that is left",
    )
    monitors.plug_in("RIGHT", RIGHT)
    settled(again, before)

    again.quit()
    monitors.unplug("RIGHT")
    alone = Desk(desktop, heatdesk_home, "--demo")
    wait_until(
        lambda: (
            all(inside(place, LEFT) for place in places(alone).values())
            and set(places(alone)) == set(before)
        ),
        "everything on the only monitor after a start without the other",
    )
    alone.quit()


def test_a_monitor_one_pixel_smaller_changes_nothing_but_what_does_not_fit(
    desktop: Desktop, monitors: Monitors, heatdesk_home: Path
) -> None:
    desk = open_on_both(desktop, heatdesk_home)
    before = at_rest(desk)
    desk.quit()
    smaller = RIGHT._replace(width=RIGHT.width - 1, height=RIGHT.height - 1)
    monitors.unplug("RIGHT")
    monitors.plug_in("RIGHT", smaller)
    again = Desk(desktop, heatdesk_home, "--demo")
    settled(again, before)
    assert inside(places(again)["second"], smaller)
    again.quit()


def test_a_desk_killed_after_its_window_was_moved_comes_back_there(
    desktop: Desktop, monitors: Monitors, heatdesk_home: Path
) -> None:
    # while the hand still holds a window this window manager does not tell a program of it
    desk = Desk(desktop, heatdesk_home, "--demo")
    before = at_rest(desk)
    bar = above(desktop.rect(desk.window))
    desktop.drag(bar, (bar[0] + 120, bar[1] + 50))
    wait_until(lambda: not near(places(desk), before), "the window to be elsewhere")
    now = at_rest(desk)
    desk.wait_kept()
    desk.program.process.send_signal(signal.SIGKILL)
    desk.program.process.wait()
    again = Desk(desktop, heatdesk_home, "--demo")
    told_of_the_end(again)
    settled(again, now)
    again.quit()


@pytest.mark.parametrize("what", ["floating panel", "splitter"])
def test_a_desk_killed_in_mid_drag_comes_back_as_it_was_a_moment_ago(
    desktop: Desktop, monitors: Monitors, heatdesk_home: Path, what: str
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    at_rest(desk)
    start = {
        "floating panel": lambda: grip(desk, "cohorts"),
        "splitter": lambda: between(desk, "order-book", "liquidation"),
    }[what]()
    step = {"floating panel": (1000, 200), "splitter": (-150, 0)}[what]
    with desktop.held(start):
        at = start
        for part in range(1, 21):
            at = (start[0] + step[0] * part // 20, start[1] + step[1] * part // 20)
            desktop.move(*at)
            time.sleep(0.03)
        drag_on_until_kept(desk, at)
        now = places(desk)
        desk.program.process.send_signal(signal.SIGKILL)
        desk.program.process.wait()
    again = Desk(desktop, heatdesk_home, "--demo")
    told_of_the_end(again)
    settled(again, now)
    again.quit()


def drag_on_until_kept(desk: Desk, at: tuple[int, int]) -> None:
    """Keep the hand moving over a few pixels until the desk was kept as it is by then."""

    def shake() -> None:
        for shift in (1, 2, 1, 0):
            desk.desktop.move(at[0] + shift, at[1])
            time.sleep(0.02)

    def arrived() -> bool:
        before = places(desk)
        shake()
        return near(places(desk), before)

    def kept() -> bool:
        shake()
        path = workspace_file(desk.home, demo=True)
        return path is not None and path.stat().st_mtime_ns > arrived_ns

    wait_until(arrived, "the desk to have followed the hand")
    arrived_ns = time.time_ns()
    wait_until(kept, "the desk to be kept in mid-drag")


def above(window: Rect) -> tuple[int, int]:
    """A point of the bar that the window manager gives a window."""
    return window.x + 300, window.y - 8


def between(desk: Desk, left: str, right: str) -> tuple[int, int]:
    """The middle of the splitter of two panels."""
    one, other = desk.spot("panelStage", left).rect, desk.spot("panelStage", right).rect
    return (one.x + one.width + other.x) // 2, one.y + one.height // 2

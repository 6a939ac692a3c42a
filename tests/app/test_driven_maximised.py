"""A desk that takes all of its monitor, under a window manager: found again after each restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.driving import Desk
from tests.app.test_two_monitors import above, at_rest, near
from tests.desktop import LEFT
from tests.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.desktop import Desktop, Monitors

STARTS = 2
"""How often a desk is opened again: what the first one keeps, the next one reads."""


def press_the_bar_twice(desk: Desk) -> None:
    """Let the window manager maximise a window, or give it back its size."""
    desk.desktop.double_click(*above(desk.desktop.rect(desk.window)))


def press_full_screen(desk: Desk) -> None:
    desk.activate()
    desk.desktop.key("F11")


def takes_the_monitor(desk: Desk, bar: int) -> bool:
    """Whether a window leaves nothing of its monitor but a bar."""
    assert desk.runs()
    x, y, width, height = desk.desktop.rect(desk.window)
    return (x, width) == (LEFT.x, LEFT.width) and y <= bar and y + height == LEFT.height


@pytest.mark.parametrize(
    ("turn", "bar_px"), [(press_the_bar_twice, 40), (press_full_screen, 0)], ids=["bar", "key"]
)
def test_a_desk_that_takes_its_monitor_does_so_after_each_restart_with_all_panels_in_place(
    desktop: Desktop,
    monitors: Monitors,
    heatdesk_home: Path,
    turn: Callable[[Desk], None],
    bar_px: int,
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    small = at_rest(desk)
    turn(desk)
    wait_until(lambda: takes_the_monitor(desk, bar_px), "the window on all of its monitor")
    large = at_rest(desk)
    desk.quit()

    for start in range(STARTS):
        desk = Desk(desktop, heatdesk_home, "--demo")
        wait_until(lambda: takes_the_monitor(desk, bar_px), "the window to take its monitor")  # noqa: B023
        assert at_rest(desk) == large
        if start < STARTS - 1:
            desk.quit()

    turn(desk)  # it is maximised, and no window that is merely as large
    wait_until(
        lambda: near({"main": desktop.rect(desk.window)}, {"main": small["main"]}),
        "the size it had before",
    )
    desk.quit()

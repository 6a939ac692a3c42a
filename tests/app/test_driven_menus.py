"""Menus by real keys: what is typed ahead of a busy desk does what it says."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.app.driving import Desk
from tests.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.desktop import Desktop

OPEN_THE_INNER_MENU = ("alt+n", "Up", "Up", "Right")
"""From the desk to Panels > Add panel, with its first entry marked."""


def ids(desk: Desk) -> list[str]:
    return [row["id"] for row in desk.layout(demo=True)["panels"]]


@pytest.mark.parametrize("further", [(), ("Down",)], ids=len)
def test_keys_typed_ahead_of_a_busy_desk_go_into_the_menu_they_opened(
    desktop: Desktop, heatdesk_home: Path, further: tuple[str, ...]
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    desk.wait_for("panelStage", "order-book")
    # nothing is faster than a desk that stands still: all keys are there before the menu is
    desk.program.process.send_signal(signal.SIGSTOP)
    desktop.key(*OPEN_THE_INNER_MENU)
    desk.program.process.send_signal(signal.SIGCONT)
    wait_until(lambda: len(desk.spots("QMenu")) == 2, "the menu inside the menu")
    desktop.key(*further, "Return")
    added = "liquidation-2" if further else "order-book-2"
    wait_until(lambda: added in ids(desk), f"{added} (now {ids(desk)})")
    desk.quit()

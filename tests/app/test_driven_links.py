"""Panels of two windows linked by hand: one instrument, one crosshair, found again as they were."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from tests.app.test_two_monitors import at_rest, grip, open_on_both, settled
from tests.desktop import RIGHT
from tests.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.driving import Desk
    from tests.desktop import Desktop, Monitors

BOOK, LEVELS = "order-book", "liquidation"
LINKED = "Link: orange, follows"
PAUSE_S, LOOKS = 0.3, 8
"""Between two looks at a chart, and how many of them are given to one crosshair."""
CHANGED, DASHED_SHARE = 6, 0.2
"""Least change of a pixel, of 255, and share of changed pixels of a row or column that is dashed."""


def greys(desk: Desk, panel: str) -> np.ndarray:
    """The chart of a panel in shades of grey, row by row from the top."""
    chart = desk.spot("ChartView", panel).rect
    image = desk.desktop.picture_at(chart).convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(chart.height, image.bytesPerLine())
    return rows[:, : chart.width].astype(int)


def new_lines(before: np.ndarray, now: np.ndarray) -> list[int]:
    """Rows that changed in many places, unlike those near them: where a dashed line has come."""
    shares = (abs(now - before) > CHANGED).mean(axis=1)
    near = np.maximum(np.roll(shares, 3), np.roll(shares, -3))
    return np.flatnonzero(shares - near > DASHED_SHARE).tolist()


def link(desk: Desk, panel: str, colour: str) -> None:
    """Choose a colour from the chip of a panel, by mouse."""
    desk.press("LinkChip", panel)
    desk.press(colour, "QMenu")
    desk.wait_gone(colour, "QMenu")


def instruments(desk: Desk) -> dict[str, str]:
    """What the workspace file says the two panels show."""
    options = {one: desk.panel(one, demo=True).get("options", {}) for one in (BOOK, LEVELS)}
    return {one: str(options[one].get("coin")) for one in options}


def wait_instruments(desk: Desk, coin: str) -> None:
    wait_until(
        lambda: instruments(desk) == {BOOK: coin, LEVELS: coin}, f"both panels to show {coin}"
    )


def point(desk: Desk, panel: str, across: float, down: float) -> None:
    """Point at a share of a panel's chart."""
    chart = desk.spot("ChartView", panel).rect
    desk.desktop.move(chart.x + round(across * chart.width), chart.y + round(down * chart.height))


def test_panels_on_two_monitors_are_linked_by_chip_and_found_again_so(
    desktop: Desktop, monitors: Monitors, heatdesk_home: Path
) -> None:
    desk = open_on_both(desktop, heatdesk_home, LEVELS, "Liquidations")
    for panel in (BOOK, LEVELS):
        desk.wait_for("Link: blue, follows", panel)
        link(desk, panel, "Orange")
        desk.wait_for(LINKED, panel)
    wait_instruments(desk, "BTC")

    # typing over the one panel changes both; the first letter opens the search
    desktop.click(*grip(desk, BOOK))
    point(desk, BOOK, 0.4, 0.5)
    desktop.type("e")
    desk.wait_keyboard("InstrumentPopover")
    desktop.type("th")
    desktop.key("Return")
    wait_instruments(desk, "ETH")

    # and over the other one, in the other window
    desktop.click(*grip(desk, LEVELS))
    point(desk, LEVELS, 0.4, 0.5)
    desktop.type("b")
    desk.wait_keyboard("NameSearch")
    desktop.type("tc")
    desktop.key("Return")
    wait_instruments(desk, "BTC")

    the_crosshair_is_seen_in_both(desk)
    desktop.key("ctrl+s")
    before = at_rest(desk)
    assert before[LEVELS].x >= RIGHT.x
    desk.quit()

    again = type(desk)(desktop, heatdesk_home, "--demo")
    settled(again, before)
    for panel in (BOOK, LEVELS):
        again.wait_for(LINKED, panel)
    wait_instruments(again, "BTC")
    the_crosshair_is_seen_in_both(again)
    again.quit()


def cross_of(desk: Desk, other: str, panel: str, at: float, down: float) -> tuple[int, int] | None:
    """Where a panel shows the crosshair of another one that is pointed at; None: that is not clear.

    The chart may move on just then.
    """
    desk.desktop.move(RIGHT.x + 300, RIGHT.y + RIGHT.height + 200)  # no panel is there
    time.sleep(PAUSE_S)
    before = greys(desk, other)
    point(desk, panel, at, down - 0.02)  # a mouse that comes back where it was does not move
    point(desk, panel, at, down)
    for _ in range(LOOKS):
        time.sleep(PAUSE_S)
        now = greys(desk, other)
        across, along = new_lines(before.T, now.T), new_lines(before, now)
        if len(across) == 1 and len(along) == 1:
            return across[0], along[0]
    return None


def the_crosshair_is_seen_in_both(desk: Desk) -> None:
    # of the levels only the last hours and the prices in the middle are within the book's view
    for panel, other, at, down in ((BOOK, LEVELS, 0.75, 0.35), (LEVELS, BOOK, 0.83, 0.48)):
        places = [
            wait_until(
                lambda panel=panel, other=other, at=at - step, down=down + step: cross_of(
                    desk, other, panel, at, down
                ),
                f"the crosshair in {other}",
            )
            for step in (0.0, 0.02)
        ]
        assert places[1][0] < places[0][0], "earlier"
        assert places[1][1] > places[0][1], "lower"

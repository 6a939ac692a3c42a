"""A desk without a mouse: palette, cheat sheet, other keys, windows and links, by real keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.app.driving import Desk
from tests.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.desktop import Desktop, Monitors

BOOK, SETTINGS = "order-book", "HeatDesk settings"


def shortcuts(home: Path) -> dict[str, list[str]]:
    path = home / "shortcuts.json"
    if not path.exists():
        return {}
    bound: dict[str, list[str]] = json.loads(path.read_text())["shortcuts"]
    return bound


def test_commands_are_found_run_and_bound_otherwise_by_keys_alone(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    desk.wait_for("panelStage", BOOK)
    desktop.move(2, 2)  # the mouse says nothing

    # the palette: a few letters, Enter
    desktop.key("ctrl+k")
    desk.wait_keyboard("commandPalette")
    desktop.type("save as")
    desktop.key("Return")
    desk.wait_gone("commandPalette")
    desk.wait_for("QInputDialog")
    desktop.activate(desktop.window("^Save workspace as$", pid=desk.program.pid))
    desk.wait_keyboard("QInputDialog")
    desktop.key("ctrl+a")
    desktop.type("Mine")
    desktop.key("Return")
    mine = heatdesk_home / "demo" / "workspaces" / "mine.json"
    wait_until(mine.exists, "the workspace of that name")
    desk.wait_gone("QInputDialog")

    # the cheat sheet: comes, and goes with any key
    desk.activate()
    desktop.key("question")
    desk.wait_for("cheatSheet")
    desktop.key("Escape")
    desk.wait_gone("cheatSheet")

    # two keys one after the other
    desktop.key("F6")
    wait_until(lambda: len(desk.spots("LinkChip")) == 4, "four panels")
    desktop.key("ctrl+l", "g")
    wait_until(lambda: len(desk.spots("Link: green, follows")) == 1, "one panel linked in green")

    # another key: one that is taken is told, and can be taken
    desktop.key("ctrl+comma")
    desk.wait_for("Search settings", SETTINGS)
    desktop.activate(desktop.window(SETTINGS, pid=desk.program.pid))
    desk.wait_keyboard("Search settings")
    desktop.key("Tab", "Home", "Down", "Down", "Down")
    desk.wait_for("Search a command or a key", SETTINGS)
    desktop.key("Tab")
    desk.wait_keyboard("Search a command or a key")
    desktop.type("next workspace")
    desktop.key("Tab", "Tab", "ctrl+s")
    desk.wait_for("Take it", SETTINGS)
    assert shortcuts(heatdesk_home) == {}
    said = [label.text for label in desk.spots("QLabel", SETTINGS)]
    assert any("is the key of" in text and "Save workspace" in text for text in said), said
    desktop.key("Tab", "space")
    wait_until(
        lambda: shortcuts(heatdesk_home).get("workspace.next") == ["Ctrl+S"], "the key bound anew"
    )
    wait_until(lambda: shortcuts(heatdesk_home)["workspace.save"] == [], "the key taken away")
    desktop.key("Escape")
    desk.wait_gone("Search settings", SETTINGS)

    # and it counts at once: from the sixth workspace on to the first
    desk.activate()
    desktop.key("ctrl+s")
    index = heatdesk_home / "demo" / "desk.json"
    wait_until(lambda: json.loads(index.read_text())["open"] == "order-flow", "the next workspace")
    desk.quit()


def test_panels_go_to_other_windows_and_monitors_by_keys(
    desktop: Desktop, monitors: Monitors, heatdesk_home: Path
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    desk.wait_for("panelStage", BOOK)
    desktop.move(2, 2)
    desktop.key("F6")
    desktop.key("ctrl+m", "alt+2")
    second = desktop.window("^HeatDesk 2$", pid=desk.program.pid)
    wait_until(lambda: desktop.rect(second).x >= 1920, "a window on the second monitor")
    wait_until(
        lambda: sum(one.window == "HeatDesk 2" for one in desk.spots("panelStage")) == 1,
        "one panel in it",
    )
    desktop.activate(second)
    desk.wait_keyboard("HeatDesk 2")
    desktop.key("F6", "shift+F6")
    desktop.key("ctrl+o", "5")
    wait_until(lambda: desk.seen("panelStage", "tape"), "the tape to be shown")
    desktop.key("ctrl+o", "5")
    desk.wait_gone("panelStage", "tape")
    desk.quit()

"""Driving the real program by hand: where things are on the screen, and what they say.

A test asks by the words a user reads (a button's text or tooltip, a menu entry, a tab) and gets the
place on the screen; every press, turn and drag is then made by the X server. To answer, the program
is started by `tests.app.driven`.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tests.app.no_venues import NO_VENUES
from tests.processes import wait_until
from tests.x_windows import Rect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.desktop import Desktop

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
TITLE = "^HeatDesk( - DEMO)?$"
LOOKS = 6
"""So many looks that agree, a twentieth of a second apart, and nothing moves any more."""
DEMO_GROUND = "#2b2313"
DEMO_LINE = "#e0a336"


@dataclass(frozen=True)
class Spot:
    """Something that can be seen: its place on the screen and its words."""

    rect: Rect
    text: str
    enabled: bool
    checked: bool
    window: str

    @property
    def middle(self) -> tuple[int, int]:
        return self.rect.x + self.rect.width // 2, self.rect.y + self.rect.height // 2


class Desk:
    """A running desk, its main window, and the hand on it."""

    def __init__(self, desktop: Desktop, home: Path, *flags: str, **env: str) -> None:
        self.desktop = desktop
        self.home = home
        self._path = home.parent / f"where-{time.monotonic_ns()}"
        line = [sys.executable, "-m", "tests.app.driven", str(self._path), *flags]
        # a desk under test finds no exchange but those it is given
        self.program = desktop.start(line, {**NO_VENUES, **env})
        wait_until(lambda: self.runs() and self._path.exists(), "the responder")
        self.window = wait_until(self._main_windows, "the main window")[-1]
        wait_until(lambda: self._state()["placed"], "every panel in its place")
        self.activate()

    def _main_windows(self) -> list[int]:
        return self.desktop.windows(TITLE, self.program.pid) if self.runs() else []

    def runs(self) -> bool:
        """Fail the test at once, and not after a long wait, where the program has ended."""
        status = self.program.process.poll()
        assert status is None, f"ended with {status}; it printed:\n{self.program.output()}"
        return True

    def activate(self) -> None:
        """Give the main window the keyboard, and wait until the program knows."""
        self.desktop.activate(self.window)
        self.wait_keyboard("main")

    # ------------------------------------------------------------------------------ what is seen
    def _ask(self, *question: str) -> Any:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._path))
            line.sendall(json.dumps(question).encode() + b"\n")
            return json.loads(line.makefile("rb").read())

    def _state(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask()
        return answer

    def wait_keyboard(self, called: str) -> None:
        """Wait until keys go to something called so, or to a part of it.

        A window that can be seen need not have the keyboard yet.
        """
        wait_until(lambda: called in self._state()["keyboard"], f"the keyboard in {called!r}")

    def wait_kept(self) -> None:
        """Wait until the desk as it is stands in the file of its workspace."""
        wait_until(lambda: self._state()["kept"], "the desk to be kept")

    def spots(self, called: str, within: str = "") -> list[Spot]:
        """Return what is called so and can be seen, top left first.

        ``called`` is a text, a tooltip, an accessible name, an object name or a kind of widget;
        ``within`` the object name of a panel's dock, the title of a window or a kind of widget.
        """
        answer = self._ask(called, within)
        found = [Spot(Rect(*one["rect"]), *one["words"]) for one in answer]
        return sorted(found, key=lambda spot: (spot.rect.y, spot.rect.x))

    def spot(self, called: str, within: str = "") -> Spot:
        """Wait until something called so can be seen, and return it."""
        what = f"{called!r} in {within or 'any window'}"
        return wait_until(lambda: self.spots(called, within), what)[0]

    def seen(self, called: str, within: str = "") -> bool:
        return bool(self.spots(called, within))

    def wait_for(self, called: str, within: str = "") -> None:
        self.spot(called, within)

    def wait_gone(self, called: str, within: str = "") -> None:
        what = f"{called!r} to go from {within or 'every window'}"
        wait_until(lambda: not self.seen(called, within), what)

    def beside(self, called: str, other: str, within: str = "") -> Spot | None:
        """Return the one of several things of a name that stands in the row of another."""
        middle = self.spot(other, within).middle[1]
        row = [
            spot
            for spot in self.spots(called, within)
            if spot.rect.y <= middle < spot.rect.y + spot.rect.height
        ]
        return row[0] if row else None

    def pixels(self, place: Rect) -> bytes:
        """Return what the screen shows at a place."""
        return bytes(self.desktop.picture_at(place).constBits())

    def colours(self, spot: Spot, step: int = 3) -> set[str]:
        """Return the colours seen in a place."""
        image = self.desktop.picture_at(spot.rect)
        words = np.frombuffer(image.constBits(), np.uint32)
        rows = words.reshape(image.height(), image.bytesPerLine() // 4)
        seen = np.unique(rows[::step, : image.width() : step] & 0xFFFFFF)
        return {f"#{colour:06x}" for colour in seen.tolist()}

    # --------------------------------------------------------------------------------- the hand
    def resting(self, look: Callable[[], Spot | None], what: str) -> Spot:
        """Wait until something can be pressed and keeps its place from one look to the next."""
        before: list[Spot | None] = [None]

        def rests() -> Spot | None:
            seen = look()
            last, before[0] = before[0], seen
            same = seen is not None and last is not None and seen.rect == last.rect
            return seen if same and seen.enabled else None

        spot = wait_until(rests, f"{what} to be usable")
        assert spot is not None
        return spot

    def press(self, called: str, within: str = "") -> Spot:
        """Click the middle of something that can be pressed."""

        def usable() -> Spot | None:
            return next((spot for spot in self.spots(called, within) if spot.enabled), None)

        spot = self.resting(usable, f"{called!r} in {within or 'any window'}")
        self.desktop.click(*spot.middle)
        return spot

    def type_into(self, called: str, text: str, within: str = "") -> None:
        """Click a line that can be typed into, and type once it has the keyboard."""
        self.press(called, within)
        self.wait_keyboard(called)
        self.desktop.type(text)

    def press_menu(self, *names: str) -> None:
        """Go through the menu bar, or the open menu where a name is not in the bar, by mouse."""
        for name in names:
            self.press(name, "DeskMenus" if self.seen(name, "DeskMenus") else "QMenu")

    def press_beside(self, called: str, other: str, within: str = "") -> None:
        """Click what stands in the row of another, wherever that row is by now."""
        spot = self.resting(
            lambda: self.beside(called, other, within), f"{called!r} beside {other!r}"
        )
        self.desktop.click(*spot.middle)

    # ---------------------------------------------------------------------------------- outside
    def layout(self, *, demo: bool = False) -> dict[str, Any]:
        """Return what is kept of the open workspace, without panels where there is none yet."""
        return kept_state(self.home, demo=demo)

    def panel(self, panel_id: str, *, demo: bool = False) -> dict[str, Any]:
        """Return what the workspace file says of a panel, nothing where it is not there."""
        rows = self.layout(demo=demo)["panels"]
        return next((row for row in rows if row["id"] == panel_id), {})

    def leaves(self) -> None:
        """Wait for a clean end."""
        assert self.program.wait() == 0, self.program.output()
        assert "Traceback" not in self.program.output()
        log = (self.home / "logs" / "heatdesk.log").read_text(encoding="utf-8")
        assert " ERROR " not in log, log

    def quit(self) -> None:
        """Leave by Ctrl+Q."""
        self.activate()
        self.desktop.key("ctrl+q")
        self.leaves()


def at_rest(look: Callable[[], T], what: str) -> T:
    """Return what is seen once it is the same from look to look."""
    seen = [look()]

    def same() -> bool:
        seen.append(look())
        return len(seen) > LOOKS and all(one == seen[-1] for one in seen[-LOOKS:])

    wait_until(same, f"{what} to be at rest")
    return seen[-1]


def workspace_file(home: Path, *, demo: bool = False) -> Path | None:
    """Return the file of the open workspace; None where nothing was kept yet."""
    folder = home / "demo" if demo else home
    index = folder / "desk.json"
    if not index.exists():
        return None
    path = folder / "workspaces" / f"{json.loads(index.read_text())['open']}.json"
    return path if path.exists() else None


def kept_state(home: Path, *, demo: bool = False) -> dict[str, Any]:
    """Return the present state in the file of the open workspace."""
    path = workspace_file(home, demo=demo)
    empty: dict[str, Any] = {"panels": [], "arrangements": []}
    return (None if path is None else json.loads(path.read_text())["present"]) or empty

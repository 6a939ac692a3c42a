"""A real desktop for tests: private X screen, window manager, hand, camera and key ring.

``desktop`` gives a test the screen with an open key ring of its own; ``locked_keyring`` is the same
desktop with the key ring locked. Programs are started by :meth:`Desktop.launch`, then found, clicked
and typed into as a user would. Everything a test started is stopped when the test ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.key_ring import KeyRing
from tests.processes import stop, wait_until
from tests.x_windows import Rect, XServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PySide6.QtGui import QImage

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("Xvfb", "openbox", "xdotool", "dbus-daemon", "gnome-keyring-daemon")
SCREEN_PX = (3840, 2160)
FOCUS_PATIENCE_S = 5.0
"""So long a click waits at most for the window manager; not every window takes the keyboard."""

# Only what a hand does with a window; every key but Alt+F4 belongs to the program.
WINDOW_MANAGER_CONFIG = """<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew><followMouse>no</followMouse></focus>
  <placement><policy>Smart</policy></placement>
  <desktops><number>1</number></desktops>
  <keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard>
  <mouse>
    <dragThreshold>4</dragThreshold>
    <context name="Titlebar">
      <mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
      <mousebind button="Left" action="Drag"><action name="Move"/></mousebind>
      <mousebind button="Left" action="DoubleClick"><action name="ToggleMaximize"/></mousebind>
    </context>
    <context name="Client">
      <mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
    </context>
    <context name="Close">
      <mousebind button="Left" action="Click"><action name="Close"/></mousebind>
    </context>
  </mouse>
</openbox_config>
"""


class Program:
    """A started program and what it printed."""

    def __init__(self, line: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                line, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        """Return everything printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait(self, timeout_s: float = 30.0) -> int:
        """Return the exit status; fail the test when the program does not end by itself."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {timeout_s:g} s; it printed:\n{self.output()}")


class Screen:
    """Xvfb with a window manager, shared by all tests of a run."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        reader, writer = os.pipe()
        size = "{}x{}x24".format(*SCREEN_PX)
        options = ["-screen", "0", size, "-noreset", "-nolisten", "tcp", "-fbdir", str(folder)]
        self._start(["Xvfb", "-displayfd", str(writer), *options], os.environ, (writer,))
        os.close(writer)
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        if not number:
            pytest.fail("Xvfb did not start:\n" + (folder / "Xvfb.log").read_text())
        self.env = {**os.environ, **self._private_folders()}
        self.env |= {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        for name in ("WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"):
            self.env.pop(name, None)
        self.server = stack.enter_context(contextlib.closing(XServer(self.env["DISPLAY"])))
        config, ready = folder / "openbox.xml", folder / "openbox-is-ready"
        config.write_text(WINDOW_MANAGER_CONFIG, encoding="utf-8")
        manager = ["openbox", "--config-file", str(config), "--startup", f"touch {ready}"]
        self._start(manager, self.env)
        wait_until(ready.exists, "the window manager")

    def _private_folders(self) -> dict[str, str]:
        env = {"HOME": str(self.folder)}
        for name in ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME", "STATE_HOME"):
            folder = self.folder / name.lower()
            folder.mkdir(mode=0o700)
            env[f"XDG_{name}"] = str(folder)
        return env

    def _start(self, line: list[str], env: Mapping[str, str], fds: tuple[int, ...] = ()) -> None:
        with (self.folder / f"{line[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                line, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=fds
            )
        self._stack.callback(stop, process)

    def picture(self, part: Rect | None = None) -> QImage:
        """Return what the screen shows, read from the server's own memory (an XWD file)."""
        from PySide6.QtGui import QImage

        with (self.folder / "Xvfb_screen0").open("rb") as file:
            header = struct.unpack(">25I", file.read(100))
            width, height, bytes_per_line, colours = header[4], header[5], header[12], header[19]
            x, y, w, h = part or Rect(0, 0, width, height)
            top, bottom = max(y, 0), min(y + h, height)
            file.seek(header[0] + 12 * colours + top * bytes_per_line)
            rows = file.read((bottom - top) * bytes_per_line)
        image = QImage(rows, width, bottom - top, bytes_per_line, QImage.Format.Format_RGB32)
        return image.copy(x, y - top, w, h)  # the copy owns its pixels


class Desktop:
    """The screen as one test sees it: start programs, find windows, point, click, type, look."""

    def __init__(self, screen: Screen, key_ring: KeyRing, folder: Path) -> None:
        self.key_ring = key_ring
        self._screen = screen
        self._folder = folder
        self._programs: list[Program] = []

    @property
    def env(self) -> dict[str, str]:
        """Environment of a program on this desktop; the test's own HEATDESK_* variables included."""
        mine = {name: value for name, value in os.environ.items() if name.startswith("HEATDESK_")}
        return {**self.key_ring.env, **mine}

    def launch(self, *arguments: str, env: Mapping[str, str] | None = None) -> Program:
        """Start ``main.py`` with these arguments; ``env`` is laid over the desktop's own."""
        return self.start([sys.executable, "main.py", *arguments], env=env)

    def start(self, line: Sequence[str], env: Mapping[str, str] | None = None) -> Program:
        """Start any program on this desktop."""
        log = self._folder / f"program-{len(self._programs)}.log"
        self._programs.append(Program(line, {**self.env, **(env or {})}, log))
        return self._programs[-1]

    def close(self) -> None:
        """Stop every program that the test left running."""
        for program in self._programs:
            stop(program.process)

    # ------------------------------------------------------------------------------- windows
    def windows(self, title: str = "", pid: int | None = None) -> list[int]:
        """Return the visible windows whose title matches a regular expression, of one process."""
        of = ["--pid", str(pid)] if pid else []
        wish = ["search", "--onlyvisible", "--all", *of, "--name", title or ".+"]
        found = self._xdotool(*wish, check=False)  # finding none is an answer, not a failure
        return [int(word) for word in found.split()]

    def window(self, title: str = "", pid: int | None = None, timeout_s: float = 30.0) -> int:
        """Wait for a window and return it (of several the one opened last)."""
        what = f"a window titled {title!r}" + (f" of process {pid}" if pid else "")
        return wait_until(lambda: self.windows(title, pid), what, timeout_s)[-1]

    def wait_gone(self, title: str = "", pid: int | None = None, timeout_s: float = 30.0) -> None:
        """Wait until no such window is visible any more."""
        what = f"the window titled {title!r} to close"
        wait_until(lambda: not self.windows(title, pid), what, timeout_s)

    def title(self, window: int) -> str:
        return self._xdotool("getwindowname", str(window)).strip()

    def rect(self, window: int) -> Rect:
        """Return the place of a window's content, without the frame."""
        return self._screen.server.rect(window)

    def activate(self, window: int) -> None:
        """Raise a window and give it the keyboard, whatever opened meanwhile."""
        server = self._screen.server

        def has_the_keyboard() -> bool:
            self._xdotool("windowactivate", "--sync", str(window))
            return server.keyboard() == server.top(window)

        wait_until(has_the_keyboard, "the keyboard in a window")

    def close_window(self, window: int) -> None:
        """Close a window as Alt+F4 does; the program may ask or save first."""
        self.activate(window)
        self.key("alt+F4")

    # -------------------------------------------------------------------------------- the hand
    def move(self, x: int, y: int, window: int | None = None) -> None:
        """Point at a pixel of a window's content, or of the screen."""
        of = ["--window", str(window)] if window is not None else []
        self._xdotool("mousemove", *of, str(x), str(y))

    def click(self, x: int, y: int, window: int | None = None, button: int = 1) -> None:
        self.move(x, y, window)
        with self._focus_settled():
            self._xdotool("click", str(button))

    def double_click(self, x: int, y: int, window: int | None = None) -> None:
        self.move(x, y, window)
        with self._focus_settled():
            self._xdotool("click", "--repeat", "2", "--delay", "60", "1")

    @contextlib.contextmanager
    def _focus_settled(self) -> Iterator[None]:
        """Wait until the window manager has given the keyboard to what was clicked.

        It does so some time after the click: keys sent at once would go where they went before. A
        click that opens or closes a window gives the keyboard elsewhere, and one on a menu nowhere.
        """
        server = self._screen.server
        clicked, before = server.under_the_pointer(), server.keyboard()
        yield
        if clicked == before or clicked not in map(server.top, self.windows()):
            return
        deadline_s = time.monotonic() + FOCUS_PATIENCE_S
        while server.keyboard() == before and server.top(clicked):
            if time.monotonic() > deadline_s:
                return
            time.sleep(0.01)

    def wheel(self, x: int, y: int, steps: int, window: int | None = None) -> None:
        """Turn the wheel over a pixel; positive steps turn it away from the user."""
        self.move(x, y, window)
        self._xdotool("click", "--repeat", str(abs(steps)), "4" if steps > 0 else "5")

    def drag(
        self,
        start: tuple[int, int],
        end: tuple[int, int],
        window: int | None = None,
        *,
        steps: int = 12,
    ) -> None:
        """Press at one pixel, move in small steps as a hand does, release at the other."""
        self.move(*start, window)
        self._xdotool("mousedown", "1")
        try:
            for step in range(1, steps + 1):
                x, y = (a + (b - a) * step // steps for a, b in zip(start, end, strict=True))
                self.move(x, y, window)
                self._xdotool("sleep", "0.02")
        finally:
            self._xdotool("mouseup", "1")

    @contextlib.contextmanager
    def held(self, start: tuple[int, int]) -> Iterator[None]:
        """Press at a pixel of the screen and let go at the end; what is between drags by `move`."""
        self.move(*start)
        self._xdotool("mousedown", "1")
        try:
            yield
        finally:
            self._xdotool("mouseup", "1")

    def type(self, text: str) -> None:
        """Type text into whatever has the keyboard."""
        self._xdotool("type", "--delay", "15", "--", text)

    def key(self, *keys: str) -> None:
        """Press keys one after the other, such as ``ctrl+comma`` or ``Escape``."""
        self._xdotool("key", "--delay", "30", *keys)

    def pointer(self) -> tuple[int, int]:
        """Return the pixel of the screen that is pointed at."""
        lines = self._xdotool("getmouselocation", "--shell").split()
        values = dict(line.split("=") for line in lines)
        return int(values["X"]), int(values["Y"])

    # ------------------------------------------------------------------------------ the camera
    def picture(self, window: int | None = None) -> QImage:
        """Return what is seen of the screen, or of a window's content."""
        return self._screen.picture(None if window is None else self.rect(window))

    def picture_at(self, place: Rect) -> QImage:
        """Return what is seen at a place of the screen."""
        return self._screen.picture(place)

    def screenshot(self, path: Path, window: int | None = None) -> Path:
        """Write what is seen to a PNG file."""
        assert self.picture(window).save(str(path)), f"cannot write {path}"
        return path

    def _xdotool(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["xdotool", *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check and done.returncode != 0:
            pytest.fail(f"xdotool {' '.join(words)}: {done.stderr.strip() or done.returncode}")
        return done.stdout


# ------------------------------------------------------------------------------------- fixtures
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the desktop."""
    for item in items:
        if "desktop" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.desktop)


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder with a path short enough for a socket, and remove it afterwards."""
    folder = tempfile.mkdtemp(prefix="heatdesk-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    """Private X screen with a window manager."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        reason = f"no real desktop here: {', '.join(missing)} not installed"
        if os.environ.get("HEATDESK_REQUIRE_DESKTOP"):
            pytest.fail(reason)
        pytest.skip(reason)
    with private_folder() as folder, contextlib.ExitStack() as stack:
        yield Screen(folder, stack)


@pytest.fixture
def desktop(screen: Screen) -> Iterator[Desktop]:
    """The screen, with an open key ring that no other test sees."""
    with private_folder() as folder:
        key_ring = KeyRing(folder, screen.env)
        with contextlib.closing(key_ring):
            key_ring.unlock()
            with contextlib.closing(Desktop(screen, key_ring, folder)) as desktop:
                yield desktop


class Monitors:
    """The screen cut into monitors, which can be unplugged and plugged in again."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._there: dict[str, Rect] = {}

    def plug_in(self, name: str, place: Rect) -> None:
        """Put a monitor at a part of the screen."""
        x, y, width, height = place
        # only one of them can stand for the output that Xvfb has
        output = "none" if self._there else "screen"
        self._xrandr("--setmonitor", name, f"{width}/508x{height}/286+{x}+{y}", output)
        self._there[name] = place

    def unplug(self, name: str) -> None:
        """Take a monitor away."""
        self._xrandr("--delmonitor", name)
        del self._there[name]

    def close(self) -> None:
        """Let the screen be one again."""
        for name in list(self._there):
            self.unplug(name)

    def _xrandr(self, *words: str) -> None:
        subprocess.run(
            ["xrandr", *words], env=dict(self._env), check=True, capture_output=True, timeout=60
        )


LEFT, RIGHT = Rect(0, 0, 1920, 1080), Rect(1920, 0, 1920, 1080)


@pytest.fixture
def monitors(desktop: Desktop) -> Iterator[Monitors]:
    """Two monitors side by side on the desktop, LEFT and RIGHT."""
    if shutil.which("xrandr") is None:
        pytest.skip("no monitors here: xrandr not installed")
    with contextlib.closing(Monitors(desktop.env)) as monitors:
        monitors.plug_in("LEFT", LEFT)
        monitors.plug_in("RIGHT", RIGHT)
        yield monitors


@pytest.fixture
def locked_keyring(desktop: Desktop) -> Desktop:
    """The same desktop with its key ring locked."""
    desktop.key_ring.lock()
    return desktop

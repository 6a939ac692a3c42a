"""Make every picture of the documentation anew, by the program itself.

``python packaging/pictures.py`` opens desks on a private X screen (Xvfb, openbox, xdotool and xrandr
are needed), on the demo market and on loopback venues, and writes docs/pictures; names of pictures
make those alone. ``--screen :85`` uses a screen that runs already.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
SCREEN_PX = (3840, 1080)
Monitors = tuple[tuple[int, int], ...]
"""Width and height of each, side by side."""
sys.path.insert(0, str(ROOT))


@contextlib.contextmanager
def private_screen() -> Iterator[str]:
    """Run an X server with two monitors and a window manager; yields its display."""
    reader, writer = os.pipe()
    size = "{}x{}x24".format(*SCREEN_PX)
    server = ["Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-nolisten", "tcp"]
    with contextlib.ExitStack() as stack:
        stack.callback(_stop, _start(server, dict(os.environ), (writer,)))
        os.close(writer)
        with os.fdopen(reader) as answer:
            display = f":{answer.readline().strip()}"
        stack.callback(_stop, _start(["openbox"], {**os.environ, "DISPLAY": display}))
        yield display


@contextlib.contextmanager
def monitors(display: str, sizes: Monitors) -> Iterator[None]:
    """Tell the X server of monitors; programs started meanwhile find them."""
    env = {**os.environ, "DISPLAY": display}
    x = 0
    for number, (width, height) in enumerate(sizes):
        place = f"{width}/508x{height}/286+{x}+0"
        output = "none" if number else "screen"  # only one can stand for what Xvfb has
        line = ["xrandr", "--setmonitor", f"MONITOR-{number + 1}", place, output]
        subprocess.run(line, env=env, check=True, capture_output=True)
        x += width
    try:
        yield
    finally:
        for number in range(len(sizes)):
            line = ["xrandr", "--delmonitor", f"MONITOR-{number + 1}"]
            subprocess.run(line, env=env, check=True, capture_output=True)


def draw(display: str, group: str, names: list[str], folder: Path) -> bool:
    """Make pictures of one group of scenes in a process of its own; whether all could be made."""
    with tempfile.TemporaryDirectory(prefix="heatdesk-pictures-") as home:
        env = {
            **os.environ,
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "QT_FONT_DPI": "96",
            "QT_SCALE_FACTOR": "1",
            "HEATDESK_HOME": home,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        line = [sys.executable, str(Path(__file__)), "--group", group, "--out", str(folder)]
        return not subprocess.run([*line, *names], env=env, check=False).returncode


def main() -> int:
    """Make the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of pictures; none: all")
    parser.add_argument("--out", type=Path, default=PICTURES)
    parser.add_argument("--screen", default="", help="display of a screen that runs already")
    parser.add_argument("--list", action="store_true", help="only tell the names of the pictures")
    parser.add_argument("--group", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    from scenes import GROUPS

    if args.list:
        print("\n".join(name for group in GROUPS.values() for name in group.names))
        return 0
    if args.group:
        return GROUPS[args.group].draw(args.out.resolve(), args.names)
    args.out.mkdir(parents=True, exist_ok=True)
    made = True
    with contextlib.ExitStack() as stack:
        display = args.screen or stack.enter_context(private_screen())
        time.sleep(1.0)  # the window manager is ready
        for name, group in GROUPS.items():
            wanted = [one for one in group.names if not args.names or one in args.names]
            if wanted:
                with monitors(display, group.monitors):
                    made &= draw(display, name, wanted, args.out)
    return 0 if made else 1


def _start(
    line: list[str], env: dict[str, str], fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(line, env=env, stdin=quiet, stdout=quiet, stderr=quiet, pass_fds=fds)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


if __name__ == "__main__":
    sys.exit(main())

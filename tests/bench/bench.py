"""Bench: what the heatmap costs, beside a stock pyqtgraph `ImageItem`.

``make bench``, or ``python tests/bench/bench.py --only painting,memory``. Prints a table and writes
``bench.json``. Each section runs in a process of its own; within it both sides take turns.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.rows import Row, table, unpacked  # noqa: E402
from tests.bench.screen import screen_of_own  # noqa: E402
from tests.bench.sections import SECTIONS, run_section  # noqa: E402

TARGET = ROOT / "bench.json"
LIMIT_S = 285.0
"""The whole bench; a section that has no time left is told as not measured."""
OFF_SCREEN = {"QT_QPA_PLATFORM": "offscreen"}
Environment = dict[str, str]


# ---------------------------------------------------------------------------------- a section
def start_section(name: str, limit_s: float, env: Environment) -> list[Row]:
    """Measure a section in a fresh process; a row without a figure says why there is none."""
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-") as folder:
        out = Path(folder) / "rows.json"
        line = [sys.executable, str(Path(__file__)), "--section", name, "--out", str(out)]
        started = time.monotonic()
        try:
            done = subprocess.run(
                line,
                cwd=ROOT, env={**os.environ, **env},
                capture_output=True, text=True, check=False, timeout=limit_s,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return [missed(name, f"took longer than {limit_s:.0f} s")]
        if not out.exists():
            said = done.stderr.strip().splitlines() or ["no word"]
            print(done.stderr, file=sys.stderr)
            return [missed(name, said[-1])]
        rows = unpacked(json.loads(out.read_text(encoding="utf-8")))
        print(f"  {name}: {time.monotonic() - started:.0f} s", flush=True)
        return rows


def missed(name: str, why: str) -> Row:
    """A row without a figure; of a section that stands for one row, by that row's name."""
    named = {"walls": "walls_kept", "walls_gl": "walls_kept[gl]"}
    return Row(named.get(name, name), None, "", note=f"not measured: {why}")


# ------------------------------------------------------------------------------------ the whole
def processor() -> str:
    """Name of the processor as the system tells it."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def screen_for_opengl(stack: contextlib.ExitStack) -> Environment | None:
    """What a program needs to show OpenGL: the user's display, else a private one, else None."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if chosen not in {"offscreen", "minimal"} and (display or not sys.platform.startswith("linux")):
        return {}
    return stack.enter_context(screen_of_own())


def renderer(env: Environment) -> tuple[str, bool]:
    """Name of the OpenGL renderer, and whether it is hardware; asked in a process of its own."""
    source = (
        "from ui.app.stage import open_application\n"
        "app = open_application()\n"
        "from ui.heatmap.gl_probe import ask_machine\n"
        "found = ask_machine()\n"
        "hardware = not (found.problem or found.software)\n"
        "print('GL', found.renderer or found.problem, hardware, sep='\\t')"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", source],
            cwd=ROOT, env={**os.environ, **env},
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "does not answer", False
    for line in done.stdout.splitlines():
        if line.startswith("GL\t"):
            _, name, hardware = line.split("\t")
            return name, hardware == "True"
    return "does not answer", False


def header(gl_name: str) -> str:
    """The machine and the versions that the figures belong to."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{processor()}, {cores} cores{load}\n"
        f"{platform.platform()}, Python {platform.python_version()}, "
        f"Qt {version('PySide6_Essentials')}, pyqtgraph {version('pyqtgraph')}, "
        f"numpy {version('numpy')}\n"
        f"OpenGL renderer: {gl_name}; all but the rows [gl] run off screen"
    )


def run_all(names: list[str] | None) -> list[Row]:
    """Run sections one after the other within the time of the whole; None: all of use here."""
    started = time.monotonic()
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        screen = screen_for_opengl(stack)
        gl_name, hardware = ("no screen", False) if screen is None else renderer(screen)
        print(header(gl_name), flush=True)
        if names is None:
            names = [name for name, one in SECTIONS.items() if hardware or not one.hardware]
        for name in names:
            section = SECTIONS[name]
            left_s = LIMIT_S - (time.monotonic() - started)
            env = screen if section.opengl else OFF_SCREEN
            if env is None:
                rows.append(missed(name, "no screen for OpenGL (the package xvfb brings one)"))
            elif left_s < 5:
                rows.append(missed(name, "no time left"))
            else:
                rows += start_section(name, min(left_s, section.limit_s), env)
    print(f"{time.monotonic() - started:.0f} s in all\n")
    return rows


def main() -> int:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="some sections, with commas between")
    parser.add_argument("--section", choices=list(SECTIONS), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=TARGET)
    args = parser.parse_args()
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    if args.section:
        run_section(args.section, args.out)
    names = None if args.only is None else [name for name in args.only.split(",") if name]
    unknown = [name for name in names or () if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    rows = run_all(names)
    print(table(rows))
    kept = [row.kept() for row in rows]
    args.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
